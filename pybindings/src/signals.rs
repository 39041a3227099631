//! Ctrl-C. While the program runs, SIGINT stops it in the debugger, right inside the signal handler, so that a program that
//! sleeps stops at once. At the prompt it is `KeyboardInterrupt`, so that what is evaluated there can be interrupted.
//! A handler that the program has installed is the program's and stays.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use rdb_core::ids::ThreadId;
use rdb_core::stop::StopReason;

use crate::ffi::{import, thread_id};
use crate::session::{Session, Stopped};

/// rdb's hold on SIGINT. Changes with the interpreter attached only; a leaf among the locks.
#[derive(Default)]
pub(crate) struct Interrupts {
    /// The handler that rdb has installed, while it is installed.
    ours: Mutex<Option<Py<PyAny>>>,
    /// The program's handler in whose place that one is; None: Python's own.
    theirs: Mutex<Option<Py<PyAny>>>,
    /// A SIGINT is on its way that rdb has sent itself, to wake the main thread.
    kicked: AtomicBool,
    /// The thread that has installed the handler, as the main one only can.
    main: AtomicU64,
    /// That thread is at a prompt: rdb's handler behaves as Python's own.
    asking: AtomicBool,
}

/// Which SIGINTs are for rdb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// Those that the program leaves to Python.
    Unclaimed,
    /// Also those that the program has a handler for, or ignores.
    All,
}

/// While it lives, SIGINT is `KeyboardInterrupt`.
pub(crate) struct AtPrompt<'a> {
    py: Python<'a>,
    interrupts: &'a Interrupts,
    change: Change<'a>,
}

/// What was changed for a prompt.
enum Change<'py> {
    /// Nothing: SIGINT is `KeyboardInterrupt` already, or none of rdb's business.
    Nothing,
    /// rdb's handler was told of the prompt; that costs less than another handler.
    Told,
    /// The handler was replaced that was there before.
    Replaced(Bound<'py, PyAny>),
}

#[pyfunction]
fn on_interrupt(py: Python<'_>, signal: i32, frame: Bound<'_, PyAny>) -> PyResult<()> {
    let _ = signal;
    let Some(session) = Session::active() else { return Err(PyKeyboardInterrupt::new_err(())) };
    if session.interrupts.asking.load(Ordering::Relaxed) {
        return Err(PyKeyboardInterrupt::new_err(()));
    }
    if session.interrupts.take_kick() {
        return session.leave_error_outside(py).map_or(Ok(()), Err);
    }
    let stopped = Stopped::at(&frame);
    if stopped.frame.is_none() {
        return Err(PyKeyboardInterrupt::new_err(()));
    }
    session.stop_in(py, StopReason::Pause, stopped)
}

impl Interrupts {
    fn ours(&self) -> MutexGuard<'_, Option<Py<PyAny>>> {
        self.ours.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn theirs(&self) -> MutexGuard<'_, Option<Py<PyAny>>> {
        self.theirs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_ours(&self, handler: &Bound<'_, PyAny>) -> bool {
        self.ours().as_ref().is_some_and(|ours| handler.is(ours))
    }

    /// Makes SIGINT stop the program, if it is for rdb and this is the main thread.
    pub(crate) fn arm(&self, py: Python<'_>, claim: Claim) {
        if let Err(error) = self.try_arm(py, claim) {
            tracing::debug!(%error, "SIGINT stays as it is");
        }
    }

    fn try_arm(&self, py: Python<'_>, claim: Claim) -> PyResult<()> {
        if self.is_mine() {
            self.asking.store(false, Ordering::Relaxed);
        }
        let current = current_handler(py)?;
        let foreign = !current.is(default_handler(py)?);
        // None: a handler that C has installed, which could not be put back.
        if self.is_ours(&current) || current.is_none() || (foreign && claim == Claim::Unclaimed) {
            return Ok(());
        }
        let ours = wrap_pyfunction!(on_interrupt, py)?;
        set_handler(py, ours.as_any())?;
        *self.ours() = Some(ours.into_any().unbind());
        self.main.store(thread_id().0, Ordering::Relaxed);
        *self.theirs() = foreign.then(|| current.unbind());
        Ok(())
    }

    /// Puts the handler back that was there before, if the program has not installed another one since.
    pub(crate) fn disarm(&self, py: Python<'_>) {
        let put_back = || -> PyResult<()> {
            let theirs = self.theirs().take();
            if self.is_ours(&current_handler(py)?) {
                let before = theirs.map_or_else(|| default_handler(py).cloned(), |theirs| Ok(theirs.into_bound(py)))?;
                set_handler(py, &before)?;
            }
            Ok(())
        };
        if let Err(error) = put_back() {
            tracing::debug!(%error, "SIGINT stays as it is");
        }
    }

    /// Makes SIGINT interrupt what the prompt evaluates, if this is the main thread.
    pub(crate) fn at_prompt<'a>(&'a self, py: Python<'a>) -> AtPrompt<'a> {
        let change = self.try_at_prompt(py).unwrap_or(Change::Nothing);
        AtPrompt { py, interrupts: self, change }
    }

    fn try_at_prompt<'py>(&self, py: Python<'py>) -> PyResult<Change<'py>> {
        let (current, default) = (current_handler(py)?, default_handler(py)?);
        if self.is_mine() && self.is_ours(&current) {
            let before = self.asking.swap(true, Ordering::Relaxed);
            return Ok(if before { Change::Nothing } else { Change::Told });
        }
        if current.is(default) || current.is_none() {
            return Ok(Change::Nothing);
        }
        set_handler(py, default)?;
        Ok(Change::Replaced(current))
    }

    /// Returns whether the handler was installed by this thread, which is the main one then.
    fn is_mine(&self) -> bool {
        self.main.load(Ordering::Relaxed) == thread_id().0
    }

    fn take_kick(&self) -> bool {
        self.kicked.swap(false, Ordering::Relaxed)
    }

    /// Takes a SIGINT out of the way that rdb has sent to this thread, the main one, and that it had no need of.
    pub(crate) fn absorb_kick(&self, py: Python<'_>) {
        if !self.kicked.load(Ordering::Relaxed) {
            return;
        }
        // A signal that was sent to a thread is there at the latest when the thread comes back from the kernel.
        std::thread::yield_now();
        if let Err(error) = py.check_signals() {
            tracing::warn!(%error, "a signal handler has raised while the program was leaving");
        }
        self.kicked.store(false, Ordering::Relaxed);
    }

    /// Sends the main thread a real SIGINT, which wakes it out of a call that blocks; returns whether rdb's handler is there
    /// to take it.
    pub(crate) fn kick(&self, py: Python<'_>, main: ThreadId) -> bool {
        let kick = || -> PyResult<bool> {
            if self.asking.load(Ordering::Relaxed) || !self.is_ours(&current_handler(py)?) {
                return Ok(false);
            }
            let signal = import(py, "_signal")?;
            let number = signal.getattr(intern!(py, "SIGINT"))?;
            self.kicked.store(true, Ordering::Relaxed);
            signal.call_method1(intern!(py, "pthread_kill"), (main.0, number))?;
            Ok(true)
        };
        kick().unwrap_or(false)
    }
}

impl Drop for AtPrompt<'_> {
    fn drop(&mut self) {
        let before = match &self.change {
            Change::Nothing => return,
            Change::Told => return self.interrupts.asking.store(false, Ordering::Relaxed),
            Change::Replaced(before) => before,
        };
        let put_back = || -> PyResult<()> {
            // A handler that the user has set at the prompt stays.
            if current_handler(self.py)?.is(default_handler(self.py)?) {
                set_handler(self.py, before)?;
            }
            Ok(())
        };
        if let Err(error) = put_back() {
            tracing::warn!(%error, "SIGINT could not be given back");
        }
    }
}

fn current_handler(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let signals = Signals::get(py)?;
    signals.getsignal.bind(py).call1((&signals.number,))
}

fn default_handler(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    Ok(Signals::get(py)?.default.bind(py))
}

/// What of `_signal` is asked for at each stop.
struct Signals {
    getsignal: Py<PyAny>,
    number: Py<PyAny>,
    default: Py<PyAny>,
}

static SIGNALS: PyOnceLock<Signals> = PyOnceLock::new();

impl Signals {
    fn get(py: Python<'_>) -> PyResult<&Self> {
        SIGNALS.get_or_try_init(py, || {
            let module = import(py, "_signal")?;
            let attribute = |name: &str| module.getattr(name).map(Bound::unbind);
            Ok(Self {
                getsignal: attribute("getsignal")?,
                number: attribute("SIGINT")?,
                default: attribute("default_int_handler")?,
            })
        })
    }
}

/// Sets the handler; only the main thread can, others get an error.
fn set_handler(py: Python<'_>, handler: &Bound<'_, PyAny>) -> PyResult<()> {
    let signal = import(py, "_signal")?;
    signal.call_method1(intern!(py, "signal"), (signal.getattr(intern!(py, "SIGINT"))?, handler)).map(drop)
}
