//! What rdb keeps with each code object.
#![expect(unsafe_code, reason = "owns its gate through a pointer")]

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering};

use rdb_core::event::{EventKind, EventSet};
use rdb_core::ids::{CodeId, Line};

use super::{mask, mask_of};
use crate::session::Gate;

/// What rdb keeps with a code object. The flags change with the interpreter attached only.
pub(crate) struct CodeEntry {
    /// The id, never used twice.
    pub(crate) id: CodeId,
    /// The code is not the program's: nothing of it is debugged.
    pub(super) own: AtomicBool,
    /// Python runs this code when the program has ended.
    pub(crate) ends_program: bool,
    /// The code is that of the module `threading`.
    pub(crate) of_threading: bool,
    /// The code's `except` takes what nobody else has handled.
    pub(crate) last_resort: bool,
    /// The kinds of events that the plan wants of this code object.
    pub(super) wanted: AtomicU32,
    /// The kinds that a backend has asked the interpreter for in this code object.
    pub(super) armed: AtomicU32,
    /// Its frames are generators' or coroutines'.
    pub(crate) suspends: bool,
    /// `co_firstlineno`.
    pub(crate) first_line: Line,
    /// The first lines of the code object that need not report, for a backend that has to hear them anyway: a bit for each.
    pub(super) quiet: AtomicU64,
    /// What is said in `quiet` holds as long as this is the current generation.
    pub(super) quiet_in: AtomicU32,
    /// The engine knows the code object.
    pub(super) met: AtomicBool,
    /// The code is a module's and has not run yet since it was made.
    pub(super) newborn: AtomicBool,
    /// The code has run while new code was waited for.
    pub(super) run: AtomicBool,
    /// The generation of the plan of `bdb` in which nothing is to be done for most events of the code object.
    pub(super) idle_in: AtomicU32,
    /// The gates of its lines with breakpoints, which it owns; NULL: it has none.
    pub(super) gate: AtomicPtr<Gate>,
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
