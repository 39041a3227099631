//! The end of threads: what the engine knows of a thread goes when the thread does, because its number is used again.

use std::cell::Cell;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rdb_core::ids::ThreadId;

use crate::ffi::{thread_id, thread_state_dict};
use crate::session::Session;

thread_local! {
    static KNOWN: Cell<bool> = const { Cell::new(false) };
}

/// Lives in the thread state's dictionary, and goes with it.
#[pyclass(frozen, module = "rdb._rdb")]
struct ThreadEnd(ThreadId);

impl Drop for ThreadEnd {
    fn drop(&mut self) {
        if let Some(session) = Session::get() {
            session.thread_ended(self.0);
        }
    }
}

/// Makes sure that the end of the running thread will be heard.
#[inline]
pub(super) fn know(py: Python<'_>) {
    if !KNOWN.get() {
        KNOWN.set(true);
        if let Err(error) = wait_for_end(py) {
            tracing::warn!(%error, "the end of a thread will not be heard");
        }
    }
}

fn wait_for_end(py: Python<'_>) -> PyResult<()> {
    let Some(dict) = thread_state_dict(py) else { return Ok(()) };
    dict.cast::<PyDict>()?.set_item(intern!(py, "rdb"), Bound::new(py, ThreadEnd(thread_id()))?)
}

impl Session {
    fn thread_ended(&self, thread: ThreadId) {
        tracing::debug!(%thread, "a thread ends");
        let value = self.kept().remove(&thread);
        drop(value);
        self.engine().thread_ended(thread);
    }
}
