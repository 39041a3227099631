//! What a `Bdb` remembers between events: the attributes that bdb documents and that its subclasses read and write.
//!
//! They live in one Rust struct, because each event reads most of them. The lock is a leaf: values that are replaced are
//! dropped after it was given back, because a frame that goes can run Python code.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::PyTraverseError;
use pyo3::gc::PyVisit;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::overrides::Cache;
use super::plan;

/// An attribute that holds an object; None is Python's None.
pub(super) type Slot = Option<Py<PyAny>>;

/// The values of the attributes.
#[derive(Default)]
pub(super) struct State {
    /// The oldest frame that is debugged.
    pub(super) botframe: Slot,
    /// The only frame that a step may end in; None: any.
    pub(super) stopframe: Slot,
    /// The frame whose return ends a step.
    pub(super) returnframe: Slot,
    /// The first line of `stopframe` that ends a step; -1: none does.
    pub(super) stoplineno: i64,
    /// The program is being made to leave.
    pub(super) quitting: bool,
    /// The frame whose event is being served.
    pub(super) enterframe: Slot,
    /// The frame and line that the last step was asked for at.
    pub(super) cmdframe: Slot,
    pub(super) cmdlineno: Option<u32>,
    /// The frame whose return is being shown.
    pub(super) frame_returning: Slot,
    /// Instructions are reported.
    pub(super) trace_opcodes: bool,
    /// The event that is being served is an instruction.
    pub(super) at_instruction: bool,
    /// The debugger is to become quiet at the next event that is no instruction.
    pub(super) settles: bool,
    /// Globs of modules that no step ends in.
    pub(super) skip: Slot,
    /// The lines with breakpoints, by canonical file name: a dict of lists.
    pub(super) breaks: Slot,
    /// Canonical file names by what was asked for: a dict.
    pub(super) fncache: Slot,
    /// What the subclass overrides.
    pub(super) overrides: Cache,
}

impl State {
    fn slots(&self) -> [&Slot; 9] {
        [
            &self.botframe,
            &self.stopframe,
            &self.returnframe,
            &self.enterframe,
            &self.cmdframe,
            &self.frame_returning,
            &self.skip,
            &self.breaks,
            &self.fncache,
        ]
    }
}

/// The attributes of a `Bdb`.
#[pyclass(frozen, subclass, module = "rdb._rdb", name = "_BdbState")]
#[derive(Default)]
pub(crate) struct BdbState(Mutex<State>);

impl BdbState {
    /// Locks the attributes. No Python code may run while the guard lives.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the object of an attribute.
    pub(super) fn get<'py>(&self, py: Python<'py>, slot: fn(&State) -> &Slot) -> Option<Bound<'py, PyAny>> {
        slot(&self.lock()).as_ref().map(|value| value.bind(py).clone())
    }

    /// Replaces the object of an attribute.
    pub(super) fn put(&self, value: Option<&Bound<'_, PyAny>>, slot: fn(&mut State) -> &mut Slot) {
        let value = value.filter(|value| !value.is_none()).map(|value| value.clone().unbind());
        let old = std::mem::replace(slot(&mut self.lock()), value);
        drop(old);
    }

    /// Returns whether an attribute is this very object.
    pub(super) fn is(&self, frame: &Bound<'_, PyAny>, slot: fn(&State) -> &Slot) -> bool {
        slot(&self.lock()).as_ref().is_some_and(|value| value.is(frame))
    }
}

#[pymethods]
impl BdbState {
    #[getter]
    fn botframe<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.get(py, |state| &state.botframe)
    }

    #[setter]
    fn set_botframe(&self, value: Bound<'_, PyAny>) {
        self.put(Some(&value), |state| &mut state.botframe);
    }

    #[getter]
    fn stopframe<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.get(py, |state| &state.stopframe)
    }

    #[setter]
    fn set_stopframe(&self, value: Bound<'_, PyAny>) {
        self.put(Some(&value), |state| &mut state.stopframe);
    }

    #[getter]
    fn returnframe<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.get(py, |state| &state.returnframe)
    }

    #[setter]
    fn set_returnframe(&self, value: Bound<'_, PyAny>) {
        self.put(Some(&value), |state| &mut state.returnframe);
    }

    #[getter]
    fn stoplineno(&self) -> i64 {
        self.lock().stoplineno
    }

    #[setter]
    fn set_stoplineno(&self, value: i64) {
        self.lock().stoplineno = value;
    }

    #[getter]
    fn quitting(&self) -> bool {
        self.lock().quitting
    }

    #[setter]
    fn set_quitting(&self, value: Bound<'_, PyAny>) -> PyResult<()> {
        let quitting = value.is_truthy()?;
        self.lock().quitting = quitting;
        Ok(())
    }

    #[getter]
    fn enterframe<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.get(py, |state| &state.enterframe)
    }

    #[setter]
    fn set_enterframe(&self, value: Bound<'_, PyAny>) {
        self.put(Some(&value), |state| &mut state.enterframe);
    }

    #[getter]
    fn cmdframe<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.get(py, |state| &state.cmdframe)
    }

    #[setter]
    fn set_cmdframe(&self, value: Bound<'_, PyAny>) {
        self.put(Some(&value), |state| &mut state.cmdframe);
    }

    #[getter]
    fn cmdlineno(&self) -> Option<u32> {
        self.lock().cmdlineno
    }

    #[setter]
    fn set_cmdlineno(&self, value: Option<u32>) {
        self.lock().cmdlineno = value;
    }

    #[getter]
    fn frame_returning<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.get(py, |state| &state.frame_returning)
    }

    #[setter]
    fn set_frame_returning(&self, value: Bound<'_, PyAny>) {
        self.put(Some(&value), |state| &mut state.frame_returning);
    }

    #[getter]
    fn trace_opcodes(&self) -> bool {
        self.lock().trace_opcodes
    }

    #[setter]
    fn set_trace_opcodes(&self, value: bool) {
        self.lock().trace_opcodes = value;
    }

    #[getter]
    fn skip<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.get(py, |state| &state.skip)
    }

    #[setter]
    fn set_skip(&self, value: Bound<'_, PyAny>) {
        self.put(Some(&value), |state| &mut state.skip);
    }

    #[getter]
    fn breaks<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.get(py, |state| &state.breaks)
    }

    #[setter]
    fn set_breaks(&self, value: Bound<'_, PyDict>) {
        plan::forget_sites();
        self.put(Some(value.as_any()), |state| &mut state.breaks);
    }

    #[getter]
    fn fncache<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        self.get(py, |state| &state.fncache)
    }

    #[setter]
    fn set_fncache(&self, value: Bound<'_, PyDict>) {
        self.put(Some(value.as_any()), |state| &mut state.fncache);
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A guard that is alive while the collector runs can only be another thread's; then nothing is collected.
        let Ok(state) = self.0.try_lock() else { return Ok(()) };
        state.slots().into_iter().flatten().try_for_each(|value| visit.call(value))
    }

    fn __clear__(&self) {
        let state = std::mem::take(&mut *self.lock());
        drop(state);
    }
}
