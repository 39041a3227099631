//! The commands under another face: one at a time, for a front end that has a loop, a prompt and a state of its own (the
//! drop-in for `pdb`). Knows the table, not how lines are read.

use indexmap::IndexMap;
use rdb_core::host::{Host, HostError};
use rdb_core::ids::{FrameId, FrameNo, Line, ThreadId, Tick};
use rdb_core::stop::{Resume, Stop, StopReason};

use crate::command::{Command, Flow};
use crate::commands::breakpoints::read_list;
use crate::console::{ConsoleOptions, Dialect, Screen, State};
use crate::dialog::Dialog;
use crate::parse;
use crate::terminal::Terminal;

/// What a face keeps between commands; each command reads it and writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scene {
    /// What the debugger is called in messages.
    pub name: String,
    /// What stands in front of the input.
    pub prompt: String,
    /// Whose words are used.
    pub dialect: Dialect,
    /// Names of the user's own, and what they stand for.
    pub aliases: IndexMap<String, String>,
    /// The place in the stack of the frame that is looked at.
    pub selected: usize,
    /// The last line that `list` has shown.
    pub listed: Option<Line>,
    /// What an empty line repeats.
    pub last: String,
}

/// What is to be run.
#[derive(Clone, Copy, Debug)]
pub enum Task<'a> {
    /// A command with its argument.
    Command(&'static Command, &'a str),
    /// A statement, of which this is the first line.
    Statement(&'a str),
    /// Show the displayed expressions whose value has changed.
    Displays,
}

/// Runs a command or statement. Returns how the program is to go on; None: it stays where it is.
///
/// # Errors
///
/// The host has no stack to show.
pub fn run(
    task: Task<'_>,
    scene: &mut Scene,
    terminal: Box<dyn Terminal>,
    host: &mut dyn Host,
) -> Result<Option<Resume>, HostError> {
    let flow = in_dialog(scene, terminal, host, |dialog| match task {
        Task::Command(command, argument) => dialog.command(command, argument),
        Task::Statement(first) => dialog.statement(first),
        Task::Displays => {
            dialog.show_displays();
            Flow::Stay
        }
    })?;
    Ok(match flow {
        Flow::Stay => None,
        Flow::Resume(resume) => Some(resume),
    })
}

/// Asks for a breakpoint's command list; None: the user gave up, and was told so.
///
/// # Errors
///
/// The host has no stack to show.
pub fn read_command_list(
    scene: &mut Scene,
    terminal: Box<dyn Terminal>,
    host: &mut dyn Host,
) -> Result<Option<Vec<String>>, HostError> {
    in_dialog(scene, terminal, host, |dialog| match read_list(dialog) {
        Ok(list) => Some(list),
        Err(failure) => {
            dialog.error(failure.to_string());
            None
        }
    })
}

fn in_dialog<T>(
    scene: &mut Scene,
    terminal: Box<dyn Terminal>,
    host: &mut dyn Host,
    talk: impl FnOnce(&mut Dialog<'_>) -> T,
) -> Result<T, HostError> {
    let mut state = State::new(ConsoleOptions {
        name: scene.name.clone(),
        prompt: scene.prompt.clone(),
        dialect: scene.dialect,
        ..ConsoleOptions::default()
    });
    state.aliases = std::mem::take(&mut scene.aliases);
    state.last.clone_from(&scene.last);
    let screen = Screen::new(terminal);
    let stop =
        Stop { thread: ThreadId(0), tick: Tick(0), frame: FrameId(0), reason: StopReason::Trace, deleted: Vec::new() };
    let selected = FrameNo(u32::try_from(scene.selected).unwrap_or(u32::MAX));
    let mut dialog = Dialog::open(&mut state, &screen, host, &stop, selected)?;
    dialog.listed = scene.listed;
    let answer = talk(&mut dialog);
    (scene.selected, scene.listed) = (dialog.frame_no().0 as usize, dialog.listed);
    scene.aliases = state.aliases;
    scene.last = state.last;
    Ok(answer)
}

/// Replaces the first word of a line as long as it is an alias.
///
/// # Errors
///
/// An alias was given too little or too much; the text says so.
pub fn expand(line: &str, aliases: &IndexMap<String, String>) -> Result<String, String> {
    parse::expand(line, aliases).map_err(|error| error.to_string())
}

/// Splits a line at its first `;;`. The definition of an alias is not split.
pub fn split(line: &str) -> (&str, Option<&str>) {
    parse::split(line)
}
