//! The program's own trace function. A thread has room for one, and rdb needs it; so rdb remembers what the program has set
//! (`sys.settrace`, or what was installed when rdb came) and calls it as the interpreter would, with the same events and the
//! same rules for `f_trace`. While rdb wants nothing, the program's function is the one that is installed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::event::ClassicKind;
use rdb_core::ids::ThreadId;

#[cfg(not(Py_3_12))]
use crate::backend::settrace::limit;
use crate::backend::settrace::{install, translate};
use crate::ffi::{FramePtr, TraceWhat, thread_id};

static TRACERS: OnceLock<Mutex<HashMap<ThreadId, Py<PyAny>>>> = OnceLock::new();
static ANY: AtomicBool = AtomicBool::new(false);

/// Changes and is read with the interpreter attached only; a leaf among the locks.
fn tracers() -> MutexGuard<'static, HashMap<ThreadId, Py<PyAny>>> {
    TRACERS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns whether the program has ever set a trace function.
pub(super) fn any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// Returns the program's trace function of the running thread.
pub(super) fn tracer_of_thread() -> Option<Py<PyAny>> {
    if !any() {
        return None;
    }
    Python::attach(|py| tracers().get(&thread_id()).map(|tracer| tracer.clone_ref(py)))
}

fn remember(tracer: Option<Py<PyAny>>) {
    let old = match tracer {
        Some(tracer) => {
            ANY.store(true, Ordering::Relaxed);
            #[cfg(not(Py_3_12))]
            Python::attach(limit::remove);
            tracers().insert(thread_id(), tracer)
        }
        None => tracers().remove(&thread_id()),
    };
    drop(old);
}

/// Remembers the trace function that this thread has, before rdb's takes its place.
pub(super) fn adopt(py: Python<'_>) -> PyResult<()> {
    let current = install::original_gettrace(py)?;
    if !current.is(install::tracer(py)?) {
        remember((!current.is_none()).then(|| current.unbind()));
    }
    Ok(())
}

/// `sys.settrace` while rdb is there.
#[pyfunction]
#[pyo3(signature = (function, /))]
pub(super) fn settrace(function: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = function.py();
    let ours = function.is(install::tracer(py)?);
    remember((!ours && !function.is_none()).then(|| function.clone().unbind()));
    if install::is_wanted() {
        install::here(py)
    } else if ours {
        install::original_settrace(py, &py.None().into_bound(py))
    } else {
        install::original_settrace(py, function)
    }
}

/// `sys.gettrace` while rdb is there.
#[pyfunction]
pub(super) fn gettrace(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    match tracer_of_thread().filter(|_| install::is_wanted()) {
        Some(tracer) => Ok(tracer.into_bound(py)),
        None => install::original_gettrace(py),
    }
}

/// Calls the program's trace function, as the interpreter does: the global one for `call`, the frame's own for the rest. If
/// it raises, it is set no longer, and the program sees what it raised.
pub(super) fn pass_on(
    py: Python<'_>,
    frame: FramePtr,
    what: TraceWhat,
    argument: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let Some(tracer) = tracer_of_thread() else { return Ok(()) };
    let Some(word) = translate::classic(what) else { return Ok(()) };
    let frame = frame.object(py);
    let f_trace = intern!(py, "f_trace");
    let function = match word {
        ClassicKind::Call => tracer.into_bound(py),
        _ => frame.getattr(f_trace)?,
    };
    if function.is_none() || function.is(install::tracer(py)?) {
        return Ok(());
    }
    match function.call1((&frame, word.name(), argument)) {
        Ok(next) if next.is_none() => {}
        Ok(next) => frame.setattr(f_trace, next)?,
        Err(error) => {
            remember(None);
            frame.setattr(f_trace, py.None())?;
            return Err(error);
        }
    }
    if word == ClassicKind::Call && install::is_wanted() {
        stay(py)?;
        keep_lines(py, &frame)?;
    }
    Ok(())
}

/// Keeps rdb where it is: some tracers put a native function in the place of rdb's.
pub(super) fn stay(py: Python<'_>) -> PyResult<()> {
    if install::is_here(py)? {
        return Ok(());
    }
    let current = install::original_gettrace(py)?;
    remember((!current.is_none()).then(|| current.unbind()));
    install::here(py)
}

/// Coverage tools switch the lines off in files that they do not measure; rdb needs them.
fn keep_lines(py: Python<'_>, frame: &Bound<'_, PyAny>) -> PyResult<()> {
    let lines = intern!(py, "f_trace_lines");
    if frame.getattr(lines)?.is_truthy()? { Ok(()) } else { frame.setattr(lines, true) }
}
