//! Code objects: the ids that rdb gives them, what it keeps with each, and what the engine is told of one.
//!
//! An entry hangs in the code object's extra slot: it is found in a few nanoseconds, it goes when the code object goes, and
//! a code object that gets the same address later has none. Describing runs no Python code and makes no container, so that
//! the garbage collector cannot run either: the engine may ask while it is locked.
#![expect(unsafe_code, reason = "keeps pointers in the interpreter's code objects")]

use std::collections::HashMap;
use std::ffi::c_void;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use pyo3::ffi;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use rdb_core::code::{CodeInfo, CodeKind, Suspends};
use rdb_core::event::{EventKind, EventSet};
use rdb_core::ids::{CodeId, Line};

use crate::errors::InternalError;
use crate::ffi::{CodePtr, FramePtr, import, request_code_extra};
use crate::opcodes::Opcodes;
use crate::session::Gate;

/// What rdb keeps with a code object. The flags change with the interpreter attached only.
pub(crate) struct CodeEntry {
    /// The id, never used twice.
    pub(crate) id: CodeId,
    /// The code is not the program's: nothing of it is debugged.
    own: AtomicBool,
    /// Python runs this code when the program has ended.
    pub(crate) ends_program: bool,
    /// The code is that of the module `threading`.
    pub(crate) of_threading: bool,
    /// The kinds of events that the plan wants of this code object.
    wanted: AtomicU32,
    /// The kinds that a backend has asked the interpreter for in this code object.
    armed: AtomicU32,
    /// Its frames are generators' or coroutines'.
    pub(crate) suspends: bool,
    /// `co_firstlineno`.
    pub(crate) first_line: Line,
    /// The first lines of the code object that need not report, for a backend that has to hear them anyway: a bit for each.
    quiet: AtomicU64,
    /// What is said in `quiet` holds as long as this is the current generation.
    quiet_in: AtomicU32,
    /// The engine knows the code object.
    met: AtomicBool,
    /// The code is a module's and has not run yet since it was made.
    newborn: AtomicBool,
    /// The code has run while new code was waited for.
    run: AtomicBool,
    /// The generation of the plan of `bdb` in which nothing is to be done for most events of the code object.
    idle_in: AtomicU32,
    /// The gates of its lines with breakpoints, which it owns; NULL: it has none.
    gate: AtomicPtr<Gate>,
}

impl Drop for CodeEntry {
    fn drop(&mut self) {
        drop(self.replace_gate(None));
    }
}

impl CodeEntry {
    /// Returns whether the code is not the program's.
    pub(crate) fn is_own(&self) -> bool {
        self.own.load(Ordering::Relaxed)
    }

    /// Notes that the code is not the program's.
    pub(crate) fn make_own(&self) {
        self.own.store(true, Ordering::Relaxed);
    }

    /// Returns the gates of its lines with breakpoints. They are freed by nobody while a thread crosses one.
    #[inline]
    pub(crate) fn gate(&self) -> Option<&Gate> {
        // SAFETY: the pointer comes from a box of ours, which lives until it was replaced and no thread crosses a gate.
        unsafe { self.gate.load(Ordering::Relaxed).as_ref() }
    }

    /// Gives it other gates, and returns those it had.
    pub(crate) fn replace_gate(&self, gate: Option<Box<Gate>>) -> Option<Box<Gate>> {
        let gate = gate.map_or(std::ptr::null_mut(), Box::into_raw);
        let old = self.gate.swap(gate, Ordering::Relaxed);
        // SAFETY: the pointer comes from a box of ours, and nobody finds it any more.
        (!old.is_null()).then(|| unsafe { Box::from_raw(old) })
    }

    /// Returns whether the plan wants this kind of event of this code object in particular.
    pub(crate) fn wants(&self, kind: EventKind) -> bool {
        self.wanted.load(Ordering::Relaxed) & mask(kind) != 0
    }

    /// Returns the kinds that the plan wants of this code object in particular, as a mask.
    pub(crate) fn wanted_mask(&self) -> u32 {
        self.wanted.load(Ordering::Relaxed)
    }

    /// Returns whether a line need not report.
    pub(crate) fn is_quiet(&self, line: Line, generation: u32) -> bool {
        self.quiet_in.load(Ordering::Relaxed) == generation && self.quiet.load(Ordering::Relaxed) & self.bit(line) != 0
    }

    /// Notes that a line need not report in this generation.
    pub(crate) fn quieten(&self, line: Line, generation: u32) {
        if self.quiet_in.swap(generation, Ordering::Relaxed) != generation {
            self.quiet.store(0, Ordering::Relaxed);
        }
        self.quiet.fetch_or(self.bit(line), Ordering::Relaxed);
    }

    /// Makes every line report again.
    pub(crate) fn rouse(&self) {
        self.quiet.store(0, Ordering::Relaxed);
    }

    fn bit(&self, line: Line) -> u64 {
        1u64.checked_shl(line.wrapping_sub(self.first_line)).unwrap_or(0)
    }

    /// Notes what the plan wants of this code object.
    pub(crate) fn set_wanted(&self, kinds: EventSet) {
        self.wanted.store(mask_of(kinds), Ordering::Relaxed);
    }

    /// Notes what the interpreter is asked for in this code object, as a mask, and returns what it was asked for before.
    pub(crate) fn replace_armed(&self, armed: u32) -> u32 {
        self.armed.swap(armed, Ordering::Relaxed)
    }

    /// Returns whether the code is a module's that has not run yet since it was made.
    pub(crate) fn is_newborn(&self) -> bool {
        self.newborn.load(Ordering::Relaxed)
    }

    /// Notes whether the code is a module's that has not run yet.
    pub(crate) fn set_newborn(&self, newborn: bool) {
        self.newborn.store(newborn, Ordering::Relaxed);
    }

    /// Returns whether the code has run before while new code was waited for, and notes that it does now.
    pub(crate) fn mark_run(&self) -> bool {
        self.run.load(Ordering::Relaxed) || self.run.swap(true, Ordering::Relaxed)
    }

    /// Returns whether `bdb` has nothing to do for most events of the code object in this generation of its plan.
    pub(crate) fn is_idle(&self, generation: u32) -> bool {
        self.idle_in.load(Ordering::Relaxed) == generation
    }

    /// Notes that `bdb` has nothing to do for most events of the code object in this generation of its plan.
    pub(crate) fn set_idle(&self, generation: u32) {
        self.idle_in.store(generation, Ordering::Relaxed);
    }

    /// Returns whether the engine was told of the code object, and notes that it is now.
    pub(crate) fn mark_met(&self) -> bool {
        self.met.swap(true, Ordering::Relaxed)
    }
}

/// Returns the bit of a kind in a mask; kinds that no backend reports have none.
pub(crate) fn mask(kind: EventKind) -> u32 {
    1u32.checked_shl(u32::from(kind as u8)).unwrap_or(0)
}

/// Returns the bits of a set.
pub(crate) fn mask_of(kinds: EventSet) -> u32 {
    kinds.iter().fold(0, |bits, kind| bits | mask(kind))
}

/// Everything that this file keeps. A leaf among the locks: nothing is called while it is held.
#[derive(Default)]
struct Registry {
    codes: HashMap<CodeId, CodePtr>,
    dead: Vec<Dead>,
    paths: HashMap<String, Arc<str>>,
}

/// An entry whose code object is gone; freed when nobody can look at it any more.
struct Dead(*mut CodeEntry);

// SAFETY: the entry is only turned back into its box, by whoever drains the registry.
unsafe impl Send for Dead {}

static REGISTRY: OnceLock<Mutex<Registry>> = OnceLock::new();
static SLOT: OnceLock<Option<ffi::Py_ssize_t>> = OnceLock::new();
static NEXT: AtomicU64 = AtomicU64::new(1);
static ANY_DEAD: AtomicBool = AtomicBool::new(false);
static PLACES: OnceLock<Places> = OnceLock::new();

/// Directories that decide what a code object is.
struct Places {
    /// rdb's Python package, with a separator at its end.
    own: String,
    /// The standard library.
    library: String,
    opcodes: Opcodes,
}

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes this file ready; to be called before anything else of it.
pub(crate) fn prepare(py: Python<'_>) -> Result<(), InternalError> {
    if SLOT.get_or_init(|| request_code_extra(forget)).is_none() {
        return Err(InternalError::NoCodeExtra);
    }
    if PLACES.get().is_none() {
        let file: String = import(py, "rdb")?.getattr(intern!(py, "__file__"))?.extract()?;
        let library: String = import(py, "os")?.getattr(intern!(py, "__file__"))?.extract()?;
        let places = Places {
            own: directory(&file) + std::path::MAIN_SEPARATOR_STR,
            library: directory(&library),
            opcodes: Opcodes::load(py)?,
        };
        PLACES.get_or_init(|| places);
    }
    Ok(())
}

fn directory(file: &str) -> String {
    Path::new(&*canonical(file)).parent().map(|parent| parent.to_string_lossy().into_owned()).unwrap_or_default()
}

fn places() -> &'static Places {
    PLACES.get().expect("`prepare` comes before the first event")
}

/// Returns the opcodes of this interpreter.
pub(crate) fn opcodes() -> &'static Opcodes {
    &places().opcodes
}

/// Returns what rdb keeps with a code object, if it has seen it before. It is safe to ask outside of [`guarded`].
///
/// [`guarded`]: crate::callback::guarded
#[inline]
pub(crate) fn known_entry<'py>(py: Python<'py>, code: CodePtr) -> Option<&'py CodeEntry> {
    let slot = SLOT.get().copied().flatten()?;
    // SAFETY: only `entry` fills the slot, and the entry lives as long as the code object.
    unsafe { code.extra(py, slot).cast::<CodeEntry>().as_ref() }
}

/// Returns what rdb keeps with a code object. The reference is good as long as the code object.
#[inline]
pub(crate) fn entry<'py>(py: Python<'py>, code: CodePtr) -> &'py CodeEntry {
    let slot = SLOT.get().copied().flatten().expect("`prepare` comes before the first event");
    let known = code.extra(py, slot).cast::<CodeEntry>();
    // SAFETY: only `new_entry` fills the slot, and the entry lives as long as the code object.
    match unsafe { known.as_ref() } {
        Some(known) => known,
        None => new_entry(py, code, slot),
    }
}

#[cold]
fn new_entry(py: Python<'_>, code: CodePtr, slot: ffi::Py_ssize_t) -> &CodeEntry {
    let ends_program = ends_program(py, code);
    let fresh = CodeEntry {
        id: CodeId(NEXT.fetch_add(1, Ordering::Relaxed)),
        own: AtomicBool::new(ends_program || is_own_file(py, code)),
        ends_program,
        of_threading: is_of_threading(py, code),
        wanted: AtomicU32::new(0),
        armed: AtomicU32::new(0),
        suspends: suspends(number(&code.object(py), intern!(py, "co_flags")) as i32) != Suspends::Never,
        first_line: number(&code.object(py), intern!(py, "co_firstlineno")),
        quiet: AtomicU64::new(0),
        quiet_in: AtomicU32::new(0),
        met: AtomicBool::new(false),
        newborn: AtomicBool::new(false),
        gate: AtomicPtr::new(std::ptr::null_mut()),
        run: AtomicBool::new(false),
        idle_in: AtomicU32::new(0),
    };
    let id = fresh.id;
    let fresh = Box::into_raw(Box::new(fresh));
    if let Err(error) = code.set_extra(py, slot, fresh.cast()) {
        tracing::error!(%error, "a code object takes no extra data");
    }
    registry().codes.insert(id, code);
    // SAFETY: made above, and owned by the slot from now on.
    unsafe { &*fresh }
}

/// Hears that a code object is gone. It may run while the engine is locked, so what the engine knows is only put aside.
unsafe extern "C" fn forget(entry: *mut c_void) {
    let entry = entry.cast::<CodeEntry>();
    // SAFETY: the slot held an entry of ours or nothing, and the code object is being freed with the interpreter attached.
    let Some(known) = (unsafe { entry.as_ref() }) else { return };
    let is_known = known.met.load(Ordering::Relaxed) || known.newborn.load(Ordering::Relaxed);
    let mut registry = registry();
    registry.codes.remove(&known.id);
    if is_known {
        registry.dead.push(Dead(entry));
        ANY_DEAD.store(true, Ordering::Relaxed);
    } else {
        drop(registry);
        // SAFETY: made by `Box::into_raw`; the slot was the only one to know it.
        drop(unsafe { Box::from_raw(entry) });
    }
}

/// Returns the entries of the code objects that are gone since the last call.
pub(crate) fn take_dead() -> Vec<CodeEntry> {
    if !ANY_DEAD.load(Ordering::Relaxed) {
        return Vec::new();
    }
    ANY_DEAD.store(false, Ordering::Relaxed);
    let dead = std::mem::take(&mut registry().dead);
    // SAFETY: each was made by `Box::into_raw` and put aside once.
    dead.into_iter().map(|Dead(entry)| *unsafe { Box::from_raw(entry) }).collect()
}

/// Returns the code object of an id, if it still lives.
pub(crate) fn of_id(py: Python<'_>, id: CodeId) -> Option<Bound<'_, PyAny>> {
    let code = registry().codes.get(&id).copied()?;
    Some(code.object(py))
}

/// Returns what rdb keeps with the code object of an id, if it still lives.
pub(crate) fn entry_of_id(py: Python<'_>, id: CodeId) -> Option<&CodeEntry> {
    let code = registry().codes.get(&id).copied()?;
    Some(entry(py, code))
}

/// Returns the id of a code object; None for other objects, and before there is a session.
pub(crate) fn id_of(code: &Bound<'_, PyAny>) -> Option<CodeId> {
    CodePtr::of(code).filter(|_| PLACES.get().is_some()).map(|ptr| entry(code.py(), ptr).id)
}

/// Returns whether a code object is rdb's own Python code.
pub(crate) fn is_own(code: &Bound<'_, PyAny>) -> bool {
    CodePtr::of(code).is_some_and(|ptr| entry(code.py(), ptr).is_own())
}

/// Returns whether a frame runs rdb's own Python code.
pub(crate) fn is_own_frame(py: Python<'_>, frame: FramePtr) -> bool {
    entry(py, frame.code(py)).is_own()
}

fn is_own_file(py: Python<'_>, code: CodePtr) -> bool {
    filename(&code.object(py)).is_some_and(|path| is_own_path(&path))
}

/// The file of the module `threading`.
const THREADING: &str = "threading.py";

/// The function of it that Python calls first when the main module has ended.
const SHUTDOWN: &str = "_shutdown";

fn ends_program(py: Python<'_>, code: CodePtr) -> bool {
    let object = code.object(py);
    let is_named = object.getattr(intern!(py, "co_name")).and_then(|name| name.eq(SHUTDOWN)).unwrap_or(false);
    is_named && is_of_threading(py, code)
}

fn is_of_threading(py: Python<'_>, code: CodePtr) -> bool {
    filename(&code.object(py)).is_some_and(|path| is_library(&path, THREADING))
}

/// Returns whether a file, canonical path, is this one of the standard library.
fn is_library(path: &str, file: &str) -> bool {
    Path::new(path).strip_prefix(&places().library).is_ok_and(|rest| rest == Path::new(file))
}

/// Returns whether a file, canonical path, is one of rdb's own.
pub(crate) fn is_own_path(path: &str) -> bool {
    path.starts_with(places().own.as_str())
}

/// Returns the canonical path of a code object's file.
pub(crate) fn filename(code: &Bound<'_, PyAny>) -> Option<Arc<str>> {
    let name = code.getattr(intern!(code.py(), "co_filename")).ok()?;
    let name = name.cast::<PyString>().ok()?;
    match name.to_str() {
        Ok(name) => Some(canonical(name)),
        Err(_) => Some(canonical(&name.to_string_lossy())),
    }
}

/// Returns a file name as [`Location`](rdb_core::location::Location)s name it: absolute and without `.` and `..`, but
/// verbatim if it stands for no file (`<string>`). Symbolic links stay, as in `os.path.abspath`.
pub(crate) fn canonical(name: &str) -> Arc<str> {
    if let Some(path) = registry().paths.get(name) {
        return Arc::clone(path);
    }
    let path: Arc<str> = if name.starts_with('<') && name.ends_with('>') {
        Arc::from(name)
    } else {
        Arc::from(absolute(name).to_string_lossy().as_ref())
    };
    registry().paths.insert(name.to_owned(), Arc::clone(&path));
    path
}

fn absolute(name: &str) -> PathBuf {
    let path = std::path::absolute(name).unwrap_or_else(|_| PathBuf::from(name));
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// Returns what the engine is to know of a code object. `frame` is one that runs it, if there is one.
pub(crate) fn describe(py: Python<'_>, code: CodePtr, frame: Option<FramePtr>) -> CodeInfo {
    let object = code.object(py);
    let name = text(&object, intern!(py, "co_name"));
    let qualname = text(&object, intern!(py, "co_qualname"));
    let path = filename(&object).unwrap_or_else(|| Arc::from("<unknown>"));
    let flags = number(&object, intern!(py, "co_flags")) as i32;
    let first_line = number(&object, intern!(py, "co_firstlineno"));
    let traced = traced_lines(py, code, first_line);
    CodeInfo {
        last_resort: is_last_resort(&path, &qualname),
        module: frame.and_then(|frame| module_of(py, frame)),
        body_line: traced.first().copied().unwrap_or(first_line),
        lines: sorted(traced).into(),
        kind: kind_of(&name, flags),
        suspends: suspends(flags),
        path,
        name,
        qualname,
        first_line,
    }
}

fn text(code: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> Arc<str> {
    let value = code.getattr(name).ok();
    let value = value.as_ref().and_then(|value| value.cast::<PyString>().ok());
    value.map_or_else(|| Arc::from("?"), |value| Arc::from(value.to_string_lossy().as_ref()))
}

fn number(code: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> u32 {
    code.getattr(name).and_then(|value| value.extract::<i64>()).ok().and_then(|n| u32::try_from(n).ok()).unwrap_or(0)
}

fn kind_of(name: &str, flags: i32) -> CodeKind {
    match name {
        "<lambda>" => CodeKind::Lambda,
        "<listcomp>" | "<setcomp>" | "<dictcomp>" | "<genexpr>" => CodeKind::Comprehension,
        _ if flags & ffi::CO_OPTIMIZED != 0 => CodeKind::Function,
        "<module>" => CodeKind::Module,
        _ => CodeKind::Class,
    }
}

fn suspends(flags: i32) -> Suspends {
    if flags & ffi::CO_ASYNC_GENERATOR != 0 {
        Suspends::AsyncGenerator
    } else if flags & (ffi::CO_COROUTINE | ffi::CO_ITERABLE_COROUTINE) != 0 {
        Suspends::Coroutine
    } else if flags & ffi::CO_GENERATOR != 0 {
        Suspends::Generator
    } else {
        Suspends::Never
    }
}

/// The functions of the standard library whose `except` takes what nobody else has handled.
const LAST_RESORTS: [(&str, &str); 2] =
    [("threading.py", "Thread._bootstrap_inner"), ("asyncio/events.py", "Handle._run")];

fn is_last_resort(path: &str, qualname: &str) -> bool {
    LAST_RESORTS.iter().any(|(file, function)| *function == qualname && is_library(path, file))
}

/// Returns the `__name__` of a frame's globals.
pub(crate) fn module_of(py: Python<'_>, frame: FramePtr) -> Option<Arc<str>> {
    let globals = frame.globals(py);
    let globals = globals.cast::<pyo3::types::PyDict>().ok()?;
    let name = globals.get_item(intern!(py, "__name__")).ok()??;
    Some(Arc::from(name.cast::<PyString>().ok()?.to_string_lossy().as_ref()))
}

/// Returns the lines of the instructions that can have a line event, in the order of the code.
fn traced_lines(py: Python<'_>, code: CodePtr, first_line: Line) -> Vec<Line> {
    let table = code.object(py).getattr(intern!(py, "co_linetable"));
    let (Ok(table), Ok(bytecode)) = (table, code.bytecode(py)) else { return Vec::new() };
    let (Ok(table), Ok(bytecode)) = (table.cast::<PyBytes>(), bytecode.cast::<PyBytes>()) else { return Vec::new() };
    lines_of(table.as_bytes(), bytecode.as_bytes(), first_line, opcodes())
}

fn lines_of(table: &[u8], bytecode: &[u8], first_line: Line, opcodes: &Opcodes) -> Vec<Line> {
    let units: Vec<u8> = bytecode.chunks_exact(2).map(|unit| unit[0]).collect();
    let Some(resume) = units.iter().position(|&opcode| opcode == opcodes.resume) else { return Vec::new() };
    let mut lines = Vec::new();
    for run in LineTable::new(table, first_line) {
        let begin = run.start.max(resume + 1).min(units.len());
        let end = run.end.clamp(begin, units.len());
        let traced = units[begin..end].iter().any(|&opcode| opcodes.begins_lines(opcode));
        if let Some(line) = run.line.filter(|_| traced)
            && lines.last() != Some(&line)
        {
            lines.push(line);
        }
    }
    lines
}

fn sorted(mut lines: Vec<Line>) -> Vec<Line> {
    lines.sort_unstable();
    lines.dedup();
    lines
}

/// The location table of a code object (CPython's `Objects/locations.md`): runs of code units with their line.
struct LineTable<'a> {
    bytes: std::slice::Iter<'a, u8>,
    line: i64,
    unit: usize,
}

/// Code units `start..end` and their line.
struct LineRun {
    start: usize,
    end: usize,
    line: Option<Line>,
}

impl<'a> LineTable<'a> {
    fn new(table: &'a [u8], first_line: Line) -> Self {
        Self { bytes: table.iter(), line: i64::from(first_line), unit: 0 }
    }

    fn varint(&mut self) -> i64 {
        let (mut value, mut shift) = (0, 0);
        for &byte in self.bytes.by_ref() {
            value |= i64::from(byte & 0x3f) << shift;
            shift += 6;
            if byte & 0x40 == 0 || shift > 54 {
                break;
            }
        }
        value
    }

    fn signed(&mut self) -> i64 {
        let value = self.varint();
        if value & 1 == 0 { value >> 1 } else { -(value >> 1) }
    }

    fn skip(&mut self, bytes: usize) {
        for _ in 0..bytes {
            self.bytes.next();
        }
    }

    /// Reads the rest of an entry; returns whether it has a line.
    fn location(&mut self, form: u8) -> bool {
        match form {
            15 => return false,
            14 => {
                self.line += self.signed();
                for _ in 0..3 {
                    self.varint();
                }
            }
            13 => self.line += self.signed(),
            10..=12 => {
                self.line += i64::from(form - 10);
                self.skip(2);
            }
            _ => self.skip(1),
        }
        true
    }
}

impl Iterator for LineTable<'_> {
    type Item = LineRun;

    fn next(&mut self) -> Option<LineRun> {
        let first = *self.bytes.next()?;
        let start = self.unit;
        self.unit += usize::from(first & 7) + 1;
        let has_line = self.location((first >> 3) & 15);
        let line = Line::try_from(self.line).ok().filter(|&line| has_line && line > 0);
        Some(LineRun { start, end: self.unit, line })
    }
}
