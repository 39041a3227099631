//! Questions that the engine asks about the program while it runs: conditions and types of exceptions. They are asked at
//! every hit, so what was compiled once is kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyType;
use rdb_core::engine::Answer;
use rdb_core::host::HostError;
use rdb_core::ids::CodeId;

use super::compile::{self, Flags, Mode};
use super::eval::{self, Extras, Outcome};
use super::{dollar, text};
use crate::code;
use crate::ffi::import;

/// More conditions than this are not kept.
const KEPT: usize = 512;

/// The conditions compiled so far, by the code they were asked in. A leaf among the locks.
static COMPILED: Mutex<Option<Conditions>> = Mutex::new(None);

/// Conditions by the code object that they were asked in and their text.
type Conditions = HashMap<(CodeId, Arc<str>), Compiled>;

/// A condition that was compiled for a code object.
enum Compiled {
    /// It reads the frame's variables and stores nothing.
    Plain(Py<PyAny>),
    /// It has a function or a walrus in it, or is wrong: it is evaluated as what is typed at the prompt.
    Other,
}

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
    let Some(code) = compiled(frame, expression)? else {
        return eval::evaluate(frame, &mut Extras::default(), expression);
    };
    let globals = frame.getattr(intern!(py, "f_globals"))?;
    let locals = frame.getattr(intern!(py, "f_locals"))?;
    Ok(eval::run_code(&code, &globals, &locals)?)
}

/// Returns the code of a plain condition.
fn compiled<'py>(frame: &Bound<'py, PyAny>, expression: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = frame.py();
    let frame_code = frame.getattr(intern!(py, "f_code"))?;
    let Some(id) = code::id_of(&frame_code) else { return Ok(None) };
    let key = (id, Arc::from(expression));
    let known = with_compiled(|all| match all.get(&key)? {
        Compiled::Plain(code) => Some(Some(code.clone_ref(py))),
        Compiled::Other => Some(None),
    });
    if let Some(known) = known {
        return Ok(known.map(|code| code.into_bound(py)));
    }
    let code = plain(&frame_code, expression)?;
    let entry = code.as_ref().map_or(Compiled::Other, |code| Compiled::Plain(code.clone().unbind()));
    let old = with_compiled(|all| {
        let old = if all.len() >= KEPT { std::mem::take(all) } else { HashMap::new() };
        all.insert(key, entry);
        old
    });
    drop(old);
    Ok(code)
}

fn plain<'py>(frame_code: &Bound<'py, PyAny>, expression: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = frame_code.py();
    let (source, names) = dollar::expand(expression.trim());
    if !names.is_empty() || source.contains(":=") {
        return Ok(None);
    }
    let flags = Flags::of(frame_code)?;
    let code =
        compile::parse(py, &source, Mode::Eval, flags).and_then(|tree| compile::compile(&tree, Mode::Eval, flags));
    let Ok(code) = code else { return Ok(None) };
    Ok(compile::nested(&code)?.is_empty().then_some(code))
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
