//! What the engine knows of a code object.

use std::sync::Arc;

use crate::ids::Line;

/// What a code object is the code of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CodeKind {
    /// A module, or text given to `exec`.
    Module,
    /// The body of a `class` statement.
    Class,
    /// A `def`.
    Function,
    /// A lambda.
    Lambda,
    /// A comprehension or generator expression with a frame of its own.
    Comprehension,
}

/// Whether a frame of the code object can be suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suspends {
    /// A plain function.
    Never,
    /// A generator.
    Generator,
    /// A coroutine.
    Coroutine,
    /// An asynchronous generator.
    AsyncGenerator,
}

/// What the engine knows of a code object: plain data, told once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeInfo {
    /// The file, canonical as [`Location`](crate::location::Location)s are: absolute, or verbatim if `<…>`.
    pub path: Arc<str>,
    /// `co_name`.
    pub name: Arc<str>,
    /// `co_qualname`.
    pub qualname: Arc<str>,
    /// The `__name__` of the globals it runs in; None where no frame of it was seen yet.
    pub module: Option<Arc<str>>,
    /// `co_firstlineno`: the line of the first decorator, else of `def`.
    pub first_line: Line,
    /// The line where the body begins: where a breakpoint on the function stops.
    pub body_line: Line,
    /// The lines that have LINE events, ascending, each once.
    pub lines: Arc<[Line]>,
    /// What it is the code of.
    pub kind: CodeKind,
    /// Whether its frames can be suspended.
    pub suspends: Suspends,
    /// Its `except` is the last resort of a thread or loop (`threading`'s bootstrap): an exception that
    /// arrives here is uncaught for the user.
    pub last_resort: bool,
}
