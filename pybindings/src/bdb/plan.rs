//! What a debugger asks of `sys.monitoring` while only breakpoints can stop it, so that nothing else is traced.
//!
//! ```text
//! tracing --set_continue, breakpoints are set--> quiet --a breakpoint stops, another goal is set--> tracing
//! tracing, quiet --stop_trace--> off --start_trace--> tracing, or quiet if only breakpoints can stop
//! ```
//! A quiet debugger has no trace function. Each code object reports once that it begins; those that hold the line of a
//! breakpoint report their lines, and a line without one reports once. A debugger whose class overrides what is decided
//! at other events never becomes quiet, nor does any where `sys.monitoring` is missing or taken.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rdb_core::ids::{CodeId, ThreadId};

use super::base::{BdbBase, Bundle};
use super::monitor::{self, Tool};
use super::overrides::{self, Overrides, Part};
use super::stepping::{caller, settrace, traces_here};
use super::{decide, dispatch};
use crate::code;
use crate::ffi::{FramePtr, thread_id};

/// The quiet debuggers and what is asked for them. A leaf among the locks.
static PLAN: Mutex<Plan> = Mutex::new(Plan { tool: None, members: Vec::new(), armed: BTreeSet::new() });

struct Plan {
    /// The hold on `sys.monitoring`; there is one while there are members.
    tool: Option<Tool>,
    members: Vec<Member>,
    /// The code objects that report their lines.
    armed: BTreeSet<CodeId>,
}

/// A quiet debugger.
struct Member {
    debugger: Py<BdbBase>,
    /// The thread that it debugs.
    thread: ThreadId,
    /// The breakpoints that the plan was made for.
    breaks: Vec<(String, Vec<u32>)>,
}

/// What a place that has reported is to do from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// It reports again.
    Again,
    /// It need not report again.
    Never,
}

fn plan() -> MutexGuard<'static, Plan> {
    PLAN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes the debugger quiet, or has what is asked for it follow its breakpoints, if only these can stop it now.
pub(super) fn settle(debugger: &Bundle<'_>) -> PyResult<()> {
    let py = debugger.py();
    if !(is_quiet(debugger) || traces_here(debugger)?) || !may_be_quiet(debugger)? {
        return Ok(());
    }
    if is_at_instruction(debugger) {
        // Code that is armed now would report the line of this instruction again.
        BdbBase::state(debugger).lock().settles = true;
        return Ok(());
    }
    if enter(debugger)? && traces_here(debugger)? {
        settrace(py, None)?;
    }
    Ok(())
}

/// Has what is asked for a quiet debugger follow its breakpoints.
pub(super) fn follow(debugger: &Bundle<'_>) -> PyResult<()> {
    if is_quiet(debugger) { enter(debugger).map(drop) } else { Ok(()) }
}

/// Makes the debugger quiet instead of tracing, if it may be; returns whether it is.
pub(super) fn begin(debugger: &Bundle<'_>) -> PyResult<bool> {
    Ok(may_be_quiet(debugger)? && enter(debugger)?)
}

/// Ends what is asked for the debugger.
pub(super) fn leave(debugger: &Bundle<'_>) -> PyResult<()> {
    dismiss(debugger.py(), |member| member.debugger.is(debugger))
}

/// Ends what is asked for other debuggers of this thread: a thread has one trace function, and the last one wins.
pub(super) fn supersede(debugger: &Bundle<'_>) -> PyResult<()> {
    let here = thread_id();
    dismiss(debugger.py(), |member| member.thread == here && !member.debugger.is(debugger))
}

fn dismiss(py: Python<'_>, whom: impl Fn(&Member) -> bool) -> PyResult<()> {
    let (gone, last) = {
        let mut plan = plan();
        let gone: Vec<_> = plan.members.extract_if(.., |member| whom(member)).collect();
        let last = plan.members.is_empty().then(|| (plan.tool.take(), std::mem::take(&mut plan.armed)));
        (gone, last)
    };
    drop(gone);
    match last {
        Some((Some(tool), armed)) => tool.release(py, armed),
        _ => Ok(()),
    }
}

/// Traces again if an event, which was served in this frame, has left a quiet debugger with another goal.
pub(super) fn served(debugger: &Bundle<'_>, frame: &Bound<'_, PyAny>) -> PyResult<()> {
    if is_quiet(debugger) && !only_breakpoints(debugger)? { trace_again(debugger, frame) } else { Ok(()) }
}

/// Traces again if the goal of a quiet debugger has been changed while it was at no stop.
pub(super) fn goal_changed(debugger: &Bundle<'_>) -> PyResult<()> {
    let here = thread_id();
    let is_here = plan().members.iter().any(|member| member.debugger.is(debugger) && member.thread == here);
    if !is_here || is_serving(debugger) || only_breakpoints(debugger)? {
        return Ok(());
    }
    match FramePtr::current(debugger.py()) {
        Some(frame) => trace_again(debugger, &frame.object(debugger.py())),
        None => Ok(()),
    }
}

/// Ends everything after an internal error: the program goes on without a debugger.
pub(super) fn abandon(py: Python<'_>) {
    let (members, last) = {
        let mut plan = plan();
        (std::mem::take(&mut plan.members), (plan.tool.take(), std::mem::take(&mut plan.armed)))
    };
    drop(members);
    if let (Some(tool), armed) = last
        && let Err(error) = tool.release(py, armed)
    {
        tracing::error!(%error, "sys.monitoring could not be left");
    }
}

/// Hears that a code object begins to run, or goes on.
pub(super) fn begins(code: &Bound<'_, PyAny>) -> PyResult<Report> {
    let is_armed = code::id_of(code).is_some_and(|id| plan().armed.contains(&id));
    if is_armed && !dispatch::code_suspends(code)? {
        return Ok(Report::Again);
    }
    let mut report = Report::Never;
    for (debugger, thread) in members(code.py()) {
        if holds_breakpoint(&debugger, code)? {
            arm(code)?;
            report = Report::Again;
        }
        if dispatch::code_suspends(code)? && keep_reporting(&debugger, thread)? {
            report = Report::Again;
        }
    }
    Ok(report)
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

/// Hears that a line begins.
pub(super) fn line(code: &Bound<'_, PyAny>, line: u32) -> PyResult<Report> {
    let py = code.py();
    let (mut report, here) = (Report::Never, thread_id());
    for (debugger, thread) in members(py) {
        let own = overrides::of(&debugger)?;
        let Some((filename, lines)) = decide::lines_of_file(&debugger, own, code)? else { continue };
        let Some(listed) = decide::listed(&lines, code, Some(line))? else { continue };
        report = Report::Again;
        if thread == here
            && !is_serving(&debugger)
            && let Some(frame) = FramePtr::current(py)
        {
            cross(&debugger, own, (&filename, listed), &frame.object(py))?;
        }
    }
    Ok(report)
}

/// Stops at a line if one of its breakpoints stops.
fn cross<'py>(
    debugger: &Bundle<'py>,
    own: Overrides,
    (filename, line): (&Bound<'py, PyAny>, u32),
    frame: &Bound<'py, PyAny>,
) -> PyResult<()> {
    if own.any_decision() {
        // The class was changed since: it may decide otherwise.
        return dispatch::trace(debugger, frame, "line", &debugger.py().None().into_bound(debugger.py())).map(drop);
    }
    dispatch::crossing(debugger, frame, || decide::break_at(debugger, filename, line, frame))
}

/// Traces again: with the frames that would report if tracing had never ended.
fn trace_again<'py>(debugger: &Bundle<'py>, newest: &Bound<'py, PyAny>) -> PyResult<()> {
    let py = debugger.py();
    leave(debugger)?;
    let own = overrides::of(debugger)?;
    let mut frame = Some(newest.clone());
    while let Some(this) = frame {
        if this.is(newest) || decide::break_anywhere(debugger, own, &this)? {
            this.setattr(intern!(py, "f_trace"), dispatch::function(debugger)?)?;
        }
        if BdbBase::state(debugger).is(&this, |state| &state.botframe) {
            break;
        }
        frame = caller(&this)?;
    }
    settrace(py, Some(dispatch::function(debugger)?))
}

fn is_quiet(debugger: &Bundle<'_>) -> bool {
    plan().members.iter().any(|member| member.debugger.is(debugger))
}

fn is_at_instruction(debugger: &Bundle<'_>) -> bool {
    let state = BdbBase::state(debugger).lock();
    state.enterframe.is_some() && state.at_instruction
}

fn is_serving(debugger: &Bundle<'_>) -> bool {
    BdbBase::state(debugger).lock().enterframe.is_some()
}

/// Returns whether no event but a line with a breakpoint can mean anything to the debugger.
fn may_be_quiet(debugger: &Bundle<'_>) -> PyResult<bool> {
    let own = overrides::of(debugger)?;
    Ok(!own.any_decision() && !own.has(Part::UserCall) && only_breakpoints(debugger)?)
}

fn only_breakpoints(debugger: &Bundle<'_>) -> PyResult<bool> {
    let bottom = {
        let state = BdbBase::state(debugger).lock();
        let Some(stop) = state.stopframe.as_ref().filter(|_| state.stoplineno == -1) else { return Ok(false) };
        let is_bottom = state.botframe.as_ref().is_some_and(|bottom| bottom.is(stop));
        if !is_bottom || state.returnframe.is_some() || state.trace_opcodes || state.quitting {
            return Ok(false);
        }
        stop.clone_ref(debugger.py())
    };
    // The end of a generator at the bottom is told to the frame behind it.
    Ok(!dispatch::suspends(bottom.bind(debugger.py()))?)
}

/// Asks `sys.monitoring` for what the debugger wants; returns false if it is not to be had.
fn enter(debugger: &Bundle<'_>) -> PyResult<bool> {
    let py = debugger.py();
    supersede(debugger)?;
    code::prepare(py)?;
    let breaks = breaks_of(debugger)?;
    let known = plan().members.iter().any(|member| member.debugger.is(debugger) && member.breaks == breaks);
    if known {
        return Ok(true);
    }
    if !hold(py)? {
        return Ok(false);
    }
    let old = {
        let mut plan = plan();
        let old: Vec<_> = plan.members.extract_if(.., |member| member.debugger.is(debugger)).collect();
        plan.members.push(Member { debugger: debugger.clone().unbind(), thread: thread_id(), breaks });
        old
    };
    drop(old);
    monitor::restart(py)?;
    let mut frame = FramePtr::current(py).map(|frame| frame.object(py));
    while let Some(this) = frame {
        let code = this.getattr(intern!(py, "f_code"))?;
        if holds_breakpoint(debugger, &code)? {
            arm(&code)?;
        }
        frame = caller(&this)?;
    }
    Ok(true)
}

/// Makes sure that there is a tool id; returns whether there is.
fn hold(py: Python<'_>) -> PyResult<bool> {
    let tool = plan().tool;
    if let Some(tool) = tool
        && tool.is_held(py)?
    {
        return Ok(true);
    }
    let tool = Tool::take(py)?;
    let mut plan = plan();
    plan.armed.clear();
    plan.tool = tool;
    Ok(tool.is_some())
}

fn breaks_of(debugger: &Bundle<'_>) -> PyResult<Vec<(String, Vec<u32>)>> {
    let breaks = BdbBase::state(debugger).get(debugger.py(), |state| &state.breaks);
    let Some(breaks) = breaks.and_then(|breaks| breaks.cast_into::<PyDict>().ok()) else { return Ok(Vec::new()) };
    breaks.iter().map(|(file, lines)| Ok((file.extract()?, lines.extract()?))).collect()
}

fn holds_breakpoint(debugger: &Bundle<'_>, code: &Bound<'_, PyAny>) -> PyResult<bool> {
    match decide::lines_of_file(debugger, overrides::of(debugger)?, code)? {
        // A breakpoint on a function may be listed under a line that its code does not have.
        Some((_, lines)) => Ok(lines.contains(decide::first_line(code)?)? || decide::holds_any(code, &lines)?),
        None => Ok(false),
    }
}

fn arm(code: &Bound<'_, PyAny>) -> PyResult<()> {
    let Some(id) = code::id_of(code) else { return Ok(()) };
    let tool = {
        let mut plan = plan();
        if !plan.armed.insert(id) {
            return Ok(());
        }
        plan.tool
    };
    match tool {
        Some(tool) => tool.report_lines(code),
        None => Ok(()),
    }
}

fn members(py: Python<'_>) -> Vec<(Bundle<'_>, ThreadId)> {
    plan().members.iter().map(|member| (member.debugger.bind(py).clone(), member.thread)).collect()
}
