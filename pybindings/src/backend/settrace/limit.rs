//! Tracing limited to marked code, on 3.11: the interpreter asks rdb before it runs a frame (PEP 523), and only frames of
//! code that the plan wants something of are traced. The rest of the program runs at its own speed.
//!
//! This is nothing but a filter: the trace function is installed as ever and drops what nobody wants, so that a frame which is
//! traced needlessly costs time and changes nothing. A frame must never go untraced that has to be. Therefore:
//!
//! - The interpreter's switch (`use_tracing`) is set when a frame begins or goes on, and set back when it ends or yields.
//!   If the plan has changed meanwhile, it is left on.
//! - A change of the plan switches it on in all threads.
//! - A frame of the main thread that runs needlessly traced has it switched off, outside of any event, if no frame of its
//!   stack is marked. The trace function stays installed: awaiting goes another way without one.
//!
//! Under the hook each call of a Python function takes C stack, which recursion does not do without it. If a thread has used
//! half of its stack, the hook is given up for good, and everything is traced.
#![expect(unsafe_code, reason = "is called by the interpreter's C code, and reads its structures")]

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::backend::settrace::{chain, global_mask, install, meet};
use crate::callback::guarded;
use crate::code;
use crate::ffi::CodePtr;
use crate::session::Session;

unsafe extern "C" {
    fn _PyEval_EvalFrameDefault(
        thread: *mut ffi::PyThreadState,
        frame: *mut ffi::_PyInterpreterFrame,
        throws: c_int,
    ) -> *mut ffi::PyObject;
}

/// The beginning of `PyThreadState`, as `cpython/pystate.h` of 3.11 has it.
#[repr(C)]
struct ThreadState {
    _previous: *mut c_void,
    _next: *mut c_void,
    _interpreter: *mut c_void,
    _life: [c_int; 2],
    _recursion: [c_int; 3],
    tracing: c_int,
    _tracing_what: c_int,
    loop_: *mut Loop,
    profile: *mut c_void,
    trace: *mut c_void,
}

/// `_PyCFrame`: one run of the interpreter's loop.
#[repr(C)]
struct Loop {
    use_tracing: u8,
    current: *mut Frame,
}

/// The beginning of `_PyInterpreterFrame`.
#[repr(C)]
struct Frame {
    _names: [*mut c_void; 4],
    code: *mut ffi::PyObject,
    _object: *mut c_void,
    previous: *mut Frame,
}

/// `use_tracing`, switched on.
const TRACES: u8 = 255;

/// The hook is installed.
static ON: AtomicBool = AtomicBool::new(false);
/// The hook has been given up.
static GIVEN_UP: AtomicBool = AtomicBool::new(false);
/// The main thread is to look whether it may switch tracing off.
static RESTING: AtomicBool = AtomicBool::new(false);
/// Counts the changes of the plan.
static PLANS: AtomicU32 = AtomicU32::new(0);

thread_local! {
    /// The address that this thread's stack may grow down to under the hook; 0: not known yet.
    static DEEPEST: Cell<usize> = const { Cell::new(0) };
    /// The frame and plan for which was found that tracing has to stay on.
    static STAYS_ON: Cell<(usize, u32)> = const { Cell::new((0, 0)) };
}

/// Brings a new plan into force: limits tracing to marked code if nothing is wanted everywhere.
pub(super) fn settle(py: Python<'_>, is_wanted: bool) -> PyResult<()> {
    PLANS.fetch_add(1, Ordering::Relaxed);
    let may = is_wanted && global_mask() == 0 && !chain::any() && !GIVEN_UP.load(Ordering::Relaxed);
    if !may {
        remove(py);
    } else if !ON.load(Ordering::Relaxed) {
        ON.store(exchange(py, default_evaluator(), evaluate), Ordering::Relaxed);
    }
    // Threads that run untraced code may be in the midst of what is marked now.
    if is_wanted { install::on_all_threads(py) } else { Ok(()) }
}

/// Traces everything, until the plan changes.
pub(super) fn remove(py: Python<'_>) {
    if ON.swap(false, Ordering::Relaxed) {
        PLANS.fetch_add(1, Ordering::Relaxed);
        exchange(py, evaluate, default_evaluator());
    }
}

/// Has tracing switched off in the main thread, from within an event of a frame that nobody wants anything of, if nothing is
/// wanted of the frames below either.
pub(super) fn rest(py: Python<'_>) {
    if !ON.load(Ordering::Relaxed) || RESTING.load(Ordering::Relaxed) {
        return;
    }
    let here = (ThreadState::frame(py) as usize, PLANS.load(Ordering::Relaxed));
    if STAYS_ON.get() == here {
        return;
    }
    STAYS_ON.set(here);
    if !is_any_marked(py, ThreadState::frame(py)) {
        RESTING.store(true, Ordering::Relaxed);
        // SAFETY: attached. A full queue loses this call only.
        if unsafe { ffi::Py_AddPendingCall(Some(switch_off), std::ptr::null_mut()) } != 0 {
            RESTING.store(false, Ordering::Relaxed);
        }
    }
}

/// Runs on the main thread, between two instructions of Python code.
extern "C" fn switch_off(_data: *mut c_void) -> c_int {
    RESTING.store(false, Ordering::Relaxed);
    let state = ThreadState::here();
    let off =
        guarded(|| Python::try_attach(|py| ON.load(Ordering::Relaxed) && !is_any_marked(py, ThreadState::frame(py))));
    // SAFETY: the interpreter calls attached; nobody else looks at these fields meanwhile.
    unsafe {
        if let Ok(Some(true)) = off
            && (*state).profile.is_null()
        {
            (*(*state).loop_).use_tracing = 0;
        }
    }
    0
}

fn is_any_marked(py: Python<'_>, mut frame: *mut Frame) -> bool {
    // SAFETY: attached; the frames of a running stack and their code objects are alive.
    while let Some(this) = unsafe { frame.as_ref() } {
        if CodePtr::from_raw(this.code).is_some_and(|code| is_marked(py, code)) {
            return true;
        }
        frame = this.previous;
    }
    false
}

fn is_marked(py: Python<'_>, code: CodePtr) -> bool {
    let entry = code::entry(py, code);
    let hooks_threading = entry.of_threading && install::is_hook_due();
    global_mask() != 0 || entry.wanted_mask() != 0 || entry.ends_program || hooks_threading
}

fn default_evaluator() -> ffi::_PyFrameEvalFunction {
    _PyEval_EvalFrameDefault
}

/// Puts one evaluator in the place of another; returns whether that was the one.
fn exchange(_py: Python<'_>, old: ffi::_PyFrameEvalFunction, new: ffi::_PyFrameEvalFunction) -> bool {
    // SAFETY: attached; both functions stay loaded as long as the process.
    unsafe {
        let interpreter = ffi::PyInterpreterState_Get();
        let is_old = std::ptr::fn_addr_eq(ffi::_PyInterpreterState_GetEvalFrameFunc(interpreter), old);
        if is_old {
            ffi::_PyInterpreterState_SetEvalFrameFunc(interpreter, Some(new));
        }
        is_old
    }
}

impl ThreadState {
    /// Returns the state of the running thread.
    fn here() -> *mut Self {
        // SAFETY: called attached only.
        unsafe { ffi::PyThreadState_Get() }.cast()
    }

    /// Returns the frame that runs in this thread.
    fn frame(_py: Python<'_>) -> *mut Frame {
        // SAFETY: attached; the state of the running thread lives during the call.
        unsafe { (*(*Self::here()).loop_).current }
    }

    /// Returns what `use_tracing` is where everything is traced that can be.
    fn everything(&self) -> u8 {
        if self.tracing == 0 && !(self.trace.is_null() && self.profile.is_null()) { TRACES } else { 0 }
    }
}

/// Runs a frame. The interpreter calls it for each frame that begins or goes on.
unsafe extern "C" fn evaluate(
    thread: *mut ffi::PyThreadState,
    frame: *mut ffi::_PyInterpreterFrame,
    throws: c_int,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls attached, with the state of the running thread and a frame that is to run.
    let (py, state, code) = unsafe {
        let code = CodePtr::from_raw((*frame.cast::<Frame>()).code);
        (Python::assume_attached(), thread.cast::<ThreadState>(), code)
    };
    let marked = is_to_be_traced(py, code, throws);
    let plan = PLANS.load(Ordering::Relaxed);
    // SAFETY: as above; nobody else looks at these fields while this thread is attached. The run of the loop that is current
    // at the call is current again when the frame has ended.
    unsafe {
        let before = (*(*state).loop_).use_tracing;
        if marked && (*state).trace.is_null() && (*state).tracing == 0 {
            install_here(py);
        }
        let profiled = !(*state).profile.is_null();
        (*(*state).loop_).use_tracing = if marked || profiled { (*state).everything() } else { 0 };
        let result = _PyEval_EvalFrameDefault(thread, frame, throws);
        let is_same = plan == PLANS.load(Ordering::Relaxed) && (*state).profile.is_null();
        (*(*state).loop_).use_tracing = if is_same { before } else { (*state).everything() };
        result
    }
}

/// Returns whether a frame that is about to run has to be traced. What goes wrong here traces it.
fn is_to_be_traced(py: Python<'_>, code: Option<CodePtr>, throws: c_int) -> bool {
    if !ON.load(Ordering::Relaxed) {
        return true;
    }
    if is_deep() {
        GIVEN_UP.store(true, Ordering::Relaxed);
        remove(py);
        tracing::info!("recursion is deep: tracing is not limited to marked code any more");
        return true;
    }
    let Some(code) = code else { return true };
    // The exception that is thrown into a generator is already set.
    let thrown = (throws != 0).then(|| PyErr::take(py)).flatten();
    let marked = guarded(|| meet(py, code, code::entry(py, code)).map(|()| is_marked(py, code)));
    if let Some(thrown) = thrown {
        thrown.restore(py);
    }
    match marked {
        Ok(Ok(marked)) => marked,
        Ok(Err(error)) => failed(py, &error.into()),
        Err(error) => failed(py, &error),
    }
}

fn failed(py: Python<'_>, error: &crate::errors::InternalError) -> bool {
    Session::fail(py, error);
    true
}

fn install_here(py: Python<'_>) {
    if let Err(error) = install::here(py) {
        failed(py, &error.into());
    }
}

/// Returns whether this thread has used half of its stack.
fn is_deep() -> bool {
    let here = std::hint::black_box(0_u8);
    if DEEPEST.get() == 0 {
        DEEPEST.set(middle_of_stack().unwrap_or(usize::MAX));
    }
    (&raw const here as usize) < DEEPEST.get()
}

#[cfg(target_os = "linux")]
fn middle_of_stack() -> Option<usize> {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let (mut lowest, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes are filled by the first call, read by the second, and freed.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let read = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        (read == 0).then_some(lowest as usize + size / 2)
    }
}

#[cfg(target_os = "macos")]
fn middle_of_stack() -> Option<usize> {
    // SAFETY: both ask for facts about the running thread and cannot fail. The address is that of the stack's upper end.
    unsafe {
        let thread = libc::pthread_self();
        Some(libc::pthread_get_stackaddr_np(thread) as usize - libc::pthread_get_stacksize_np(thread) / 2)
    }
}
