//! The program's own trace function. A thread has room for one, and rdb needs it; so rdb remembers what the program has set
//! (`sys.settrace`, or what was installed when rdb came) and calls it as the interpreter would, with the same events and the
//! same rules for `f_trace`. While rdb wants nothing, the program's function is the one that is installed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::ids::ThreadId;

use crate::backend::settrace::install;
#[cfg(not(Py_3_12))]
use crate::backend::settrace::limit;
use crate::events::classic;
use crate::events::frame_head::{self, Lines};
use crate::events::install::Slot;
use crate::ffi::{FramePtr, TraceWhat, import, thread_id};

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

fn remember(thread: ThreadId, tracer: &Bound<'_, PyAny>) {
    let old = if tracer.is_none() {
        tracers().remove(&thread)
    } else {
        ANY.store(true, Ordering::Relaxed);
        #[cfg(not(Py_3_12))]
        limit::remove(tracer.py());
        tracers().insert(thread, tracer.clone().unbind())
    };
    drop(old);
}

fn forget() {
    let old = tracers().remove(&thread_id());
    drop(old);
}

/// Remembers the trace function that this thread has, before rdb's takes its place.
pub(super) fn adopt(py: Python<'_>) -> PyResult<()> {
    let current = Slot::Trace.current(py)?;
    if !current.is(install::tracer(py)?) {
        remember(thread_id(), &current);
    }
    Ok(())
}

/// `sys.settrace` while rdb is there.
#[pyfunction]
#[pyo3(signature = (function, /))]
pub(super) fn settrace(function: &Bound<'_, PyAny>) -> PyResult<()> {
    set_here(function)
}

/// `sys.gettrace` while rdb is there. If the program has no trace function, it shows that somebody else has.
#[pyfunction]
pub(super) fn gettrace(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    let program = current(py)?;
    if program.is_none() { Slot::Trace.current(py) } else { Ok(program) }
}

/// Sets the program's trace function of the running thread. None takes it away, and so does what stands for rdb's own.
pub(crate) fn set_here(function: &Bound<'_, PyAny>) -> PyResult<()> {
    let function = without_ours(function)?;
    remember(thread_id(), &function);
    if install::is_wanted() { install::here(function.py()) } else { Slot::Trace.set_here(&function) }
}

/// Sets the program's trace function of every running thread, likewise.
pub(crate) fn set_everywhere(function: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = function.py();
    let function = without_ours(function)?;
    let frames = import(py, "sys")?.call_method0(intern!(py, "_current_frames"))?;
    for thread in frames.try_iter()? {
        remember(ThreadId(thread?.extract()?), &function);
    }
    if !install::is_wanted() {
        return Slot::Trace.set_everywhere(&function);
    }
    install::on_all_threads(py)?;
    install::hook_new_threads(py)
}

fn without_ours<'py>(function: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = function.py();
    Ok(if function.is(install::tracer(py)?) { py.None().into_bound(py) } else { function.clone() })
}

/// Returns the program's trace function of the running thread, or None.
pub(crate) fn current(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    if install::is_wanted() {
        Ok(tracer_of_thread().unwrap_or_else(|| py.None()).into_bound(py))
    } else {
        Slot::Trace.current(py)
    }
}

/// Calls the program's trace function, as the interpreter does. If it raises, it is set no longer, and the program sees what
/// it raised.
pub(super) fn pass_on(
    py: Python<'_>,
    frame: FramePtr,
    what: TraceWhat,
    argument: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    let Some(tracer) = tracer_of_thread() else { return Ok(()) };
    if let Err(raised) = classic::trace(tracer.bind_borrowed(py), frame, what, argument.map(Bound::as_borrowed)) {
        let error = raised.take(py);
        forget();
        return Err(error);
    }
    if install::is_wanted() {
        keep_lines(py, frame);
        if what == ffi::PyTrace_CALL {
            stay(py)?;
        }
    }
    Ok(())
}

/// Keeps rdb where it is: some tracers put a native function in the place of rdb's.
pub(super) fn stay(py: Python<'_>) -> PyResult<()> {
    if install::is_here(py)? {
        return Ok(());
    }
    let current = Slot::Trace.current(py)?;
    remember(thread_id(), &current);
    install::here(py)
}

/// Keeps the lines of a frame coming if the program's trace function has switched them off, as coverage tools do in files that
/// they do not measure: rdb needs them.
fn keep_lines(py: Python<'_>, frame: FramePtr) {
    if frame_head::lines(py, frame) == Lines::Off {
        frame_head::set_lines(py, frame, Lines::ForRdb);
    }
}
