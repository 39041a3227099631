//! Completion of what is being typed at the prompt: pure logic over the table of commands and the host.

/// What the argument of a command is, so that it can be completed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Completes {
    /// Nothing that could be completed.
    #[default]
    Nothing,
    /// An expression or statement of the program.
    Expression,
    /// A place: a file with a line or a function.
    Location,
    /// Numbers of breakpoints.
    BreakpointNumber,
    /// Numbers of catchpoints.
    CatchNumber,
    /// The name of a command.
    Command,
    /// The name of an alias.
    Alias,
    /// A displayed expression.
    Displayed,
    /// The number of a thread.
    Thread,
    /// A file.
    File,
}
