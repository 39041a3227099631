//! Places as a user writes them: `12`, `file.py:12`, `pkg.mod.func`, `file.py:func`, `Class.method`.

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
