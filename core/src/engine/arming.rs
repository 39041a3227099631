//! What the engine wants to hear, as a plan: a function of the engine's state, taken anew whenever that changed.

use tracing::debug;

use super::Engine;
use crate::breakpoints::Breakpoint;
use crate::codes::{Cover, Known};
use crate::event::{EventKind, EventSet};
use crate::ids::CodeId;
use crate::mutant::Mutant;
use crate::plan::{Plan, PlanChange};

const LINE: EventSet = EventSet::of(&[EventKind::Line]);
const START: EventSet = EventSet::of(&[EventKind::Start]);

/// The plan in force, and what is needed to change it.
#[derive(Debug, Default)]
pub(super) struct Arming {
    in_force: Plan,
    stale: bool,
    /// Somebody but the search for new code wants the global START.
    start_matters: bool,
    /// Some START was disabled since the last restart.
    start_disabled: bool,
}

/// What all parts of the engine want together, before it is lowered.
#[derive(Debug, Default)]
struct Wanted {
    plan: Plan,
    /// Code objects of which every line is wanted.
    whole: Vec<CodeId>,
}

impl Wanted {
    fn whole(&mut self, code: CodeId, kinds: EventSet) {
        self.plan.want_locally(code, kinds);
        if kinds.contains(EventKind::Line) {
            self.plan.want_locally(code, START);
            self.whole.push(code);
        }
    }
}

impl Arming {
    /// Tells that the engine's state has changed, and with it perhaps the plan.
    pub(super) fn stale(&mut self) {
        self.stale = true;
    }

    /// Returns whether the plan in force may differ from the one that the engine's state asks for.
    pub(super) fn is_stale(&self) -> bool {
        self.stale
    }

    /// Returns whether the START of a code object is heard for no other reason than to meet the code.
    pub(super) fn start_is_spent(&self, code: CodeId) -> bool {
        !self.start_matters
            && self.in_force.global.contains(EventKind::Start)
            && self.in_force.local_kinds(code).is_empty()
    }

    /// Tells that a START was disabled.
    pub(super) fn disabled_start(&mut self) {
        self.start_disabled = true;
    }

    /// Tells that a code object is gone, and with it what was armed there.
    pub(super) fn forget(&mut self, code: CodeId) {
        self.in_force.local.shift_remove(&code);
        self.stale = true;
    }
}

impl Engine {
    /// Brings the plan up to date and returns what has to change.
    pub(super) fn arm(&mut self) -> Option<PlanChange> {
        if !std::mem::take(&mut self.arming.stale) {
            return None;
        }
        self.settle_gates();
        let wanted = self.wanted();
        let next = self.lowered(&wanted.plan);
        let without_search = Plan { new_code: false, ..wanted.plan.clone() };
        self.arming.start_matters = self.lowered(&without_search).global.contains(EventKind::Start);
        let mut change = self.arming.in_force.diff(&next);
        let old = std::mem::replace(&mut self.arming.in_force, next);
        self.rearm_lines(&wanted.whole, &old, &mut change);
        self.rearm_starts(&mut change);
        if change.restart {
            self.restarted();
        }
        if self.defect.is(Mutant::NoRearm) {
            change.rearm.clear();
            change.restart = false;
        }
        if change.is_empty() {
            return None;
        }
        debug!(?change, "plan");
        Some(change)
    }

    fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        for point in self.breakpoints.iter().filter(|point| point.is_enabled()) {
            for site in point.sites() {
                let at_start = self.codes.get(site.code).is_none_or(|known| known.info.first_line == site.line);
                // START is heard at each call, so only a line that would be lost without it is worth that.
                wanted.plan.want_locally(site.code, if at_start { LINE | START } else { LINE });
            }
        }
        wanted.plan.new_code = !self.breakpoints.is_empty();
        for &code in &self.entries {
            wanted.whole(code, LINE);
        }
        self.want_for_threads(&mut wanted);
        wanted.plan.global |= self.catches.wants();
        wanted
    }

    fn want_for_threads(&self, wanted: &mut Wanted) {
        let mut paused = self.pause_any;
        let mut threads: Vec<_> = self.threads.iter().collect();
        threads.sort_by_key(|&(&thread, _)| thread);
        let steps = threads.iter().filter_map(|(_, state)| state.step);
        for step in steps.take(if self.defect.is(Mutant::OneThread) { 1 } else { usize::MAX }) {
            wanted.plan.global |= step.wants_everywhere(self.defect);
            if let Some((code, kinds)) = step.wants_locally(self.defect) {
                wanted.whole(code, kinds);
            }
        }
        paused |= threads.iter().any(|(_, state)| state.pause);
        if paused && !self.defect.is(Mutant::LocalPause) {
            wanted.plan.global |= LINE;
        }
    }

    fn lowered(&self, plan: &Plan) -> Plan {
        let mut lowered = plan.lower(&self.capabilities);
        if self.defect.is(Mutant::NoLifting) {
            lowered.global = lowered.global & plan.global;
        }
        if self.defect.is(Mutant::LineWithoutStart) {
            lowered.local.values_mut().for_each(|kinds| *kinds = *kinds & !START);
        }
        lowered
    }

    /// Finds the code objects with a disabled line that is wanted again. The contract of [`PlanChange::local`] rearms
    /// those whose set changes, unless LINE is global too: then only a restart does.
    fn rearm_lines(&mut self, whole: &[CodeId], old: &Plan, change: &mut PlanChange) {
        let next = &self.arming.in_force;
        let everywhere = next.global.contains(EventKind::Line);
        for (&code, &kinds) in &next.local {
            let Some(known) = self.codes.get_mut(code) else { continue };
            known.cover = match kinds.contains(EventKind::Line) {
                _ if everywhere || whole.contains(&code) => Cover::All,
                true => Cover::Sites,
                false => Cover::None,
            };
            if old.local_kinds(code) != kinds && !everywhere {
                known.disabled.clear();
            } else if wants_disabled_line(known, |id| self.breakpoints.get(id).is_ok_and(Breakpoint::is_enabled)) {
                known.disabled.clear();
                if everywhere {
                    change.restart = true;
                } else {
                    change.rearm.push(code);
                }
            }
        }
        for &code in old.local.keys().filter(|code| !next.local.contains_key(*code)) {
            if let Some(known) = self.codes.get_mut(code) {
                known.cover = Cover::None;
                known.disabled.clear();
            }
        }
        change.rearm.sort();
    }

    /// A START that was disabled because it only served to meet the code is needed again when steps want it or lines of
    /// the code are armed.
    fn rearm_starts(&mut self, change: &mut PlanChange) {
        if !self.arming.start_disabled {
            return;
        }
        let next = &self.arming.in_force;
        let armed = next.local.iter().filter(|(_, kinds)| kinds.contains(EventKind::Start));
        let mut armed = armed.filter_map(|(&code, _)| self.codes.get(code));
        if self.arming.start_matters || armed.any(|known| known.start_disabled) {
            change.restart = true;
        } else if !next.global.contains(EventKind::Start) {
            // When it is asked for again it is new to the interpreter, and nothing of it is disabled.
            self.arming.start_disabled = false;
            self.codes.iter_mut().for_each(|(_, known)| known.start_disabled = false);
        }
    }

    fn restarted(&mut self) {
        self.arming.start_disabled = false;
        for (_, known) in self.codes.iter_mut() {
            known.start_disabled = false;
            known.disabled.clear();
        }
    }
}

/// Returns whether a line that somebody wants is among those that do not report.
fn wants_disabled_line(known: &Known, is_enabled: impl Fn(crate::ids::BreakpointId) -> bool) -> bool {
    match known.cover {
        Cover::None => false,
        Cover::All => !known.disabled.is_empty(),
        Cover::Sites => known.sites.iter().any(|&(line, id)| known.disabled.contains(&line) && is_enabled(id)),
    }
}
