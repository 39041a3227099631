//! The classic contract of `sys.settrace` and `sys.setprofile`: which function hears an event, what becomes of its result,
//! and what follows when it raises.
//!
//! The user's function runs inside; it is not guarded against panics, which are none of rdb's.
#![expect(unsafe_code, reason = "its callbacks are called from C")]

use std::ffi::c_int;

use pyo3::Borrowed;
use pyo3::exceptions::PySystemError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyString;

use crate::events::frame_head::{self, Lines};
use crate::ffi::{FramePtr, TraceWhat};

/// The words, by the number that `PyTrace_*` gives them.
const WORDS: [&str; 8] = ["call", "exception", "line", "return", "c_call", "c_exception", "c_return", "opcode"];

static INTERNED: PyOnceLock<[Py<PyString>; 8]> = PyOnceLock::new();

/// An exception has been set in the interpreter.
#[derive(Debug)]
pub(crate) struct Raised;

impl Raised {
    /// Takes the exception.
    pub(crate) fn take(self, py: Python<'_>) -> PyErr {
        PyErr::fetch(py)
    }
}

/// Lets the trace function that is due hear an event: the global one for `call`, the frame's own, if it has one, for the rest.
/// What it returns, unless that is None, is the frame's own from now on; if it raises, the frame has none any more, and the
/// caller is to see to it that the global one is not called again.
#[inline(always)]
pub(crate) fn trace<'py>(
    global: Borrowed<'_, 'py, PyAny>,
    frame: FramePtr,
    what: TraceWhat,
    argument: Option<Borrowed<'_, 'py, PyAny>>,
) -> Result<(), Raised> {
    let py = global.py();
    if frame_head::lines(py, frame) == Lines::ForRdb {
        frame_head::set_lines(py, frame, Lines::Off);
        if what == ffi::PyTrace_LINE {
            return Ok(());
        }
    }
    let function = if what == ffi::PyTrace_CALL { Some(global.to_owned()) } else { frame_head::local(py, frame) };
    let Some(function) = function else { return Ok(()) };
    match call(function, frame, what, argument) {
        Ok(next) if next.is_none() => Ok(()),
        Ok(next) => {
            frame_head::set_local(py, frame, Some(next));
            Ok(())
        }
        Err(raised) => {
            frame_head::set_local(py, frame, None);
            Err(raised)
        }
    }
}

/// Calls a function, which may be replaced meanwhile, with a frame, a word and an argument, which is None if there is nothing.
#[inline(always)]
fn call<'py>(
    function: Bound<'py, PyAny>,
    frame: FramePtr,
    what: TraceWhat,
    argument: Option<Borrowed<'_, 'py, PyAny>>,
) -> Result<Bound<'py, PyAny>, Raised> {
    let py = function.py();
    #[cfg(not(Py_3_13))]
    frame_head::refresh_locals(py, frame)?;
    // SAFETY: None lives for ever.
    let argument = argument.map_or_else(|| unsafe { ffi::Py_None() }, |argument| argument.as_ptr());
    // The first place is the callee's to use: a bound method puts its object there and copies nothing.
    let mut stack = [std::ptr::null_mut(), frame.as_raw().cast(), word(py, what)?, argument];
    let count = 3 | ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
    // SAFETY: attached; the caller keeps all arguments alive. A new reference, or NULL with an exception, comes back.
    let result = unsafe {
        let call = vectorcall_of(&function);
        let result = call(function.as_ptr(), stack.as_mut_ptr().add(1), count, std::ptr::null_mut());
        Bound::from_owned_ptr_or_opt(py, result)
    };
    #[cfg(not(Py_3_13))]
    frame_head::save_locals(py, frame);
    result.ok_or(Raised)
}

/// Returns how to call a function. What was written in Python is called without a detour; what was not goes the way that
/// looks closely at the result.
#[inline(always)]
fn vectorcall_of(function: &Bound<'_, PyAny>) -> ffi::vectorcallfunc {
    // SAFETY: attached and the function is alive; it is read as what its type says that it is.
    let own = unsafe {
        let is_python = ffi::Py_TYPE(function.as_ptr()) == &raw mut ffi::PyFunction_Type;
        is_python.then(|| (*function.as_ptr().cast::<ffi::PyFunctionObject>()).vectorcall)
    };
    own.flatten().unwrap_or(ffi::PyObject_Vectorcall)
}

#[inline(always)]
fn word(py: Python<'_>, what: TraceWhat) -> Result<*mut ffi::PyObject, Raised> {
    let words = INTERNED.get(py).unwrap_or_else(|| intern_words(py));
    match usize::try_from(what).ok().and_then(|what| words.get(what)) {
        Some(word) => Ok(word.as_ptr()),
        None => Err(unknown(py, what)),
    }
}

#[cold]
fn intern_words(py: Python<'_>) -> &[Py<PyString>; 8] {
    INTERNED.get_or_init(py, || WORDS.map(|word| PyString::intern(py, word).unbind()))
}

#[cold]
fn unknown(py: Python<'_>, what: TraceWhat) -> Raised {
    PySystemError::new_err(format!("the interpreter reports a trace event {what}, which rdb does not know"))
        .restore(py);
    Raised
}

/// The trace function that stands for a Python one: the object that comes with it.
pub(super) unsafe extern "C" fn on_trace(
    object: *mut ffi::PyObject,
    frame: *mut ffi::PyFrameObject,
    what: c_int,
    argument: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: the interpreter calls attached.
    let py = unsafe { Python::assume_attached() };
    let Some(frame) = FramePtr::from_raw(frame) else { return 0 };
    // SAFETY: the interpreter keeps the argument, which may be NULL, alive during the call, and the object until here.
    let (global, argument) =
        unsafe { (Borrowed::from_ptr_or_opt(py, object), Borrowed::from_ptr_or_opt(py, argument)) };
    let Some(global) = global else { return 0 };
    let Err(Raised) = trace(global, frame, what, argument) else { return 0 };
    // SAFETY: attached; the exception that is set survives it.
    unsafe { ffi::PyEval_SetTrace(None, std::ptr::null_mut()) };
    -1
}

/// The profile function that stands for a Python one: the object that comes with it.
pub(super) unsafe extern "C" fn on_profile(
    object: *mut ffi::PyObject,
    frame: *mut ffi::PyFrameObject,
    what: c_int,
    argument: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: the interpreter calls attached.
    let py = unsafe { Python::assume_attached() };
    let Some(frame) = FramePtr::from_raw(frame) else { return 0 };
    // SAFETY: the interpreter keeps the argument, which may be NULL, alive during the call, and the object until here.
    let (function, argument) =
        unsafe { (Borrowed::from_ptr_or_opt(py, object), Borrowed::from_ptr_or_opt(py, argument)) };
    let Some(function) = function else { return 0 };
    let Err(Raised) = call(function.to_owned(), frame, what, argument) else { return 0 };
    // SAFETY: attached; the exception that is set survives it.
    unsafe { ffi::PyEval_SetProfile(None, std::ptr::null_mut()) };
    -1
}
