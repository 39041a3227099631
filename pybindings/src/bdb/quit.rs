//! The exception by which a program is made to leave.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::base::{BdbBase, Bundle};
use crate::ffi::import;

/// The name of the exception in `bdb` and in `rdb.bdb`.
const NAME: &str = "BdbQuit";

/// Raises `BdbQuit` if the program is to leave.
pub(super) fn go_on(debugger: &Bundle<'_>) -> PyResult<()> {
    if !BdbBase::state(debugger).lock().quitting {
        return Ok(());
    }
    let py = debugger.py();
    let quit = import(py, "rdb.bdb")?.getattr(NAME)?.call0()?;
    Err(PyErr::from_value(quit))
}

/// Returns what an `except` has to catch so that it catches each `BdbQuit` there may be by now. Native, because it is called
/// while the program is traced: a Python function would be stepped into.
#[pyfunction]
pub(crate) fn quit_exceptions(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
    let modules = import(py, "sys")?.getattr(intern!(py, "modules"))?;
    let mut found = Vec::new();
    for module in ["rdb.bdb", "bdb"] {
        if let Ok(module) = modules.get_item(module)
            && let Ok(class) = module.getattr(intern!(py, "__dict__"))?.get_item(NAME)
        {
            found.push(class);
        }
    }
    PyTuple::new(py, found)
}
