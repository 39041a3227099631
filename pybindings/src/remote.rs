//! The console of a process that was attached to: its user sits at another one (`editor`), and the two talk through a
//! channel, an object of `rdb.remote`. What goes over the wire is not known here.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyFrame;
use rdb_core::host::SessionMode;
use rdb_core::stop::StopReason;
use rdb_repl::terminal::{Ask, Assist, Input, Terminal};

use crate::code;
use crate::editor::kind_name;
use crate::ffi::{FramePtr, import};
use crate::front::{self, Quit};
use crate::launch;
use crate::session::{Session, Stopped};

/// The stream that stands in for `sys.stdout` while something runs at the prompt. A leaf among the locks.
static VOICE: Mutex<Option<Py<PyAny>>> = Mutex::new(None);

/// The terminal at the other end of a channel.
struct Remote {
    channel: Py<PyAny>,
}

/// While it lives, what is printed goes to the user and not to where the program prints.
pub(crate) struct Lent<'py> {
    voice: Bound<'py, PyAny>,
    theirs: Bound<'py, PyAny>,
}

/// Stops the program in a frame, for the user at the other end of a channel. The session lasts until that user leaves.
///
/// `RuntimeError` says why it cannot begin.
#[pyfunction]
#[pyo3(signature = (channel, commands, backend, frame))]
pub(crate) fn serve(
    channel: Bound<'_, PyAny>,
    commands: Vec<String>,
    backend: Option<&str>,
    frame: Bound<'_, PyFrame>,
) -> PyResult<()> {
    let py = channel.py();
    let frame = frame.into_any();
    let busy = || PyRuntimeError::new_err("rdb is at work in this process already");
    if Session::active().is_some_and(|session| session.mode() == SessionMode::Cli) {
        return Err(busy());
    }
    let session = Session::start(py, launch::choice(backend)?, SessionMode::Remote)?;
    if front::is_installed() && session.set_frontend(None).is_none() {
        return Err(busy()); // a thread is at the prompt
    }
    session.set_mode(SessionMode::Remote);
    hide_frames_above(py, &frame);
    *voice() = Some(channel.getattr(intern!(py, "voice"))?.unbind());
    let terminal = Box::new(Remote { channel: channel.unbind() });
    front::install(session, terminal, Vec::new(), commands, Quit::Detach);
    session.stop_in(py, StopReason::Trace, Stopped::at(&frame))
}

/// Makes the code that has brought rdb here rdb's own, though it comes from no file of it.
fn hide_frames_above(py: Python<'_>, frame: &Bound<'_, PyAny>) {
    let end = FramePtr::of(frame);
    let mut above = FramePtr::current(py);
    while let Some(running) = above.filter(|running| end.is_some_and(|end| end.id() != running.id())) {
        code::entry(py, running.code(py)).make_own();
        above = running.back(py);
    }
}

/// Ends what `serve` has begun: the channel is closed, and the next console is that of the program's own terminal.
pub(crate) fn end(session: &Session) {
    front::uninstall(session);
    let voice = voice().take();
    drop(voice);
}

/// Lends `sys.stdout` to the user at the other end, if there is one.
pub(crate) fn lend(py: Python<'_>) -> Option<Lent<'_>> {
    let voice = voice().as_ref().map(|voice| voice.bind(py).clone())?;
    let sys = import(py, "sys").ok()?;
    let theirs = sys.getattr(intern!(py, "stdout")).ok()?;
    sys.setattr(intern!(py, "stdout"), &voice).ok()?;
    Some(Lent { voice, theirs })
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let py = self.voice.py();
        let put_back = || -> PyResult<()> {
            let sys = import(py, "sys")?;
            // What a statement has put there instead is meant to stay.
            if sys.getattr(intern!(py, "stdout"))?.is(&self.voice) {
                sys.setattr(intern!(py, "stdout"), &self.theirs)?;
            }
            Ok(())
        };
        if let Err(error) = put_back() {
            tracing::warn!(%error, "sys.stdout could not be given back");
        }
    }
}

fn voice() -> MutexGuard<'static, Option<Py<PyAny>>> {
    VOICE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What comes from the other end.
enum Word {
    /// The answer to the question.
    Answer(Input),
    /// It wants the word before a byte of a line completed.
    Complete(String, usize),
    /// It wants to know whether a text need not go on.
    Whole(String),
}

impl Terminal for Remote {
    fn read(&mut self, ask: &Ask<'_>, assist: &mut dyn Assist) -> Input {
        let mut word = self.hear(|channel| {
            let question = (ask.prompt, ask.continuation, kind_name(ask.kind));
            channel.call_method1(intern!(channel.py(), "ask"), question)
        });
        loop {
            word = match word {
                Word::Answer(input) => return input,
                Word::Complete(line, cursor) => {
                    let found = assist.complete(&line, cursor);
                    self.hear(|channel| {
                        channel.call_method1(intern!(channel.py(), "completions"), (found.start, found.words))
                    })
                }
                Word::Whole(text) => {
                    let whole = assist.is_whole(&text);
                    self.hear(|channel| channel.call_method1(intern!(channel.py(), "whole"), (whole,)))
                }
            };
        }
    }

    fn write(&mut self, text: &str) {
        self.call(|channel| channel.call_method1(intern!(channel.py(), "write"), (text,)).map(drop));
    }

    fn size(&self) -> Option<(u16, u16)> {
        Python::attach(|py| self.channel.bind(py).getattr(intern!(py, "size")).ok()?.extract().ok())
    }

    fn colours(&self) -> bool {
        let wanted = |channel: &Bound<'_, PyAny>| channel.getattr(intern!(channel.py(), "colours"))?.is_truthy();
        Python::attach(|py| wanted(self.channel.bind(py)).unwrap_or(false))
    }
}

impl Remote {
    /// Says something, and returns what comes next. Silence is the end of the input.
    fn hear(&self, say: impl for<'py> FnOnce(&Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>>) -> Word {
        Python::attach(|py| match say(self.channel.bind(py)).and_then(|word| Word::of(&word)) {
            Ok(word) => word,
            Err(error) if error.is_instance_of::<PyKeyboardInterrupt>(py) => Word::Answer(Input::Interrupted),
            Err(error) => {
                tracing::warn!(%error, "the other end cannot be heard");
                Word::Answer(Input::End)
            }
        })
    }

    fn call(&self, use_it: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<()>) {
        Python::attach(|py| {
            if let Err(error) = use_it(self.channel.bind(py)) {
                tracing::warn!(%error, "the other end cannot be talked to");
            }
        });
    }
}

impl Word {
    /// Reads what `Channel.wait` returns: what it is, a text, a number.
    fn of(word: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (what, text, number): (String, String, usize) = word.extract()?;
        Ok(match what.as_str() {
            "text" => Self::Answer(Input::Text(text)),
            "interrupted" => Self::Answer(Input::Interrupted),
            "complete" => Self::Complete(text, number),
            "whole" => Self::Whole(text),
            _ => Self::Answer(Input::End),
        })
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        self.call(|channel| channel.call_method0(intern!(channel.py(), "close")).map(drop));
    }
}
