//! The threads of the program.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rdb_core::host::{HostError, ThreadInfo};
use rdb_core::ids::ThreadId;

use super::{stack, text};
use crate::ffi::{FramePtr, import};
use crate::frame;
use crate::session::Session;

/// A thread that runs Python code now, or that `threading` knows.
pub(super) struct Thread<'py> {
    /// Its identity.
    pub(super) id: ThreadId,
    /// Its name.
    pub(super) name: String,
    /// The newest frame of the program in it.
    pub(super) frame: Option<Bound<'py, PyAny>>,
}

/// Returns the threads, in the order in which they started as far as `threading` knows.
pub(super) fn all(py: Python<'_>) -> PyResult<Vec<Thread<'_>>> {
    let running = import(py, "sys")?.call_method0(intern!(py, "_current_frames"))?.cast_into::<PyDict>()?;
    let newest = |id: ThreadId| -> PyResult<Option<Bound<'_, PyAny>>> {
        let frame = running.get_item(id.0)?;
        Ok(frame.as_ref().and_then(FramePtr::of).and_then(|f| frame::visible(py, f)).map(|f| f.object(py)))
    };
    let mut threads = Vec::new();
    for (id, name) in named(py)? {
        threads.push(Thread { frame: newest(id)?, id, name });
    }
    for id in running.keys() {
        let id = ThreadId(id.extract()?);
        if !threads.iter().any(|thread| thread.id == id) {
            // Without the module `threading` there are hardly ever others.
            let name = if running.len() == 1 { "MainThread".to_owned() } else { format!("Thread-{id}") };
            threads.push(Thread { frame: newest(id)?, id, name });
        }
    }
    Ok(threads)
}

/// Returns what `threading` knows, without its lock: the stopped thread may hold it.
fn named(py: Python<'_>) -> PyResult<Vec<(ThreadId, String)>> {
    let modules = import(py, "sys")?.getattr(intern!(py, "modules"))?;
    let Ok(threading) = modules.get_item("threading") else { return Ok(Vec::new()) };
    let active = threading.getattr(intern!(py, "_active"))?.cast_into::<PyDict>()?.copy()?;
    let mut named = Vec::new();
    for (id, thread) in active.iter() {
        let name = thread.getattr(intern!(py, "name")).and_then(|name| text::lossy(&name));
        named.push((ThreadId(id.extract()?), name.unwrap_or_else(|_| "?".to_owned())));
    }
    Ok(named)
}

/// Returns a thread as a front end shows it.
pub(super) fn info(
    session: &Session,
    thread: &Thread<'_>,
    stopped: ThreadId,
    selected: ThreadId,
) -> Result<ThreadInfo, HostError> {
    Ok(ThreadInfo {
        id: thread.id,
        name: thread.name.clone(),
        stopped: thread.id == stopped,
        selected: thread.id == selected,
        waiting: session.is_waiting(thread.id),
        frame: thread.frame.as_ref().map(|frame| stack::frame_info(session, frame)).transpose()?,
    })
}
