//! What the console lends a terminal while a line is edited.

use rdb_core::frontend::Frontend;
use rdb_core::host::Completeness;
use rdb_core::stop::StopReason;
use rdb_core::testing::FakeHost;
use rdb_repl::console::{Console, ConsoleOptions};
use rdb_repl::terminal::{Ask, AskKind, Assist, Input, Terminal};

use crate::check::PROGRAM;
use crate::data::variable;

/// What is done with the help for each line, before it is given to the console.
type Look = fn(&mut dyn Assist);

/// A terminal that looks at the help that it is lent.
struct Looking {
    lines: Vec<(&'static str, AskKind, Look)>,
}

impl Terminal for Looking {
    fn read(&mut self, ask: &Ask<'_>, assist: &mut dyn Assist) -> Input {
        let (line, kind, look) = self.lines.remove(0);
        assert_eq!(ask.kind, kind);
        look(assist);
        Input::Text(line.to_owned())
    }

    fn write(&mut self, _text: &str) {}

    fn size(&self) -> Option<(u16, u16)> {
        None
    }

    fn colours(&self) -> bool {
        true
    }
}

/// Runs a stop with these lines.
fn edit(lines: Vec<(&'static str, AskKind, Look)>) -> FakeHost {
    let mut host = FakeHost::new();
    host.add_source("/srv/shop.py", PROGRAM);
    host.push_frame("/srv/shop.py", "area", 3, 5);
    host.locals = vec![variable("width", Some("4"))];
    host.set_completeness("if x:\n", Completeness::Incomplete);
    host.set_completeness("if x:\n  y", Completeness::Incomplete);
    let stop = host.stop(StopReason::Entry);
    let mut console = Console::new(Box::new(Looking { lines }), ConsoleOptions::default());
    console.stopped(&stop, &mut host);
    host
}

#[test]
fn commands_and_aliases_are_whole() {
    edit(vec![
        ("alias mine p (%1", AskKind::Command, |assist| {
            for whole in ["", "p (", "b 12, (", "l", "x = 1", "p 1 ;; (", "?p"] {
                assert!(assist.is_whole(whole), "{whole:?}");
            }
            for part in ["x = (", "if x:", "if x:\n  y", "!x = (", "mine"] {
                assert_eq!(assist.is_whole(part), part == "mine", "{part:?}");
            }
        }),
        ("c", AskKind::Command, |assist| assert!(assist.is_whole("mine x"))),
    ]);
}

#[test]
fn words_are_completed() {
    edit(vec![
        ("alias continually c", AskKind::Command, |assist| {
            assert_eq!(assist.complete("cont", 4).words, ["cont", "continue"]);
            assert_eq!(assist.complete("p wi", 4).words, ["width"]);
        }),
        ("b /srv/shop.py:5", AskKind::Command, |assist| {
            assert_eq!(assist.complete("cont", 4).words, ["cont", "continually", "continue"]);
        }),
        ("interact", AskKind::Command, |assist| {
            assert_eq!(assist.complete("disable ", 8).words, ["1"]);
        }),
        ("exit()", AskKind::Interact, |assist| {
            assert_eq!(assist.complete("wi", 2).words, ["width"]);
            assert!(!assist.is_whole("if x:"));
        }),
        ("clear", AskKind::Command, |_| {}),
        ("n", AskKind::Confirm, |assist| {
            assert!(assist.complete("wi", 2).words.is_empty());
            assert_eq!(assist.highlight("if"), "if");
        }),
        ("c", AskKind::Command, |_| {}),
    ]);
}

#[test]
fn commands_are_coloured() {
    edit(vec![("c", AskKind::Command, |assist| {
        assert_ne!(assist.highlight("where"), "where");
        assert_eq!(assist.highlight("wherever"), "wherever");
    })]);
}

#[test]
fn several_lines_at_once_are_commands_or_a_statement() {
    let host = edit(vec![
        ("aa = (\n1)", AskKind::Command, |_| {}),
        ("until x\nx = 1\n\nif x:\n  y\n\nx = 2", AskKind::Command, |_| {}),
        ("c", AskKind::Command, |_| {}),
    ]);
    assert_eq!(
        host.log(),
        ["execute 0: aa = (\n1)", "execute 0: x = 1", "execute 0: if x:\n  y\n", "execute 0: x = 2"]
    );
}
