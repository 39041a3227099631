//! The debugger itself: help and aliases.

use crate::command::{Argument, COMMANDS, Command, Compat, Failure, Flow, Group, find};
use crate::complete::Completes;
use crate::dialog::Dialog;
use crate::manual;
use crate::parse::{places_are_consecutive, quoted};
use crate::print;

type Outcome = Result<Flow, Failure>;

const BASE: Command = Command { group: Group::Session, argument: Argument::Optional, ..Command::BASE };

/// How wide help is where there is no screen.
const WIDTH: usize = 80;

pub(crate) const HELP: Command = Command {
    name: "help",
    aliases: &["h"],
    usage: "h(elp) [command]",
    summary: "List the commands, or explain one",
    help: "`help exec` explains how statements are run, `help rdb` shows the whole manual. `?` is short for `help`.",
    compat: Compat::Extended("Lists the commands by what they are about in `rdb`, and `help rdb` shows the manual"),
    completes: Completes::Command,
    run: help,
    ..BASE
};

pub(crate) const ALIAS: Command = Command {
    name: "alias",
    usage: "alias [name [command]]",
    summary: "Give a name to a command line, or list the names",
    help: "In the line, `%1` to `%9` stand for what follows the name, `%*` for all of it. Aliases may use others and may \
           hide commands. A line behind `;;` belongs to the alias. In a start-up file (`.rdbrc`, `.pdbrc`) aliases are \
           there in every session, for example \
           `alias pi for k, v in %1.__dict__.items(): print(f'%1.{k} = {v!r}')`.",
    completes: Completes::Alias,
    run: alias,
    ..BASE
};

pub(crate) const UNALIAS: Command = Command {
    name: "unalias",
    usage: "unalias name",
    summary: "Forget an alias",
    help: "A command that it hid can be seen again.",
    argument: Argument::Required,
    completes: Completes::Alias,
    run: unalias,
    ..BASE
};

fn help(dialog: &mut Dialog<'_>, topic: &str) -> Outcome {
    match topic {
        "" => list(dialog),
        "exec" | "!" => explain(dialog, manual::EXEC_USAGE, manual::EXEC),
        "pdb" | "rdb" => dialog.message(manual::plain(dialog.state.dialect).trim_end()),
        name => match find(name) {
            Some(command) => explain(dialog, command.usage, &format!("{}. {}", command.summary, command.help)),
            None => return Err(Failure::text(format!("No help for {}", quoted(name)))),
        },
    }
    Ok(Flow::Stay)
}

fn list(dialog: &mut Dialog<'_>) {
    let width = dialog.size().map_or(WIDTH, |(columns, _)| usize::from(columns));
    let mut text = String::from("\n");
    text.push_str(&heading("Documented commands (type help <topic>):"));
    for &group in Group::ALL {
        let names: Vec<&str> =
            COMMANDS.iter().filter(|command| command.group == group).flat_map(Command::names).collect();
        text.push_str(&format!("{}\n", group.title()));
        for line in print::columns(&names, width.saturating_sub(3)).lines() {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text.push('\n');
    text.push_str(&print::topics("Miscellaneous help topics:", &["exec", "rdb"], width));
    dialog.message(text.trim_end_matches('\n'));
    dialog.message("");
}

fn heading(text: &str) -> String {
    format!("{text}\n{}\n", "=".repeat(text.len()))
}

fn explain(dialog: &Dialog<'_>, usage: &str, text: &str) {
    let indent = dialog.indent();
    let width = dialog.size().map_or(WIDTH, |(columns, _)| usize::from(columns)).min(WIDTH);
    dialog.message(format!("{indent}Usage: {usage}\n{indent}"));
    for line in manual::wrap(text, width.saturating_sub(indent.len() + 1)) {
        dialog.message(format!("{indent}{line}"));
    }
}

fn alias(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let aliases = &dialog.state.aliases;
    match words[..] {
        [] => {
            let mut names: Vec<_> = aliases.iter().collect();
            names.sort();
            for (name, line) in names {
                dialog.message(format!("{name} = {line}"));
            }
        }
        [name] => match aliases.get(name) {
            Some(line) => dialog.message(format!("{name} = {line}")),
            None => return Err(Failure::text(format!("Unknown alias '{name}'"))),
        },
        [name, ref line @ ..] => {
            let line = line.join(" ");
            if !places_are_consecutive(&line) {
                return Err(Failure::text("Replaceable parameters must be consecutive"));
            }
            dialog.state.aliases.insert(name.to_owned(), line);
        }
    }
    Ok(Flow::Stay)
}

fn unalias(dialog: &mut Dialog<'_>, argument: &str) -> Outcome {
    let name = argument.split_whitespace().next().unwrap_or_default();
    dialog.state.aliases.shift_remove(name);
    Ok(Flow::Stay)
}
