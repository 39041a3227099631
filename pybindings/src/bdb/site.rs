//! A line with breakpoints, as a quiet debugger crosses it.
//!
//! A site remembers where the tables of the debugger and of `Breakpoint` are to be asked, not what they said: these are
//! objects that programs change at will. It answers only where that takes no Python code, and then it has read everything
//! by borrowed references.
#![expect(unsafe_code, reason = "borrows from containers")]

use std::ptr::NonNull;
use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};
use pyo3::{Borrowed, ffi};
use rdb_core::ids::Line;

use super::base::{BdbBase, Bundle};
use super::marks::{self, BreakpointBase, Stamp};
use super::overrides::{self, Mark};
use super::sites::Crossing;
use crate::code;
use crate::ffi::CodePtr;
use crate::host::{self, Condition};

/// The address of an object that somebody else keeps.
type Address = NonNull<ffi::PyObject>;

/// Where the breakpoints of a line are listed.
pub(super) struct Place<'py> {
    /// The debugger that lists them. Its class overrides no decision.
    pub(super) debugger: Bundle<'py>,
    /// The canonical name of the file.
    pub(super) filename: Bound<'py, PyAny>,
    /// The line under which they are listed.
    pub(super) listed: Line,
}

/// The class of breakpoints, and the table of all of them that it had in one state.
#[derive(Default)]
pub(super) struct Tables(Option<(NonNull<ffi::PyTypeObject>, u32, Address)>);

impl Tables {
    /// Returns the class, and the table of all breakpoints by file and line.
    #[inline]
    fn get(&mut self, py: Python<'_>) -> PyResult<(NonNull<ffi::PyTypeObject>, Address)> {
        match self.0 {
            // SAFETY: attached, and the class lives as long as the process.
            Some((class, version, table)) if unsafe { class.as_ref() }.tp_version_tag == version => Ok((class, table)),
            _ => self.look(py),
        }
    }

    #[cold]
    fn look(&mut self, py: Python<'_>) -> PyResult<(NonNull<ffi::PyTypeObject>, Address)> {
        let class = marks::class(py)?;
        let pointer = NonNull::new(class.as_type_ptr()).expect("a reference is not NULL");
        let table = address(&marks::table(py)?);
        // The class keeps the table as long as it has this version. To look the table up may have given it one.
        let version = overrides::version(class);
        self.0 = (version != 0).then_some((pointer, version, table));
        Ok((pointer, table))
    }
}

fn address<T>(object: &Bound<'_, T>) -> Address {
    NonNull::new(object.as_ptr()).expect("a reference is not NULL")
}

/// Returns what a dictionary holds under a key; None also if a foreign key has raised when it was compared.
///
/// # Safety
/// Both have to be alive, the first a dictionary. The answer is good until Python code runs.
#[inline]
unsafe fn item(table: Address, key: *mut ffi::PyObject) -> Option<Address> {
    // SAFETY: the caller's promise, made attached.
    unsafe {
        let found = NonNull::new(ffi::PyDict_GetItemWithError(table.as_ptr(), key));
        if found.is_none() {
            ffi::PyErr_Clear();
        }
        found
    }
}

/// Returns what a list holds; None: it is no plain list.
///
/// # Safety
/// It has to be alive. The answer is good until Python code runs.
#[inline]
unsafe fn items<'a>(list: Address) -> Option<&'a [*mut ffi::PyObject]> {
    // SAFETY: the caller's promise, made attached; the type is checked in front.
    unsafe {
        if ffi::Py_TYPE(list.as_ptr()) != &raw mut ffi::PyList_Type {
            return None;
        }
        let (first, length) = ((*list.cast::<ffi::PyListObject>().as_ptr()).ob_item, ffi::Py_SIZE(list.as_ptr()));
        let length = usize::try_from(length).unwrap_or(0);
        Some(if length == 0 { &[] } else { std::slice::from_raw_parts(first.cast_const(), length) })
    }
}

/// A line with breakpoints of a code object.
pub(super) struct Site {
    pub(super) line: Line,
    /// The debugger of this thread. The plan keeps it as long as its generation lasts.
    debugger: Address,
    class: Mark,
    /// Its dictionary of lines. It keeps it as long as the generation lasts.
    breaks: Address,
    /// The name under which the debugger lists the lines of the file.
    filename: Py<PyAny>,
    /// The line under which the breakpoints are listed, and as the list has it.
    listed: Line,
    item: Py<PyAny>,
    /// Where it was in the list.
    index: usize,
    /// The key of the breakpoints in `Breakpoint.bplist`.
    key: Py<PyTuple>,
    /// What is known of them, in their order.
    known: Vec<Known>,
}

/// What is known of a breakpoint in one state of its marks.
struct Known {
    stamp: Stamp,
    meaning: Meaning,
    /// What this crossing means, if nothing stops.
    effect: Effect,
}

/// What a breakpoint means at a line.
enum Meaning {
    /// It is not meant for this line.
    Elsewhere,
    /// It stops at this line, if its condition is true.
    Here(Option<Arc<Condition>>),
    /// Python code has to tell.
    Unknown,
}

/// What is to be counted when the thread goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    Nothing,
    Hit,
    IgnoredHit,
}

impl Site {
    /// Returns the site of a line whose breakpoints are listed at a place; None: it cannot be remembered.
    pub(super) fn new(place: &Place<'_>, line: Line, lines: &Bound<'_, PyList>) -> PyResult<Option<Self>> {
        let Place { debugger, filename, listed } = place;
        let py = debugger.py();
        let breaks = BdbBase::state(debugger).get(py, |state| &state.breaks);
        let breaks = breaks.and_then(|breaks| breaks.cast_into_exact::<PyDict>().ok());
        let (Some(class), Some(breaks)) = (Mark::of(debugger), breaks) else { return Ok(None) };
        let index = lines.index(listed)?;
        let item = lines.get_item(index)?;
        let key = (filename, &item).into_pyobject(py)?;
        let table = marks::table(py)?;
        // The table's own key is found without a comparison.
        let same = table.keys().iter().find(|other| key.eq(other).unwrap_or(false));
        Ok(Some(Self {
            line,
            debugger: address(debugger),
            class,
            breaks: address(&breaks),
            filename: filename.clone().unbind(),
            key: same.and_then(|same| same.cast_into_exact().ok()).unwrap_or(key).unbind(),
            listed: *listed,
            item: item.unbind(),
            index,
            known: Vec::new(),
        }))
    }

    /// Lets the thread go on if none of the breakpoints stops.
    #[inline]
    pub(super) fn cross(&mut self, py: Python<'_>, tables: &mut Tables, code: CodePtr) -> Crossing {
        if !self.is_true_still(py) {
            return Crossing::Unknown;
        }
        match tables.get(py) {
            Ok((class, table)) if self.passes(py, class, table, code) => Crossing::Passes,
            Ok(_) => Crossing::MayStop,
            Err(_) => Crossing::Unknown,
        }
    }

    fn debugger<'py>(&self, py: Python<'py>) -> Borrowed<'_, 'py, BdbBase> {
        // SAFETY: the plan holds the debugger in this generation.
        unsafe { Borrowed::from_ptr(py, self.debugger.as_ptr()).cast_unchecked() }
    }

    /// Returns where the breakpoints are listed, if that is still so.
    pub(super) fn place<'py>(&self, py: Python<'py>) -> Option<Place<'py>> {
        let debugger = self.debugger(py).to_owned();
        let place = Place { debugger, filename: self.filename.bind(py).clone(), listed: self.listed };
        self.is_true_still(py).then_some(place)
    }

    /// Returns whether the debugger decides and lists as it did.
    #[inline]
    fn is_true_still(&self, py: Python<'_>) -> bool {
        self.class.is_of(&self.debugger(py)) && self.is_listed()
    }

    /// Returns whether the debugger lists the line.
    #[inline]
    fn is_listed(&self) -> bool {
        // SAFETY: the debugger holds the dictionary, or the generation would be another one; and that holds the list.
        unsafe {
            let Some(list) = item(self.breaks, self.filename.as_ptr()) else { return false };
            let Some(lines) = items(list) else { return false };
            lines.get(self.index) == Some(&self.item.as_ptr())
        }
    }

    /// Returns whether none of the breakpoints stops, and counts what is to be counted then; false: nobody knows.
    #[inline]
    fn passes(&mut self, py: Python<'_>, class: NonNull<ffi::PyTypeObject>, table: Address, code: CodePtr) -> bool {
        // SAFETY: the class holds the table, and that the list. The list and the breakpoint that is asked are held here,
        // because a condition may compare keys of foreign types; items are read anew behind it.
        unsafe {
            // Another debugger may have deleted what this one still lists.
            let Some(list) = item(table, self.key.as_ptr()) else { return true };
            let _list = Bound::from_borrowed_ptr(py, list.as_ptr());
            let mut index = 0;
            while let Some(&breakpoint) = items(list).and_then(|here| here.get(index)) {
                let Some(breakpoint) = native(py, breakpoint, class).map(Borrowed::to_owned) else { return false };
                let Some(effect) = self.effect(index, &breakpoint, code) else { return false };
                self.known[index].effect = effect;
                index += 1;
            }
            let Some(here) = items(list) else { return false };
            for (&breakpoint, known) in here.iter().zip(&self.known) {
                if let Some(native) = native(py, breakpoint, class) {
                    known.effect.count(native.get());
                }
            }
        }
        true
    }

    /// Returns what is to be counted for a breakpoint; None: it stops, or nobody knows.
    #[inline]
    fn effect(&mut self, index: usize, breakpoint: &Bound<'_, BreakpointBase>, code: CodePtr) -> Option<Effect> {
        match self.known.get(index) {
            Some(known) if known.stamp == breakpoint.get().stamp() => known.effect_of(breakpoint),
            _ => {
                // The hit goes the long way, which may run Python code as it likes.
                Python::attach(|_| self.learn(index, breakpoint, code));
                None
            }
        }
    }

    #[cold]
    fn learn(&mut self, index: usize, breakpoint: &Bound<'_, BreakpointBase>, code: CodePtr) {
        let stamp = breakpoint.get().stamp();
        let meaning = Meaning::of(breakpoint, code, self.line);
        self.known.truncate(index);
        if self.known.len() == index {
            self.known.push(Known { stamp, meaning, effect: Effect::Nothing });
        }
    }
}

/// Returns the native half of a breakpoint; None: it is of a derived class, which may have attributes of its own.
///
/// # Safety
/// It has to be alive as long as the answer is used, and `class` that of breakpoints.
#[inline]
unsafe fn native<'a, 'py>(
    py: Python<'py>,
    breakpoint: *mut ffi::PyObject,
    class: NonNull<ffi::PyTypeObject>,
) -> Option<Borrowed<'a, 'py, BreakpointBase>> {
    // SAFETY: the caller's promise; the class is derived from the native half.
    unsafe {
        let is_plain = ffi::Py_TYPE(breakpoint) == class.as_ptr();
        is_plain.then(|| Borrowed::from_ptr(py, breakpoint).cast_unchecked())
    }
}

impl Known {
    /// Returns what is to be counted for the breakpoint; None: it stops, or nobody knows.
    #[inline]
    fn effect_of(&self, breakpoint: &Bound<'_, BreakpointBase>) -> Option<Effect> {
        let (py, breakpoint) = (breakpoint.py(), breakpoint.get());
        if !breakpoint.is_enabled() {
            return Some(Effect::Nothing);
        }
        match &self.meaning {
            Meaning::Elsewhere => Some(Effect::Nothing),
            Meaning::Unknown => None,
            Meaning::Here(Some(condition)) if !condition.told_here(py)? => Some(Effect::Hit),
            Meaning::Here(_) => (breakpoint.ignored() > 0).then_some(Effect::IgnoredHit),
        }
    }
}

impl Effect {
    fn count(self, breakpoint: &BreakpointBase) {
        if self != Self::Nothing {
            breakpoint.hit();
        }
        if self == Self::IgnoredHit {
            breakpoint.ignore_once();
        }
    }
}

impl Meaning {
    fn of(breakpoint: &Bound<'_, BreakpointBase>, code: CodePtr, line: Line) -> Self {
        let py = breakpoint.py();
        let clone = |slot: &Option<Py<PyAny>>| slot.as_ref().map(|value| value.bind(py).clone());
        let read = |marks: &marks::Marks| (marks.line, marks.first, clone(&marks.funcname), clone(&marks.cond));
        let (own_line, first, funcname, condition) = breakpoint.get().marks(read);
        let place = match funcname {
            None => Some(own_line),
            Some(name) => match is_name_of(&name, code) {
                Some(true) => first.filter(|&first| first != 0),
                Some(false) => return Self::Elsewhere,
                None => None,
            },
        };
        match place {
            None => Self::Unknown,
            Some(place) if place != i64::from(line) => Self::Elsewhere,
            Some(_) => match condition.filter(|condition| !is_empty(condition)) {
                None => Self::Here(None),
                Some(condition) => compiled(&condition, code).map_or(Self::Unknown, |known| Self::Here(Some(known))),
            },
        }
    }
}

fn is_empty(text: &Bound<'_, PyAny>) -> bool {
    text.cast_exact::<PyString>().is_ok_and(|text| text.is_empty().unwrap_or(false))
}

/// Returns a condition as it is evaluated in the frame that runs; None: it is no text.
fn compiled(condition: &Bound<'_, PyAny>, code: CodePtr) -> Option<Arc<Condition>> {
    let text = condition.cast_exact::<PyString>().ok()?.to_str().ok()?;
    let known = host::condition_in(code::entry(condition.py(), code).id, text);
    known.prepare_here(condition.py());
    Some(known)
}

/// Returns whether a name, as it was given to a breakpoint, is that of a code object.
fn is_name_of(name: &Bound<'_, PyAny>, code: CodePtr) -> Option<bool> {
    let own = code.object(name.py()).getattr(intern!(name.py(), "co_name")).ok()?;
    let name = name.cast_exact::<PyString>().ok().filter(|name| !name.is_empty().unwrap_or(true))?;
    own.eq(name).ok()
}
