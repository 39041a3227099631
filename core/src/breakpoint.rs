//! Breakpoints as the user sees them, and the sites where they are bound.

use std::sync::Arc;

use crate::ids::{BreakpointId, CodeId, Line, ThreadId};

/// Where a breakpoint is to be: what the host made of the [`Location`](crate::location::Location) a user wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A line of a file, in every code object that has this line.
    Line {
        /// The canonical path.
        path: Arc<str>,
        /// The line, one that has code.
        line: Line,
    },
    /// The first line of the body of a function.
    Function {
        /// The canonical path.
        path: Arc<str>,
        /// `co_qualname` of the function.
        qualname: Arc<str>,
        /// The line of the body, as far as the source tells.
        line: Line,
    },
}

impl Target {
    /// Returns the canonical path of the file.
    pub fn path(&self) -> &Arc<str> {
        match self {
            Self::Line { path, .. } | Self::Function { path, .. } => path,
        }
    }

    /// Returns the line that is shown to the user.
    pub fn line(&self) -> Line {
        match self {
            Self::Line { line, .. } | Self::Function { line, .. } => *line,
        }
    }
}

/// Whether a breakpoint outlives its first stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lifetime {
    /// Until it is cleared.
    #[default]
    Permanent,
    /// Until it has stopped a thread once.
    Temporary,
}

/// All that a user can ask of a new breakpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakpointSpec {
    /// Where it stops.
    pub target: Target,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// An expression of the program; the breakpoint stops only where it is true.
    pub condition: Option<Arc<str>>,
    /// Stops only this thread.
    pub thread: Option<ThreadId>,
    /// A front end's own breakpoint (`advance`): not listed, and gone at the next stop of any kind.
    pub internal: bool,
}

impl BreakpointSpec {
    /// Returns a permanent breakpoint without a condition.
    pub fn new(target: Target) -> Self {
        Self { target, lifetime: Lifetime::Permanent, condition: None, thread: None, internal: false }
    }
}

/// What of an existing breakpoint is to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BreakpointChange {
    /// It stops again.
    Enable,
    /// It stays, but does not stop.
    Disable,
    /// It stops only where this is true; None: everywhere.
    Condition(Option<Arc<str>>),
    /// The next `count` crossings that would have stopped do not.
    Ignore(u32),
    /// What the front end runs when it stops; empty: nothing.
    Commands(Vec<String>),
}

/// A breakpoint, as a front end sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakpointInfo {
    /// Its number.
    pub id: BreakpointId,
    /// What was asked for.
    pub spec: BreakpointSpec,
    /// Whether it can stop.
    pub enabled: bool,
    /// Crossings still to be ignored.
    pub ignore: u32,
    /// How often it was reached while enabled, conditions that were false included (as bdb counts).
    pub hits: u32,
    /// What the front end runs when it stops.
    pub commands: Vec<String>,
    /// The places it is bound to, by code object; none: it is pending until its file is imported.
    pub sites: Vec<Site>,
}

/// A place in a code object where a breakpoint is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Site {
    /// The code object.
    pub code: CodeId,
    /// The line in it.
    pub line: Line,
}
