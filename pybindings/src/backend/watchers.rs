//! The code watcher (Python 3.12 and later): code objects are met as they are made, so that a breakpoint in a file that is
//! not imported yet costs nothing until it is.
#![expect(unsafe_code, reason = "its callback is called from C")]

use std::ffi::c_int;

use pyo3::ffi as c;
use pyo3::prelude::*;

use crate::callback::guarded;
use crate::ffi::{CodePtr, PyCode_AddWatcher, PyCode_ClearWatcher};
use crate::session::Session;

/// `PY_CODE_EVENT_CREATE`. A C int: later versions may add events.
const CREATED: c_int = 0;

/// Reports every new code object to the session while it lives.
#[derive(Debug)]
pub(super) struct CodeWatcher(c_int);

impl CodeWatcher {
    /// Begins to watch; None: all of the interpreter's watchers are taken.
    pub(super) fn begin() -> Option<Self> {
        // SAFETY: a backend applies its plan attached; the function stays loaded as long as the process.
        let id = unsafe { PyCode_AddWatcher(on_code) };
        if id < 0 {
            // SAFETY: attached. The failure has left an exception that nobody is to see.
            unsafe { c::PyErr_Clear() };
            tracing::warn!("no code watcher is free: pending breakpoints are not bound by an import");
            return None;
        }
        Some(Self(id))
    }
}

impl Drop for CodeWatcher {
    fn drop(&mut self) {
        // SAFETY: attached, and the id was given by `PyCode_AddWatcher`.
        if unsafe { PyCode_ClearWatcher(self.0) } < 0 {
            // SAFETY: attached.
            unsafe { c::PyErr_Clear() };
        }
    }
}

/// Hears of a code object. It must not fail: the report of a failing watcher would make code objects without end.
unsafe extern "C" fn on_code(event: c_int, code: *mut c::PyObject) -> c_int {
    if event != CREATED {
        return 0;
    }
    // SAFETY: the interpreter calls attached.
    let py = unsafe { Python::assume_attached() };
    let (Some(session), Some(code)) = (Session::active(), CodePtr::from_raw(code)) else { return 0 };
    match guarded(|| session.code_made(py, code)) {
        Ok(Ok(())) => {}
        Ok(Err(error)) => Session::fail(py, &error.into()),
        Err(error) => Session::fail(py, &error),
    }
    0
}
