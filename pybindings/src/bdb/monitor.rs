//! The hold on `sys.monitoring` for quiet debuggers: one tool id, and callbacks that ask [`plan`](super::plan).
//!
//! The quirks of the interpreter are those of the engine's backend: lines are asked for together with the beginnings of
//! the same code object, and a jump backwards onto its own line is a line event.

use std::collections::BTreeSet;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rdb_core::ids::CodeId;

use super::plan::{self, Report};
use crate::callback::guarded;
use crate::code;
use crate::ffi::{CodePtr, import};

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
    /// Takes a free tool id and hears where code begins; None: there is no `sys.monitoring`, or no id is free.
    pub(super) fn take(py: Python<'_>) -> PyResult<Option<Self>> {
        let Ok(monitoring) = monitoring(py) else { return Ok(None) };
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
        let begin = wrap_pyfunction!(on_begin, py)?;
        let callbacks = [
            ("PY_START", begin.clone()),
            ("PY_RESUME", begin),
            ("PY_THROW", wrap_pyfunction!(on_throw, py)?),
            ("LINE", wrap_pyfunction!(on_line, py)?),
            ("JUMP", wrap_pyfunction!(on_jump, py)?),
        ];
        for (event, callback) in callbacks {
            self.callback(py, event, Some(callback.into_any()))?;
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

#[pyfunction]
fn on_begin<'py>(code: Bound<'py, PyAny>, offset: Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let _unused = offset;
    answer(code.py(), || plan::begins(&code))
}

/// Hears that a frame goes on with an exception. This place must not be told to be silent.
#[pyfunction]
#[pyo3(signature = (code, *_rest))]
fn on_throw(code: Bound<'_, PyAny>, _rest: Bound<'_, PyTuple>) -> PyResult<()> {
    answer(code.py(), || plan::begins(&code)).map(drop)
}

#[pyfunction]
fn on_line(code: Bound<'_, PyAny>, line: u32) -> PyResult<Bound<'_, PyAny>> {
    answer(code.py(), || plan::line(&code, line))
}

#[pyfunction]
fn on_jump(code: Bound<'_, PyAny>, from: u32, to: u32) -> PyResult<Bound<'_, PyAny>> {
    let py = code.py();
    answer(py, || {
        let Some(place) = CodePtr::of(&code).filter(|_| to <= from) else { return Ok(Report::Never) };
        match place.line_at(py, to).filter(|&line| place.line_at(py, from) == Some(line)) {
            Some(line) => plan::line(&code, line),
            None => Ok(Report::Never),
        }
    })
}

/// Turns a report into what the interpreter takes as an answer. An internal error ends the debugging, not the program.
fn answer<'py>(py: Python<'py>, body: impl FnOnce() -> PyResult<Report>) -> PyResult<Bound<'py, PyAny>> {
    match guarded(body) {
        Ok(Ok(Report::Again)) => Ok(py.None().into_bound(py)),
        Ok(Ok(Report::Never)) => monitoring(py)?.getattr(intern!(py, "DISABLE")),
        Ok(Err(error)) => Err(error),
        Err(internal) => {
            let text = internal.to_string().replace('\n', " ");
            eprintln!("rdb: internal error: {text}; rdb has detached, the program goes on");
            plan::abandon(py);
            Ok(py.None().into_bound(py))
        }
    }
}
