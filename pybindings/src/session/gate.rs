//! The gates of code objects with breakpoints: a line whose breakpoints do not stop is crossed here, without the engine.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use rdb_core::engine::{Answer, Decision, GateChange};
use rdb_core::gate::{AtGate, Gates, Passage};
use rdb_core::ids::CodeId;

use crate::code;
use crate::ffi::{FramePtr, thread_id};
use crate::host::{Condition, Snapshot, condition_in};
use crate::session::{Heard, Session, Verdict, state};
use crate::slots::Slots;

/// The gates of a code object, and its conditions in compiled form.
pub(crate) struct Gate {
    gates: Arc<Gates>,
    conditions: Vec<Arc<Condition>>,
}

/// How many threads are at gates. Changes with the interpreter attached only.
static CROSSING: AtomicUsize = AtomicUsize::new(0);
/// Gates that were withdrawn while somebody was at one, maybe at that one. A leaf among the locks.
#[expect(clippy::vec_box, reason = "who is at a gate knows it by its address")]
static WITHDRAWN: Mutex<Vec<Box<Gate>>> = Mutex::new(Vec::new());
static ANY_WITHDRAWN: AtomicBool = AtomicBool::new(false);

impl Gate {
    fn new(code: CodeId, gates: Arc<Gates>) -> Self {
        let conditions = gates.conditions().iter().map(|text| condition_in(code, text)).collect();
        Self { gates, conditions }
    }

    #[inline]
    fn cross(&self, py: Python<'_>, heard: &Heard<'_, '_>) -> Passage {
        let Some(line) = heard.line else { return Passage::Closed };
        let slots = || match heard.frame {
            Some(frame) => Slots::of(py, frame),
            None => Slots::running(py),
        };
        let _crossing = Crossing::begin();
        self.gates.cross(line, thread_id, |number| {
            let condition = &self.conditions[number];
            match slots().and_then(|slots| condition.told(py, slots)) {
                Some(true) => Answer::True,
                Some(false) => Answer::False,
                None => ask(py, condition, heard.frame),
            }
        })
    }
}

fn ask(py: Python<'_>, condition: &Condition, frame: Option<FramePtr>) -> Answer {
    match frame {
        Some(frame) => condition.holds(py, frame, Snapshot::Emptied),
        None => condition.holds_here(py),
    }
}

/// A thread is at a gate: as long as this lives, none is freed.
struct Crossing;

impl Crossing {
    #[inline]
    fn begin() -> Self {
        CROSSING.store(CROSSING.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Crossing {
    #[inline]
    fn drop(&mut self) {
        let left = CROSSING.load(Ordering::Relaxed) - 1;
        CROSSING.store(left, Ordering::Relaxed);
        if left == 0 && ANY_WITHDRAWN.load(Ordering::Relaxed) {
            free_withdrawn();
        }
    }
}

#[cold]
fn free_withdrawn() {
    ANY_WITHDRAWN.store(false, Ordering::Relaxed);
    let withdrawn = std::mem::take(&mut *WITHDRAWN.lock().unwrap_or_else(PoisonError::into_inner));
    drop(withdrawn);
}

fn withdraw(gate: Box<Gate>) {
    if CROSSING.load(Ordering::Relaxed) == 0 {
        return;
    }
    WITHDRAWN.lock().unwrap_or_else(PoisonError::into_inner).push(gate);
    ANY_WITHDRAWN.store(true, Ordering::Relaxed);
}

impl Session {
    /// Brings changes of gates into force.
    pub(super) fn set_gates(py: Python<'_>, changes: Vec<GateChange>) {
        // Gates count without a lock; what keeps threads apart is the interpreter's.
        if cfg!(Py_GIL_DISABLED) {
            return;
        }
        for (code, gates) in changes {
            let gate = gates.map(|gates| Box::new(Gate::new(code, gates)));
            if let Some(entry) = code::entry_of_id(py, code)
                && let Some(old) = entry.replace_gate(gate)
            {
                withdraw(old);
            }
        }
    }

    /// Lets a thread cross a line at its gate. If a breakpoint stops it, [`stopped_at_gate`](Self::stopped_at_gate) goes on.
    #[inline]
    pub(crate) fn cross(&self, py: Python<'_>, heard: &Heard<'_, '_>) -> Passage {
        let Some(gate) = heard.entry.gate() else { return Passage::Closed };
        if heard.entry.is_own() || self.is(state::LEAVING | state::PANIC) {
            return Passage::Closed;
        }
        let passage = gate.cross(py, heard);
        if passage != Passage::Closed {
            self.count_event();
        }
        passage
    }

    /// Hears a line, at its gate if it has an open one.
    pub(crate) fn hear_line(&'static self, py: Python<'_>, heard: &Heard<'_, '_>) -> Verdict {
        match self.cross(py, heard) {
            Passage::Passed => Verdict::Nothing,
            Passage::Stopped(at) => self.stopped_at_gate(py, heard, at),
            Passage::Closed => self.hear(py, heard),
        }
    }

    /// Hears of a breakpoint that stops a thread at a gate.
    #[cold]
    pub(crate) fn stopped_at_gate(&'static self, py: Python<'_>, heard: &Heard<'_, '_>, at: AtGate) -> Verdict {
        self.hear_with(py, heard, |engine, event, stack| -> Decision { engine.on_stopped_at_gate(event, at, stack) })
    }
}
