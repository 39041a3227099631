//! Moving in the stack, and between the exceptions of a chain.

use std::ops::Range;

use rdb_core::host::{ExceptionInfo, HostError};

use crate::command::{Argument, Command, Compat, Failure, Flow, Group};
use crate::dialog::Dialog;
use crate::parse::integer;

type Outcome = Result<Flow, Failure>;

/// The longest text of an exception in a list.
const EXCEPTION_WIDTH: usize = 80;

const BASE: Command =
    Command { group: Group::Stack, compat: Compat::Exact, argument: Argument::Optional, ..Command::BASE };

pub(crate) const WHERE: Command = Command {
    name: "where",
    aliases: &["w", "bt"],
    usage: "w(here) [count]",
    summary: "Show the stack, the newest frame last",
    help: "`>` marks the frame that is looked at. A count shows so many of the newest frames, a negative one so many of \
           the oldest, 0 the frame that is looked at. Another name of this command is `bt`.",
    run: where_,
    ..BASE
};

pub(crate) const UP: Command = Command {
    name: "up",
    aliases: &["u"],
    usage: "u(p) [count]",
    summary: "Look at the caller of this frame",
    help: "With a count, at the caller so many frames up; with a negative one, at the oldest frame.",
    run: up,
    ..BASE
};

pub(crate) const DOWN: Command = Command {
    name: "down",
    aliases: &["d"],
    usage: "d(own) [count]",
    summary: "Look at the frame that this one called",
    help: "With a count, at the frame so many calls down; with a negative one, at the newest frame.",
    run: down,
    ..BASE
};

pub(crate) const EXCEPTIONS: Command = Command {
    name: "exceptions",
    usage: "exceptions [number]",
    summary: "Show the chain of exceptions, or look at one of them",
    help: "The exceptions that led to the one that is debugged (`raise … from …`, or raised while another was handled) \
           are numbered, the oldest first. With a number, its stack is looked at.",
    run: exceptions,
    ..BASE
};

fn where_(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let all = dialog.depth()?;
    let count = match argument {
        "" => return show(dialog, 0..all),
        text => integer(text).ok_or_else(|| Failure::text(format!("Invalid count ({text})")))?,
    };
    let wanted = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX).min(all);
    match count {
        0 => {
            let selected = dialog.place()?;
            show(dialog, selected..selected + 1)
        }
        1.. => show(dialog, all - wanted..all),
        _ => show(dialog, 0..wanted),
    }
}

/// Shows some frames, as far as the user wants to see them.
fn show(dialog: &mut Dialog<'_>, numbers: Range<usize>) -> Outcome {
    for number in numbers {
        match dialog.show_entry(number) {
            Err(HostError::Interrupted) => break,
            shown => shown?,
        }
    }
    Ok(Flow::Stay)
}

fn up(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let selected = dialog.place()?;
    if selected == 0 {
        return Err(Failure::text("Oldest frame"));
    }
    let to = frame_count(argument)?.map_or(0, |count| selected.saturating_sub(count));
    select(dialog, to)
}

fn down(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let (newest, selected) = (dialog.depth()?.saturating_sub(1), dialog.place()?);
    if selected >= newest {
        return Err(Failure::text("Newest frame"));
    }
    let to = frame_count(argument)?.map_or(newest, |count| selected.saturating_add(count).min(newest));
    select(dialog, to)
}

/// Returns how many frames to move; None: to the end.
fn frame_count(argument: &str) -> Result<Option<usize>, Failure> {
    let text = if argument.is_empty() { "1" } else { argument };
    let count = integer(text).ok_or_else(|| Failure::text(format!("Invalid frame count ({text})")))?;
    Ok(usize::try_from(count).ok())
}

fn select(dialog: &mut Dialog<'_>, number: usize) -> Outcome {
    dialog.select(number)?;
    dialog.show_entry(number)?;
    Ok(Flow::Stay)
}

fn exceptions(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let chain = dialog.host.exceptions()?;
    if chain.is_empty() {
        dialog.message(format!(
            "Did not find chained exceptions. To move between exceptions, {}/post_mortem must be given an exception \
             object rather than a traceback.",
            dialog.state.name
        ));
    } else if argument.is_empty() {
        for (number, exception) in chain.iter().enumerate() {
            dialog.message(row(number, exception));
        }
    } else {
        let number = integer(argument).ok_or_else(|| Failure::text("Argument must be an integer"))?;
        let number = usize::try_from(number).ok().filter(|&number| number < chain.len());
        let number = number.ok_or_else(|| Failure::text("No exception with that number"))?;
        if !chain[number].has_traceback {
            return Err(Failure::text("This exception does not have a traceback, cannot jump to it"));
        }
        let stack = dialog.host.select_exception(number)?;
        dialog.set_stack(stack);
        let selected = dialog.place()?;
        dialog.show_entry(selected)?;
    }
    Ok(Flow::Stay)
}

fn row(number: usize, exception: &ExceptionInfo) -> String {
    let mark = if exception.selected { ">" } else { " " };
    let number = if exception.has_traceback { number.to_string() } else { "-".to_owned() };
    let mut text = exception.text.clone();
    if text.chars().count() > EXCEPTION_WIDTH {
        text = text.chars().take(EXCEPTION_WIDTH - 3).chain("...".chars()).collect();
    }
    format!("{mark} {number:>3} {text}")
}
