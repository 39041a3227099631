//! A stop: waiting for the turn, the prompt, and going on.

use std::collections::HashMap;
use std::sync::{MutexGuard, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::frontend::{Frontend, Notice};
use rdb_core::host::SessionMode;
use rdb_core::ids::{BreakpointId, ThreadId};
use rdb_core::stop::{Resume, StepEnd, StepGoal, Stop, StopReason};

use crate::callback::guarded;
use crate::code;
use crate::errors::InternalError;
use crate::ffi::{FramePtr, Headroom, Untraced, import, is_main_interpreter, thread_id};
use crate::frame::{LiveStack, visible};
use crate::host::{self, PyHost};
use crate::session::hear::step_from;
use crate::session::leave::{Leave, main_thread};
use crate::session::testing::{self, Uncaptured};
use crate::session::{Session, has_prompt, state};
use crate::signals::Claim;

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

impl Stopped {
    /// Returns a stop of the running thread in this frame, or in the newest frame below it that is the program's.
    pub(crate) fn at(frame: &Bound<'_, PyAny>) -> Self {
        let py = frame.py();
        let shown = FramePtr::of(frame).and_then(|frame| visible(py, frame)).map(|frame| frame.object(py).unbind());
        Self { frame: shown, ..Self::nowhere() }
    }

    /// Returns a stop of the running thread without a frame.
    pub(crate) fn nowhere() -> Self {
        Self {
            thread: thread_id(),
            frame: None,
            returned: None,
            exception: None,
            traceback: None,
            can_jump: false,
            can_await: false,
        }
    }

    fn frame_ptr(&self, py: Python<'_>) -> Option<FramePtr> {
        FramePtr::of(self.frame.as_ref()?.bind(py))
    }
}

impl Session {
    /// Stops the running thread right here, because the program or the host asked for it (`set_trace`, Ctrl-C, post
    /// mortem), and prompts. `Err` is how the program is made to leave.
    pub(crate) fn stop_in(&'static self, py: Python<'_>, reason: StopReason, stopped: Stopped) -> PyResult<()> {
        if !is_main_interpreter(py) {
            return Err(InternalError::Subinterpreter.into());
        }
        if self.mode() != SessionMode::Remote {
            testing::refuse(py)?;
        }
        let frame = stopped.frame_ptr(py).map_or(rdb_core::ids::FrameId(0), FramePtr::id);
        let stop = self.engine().stop_now(stopped.thread, frame, reason);
        let _quiet = Untraced::begin(py);
        self.kept().remove(&stop.thread);
        self.stop(py, &stop, stopped)
    }

    /// Prompts for a stop and lets the thread go on. `Err` is how the program is made to leave.
    pub(crate) fn stop(&'static self, py: Python<'_>, stop: &Stop, stopped: Stopped) -> PyResult<()> {
        tracing::debug!(?stop, "a thread stops");
        let frame = stopped.frame.as_ref().map(|frame| frame.clone_ref(py));
        let turn = self.baton.take(py, || self.announce(py, &stopped));
        let leaves = stop.reason != StopReason::PostMortem && self.is(state::LEAVING);
        if leaves || self.is_stale(stop) {
            self.update(py, |_| ())?;
            return if leaves { self.leave_error(py).map_or(Ok(()), Err) } else { Ok(()) };
        }
        let returned = stopped.returned.as_ref().map(|value| value.clone_ref(py));
        let how = self.prompt(py, stop, stopped);
        self.keep_returned(stop, &how, returned);
        drop(turn);
        let frame = frame.map(|frame| frame.into_bound(py));
        self.go_on(py, stop, how, frame.as_ref().and_then(FramePtr::of))
    }

    /// Returns whether the reason of a stop is gone: what other threads did at the prompt while this one waited for it.
    fn is_stale(&self, stop: &Stop) -> bool {
        let wanted_anyway = matches!(stop.reason, StopReason::PostMortem | StopReason::Trace);
        if !self.is(state::ACTIVE) && !wanted_anyway {
            return true;
        }
        let StopReason::Breakpoint { ids, .. } = &stop.reason else { return false };
        let engine = self.engine();
        let alive = |id: &BreakpointId| {
            stop.deleted.iter().any(|gone| gone.id == *id)
                || engine.breakpoint(*id).is_ok_and(|breakpoint| breakpoint.enabled)
        };
        !ids.iter().any(alive)
    }

    /// Keeps the value of a frame that is finished from where it returns, for the stop in its caller.
    fn keep_returned(&self, stop: &Stop, how: &Resume, value: Option<Py<PyAny>>) {
        let returning = stop.reason == StopReason::Step(StepEnd::Return);
        if returning
            && *how == Resume::Step(StepGoal::Finish { frame: stop.frame })
            && let Some(value) = value
        {
            self.kept().insert(stop.thread, value);
        }
    }

    fn prompt(&'static self, py: Python<'_>, stop: &Stop, stopped: Stopped) -> Resume {
        let Some(mut frontend) = self.set_frontend(None) else {
            tracing::error!("a thread has stopped and there is no front end");
            return Resume::Continue;
        };
        let bound = self.engine().take_bound();
        self.announce_bound(bound);
        let headroom = Headroom::begin(py);
        let interrupts = self.interrupts.at_prompt(py);
        let mut host = PyHost::new(self, stop, stopped);
        let uncaptured = (self.mode() != SessionMode::Remote).then(|| Uncaptured::begin(py));
        let how = py.detach(|| {
            guarded(|| {
                self.pass_on(frontend.as_mut());
                frontend.stopped(stop, &mut host)
            })
        });
        host.close(py);
        drop(uncaptured);
        drop(interrupts);
        drop(headroom);
        tracing::debug!(?how, "the thread goes on");
        match how {
            Ok(how) => {
                self.set_frontend(Some(frontend));
                how
            }
            Err(error) => {
                Self::fail(py, &error);
                Resume::Detach
            }
        }
    }

    fn pass_on(&self, frontend: &mut dyn Frontend) {
        for notice in self.notices.1.try_iter() {
            frontend.notice(&notice);
        }
    }

    fn go_on(&'static self, py: Python<'_>, stop: &Stop, how: Resume, frame: Option<FramePtr>) -> PyResult<()> {
        if let Resume::Restart(_) = how {
            host::forget_sources(py);
        }
        let stack = LiveStack::at(py, frame);
        if how == Resume::Step(StepGoal::Instruction) {
            step_from(frame.and_then(|frame| frame.offset(py)));
        }
        self.update(py, |engine| engine.resume(stop.thread, &how, &stack))?;
        let dead = stop.reason == StopReason::PostMortem;
        match how {
            Resume::Continue | Resume::Step(_) => {
                self.interrupts.arm(py, self.claim());
                Ok(())
            }
            Resume::Quit if self.is_in_shell(py) => Err(Leave::QuitShell.error(py)),
            Resume::Quit if dead => Err(Leave::Quit.error(py)),
            Resume::Restart(arguments) if dead => Err(Leave::Restart(arguments).error(py)),
            Resume::Quit => {
                let test_run = self.test_run_ends(py, stop.thread);
                Err(test_run.unwrap_or_else(|| self.leave(py, stop.thread, Leave::Quit)))
            }
            Resume::Restart(arguments) => Err(self.leave(py, stop.thread, Leave::Restart(arguments))),
            Resume::Detach => {
                self.detach(py);
                Ok(())
            }
        }
    }

    /// Returns which SIGINTs are for rdb. The user of a remote session has no other way to stop a program, and means that.
    fn claim(&self) -> Claim {
        if self.mode() == SessionMode::Remote { Claim::All } else { Claim::Unclaimed }
    }

    /// Returns whether an interactive interpreter called the debugger by `set_trace` or the like.
    fn is_in_shell(&self, py: Python<'_>) -> bool {
        self.mode() == SessionMode::Inline && has_prompt(py)
    }

    /// Returns the exception that ends a run of tests, where the program is one: what the tests have left open is closed then,
    /// and the results so far are shown. Threads other than the main one cannot end it so.
    fn test_run_ends(&self, py: Python<'_>, thread: ThreadId) -> Option<PyErr> {
        let mine = matches!(self.mode(), SessionMode::Cli | SessionMode::Inline);
        let main = main_thread(py).unwrap_or(thread) == thread;
        if mine && main && testing::is_running(py) { testing::exit_error(py) } else { None }
    }

    /// Returns whether a thread waits for its turn at a stop of its own.
    pub(crate) fn is_waiting(&self, thread: ThreadId) -> bool {
        self.baton.is_waiting(thread)
    }

    /// Tells the front end that this thread waits for its turn.
    fn announce(&self, py: Python<'_>, stopped: &Stopped) {
        let frame = stopped.frame_ptr(py);
        let path = frame.and_then(|frame| code::filename(&frame.code(py).object(py)));
        self.notify(Notice::ThreadWaiting {
            thread: stopped.thread,
            name: thread_name(py, stopped.thread),
            path: path.map_or_else(String::new, |path| path.to_string()),
            line: frame.and_then(|frame| frame.line(py)).unwrap_or(0),
        });
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, HashMap<ThreadId, Py<PyAny>>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the name of a thread as `threading` knows it.
fn thread_name(py: Python<'_>, thread: ThreadId) -> String {
    let named = || -> PyResult<String> {
        let active = import(py, "threading")?.getattr(intern!(py, "_active"))?;
        active.get_item(thread.0)?.getattr(intern!(py, "name"))?.extract()
    };
    named().unwrap_or_else(|_| format!("thread {thread}"))
}
