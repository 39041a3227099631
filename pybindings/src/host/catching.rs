//! Questions of catchpoints about an exception on its way: its type, and a condition that can name it.

use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;
use rdb_core::engine::Answer;

use super::condition::{answer, evaluate};
use super::eval::{self, Extras};
use super::{dollar, text};
use crate::ffi::import;

/// Returns whether an expression is true in a frame where `exception` is on its way; it can be named `$_exception`.
pub(crate) fn exception_condition<'py>(
    frame: &Bound<'py, PyAny>,
    expression: &str,
    exception: &Bound<'py, PyAny>,
) -> Answer {
    let mut extras = Extras::default();
    extras.insert(&dollar::identifier("_exception"), exception.clone());
    let value = eval::evaluate(frame, &mut extras, expression);
    answer(frame.py(), value.and_then(|value| Ok(value.is_truthy()?)))
}

/// Returns whether an exception is an instance of one of the named types. A name means what it means in the frame; if it
/// means nothing there, a type of a module, or any type of that name.
pub(crate) fn exception_is(
    py: Python<'_>,
    frame: &Bound<'_, PyAny>,
    exception: &Bound<'_, PyAny>,
    types: &[Arc<str>],
) -> Answer {
    let class = exception.get_type();
    answer(py, is_one_of(frame, &class, types).map_err(Into::into))
}

fn is_one_of<'py>(frame: &Bound<'py, PyAny>, class: &Bound<'py, PyType>, types: &[Arc<str>]) -> PyResult<bool> {
    for name in types {
        let matches = match named(frame, name) {
            Some(named) => is_subclass(class, &named)?,
            None => has_ancestor(class, name)?,
        };
        if matches {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns what a name means in the frame, or in the modules that are loaded.
fn named<'py>(frame: &Bound<'py, PyAny>, name: &str) -> Option<Bound<'py, PyAny>> {
    let is_dotted = name.split('.').all(|part| part.starts_with(|c: char| c == '_' || c.is_alphabetic()));
    let in_frame = || evaluate(frame, name).ok();
    in_frame().or_else(|| if is_dotted { in_modules(frame.py(), name) } else { None })
}

fn in_modules<'py>(py: Python<'py>, name: &str) -> Option<Bound<'py, PyAny>> {
    let modules = import(py, "sys").ok()?.getattr(intern!(py, "modules")).ok()?;
    name.rmatch_indices('.').find_map(|(at, _)| {
        let module = modules.get_item(&name[..at]).ok()?;
        name[at + 1..].split('.').try_fold(module, |object, part| object.getattr(part)).ok()
    })
}

/// Compares by what a class is derived from, without `__subclasscheck__`.
fn is_subclass(class: &Bound<'_, PyType>, named: &Bound<'_, PyAny>) -> PyResult<bool> {
    if let Ok(several) = named.cast::<pyo3::types::PyTuple>() {
        return several.iter().try_fold(false, |found, one| Ok(found || is_subclass(class, &one)?));
    }
    Ok(class.mro().iter().any(|ancestor| ancestor.is(named)))
}

fn has_ancestor(class: &Bound<'_, PyType>, name: &str) -> PyResult<bool> {
    for ancestor in class.mro().iter() {
        let qualname = text::lossy(&ancestor.getattr("__qualname__")?)?;
        let module = ancestor.getattr("__module__").and_then(|module| text::lossy(&module)).unwrap_or_default();
        if qualname == name || format!("{module}.{qualname}") == name {
            return Ok(true);
        }
    }
    Ok(false)
}
