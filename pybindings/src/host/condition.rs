//! Questions that the engine asks about the program while it runs: conditions and types of exceptions. They are asked at
//! every hit, so what was compiled once is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::exceptions::PyNameError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;
use rdb_core::engine::Answer;
use rdb_core::host::HostError;
use rdb_core::ids::CodeId;

use super::compile::Flags;
use super::eval::{self, Expression, Extras, Failure, Outcome};
use super::locals::FrameLocals;
use super::{dollar, text};
use crate::code;
use crate::ffi::import;

/// The conditions of more code objects than this are not kept.
const KEPT: usize = 512;

/// The conditions compiled so far, by the code they were asked in. A leaf among the locks.
static COMPILED: Mutex<Option<Conditions>> = Mutex::new(None);

/// Conditions, with their text, by the code object that they were asked in. One code object has few.
type Conditions = HashMap<CodeId, Vec<(Box<str>, Arc<Expression>)>>;

/// Returns whether an expression is true in a frame.
pub(crate) fn condition(py: Python<'_>, frame: &Bound<'_, PyAny>, expression: &str) -> Answer {
    answer(py, evaluate(frame, expression).and_then(|value| Ok(value.is_truthy()?)))
}

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

fn answer(py: Python<'_>, outcome: Outcome<bool>) -> Answer {
    match outcome {
        Ok(true) => Answer::True,
        Ok(false) => Answer::False,
        Err(failure) => Answer::Failed(match failure.into_host(py) {
            HostError::Interrupted => Arc::from("KeyboardInterrupt"),
            error => Arc::from(error.to_string()),
        }),
    }
}

fn evaluate<'py>(frame: &Bound<'py, PyAny>, expression: &str) -> Outcome<Bound<'py, PyAny>> {
    let py = frame.py();
    let code = frame.getattr(intern!(py, "f_code"))?;
    let locals = FrameLocals::of(frame)?;
    let mut extras = Extras::default();
    let id = code::id_of(&code);
    let known = id.and_then(|id| {
        with_compiled(|all| {
            let (_, known) = all.get(&id)?.iter().find(|(text, _)| **text == *expression)?;
            Some(Arc::clone(known))
        })
    });
    if let Some(known) = known {
        match known.evaluate(&locals, &mut extras) {
            // The frame may have got a name at a prompt since.
            Err(Failure::Raised(error)) if error.is_instance_of::<PyNameError>(py) => {}
            outcome => return outcome,
        }
    }
    let compiled = Arc::new(Expression::compile(&locals, Flags::of(&code)?, &extras, expression)?);
    if let Some(id) = id {
        keep(id, expression, &compiled);
    }
    compiled.evaluate(&locals, &mut extras)
}

fn keep(id: CodeId, expression: &str, compiled: &Arc<Expression>) {
    let old = with_compiled(|all| {
        let others = if all.len() >= KEPT { std::mem::take(all) } else { HashMap::new() };
        let here = all.entry(id).or_default();
        let same: Vec<_> = here.extract_if(.., |(text, _)| **text == *expression).collect();
        here.push((expression.into(), Arc::clone(compiled)));
        (others, same)
    });
    // Outside of the lock: code objects go with it.
    drop(old);
}

fn with_compiled<R>(use_all: impl FnOnce(&mut Conditions) -> R) -> R {
    let mut all = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    use_all(all.get_or_insert_default())
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
