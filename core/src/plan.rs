//! Which events the interpreter is asked for: what all parts want together, lowered to what it can do.

use indexmap::IndexMap;

use crate::event::{EventKind, EventSet};
use crate::ids::CodeId;

/// What an interpreter and a backend can do. Named after the thing, never after a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Kinds that can be asked for in one code object alone.
    pub local: EventSet,
    /// Kinds that can be asked for everywhere.
    pub global: EventSet,
    /// Kinds whose callback may answer [`Decision::Disable`](crate::engine::Decision::Disable).
    pub disable: EventSet,
    /// New code objects are reported as they are made; else they are met at their first `Start`.
    pub code_watcher: bool,
}

/// The events wanted: everywhere, and in single code objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Kinds wanted in all code.
    pub global: EventSet,
    /// Kinds wanted in one code object, in addition.
    pub local: IndexMap<CodeId, EventSet>,
    /// New code objects of some file are waited for.
    pub new_code: bool,
}

/// What a backend has to change so that the plan is in force. Applied in this order: global, local, rearm, restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanChange {
    /// The new global set, if it changed.
    pub global: Option<EventSet>,
    /// The new set of each code object whose set changed; empty: nothing any more. Setting it rearms the disabled places of
    /// the code object too (a backend clears the old set first), but for kinds that are global as well.
    pub local: Vec<(CodeId, EventSet)>,
    /// Code objects whose disabled places must report again (their set did not change).
    pub rearm: Vec<CodeId>,
    /// Globally wanted places that were disabled must report again.
    pub restart: bool,
    /// Whether new code objects are waited for, if that changed.
    pub new_code: Option<bool>,
}

/// A loop on one line repeats its line by a jump backwards, which the backend turns into a LINE event.
const JUMP: EventSet = EventSet::of(&[EventKind::Jump]);
/// LINE without START loses the line that a code object starts with in CPython 3.13 and later, so both are armed together
/// where that line is wanted: everywhere, and in code objects as [`Plan::want_locally`] is told.
const START: EventSet = EventSet::of(&[EventKind::Start]);

impl Plan {
    /// Adds kinds wanted in one code object. If `Line` is wanted of the line that the code starts with, `Start` has to be wanted,
    /// too.
    pub fn want_locally(&mut self, code: CodeId, kinds: EventSet) {
        *self.local.entry(code).or_default() |= kinds;
    }

    /// Returns the plan that this interpreter can carry out: what cannot be had in single code objects is lifted to
    /// all code, what cannot be had at all is left out, and LINE gets what it needs beside it.
    #[must_use]
    pub fn lower(&self, capabilities: &Capabilities) -> Plan {
        let mut lowered = Plan { global: self.global, local: IndexMap::new(), new_code: self.new_code };
        for (&code, &kinds) in &self.local {
            let asked = kinds;
            let kinds = with_jump(kinds);
            let lifted = kinds & !capabilities.local;
            // JUMP as a companion is lifted only where LINE is: else it would be nothing but cost.
            let needless = if lifted.contains(EventKind::Line) { EventSet::EMPTY } else { JUMP & !asked };
            lowered.global |= lifted & !needless;
            let local = kinds & capabilities.local;
            if !local.is_empty() {
                lowered.local.insert(code, local);
            }
        }
        if self.new_code && !capabilities.code_watcher {
            lowered.global |= START;
        }
        if lowered.global.contains(EventKind::Line) {
            lowered.global |= START;
        }
        lowered.global = with_jump(lowered.global) & capabilities.global;
        lowered
    }

    /// Returns what a backend that carries out this plan has to change to carry out `next`, rearming aside.
    #[must_use]
    pub fn diff(&self, next: &Plan) -> PlanChange {
        let changed = next.local.iter().filter(|&(code, kinds)| self.local.get(code) != Some(kinds));
        let dropped = self.local.keys().filter(|code| !next.local.contains_key(*code));
        let mut local: Vec<_> = changed.map(|(&code, &kinds)| (code, kinds)).collect();
        local.extend(dropped.map(|&code| (code, EventSet::EMPTY)));
        local.sort_by_key(|&(code, _)| code);
        PlanChange {
            global: (self.global != next.global).then_some(next.global),
            local,
            rearm: Vec::new(),
            restart: false,
            new_code: (self.new_code != next.new_code).then_some(next.new_code),
        }
    }

    /// Returns the kinds wanted in one code object alone.
    #[must_use]
    pub fn local_kinds(&self, code: CodeId) -> EventSet {
        self.local.get(&code).copied().unwrap_or_default()
    }
}

impl PlanChange {
    /// Returns whether there is nothing to change.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == PlanChange::default()
    }
}

fn with_jump(kinds: EventSet) -> EventSet {
    if kinds.contains(EventKind::Line) { kinds | JUMP } else { kinds }
}

#[cfg(test)]
mod tests {
    use super::{Capabilities, Plan};
    use crate::event::EventKind::{Jump, Line, Raise, Return, Start, Unwind};
    use crate::event::{EventKind, EventSet};
    use crate::ids::CodeId;

    const X: CodeId = CodeId(1);
    const Y: CodeId = CodeId(2);

    fn set(kinds: &[EventKind]) -> EventSet {
        EventSet::of(kinds)
    }

    fn plan(global: &[EventKind], local: &[(CodeId, &[EventKind])]) -> Plan {
        let local = local.iter().map(|&(code, kinds)| (code, set(kinds))).collect();
        Plan { global: set(global), local, new_code: false }
    }

    fn capabilities(local: EventSet, global: EventSet) -> Capabilities {
        Capabilities { local, global, disable: EventSet::EMPTY, code_watcher: true }
    }

    #[track_caller]
    fn check_lower(capabilities: Capabilities, wanted: &Plan, expected: &Plan) {
        assert_eq!(wanted.lower(&capabilities), *expected);
    }

    #[test]
    fn line_is_armed_with_what_it_needs() {
        let all = capabilities(!EventSet::EMPTY, !EventSet::EMPTY);
        check_lower(all, &plan(&[], &[(X, &[Line])]), &plan(&[], &[(X, &[Line, Jump])]));
        check_lower(all, &plan(&[], &[(X, &[Line, Start])]), &plan(&[], &[(X, &[Line, Start, Jump])]));
        check_lower(all, &plan(&[Line], &[]), &plan(&[Line, Start, Jump], &[]));
        check_lower(all, &plan(&[], &[(X, &[Return])]), &plan(&[], &[(X, &[Return])]));
    }

    #[test]
    fn what_cannot_be_local_is_lifted() {
        let some = capabilities(set(&[Line, Start, Return]), !EventSet::EMPTY);
        let wanted = plan(&[], &[(X, &[Line, Unwind]), (Y, &[Return])]);
        check_lower(some, &wanted, &plan(&[Unwind], &[(X, &[Line]), (Y, &[Return])]));
    }

    #[test]
    fn without_local_events_all_is_global() {
        let none = capabilities(EventSet::EMPTY, set(&[Line, Start, Return, Unwind]));
        let wanted = plan(&[], &[(X, &[Line, Unwind]), (Y, &[Return])]);
        check_lower(none, &wanted, &plan(&[Line, Start, Return, Unwind], &[]));
    }

    #[test]
    fn what_cannot_be_had_is_dropped() {
        let few = capabilities(set(&[Line, Start]), set(&[Start]));
        check_lower(few, &plan(&[Raise], &[(X, &[Line, Unwind])]), &plan(&[], &[(X, &[Line])]));
    }

    #[test]
    fn new_code_is_met_at_its_start_if_nothing_watches() {
        let blind = Capabilities { code_watcher: false, ..capabilities(!EventSet::EMPTY, !EventSet::EMPTY) };
        let wanted = Plan { new_code: true, ..Plan::default() };
        check_lower(blind, &wanted, &Plan { global: set(&[Start]), ..wanted.clone() });
    }

    #[test]
    fn diff_says_what_changed() {
        let old = plan(&[Start], &[(X, &[Line]), (Y, &[Line])]);
        let new = Plan { new_code: true, ..plan(&[Start], &[(Y, &[Line, Return])]) };
        let change = old.diff(&new);
        assert_eq!(change.global, None);
        assert_eq!(change.local, vec![(X, EventSet::EMPTY), (Y, set(&[Line, Return]))]);
        assert_eq!(change.new_code, Some(true));
        assert!(old.diff(&old).is_empty());
        assert_eq!(old.diff(&plan(&[], &[(X, &[Line]), (Y, &[Line])])).global, Some(EventSet::EMPTY));
    }
}
