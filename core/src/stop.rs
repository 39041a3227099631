//! Why a thread stopped, and how it goes on.

use std::sync::Arc;

use crate::breakpoint::BreakpointInfo;
use crate::ids::{BreakpointId, CatchId, FrameId, Line, ThreadId, Tick};

/// A thread has stopped, and why. The words of DAP's `StoppedEvent.reason` where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The thread.
    pub thread: ThreadId,
    /// How far it had come.
    pub tick: Tick,
    /// The frame it stopped in.
    pub frame: FrameId,
    /// Why.
    pub reason: StopReason,
    /// Temporary breakpoints that this stop used up, as they were: their commands are still to be run.
    pub deleted: Vec<BreakpointInfo>,
}

/// Why a thread stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The first line of the program.
    Entry,
    /// A step ended here.
    Step(StepEnd),
    /// Breakpoints on this line, lowest number first.
    Breakpoint {
        /// The breakpoints that stop here.
        ids: Vec<BreakpointId>,
        /// A condition of the first one failed with this message, so it stopped.
        error: Option<Arc<str>>,
    },
    /// A catchpoint; a condition of it failed with this message, so it stopped.
    Exception {
        /// The catchpoint.
        id: CatchId,
        /// What its condition failed with.
        error: Option<Arc<str>>,
    },
    /// Somebody asked for a pause (Ctrl-C, a front end).
    Pause,
    /// The program itself called `breakpoint()` or `rdb.set_trace()`.
    Trace,
    /// An exception has ended the program, or `post_mortem` was called: the frames are dead.
    PostMortem,
}

/// What kind of event a step ended at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepEnd {
    /// A line begins.
    Line,
    /// A frame begins (pdb: `--Call--`).
    Call,
    /// A frame returns, or hands a value out (pdb: `--Return--`).
    Return,
    /// An exception passes through.
    Exception,
    /// An instruction begins.
    Instruction,
    /// A frame that was to be finished has returned to this one; the host kept its value.
    Finished,
}

/// How a stopped thread goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// To the next breakpoint, catchpoint or pause.
    Continue,
    /// Until the goal is reached.
    Step(StepGoal),
    /// The program is started again, with these arguments; None: the same as before.
    Restart(Option<Vec<String>>),
    /// The program is made to leave.
    Quit,
    /// The program goes on without a debugger.
    Detach,
}

/// What ends a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepGoal {
    /// The next line, call, return or exception in any frame that the filter lets in.
    Into,
    /// The next instruction in any frame that the filter lets in.
    Instruction,
    /// The next line of `frame`, its return, or an exception in it; never twice the line it starts from.
    Over {
        /// The frame; a suspended generator or coroutine stays it.
        frame: FrameId,
    },
    /// The return of `frame`: for a generator or coroutine the real one, not each yield.
    Out {
        /// The frame.
        frame: FrameId,
    },
    /// As `Out`, but on to the place in the caller where the value arrives.
    Finish {
        /// The frame.
        frame: FrameId,
    },
    /// A line of `frame` not smaller than `line`, or its return.
    Until {
        /// The frame.
        frame: FrameId,
        /// The first line that is far enough.
        line: Line,
    },
    /// The return of `frame` (or an [`internal`](crate::breakpoint::BreakpointSpec::internal) breakpoint on the way).
    Advance {
        /// The frame.
        frame: FrameId,
    },
}
