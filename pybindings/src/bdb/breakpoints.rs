//! Which of the breakpoints on a line stops. The breakpoints are the Python objects in `Breakpoint.bplist`: subclasses and
//! tests change their attributes at will.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use rdb_core::engine::Answer;

use super::decide::line_of;
use crate::code;
use crate::ffi::import;
use crate::host;

/// Returns whether a breakpoint is meant for the place where the frame is: its own line, or if it was set by the name of a
/// function, the first line of that function that runs.
#[pyfunction]
pub(crate) fn checkfuncname(b: &Bound<'_, PyAny>, frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = b.py();
    let line = line_of(frame);
    let funcname = b.getattr(intern!(py, "funcname"))?;
    if !funcname.is_truthy()? {
        return b.getattr(intern!(py, "line"))?.eq(line);
    }
    let name = frame.getattr(intern!(py, "f_code"))?.getattr(intern!(py, "co_name"))?;
    if !name.eq(&funcname)? {
        return Ok(false);
    }
    let first = b.getattr(intern!(py, "func_first_executable_line"))?;
    if !first.is_truthy()? {
        b.setattr(intern!(py, "func_first_executable_line"), line)?;
        return Ok(true);
    }
    first.eq(line)
}

/// Returns the breakpoint of a line that stops and whether it may be deleted if it is temporary, or (None, None). Counts the
/// hit of each enabled breakpoint on the way.
#[pyfunction]
pub(crate) fn effective<'py>(
    py: Python<'py>,
    file: Bound<'py, PyAny>,
    line: Option<u32>,
    frame: Bound<'py, PyAny>,
) -> PyResult<(Option<Bound<'py, PyAny>>, Option<bool>)> {
    Ok(match effective_at(py, &file, line, &frame)? {
        Some((breakpoint, may_delete)) => (Some(breakpoint), Some(may_delete)),
        None => (None, None),
    })
}

/// Returns the breakpoint of a line that stops, and whether it may be deleted if it is temporary.
pub(super) fn effective_at<'py>(
    py: Python<'py>,
    file: &Bound<'py, PyAny>,
    line: Option<u32>,
    frame: &Bound<'py, PyAny>,
) -> PyResult<Option<(Bound<'py, PyAny>, bool)>> {
    let class = import(py, "rdb.bdb")?.getattr(intern!(py, "Breakpoint"))?;
    let all = class.getattr(intern!(py, "bplist"))?;
    // Another debugger may have deleted what this one still lists.
    let here = all.call_method1(intern!(py, "get"), ((file, line),))?;
    let Ok(here) = here.cast_into::<PyList>() else { return Ok(None) };
    for breakpoint in here.get_slice(0, here.len()) {
        match try_breakpoint(&breakpoint, frame)? {
            Trial::Passes => {}
            Trial::Stops => return Ok(Some((breakpoint, true))),
            Trial::Fails => return Ok(Some((breakpoint, false))),
        }
    }
    Ok(None)
}

/// What a breakpoint means for a thread that is at its line.
enum Trial {
    /// It goes on.
    Passes,
    /// It stops.
    Stops,
    /// It stops because the condition could not be evaluated.
    Fails,
}

fn try_breakpoint(breakpoint: &Bound<'_, PyAny>, frame: &Bound<'_, PyAny>) -> PyResult<Trial> {
    let py = breakpoint.py();
    if !breakpoint.getattr(intern!(py, "enabled"))?.is_truthy()? || !checkfuncname(breakpoint, frame)? {
        return Ok(Trial::Passes);
    }
    let hits: i64 = breakpoint.getattr(intern!(py, "hits"))?.extract()?;
    breakpoint.setattr(intern!(py, "hits"), hits + 1)?;
    let condition = breakpoint.getattr(intern!(py, "cond"))?;
    if condition.is_truthy()? {
        match is_true(py, frame, &condition) {
            Answer::True => {}
            Answer::False => return Ok(Trial::Passes),
            Answer::Failed(_) => return Ok(Trial::Fails),
        }
    }
    let ignore: i64 = breakpoint.getattr(intern!(py, "ignore"))?.extract()?;
    if ignore > 0 {
        breakpoint.setattr(intern!(py, "ignore"), ignore - 1)?;
        return Ok(Trial::Passes);
    }
    Ok(Trial::Stops)
}

/// Answers a condition: text, or whatever else `eval` takes.
fn is_true(py: Python<'_>, frame: &Bound<'_, PyAny>, condition: &Bound<'_, PyAny>) -> Answer {
    let text = condition.cast::<PyString>().ok().and_then(|text| text.to_str().ok());
    if let Some(text) = text
        && code::prepare(py).is_ok()
    {
        return host::condition(py, frame, text);
    }
    let value = || {
        let eval = import(py, "builtins")?.getattr(intern!(py, "eval"))?;
        let (globals, locals) = (frame.getattr(intern!(py, "f_globals"))?, frame.getattr(intern!(py, "f_locals"))?);
        eval.call1((condition, globals, locals))?.is_truthy()
    };
    match value() {
        Ok(true) => Answer::True,
        Ok(false) => Answer::False,
        Err(error) => Answer::Failed(error.to_string().into()),
    }
}
