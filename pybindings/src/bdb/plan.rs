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
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rdb_core::ids::{CodeId, ThreadId};

use super::base::{BdbBase, Bundle};
use super::monitor::{self, Tool};
use super::overrides::{self, Part};
use super::stepping::{caller, settrace, traces_here};
use super::{decide, dispatch, tracer};
use crate::code;
use crate::ffi::{FramePtr, thread_id};

/// The quiet debuggers and what is asked for them. A leaf among the locks.
static PLAN: Mutex<Plan> = Mutex::new(Plan { hold: None, members: Vec::new(), armed: BTreeSet::new() });

/// Counts how often the members have changed, or their breakpoints: what was found out before is worth nothing.
static GENERATION: AtomicU32 = AtomicU32::new(1);

struct Plan {
    /// Where events come from, while there are members.
    hold: Option<Hold>,
    members: Vec<Member>,
    /// The code objects that report their lines.
    armed: BTreeSet<CodeId>,
}

/// Where the events of quiet debuggers come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    /// From `sys.monitoring`.
    Monitoring(Tool),
    /// From a native trace function on the thread of each.
    TraceFunction,
}

/// A quiet debugger.
struct Member {
    debugger: Py<BdbBase>,
    /// The thread that it debugs.
    thread: ThreadId,
    /// The breakpoints that the plan was made for.
    breaks: Vec<(String, Vec<u32>)>,
}

fn plan() -> MutexGuard<'static, Plan> {
    PLAN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns how often what was found out about breakpoints has become worthless.
pub(super) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Has everything looked up anew. Before a debugger goes, or its dictionary of lines: nobody else keeps them.
pub(super) fn forget_sites() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
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
    if enter(debugger)? && !has_trace_function() && traces_here(debugger)? {
        settrace(py, None)?;
    }
    Ok(())
}

/// Has what is asked for a quiet debugger follow its breakpoints. Any thread may have changed them.
pub(super) fn follow(debugger: &Bundle<'_>) -> PyResult<()> {
    if !is_quiet(debugger) {
        return Ok(());
    }
    let breaks = breaks_of(debugger)?;
    let is_changed = {
        let mut plan = plan();
        let member = plan.members.iter_mut().find(|member| member.debugger.is(debugger));
        match member.filter(|member| member.breaks != breaks) {
            Some(member) => {
                member.breaks = breaks;
                forget_sites();
                true
            }
            None => false,
        }
    };
    if is_changed && let Some(Hold::Monitoring(_)) = hold(debugger.py())? {
        arm_stack(debugger)?;
    }
    Ok(())
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
        if !gone.is_empty() {
            forget_sites();
        }
        let last = plan.members.is_empty().then(|| (plan.hold.take(), std::mem::take(&mut plan.armed)));
        (gone, last)
    };
    for member in gone {
        if member.has_trace_function_here(py)? {
            tracer::remove(py);
        }
    }
    match last {
        Some((Some(Hold::Monitoring(tool)), armed)) => tool.release(py, armed),
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
    if has_trace_function() && !traces_here(debugger)? {
        // The program has set another one.
        return Ok(());
    }
    match FramePtr::current(debugger.py()) {
        Some(frame) => trace_again(debugger, &frame.object(debugger.py())),
        None => Ok(()),
    }
}

/// Ends everything after an internal error: the program goes on without a debugger.
pub(super) fn abandon(py: Python<'_>) {
    if let Err(error) = dismiss(py, |_| true) {
        tracing::error!(%error, "the events of the interpreter could not be left");
    }
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

/// Returns whether the debugger serves an event.
pub(super) fn is_serving(debugger: &Bundle<'_>) -> bool {
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

/// Asks for the events that the debugger wants; returns false if they are not to be had.
fn enter(debugger: &Bundle<'_>) -> PyResult<bool> {
    let py = debugger.py();
    supersede(debugger)?;
    code::prepare(py)?;
    let breaks = breaks_of(debugger)?;
    let known = plan().members.iter().any(|member| member.debugger.is(debugger) && member.breaks == breaks);
    if known {
        return Ok(true);
    }
    let Some(hold) = hold(py)? else { return Ok(false) };
    let old = {
        let mut plan = plan();
        forget_sites();
        let old: Vec<_> = plan.members.extract_if(.., |member| member.debugger.is(debugger)).collect();
        plan.members.push(Member { debugger: debugger.clone().unbind(), thread: thread_id(), breaks });
        old
    };
    drop(old);
    match hold {
        Hold::Monitoring(_) => arm_stack(debugger)?,
        Hold::TraceFunction => tracer::set(debugger)?,
    }
    Ok(true)
}

/// Has the code that runs already report its lines, if it holds a breakpoint.
fn arm_stack(debugger: &Bundle<'_>) -> PyResult<()> {
    let py = debugger.py();
    monitor::restart(py)?;
    let mut frame = FramePtr::current(py).map(|frame| frame.object(py));
    while let Some(this) = frame {
        let code = this.getattr(intern!(py, "f_code"))?;
        if holds_breakpoint(debugger, &code)? {
            arm(&code)?;
        }
        frame = caller(&this)?;
    }
    Ok(())
}

/// Makes sure that there is something events come from.
fn hold(py: Python<'_>) -> PyResult<Option<Hold>> {
    let hold = plan().hold;
    if let Some(Hold::Monitoring(tool)) = hold
        && tool.is_held(py)?
    {
        return Ok(hold);
    }
    let hold = match monitor::is_there(py) {
        true => Tool::take(py)?.map(Hold::Monitoring),
        false => tracer::may_be_set(py)?.then_some(Hold::TraceFunction),
    };
    let mut plan = plan();
    plan.armed.clear();
    plan.hold = hold;
    Ok(hold)
}

/// Returns whether quiet debuggers have a trace function.
pub(super) fn has_trace_function() -> bool {
    plan().hold == Some(Hold::TraceFunction)
}

impl Member {
    /// Returns whether the trace function of this thread is that of the debugger.
    fn has_trace_function_here(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.thread == thread_id() && traces_here(self.debugger.bind(py))?)
    }
}

fn breaks_of(debugger: &Bundle<'_>) -> PyResult<Vec<(String, Vec<u32>)>> {
    let breaks = BdbBase::state(debugger).get(debugger.py(), |state| &state.breaks);
    let Some(breaks) = breaks.and_then(|breaks| breaks.cast_into::<PyDict>().ok()) else { return Ok(Vec::new()) };
    breaks.iter().map(|(file, lines)| Ok((file.extract()?, lines.extract()?))).collect()
}

/// Returns whether a code object has a line on which the debugger has a breakpoint.
pub(super) fn holds_breakpoint(debugger: &Bundle<'_>, code: &Bound<'_, PyAny>) -> PyResult<bool> {
    match decide::lines_of_file(debugger, overrides::of(debugger)?, code)? {
        // A breakpoint on a function may be listed under a line that its code does not have.
        Some((_, lines)) => Ok(lines.contains(decide::first_line(code)?)? || decide::holds_any(code, &lines)?),
        None => Ok(false),
    }
}

/// Has a code object report its lines.
pub(super) fn arm(code: &Bound<'_, PyAny>) -> PyResult<()> {
    let Some(id) = code::id_of(code) else { return Ok(()) };
    let hold = {
        let mut plan = plan();
        if !plan.armed.insert(id) {
            return Ok(());
        }
        plan.hold
    };
    match hold {
        Some(Hold::Monitoring(tool)) => tool.report_lines(code),
        _ => Ok(()),
    }
}

/// Returns whether a code object reports its lines.
pub(super) fn is_armed(id: CodeId) -> bool {
    plan().armed.contains(&id)
}

/// Returns whether a code object has a line on which a quiet debugger has a breakpoint.
pub(super) fn is_any_breakpoint_in(code: &Bound<'_, PyAny>) -> PyResult<bool> {
    members(code.py()).into_iter().try_fold(false, |any, (debugger, _)| Ok(any || holds_breakpoint(&debugger, code)?))
}

/// Returns the quiet debuggers, each with the thread that it debugs.
pub(super) fn members(py: Python<'_>) -> Vec<(Bundle<'_>, ThreadId)> {
    plan().members.iter().map(|member| (member.debugger.bind(py).clone(), member.thread)).collect()
}
