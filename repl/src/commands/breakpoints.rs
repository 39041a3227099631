//! Breakpoints: set, listed, changed, removed, and their command lists.

use std::sync::Arc;

use rdb_core::breakpoint::{BreakpointChange, BreakpointInfo, BreakpointSpec, Lifetime};
use rdb_core::host::{HostError, Located, ThreadInfo};
use rdb_core::ids::{BreakpointId, Line};
use rdb_core::location::Location;

use crate::command::{Argument, Command, Compat, Failure, Flow, Group, PdbForm, Repeat};
use crate::complete::Completes;
use crate::dialog::{Dialog, resumes};
use crate::parse::{self, Parsed, integer};
use crate::terminal::{AskKind, Input};

type Outcome = Result<Flow, Failure>;

const BASE: Command = Command { group: Group::Breakpoints, completes: Completes::BreakpointNumber, ..Command::BASE };

pub(crate) const BREAK: Command = Command {
    name: "break",
    aliases: &["b"],
    usage: "b(reak) [ ([filename:]lineno | [filename:]function) [thread N] [, condition] ]",
    pdb: Some(PdbForm {
        usage: "b(reak) [ ([filename:]lineno | function) [, condition] ]",
        argument: Argument::Optional,
    }),
    summary: "Set a breakpoint, or list them all",
    help: "A line number is one of the current file; a function is a name that the frame knows (`func`, `obj.method`), \
           a dotted name (`pkg.module.func`, `module.Class.method`), or a name behind a file. A file or module is \
           searched for on `sys.path` and need not be imported yet. With a condition, the program stops only where it is \
           true; with `thread N`, only in that thread. A line without code is moved on to the next one that has some.",
    compat: Compat::Extended(
        "Finds methods of classes in modules that are not imported yet; in `rdb` also `file:function`, a breakpoint for one \
         thread (`thread N`), and the next line with code if there is none in the line",
    ),
    argument: Argument::Optional,
    completes: Completes::Location,
    run: |dialog, argument| {
        if argument.is_empty() { list(dialog) } else { add(dialog, argument, Lifetime::Permanent) }
    },
    ..BASE
};

pub(crate) const TBREAK: Command = Command {
    name: "tbreak",
    aliases: &[],
    usage: "tbreak [ ([filename:]lineno | [filename:]function) [thread N] [, condition] ]",
    pdb: Some(PdbForm {
        usage: "tbreak [ ([filename:]lineno | function) [, condition] ]",
        argument: Argument::Optional,
    }),
    summary: "Set a breakpoint that is gone after its first stop",
    help: "Takes the same as `break`.",
    run: |dialog, argument| {
        if argument.is_empty() { list(dialog) } else { add(dialog, argument, Lifetime::Temporary) }
    },
    ..BREAK
};

pub(crate) const CLEAR: Command = Command {
    name: "clear",
    aliases: &["cl"],
    usage: "cl(ear) [filename:lineno | bpnumber ...]",
    summary: "Remove breakpoints",
    help: "Those with these numbers, those on a line of a file, or, after asking, all.",
    argument: Argument::Optional,
    run: clear,
    ..BASE
};

pub(crate) const DISABLE: Command = Command {
    name: "disable",
    usage: "disable bpnumber [bpnumber ...]",
    summary: "Keep breakpoints, but do not stop at them",
    help: "The breakpoints stay in the list and can be switched on again with `enable`.",
    argument: Argument::Required,
    run: |dialog, argument| change_each(dialog, argument, &BreakpointChange::Disable, "Disabled"),
    ..BASE
};

pub(crate) const ENABLE: Command = Command {
    name: "enable",
    usage: "enable bpnumber [bpnumber ...]",
    summary: "Stop at breakpoints again",
    help: "The numbers are separated by blanks.",
    argument: Argument::Required,
    run: |dialog, argument| change_each(dialog, argument, &BreakpointChange::Enable, "Enabled"),
    ..BASE
};

pub(crate) const IGNORE: Command = Command {
    name: "ignore",
    usage: "ignore bpnumber [count]",
    summary: "Pass a breakpoint so many times before it stops again",
    help: "Only crossings at which the condition is true are counted. Without a count the breakpoint stops at once.",
    argument: Argument::Required,
    run: ignore,
    ..BASE
};

pub(crate) const CONDITION: Command = Command {
    name: "condition",
    usage: "condition bpnumber [condition]",
    summary: "Change when a breakpoint stops",
    help: "The condition is an expression in the frame; without one, the breakpoint always stops.",
    compat: Compat::CLOSURES,
    argument: Argument::Required,
    run: condition,
    ..BASE
};

pub(crate) const COMMANDS: Command = Command {
    name: "commands",
    usage: "commands [bpnumber]",
    pdb: Some(PdbForm {
        usage: "(Pdb) commands [bpnumber]\n(com) ...\n(com) end\n(Pdb)",
        argument: Argument::Optional,
    }),
    summary: "Say what is to be done when a breakpoint stops",
    help: "The commands follow line by line, up to `end` or a command that makes the program go on. `silent` among them \
           keeps the place of the stop from being shown. A list of nothing removes the old one. Without a number, the \
           newest breakpoint is meant.",
    argument: Argument::Optional,
    repeat: Repeat::Never,
    run: commands,
    ..BASE
};

impl Dialog<'_> {
    /// Finds out what a place that the user wrote means, and says so if it was moved.
    pub(crate) fn locate(&mut self, text: &str) -> Result<Located, Failure> {
        self.locate_parsed(text.parse()?)
    }

    fn locate_parsed(&mut self, location: Location) -> Result<Located, Failure> {
        let frame = self.frame_no();
        let located = match self.host.locate(Some(frame), location) {
            // pdb says this one without stars.
            Err(HostError::User(text)) if text == "End of file" => {
                self.message(text);
                return Err(Failure::Told);
            }
            located => located?,
        };
        if let Some(from) = located.moved_from {
            self.message(format!("Line {from} has no code, moved to line {}.", located.target.line()));
        }
        Ok(located)
    }

    /// Returns the breakpoint with the number that the user wrote.
    fn breakpoint(&mut self, number: &str) -> Result<BreakpointInfo, Failure> {
        if number.is_empty() {
            return Err(Failure::text("Breakpoint number expected"));
        }
        let wanted = integer(number).ok_or_else(|| Failure::text(format!("Non-numeric breakpoint number {number}")))?;
        let last = self.host.last_breakpoint()?;
        let Some(id) = u32::try_from(wanted).ok().filter(|&id| id <= last) else {
            return Err(Failure::text(format!("Breakpoint number {wanted} out of range")));
        };
        let found = self.host.breakpoints()?.into_iter().find(|breakpoint| breakpoint.id == BreakpointId(id));
        found.ok_or_else(|| Failure::text(format!("Breakpoint {id} already deleted")))
    }

    fn check_condition(&mut self, condition: &str) -> Result<(), Failure> {
        let result = self.host.check_expression(condition.to_owned());
        result.map_err(|error| Failure::text(format!("Invalid condition {condition}: {error}")))
    }
}

/// Returns a breakpoint as it is named in messages.
pub(crate) fn named(breakpoint: &BreakpointInfo) -> String {
    let target = &breakpoint.spec.target;
    format!("breakpoint {} at {}:{}", breakpoint.id, target.path(), target.line())
}

fn list(dialog: &mut Dialog<'_>) -> Outcome {
    let breakpoints = dialog.host.breakpoints()?;
    if !breakpoints.is_empty() {
        dialog.message("Num Type         Disp Enb   Where");
    }
    let threads = dialog.host.threads().unwrap_or_default();
    for breakpoint in &breakpoints {
        dialog.message(row(breakpoint, &threads));
    }
    Ok(Flow::Stay)
}

fn row(breakpoint: &BreakpointInfo, threads: &[ThreadInfo]) -> String {
    let BreakpointInfo { id, spec, enabled, ignore, hits, .. } = breakpoint;
    let life = if spec.lifetime == Lifetime::Temporary { "del " } else { "keep" };
    let on = if *enabled { "yes" } else { "no " };
    let mut text = format!("{:<4}breakpoint   {life} {on}   at {}:{}", id.0, spec.target.path(), spec.target.line());
    if let Some(condition) = &spec.condition {
        text.push_str(&format!("\n\tstop only if {condition}"));
    }
    if let Some(id) = spec.thread {
        let number = threads.iter().position(|thread| thread.id == id);
        let thread = number.map_or_else(|| format!("{id}, which has ended"), |number| (number + 1).to_string());
        text.push_str(&format!("\n\tstop only in thread {thread}"));
    }
    if *ignore > 0 {
        text.push_str(&format!("\n\tignore next {ignore} hits"));
    }
    if *hits > 0 {
        text.push_str(&format!("\n\tbreakpoint already hit {hits} time{}", if *hits > 1 { "s" } else { "" }));
    }
    text
}

fn add(dialog: &mut Dialog<'_>, argument: &str, lifetime: Lifetime) -> Outcome {
    let place = parse::place(argument)?;
    if let Some(condition) = place.condition {
        dialog.check_condition(condition)?;
    }
    let thread = place.thread.map(|thread| dialog.thread(thread).map(|info| info.id)).transpose()?;
    let located = dialog.locate_parsed(place.location)?;
    let spec = BreakpointSpec {
        lifetime,
        condition: place.condition.map(Arc::from),
        thread,
        ..BreakpointSpec::new(located.target)
    };
    let breakpoint = dialog.host.add_breakpoint(spec)?;
    let target = &breakpoint.spec.target;
    dialog.message(format!("Breakpoint {} at {}:{}", breakpoint.id, target.path(), target.line()));
    if dialog.state.dialect.is_pdb() {
        return Ok(Flow::Stay);
    }
    let is_pending =
        breakpoint.sites.is_empty() && !dialog.stack()?.frames.iter().any(|frame| frame.path == **target.path());
    if is_pending {
        dialog.message(format!("(pending: {} is not imported yet)", target.path()));
    }
    Ok(Flow::Stay)
}

fn clear(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let doomed = if argument.is_empty() {
        match dialog.confirm("Clear all breaks? ")?.as_deref() {
            Some("y" | "yes") => dialog.host.breakpoints()?,
            _ => Vec::new(),
        }
    } else if let Some((file, line)) = argument.rsplit_once(':') {
        on_line(dialog, file, line)?
    } else {
        numbered(dialog, argument)
    };
    for breakpoint in doomed {
        dialog.host.remove_breakpoint(breakpoint.id)?;
        dialog.message(format!("Deleted {}", named(&breakpoint)));
    }
    Ok(Flow::Stay)
}

fn on_line(dialog: &mut Dialog<'_>, file: &str, line: &str) -> Result<Vec<BreakpointInfo>, Failure> {
    let line: Line = line.trim().parse().map_err(|_| Failure::text(format!("Invalid line number ({line})")))?;
    let mut found = dialog.host.breakpoints()?;
    found.retain(|breakpoint| is_file(breakpoint.spec.target.path(), file.trim()));
    if found.is_empty() {
        return Err(Failure::text(format!("There are no breakpoints in {file}")));
    }
    found.retain(|breakpoint| breakpoint.spec.target.line() == line);
    if found.is_empty() {
        return Err(Failure::text(format!("There is no breakpoint at {file}:{line}")));
    }
    Ok(found)
}

/// Returns whether a canonical path can be meant by what the user wrote: it, its end, or a module's name.
fn is_file(path: &str, written: &str) -> bool {
    let ends = |end: &str| path.strip_suffix(end).is_some_and(|start| start.is_empty() || start.ends_with(['/', '\\']));
    ends(written.trim_start_matches("./")) || ends(&format!("{}.py", written.replace('.', "/")))
}

/// Returns the breakpoints with these numbers, and says which numbers are none.
fn numbered(dialog: &mut Dialog<'_>, numbers: &str) -> Vec<BreakpointInfo> {
    let mut found = Vec::new();
    for number in numbers.split_whitespace() {
        match dialog.breakpoint(number) {
            Ok(breakpoint) => found.push(breakpoint),
            Err(error) => dialog.error(error.to_string()),
        }
    }
    found
}

fn change_each(dialog: &mut Dialog<'_>, numbers: &str, change: &BreakpointChange, done: &str) -> Outcome {
    for breakpoint in numbered(dialog, numbers) {
        dialog.host.change_breakpoint(breakpoint.id, change.clone())?;
        dialog.message(format!("{done} {}", named(&breakpoint)));
    }
    Ok(Flow::Stay)
}

fn condition(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let (number, condition) = match argument.split_once(' ') {
        Some((number, condition)) => (number, Some(condition.trim())),
        None => (argument, None),
    };
    if let Some(condition) = condition {
        dialog.check_condition(condition)?;
    }
    let id = dialog.breakpoint(number)?.id;
    dialog.host.change_breakpoint(id, BreakpointChange::Condition(condition.map(Arc::from)))?;
    match condition {
        Some(_) => dialog.message(format!("New condition set for breakpoint {id}.")),
        None => dialog.message(format!("Breakpoint {id} is now unconditional.")),
    }
    Ok(Flow::Stay)
}

fn ignore(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let count = match words[..] {
        [_] => Some(0),
        [_, count] => integer(count),
        _ => None,
    };
    let count = count.ok_or_else(|| Failure::Invalid(argument.to_owned()))?;
    let count = u32::try_from(count.max(0)).unwrap_or(u32::MAX);
    let id = dialog.breakpoint(words[0])?.id;
    dialog.host.change_breakpoint(id, BreakpointChange::Ignore(count))?;
    match count {
        0 => dialog.message(format!("Will stop next time breakpoint {id} is reached.")),
        1 => dialog.message(format!("Will ignore next 1 crossing of breakpoint {id}.")),
        _ => dialog.message(format!("Will ignore next {count} crossings of breakpoint {id}.")),
    }
    Ok(Flow::Stay)
}

fn commands(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let id = if argument.is_empty() {
        let newest = dialog.host.breakpoints()?.pop();
        newest.ok_or_else(|| Failure::text("cannot set commands: no existing breakpoint"))?.id
    } else if integer(argument).is_none() && dialog.state.dialect.is_before(13) {
        return Err(Failure::text("Usage: commands [bnum]\n        ...\n        end"));
    } else if integer(argument).is_none() {
        return Err(Failure::Invalid(argument.to_owned()));
    } else {
        dialog.breakpoint(argument).map_err(|error| Failure::text(format!("cannot set commands: {error}")))?.id
    };
    let list = read_list(dialog)?;
    dialog.host.change_breakpoint(id, BreakpointChange::Commands(list))?;
    Ok(Flow::Stay)
}

/// Reads a breakpoint's command list, up to its end.
pub(crate) fn read_list(dialog: &mut Dialog<'_>) -> Result<Vec<String>, Failure> {
    let mut list = Vec::new();
    loop {
        let line = match dialog.next_line("(com) ", AskKind::CommandList) {
            Input::Text(line) => line,
            Input::Interrupted => {
                return Err(Failure::text("command definition aborted, old commands restored"));
            }
            Input::End => {
                dialog.message("");
                return Ok(list);
            }
        };
        for part in line.split(";;").map(str::trim).filter(|part| !part.is_empty()) {
            match parse::parse(part) {
                Parsed::Word { word: "end", .. } => return Ok(list),
                Parsed::Word { word: "EOF", .. } => {
                    dialog.message("");
                    return Ok(list);
                }
                _ => list.push(part.to_owned()),
            }
            if resumes(part) {
                return Ok(list);
            }
        }
    }
}
