//! What the engine wants to hear, as a plan: a function of the engine's state, taken anew whenever that changed.

use tracing::debug;

use super::Engine;
use crate::breakpoints::Breakpoint;
use crate::codes::{Cover, Known};
use crate::event::{EventKind, EventSet};
use crate::ids::{CodeId, Line};
use crate::mutant::Mutant;
use crate::plan::{Plan, PlanChange};

const LINE: EventSet = EventSet::of(&[EventKind::Line]);
const START: EventSet = EventSet::of(&[EventKind::Start]);

/// The plan in force, and what is needed to change it.
#[derive(Debug, Default)]
pub(super) struct Arming {
    in_force: Plan,
    stale: bool,
    /// Where breakpoints have come and gone. If nothing else is stale, the plan changes in these code objects only.
    touched: Vec<Touch>,
    /// Somebody but the search for new code wants the global START.
    start_matters: bool,
    /// Some START was disabled since the last restart.
    start_disabled: bool,
}

/// What has become of the breakpoints of a code object.
#[derive(Clone, Copy, Debug)]
enum Touch {
    /// One has come to this line.
    Came(CodeId, Line),
    /// Some may have gone, or become enabled or disabled.
    Changed(CodeId),
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

    /// Tells that there are breakpoints, so that new code is waited for.
    pub(super) fn watch_new_code(&mut self) {
        self.stale |= !self.in_force.new_code;
    }

    /// Tells that a breakpoint has come to a line.
    pub(super) fn breakpoint_came(&mut self, code: CodeId, line: Line) {
        self.touch(Touch::Came(code, line));
    }

    /// Tells that breakpoints of a code object have gone, or become enabled or disabled.
    pub(super) fn breakpoints_changed(&mut self, code: CodeId) {
        self.touch(Touch::Changed(code));
    }

    fn touch(&mut self, touch: Touch) {
        if !self.stale {
            self.touched.push(touch);
        }
    }

    /// Returns whether the plan in force may differ from the one that the engine's state asks for.
    pub(super) fn is_stale(&self) -> bool {
        self.stale || !self.touched.is_empty()
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
        if !self.arming.is_stale() {
            return None;
        }
        self.settle_gates();
        let touched = std::mem::take(&mut self.arming.touched);
        if !std::mem::take(&mut self.arming.stale)
            && let Some(change) = self.arm_touched(&touched)
        {
            return (!change.is_empty()).then_some(change);
        }
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

    /// As [`arm`](Self::arm) where breakpoints have changed and nothing else: the work does not grow with the number of
    /// breakpoints. None: it has to be done from the beginning.
    fn arm_touched(&mut self, touched: &[Touch]) -> Option<PlanChange> {
        let in_force = &self.arming.in_force;
        let is_free = self.threads.values().all(|state| state.step.is_none() && !state.pause) && !self.pause_any;
        if !is_free
            || !self.entries.is_empty()
            || self.arming.start_disabled
            || in_force.global.contains(EventKind::Line)
            || in_force.new_code == self.breakpoints.is_empty()
        {
            return None;
        }
        let mut change = PlanChange::default();
        for &touch in touched {
            self.arm_code(touch, &mut change)?;
        }
        // Of what was said of a code object more than once, the last holds.
        change.local.reverse();
        change.local.sort_by_key(|&(code, _)| code);
        change.local.dedup_by_key(|&mut (code, _)| code);
        change.rearm.retain(|code| change.local.binary_search_by_key(code, |&(code, _)| code).is_err());
        change.rearm.sort();
        change.rearm.dedup();
        if self.defect.is(Mutant::NoRearm) {
            change.rearm.clear();
        }
        Some(change)
    }

    fn arm_code(&mut self, touch: Touch, change: &mut PlanChange) -> Option<()> {
        let (Touch::Came(code, _) | Touch::Changed(code)) = touch;
        let Some(known) = self.codes.get(code) else { return Some(()) };
        let breakpoints = &self.breakpoints;
        let is_enabled = |id| breakpoints.get(id).is_ok_and(Breakpoint::is_enabled);
        let before = self.arming.in_force.local_kinds(code);
        let mut wanted = Plan::default();
        let rearms = match touch {
            Touch::Came(_, line) => {
                wanted.want_locally(code, before | site_kinds(known, line));
                known.disabled.contains(&line)
            }
            Touch::Changed(_) => {
                for &(line, _) in known.sites.iter().filter(|&&(_, id)| is_enabled(id)) {
                    wanted.want_locally(code, site_kinds(known, line));
                }
                wants_disabled_line(known, is_enabled)
            }
        };
        let lowered = self.lowered(&wanted);
        let in_force = &mut self.arming.in_force;
        if !(lowered.global & !in_force.global).is_empty() {
            return None;
        }
        let kinds = lowered.local_kinds(code);
        let known = self.codes.get_mut(code)?;
        known.cover = if kinds.contains(EventKind::Line) { Cover::Sites } else { Cover::None };
        if kinds != before {
            if kinds.is_empty() {
                in_force.local.shift_remove(&code);
            } else {
                in_force.local.insert(code, kinds);
            }
            known.disabled.clear();
            change.local.push((code, kinds));
        } else if rearms {
            known.disabled.clear();
            change.rearm.push(code);
        }
        Some(())
    }

    fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        for point in self.breakpoints.iter().filter(|point| point.is_enabled()) {
            for site in point.sites() {
                let kinds = self.codes.get(site.code).map_or(LINE | START, |known| site_kinds(known, site.line));
                wanted.plan.want_locally(site.code, kinds);
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

/// Returns what a breakpoint needs. START is heard at each call, so only a line that would be lost without it is worth that.
fn site_kinds(known: &Known, line: Line) -> EventSet {
    if known.info.first_line == line { LINE | START } else { LINE }
}

/// Returns whether a line that somebody wants is among those that do not report.
fn wants_disabled_line(known: &Known, is_enabled: impl Fn(crate::ids::BreakpointId) -> bool) -> bool {
    match known.cover {
        Cover::None => false,
        Cover::All => !known.disabled.is_empty(),
        Cover::Sites => known.sites.iter().any(|&(line, id)| known.disabled.contains(&line) && is_enabled(id)),
    }
}
