//! What commands print with: widths, truncation, columns, and the line formats that pdb's users parse.
//! Pure functions; escape sequences count no column.

mod view;

use std::borrow::Cow;

use rdb_core::host::FrameInfo;
use rdb_core::ids::Line;
use unicode_width::UnicodeWidthChar;

use crate::highlight::{self, LexState, RESET, Style};

pub use view::{Place, Variables, View, view};

/// A piece of text: an escape sequence, or one character.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Escape(&'a str),
    Char(char),
}

/// Splits text into escape sequences (CSI ones, such as colours) and characters.
fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let length = escape_length(rest).unwrap_or(first.len_utf8());
        let (piece, more) = rest.split_at(length);
        rest = more;
        Some(if length > first.len_utf8() { Piece::Escape(piece) } else { Piece::Char(first) })
    })
}

/// Returns the length of the CSI sequence that `text` begins with.
fn escape_length(text: &str) -> Option<usize> {
    let body = text.strip_prefix("\x1b[")?;
    let end = body.find(|c: char| !('\x20'..='\x3f').contains(&c))?;
    body[end..].starts_with(|c: char| ('\x40'..='\x7e').contains(&c)).then_some(end + 3)
}

/// Returns `text` without escape sequences.
pub fn strip(text: &str) -> String {
    let plain = |piece| match piece {
        Piece::Escape(_) => None,
        Piece::Char(c) => Some(c),
    };
    pieces(text).filter_map(plain).collect()
}

/// Returns how many columns `text` takes on a screen.
pub fn width(text: &str) -> usize {
    pieces(text).map(piece_width).sum()
}

fn piece_width(piece: Piece<'_>) -> usize {
    match piece {
        Piece::Escape(_) => 0,
        Piece::Char(c) => c.width().unwrap_or(0),
    }
}

/// Returns as much of `text` as fits into `columns`; what was cut shows as `...` at the end, where there is room for it.
/// Colours that were on at the cut are ended.
pub fn truncate(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let dots = if columns > 3 { "..." } else { "" };
    let (mut kept, coloured) = prefix(text, columns - dots.len());
    kept.push_str(if coloured { RESET } else { "" });
    kept.push_str(dots);
    Cow::Owned(kept)
}

/// Returns the longest prefix of `text` that fits into `columns`, and whether it leaves a colour on.
fn prefix(text: &str, columns: usize) -> (String, bool) {
    let mut kept = String::new();
    let (mut used, mut coloured) = (0, false);
    for piece in pieces(text) {
        used += piece_width(piece);
        if used > columns {
            break;
        }
        match piece {
            Piece::Escape(sequence) => {
                coloured = sequence != RESET;
                kept.push_str(sequence);
            }
            Piece::Char(c) => kept.push(c),
        }
    }
    (kept, coloured)
}

/// Returns as much of the end of `text` (which has no colours) as fits into `columns`; what was cut shows as `...`.
pub fn truncate_front(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let dots = if columns > 3 { "..." } else { "" };
    let mut used = dots.len();
    let fits = |(_, c): &(usize, char)| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    let start = text.char_indices().rev().take_while(fits).last().map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{dots}{}", &text[start..]))
}

/// Returns `text` with blanks behind it up to `columns`.
pub fn pad(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// Returns `text` on one line, with nothing in it that could act on a terminal: control characters, and those that turn
/// the direction of writing, as Python's escapes.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().fold(String::with_capacity(text.len()), |mut escaped, c| {
        escape_char(c, &mut escaped);
        escaped
    }))
}

fn acts(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escape_char(c: char, escaped: &mut String) {
    match c {
        '\n' => escaped.push_str("\\n"),
        '\r' => escaped.push_str("\\r"),
        '\t' => escaped.push_str("\\t"),
        _ if acts(c) && u32::from(c) < 0x100 => escaped.push_str(&format!("\\x{:02x}", u32::from(c))),
        _ if acts(c) => escaped.push_str(&format!("\\u{:04x}", u32::from(c))),
        _ => escaped.push(c),
    }
}

/// Returns a line of source as it can be shown: tabs as blanks, and nothing in it that could act on a terminal.
pub fn source_text(line: &str) -> Cow<'_, str> {
    let line = line.trim_end();
    if !line.contains('\t') {
        return escape(line);
    }
    let mut shown = String::with_capacity(line.len() + 8);
    for c in line.chars() {
        match c {
            '\t' => shown.push_str(&" ".repeat(8 - width(&shown) % 8)),
            _ => escape_char(c, &mut shown),
        }
    }
    Cow::Owned(shown)
}

/// Returns words in columns, read downwards, as `cmd.Cmd.columnize` lays them out: in the fewest rows that fit, two blanks
/// between the columns, each line ended.
pub fn columns<W: AsRef<str>>(words: &[W], display_width: usize) -> String {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    if words.is_empty() {
        return "<empty>\n".to_owned();
    }
    let rows = (1..words.len()).find(|rows| total_width(&words, *rows) <= display_width).unwrap_or(words.len());
    let widths = column_widths(&words, rows);
    let mut text = String::new();
    for row in 0..rows {
        let line: Vec<String> =
            words.iter().skip(row).step_by(rows).zip(&widths).map(|(word, columns)| pad(word, *columns)).collect();
        text.push_str(line.join("  ").trim_end());
        text.push('\n');
    }
    text
}

fn column_widths(words: &[&str], rows: usize) -> Vec<usize> {
    words.chunks(rows).map(|column| column.iter().map(|word| width(word)).max().unwrap_or(0)).collect()
}

fn total_width(words: &[&str], rows: usize) -> usize {
    let widths = column_widths(words, rows);
    widths.iter().sum::<usize>() + 2 * (widths.len() - 1)
}

/// Returns a group of help topics under a heading, as `cmd.Cmd.print_topics` lays it out; nothing if there are none.
pub fn topics<W: AsRef<str>>(heading: &str, words: &[W], display_width: usize) -> String {
    if words.is_empty() {
        return String::new();
    }
    let rule = "=".repeat(width(heading));
    format!("{heading}\n{rule}\n{}\n", columns(words, display_width.saturating_sub(1)))
}

/// What stands before a listed line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrow {
    /// Nothing.
    None,
    /// `->`: the line the frame is at.
    Current,
    /// `>>`: the line an exception was raised at, in a frame that is at another one.
    Raising,
}

/// Whether a line has a breakpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// It has one.
    Breakpoint,
    /// It has none.
    Plain,
}

/// Returns a line of `list`, not ended: `%3d`, a blank if that is short, `B` or a blank, the arrow, a tab, the source.
/// `source` may have colours; blanks at its end are dropped.
pub fn list_line(number: Line, marked: Marked, arrow: Arrow, source: &str) -> String {
    let mut line = format!("{number:>3}");
    if line.len() < 4 {
        line.push(' ');
    }
    line.push(if marked == Marked::Breakpoint { 'B' } else { ' ' });
    line.push_str(match arrow {
        Arrow::None => "",
        Arrow::Current => "->",
        Arrow::Raising => ">>",
    });
    format!("{line}\t{}", source.trim_end())
}

/// Whether a stack entry is the frame that commands look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// It is: `> `.
    Yes,
    /// It is not: two blanks.
    No,
}

/// Returns a stack entry, not ended: `> FILE(LINE)FUNC()->RET`, and `-> SOURCE` on a line of its own if there is source.
pub fn stack_entry(frame: &FrameInfo, selected: Selected, source: Option<&str>, style: Style) -> String {
    let marker = if selected == Selected::Yes { "> " } else { "  " };
    let line = frame.raising_line.or(frame.line);
    let number = line.map_or_else(|| "None".to_owned(), |line| line.to_string());
    let name = if frame.name.is_empty() { "<lambda>" } else { &frame.name };
    let returns = frame.returns.as_ref().map(|value| format!("->{value}")).unwrap_or_default();
    let mut entry = format!("{marker}{}({number}){name}(){returns}", frame.path);
    match (line, source.map(str::trim)) {
        (None, _) => entry.push_str("\n-> Warning: lineno is None"),
        (Some(_), Some(source)) if !source.is_empty() => {
            entry.push_str("\n-> ");
            entry.push_str(&highlight::source_line(source, &mut LexState::default(), style));
        }
        _ => {}
    }
    entry
}

#[cfg(test)]
mod tests {
    use rdb_core::ids::FrameId;

    use super::*;

    #[test]
    fn widths() {
        let check = |text, expected| assert_eq!(width(text), expected, "{text:?}");
        check("", 0);
        check("abc", 3);
        check("\x1b[1;34mabc\x1b[0m", 3);
        check("变量", 4);
        check("e\u{301}", 1);
        check("a\u{7}b", 2);
        check("\x1b[", 1);
        check("\x1b[1;3", 4);
    }

    #[test]
    fn truncation() {
        let check = |text, columns, expected: &str| {
            let cut = truncate(text, columns);
            assert_eq!(cut, expected, "{text:?} {columns}");
            assert!(width(&cut) <= columns);
        };
        check("abcdef", 6, "abcdef");
        check("abcdef", 5, "ab...");
        check("abcdef", 3, "abc");
        check("abcdef", 0, "");
        check("变量名字", 6, "变...");
        check("变量名字", 3, "变");
        check("\x1b[32mabcdef\x1b[0m", 5, "\x1b[32mab\x1b[0m...");
        check("\x1b[32ma\x1b[0mbcdef", 5, "\x1b[32ma\x1b[0mb...");
        assert_eq!(truncate_front("/a/long/path.py", 10), "...path.py");
        assert_eq!(truncate_front("变量名字", 6), "...字");
        assert_eq!(truncate_front("abc", 2), "bc");
        assert_eq!(truncate_front("abc", 3), "abc");
    }

    #[test]
    fn escaping() {
        assert!(matches!(escape("plain é 变"), Cow::Borrowed(_)));
        assert_eq!(escape("a\nb\t\x1b[2J\r"), "a\\nb\\t\\x1b[2J\\r");
        assert_eq!(escape("\u{9b}\u{202e}x"), "\\x9b\\u202ex");
        assert_eq!(source_text("\ta\tb\x07  \n"), "        a       b\\x07");
        assert_eq!(source_text("x = 1 \r"), "x = 1");
    }

    #[test]
    fn columns_as_cmd_lays_them_out() {
        assert_eq!(columns::<&str>(&[], 80), "<empty>\n");
        assert_eq!(columns(&["a"], 80), "a\n");
        assert_eq!(columns(&["a", "bb", "ccc"], 80), "a  bb  ccc\n");
        assert_eq!(columns(&["a", "bb", "ccc"], 8), "a   ccc\nbb\n");
        assert_eq!(columns(&["long", "longer"], 3), "long\nlonger\n");
        // What `cmd.Cmd().columnize(…, displaywidth=20)` prints.
        let words: Vec<String> = (1..=10).map(|number| format!("w{number}")).collect();
        assert_eq!(columns(&words, 20), "w1  w3  w5  w7  w9\nw2  w4  w6  w8  w10\n");
        assert_eq!(topics("Documented", &["a", "b"], 80), "Documented\n==========\na  b\n\n");
        assert_eq!(topics::<&str>("Documented", &[], 80), "");
    }

    #[test]
    fn listed_lines() {
        assert_eq!(list_line(7, Marked::Plain, Arrow::None, "x = 1  "), "  7  \tx = 1");
        assert_eq!(list_line(12, Marked::Breakpoint, Arrow::Current, "  y"), " 12 B->\t  y");
        assert_eq!(list_line(123, Marked::Plain, Arrow::Raising, ""), "123  >>\t");
        assert_eq!(list_line(1234, Marked::Breakpoint, Arrow::None, "z"), "1234B\tz");
    }

    fn frame() -> FrameInfo {
        FrameInfo {
            id: FrameId(1),
            path: "/p/m.py".to_owned(),
            line: Some(3),
            raising_line: None,
            name: "f".to_owned(),
            qualname: "f".to_owned(),
            first_line: 1,
            module: "m".to_owned(),
            returns: None,
            skipped: false,
        }
    }

    #[test]
    fn stack_entries() {
        let check = |frame: &FrameInfo, selected, source, expected| {
            assert_eq!(stack_entry(frame, selected, source, Style::Plain), expected);
        };
        check(&frame(), Selected::Yes, Some("    return x\n"), "> /p/m.py(3)f()\n-> return x");
        check(&frame(), Selected::No, None, "  /p/m.py(3)f()");
        check(&frame(), Selected::No, Some("  "), "  /p/m.py(3)f()");
        let returning = FrameInfo { returns: Some("[1]".to_owned()), ..frame() };
        check(&returning, Selected::Yes, Some("pass"), "> /p/m.py(3)f()->[1]\n-> pass");
        let lineless = FrameInfo { line: None, name: String::new(), ..frame() };
        check(&lineless, Selected::Yes, None, "> /p/m.py(None)<lambda>()\n-> Warning: lineno is None");
        let raising = FrameInfo { raising_line: Some(2), ..frame() };
        check(&raising, Selected::No, Some("1/0"), "  /p/m.py(2)f()\n-> 1/0");
    }
}
