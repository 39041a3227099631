//! Completion of what is typed at the prompt: what the word at the cursor can become. The console says which commands
//! there are, the host knows the program, and files are looked up here.

use std::path::Path;

use rdb_core::host::{Host, HostError};
use rdb_core::ids::FrameNo;

use crate::terminal::Completions;

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

/// The words that the console itself understands.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary<'a> {
    /// Every name of every command, and what its argument is.
    pub commands: Vec<(&'a str, Completes)>,
    /// The names of the user's aliases.
    pub aliases: Vec<&'a str>,
}

/// The characters that end a word: pdb's and `!`. `$`, `.` and `/` do not.
const DELIMITERS: &str = " \t\n`@#%^&*()=+[{]}\\|;:'\",<>?!";

/// Returns what the word before byte `cursor` of a command line can become. `directory` is where files are looked for.
pub fn command_line(
    line: &str,
    cursor: usize,
    vocabulary: &Vocabulary<'_>,
    directory: &Path,
    frame: FrameNo,
    host: &mut dyn Host,
) -> Completions {
    let typed = before_cursor(line, cursor);
    let segment_start = typed.rfind(";;").map_or(0, |at| at + 2);
    let command_start = typed.len() - typed[segment_start..].trim_start().len();
    let command = &typed[command_start..];
    let mut completer = Completer { typed, directory, frame, host, vocabulary };
    if typed.contains('\n') || command.starts_with('!') {
        return completer.expression();
    }
    if let Some(topic) = command.strip_prefix('?') {
        return completer.argument(Completes::Command, typed.len() - topic.trim_start().len());
    }
    match command.split_once(char::is_whitespace) {
        None => completer.command_word(command_start),
        Some((word, argument)) => {
            let start = typed.len() - argument.trim_start().len();
            let known = |(name, completes): &(&str, Completes)| (*name == word).then_some(*completes);
            let completes = vocabulary.commands.iter().find_map(known).unwrap_or(Completes::Expression);
            completer.argument(completes, start)
        }
    }
}

/// Returns what the name before byte `cursor` of a line of Python can become.
pub fn python_line(line: &str, cursor: usize, frame: FrameNo, host: &mut dyn Host) -> Completions {
    let typed = before_cursor(line, cursor);
    Completer { typed, directory: Path::new("."), frame, host, vocabulary: &Vocabulary::default() }.expression()
}

/// Returns the text before the cursor; one that is out of place is moved to the character or end before it.
fn before_cursor(line: &str, cursor: usize) -> &str {
    &line[..line.floor_char_boundary(cursor)]
}

struct Completer<'a> {
    /// The text up to the cursor.
    typed: &'a str,
    directory: &'a Path,
    frame: FrameNo,
    host: &'a mut dyn Host,
    vocabulary: &'a Vocabulary<'a>,
}

impl Completer<'_> {
    /// The first word: a command or alias; if none begins like this, an expression.
    fn command_word(&mut self, start: usize) -> Completions {
        let commands = self.vocabulary.commands.iter().map(|(name, _)| *name);
        let names: Vec<String> = commands.chain(self.vocabulary.aliases.iter().copied()).map(str::to_owned).collect();
        let found = self.words(start, names);
        if found.words.is_empty() { self.expression() } else { found }
    }

    /// The argument of a command, which begins at `start`.
    fn argument(&mut self, completes: Completes, start: usize) -> Completions {
        let word_start = self.word_start();
        match completes {
            Completes::Nothing => Completions::default(),
            Completes::Expression => self.expression(),
            Completes::Location => self.location(start),
            Completes::BreakpointNumber => self.number_or_expression(Self::breakpoint_numbers),
            Completes::CatchNumber => self.number_or_expression(Self::catch_numbers),
            Completes::Thread => self.number_or_expression(Self::thread_numbers),
            Completes::Command => {
                let names = self.vocabulary.commands.iter().map(|(name, _)| (*name).to_owned()).collect();
                self.words(word_start, names)
            }
            Completes::Alias => {
                let names = self.vocabulary.aliases.iter().map(|name| (*name).to_owned()).collect();
                self.words(word_start, names)
            }
            Completes::Displayed => self.displayed(start),
            Completes::File => self.words(start, self.files(&self.typed[start..], FileKind::Any)),
        }
    }

    /// Returns where the word at the cursor begins.
    fn word_start(&self) -> usize {
        let delimiter = self.typed.char_indices().rev().find(|(_, c)| DELIMITERS.contains(*c));
        delimiter.map_or(0, |(at, c)| at + c.len_utf8())
    }

    /// Returns those of `words` that go on from what stands at `start`, sorted, each once.
    fn words(&self, start: usize, words: Vec<String>) -> Completions {
        let typed = &self.typed[start..];
        let mut words: Vec<String> = words.into_iter().filter(|word| word.starts_with(typed)).collect();
        words.sort_unstable();
        words.dedup();
        Completions { start, words }
    }

    fn expression(&mut self) -> Completions {
        let start = self.word_start();
        let text = &self.typed[start..];
        let is_variable = text.starts_with('$') && !text.contains('.');
        let words = match is_variable {
            true => self.host.convenience().map(|names| names.iter().map(|name| format!("${name}")).collect()),
            false => self.host.complete(self.frame, text.to_owned()),
        };
        self.words(start, words.unwrap_or_default())
    }

    /// A place: a function, else a file that its line or function can follow; behind a comma a condition.
    fn location(&mut self, start: usize) -> Completions {
        let argument = &self.typed[start..];
        if argument.contains(',') {
            return self.expression();
        }
        if argument.contains(':') {
            return Completions::default();
        }
        let mut found = self.expression();
        // An empty word would bring up every name there is before the files.
        if found.words.is_empty() || argument.contains('/') || argument.is_empty() {
            found = self.words(start, self.files(argument, FileKind::Python));
        }
        found
    }

    fn displayed(&mut self, start: usize) -> Completions {
        let displays = self.host.displays(self.frame).unwrap_or_default();
        self.words(start, displays.into_iter().map(|displayed| displayed.expression).collect())
    }

    /// Numbers, unless something else was begun: `condition 1 x > na`.
    fn number_or_expression(&mut self, numbers: fn(&mut Self) -> Result<Vec<String>, HostError>) -> Completions {
        let start = self.word_start();
        let text = &self.typed[start..];
        if !text.chars().all(|c| c.is_ascii_digit()) {
            return self.expression();
        }
        let numbers = numbers(self).unwrap_or_default();
        self.words(start, numbers)
    }

    fn breakpoint_numbers(&mut self) -> Result<Vec<String>, HostError> {
        Ok(self.host.breakpoints()?.iter().map(|breakpoint| breakpoint.id.to_string()).collect())
    }

    fn catch_numbers(&mut self) -> Result<Vec<String>, HostError> {
        Ok(self.host.catches()?.iter().map(|catch| catch.id.to_string()).collect())
    }

    fn thread_numbers(&mut self) -> Result<Vec<String>, HostError> {
        Ok(self.host.threads()?.iter().map(|thread| thread.id.to_string()).collect())
    }

    /// Returns the files whose path begins with `typed`: directories end with `/`, Python files with `:` if a place is
    /// wanted. Hidden ones only if asked for.
    fn files(&self, typed: &str, kind: FileKind) -> Vec<String> {
        let (directory, name) = typed.rfind('/').map_or(("", typed), |at| typed.split_at(at + 1));
        let Ok(entries) = std::fs::read_dir(self.directory.join(directory)) else { return Vec::new() };
        let complete = |entry: std::fs::DirEntry| {
            let file = entry.file_name().into_string().ok()?;
            let shown = file.starts_with('.') == name.starts_with('.');
            let end = kind.end(&file, entry.path().is_dir())?;
            shown.then(|| format!("{directory}{file}{end}"))
        };
        entries.filter_map(Result::ok).filter_map(complete).collect()
    }
}

/// Which files are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileKind {
    /// All.
    Any,
    /// Those that can have breakpoints.
    Python,
}

impl FileKind {
    /// Returns what is added to a name; None: it is left out.
    fn end(self, name: &str, is_directory: bool) -> Option<&'static str> {
        match self {
            _ if is_directory => Some("/"),
            Self::Any => Some(""),
            Self::Python => name.ends_with(".py").then_some(":"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use rdb_core::breakpoint::{BreakpointInfo, BreakpointSpec, Target};
    use rdb_core::catch::{CatchInfo, CatchSpec, CatchWhen};
    use rdb_core::host::{Displayed, ThreadInfo};
    use rdb_core::ids::{BreakpointId, CatchId, ThreadId};

    use super::*;

    /// A program with a few names.
    struct Program;

    impl Host for Program {
        fn complete(&mut self, _frame: FrameNo, text: String) -> Result<Vec<String>, HostError> {
            let names = ["value", "values", "self", "print", "self.size", "self.name", "$_frame.f_lineno", "a.py"];
            let dots = text.matches('.').count();
            Ok(names.iter().filter(|name| name.matches('.').count() == dots).map(|name| (*name).to_owned()).collect())
        }

        fn convenience(&mut self) -> Result<Vec<String>, HostError> {
            Ok(vec!["_frame".to_owned(), "foo".to_owned()])
        }

        fn displays(&mut self, _frame: FrameNo) -> Result<Vec<Displayed>, HostError> {
            Ok(vec![Displayed { expression: "x + 1".to_owned(), value: "2".to_owned(), old: None }])
        }

        fn breakpoints(&mut self) -> Result<Vec<BreakpointInfo>, HostError> {
            let target = Target::Line { path: Arc::from("f.py"), line: 1 };
            let info = |number| BreakpointInfo {
                id: BreakpointId(number),
                spec: BreakpointSpec::new(target.clone()),
                enabled: true,
                ignore: 0,
                hits: 0,
                commands: Vec::new(),
                sites: Vec::new(),
            };
            Ok(vec![info(1), info(2), info(12)])
        }

        fn catches(&mut self) -> Result<Vec<CatchInfo>, HostError> {
            let spec = CatchSpec { when: CatchWhen::Raised, types: Vec::new(), condition: None, temporary: false };
            Ok(vec![CatchInfo { id: CatchId(7), spec, hits: 0 }])
        }

        fn threads(&mut self) -> Result<Vec<ThreadInfo>, HostError> {
            let thread = |number: u64| ThreadInfo {
                id: ThreadId(number),
                name: String::new(),
                stopped: false,
                selected: false,
                waiting: false,
                frame: None,
            };
            Ok(vec![thread(100), thread(201)])
        }
    }

    /// A directory of its own for a test, gone at its end.
    struct Directory(std::path::PathBuf);

    impl Directory {
        fn new() -> Self {
            static NUMBER: AtomicU32 = AtomicU32::new(0);
            let name = format!("rdb-complete-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            std::fs::create_dir_all(path.join("pkg")).expect("temporary directories can be made");
            for file in ["main.py", "mail.txt", ".hidden.py", "pkg/mod.py", "two words.py"] {
                std::fs::write(path.join(file), "").expect("temporary files can be made");
            }
            Self(path)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    /// Checks what `typed`, in which `|` is the cursor, completes to: the text before the word, and the words.
    fn check(typed: &str, before: &str, words: &[&str]) {
        let directory = Directory::new();
        let cursor = typed.find('|').expect("the cursor is marked");
        let line = typed.replacen('|', "", 1);
        let commands = vec![
            ("p", Completes::Expression),
            ("break", Completes::Location),
            ("bt", Completes::Nothing),
            ("condition", Completes::BreakpointNumber),
            ("continue", Completes::Nothing),
            ("uncatch", Completes::CatchNumber),
            ("help", Completes::Command),
            ("unalias", Completes::Alias),
            ("undisplay", Completes::Displayed),
            ("thread", Completes::Thread),
            ("save", Completes::File),
        ];
        let vocabulary = Vocabulary { commands, aliases: vec!["conf", "zz"] };
        let found = command_line(&line, cursor, &vocabulary, &directory.0, FrameNo(0), &mut Program);
        assert_eq!(found.words, words, "{typed}");
        if !words.is_empty() {
            assert_eq!(&line[..found.start], before, "{typed}");
        }
    }

    #[test]
    fn the_first_word() {
        check("con|", "", &["condition", "conf", "continue"]);
        check("  bre|", "  ", &["break"]);
        check("p x;; cont|", "p x;; ", &["continue"]);
        check("val|", "", &["value", "values"]);
        check("print(val|", "print(", &["value", "values"]);
        check("self.na|", "", &["self.name"]);
        check("con|xyz", "", &["condition", "conf", "continue"]);
        check("nothing|", "", &[]);
    }

    #[test]
    fn expressions() {
        check("p val|", "p ", &["value", "values"]);
        check("p f(x, self.s|", "p f(x, ", &["self.size"]);
        check("p $f|", "p ", &["$foo"]);
        check("$_fr|", "", &["$_frame"]);
        check("$_frame.f_l|", "", &["$_frame.f_lineno"]);
        check("!con|", "!", &[]);
        check("!val|", "!", &["value", "values"]);
        check("! val|", "! ", &["value", "values"]);
        check("unknown val|", "unknown ", &["value", "values"]);
        check("if x:\n    val|", "if x:\n    ", &["value", "values"]);
        check("if x:\n    con|", "", &[]);
        check("é + va|", "é + ", &["value", "values"]);
    }

    #[test]
    fn numbers() {
        check("condition 1|", "condition ", &["1", "12"]);
        check("condition |", "condition ", &["1", "12", "2"]);
        check("condition 1 val|", "condition 1 ", &["value", "values"]);
        check("uncatch |", "uncatch ", &["7"]);
        check("thread 2|", "thread ", &["201"]);
        check("bt |", "", &[]);
    }

    #[test]
    fn names() {
        check("help con|", "help ", &["condition", "continue"]);
        check("?con|", "?", &["condition", "continue"]);
        check("unalias z|", "unalias ", &["zz"]);
        check("undisplay x +|", "undisplay ", &["x + 1"]);
    }

    #[test]
    fn places() {
        check("break ma|", "break ", &["main.py:"]);
        check("break pkg/|", "break ", &["pkg/mod.py:"]);
        check("break pk|", "break ", &["pkg/"]);
        check("break .h|", "break ", &[".hidden.py:"]);
        check("break two w|", "break ", &["two words.py:"]);
        check("break |", "break ", &["main.py:", "pkg/", "two words.py:"]);
        check("break self.n|", "break ", &["self.name"]);
        check("break main.py:|", "", &[]);
        check("break main.py:3, val|", "break main.py:3, ", &["value", "values"]);
        check("break missing/|", "", &[]);
        check("save m|", "save ", &["mail.txt", "main.py"]);
    }

    #[test]
    fn a_cursor_out_of_place() {
        let vocabulary = Vocabulary::default();
        for cursor in [0, 1, 2, 99] {
            command_line("é", cursor, &vocabulary, Path::new("."), FrameNo(0), &mut Program);
        }
        let found = python_line("x = val", 99, FrameNo(0), &mut Program);
        assert_eq!(found, Completions { start: 4, words: vec!["value".to_owned(), "values".to_owned()] });
    }
}
