//! Makes a frame go on at another line.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use rdb_core::host::HostError;
use rdb_core::ids::Line;

use super::text;

/// Sets the line that a stopped frame goes on at. Where the interpreter refuses, its text says why.
pub(super) fn jump(frame: &Bound<'_, PyAny>, line: Line) -> Result<(), HostError> {
    let py = frame.py();
    let result = with_trace_function(frame, || frame.setattr("f_lineno", line));
    result.map_err(|error| {
        let message = error.value(py).str().map(|message| message.to_string_lossy().into_owned());
        match message {
            Ok(message) if error.is_instance_of::<PyValueError>(py) => HostError::User(message),
            _ => text::failed(py, &error),
        }
    })
}

/// Lets `set` run with a trace function in the frame: 3.11 asks for one before it lets a line be set, whatever it is.
#[cfg(not(Py_3_12))]
fn with_trace_function(frame: &Bound<'_, PyAny>, set: impl FnOnce() -> PyResult<()>) -> PyResult<()> {
    let py = frame.py();
    let theirs = frame.getattr("f_trace")?;
    if !theirs.is_none() {
        return set();
    }
    frame.setattr("f_trace", py.get_type::<pyo3::types::PyDict>())?;
    let result = set();
    frame.setattr("f_trace", theirs)?;
    result
}

/// Lets `set` run.
#[cfg(Py_3_12)]
fn with_trace_function(_frame: &Bound<'_, PyAny>, set: impl FnOnce() -> PyResult<()>) -> PyResult<()> {
    set()
}
