//! The backend on `PyEval_SetTrace`: the only one on 3.11, and to be had everywhere.
//!
//! A trace function hears every event of its thread; what the plan does not want is dropped before the engine is asked.
//! While the plan is empty no trace function is installed; on 3.11 none is called where nothing is wanted: see [`limit`]. A trace
//! function of the program's own goes on hearing what it heard: see [`chain`].
#![expect(unsafe_code, reason = "its callback is called from C")]

mod chain;
mod install;
#[cfg(not(Py_3_12))]
mod limit;
mod passing;
mod reclaim;
mod translate;

use std::ffi::c_int;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::event::{EventKind, EventSet};
use rdb_core::ids::CodeId;
use rdb_core::plan::{Capabilities, PlanChange};

use crate::backend::in_force::Book;
use crate::backend::{Backend, InForce};
use crate::callback::guarded;
use crate::code::{self, CodeEntry, mask_of};
use crate::ffi::{CodePtr, FramePtr, TraceWhat};
use crate::frame::{caller, visible};
use crate::session::{Session, Verdict};

use passing::Keep;

pub(crate) use chain::{current, set_everywhere, set_here};
pub(crate) use install::is_in_charge;

/// Kinds that a trace function can tell apart.
const HEARD: EventSet = EventSet::of(&[
    EventKind::Start,
    EventKind::Resume,
    EventKind::Throw,
    EventKind::Line,
    EventKind::Instruction,
    EventKind::Return,
    EventKind::Yield,
    EventKind::Unwind,
    EventKind::Raise,
    EventKind::StopIteration,
]);

/// Kinds that a place may stop to report, as far as this file can help it: the interpreter goes on reporting them.
const DISABLE: EventSet = EventSet::of(&[EventKind::Line]);

/// Counts how often everything had to report again.
static GENERATION: AtomicU32 = AtomicU32::new(1);

/// The kinds asked for everywhere, as a mask.
static GLOBAL: AtomicU32 = AtomicU32::new(0);

/// New code objects are waited for.
static NEW_CODE: AtomicBool = AtomicBool::new(false);

/// The backend.
pub(crate) struct Settrace {
    book: Mutex<Book>,
}

impl Settrace {
    /// Returns a backend that has not installed anything yet.
    pub(crate) fn new() -> Self {
        Self { book: Mutex::default() }
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Installs or removes the trace function, as the book says.
    fn settle(&self, py: Python<'_>) -> PyResult<()> {
        let (global, wanted) = {
            let book = self.book();
            NEW_CODE.store(book.plan.new_code, Ordering::Relaxed);
            (book.global(), book.attached && !book.is_empty())
        };
        let opcodes_before = wants_opcodes();
        let before = GLOBAL.swap(mask_of(global), Ordering::Relaxed);
        if mask_of(global & DISABLE) & !before != 0 {
            all_report_again();
        }
        if wanted {
            install::everywhere(py)?;
        } else {
            install::nowhere(py)?;
        }
        #[cfg(not(Py_3_12))]
        limit::settle(py, wanted)?;
        if wanted && !opcodes_before && wants_opcodes() {
            trace_opcodes_of_stack(py)?;
        }
        Ok(())
    }

    fn mark(&self, py: Python<'_>, id: CodeId, kinds: EventSet) {
        if let Some(entry) = code::entry_of_id(py, id) {
            entry.set_wanted(kinds);
            entry.rouse();
        }
    }
}

impl Backend for Settrace {
    fn name(&self) -> &'static str {
        "settrace"
    }

    /// New code is not watched but met when it first runs, before anything of it is heard.
    fn capabilities(&self) -> Capabilities {
        Capabilities { local: HEARD, global: HEARD, disable: DISABLE, code_watcher: true }
    }

    fn attach(&self, py: Python<'_>) -> PyResult<()> {
        let local = {
            let mut book = self.book();
            book.attached = true;
            book.local().clone()
        };
        for (code, kinds) in local {
            self.mark(py, code, kinds);
        }
        self.settle(py)
    }

    fn apply(&self, py: Python<'_>, change: &PlanChange) -> PyResult<()> {
        self.book().note(change);
        for &(code, kinds) in &change.local {
            self.mark(py, code, kinds);
            if kinds.contains(EventKind::Instruction) {
                trace_opcodes_of_stack(py)?;
            }
        }
        for entry in change.rearm.iter().filter_map(|&code| code::entry_of_id(py, code)) {
            entry.rouse();
        }
        if change.restart {
            all_report_again();
        }
        self.settle(py)
    }

    fn overhear(&self, py: Python<'_>, kinds: EventSet) -> PyResult<()> {
        self.book().overheard = kinds;
        self.settle(py)
    }

    fn forget(&self, codes: &[CodeId]) {
        self.book().forget(codes);
    }

    /// 3.11 lets a frame jump only if it has a trace function of its own, whichever that is.
    fn allow_jump(&self, py: Python<'_>, frame: FramePtr) {
        if let Err(error) = install::give_trace_function(py, &frame.object(py)) {
            tracing::warn!(%error, "the frame cannot jump");
        }
    }

    fn detach(&self, py: Python<'_>) {
        self.book().attached = false;
        if let Err(error) = self.settle(py).and_then(|()| install::leave(py)) {
            tracing::error!(%error, "sys.settrace could not be left");
        }
    }

    fn in_force(&self) -> InForce {
        self.book().in_force()
    }
}

fn all_report_again() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// Returns the kinds asked for everywhere, as a mask.
fn global_mask() -> u32 {
    GLOBAL.load(Ordering::Relaxed)
}

/// Tells the session of a code object that runs for the first time while new code is waited for.
fn meet(py: Python<'_>, code: CodePtr, entry: &CodeEntry) -> PyResult<()> {
    if !NEW_CODE.load(Ordering::Relaxed) || entry.mark_run() || entry.is_own() {
        return Ok(());
    }
    Session::active().map_or(Ok(()), |session| session.code_runs(py, code))
}

fn wants_opcodes() -> bool {
    global_mask() & code::mask(EventKind::Instruction) != 0
}

/// Makes the frames of this thread report each instruction.
fn trace_opcodes_of_stack(py: Python<'_>) -> PyResult<()> {
    let mut frame = FramePtr::current(py).and_then(|frame| visible(py, frame));
    while let Some(this) = frame {
        install::trace_opcodes(py, &this.object(py))?;
        frame = caller(py, this);
    }
    Ok(())
}

/// The trace function.
unsafe extern "C" fn on_event(
    _object: *mut ffi::PyObject,
    frame: *mut ffi::PyFrameObject,
    what: c_int,
    argument: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: the interpreter calls attached.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: the interpreter keeps the argument, which may be NULL, alive during the call.
    let argument = unsafe { Bound::from_borrowed_ptr_or_opt(py, argument) };
    let Some(frame) = FramePtr::from_raw(frame) else { return 0 };
    match guarded(|| hear(py, frame, what, argument.as_ref())) {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => {
            error.restore(py);
            -1
        }
        Err(error) => {
            Session::fail(py, &error);
            0
        }
    }
}

/// Hears one event. `Err` is what the program is to see.
fn hear(py: Python<'_>, frame: FramePtr, what: TraceWhat, argument: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
    let code = frame.code(py);
    let entry = code::entry(py, code);
    if !entry.is_own() {
        chain::pass_on(py, frame, what, argument)?;
    }
    if !install::is_wanted() {
        passing::forget_all();
        return internal(py, install::settle_thread(py));
    }
    let Some(session) = Session::active() else { return Ok(()) };
    if what == ffi::PyTrace_CALL {
        internal(py, meet(py, code, entry))?;
    }
    let wanted = global_mask() | entry.wanted_mask();
    #[cfg(not(Py_3_12))]
    if wanted == 0 {
        limit::rest(py);
    }
    let keep = if wanted & code::mask(EventKind::Unwind) == 0 { Keep::Nothing } else { Keep::Object };
    passing::look(py, frame, what, argument, keep);
    if entry.ends_program {
        session.program_ended(py);
    }
    if entry.of_threading && install::is_hook_due() {
        internal(py, install::hook_new_threads(py))?;
    }
    if entry.is_own() || wanted & translate::mask_of(what) == 0 {
        return internal(py, forget_opcodes(py, frame, what, wanted));
    }
    if wanted & code::mask(EventKind::Instruction) != 0 && what != ffi::PyTrace_OPCODE {
        internal(py, install::trace_opcodes(py, &frame.object(py)))?;
    }
    let generation = GENERATION.load(Ordering::Relaxed);
    if what == ffi::PyTrace_LINE && frame.line(py).is_some_and(|line| entry.is_quiet(line, generation)) {
        return Ok(());
    }
    let Some(heard) = translate::heard(py, frame, entry, what, argument) else { return Ok(()) };
    let verdict = match heard.kind {
        kind if wanted & code::mask(kind) == 0 => Verdict::Nothing,
        EventKind::Line => session.hear_line(py, &heard),
        _ => session.hear(py, &heard),
    };
    if what == ffi::PyTrace_RETURN {
        passing::forget(frame);
    }
    match verdict {
        Verdict::Raise(error) => return Err(error),
        Verdict::Disable => heard.line.into_iter().for_each(|line| entry.quieten(line, generation)),
        Verdict::Nothing => {}
    }
    Ok(())
}

/// Stops the instruction events of a frame that nobody wants any more.
fn forget_opcodes(py: Python<'_>, frame: FramePtr, what: TraceWhat, wanted: u32) -> PyResult<()> {
    if what != ffi::PyTrace_OPCODE || wanted & code::mask(EventKind::Instruction) != 0 || chain::any() {
        return Ok(());
    }
    frame.object(py).setattr(intern!(py, "f_trace_opcodes"), false)
}

/// Reports a failure of rdb; the program does not see it.
fn internal(py: Python<'_>, result: PyResult<()>) -> PyResult<()> {
    if let Err(error) = result {
        Session::fail(py, &error.into());
    }
    Ok(())
}
