//! What stops where: steps, breakpoints, skipped modules.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString};
use rdb_core::ids::CodeId;

use super::base::{BdbBase, Bundle};
use super::breakpoints;
use super::overrides::{Overrides, Part};
use super::quirks;
use crate::code;
use crate::ffi::{FramePtr, import};

/// The lines of more code objects than this are not kept.
const KEPT: usize = 4096;

/// The lines of code objects in files with breakpoints. A leaf among the locks.
static LINES: Mutex<Option<HashMap<CodeId, Arc<[u32]>>>> = Mutex::new(None);

/// Returns the line that a frame is at.
pub(super) fn line_of(frame: &Bound<'_, PyAny>) -> Option<u32> {
    FramePtr::of(frame)?.line(frame.py())
}

/// Calls `stop_here`, the subclass's if it has one.
pub(super) fn stops_here(debugger: &Bundle<'_>, own: Overrides, frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    match own.has(Part::StopHere) {
        true => debugger.call_method1(intern!(debugger.py(), "stop_here"), (frame,))?.is_truthy(),
        false => stop_here(debugger, own, frame),
    }
}

/// Calls `break_here`, the subclass's if it has one.
pub(super) fn breaks_here(debugger: &Bundle<'_>, own: Overrides, frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    match own.has(Part::BreakHere) {
        true => debugger.call_method1(intern!(debugger.py(), "break_here"), (frame,))?.is_truthy(),
        false => break_here(debugger, own, frame),
    }
}

/// Calls `break_anywhere`, the subclass's if it has one.
pub(super) fn breaks_anywhere(debugger: &Bundle<'_>, own: Overrides, frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    match own.has(Part::BreakAnywhere) {
        true => debugger.call_method1(intern!(debugger.py(), "break_anywhere"), (frame,))?.is_truthy(),
        false => break_anywhere(debugger, own, frame),
    }
}

/// Returns whether a step ends in this frame.
pub(super) fn stop_here(debugger: &Bundle<'_>, own: Overrides, frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    if is_skipped(debugger, own, frame)? {
        return Ok(false);
    }
    let state = BdbBase::state(debugger);
    let (is_any, is_this, from) = {
        let state = state.lock();
        let stop = state.stopframe.as_ref();
        (stop.is_none(), stop.is_some_and(|stop| stop.is(frame)), state.stoplineno)
    };
    Ok(match is_this {
        true => from != -1 && line_of(frame).is_some_and(|line| i64::from(line) >= from),
        false => is_any,
    })
}

fn is_skipped(debugger: &Bundle<'_>, own: Overrides, frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = debugger.py();
    let Some(skip) = BdbBase::state(debugger).get(py, |state| &state.skip) else { return Ok(false) };
    if !skip.is_truthy()? {
        return Ok(false);
    }
    let globals = frame.getattr(intern!(py, "f_globals"))?;
    let module = globals.call_method1(intern!(py, "get"), (intern!(py, "__name__"),))?;
    match own.has(Part::IsSkippedModule) {
        true => debugger.call_method1(intern!(py, "is_skipped_module"), (module,))?.is_truthy(),
        false => is_skipped_module(debugger, &module),
    }
}

/// Returns whether a module name matches one of the globs in `skip`.
pub(super) fn is_skipped_module(debugger: &Bundle<'_>, module: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = debugger.py();
    let Some(skip) = BdbBase::state(debugger).get(py, |state| &state.skip) else { return Ok(false) };
    if module.is_none() {
        return Ok(false);
    }
    let fnmatch = import(py, "fnmatch")?.getattr(intern!(py, "fnmatch"))?;
    for glob in skip.try_iter()? {
        if fnmatch.call1((module, glob?))?.is_truthy()? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the canonical form of a file name.
pub(super) fn canonic<'py>(debugger: &Bundle<'py>, filename: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = debugger.py();
    let cache = BdbBase::state(debugger).get(py, |state| &state.fncache);
    let cache = cache.and_then(|cache| cache.cast_into::<PyDict>().ok());
    let known = match &cache {
        Some(cache) => cache.get_item(filename)?.filter(|known| known.is_truthy().unwrap_or(false)),
        None => None,
    };
    if let Some(known) = known {
        return Ok(known);
    }
    let text = filename.cast::<PyString>()?.to_string_lossy();
    if text.len() > 1 && text.starts_with('<') && text.ends_with('>') {
        return Ok(filename.clone());
    }
    let path = import(py, "os")?.getattr(intern!(py, "path"))?;
    let absolute = path.call_method1(intern!(py, "abspath"), (filename,))?;
    let canonic = path.call_method1(intern!(py, "normcase"), (absolute,))?;
    if let Some(cache) = cache {
        cache.set_item(filename, &canonic)?;
    }
    Ok(canonic)
}

/// Returns the canonical file name of a code object and the lines of that file that have breakpoints, if there are any.
pub(super) fn lines_of_file<'py>(
    debugger: &Bundle<'py>,
    own: Overrides,
    code: &Bound<'py, PyAny>,
) -> PyResult<Option<(Bound<'py, PyAny>, Bound<'py, PyList>)>> {
    let py = debugger.py();
    let breaks = BdbBase::state(debugger).get(py, |state| &state.breaks);
    let Some(breaks) = breaks.and_then(|breaks| breaks.cast_into::<PyDict>().ok()) else { return Ok(None) };
    if breaks.is_empty() {
        return Ok(None);
    }
    let filename = code.getattr(intern!(py, "co_filename"))?;
    let filename = match own.has(Part::Canonic) {
        true => debugger.call_method1(intern!(py, "canonic"), (filename,))?,
        false => canonic(debugger, &filename)?,
    };
    let lines = breaks.get_item(&filename)?.and_then(|lines| lines.cast_into::<PyList>().ok());
    Ok(lines.map(|lines| (filename, lines)))
}

/// Returns whether a breakpoint stops at the line of this frame. Has a temporary one deleted.
pub(super) fn break_here(debugger: &Bundle<'_>, own: Overrides, frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    let code = frame.getattr(intern!(frame.py(), "f_code"))?;
    let Some((filename, lines)) = lines_of_file(debugger, own, &code)? else { return Ok(false) };
    match listed(&lines, &code, line_of(frame))? {
        Some(line) => break_at(debugger, &filename, line, frame),
        None => Ok(false),
    }
}

/// Returns under which line the breakpoints for this line are listed: it, or the first one of the code, which stands for a
/// breakpoint that was set by the name of the function.
pub(super) fn listed(lines: &Bound<'_, PyList>, code: &Bound<'_, PyAny>, line: Option<u32>) -> PyResult<Option<u32>> {
    let has = |wanted: u32| lines.contains(wanted);
    if let Some(line) = line
        && has(line)?
    {
        return Ok(Some(line));
    }
    let first = first_line(code)?;
    Ok(has(first)?.then_some(first))
}

/// Returns whether one of the breakpoints that are listed under a line stops in this frame. Has a temporary one deleted.
pub(super) fn break_at(
    debugger: &Bundle<'_>,
    filename: &Bound<'_, PyAny>,
    line: u32,
    frame: &Bound<'_, PyAny>,
) -> PyResult<bool> {
    let py = debugger.py();
    let Some((breakpoint, may_delete)) = breakpoints::effective_at(py, filename, Some(line), frame)? else {
        return Ok(false);
    };
    let number = breakpoint.getattr(intern!(py, "number"))?;
    debugger.setattr(intern!(py, "currentbp"), &number)?;
    if may_delete && breakpoint.getattr(intern!(py, "temporary"))?.is_truthy()? {
        debugger.call_method1(intern!(py, "do_clear"), (number.str()?,))?;
    }
    Ok(true)
}

/// Returns whether a breakpoint may stop in this frame.
pub(super) fn break_anywhere(debugger: &Bundle<'_>, own: Overrides, frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    let code = frame.getattr(intern!(frame.py(), "f_code"))?;
    match lines_of_file(debugger, own, &code)? {
        Some((_, lines)) => Ok(!quirks::BREAKS_BY_CODE || holds_any(&code, &lines)?),
        None => Ok(false),
    }
}

/// Returns whether a code object has one of these lines.
pub(super) fn holds_any(code: &Bound<'_, PyAny>, lines: &Bound<'_, PyList>) -> PyResult<bool> {
    let has = lines_of_code(code)?;
    Ok(lines.iter().any(|line| line.extract::<u32>().is_ok_and(|line| has.binary_search(&line).is_ok())))
}

/// Returns the lines of a code object in ascending order, that of its `def` or first decorator included.
fn lines_of_code(code: &Bound<'_, PyAny>) -> PyResult<Arc<[u32]>> {
    let py = code.py();
    code::prepare(py)?;
    let id = code::id_of(code);
    let known = id.and_then(|id| LINES.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.get(&id).cloned());
    if let Some(known) = known {
        return Ok(known);
    }
    let first: u32 = code.getattr(intern!(py, "co_firstlineno"))?.extract()?;
    let mut lines = Vec::new();
    for range in code.call_method0(intern!(py, "co_lines"))?.try_iter()? {
        lines.extend(range?.get_item(2)?.extract::<Option<u32>>()?.filter(|&line| line >= first));
    }
    lines.sort_unstable();
    lines.dedup();
    let lines: Arc<[u32]> = lines.into();
    if let Some(id) = id {
        let mut all = LINES.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert(id, Arc::clone(&lines));
    }
    Ok(lines)
}

/// Returns the line of the `def` or first decorator.
pub(super) fn first_line(code: &Bound<'_, PyAny>) -> PyResult<u32> {
    code.getattr(intern!(code.py(), "co_firstlineno"))?.extract()
}
