//! An interactive interpreter over a copy of a frame's namespace, fed line by line.

use pyo3::exceptions::PySystemExit;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rdb_core::host::{HostError, Interaction};

use super::text;

use crate::ffi::import;

/// The interpreter: an `InteractiveConsole` that writes to the program's standard output.
pub(super) struct Interactive(Py<PyAny>);

impl Interactive {
    /// Begins an interpreter with the names that a frame sees.
    pub(super) fn open(frame: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = frame.py();
        let names = PyDict::new(py);
        names.call_method1("update", (frame.getattr("f_globals")?,))?;
        names.call_method1("update", (frame.getattr("f_locals")?,))?;
        // The ones of `site` close the program's standard input before they raise.
        for name in ["exit", "quit"] {
            if !names.contains(name)? {
                names.set_item(name, wrap_pyfunction!(leave, py)?)?;
            }
        }
        let console = import(py, "code")?.call_method1("InteractiveConsole", (names,))?;
        console.setattr("write", wrap_pyfunction!(write_output, py)?)?;
        Ok(Self(console.unbind()))
    }

    /// Gives it a line.
    pub(super) fn push(&self, py: Python<'_>, line: &str) -> Result<Interaction, HostError> {
        match self.0.bind(py).call_method1("push", (line,)).and_then(|more| more.is_truthy()) {
            Ok(true) => Ok(Interaction::More),
            Ok(false) => Ok(Interaction::Ready),
            Err(error) if error.is_instance_of::<PySystemExit>(py) => Ok(Interaction::Left),
            Err(error) => Err(text::failed(py, &error)),
        }
    }

    /// Sends what it has to say somewhere else.
    pub(super) fn write_to(&self, write: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.bind(write.py()).setattr("write", write)
    }

    /// Drops a half-written statement.
    pub(super) fn reset(&self, py: Python<'_>) -> PyResult<()> {
        self.0.bind(py).call_method0("resetbuffer").map(drop)
    }
}

/// Writes what the interpreter has to say to where `print` writes.
#[pyfunction]
fn write_output(text: &Bound<'_, PyAny>) -> PyResult<()> {
    import(text.py(), "sys")?.getattr("stdout")?.call_method1("write", (text,)).map(drop)
}

/// Leaves the interpreter.
#[pyfunction]
#[pyo3(signature = (code=None))]
fn leave(code: Option<Py<PyAny>>) -> PyResult<()> {
    Err(PySystemExit::new_err(code))
}
