//! Where the versions of `bdb` differ in when they stop. A drop-in follows the version that it runs on, so that a program
//! stops where its tests and its users have learned that it does.

/// `set_trace` stops inside its own call, by instruction events; before 3.13 at the next line.
pub(super) const STOPS_AT_INSTRUCTIONS: bool = cfg!(Py_3_13);

/// Instruction events are known; before 3.13 they are reported as unknown.
pub(super) const KNOWS_INSTRUCTIONS: bool = cfg!(Py_3_13);

/// Every frame that returns to a caller makes the caller report its lines; before 3.13 only `set_step` at a return does.
pub(super) const RETURN_WAKES_CALLER: bool = cfg!(Py_3_13);

/// A step does not end on the line that it was asked for at (3.14).
pub(super) const LEAVES_COMMAND_LINE: bool = cfg!(Py_3_14);

/// An instruction event stops whatever the goal of the step is (3.14).
pub(super) const ANY_INSTRUCTION_STOPS: bool = cfg!(Py_3_14);

/// Only the code objects that hold the line of a breakpoint are traced for it; before 3.14 all of its file (3.14).
pub(super) const BREAKS_BY_CODE: bool = cfg!(Py_3_14);

/// The outermost debugged frame is never made to report its lines by one that returns to it (3.14).
pub(super) const BOTTOM_STAYS_QUIET: bool = cfg!(Py_3_14);

/// `set_return` in a generator ends at its return, not only at the exception behind it, and a suspended generator makes its
/// caller report (3.14).
pub(super) const GENERATORS_RETURN: bool = cfg!(Py_3_14);

/// `set_trace` while a stop is being served does nothing (3.14).
pub(super) const IGNORES_NESTED_TRACE: bool = cfg!(Py_3_14);
