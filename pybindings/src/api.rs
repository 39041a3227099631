//! What a program itself calls: to stop, and to look at an exception.

use pyo3::exceptions::{PyBaseException, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyFrame, PyString, PyTraceback};
use rdb_core::engine::Answer;
use rdb_core::host::SessionMode;
use rdb_core::stop::StopReason;

use crate::ffi::FramePtr;
use crate::front;
use crate::host::{self, Snapshot};
use crate::launch::session;
use crate::session::Stopped;

/// Stops the calling thread at the call, with all frames as they are.
///
/// Breakpoints, aliases and displayed expressions live on from one call to the next.
///
/// Args:
///     header (str): Text to show before the prompt.
///     commands (Sequence[str]): Debugger commands to run before the prompt, in order.
///     condition: Stops only if this is true: an expression as text, which is evaluated in the frame (one that fails
///         stops), a callable without arguments, or any other value. None: always.
///     frame (types.FrameType): The frame to stop in; None: the caller's.
///
/// Raises:
///     TypeError: An argument is of another type.
///
/// Example:
///     >>> for item in items:
///     ...     rdb.set_trace(condition="item.price < 0", commands=["p item"])
#[pyfunction]
#[pyo3(signature = (*, header=None, commands=None, condition=None, frame=None))]
pub(crate) fn set_trace(
    py: Python<'_>,
    header: Option<String>,
    commands: Option<Vec<String>>,
    condition: Option<Bound<'_, PyAny>>,
    frame: Option<Bound<'_, PyFrame>>,
) -> PyResult<()> {
    let Some(frame) = frame.map(Bound::into_any).or_else(|| FramePtr::current(py).map(|frame| frame.object(py))) else {
        return Ok(()); // called by C code alone: there is nothing to look at
    };
    if announce(py, &frame, header, commands, condition.as_ref())? == Verdict::Passes {
        return Ok(());
    }
    session(py, SessionMode::Inline)?.stop_in(py, StopReason::Trace, Stopped::at(&frame))
}

/// Stops in a coroutine. Returns what the user wants to be awaited, after which this is to be called again; None: the
/// program goes on.
#[pyfunction]
#[pyo3(signature = (frame, header, commands, condition))]
pub(crate) fn stop_async<'py>(
    py: Python<'py>,
    frame: Bound<'py, PyFrame>,
    header: Option<String>,
    commands: Option<Vec<String>>,
    condition: Option<Bound<'py, PyAny>>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let frame = frame.into_any();
    if announce(py, &frame, header, commands, condition.as_ref())? == Verdict::Passes {
        return Ok(None);
    }
    let session = session(py, SessionMode::Inline)?;
    session.stop_in(py, StopReason::Trace, Stopped { can_await: true, ..Stopped::at(&frame) })?;
    host::take_awaitable(py)
}

/// Looks at the stack of an exception or traceback.
#[pyfunction]
pub(crate) fn post_mortem(py: Python<'_>, error: Bound<'_, PyAny>) -> PyResult<()> {
    let error = error.unbind();
    let stopped = if error.bind(py).is_instance_of::<PyBaseException>() {
        Stopped { exception: Some(error), ..Stopped::nowhere() }
    } else if error.bind(py).is_instance_of::<PyTraceback>() {
        Stopped { traceback: Some(error), ..Stopped::nowhere() }
    } else {
        let what = error.bind(py).get_type().name()?;
        return Err(PyTypeError::new_err(format!("post_mortem wants an exception or a traceback, not {what}")));
    };
    let session = session(py, SessionMode::PostMortem)?;
    session.stop_in(py, StopReason::PostMortem, stopped)?;
    session.program_ended(py); // the dead cannot step
    Ok(())
}

/// What a condition has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// The program goes on.
    Passes,
    /// It stops.
    Stops,
    /// It stops, because the condition failed with this message.
    StopsWith(String),
}

/// Asks the condition; if the program is to stop, leaves text and commands for the prompt.
fn announce(
    py: Python<'_>,
    frame: &Bound<'_, PyAny>,
    header: Option<String>,
    commands: Option<Vec<String>>,
    condition: Option<&Bound<'_, PyAny>>,
) -> PyResult<Verdict> {
    let verdict = condition.map_or(Ok(Verdict::Stops), |condition| judge(py, frame, condition))?;
    let failure = match &verdict {
        Verdict::Passes => return Ok(verdict),
        Verdict::Stops => None,
        Verdict::StopsWith(message) => Some(format!("*** the condition failed: {message}")),
    };
    let texts: Vec<String> = [header, failure].into_iter().flatten().collect();
    front::prepare((!texts.is_empty()).then(|| texts.join("\n")), commands.unwrap_or_default());
    Ok(verdict)
}

fn judge(py: Python<'_>, frame: &Bound<'_, PyAny>, condition: &Bound<'_, PyAny>) -> PyResult<Verdict> {
    if let (Ok(expression), Some(frame)) = (condition.cast::<PyString>(), FramePtr::of(frame)) {
        session(py, SessionMode::Inline)?;
        return Ok(match host::condition(py, frame, expression.to_str()?, Snapshot::Emptied) {
            Answer::True => Verdict::Stops,
            Answer::False => Verdict::Passes,
            Answer::Failed(message) => Verdict::StopsWith(message.to_string()),
        });
    }
    let value = if condition.is_callable() { condition.call0() } else { Ok(condition.clone()) };
    Ok(match value.and_then(|value| value.is_truthy()) {
        Ok(true) => Verdict::Stops,
        Ok(false) => Verdict::Passes,
        Err(error) => Verdict::StopsWith(error.to_string()),
    })
}
