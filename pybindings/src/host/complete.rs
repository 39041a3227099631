//! What a name that is being typed can become. Attributes are looked up without calling anything of the program that an
//! ordinary look-up would call: properties and `__getattr__` do not run.

use std::collections::BTreeSet;

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;

use super::dollar;
use super::eval::Extras;
use super::locals::FrameLocals;
use super::text;

use crate::ffi::import;

/// Returns the names that begin with `typed`, whole, in alphabetical order.
pub(super) fn complete<'py>(frame: &Bound<'py, PyAny>, extras: &Extras<'py>, typed: &str) -> PyResult<Vec<String>> {
    let locals = FrameLocals::of(frame)?;
    match typed.rsplit_once('.') {
        Some((object, begun)) => {
            let Some(value) = walk(&locals, extras, object) else { return Ok(Vec::new()) };
            let names = matching(&value.dir()?.into_any(), begun)?;
            // Names that begin with an underscore are offered when one was typed.
            let offered = names.into_iter().filter(|name| !begun.is_empty() || !name.starts_with('_'));
            Ok(offered.map(|name| format!("{object}.{name}")).collect())
        }
        None => Ok(names(frame, &locals, typed)?.into_iter().collect()),
    }
}

fn names(frame: &Bound<'_, PyAny>, locals: &FrameLocals<'_>, typed: &str) -> PyResult<BTreeSet<String>> {
    let py = frame.py();
    let mut names = BTreeSet::new();
    let builtins = frame.getattr(intern!(py, "f_builtins"))?;
    for scope in [&locals.mapping, &locals.globals, &builtins] {
        names.extend(matching(&scope.call_method0(intern!(py, "keys"))?, typed)?);
    }
    let keywords = import(py, "keyword")?;
    names.extend(matching(&keywords.getattr("kwlist")?, typed)?);
    Ok(names)
}

fn matching(names: &Bound<'_, PyAny>, begun: &str) -> PyResult<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for name in names.try_iter()? {
        found.extend(text::lossy(&name?).ok().filter(|name| name.starts_with(begun)));
    }
    Ok(found)
}

/// Returns the object that a dotted name stands for.
fn walk<'py>(locals: &FrameLocals<'py>, extras: &Extras<'py>, dotted: &str) -> Option<Bound<'py, PyAny>> {
    let mut parts = dotted.split('.');
    let first = parts.next()?;
    let mut value = match first.strip_prefix('$') {
        Some(name) => extras.get(&dollar::identifier(name))?,
        None => locals.look_up(first)?,
    };
    for part in parts {
        value = attribute(&value, part).ok()?;
    }
    Some(value)
}

/// Returns an attribute, if getting it runs no code of the program.
fn attribute<'py>(object: &Bound<'py, PyAny>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    let inspect = import(py, "inspect")?;
    let found = inspect.call_method1("getattr_static", (object, name))?;
    let class = found.get_type();
    let runs_code = class.hasattr("__get__")?
        && !["isfunction", "isbuiltin", "ismethoddescriptor", "ismemberdescriptor", "isgetsetdescriptor"]
            .iter()
            .any(|kind| inspect.call_method1(*kind, (&found,)).is_ok_and(|is| is.is_truthy().unwrap_or(false)));
    if runs_code {
        return Err(PyAttributeError::new_err(name.to_owned()));
    }
    object.getattr(name)
}
