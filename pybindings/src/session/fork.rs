//! `os.fork`: the child goes on without a debugger, because it shares the terminal with its parent; the breakpoints stay in
//! the parent. `RDB_FOLLOW_FORK=child` keeps the child in the debugger.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::ffi::import;
use crate::session::Session;

/// The environment variable that says who is debugged after a fork.
const VARIABLE: &str = "RDB_FOLLOW_FORK";

#[pyfunction]
fn after_fork_in_child(py: Python<'_>) {
    let Some(session) = Session::active() else { return };
    session.baton.renew();
    while session.notices.1.try_recv().is_ok() {}
    if std::env::var(VARIABLE).is_ok_and(|who| who == "child" || who == "both") {
        return;
    }
    session.detach(py);
}

/// Asks to be called in each forked child.
pub(super) fn register(py: Python<'_>) -> PyResult<()> {
    let os = import(py, "os")?;
    if !os.hasattr(intern!(py, "register_at_fork"))? {
        return Ok(());
    }
    let keywords = PyDict::new(py);
    keywords.set_item(intern!(py, "after_in_child"), wrap_pyfunction!(after_fork_in_child, py)?)?;
    os.call_method(intern!(py, "register_at_fork"), (), Some(&keywords)).map(drop)
}
