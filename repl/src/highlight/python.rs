//! A lexer for Python lines, good enough for colours: it never fails, and it carries what a line leaves open to the next.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use super::Role;

/// A coloured piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The bytes of the line.
    pub range: Range<usize>,
    /// What they are.
    pub role: Role,
}

/// What a line leaves open for the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LexState {
    /// The strings, and the replacement fields in them, that are open; the innermost last.
    open: Vec<Open>,
    /// How many brackets are open outside of strings.
    brackets: u32,
    /// The line ended with a backslash.
    continued: bool,
}

impl LexState {
    /// Returns whether a string is open.
    pub fn in_string(&self) -> bool {
        !self.open.is_empty()
    }

    /// Returns whether the next line begins a statement of its own: no bracket, string or backslash goes on.
    pub fn at_statement(&self) -> bool {
        self.open.is_empty() && self.brackets == 0 && !self.continued
    }
}

/// Something that is open inside a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// A string.
    String(Quotes),
    /// A replacement field of an f-string, with so many brackets open in it.
    Field(u32),
    /// The format specification of a replacement field, in a string with these quotes.
    Format(Quotes),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Quotes {
    quote: char,
    length: QuoteLength,
    fields: Fields,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QuoteLength {
    One,
    Three,
}

/// Whether `{…}` in a string is code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fields {
    Text,
    Code,
}

const KEYWORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

/// The names of `builtins` that a shell has, without the keywords among them.
static BUILTINS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| BUILTIN_WORDS.split_whitespace().collect());

const BUILTIN_WORDS: &str = "
    ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError BrokenPipeError
    BufferError BytesWarning ChildProcessError ConnectionAbortedError ConnectionError ConnectionRefusedError
    ConnectionResetError DeprecationWarning EOFError Ellipsis EncodingWarning EnvironmentError Exception
    ExceptionGroup FileExistsError FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError
    ImportError ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError
    KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError NotADirectoryError NotImplemented
    NotImplementedError OSError OverflowError PendingDeprecationWarning PermissionError ProcessLookupError
    PythonFinalizationError RecursionError ReferenceError ResourceWarning RuntimeError RuntimeWarning
    StopAsyncIteration StopIteration SyntaxError SyntaxWarning SystemError SystemExit TabError TimeoutError
    TypeError UnboundLocalError UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError
    UnicodeWarning UserWarning ValueError Warning ZeroDivisionError __build_class__ __debug__ __import__ abs aiter
    all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile complex copyright
    credits delattr dict dir divmod enumerate eval exec exit filter float format frozendict frozenset getattr
    globals hasattr hash help hex id input int isinstance issubclass iter len license list locals map max
    memoryview min next object oct open ord pow print property quit range repr reversed round set setattr slice
    sorted staticmethod str sum super tuple type vars zip
";

/// Returns the coloured pieces of a line, which must not contain a line end, in their order.
pub fn spans(line: &str, state: &mut LexState) -> Vec<Span> {
    let at_statement = state.at_statement();
    state.continued = false;
    let mut lexer = Lexer { line, at: 0, state, spans: Vec::new(), at_statement, before: Before::Nothing };
    while lexer.at < line.len() {
        lexer.step();
    }
    let spans = lexer.spans;
    state.end_line();
    spans
}

impl LexState {
    /// Drops what a line end closes: strings in single quotes, with all that is open inside them.
    fn end_line(&mut self) {
        let single = |open: &Open| match open {
            Open::String(quotes) | Open::Format(quotes) => quotes.length == QuoteLength::One,
            Open::Field(_) => false,
        };
        if !self.continued
            && let Some(first) = self.open.iter().position(single)
        {
            self.open.truncate(first);
        }
    }
}

/// What stood before the place where the lexer is, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// The beginning of the statement.
    Nothing,
    /// `def` or `class`.
    Defining,
    /// A dot: a name here is an attribute.
    Dot,
    /// Anything else.
    Other,
}

struct Lexer<'a> {
    line: &'a str,
    at: usize,
    state: &'a mut LexState,
    spans: Vec<Span>,
    at_statement: bool,
    before: Before,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.line[self.at..]
    }

    /// Reads at least one character.
    fn step(&mut self) {
        match self.state.open.last().copied() {
            Some(Open::String(quotes) | Open::Format(quotes)) => self.string_body(quotes, self.at),
            _ => self.code(),
        }
    }

    fn code(&mut self) {
        let Some(first) = self.rest().chars().next() else { return };
        match first {
            '#' => self.push(Role::Comment, self.line.len()),
            '\'' | '"' => self.string_start(self.at, Fields::Text),
            '\\' if self.rest().len() == 1 => {
                self.state.continued = true;
                self.at += 1;
            }
            '@' if self.begins_statement() => self.decorator(),
            _ if first.is_alphabetic() || first == '_' => self.word(),
            _ if self.begins_number(first) => self.number(),
            _ if first.is_whitespace() => self.at += first.len_utf8(),
            _ => self.punctuation(first),
        }
    }

    fn begins_statement(&self) -> bool {
        self.at_statement && self.before == Before::Nothing
    }

    fn push(&mut self, role: Role, end: usize) {
        self.spans.push(Span { range: self.at..end, role });
        self.at = end;
        self.before = Before::Other;
    }

    fn punctuation(&mut self, first: char) {
        match first {
            '(' | '[' | '{' => self.bracket_opened(),
            ')' | ']' | '}' => return self.bracket_closed(first),
            ':' if self.state.open.last() == Some(&Open::Field(0)) => return self.format_start(),
            _ => {}
        }
        self.before = if first == '.' { Before::Dot } else { Before::Other };
        self.at += first.len_utf8();
    }

    fn bracket_opened(&mut self) {
        match self.state.open.last_mut() {
            Some(Open::Field(depth)) => *depth += 1,
            _ => self.state.brackets += 1,
        }
    }

    fn bracket_closed(&mut self, bracket: char) {
        match self.state.open.last_mut() {
            Some(Open::Field(0)) if bracket == '}' => {
                self.state.open.pop();
                let end = self.at + 1;
                return self.push(Role::String, end);
            }
            Some(Open::Field(depth)) => *depth = depth.saturating_sub(1),
            _ => self.state.brackets = self.state.brackets.saturating_sub(1),
        }
        self.at += 1;
        self.before = Before::Other;
    }

    /// A `:` in a replacement field: what follows is the format, text again.
    fn format_start(&mut self) {
        let quotes = self.state.open.iter().rev().find_map(|open| match open {
            Open::String(quotes) | Open::Format(quotes) => Some(*quotes),
            Open::Field(_) => None,
        });
        self.state.open.pop();
        match quotes {
            Some(quotes) => {
                self.state.open.push(Open::Format(quotes));
                self.string_body(quotes, self.at);
            }
            None => self.at += 1,
        }
    }

    fn decorator(&mut self) {
        let name = self.rest()[1..].find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')));
        let end = name.map_or(self.line.len(), |length| self.at + 1 + length);
        self.push(Role::Decorator, end);
    }

    fn word(&mut self) {
        let length = self.rest().find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(self.rest().len());
        let end = self.at + length;
        let word = &self.line[self.at..end];
        if self.line[end..].starts_with(['\'', '"'])
            && let Some(fields) = string_prefix(word)
        {
            return self.string_start(end, fields);
        }
        let role = self.word_role(word, end);
        let defining = matches!(word, "def" | "class");
        match role {
            Some(role) => self.push(role, end),
            None => self.at = end,
        }
        self.before = if defining && role == Some(Role::Keyword) { Before::Defining } else { Before::Other };
    }

    fn word_role(&self, word: &str, end: usize) -> Option<Role> {
        match self.before {
            Before::Dot => None,
            Before::Defining => Some(Role::Definition),
            _ if KEYWORDS.binary_search(&word).is_ok() => Some(Role::Keyword),
            _ if self.is_soft_keyword(word, end) => Some(Role::Keyword),
            _ if BUILTINS.contains(word) => Some(Role::Builtin),
            _ => None,
        }
    }

    /// Returns whether a soft keyword is one here: `match x:` and `case x:` up to their colon, `type X`.
    fn is_soft_keyword(&self, word: &str, end: usize) -> bool {
        if !self.begins_statement() {
            return false;
        }
        let rest = self.line[end..].trim_start();
        let first = rest.chars().next().unwrap_or(':');
        match word {
            "type" => rest.len() < self.line.len() - end && (first.is_alphabetic() || first == '_'),
            "match" | "case" => {
                !matches!(first, '=' | '.' | ',' | ':' | ')' | ']') && rest.trim_end().ends_with(':')
                    || word == "case" && first != ':' && rest.contains(':') && !matches!(first, '=' | '.' | ',')
            }
            _ => false,
        }
    }

    fn begins_number(&self, first: char) -> bool {
        let second = self.rest().chars().nth(1).unwrap_or(' ');
        first.is_ascii_digit() || first == '.' && second.is_ascii_digit() && self.before != Before::Dot
    }

    fn number(&mut self) {
        let rest = self.rest();
        let hexadecimal = rest.starts_with("0x") || rest.starts_with("0X");
        let mut last = ' ';
        let length = rest.find(|c: char| {
            let sign = matches!(c, '+' | '-') && matches!(last, 'e' | 'E') && !hexadecimal;
            last = c;
            !(sign || c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        });
        let end = length.map_or(self.line.len(), |length| self.at + length);
        self.push(Role::Number, end);
    }

    /// Begins a string whose prefix is at the lexer's place and whose quote is at `quote_at`.
    fn string_start(&mut self, quote_at: usize, fields: Fields) {
        let quote = if self.line[quote_at..].starts_with('"') { '"' } else { '\'' };
        let three = self.line[quote_at..].starts_with(if quote == '"' { "\"\"\"" } else { "'''" });
        let length = if three { QuoteLength::Three } else { QuoteLength::One };
        let quotes = Quotes { quote, length, fields };
        self.state.open.push(Open::String(quotes));
        self.string_body(quotes, quote_at + if three { 3 } else { 1 });
    }

    /// Reads the string that is open, from `from` to its end, the next replacement field or the end of the line.
    fn string_body(&mut self, quotes: Quotes, from: usize) {
        let mut at = from;
        while let Some(c) = self.line[at..].chars().next() {
            let rest = &self.line[at..];
            if c == '\\' {
                let escaped = rest[1..].chars().next();
                self.state.continued = escaped.is_none();
                at += 1 + escaped.map_or(0, char::len_utf8);
            } else if let Some(closed) = quotes.closed_by(rest) {
                self.close_string();
                return self.push(Role::String, at + closed);
            } else if quotes.fields == Fields::Code && c == '{' && !rest.starts_with("{{") {
                self.state.open.push(Open::Field(0));
                return self.push(Role::String, at + 1);
            } else if matches!(self.state.open.last(), Some(Open::Format(_))) && c == '}' {
                self.state.open.pop();
                return self.push(Role::String, at + 1);
            } else {
                at += if rest.starts_with("{{") { 2 } else { c.len_utf8() };
            }
        }
        self.push(Role::String, at);
    }

    /// Closes the innermost string, with a format that is open in it.
    fn close_string(&mut self) {
        while let Some(open) = self.state.open.pop() {
            if matches!(open, Open::String(_)) {
                return;
            }
        }
    }
}

impl Quotes {
    /// Returns the length of the closing quotes, if `rest` begins with them.
    fn closed_by(self, rest: &str) -> Option<usize> {
        let needed = match self.length {
            QuoteLength::One => 1,
            QuoteLength::Three => 3,
        };
        let found = rest.chars().take(needed).take_while(|c| *c == self.quote).count();
        (found == needed).then_some(needed)
    }
}

/// Returns whether replacement fields of a string with this prefix are code; None if it is no prefix.
fn string_prefix(word: &str) -> Option<Fields> {
    match word.to_ascii_lowercase().as_str() {
        "r" | "b" | "u" | "br" | "rb" => Some(Fields::Text),
        "f" | "t" | "fr" | "rf" | "tr" | "rt" => Some(Fields::Code),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the roles of the lines of `text`, written as `Role:text` with ` ` between them and `/` between lines.
    fn check(text: &str, expected: &str) {
        let mut state = LexState::default();
        let lines: Vec<String> = text.split('\n').map(|line| line_spans(line, &mut state)).collect();
        assert_eq!(lines.join(" / "), expected, "{text}");
    }

    fn line_spans(line: &str, state: &mut LexState) -> String {
        let spans = spans(line, state);
        let shown: Vec<String> = spans.iter().map(|s| format!("{:?}:{}", s.role, &line[s.range.clone()])).collect();
        shown.join(" ")
    }

    #[test]
    fn keywords_can_be_searched() {
        assert!(KEYWORDS.is_sorted());
    }

    #[test]
    fn words() {
        check("x = None", "Keyword:None");
        check("def f(x): return len(x)", "Keyword:def Definition:f Keyword:return Builtin:len");
        check("class A(object):", "Keyword:class Definition:A Builtin:object");
        check("async def print(): pass", "Keyword:async Keyword:def Definition:print Keyword:pass");
        check("x.print + y. class", "");
        check("ünïcode = printé", "");
        check("@a.b(1)", "Decorator:@a.b Number:1");
        check("x @ y", "");
    }

    #[test]
    fn soft_keywords() {
        check("match x:", "Keyword:match");
        check("match(x):", "Keyword:match");
        check("    case [1, *_] if y:", "Keyword:case Number:1 Keyword:if");
        check("case 1: return", "Keyword:case Number:1 Keyword:return");
        check("match = 1", "Number:1");
        check("match.group(1)", "Number:1");
        check("x = match(y)", "");
        check("type X = int", "Keyword:type Builtin:int");
        check("type(x)", "Builtin:type");
        check("type = 1", "Builtin:type Number:1");
    }

    #[test]
    fn numbers() {
        check("1 + 0xff_e-2", "Number:1 Number:0xff_e Number:2");
        check("1e-5j, .5, 1.", "Number:1e-5j Number:.5 Number:1.");
        check("a.b1 x1", "");
        check("x[-1]", "Number:1");
    }

    #[test]
    fn strings() {
        check("'a' + \"b'c\" # d", "String:'a' String:\"b'c\" Comment:# d");
        check(r"'\'' x r'\'' b", r"String:'\'' String:r'\''");
        check("rb'x' + Bu'y'", "String:rb'x' String:'y'");
        check("'''a\nb''' if", "String:'''a / String:b''' Keyword:if");
        check("\"\"\"a'''\n\"\"\"", "String:\"\"\"a''' / String:\"\"\"");
        check("'a\nif", "String:'a / Keyword:if");
        check("'a\\\nb' if", "String:'a\\ / String:b' Keyword:if");
        check("'''\n\n\\\n''' if", "String:''' /  / String:\\ / String:''' Keyword:if");
    }

    #[test]
    fn f_strings() {
        check("f'a{len(x)}b' if", "String:f'a{ Builtin:len String:} String:b' Keyword:if");
        check("f'{{x}}'", "String:f'{{x}}'");
        check("f'{x:>{n}.2f}' if", "String:f'{ String::>{ String:} String:.2f} String:' Keyword:if");
        check("f\"{d[\"if\"]}\"", "String:f\"{ String:\"if\" String:} String:\"");
        check("f'{x!r:^10}'", "String:f'{ String::^10} String:'");
        check("f'''{\nNone}''' if", "String:f'''{ / Keyword:None String:} String:''' Keyword:if");
        check("f'{x\nif", "String:f'{ / Keyword:if");
        check("f'{x:\nif", "String:f'{ String:: / Keyword:if");
        check("f'{ {1: 2}[1] }'", "String:f'{ Number:1 Number:2 Number:1 String:} String:'");
    }

    #[test]
    fn what_a_line_leaves_open() {
        let open = |text: &str| {
            let mut state = LexState::default();
            text.split('\n').for_each(|line| drop(spans(line, &mut state)));
            (state.at_statement(), state.in_string())
        };
        assert_eq!(open("x = 1"), (true, false));
        assert_eq!(open("f(x,"), (false, false));
        assert_eq!(open("f(x,\n)"), (true, false));
        assert_eq!(open("x = \\"), (false, false));
        assert_eq!(open("x = '''"), (false, true));
        assert_eq!(open("x = ')'"), (true, false));
        assert_eq!(open("f(')'"), (false, false));
        check("(\n@ x)", " / ");
    }
}
