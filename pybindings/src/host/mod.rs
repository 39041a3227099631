//! What a front end may ask of the program, answered from live CPython objects. Each method attaches to the interpreter for
//! as long as it works: front ends run detached.

mod awaiting;
mod breakpoints;
mod catching;
mod closure;
mod compile;
mod complete;
pub(crate) mod condition;
mod debug;
mod display;
mod dollar;
mod eval;
pub(crate) mod face;
mod interact;
mod jump;
mod locals;
mod locate;
mod namespace;
mod outline;
mod serve;
mod source;
mod stack;
mod text;
mod threads;

use indexmap::IndexMap;
use pyo3::prelude::*;
use rdb_core::host::{FrameInfo, HostError, Stack};
use rdb_core::ids::{FrameNo, ThreadId};
use rdb_core::stop::{StepEnd, Stop, StopReason};

use self::interact::Interactive;
use self::stack::{Life, View};
use crate::ffi::FramePtr;
use crate::frame::visible;
use crate::session::{Session, Stopped};

pub(crate) use self::awaiting::take_awaitable;
pub(crate) use self::catching::{exception_condition, exception_is};
pub(crate) use self::condition::{Condition, Snapshot, condition, condition_here, condition_in};
pub(crate) use self::display::forget_all as forget_displays;
pub(crate) use self::locals::{as_trace_function, keep_snapshot};
pub(crate) use self::source::forget_all as forget_sources;
pub(crate) use self::text::exception_text;

/// The host of one stop.
pub(crate) struct PyHost {
    session: &'static Session,
    stopped: Stopped,
    /// Why the thread stopped.
    reason: StopReason,
    looked_at: LookedAt,
    /// The stack that is looked at, once somebody has asked for it.
    view: Option<View>,
    /// Variables that the user has set with `$name = …`; they end with the stop.
    convenience: IndexMap<String, Py<PyAny>>,
    interactive: Option<Interactive>,
}

/// What is looked at.
///
/// ```text
/// Stop <--select_thread--> Thread,   Stop <--select_exception--> Exception
/// ```
enum LookedAt {
    /// The thread that stopped, where it stopped.
    Stop,
    /// Another thread.
    Thread(ThreadId),
    /// An exception of the chain.
    Exception(Py<PyAny>),
}

impl PyHost {
    /// Returns the host of a stop.
    pub(crate) fn new(session: &'static Session, stop: &Stop, stopped: Stopped) -> Self {
        Self {
            session,
            stopped,
            reason: stop.reason.clone(),
            looked_at: LookedAt::Stop,
            view: None,
            convenience: IndexMap::new(),
            interactive: None,
        }
    }

    /// Lets go of the program's objects, while the interpreter is attached.
    pub(crate) fn close(self, py: Python<'_>) {
        let _attached = py;
        drop(self);
    }

    /// Returns the stack that is looked at.
    fn view(&mut self, py: Python<'_>) -> Result<&View, HostError> {
        if self.view.is_none() {
            settle(py)?;
            self.view = Some(self.build_view(py)?);
        }
        Ok(self.view.as_ref().expect("set above"))
    }

    /// Returns one frame of the stack that is looked at, as a front end shows it.
    fn frame_info(&mut self, py: Python<'_>, number: FrameNo) -> Result<Option<FrameInfo>, HostError> {
        if let Some(frame) = self.frame_alone(py, number) {
            settle(py)?;
            let returns = self.returning().map(|value| text::short_repr(value.bind(py))).transpose()?;
            return Ok(Some(FrameInfo { returns, ..stack::frame_info(self.session, &frame)? }));
        }
        let frames = &self.view(py)?.stack;
        Ok(usize::try_from(resolved(number, frames).0).ok().and_then(|number| frames.frames.get(number)).cloned())
    }

    /// Returns the current frame if that is what is asked for, and no other has to be known for it: at most stops nobody looks
    /// further, however deep the stack.
    fn frame_alone<'py>(&self, py: Python<'py>, number: FrameNo) -> Option<Bound<'py, PyAny>> {
        let is_live = self.stopped.traceback.is_none() && self.reason != StopReason::PostMortem;
        let is_alone = number == FrameNo::CURRENT && self.view.is_none() && matches!(self.looked_at, LookedAt::Stop);
        let stopped = self.stopped.frame.as_ref().filter(|_| is_live && is_alone)?;
        let frame = FramePtr::of(stopped.bind(py)).and_then(|frame| visible(py, frame))?;
        Some(frame.object(py))
    }

    /// Looks at something else.
    fn look_at(&mut self, py: Python<'_>, what: LookedAt) -> Result<Stack, HostError> {
        self.looked_at = what;
        self.view = None;
        Ok(self.view(py)?.stack.clone())
    }

    fn build_view(&self, py: Python<'_>) -> Result<View, HostError> {
        match &self.looked_at {
            LookedAt::Stop => self.stopped_view(py),
            LookedAt::Thread(id) => self.thread_view(py, *id),
            LookedAt::Exception(exception) => self.exception_view(exception.bind(py)),
        }
    }

    fn stopped_view(&self, py: Python<'_>) -> Result<View, HostError> {
        let exception = self.stopped.exception.as_ref().map(|exception| exception.bind(py));
        if let Some(traceback) = &self.stopped.traceback {
            return stack::dead(self.session, traceback.bind(py));
        }
        match (&self.stopped.frame, exception) {
            (_, Some(exception)) if self.reason == StopReason::PostMortem => self.exception_view(exception),
            (Some(frame), exception) => {
                let mut view = stack::live(self.session, frame.bind(py), exception)?;
                self.note_return(py, &mut view)?;
                Ok(view)
            }
            (None, _) => Ok(stack::empty(self.life())),
        }
    }

    fn exception_view(&self, exception: &Bound<'_, PyAny>) -> Result<View, HostError> {
        let py = exception.py();
        let traceback = exception.getattr("__traceback__").map_err(|error| text::failed(py, &error))?;
        if traceback.is_none() { Ok(stack::empty(Life::Dead)) } else { stack::dead(self.session, &traceback) }
    }

    fn thread_view(&self, py: Python<'_>, id: ThreadId) -> Result<View, HostError> {
        let threads = threads::all(py).map_err(|error| text::failed(py, &error))?;
        match threads.into_iter().find(|thread| thread.id == id) {
            Some(threads::Thread { frame: Some(frame), .. }) => stack::live(self.session, &frame, None),
            Some(_) => Ok(stack::empty(Life::Live)),
            None => Err(HostError::User(format!("There is no thread {id}; see `threads`."))),
        }
    }

    fn life(&self) -> Life {
        if self.reason == StopReason::PostMortem { Life::Dead } else { Life::Live }
    }

    /// Writes into the newest frame what it returns.
    fn note_return(&self, py: Python<'_>, view: &mut View) -> Result<(), HostError> {
        let newest = usize::try_from(view.stack.current.0).ok().and_then(|at| view.stack.frames.get_mut(at));
        if let (Some(newest), Some(value)) = (newest, self.returning()) {
            newest.returns = Some(text::short_repr(value.bind(py))?);
        }
        Ok(())
    }

    /// Returns the value that the stopped frame is returning.
    fn returning(&self) -> Option<&Py<PyAny>> {
        let finished = self.reason == StopReason::Step(StepEnd::Finished);
        self.stopped.returned.as_ref().filter(|_| !finished)
    }

    /// Returns a frame of the stack that is looked at.
    fn frame<'py>(&mut self, py: Python<'py>, number: FrameNo) -> Result<Bound<'py, PyAny>, HostError> {
        if let Some(frame) = self.frame_alone(py, number) {
            return Ok(frame);
        }
        let view = self.view(py)?;
        let number = resolved(number, &view.stack);
        let frame = usize::try_from(number.0).ok().and_then(|number| view.frames.get(number));
        let missing = || HostError::User(format!("There is no frame {number}; see `where`."));
        frame.map(|frame| frame.bind(py).clone()).ok_or_else(missing)
    }

    /// Returns whether a frame is the one that stopped.
    fn is_stopped_frame(&self, frame: &Bound<'_, PyAny>) -> bool {
        self.stopped.frame.as_ref().is_some_and(|stopped| stopped.is(frame))
    }

    /// Returns the exception that is looked at, else the one that the thread stopped on.
    fn current_exception<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        match &self.looked_at {
            LookedAt::Exception(exception) => Some(exception.bind(py).clone()),
            _ => self.stopped.exception.as_ref().map(|exception| exception.bind(py).clone()),
        }
    }
}

/// Puts in order what has come about since the last look at a stack.
fn settle(py: Python<'_>) -> Result<(), HostError> {
    awaiting::settle(py).map_err(|failure| failure.into_host(py))?;
    display::prune(py).map_err(|error| text::failed(py, &error))
}

/// Returns the place of a frame in a stack.
fn resolved(number: FrameNo, stack: &Stack) -> FrameNo {
    if number == FrameNo::CURRENT { stack.current } else { number }
}
