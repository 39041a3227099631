//! The base class of `rdb.bdb.Bdb`: bdb's methods by their names, each a call into the file that holds its rule.

use pyo3::prelude::*;
use pyo3::types::{PyAny, PyDict, PyTuple};

use super::state::BdbState;
use super::{decide, dispatch, overrides, plan, stepping};

/// The native half of a debugger. The methods are those of `bdb.Bdb`; a subclass may override any of them.
#[pyclass(frozen, subclass, extends = BdbState, module = "rdb._rdb", name = "_BdbBase")]
pub(crate) struct BdbBase;

impl BdbBase {
    /// Returns the attributes.
    pub(super) fn state<'a>(debugger: &'a Bundle<'_>) -> &'a BdbState {
        debugger.as_super().get()
    }
}

/// A debugger that is alive.
pub(super) type Bundle<'py> = Bound<'py, BdbBase>;

/// A frame, or whatever else Python hands out or takes.
type Object<'py> = Bound<'py, PyAny>;

#[pymethods]
impl BdbBase {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> PyClassInitializer<Self> {
        PyClassInitializer::from(BdbState::default()).add_subclass(Self)
    }

    /// Returns the canonical form of a file name: absolute and case-normalized; names in angle brackets stay as they are.
    fn canonic<'py>(slf: &Bundle<'py>, filename: Object<'py>) -> PyResult<Object<'py>> {
        decide::canonic(slf, &filename)
    }

    /// Begins to trace this thread.
    fn start_trace(slf: &Bundle<'_>) -> PyResult<()> {
        stepping::start_trace(slf)
    }

    /// Ends tracing.
    fn stop_trace(slf: &Bundle<'_>) -> PyResult<()> {
        stepping::stop_trace(slf)
    }

    /// Makes the debugger ready to start.
    fn reset(slf: &Bundle<'_>) -> PyResult<()> {
        stepping::reset(slf)
    }

    /// Serves an event: the trace function. Returns the trace function for the frame, or None.
    fn trace_dispatch<'py>(
        slf: &Bundle<'py>,
        frame: Object<'py>,
        event: &str,
        arg: Object<'py>,
    ) -> PyResult<Option<Object<'py>>> {
        dispatch::trace(slf, &frame, event, &arg)
    }

    /// Calls `user_line` if the debugger stops at this line. Returns the trace function.
    fn dispatch_line<'py>(slf: &Bundle<'py>, frame: Object<'py>) -> PyResult<Object<'py>> {
        dispatch::line(slf, overrides::of(slf)?, &frame)
    }

    /// Calls `user_call` if the debugger may stop in this function. Returns the trace function, or None.
    fn dispatch_call<'py>(slf: &Bundle<'py>, frame: Object<'py>, arg: Object<'py>) -> PyResult<Option<Object<'py>>> {
        dispatch::call(slf, overrides::of(slf)?, &frame, &arg)
    }

    /// Calls `user_return` if the debugger stops at this return. Returns the trace function.
    fn dispatch_return<'py>(slf: &Bundle<'py>, frame: Object<'py>, arg: Object<'py>) -> PyResult<Object<'py>> {
        dispatch::leave(slf, overrides::of(slf)?, &frame, &arg)
    }

    /// Calls `user_exception` if the debugger stops at this exception. Returns the trace function.
    fn dispatch_exception<'py>(slf: &Bundle<'py>, frame: Object<'py>, arg: Object<'py>) -> PyResult<Object<'py>> {
        dispatch::exception(slf, overrides::of(slf)?, &frame, &arg)
    }

    /// Calls `user_opcode` if the debugger stops at this instruction. Returns the trace function.
    fn dispatch_opcode<'py>(slf: &Bundle<'py>, frame: Object<'py>, arg: Object<'py>) -> PyResult<Object<'py>> {
        let _unused = arg;
        dispatch::opcode(slf, overrides::of(slf)?, &frame)
    }

    /// Returns whether a module name matches one of the globs in `skip`.
    fn is_skipped_module(slf: &Bundle<'_>, module_name: Object<'_>) -> PyResult<bool> {
        decide::is_skipped_module(slf, &module_name)
    }

    /// Returns whether a step ends in this frame.
    fn stop_here(slf: &Bundle<'_>, frame: Object<'_>) -> PyResult<bool> {
        decide::stop_here(slf, overrides::of(slf)?, &frame)
    }

    /// Returns whether a breakpoint stops at the line of this frame. Has a temporary one deleted.
    fn break_here(slf: &Bundle<'_>, frame: Object<'_>) -> PyResult<bool> {
        decide::break_here(slf, overrides::of(slf)?, &frame)
    }

    /// Returns whether a breakpoint may stop in this frame.
    fn break_anywhere(slf: &Bundle<'_>, frame: Object<'_>) -> PyResult<bool> {
        decide::break_anywhere(slf, overrides::of(slf)?, &frame)
    }

    /// Is called when the debugger may stop in a function. For subclasses.
    fn user_call(&self, frame: Object<'_>, argument_list: Object<'_>) {
        let _for_subclasses = (frame, argument_list);
    }

    /// Is called when the debugger stops at a line. For subclasses.
    fn user_line(&self, frame: Object<'_>) {
        let _for_subclasses = frame;
    }

    /// Is called when the debugger stops at a return. For subclasses.
    fn user_return(&self, frame: Object<'_>, return_value: Object<'_>) {
        let _for_subclasses = (frame, return_value);
    }

    /// Is called when the debugger stops at an exception: `exc_info` is its type, value and traceback. For subclasses.
    fn user_exception(&self, frame: Object<'_>, exc_info: Object<'_>) {
        let _for_subclasses = (frame, exc_info);
    }

    /// Is called when the debugger stops at an instruction. For subclasses.
    fn user_opcode(&self, frame: Object<'_>) {
        let _for_subclasses = frame;
    }

    /// Stops at the next line, call, return or exception anywhere.
    fn set_step(slf: &Bundle<'_>) -> PyResult<()> {
        stepping::set_step(slf)
    }

    /// Stops before the next instruction.
    fn set_stepinstr(slf: &Bundle<'_>) -> PyResult<()> {
        stepping::set_stepinstr(slf)
    }

    /// Stops at the next line in the given frame, or in a caller of it.
    fn set_next(slf: &Bundle<'_>, frame: Object<'_>) -> PyResult<()> {
        stepping::set_next(slf, &frame)
    }

    /// Stops at a line of the frame not smaller than `lineno` (None: greater than the present one), or at its return.
    #[pyo3(signature = (frame, lineno=None))]
    fn set_until(slf: &Bundle<'_>, frame: Object<'_>, lineno: Option<i64>) -> PyResult<()> {
        stepping::set_until(slf, &frame, lineno)
    }

    /// Stops when the given frame returns.
    fn set_return(slf: &Bundle<'_>, frame: Object<'_>) -> PyResult<()> {
        stepping::set_return(slf, &frame)
    }

    /// Starts debugging from a frame; None: the caller's.
    #[pyo3(signature = (frame=None))]
    fn set_trace(slf: &Bundle<'_>, frame: Option<Object<'_>>) -> PyResult<()> {
        stepping::set_trace(slf, frame)
    }

    /// Stops at breakpoints only. Without any the program is not traced any more.
    fn set_continue(slf: &Bundle<'_>) -> PyResult<()> {
        stepping::set_continue(slf)
    }

    /// Makes the program leave: the next event raises `BdbQuit`.
    fn set_quit(slf: &Bundle<'_>) -> PyResult<()> {
        stepping::set_quit(slf)
    }

    #[pyo3(signature = (stopframe, returnframe, stoplineno=0, opcode=false, cmdframe=None, cmdlineno=None))]
    fn _set_stopinfo(
        slf: &Bundle<'_>,
        stopframe: Object<'_>,
        returnframe: Object<'_>,
        stoplineno: i64,
        opcode: bool,
        cmdframe: Option<Object<'_>>,
        cmdlineno: Option<u32>,
    ) -> PyResult<()> {
        let cmd = stepping::Asked { frame: cmdframe, line: cmdlineno };
        stepping::set_stopinfo(slf, &stopframe, &returnframe, stoplineno, cmd)?;
        slf.call_method1("_set_trace_opcodes", (opcode,))?;
        plan::goal_changed(slf)
    }

    /// Has what is asked of the interpreter follow the breakpoints that were set.
    fn _follow_breaks(slf: &Bundle<'_>) -> PyResult<()> {
        plan::follow(slf)
    }

    fn _set_trace_opcodes(slf: &Bundle<'_>, trace_opcodes: bool) -> PyResult<()> {
        stepping::set_trace_opcodes(slf, trace_opcodes)
    }

    fn _set_caller_tracefunc(slf: &Bundle<'_>, current_frame: Object<'_>) -> PyResult<()> {
        stepping::set_caller_tracefunc(slf, &current_frame)
    }
}
