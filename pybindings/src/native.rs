//! Callbacks in the form that the interpreter calls fastest: C functions that take their arguments as an array.
#![expect(unsafe_code, reason = "makes functions that are called from C")]

use std::ffi::CString;

use pyo3::ffi;
use pyo3::prelude::*;

/// Makes a callable of a C function. It and what it points to live as long as the process.
pub(crate) fn callable(py: Python<'_>, name: &str, function: ffi::PyCFunctionFast) -> PyResult<Py<PyAny>> {
    let name = CString::new(name).unwrap_or_default();
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: name.into_raw(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFast: function },
        ml_flags: ffi::METH_FASTCALL,
        ml_doc: std::ptr::null(),
    }));
    // SAFETY: the definition was leaked, so it outlives the function object.
    unsafe {
        let function = ffi::PyCFunction_NewEx(definition, std::ptr::null_mut(), std::ptr::null_mut());
        Bound::from_owned_ptr_or_err(py, function).map(Bound::unbind)
    }
}

/// Returns the arguments of a call.
///
/// # Safety
/// They have to be those that the interpreter calls such a function with, and are good until the call returns.
pub(crate) unsafe fn arguments<'a>(
    arguments: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> &'a [*mut ffi::PyObject] {
    let count = usize::try_from(count).unwrap_or(0);
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(arguments.cast_const(), count) }
}

/// Returns the number that an argument is, if it is one and small enough.
#[inline]
pub(crate) fn small_number(_py: Python<'_>, number: *mut ffi::PyObject) -> Option<u32> {
    // SAFETY: attached, and the interpreter keeps its argument alive during the call; the type is checked in front.
    let value = unsafe { (ffi::PyLong_CheckExact(number) != 0).then(|| ffi::PyLong_AsLong(number)) }?;
    u32::try_from(value).ok()
}
