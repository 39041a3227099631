//! The variables of a frame, read where the interpreter keeps them: no frame object is made, nothing is copied, and no
//! Python code can run.
//!
//! CPython has no public way to that, so this is the one file that knows how a `_PyInterpreterFrame` of 3.11 to 3.15 is laid
//! out. [`usable`] compares what it reads with what the public API says, once per process; where they differ, and in
//! free-threaded builds, nobody reads slots and conditions are evaluated through `f_locals`.
#![expect(unsafe_code, reason = "reads the interpreter's frames")]

use std::ptr::NonNull;
use std::sync::OnceLock;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyCode, PyDict, PyTuple};
use pyo3::{Borrowed, ffi, intern};

use crate::ffi::{CodePtr, FramePtr, eval_code, import};

/// Where the words of a frame are, counted from its beginning.
struct Layout {
    code: usize,
    globals: usize,
    builtins: usize,
    locals: usize,
    object: usize,
    slots: usize,
}

#[cfg(not(Py_3_12))]
const LAYOUT: Layout = Layout { code: 4, globals: 1, builtins: 2, locals: 3, object: 5, slots: 9 };
#[cfg(all(Py_3_12, not(Py_3_14)))]
const LAYOUT: Layout = Layout { code: 0, globals: 3, builtins: 4, locals: 5, object: 6, slots: 9 };
#[cfg(Py_3_14)]
const LAYOUT: Layout = Layout { code: 0, globals: 3, builtins: 4, locals: 5, object: 6, slots: 10 };

/// Where a frame object points to its frame.
const FRAME_OF_OBJECT: usize = 3;

/// Where a frame object of 3.13 and later keeps the names that were made up through `f_locals`.
#[cfg(Py_3_13)]
const EXTRA_OF_OBJECT: usize = 6;

/// The bits of a reference that are not part of the address, from 3.14 on.
const TAG: usize = if cfg!(Py_3_14) { 3 } else { 0 };

/// A frame, as the interpreter has it; good as long as it runs or its frame object lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Slots(NonNull<usize>);

/// A variable of a code object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variable {
    index: u16,
    holds: Holds,
}

/// What the slot of a variable holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Value,
    Cell,
}

/// The variables of a code object by name, in the order of their slots.
pub(crate) struct Variables(Vec<(String, Variable)>);

impl Variables {
    /// Returns the variables of a code object; None: it has more than any sane function.
    pub(crate) fn of(code: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let names = |attribute: &str| code.getattr(attribute)?.extract::<Vec<String>>();
        let (plain, cells, free) = (names("co_varnames")?, names("co_cellvars")?, names("co_freevars")?);
        let behind = cells.iter().filter(|name| !plain.contains(name));
        let all = plain.iter().chain(behind).chain(&free);
        let describe = |(index, name): (usize, &String)| {
            let holds = if cells.contains(name) || free.contains(name) { Holds::Cell } else { Holds::Value };
            Some((name.clone(), Variable { index: u16::try_from(index).ok()?, holds }))
        };
        Ok(all.enumerate().map(describe).collect::<Option<_>>().map(Self))
    }

    /// Returns the variable of a name.
    pub(crate) fn get(&self, name: &str) -> Option<Variable> {
        self.0.iter().find(|(other, _)| other == name).map(|&(_, variable)| variable)
    }

    /// Returns the names and variables.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Variable)> {
        self.0.iter().map(|(name, variable)| (name.as_str(), *variable))
    }
}

impl Slots {
    /// Returns the frame of a frame object.
    pub(crate) fn of(_py: Python<'_>, frame: FramePtr) -> Option<Self> {
        // SAFETY: attached, and the frame object is alive; the word is there in every version.
        let frame = unsafe { frame.as_ptr().cast::<*mut usize>().add(FRAME_OF_OBJECT).read() };
        NonNull::new(frame).map(Self)
    }

    /// Returns the frame that runs in this thread.
    #[inline]
    pub(crate) fn running(_py: Python<'_>) -> Option<Self> {
        // SAFETY: attached, so that there is a thread state; see `current_frame`.
        NonNull::new(unsafe { current_frame(ffi::PyThreadState_Get().cast()) }).map(Self)
    }

    #[inline]
    fn word(self, index: usize) -> usize {
        // SAFETY: the frame lives, and `index` is that of a word in front of its slots, or of a slot of its code.
        unsafe { self.0.as_ptr().add(index).read() }
    }

    #[inline]
    fn object(self, index: usize) -> *mut ffi::PyObject {
        (self.word(index) & !TAG) as *mut ffi::PyObject
    }

    /// Returns whether the frame runs this code object.
    #[inline]
    pub(crate) fn runs(self, code: CodePtr) -> bool {
        self.object(LAYOUT.code) == code.as_ptr()
    }

    /// Returns the frame object, if one was made.
    pub(crate) fn frame_object(self, _py: Python<'_>) -> Option<FramePtr> {
        FramePtr::from_raw(self.object(LAYOUT.object).cast())
    }

    /// Returns the globals, if they are a plain dictionary.
    #[inline]
    pub(crate) fn globals<'a, 'py>(self, py: Python<'py>) -> Option<Borrowed<'a, 'py, PyDict>> {
        self.dictionary(py, LAYOUT.globals)
    }

    /// Returns the builtins, if they are a plain dictionary.
    #[inline]
    pub(crate) fn builtins<'a, 'py>(self, py: Python<'py>) -> Option<Borrowed<'a, 'py, PyDict>> {
        self.dictionary(py, LAYOUT.builtins)
    }

    #[inline]
    fn dictionary<'a, 'py>(self, py: Python<'py>, index: usize) -> Option<Borrowed<'a, 'py, PyDict>> {
        // SAFETY: the words of a frame that this is called with hold a dictionary or NULL, and live as long as the frame.
        unsafe {
            let object = NonNull::new(self.object(index))?;
            let exact = ffi::Py_TYPE(object.as_ptr()) == &raw mut ffi::PyDict_Type;
            exact.then(|| Borrowed::from_ptr(py, object.as_ptr()).cast_unchecked())
        }
    }

    /// Returns whether the frame's names are looked up in its globals first.
    #[inline]
    pub(crate) fn runs_in_globals(self) -> bool {
        self.word(LAYOUT.locals) == self.word(LAYOUT.globals)
    }

    /// Returns the dictionary that may hold names of a function which were made up at a prompt, if there is one.
    #[inline]
    pub(crate) fn made_up<'a, 'py>(self, py: Python<'py>) -> Option<Borrowed<'a, 'py, PyDict>> {
        // SAFETY: attached; the frame object, if there is one, lives as long as the frame, and so does what it keeps: the
        // names of a function are in a dictionary.
        unsafe {
            #[cfg(not(Py_3_13))]
            let names = self.object(LAYOUT.locals);
            #[cfg(Py_3_13)]
            let names = match NonNull::new(self.object(LAYOUT.object)) {
                Some(object) => object.as_ptr().cast::<*mut ffi::PyObject>().add(EXTRA_OF_OBJECT).read(),
                None => return None,
            };
            NonNull::new(names).map(|names| Borrowed::from_ptr(py, names.as_ptr()).cast_unchecked())
        }
    }

    /// Returns the value of a variable; None: it is not bound.
    #[inline]
    pub(crate) fn value<'a, 'py>(self, py: Python<'py>, variable: Variable) -> Option<Borrowed<'a, 'py, PyAny>> {
        let word = self.word(LAYOUT.slots + usize::from(variable.index));
        if !is_object(word) {
            return None;
        }
        let object = NonNull::new((word & !TAG) as *mut ffi::PyObject)?;
        // SAFETY: the slot holds an object, which lives as long as nothing is stored there; a cell holds one or NULL.
        unsafe {
            let is_cell = variable.holds == Holds::Cell && ffi::Py_TYPE(object.as_ptr()) == &raw mut ffi::PyCell_Type;
            let value = if is_cell { cell_value(object.as_ptr()) } else { object.as_ptr() };
            NonNull::new(value).map(|value| Borrowed::from_ptr(py, value.as_ptr()))
        }
    }
}

/// Returns whether a word of a slot is that of an object or of nothing. From 3.14 on the lowest bit says that a reference is
/// not owned, the next one that there is no object.
#[inline]
fn is_object(word: usize) -> bool {
    cfg!(not(Py_3_14)) || word & 2 == 0
}

/// Reads what a cell holds: the word behind its head. `PyCell_Get` would take a reference.
unsafe fn cell_value(cell: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: the caller has seen that it is a cell.
    unsafe { cell.add(1).cast::<*mut ffi::PyObject>().read() }
}

/// Reads which frame a thread runs. 3.11 and 3.12 keep it in a structure of each activation of the interpreter.
#[inline]
unsafe fn current_frame(thread: *mut *mut usize) -> *mut usize {
    // SAFETY: the caller gives a thread state, which has these words in the version this is compiled for.
    unsafe {
        #[cfg(not(Py_3_12))]
        return thread.add(7).read().cast::<*mut usize>().add(1).read();
        #[cfg(all(Py_3_12, not(Py_3_13)))]
        return thread.add(7).read().cast::<*mut usize>().read();
        #[cfg(Py_3_13)]
        return thread.add(9).read();
    }
}

/// Returns whether slots can be read in this interpreter. Finds it out at the first call, which runs a little Python code.
pub(crate) fn usable(py: Python<'_>) -> bool {
    static USABLE: OnceLock<bool> = OnceLock::new();
    if let Some(&usable) = USABLE.get() {
        return usable;
    }
    let found = !cfg!(Py_GIL_DISABLED) && size_of::<usize>() == 8 && forbidden().is_none() && probe(py);
    *USABLE.get_or_init(|| found)
}

/// The environment variable with which a user keeps rdb out of the interpreter's frames.
const VARIABLE: &str = "RDB_SLOTS";

fn forbidden() -> Option<()> {
    (std::env::var_os(VARIABLE)? == "off").then_some(())
}

fn probe(py: Python<'_>) -> bool {
    match try_probe(py) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(%error, "the frames of this interpreter are not as expected: conditions are slower");
            false
        }
    }
}

/// A function that has each sort of variable: bound and not, plain, cell, free, argument and made up.
const PROBE: &str = "
def outer(check, free, unbound_free):
    def probe(argument, cell, *rest, unbound=None):
        plain, none, small = [argument], None, 1
        made_cell = {}
        del unbound
        def inner():
            return cell, made_cell, free, unbound_free, unset_cell
        check()
        unset_cell = inner
        return plain
    del unbound_free
    probe((), {1}, 2)
    return probe
";

fn try_probe(py: Python<'_>) -> PyResult<()> {
    let checked = PyCFunction::new_closure(py, None, None, |arguments: &Bound<'_, PyTuple>, _| check(arguments.py()))?;
    let source = import(py, "builtins")?.getattr(intern!(py, "compile"))?.call1((PROBE, "<rdb>", "exec"))?;
    let namespace = PyDict::new(py);
    eval_code(&source, namespace.as_any(), namespace.as_any())?;
    let outer = namespace.as_any().get_item("outer")?;
    outer.call1((checked, "free", "unbound"))?;
    Ok(())
}

/// Compares the frame that runs, read both ways.
fn check(py: Python<'_>) -> PyResult<()> {
    let differs = |what: &str| PyRuntimeError::new_err(format!("{what} differs"));
    let same = |what: &str, same: bool| if same { Ok(()) } else { Err(differs(what)) };
    let frame = FramePtr::current(py).ok_or_else(|| differs("no frame"))?;
    let slots = Slots::of(py, frame).ok_or_else(|| differs("no frame of the object"))?;
    same("the running frame", Slots::running(py) == Some(slots))?;
    same("the code", slots.runs(frame.code(py)))?;
    same("the frame object", slots.frame_object(py) == Some(frame))?;
    let object = frame.object(py);
    same("the globals", slots.globals(py).is_some_and(|globals| globals.is(frame.globals(py))))?;
    let builtins = object.getattr(intern!(py, "f_builtins"))?;
    same("the builtins", slots.builtins(py).is_some_and(|found| found.is(&builtins)))?;
    same("the namespace", !slots.runs_in_globals() && slots.made_up(py).is_none())?;
    let locals = object.getattr(intern!(py, "f_locals"))?;
    let code = object.getattr(intern!(py, "f_code"))?;
    let variables = Variables::of(code.cast::<PyCode>()?)?.ok_or_else(|| differs("the variables"))?;
    let mut bound = 0;
    for (name, variable) in variables.iter() {
        let value = slots.value(py, variable);
        let expected = locals.get_item(name).ok();
        same(name, value.map(|value| value.as_ptr()) == expected.as_ref().map(Bound::as_ptr))?;
        bound += usize::from(expected.is_some());
    }
    same("the number of variables", bound == 10 && variables.iter().len() == 13)?;
    locals.set_item("__rdb_made_up", 1)?;
    let made_up = slots.made_up(py).ok_or_else(|| differs("what is made up"))?;
    same("what is made up", made_up.contains("__rdb_made_up")?)
}
