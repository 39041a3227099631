//! The trace function of quiet debuggers where there is no `sys.monitoring` (3.11): native, so that a line without a
//! breakpoint makes no objects and calls no Python code.
//!
//! `sys.gettrace()` returns the debugger's `trace_dispatch`, as it does while the debugger traces.
#![expect(unsafe_code, reason = "its callback is called from C")]

use std::ffi::c_int;

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;

use super::base::Bundle;
use super::dispatch::function;
use super::{hear, monitor, plan};
use crate::callback::{self, caught, guarded};
use crate::code;
use crate::ffi::{CodePtr, FramePtr, TraceWhat, import};

/// Returns whether the trace function of a thread is the interpreter's alone: `sys.settrace` is what it was.
pub(super) fn may_be_set(py: Python<'_>) -> PyResult<bool> {
    let sys = import(py, "sys")?;
    Ok(sys.getattr(intern!(py, "settrace"))?.getattr(intern!(py, "__self__")).is_ok_and(|owner| owner.is(&sys)))
}

/// Sets the trace function of this thread.
pub(super) fn set(debugger: &Bundle<'_>) -> PyResult<()> {
    let function = function(debugger)?;
    // SAFETY: attached; the interpreter takes its own reference to the object.
    unsafe { ffi::PyEval_SetTrace(Some(on_event), function.as_ptr()) };
    Ok(())
}

/// Takes the trace function of this thread away.
pub(super) fn remove(_py: Python<'_>) {
    // SAFETY: attached.
    unsafe { ffi::PyEval_SetTrace(None, std::ptr::null_mut()) };
}

/// Hears one event.
unsafe extern "C" fn on_event(
    _object: *mut ffi::PyObject,
    frame: *mut ffi::PyFrameObject,
    what: c_int,
    _argument: *mut ffi::PyObject,
) -> c_int {
    if what != ffi::PyTrace_LINE && what != ffi::PyTrace_CALL {
        return 0;
    }
    // SAFETY: the interpreter calls attached.
    let py = unsafe { Python::assume_attached() };
    let Some(frame) = FramePtr::from_raw(frame) else { return 0 };
    let code = frame.code(py);
    let answer = match caught(|| event_quickly(py, frame, code, what)) {
        Ok(Some(())) => {
            callback::count();
            return 0;
        }
        Ok(None) => guarded(|| event(py, frame, code, what)),
        Err(internal) => Err(internal),
    };
    match answer {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => {
            // As the interpreter does with a trace function that is written in Python.
            remove(py);
            error.restore(py);
            -1
        }
        Err(internal) => {
            monitor::fail(&internal);
            0
        }
    }
}

/// What most events are done with; None: this one is not.
#[inline]
fn event_quickly(py: Python<'_>, frame: FramePtr, code: CodePtr, what: TraceWhat) -> Option<()> {
    let entry = code::known_entry(py, code)?;
    let is_nothing = if what == ffi::PyTrace_CALL { !entry.suspends } else { entry.is_idle(plan::generation()) };
    match is_nothing {
        true => Some(()),
        false if what == ffi::PyTrace_CALL => None,
        false => hear::line_quickly(py, code, entry, frame.line(py)?).map(drop),
    }
}

fn event(py: Python<'_>, frame: FramePtr, code: CodePtr, what: TraceWhat) -> PyResult<()> {
    if what == ffi::PyTrace_CALL {
        let suspends = code::entry(py, code).suspends;
        return if suspends { hear::goes_on(py) } else { Ok(()) };
    }
    frame.line(py).map_or(Ok(()), |line| hear::line(py, code, line).map(drop))
}
