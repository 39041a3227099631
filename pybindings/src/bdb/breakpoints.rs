//! Which of the breakpoints on a line stops. The breakpoints are the Python objects in `Breakpoint.bplist`: subclasses and
//! tests change their attributes at will.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};
use rdb_core::engine::Answer;

use super::decide::line_of;
use super::marks::{self, Marked};
use crate::code;
use crate::ffi::{FramePtr, import};
use crate::host::{self, Snapshot};

/// Returns whether a breakpoint is meant for the place where the frame is: its own line, or if it was set by the name of a
/// function, the first line of that function that runs.
#[pyfunction]
pub(crate) fn checkfuncname(b: &Bound<'_, PyAny>, frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    is_meant(&Marked::of(b)?, frame)
}

fn is_meant(breakpoint: &Marked<'_, '_>, frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    let line = line_of(frame).map(i64::from);
    let Some(funcname) = breakpoint.funcname()? else { return Ok(line == Some(breakpoint.line()?)) };
    let py = frame.py();
    if !frame.getattr(intern!(py, "f_code"))?.getattr(intern!(py, "co_name"))?.eq(&funcname)? {
        return Ok(false);
    }
    match breakpoint.first()?.filter(|&first| first != 0) {
        Some(first) => Ok(line == Some(first)),
        None => breakpoint.set_first(line).map(|()| true),
    }
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
    // Another debugger may have deleted what this one still lists.
    let Some(here) = marks::table(py)?.get_item((file, line))? else { return Ok(None) };
    let here = here.cast_into::<PyList>()?;
    // The list may change while a condition is evaluated.
    let mut index = 0;
    while index < here.len() {
        let breakpoint = here.get_item(index)?;
        match try_breakpoint(&Marked::of(&breakpoint)?, frame)? {
            Trial::Passes => index += 1,
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

fn try_breakpoint(breakpoint: &Marked<'_, '_>, frame: &Bound<'_, PyAny>) -> PyResult<Trial> {
    if !breakpoint.enabled()? || !is_meant(breakpoint, frame)? {
        return Ok(Trial::Passes);
    }
    breakpoint.hit()?;
    if let Some(condition) = breakpoint.condition()? {
        match is_true(frame.py(), frame, &condition) {
            Answer::True => {}
            Answer::False => return Ok(Trial::Passes),
            Answer::Failed(_) => return Ok(Trial::Fails),
        }
    }
    Ok(if breakpoint.ignores()? { Trial::Passes } else { Trial::Stops })
}

/// Answers a condition: text, or whatever else `eval` takes.
fn is_true(py: Python<'_>, frame: &Bound<'_, PyAny>, condition: &Bound<'_, PyAny>) -> Answer {
    let text = condition.cast::<PyString>().ok().and_then(|text| text.to_str().ok());
    if let (Some(text), Some(frame)) = (text, FramePtr::of(frame))
        && code::prepare(py).is_ok()
    {
        return host::condition(py, frame, text, Snapshot::Kept);
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
