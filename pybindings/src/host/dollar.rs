//! `$name` in what the user types: each becomes an identifier that Python can compile. Knows nothing of values.

/// What stands in front of the name in the identifier that is compiled.
const PREFIX: &str = "__rdb_convenience_";

/// Returns the identifier that stands for `$name`.
pub(super) fn identifier(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// Returns the `name` of an identifier that stands for `$name`.
pub(super) fn name_of(identifier: &str) -> Option<&str> {
    identifier.strip_prefix(PREFIX)
}

/// Writes the identifiers in a text as the user wrote them, for messages.
pub(super) fn restore(text: &str) -> String {
    text.replace(PREFIX, "$")
}

/// Returns `source` with an identifier for each `$name` outside of strings and comments, and the names.
pub(super) fn expand(source: &str) -> (String, Vec<String>) {
    expand_with(source, identifier)
}

/// As [`expand`], with what is to stand for a name.
pub(super) fn expand_with(source: &str, identifier: impl Fn(&str) -> String) -> (String, Vec<String>) {
    let mut expanded = String::with_capacity(source.len());
    let mut names = Vec::new();
    expand_into(source, &identifier, &mut expanded, &mut names);
    names.sort();
    names.dedup();
    (expanded, names)
}

fn expand_into(source: &str, identifier: &dyn Fn(&str) -> String, expanded: &mut String, names: &mut Vec<String>) {
    let mut rest = source;
    while let Some(next) = rest.chars().next() {
        let length = match next {
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '\'' | '"' if is_formatted(expanded) => {
                let length = string_length(rest);
                expand_fields(&rest[..length], identifier, expanded, names);
                rest = &rest[length..];
                continue;
            }
            '\'' | '"' => string_length(rest),
            '$' => match name_length(&rest[1..]) {
                0 => 1,
                length => {
                    let name = &rest[1..=length];
                    expanded.push_str(&identifier(name));
                    names.push(name.to_owned());
                    rest = &rest[1 + length..];
                    continue;
                }
            },
            _ => next.len_utf8(),
        };
        expanded.push_str(&rest[..length]);
        rest = &rest[length..];
    }
}

/// Returns whether the quote behind this text begins a string whose fields are expressions (`f"…"`, `rf"…"`, `t"…"`).
fn is_formatted(before: &str) -> bool {
    let start = before.rfind(|c: char| c != '_' && !c.is_alphanumeric()).map_or(0, |at| at + 1);
    let prefix = before.get(start..).unwrap_or_default().to_ascii_lowercase();
    matches!(prefix.as_str(), "f" | "fr" | "rf" | "t" | "tr" | "rt")
}

/// Expands what stands in the fields of a formatted string.
fn expand_fields(literal: &str, identifier: &dyn Fn(&str) -> String, expanded: &mut String, names: &mut Vec<String>) {
    let mut rest = literal;
    while let Some(open) = rest.find('{') {
        let field = &rest[open + 1..];
        expanded.push_str(&rest[..=open]);
        if let Some(behind) = field.strip_prefix('{') {
            expanded.push('{');
            rest = behind;
            continue;
        }
        let end = field.find('}').unwrap_or(field.len());
        expand_into(&field[..end], identifier, expanded, names);
        rest = &field[end..];
    }
    expanded.push_str(rest);
}

/// Returns the length of the identifier that `text` begins with.
fn name_length(text: &str) -> usize {
    let begins = text.chars().next().is_some_and(|first| first == '_' || first.is_alphabetic());
    let end = text.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(text.len());
    if begins { end } else { 0 }
}

/// Returns the length of the string literal that `text`, which begins with a quote, begins with.
fn string_length(text: &str) -> usize {
    let quote = &text[..1];
    let triple = quote.repeat(3);
    let closing = if text.starts_with(&triple) { triple.as_str() } else { quote };
    let mut at = closing.len();
    while at < text.len() {
        let here = &text[at..];
        if here.starts_with(closing) {
            return at + closing.len();
        }
        if closing.len() == 1 && here.starts_with('\n') {
            return at;
        }
        let mut chars = here.chars();
        let escaped = if chars.next() == Some('\\') { chars.next().map_or(0, char::len_utf8) } else { 0 };
        at += here.chars().next().map_or(1, char::len_utf8) + escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, expanded: &str, names: &[&str]) {
        let (text, found) = expand(source);
        assert_eq!(text.replace(PREFIX, "@"), expanded);
        assert_eq!(found, names);
    }

    #[test]
    fn names_outside_of_strings_and_comments_are_replaced() {
        check("$a + $b.x[$a]", "@a + @b.x[@a]", &["a", "b"]);
        check("$_retval", "@_retval", &["_retval"]);
        check("x = $é", "x = @é", &["é"]);
        check("f('$a', \"$b\", $c)  # $d", "f('$a', \"$b\", @c)  # $d", &["c"]);
        check("'''$a\n'$b''' + $c", "'''$a\n'$b''' + @c", &["c"]);
        check(r"'\'$a' + $b", r"'\'$a' + @b", &["b"]);
    }

    #[test]
    fn fields_of_formatted_strings_are_expressions() {
        check("f'$a = {$a}'", "f'$a = {@a}'", &["a"]);
        check("rf\"{{$a}} {$b:>{$c}}\" + $d", "rf\"{{$a}} {@b:>{@c}}\" + @d", &["b", "c", "d"]);
        check("f'{$a", "f'{@a", &["a"]);
        check("leaf'{$a}'", "leaf'{$a}'", &[]);
    }

    #[test]
    fn what_is_no_name_stays() {
        check("$", "$", &[]);
        check("$1 + $ a", "$1 + $ a", &[]);
        check("'unfinished $a\n$b", "'unfinished $a\n@b", &["b"]);
    }

    #[test]
    fn messages_show_what_was_typed() {
        assert_eq!(restore(&format!("name '{}' is not defined", identifier("a"))), "name '$a' is not defined");
        assert_eq!(name_of(&identifier("a")), Some("a"));
    }
}
