//! The grammar of what is typed at the prompt: aliases, `;;`, commands and statements, places, program arguments.
//! Text in, data out: knows no host and no command.

use indexmap::IndexMap;
use rdb_core::location::{Location, LocationError};

/// The characters besides letters, digits and `_` that belong to the first word, so that `c.keys()`, `c['a']` and `n=4`
/// are statements and not the commands `c` and `n`.
const WORD: &str = "_=.[](),\"'+-*/%@&|<>~^";

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Parsed<'a> {
    /// The last command again.
    Empty,
    /// A statement, marked as such by `!`.
    Statement(&'a str),
    /// A word that may name a command, and what follows it.
    Word {
        /// The word; empty if the line begins with something else.
        word: &'a str,
        /// The rest without blanks around it.
        argument: &'a str,
        /// All of the line.
        line: &'a str,
    },
}

/// Why a line cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParseError {
    /// An alias was given too little.
    #[error("Not enough arguments for alias '{0}'")]
    AliasNeedsMore(String),
    /// An alias was given too much.
    #[error("Too many arguments for alias '{0}'")]
    AliasNeedsLess(String),
    /// Program arguments end inside quotes.
    #[error("No closing quotation")]
    OpenQuote,
    /// Program arguments end behind a backslash.
    #[error("No escaped character")]
    OpenEscape,
}

/// Finds the command and its argument in a line.
pub(crate) fn parse(line: &str) -> Parsed<'_> {
    let line = line.trim();
    if line.is_empty() {
        return Parsed::Empty;
    }
    if let Some(topic) = line.strip_prefix('?') {
        return Parsed::Word { word: "help", argument: topic.trim(), line };
    }
    if let Some(statement) = line.strip_prefix('!') {
        return Parsed::Statement(statement.trim());
    }
    let end = line.find(|c: char| !c.is_alphanumeric() && !WORD.contains(c)).unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    let argument = rest.trim();
    if is_assignment(argument) {
        return Parsed::Statement(line);
    }
    Parsed::Word { word, argument, line }
}

/// Returns whether what follows a word makes it the target of an assignment. No command takes such an argument, so
/// variables that are called as a command is (`n`, `s`, `a`) can be assigned.
fn is_assignment(argument: &str) -> bool {
    argument.starts_with('=') && !argument.starts_with("==")
}

/// Replaces the first word of a line as long as it is an alias; each alias once, so that one may hide what it uses.
pub(crate) fn expand(line: &str, aliases: &IndexMap<String, String>) -> Result<String, ParseError> {
    let mut line = line.to_owned();
    let mut used: Vec<String> = Vec::new();
    loop {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some(&name) = words.first() else { return Ok(line) };
        let Some(template) = aliases.get(name).filter(|_| !used.iter().any(|u| u == name)) else { return Ok(line) };
        let expanded = substitute(template, &words)?;
        used.push(name.to_owned());
        line = expanded;
    }
}

/// Puts the words behind an alias's name in the places `%1` to `%9` and `%*` of its template.
fn substitute(template: &str, words: &[&str]) -> Result<String, ParseError> {
    let mut line = template.to_owned();
    for number in 1..10 {
        let place = format!("%{number}");
        if line.contains(&place) {
            let value = words.get(number).ok_or_else(|| ParseError::AliasNeedsMore(words[0].to_owned()))?;
            line = line.replace(&place, value);
        } else if !line.contains("%*") {
            if number < words.len() {
                return Err(ParseError::AliasNeedsLess(words[0].to_owned()));
            }
            break;
        }
    }
    Ok(line.replace("%*", &words[1..].join(" ")))
}

/// Returns whether the places of an alias's template are `%1`, `%2` and so on without a gap.
pub(crate) fn places_are_consecutive(template: &str) -> bool {
    let used: Vec<bool> = (1..10).map(|number| template.contains(&format!("%{number}"))).collect();
    template.contains("%*") || used.windows(2).all(|pair| pair[0] || !pair[1])
}

/// Splits a line at its first `;;`. The definition of an alias is not split.
pub(crate) fn split(line: &str) -> (&str, Option<&str>) {
    if line.split_whitespace().next() == Some("alias") {
        return (line, None);
    }
    match line.split_once(";;") {
        Some((first, rest)) => (first.trim_end(), Some(rest.trim_start())),
        None => (line, None),
    }
}

/// Returns the name and the expression of `$name = expression`.
pub(crate) fn convenience_assignment(statement: &str) -> Option<(&str, &str)> {
    let rest = statement.trim().strip_prefix('$')?;
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    let (name, rest) = rest.split_at(end);
    let expression = rest.trim_start().strip_prefix('=')?;
    let assigns = !name.is_empty() && !expression.starts_with('=');
    assigns.then(|| (name, expression.trim()))
}

/// Reads an integer as Python's `int()` does, as far as users write them.
pub(crate) fn integer(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

/// Quotes text as Python's `repr` does.
pub(crate) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let escaped = text.replace('\\', "\\\\").replace('\n', "\\n").replace('\t', "\\t");
    let escaped = if quote == '\'' { escaped.replace('\'', "\\'") } else { escaped };
    format!("{quote}{escaped}{quote}")
}

/// Where a breakpoint is asked for, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place<'a> {
    /// The place.
    pub(crate) location: Location,
    /// The condition.
    pub(crate) condition: Option<&'a str>,
    /// The thread, as written.
    pub(crate) thread: Option<&'a str>,
}

/// Reads `LOCATION [thread N] [, condition]`; `if` stands for the comma as well.
pub(crate) fn place(text: &str) -> Result<Place<'_>, LocationError> {
    let (head, condition) = split_condition(text);
    let (place, thread) = split_thread(head);
    Ok(Place { location: place.parse()?, condition, thread })
}

fn split_condition(text: &str) -> (&str, Option<&str>) {
    match text.find(',').filter(|&comma| comma > 0) {
        Some(comma) => (text[..comma].trim_end(), Some(text[comma + 1..].trim_start())),
        None => match text.split_once(" if ") {
            Some((head, condition)) if !head.contains('(') => (head.trim_end(), Some(condition.trim())),
            _ => (text, None),
        },
    }
}

fn split_thread(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(" thread ") {
        Some((head, thread)) => (head.trim_end(), Some(thread.trim())),
        None => (text, None),
    }
}

/// Returns whether text is a name, or names with dots between them.
pub(crate) fn is_dotted_name(text: &str) -> bool {
    let is_name = |name: &str| {
        name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    text.split('.').all(is_name)
}

/// Splits the arguments of a program as a POSIX shell does.
pub(crate) fn shell_words(text: &str) -> Result<Vec<String>, ParseError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => words.extend(word.take()),
            '\'' | '"' => read_quoted(c, &mut chars, word.get_or_insert_default())?,
            '\\' => word.get_or_insert_default().push(chars.next().ok_or(ParseError::OpenEscape)?),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

fn read_quoted(quote: char, chars: &mut std::str::Chars<'_>, word: &mut String) -> Result<(), ParseError> {
    loop {
        match chars.next().ok_or(ParseError::OpenQuote)? {
            c if c == quote => return Ok(()),
            '\\' if quote == '"' => match chars.next().ok_or(ParseError::OpenEscape)? {
                c @ ('"' | '\\') => word.push(c),
                c => word.extend(['\\', c]),
            },
            c => word.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word<'a>(word: &'a str, argument: &'a str, line: &'a str) -> Parsed<'a> {
        Parsed::Word { word, argument, line }
    }

    #[test]
    fn the_first_word_takes_what_python_would_go_on_with() {
        let cases: &[(&str, Parsed<'_>)] = &[
            ("", Parsed::Empty),
            ("  \t ", Parsed::Empty),
            ("p x + 1", word("p", "x + 1", "p x + 1")),
            (" n ", word("n", "", "n")),
            ("n=4", word("n=4", "", "n=4")),
            ("n = 4", Parsed::Statement("n = 4")),
            ("n == 4", word("n", "== 4", "n == 4")),
            ("c['a'] + 1", word("c['a']", "+ 1", "c['a'] + 1")),
            ("list(x)", word("list(x)", "", "list(x)")),
            ("nötig = 1", Parsed::Statement("nötig = 1")),
            ("{1: 2}", word("", "{1: 2}", "{1: 2}")),
            ("! n = 4", Parsed::Statement("n = 4")),
            ("?p", word("help", "p", "?p")),
        ];
        for &(line, expected) in cases {
            assert_eq!(parse(line), expected, "{line:?}");
        }
    }

    #[test]
    fn aliases_take_their_arguments() {
        let aliases = IndexMap::from(
            [("pi", "for k in %1.__dict__: print(%1, k)"), ("ps", "pi self"), ("all", "p [%*]"), ("p", "p (%1)")]
                .map(|(name, template)| (name.to_owned(), template.to_owned())),
        );
        let check = |line: &str, expected: Result<&str, ParseError>| {
            assert_eq!(expand(line, &aliases), expected.map(str::to_owned), "{line:?}");
        };
        check("ps", Ok("for k in self.__dict__: print(self, k)"));
        check("all 1", Ok("p ([1])"));
        check("all 1 2", Err(ParseError::AliasNeedsLess("p".to_owned())));
        check("pi", Err(ParseError::AliasNeedsMore("pi".to_owned())));
        check("pi a b", Err(ParseError::AliasNeedsLess("pi".to_owned())));
        check("p x", Ok("p (x)"));
        check("q", Ok("q"));
        check("", Ok(""));
    }

    #[test]
    fn an_alias_may_not_skip_a_place() {
        for (template, expected) in [("p %1", true), ("p %2", false), ("%1 %3", false), ("%3 %*", true), ("p", true)] {
            assert_eq!(places_are_consecutive(template), expected, "{template:?}");
        }
    }

    #[test]
    fn a_line_is_split_at_the_first_double_semicolon() {
        assert_eq!(split("p 1 ;; p 2 ;; p 3"), ("p 1", Some("p 2 ;; p 3")));
        assert_eq!(split("alias x p 1 ;; p 2"), ("alias x p 1 ;; p 2", None));
        assert_eq!(split("p 1; p 2"), ("p 1; p 2", None));
    }

    #[test]
    fn a_dollar_name_can_be_assigned_to() {
        assert_eq!(convenience_assignment("$a = 1 + $b"), Some(("a", "1 + $b")));
        for other in ["$a == 1", "$a", "a = $a", "$a.b = 1", "$ = 1", "$a += 1"] {
            assert_eq!(convenience_assignment(other), None, "{other:?}");
        }
    }

    #[test]
    fn text_is_quoted_as_python_does() {
        for (text, expected) in [("x", "'x'"), ("it's", "\"it's\""), ("'\"", "'\\'\"'"), ("a\\b\n", "'a\\\\b\\n'")] {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn places_have_conditions_and_threads() {
        let file_line = |file: &str, line| Location::FileLine { file: file.to_owned(), line };
        let name = |name: &str| Location::Name(name.to_owned());
        let check = |text, location, condition, thread| {
            assert_eq!(place(text), Ok(Place { location, condition, thread }), "{text:?}");
        };
        check("12", Location::Line(12), None, None);
        check("12, x > 3, 4", Location::Line(12), Some("x > 3, 4"), None);
        check("12 if x > 3", Location::Line(12), Some("x > 3"), None);
        check("a.py:3", file_line("a.py", 3), None, None);
        check("C:\\a.py : 3", file_line("C:\\a.py", 3), None, None);
        check("f thread 2, x", name("f"), Some("x"), Some("2"));
        check("pkg.mod.f", name("pkg.mod.f"), None, None);
        let method = Location::FileFunction { file: "a.py".to_owned(), function: "C.m".to_owned() };
        check("a.py:C.m", method, None, None);
        assert_eq!(place("a.py:3x, y"), Err(LocationError::BadLine("3x".to_owned())));
    }

    #[test]
    fn program_arguments_are_split_as_a_shell_does() {
        let check =
            |text: &str, expected: &[&str]| assert_eq!(shell_words(text).as_deref(), Ok(&*to_strings(expected)));
        check("a  b", &["a", "b"]);
        check("'a b' \"c \\\" d\"e \\ f ''", &["a b", "c \" de", " f", ""]);
        assert_eq!(shell_words("'a"), Err(ParseError::OpenQuote));
        assert_eq!(shell_words("a\\"), Err(ParseError::OpenEscape));
    }

    fn to_strings(words: &[&str]) -> Vec<String> {
        words.iter().map(|&word| word.to_owned()).collect()
    }
}
