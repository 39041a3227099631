//! The backend: which of the interpreter's events reach the engine, as CPython's monitoring decides it.

use std::collections::{HashMap, HashSet};

use rdb_core::event::{EventKind, EventSet};
use rdb_core::ids::CodeId;
use rdb_core::plan::{Capabilities, PlanChange};

use super::machine::Raw;

const LOCAL_SINCE_3_12: EventSet = EventSet::of(&[
    EventKind::Start,
    EventKind::Resume,
    EventKind::Line,
    EventKind::Instruction,
    EventKind::Jump,
    EventKind::Return,
    EventKind::Yield,
    EventKind::StopIteration,
]);
const LOCAL_SINCE_3_15: EventSet = EventSet::of(&[EventKind::Throw, EventKind::Unwind, EventKind::Raise]);
const JUMP: EventSet = EventSet::of(&[EventKind::Jump]);

/// What an interpreter and its backend can do, by a name for messages.
pub(crate) fn profiles() -> [(&'static str, Capabilities); 5] {
    let all = LOCAL_SINCE_3_12 | LOCAL_SINCE_3_15;
    let monitoring = Capabilities { local: all, global: all, disable: all, code_watcher: true };
    let older = Capabilities { local: LOCAL_SINCE_3_12, disable: LOCAL_SINCE_3_12, ..monitoring };
    let blind = Capabilities { code_watcher: false, ..older };
    let traced = all & !JUMP;
    let marked = Capabilities { local: traced, global: traced, disable: EventSet::EMPTY, code_watcher: false };
    let settrace = Capabilities { local: EventSet::EMPTY, ..marked };
    [
        ("local exceptions", monitoring),
        ("global exceptions", older),
        ("no code watcher", blind),
        ("settrace with marked code", marked),
        ("settrace", settrace),
    ]
}

/// What the interpreter was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Backend {
    capabilities: Capabilities,
    /// Everything is delivered, whatever was asked for.
    everything: bool,
    global: EventSet,
    local: HashMap<CodeId, EventSet>,
    disabled: HashSet<(CodeId, EventKind, u32)>,
    new_code: bool,
    /// How many events were delivered.
    pub(crate) delivered: usize,
}

impl Backend {
    /// Returns a backend that follows the plan.
    pub(crate) fn planned(capabilities: Capabilities) -> Self {
        Self {
            capabilities,
            everything: false,
            global: EventSet::EMPTY,
            local: HashMap::new(),
            disabled: HashSet::new(),
            new_code: false,
            delivered: 0,
        }
    }

    /// Returns a backend that delivers all.
    pub(crate) fn everything(capabilities: Capabilities) -> Self {
        Self { everything: true, ..Self::planned(capabilities) }
    }

    pub(crate) fn hears_everything(&self) -> bool {
        self.everything
    }

    pub(crate) fn watches_code(&self) -> bool {
        self.capabilities.code_watcher && (self.everything || self.new_code)
    }

    pub(crate) fn delivers(&mut self, raw: &Raw) -> bool {
        let delivered = self.everything || self.wanted(raw);
        self.delivered += usize::from(delivered);
        delivered
    }

    pub(crate) fn disable(&mut self, raw: &Raw) {
        assert!(self.capabilities.disable.contains(raw.event.kind), "{:?} cannot be disabled", raw.event.kind);
        self.disabled.insert((raw.event.code, raw.armed_by, raw.place));
    }

    pub(crate) fn apply(&mut self, change: &PlanChange) {
        if let Some(global) = change.global {
            assert!(self.capabilities.global.contains_all(global), "{global:?} cannot be global");
            let added = global & !self.global;
            // What becomes active in a code object is new there, unless it was active there already.
            let local = &self.local;
            self.disabled.retain(|&(code, kind, _)| !added.contains(kind) || active(local, code).contains(kind));
            self.global = global;
        }
        for &(code, kinds) in &change.local {
            assert!(self.capabilities.local.contains_all(kinds), "{kinds:?} cannot be local");
            self.local.insert(code, kinds);
            self.set_again(code);
        }
        for &code in &change.rearm {
            self.set_again(code);
        }
        if change.restart {
            self.disabled.clear();
        }
        self.new_code = change.new_code.unwrap_or(self.new_code);
    }

    /// Clearing and setting a code object's events rearms those that are not active everywhere anyway.
    fn set_again(&mut self, code: CodeId) {
        let global = self.global;
        self.disabled.retain(|&(other, kind, _)| other != code || global.contains(kind));
    }

    fn wanted(&self, raw: &Raw) -> bool {
        let code = raw.event.code;
        let active = self.global | active(&self.local, code);
        // A tracer hears of the jump as a line.
        let by_line = raw.armed_by == EventKind::Jump && !self.capabilities.global.contains(EventKind::Jump);
        let armed_by = if by_line { EventKind::Line } else { raw.armed_by };
        let start = active.contains(EventKind::Start) && !self.disabled.contains(&(code, EventKind::Start, 0));
        active.contains(armed_by) && !self.disabled.contains(&(code, armed_by, raw.place)) && (!raw.at_start || start)
    }
}

fn active(local: &HashMap<CodeId, EventSet>, code: CodeId) -> EventSet {
    local.get(&code).copied().unwrap_or_default()
}
