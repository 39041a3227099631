//! Values and exceptions of the program as text, in pdb's words. The program's own code runs here (`__repr__`,
//! `__str__`), so every function may fail with the program's exception or with Ctrl-C.

use pyo3::exceptions::{PyException, PyKeyboardInterrupt};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;
use rdb_core::host::{HostError, Show};

use super::dollar;

use crate::ffi::import;

/// Returns an exception of the program as `Type: message`, as pdb shows it.
pub(crate) fn exception_text(py: Python<'_>, error: &PyErr) -> String {
    let value = error.value(py);
    let text = value_text(value).unwrap_or_else(|_| type_name(value));
    dollar::restore(&text)
}

/// Turns an exception that the program raised into what a front end is told.
pub(crate) fn failed(py: Python<'_>, error: &PyErr) -> HostError {
    if error.is_instance_of::<PyKeyboardInterrupt>(py) {
        return HostError::Interrupted;
    }
    HostError::Program(exception_text(py, error))
}

/// Returns an exception instance as `Type: message`. What `traceback` says of it is a list: for a syntax error the
/// lines in front are indented, and notes come behind.
pub(crate) fn value_text(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = value.py();
    let parts = import(py, "traceback")?.call_method1("format_exception_only", (value,))?;
    for part in parts.try_iter()? {
        let part = lossy(&part?)?;
        if !part.starts_with(char::is_whitespace) {
            return Ok(part.trim_end().to_owned());
        }
    }
    Ok(type_name(value))
}

/// Returns the text of a Python string; what cannot be encoded is shown as `�`.
pub(crate) fn lossy(text: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(text.cast::<PyString>()?.to_string_lossy().into_owned())
}

/// Returns the name of the type of a value.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Returns `repr(value)`.
pub(crate) fn repr(value: &Bound<'_, PyAny>) -> PyResult<String> {
    Ok(value.repr()?.to_string_lossy().into_owned())
}

/// Returns `repr(value)`, or pdb's text for one that fails. `name` is what the user calls the value.
pub(crate) fn repr_of(value: &Bound<'_, PyAny>, name: &str) -> Result<String, HostError> {
    repr(value).or_else(|error| repr_failed(value.py(), &error, name))
}

/// Returns `reprlib.repr(value)`: what fits into a line of a stack.
pub(crate) fn short_repr(value: &Bound<'_, PyAny>) -> Result<String, HostError> {
    let py = value.py();
    let text = import(py, "reprlib").and_then(|module| module.call_method1("repr", (value,)));
    text.and_then(|text| lossy(&text)).or_else(|error| repr_failed(py, &error, "value"))
}

/// Returns `repr(value)` where containers and strings that no screen can hold are cut.
pub(crate) fn bounded_repr(value: &Bound<'_, PyAny>, name: &str) -> Result<String, HostError> {
    let py = value.py();
    bounded(value).and_then(|text| lossy(&text)).or_else(|error| repr_failed(py, &error, name))
}

fn bounded<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let shortener = import(value.py(), "reprlib")?.call_method0("Repr")?;
    for limit in ["maxdict", "maxlist", "maxtuple", "maxset", "maxfrozenset", "maxdeque", "maxarray"] {
        shortener.setattr(limit, 100)?;
    }
    for limit in ["maxstring", "maxlong", "maxother"] {
        shortener.setattr(limit, 2000)?;
    }
    shortener.call_method1("repr", (value,))
}

fn repr_failed(py: Python<'_>, error: &PyErr, name: &str) -> Result<String, HostError> {
    if error.is_instance_of::<PyException>(py) {
        return Ok(format!("*** repr({name}) failed: {} ***", exception_text(py, error)));
    }
    Err(failed(py, error))
}

/// Returns a value as the user wants to see it.
pub(super) fn show(value: &Bound<'_, PyAny>, how: Show) -> PyResult<String> {
    match how {
        Show::Repr => repr(value),
        Show::Str => Ok(value.str()?.to_string_lossy().into_owned()),
        Show::Pretty => lossy(&import(value.py(), "pprint")?.call_method1("pformat", (value,))?),
        Show::Whatis => whatis(value),
    }
}

/// Returns what kind of thing a value is, as pdb's `whatis` says it.
fn whatis(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = value.py();
    let code_name = |function: &Bound<'_, PyAny>| -> PyResult<String> {
        let code = function.getattr(intern!(py, "__code__"))?;
        lossy(&code.getattr(intern!(py, "co_name"))?)
    };
    let method = value.getattr(intern!(py, "__func__")).and_then(|function| code_name(&function));
    if let Ok(name) = method {
        return Ok(format!("Method {name}"));
    }
    if let Ok(name) = code_name(value) {
        return Ok(format!("Function {name}"));
    }
    match value.cast::<pyo3::types::PyType>() {
        Ok(class) => {
            let module = class.module().map_or_else(|_| "?".to_owned(), |name| name.to_string_lossy().into_owned());
            Ok(format!("Class {module}.{}", class.qualname()?.to_string_lossy()))
        }
        Err(_) => repr(value.get_type().as_any()),
    }
}
