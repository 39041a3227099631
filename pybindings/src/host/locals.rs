//! The variables of a frame: reading them, and storing what an evaluated text has changed. The one place that knows
//! how `f_locals` differs between interpreters.
#![expect(unsafe_code, reason = "storing snapshots into a frame has no Python-level counterpart")]

use indexmap::{IndexMap, IndexSet};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use rdb_core::host::{HostError, Variable};

use super::eval::{Failure, Outcome};
use super::text;

const CO_OPTIMIZED: u32 = 0x1;
const CO_VARARGS: u32 = 0x4;
const CO_VARKEYWORDS: u32 = 0x8;

/// What a text does to a variable.
pub(super) enum Change<'py> {
    /// It is bound to this value.
    Set(Bound<'py, PyAny>),
    /// It is not bound any more.
    Delete,
}

/// The changes that a text made, by name.
pub(super) type Changes<'py> = IndexMap<String, Change<'py>>;

/// The variables of a frame at one moment.
pub(super) struct FrameLocals<'py> {
    frame: Bound<'py, PyAny>,
    code: Bound<'py, PyAny>,
    /// The frame's `f_locals`: a snapshot of a function's variables before PEP 667, else the variables themselves.
    pub(super) mapping: Bound<'py, PyAny>,
    /// The frame's `f_globals`.
    pub(super) globals: Bound<'py, PyAny>,
    flags: u32,
    kept: Kept,
}

/// Where a frame keeps its variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kept {
    /// In slots: a function. `f_locals` is a snapshot of them, or writes through (PEP 667).
    Slots,
    /// In `f_locals`: a module or class body.
    Namespace,
    /// Those of an inlined comprehension that runs now in slots, the rest of a module or class body in its namespace.
    Both,
}

impl<'py> FrameLocals<'py> {
    /// Reads the variables of `frame`.
    pub(super) fn of(frame: &Bound<'py, PyAny>) -> PyResult<Self> {
        let py = frame.py();
        let code = frame.getattr(intern!(py, "f_code"))?;
        let flags: u32 = code.getattr(intern!(py, "co_flags"))?.extract()?;
        let mapping = frame.getattr(intern!(py, "f_locals"))?;
        let globals = frame.getattr(intern!(py, "f_globals"))?;
        let kept = if flags & CO_OPTIMIZED != 0 {
            Kept::Slots
        } else if mapping.is(&globals) || mapping.is(frame.getattr(intern!(py, "f_locals"))?) {
            Kept::Namespace
        } else {
            Kept::Both
        };
        Ok(Self { frame: frame.clone(), code, mapping, globals, flags, kept })
    }

    /// Returns whether names are looked up in the globals and nowhere else.
    pub(super) fn are_globals(&self) -> bool {
        self.mapping.is(&self.globals)
    }

    fn are_slots(&self) -> bool {
        self.kept == Kept::Slots
    }

    /// Returns whether a module or class runs an inlined comprehension now.
    pub(super) fn are_mixed(&self) -> bool {
        self.kept == Kept::Both
    }

    fn is_proxy(&self) -> bool {
        self.mapping.get_type().name().is_ok_and(|name| name == "FrameLocalsProxy")
    }

    /// Returns whether what is stored in `mapping` has to be brought into the frame.
    fn are_snapshot(&self) -> bool {
        self.are_slots() && !self.is_proxy()
    }

    /// Returns the names of the slots, bound or not, in the order of the code.
    pub(super) fn slots(&self) -> PyResult<IndexSet<String>> {
        let mut names = IndexSet::new();
        if self.kept != Kept::Namespace {
            for attribute in ["co_varnames", "co_cellvars", "co_freevars"] {
                names.extend(self.code.getattr(attribute)?.extract::<Vec<String>>()?);
            }
        }
        Ok(names)
    }

    /// Returns whether this interpreter can delete a variable of the frame.
    pub(super) fn can_delete(&self, name: &str) -> PyResult<bool> {
        if self.slots()?.contains(name) {
            return Ok(slots_can_be_unbound());
        }
        // The first interpreters with PEP 667 could not delete names that were made up either.
        Ok(!self.is_proxy() || self.mapping.hasattr(intern!(self.frame.py(), "pop"))?)
    }

    /// Returns every name that a nested function written in this frame would see as a variable of it, bound or not.
    pub(super) fn names(&self) -> PyResult<IndexSet<String>> {
        let mut names = self.slots()?;
        if !self.are_globals() {
            for name in self.mapping.call_method0(intern!(self.frame.py(), "keys"))?.try_iter()? {
                names.extend(name?.extract::<String>().ok());
            }
        }
        Ok(names)
    }

    /// Returns the value of a variable, if it is bound.
    pub(super) fn get(&self, name: &str) -> Option<Bound<'py, PyAny>> {
        self.mapping.get_item(name).ok()
    }

    /// Returns what a plain name means in this frame, if anything.
    pub(super) fn look_up(&self, name: &str) -> Option<Bound<'py, PyAny>> {
        let builtins = || {
            let builtins = self.frame.getattr(intern!(self.frame.py(), "f_builtins"));
            builtins.and_then(|builtins| builtins.get_item(name)).ok()
        };
        self.get(name).or_else(|| self.globals.get_item(name).ok()).or_else(builtins)
    }

    /// Returns a copy to compare with later, if stores in `mapping` do not reach the frame by themselves.
    pub(super) fn before(&self) -> PyResult<Option<Bound<'py, PyDict>>> {
        if self.are_snapshot() { Ok(Some(self.mapping.cast::<PyDict>()?.copy()?)) } else { Ok(None) }
    }

    /// Brings into the frame what was stored in `mapping` since `before`. Only that: what functions called meanwhile
    /// did to the frame's own variables stays.
    pub(super) fn write_back(&self, before: &Bound<'py, PyDict>) -> Outcome<()> {
        let now = self.mapping.cast::<PyDict>().map_err(PyErr::from)?;
        let mut changes = Changes::new();
        for (name, value) in now.iter() {
            let old = before.get_item(&name)?;
            if let Ok(name) = name.extract::<String>()
                && !old.is_some_and(|old| old.is(&value))
            {
                changes.insert(name, Change::Set(value));
            }
        }
        for name in before.keys() {
            if !now.contains(&name)? {
                changes.insert(name.extract::<String>()?, Change::Delete);
            }
        }
        self.apply(&changes)
    }

    /// Stores changes in the frame's variables.
    pub(super) fn apply(&self, changes: &Changes<'py>) -> Outcome<()> {
        if changes.is_empty() {
            return Ok(());
        }
        // Before PEP 667 this reads the frame anew into the same dictionary, so that nothing older is stored below.
        let mapping = self.frame.getattr(intern!(self.frame.py(), "f_locals"))?;
        let namespace = self.namespace()?;
        let slots = self.slots()?;
        for (name, change) in changes {
            let target = namespace.filter(|_| !slots.contains(name)).unwrap_or(&mapping);
            match change {
                Change::Set(value) => target.set_item(name, value)?,
                Change::Delete if target.contains(name)? => target.del_item(name)?,
                Change::Delete => {}
            }
        }
        if self.are_snapshot() {
            store_snapshot(&self.frame);
        }
        if self.are_mixed() { self.check_stored(changes) } else { Ok(()) }
    }

    /// Returns the namespace of a module that runs a comprehension. That of a class is out of reach then.
    fn namespace(&self) -> PyResult<Option<&Bound<'py, PyAny>>> {
        let is_module = self.code.getattr(intern!(self.frame.py(), "co_name"))?.eq("<module>")?;
        Ok(Some(&self.globals).filter(|_| self.are_mixed() && is_module))
    }

    /// Says so if the interpreter has only stored changes in a copy.
    fn check_stored(&self, changes: &Changes<'py>) -> Outcome<()> {
        let now = self.frame.getattr(intern!(self.frame.py(), "f_locals"))?;
        for (name, change) in changes {
            let stored = now.get_item(name).or_else(|_| self.globals.get_item(name)).ok();
            if let Change::Set(value) = change
                && !stored.is_some_and(|stored| stored.is(value))
            {
                return Err(Failure::Refused(HostError::User(format!(
                    "Cannot set '{name}': this Python keeps the variables out of reach while a comprehension runs here"
                ))));
            }
        }
        Ok(())
    }

    /// Returns the arguments of the frame's function, in the order of its signature.
    pub(super) fn arguments(&self) -> Result<Vec<Variable>, HostError> {
        let names = self.argument_names().map_err(|error| text::failed(self.frame.py(), &error))?;
        let describe = |(name, stars): (String, &str)| {
            let value = self.get(&name);
            let shown = value.as_ref().map(|value| text::repr_of(value, &name)).transpose()?;
            Ok(Variable {
                name: format!("{stars}{name}"),
                value: shown,
                type_name: value.as_ref().map_or_else(String::new, text::type_name),
            })
        };
        names.into_iter().map(describe).collect()
    }

    fn argument_names(&self) -> PyResult<Vec<(String, &'static str)>> {
        let py = self.frame.py();
        let count = |name| self.code.getattr(name)?.extract::<usize>();
        let plain = count("co_argcount")? + count("co_kwonlyargcount")?;
        let all = self.code.getattr(intern!(py, "co_varnames"))?.cast_into::<PyTuple>()?;
        let mut stars = vec![""; plain];
        stars.extend((self.flags & CO_VARARGS != 0).then_some("*"));
        stars.extend((self.flags & CO_VARKEYWORDS != 0).then_some("**"));
        all.iter().zip(stars).map(|(name, stars)| Ok((name.extract()?, stars))).collect()
    }

    /// Returns the variables of the frame, those of the code first and in its order. Long values are cut.
    pub(super) fn variables(&self) -> Result<Vec<Variable>, HostError> {
        let py = self.frame.py();
        let mut names = self.slots().map_err(|error| text::failed(py, &error))?;
        let keys = self.mapping.call_method0(intern!(py, "keys")).and_then(|keys| keys.try_iter()?.collect());
        let keys: Vec<Bound<'_, PyAny>> = keys.map_err(|error| text::failed(py, &error))?;
        names.extend(keys.iter().filter_map(|name| name.extract::<String>().ok()));
        let is_private = |name: &str| !self.are_slots() && name.starts_with("__") && name.ends_with("__");
        let names = names.into_iter().filter(|name| !is_private(name));
        let describe = |name: String| {
            let value = self.get(&name);
            let shown = value.as_ref().map(|value| text::bounded_repr(value, &name)).transpose()?;
            Ok(Variable { name, value: shown, type_name: value.as_ref().map_or_else(String::new, text::type_name) })
        };
        names.map(describe).collect()
    }
}

impl Drop for FrameLocals<'_> {
    /// Takes the values out of the snapshot, which would keep them alive as long as the frame. Names that were made up at a
    /// prompt live nowhere else, and a snapshot that somebody else holds is the program's.
    fn drop(&mut self) {
        /// The frame's reference and ours.
        const OURS: isize = 2;
        // SAFETY: the thread is attached, as the bound reference shows, and the object is alive.
        let references = unsafe { pyo3::ffi::Py_REFCNT(self.mapping.as_ptr()) };
        if !self.are_snapshot() || references != OURS {
            return;
        }
        let (Ok(slots), Ok(snapshot)) = (self.slots(), self.mapping.cast::<PyDict>()) else { return };
        for name in &slots {
            // What is missing was not bound.
            drop(snapshot.del_item(name));
        }
    }
}

/// Returns what keeps the values in the snapshot of a frame's variables while it lives: after a trace function written in
/// Python, the interpreter stores the snapshot, and what is missing there would be unbound.
pub(crate) fn keep_snapshot<'py>(frame: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    if cfg!(Py_3_13) { None } else { frame.getattr(intern!(frame.py(), "f_locals")).ok() }
}

/// Runs `body` as the interpreter runs a trace function written in Python: what it has changed in the snapshot of the frame's
/// variables is stored.
pub(crate) fn as_trace_function<'py, R>(frame: &Bound<'py, PyAny>, body: impl FnOnce() -> R) -> R {
    let snapshot = keep_snapshot(frame);
    let result = body();
    if snapshot.is_some() {
        store(frame, Missing::Unbound);
    }
    result
}

/// What becomes of variables that are missing in a snapshot which is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Missing {
    /// They keep their values.
    Kept,
    /// They have no values any more.
    Unbound,
}

/// Returns whether a local variable of a running function can be made unbound. Newer interpreters leave out the check
/// for an unbound variable where the compiler has proved it bound.
const fn slots_can_be_unbound() -> bool {
    cfg!(not(Py_3_12))
}

/// Stores the snapshot of a function's variables into the frame.
fn store_snapshot(frame: &Bound<'_, PyAny>) {
    store(frame, if slots_can_be_unbound() { Missing::Unbound } else { Missing::Kept });
}

#[cfg(not(Py_3_13))]
fn store(frame: &Bound<'_, PyAny>, missing: Missing) {
    // SAFETY: `frame` is a frame object (it has given an `f_locals` that is a snapshot), and the thread is attached.
    unsafe { pyo3::ffi::PyFrame_LocalsToFast(frame.as_ptr().cast(), i32::from(missing == Missing::Unbound)) }
}

/// Does nothing: `f_locals` writes through (PEP 667).
#[cfg(Py_3_13)]
fn store(_frame: &Bound<'_, PyAny>, _missing: Missing) {}

/// Returns whether a frame is that of a generator or coroutine that has not ended.
pub(super) fn is_suspended(frame: &Bound<'_, PyAny>) -> bool {
    // SAFETY: `frame` is a frame object, and the thread is attached; a new reference or NULL comes back.
    unsafe { Bound::from_owned_ptr_or_opt(frame.py(), pyo3::ffi::PyFrame_GetGenerator(frame.as_ptr().cast())) }
        .is_some()
}
