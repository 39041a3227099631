//! The engine's window on the stack of the thread that had an event. It asks only while it decides.

use crate::code::CodeInfo;
use crate::ids::{CodeId, FrameId, Line};

/// What the engine may ask about the thread that had the event. Asking may cost: the engine asks only
/// when a step, a filter or a site makes it necessary.
///
/// Implementations answer from the live stack and must not run Python code.
pub trait StackView {
    /// Returns the frame that the event happened in.
    fn frame(&self) -> FrameId;

    /// Returns the frame that called or resumed `frame`, or None for the oldest frame that is not rdb's own.
    fn parent(&self, frame: FrameId) -> Option<FrameId>;

    /// Returns the code object that `frame`, a frame of this stack, runs.
    fn code(&self, frame: FrameId) -> CodeId;

    /// Returns the line that `frame`, a frame of this stack, is at.
    fn line(&self, frame: FrameId) -> Option<Line>;

    /// Returns what is to be known of `code`, a code object on this stack. The engine asks once per code object.
    fn describe(&self, code: CodeId) -> CodeInfo;

    /// Returns whether the exception of the event was first raised in the event's frame: its traceback has no entry
    /// of another frame. None where that is not known; the engine then judges by the events before it.
    fn exception_is_new(&self) -> Option<bool> {
        None
    }
}
