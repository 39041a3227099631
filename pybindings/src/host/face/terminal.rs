//! A Python debugger object as the terminal of a command: what the command says goes through the object's methods, so that
//! a subclass may override them.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;
use rdb_core::host::HostError;
use rdb_repl::terminal::{Ask, Assist, Entry, Input, Terminal};

use crate::editor::kind_name;

/// The first exception that a method of the object raised; it ends the command.
#[derive(Clone, Default)]
pub(super) struct Raised(Arc<Mutex<Option<PyErr>>>);

impl Raised {
    /// Keeps an exception, unless there is one already.
    pub(super) fn keep(&self, error: PyErr) -> HostError {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        HostError::Told
    }

    /// Returns the exception.
    pub(super) fn take(&self) -> PyResult<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

/// The terminal.
pub(super) struct FaceTerminal {
    /// The debugger object.
    pub(super) pdb: Py<PyAny>,
    /// Where exceptions go.
    pub(super) raised: Raised,
}

impl FaceTerminal {
    fn call(&self, use_it: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<()>) {
        Python::attach(|py| {
            if let Err(error) = use_it(self.pdb.bind(py)) {
                self.raised.keep(error);
            }
        });
    }

    fn ask(&self, py: Python<'_>, ask: &Ask<'_>) -> PyResult<Option<String>> {
        let line = self.pdb.bind(py).call_method1(intern!(py, "_ask"), (ask.prompt, kind_name(ask.kind)))?;
        if line.is_none() {
            return Ok(None);
        }
        Ok(Some(line.cast::<PyString>()?.to_string_lossy().into_owned()))
    }
}

impl Terminal for FaceTerminal {
    fn read(&mut self, ask: &Ask<'_>, _assist: &mut dyn Assist) -> Input {
        Python::attach(|py| match self.ask(py, ask) {
            Ok(Some(line)) => Input::Text(line),
            Ok(None) => Input::End,
            Err(error) if error.is_instance_of::<PyKeyboardInterrupt>(py) => Input::Interrupted,
            Err(error) => {
                self.raised.keep(error);
                Input::End
            }
        })
    }

    fn write(&mut self, text: &str) {
        self.message(text.strip_suffix('\n').unwrap_or(text));
    }

    fn message(&mut self, text: &str) {
        self.call(|pdb| pdb.call_method1(intern!(pdb.py(), "message"), (text,)).map(drop));
    }

    fn error(&mut self, text: &str) {
        self.call(|pdb| pdb.call_method1(intern!(pdb.py(), "error"), (text,)).map(drop));
    }

    fn selected(&mut self, number: usize) {
        self.call(|pdb| pdb.call_method1(intern!(pdb.py(), "_look_at"), (number,)).map(drop));
    }

    fn entry(&mut self, number: usize) -> Entry {
        self.call(|pdb| {
            let entry = pdb.getattr(intern!(pdb.py(), "stack"))?.get_item(number)?;
            pdb.call_method1(intern!(pdb.py(), "print_stack_entry"), (entry,)).map(drop)
        });
        Entry::Shown
    }

    fn size(&self) -> Option<(u16, u16)> {
        None
    }

    fn colours(&self) -> bool {
        let wanted = |pdb: &Bound<'_, PyAny>| pdb.getattr(intern!(pdb.py(), "colorize"))?.is_truthy();
        Python::attach(|py| wanted(self.pdb.bind(py)).unwrap_or(false))
    }
}
