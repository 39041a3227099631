//! The console: a front end that talks to a user. It lives as long as the session and serves one stop after another;
//! what belongs to a single stop is in `dialog`.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;
use rdb_core::frontend::{Frontend, Notice};
use rdb_core::host::{Host, Variable};
use rdb_core::ids::{FrameId, FrameNo, ThreadId};
use rdb_core::stop::{Resume, Stop};

use crate::dialog::Dialog;
use crate::terminal::Terminal;

/// What a console is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleOptions {
    /// What the debugger is called in messages.
    pub name: String,
    /// What stands in front of the input.
    pub prompt: String,
    /// Lines of the start-up files; blank ones and comments are dropped.
    pub rc: Vec<String>,
    /// Commands that follow them (`-c`).
    pub commands: Vec<String>,
    /// A text to be shown at the first stop.
    pub header: Option<String>,
    /// Whether the context view is on from the start.
    pub sticky: Sticky,
    /// Whose words are used.
    pub dialect: Dialect,
}

impl Default for ConsoleOptions {
    fn default() -> Self {
        Self {
            name: "rdb".to_owned(),
            prompt: "(rdb) ".to_owned(),
            rc: Vec::new(),
            commands: Vec::new(),
            header: None,
            sticky: Sticky::Off,
            dialect: Dialect::Rdb,
        }
    }
}

/// Whose words the commands use, and how strict they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// rdb's own.
    Rdb,
    /// Those of the `pdb` of Python 3.`minor`, whose messages other programs parse.
    Pdb {
        /// The minor version.
        minor: u8,
    },
}

impl Dialect {
    /// Returns whether the words are pdb's.
    pub(crate) fn is_pdb(self) -> bool {
        matches!(self, Self::Pdb { .. })
    }

    /// Returns whether the words are those of a pdb older than Python 3.`minor`.
    pub(crate) fn is_before(self, minor: u8) -> bool {
        matches!(self, Self::Pdb { minor: running } if running < minor)
    }
}

/// What is shown at each stop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sticky {
    /// The line that it stopped at.
    #[default]
    Off,
    /// The lines around it, the arguments and the locals.
    On,
}

/// The console.
pub struct Console {
    screen: Screen,
    state: State,
}

impl Console {
    /// Returns a console on a terminal.
    pub fn new(terminal: Box<dyn Terminal>, options: ConsoleOptions) -> Self {
        Self { screen: Screen::new(terminal), state: State::new(options) }
    }

    /// Adds commands to those that run at the next stop, as if they were typed there.
    pub fn queue(&mut self, commands: Vec<String>) {
        self.state.enqueue(commands);
    }

    /// Shows a text at the next stop.
    pub fn header(&mut self, text: String) {
        self.state.header = Some(text);
    }

    /// Returns a console inside this one, for [`Host::debug`]: same terminal, a prompt in parentheses, the aliases as
    /// they are; and the place where it leaves its last command.
    pub(crate) fn nested(screen: &Screen, outer: &State) -> (Self, Arc<Mutex<String>>) {
        let options = ConsoleOptions {
            name: outer.name.clone(),
            prompt: format!("({}) ", outer.prompt.trim()),
            sticky: outer.sticky,
            dialect: outer.dialect,
            ..ConsoleOptions::default()
        };
        let mut state = State::new(options);
        state.aliases = outer.aliases.clone();
        let last = Arc::clone(&state.last_left);
        (Self { screen: screen.clone(), state }, last)
    }
}

impl Frontend for Console {
    fn stopped(&mut self, stop: &Stop, host: &mut dyn Host) -> Resume {
        match Dialog::open(&mut self.state, &self.screen, host, stop, FrameNo::CURRENT) {
            Ok(mut dialog) => dialog.serve(),
            Err(error) => {
                self.screen.write(&format!("*** {error}\n"));
                Resume::Continue
            }
        }
    }

    fn notice(&mut self, notice: &Notice) {
        if let Notice::Restarting { .. } = notice {
            self.state.warned.clear();
        }
        if let Some(text) = notice_text(notice) {
            self.screen.write(&text);
        }
    }
}

/// Returns what a notice says. That a breakpoint was bound is seen in the list of breakpoints, and where it stops.
fn notice_text(notice: &Notice) -> Option<String> {
    match notice {
        Notice::ThreadWaiting { name, path, line, .. } => Some(format!("Thread {name} waits at {path}:{line}\n")),
        Notice::Bound(_) => None,
        Notice::Restarting { program, args } => {
            Some(format!("Restarting {program} with arguments:\n\t{}\n", args.join(" ")))
        }
        Notice::Message(text) => Some(format!("{text}\n")),
        Notice::Error(text) => Some(format!("*** {text}\n")),
    }
}

/// The terminal, shared with the consoles inside. It is taken out while it is used, so that no lock is held meanwhile.
#[derive(Clone)]
pub(crate) struct Screen(Arc<Mutex<Option<Box<dyn Terminal>>>>);

impl Screen {
    /// Returns a screen on a terminal.
    pub(crate) fn new(terminal: Box<dyn Terminal>) -> Self {
        Self(Arc::new(Mutex::new(Some(terminal))))
    }

    /// Uses the terminal. None: it is in use further up on this thread.
    pub(crate) fn with<R>(&self, use_it: impl FnOnce(&mut dyn Terminal) -> R) -> Option<R> {
        let mut terminal = self.slot().take()?;
        let result = use_it(&mut *terminal);
        *self.slot() = Some(terminal);
        Some(result)
    }

    /// Shows text.
    pub(crate) fn write(&self, text: &str) {
        self.with(|terminal| terminal.write(text));
    }

    /// Lets text wait until the user is asked, or [`release`](Self::release).
    pub(crate) fn hold(&self) {
        self.with(|terminal| terminal.hold());
    }

    /// Shows the text that waits.
    pub(crate) fn release(&self) {
        self.with(|terminal| terminal.release());
    }

    fn slot(&self) -> MutexGuard<'_, Option<Box<dyn Terminal>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the console keeps between stops.
#[derive(Debug)]
pub(crate) struct State {
    /// What the debugger is called.
    pub(crate) name: String,
    /// What stands in front of the input.
    pub(crate) prompt: String,
    /// Names of the user's own, and what they stand for.
    pub(crate) aliases: IndexMap<String, String>,
    /// What is to run before the user is asked.
    pub(crate) queue: VecDeque<Queued>,
    /// What an empty line repeats.
    pub(crate) last: String,
    /// Where a console inside another leaves `last`.
    pub(crate) last_left: Arc<Mutex<String>>,
    /// What is to be shown at the next stop.
    pub(crate) header: Option<String>,
    /// What is shown at each stop.
    pub(crate) sticky: Sticky,
    /// Whose words are used.
    pub(crate) dialect: Dialect,
    /// The variables of the frames on the stack, as the context view has shown them.
    pub(crate) seen: HashMap<FrameId, Vec<Variable>>,
    /// `step N` and `next N` on their way.
    pub(crate) steps: Option<Steps>,
    /// The thread that stopped last.
    pub(crate) thread: Option<ThreadId>,
    /// Files whose edit was told of.
    pub(crate) warned: HashSet<String>,
}

impl State {
    /// Returns the state of a console that has not stopped yet.
    pub(crate) fn new(options: ConsoleOptions) -> Self {
        let mut state = Self {
            name: options.name,
            prompt: options.prompt,
            aliases: IndexMap::new(),
            queue: VecDeque::new(),
            last: String::new(),
            last_left: Arc::default(),
            header: options.header,
            sticky: options.sticky,
            dialect: options.dialect,
            seen: HashMap::new(),
            steps: None,
            thread: None,
            warned: HashSet::new(),
        };
        state.enqueue(options.rc);
        state.enqueue(options.commands);
        state
    }

    fn enqueue(&mut self, lines: Vec<String>) {
        let counts = |line: &String| !line.trim().is_empty() && !line.trim_start().starts_with('#');
        self.queue.extend(lines.into_iter().filter(counts).map(Queued::Line));
    }
}

/// What is to happen before the user is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Queued {
    /// A line, as if it was typed.
    Line(String),
    /// Show where the program stopped.
    Show,
    /// Do not show where the program stopped.
    Silent,
    /// Let an empty line repeat this again.
    Last(String),
}

/// `step N` or `next N` on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Steps {
    /// What is repeated.
    pub(crate) kind: StepKind,
    /// How often it is still to be done.
    pub(crate) left: u32,
}

/// A step that can be repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepKind {
    /// `step`.
    Into,
    /// `next`.
    Over,
    /// `stepi`.
    Instruction,
}
