//! The table of commands. It feeds the parser, `help`, completion and the manual.

use rdb_core::host::HostError;
use rdb_core::location::LocationError;
use rdb_core::stop::Resume;

use crate::commands::{breakpoints, data, events, running, session, source, stack, threads};
use crate::complete::Completes;
use crate::console::Dialect;
use crate::dialog::Dialog;

/// Every command, in the order in which the manual shows them.
pub const COMMANDS: &[Command] = &[
    running::STEP,
    running::NEXT,
    running::UNTIL,
    running::RETURN,
    running::FINISH,
    running::ADVANCE,
    running::CONTINUE,
    running::STEPI,
    running::JUMP,
    running::RUN,
    running::DEBUG,
    running::DETACH,
    running::QUIT,
    running::EOF,
    breakpoints::BREAK,
    breakpoints::TBREAK,
    breakpoints::CLEAR,
    breakpoints::DISABLE,
    breakpoints::ENABLE,
    breakpoints::IGNORE,
    breakpoints::CONDITION,
    breakpoints::COMMANDS,
    events::CATCH,
    events::TCATCH,
    events::UNCATCH,
    events::SKIP,
    events::UNSKIP,
    events::MYCODE,
    stack::WHERE,
    stack::UP,
    stack::DOWN,
    stack::EXCEPTIONS,
    threads::THREADS,
    threads::THREAD,
    data::PRINT,
    data::PRETTY,
    data::WHATIS,
    data::ARGS,
    data::LOCALS,
    data::RETVAL,
    data::DISPLAY,
    data::UNDISPLAY,
    data::INTERACT,
    source::LIST,
    source::LONGLIST,
    source::SOURCE,
    source::STICKY,
    session::HELP,
    session::ALIAS,
    session::UNALIAS,
];

/// A command of the console.
#[derive(Debug)]
pub struct Command {
    /// Its full name.
    pub name: &'static str,
    /// Its other names.
    pub aliases: &'static [&'static str],
    /// What can be typed, optional parts in brackets; one line.
    pub usage: &'static str,
    /// What it does, in one sentence without a full stop.
    pub summary: &'static str,
    /// What there is to know about it, in paragraphs.
    pub help: &'static str,
    /// Where it stands in lists.
    pub group: Group,
    /// How it relates to pdb's command of this name.
    pub compat: Compat,
    /// Whether it wants an argument.
    pub argument: Argument,
    /// What an empty line does behind it.
    pub repeat: Repeat,
    /// Whether it makes the program go on.
    pub resumes: Resumes,
    /// What its argument is.
    pub completes: Completes,
    /// Usage and argument in pdb, where they differ.
    pub pdb: Option<PdbForm>,
    pub(crate) run: fn(&mut Dialog<'_>, &str) -> Result<Flow, Failure>,
}

/// How a command is written in pdb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PdbForm {
    /// What can be typed.
    pub usage: &'static str,
    /// Whether it wants an argument.
    pub argument: Argument,
}

impl Command {
    /// What is true of most commands, to be completed.
    pub(crate) const BASE: Command = Command {
        name: "",
        aliases: &[],
        usage: "",
        summary: "",
        help: "",
        group: Group::Session,
        compat: Compat::Exact,
        argument: Argument::None,
        repeat: Repeat::Line,
        resumes: Resumes::No,
        completes: Completes::Nothing,
        pdb: None,
        run: |_, _| Ok(Flow::Stay),
    };

    /// Returns what can be typed.
    pub fn usage_in(&self, dialect: Dialect) -> &'static str {
        self.pdb.filter(|_| dialect.is_pdb()).map_or(self.usage, |form| form.usage)
    }

    /// Returns whether the command wants an argument.
    pub(crate) fn argument_in(&self, dialect: Dialect) -> Argument {
        self.pdb.filter(|_| dialect.is_pdb()).map_or(self.argument, |form| form.argument)
    }

    /// Returns all names, the full one first.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// Returns the command of this name.
pub fn find(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.names().any(|n| n == name))
}

/// A group of commands, in lists and in the manual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// How the program goes on.
    Running,
    /// Where it stops.
    Breakpoints,
    /// What else stops it, and what steps pass over.
    Events,
    /// How it came here.
    Stack,
    /// Its threads.
    Threads,
    /// Its values.
    Data,
    /// Its text.
    Source,
    /// The debugger itself.
    Session,
}

impl Group {
    /// Every group, in the order of lists.
    pub const ALL: &'static [Group] = &[
        Self::Running,
        Self::Breakpoints,
        Self::Events,
        Self::Stack,
        Self::Threads,
        Self::Data,
        Self::Source,
        Self::Session,
    ];

    /// Returns the heading of the group.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Running => "Running the program",
            Self::Breakpoints => "Breakpoints",
            Self::Events => "Exceptions and filters",
            Self::Stack => "The stack",
            Self::Threads => "Threads",
            Self::Data => "Values",
            Self::Source => "Source text",
            Self::Session => "The debugger",
        }
    }
}

/// How a command relates to pdb.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compat {
    /// pdb has it, and it does the same.
    Exact,
    /// pdb has it, and it can do more here: what, as a sentence without a full stop.
    Extended(&'static str),
    /// pdb does not have it.
    New,
}

impl Compat {
    /// What is true of each command that evaluates an expression.
    pub(crate) const CLOSURES: Self =
        Self::Extended("Functions and comprehensions in the expression see the local variables of the frame");
}

/// Whether a command wants an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Argument {
    /// It takes none.
    None,
    /// It can do without.
    Optional,
    /// It needs one.
    Required,
}

/// What an empty line does behind a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// The same line again.
    Line,
    /// The command without its argument.
    Bare,
    /// Nothing.
    Never,
}

/// Whether a command makes the program go on, and so ends a breakpoint's command list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resumes {
    /// It does not.
    No,
    /// It does, or moves the program as `jump` does.
    Yes,
}

/// What happens after a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The next command.
    Stay,
    /// The program goes on.
    Resume(Resume),
}

/// Why a command could not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Failure {
    /// The argument cannot be understood; the usage is shown.
    #[error("Invalid argument: {0}")]
    Invalid(String),
    /// There is no argument; the usage is shown.
    #[error("Argument is required for this command")]
    Missing,
    /// Something for the user to read.
    #[error("{0}")]
    Text(String),
    /// A place cannot be understood.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// Nothing more is to be said.
    #[error("")]
    Told,
    /// The host could not answer.
    #[error(transparent)]
    Host(#[from] HostError),
}

impl Failure {
    /// Returns a failure with a text for the user.
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_stands_for_two_commands() {
        let mut seen = HashSet::new();
        for name in COMMANDS.iter().flat_map(Command::names) {
            assert!(seen.insert(name), "{name}");
        }
    }

    #[test]
    fn every_command_is_documented() {
        for command in COMMANDS {
            assert!(
                command.names().any(|name| command.usage.replace(['(', ')'], "").contains(name)),
                "{}",
                command.name
            );
            assert!(!command.summary.is_empty() && !command.summary.ends_with('.'), "{}", command.name);
            assert!(command.help.ends_with('.'), "{}", command.name);
        }
    }
}
