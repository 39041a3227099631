//! The methods of [`Host`], each of which attaches and hands on to the file that knows how.

use std::sync::Arc;

use pyo3::prelude::*;
use rdb_core::breakpoint::{BreakpointChange, BreakpointInfo, BreakpointSpec};
use rdb_core::catch::{CatchInfo, CatchSpec};
use rdb_core::host::{
    Completeness, DebugFrontend, Displayed, ExceptionInfo, FrameInfo, Host, HostError, Interaction, Located,
    SessionInfo, Show, SourceBlock, SourceText, Stack, ThreadInfo, Variable,
};
use rdb_core::ids::{BreakpointId, CatchId, FrameNo, Line, ThreadId};
use rdb_core::location::Location;
use rdb_core::stop::{StepEnd, StopReason};

use super::awaiting::{self, Awaiting, Handed};
use super::compile::TopLevelAwait;
use super::eval::{Extras, Failure, Ran};
use super::interact::Interactive;
use super::locals::FrameLocals;
use super::locate::Search;
use super::{
    LookedAt, PyHost, breakpoints, compile, complete, debug, display, eval, jump, source, stack, text, threads,
};
use crate::remote;

type Answered<T> = Result<T, HostError>;

impl PyHost {
    fn top_level_await(&self) -> TopLevelAwait {
        if self.stopped.can_await { TopLevelAwait::Allowed } else { TopLevelAwait::Refused }
    }

    fn chain(&self, py: Python<'_>) -> Answered<Vec<Py<PyAny>>> {
        let exception = self.stopped.exception.as_ref().map(|exception| stack::chain(exception.bind(py)));
        exception.transpose().map(Option::unwrap_or_default).map_err(|error| text::failed(py, &error))
    }

    fn selected_thread(&self) -> ThreadId {
        match self.looked_at {
            LookedAt::Thread(id) => id,
            LookedAt::Stop | LookedAt::Exception(_) => self.stopped.thread,
        }
    }
}

/// Turns an exception of the program into an answer.
fn raised<T>(py: Python<'_>, result: PyResult<T>) -> Answered<T> {
    result.map_err(|error| text::failed(py, &error))
}

impl Host for PyHost {
    fn session(&mut self) -> Answered<SessionInfo> {
        Python::attach(|py| Ok(SessionInfo { can_await: self.stopped.can_await, ..self.session.info(py) }))
    }

    fn stack(&mut self) -> Answered<Stack> {
        Python::attach(|py| Ok(self.view(py)?.stack.clone()))
    }

    fn frame_info(&mut self, frame: FrameNo) -> Answered<Option<FrameInfo>> {
        Python::attach(|py| PyHost::frame_info(self, py, frame))
    }

    fn threads(&mut self) -> Answered<Vec<ThreadInfo>> {
        Python::attach(|py| {
            let (stopped, selected) = (self.stopped.thread, self.selected_thread());
            let all = raised(py, threads::all(py))?;
            all.iter().map(|thread| threads::info(self.session, thread, stopped, selected)).collect()
        })
    }

    fn select_thread(&mut self, thread: ThreadId) -> Answered<Stack> {
        let stopped = thread == self.stopped.thread;
        let what = if stopped { LookedAt::Stop } else { LookedAt::Thread(thread) };
        Python::attach(|py| self.look_at(py, what))
    }

    fn exceptions(&mut self) -> Answered<Vec<ExceptionInfo>> {
        Python::attach(|py| {
            let current = self.current_exception(py);
            let is_current = |one: &Py<PyAny>| current.as_ref().is_some_and(|current| current.is(one));
            self.chain(py)?.iter().map(|one| stack::exception_info(one.bind(py), is_current(one))).collect()
        })
    }

    fn select_exception(&mut self, number: usize) -> Answered<Stack> {
        Python::attach(|py| {
            let missing = || HostError::User("No exception with that number".to_owned());
            let exception = self.chain(py)?.into_iter().nth(number).ok_or_else(missing)?;
            if !stack::exception_info(exception.bind(py), false)?.has_traceback {
                let text = "This exception does not have a traceback, cannot jump to it";
                return Err(HostError::User(text.to_owned()));
            }
            let own = self.stopped.exception.as_ref().is_some_and(|own| own.is(&exception));
            self.look_at(py, if own { LookedAt::Stop } else { LookedAt::Exception(exception) })
        })
    }

    fn exception_text(&mut self) -> Answered<Option<String>> {
        let at_exception = matches!(self.reason, StopReason::Exception { .. } | StopReason::Step(StepEnd::Exception));
        let Some(exception) = self.stopped.exception.as_ref().filter(|_| at_exception) else { return Ok(None) };
        Python::attach(|py| raised(py, stack::exception_text(exception.bind(py))).map(Some))
    }

    fn evaluate(&mut self, frame: FrameNo, expression: String, show: Show) -> Answered<String> {
        Python::attach(|py| {
            self.in_frame(py, frame, |frame, extras| {
                let value = eval::evaluate(frame, extras, &expression)?;
                Ok(text::show(&value, show)?)
            })
        })
    }

    fn execute(&mut self, frame: FrameNo, source: String) -> Answered<()> {
        let (thread, top_level) = (self.stopped.thread, self.top_level_await());
        Python::attach(|py| {
            self.in_frame(py, frame, |frame, extras| match eval::execute(frame, extras, &source, top_level)? {
                Ran::Done => Ok(()),
                Ran::Coroutine { coroutine, closure } => {
                    let frame = frame.clone().unbind();
                    awaiting::add(Awaiting { thread, frame, coroutine, closure, handed: Handed::NotYet });
                    Err(Failure::Refused(HostError::Awaits))
                }
            })
        })
    }

    fn completeness(&mut self, source: String) -> Answered<Completeness> {
        Python::attach(|py| raised(py, compile::completeness(py, &source, self.top_level_await())))
    }

    fn check_expression(&mut self, expression: String) -> Answered<()> {
        Python::attach(|py| compile::check_expression(py, &expression))
    }

    fn arguments(&mut self, frame: FrameNo) -> Answered<Vec<Variable>> {
        Python::attach(|py| {
            let frame = self.frame(py, frame)?;
            raised(py, FrameLocals::of(&frame))?.arguments()
        })
    }

    fn locals(&mut self, frame: FrameNo) -> Answered<Vec<Variable>> {
        Python::attach(|py| {
            let frame = self.frame(py, frame)?;
            raised(py, FrameLocals::of(&frame))?.variables()
        })
    }

    fn return_value(&mut self, frame: FrameNo) -> Answered<Option<String>> {
        Python::attach(|py| {
            let frame = self.frame(py, frame)?;
            let value = self.stopped.returned.as_ref().filter(|_| self.is_stopped_frame(&frame));
            value.map(|value| text::repr_of(value.bind(py), "value")).transpose()
        })
    }

    fn set_convenience(&mut self, frame: FrameNo, name: String, expression: String) -> Answered<()> {
        Python::attach(|py| {
            let value = self.in_frame(py, frame, |frame, extras| eval::evaluate(frame, extras, &expression))?;
            self.convenience.insert(name, value.unbind());
            Ok(())
        })
    }

    fn convenience(&mut self) -> Answered<Vec<String>> {
        Python::attach(|py| {
            let stack = self.view(py)?;
            let current = stack.stack.current;
            let presets = match self.frame(py, current) {
                Ok(frame) => self.presets(&frame),
                Err(_) => indexmap::IndexMap::new(),
            };
            let mut names: Vec<String> = presets.keys().map(|name| (*name).to_owned()).collect();
            names.extend(self.convenience.keys().filter(|name| !presets.contains_key(name.as_str())).cloned());
            Ok(names)
        })
    }

    fn complete(&mut self, frame: FrameNo, text: String) -> Answered<Vec<String>> {
        Python::attach(|py| self.in_frame(py, frame, |frame, extras| Ok(complete::complete(frame, extras, &text)?)))
    }

    fn display(&mut self, frame: FrameNo, expression: String) -> Answered<String> {
        Python::attach(|py| {
            self.in_frame(py, frame, |frame, extras| display::add(frame, extras, &expression).map_err(Failure::Refused))
        })
    }

    fn undisplay(&mut self, frame: FrameNo, expression: Option<String>) -> Answered<()> {
        Python::attach(|py| display::remove(&self.frame(py, frame)?, expression.as_deref()))
    }

    fn displaying(&mut self) -> Answered<bool> {
        Ok(!display::is_empty())
    }

    fn displays(&mut self, frame: FrameNo) -> Answered<Vec<Displayed>> {
        Python::attach(|py| {
            self.in_frame(py, frame, |frame, extras| display::all(frame, extras).map_err(Failure::Refused))
        })
    }

    fn source(&mut self, path: String, frame: Option<FrameNo>) -> Answered<SourceText> {
        Python::attach(|py| {
            let frame = frame.map(|frame| self.frame(py, frame)).transpose()?;
            Ok(source::of_file(py, &path, frame.as_ref()))
        })
    }

    fn frame_source(&mut self, frame: FrameNo) -> Answered<SourceBlock> {
        Python::attach(|py| source::of_frame(&self.frame(py, frame)?))
    }

    fn object_source(&mut self, frame: FrameNo, expression: String) -> Answered<SourceBlock> {
        Python::attach(|py| {
            let object = self.in_frame(py, frame, |frame, extras| eval::evaluate(frame, extras, &expression))?;
            source::of_object(&object)
        })
    }

    fn locate(&mut self, frame: Option<FrameNo>, location: Location) -> Answered<Located> {
        Python::attach(|py| match frame {
            None => Search { py, frame: None }.locate(&location, &mut Extras::default()),
            Some(number) => self.in_frame(py, number, |frame, extras| {
                Search { py, frame: Some(frame) }.locate(&location, extras).map_err(Failure::Refused)
            }),
        })
    }

    fn add_breakpoint(&mut self, spec: BreakpointSpec) -> Answered<BreakpointInfo> {
        Python::attach(|py| breakpoints::add(py, self.session, spec))
    }

    fn change_breakpoint(&mut self, id: BreakpointId, change: BreakpointChange) -> Answered<BreakpointInfo> {
        Python::attach(|py| breakpoints::change(py, self.session, id, change))
    }

    fn remove_breakpoint(&mut self, id: BreakpointId) -> Answered<BreakpointInfo> {
        Python::attach(|py| breakpoints::update(py, self.session, |engine| engine.remove_breakpoint(id)))
    }

    fn breakpoints(&mut self) -> Answered<Vec<BreakpointInfo>> {
        Ok(self.session.engine().breakpoints())
    }

    fn last_breakpoint(&mut self) -> Answered<u32> {
        Ok(self.session.engine().last_breakpoint())
    }

    fn add_catch(&mut self, spec: CatchSpec) -> Answered<CatchInfo> {
        Python::attach(|py| breakpoints::update(py, self.session, |engine| Ok(engine.add_catch(spec))))
    }

    fn remove_catch(&mut self, id: CatchId) -> Answered<CatchInfo> {
        Python::attach(|py| breakpoints::update(py, self.session, |engine| engine.remove_catch(id)))
    }

    fn catches(&mut self) -> Answered<Vec<CatchInfo>> {
        Ok(self.session.engine().catches())
    }

    fn skips(&mut self) -> Answered<Vec<String>> {
        Ok(self.session.engine().skips().to_vec())
    }

    fn set_skips(&mut self, globs: Vec<String>) -> Answered<()> {
        Python::attach(|py| {
            breakpoints::update(py, self.session, |engine| {
                engine.set_skips(globs);
                Ok(())
            })?;
            self.view = None;
            Ok(())
        })
    }

    fn just_my_code(&mut self) -> Answered<bool> {
        Ok(self.session.engine().just_my_code())
    }

    fn set_just_my_code(&mut self, on: bool) -> Answered<()> {
        Python::attach(|py| {
            let library: Vec<Arc<str>> = raised(py, breakpoints::library(py))?;
            breakpoints::update(py, self.session, |engine| {
                engine.set_just_my_code(on, library);
                Ok(())
            })?;
            self.view = None;
            Ok(())
        })
    }

    fn jump(&mut self, frame: FrameNo, line: Line) -> Answered<()> {
        Python::attach(|py| {
            let frame = self.frame(py, frame)?;
            if !matches!(self.looked_at, LookedAt::Stop) || !self.is_stopped_frame(&frame) {
                return Err(HostError::User("You can only jump within the bottom frame".to_owned()));
            }
            if !self.stopped.can_jump {
                let text = "a jump is only possible where a line begins; `next` takes you there";
                return Err(HostError::User(text.to_owned()));
            }
            jump::jump(&frame, line)?;
            self.view = None;
            Ok(())
        })
    }

    fn debug(&mut self, frame: FrameNo, source: String, frontend: DebugFrontend) -> Answered<()> {
        let session = self.session;
        Python::attach(|py| self.in_frame(py, frame, |frame, _| debug::debug(session, frame, &source, frontend)))
    }

    fn interact_open(&mut self, frame: FrameNo) -> Answered<()> {
        Python::attach(|py| {
            let frame = self.frame(py, frame)?;
            self.interactive = Some(raised(py, Interactive::open(&frame))?);
            Ok(())
        })
    }

    fn interact_push(&mut self, line: String) -> Answered<Interaction> {
        let none = || HostError::User("No interactive interpreter is open; `interact` begins one.".to_owned());
        let interactive = self.interactive.as_ref().ok_or_else(none)?;
        Python::attach(|py| {
            let _lent = remote::lend(py);
            interactive.push(py, &line)
        })
    }

    fn interact_reset(&mut self) -> Answered<()> {
        let Some(interactive) = &self.interactive else { return Ok(()) };
        Python::attach(|py| raised(py, interactive.reset(py)))
    }
}
