//! From the five words of a trace function to the finer kinds of events, by the opcode that the frame is at.

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use rdb_core::event::{ClassicKind, EventKind};

use crate::backend::settrace::passing;
use crate::code::{self, CodeEntry};
use crate::ffi::{FramePtr, TraceWhat};
use crate::session::Heard;

/// Returns the mask of the kinds that an event of this word can be.
pub(super) fn mask_of(what: TraceWhat) -> u32 {
    use std::sync::OnceLock;
    static MASKS: OnceLock<[u32; 8]> = OnceLock::new();
    let masks = MASKS.get_or_init(|| {
        std::array::from_fn(|what| classic(what as TraceWhat).map_or(0, |word| code::mask_of(word.kinds())))
    });
    usize::try_from(what).ok().and_then(|what| masks.get(what)).copied().unwrap_or(0)
}

/// Returns the word of a number.
pub(super) fn classic(what: TraceWhat) -> Option<ClassicKind> {
    match what {
        ffi::PyTrace_CALL => Some(ClassicKind::Call),
        ffi::PyTrace_EXCEPTION => Some(ClassicKind::Exception),
        ffi::PyTrace_LINE => Some(ClassicKind::Line),
        ffi::PyTrace_RETURN => Some(ClassicKind::Return),
        ffi::PyTrace_OPCODE => Some(ClassicKind::Opcode),
        _ => None,
    }
}

/// Returns the event in the finer vocabulary; None: nobody is to hear it.
pub(super) fn heard<'a, 'py>(
    py: Python<'py>,
    frame: FramePtr,
    entry: &'a CodeEntry,
    what: TraceWhat,
    argument: Option<&Bound<'py, PyAny>>,
) -> Option<Heard<'a, 'py>> {
    let plain =
        |kind| Heard { kind, entry, line: None, offset: None, value: None, exception: None, frame: Some(frame) };
    let heard = match classic(what)? {
        ClassicKind::Call => plain(entered(py, frame)),
        ClassicKind::Line => Heard { line: frame.line(py), ..plain(EventKind::Line) },
        ClassicKind::Opcode => Heard { offset: frame.offset(py), ..plain(EventKind::Instruction) },
        ClassicKind::Return => {
            let kind = left(py, frame, argument);
            let exception = if kind == EventKind::Unwind { passing::exception_of(py, frame) } else { None };
            Heard { value: argument.filter(|_| kind != EventKind::Unwind).cloned(), exception, ..plain(kind) }
        }
        ClassicKind::Exception => {
            let triple = argument?.cast::<PyTuple>().ok()?;
            let (exception, traceback) = (triple.get_item(1).ok()?, triple.get_item(2).ok()?);
            let internal = traceback.is_none() && exception.is_instance_of::<pyo3::exceptions::PyStopIteration>();
            let kind = if internal { EventKind::StopIteration } else { EventKind::Raise };
            complete(&exception, &traceback);
            Heard { exception: Some(exception), ..plain(kind) }
        }
        _ => return None,
    };
    Some(heard)
}

/// Tells how a frame was entered. A frame that goes on is at the `RESUME` behind its suspension, whose argument says so; one
/// that an exception is thrown into is still at the suspension.
fn entered(py: Python<'_>, frame: FramePtr) -> EventKind {
    let (opcode, argument) = instruction(py, frame);
    if opcode != code::opcodes().resume {
        EventKind::Throw
    } else if argument & 3 == 0 {
        EventKind::Start
    } else {
        EventKind::Resume
    }
}

/// Tells how a frame was left. 3.12 gives None where the others give nothing for a frame that an exception leaves, so the
/// opcode decides; and at a suspension, whether an exception was just thrown into it.
fn left(py: Python<'_>, frame: FramePtr, argument: Option<&Bound<'_, PyAny>>) -> EventKind {
    let (opcode, _) = instruction(py, frame);
    match argument {
        None => EventKind::Unwind,
        Some(_) if code::opcodes().returns(opcode) => EventKind::Return,
        Some(value) if code::opcodes().yields(opcode) => {
            let is_thrown = cfg!(Py_3_12) && value.is_none() && passing::is_at(py, frame);
            if is_thrown { EventKind::Unwind } else { EventKind::Yield }
        }
        Some(_) => EventKind::Unwind,
    }
}

/// Returns the opcode that the frame is at, and its argument.
fn instruction(py: Python<'_>, frame: FramePtr) -> (u8, u8) {
    let read = || -> Option<(u8, u8)> {
        let offset = frame.offset(py)? as usize;
        let bytecode = frame.code(py).bytecode(py).ok()?;
        let bytes = bytecode.cast::<PyBytes>().ok()?.as_bytes();
        Some((*bytes.get(offset)?, *bytes.get(offset + 1)?))
    };
    read().unwrap_or((0, 0))
}

/// Gives the exception the traceback that comes beside it: 3.11 joins the two only when the exception is caught.
fn complete(exception: &Bound<'_, PyAny>, traceback: &Bound<'_, PyAny>) {
    let name = intern!(exception.py(), "__traceback__");
    let is_old = exception.getattr(name).is_ok_and(|own| !own.is(traceback));
    if is_old
        && !traceback.is_none()
        && let Err(error) = exception.setattr(name, traceback)
    {
        tracing::warn!(%error, "an exception does not take its traceback");
    }
}
