//! The manual of the commands, made from the table: as Markdown for the documentation, as plain text for `help`.

use crate::command::{COMMANDS, Command, Compat, Group};
use crate::console::Dialect;

/// How statements are typed.
pub(crate) const EXEC_USAGE: &str = "[!] statement";

/// What there is to know about statements.
pub(crate) const EXEC: &str = "What is no command is run as a statement in the frame that is looked at, and its value is shown unless it is None. \
     Where it begins like a command, put `!` in front: `! n = 42`. Variables that it assigns to are changed in the frame; \
     to assign to a global variable in a function, say so first: `global total; total = 0`. A statement that is not \
     finished goes on in further lines, up to an empty one. `$name` is a variable of the debugger: \
     `$n = 42` makes one. Set by rdb: `$_frame`, the frame that is looked at; `$_retval`, the value that was returned; \
     `$_exception`, the exception that the program stopped on.";

/// How lines are read.
const LINES: &str = "An empty line repeats the last command. Several commands on a line are separated by `;;`, wherever that stands. The \
     end of the input (Ctrl-D) quits; Ctrl-C at the prompt drops the line.";

/// Returns what there is to know about a command, broken into lines.
pub fn about(command: &Command, dialect: Dialect) -> String {
    let text = format!("{}. {}", command.summary, command.help);
    let lines: Vec<String> = wrap(&text, 72).collect();
    format!("{}\n\n{}\n", command.usage_in(dialect), lines.join("\n"))
}

/// Returns the page of the documentation.
pub fn markdown() -> String {
    let mut page = String::from("# Commands\n\n");
    page.push_str("<!-- Generated from the table of commands; `nox -s commands` writes it anew. -->\n\n");
    page.push_str(LINES);
    page.push_str("\n\nParts of a name in parentheses can be left out: `s(tep)` is typed as `step` or `s`.\n");
    page.push_str(&format!("\n## Statements\n\n```text\n{EXEC_USAGE}\n```\n\n{EXEC}\n"));
    for &group in Group::ALL {
        page.push_str(&format!("\n## {}\n", group.title()));
        for command in of(group) {
            page.push_str(&section(command));
        }
    }
    page
}

fn section(command: &Command) -> String {
    let Command { name, usage, summary, help, .. } = command;
    format!("\n### `{name}`\n\n```text\n{usage}\n```\n\n{summary}. {help}\n{}", note(command.compat))
}

fn note(compat: Compat) -> String {
    match compat {
        Compat::Exact => String::new(),
        Compat::Extended(more) => format!("\nMore than pdb's command of this name. {more}.\n"),
        Compat::New => String::from("\nNot in pdb.\n"),
    }
}

/// Returns the table of the documentation that compares the commands with pdb's.
pub fn comparison() -> String {
    let mut table = String::from("| command | compared with pdb | what it can do more |\n|---|---|---|\n");
    for command in COMMANDS {
        let (kind, more) = match command.compat {
            Compat::Exact => ("exact", ""),
            Compat::Extended(more) => ("extended", more),
            Compat::New => ("new", command.summary),
        };
        let names: Vec<String> = command.names().map(|name| format!("`{name}`")).collect();
        let more = if more.is_empty() { String::new() } else { format!("{more}.") };
        table.push_str(&format!("| {} | {kind} | {more} |\n", names.join(" ")));
    }
    table
}

/// Returns the manual as plain text, with the commands that there are and as they are written there.
pub fn plain(dialect: Dialect) -> String {
    let mut text = paragraph(LINES, 0);
    text.push_str(&format!("\n{EXEC_USAGE}\n{}", paragraph(EXEC, 4)));
    for &group in Group::ALL {
        let commands: Vec<_> = of(group).filter(|command| !dialect.is_pdb() || command.compat != Compat::New).collect();
        if commands.is_empty() {
            continue;
        }
        text.push_str(&format!("\n{}\n{}\n", group.title(), "=".repeat(group.title().len())));
        for command in commands {
            let about = format!("{}. {}", command.summary, command.help);
            text.push_str(&format!("\n{}\n{}", command.usage_in(dialect), paragraph(&about, 4)));
        }
    }
    text
}

fn of(group: Group) -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().filter(move |command| command.group == group)
}

fn paragraph(text: &str, indent: usize) -> String {
    wrap(text, 80 - indent).map(|line| format!("{}{line}\n", " ".repeat(indent))).collect()
}

/// Breaks text into lines of at most so many columns, as far as its words allow.
pub(crate) fn wrap(text: &str, columns: usize) -> impl Iterator<Item = String> {
    let mut words = text.split(' ').peekable();
    std::iter::from_fn(move || {
        let mut line = words.next()?.to_owned();
        while let Some(word) = words.next_if(|word| line.chars().count() + 1 + word.chars().count() <= columns) {
            line.push(' ');
            line.push_str(word);
        }
        Some(line)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_the_manual() {
        let (page, text) = (markdown(), plain(Dialect::Rdb));
        for command in COMMANDS {
            assert!(page.contains(&format!("### `{}`", command.name)), "{}", command.name);
            assert!(text.contains(command.usage), "{}", command.name);
        }
    }

    #[test]
    fn the_manual_of_pdb_has_the_commands_of_pdb() {
        let text = plain(Dialect::Pdb { minor: 15 });
        for command in COMMANDS {
            let there = text.contains(&format!("\n{}\n", command.usage_in(Dialect::Pdb { minor: 15 })));
            assert_eq!(there, command.compat != Compat::New, "{}", command.name);
        }
        assert!(!text.contains("Threads\n==="), "{text}");
    }

    #[test]
    fn every_command_is_compared() {
        let table = comparison();
        for command in COMMANDS {
            assert!(table.contains(&format!("| `{}`", command.name)), "{}", command.name);
        }
        assert!(table.contains("| `step` `s` | extended | Takes a count in `rdb`. |"));
        assert!(table.contains("| `clear` `cl` | exact |  |"));
    }

    #[test]
    fn text_is_broken_between_words() {
        let wrapped: Vec<String> = wrap("a bc def ghijklm n", 5).collect();
        assert_eq!(wrapped, ["a bc", "def", "ghijklm", "n"]);
    }
}
