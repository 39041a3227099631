//! The names that the debugger adds to the frame's own while something typed is evaluated.

use indexmap::IndexMap;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use rdb_core::host::HostError;
use rdb_core::ids::FrameNo;

use super::eval::{Extras, Failure};
use super::{PyHost, dollar};

use crate::ffi::import;
use crate::remote;

impl PyHost {
    /// Runs `work` in a frame with the debugger's names, and keeps what it has set of them.
    pub(super) fn in_frame<'py, R>(
        &mut self,
        py: Python<'py>,
        number: FrameNo,
        work: impl FnOnce(&Bound<'py, PyAny>, &mut Extras<'py>) -> Result<R, Failure>,
    ) -> Result<R, HostError> {
        let frame = self.frame(py, number)?;
        let presets = self.presets(&frame);
        let mut extras = self.extras(py, &frame, &presets);
        let lent = remote::lend(py);
        let result = work(&frame, &mut extras);
        drop(lent);
        self.keep_convenience(&extras, &presets);
        result.map_err(|failure| failure.into_host(py))
    }

    /// Returns the names that a text can use in a frame.
    fn extras<'py>(
        &self,
        py: Python<'py>,
        frame: &Bound<'py, PyAny>,
        presets: &IndexMap<&str, Bound<'py, PyAny>>,
    ) -> Extras<'py> {
        let mut extras = Extras::default();
        if let Some(value) = self.returning().filter(|_| self.is_stopped_frame(frame)) {
            extras.insert("__return__", value.bind(py).clone());
        }
        if let Some(exception) = self.current_exception(py)
            && let Ok(pair) = PyTuple::new(py, [exception.get_type().into_any(), exception.clone()])
        {
            extras.insert("__exception__", pair.into_any());
        }
        for (name, value) in presets {
            extras.insert(&dollar::identifier(name), value.clone());
        }
        for (name, value) in &self.convenience {
            extras.insert(&dollar::identifier(name), value.bind(py).clone());
        }
        extras
    }

    /// Returns the convenience variables that every stop has.
    pub(super) fn presets<'py>(&self, frame: &Bound<'py, PyAny>) -> IndexMap<&'static str, Bound<'py, PyAny>> {
        let py = frame.py();
        let returned = self.stopped.returned.as_ref().map(|value| value.bind(py).clone());
        let presets = [
            ("_frame", Some(frame.clone())),
            ("_retval", returned),
            ("_exception", self.current_exception(py)),
            ("_asynctask", current_task(py)),
        ];
        presets.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    fn keep_convenience<'py>(&mut self, extras: &Extras<'py>, presets: &IndexMap<&str, Bound<'py, PyAny>>) {
        let named = extras.iter().filter_map(|(identifier, value)| Some((dollar::name_of(identifier)?, value)));
        let set = named.filter(|(name, value)| presets.get(name).is_none_or(|preset| !preset.is(*value)));
        self.convenience = set.map(|(name, value)| (name.to_owned(), value.clone().unbind())).collect();
    }
}

/// Returns the asynchronous task that runs in this thread, if there is one.
fn current_task(py: Python<'_>) -> Option<Bound<'_, PyAny>> {
    let modules = import(py, "sys").ok()?.getattr("modules").ok()?;
    let task = modules.get_item("asyncio").ok()?.call_method0("current_task").ok()?;
    (!task.is_none()).then_some(task)
}
