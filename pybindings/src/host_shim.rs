//! Stands in for `host` until that is there: answers nothing.

use std::sync::Arc;

use pyo3::prelude::*;
use rdb_core::engine::Answer;
use rdb_core::host::Host;

use crate::session::{Session, Stopped};

/// A host that answers nothing.
pub(crate) struct PyHost(Option<Stopped>);

impl PyHost {
    /// Returns a host for a stop.
    pub(crate) fn new(_session: &'static Session, stopped: Stopped) -> Self {
        Self(Some(stopped))
    }

    /// Releases the program's objects.
    pub(crate) fn close(&mut self, _py: Python<'_>) {
        self.0 = None;
    }
}

impl Host for PyHost {}

/// Evaluates a condition.
pub(crate) fn condition(py: Python<'_>, frame: &Bound<'_, PyAny>, expression: &str) -> Answer {
    let evaluate = || -> PyResult<bool> {
        let (globals, locals) = (frame.getattr("f_globals")?, frame.getattr("f_locals")?);
        py.import("builtins")?.call_method1("eval", (expression, globals, locals))?.is_truthy()
    };
    match evaluate() {
        Ok(true) => Answer::True,
        Ok(false) => Answer::False,
        Err(error) => Answer::Failed(error.to_string().into()),
    }
}

/// Compares the type of an exception by name.
pub(crate) fn exception_is(
    _py: Python<'_>,
    _frame: &Bound<'_, PyAny>,
    exception: &Bound<'_, PyAny>,
    types: &[Arc<str>],
) -> Answer {
    let name = exception.get_type().name().map(|name| name.to_string()).unwrap_or_default();
    if types.iter().any(|wanted| **wanted == *name) { Answer::True } else { Answer::False }
}
