//! The attributes of a breakpoint that are read at each hit. They live in Rust behind properties.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyType};

use super::state::Slot;
use crate::ffi::import;

/// The class `rdb.bdb.Breakpoint`, which holds the tables of all breakpoints.
static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The last stamp that was given.
static LAST_STAMP: AtomicU64 = AtomicU64::new(0);

/// Returns the class of breakpoints.
pub(super) fn class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    let class = CLASS.get_or_try_init(py, || {
        import(py, "rdb.bdb")?.getattr(intern!(py, "Breakpoint"))?.cast_into().map(Bound::unbind).map_err(PyErr::from)
    })?;
    Ok(class.bind(py))
}

/// Returns the table of all breakpoints, by file and line.
pub(super) fn table(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    Ok(class(py)?.getattr(intern!(py, "bplist"))?.cast_into()?)
}

/// The values that stay the same from one hit to the next, as a rule.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) line: i64,
    /// The first line of the function that a breakpoint by name has stopped at.
    pub(super) first: Option<i64>,
    pub(super) cond: Slot,
    pub(super) funcname: Slot,
}

/// A state of the [`Marks`] of one breakpoint: no other state, and no other breakpoint, has the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp(u64);

/// The native half of a breakpoint. Its numbers change with the interpreter attached only.
#[pyclass(frozen, subclass, module = "rdb._rdb", name = "_BreakpointBase")]
#[derive(Default)]
pub(crate) struct BreakpointBase {
    enabled: AtomicBool,
    hits: AtomicI64,
    ignore: AtomicI64,
    stamp: AtomicU64,
    marks: Mutex<Marks>,
}

impl BreakpointBase {
    fn lock(&self) -> MutexGuard<'_, Marks> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the marks in order to change them.
    fn change(&self) -> MutexGuard<'_, Marks> {
        let marks = self.lock();
        self.stamp.store(LAST_STAMP.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        marks
    }

    fn put(&self, value: &Bound<'_, PyAny>, slot: fn(&mut Marks) -> &mut Slot) {
        let value = (!value.is_none()).then(|| value.clone().unbind());
        let old = std::mem::replace(slot(&mut self.change()), value);
        drop(old);
    }

    /// Returns the present state of the marks.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp(self.stamp.load(Ordering::Relaxed))
    }

    /// Reads the marks. No Python code may run meanwhile.
    pub(super) fn marks<R>(&self, read: impl FnOnce(&Marks) -> R) -> R {
        read(&self.lock())
    }

    /// Returns whether it stops at all.
    pub(super) fn is_enabled(&self) -> bool {
        self.enabled.load(Ordering::Relaxed)
    }

    /// Counts a hit.
    pub(super) fn hit(&self) {
        self.hits.store(self.hits.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// Returns how many crossings are to be ignored.
    pub(super) fn ignored(&self) -> i64 {
        self.ignore.load(Ordering::Relaxed)
    }

    /// Counts an ignored crossing.
    pub(super) fn ignore_once(&self) {
        self.ignore.store(self.ignored() - 1, Ordering::Relaxed);
    }
}

#[pymethods]
impl BreakpointBase {
    #[new]
    #[pyo3(signature = (*_args, **_kwargs))]
    fn new(_args: &Bound<'_, pyo3::types::PyTuple>, _kwargs: Option<&Bound<'_, PyDict>>) -> Self {
        Self::default()
    }

    #[getter]
    fn enabled(&self) -> bool {
        self.is_enabled()
    }

    #[setter]
    fn set_enabled(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        self.enabled.store(value.is_truthy()?, Ordering::Relaxed);
        Ok(())
    }

    #[getter]
    fn line(&self) -> i64 {
        self.lock().line
    }

    #[setter]
    fn set_line(&self, value: i64) {
        self.change().line = value;
    }

    #[getter]
    fn func_first_executable_line(&self) -> Option<i64> {
        self.lock().first
    }

    #[setter]
    fn set_func_first_executable_line(&self, value: Option<i64>) {
        self.change().first = value;
    }

    #[getter]
    fn hits(&self) -> i64 {
        self.hits.load(Ordering::Relaxed)
    }

    #[setter]
    fn set_hits(&self, value: i64) {
        self.hits.store(value, Ordering::Relaxed);
    }

    #[getter]
    fn ignore(&self) -> i64 {
        self.ignored()
    }

    #[setter]
    fn set_ignore(&self, value: i64) {
        self.ignore.store(value, Ordering::Relaxed);
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
        let Ok(marks) = self.marks.try_lock() else { return Ok(()) };
        [&marks.cond, &marks.funcname].into_iter().flatten().try_for_each(|value| visit.call(value))
    }

    fn __clear__(&self) {
        let marks = std::mem::take(&mut *self.change());
        drop(marks);
    }
}

/// A breakpoint: one of ours, or anything with its attributes.
pub(super) struct Marked<'a, 'py> {
    object: &'a Bound<'py, PyAny>,
    native: Option<&'a Bound<'py, BreakpointBase>>,
}

impl<'a, 'py> Marked<'a, 'py> {
    /// Returns the breakpoint that an object is. Derived classes may have attributes of their own.
    pub(super) fn of(object: &'a Bound<'py, PyAny>) -> PyResult<Self> {
        let is_plain = object.get_type().is(class(object.py())?);
        Ok(Self { object, native: if is_plain { object.cast().ok() } else { None } })
    }

    fn read<T>(
        &self,
        name: &str,
        native: fn(&BreakpointBase) -> T,
        other: fn(Bound<'py, PyAny>) -> PyResult<T>,
    ) -> PyResult<T> {
        match self.native {
            Some(base) => Ok(native(base.get())),
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
        self.read("enabled", BreakpointBase::is_enabled, |value| value.is_truthy())
    }

    /// Returns its line.
    pub(super) fn line(&self) -> PyResult<i64> {
        self.read("line", BreakpointBase::line, |value| value.extract())
    }

    /// Returns the first line of its function that was seen to run.
    pub(super) fn first(&self) -> PyResult<Option<i64>> {
        self.read("func_first_executable_line", BreakpointBase::func_first_executable_line, |value| value.extract())
    }

    /// Notes the first line of its function that runs.
    pub(super) fn set_first(&self, line: Option<i64>) -> PyResult<()> {
        self.object.setattr(intern!(self.object.py(), "func_first_executable_line"), line)
    }

    /// Counts a hit.
    pub(super) fn hit(&self) -> PyResult<()> {
        if let Some(base) = self.native {
            base.get().hit();
            return Ok(());
        }
        let hits: i64 = self.object.getattr(intern!(self.object.py(), "hits"))?.extract()?;
        self.object.setattr(intern!(self.object.py(), "hits"), hits + 1)
    }

    /// Returns whether this crossing is to be ignored, and counts it as such.
    pub(super) fn ignores(&self) -> PyResult<bool> {
        let left = self.read("ignore", BreakpointBase::ignored, |value| value.extract())?;
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
