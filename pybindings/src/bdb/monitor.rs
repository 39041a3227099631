//! The hold on `sys.monitoring` for quiet debuggers: one tool id, and callbacks that ask [`hear`](super::hear).
//!
//! The quirks of the interpreter are those of the engine's backend: lines are asked for together with the beginnings of
//! the same code object, and a jump backwards onto its own line is a line event.
#![expect(unsafe_code, reason = "its callbacks are called from C")]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use rdb_core::ids::{CodeId, Line};

use super::hear::{self, Report};
use super::plan;
use crate::callback::{self, caught, guarded};
use crate::code;
use crate::errors::InternalError;
use crate::ffi::{CodePtr, import};
use crate::native::{self, callable, small_number};

/// `sys.monitoring.DISABLE`. The reference is kept for ever.
static DISABLE: AtomicPtr<ffi::PyObject> = AtomicPtr::new(std::ptr::null_mut());

/// The name under which a tool id is held.
const NAME: &str = "rdb.bdb";

/// Events of all code: where code begins to run, or goes on.
const EVERYWHERE: [&str; 3] = ["PY_START", "PY_RESUME", "PY_THROW"];

/// Events of code with breakpoints.
const IN_CODE: [&str; 3] = ["PY_START", "LINE", "JUMP"];

/// A tool id of `sys.monitoring`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tool(u8);

impl Tool {
    /// Takes a free tool id and hears where code begins; None: no id is free.
    pub(super) fn take(py: Python<'_>) -> PyResult<Option<Self>> {
        let monitoring = monitoring(py)?;
        // Ids that PEP 669 gives to nobody, then the debugger's; the engine prefers that one.
        for id in [4_u8, 3, 0] {
            if monitoring.call_method1(intern!(py, "get_tool"), (id,))?.is_none() {
                monitoring.call_method1(intern!(py, "use_tool_id"), (id, NAME))?;
                let tool = Self(id);
                tool.register(py)?;
                monitoring.call_method1(intern!(py, "set_events"), (id, events(py, &EVERYWHERE)?))?;
                return Ok(Some(tool));
            }
        }
        Ok(None)
    }

    /// Returns whether the tool id is still ours: the program may give any away.
    pub(super) fn is_held(self, py: Python<'_>) -> PyResult<bool> {
        monitoring(py)?.call_method1(intern!(py, "get_tool"), (self.0,))?.eq(NAME)
    }

    fn register(self, py: Python<'_>) -> PyResult<()> {
        if DISABLE.load(Ordering::Relaxed).is_null() {
            let disable = monitoring(py)?.getattr(intern!(py, "DISABLE"))?;
            DISABLE.store(disable.into_ptr(), Ordering::Relaxed);
        }
        for (event, callback) in callbacks(py)? {
            self.callback(py, event, Some(callback.bind(py).clone()))?;
        }
        Ok(())
    }

    fn callback(self, py: Python<'_>, event: &str, callback: Option<Bound<'_, PyAny>>) -> PyResult<()> {
        let event = events(py, &[event])?;
        monitoring(py)?.call_method1(intern!(py, "register_callback"), (self.0, event, callback)).map(drop)
    }

    /// Has a code object report its lines.
    pub(super) fn report_lines(self, code: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = code.py();
        self.set_local(code, events(py, &IN_CODE)?)
    }

    fn set_local(self, code: &Bound<'_, PyAny>, events: u32) -> PyResult<()> {
        let py = code.py();
        monitoring(py)?.call_method1(intern!(py, "set_local_events"), (self.0, code, events)).map(drop)
    }

    /// Gives the tool id back, with the code objects that report their lines.
    pub(super) fn release(self, py: Python<'_>, armed: BTreeSet<CodeId>) -> PyResult<()> {
        if !self.is_held(py)? {
            return Ok(());
        }
        let monitoring = monitoring(py)?;
        monitoring.call_method1(intern!(py, "set_events"), (self.0, 0))?;
        for code in armed.into_iter().filter_map(|id| code::of_id(py, id)) {
            self.set_local(&code, 0)?;
        }
        for event in EVERYWHERE.into_iter().chain(IN_CODE) {
            self.callback(py, event, None)?;
        }
        monitoring.call_method1(intern!(py, "free_tool_id"), (self.0,)).map(drop)
    }
}

/// Returns whether the interpreter has `sys.monitoring`.
pub(super) fn is_there(py: Python<'_>) -> bool {
    monitoring(py).is_ok()
}

/// Makes every place report again.
pub(super) fn restart(py: Python<'_>) -> PyResult<()> {
    monitoring(py)?.call_method0(intern!(py, "restart_events")).map(drop)
}

fn monitoring(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    import(py, "sys")?.getattr(intern!(py, "monitoring"))
}

fn events(py: Python<'_>, names: &[&str]) -> PyResult<u32> {
    let all = monitoring(py)?.getattr(intern!(py, "events"))?;
    names.iter().try_fold(0, |sum, &name| Ok(sum | all.getattr(name)?.extract::<u32>()?))
}

/// What a callback is for: which question it asks the plan.
const BEGIN: u8 = 0;
const THROW: u8 = 1;
const LINE: u8 = 2;
const JUMP: u8 = 3;

/// What is registered, and for which events. Made once, because such functions live as long as the process.
static CALLBACKS: PyOnceLock<[(&str, Py<PyAny>); 5]> = PyOnceLock::new();

fn callbacks(py: Python<'_>) -> PyResult<&[(&'static str, Py<PyAny>); 5]> {
    CALLBACKS.get_or_try_init(py, || {
        let begin = callable(py, "begin", on_event::<BEGIN>)?;
        Ok([
            ("PY_START", begin.clone_ref(py)),
            ("PY_RESUME", begin),
            ("PY_THROW", callable(py, "throw", on_event::<THROW>)?),
            ("LINE", callable(py, "line", on_event::<LINE>)?),
            ("JUMP", callable(py, "jump", on_event::<JUMP>)?),
        ])
    })
}

/// Hears one event. `KIND` is what the callback is for.
unsafe extern "C" fn on_event<const KIND: u8>(
    _module: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter calls with itself attached and with the arguments of the event.
    let (py, arguments) = unsafe { (Python::assume_attached(), native::arguments(arguments, count)) };
    let answer = match caught(|| event_quickly::<KIND>(py, arguments)) {
        Ok(Some(report)) => {
            callback::count();
            Ok(Ok(report))
        }
        Ok(None) => guarded(|| event::<KIND>(py, arguments)),
        Err(internal) => Err(internal),
    };
    let answer = answer.unwrap_or_else(|internal| {
        fail(&internal);
        Ok(Report::Again)
    });
    // SAFETY: both objects live as long as the interpreter; new references are returned.
    unsafe {
        match answer {
            Ok(Report::Again) => ffi::Py_NewRef(ffi::Py_None()),
            Ok(Report::Never) => ffi::Py_NewRef(DISABLE.load(Ordering::Relaxed)),
            Err(error) => {
                error.restore(py);
                std::ptr::null_mut()
            }
        }
    }
}

/// What most events are done with; None: this one is not.
#[inline]
fn event_quickly<const KIND: u8>(py: Python<'_>, arguments: &[*mut ffi::PyObject]) -> Option<Report> {
    let [code, rest @ ..] = arguments else { return None };
    let code = CodePtr::from_raw(*code)?;
    match KIND {
        BEGIN => hear::begins_quickly(py, code),
        LINE => hear::line_quickly(py, code, code::known_entry(py, code)?, small_number(py, *rest.first()?)?),
        _ => None,
    }
}

fn event<const KIND: u8>(py: Python<'_>, arguments: &[*mut ffi::PyObject]) -> PyResult<Report> {
    let [code, rest @ ..] = arguments else { return Ok(Report::Again) };
    let Some(code) = CodePtr::from_raw(*code) else { return Ok(Report::Again) };
    let number = |index: usize| rest.get(index).and_then(|&number| small_number(py, number));
    match KIND {
        BEGIN => hear::begins(py, code),
        // This place must not be told to be silent.
        THROW => hear::begins(py, code).map(|_| Report::Again),
        LINE => number(0).map_or(Ok(Report::Again), |line| hear::line(py, code, line)),
        _ => match number(0).zip(number(1)).and_then(|(from, to)| line_of_jump(py, code, from, to)) {
            Some(line) => hear::line(py, code, line),
            None => Ok(Report::Never),
        },
    }
}

/// Returns the line that begins with a jump: one that goes backwards onto its own line.
fn line_of_jump(py: Python<'_>, code: CodePtr, from: u32, to: u32) -> Option<Line> {
    let line = code.line_at(py, to).filter(|_| to <= from)?;
    (code.line_at(py, from) == Some(line)).then_some(line)
}

/// Reports an internal error. It ends the debugging, not the program.
pub(super) fn fail(internal: &InternalError) {
    let text = internal.to_string().replace('\n', " ");
    eprintln!("rdb: internal error: {text}; rdb has detached, the program goes on");
    Python::attach(plan::abandon);
}
