//! Finds code objects that exist already: through the garbage collector's list, the stacks of all threads, and the constants
//! of what is found there.
#![expect(unsafe_code, reason = "reads the types of objects by their address")]

use std::collections::HashSet;

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use crate::code;
use crate::ffi::{CodePtr, FramePtr, import};

/// Returns the code objects of a file, canonical path, that a walk over the interpreter's objects finds.
pub(crate) fn codes_of(py: Python<'_>, path: &str) -> PyResult<Vec<Py<PyAny>>> {
    let mut found = Found::new(path);
    for code in all_codes(py)? {
        found.add(&code)?;
    }
    Ok(found.codes)
}

/// Returns the code objects of all functions, generators and frames, some of them more than once.
pub(crate) fn all_codes(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyAny>>> {
    let mut codes = Vec::new();
    let objects = import(py, "gc")?.call_method0(intern!(py, "get_objects"))?;
    for object in objects.cast::<PyList>()?.iter() {
        if let Some(attribute) = code_attribute(&object) {
            codes.push(object.getattr(attribute)?);
        }
    }
    let frames = import(py, "sys")?.call_method0(intern!(py, "_current_frames"))?;
    for newest in frames.cast::<PyDict>()?.values().iter() {
        let mut frame = FramePtr::of(&newest);
        while let Some(this) = frame {
            codes.push(this.code(py).object(py));
            frame = this.back(py);
        }
    }
    Ok(codes)
}

/// Returns a code object and those among its constants, at any depth, that belong to a file.
pub(crate) fn with_inner(code: &Bound<'_, PyAny>, path: &str) -> PyResult<Vec<Py<PyAny>>> {
    let mut found = Found::new(path);
    found.add(code)?;
    Ok(found.codes)
}

/// Returns the attribute that holds the code object of an object which has one.
fn code_attribute(object: &Bound<'_, PyAny>) -> Option<&'static str> {
    let pointer = object.as_ptr();
    // SAFETY: attached, as the bound reference shows; the type of a live object is compared with static ones.
    unsafe {
        let is = |class: *mut ffi::PyTypeObject| ffi::Py_TYPE(pointer) == class;
        if is(&raw mut ffi::PyFunction_Type) {
            Some("__code__")
        } else if is(&raw mut ffi::PyGen_Type) {
            Some("gi_code")
        } else if is(&raw mut ffi::PyCoro_Type) {
            Some("cr_code")
        } else if is(&raw mut ffi::PyAsyncGen_Type) {
            Some("ag_code")
        } else if is(&raw mut ffi::PyFrame_Type) {
            Some("f_code")
        } else {
            None
        }
    }
}

struct Found<'a> {
    path: &'a str,
    seen: HashSet<*mut ffi::PyObject>,
    codes: Vec<Py<PyAny>>,
}

impl<'a> Found<'a> {
    fn new(path: &'a str) -> Self {
        Self { path, seen: HashSet::new(), codes: Vec::new() }
    }

    fn add(&mut self, code: &Bound<'_, PyAny>) -> PyResult<()> {
        let mut todo = vec![code.clone()];
        while let Some(code) = todo.pop() {
            if CodePtr::of(&code).is_none() || !self.seen.insert(code.as_ptr()) {
                continue;
            }
            if code::filename(&code).as_deref() != Some(self.path) {
                continue;
            }
            let constants = code.getattr(intern!(code.py(), "co_consts"))?;
            todo.extend(constants.cast::<PyTuple>()?.iter());
            self.codes.push(code.unbind());
        }
        Ok(())
    }
}
