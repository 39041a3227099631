//! The console's terminal: Python's streams, or rustyline where these are a real terminal.
//!
//! Which of the two is decided anew at each question, because a program (or pytest) replaces streams between stops.

use std::ffi::CStr;
use std::io::IsTerminal;
use std::path::PathBuf;

use pyo3::exceptions::{PyKeyboardInterrupt, PyUnicodeDecodeError, PyUnicodeEncodeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyString};
use rdb_repl::highlight::Style;
use rdb_repl::line::{LineOptions, Rustyline, history_file};
use rdb_repl::terminal::{Ask, Assist, Input, Terminal};

use crate::ffi::{import, sys_attribute};
use crate::host::exception_text;

/// Returns a terminal over whatever the standard streams are at each moment: the program was there first.
pub(crate) fn of_program() -> Box<dyn Terminal> {
    over(None, None)
}

/// Returns a terminal over what the standard streams are now: rdb was there first, and what the program makes of them
/// is its own business.
pub(crate) fn of_rdb(py: Python<'_>) -> Box<dyn Terminal> {
    let now = |name: &CStr| standard(py, name).map(Bound::unbind);
    over(now(c"stdin"), now(c"stdout"))
}

/// Returns a terminal over two streams; None: the standard one of each moment.
pub(crate) fn over(input: Option<Py<PyAny>>, output: Option<Py<PyAny>>) -> Box<dyn Terminal> {
    Box::new(Streams {
        input,
        output,
        editor: Editor::Unopened,
        early: None,
        interrupted: false,
        flushing: Flushing::Always,
    })
}

struct Streams {
    /// The input stream; None: `sys.stdin`.
    input: Option<Py<PyAny>>,
    /// The output stream; None: `sys.stdout`.
    output: Option<Py<PyAny>>,
    editor: Editor,
    /// What was read although a Ctrl-C came first.
    early: Option<Input>,
    /// A Ctrl-C came while something was written.
    interrupted: bool,
    flushing: Flushing,
}

/// When text that was written is sent on. A reader at the other end of a pipe is woken each time.
///
/// ```text
/// Always <--hold, release--> Later
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flushing {
    /// At once.
    Always,
    /// With what is written next.
    Later,
}

/// The editor for a real terminal.
///
/// ```text
/// Unopened --the first question at a real terminal--> Open | Unusable
/// ```
enum Editor {
    Unopened,
    Open(Box<Rustyline>),
    /// This terminal cannot be drawn on.
    Unusable,
}

impl Terminal for Streams {
    fn read(&mut self, ask: &Ask<'_>, assist: &mut dyn Assist) -> Input {
        self.flushing = Flushing::Always;
        let editable = Python::attach(|py| {
            let editable = self.is_terminal(py);
            if editable {
                self.show(py, "");
            }
            editable
        });
        match self.editor.open(editable) {
            Some(editor) => editor.read(ask, assist),
            None => Python::attach(|py| self.read_stream(py, ask.prompt)),
        }
    }

    fn write(&mut self, text: &str) {
        Python::attach(|py| self.show(py, text));
    }

    fn hold(&mut self) {
        self.flushing = Flushing::Later;
    }

    fn release(&mut self) {
        if std::mem::replace(&mut self.flushing, Flushing::Always) == Flushing::Later {
            self.write("");
        }
    }

    fn size(&self) -> Option<(u16, u16)> {
        Python::attach(|py| {
            let number = self.output(py)?.call_method0(intern!(py, "fileno")).ok()?;
            import(py, "os").ok()?.call_method1(intern!(py, "get_terminal_size"), (number,)).ok()?.extract().ok()
        })
    }

    fn colours(&self) -> bool {
        if Style::from_env(variable) == Style::Plain {
            return false;
        }
        Python::attach(|py| {
            let answer = self.output(py).map(|output| output.call_method0(intern!(py, "isatty")));
            answer.is_some_and(|answer| answer.and_then(|answer| answer.is_truthy()).unwrap_or(false))
        })
    }
}

impl Streams {
    fn input<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        usable(py, self.input.as_ref()).or_else(|| standard(py, c"stdin"))
    }

    fn output<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let replaced = || match self.output {
            Some(_) => standard(py, c"stdout").filter(is_open).or_else(|| descriptor(py)),
            None => standard(py, c"stdout"),
        };
        usable(py, self.output.as_ref()).or_else(replaced)
    }

    /// Returns whether rustyline, which knows file descriptors only, talks to the same terminal as the streams.
    fn is_terminal(&self, py: Python<'_>) -> bool {
        let original = |stream: Option<Bound<'_, PyAny>>, name: &CStr| match (stream, standard(py, name)) {
            (Some(stream), Some(original)) => stream.is(&original),
            _ => false,
        };
        original(self.input(py), c"__stdin__")
            && original(self.output(py), c"__stdout__")
            && std::io::stdin().is_terminal()
            && std::io::stdout().is_terminal()
    }

    /// Reads one line and not a byte more: the rest is the program's.
    fn read_stream(&mut self, py: Python<'_>, prompt: &str) -> Input {
        self.show(py, prompt);
        if std::mem::take(&mut self.interrupted) {
            return Input::Interrupted;
        }
        if let Some(early) = self.early.take() {
            return early;
        }
        let Some(input) = self.input(py) else { return Input::End };
        loop {
            match input.call_method0(intern!(py, "readline")).and_then(|line| line.cast_into().map_err(PyErr::from)) {
                Ok(line) => return self.unless_interrupted(py, answer(&line)),
                Err(error) if error.is_instance_of::<PyKeyboardInterrupt>(py) => return Input::Interrupted,
                // What could not be decoded is gone; the stream goes on behind it.
                Err(error) if error.is_instance_of::<PyUnicodeDecodeError>(py) => {
                    self.show(py, &format!("*** {}\n", exception_text(py, &error)));
                }
                // Such as the stand-in of a test runner that captures the output: its text says what to do.
                Err(error) => {
                    self.show(py, &format!("*** {}\n", exception_text(py, &error)));
                    return Input::End;
                }
            }
        }
    }

    /// Writes text, and sees to it that it is seen. A Ctrl-C that comes meanwhile is one for the next question.
    fn show(&mut self, py: Python<'_>, text: &str) {
        let Some(output) = self.output(py) else { return };
        let mut result = write(&output, text);
        if self.flushing == Flushing::Always {
            result = result.and_then(|()| flush(&output));
        }
        if let Err(error) = &result
            && error.is_instance_of::<PyKeyboardInterrupt>(py)
        {
            self.interrupted = true;
            result = flush(&output);
        }
        if let Err(error) = result {
            tracing::debug!(%error, "the output cannot be written");
        }
    }

    /// Returns what was read; or that there was a Ctrl-C before, which Python has not noticed while it waited, and then
    /// keeps what was read for the next question.
    fn unless_interrupted(&mut self, py: Python<'_>, read: Input) -> Input {
        match py.check_signals() {
            Err(error) if error.is_instance_of::<PyKeyboardInterrupt>(py) => {
                self.early = Some(read);
                Input::Interrupted
            }
            _ => read,
        }
    }
}

impl Editor {
    /// Returns the editor, if it is to be used and can be.
    fn open(&mut self, wanted: bool) -> Option<&mut Rustyline> {
        if !wanted {
            return None;
        }
        if matches!(self, Self::Unopened) {
            let state_home = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
            let history = history_file(state_home.as_deref(), std::env::home_dir().as_deref());
            let options = LineOptions { history, style: Style::from_env(variable) };
            *self = match Rustyline::open(options) {
                Ok(editor) => Self::Open(Box::new(editor)),
                Err(error) => {
                    tracing::info!(%error, "lines are read without an editor");
                    Self::Unusable
                }
            };
        }
        match self {
            Self::Open(editor) => Some(editor),
            Self::Unopened | Self::Unusable => None,
        }
    }
}

/// Returns the value of an environment variable.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns a stream of `sys`; None if it is missing or None.
fn standard<'py>(py: Python<'py>, name: &CStr) -> Option<Bound<'py, PyAny>> {
    sys_attribute(py, name).filter(|stream| !stream.is_none())
}

/// Returns a stream, unless it was closed.
fn usable<'py>(py: Python<'py>, stream: Option<&Py<PyAny>>) -> Option<Bound<'py, PyAny>> {
    stream.map(|stream| stream.bind(py).clone()).filter(is_open)
}

fn is_open(stream: &Bound<'_, PyAny>) -> bool {
    !stream.getattr(intern!(stream.py(), "closed")).and_then(|closed| closed.is_truthy()).unwrap_or(false)
}

/// Returns a stream on what rdb was started with as its output: a program that closes `sys.stdout` leaves that open.
fn descriptor(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    let how = [("closefd", false)].into_py_dict(py).ok()?;
    import(py, "io").ok()?.call_method("open", (1, "w"), Some(&how)).ok()
}

fn answer(line: &Bound<'_, PyString>) -> Input {
    let line = line.to_string_lossy();
    if line.is_empty() {
        return Input::End;
    }
    let line = line.strip_suffix('\n').unwrap_or(&line);
    Input::Text(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

/// Writes text; what the stream cannot encode is written with backslashes.
fn write(output: &Bound<'_, PyAny>, text: &str) -> PyResult<()> {
    match output.call_method1(intern!(output.py(), "write"), (text,)) {
        Err(error) if error.is_instance_of::<PyUnicodeEncodeError>(output.py()) => write_escaped(output, text),
        result => result.map(drop),
    }
}

fn write_escaped(output: &Bound<'_, PyAny>, text: &str) -> PyResult<()> {
    let py = output.py();
    let encoding = output.getattr(intern!(py, "encoding"))?;
    let bytes = PyString::new(py, text).call_method1("encode", (&encoding, "backslashreplace"))?;
    output.call_method1(intern!(py, "write"), (bytes.call_method1("decode", (&encoding,))?,)).map(drop)
}

fn flush(output: &Bound<'_, PyAny>) -> PyResult<()> {
    output.call_method0(intern!(output.py(), "flush")).map(drop)
}
