//! Statements with `await` that were typed at the prompt of `await rdb.set_trace_async()`. The coroutine leaves through the
//! entry point, which awaits it in the program's own event loop; what it stored is brought into the frame at the next stop.

use std::sync::{Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::ids::ThreadId;

use super::closure::Closure;
use super::eval::{self, Extras, Outcome};
use crate::ffi::thread_id;

/// The coroutines of all threads and tasks. Taken out while Python code runs, so that the lock is a leaf.
static AWAITING: Mutex<Vec<Awaiting>> = Mutex::new(Vec::new());

/// A coroutine that was made at a prompt.
pub(super) struct Awaiting {
    /// The thread of the prompt.
    pub(super) thread: ThreadId,
    /// The frame that it works in.
    pub(super) frame: Py<PyAny>,
    /// The coroutine.
    pub(super) coroutine: Py<PyAny>,
    /// What it stores.
    pub(super) closure: Closure,
    /// Whether somebody awaits it.
    pub(super) handed: Handed,
}

/// Whether a coroutine was given to the entry point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Handed {
    /// It waits for that.
    NotYet,
    /// It runs, or has ended.
    Out,
}

/// Keeps a coroutine until the entry point asks for it.
pub(super) fn add(awaiting: Awaiting) {
    AWAITING.lock().unwrap_or_else(PoisonError::into_inner).push(awaiting);
}

/// Returns what the user wants to be awaited in the running thread, once.
pub(crate) fn take_awaitable(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let thread = thread_id();
    let mut all = AWAITING.lock().unwrap_or_else(PoisonError::into_inner);
    let next = all.iter_mut().find(|one| one.thread == thread && one.handed == Handed::NotYet);
    Ok(next.map(|next| {
        next.handed = Handed::Out;
        next.coroutine.bind(py).clone()
    }))
}

/// Brings into their frames what the coroutines that have ended stored. Their convenience variables go with them, as
/// all do when the program goes on.
pub(super) fn settle(py: Python<'_>) -> Outcome<()> {
    let mut all = std::mem::take(&mut *AWAITING.lock().unwrap_or_else(PoisonError::into_inner));
    let ended = |one: &Awaiting| {
        let frame = one.coroutine.bind(py).getattr(intern!(py, "cr_frame"));
        one.handed == Handed::Out && frame.is_ok_and(|frame| frame.is_none())
    };
    let done: Vec<Awaiting> = all.extract_if(.., |one| ended(one)).collect();
    AWAITING.lock().unwrap_or_else(PoisonError::into_inner).append(&mut all);
    for Awaiting { frame, closure, .. } in &done {
        eval::store(frame.bind(py), &mut Extras::default(), closure)?;
    }
    Ok(())
}
