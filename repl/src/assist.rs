//! What the console lends the terminal while a line is being edited: completion, the end of a statement, colours.

use std::path::Path;

use indexmap::IndexMap;
use rdb_core::host::{Completeness, Host};
use rdb_core::ids::FrameNo;

use crate::command::{COMMANDS, Command, find};
use crate::complete::{self, Vocabulary};
use crate::dialog::is_command;
use crate::highlight::{self, Style};
use crate::parse::{Parsed, expand, parse};
use crate::terminal::{AskKind, Assist, Completions};

/// Help for one line, over the frame that is looked at.
pub(crate) struct PromptAssist<'a> {
    host: &'a mut dyn Host,
    frame: FrameNo,
    aliases: &'a IndexMap<String, String>,
    kind: AskKind,
    style: Style,
}

impl<'a> PromptAssist<'a> {
    /// Returns help for a line of this kind.
    pub(crate) fn new(
        host: &'a mut dyn Host,
        frame: FrameNo,
        aliases: &'a IndexMap<String, String>,
        kind: AskKind,
        style: Style,
    ) -> Self {
        Self { host, frame, aliases, kind, style }
    }

    /// Returns whether a line is for the debugger itself: never more than one line.
    fn is_for_the_debugger(&self, text: &str) -> bool {
        if text.contains('\n') {
            return false;
        }
        let Ok(line) = expand(text, self.aliases) else { return true };
        is_command(&line) || line.contains(";;") || parse(&line) == Parsed::Empty
    }
}

impl Assist for PromptAssist<'_> {
    fn complete(&mut self, line: &str, cursor: usize) -> Completions {
        match self.kind {
            AskKind::Command | AskKind::CommandList => {
                let names = |command: &'static Command| command.names().map(|name| (name, command.completes));
                let vocabulary = Vocabulary {
                    commands: COMMANDS.iter().flat_map(names).collect(),
                    aliases: self.aliases.keys().map(String::as_str).collect(),
                };
                complete::command_line(line, cursor, &vocabulary, Path::new("."), self.frame, self.host)
            }
            AskKind::Interact => complete::python_line(line, cursor, self.frame, self.host),
            AskKind::Confirm => Completions::default(),
        }
    }

    fn is_whole(&mut self, text: &str) -> bool {
        let source = match self.kind {
            AskKind::Confirm | AskKind::CommandList => return true,
            AskKind::Command if self.is_for_the_debugger(text) => return true,
            AskKind::Command | AskKind::Interact => text.strip_prefix('!').unwrap_or(text),
        };
        let source = if source.contains('\n') { source.to_owned() } else { format!("{source}\n") };
        !matches!(self.host.completeness(source), Ok(Completeness::Incomplete))
    }

    fn highlight(&self, line: &str) -> String {
        match self.kind {
            AskKind::Command | AskKind::CommandList => {
                let known = |word: &str| find(word).is_some() || self.aliases.contains_key(word);
                highlight::input(line, known, self.style)
            }
            AskKind::Interact => highlight::source(line, self.style),
            AskKind::Confirm => line.to_owned(),
        }
    }
}
