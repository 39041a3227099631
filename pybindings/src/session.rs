//! The session: one engine, one backend and one front end for the whole interpreter, and the way from an event to a prompt
//! and back.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use rdb_core::engine::Engine;
use rdb_core::frontend::Frontend;
use rdb_core::host::SessionMode;
use rdb_core::ids::ThreadId;
use rdb_core::stop::{Resume, Stop};

use crate::backend::Backend;

/// What a thread has stopped with: the live objects that the host shows.
pub(crate) struct Stopped {
    /// The thread.
    pub(crate) thread: ThreadId,
    /// The newest frame of the program (rdb's own are never it); None in a post mortem without frames.
    pub(crate) frame: Option<Py<PyAny>>,
    /// The value that `frame` is returning, at a stop on its return; or the value that a finished frame has returned.
    pub(crate) returned: Option<Py<PyAny>>,
    /// The exception instance, at a stop on an exception and in a post mortem; its `__traceback__` is the dead stack.
    pub(crate) exception: Option<Py<PyAny>>,
    /// The traceback to show, if not the exception's own (`post_mortem(tb)`); makes the stack a dead one.
    pub(crate) traceback: Option<Py<PyAny>>,
    /// The interpreter lets the frame go on at another line from here (only at LINE events).
    pub(crate) can_jump: bool,
    /// The stop is inside `await rdb.set_trace_async()`.
    pub(crate) can_await: bool,
}

/// The session of this interpreter.
pub(crate) struct Session {
    engine: Mutex<Engine>,
    backend: Box<dyn Backend>,
    /// Why `auto` chose this backend.
    backend_reason: String,
    mode: SessionMode,
    frontend: Mutex<Option<Box<dyn Frontend>>>,
}

impl Session {
    /// Locks the engine. Nothing that can run Python code may be called while the guard lives.
    pub(crate) fn engine(&self) -> MutexGuard<'_, Engine> {
        self.engine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the engine, then brings the plan that follows from it into force.
    pub(crate) fn update<R>(&self, py: Python<'_>, change: impl FnOnce(&mut Engine) -> R) -> PyResult<R> {
        let (result, plan) = {
            let mut engine = self.engine();
            let result = change(&mut engine);
            (result, engine.take_plan_change())
        };
        if let Some(plan) = plan {
            self.backend.apply(py, &plan)?;
        }
        Ok(result)
    }
}
