//! What an event means: breakpoints first, then catchpoints, entry, pause, and the thread's step.

use std::sync::Arc;

use tracing::debug;

use super::{Answer, CatchQuestion, Caught, Crossed, Decision, Engine, Found, Pending, Question, Stage};
use crate::breakpoints::{Breakpoint, Crossing};
use crate::catch::CatchWhen;
use crate::catches::Moments;
use crate::codes::Cover;
use crate::event::{Event, EventKind};
use crate::gate::AtGate;
use crate::ids::{BreakpointId, CatchId, CodeId, FrameId, Line, ThreadId, Tick};
use crate::mutant::Mutant;
use crate::stack::StackView;
use crate::step::{Goal, Moment, Place, Step, Verdict, Watch};
use crate::stop::{StepEnd, Stop, StopReason};
use crate::thread::{At, TICKING, ThreadState, Unwound};

/// What a decision has to know of a code object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) skipped: bool,
    user: bool,
    suspends: bool,
    last_resort: bool,
}

impl Engine {
    /// Decides what an event means.
    pub(super) fn decide(&mut self, event: &Event, stack: &dyn StackView) -> Decision {
        let state = self.begin_event(event, stack);
        let runs_freely = state.step.is_none() && !state.pause && !self.pause_any;
        match event.kind {
            EventKind::Line if runs_freely && self.entries.is_empty() => self.decide_free_line(event, stack),
            EventKind::Line => self.decide_line(event, stack),
            EventKind::Raise | EventKind::Unwind if !self.catches.is_empty() => self.decide_exception(event, stack),
            // The backend has turned the one jump that matters into a line.
            EventKind::Jump if self.capabilities.disable.contains(EventKind::Jump) => Decision::Disable,
            _ => self.decide_step(event, stack),
        }
    }

    /// Notes that an event has come, and returns what is kept for its thread.
    pub(super) fn begin_event(&mut self, event: &Event, stack: &dyn StackView) -> ThreadState {
        let look = self.look(event.code, stack);
        let state = self.threads.entry(event.thread).or_default();
        if !look.skipped && TICKING.contains(event.kind) {
            state.tick = state.tick.saturating_add(1);
        }
        *state
    }

    /// Returns what is to be known of a code object, which is met now if it is new.
    pub(super) fn look(&mut self, code: CodeId, stack: &dyn StackView) -> Look {
        if self.codes.get(code).is_none() {
            let bound = self.meet_code(code, stack.describe(code));
            self.newly_bound.extend(bound);
        }
        let Some(known) = self.codes.get_mut(code) else {
            return Look { skipped: false, user: true, suspends: false, last_resort: false };
        };
        if known.run() {
            known.set_module(stack.describe(code).module);
        }
        let verdict = known.verdict(&self.filter);
        let (suspends, last_resort) = (known.suspends(), known.info.last_resort);
        Look { skipped: verdict.skipped, user: verdict.user, suspends, last_resort }
    }

    /// Goes on with the breakpoints of a line after the condition of one was answered.
    pub(super) fn breakpoint_answered(
        &mut self,
        event: &Event,
        mut crossed: Crossed,
        answer: Answer,
        stack: &dyn StackView,
    ) -> Decision {
        if let Some(id) = crossed.last {
            let crossing = self.breakpoints.answered(id, answer);
            crossed.note(id, crossing);
        }
        self.consider_breakpoints(event, crossed, stack)
    }

    /// Goes on with the catchpoints for an exception after a question of one was answered.
    pub(super) fn catch_answered(
        &mut self,
        event: &Event,
        caught: Caught,
        answer: Answer,
        stack: &dyn StackView,
    ) -> Decision {
        let Caught { moments, id, asking } = caught;
        let Some(info) = self.catches.get(id) else {
            return self.consider_catches(event, moments, Some(id), stack);
        };
        match (answer, asking, info.spec.condition.clone()) {
            (Answer::False, ..) => self.consider_catches(event, moments, Some(id), stack),
            (Answer::True, CatchQuestion::Type, Some(condition)) => ask_condition(event, moments, id, condition),
            (Answer::True, ..) => self.stop_at_catch(event, id, None, stack),
            (Answer::Failed(message), ..) => self.stop_at_catch(event, id, Some(message), stack),
        }
    }

    /// Makes a stop: it ends the thread's step and all that was asked of it, and the internal breakpoints.
    pub(super) fn make_stop(
        &mut self,
        thread: ThreadId,
        frame: FrameId,
        kind: Option<EventKind>,
        reason: StopReason,
    ) -> Stop {
        let state = self.threads.entry(thread).or_default();
        state.step = None;
        state.pause = false;
        state.at = kind.map(|kind| At { kind, frame });
        let tick = Tick(state.tick);
        self.pause_any = false;
        self.arming.stale();
        for id in self.breakpoints.internal() {
            let removed = self.remove_breakpoint(id);
            debug!(%id, was = ?removed.map(|info| info.spec), "internal breakpoint removed");
        }
        debug!(%thread, %frame, ?reason, "stop");
        Stop { thread, tick, frame, reason, deleted: Vec::new() }
    }

    /// Decides about a line of a thread of which nobody wants anything but its breakpoints: the fast path.
    fn decide_free_line(&mut self, event: &Event, stack: &dyn StackView) -> Decision {
        match self.next_breakpoint(event, None) {
            Some(_) => self.consider_breakpoints(event, Crossed::default(), stack),
            None => self.quiet(event),
        }
    }

    fn decide_line(&mut self, event: &Event, stack: &dyn StackView) -> Decision {
        match event.line {
            Some(line) if self.is_start_of_step(event.thread, line, stack) => self.decide_bare_line(event, stack),
            // As in bdb, a step that ends on a line with breakpoints does not hit them.
            _ if self.ends_step(event, stack) => self.decide_bare_line(event, stack),
            _ => self.consider_breakpoints(event, Crossed::default(), stack),
        }
    }

    /// Returns the breakpoint on the line of an event that is considered behind `last`: lowest number first.
    fn next_breakpoint(&self, event: &Event, last: Option<BreakpointId>) -> Option<BreakpointId> {
        self.codes.get(event.code)?.next_site(event.line?, last)
    }

    fn is_start_of_step(&self, thread: ThreadId, line: Line, stack: &dyn StackView) -> bool {
        let step = self.threads.get(&thread).and_then(|state| state.step);
        step.is_some_and(|step| step.start.is_some() && step.is_start(stack.frame(), line))
    }

    fn ends_step(&mut self, event: &Event, stack: &dyn StackView) -> bool {
        let step = self.threads.get(&event.thread).and_then(|state| state.step);
        step.is_some_and(|mut step| {
            let moment = self.moment(event, &step, stack);
            matches!(step.judge(&moment), Verdict::Stop(_))
        })
    }

    pub(super) fn consider_breakpoints(
        &mut self,
        event: &Event,
        mut crossed: Crossed,
        stack: &dyn StackView,
    ) -> Decision {
        while let Some(id) = self.next_breakpoint(event, crossed.last) {
            crossed.last = Some(id);
            match self.breakpoints.cross(id, event.thread) {
                Crossing::Asks(condition) => {
                    let question = Question::Condition(condition);
                    return Decision::Evaluate(Pending { question, event: *event, stage: Stage::Breakpoint(crossed) });
                }
                crossing => crossed.note(id, crossing),
            }
        }
        match crossed.found {
            Some(found) => self.stop_at_breakpoints(event, *found, stack),
            None => {
                if crossed.last.is_some() {
                    self.publish_gates(event.code);
                }
                self.decide_bare_line(event, stack)
            }
        }
    }

    fn stop_at_breakpoints(&mut self, event: &Event, found: Found, stack: &dyn StackView) -> Decision {
        let Found { stops, failed, error } = found;
        let internal = self.breakpoints.internal();
        let ids: Vec<_> = stops.into_iter().filter(|id| !internal.contains(id)).collect();
        let spent = ids.iter().copied().filter(|id| self.breakpoints.is_temporary(*id) && !failed.contains(id));
        let spent: Vec<_> = spent.collect();
        // A front end's own breakpoint is how it steps.
        let reason = match ids.is_empty() {
            true => StopReason::Step(StepEnd::Line),
            false => StopReason::Breakpoint { ids, error },
        };
        let mut stop = self.stop_at(event, reason, stack);
        stop.deleted = spent.into_iter().filter_map(|id| self.remove_breakpoint(id).ok()).collect();
        Decision::Stop(stop)
    }

    /// Decides about a line at which no breakpoint stops.
    fn decide_bare_line(&mut self, event: &Event, stack: &dyn StackView) -> Decision {
        if self.entries.contains(&event.code) {
            return Decision::Stop(self.stop_at(event, StopReason::Entry, stack));
        }
        if self.pause_any || self.threads.get(&event.thread).is_some_and(|state| state.pause) {
            return Decision::Stop(self.stop_at(event, StopReason::Pause, stack));
        }
        self.decide_step(event, stack)
    }

    fn decide_exception(&mut self, event: &Event, stack: &dyn StackView) -> Decision {
        let moments = match event.kind {
            EventKind::Raise => Moments { raised: self.is_new_exception(event, stack), ..Moments::default() },
            _ => self.moments_of_unwind(event, stack),
        };
        self.consider_catches(event, moments, None, stack)
    }

    /// Returns whether an exception is raised here, and does not arrive from a callee. If the stack cannot tell, then the
    /// event before can: the end of a callee called from the very line.
    fn is_new_exception(&mut self, event: &Event, stack: &dyn StackView) -> bool {
        if !self.catches.any(CatchWhen::Raised) {
            return false;
        }
        let unwound = self.threads.entry(event.thread).or_default().unwound.take();
        if self.is_import_system(event.code) {
            return false;
        }
        let frame = stack.frame();
        if unwound.is_some_and(|unwound| unwound.imported && unwound.into == frame) {
            return true;
        }
        stack
            .exception_is_new()
            .unwrap_or_else(|| unwound.is_none_or(|unwound| unwound.into != frame || unwound.line != stack.line(frame)))
    }

    /// Returns whether the code is the interpreter's import system, which raises and handles exceptions at nearly every
    /// import. What leaves it is an exception of the `import` statement.
    fn is_import_system(&self, code: CodeId) -> bool {
        let path = self.codes.get(code).map(|known| &known.info.path);
        path.is_some_and(|path| ["<frozen importlib", "<frozen zipimport>"].iter().any(|own| path.starts_with(own)))
    }

    fn moments_of_unwind(&mut self, event: &Event, stack: &dyn StackView) -> Moments {
        let frame = stack.frame();
        let parent = stack.parent(frame);
        if self.catches.any(CatchWhen::Raised) {
            let imported = self.is_import_system(event.code);
            let unwound = parent.map(|into| Unwound { into, line: stack.line(into), imported });
            self.threads.entry(event.thread).or_default().unwound = unwound;
        }
        let last_resort = parent.is_none_or(|parent| self.look(stack.code(parent), stack).last_resort);
        let leaves_user_code = self.catches.any(CatchWhen::LeavesUserCode)
            && self.look(event.code, stack).user
            && !self.has_user_caller(frame, stack);
        Moments { raised: false, leaves_user_code, uncaught: last_resort }
    }

    fn has_user_caller(&mut self, frame: FrameId, stack: &dyn StackView) -> bool {
        let mut next = stack.parent(frame);
        while let Some(frame) = next {
            if self.look(stack.code(frame), stack).user {
                return true;
            }
            next = stack.parent(frame);
        }
        false
    }

    /// Goes on with the first catchpoint behind `last` that the event concerns.
    fn consider_catches(
        &mut self,
        event: &Event,
        moments: Moments,
        last: Option<CatchId>,
        stack: &dyn StackView,
    ) -> Decision {
        let Some(info) = self.catches.next(moments, event.exception, last) else {
            return self.decide_step(event, stack);
        };
        let id = info.id;
        if !info.spec.types.is_empty() {
            let question = Question::ExceptionIs(info.spec.types.clone());
            let stage = Stage::Catch(Caught { moments, id, asking: CatchQuestion::Type });
            return Decision::Evaluate(Pending { question, event: *event, stage });
        }
        match info.spec.condition.clone() {
            Some(condition) => ask_condition(event, moments, id, condition),
            None => self.stop_at_catch(event, id, None, stack),
        }
    }

    fn stop_at_catch(
        &mut self,
        event: &Event,
        id: CatchId,
        error: Option<Arc<str>>,
        stack: &dyn StackView,
    ) -> Decision {
        self.catches.stopped(id, error.as_ref());
        Decision::Stop(self.stop_at(event, StopReason::Exception { id, error }, stack))
    }

    /// Decides what an event that nothing else stops at means to the thread's step.
    fn decide_step(&mut self, event: &Event, stack: &dyn StackView) -> Decision {
        if matches!(event.kind, EventKind::Return | EventKind::Unwind) && self.threads.len() > 1 {
            self.drop_steps_ended_elsewhere(event, stack);
        }
        let Some(mut step) = self.threads.get(&event.thread).and_then(|state| state.step) else {
            return self.quiet(event);
        };
        let moment = self.moment(event, &step, stack);
        let frame = moment.place.frame;
        match step.judge(&moment) {
            Verdict::Pass => {
                self.threads.entry(event.thread).or_default().step = Some(step);
                self.quiet(event)
            }
            Verdict::Stop(reason) => Decision::Stop(self.stop_at(event, reason, stack)),
            Verdict::Up(arrival) => {
                let step = self.arrive(frame, arrival, stack);
                self.go_on(event, step, Decision::Continue)
            }
            Verdict::KeepAndUp(arrival) => {
                let step = self.arrive(frame, arrival, stack);
                self.go_on(event, step, Decision::KeepValue)
            }
            Verdict::WatchHere => {
                let step = step.with_watch(Watch::Frame(moment.place));
                self.go_on(event, step, Decision::Continue)
            }
            Verdict::WatchCaller => {
                let watch = self.watch_caller(frame, stack);
                self.go_on(event, step.with_watch(watch), Decision::Continue)
            }
        }
    }

    fn go_on(&mut self, event: &Event, step: Option<Step>, decision: Decision) -> Decision {
        self.set_step(event.thread, step);
        decision
    }

    fn moment(&mut self, event: &Event, step: &Step, stack: &dyn StackView) -> Moment {
        let frame = stack.frame();
        let needs_line = event.kind == EventKind::Line || matches!(step.goal, Goal::Until(_, 1..));
        let line = if needs_line { event.line.or_else(|| stack.line(frame)) } else { event.line };
        let look = self.look(event.code, stack);
        Moment {
            kind: event.kind,
            place: Place { frame, code: event.code },
            line,
            skipped: look.skipped,
            suspends: look.suspends,
            exception: event.exception,
        }
    }

    /// A generator can end in another thread than the one that steps in it; that step could never end, or end in a frame
    /// that has taken over the id.
    fn drop_steps_ended_elsewhere(&mut self, event: &Event, stack: &dyn StackView) {
        let place = Place { frame: stack.frame(), code: event.code };
        for (&thread, state) in &mut self.threads {
            if thread != event.thread && state.step.is_some_and(|step| step.dies_with(place)) {
                debug!(%thread, frame = %place.frame, "the frame of the step ended in another thread");
                state.step = None;
                self.arming.stale();
            }
        }
    }

    fn stop_at(&mut self, event: &Event, reason: StopReason, stack: &dyn StackView) -> Stop {
        if event.kind == EventKind::Line {
            self.entries.retain(|&entry| entry != event.code);
        }
        self.make_stop(event.thread, stack.frame(), Some(event.kind), reason)
    }

    /// Answers an event that means nothing: with [`Decision::Disable`] if nobody wants this place.
    fn quiet(&mut self, event: &Event) -> Decision {
        let disable = !self.arming.is_stale()
            && self.capabilities.disable.contains(event.kind)
            && match event.kind {
                EventKind::Line => self.disable_line(event),
                EventKind::Start => self.disable_start(event.code),
                _ => false,
            };
        if disable { Decision::Disable } else { Decision::Continue }
    }

    fn disable_line(&mut self, event: &Event) -> bool {
        let (Some(known), Some(line)) = (self.codes.get_mut(event.code), event.line) else { return false };
        let defect = self.defect;
        let covered = match known.cover {
            Cover::None => true,
            Cover::All => !defect.is(Mutant::DisableSteppedLines),
            Cover::Sites => known.sites.iter().any(|&(at, id)| {
                at == line
                    && !defect.is(Mutant::DisableSites)
                    && self.breakpoints.get(id).is_ok_and(Breakpoint::is_enabled)
            }),
        };
        if !covered {
            known.disabled.insert(line);
        }
        !covered
    }

    fn disable_start(&mut self, code: CodeId) -> bool {
        let spent = self.arming.start_is_spent(code);
        if let Some(known) = self.codes.get_mut(code).filter(|_| spent) {
            known.start_disabled = true;
            self.arming.disabled_start();
        }
        spent
    }
}

impl Crossed {
    pub(super) fn note(&mut self, id: BreakpointId, crossing: Crossing) {
        match crossing {
            Crossing::Passes | Crossing::Asks(_) => {}
            Crossing::Stops => self.found.get_or_insert_default().stops.push(id),
            Crossing::Failed(message) => {
                let found = self.found.get_or_insert_default();
                found.stops.push(id);
                found.failed.push(id);
                found.error.get_or_insert(message);
            }
        }
    }
}

impl From<AtGate> for Crossing {
    fn from(at: AtGate) -> Self {
        at.error.map_or(Self::Stops, Self::Failed)
    }
}

fn ask_condition(event: &Event, moments: Moments, id: CatchId, condition: Arc<str>) -> Decision {
    let stage = Stage::Catch(Caught { moments, id, asking: CatchQuestion::Condition });
    Decision::Evaluate(Pending { question: Question::Condition(condition), event: *event, stage })
}
