//! From an event to the subclass's `user_*` method, if the debugger stops at it.

use pyo3::exceptions::{PyGeneratorExit, PyStopIteration};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::base::{BdbBase, Bundle};
use super::decide::{breaks_anywhere, breaks_here, line_of, stops_here};
use super::overrides::{self, Overrides, Part};
use super::quit::go_on;
use super::state::{Slot, State};
use super::{plan, quirks};
use crate::ffi::import;
use crate::host;

/// `CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR`: frames that can be suspended.
const SUSPENDS: u32 = 0x20 | 0x80 | 0x200;

/// While it lives, an attribute says which frame is being served.
pub(super) struct Serving<'a, 'py> {
    debugger: &'a Bundle<'py>,
    slot: fn(&mut State) -> &mut Slot,
    before: Slot,
}

impl<'a, 'py> Serving<'a, 'py> {
    /// Says that an event of this frame is being served.
    pub(super) fn begin(debugger: &'a Bundle<'py>, frame: &Bound<'py, PyAny>) -> Self {
        Self::set(debugger, frame, |state| &mut state.enterframe)
    }

    fn returning(debugger: &'a Bundle<'py>, frame: &Bound<'py, PyAny>) -> Self {
        Self::set(debugger, frame, |state| &mut state.frame_returning)
    }

    fn set(debugger: &'a Bundle<'py>, frame: &Bound<'py, PyAny>, slot: fn(&mut State) -> &mut Slot) -> Self {
        let frame = Some(frame.clone().unbind());
        let before = std::mem::replace(slot(&mut BdbBase::state(debugger).lock()), frame);
        Self { debugger, slot, before }
    }
}

impl Drop for Serving<'_, '_> {
    fn drop(&mut self) {
        let served = std::mem::replace((self.slot)(&mut BdbBase::state(self.debugger).lock()), self.before.take());
        drop(served);
    }
}

/// Serves an event. Returns the trace function for the frame, or None.
pub(super) fn trace<'py>(
    debugger: &Bundle<'py>,
    frame: &Bound<'py, PyAny>,
    event: &str,
    arg: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let settles = {
        let mut state = BdbBase::state(debugger).lock();
        if state.quitting {
            return Ok(None);
        }
        state.at_instruction = event == "opcode";
        !state.at_instruction && std::mem::take(&mut state.settles)
    };
    if settles {
        plan::settle(debugger)?;
    }
    let serving = Serving::begin(debugger, frame);
    let function = serve(debugger, frame, event, arg);
    drop(serving);
    match function {
        Ok(_) => plan::served(debugger, frame)?,
        Err(_) => plan::leave(debugger)?,
    }
    function
}

/// A line begins in a frame of a quiet debugger; it stops there if `stops` says so.
pub(super) fn crossing<'py>(
    debugger: &Bundle<'py>,
    frame: &Bound<'py, PyAny>,
    stops: impl FnOnce() -> PyResult<bool>,
) -> PyResult<()> {
    BdbBase::state(debugger).lock().at_instruction = false;
    let serving = Serving::begin(debugger, frame);
    let stopped = stops().and_then(|stops| {
        if stops {
            host::as_trace_function(frame, || debugger.call_method1(intern!(debugger.py(), "user_line"), (frame,)))?;
            go_on(debugger)?;
        }
        Ok(stops)
    });
    drop(serving);
    match stopped {
        Ok(true) => plan::served(debugger, frame),
        Ok(false) => Ok(()),
        Err(error) => plan::leave(debugger).and(Err(error)),
    }
}

fn serve<'py>(
    debugger: &Bundle<'py>,
    frame: &Bound<'py, PyAny>,
    event: &str,
    arg: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = debugger.py();
    let own = overrides::of(debugger)?;
    let overridden = |name: &Bound<'py, PyString>| debugger.call_method1(name, (frame, arg)).map(Some);
    match event {
        "line" if own.has(Part::DispatchLine) => {
            debugger.call_method1(intern!(py, "dispatch_line"), (frame,)).map(Some)
        }
        "line" => line(debugger, own, frame).map(Some),
        "call" if own.has(Part::DispatchCall) => overridden(intern!(py, "dispatch_call")),
        "call" => call(debugger, own, frame, arg),
        "return" if own.has(Part::DispatchReturn) => overridden(intern!(py, "dispatch_return")),
        "return" => leave(debugger, own, frame, arg).map(Some),
        "exception" if own.has(Part::DispatchException) => overridden(intern!(py, "dispatch_exception")),
        "exception" => exception(debugger, own, frame, arg).map(Some),
        "opcode" if quirks::KNOWS_INSTRUCTIONS && own.has(Part::DispatchOpcode) => {
            overridden(intern!(py, "dispatch_opcode"))
        }
        "opcode" if quirks::KNOWS_INSTRUCTIONS => opcode(debugger, own, frame).map(Some),
        "c_call" | "c_return" | "c_exception" => function(debugger).map(Some),
        _ => {
            let text = format!("bdb.Bdb.dispatch: unknown debugging event: '{event}'");
            import(py, "builtins")?.getattr(intern!(py, "print"))?.call1((text,))?;
            function(debugger).map(Some)
        }
    }
}

/// Returns the trace function.
pub(super) fn function<'py>(debugger: &Bundle<'py>) -> PyResult<Bound<'py, PyAny>> {
    debugger.getattr(intern!(debugger.py(), "trace_dispatch"))
}

/// A line begins.
pub(super) fn line<'py>(
    debugger: &Bundle<'py>,
    own: Overrides,
    frame: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let stops = stops_here(debugger, own, frame)? || breaks_here(debugger, own, frame)?;
    if stops && !is_where_asked(debugger, frame) {
        debugger.call_method1(intern!(debugger.py(), "user_line"), (frame,))?;
        go_on(debugger)?;
    }
    function(debugger)
}

/// Returns whether the frame is still at the line where the step was asked for.
fn is_where_asked(debugger: &Bundle<'_>, frame: &Bound<'_, PyAny>) -> bool {
    let state = BdbBase::state(debugger);
    let line = state.lock().cmdlineno;
    state.is(frame, |state| &state.cmdframe) && line_of(frame) == line
}

/// A frame begins or goes on. Its lines are reported if the trace function is returned.
pub(super) fn call<'py>(
    debugger: &Bundle<'py>,
    own: Overrides,
    frame: &Bound<'py, PyAny>,
    arg: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = debugger.py();
    let state = BdbBase::state(debugger);
    if state.lock().botframe.is_none() {
        let back = frame.getattr(intern!(py, "f_back"))?;
        state.put(Some(&back), |state| &mut state.botframe);
        return function(debugger).map(Some);
    }
    if !(stops_here(debugger, own, frame)? || breaks_anywhere(debugger, own, frame)?) {
        return Ok(None);
    }
    let only_one_frame = state.lock().stopframe.is_some();
    if !(only_one_frame && suspends(frame)?) {
        debugger.call_method1(intern!(py, "user_call"), (frame, arg))?;
        go_on(debugger)?;
    }
    function(debugger).map(Some)
}

/// A frame returns or hands out a value.
pub(super) fn leave<'py>(
    debugger: &Bundle<'py>,
    own: Overrides,
    frame: &Bound<'py, PyAny>,
    arg: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = debugger.py();
    let state = BdbBase::state(debugger);
    if !(stops_here(debugger, own, frame)? || state.is(frame, |state| &state.returnframe)) {
        return function(debugger);
    }
    let only_one_frame = state.lock().stopframe.is_some();
    if only_one_frame && suspends(frame)? {
        if quirks::GENERATORS_RETURN {
            // The exception that ends it may be met by the caller next.
            wake_caller(debugger, frame)?;
        }
        return function(debugger);
    }
    {
        let _returning = Serving::returning(debugger, frame);
        debugger.call_method1(intern!(py, "user_return"), (frame, arg))?;
    }
    go_on(debugger)?;
    let stops_at_lines = state.lock().stoplineno != -1;
    if stops_at_lines && state.is(frame, |state| &state.stopframe) {
        let nothing = py.None().into_bound(py);
        debugger.call_method1(intern!(py, "_set_stopinfo"), (&nothing, &nothing))?;
    }
    if quirks::RETURN_WAKES_CALLER && state.lock().stoplineno != -1 {
        wake_caller(debugger, frame)?;
    }
    function(debugger)
}

fn wake_caller(debugger: &Bundle<'_>, frame: &Bound<'_, PyAny>) -> PyResult<()> {
    debugger.call_method1(intern!(debugger.py(), "_set_caller_tracefunc"), (frame,)).map(drop)
}

/// An exception arrives in a frame. `arg` is its type, value and traceback.
pub(super) fn exception<'py>(
    debugger: &Bundle<'py>,
    own: Overrides,
    frame: &Bound<'py, PyAny>,
    arg: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let kind = arg.get_item(0)?;
    let stops = match stops_here(debugger, own, frame)? {
        true => !(suspends(frame)? && is_stop_iteration(&kind) && arg.get_item(2)?.is_none()),
        false => ends_stepped_generator(debugger, frame, &kind)?,
    };
    if stops {
        debugger.call_method1(intern!(debugger.py(), "user_exception"), (frame, arg))?;
        go_on(debugger)?;
    }
    function(debugger)
}

/// Returns whether another frame meets the exception by which the generator ends that is being stepped through.
fn ends_stepped_generator(debugger: &Bundle<'_>, frame: &Bound<'_, PyAny>, kind: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = debugger.py();
    let Some(stop) = BdbBase::state(debugger).get(py, |state| &state.stopframe) else { return Ok(false) };
    let ends = is_stop_iteration(kind) || kind.is(py.get_type::<PyGeneratorExit>());
    Ok(ends && !stop.is(frame) && suspends(&stop)?)
}

fn is_stop_iteration(kind: &Bound<'_, PyAny>) -> bool {
    kind.is(kind.py().get_type::<PyStopIteration>())
}

/// An instruction begins.
pub(super) fn opcode<'py>(
    debugger: &Bundle<'py>,
    own: Overrides,
    frame: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let stops =
        quirks::ANY_INSTRUCTION_STOPS || stops_here(debugger, own, frame)? || breaks_here(debugger, own, frame)?;
    if stops {
        debugger.call_method1(intern!(debugger.py(), "user_opcode"), (frame,))?;
        go_on(debugger)?;
    }
    function(debugger)
}

/// Returns whether a frame is a generator's or a coroutine's.
pub(super) fn suspends(frame: &Bound<'_, PyAny>) -> PyResult<bool> {
    let code = frame.getattr(intern!(frame.py(), "f_code"))?;
    let flags: u32 = code.getattr(intern!(frame.py(), "co_flags"))?.extract()?;
    Ok(flags & SUSPENDS != 0)
}
