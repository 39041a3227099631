//! The user's end of a remote session, as far as the terminal goes: rdb's line editor for Python. What helps while a line is
//! edited is asked of a Python object, which asks the process that is debugged.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyEOFError, PyKeyboardInterrupt, PyRuntimeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use rdb_repl::command;
use rdb_repl::highlight::{self, Style};
use rdb_repl::terminal::{Ask, AskKind, Assist, Completions, Input, Terminal};

use crate::launch;
use crate::terminal;

/// The names of the kinds of questions, on the wire.
const KINDS: [(AskKind, &str); 4] = [
    (AskKind::Command, "command"),
    (AskKind::CommandList, "commands"),
    (AskKind::Interact, "interact"),
    (AskKind::Confirm, "confirm"),
];

/// Returns the name of a kind of questions.
pub(crate) fn kind_name(kind: AskKind) -> &'static str {
    KINDS.iter().find(|(known, _)| *known == kind).map_or("confirm", |(_, name)| name)
}

/// The standard streams as a console has them: with a line editor, where they are a terminal.
#[pyclass(frozen, module = "rdb._rdb")]
pub(crate) struct Editor {
    /// None while a line is being read.
    terminal: Mutex<Option<Box<dyn Terminal>>>,
}

#[pymethods]
impl Editor {
    #[new]
    fn new() -> Self {
        Self { terminal: Mutex::new(Some(terminal::of_program())) }
    }

    /// Asks the user. `assist` has `complete(line, cursor)` and `is_whole(text)`.
    ///
    /// Raises `EOFError` at the end of the input, and `KeyboardInterrupt`.
    fn read(
        &self,
        py: Python<'_>,
        prompt: String,
        continuation: String,
        kind: &str,
        assist: Py<PyAny>,
    ) -> PyResult<String> {
        let known = KINDS.iter().find(|(_, name)| *name == kind).map(|(kind, _)| *kind);
        let kind = known.ok_or_else(|| PyValueError::new_err(format!("there is no kind {kind:?} of questions")))?;
        let taken = || PyRuntimeError::new_err("a line is being read already");
        let mut terminal = self.slot().take().ok_or_else(taken)?;
        let mut assist = Helper { object: assist, kind, style: style(&*terminal) };
        let input = py.detach(|| {
            let ask = Ask { prompt: &prompt, continuation: &continuation, kind };
            terminal.read(&ask, &mut assist)
        });
        *self.slot() = Some(terminal);
        match input {
            Input::Text(text) => Ok(text),
            Input::Interrupted => Err(PyKeyboardInterrupt::new_err(())),
            Input::End => Err(PyEOFError::new_err(())),
        }
    }

    /// Shows text.
    fn write(&self, py: Python<'_>, text: &str) {
        py.detach(|| self.with(|terminal| terminal.write(text)));
    }

    /// Returns the columns and rows of the screen; None if there is none.
    fn size(&self, py: Python<'_>) -> Option<(u16, u16)> {
        py.detach(|| self.with(|terminal| terminal.size())).flatten()
    }

    /// Returns whether colours can be shown.
    fn colours(&self, py: Python<'_>) -> bool {
        py.detach(|| self.with(|terminal| terminal.colours())).unwrap_or(false)
    }
}

impl Editor {
    /// Uses the terminal, which is taken out meanwhile. None: a line is being read.
    fn with<R>(&self, use_it: impl FnOnce(&mut dyn Terminal) -> R) -> Option<R> {
        let mut terminal = self.slot().take()?;
        let result = use_it(&mut *terminal);
        *self.slot() = Some(terminal);
        Some(result)
    }

    fn slot(&self) -> MutexGuard<'_, Option<Box<dyn Terminal>>> {
        self.terminal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the commands of the user's start-up files.
#[pyfunction]
pub(crate) fn startup_commands() -> Vec<String> {
    launch::startup_files()
}

fn style(terminal: &dyn Terminal) -> Style {
    if terminal.colours() { Style::Ansi } else { Style::Plain }
}

/// Help for a line, from a Python object. If that fails there is none: the line can be edited all the same.
struct Helper {
    object: Py<PyAny>,
    kind: AskKind,
    style: Style,
}

impl Helper {
    fn ask<T>(&self, question: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Option<T> {
        Python::attach(|py| {
            question(self.object.bind(py)).inspect_err(|error| tracing::debug!(%error, "no help for a line")).ok()
        })
    }
}

impl Assist for Helper {
    fn complete(&mut self, line: &str, cursor: usize) -> Completions {
        let found = self.ask(|object| {
            let found = object.call_method1(intern!(object.py(), "complete"), (line, cursor))?;
            let (start, words): (usize, Vec<String>) = found.extract()?;
            Ok(Completions { start, words })
        });
        found.filter(|found| found.start <= cursor && line.is_char_boundary(found.start)).unwrap_or_default()
    }

    fn is_whole(&mut self, text: &str) -> bool {
        let asked = self.ask(|object| object.call_method1(intern!(object.py(), "is_whole"), (text,))?.is_truthy());
        asked.unwrap_or(true)
    }

    fn highlight(&self, line: &str) -> String {
        match self.kind {
            AskKind::Command | AskKind::CommandList => {
                highlight::input(line, |word| command::find(word).is_some(), self.style)
            }
            AskKind::Interact => highlight::source(line, self.style),
            AskKind::Confirm => line.to_owned(),
        }
    }
}
