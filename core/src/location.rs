//! Places as a user writes them: `12`, `file.py:12`, `pkg.mod.func`, `file.py:func`, `Class.method`.

use std::str::FromStr;

use crate::ids::Line;

/// A place as a user writes it. The host finds out what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A line of the current file.
    Line(Line),
    /// A line of a file or module.
    FileLine {
        /// As written: a path, or a module name.
        file: String,
        /// The line.
        line: Line,
    },
    /// A function of a file or module.
    FileFunction {
        /// As written: a path, or a module name.
        file: String,
        /// Its name, dotted for methods.
        function: String,
    },
    /// An expression or dotted name that stands for a function.
    Name(String),
}

/// A text that is no place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LocationError {
    /// There is no text.
    #[error("a place is needed: a line, file:line, file:function or the name of a function")]
    Empty,
    /// What is behind the last colon is neither a line nor a name; it is given as written.
    #[error("Bad lineno: {0}")]
    BadLine(String),
}

impl FromStr for Location {
    type Err = LocationError;

    /// Reads a place. The last colon splits it, so that drive letters and colons in file names do no harm.
    fn from_str(text: &str) -> Result<Self, LocationError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(LocationError::Empty);
        }
        let Some((file, rest)) = text.rsplit_once(':').filter(|(file, rest)| !is_drive(file, rest)) else {
            return Ok(text.parse().map_or_else(|_| Self::Name(text.to_owned()), Self::Line));
        };
        let (file, rest) = (file.trim_end().to_owned(), rest.trim_start());
        match rest.parse() {
            Ok(line) => Ok(Self::FileLine { file, line }),
            Err(_) if is_dotted_name(rest) => Ok(Self::FileFunction { file, function: rest.to_owned() }),
            Err(_) => Err(LocationError::BadLine(rest.to_owned())),
        }
    }
}

/// Returns whether the colon behind `file` belongs to a Windows path that nothing follows.
fn is_drive(file: &str, rest: &str) -> bool {
    file.len() == 1 && file.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.starts_with(['/', '\\'])
}

fn is_dotted_name(text: &str) -> bool {
    let is_start = |c: char| c.is_alphabetic() || c == '_';
    text.split('.').all(|name| name.starts_with(is_start) && name.chars().all(|c| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::{Location, LocationError};

    #[track_caller]
    fn check(text: &str, expected: Result<Location, LocationError>) {
        assert_eq!(text.parse::<Location>(), expected, "{text:?}");
    }

    fn file_line(file: &str, line: u32) -> Result<Location, LocationError> {
        Ok(Location::FileLine { file: file.to_owned(), line })
    }

    fn file_function(file: &str, function: &str) -> Result<Location, LocationError> {
        Ok(Location::FileFunction { file: file.to_owned(), function: function.to_owned() })
    }

    fn name(name: &str) -> Result<Location, LocationError> {
        Ok(Location::Name(name.to_owned()))
    }

    #[test]
    fn places_are_read_as_written() {
        check("12", Ok(Location::Line(12)));
        check("  12 ", Ok(Location::Line(12)));
        check("file.py:12", file_line("file.py", 12));
        check("pkg.mod : 12", file_line("pkg.mod", 12));
        check("file.py:func", file_function("file.py", "func"));
        check("file.py:Class.method", file_function("file.py", "Class.method"));
        check("dir/größe.py:tür", file_function("dir/größe.py", "tür"));
        check("pkg.mod.func", name("pkg.mod.func"));
        check("obj.method", name("obj.method"));
        check("lst[0].f", name("lst[0].f"));
    }

    #[test]
    fn the_last_colon_splits() {
        check(r"C:\dir\file.py:12", file_line(r"C:\dir\file.py", 12));
        check("C:/dir/file.py:f", file_function("C:/dir/file.py", "f"));
        check(r"C:\dir\file.py", name(r"C:\dir\file.py"));
        check("a:b:7", file_line("a:b", 7));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        check("", Err(LocationError::Empty));
        check("   ", Err(LocationError::Empty));
        check("file.py:", Err(LocationError::BadLine(String::new())));
        check("file.py:1x", Err(LocationError::BadLine("1x".to_owned())));
        check("file.py:-1", Err(LocationError::BadLine("-1".to_owned())));
        check("99999999999", name("99999999999"));
    }
}
