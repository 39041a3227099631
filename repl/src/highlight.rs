//! Colours of Python source and of debugger command lines: text in, the same text with colours out.
//! Knows nothing of files, frames or the terminal.

mod python;

pub use python::{LexState, Span, spans};

/// Whether text gets colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Style {
    /// The text as it is.
    #[default]
    Plain,
    /// With the escape sequences of [`Theme::SIXTEEN`].
    Ansi,
}

impl Style {
    /// Returns the style that a user who sits at a terminal asks for with environment variables. `variable` returns the
    /// value of one. `PYTHON_COLORS` comes first, as in CPython, then `NO_COLOR`, then `TERM=dumb`.
    pub fn from_env(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).is_some_and(|value| !value.is_empty());
        match variable("PYTHON_COLORS").as_deref() {
            Some("0") => Self::Plain,
            Some("1") => Self::Ansi,
            _ if set("NO_COLOR") => Self::Plain,
            _ if set("FORCE_COLOR") => Self::Ansi,
            _ if variable("TERM").as_deref() == Some("dumb") => Self::Plain,
            _ => Self::Ansi,
        }
    }

    /// Returns `text` in the colour of `role`.
    pub fn paint(self, role: Role, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Ansi if text.is_empty() => String::new(),
            Self::Ansi => format!("\x1b[{}m{text}{RESET}", Theme::SIXTEEN.parameters(role)),
        }
    }
}

/// The escape sequence that ends all colours.
pub const RESET: &str = "\x1b[0m";

macro_rules! roles {
    ($($(#[$doc:meta])* $Role:ident = $parameters:literal;)*) => {
        /// What a piece of text is, and so which colour it gets.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Role {
            $($(#[$doc])* $Role,)*
        }

        /// The colours, as the parameters of ANSI's SGR sequence.
        #[derive(Clone, Copy, Debug)]
        pub struct Theme(&'static [(Role, &'static str)]);

        impl Theme {
            /// The sixteen colours that every terminal has, in the shades that its user chose for them.
            pub const SIXTEEN: Theme = Theme(&[$((Role::$Role, $parameters)),*]);
        }
    };
}

roles! {
    /// A keyword, or a soft keyword where it is one.
    Keyword = "1;34";
    /// A built-in name.
    Builtin = "36";
    /// A string.
    String = "32";
    /// A number.
    Number = "33";
    /// A comment.
    Comment = "31";
    /// A decorator.
    Decorator = "35";
    /// The name that `def` or `class` gives.
    Definition = "1";
    /// The word of a debugger command.
    Command = "1;36";
    /// The place where the program is: the heading of a view.
    Place = "1";
    /// The number of a line.
    LineNumber = "2";
    /// The arrow at the current line.
    Current = "1;33";
    /// The mark of a breakpoint.
    Breakpoint = "1;31";
    /// A value that changed.
    Changed = "1;33";
    /// The name of a variable.
    Variable = "36";
}

impl Theme {
    /// Returns the SGR parameters of a role.
    pub fn parameters(&self, role: Role) -> &'static str {
        self.0.iter().find(|(known, _)| *known == role).map_or("0", |(_, parameters)| parameters)
    }
}

/// Returns Python source with colours. Every line has its own escape sequences, so the lines can be shown apart.
pub fn source(text: &str, style: Style) -> String {
    if style == Style::Plain {
        return text.to_owned();
    }
    let mut state = LexState::default();
    let lines: Vec<String> = text.split('\n').map(|line| source_line(line, &mut state, style)).collect();
    lines.join("\n")
}

/// Returns one line of Python source with colours. `state` is what the lines before it left open, and is carried on.
pub fn source_line(line: &str, state: &mut LexState, style: Style) -> String {
    match style {
        Style::Plain => line.to_owned(),
        Style::Ansi => paint_spans(line, &spans(line, state), style),
    }
}

/// Returns the lines `first..first + count` of a file with colours (`first` counts from 0). What stands before them is
/// read, so that a string that began there is known.
pub fn window(lines: &[String], first: usize, count: usize, style: Style) -> Vec<String> {
    let first = first.min(lines.len());
    let shown = &lines[first..lines.len().min(first.saturating_add(count))];
    if style == Style::Plain {
        return shown.to_vec();
    }
    let mut state = LexState::default();
    for line in &lines[..first] {
        spans(line, &mut state);
    }
    shown.iter().map(|line| source_line(line, &mut state, style)).collect()
}

/// Returns what is typed at the prompt with colours: the word of a command, which `is_command` knows, and Python.
/// Statements may have several lines; only the first can hold commands.
pub fn input(text: &str, is_command: impl Fn(&str) -> bool, style: Style) -> String {
    if style == Style::Plain {
        return text.to_owned();
    }
    match command_parts(text, &is_command) {
        Some(parts) => {
            let painted: Vec<String> = parts.iter().map(|part| paint_part(*part, style)).collect();
            painted.join(";;")
        }
        None => source(text, style),
    }
}

/// A command line between two `;;`: blanks and the command's word, then its argument.
type Part<'a> = (&'a str, &'a str);

/// Splits the first line of `text` into commands, the last of which has the further lines as well; None if its first
/// word is no command, so that the text is Python.
fn command_parts<'a>(text: &'a str, is_command: &impl Fn(&str) -> bool) -> Option<Vec<Part<'a>>> {
    let split = |part: &'a str| match command_end(part, is_command) {
        Some(end) => part.split_at(end),
        None => ("", part),
    };
    let line = text.split('\n').next().unwrap_or(text);
    let mut parts: Vec<Part<'a>> = line.split(";;").map(split).collect();
    if let Some((_, argument)) = parts.last_mut() {
        *argument = &text[line.len() - argument.len()..];
    }
    parts.first().is_some_and(|(word, _)| !word.is_empty()).then_some(parts)
}

/// Returns where the command's word at the start of `part` ends.
fn command_end(part: &str, is_command: &impl Fn(&str) -> bool) -> Option<usize> {
    let word_start = part.len() - part.trim_start().len();
    let rest = &part[word_start..];
    if rest.starts_with(['!', '?']) {
        return Some(word_start + 1);
    }
    let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
    is_command(&rest[..length]).then_some(word_start + length)
}

fn paint_part((word, argument): Part<'_>, style: Style) -> String {
    let blanks = word.len() - word.trim_start().len();
    let painted = style.paint(Role::Command, &word[blanks..]);
    format!("{}{painted}{}", &word[..blanks], source(argument, style))
}

fn paint_spans(line: &str, spans: &[Span], style: Style) -> String {
    let mut painted = String::with_capacity(line.len() + 10 * spans.len());
    let mut end = 0;
    for span in spans {
        painted.push_str(&line[end..span.range.start]);
        painted.push_str(&style.paint(span.role, &line[span.range.clone()]));
        end = span.range.end;
    }
    painted.push_str(&line[end..]);
    painted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::print::strip;

    fn is_command(word: &str) -> bool {
        matches!(word, "p" | "b" | "break" | "list" | "n")
    }

    /// Returns `painted` with `<role>` for each escape sequence, which reads better in a test.
    fn readable(painted: &str) -> String {
        let mut text = painted.replace(RESET, "</>");
        for (role, parameters) in Theme::SIXTEEN.0 {
            let name = format!("<{role:?}>");
            text = text.replace(&format!("\x1b[{parameters}m"), &name);
        }
        text
    }

    fn check(typed: &str, expected: &str) {
        assert_eq!(readable(&input(typed, is_command, Style::Ansi)), expected);
        assert_eq!(input(typed, is_command, Style::Plain), typed);
    }

    #[test]
    fn command_lines() {
        check("p x + 1", "<Command>p</> x + <Number>1</>");
        check("  n", "  <Command>n</>");
        check("x = 1", "x = <Number>1</>");
        check("p 1;; n", "<Command>p</> <Number>1</>;; <Command>n</>");
        check("p 1;; y = None", "<Command>p</> <Number>1</>;; y = <Keyword>None</>");
        check("!n = 2", "<Command>!</>n = <Number>2</>");
        check("? list", "<Command>?</> <Builtin>list</>");
        check("list", "<Command>list</>");
        check("n.x", "n.x");
        check("", "");
    }

    #[test]
    fn statements_of_several_lines() {
        check("if x:\n    n", "<Keyword>if</> x:\n    n");
        check("p '''a\nb''' + 1", "<Command>p</> <String>'''a</>\n<String>b'''</> + <Number>1</>");
        check("x = '''a\nb''' + 1", "x = <String>'''a</>\n<String>b'''</> + <Number>1</>");
    }

    #[test]
    fn colours_follow_the_environment() {
        let style = |set: &[(&str, &str)]| {
            let set: Vec<(String, String)> = set.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            Style::from_env(move |name| set.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
        };
        assert_eq!(style(&[]), Style::Ansi);
        assert_eq!(style(&[("TERM", "dumb")]), Style::Plain);
        assert_eq!(style(&[("NO_COLOR", "1")]), Style::Plain);
        assert_eq!(style(&[("NO_COLOR", "")]), Style::Ansi);
        assert_eq!(style(&[("NO_COLOR", "1"), ("PYTHON_COLORS", "1")]), Style::Ansi);
        assert_eq!(style(&[("PYTHON_COLORS", "0"), ("FORCE_COLOR", "1")]), Style::Plain);
        assert_eq!(style(&[("FORCE_COLOR", "1"), ("TERM", "dumb")]), Style::Ansi);
    }

    #[test]
    fn a_window_knows_what_stands_before_it() {
        let lines: Vec<String> = ["x = '''", "if", "''' ; if", "if"].map(str::to_owned).to_vec();
        let window: Vec<String> = window(&lines, 1, 2, Style::Ansi).iter().map(|line| readable(line)).collect();
        assert_eq!(window, ["<String>if</>", "<String>'''</> ; <Keyword>if</>"]);
        assert_eq!(super::window(&lines, 3, usize::MAX, Style::Plain), ["if"]);
        assert_eq!(super::window(&lines, 9, 2, Style::Ansi), Vec::<String>::new());
    }

    #[test]
    fn no_text_is_lost_or_makes_it_panic() {
        for seed in 0..600 {
            let text = random_text(seed);
            for painted in [source(&text, Style::Ansi), input(&text, is_command, Style::Ansi)] {
                // The text itself may hold escape characters, which `strip` would drop from it as well.
                assert_eq!(strip(&painted), strip(&text), "seed {seed}");
                assert_eq!(painted.matches('\n').count(), text.matches('\n').count());
            }
            assert_eq!(source(&text, Style::Plain), text);
        }
    }

    /// Returns text of pieces that a lexer could stumble over; the same for the same seed.
    fn random_text(seed: u64) -> String {
        const PIECES: &[&str] = &[
            "'",
            "\"",
            "'''",
            "\"\"\"",
            "\\",
            "\n",
            " ",
            "    ",
            "f",
            "rb",
            "F'{",
            "{",
            "}",
            "{{",
            "}}",
            "(",
            ")",
            "[",
            "]",
            ":",
            "=",
            ":=",
            "!r",
            "def ",
            "class",
            "match",
            "case",
            "type",
            "async ",
            "@",
            "#",
            "0x1f",
            "1e",
            "1e-",
            ".5",
            "1_0j",
            "é",
            "变量",
            "👩\u{200d}🚀",
            "\u{300}",
            "\t",
            "\r",
            "\0",
            "\u{7f}",
            "x",
            "print",
            "None",
            ";;",
            "!",
            "p",
            "$x",
            "?",
            ",",
            "->",
            "lambda",
            "\u{2028}",
            "t'",
            "br\"",
        ];
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        let length = next() % 60;
        (0..length).map(|_| PIECES[usize::try_from(next() % PIECES.len() as u64).expect("a small number")]).collect()
    }
}
