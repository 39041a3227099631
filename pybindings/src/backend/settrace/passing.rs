//! The exceptions that pass through the frames of a thread. A trace function is told of an exception once in each frame, and
//! when the frame is left, maybe after its `finally`, it is not told why; so it is remembered from the one to the other.

use std::cell::{Cell, RefCell};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::ffi::{FramePtr, TraceWhat, handled_exception};

/// An exception that has arrived in a frame.
struct Passing {
    frame: FramePtr,
    exception: Py<PyAny>,
}

thread_local! {
    /// The frame and instruction of the last event, if that was an exception's.
    static LAST: Cell<Option<(FramePtr, Option<u32>)>> = const { Cell::new(None) };
    static ANY: Cell<bool> = const { Cell::new(false) };
    /// One for each frame at most, the newest frame last.
    static PASSING: RefCell<Vec<Passing>> = const { RefCell::new(Vec::new()) };
}

/// How many exceptions of a chain are looked at; a chain may be a circle.
const CHAIN: usize = 100;

/// Whether somebody wants to see the exception that a frame is left by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// The object is kept as long as it passes.
    Object,
    /// Only that there is one.
    Nothing,
}

/// Looks at an event before it is translated.
pub(super) fn look(py: Python<'_>, frame: FramePtr, what: TraceWhat, argument: Option<&Bound<'_, PyAny>>, keep: Keep) {
    match what {
        ffi::PyTrace_EXCEPTION => {
            LAST.set(Some((frame, frame.offset(py))));
            if let Some(exception) = argument.filter(|_| keep == Keep::Object).and_then(instance) {
                forget(frame);
                ANY.set(true);
                PASSING.with_borrow_mut(|all| all.push(Passing { frame, exception }));
            }
        }
        ffi::PyTrace_RETURN => {}
        _ => {
            LAST.set(None);
            if ANY.get() && !is_handled(py, frame) {
                forget(frame);
            }
        }
    }
}

fn instance(argument: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
    Some(argument.cast::<PyTuple>().ok()?.get_item(1).ok()?.unbind())
}

/// Returns whether the exception of this frame, if there is one, is being handled: it may go on when that has ended.
fn is_handled(py: Python<'_>, frame: FramePtr) -> bool {
    let Some(passing) = exception_of(py, frame) else { return true };
    let mut handled = handled_exception(py);
    for _ in 0..CHAIN {
        match handled {
            Some(found) if found.is(&passing) => return true,
            Some(found) => handled = found.getattr(intern!(py, "__context__")).ok().filter(|next| !next.is_none()),
            None => return false,
        }
    }
    false
}

/// Forgets the exception of a frame: it was handled, or the frame is left.
pub(super) fn forget(frame: FramePtr) {
    if !ANY.get() {
        return;
    }
    let old = PASSING.with_borrow_mut(|all| {
        let place = all.iter().rposition(|passing| passing.frame == frame)?;
        let old = all.remove(place);
        ANY.set(!all.is_empty());
        Some(old)
    });
    // Freeing an exception may run the program's code, so nothing is borrowed then.
    drop(old);
}

/// Forgets all exceptions of this thread.
pub(super) fn forget_all() {
    ANY.set(false);
    drop(PASSING.take());
}

/// Returns whether the last thing that was heard of this frame is an exception where it is now.
pub(super) fn is_at(py: Python<'_>, frame: FramePtr) -> bool {
    LAST.get() == Some((frame, frame.offset(py)))
}

/// Returns the exception that this frame is left by, if it was kept.
pub(super) fn exception_of<'py>(py: Python<'py>, frame: FramePtr) -> Option<Bound<'py, PyAny>> {
    PASSING.with_borrow(|all| {
        let passing = all.iter().rev().find(|passing| passing.frame == frame)?;
        Some(passing.exception.bind(py).clone())
    })
}
