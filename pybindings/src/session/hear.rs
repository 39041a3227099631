//! From an event to a decision, and what a decision makes of it.

use std::cell::Cell;
use std::sync::atomic::Ordering;

use pyo3::exceptions::{PyGeneratorExit, PyStopAsyncIteration, PyStopIteration};
use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::engine::{Answer, Decision, Engine, Pending, Question};
use rdb_core::event::{Event, EventKind, ExceptionTraits};
use rdb_core::ids::{Line, ThreadId};
use rdb_core::stack::StackView;
use rdb_core::stop::{StepEnd, Stop, StopReason};

use crate::code::{self, CodeEntry};
use crate::ffi::{FramePtr, thread_id};
use crate::frame::LiveStack;
use crate::host::{self, Snapshot};
use crate::session::{Session, Stopped, leave, state, threads};

/// What a backend heard: the event, and the live objects it came with.
pub(crate) struct Heard<'a, 'py> {
    /// What happened.
    pub(crate) kind: EventKind,
    /// In which code object.
    pub(crate) entry: &'a CodeEntry,
    /// The line of a line event.
    pub(crate) line: Option<Line>,
    /// The byte offset of the instruction, where the backend knows it for free.
    pub(crate) offset: Option<u32>,
    /// What a frame returns or yields.
    pub(crate) value: Option<Bound<'py, PyAny>>,
    /// The exception that the event is about.
    pub(crate) exception: Option<Bound<'py, PyAny>>,
    /// The frame, where the backend knows it for free.
    pub(crate) frame: Option<FramePtr>,
}

impl Heard<'_, '_> {
    fn event(&self, thread: ThreadId) -> Event {
        Event {
            kind: self.kind,
            thread,
            code: self.entry.id,
            line: self.line,
            offset: self.offset,
            exception: self.exception.as_ref().map(traits).unwrap_or_default(),
        }
    }
}

fn traits(exception: &Bound<'_, PyAny>) -> ExceptionTraits {
    let stop_iteration =
        exception.is_instance_of::<PyStopIteration>() || exception.is_instance_of::<PyStopAsyncIteration>();
    let has_traceback = || exception.getattr(intern!(exception.py(), "__traceback__")).is_ok_and(|tb| !tb.is_none());
    ExceptionTraits {
        stop_iteration,
        generator_exit: exception.is_instance_of::<PyGeneratorExit>(),
        internal: stop_iteration && !has_traceback(),
        quit: leave::is_leave(exception),
    }
}

thread_local! {
    /// The instruction that an instruction step has begun at, until the first instruction event.
    static STEPPED_FROM: Cell<Option<u32>> = const { Cell::new(None) };
}

/// Notes the instruction that an instruction step begins at: a stop at a line is at the line's first instruction, which
/// some versions report behind it and some do not.
pub(super) fn step_from(offset: Option<u32>) {
    STEPPED_FROM.set(offset);
}

/// Returns whether this is the instruction that the step has begun at, if it is the first one that is heard since.
fn stepped_from(offset: Option<u32>) -> bool {
    let from = STEPPED_FROM.take();
    from.is_some() && from == offset
}

/// What a callback answers to the interpreter.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The program goes on.
    Nothing,
    /// As `Nothing`; this place need not report again.
    Disable,
    /// The program goes on with this exception.
    Raise(PyErr),
}

impl Session {
    /// Hears one event.
    pub(crate) fn hear(&'static self, py: Python<'_>, heard: &Heard<'_, '_>) -> Verdict {
        self.count_event();
        if self.is(state::UNUSUAL) {
            return self.hear_unusual(py, heard);
        }
        if heard.kind == EventKind::Unwind && self.is_idle_unwind(py, heard.frame) {
            return Verdict::Nothing;
        }
        if heard.kind == EventKind::Instruction && stepped_from(heard.offset) {
            return Verdict::Nothing;
        }
        self.hear_with(py, heard, |engine, event, stack| engine.on_event(event, stack))
    }

    /// Counts an event that was heard, at a gate or by the engine.
    #[inline]
    pub(super) fn count_event(&self) {
        self.events.store(self.events.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// Has the engine decide about an event, and does what it says.
    pub(super) fn hear_with(
        &'static self,
        py: Python<'_>,
        heard: &Heard<'_, '_>,
        ask: impl FnOnce(&mut Engine, &Event, &dyn StackView) -> Decision,
    ) -> Verdict {
        threads::know(py);
        let event = heard.event(thread_id());
        let stack = LiveStack::at(py, heard.frame).with_exception(heard.exception.clone());
        let verdict = match self.decide(py, |engine| ask(engine, &event, &stack)) {
            Ok(Decision::Continue) => Ok(Verdict::Nothing),
            Ok(Decision::Disable) => Ok(Verdict::Disable),
            Ok(decision) => Python::attach(|py| self.act(py, heard, &stack, decision)),
            Err(error) => Err(error),
        };
        verdict.unwrap_or_else(|error| {
            Self::fail(py, &error.into());
            Verdict::Nothing
        })
    }

    /// Returns whether nobody cares that an exception leaves a frame (None: the running one), because only uncaught ones
    /// matter and its caller may still handle it. This is asked for each frame that an exception leaves.
    #[inline]
    pub(crate) fn is_idle_unwind(&self, py: Python<'_>, frame: Option<FramePtr>) -> bool {
        if self.state.load(Ordering::Relaxed) & (state::LAST_UNWINDS | state::UNUSUAL) != state::LAST_UNWINDS {
            return false;
        }
        let caller = frame.or_else(|| FramePtr::current(py)).and_then(|frame| frame.back(py));
        caller.is_some_and(|caller| {
            let entry = code::entry(py, caller.code(py));
            !entry.is_own() && !entry.last_resort
        })
    }

    /// Asks the engine, and brings the plan that follows into force; but not that of a stop: how the thread goes on decides
    /// what is wanted, and a step after a step changes nothing at all.
    fn decide(&self, py: Python<'_>, ask: impl FnOnce(&mut Engine) -> Decision) -> PyResult<Decision> {
        self.bury(py);
        let (decision, plan, gates) = {
            let mut engine = self.engine();
            let decision = ask(&mut engine);
            let plan = if matches!(decision, Decision::Stop(_)) { None } else { self.take_plan_change(&mut engine) };
            (decision, plan, engine.take_gates())
        };
        Self::set_gates(py, gates);
        self.apply(py, plan)?;
        Ok(decision)
    }

    fn hear_unusual(&self, py: Python<'_>, heard: &Heard<'_, '_>) -> Verdict {
        if self.is(state::PANIC) {
            self.lower_state(state::PANIC);
            panic!("a test has asked for this panic");
        }
        self.leave_again(py, heard)
    }

    /// Does what a decision says. `Err` is a failure of rdb; what the program is to see is a verdict.
    fn act(
        &'static self,
        py: Python<'_>,
        heard: &Heard<'_, '_>,
        stack: &LiveStack<'_>,
        mut decision: Decision,
    ) -> PyResult<Verdict> {
        loop {
            decision = match decision {
                Decision::Continue => return Ok(Verdict::Nothing),
                Decision::Disable => return Ok(Verdict::Disable),
                Decision::Evaluate(pending) => self.evaluate(py, heard, stack, pending)?,
                Decision::KeepValue => {
                    self.keep(heard);
                    return Ok(Verdict::Nothing);
                }
                Decision::Stop(stop) => return Ok(self.stop_at_event(py, heard, stack, stop)),
            };
        }
    }

    fn evaluate(
        &self,
        py: Python<'_>,
        heard: &Heard<'_, '_>,
        stack: &LiveStack<'_>,
        pending: Pending,
    ) -> PyResult<Decision> {
        let answer = answer(py, &pending.question, stack, heard);
        tracing::debug!(question = ?pending.question, ?answer, "the program was asked");
        self.decide(py, |engine| engine.on_answer(pending, answer, stack))
    }

    fn keep(&self, heard: &Heard<'_, '_>) {
        if let Some(value) = &heard.value {
            self.kept().insert(thread_id(), value.clone().unbind());
        }
    }

    fn stop_at_event(
        &'static self,
        py: Python<'_>,
        heard: &Heard<'_, '_>,
        stack: &LiveStack<'_>,
        stop: Stop,
    ) -> Verdict {
        let frame = stack.top();
        let can_jump = heard.kind == EventKind::Line;
        if let (true, Some(frame)) = (can_jump, frame) {
            self.backend.allow_jump(py, frame);
        }
        let kept = self.kept().remove(&stop.thread);
        let finished = stop.reason == StopReason::Step(StepEnd::Finished);
        let stopped = Stopped {
            thread: stop.thread,
            frame: frame.map(|frame| frame.object(py).unbind()),
            returned: heard.value.clone().map(Bound::unbind).or(kept.filter(|_| finished)),
            exception: heard.exception.clone().map(Bound::unbind),
            traceback: None,
            can_jump,
            can_await: false,
        };
        match self.stop(py, &stop, stopped) {
            Ok(()) => Verdict::Nothing,
            Err(error) => Verdict::Raise(error),
        }
    }
}

fn answer(py: Python<'_>, question: &Question, stack: &LiveStack<'_>, heard: &Heard<'_, '_>) -> Answer {
    let exception = match (question, &heard.exception) {
        (Question::Condition(expression), None) => return condition(py, expression, heard),
        (_, Some(exception)) => exception.clone().unbind().into_bound(py),
        (Question::ExceptionIs(_), None) => return Answer::False,
    };
    let Some(frame) = stack.top().map(|frame| frame.object(py)) else { return Answer::False };
    match question {
        Question::Condition(expression) => host::exception_condition(&frame, expression, &exception),
        Question::ExceptionIs(types) => host::exception_is(py, &frame, &exception, types),
    }
}

/// Answers the condition of a breakpoint. The frame that runs is the one with the event.
fn condition(py: Python<'_>, expression: &str, heard: &Heard<'_, '_>) -> Answer {
    match heard.frame {
        Some(frame) => host::condition(py, frame, expression, Snapshot::Emptied),
        None => host::condition_here(py, heard.entry.id, expression),
    }
}
