//! What was typed before: one history for commands, kept in a file between sessions, and one for the interactive
//! interpreter. Several sessions may share the file: each adds its lines at the end, as they are typed.
//!
//! The file has an entry a line; `\n` in it stands for a line end inside the entry and `\\` for a backslash.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rustyline::Config;
use rustyline::history::{History, MemHistory, SearchDirection, SearchResult};

use crate::terminal::AskKind;

/// More entries than this are not kept.
pub(super) const MAX_ENTRIES: usize = 5000;

/// Returns where the history is kept: `rdb/history` in `$XDG_STATE_HOME`, if that is an absolute path, else in
/// `~/.local/state`; None if there is no home either.
pub fn history_file(state_home: Option<&Path>, home: Option<&Path>) -> Option<PathBuf> {
    let directory = match state_home.filter(|path| path.is_absolute()) {
        Some(directory) => directory.to_owned(),
        None => home.filter(|path| path.is_absolute())?.join(".local/state"),
    };
    Some(directory.join("rdb").join("history"))
}

/// Which history a line belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bank {
    Commands,
    Interact,
    /// Answers are not kept, and the arrow keys find nothing.
    Nothing,
}

impl Bank {
    fn of(kind: AskKind) -> Self {
        match kind {
            AskKind::Command | AskKind::CommandList => Self::Commands,
            AskKind::Interact => Self::Interact,
            AskKind::Confirm => Self::Nothing,
        }
    }
}

/// The histories of a session. What the file does not let us do is not done: a history is a convenience.
pub(super) struct Histories {
    commands: MemHistory,
    interact: MemHistory,
    nothing: MemHistory,
    selected: Bank,
    file: Option<PathBuf>,
}

impl Histories {
    /// Returns histories of which that of commands begins with what `file` has.
    pub(super) fn open(config: &Config, file: Option<PathBuf>) -> Self {
        let mut commands = MemHistory::with_config(config);
        let entries = file.as_deref().map(load).unwrap_or_default();
        for entry in entries {
            // Only an entry that is no entry is refused.
            drop(commands.add_owned(entry));
        }
        let interact = MemHistory::with_config(config);
        Self { commands, interact, nothing: MemHistory::with_config(config), selected: Bank::Nothing, file }
    }

    /// Makes the history of this kind of question the one that the arrow keys go through.
    pub(super) fn select(&mut self, kind: AskKind) {
        self.selected = Bank::of(kind);
    }

    /// Adds what was typed to the selected history. Blank ends are dropped.
    pub(super) fn remember(&mut self, text: &str) {
        let bank = self.selected;
        let text = text.trim_end();
        if bank == Bank::Nothing || !matches!(self.bank_mut().add(text), Ok(true)) {
            return;
        }
        if let (Bank::Commands, Some(file)) = (bank, &self.file)
            && let Err(error) = append(file, text)
        {
            tracing::debug!(%error, "failed to keep the history");
        }
    }

    fn bank(&self) -> &MemHistory {
        match self.selected {
            Bank::Commands => &self.commands,
            Bank::Interact => &self.interact,
            Bank::Nothing => &self.nothing,
        }
    }

    fn bank_mut(&mut self) -> &mut MemHistory {
        match self.selected {
            Bank::Commands => &mut self.commands,
            Bank::Interact => &mut self.interact,
            Bank::Nothing => &mut self.nothing,
        }
    }
}

/// Reads the entries of a file; one that has grown too long is shortened.
fn load(path: &Path) -> Vec<String> {
    let Ok(bytes) = std::fs::read(path) else { return Vec::new() };
    let entries = parse(&bytes);
    if entries.len() > MAX_ENTRIES
        && let Err(error) = shorten(path)
    {
        tracing::debug!(%error, "failed to shorten the history");
    }
    entries
}

fn parse(bytes: &[u8]) -> Vec<String> {
    String::from_utf8_lossy(bytes).lines().filter(|line| !line.is_empty()).map(unescape).collect()
}

/// Adds an entry at the end of the file, in one write, so that no other session's entry gets into it.
fn append(path: &Path, text: &str) -> io::Result<()> {
    let entry = escape(text) + "\n";
    if let Some(directory) = path.parent() {
        private_directory().recursive(true).create(directory)?;
    }
    let mut file = private_file().append(true).create(true).open(path)?;
    // Not every file system has locks; it is an entry lost at worst, while another session shortens the file.
    let locked = file.lock();
    file.write_all(entry.as_bytes())?;
    locked.and_then(|()| file.unlock())
}

/// Drops the oldest entries of the file; in its place, so that sessions which append to it go on doing so.
fn shorten(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    file.try_lock()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let entries = parse(&bytes);
    let kept: String =
        entries[entries.len().saturating_sub(MAX_ENTRIES)..].iter().map(|entry| escape(entry) + "\n").collect();
    file.seek(SeekFrom::Start(0))?;
    file.set_len(0)?;
    file.write_all(kept.as_bytes())?;
    file.unlock()
}

#[cfg(unix)]
fn private_file() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(unix)]
fn private_directory() -> DirBuilder {
    use std::os::unix::fs::DirBuilderExt;
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn private_file() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(not(unix))]
fn private_directory() -> DirBuilder {
    DirBuilder::new()
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n")
}

fn unescape(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('\\') | None => text.push('\\'),
                Some(other) => text.extend(['\\', other]),
            },
            _ => text.push(c),
        }
    }
    text
}

/// What rustyline asks of a history goes to the selected one. It never adds to it, nor saves it: `remember` does.
impl History for Histories {
    fn get(&self, index: usize, dir: SearchDirection) -> rustyline::Result<Option<SearchResult<'_>>> {
        self.bank().get(index, dir)
    }

    fn add(&mut self, line: &str) -> rustyline::Result<bool> {
        self.bank_mut().add(line)
    }

    fn add_owned(&mut self, line: String) -> rustyline::Result<bool> {
        self.bank_mut().add_owned(line)
    }

    fn len(&self) -> usize {
        self.bank().len()
    }

    fn is_empty(&self) -> bool {
        self.bank().is_empty()
    }

    fn set_max_len(&mut self, len: usize) -> rustyline::Result<()> {
        self.bank_mut().set_max_len(len)
    }

    fn ignore_dups(&mut self, yes: bool) -> rustyline::Result<()> {
        self.bank_mut().ignore_dups(yes)
    }

    fn ignore_space(&mut self, yes: bool) {
        self.bank_mut().ignore_space(yes);
    }

    fn save(&mut self, _path: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn append(&mut self, _path: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn load(&mut self, _path: &Path) -> rustyline::Result<()> {
        Ok(())
    }

    fn clear(&mut self) -> rustyline::Result<()> {
        self.bank_mut().clear()
    }

    fn search(&self, term: &str, start: usize, dir: SearchDirection) -> rustyline::Result<Option<SearchResult<'_>>> {
        self.bank().search(term, start, dir)
    }

    fn starts_with(
        &self,
        term: &str,
        start: usize,
        dir: SearchDirection,
    ) -> rustyline::Result<Option<SearchResult<'_>>> {
        self.bank().starts_with(term, start, dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::highlight::Style;
    use crate::line::rustyline::config;

    /// A directory of its own for a test, gone at its end.
    struct Directory(PathBuf);

    impl Directory {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("rdb-history-{name}-{}", std::process::id()));
            drop(std::fs::remove_dir_all(&path));
            Self(path)
        }

        fn file(&self) -> PathBuf {
            self.0.join("state/rdb/history")
        }

        fn session(&self) -> Histories {
            Histories::open(&config(Style::Plain), Some(self.file()))
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            drop(std::fs::remove_dir_all(&self.0));
        }
    }

    fn entries(histories: &Histories) -> Vec<String> {
        let entry = |index| histories.get(index, SearchDirection::Forward).expect("memory").expect("in range").entry;
        (0..histories.len()).map(|index| entry(index).into_owned()).collect()
    }

    /// Checks what the session after one in which these lines were typed finds in the history of commands.
    fn check(name: &str, typed: &[(AskKind, &str)], expected: &[&str]) {
        let directory = Directory::new(name);
        let mut session = directory.session();
        for (kind, line) in typed {
            session.select(*kind);
            session.remember(line);
        }
        let mut next = directory.session();
        next.select(AskKind::Command);
        assert_eq!(entries(&next), expected, "{name}");
    }

    #[test]
    fn what_is_kept() {
        use AskKind::{Command, CommandList, Confirm, Interact};
        check("plain", &[(Command, "n"), (Command, "p x  ")], &["n", "p x"]);
        check("twice", &[(Command, "n"), (Command, "n"), (Command, "s"), (Command, "n")], &["n", "s", "n"]);
        check("blank", &[(Command, " secret"), (Command, ""), (Command, "   "), (Command, "\tx")], &[]);
        check("kinds", &[(Command, "a"), (Interact, "b"), (CommandList, "c"), (Confirm, "y")], &["a", "c"]);
        check("lines", &[(Command, "if x:\n    y\\n\n"), (Command, "p '\\'")], &["if x:\n    y\\n", "p '\\'"]);
    }

    #[test]
    fn each_kind_has_its_own() {
        let mut session = Histories::open(&config(Style::Plain), None);
        for (kind, line) in [(AskKind::Command, "n"), (AskKind::Interact, "x = 1"), (AskKind::Confirm, "y")] {
            session.select(kind);
            session.remember(line);
        }
        session.select(AskKind::Interact);
        assert_eq!(entries(&session), ["x = 1"]);
        session.select(AskKind::Confirm);
        assert!(session.is_empty());
    }

    #[test]
    fn sessions_at_once_lose_nothing() {
        let directory = Directory::new("at-once");
        let write = |session: usize| {
            let mut histories = directory.session();
            histories.select(AskKind::Command);
            (0..50).for_each(|line| histories.remember(&format!("session {session} line {line}")));
        };
        std::thread::scope(|scope| {
            (0..4).for_each(|session| drop(scope.spawn(move || write(session))));
        });
        let mut next = directory.session();
        next.select(AskKind::Command);
        let mut found = entries(&next);
        found.sort_unstable();
        let mut expected: Vec<String> =
            (0..4).flat_map(|s| (0..50).map(move |line| format!("session {s} line {line}"))).collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_long_file_is_shortened() {
        let directory = Directory::new("long");
        let mut session = directory.session();
        session.select(AskKind::Command);
        session.remember("first");
        let text: String = (0..MAX_ENTRIES + 10).map(|line| format!("line {line}\n")).collect();
        std::fs::write(directory.file(), text).expect("the file can be written");
        let mut next = directory.session();
        next.select(AskKind::Command);
        assert_eq!(next.len(), MAX_ENTRIES);
        session.remember("last");
        let kept = parse(&std::fs::read(directory.file()).expect("the file is there"));
        assert_eq!((kept.len(), kept[0].as_str(), kept[MAX_ENTRIES].as_str()), (MAX_ENTRIES + 1, "line 10", "last"));
    }

    #[test]
    fn bytes_that_are_not_text() {
        let directory = Directory::new("bytes");
        directory.session().remember("");
        std::fs::create_dir_all(directory.file().parent().expect("it has one")).expect("it can be made");
        std::fs::write(directory.file(), b"one\n\xff\xfe\n\ntwo\\x\\").expect("the file can be written");
        let mut session = directory.session();
        session.select(AskKind::Command);
        assert_eq!(entries(&session), ["one", "\u{fffd}\u{fffd}", "two\\x\\"]);
    }

    #[test]
    fn a_place_that_cannot_be_written() {
        let directory = Directory::new("unwritable");
        std::fs::create_dir_all(&directory.0).expect("it can be made");
        std::fs::write(directory.0.join("state"), "a file, not a directory").expect("it can be written");
        let mut session = directory.session();
        session.select(AskKind::Command);
        session.remember("n");
        assert_eq!(entries(&session), ["n"]);
    }

    #[cfg(unix)]
    #[test]
    fn only_the_user_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let directory = Directory::new("private");
        let mut session = directory.session();
        session.select(AskKind::Command);
        session.remember("p password");
        let mode = |path: &Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
        assert_eq!(mode(&directory.file()), 0o600);
        assert_eq!(mode(directory.file().parent().expect("it has one")), 0o700);
    }

    #[test]
    fn where_it_is() {
        let check = |state, home, expected: Option<&str>| {
            let file = history_file(Option::map(state, Path::new), Option::map(home, Path::new));
            assert_eq!(file.as_deref(), expected.map(Path::new));
        };
        check(Some("/state"), Some("/home/u"), Some("/state/rdb/history"));
        check(None, Some("/home/u"), Some("/home/u/.local/state/rdb/history"));
        check(Some("relative"), Some("/home/u"), Some("/home/u/.local/state/rdb/history"));
        check(Some(""), None, None);
    }
}
