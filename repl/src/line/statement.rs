//! Statements of several lines, as they are typed line by line: how far the next line is indented.

use crate::highlight::{LexState, spans};

/// How far a block is indented.
pub(super) const INDENT: usize = 4;

/// Returns the blanks that the line after `text` is to begin with: as the last line, deeper behind a `:`; inside a string
/// or after a blank line none. Never less deep (behind `return`, say), so that the same keys do the same as in pdb.
pub(super) fn next_indent(text: &str) -> String {
    let mut state = LexState::default();
    let mut code = "";
    for line in text.split('\n') {
        let comment = spans(line, &mut state).last().map_or(line.len(), |span| comment_start(line, &span.range));
        code = line[..comment].trim_end();
    }
    if state.in_string() {
        return String::new();
    }
    let last = text.rsplit('\n').next().unwrap_or(text);
    let depth = last.len() - last.trim_start_matches(' ').len();
    let deeper = state.at_statement() && code.ends_with(':');
    match deeper {
        _ if last.trim().is_empty() => String::new(),
        true => " ".repeat(depth + INDENT),
        false => " ".repeat(depth),
    }
}

/// Returns the start of the last coloured piece of a line if that is a comment, else the line's end.
fn comment_start(line: &str, last: &std::ops::Range<usize>) -> usize {
    if last.end == line.len() && line[last.clone()].starts_with('#') { last.start } else { line.len() }
}

/// Returns the blanks that TAB inserts where only blanks stand before the cursor: up to the next multiple of four.
/// None: something else stands there, so that TAB completes.
pub(super) fn tab_indent(before_cursor: &str) -> Option<String> {
    let line = before_cursor.rsplit('\n').next().unwrap_or(before_cursor);
    let only_blanks = line.chars().all(|c| c == ' ');
    only_blanks.then(|| " ".repeat(INDENT - line.len() % INDENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indents() {
        let check = |text, expected| assert_eq!(next_indent(text).len(), expected, "{text:?}");
        check("def f():", 4);
        check("def f():  # comment", 4);
        check("def f():\n    if x:", 8);
        check("def f():\n    x = 1", 4);
        check("def f():\n    '#:'", 4);
        check("def f():\n    return 1", 4);
        check("def f():\n    x\n", 0);
        check("def f():\n    ", 0);
        check("f(a,", 0);
        check("x = {1:", 0);
        check("f(a,\n  b):", 6);
        check("    f(a,", 4);
        check("x = '''", 0);
        check("def f():\n    '''text:", 0);
        check("if x: # '''", 4);
        check("class é:", 4);
        check("", 0);
    }

    #[test]
    fn tabs() {
        let check =
            |typed, expected: Option<usize>| assert_eq!(tab_indent(typed).map(|t| t.len()), expected, "{typed:?}");
        check("", Some(4));
        check("   ", Some(1));
        check("    ", Some(4));
        check("x", None);
        check("  x ", None);
        check("if x:\n  ", Some(2));
        check("if x:\n  y", None);
    }
}
