//! The baton: one thread at a time talks to the user.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use pyo3::prelude::*;
use rdb_core::ids::ThreadId;

use crate::ffi::thread_id;

thread_local! {
    static MINE: Cell<bool> = const { Cell::new(false) };
}

/// The right to prompt: a channel that holds one token while nobody has it.
pub(super) struct Baton {
    token: Mutex<(Sender<()>, Receiver<()>)>,
    /// The threads that want it.
    waiting: Mutex<Vec<ThreadId>>,
}

/// The right to prompt, in the hands of this thread; given back when it is dropped.
pub(super) struct Turn(Option<Sender<()>>);

impl Baton {
    /// Returns a baton that nobody has.
    pub(super) fn new() -> Self {
        Self { token: Mutex::new(fresh()), waiting: Mutex::default() }
    }

    /// Takes the baton, at once if it is free or this thread has it already (a debugger inside the debugger). Else calls
    /// `announce`, then waits while other threads of the program run.
    pub(super) fn take(&self, py: Python<'_>, announce: impl FnOnce()) -> Turn {
        if MINE.get() {
            return Turn(None);
        }
        let (sender, receiver) = self.token.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if receiver.try_recv().is_err() {
            announce();
            self.waiting().push(thread_id());
            if py.detach(|| receiver.recv()).is_err() {
                tracing::warn!("the baton is gone");
            }
            self.waiting().retain(|&thread| thread != thread_id());
        }
        MINE.set(true);
        Turn(Some(sender))
    }

    /// Returns whether a thread waits for the baton.
    pub(super) fn is_waiting(&self, thread: ThreadId) -> bool {
        self.waiting().contains(&thread)
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<ThreadId>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a new baton: in a forked child the thread that had the old one does not exist.
    pub(super) fn renew(&self) {
        let old = std::mem::replace(&mut *self.token.lock().unwrap_or_else(PoisonError::into_inner), fresh());
        // Its inner locks may have been held by threads that do not exist here, so that it cannot be dropped.
        std::mem::forget(old);
        self.waiting().clear();
        MINE.set(false);
    }
}

fn fresh() -> (Sender<()>, Receiver<()>) {
    let (sender, receiver) = bounded(1);
    if sender.try_send(()).is_err() {
        tracing::warn!("a new baton has no room for its token");
    }
    (sender, receiver)
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(sender) = &self.0 {
            MINE.set(false);
            if sender.try_send(()).is_err() {
                tracing::warn!("the baton was given back twice");
            }
        }
    }
}
