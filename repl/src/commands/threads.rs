//! The threads of the program.

use rdb_core::host::ThreadInfo;

use crate::command::{Argument, Command, Compat, Failure, Flow, Group};
use crate::complete::Completes;
use crate::dialog::Dialog;

type Outcome = Result<Flow, Failure>;

const BASE: Command = Command { group: Group::Threads, compat: Compat::New, ..Command::BASE };

pub(crate) const THREADS: Command = Command {
    name: "threads",
    usage: "threads",
    summary: "List the threads of the program, and where they are",
    help: "`>` marks the thread that is looked at, `*` the one that stopped.",
    run: |dialog, _| threads(dialog),
    ..BASE
};

pub(crate) const THREAD: Command = Command {
    name: "thread",
    usage: "thread number",
    summary: "Look at another thread",
    help: "The number is that of the list of threads; a thread's name or its identifier will do as well. `where`, `up`, \
           `p` and so on then are about that thread. Steps are of the thread that stopped.",
    argument: Argument::Required,
    completes: Completes::Thread,
    run: thread,
    ..BASE
};

impl Dialog<'_> {
    /// Returns the thread that the user means: its number in the list, its identifier, or its name.
    pub(crate) fn thread(&mut self, text: &str) -> Result<ThreadInfo, Failure> {
        let threads = self.host.threads()?;
        let number: Option<u64> = text.parse().ok();
        let by_number = number.and_then(|number| threads.get(usize::try_from(number).ok()?.checked_sub(1)?));
        let found =
            by_number.or_else(|| threads.iter().find(|thread| Some(thread.id.0) == number || thread.name == text));
        found.cloned().ok_or_else(|| Failure::text(format!("There is no thread {text}; see `threads`.")))
    }
}

fn threads(dialog: &mut Dialog<'_>) -> Outcome {
    let threads = dialog.host.threads()?;
    dialog.message("Num   Thread           Name                 Where");
    for (number, thread) in (1..).zip(&threads) {
        dialog.message(row(number, thread));
    }
    Ok(Flow::Stay)
}

fn row(number: usize, thread: &ThreadInfo) -> String {
    let mark = if thread.selected { '>' } else { ' ' };
    let stopped = if thread.stopped { '*' } else { ' ' };
    let place = thread.frame.as_ref().map_or_else(
        || "(not in Python)".to_owned(),
        |frame| format!("{}({}){}()", frame.path, frame.line.map_or("None".to_owned(), |l| l.to_string()), frame.name),
    );
    let waits = if thread.waiting { ", waits for its turn" } else { "" };
    format!("{mark}{stopped}{number:<3} {:<16} {:<20} {place}{waits}", thread.id.0, thread.name)
}

fn thread(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let id = dialog.thread(argument)?.id;
    let stack = dialog.host.select_thread(id)?;
    dialog.set_stack(stack);
    dialog.thread = id;
    if dialog.depth()? == 0 {
        dialog.message("This thread runs no Python code now.");
    }
    let selected = dialog.place()?;
    dialog.show_entry(selected)?;
    Ok(Flow::Stay)
}
