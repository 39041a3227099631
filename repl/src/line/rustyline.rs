//! The reading half of a terminal: rustyline's editor, and the helper through which it asks the console.
//!
//! A statement is read line by line, with a continuation prompt and indentation, as users of pdb know it. What has several
//! lines from the start (it was pasted, or comes from the history) is edited as a whole.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{BufRead, IsTerminal, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use rustyline::completion::Completer;
use rustyline::config::Configurer as _;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, Helper};
use scoped_tls_hkt::scoped_thread_local;

use super::history::{Histories, MAX_ENTRIES};
use super::statement::{INDENT, next_indent, tab_indent};
use crate::highlight::{LexState, Style, spans};
use crate::print::strip;
use crate::terminal::{Ask, AskKind, Assist, Completions, Input};

scoped_thread_local! {
    /// What the console lends while a line is being read. The editor lives longer than that (it keeps what was typed
    /// ahead), so its helper cannot hold a reference.
    static mut ASSIST: for<'a> &'a mut (dyn Assist + 'a)
}

/// More completions than this nobody reads, and rustyline counts them in 16 bits.
const COMPLETIONS_MAX: usize = 10_000;

/// How a [`Rustyline`] is set up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineOptions {
    /// Where the history is kept; None: nowhere. See [`history_file`](super::history_file).
    pub history: Option<PathBuf>,
    /// Whether the input line gets colours.
    pub style: Style,
}

/// Why rustyline cannot read here.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// Standard input or output goes elsewhere.
    #[error("standard input and output are not both a terminal")]
    NotATerminal,
    /// It has no way to move the cursor.
    #[error("the terminal cannot move its cursor (TERM={0})")]
    Dumb(String),
    /// The terminal did not take its settings.
    #[error("failed to set up the terminal: {0}")]
    Setup(#[from] ReadlineError),
}

/// Reads lines at a real terminal. Only one in a process may read at a time.
pub struct Rustyline {
    editor: RefCell<Editor<LineHelper, Histories>>,
    style: Style,
    health: Health,
}

/// Whether the editor can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Well,
    /// It panicked: lines are read without it.
    Broken,
}

impl Rustyline {
    /// Returns a reader on standard input and output, if they are a terminal that can be drawn on.
    pub fn open(options: LineOptions) -> Result<Self, LineError> {
        if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
            return Err(LineError::NotATerminal);
        }
        let term = std::env::var("TERM").unwrap_or_default();
        if ["dumb", "cons25", "emacs"].iter().any(|dumb| term.eq_ignore_ascii_case(dumb)) {
            return Err(LineError::Dumb(term));
        }
        let config = config(options.style);
        let histories = Histories::open(&config, options.history);
        let mut editor = Editor::with_history(config, histories)?;
        editor.set_helper(Some(LineHelper::new(options.style)));
        Ok(Self { editor: RefCell::new(editor), style: options.style, health: Health::Well })
    }

    /// Asks the user for input, as [`Terminal::read`](crate::terminal::Terminal::read).
    pub fn read(&mut self, ask: &Ask<'_>, assist: &mut dyn Assist) -> Input {
        if self.health == Health::Well {
            let read = || ASSIST.set(assist, || read_statement(ask, |line| self.line(line)));
            match catch_unwind(AssertUnwindSafe(read)) {
                Ok(input) => {
                    self.remember(&input);
                    return input;
                }
                Err(_) => self.health = Health::Broken,
            }
        }
        ASSIST.set(assist, || read_statement(ask, |line| plain_line(line, std::io::stdin().lock(), std::io::stdout())))
    }

    /// Returns the size of the terminal, in columns and rows.
    pub fn size(&self) -> Option<(u16, u16)> {
        self.editor.try_borrow_mut().ok()?.dimensions()
    }

    /// Returns whether there are colours.
    pub fn colours(&self) -> bool {
        self.style == Style::Ansi
    }

    /// Reads one line (or what is edited as a whole) with the editor.
    fn line(&self, line: &Line<'_>) -> Input {
        let mut editor = self.editor.borrow_mut();
        editor.history_mut().select(line.kind);
        if let Some(helper) = editor.helper_mut() {
            helper.kind = line.kind;
            line.before.clone_into(&mut helper.before);
        }
        match editor.readline_with_initial(line.prompt, (&line.indent, "")) {
            Ok(text) => Input::Text(text),
            // What is not UTF-8 (a key of another encoding) spoils the line, not the session.
            Err(ReadlineError::Io(error)) if error.kind() == std::io::ErrorKind::InvalidData => Input::Interrupted,
            Err(ReadlineError::Interrupted | ReadlineError::Signal(_)) => Input::Interrupted,
            Err(_) => Input::End,
        }
    }

    fn remember(&self, input: &Input) {
        if let Input::Text(text) = input {
            self.editor.borrow_mut().history_mut().remember(text);
        }
    }
}

impl std::fmt::Debug for Rustyline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rustyline").field("style", &self.style).field("health", &self.health).finish_non_exhaustive()
    }
}

/// Returns the settings of the editor and its history.
pub(super) fn config(style: Style) -> Config {
    let mut builder = Config::builder()
        .color_mode(if style == Style::Ansi { ColorMode::Forced } else { ColorMode::Disabled })
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .indent_size(u8::try_from(INDENT).unwrap_or(4));
    // Terminals that do not know these sequences may show them, and a prompt does not flicker.
    builder.enable_synchronized_output(false);
    let builder = builder.max_history_size(MAX_ENTRIES).and_then(|builder| builder.history_ignore_dups(true));
    builder.map(rustyline::config::Builder::build).unwrap_or_default()
}

/// A line to be read.
struct Line<'a> {
    prompt: &'a str,
    kind: AskKind,
    /// The lines of the statement that were read before; empty: it is the first.
    before: &'a str,
    /// What the line begins with.
    indent: String,
}

/// Reads lines until the statement is whole. To give up in the middle is Ctrl-C and Ctrl-D the same.
fn read_statement(ask: &Ask<'_>, mut read: impl FnMut(&Line<'_>) -> Input) -> Input {
    let first = Line { prompt: ask.prompt, kind: ask.kind, before: "", indent: String::new() };
    let mut text = match read(&first) {
        Input::Text(text) => text,
        none => return none,
    };
    if ask.kind == AskKind::Confirm {
        return Input::Text(text);
    }
    if text.contains('\n') && !is_whole(&text) && is_whole(&format!("{text}\n")) {
        text.push('\n');
    }
    while !is_whole(&text) {
        let indent = next_indent(&text);
        let line = Line { prompt: ask.continuation, kind: ask.kind, before: &text, indent };
        let Input::Text(line) = read(&line) else { return Input::Interrupted };
        // Blanks that only came from indentation make no difference, but inside a string every blank counts.
        let line = if line.trim().is_empty() && !ends_in_string(&text) { "" } else { &line };
        text = format!("{text}\n{line}");
    }
    Input::Text(text)
}

fn ends_in_string(text: &str) -> bool {
    let mut state = LexState::default();
    text.split('\n').for_each(|line| drop(spans(line, &mut state)));
    state.in_string()
}

/// Reads a line without the editor.
fn plain_line(line: &Line<'_>, mut input: impl BufRead, mut output: impl Write) -> Input {
    let shown = write!(output, "{}", line.prompt).and_then(|()| output.flush());
    let mut bytes = Vec::new();
    match shown.and_then(|()| input.read_until(b'\n', &mut bytes)) {
        Ok(0) | Err(_) => Input::End,
        Ok(_) => Input::Text(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned()),
    }
}

/// Lets `ask` use what the console lent. None: it panicked, which must neither end the session nor leave the terminal as
/// the editor set it.
fn lent<R>(ask: impl FnOnce(&mut dyn Assist) -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(|| ASSIST.with(|assist| ask(assist)))).ok()
}

/// Returns whether a statement need not go on; if the console does not know, the line is taken as it is.
fn is_whole(text: &str) -> bool {
    lent(|assist| assist.is_whole(text)).unwrap_or(true)
}

/// What rustyline asks while a line is being edited.
struct LineHelper {
    style: Style,
    kind: AskKind,
    /// The lines of the statement that were read before.
    before: String,
}

impl LineHelper {
    fn new(style: Style) -> Self {
        Self { style, kind: AskKind::Confirm, before: String::new() }
    }

    /// Returns the statement as far as it is known, and where `line` begins in it.
    fn statement<'a>(&self, line: &'a str) -> (Cow<'a, str>, usize) {
        match self.before.is_empty() {
            true => (Cow::Borrowed(line), 0),
            false => (Cow::Owned(format!("{}\n{line}", self.before)), self.before.len() + 1),
        }
    }

    /// Returns what TAB inserts where it does not complete. At the empty prompt it completes: to all commands.
    fn indent(&self, before_cursor: &str) -> Option<String> {
        let is_command = matches!(self.kind, AskKind::Command | AskKind::CommandList) && self.before.is_empty();
        if is_command && before_cursor.is_empty() { None } else { tab_indent(before_cursor) }
    }

    fn completions(&self, line: &str, cursor: usize) -> Option<(usize, Vec<String>)> {
        let (text, offset) = self.statement(line);
        let Completions { start, words } = lent(|assist| assist.complete(&text, offset + cursor))?;
        let start = start.checked_sub(offset)?;
        let fits = |word: &String| !word.chars().any(char::is_control);
        let words = words.into_iter().filter(fits).take(COMPLETIONS_MAX).collect();
        (start <= cursor && line.is_char_boundary(start)).then_some((start, words))
    }

    /// Returns `line` with colours, which must change nothing else: rustyline counts on its width.
    fn painted(&self, line: &str) -> Option<String> {
        if self.style == Style::Plain || self.kind == AskKind::Confirm {
            return None;
        }
        let (text, offset) = self.statement(line);
        let painted = lent(|assist| assist.highlight(&text))?;
        let lines_before = text[..offset].matches('\n').count();
        let painted: Vec<&str> = painted.split('\n').skip(lines_before).collect();
        let painted = painted.join("\n");
        (strip(&painted) == line).then_some(painted)
    }
}

impl Helper for LineHelper {}

impl Hinter for LineHelper {
    type Hint = String;
}

impl Completer for LineHelper {
    type Candidate = String;

    fn complete(&self, line: &str, cursor: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        if self.kind == AskKind::Confirm {
            return Ok((cursor, Vec::new()));
        }
        if let Some(blanks) = self.indent(&line[..cursor]) {
            return Ok((cursor, vec![blanks]));
        }
        Ok(self.completions(line, cursor).unwrap_or((cursor, Vec::new())))
    }
}

impl Highlighter for LineHelper {
    fn highlight<'l>(&self, line: &'l str, _cursor: usize) -> Cow<'l, str> {
        self.painted(line).map_or(Cow::Borrowed(line), Cow::Owned)
    }

    fn highlight_char(&self, _line: &str, _cursor: usize, kind: CmdKind) -> bool {
        self.style == Style::Ansi && kind == CmdKind::Other
    }
}

impl Validator for LineHelper {
    /// A single line is always taken: if it is not whole, the next one is asked for with a prompt of its own.
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let line = context.input();
        if self.kind == AskKind::Confirm || !line.contains('\n') {
            return Ok(ValidationResult::Valid(None));
        }
        let (text, _) = self.statement(line);
        match is_whole(&text) || is_whole(&format!("{text}\n")) {
            true => Ok(ValidationResult::Valid(None)),
            false => Ok(ValidationResult::Incomplete),
        }
    }
}

#[cfg(test)]
mod tests {
    use rustyline::history::MemHistory;

    use super::*;
    use crate::highlight;

    /// A console that knows two commands, and takes a block for whole when it ends with a blank line.
    struct Console;

    impl Assist for Console {
        fn complete(&mut self, line: &str, cursor: usize) -> Completions {
            assert!(!line.contains("panic"), "the completer panics");
            let start = line[..cursor].rfind([' ', '\n']).map_or(0, |at| at + 1);
            let words = ["continue", "condition", "con\x07trol"].map(str::to_owned);
            Completions {
                start,
                words: words.into_iter().filter(|word| word.starts_with(&line[start..cursor])).collect(),
            }
        }

        fn is_whole(&mut self, text: &str) -> bool {
            assert!(!text.contains("panic"), "the validator panics");
            let open = text.matches("'''").count() % 2 == 1;
            !open && (!text.contains(":\n") && !text.ends_with(':') || text.ends_with('\n'))
        }

        fn highlight(&self, line: &str) -> String {
            assert!(!line.contains("panic"), "the highlighter panics");
            if line.contains("wrong") { line.to_uppercase() } else { highlight::source(line, Style::Ansi) }
        }
    }

    fn helper(kind: AskKind, before: &str) -> LineHelper {
        LineHelper { style: Style::Ansi, kind, before: before.to_owned() }
    }

    /// Runs `test` while the console lends its help.
    fn with_console<R>(test: impl FnOnce() -> R) -> R {
        ASSIST.set(&mut Console, test)
    }

    /// Checks what becomes of typed lines, and the indentation that each was offered.
    fn check(typed: &[&str], expected: Input, indents: &[usize]) {
        let ask = Ask { prompt: "(rdb) ", continuation: "...   ", kind: AskKind::Command };
        let mut lines = typed.iter();
        let mut offered = Vec::new();
        let read = |line: &Line<'_>| {
            offered.push(line.indent.len());
            assert_eq!(line.prompt, if line.before.is_empty() { ask.prompt } else { ask.continuation });
            lines.next().map_or(Input::End, |line| Input::Text((*line).to_owned()))
        };
        assert_eq!(with_console(|| read_statement(&ask, read)), expected, "{typed:?}");
        assert_eq!(offered, indents, "{typed:?}");
    }

    #[test]
    fn statements() {
        let text = |text: &str| Input::Text(text.to_owned());
        check(&["n"], text("n"), &[0]);
        check(&[], Input::End, &[0]);
        check(&["if x:", "    y", "    "], text("if x:\n    y\n"), &[0, 4, 4]);
        check(&["if x:", "    y"], Input::Interrupted, &[0, 4, 4]);
        check(&["x = '''", "    ", "'''"], text("x = '''\n    \n'''"), &[0, 0, 0]);
        check(&["if x:\n    y"], text("if x:\n    y\n"), &[0]);
        check(&["n\ns"], text("n\ns"), &[0]);
        check(&["if panic:"], text("if panic:"), &[0]);
    }

    #[test]
    fn completion() {
        let history = MemHistory::new();
        let context = Context::new(&history);
        let check = |kind, before: &str, line: &str, expected: (usize, &[&str])| {
            let found = with_console(|| helper(kind, before).complete(line, line.len(), &context)).expect("no i/o");
            assert_eq!(
                (found.0, found.1.iter().map(String::as_str).collect::<Vec<_>>()),
                (expected.0, expected.1.to_vec())
            );
        };
        check(AskKind::Command, "", "con", (0, &["continue", "condition"]));
        check(AskKind::Command, "", "", (0, &["continue", "condition"]));
        check(AskKind::Command, "", "  ", (2, &["  "]));
        check(AskKind::Command, "if x:", "", (0, &["    "]));
        check(AskKind::Command, "if x:", "    cont", (4, &["continue"]));
        check(AskKind::Command, "if x:", "    y\n ", (7, &["   "]));
        check(AskKind::Interact, "", "", (0, &["    "]));
        check(AskKind::Confirm, "", "c", (1, &[]));
        check(AskKind::Command, "", "panic", (5, &[]));
    }

    #[test]
    fn colours() {
        let check = |kind, before: &str, line: &str, expected: &str| {
            let painted = with_console(|| helper(kind, before).highlight(line, 0).into_owned());
            assert_eq!(painted, expected);
        };
        check(AskKind::Command, "", "x = 1", "x = \x1b[33m1\x1b[0m");
        check(AskKind::Command, "x = '''", "1", "\x1b[32m1\x1b[0m");
        check(AskKind::Command, "'''\n", "1\n1''' 1", "\x1b[32m1\x1b[0m\n\x1b[32m1'''\x1b[0m \x1b[33m1\x1b[0m");
        check(AskKind::Confirm, "", "1", "1");
        check(AskKind::Command, "", "wrong 1", "wrong 1");
        check(AskKind::Command, "", "panic 1", "panic 1");
    }

    #[test]
    fn without_the_editor() {
        let check = |typed: &[u8], expected: Input| {
            let line = Line { prompt: "(rdb) ", kind: AskKind::Command, before: "", indent: String::new() };
            let mut shown = Vec::new();
            assert_eq!(plain_line(&line, typed, &mut shown), expected);
            assert_eq!(shown, b"(rdb) ");
        };
        check(b"n\r\ns\n", Input::Text("n".to_owned()));
        check(b"\xff", Input::Text("\u{fffd}".to_owned()));
        check(b"\n", Input::Text(String::new()));
        check(b"", Input::End);
    }
}
