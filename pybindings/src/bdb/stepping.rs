//! How the program goes on: bdb's `set_*` methods.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::base::{BdbBase, Bundle};
use super::decide::line_of;
use super::dispatch::{Serving, function, suspends};
use super::{overrides, plan, quirks};
use crate::code;
use crate::ffi::{FramePtr, import};

/// A frame, or None.
type Object<'py> = Bound<'py, PyAny>;

/// Where a step was asked for.
#[derive(Default)]
pub(super) struct Asked<'py> {
    /// The frame.
    pub(super) frame: Option<Object<'py>>,
    /// Its line.
    pub(super) line: Option<u32>,
}

/// What ends a step: arguments of `_set_stopinfo`, which a subclass may override.
#[derive(Default)]
struct Goal<'py> {
    stopframe: Option<Object<'py>>,
    returnframe: Option<Object<'py>>,
    stoplineno: i64,
    asked: Asked<'py>,
}

/// Traces this thread from now on.
pub(super) fn start_trace(debugger: &Bundle<'_>) -> PyResult<()> {
    code::prepare(debugger.py())?;
    overrides::forget(debugger);
    plan::supersede(debugger)?;
    if plan::begin(debugger)? {
        return Ok(());
    }
    settrace(debugger.py(), Some(function(debugger)?))
}

/// Ends tracing.
pub(super) fn stop_trace(debugger: &Bundle<'_>) -> PyResult<()> {
    plan::leave(debugger)?;
    settrace(debugger.py(), None)
}

/// Sets the trace function of this thread.
pub(super) fn settrace(py: Python<'_>, function: Option<Object<'_>>) -> PyResult<()> {
    import(py, "sys")?.getattr(intern!(py, "settrace"))?.call1((function,)).map(drop)
}

/// Returns whether this debugger is the trace function of this thread.
pub(super) fn traces_here(debugger: &Bundle<'_>) -> PyResult<bool> {
    let py = debugger.py();
    let function = import(py, "sys")?.getattr(intern!(py, "gettrace"))?.call0()?;
    Ok(function.getattr(intern!(py, "__self__")).is_ok_and(|owner| owner.is(debugger)))
}

/// Makes the debugger ready to start.
pub(super) fn reset(debugger: &Bundle<'_>) -> PyResult<()> {
    let py = debugger.py();
    import(py, "linecache")?.getattr(intern!(py, "checkcache"))?.call0()?;
    BdbBase::state(debugger).put(None, |state| &mut state.botframe);
    stop_at(debugger, Goal::default())
}

/// Notes what ends the step.
pub(super) fn set_stopinfo(
    debugger: &Bundle<'_>,
    stopframe: &Object<'_>,
    returnframe: &Object<'_>,
    stoplineno: i64,
    asked: Asked<'_>,
) -> PyResult<()> {
    let state = BdbBase::state(debugger);
    state.put(Some(stopframe), |state| &mut state.stopframe);
    state.put(Some(returnframe), |state| &mut state.returnframe);
    state.put(asked.frame.as_ref(), |state| &mut state.cmdframe);
    let mut state = state.lock();
    state.stoplineno = stoplineno;
    state.cmdlineno = asked.line;
    state.quitting = false;
    Ok(())
}

/// Calls `_set_stopinfo` as bdb of this version does: with no argument that an older override would not take.
fn stop_at(debugger: &Bundle<'_>, goal: Goal<'_>) -> PyResult<()> {
    let py = debugger.py();
    let (arguments, named) = ((goal.stopframe, goal.returnframe, goal.stoplineno), PyDict::new(py));
    if quirks::LEAVES_COMMAND_LINE && goal.asked.frame.is_some() {
        named.set_item(intern!(py, "cmdframe"), goal.asked.frame)?;
        named.set_item(intern!(py, "cmdlineno"), goal.asked.line)?;
    }
    debugger.call_method(intern!(py, "_set_stopinfo"), arguments, Some(&named)).map(drop)
}

/// Has instructions reported, or not, in the frame that is being served and its callers.
pub(super) fn set_trace_opcodes(debugger: &Bundle<'_>, wanted: bool) -> PyResult<()> {
    let py = debugger.py();
    let state = BdbBase::state(debugger);
    if std::mem::replace(&mut state.lock().trace_opcodes, wanted) == wanted {
        return Ok(());
    }
    let mut frame = state.get(py, |state| &state.enterframe);
    while let Some(this) = frame {
        this.setattr(intern!(py, "f_trace_opcodes"), wanted)?;
        if state.is(&this, |state| &state.botframe) {
            break;
        }
        frame = caller(&this)?;
    }
    Ok(())
}

/// Makes the caller of a frame report its lines, though it may have been entered when nothing was to be seen in it.
pub(super) fn set_caller_tracefunc(debugger: &Bundle<'_>, frame: &Object<'_>) -> PyResult<()> {
    let py = debugger.py();
    let Some(caller) = caller(frame)? else { return Ok(()) };
    let stays_quiet = quirks::BOTTOM_STAYS_QUIET && BdbBase::state(debugger).is(&caller, |state| &state.botframe);
    if stays_quiet || caller.getattr(intern!(py, "f_trace"))?.is_truthy()? {
        return Ok(());
    }
    caller.setattr(intern!(py, "f_trace"), function(debugger)?)
}

/// Stops at the next event anywhere.
pub(super) fn set_step(debugger: &Bundle<'_>) -> PyResult<()> {
    let py = debugger.py();
    let state = BdbBase::state(debugger);
    if !quirks::RETURN_WAKES_CALLER
        && let Some(frame) = state.get(py, |state| &state.frame_returning)
    {
        debugger.call_method1(intern!(py, "_set_caller_tracefunc"), (frame,))?;
    }
    let frame = state.get(py, |state| &state.enterframe);
    let line = frame.as_ref().and_then(line_of);
    stop_at(debugger, Goal { asked: Asked { frame, line }, ..Goal::default() })
}

/// Stops before the next instruction.
pub(super) fn set_stepinstr(debugger: &Bundle<'_>) -> PyResult<()> {
    let py = debugger.py();
    let named = PyDict::new(py);
    named.set_item(intern!(py, "opcode"), true)?;
    debugger.call_method(intern!(py, "_set_stopinfo"), (py.None(), py.None()), Some(&named)).map(drop)
}

/// Stops at the next line of the frame, or behind its return.
pub(super) fn set_next(debugger: &Bundle<'_>, frame: &Object<'_>) -> PyResult<()> {
    stop_at(debugger, Goal { stopframe: Some(frame.clone()), asked: asked_at(frame), ..Goal::default() })
}

/// Stops at a line of the frame that is far enough, or at its return.
pub(super) fn set_until(debugger: &Bundle<'_>, frame: &Object<'_>, line: Option<i64>) -> PyResult<()> {
    let stoplineno = line.unwrap_or_else(|| line_of(frame).map_or(0, i64::from) + 1);
    let (stopframe, returnframe) = (Some(frame.clone()), Some(frame.clone()));
    stop_at(debugger, Goal { stopframe, returnframe, stoplineno, asked: asked_at(frame) })
}

/// Stops at the return of the frame.
pub(super) fn set_return(debugger: &Bundle<'_>, frame: &Object<'_>) -> PyResult<()> {
    let goal = match suspends(frame)? {
        true => Goal {
            stopframe: Some(frame.clone()),
            returnframe: quirks::GENERATORS_RETURN.then(|| frame.clone()),
            stoplineno: -1,
            ..Goal::default()
        },
        false => Goal { stopframe: caller(frame)?, returnframe: Some(frame.clone()), ..Goal::default() },
    };
    stop_at(debugger, goal)
}

fn asked_at<'py>(frame: &Object<'py>) -> Asked<'py> {
    Asked { frame: Some(frame.clone()), line: line_of(frame) }
}

/// Starts debugging from a frame: it and all its callers report.
pub(super) fn set_trace<'py>(debugger: &Bundle<'py>, frame: Option<Object<'py>>) -> PyResult<()> {
    let py = debugger.py();
    let is_serving = BdbBase::state(debugger).lock().enterframe.is_some();
    if quirks::IGNORES_NESTED_TRACE && is_serving {
        return Ok(());
    }
    debugger.call_method0(intern!(py, "stop_trace"))?;
    let frame = frame.filter(|frame| !frame.is_none());
    let frame = frame.or_else(|| FramePtr::current(py).map(|frame| frame.object(py)));
    debugger.call_method0(intern!(py, "reset"))?;
    if let Some(frame) = frame {
        let _serving = Serving::begin(debugger, &frame);
        wake_all(debugger, &frame)?;
        let step = if quirks::STOPS_AT_INSTRUCTIONS { intern!(py, "set_stepinstr") } else { intern!(py, "set_step") };
        debugger.call_method0(step)?;
    }
    debugger.call_method0(intern!(py, "start_trace")).map(drop)
}

/// Makes a frame and all its callers report their lines, and notes what they reported before.
fn wake_all<'py>(debugger: &Bundle<'py>, newest: &Object<'py>) -> PyResult<()> {
    let py = debugger.py();
    let kept = kept_flags(debugger)?;
    let mut frame = Some(newest.clone());
    while let Some(this) = frame {
        this.setattr(intern!(py, "f_trace"), function(debugger)?)?;
        BdbBase::state(debugger).put(Some(&this), |state| &mut state.botframe);
        let flags = (this.getattr(intern!(py, "f_trace_lines"))?, this.getattr(intern!(py, "f_trace_opcodes"))?);
        kept.set_item(&this, flags)?;
        this.setattr(intern!(py, "f_trace_lines"), true)?;
        frame = caller(&this)?;
    }
    Ok(())
}

/// Returns the flags that frames had before they were made to report: a dict that bdb keeps as an attribute.
fn kept_flags<'py>(debugger: &Bundle<'py>) -> PyResult<Bound<'py, PyDict>> {
    let name = intern!(debugger.py(), "frame_trace_lines_opcodes");
    if let Ok(kept) = debugger.getattr(name)
        && let Ok(kept) = kept.cast_into::<PyDict>()
    {
        return Ok(kept);
    }
    let kept = PyDict::new(debugger.py());
    debugger.setattr(name, &kept)?;
    Ok(kept)
}

/// Stops at breakpoints only.
pub(super) fn set_continue(debugger: &Bundle<'_>) -> PyResult<()> {
    let py = debugger.py();
    let state = BdbBase::state(debugger);
    let stopframe = state.get(py, |state| &state.botframe);
    stop_at(debugger, Goal { stopframe, stoplineno: -1, ..Goal::default() })?;
    let breaks = state.get(py, |state| &state.breaks);
    if breaks.map_or(Ok(false), |breaks| breaks.is_truthy())? {
        return plan::settle(debugger);
    }
    debugger.call_method0(intern!(py, "stop_trace"))?;
    let mut frame = FramePtr::current(py).map(|frame| frame.object(py));
    while let Some(this) = frame.filter(|this| !state.is(this, |state| &state.botframe)) {
        this.delattr(intern!(py, "f_trace"))?;
        frame = caller(&this)?;
    }
    for (frame, flags) in kept_flags(debugger)? {
        let flags = flags.cast_into::<PyTuple>()?;
        frame.setattr(intern!(py, "f_trace_lines"), flags.get_item(0)?)?;
        frame.setattr(intern!(py, "f_trace_opcodes"), flags.get_item(1)?)?;
    }
    debugger.setattr(intern!(py, "frame_trace_lines_opcodes"), PyDict::new(py))
}

/// Makes the program leave.
pub(super) fn set_quit(debugger: &Bundle<'_>) -> PyResult<()> {
    let py = debugger.py();
    let state = BdbBase::state(debugger);
    let stopframe = state.get(py, |state| &state.botframe);
    state.put(stopframe.as_ref(), |state| &mut state.stopframe);
    state.put(None, |state| &mut state.returnframe);
    state.lock().quitting = true;
    debugger.call_method0(intern!(py, "stop_trace")).map(drop)
}

/// Returns the frame that called or resumed a frame.
pub(super) fn caller<'py>(frame: &Object<'py>) -> PyResult<Option<Object<'py>>> {
    let back = frame.getattr(intern!(frame.py(), "f_back"))?;
    Ok((!back.is_none()).then_some(back))
}
