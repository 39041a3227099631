//! What the engine keeps for each thread.
//!
//! ```text
//!  Running --Stop--> Stopped --resume: a step--> Stepping --Stop--> Stopped --resume: Continue--> Running
//! ```

use crate::event::{EventKind, EventSet};
use crate::ids::{FrameId, Line};
use crate::step::Step;

/// The kinds that a thread's tick counts.
pub(crate) const TICKING: EventSet = EventSet::of(&[
    EventKind::Line,
    EventKind::Start,
    EventKind::Resume,
    EventKind::Return,
    EventKind::Yield,
    EventKind::Throw,
    EventKind::Unwind,
]);

/// The event that a thread is stopped at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At {
    pub(crate) kind: EventKind,
    pub(crate) frame: FrameId,
}

/// An exception has left a frame, and this is where it arrives next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unwound {
    pub(crate) into: FrameId,
    pub(crate) line: Option<Line>,
    /// It comes from the import system, whose own exceptions nobody hears of.
    pub(crate) imported: bool,
}

/// What the engine keeps for one thread.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ThreadState {
    pub(crate) tick: u64,
    /// The step in progress; None: the thread runs freely or is stopped.
    pub(crate) step: Option<Step>,
    /// The event it is stopped at; None: it is not stopped at an event.
    pub(crate) at: Option<At>,
    /// It is to stop at its next line.
    pub(crate) pause: bool,
    /// The last exception event was the end of a frame. Kept only while catchpoints ask for it.
    pub(crate) unwound: Option<Unwound>,
}
