//! The exception that passes through the frames of a thread. A trace function is told of it once in each frame, and then that
//! the frame is left, but not why; so it is remembered from the one to the other.

use std::cell::{Cell, RefCell};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::ffi::{FramePtr, TraceWhat};

struct Passing {
    frame: FramePtr,
    offset: Option<u32>,
    exception: Option<Py<PyAny>>,
}

thread_local! {
    static ANY: Cell<bool> = const { Cell::new(false) };
    static PASSING: RefCell<Option<Passing>> = const { RefCell::new(None) };
}

/// Whether somebody wants to see the exception that a frame is left by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// The object is kept as long as it passes.
    Object,
    /// Only that there is one.
    Nothing,
}

/// Looks at an event before it is translated: an exception event begins the passage, and whatever is not the way out of
/// a frame ends it.
pub(super) fn look(py: Python<'_>, frame: FramePtr, what: TraceWhat, argument: Option<&Bound<'_, PyAny>>, keep: Keep) {
    match what {
        ffi::PyTrace_EXCEPTION => {
            let exception = argument.filter(|_| keep == Keep::Object).and_then(instance);
            set(Some(Passing { frame, offset: frame.offset(py), exception }));
        }
        ffi::PyTrace_RETURN => {}
        _ if ANY.get() => set(None),
        _ => {}
    }
}

fn instance(argument: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
    Some(argument.cast::<PyTuple>().ok()?.get_item(1).ok()?.unbind())
}

fn set(passing: Option<Passing>) {
    ANY.set(passing.is_some());
    let old = PASSING.with_borrow_mut(|current| std::mem::replace(current, passing));
    // Freeing an exception may run the program's code, so nothing is borrowed then.
    drop(old);
}

/// Returns whether the last thing that was heard of this frame is an exception where it is now.
pub(super) fn is_at(py: Python<'_>, frame: FramePtr) -> bool {
    PASSING.with_borrow(|passing| {
        passing.as_ref().is_some_and(|passing| passing.frame == frame && passing.offset == frame.offset(py))
    })
}

/// Returns the exception that this frame is left by, if it was kept.
pub(super) fn exception_of<'py>(py: Python<'py>, frame: FramePtr) -> Option<Bound<'py, PyAny>> {
    PASSING.with_borrow(|passing| {
        let passing = passing.as_ref().filter(|passing| passing.frame == frame)?;
        Some(passing.exception.as_ref()?.bind(py).clone())
    })
}
