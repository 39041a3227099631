//! `rdb.settrace`, `rdb.gettrace`, `rdb.setprofile`, `rdb.getprofile`. They are built-in functions, as those of `sys` are: a
//! Python function would be traced itself.

use pyo3::prelude::*;

use crate::backend::settrace as backend;
use crate::events::install::Slot;

/// Which threads a function is set in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Threads {
    /// The one that calls.
    This,
    /// All that run, and all that `threading` will start.
    All,
}

impl Threads {
    fn of(all: bool) -> Self {
        if all { Self::All } else { Self::This }
    }
}

/// Sets the trace function, or takes it away (None).
///
/// The contract is that of `sys.settrace` of the running Python, to the letter: the function hears `call` for each new
/// scope, and what it returns (itself, another function or None) hears that scope's `line`, `return`, `exception` and
/// `opcode`. It works with and without a session, on either backend.
///
/// Args:
///     function: Called with a frame, the name of the event and its argument. None: no function.
///     all_threads (bool): Sets it in every running thread too, and in those that `threading` starts later.
///
/// Raises:
///     TypeError: An argument is missing or unknown. (What cannot be called fails at the first event, as with `sys`.)
///
/// Example:
///     >>> def lines(frame, event, arg):
///     ...     print(event, frame.f_lineno)
///     ...     return lines
///     >>> rdb.settrace(lines)
#[pyfunction]
#[pyo3(signature = (function, /, *, all_threads=false))]
pub(crate) fn settrace(function: &Bound<'_, PyAny>, all_threads: bool) -> PyResult<()> {
    match (Threads::of(all_threads), backend::is_in_charge()) {
        (Threads::This, true) => backend::set_here(function),
        (Threads::This, false) => Slot::Trace.set_here(function),
        (Threads::All, is_in_charge) => {
            // In this order, a thread that starts meanwhile does not miss it.
            Slot::Trace.set_in_threads_to_come(function)?;
            if is_in_charge { backend::set_everywhere(function) } else { Slot::Trace.set_everywhere(function) }
        }
    }
}

/// Returns the trace function of this thread, or None.
#[pyfunction]
pub(crate) fn gettrace(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    if backend::is_in_charge() { backend::current(py) } else { Slot::Trace.current(py) }
}

/// Sets the profile function, or takes it away (None).
///
/// The contract is that of `sys.setprofile` of the running Python: the function hears `call`, `return`, `c_call`, `c_return`
/// and `c_exception`, and what it returns is ignored.
///
/// Args:
///     function: Called with a frame, the name of the event and its argument. None: no function.
///     all_threads (bool): Sets it in every running thread too, and in those that `threading` starts later.
///
/// Raises:
///     TypeError: An argument is missing or unknown.
///
/// Example:
///     >>> calls = []
///     >>> rdb.setprofile(lambda frame, event, arg: calls.append(event))
#[pyfunction]
#[pyo3(signature = (function, /, *, all_threads=false))]
pub(crate) fn setprofile(function: &Bound<'_, PyAny>, all_threads: bool) -> PyResult<()> {
    match Threads::of(all_threads) {
        Threads::This => Slot::Profile.set_here(function),
        Threads::All => {
            Slot::Profile.set_in_threads_to_come(function)?;
            Slot::Profile.set_everywhere(function)
        }
    }
}

/// Returns the profile function of this thread, or None.
#[pyfunction]
pub(crate) fn getprofile(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Slot::Profile.current(py)
}
