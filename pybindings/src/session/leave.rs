//! How a session ends: the program is made to leave (`quit`, `restart`), the debugger leaves (`detach`, failure, the end of
//! the process).
//!
//! Leaving is an exception that the program may swallow. It is raised again at the next line that runs outside the handling
//! of it, so that `finally` and `with` clean up undisturbed and `except BaseException: pass` does not keep the program.

use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PySystemExit;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;
use rdb_core::event::{EventKind, EventSet};
use rdb_core::host::SessionMode;
use rdb_core::ids::ThreadId;
use rdb_core::stack::StackView;
use rdb_core::stop::Resume;

use crate::errors::InternalError;
use crate::ffi::{handled_exception, import, raise_in_thread, thread_id};
use crate::frame::LiveStack;
use crate::host;
use crate::remote;
use crate::session::hear::{Heard, Verdict};
use crate::session::{Session, state};

static QUIT: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static QUIT_SHELL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static RESTART: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// What is heard while the program is made to leave: lines, to raise again; the ways out, to know when it has left.
const OVERHEARD: EventSet = EventSet::of(&[EventKind::Line, EventKind::Return, EventKind::Unwind]);

/// How many exceptions of a chain are looked at; a chain may be a circle.
const CHAIN: usize = 1000;

/// How the program leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// For good.
    Quit,
    /// For good, up to the prompt of an interactive interpreter.
    QuitShell,
    /// To be started again with these arguments; None: the same as before.
    Restart(Option<Vec<String>>),
}

/// The program is being made to leave.
pub(super) struct Leaving {
    how: Leave,
    /// The thread that takes the program with it.
    main: ThreadId,
}

/// Looks the exceptions up that the program leaves by.
pub(super) fn prepare(py: Python<'_>) -> PyResult<()> {
    let exceptions = import(py, "rdb.exceptions")?;
    for (cell, name) in [(&QUIT, "Quit"), (&QUIT_SHELL, "QuitShell"), (&RESTART, "Restart")] {
        if cell.get(py).is_none() {
            let class = exceptions.getattr(name)?.cast_into::<PyType>()?.unbind();
            cell.get_or_init(py, || class);
        }
    }
    Ok(())
}

/// The attribute that marks a `SystemExit` as the debugger's.
const MARK: &str = "_rdb_leaves";

/// Returns whether an exception is how the debugger makes the program leave.
pub(super) fn is_leave(exception: &Bound<'_, PyAny>) -> bool {
    let py = exception.py();
    let class = exception.get_type();
    let is_ours = |cell: &PyOnceLock<Py<PyType>>| cell.get(py).is_some_and(|ours| class.is(ours.bind(py)));
    is_ours(&QUIT)
        || is_ours(&QUIT_SHELL)
        || is_ours(&RESTART)
        || (class.is(py.get_type::<PySystemExit>()) && exception.hasattr(MARK).unwrap_or(false))
}

/// Returns the exception that a thread other than the main one leaves by: `threading` is silent about `SystemExit` itself
/// only, and not about classes derived from it.
fn thread_exit(py: Python<'_>) -> PyErr {
    let error = PySystemExit::new_err(());
    if let Err(failure) = error.value(py).setattr(MARK, true) {
        tracing::warn!(%failure, "an exit could not be marked");
    }
    error
}

impl Leave {
    /// Returns the exception that the program is to leave by.
    pub(super) fn error(&self, py: Python<'_>) -> PyErr {
        let made = match self {
            Self::Quit => QUIT.get(py).map(|class| class.bind(py).call0()),
            Self::QuitShell => QUIT_SHELL.get(py).map(|class| class.bind(py).call0()),
            Self::Restart(arguments) => RESTART.get(py).map(|class| class.bind(py).call1((arguments.clone(),))),
        };
        match made {
            Some(Ok(exception)) => PyErr::from_value(exception),
            Some(Err(error)) => error,
            None => PySystemExit::new_err(1),
        }
    }
}

/// Returns the main thread; an error where only one thread ran so far: nothing has loaded `threading`, and loading it
/// would cost more than all else that leaving does.
pub(super) fn main_thread(py: Python<'_>) -> PyResult<ThreadId> {
    let threading = import(py, "sys")?.getattr("modules")?.get_item("threading")?;
    let main = threading.call_method0(intern!(py, "main_thread"))?;
    main.getattr(intern!(py, "ident"))?.extract().map(ThreadId)
}

/// Returns whether the running thread is handling the debugger's own exception, or one that came up meanwhile.
fn is_leaving_already(py: Python<'_>) -> bool {
    let mut exception = handled_exception(py);
    for _ in 0..CHAIN {
        let Some(found) = exception else { return false };
        if is_leave(&found) {
            return true;
        }
        exception = found.getattr(intern!(py, "__context__")).ok().filter(|context| !context.is_none());
    }
    false
}

impl Session {
    fn leaving(&self) -> std::sync::MutexGuard<'_, Option<Leaving>> {
        let leaving: &Mutex<_> = &self.leaving;
        leaving.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the program leave and returns the exception for the running thread.
    pub(super) fn leave(&self, py: Python<'_>, thread: ThreadId, how: Leave) -> PyErr {
        let main = main_thread(py).unwrap_or(thread);
        *self.leaving() = Some(Leaving { how, main });
        self.raise_state(state::LEAVING);
        if let Err(error) = self.backend.overhear(py, OVERHEARD) {
            Self::fail(py, &error.into());
        }
        if main != thread {
            self.wake(py, main);
        }
        self.leave_error(py).unwrap_or_else(|| if main == thread { Leave::Quit.error(py) } else { thread_exit(py) })
    }

    /// Makes the main thread leave, even out of a call that blocks. Between the look at whether it is still there and the
    /// signal no Python code runs, so that no other thread does.
    fn wake(&self, py: Python<'_>, main: ThreadId) {
        if self.leaving().is_none() || self.interrupts.kick(py, main) {
            return;
        }
        if let Some(class) = QUIT.get(py) {
            raise_in_thread(py, main, class.bind(py).as_any());
        }
    }

    /// Returns the exception that the running thread is to leave by, if the program is being made to leave.
    pub(crate) fn leave_error(&self, py: Python<'_>) -> Option<PyErr> {
        let how = match &*self.leaving() {
            Some(leaving) if leaving.main == thread_id() => Some(leaving.how.clone()),
            Some(_) => None,
            None => return None,
        };
        Some(how.map_or_else(|| thread_exit(py), |how| how.error(py)))
    }

    /// As [`leave_error`](Self::leave_error), but None while the thread handles that exception already.
    pub(crate) fn leave_error_outside(&self, py: Python<'_>) -> Option<PyErr> {
        if is_leaving_already(py) { None } else { self.leave_error(py) }
    }

    /// Hears an event while the program is made to leave.
    pub(super) fn leave_again(&self, py: Python<'_>, heard: &Heard<'_, '_>) -> Verdict {
        match heard.kind {
            EventKind::Line => self.leave_error_outside(py).map_or(Verdict::Nothing, Verdict::Raise),
            EventKind::Return | EventKind::Unwind if self.has_left(py, heard) => {
                self.end_leave(py);
                Verdict::Nothing
            }
            _ => Verdict::Nothing,
        }
    }

    /// Returns whether this is the way out of the main thread's oldest frame.
    fn has_left(&self, py: Python<'_>, heard: &Heard<'_, '_>) -> bool {
        let stack = LiveStack::at(py, heard.frame);
        let is_main = self.leaving().as_ref().is_some_and(|leaving| leaving.main == thread_id());
        is_main && stack.parent(stack.frame()).is_none()
    }

    /// Notes that the program has left: what runs now is to run undisturbed.
    pub(crate) fn end_leave(&self, py: Python<'_>) {
        if self.leaving().as_ref().is_some_and(|leaving| leaving.main == thread_id()) {
            self.interrupts.absorb_kick(py);
        }
        self.lower_state(state::LEAVING);
        *self.leaving() = None;
        if let Err(error) = self.backend.overhear(py, EventSet::EMPTY) {
            Self::fail(py, &error.into());
        }
    }

    /// Hears that the main module has ended: what Python runs now is not to be stepped into.
    pub(crate) fn program_ended(&self, py: Python<'_>) {
        let stack = LiveStack::current(py);
        let ended = self.update(py, |engine| engine.resume(thread_id(), &Resume::Continue, &stack));
        if let Err(error) = ended {
            Self::fail(py, &error.into());
        }
    }

    /// Leaves the program alone: no event of ours comes any more, and what was there before is there again.
    pub(crate) fn detach(&self, py: Python<'_>) {
        self.lower_state(state::ACTIVE | state::LEAVING);
        *self.leaving() = None;
        self.backend.detach(py);
        self.scanned.forget();
        self.interrupts.disarm(py);
        host::forget_displays();
        if self.mode() == SessionMode::Remote {
            remote::end(self);
        }
        tracing::info!("detached");
    }

    /// Reports an internal error in one line and leaves the program alone.
    pub(crate) fn fail(py: Python<'_>, error: &InternalError) {
        let text = error.to_string().replace('\n', " ");
        eprintln!("rdb: internal error: {text}; rdb has detached, the program goes on");
        if let Some(session) = Session::get() {
            session.detach(py);
        }
    }
}

#[pyfunction]
fn leave_at_exit(py: Python<'_>) {
    if let Some(session) = Session::get() {
        session.detach(py);
    }
}

/// Makes sure that nothing stops in what runs after the program.
pub(super) fn register_exit(py: Python<'_>) -> PyResult<()> {
    let function = wrap_pyfunction!(leave_at_exit, py)?;
    import(py, "atexit")?.call_method1(intern!(py, "register"), (function,)).map(drop)
}
