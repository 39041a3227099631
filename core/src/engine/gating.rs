//! Which code objects have [`Gates`] with the backend, and whether these are open.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::{Level, debug, enabled};

use super::{Crossed, Decision, Engine};
use crate::breakpoints::Breakpoint;
use crate::event::Event;
use crate::gate::{AtGate, Gates};
use crate::idmap::IdHash;
use crate::ids::{BreakpointId, CodeId};
use crate::mutant::Mutant;
use crate::stack::StackView;

/// A code object and its gates from now on; None: it has none.
pub type GateChange = (CodeId, Option<Arc<Gates>>);

/// What the backend was told of gates.
#[derive(Debug, Default)]
pub(super) struct Gating {
    /// Shared by all gates.
    open: Arc<AtomicBool>,
    published: HashSet<CodeId, IdHash>,
    /// What it is still to be told.
    changes: Vec<GateChange>,
}

impl Engine {
    /// Returns the changes of gates since the last call. They are to be in force before any other thread runs.
    #[must_use]
    pub fn take_gates(&mut self) -> Vec<GateChange> {
        if self.gating.changes.is_empty() { Vec::new() } else { std::mem::take(&mut self.gating.changes) }
    }

    /// Goes on with a line event whose thread was stopped by a breakpoint at a gate.
    pub fn on_stopped_at_gate(&mut self, event: &Event, at: AtGate, stack: &dyn StackView) -> Decision {
        self.begin_event(event, stack);
        let mut crossed = Crossed { last: Some(at.id), found: None };
        if self.breakpoints.get(at.id).is_ok_and(Breakpoint::is_enabled) {
            crossed.note(at.id, at.into());
        }
        self.consider_breakpoints(event, crossed, stack)
    }

    /// Gives the backend the gates of a code object, if it does not have them.
    pub(super) fn publish_gates(&mut self, code: CodeId) {
        if self.gating.published.contains(&code) {
            return;
        }
        let Some(known) = self.codes.get(code) else { return };
        let mut gates = Gates::new(&self.gating.open);
        self.breakpoints.fill(&mut gates, &known.sites);
        debug!(%code, ?gates, "gates published");
        self.gating.published.insert(code);
        self.gating.changes.push((code, Some(Arc::new(gates))));
    }

    /// Takes the gates of a code object away: its breakpoints have changed.
    pub(super) fn withdraw_gates(&mut self, code: CodeId) {
        if !self.defect.is(Mutant::StaleGates) && self.gating.published.remove(&code) {
            self.gating.changes.push((code, None));
        }
    }

    /// Takes the gates of all code objects away where a breakpoint is bound.
    pub(super) fn withdraw_gates_of(&mut self, id: BreakpointId) {
        let sites = self.breakpoints.get(id).map(|point| point.sites().to_vec()).unwrap_or_default();
        for site in sites {
            self.withdraw_gates(site.code);
        }
    }

    /// Opens the gates if nobody wants anything of any thread but its breakpoints, else closes them.
    pub(super) fn settle_gates(&mut self) {
        let mut threads = self.threads.values();
        let is_free = !self.pause_any
            && self.entries.is_empty()
            && threads.all(|state| state.step.is_none() && !state.pause)
            // Who reads the log wants to see each event.
            && !enabled!(Level::TRACE);
        self.gating.open.store(is_free || self.defect.is(Mutant::OpenGates), Ordering::Relaxed);
    }
}
