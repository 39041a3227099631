//! Where the trace function is installed: on every thread while the plan wants anything, and on none else.
#![expect(unsafe_code, reason = "talks to C")]

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::backend::settrace::{chain, on_event, reclaim};
use crate::callback::guarded;
use crate::events::install::Slot;
use crate::ffi::{FramePtr, import};
use crate::session::Session;

/// The trace function is to be installed.
static WANTED: AtomicBool = AtomicBool::new(false);

/// Trace functions of the program are set through [`chain`].
static IN_CHARGE: AtomicBool = AtomicBool::new(false);

static TRACER: PyOnceLock<Py<Tracer>> = PyOnceLock::new();
static ORIGINALS: PyOnceLock<Originals> = PyOnceLock::new();

/// `threading` is to get its hook when it is loaded.
static HOOK_DUE: AtomicBool = AtomicBool::new(false);

/// Where `threading` keeps the trace function of threads to come.
const HOOK: &str = "_trace_hook";

/// What `sys` had before rdb.
struct Originals {
    settrace: Py<PyAny>,
    gettrace: Py<PyAny>,
}

/// What `sys.gettrace()` returns while rdb traces. `sys.settrace` of it brings rdb back, and `threading.settrace` of it
/// brings rdb into new threads: called once, it puts the native trace function in its place.
#[pyclass(frozen, module = "rdb._rdb")]
pub(super) struct Tracer;

#[pymethods]
impl Tracer {
    fn __call__(&self, frame: &Bound<'_, PyAny>, event: &str, argument: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = frame.py();
        if event != "call" || !is_wanted() {
            return Ok(());
        }
        here(py)?;
        let Some(frame) = FramePtr::of(frame) else { return Err(PyTypeError::new_err("a frame is needed")) };
        match guarded(|| super::hear(py, frame, ffi::PyTrace_CALL, Some(argument))) {
            Ok(result) => result,
            Err(error) => {
                Session::fail(py, &error);
                Ok(())
            }
        }
    }

    fn __repr__(&self) -> &'static str {
        "<trace function of rdb>"
    }
}

/// Returns whether the trace function is to be installed.
pub(super) fn is_wanted() -> bool {
    WANTED.load(Ordering::Relaxed)
}

/// Returns whether trace functions of the program are to be set through [`chain`].
pub(crate) fn is_in_charge() -> bool {
    IN_CHARGE.load(Ordering::Relaxed)
}

/// Returns the object that stands for the trace function.
pub(super) fn tracer(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    TRACER.get_or_try_init(py, || Py::new(py, Tracer)).map(|tracer| tracer.bind(py).as_any())
}

/// Installs the trace function on every thread, those to come included.
pub(super) fn everywhere(py: Python<'_>) -> PyResult<()> {
    if WANTED.swap(true, Ordering::Relaxed) {
        return Ok(());
    }
    take_over(py)?;
    chain::adopt(py)?;
    reclaim::begin();
    on_all_threads(py)?;
    hook_new_threads(py)
}

/// Returns whether threads to come are still to be hooked, as soon as the program loads `threading`.
pub(super) fn is_hook_due() -> bool {
    HOOK_DUE.load(Ordering::Relaxed)
}

/// Makes `threading` bring the trace function into the threads to come. It is not loaded for that: a program that has not
/// done so starts no threads, and loading it would be a large part of what starting rdb costs.
pub(super) fn hook_new_threads(py: Python<'_>) -> PyResult<()> {
    // While the module is being loaded, it has the hook at some moment.
    let hook = loaded_threading(py).and_then(|threading| Some((threading.getattr(HOOK).ok()?, threading)));
    HOOK_DUE.store(hook.is_none(), Ordering::Relaxed);
    match hook {
        Some((hook, threading)) if hook.is_none() => threading.setattr(HOOK, tracer(py)?),
        _ => Ok(()),
    }
}

fn loaded_threading(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    import(py, "sys").ok()?.getattr(intern!(py, "modules")).ok()?.get_item(intern!(py, "threading")).ok()
}

/// Removes the trace function: from this thread now, from each other at its next event.
pub(super) fn nowhere(py: Python<'_>) -> PyResult<()> {
    if !WANTED.swap(false, Ordering::Relaxed) {
        return Ok(());
    }
    HOOK_DUE.store(false, Ordering::Relaxed);
    if let Some(threading) = loaded_threading(py)
        && threading.getattr(HOOK)?.is(tracer(py)?)
    {
        threading.setattr(HOOK, py.None())?;
    }
    settle_thread(py)
}

/// Gives this thread back to the program's own trace function, if it has one.
pub(super) fn settle_thread(py: Python<'_>) -> PyResult<()> {
    let program = chain::tracer_of_thread().unwrap_or_else(|| py.None());
    Slot::Trace.set_here(program.bind(py))
}

/// Installs the trace function on this thread.
pub(super) fn here(py: Python<'_>) -> PyResult<()> {
    let tracer = tracer(py)?;
    // SAFETY: attached; the interpreter takes its own reference to the object.
    reclaim::on_our_account(|| unsafe { ffi::PyEval_SetTrace(Some(on_event), tracer.as_ptr()) });
    Ok(())
}

/// Returns whether the trace function of this thread is rdb's.
pub(super) fn is_here(py: Python<'_>) -> PyResult<bool> {
    Ok(Slot::Trace.current(py)?.is(tracer(py)?))
}

/// Installs the trace function on all threads that there are.
pub(super) fn on_all_threads(py: Python<'_>) -> PyResult<()> {
    let tracer = tracer(py)?.as_ptr();
    reclaim::on_our_account(|| Slot::Trace.put_everywhere(py, Some(on_event), tracer))
}

/// Gives a frame a trace function of its own, if it has none: 3.11 lets only such frames jump, and 3.13 and later report
/// instructions only for them.
pub(super) fn give_trace_function(py: Python<'_>, frame: &Bound<'_, PyAny>) -> PyResult<()> {
    if frame.getattr(intern!(py, "f_trace"))?.is_none() {
        frame.setattr(intern!(py, "f_trace"), tracer(py)?)?;
    }
    Ok(())
}

/// Makes a frame report each instruction.
pub(super) fn trace_opcodes(py: Python<'_>, frame: &Bound<'_, PyAny>) -> PyResult<()> {
    if frame.getattr(intern!(py, "f_trace_opcodes"))?.is_truthy()? {
        return Ok(());
    }
    frame.setattr(intern!(py, "f_trace_opcodes"), true)?;
    give_trace_function(py, frame)?;
    // 3.12 looks at the frames only when a trace function is set.
    if is_wanted() { here(py) } else { Ok(()) }
}

/// Puts rdb's own functions in the place of `sys.settrace` and `sys.gettrace`, so that a trace function of the program does
/// not replace rdb's, and the program does not see the difference.
fn take_over(py: Python<'_>) -> PyResult<()> {
    let sys = import(py, "sys")?;
    let (settrace, gettrace) = (intern!(py, "settrace"), intern!(py, "gettrace"));
    if ORIGINALS.get(py).is_none() {
        let originals =
            Originals { settrace: sys.getattr(settrace)?.unbind(), gettrace: sys.getattr(gettrace)?.unbind() };
        ORIGINALS.get_or_init(py, || originals);
    }
    IN_CHARGE.store(true, Ordering::Relaxed);
    sys.setattr(settrace, wrap_pyfunction!(chain::settrace, py)?)?;
    sys.setattr(gettrace, wrap_pyfunction!(chain::gettrace, py)?)
}

/// Gives `sys` its own functions back.
pub(super) fn leave(py: Python<'_>) -> PyResult<()> {
    IN_CHARGE.store(false, Ordering::Relaxed);
    let Some(originals) = ORIGINALS.get(py) else { return Ok(()) };
    let sys = import(py, "sys")?;
    sys.setattr(intern!(py, "settrace"), &originals.settrace)?;
    sys.setattr(intern!(py, "gettrace"), &originals.gettrace)
}
