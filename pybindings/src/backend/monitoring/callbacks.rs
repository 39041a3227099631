//! The callbacks of `sys.monitoring`: from the arguments of an event to what the session hears.
#![expect(unsafe_code, reason = "its callbacks are called from C")]

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use rdb_core::event::EventKind;
use rdb_core::gate::{AtGate, Passage};
use rdb_core::ids::Line;

use crate::backend::monitoring::kinds::{DISABLE, DISABLE_OWN, WITH_EXCEPTION, WITH_VALUE};
use crate::callback::{caught, count, guarded};
use crate::code::{self, CodeEntry, mask};
use crate::errors::InternalError;
use crate::ffi::CodePtr;
use crate::native::{self, callable, small_number};
use crate::session::{Heard, Session, Verdict};

/// The kinds asked for everywhere, as a mask: what a callback is for is seen without a lock.
pub(super) static GLOBAL: AtomicU32 = AtomicU32::new(0);
/// `sys.monitoring.DISABLE`.
pub(super) static DISABLE_OBJECT: AtomicPtr<ffi::PyObject> = AtomicPtr::new(std::ptr::null_mut());

/// Makes one callable for each kind. They and what they point to live as long as the process.
pub(super) fn callbacks(py: Python<'_>) -> PyResult<Vec<(EventKind, Py<PyAny>)>> {
    macro_rules! table {
        ($($kind:ident)*) => {
            vec![$((EventKind::$kind, on_event::<{ EventKind::$kind as usize }> as ffi::PyCFunctionFast)),*]
        };
    }
    let table = table![
        Start Resume Throw Instruction Jump BranchLeft BranchRight Call CReturn CRaise Return Yield Unwind Raise
        Reraise ExceptionHandled StopIteration
    ];
    let line = (EventKind::Line, on_line as ffi::PyCFunctionFast);
    table.into_iter().chain([line]).map(|(kind, function)| Ok((kind, callable(py, kind.name(), function)?))).collect()
}

/// Hears one event. `KIND` is an [`EventKind`].
unsafe extern "C" fn on_event<const KIND: usize>(
    _module: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    let kind = EventKind::ALL[KIND];
    // SAFETY: the interpreter calls with itself attached and with the arguments of the event.
    let (py, arguments) = unsafe { (Python::assume_attached(), native::arguments(arguments, count)) };
    answer(py, guarded(|| hear(py, kind, arguments)))
}

/// Returns what the interpreter is answered.
fn answer(py: Python<'_>, verdict: Result<Verdict, InternalError>) -> *mut ffi::PyObject {
    let verdict = verdict.unwrap_or_else(|error| {
        Session::fail(py, &error);
        Verdict::Nothing
    });
    // SAFETY: both objects live as long as the interpreter; new references are returned.
    unsafe {
        match verdict {
            Verdict::Nothing => ffi::Py_NewRef(ffi::Py_None()),
            Verdict::Disable => ffi::Py_NewRef(DISABLE_OBJECT.load(Ordering::Relaxed)),
            Verdict::Raise(error) => {
                error.restore(py);
                std::ptr::null_mut()
            }
        }
    }
}

/// Hears a line event. Nearly all of them end at a gate, so that this goes the shortest way there.
unsafe extern "C" fn on_line(
    module: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    number: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls with itself attached and with the arguments of the event: a code object and a line.
    let (py, [code, line]) = unsafe { (Python::assume_attached(), [*arguments, *arguments.add(1)]) };
    match caught(|| cross(py, code, line)) {
        Ok(Passage::Passed) => {
            count();
            // SAFETY: the object lives as long as the interpreter; a new reference is returned.
            unsafe { ffi::Py_NewRef(ffi::Py_None()) }
        }
        Ok(Passage::Stopped(at)) => answer(py, guarded(|| stopped(py, code, line, at))),
        // SAFETY: the arguments are passed on.
        Ok(Passage::Closed) => unsafe { on_event::<{ EventKind::Line as usize }>(module, arguments, number) },
        Err(error) => answer(py, Err(error)),
    }
}

/// Lets the thread cross a line at its gate.
#[inline]
fn cross(py: Python<'_>, code: *mut ffi::PyObject, line: *mut ffi::PyObject) -> Passage {
    match (Session::active(), at_line(py, code, line)) {
        (Some(session), Some(heard)) => session.cross(py, &heard),
        _ => Passage::Closed,
    }
}

fn stopped(py: Python<'_>, code: *mut ffi::PyObject, line: *mut ffi::PyObject, at: AtGate) -> Verdict {
    match (Session::active(), at_line(py, code, line)) {
        (Some(session), Some(heard)) => session.stopped_at_gate(py, &heard, at),
        _ => Verdict::Nothing,
    }
}

#[inline]
fn at_line<'py>(py: Python<'py>, code: *mut ffi::PyObject, line: *mut ffi::PyObject) -> Option<Heard<'py, 'py>> {
    let entry = code::entry(py, CodePtr::from_raw(code)?);
    Some(Place { kind: EventKind::Line, line: small_number(py, line), offset: None }.heard(entry))
}

fn hear(py: Python<'_>, kind: EventKind, arguments: &[*mut ffi::PyObject]) -> Verdict {
    let (Some(session), [code, rest @ ..]) = (Session::active(), arguments) else { return Verdict::Nothing };
    if kind == EventKind::Unwind && session.is_idle_unwind(py, None) {
        return Verdict::Nothing;
    }
    let Some(code) = CodePtr::from_raw(*code) else { return Verdict::Nothing };
    let entry = code::entry(py, code);
    if entry.is_own() {
        if entry.ends_program {
            session.program_ended(py);
        }
        return if DISABLE_OWN.contains(kind) { Verdict::Disable } else { Verdict::Nothing };
    }
    let Some(place) = place(py, kind, code, rest) else { return Verdict::Disable };
    if kind == EventKind::Start
        && let Err(error) = session.module_runs(py, entry)
    {
        Session::fail(py, &error.into());
        return Verdict::Nothing;
    }
    if GLOBAL.load(Ordering::Relaxed) & mask(place.kind) == 0 && !entry.wants(place.kind) {
        return if kind == EventKind::Line && may_disable(kind, entry) { Verdict::Disable } else { Verdict::Nothing };
    }
    if kind == EventKind::StopIteration && ends_loop(py, code, place.offset) {
        return Verdict::Nothing;
    }
    let argument = rest.get(1).filter(|_| WITH_EXCEPTION.contains(kind) || WITH_VALUE.contains(kind));
    // SAFETY: the interpreter keeps the arguments alive during the call.
    let argument = argument.map(|&argument| unsafe { Bound::from_borrowed_ptr(py, argument) });
    let (value, exception) = if WITH_VALUE.contains(kind) { (argument, None) } else { (None, argument) };
    let heard = Heard { value, exception, ..place.heard(entry) };
    let verdict = match (kind, heard.kind) {
        (EventKind::Jump, EventKind::Line) => session.hear_line(py, &heard),
        _ => session.hear(py, &heard),
    };
    match verdict {
        Verdict::Disable if !may_disable(kind, entry) => Verdict::Nothing,
        verdict => verdict,
    }
}

/// Returns whether this place may stop reporting. 3.12 and 3.13 report no instruction where they have just stopped reporting a line, so
/// lines stay while instructions are wanted.
fn may_disable(kind: EventKind, entry: &CodeEntry) -> bool {
    let wanted = GLOBAL.load(Ordering::Relaxed) | entry.wanted_mask();
    DISABLE.contains(kind) && (kind == EventKind::Instruction || wanted & mask(EventKind::Instruction) == 0)
}

/// Returns whether a generator has ended at the end of a `for` loop over it, and not of `yield from` or `await`.
/// `sys.settrace` does not tell of that, and nobody who steps through a loop wants to hear of it.
fn ends_loop(py: Python<'_>, code: CodePtr, offset: Option<u32>) -> bool {
    offset.and_then(|offset| code.opcode_at(py, offset)).is_some_and(|opcode| code::opcodes().ends_loop(opcode))
}

/// Where an event happened, and what it is after translation.
struct Place {
    kind: EventKind,
    line: Option<Line>,
    offset: Option<u32>,
}

impl Place {
    /// Returns what is heard here, as far as it is no object.
    #[inline]
    fn heard<'a>(&self, entry: &'a CodeEntry) -> Heard<'a, 'static> {
        let &Self { kind, line, offset } = self;
        Heard { kind, entry, line, offset, value: None, exception: None, frame: None }
    }
}

/// Reads the place out of the arguments; None: a jump that is no line event, and never will be one.
fn place(py: Python<'_>, kind: EventKind, code: CodePtr, rest: &[*mut ffi::PyObject]) -> Option<Place> {
    let number = |index: usize| rest.get(index).and_then(|&number| small_number(py, number));
    let place = match kind {
        EventKind::Line => Place { kind, line: number(0), offset: None },
        EventKind::Jump => {
            let (from, to) = (number(0)?, number(1)?);
            let line = code.line_at(py, to).filter(|&line| to <= from && code.line_at(py, from) == Some(line));
            Place { kind: EventKind::Line, line: Some(line?), offset: Some(from) }
        }
        _ => Place { kind, line: None, offset: number(0) },
    };
    Some(place)
}
