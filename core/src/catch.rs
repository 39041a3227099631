//! Catchpoints: exceptions that stop the program.

use std::sync::Arc;

use crate::ids::CatchId;

/// The moment at which a catchpoint stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CatchWhen {
    /// Where the exception is raised: once per exception, in the frame that raises it.
    Raised,
    /// Where it leaves the last frame of user code (see `filter`) that could have handled it.
    LeavesUserCode,
    /// Where it leaves the oldest frame of the thread, or arrives at a last resort like `threading`'s.
    Uncaught,
}

/// All that a user can ask of a new catchpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchSpec {
    /// When it stops.
    pub when: CatchWhen,
    /// Exception types, by name as the host resolves it (`ValueError`, `pkg.mod.Error`); empty: all but
    /// `StopIteration`, `StopAsyncIteration` and `GeneratorExit`.
    pub types: Vec<Arc<str>>,
    /// An expression in the frame; `$_exception` is the exception.
    pub condition: Option<Arc<str>>,
    /// Gone after its first stop.
    pub temporary: bool,
}

/// A catchpoint, as a front end sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchInfo {
    /// Its number.
    pub id: CatchId,
    /// What was asked for.
    pub spec: CatchSpec,
    /// How often it stopped.
    pub hits: u32,
}
