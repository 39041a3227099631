//! The table of catchpoints, and which of them an exception event concerns.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::catch::{CatchInfo, CatchSpec, CatchWhen};
use crate::engine::EngineError;
use crate::event::{EventKind, EventSet, ExceptionTraits};
use crate::ids::CatchId;

/// What an exception event amounts to for catchpoints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Moments {
    /// The exception is raised here for the first time.
    pub(crate) raised: bool,
    /// It leaves the last frame of user code.
    pub(crate) leaves_user_code: bool,
    /// Nothing of the user's is left that could handle it.
    pub(crate) uncaught: bool,
}

impl Moments {
    fn includes(self, when: CatchWhen) -> bool {
        match when {
            CatchWhen::Raised => self.raised,
            CatchWhen::LeavesUserCode => self.leaves_user_code,
            CatchWhen::Uncaught => self.uncaught,
        }
    }
}

/// All catchpoints, in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Catches {
    table: IndexMap<CatchId, CatchInfo>,
    last: u32,
}

impl Catches {
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &CatchInfo> {
        self.table.values()
    }

    pub(crate) fn get(&self, id: CatchId) -> Option<&CatchInfo> {
        self.table.get(&id)
    }

    pub(crate) fn add(&mut self, spec: CatchSpec) -> CatchInfo {
        self.last += 1;
        let info = CatchInfo { id: CatchId(self.last), spec, hits: 0 };
        self.table.insert(info.id, info.clone());
        info
    }

    pub(crate) fn remove(&mut self, id: CatchId) -> Result<CatchInfo, EngineError> {
        self.table.shift_remove(&id).ok_or(EngineError::NoCatch(id))
    }

    /// Returns whether a catchpoint waits for this moment.
    pub(crate) fn any(&self, when: CatchWhen) -> bool {
        self.table.values().any(|info| info.spec.when == when)
    }

    /// Returns whether there are catchpoints, and all wait for this moment.
    pub(crate) fn are_all(&self, when: CatchWhen) -> bool {
        !self.table.is_empty() && self.table.values().all(|info| info.spec.when == when)
    }

    /// Returns the kinds of events that the catchpoints need, everywhere.
    pub(crate) fn wants(&self) -> EventSet {
        let mut wants = EventSet::EMPTY;
        for info in self.table.values() {
            wants |= match info.spec.when {
                // Without the frame's end it cannot be told whether an exception is new or comes from a callee.
                CatchWhen::Raised => EventSet::of(&[EventKind::Raise, EventKind::Unwind]),
                CatchWhen::LeavesUserCode | CatchWhen::Uncaught => EventSet::of(&[EventKind::Unwind]),
            };
        }
        wants
    }

    /// Returns the catchpoint that is considered behind `last` (None: first): lowest number first.
    pub(crate) fn next(
        &self,
        moments: Moments,
        exception: ExceptionTraits,
        last: Option<CatchId>,
    ) -> Option<&CatchInfo> {
        let control_flow = exception.stop_iteration || exception.generator_exit;
        self.table.values().find(|info| {
            last.is_none_or(|last| info.id > last)
                && moments.includes(info.spec.when)
                && !(info.spec.types.is_empty() && control_flow)
                && !exception.quit
        })
    }

    /// Counts a stop, and drops a temporary catchpoint unless its condition failed.
    pub(crate) fn stopped(&mut self, id: CatchId, error: Option<&Arc<str>>) {
        let Some(info) = self.table.get_mut(&id) else { return };
        info.hits = info.hits.saturating_add(1);
        if info.spec.temporary && error.is_none() {
            self.table.shift_remove(&id);
        }
    }
}
