//! Globs as Python's `fnmatch` understands them, case-sensitive: `*`, `?`, `[seq]`, `[!seq]`.

/// Returns whether the whole `text` matches `glob`.
pub(crate) fn matches(glob: &str, text: &str) -> bool {
    let glob: Vec<char> = glob.chars().collect();
    let text: Vec<char> = text.chars().collect();
    matches_chars(&glob, &text)
}

/// Only the last `*` ever needs to be tried again with more text, so the two places to go back to are enough.
fn matches_chars(glob: &[char], text: &[char]) -> bool {
    let (mut pattern, mut rest) = (glob, text);
    let mut retry: Option<(&[char], &[char])> = None;
    loop {
        if let Some((&'*', behind)) = pattern.split_first() {
            retry = Some((behind, rest));
            pattern = behind;
        } else if let Some((&first, others)) = rest.split_first() {
            if let Some(behind) = match_one(pattern, first) {
                (pattern, rest) = (behind, others);
            } else if let Some((behind, from)) = retry {
                let Some((_, shorter)) = from.split_first() else { return false };
                retry = Some((behind, shorter));
                (pattern, rest) = (behind, shorter);
            } else {
                return false;
            }
        } else {
            return pattern.is_empty();
        }
    }
}

/// Matches one character against the first element of `pattern`, which is not `*`; returns the elements behind it.
fn match_one(pattern: &[char], character: char) -> Option<&[char]> {
    match pattern.split_first()? {
        (&'?', behind) => Some(behind),
        (&'[', behind) => match class(behind) {
            Some((members, after)) => class_contains(members, character).then_some(after),
            None => (character == '[').then_some(behind),
        },
        (&literal, behind) => (literal == character).then_some(behind),
    }
}

/// Splits `abc]rest` into the members of the class and what is behind it; None if it never ends. A `]` that comes
/// first, or behind `!`, is a member.
fn class(pattern: &[char]) -> Option<(&[char], &[char])> {
    let negated = usize::from(pattern.first() == Some(&'!'));
    let skip = negated + usize::from(pattern.get(negated) == Some(&']'));
    let end = skip + pattern.get(skip..)?.iter().position(|&c| c == ']')?;
    Some((pattern.get(..end)?, pattern.get(end + 1..)?))
}

fn class_contains(members: &[char], character: char) -> bool {
    let (negated, mut members) = match members.split_first() {
        Some((&'!', members)) => (true, members),
        _ => (false, members),
    };
    let mut found = false;
    while let Some((&low, behind)) = members.split_first() {
        members = match behind {
            [first, high, after @ ..] if *first == '-' => {
                found |= (low..=*high).contains(&character);
                after
            }
            _ => {
                found |= low == character;
                behind
            }
        };
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[track_caller]
    fn check(glob: &str, matching: &[&str], others: &[&str]) {
        for text in matching {
            assert!(matches(glob, text), "{glob} should match {text:?}");
        }
        for text in others {
            assert!(!matches(glob, text), "{glob} should not match {text:?}");
        }
    }

    #[test]
    fn globs_are_those_of_fnmatch() {
        check("json", &["json"], &["json.tool", "xjson", ""]);
        check("json.*", &["json.tool", "json."], &["json", "jsonx"]);
        check("*", &["", "anything", "a.b"], &[]);
        check("*.tests.*", &["a.tests.b", "a.b.tests.c"], &["tests.b", "a.tests"]);
        check("te?t", &["test", "text"], &["tet", "tesst"]);
        check("a*b*c", &["abc", "aXbYc", "abbc", "abcbc"], &["ab", "acb", "abcd"]);
        check("[ab]x", &["ax", "bx"], &["cx", "x"]);
        check("[!ab]x", &["cx"], &["ax", "bx", "x"]);
        check("[a-c1]x", &["ax", "bx", "cx", "1x"], &["dx", "-x"]);
        check("[]]", &["]"], &["["]);
        check("[!]]", &["["], &["]"]);
        check("[a-]", &["a", "-"], &["b"]);
        check("[", &["["], &["]", ""]);
        check("a[b", &["a[b"], &["ab"]);
        check("/lib/**/x.py", &["/lib/a/x.py", "/lib/a/b/x.py"], &["/lib/x.py"]);
        check("?", &["é"], &["", "ab"]);
    }
}
