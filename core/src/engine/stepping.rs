//! How a step begins, moves from frame to frame, and is dropped.

use tracing::debug;

use super::Engine;
use crate::event::EventKind;
use crate::ids::{CodeId, FrameId, ThreadId};
use crate::stack::StackView;
use crate::step::{Arrival, Goal, Place, Step, Watch};
use crate::stop::StepGoal;
use crate::thread::At;

impl Engine {
    /// Sets or drops the step of a thread.
    pub(super) fn set_step(&mut self, thread: ThreadId, step: Option<Step>) {
        self.threads.entry(thread).or_default().step = step;
        self.arming.stale();
    }

    /// Drops every step, pause and entry that somebody asked for.
    pub(super) fn drop_requests(&mut self) {
        self.pause_any = false;
        for state in self.threads.values_mut() {
            (state.step, state.pause) = (None, false);
        }
        self.arming.stale();
    }

    /// Drops the steps that belong to a code object which is gone.
    pub(super) fn forget_steps_in(&mut self, code: CodeId) {
        for state in self.threads.values_mut() {
            let belongs =
                state.step.and_then(|step| step.wants_locally(self.defect)).is_some_and(|(own, _)| own == code);
            if belongs {
                state.step = state.step.and_then(|step| step.with_watch(Watch::Nowhere));
            }
        }
    }

    /// Makes steps that may end in any frame that is let in hear of all frames, because other frames are let in now.
    pub(super) fn watch_everywhere(&mut self) {
        for state in self.threads.values_mut() {
            if let Some(step) = state.step
                && let Some(step) = step.with_watch(Watch::Everywhere)
            {
                state.step = Some(step);
            }
        }
    }

    /// Returns the step towards a goal from where a thread is stopped; None: nothing is left to reach it in.
    pub(super) fn begin(&mut self, goal: StepGoal, at: Option<At>, stack: &dyn StackView) -> Option<Step> {
        let newest = stack.frame();
        let left = at.filter(|at| at.frame == newest).map(|at| at.kind);
        match goal {
            StepGoal::Into => Some(self.begin_anywhere(Goal::Into, left, stack)),
            StepGoal::Instruction if self.hears(EventKind::Instruction) => {
                Some(Step { start: None, ..self.begin_anywhere(Goal::Instruction, left, stack) })
            }
            StepGoal::Instruction => Some(self.begin_anywhere(Goal::Into, left, stack)),
            StepGoal::Over { frame } => self.begin_lines(frame, 0, left, stack),
            StepGoal::Until { frame, line } => self.begin_lines(frame, line, left, stack),
            StepGoal::Out { frame } | StepGoal::Advance { frame } => self.begin_return(frame, Goal::Out, left, stack),
            StepGoal::Finish { frame } => self.begin_return(frame, Goal::Finish, left, stack),
        }
    }

    /// Returns the nearest frame above `frame` that is let in. Library code between is passed over.
    pub(super) fn caller(&mut self, frame: FrameId, stack: &dyn StackView) -> Option<Place> {
        let mut next = stack.parent(frame);
        while let Some(frame) = next {
            let place = Place { frame, code: stack.code(frame) };
            if !self.look(place.code, stack).skipped {
                return Some(place);
            }
            next = stack.parent(frame);
        }
        None
    }

    /// Returns the watch on the nearest frame above `frame` that is let in.
    pub(super) fn watch_caller(&mut self, frame: FrameId, stack: &dyn StackView) -> Watch {
        self.caller(frame, stack).map_or(Watch::Nowhere, Watch::Frame)
    }

    /// Returns the step that arrives in the caller of `frame`.
    pub(super) fn arrive(&mut self, frame: FrameId, arrival: Arrival, stack: &dyn StackView) -> Option<Step> {
        let place = self.caller(frame, stack)?;
        Some(Step { goal: Goal::Arrive(place, arrival), start: None })
    }

    fn hears(&self, kind: EventKind) -> bool {
        (self.capabilities.local | self.capabilities.global).contains(kind)
    }

    fn begin_anywhere(&mut self, goal: fn(Watch) -> Goal, left: Option<EventKind>, stack: &dyn StackView) -> Step {
        let frame = stack.frame();
        let place = Place { frame, code: stack.code(frame) };
        if left.is_some_and(leaves) || self.look(place.code, stack).skipped {
            return Step { goal: goal(self.watch_caller(frame, stack)), start: None };
        }
        Step { goal: goal(Watch::Frame(place)), start: stack.line(frame).map(|line| (frame, line)) }
    }

    fn begin_lines(
        &mut self,
        frame: FrameId,
        from: u32,
        left: Option<EventKind>,
        stack: &dyn StackView,
    ) -> Option<Step> {
        let place = on_stack(frame, stack);
        if place.frame == stack.frame() && left.is_some_and(leaves) {
            return self.arrive(place.frame, Arrival::Step, stack);
        }
        Some(Step { goal: Goal::Until(place, from), start: stack.line(place.frame).map(|line| (place.frame, line)) })
    }

    fn begin_return(
        &mut self,
        frame: FrameId,
        goal: fn(Place) -> Goal,
        left: Option<EventKind>,
        stack: &dyn StackView,
    ) -> Option<Step> {
        let place = on_stack(frame, stack);
        // A frame that is only suspended has not returned yet.
        let ended = left.filter(|&kind| leaves(kind) && kind != EventKind::Yield);
        if place.frame == stack.frame()
            && let Some(kind) = ended
        {
            let finishes = kind == EventKind::Return && goal(place) == Goal::Finish(place);
            return self.arrive(place.frame, if finishes { Arrival::Finished } else { Arrival::Step }, stack);
        }
        Some(Step { goal: goal(place), start: None })
    }
}

fn leaves(kind: EventKind) -> bool {
    matches!(kind, EventKind::Return | EventKind::Yield | EventKind::Unwind)
}

/// Returns the frame if it is on the stack, else the newest one: a step must not run away because of a stale id.
fn on_stack(frame: FrameId, stack: &dyn StackView) -> Place {
    let mut next = Some(stack.frame());
    while let Some(candidate) = next {
        if candidate == frame {
            return Place { frame, code: stack.code(frame) };
        }
        next = stack.parent(candidate);
    }
    debug!(%frame, "the frame of the step is not on the stack");
    Place { frame: stack.frame(), code: stack.code(stack.frame()) }
}

impl Step {
    /// Returns the step with events armed elsewhere; None: it belongs to one frame.
    pub(super) fn with_watch(self, watch: Watch) -> Option<Step> {
        match self.goal {
            Goal::Into(_) => Some(Step { goal: Goal::Into(watch), ..self }),
            Goal::Instruction(_) => Some(Step { goal: Goal::Instruction(watch), ..self }),
            _ => None,
        }
    }
}
