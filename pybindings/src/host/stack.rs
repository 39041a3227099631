//! Stacks as a front end sees them: of a live thread, of a traceback, and of an exception on its way between the two.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::host::{ExceptionInfo, FrameInfo, HostError, Stack};
use rdb_core::ids::{CodeId, FrameId, FrameNo, Line};

use super::text;
use crate::code;
use crate::ffi::FramePtr;
use crate::frame;
use crate::session::Session;

/// More exceptions of a chain than this are not looked at.
const LONGEST_CHAIN: usize = 999;

/// A stack that is looked at, oldest frame first.
pub(super) struct View {
    /// The frame objects; as many as `stack` has frames.
    pub(super) frames: Vec<Py<PyAny>>,
    /// The same as plain data.
    pub(super) stack: Stack,
}

/// Whether the frames of a stack can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Live,
    Dead,
}

/// A frame of a stack that is being put together.
struct Found<'py> {
    frame: Bound<'py, PyAny>,
    /// The line of the traceback, in a frame that is part of one.
    raised_at: Option<Line>,
}

/// Returns the stack whose newest frame is `newest`. If it stopped on an exception that came from frames that are gone,
/// these are behind it.
pub(super) fn live(
    session: &Session,
    newest: &Bound<'_, PyAny>,
    exception: Option<&Bound<'_, PyAny>>,
) -> Result<View, HostError> {
    let py = newest.py();
    let alive = |frame: Py<PyAny>| Found { frame: frame.into_bound(py), raised_at: None };
    let mut found: Vec<_> = frame::stack_of(newest).into_iter().rev().map(alive).collect();
    let current = found.len().saturating_sub(1);
    let traceback = exception.and_then(|exception| exception.getattr(intern!(py, "__traceback__")).ok());
    let mut beyond = traceback.map(|traceback| entries(&traceback)).transpose().map_err(|e| text::failed(py, &e))?;
    if let Some(beyond) = &mut beyond
        && beyond.first().is_some_and(|first| first.frame.is(newest))
    {
        found.extend(beyond.drain(1..));
    }
    view(session, found, current, Life::Live)
}

/// Returns the stack of a traceback: the frames that its oldest one was called from, if they still run, and its own.
pub(super) fn dead(session: &Session, traceback: &Bound<'_, PyAny>) -> Result<View, HostError> {
    let py = traceback.py();
    let entries = entries(traceback).map_err(|error| text::failed(py, &error))?;
    // Frames that have ended still know who called them, but no stack bottom is declared for them any more: the first
    // frame of rdb's own is where it was.
    let back = |frame: FramePtr| frame.back(py).filter(|&back| !code::is_own_frame(py, back));
    let caller = entries.first().and_then(|first| back(FramePtr::of(&first.frame)?));
    let callers: Vec<_> = std::iter::successors(caller, |&frame| back(frame)).collect();
    let callers = callers.into_iter().rev().map(|frame| Found { frame: frame.object(py), raised_at: None });
    let found: Vec<_> = callers.chain(entries).collect();
    let current = found.len().saturating_sub(1);
    view(session, found, current, Life::Dead)
}

/// Returns a stack without frames.
pub(super) fn empty(life: Life) -> View {
    let stack = Stack { frames: Vec::new(), current: FrameNo(0), dead: life == Life::Dead };
    View { frames: Vec::new(), stack }
}

/// Returns a frame as a front end shows it.
pub(super) fn frame_info(session: &Session, frame: &Bound<'_, PyAny>) -> Result<FrameInfo, HostError> {
    let mut codes = Codes { session, known: HashMap::new() };
    codes.info(&Found { frame: frame.clone(), raised_at: None })
}

/// Returns the program's frames of a traceback, oldest first.
fn entries<'py>(traceback: &Bound<'py, PyAny>) -> PyResult<Vec<Found<'py>>> {
    let py = traceback.py();
    let mut found = Vec::new();
    let mut traceback = traceback.clone();
    while !traceback.is_none() {
        let frame = traceback.getattr(intern!(py, "tb_frame"))?;
        if !code::is_own(&frame.getattr(intern!(py, "f_code"))?) {
            let raised_at = traceback.getattr(intern!(py, "tb_lineno"))?.extract::<Option<Line>>()?;
            found.push(Found { frame, raised_at });
        }
        traceback = traceback.getattr(intern!(py, "tb_next"))?;
    }
    Ok(found)
}

fn view(session: &Session, found: Vec<Found<'_>>, current: usize, life: Life) -> Result<View, HostError> {
    let mut codes = Codes { session, known: HashMap::new() };
    let frames = found.iter().map(|found| codes.info(found)).collect::<Result<_, _>>()?;
    let current = FrameNo(u32::try_from(current).unwrap_or(u32::MAX));
    let stack = Stack { frames, current, dead: life == Life::Dead };
    Ok(View { frames: found.into_iter().map(|found| found.frame.unbind()).collect(), stack })
}

/// What frames of the same code object share: a deep recursion has thousands of them.
struct Codes<'a> {
    session: &'a Session,
    known: HashMap<CodeId, Code>,
}

/// What is shown of a code object.
#[derive(Clone)]
struct Code {
    path: Arc<str>,
    name: String,
    qualname: String,
    first_line: Line,
    skipped: bool,
}

impl Codes<'_> {
    fn info(&mut self, found: &Found<'_>) -> Result<FrameInfo, HostError> {
        self.try_info(found).map_err(|error| text::failed(found.frame.py(), &error))
    }

    fn try_info(&mut self, found: &Found<'_>) -> PyResult<FrameInfo> {
        let frame = &found.frame;
        let py = frame.py();
        let pointer = FramePtr::of(frame);
        let code = self.code(&frame.getattr(intern!(py, "f_code"))?)?;
        let line = pointer.and_then(|frame| frame.line(py));
        Ok(FrameInfo {
            id: pointer.map_or(FrameId(0), FramePtr::id),
            path: code.path.to_string(),
            line,
            raising_line: found.raised_at.filter(|&raised| Some(raised) != line),
            name: code.name.clone(),
            qualname: code.qualname.clone(),
            first_line: code.first_line,
            module: pointer
                .and_then(|frame| code::module_of(py, frame))
                .map_or_else(String::new, |name| name.to_string()),
            returns: None,
            skipped: code.skipped,
        })
    }

    fn code(&mut self, object: &Bound<'_, PyAny>) -> PyResult<&Code> {
        let py = object.py();
        let id = code::id_of(object).unwrap_or(CodeId(0));
        if !self.known.contains_key(&id) {
            let code = Code {
                path: code::filename(object).unwrap_or_else(|| Arc::from("<unknown>")),
                name: text::lossy(&object.getattr(intern!(py, "co_name"))?)?,
                qualname: text::lossy(&object.getattr(intern!(py, "co_qualname"))?)?,
                first_line: object.getattr(intern!(py, "co_firstlineno"))?.extract().unwrap_or(0),
                skipped: self.session.engine().is_skipped(id),
            };
            self.known.insert(id, code);
        }
        Ok(&self.known[&id])
    }
}

/// Returns an exception and those it came from, the oldest first.
pub(super) fn chain(exception: &Bound<'_, PyAny>) -> PyResult<Vec<Py<PyAny>>> {
    let py = exception.py();
    let mut chain: Vec<Bound<'_, PyAny>> = Vec::new();
    let mut next = Some(exception.clone());
    while let Some(exception) = next.take().filter(|next| !next.is_none() && chain.len() < LONGEST_CHAIN) {
        if chain.iter().any(|seen| seen.is(&exception)) {
            break;
        }
        let cause = exception.getattr(intern!(py, "__cause__"))?;
        let suppressed = exception.getattr(intern!(py, "__suppress_context__"))?.is_truthy()?;
        if !cause.is_none() {
            next = Some(cause);
        } else if !suppressed {
            next = Some(exception.getattr(intern!(py, "__context__"))?);
        }
        chain.push(exception);
    }
    Ok(chain.into_iter().rev().map(Bound::unbind).collect())
}

/// Returns an exception of a chain as a front end shows it.
pub(super) fn exception_info(exception: &Bound<'_, PyAny>, selected: bool) -> Result<ExceptionInfo, HostError> {
    let traceback = exception.getattr(intern!(exception.py(), "__traceback__"));
    Ok(ExceptionInfo {
        text: text::repr_of(exception, "exception")?,
        has_traceback: traceback.is_ok_and(|traceback| !traceback.is_none()),
        selected,
    })
}

/// Returns an exception as `Type: message`, marked if the interpreter made it to end a loop.
pub(super) fn exception_text(exception: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = exception.py();
    let has_traceback = !exception.getattr(intern!(py, "__traceback__"))?.is_none();
    let ends_loop = exception.is_instance_of::<pyo3::exceptions::PyStopIteration>();
    let internal = if ends_loop && !has_traceback { "Internal " } else { "" };
    Ok(format!("{internal}{}", text::value_text(exception)?))
}
