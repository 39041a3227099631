//! A debugger inside the debugger.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyString, PyTuple};
use rdb_core::host::DebugFrontend;

use super::compile::{self, Flags, Mode};
use super::eval::Outcome;
use super::locals::FrameLocals;
use crate::ffi::import;
use crate::session::Session;

/// The name of the file that the statement is compiled as.
const FILE: &str = "<string>";

/// Runs a statement in a frame, stopping at its first line, with `frontend` in the place of the one that asks.
pub(super) fn debug(
    session: &'static Session,
    frame: &Bound<'_, PyAny>,
    source: &str,
    frontend: DebugFrontend,
) -> Outcome<()> {
    let py = frame.py();
    let flags = Flags::of(&frame.getattr("f_code")?)?;
    let code = compile::compile_as(PyString::new(py, source).as_any(), FILE, Mode::Exec, flags)?;
    let locals = FrameLocals::of(frame)?;
    let before = locals.before()?;
    session.arm_entry(py, &code)?;
    let DebugFrontend(frontend) = frontend;
    let outer = session.set_frontend(Some(frontend));
    let result = run_traced(&code, &locals);
    session.set_frontend(outer);
    if let Some(before) = before {
        locals.write_back(&before)?;
    }
    match result {
        // The user has left the inner debugger only.
        Err(error) if is_quit(py, &error) => {
            session.end_leave(py);
            Ok(())
        }
        result => Ok(result?),
    }
}

fn is_quit(py: Python<'_>, error: &PyErr) -> bool {
    let quit = import(py, "rdb.exceptions").and_then(|module| module.getattr("Quit"));
    quit.is_ok_and(|quit| error.value(py).is_instance(&quit).unwrap_or(false))
}

/// Runs code with the events that a prompt keeps away.
fn run_traced(code: &Bound<'_, PyAny>, locals: &FrameLocals<'_>) -> PyResult<()> {
    let py = code.py();
    let (code, globals, mapping) =
        (code.clone().unbind(), locals.globals.clone().unbind(), locals.mapping.clone().unbind());
    let run = PyCFunction::new_closure(py, None, None, move |arguments, _| {
        let py = arguments.py();
        wake_tracing(py);
        crate::ffi::eval_code(code.bind(py), globals.bind(py), mapping.bind(py)).map(drop)
    })?;
    import(py, "sys")?.call_method1("call_tracing", (run, PyTuple::empty(py))).map(drop)
}

/// Makes 3.11 look anew whether there is a trace function: its `call_tracing` only forgets that one is running.
#[cfg(not(Py_3_12))]
fn wake_tracing(py: Python<'_>) {
    drop(crate::ffi::Untraced::begin(py));
}

/// Does nothing: `call_tracing` is enough.
#[cfg(Py_3_12)]
fn wake_tracing(_py: Python<'_>) {}
