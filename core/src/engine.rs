//! The state machine: events in, decisions out.

use std::sync::Arc;

use crate::breakpoint::{BreakpointChange, BreakpointInfo, BreakpointSpec};
use crate::catch::{CatchInfo, CatchSpec};
use crate::code::CodeInfo;
use crate::event::Event;
use crate::ids::{BreakpointId, CatchId, CodeId, FrameId, ThreadId, Tick};
use crate::plan::{Capabilities, PlanChange};
use crate::stack::StackView;
use crate::stop::{Resume, Stop};

/// What a backend has to do about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Nothing.
    Continue,
    /// Nothing, and this place need not report again until the plan says so.
    Disable,
    /// Answer the question in the event's frame, with no lock held, and give the answer to [`Engine::on_answer`].
    Evaluate(Pending),
    /// Keep the value that the event's frame returns until the next stop (`finish` shows it).
    KeepValue,
    /// Call the front end.
    Stop(Stop),
}

/// A decision that waits for the answer to a question about the program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Pending {
    /// The question.
    pub question: Question,
    /// The event that it is about.
    pub(crate) event: Event,
}

/// What only the program itself can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether this expression is true in the frame.
    Condition(Arc<str>),
    /// Whether the exception is an instance of one of these types.
    ExceptionIs(Vec<Arc<str>>),
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    True,
    /// No.
    False,
    /// It raised; as `Type: message`.
    Failed(Arc<str>),
}

/// The engine could not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// No breakpoint ever had this number.
    #[error("Breakpoint number {0} out of range")]
    NoBreakpoint(BreakpointId),
    /// The breakpoint with this number is gone.
    #[error("Breakpoint {0} already deleted")]
    DeletedBreakpoint(BreakpointId),
    /// There is no such catchpoint.
    #[error("there is no catchpoint {0}")]
    NoCatch(CatchId),
}

/// The engine of one interpreter.
#[derive(Debug)]
pub struct Engine {
    capabilities: Capabilities,
}

impl Engine {
    /// Returns an engine that wants nothing yet.
    pub fn new(capabilities: Capabilities) -> Self {
        Self { capabilities }
    }

    /// Tells of a code object that exists: found, made or changed. Binds the breakpoints that waited for it, and
    /// returns which pending ones this made bound.
    pub fn meet_code(&mut self, _id: CodeId, _info: CodeInfo) -> Vec<BreakpointId> {
        Vec::new()
    }

    /// Tells that a code object is gone.
    pub fn forget_code(&mut self, _id: CodeId) {}

    /// Returns whether a code object of this file could hold a breakpoint, so that it should be met.
    pub fn wants_path(&self, _path: &str) -> bool {
        false
    }

    /// Decides what an event means.
    pub fn on_event(&mut self, _event: &Event, _stack: &dyn StackView) -> Decision {
        Decision::Continue
    }

    /// Goes on deciding, with the answer to a question.
    pub fn on_answer(&mut self, _pending: Pending, _answer: Answer, _stack: &dyn StackView) -> Decision {
        Decision::Continue
    }

    /// Returns what the backend has to change so that the engine hears what it wants, if anything.
    #[must_use]
    pub fn take_plan_change(&mut self) -> Option<PlanChange> {
        None
    }

    /// Lets a stopped thread go on. `stack` is the stack it stopped with (`frame()` is the newest frame).
    /// `Restart`, `Quit` and `Detach` drop all steps; what else they mean is the host's.
    pub fn resume(&mut self, _thread: ThreadId, _how: &Resume, _stack: &dyn StackView) {}

    /// Makes the thread (None: whichever comes first) stop at its next line in any frame.
    pub fn pause(&mut self, _thread: Option<ThreadId>) {}

    /// Makes the first line event of this code object a stop of its own ([`StopReason::Entry`](crate::stop::StopReason)).
    pub fn stop_at_entry(&mut self, _code: CodeId) {}

    /// Makes the next line event in this frame a stop of its own ([`StopReason::Trace`](crate::stop::StopReason)),
    /// or the next event of its caller if the frame ends first.
    pub fn stop_in_frame(&mut self, _thread: ThreadId, _frame: FrameId, _stack: &dyn StackView) {}

    /// Makes and returns the stop that the program or the host itself asked for (`set_trace`, Ctrl-C, post mortem):
    /// drops the thread's step, as any stop does.
    #[must_use]
    pub fn stop_now(&mut self, thread: ThreadId, frame: FrameId, reason: crate::stop::StopReason) -> Stop {
        Stop { thread, tick: Tick(0), frame, reason, deleted: Vec::new() }
    }

    /// Tells that a thread is gone.
    pub fn thread_ended(&mut self, _thread: ThreadId) {}

    /// Returns how far a thread has come.
    pub fn tick(&self, _thread: ThreadId) -> Tick {
        Tick(0)
    }

    /// Sets a breakpoint. The caller meets the existing code objects of its file afterwards.
    pub fn add_breakpoint(&mut self, spec: BreakpointSpec) -> BreakpointInfo {
        BreakpointInfo {
            id: BreakpointId(1),
            spec,
            enabled: true,
            ignore: 0,
            hits: 0,
            commands: Vec::new(),
            sites: Vec::new(),
        }
    }

    /// Changes a breakpoint and returns what it is now.
    pub fn change_breakpoint(
        &mut self,
        id: BreakpointId,
        _change: BreakpointChange,
    ) -> Result<BreakpointInfo, EngineError> {
        Err(EngineError::NoBreakpoint(id))
    }

    /// Removes a breakpoint and returns what it was.
    pub fn remove_breakpoint(&mut self, id: BreakpointId) -> Result<BreakpointInfo, EngineError> {
        Err(EngineError::NoBreakpoint(id))
    }

    /// Returns one breakpoint.
    pub fn breakpoint(&self, id: BreakpointId) -> Result<BreakpointInfo, EngineError> {
        Err(EngineError::NoBreakpoint(id))
    }

    /// Returns the breakpoints that are not internal, in the order of their numbers.
    pub fn breakpoints(&self) -> Vec<BreakpointInfo> {
        Vec::new()
    }

    /// Returns the highest breakpoint number ever given; 0: none.
    pub fn last_breakpoint(&self) -> u32 {
        0
    }

    /// Sets a catchpoint.
    pub fn add_catch(&mut self, spec: CatchSpec) -> CatchInfo {
        CatchInfo { id: CatchId(1), spec, hits: 0 }
    }

    /// Removes a catchpoint and returns what it was.
    pub fn remove_catch(&mut self, id: CatchId) -> Result<CatchInfo, EngineError> {
        Err(EngineError::NoCatch(id))
    }

    /// Returns the catchpoints in the order of their numbers.
    pub fn catches(&self) -> Vec<CatchInfo> {
        Vec::new()
    }

    /// Replaces the globs (`fnmatch`) of module names and paths that steps do not stop in.
    pub fn set_skips(&mut self, _globs: Vec<String>) {}

    /// Returns the globs that steps do not stop in.
    pub fn skips(&self) -> &[String] {
        &[]
    }

    /// Sets whether steps stop in user code only. `library` are the directories that are not user code.
    pub fn set_just_my_code(&mut self, _on: bool, _library: Vec<Arc<str>>) {}

    /// Returns whether steps stop in user code only.
    pub fn just_my_code(&self) -> bool {
        false
    }

    /// Returns whether steps do not stop in this code object.
    pub fn is_skipped(&mut self, _code: CodeId) -> bool {
        false
    }

    /// Returns what the interpreter and the backend can do.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }
}
