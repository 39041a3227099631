//! How the program goes on: steps, `continue`, `jump`, `run`, `debug`, `quit`.

use std::sync::PoisonError;

use rdb_core::breakpoint::{BreakpointSpec, Lifetime};
use rdb_core::host::{DebugFrontend, SessionMode};
use rdb_core::ids::Line;
use rdb_core::stop::{Resume, StepGoal};

use crate::command::{Argument, Command, Compat, Failure, Flow, Group, PdbForm, Repeat, Resumes};
use crate::complete::Completes;
use crate::console::{Console, StepKind, Steps};
use crate::dialog::Dialog;
use crate::parse::{integer, quoted, shell_words};

type Outcome = Result<Flow, Failure>;

const BASE: Command = Command { group: Group::Running, resumes: Resumes::Yes, ..Command::BASE };

const COUNTED: Compat = Compat::Extended("Takes a count in `rdb`");

pub(crate) const STEP: Command = Command {
    name: "step",
    aliases: &["s"],
    usage: "s(tep) [count]",
    summary: "Run to the next line, into functions that are called",
    help: "Stops at the first line of a called function (`--Call--`), at the next line, or where the function returns \
           (`--Return--`). With a count, does so that many times, unless something else stops the program before.",
    compat: COUNTED,
    argument: Argument::Optional,
    pdb: Some(PdbForm { usage: "s(tep)", argument: Argument::None }),
    run: |dialog, argument| many(dialog, argument, StepKind::Into),
    ..BASE
};

pub(crate) const NEXT: Command = Command {
    name: "next",
    aliases: &["n"],
    usage: "n(ext) [count]",
    summary: "Run to the next line of this function, over functions that are called",
    help: "Stops at the next line of the frame that is looked at, where it returns, or where an exception passes it. A \
           generator or coroutine stays the same frame over `yield` and `await`. With a count, does so that many times, \
           unless something else stops the program before.",
    compat: COUNTED,
    argument: Argument::Optional,
    pdb: Some(PdbForm { usage: "n(ext)", argument: Argument::None }),
    run: |dialog, argument| many(dialog, argument, StepKind::Over),
    ..BASE
};

pub(crate) const STEPI: Command = Command {
    name: "stepi",
    aliases: &["si"],
    usage: "stepi [count] | si [count]",
    summary: "Run one bytecode instruction, into functions that are called",
    help: "With a count, does so that many times, unless something else stops the program before.",
    compat: Compat::New,
    argument: Argument::Optional,
    run: |dialog, argument| many(dialog, argument, StepKind::Instruction),
    ..BASE
};

pub(crate) const UNTIL: Command = Command {
    name: "until",
    aliases: &["unt"],
    usage: "unt(il) [lineno]",
    summary: "Run until a later line of this function, so out of loops",
    help: "Without a line number, stops at a line of this frame behind the current one; with one, at a line not before \
           it. Stops where the frame returns in any case.",
    argument: Argument::Optional,
    run: until,
    ..BASE
};

pub(crate) const RETURN: Command = Command {
    name: "return",
    aliases: &["r"],
    usage: "r(eturn)",
    summary: "Run until this function is about to return",
    help: "Stops in the frame that is looked at, with what it returns still to be seen. A generator or coroutine \
           returns when it ends, not when it yields.",
    run: |dialog, _| step(dialog.step_frame()?.id, |frame| StepGoal::Out { frame }),
    ..BASE
};

pub(crate) const FINISH: Command = Command {
    name: "finish",
    aliases: &["fin"],
    usage: "fin(ish)",
    summary: "Run until this function has returned, and show its value",
    help: "Stops in the caller of the frame that is looked at, where the value arrives. The value is kept in `$_retval`.",
    compat: Compat::New,
    run: |dialog, _| step(dialog.step_frame()?.id, |frame| StepGoal::Finish { frame }),
    ..BASE
};

pub(crate) const ADVANCE: Command = Command {
    name: "advance",
    aliases: &["adv"],
    usage: "adv(ance) ([filename:]lineno | [filename:]function)",
    summary: "Run to a place, or until this function returns",
    help: "The place is written as for `break`. Nothing of it is left behind, wherever the program stops.",
    compat: Compat::New,
    argument: Argument::Required,
    completes: Completes::Location,
    run: advance,
    ..BASE
};

pub(crate) const CONTINUE: Command = Command {
    name: "continue",
    aliases: &["c", "cont"],
    usage: "c(ont(inue))",
    summary: "Continue execution to the next breakpoint",
    help: "Stops at a breakpoint, at an exception that `catch` asked for, at Ctrl-C, or where the program calls \
           `breakpoint()`.",
    run: |_, _| Ok(Flow::Resume(Resume::Continue)),
    ..BASE
};

pub(crate) const JUMP: Command = Command {
    name: "jump",
    aliases: &["j"],
    usage: "j(ump) lineno",
    summary: "Make another line the next one to run",
    help: "Only in the newest frame. Runs lines again, or leaves lines out. The interpreter refuses some jumps: into \
           the middle of a `for` loop, for example, or out of a `finally` clause.",
    argument: Argument::Required,
    run: jump,
    ..BASE
};

pub(crate) const RUN: Command = Command {
    name: "run",
    aliases: &["restart"],
    usage: "run [args...]",
    summary: "Start the program again",
    help: "Arguments are split as a shell does and become the new `sys.argv[1:]`; without any, the old ones stay. \
           Breakpoints, aliases and history are kept. Another name of this command is `restart`.",
    argument: Argument::Optional,
    resumes: Resumes::No,
    run,
    ..BASE
};

pub(crate) const DEBUG: Command = Command {
    name: "debug",
    usage: "debug code",
    summary: "Enter a recursive debugger that steps through a statement",
    help: "The statement runs in the frame that is looked at. Leaving the inner debugger comes back to this \
           prompt.",
    argument: Argument::Required,
    resumes: Resumes::No,
    completes: Completes::Expression,
    run: debug,
    ..BASE
};

pub(crate) const DETACH: Command = Command {
    name: "detach",
    usage: "detach",
    summary: "Let the program run on without a debugger",
    help: "All breakpoints are gone. A later `breakpoint()` in the program begins a new session.",
    compat: Compat::New,
    run: |_, _| Ok(Flow::Resume(Resume::Detach)),
    ..BASE
};

pub(crate) const QUIT: Command = Command {
    name: "quit",
    aliases: &["q", "exit"],
    usage: "q(uit) | exit",
    summary: "Leave the debugger; the program is aborted",
    help: "Where the program itself called `breakpoint()`, its process ends; this is asked for first. A process that was \
           attached to goes on without a debugger.",
    argument: Argument::Optional,
    run: |dialog, _| quit(dialog),
    ..BASE
};

pub(crate) const EOF: Command = Command {
    name: "EOF",
    usage: "EOF",
    summary: "What the end of the input does: the same as quit",
    help: "Ctrl-D at the prompt, or the end of a file or pipe that commands come from.",
    argument: Argument::Optional,
    repeat: Repeat::Never,
    run: |dialog, _| {
        dialog.message("");
        quit(dialog)
    },
    ..BASE
};

fn step<T>(of: T, goal: impl FnOnce(T) -> StepGoal) -> Outcome {
    Ok(Flow::Resume(Resume::Step(goal(of))))
}

fn many(dialog: &mut Dialog<'_>, argument: &str, kind: StepKind) -> Outcome {
    let count = if argument.is_empty() { Some(1) } else { integer(argument) };
    let left = count.and_then(|count| u32::try_from(count).ok()).filter(|&count| count > 0);
    let left = left.ok_or_else(|| Failure::Invalid(argument.to_owned()))?;
    Ok(Flow::Resume(dialog.step(Steps { kind, left })?))
}

fn until(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let frame = dialog.step_frame()?;
    let current = frame.line.unwrap_or(frame.first_line);
    if argument.is_empty() {
        return step(frame.id, |frame| StepGoal::Until { frame, line: current.saturating_add(1) });
    }
    let wanted = integer(argument).ok_or_else(|| Failure::text(format!("Error in argument: {}", quoted(argument))))?;
    let line = Line::try_from(wanted.max(0)).unwrap_or(Line::MAX);
    if line <= current {
        return Err(Failure::text("\"until\" line number is smaller than current line number"));
    }
    step(frame.id, |frame| StepGoal::Until { frame, line })
}

fn advance(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let frame = dialog.step_frame()?.id;
    let located = dialog.locate(argument)?;
    let spec = BreakpointSpec { lifetime: Lifetime::Temporary, internal: true, ..BreakpointSpec::new(located.target) };
    dialog.host.add_breakpoint(spec)?;
    step(frame, |frame| StepGoal::Advance { frame })
}

fn jump(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    dialog.step_frame()?;
    if dialog.place()? + 1 != dialog.depth()? {
        return Err(Failure::text("You can only jump within the bottom frame"));
    }
    let line = integer(argument).and_then(|line| u32::try_from(line).ok());
    let line = line.ok_or_else(|| Failure::text("The 'jump' command requires a line number"))?;
    let frame = dialog.frame_no();
    dialog.host.jump(frame, line).map_err(|error| {
        let text = error.to_string();
        Failure::text(format!("Jump failed: {}", text.strip_prefix("ValueError: ").unwrap_or(&text)))
    })?;
    let stack = dialog.host.stack()?;
    dialog.set_stack(stack);
    let selected = dialog.place()?;
    dialog.show_entry(selected)?;
    Ok(Flow::Stay)
}

fn run(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let mode = dialog.session().mode;
    let runs_elsewhere =
        if dialog.state.dialect.is_pdb() { mode == SessionMode::Inline } else { mode != SessionMode::Cli };
    if mode == SessionMode::Remote {
        return Err(Failure::text("a process that was attached to cannot be started again"));
    }
    if runs_elsewhere {
        let name = &dialog.state.name;
        return Err(Failure::text(format!(
            "run/restart command is disabled when {name} is running in inline mode.\n\
             Use the command line interface to enable restarting your program\n\
             e.g. \"python -m {name} myscript.py\""
        )));
    }
    if argument.is_empty() {
        return Ok(Flow::Resume(Resume::Restart(None)));
    }
    let words = shell_words(argument).map_err(|error| Failure::text(format!("Cannot run {argument}: {error}")))?;
    Ok(Flow::Resume(Resume::Restart(Some(words))))
}

fn debug(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let (console, last) = Console::nested(dialog.screen, dialog.state);
    let frame = dialog.frame_no();
    dialog.message("ENTERING RECURSIVE DEBUGGER");
    let result = dialog.host.debug(frame, argument.to_owned(), DebugFrontend(Box::new(console)));
    if let Err(error) = result {
        dialog.error(error.to_string());
    }
    dialog.message("LEAVING RECURSIVE DEBUGGER");
    // Another face has put the last command of its own inner debugger back.
    if !dialog.state.dialect.is_pdb() {
        dialog.state.last.clone_from(&last.lock().unwrap_or_else(PoisonError::into_inner));
    }
    Ok(Flow::Stay)
}

fn quit(dialog: &mut Dialog<'_>) -> Outcome {
    let session = dialog.session();
    let asks = session.mode == SessionMode::Inline && !session.outlives;
    if asks && !is_sure(dialog)? {
        return Ok(Flow::Stay);
    }
    Ok(Flow::Resume(Resume::Quit))
}

/// Asks whether the process may be ended. The end of the input is a yes.
fn is_sure(dialog: &mut Dialog<'_>) -> Result<bool, Failure> {
    let question = format!("Quitting {} will kill the process. Quit anyway? [y/n] ", dialog.state.name);
    loop {
        match dialog.confirm(&question)?.as_deref() {
            Some("y" | "") => return Ok(true),
            Some("n") => return Ok(false),
            Some(_) => {}
            None => {
                dialog.message("");
                return Ok(true);
            }
        }
    }
}
