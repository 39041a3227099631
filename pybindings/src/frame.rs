//! Frames: the engine's window on the live stack, and the stack as the user is to see it.
//!
//! rdb's own Python frames are on no stack that anybody sees, and nothing below the frame that launched the program is.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::code::CodeInfo;
use rdb_core::ids::{CodeId, FrameId, Line};
use rdb_core::stack::StackView;

use crate::code;
use crate::ffi::{CodePtr, FramePtr};

/// The frames of rdb's own that have launched a program: stacks end above them. A leaf among the locks.
static BOTTOMS: Mutex<Vec<FrameId>> = Mutex::new(Vec::new());

/// While it lives, stacks end above the frame that runs now: it belongs to rdb and launches the program.
#[derive(Debug)]
pub(crate) struct StackBottom(Option<FrameId>);

impl StackBottom {
    /// Declares the running frame the bottom.
    pub(crate) fn here(py: Python<'_>) -> Self {
        let frame = FramePtr::current(py).map(FramePtr::id);
        BOTTOMS.lock().unwrap_or_else(PoisonError::into_inner).extend(frame);
        Self(frame)
    }
}

impl Drop for StackBottom {
    fn drop(&mut self) {
        let mut bottoms = BOTTOMS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = bottoms.iter().rposition(|bottom| Some(*bottom) == self.0) {
            bottoms.remove(place);
        }
    }
}

fn is_bottom(frame: FramePtr) -> bool {
    BOTTOMS.lock().unwrap_or_else(PoisonError::into_inner).contains(&frame.id())
}

/// Returns `frame`, or the newest frame below it that is the program's.
pub(crate) fn visible(py: Python<'_>, frame: FramePtr) -> Option<FramePtr> {
    let mut frame = Some(frame);
    while let Some(own) = frame.filter(|&frame| code::is_own_frame(py, frame)) {
        if is_bottom(own) {
            return None;
        }
        frame = own.back(py);
    }
    frame
}

/// Returns the frame of the program that called `frame`.
pub(crate) fn caller(py: Python<'_>, frame: FramePtr) -> Option<FramePtr> {
    frame.back(py).and_then(|back| visible(py, back))
}

/// Returns the frames of the program on the stack whose newest frame is `newest`, newest first.
pub(crate) fn stack_of(newest: &Bound<'_, PyAny>) -> Vec<Py<PyAny>> {
    let py = newest.py();
    let mut frame = FramePtr::of(newest).and_then(|frame| visible(py, frame));
    let mut stack = Vec::new();
    while let Some(found) = frame {
        stack.push(found.object(py).unbind());
        frame = caller(py, found);
    }
    stack
}

/// The stack of the thread that had an event. The frame is only asked for when the engine asks.
pub(crate) struct LiveStack<'py> {
    py: Python<'py>,
    top: Cell<Option<FramePtr>>,
    exception: Option<Bound<'py, PyAny>>,
}

impl<'py> LiveStack<'py> {
    /// Returns the stack of the running thread.
    pub(crate) fn current(py: Python<'py>) -> Self {
        Self { py, top: Cell::new(None), exception: None }
    }

    /// Returns the stack whose newest frame is this one.
    pub(crate) fn at(py: Python<'py>, frame: Option<FramePtr>) -> Self {
        Self { py, top: Cell::new(frame), exception: None }
    }

    /// Returns the same stack at an event that is about this exception.
    pub(crate) fn with_exception(self, exception: Option<Bound<'py, PyAny>>) -> Self {
        Self { exception, ..self }
    }

    /// Returns the newest frame of the program.
    pub(crate) fn top(&self) -> Option<FramePtr> {
        if self.top.get().is_none() {
            self.top.set(FramePtr::current(self.py).and_then(|frame| visible(self.py, frame)));
        }
        self.top.get()
    }
}

impl StackView for LiveStack<'_> {
    fn frame(&self) -> FrameId {
        self.top().map_or(FrameId(0), FramePtr::id)
    }

    fn parent(&self, frame: FrameId) -> Option<FrameId> {
        caller(self.py, FramePtr::from_id(frame)?).map(FramePtr::id)
    }

    fn code(&self, frame: FrameId) -> CodeId {
        FramePtr::from_id(frame).map_or(CodeId(0), |frame| code::entry(self.py, frame.code(self.py)).id)
    }

    fn line(&self, frame: FrameId) -> Option<Line> {
        FramePtr::from_id(frame)?.line(self.py)
    }

    fn describe(&self, id: CodeId) -> CodeInfo {
        let mut frame = self.top();
        while let Some(found) = frame {
            let object = found.code(self.py);
            let entry = code::entry(self.py, object);
            if entry.id == id {
                entry.mark_met();
                return code::describe(self.py, object, Some(found));
            }
            frame = caller(self.py, found);
        }
        describe_alone(self.py, id)
    }

    fn exception_is_new(&self) -> Option<bool> {
        let mut traceback = self.exception.as_ref()?.getattr(intern!(self.py, "__traceback__")).ok()?;
        let frame = self.frame();
        while !traceback.is_none() {
            let raised_in = traceback.getattr(intern!(self.py, "tb_frame")).ok()?;
            if FramePtr::of(&raised_in).map(FramePtr::id) != Some(frame) {
                return Some(false);
            }
            traceback = traceback.getattr(intern!(self.py, "tb_next")).ok()?;
        }
        Some(true)
    }
}

fn describe_alone(py: Python<'_>, id: CodeId) -> CodeInfo {
    let object = code::of_id(py, id);
    match object.as_ref().and_then(CodePtr::of) {
        Some(object) => code::describe(py, object, None),
        None => unknown_code(),
    }
}

/// Returns what is said of a code object that is gone: no file, no lines.
fn unknown_code() -> CodeInfo {
    use rdb_core::code::{CodeKind, Suspends};
    CodeInfo {
        path: "<unknown>".into(),
        name: "?".into(),
        qualname: "?".into(),
        module: None,
        first_line: 0,
        body_line: 0,
        lines: Vec::new().into(),
        kind: CodeKind::Function,
        suspends: Suspends::Never,
        last_resort: false,
    }
}
