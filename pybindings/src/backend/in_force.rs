//! The book of a backend: what the plan wants and what the session overhears. It outlives a detach, so that a backend
//! can attach again.

use indexmap::IndexMap;
use rdb_core::event::EventSet;
use rdb_core::ids::CodeId;
use rdb_core::plan::{Plan, PlanChange};

use crate::backend::InForce;

/// What is wanted of a backend.
#[derive(Debug, Default)]
pub(super) struct Book {
    /// The plan of the engine.
    pub(super) plan: Plan,
    /// What the session hears in addition, everywhere.
    pub(super) overheard: EventSet,
    /// The backend listens.
    pub(super) attached: bool,
}

impl Book {
    /// Notes a change of the plan.
    pub(super) fn note(&mut self, change: &PlanChange) {
        if let Some(global) = change.global {
            self.plan.global = global;
        }
        for &(code, kinds) in &change.local {
            if kinds.is_empty() {
                self.plan.local.swap_remove(&code);
            } else {
                self.plan.local.insert(code, kinds);
            }
        }
        if let Some(new_code) = change.new_code {
            self.plan.new_code = new_code;
        }
    }

    /// Notes that code objects are gone.
    pub(super) fn forget(&mut self, codes: &[CodeId]) {
        for code in codes {
            self.plan.local.swap_remove(code);
        }
    }

    /// Returns what is wanted everywhere.
    pub(super) fn global(&self) -> EventSet {
        self.plan.global | self.overheard
    }

    /// Returns what is wanted in single code objects.
    pub(super) fn local(&self) -> &IndexMap<CodeId, EventSet> {
        &self.plan.local
    }

    /// Returns whether nothing at all is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.global().is_empty() && self.plan.local.is_empty() && !self.plan.new_code
    }

    /// Returns what is asked of the interpreter, as far as it follows from this book.
    pub(super) fn in_force(&self) -> InForce {
        if !self.attached {
            return InForce::default();
        }
        InForce { global: self.global(), armed: self.plan.local.len(), new_code: self.plan.new_code }
    }
}
