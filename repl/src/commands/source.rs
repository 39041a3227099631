//! The program's text: `list`, `longlist`, `source`, and the view that stays.

use rdb_core::breakpoint::BreakpointInfo;
use rdb_core::host::SourceBlock;
use rdb_core::ids::Line;

use crate::command::{Argument, Command, Compat, Failure, Flow, Group, Repeat};
use crate::complete::Completes;
use crate::console::Sticky;
use crate::dialog::Dialog;
use crate::highlight::{self, LexState};
use crate::parse::{integer, quoted};
use crate::print::{Arrow, Marked, list_line};

type Outcome = Result<Flow, Failure>;

/// How many lines `list` shows before the current one, and, twice as many, behind the first.
const AROUND: Line = 5;

const BASE: Command = Command { group: Group::Source, ..Command::BASE };

pub(crate) const LIST: Command = Command {
    name: "list",
    aliases: &["l"],
    usage: "l(ist) [first[, last] | .]",
    summary: "Show the program's text around the current line",
    help: "Shows 11 lines; without an argument, goes on where the last list ended. `.` begins again at the current \
           line. One number shows the lines around it; two, those from the first to the last, where a last one that is \
           smaller than the first is a count. `->` marks the current line, `>>` the line at which an exception was \
           raised, `B` a breakpoint.",
    argument: Argument::Optional,
    repeat: Repeat::Bare,
    run: list,
    ..BASE
};

pub(crate) const LONGLIST: Command = Command {
    name: "longlist",
    aliases: &["ll"],
    usage: "ll | longlist",
    summary: "Show the whole function or module",
    help: "The lines are marked as `list` does.",
    run: |dialog, _| longlist(dialog),
    ..BASE
};

pub(crate) const SOURCE: Command = Command {
    name: "source",
    usage: "source expression",
    summary: "Show the text of a function, class or module",
    help: "The expression stands for the object, as in `p`.",
    compat: Compat::CLOSURES,
    argument: Argument::Required,
    completes: Completes::Expression,
    run: |dialog, argument| source(dialog, argument),
    ..BASE
};

pub(crate) const STICKY: Command = Command {
    name: "sticky",
    usage: "sticky [on | off]",
    summary: "Show the lines around, the arguments and the locals at each stop",
    help: "Values that changed since the last stop are marked. Without an argument, switches between on and off. Stays \
           as it is until it is changed.",
    compat: Compat::New,
    argument: Argument::Optional,
    run: sticky,
    ..BASE
};

/// A range of lines that `list` was asked for.
struct Range {
    first: Line,
    last: Line,
}

fn list(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let frame = dialog.frame()?;
    let (path, current) = (frame.path.clone(), frame.line.unwrap_or(1));
    let from = |first: Line| Range { first, last: first.saturating_add(2 * AROUND) };
    let around = |line: Line| from(line.saturating_sub(AROUND).max(1));
    let range = match (argument, dialog.listed) {
        ("", Some(listed)) => from(listed + 1),
        ("" | ".", _) => around(current),
        (text, _) => {
            asked(text, around).ok_or_else(|| Failure::text(format!("Error in argument: {}", quoted(text))))?
        }
    };
    let text = dialog.host.source(path.clone(), Some(dialog.frame_no()))?;
    let end = Line::try_from(text.lines.len()).unwrap_or(Line::MAX);
    let shown = range.first.saturating_sub(1).min(end) as usize..range.last.min(end) as usize;
    let lines = text.lines.get(shown).unwrap_or_default().to_vec();
    dialog.show_lines(&SourceBlock { path, first_line: range.first, lines });
    dialog.listed = Some(range.last.min(end));
    if end < range.last {
        dialog.message("[EOF]");
    }
    dialog.warn_of_edit();
    Ok(Flow::Stay)
}

/// Returns the lines that `first[, last]` asks for.
fn asked(text: &str, around: impl Fn(Line) -> Range) -> Option<Range> {
    let line = |text: &str| integer(text).map(|line| Line::try_from(line.max(1)).unwrap_or(Line::MAX));
    let Some((first, last)) = text.split_once(',') else { return line(text).map(around) };
    let (first, last) = (line(first)?, line(last)?);
    Some(Range { first, last: if last < first { first.saturating_add(last) } else { last } })
}

fn longlist(dialog: &mut Dialog<'_>) -> Outcome {
    let block = dialog.host.frame_source(dialog.frame_no())?;
    dialog.show_lines(&block);
    dialog.warn_of_edit();
    Ok(Flow::Stay)
}

fn source(dialog: &mut Dialog<'_>, expression: &str) -> Outcome {
    let block = dialog.host.object_source(dialog.frame_no(), expression.to_owned())?;
    dialog.show_block(&block, |_| (Marked::Plain, Arrow::None));
    Ok(Flow::Stay)
}

fn sticky(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    dialog.state.sticky = match (argument, dialog.state.sticky) {
        ("on", _) | ("", Sticky::Off) => Sticky::On,
        ("off", _) | ("", Sticky::On) => Sticky::Off,
        _ => return Err(Failure::Invalid(argument.to_owned())),
    };
    match dialog.state.sticky {
        Sticky::On => dialog.show_view()?,
        Sticky::Off => dialog.message("The context view is off."),
    }
    Ok(Flow::Stay)
}

impl Dialog<'_> {
    /// Shows lines of the current file, with the current one and the breakpoints marked.
    fn show_lines(&mut self, block: &SourceBlock) {
        let (current, raising) = match self.frame() {
            Ok(frame) if frame.path == block.path => (frame.line, frame.raising_line),
            _ => (None, None),
        };
        let breakpoints = self.breakpoint_lines(&block.path);
        self.show_block(block, |line| {
            let marked = if breakpoints.contains(&line) { Marked::Breakpoint } else { Marked::Plain };
            (marked, arrow(line, current, raising))
        });
    }

    /// Returns the lines of a file that have breakpoints.
    pub(crate) fn breakpoint_lines(&mut self, path: &str) -> Vec<Line> {
        let on_file = |breakpoint: &BreakpointInfo| {
            let target = &breakpoint.spec.target;
            (&**target.path() == path).then(|| target.line())
        };
        self.host.breakpoints().map(|all| all.iter().filter_map(on_file).collect()).unwrap_or_default()
    }

    fn show_block(&self, block: &SourceBlock, marks: impl Fn(Line) -> (Marked, Arrow)) {
        let style = self.style();
        let mut state = LexState::default();
        for (text, number) in block.lines.iter().zip(block.first_line..) {
            let (marked, arrow) = marks(number);
            self.message(list_line(number, marked, arrow, &highlight::source_line(text, &mut state, style)));
        }
    }
}

/// Returns the arrow in front of a line, as pdb sets it: the current line wins.
fn arrow(line: Line, current: Option<Line>, raising: Option<Line>) -> Arrow {
    if current == Some(line) {
        Arrow::Current
    } else if raising == Some(line) {
        Arrow::Raising
    } else {
        Arrow::None
    }
}
