//! What quiet debuggers do at the events that they have asked for.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;
use rdb_core::ids::{Line, ThreadId};

use super::base::Bundle;
use super::overrides;
use super::plan::{self, generation, members};
use super::site::{Place, Site};
use super::sites::{self, Crossing, Listed};
use super::{decide, dispatch};
use crate::code::{self, CodeEntry};
use crate::ffi::{CodePtr, FramePtr, thread_id};

/// What a place that has reported is to do from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// It reports again.
    Again,
    /// It need not report again.
    Never,
}

/// What most beginnings are done with; None: this one is not.
#[inline]
pub(super) fn begins_quickly(py: Python<'_>, code: CodePtr) -> Option<Report> {
    code::known_entry(py, code)?.is_idle(generation()).then_some(Report::Again)
}

/// What most lines are done with; None: this one is not.
#[inline]
pub(super) fn line_quickly(py: Python<'_>, code: CodePtr, entry: &CodeEntry, line: Line) -> Option<Report> {
    match sites::cross(py, generation(), entry, code, line) {
        Crossing::Passes => Some(Report::Again),
        Crossing::Unlisted => Some(Report::Never),
        Crossing::MayStop | Crossing::Unknown => None,
    }
}

/// Hears that a code object begins to run, or goes on.
pub(super) fn begins(py: Python<'_>, code: CodePtr) -> PyResult<Report> {
    let entry = code::entry(py, code);
    Python::attach(|py| look_at_code(&code.object(py), entry, generation()))
}

#[cold]
fn look_at_code(code: &Bound<'_, PyAny>, entry: &CodeEntry, generation: u32) -> PyResult<Report> {
    let mut may_break = false;
    for (debugger, thread) in members(code.py()) {
        if plan::holds_breakpoint(&debugger, code)? {
            plan::arm(code)?;
        }
        may_break |= entry.suspends && keep_reporting(&debugger, thread)?;
    }
    // Code that reports its lines has to report its beginnings with them.
    let is_armed = plan::is_armed(entry.id);
    if is_armed && !entry.suspends {
        entry.set_idle(generation);
    }
    Ok(if is_armed || may_break { Report::Again } else { Report::Never })
}

/// Hears, on a trace function, that a frame begins or goes on which can be suspended.
pub(super) fn goes_on(py: Python<'_>) -> PyResult<()> {
    let keep = |(debugger, thread)| keep_reporting(&debugger, thread).map(drop);
    Python::attach(|_| members(py).into_iter().try_for_each(keep))
}

/// Gives the running frame, which can be suspended, the trace function if it may hold a breakpoint: when the debugger traces
/// again, it may be on no stack. Returns whether it may.
fn keep_reporting(debugger: &Bundle<'_>, thread: ThreadId) -> PyResult<bool> {
    let py = debugger.py();
    let Some(frame) = FramePtr::current(py).map(|frame| frame.object(py)) else { return Ok(false) };
    let may_break = decide::break_anywhere(debugger, overrides::of(debugger)?, &frame)?;
    if may_break && thread == thread_id() {
        frame.setattr(intern!(py, "f_trace"), dispatch::function(debugger)?)?;
    }
    Ok(may_break)
}

/// Hears that a line begins, of which [`line_quickly`] does not know enough.
pub(super) fn line(py: Python<'_>, code: CodePtr, line: Line) -> PyResult<Report> {
    let (entry, generation) = (code::entry(py, code), generation());
    Python::attach(|py| match sites::place(py, generation, entry, line) {
        Some(place) => stop(&place).map(|()| Report::Again),
        None => look_at_line(&code.object(py), entry, line, generation),
    })
}

#[cold]
fn look_at_line(code: &Bound<'_, PyAny>, entry: &CodeEntry, line: Line, generation: u32) -> PyResult<Report> {
    let (mut report, here) = (Report::Never, thread_id());
    let (mut lists, mut crossed) = (Vec::new(), None);
    for (debugger, thread) in members(code.py()) {
        let own = overrides::of(&debugger)?;
        let Some((filename, lines)) = decide::lines_of_file(&debugger, own, code)? else { continue };
        lists.push(lines.clone());
        let Some(listed) = decide::listed(&lines, code, Some(line))? else { continue };
        report = Report::Again;
        if thread == here {
            crossed = Some((own, lines, Place { debugger, filename, listed }));
        }
    }
    if plan::has_trace_function() && !plan::is_any_breakpoint_in(code)? {
        entry.set_idle(generation);
    }
    let site = match &crossed {
        Some((own, lines, place)) if !own.any_decision() => Site::new(place, line, lines)?,
        _ => None,
    };
    sites::learn(generation, entry.id, all_listed(&lists, entry), site);
    match crossed {
        Some((_, _, place)) if plan::is_serving(&place.debugger) => {}
        Some((own, _, place)) if own.any_decision() => decide_anew(&place.debugger)?,
        Some((_, _, place)) => stop(&place)?,
        None => {}
    }
    Ok(report)
}

/// Serves a line as if it were traced: the class was changed since the debugger became quiet, and may decide otherwise.
fn decide_anew(debugger: &Bundle<'_>) -> PyResult<()> {
    let py = debugger.py();
    let Some(frame) = FramePtr::current(py) else { return Ok(()) };
    dispatch::trace(debugger, &frame.object(py), "line", &py.None().into_bound(py)).map(drop)
}

/// Stops at a line if one of its breakpoints stops.
#[cold]
fn stop(place: &Place<'_>) -> PyResult<()> {
    let Place { debugger, filename, listed } = place;
    let py = debugger.py();
    let Some(frame) = FramePtr::current(py).map(|frame| frame.object(py)) else { return Ok(()) };
    dispatch::crossing(debugger, &frame, || {
        let stops = decide::break_at(debugger, filename, *listed, &frame)?;
        if stops && plan::has_trace_function() {
            // 3.11 lets only frames jump that have a trace function of their own.
            frame.setattr(intern!(py, "f_trace"), dispatch::function(debugger)?)?;
        }
        Ok(stops)
    })
}

/// Returns which lines of a code object are in one of these lists.
fn all_listed(lists: &[Bound<'_, PyList>], entry: &CodeEntry) -> Listed {
    let mut lines: Vec<Line> = lists.iter().flatten().filter_map(|line| line.extract().ok()).collect();
    lines.sort_unstable();
    if lines.binary_search(&entry.first_line).is_ok() { Listed::All } else { Listed::Lines(lines) }
}
