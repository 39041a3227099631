//! What can go wrong inside rdb itself. What a user did wrong is a `HostError`, never one of these.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

/// rdb cannot do its work. The program is never to see one of these: a callback reports it and detaches.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InternalError {
    /// The interpreter raised where it should not have.
    #[error("{0}")]
    Python(#[from] PyErr),
    /// A bug of ours.
    #[error("panicked: {0}")]
    Panic(String),
    /// Every code-extra slot of the interpreter is taken by other tools.
    #[error("the interpreter has no code-extra slot left; run without the other debuggers or profilers")]
    NoCodeExtra,
    /// Every tool id of `sys.monitoring` is taken.
    #[cfg_attr(not(Py_3_12), expect(dead_code, reason = "there are no tool ids yet"))]
    #[error("every tool id of sys.monitoring is taken ({0}); use the backend settrace, or run without one of them")]
    NoToolId(String),
    /// `sys.monitoring` does not exist before 3.12.
    #[error("this Python has no sys.monitoring (it came with 3.12); use the backend settrace")]
    NoMonitoring,
    /// The name of a backend that does not exist.
    #[error("there is no backend {0:?}; choose auto, monitoring or settrace")]
    UnknownBackend(String),
    /// Another backend was asked for than the one in use.
    #[error("this process is already debugged with the backend {0}; ask for that one, or for auto")]
    OtherBackend(&'static str),
    /// rdb was started in a subinterpreter.
    #[error("rdb debugs the main interpreter only, and this is a subinterpreter")]
    Subinterpreter,
}

impl From<InternalError> for PyErr {
    fn from(error: InternalError) -> PyErr {
        match error {
            InternalError::Python(error) => error,
            other => PyRuntimeError::new_err(other.to_string()),
        }
    }
}
