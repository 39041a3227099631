//! Stops in tests that pytest runs: pytest captures what they write and read, and has a way of its own to end.

use pyo3::exceptions::PyRuntimeError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::ffi::import;

/// The module of pytest that knows of debuggers.
const PYTEST: &str = "_pytest.debugging";

/// A prompt, at which pytest's capturing is off.
pub(super) struct Uncaptured<'py> {
    /// Turns it on again.
    again: Option<Bound<'py, PyAny>>,
}

impl<'py> Uncaptured<'py> {
    /// Turns pytest's capturing off, if it is on.
    pub(super) fn begin(py: Python<'py>) -> Self {
        let again = helper(py).and_then(|helper| {
            let again = helper.call_method0(intern!(py, "at_prompt"));
            again.inspect_err(|error| tracing::warn!(%error, "pytest goes on capturing")).ok()
        });
        Self { again: again.filter(|again| !again.is_none()) }
    }
}

impl Drop for Uncaptured<'_> {
    fn drop(&mut self) {
        if let Some(again) = self.again.take()
            && let Err(error) = again.call0()
        {
            tracing::warn!(%error, "pytest does not capture any more");
        }
    }
}

/// Returns whether pytest runs the program.
pub(super) fn is_running(py: Python<'_>) -> bool {
    let running = helper(py).map(|helper| helper.call_method0(intern!(py, "is_running")));
    running.is_some_and(|running| running.and_then(|running| running.is_truthy()).unwrap_or(false))
}

/// Fails where pytest runs tests without a terminal.
pub(super) fn refuse(py: Python<'_>) -> PyResult<()> {
    let Some(helper) = helper(py) else { return Ok(()) };
    let reason: String = helper.call_method0(intern!(py, "refusal"))?.extract()?;
    if reason.is_empty() { Ok(()) } else { Err(PyRuntimeError::new_err(reason)) }
}

/// Returns the exception that ends the test run.
pub(super) fn exit_error(py: Python<'_>) -> Option<PyErr> {
    let error = helper(py)?.call_method0(intern!(py, "exit_error")).ok()?;
    Some(PyErr::from_value(error))
}

/// Returns the module that talks to pytest, if pytest is there.
fn helper(py: Python<'_>) -> Option<Bound<'_, PyModule>> {
    let modules = import(py, "sys").and_then(|sys| sys.getattr(intern!(py, "modules"))).ok()?;
    if !modules.contains(PYTEST).unwrap_or(false) {
        return None;
    }
    import(py, "rdb.under_pytest").ok()
}
