//! The console as the session's front end, and what the entry points must know of it: what is to happen at the next stop,
//! and how the last one ended.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;
use rdb_core::frontend::{Frontend, Notice};
use rdb_core::host::Host;
use rdb_core::stop::{Resume, Stop, StopReason};
use rdb_repl::console::{Console, ConsoleOptions};
use rdb_repl::terminal::Terminal;

use crate::session::Session;

/// What passes between the entry points and the front end while it is with the session.
static DESK: Mutex<Desk> =
    Mutex::new(Desk { header: None, commands: Vec::new(), progress: Progress::Started, leave: Leave::No });

/// Whether the session has a console, which it keeps.
static INSTALLED: AtomicBool = AtomicBool::new(false);

/// The console, with a desk where the entry points leave messages for it.
struct Front {
    console: Console,
    quit: Quit,
}

/// What `quit` at the outermost prompt means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quit {
    /// The program is to leave.
    Leave,
    /// The program goes on without a debugger: it was there first, and is not the user's to end.
    Detach,
}

#[derive(Debug)]
struct Desk {
    header: Option<String>,
    commands: Vec<String>,
    progress: Progress,
    leave: Leave,
}

/// How far the program has come.
///
/// ```text
/// Started --it stops at its first line--> Waiting --the user lets it go on--> UnderWay --a new run--> Started
///         --it stops anywhere else--> UnderWay
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// It has never stopped.
    Started,
    /// It has not left its first line.
    Waiting,
    /// It runs.
    UnderWay,
}

/// What the user has decided about the program as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It runs on.
    No,
    /// It is to leave.
    Quit,
    /// It is to be started again, with these arguments; None: the same.
    Restart(Option<Vec<String>>),
}

impl Frontend for Front {
    fn stopped(&mut self, stop: &Stop, host: &mut dyn Host) -> Resume {
        self.collect(stop);
        let how = match self.console.stopped(stop, host) {
            Resume::Quit if self.quit == Quit::Detach => Resume::Detach,
            how => how,
        };
        note(&how);
        how
    }

    fn notice(&mut self, notice: &Notice) {
        self.console.notice(notice);
    }
}

impl Front {
    /// Gives the console what was left for it.
    fn collect(&mut self, stop: &Stop) {
        let mut desk = desk();
        if let Some(text) = desk.header.take() {
            self.console.header(text);
        }
        self.console.queue(std::mem::take(&mut desk.commands));
        desk.progress = match (desk.progress, &stop.reason) {
            (Progress::Started, StopReason::Entry) => Progress::Waiting,
            _ => Progress::UnderWay,
        };
    }
}

/// Makes a console the front end of the session.
pub(crate) fn install(
    session: &Session,
    terminal: Box<dyn Terminal>,
    rc: Vec<String>,
    commands: Vec<String>,
    quit: Quit,
) {
    let options = ConsoleOptions { rc, commands, ..ConsoleOptions::default() };
    session.set_frontend(Some(Box::new(Front { console: Console::new(terminal, options), quit })));
    INSTALLED.store(true, Ordering::Relaxed);
}

/// Takes the console off the session: the next one may be on another terminal.
pub(crate) fn uninstall(session: &Session) {
    INSTALLED.store(false, Ordering::Relaxed);
    drop(session.set_frontend(None));
}

/// Returns whether there is a console.
pub(crate) fn is_installed() -> bool {
    INSTALLED.load(Ordering::Relaxed)
}

/// Tells the user something: at once, or if another thread is at the prompt, before the next one.
pub(crate) fn tell(py: Python<'_>, session: &Session, notice: Notice) {
    match session.set_frontend(None) {
        Some(mut frontend) => {
            py.detach(|| frontend.notice(&notice));
            session.set_frontend(Some(frontend));
        }
        None => session.notify(notice),
    }
}

/// Leaves a text and commands for the next stop.
pub(crate) fn prepare(header: Option<String>, commands: Vec<String>) {
    let mut desk = desk();
    desk.header = header;
    desk.commands = commands;
}

/// Tells that a program is about to run from its beginning.
pub(crate) fn new_run() {
    let mut desk = desk();
    desk.progress = Progress::Started;
    desk.leave = Leave::No;
}

/// Returns how far the program has come.
pub(crate) fn progress() -> Progress {
    desk().progress
}

/// Returns what the user has decided about the program, and forgets it.
pub(crate) fn take_leave() -> Leave {
    std::mem::replace(&mut desk().leave, Leave::No)
}

fn note(how: &Resume) {
    let mut desk = desk();
    match how {
        Resume::Quit => desk.leave = Leave::Quit,
        Resume::Restart(args) => desk.leave = Leave::Restart(args.clone()),
        Resume::Continue | Resume::Step(_) | Resume::Detach => desk.progress = Progress::UnderWay,
    }
}

fn desk() -> MutexGuard<'static, Desk> {
    DESK.lock().unwrap_or_else(PoisonError::into_inner)
}
