//! Trace functions that are set behind rdb's back: C extensions (coverage's tracer) call `PyEval_SetTrace` themselves.
//!
//! The interpreter audits each change of a trace function before it is made. If it is not rdb's own, rdb looks again as soon
//! as Python code runs, takes its place back, and passes the events on to the function that was set. That works for the main
//! thread; in others such a function comes to be called through [`chain`](super::chain) as a rule, which sees to it.
#![expect(unsafe_code, reason = "its callbacks are called from C")]

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::Once;

use pyo3::ffi;
use pyo3::prelude::*;

use crate::backend::settrace::{chain, install};
use crate::callback::guarded;

unsafe extern "C" {
    fn PySys_AddAuditHook(
        hook: unsafe extern "C" fn(*const c_char, *mut ffi::PyObject, *mut c_void) -> c_int,
        data: *mut c_void,
    ) -> c_int;
}

thread_local! {
    static OURS: Cell<u32> = const { Cell::new(0) };
}

/// Runs something that changes trace functions on rdb's own account.
pub(super) fn on_our_account<R>(change: impl FnOnce() -> R) -> R {
    OURS.set(OURS.get() + 1);
    let result = change();
    OURS.set(OURS.get() - 1);
    result
}

/// Begins to listen, once: an audit hook cannot be removed, and does nothing while rdb traces nothing.
pub(super) fn begin() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: called attached; the function stays loaded as long as the process.
        if unsafe { PySys_AddAuditHook(on_audit, std::ptr::null_mut()) } != 0 {
            // SAFETY: attached. Another hook has refused ours.
            unsafe { ffi::PyErr_Clear() };
        }
    });
}

unsafe extern "C" fn on_audit(event: *const c_char, _arguments: *mut ffi::PyObject, _data: *mut c_void) -> c_int {
    if !install::is_wanted() || OURS.get() > 0 {
        return 0;
    }
    // SAFETY: the interpreter gives a C string.
    if unsafe { CStr::from_ptr(event) } == c"sys.settrace" {
        // SAFETY: attached, as trace functions are only set so. A full queue loses this call only.
        unsafe { ffi::Py_AddPendingCall(Some(reclaim), std::ptr::null_mut()) };
    }
    0
}

/// Runs on the main thread, between two instructions of Python code.
extern "C" fn reclaim(_data: *mut c_void) -> c_int {
    if !install::is_wanted() {
        return 0;
    }
    let reclaimed = guarded(|| Python::try_attach(chain::stay));
    if let Ok(Some(Err(error))) = reclaimed {
        tracing::warn!(%error, "another trace function has replaced rdb's");
    }
    0
}
