//! The first fields of a frame object. `f_trace` has to be read at each event and written without the side effects that
//! setting the attribute has from 3.13 on (it makes instructions report), so it is reached where it lies.
#![expect(unsafe_code, reason = "reads and writes a structure of the interpreter")]

use std::ffi::{c_char, c_int, c_void};
use std::mem::offset_of;

use pyo3::exceptions::PyImportError;
use pyo3::ffi;
use pyo3::prelude::*;

use crate::ffi::FramePtr;

/// What a frame object begins with, the same on 3.11 to 3.15; [`check`] compares it with the running interpreter's.
#[repr(C)]
struct FrameHead {
    ob_base: ffi::PyObject,
    f_back: *mut ffi::PyFrameObject,
    f_frame: *mut c_void,
    f_trace: *mut ffi::PyObject,
    f_lineno: c_int,
    f_trace_lines: c_char,
    f_trace_opcodes: c_char,
    /// The variables were copied into a dictionary.
    #[cfg(not(Py_3_13))]
    f_fast_as_locals: c_char,
}

/// Fails if frames are laid out otherwise than this module believes: the interpreter itself says where one field is.
pub(super) fn check(py: Python<'_>) -> PyResult<()> {
    // SAFETY: attached; the type lives as long as the interpreter.
    let frames = unsafe { Bound::from_borrowed_ptr(py, (&raw mut ffi::PyFrame_Type).cast()) };
    let member = frames.getattr("f_trace_lines")?;
    // SAFETY: attached; a descriptor is read as one only if it is of that type.
    let offset = unsafe {
        let is_member = ffi::Py_TYPE(member.as_ptr()) == &raw mut ffi::PyMemberDescr_Type;
        is_member.then(|| (*(*member.as_ptr().cast::<ffi::PyMemberDescrObject>()).d_member).offset)
    };
    if offset.and_then(|offset| usize::try_from(offset).ok()) == Some(offset_of!(FrameHead, f_trace_lines)) {
        return Ok(());
    }
    Err(PyImportError::new_err("rdb was built for another CPython than this: install it again with this one"))
}

fn head(frame: FramePtr) -> *mut FrameHead {
    frame.as_raw().cast()
}

/// Returns the local trace function of a frame.
#[inline]
pub(super) fn local<'py>(py: Python<'py>, frame: FramePtr) -> Option<Bound<'py, PyAny>> {
    // SAFETY: attached and the frame is alive; a new reference is taken, unless there is nothing.
    unsafe { Bound::from_borrowed_ptr_or_opt(py, (*head(frame)).f_trace) }
}

/// Sets the local trace function of a frame, or removes it.
#[inline]
pub(super) fn set_local<'py>(py: Python<'py>, frame: FramePtr, function: Option<Bound<'py, PyAny>>) {
    let new = function.map_or(std::ptr::null_mut(), Bound::into_ptr);
    // SAFETY: attached and the frame is alive. It takes over the new reference and leaves the old one, which is given
    // back only when the frame no longer holds it, because that may run code.
    let old = unsafe { Bound::from_owned_ptr_or_opt(py, std::mem::replace(&mut (*head(frame)).f_trace, new)) };
    drop(old);
}

/// Whether a frame reports its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lines {
    /// It does not: the program has switched them off.
    Off,
    /// It does.
    On,
    /// It does for rdb's sake alone. The attribute is true for whoever reads it, as any number but 0 is.
    ForRdb,
}

const FOR_RDB: c_char = 2;

/// Returns whether a frame reports its lines.
#[inline]
pub(crate) fn lines(_py: Python<'_>, frame: FramePtr) -> Lines {
    // SAFETY: attached and the frame is alive.
    match unsafe { (*head(frame)).f_trace_lines } {
        0 => Lines::Off,
        FOR_RDB => Lines::ForRdb,
        _ => Lines::On,
    }
}

/// Lets a frame report its lines, or not.
#[inline]
pub(crate) fn set_lines(_py: Python<'_>, frame: FramePtr, lines: Lines) {
    let value = match lines {
        Lines::Off => 0,
        Lines::On => 1,
        Lines::ForRdb => FOR_RDB,
    };
    // SAFETY: attached and the frame is alive.
    unsafe { (*head(frame)).f_trace_lines = value };
}

/// Makes the dictionary of a frame's variables, if there is one, say what they are now.
#[cfg(not(Py_3_13))]
pub(super) fn refresh_locals(_py: Python<'_>, frame: FramePtr) -> Result<(), super::classic::Raised> {
    // SAFETY: attached and the frame is alive.
    let failed =
        unsafe { (*head(frame)).f_fast_as_locals != 0 && ffi::PyFrame_FastToLocalsWithError(frame.as_raw()) != 0 };
    if failed { Err(super::classic::Raised) } else { Ok(()) }
}

/// Makes a frame's variables what was written into their dictionary.
#[cfg(not(Py_3_13))]
pub(super) fn save_locals(_py: Python<'_>, frame: FramePtr) {
    // SAFETY: attached and the frame is alive; does nothing if there is no dictionary.
    unsafe { ffi::PyFrame_LocalsToFast(frame.as_raw(), 1) };
}
