//! The attributes of a breakpoint that are read at each hit. They live in Rust behind properties.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::intern;
use pyo3::prelude::*;

use super::state::Slot;

/// The values.
#[derive(Default)]
struct Marks {
    enabled: bool,
    line: i64,
    /// The first line of the function that a breakpoint by name has stopped at.
    first: Option<i64>,
    hits: i64,
    ignore: i64,
    cond: Slot,
    funcname: Slot,
}

/// The native half of a breakpoint.
#[pyclass(frozen, subclass, module = "rdb._rdb", name = "_BreakpointBase")]
#[derive(Default)]
pub(crate) struct BreakpointBase(Mutex<Marks>);

impl BreakpointBase {
    fn lock(&self) -> MutexGuard<'_, Marks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, value: &Bound<'_, PyAny>, slot: fn(&mut Marks) -> &mut Slot) {
        let value = (!value.is_none()).then(|| value.clone().unbind());
        let old = std::mem::replace(slot(&mut self.lock()), value);
        drop(old);
    }
}

#[pymethods]
impl BreakpointBase {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, pyo3::types::PyTuple>, _kwargs: Option<&Bound<'_, pyo3::types::PyDict>>) -> Self {
        Self::default()
    }

    #[getter]
    fn enabled(&self) -> bool {
        self.lock().enabled
    }

    #[setter]
    fn set_enabled(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let enabled = value.is_truthy()?;
        self.lock().enabled = enabled;
        Ok(())
    }

    #[getter]
    fn line(&self) -> i64 {
        self.lock().line
    }

    #[setter]
    fn set_line(&self, value: i64) {
        self.lock().line = value;
    }

    #[getter]
    fn func_first_executable_line(&self) -> Option<i64> {
        self.lock().first
    }

    #[setter]
    fn set_func_first_executable_line(&self, value: Option<i64>) {
        self.lock().first = value;
    }

    #[getter]
    fn hits(&self) -> i64 {
        self.lock().hits
    }

    #[setter]
    fn set_hits(&self, value: i64) {
        self.lock().hits = value;
    }

    #[getter]
    fn ignore(&self) -> i64 {
        self.lock().ignore
    }

    #[setter]
    fn set_ignore(&self, value: i64) {
        self.lock().ignore = value;
    }

    #[getter]
    fn cond<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.lock().cond.as_ref().map(|cond| cond.bind(py).clone())
    }

    #[setter]
    fn set_cond(&self, value: &Bound<'_, PyAny>) {
        self.put(value, |marks| &mut marks.cond);
    }

    #[getter]
    fn funcname<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.lock().funcname.as_ref().map(|name| name.bind(py).clone())
    }

    #[setter]
    fn set_funcname(&self, value: &Bound<'_, PyAny>) {
        self.put(value, |marks| &mut marks.funcname);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(marks) = self.0.try_lock() else { return Ok(()) };
        [&marks.cond, &marks.funcname].into_iter().flatten().try_for_each(|value| visit.call(value))
    }

    fn __clear__(&self) {
        let marks = std::mem::take(&mut *self.lock());
        drop(marks);
    }
}

/// A breakpoint: one of ours, or anything with its attributes.
pub(super) struct Marked<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    native: Option<&'a Bound<'py, BreakpointBase>>,
}

impl<'a, 'py> Marked<'a, 'py> {
    /// Returns the breakpoint that an object is.
    pub(super) fn of(object: &'a Bound<'py, PyAny>) -> Self {
        Self { object, native: object.cast().ok() }
    }

    fn read<T>(&self, name: &str, native: fn(&Marks) -> T, other: fn(Bound<'py, PyAny>) -> PyResult<T>) -> PyResult<T> {
        match self.native {
            Some(base) => Ok(native(&base.get().lock())),
            None => other(self.object.getattr(name)?),
        }
    }

    fn object_of(&self, name: &str, slot: fn(&Marks) -> &Slot) -> PyResult<Option<Bound<'py, PyAny>>> {
        let found = match self.native {
            Some(base) => slot(&base.get().lock()).as_ref().map(|value| value.bind(self.object.py()).clone()),
            None => Some(self.object.getattr(name)?),
        };
        match found {
            Some(found) if found.is_truthy()? => Ok(Some(found)),
            _ => Ok(None),
        }
    }

    /// Returns whether it stops at all.
    pub(super) fn enabled(&self) -> PyResult<bool> {
        self.read("enabled", |marks| marks.enabled, |value| value.is_truthy())
    }

    /// Returns its line.
    pub(super) fn line(&self) -> PyResult<i64> {
        self.read("line", |marks| marks.line, |value| value.extract())
    }

    /// Returns the first line of its function that was seen to run.
    pub(super) fn first(&self) -> PyResult<Option<i64>> {
        self.read("func_first_executable_line", |marks| marks.first, |value| value.extract())
    }

    /// Notes the first line of its function that runs.
    pub(super) fn set_first(&self, line: Option<i64>) -> PyResult<()> {
        self.object.setattr(intern!(self.object.py(), "func_first_executable_line"), line)
    }

    /// Counts a hit.
    pub(super) fn hit(&self) -> PyResult<()> {
        if let Some(base) = self.native {
            base.get().lock().hits += 1;
            return Ok(());
        }
        let hits: i64 = self.object.getattr(intern!(self.object.py(), "hits"))?.extract()?;
        self.object.setattr(intern!(self.object.py(), "hits"), hits + 1)
    }

    /// Returns whether this crossing is to be ignored, and counts it as such.
    pub(super) fn ignores(&self) -> PyResult<bool> {
        let left = self.read("ignore", |marks| marks.ignore, |value| value.extract())?;
        if left > 0 {
            self.object.setattr(intern!(self.object.py(), "ignore"), left - 1)?;
        }
        Ok(left > 0)
    }

    /// Returns its condition.
    pub(super) fn condition(&self) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.object_of("cond", |marks| &marks.cond)
    }

    /// Returns the name of the function that it was set by.
    pub(super) fn funcname(&self) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.object_of("funcname", |marks| &marks.funcname)
    }
}
