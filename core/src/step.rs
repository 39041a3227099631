//! A step in progress: what it wants to hear, and what each event means to it. Frames are told apart by their ids and
//! parents, never by depth, so recursion, generators and threads need no special care.
//!
//! ```text
//!  Into ──any event in a frame that is let in──> stop
//!  Over, Until ──line, return, exception of the frame──> stop
//!        └──a generator really ends──> Arrive in the caller
//!  Out, Advance ──return of the frame──> stop
//!  Finish ──return of the frame, its value kept──> Arrive in the caller
//!  Trace ──line of the frame──> stop          └──the frame hands control back──> Arrive in the caller
//!  Arrive ──any event of the frame──> stop
//! ```

use crate::event::{EventKind, EventSet, ExceptionTraits};
use crate::ids::{CodeId, FrameId, Line};
use crate::mutant::{Defect, Mutant};
use crate::stop::{StepEnd, StopReason};

/// A frame and what it runs. Both are compared, so that a frame id that was used again is not taken for the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) frame: FrameId,
    pub(crate) code: CodeId,
}

/// The frame in which events are armed for a step that may end anywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watch {
    /// This one: the newest frame that is let in.
    Frame(Place),
    /// All: the filter changed on the way, so any frame may be let in now.
    Everywhere,
    /// None: the stack has no frame that is let in.
    Nowhere,
}

/// What the step that arrives in a caller was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// A plain step, from a frame that returned.
    Step,
    /// A plain step, from a generator or coroutine that ended: the exception that says so is a stop.
    GeneratorEnded,
    /// The value of a finished frame arrives.
    Finished,
    /// A stop that the program asked for.
    Trace,
}

/// What ends a step in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// Any event in a frame that is let in.
    Into(Watch),
    /// Any instruction in a frame that is let in.
    Instruction(Watch),
    /// A line of the frame from this number on (0: any), its return, an exception in it.
    Until(Place, Line),
    /// The return of the frame.
    Out(Place),
    /// The return of the frame, and on to its caller.
    Finish(Place),
    /// The next event of the frame, which a callee has just given control back to.
    Arrive(Place, Arrival),
    /// The next line of the frame.
    Trace(Place),
}

/// A step in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) goal: Goal,
    /// Where the step began: this line is not stopped at again before the frame has reached another one.
    pub(crate) start: Option<(FrameId, Line)>,
}

/// An event, as a step sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) kind: EventKind,
    pub(crate) place: Place,
    pub(crate) line: Option<Line>,
    /// The frame is not let in.
    pub(crate) skipped: bool,
    /// The frame can be suspended.
    pub(crate) suspends: bool,
    pub(crate) exception: ExceptionTraits,
}

/// What an event means to a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing.
    Pass,
    /// It ends here.
    Stop(StopReason),
    /// The frame is left: it goes on in the frame's caller.
    Up(Arrival),
    /// The same, and the value that is returned is to be kept.
    KeepAndUp(Arrival),
    /// It goes on, with events armed in this frame.
    WatchHere,
    /// It goes on, with events armed in the caller of this frame.
    WatchCaller,
}

const ENTER: EventSet = EventSet::of(&[EventKind::Start, EventKind::Resume, EventKind::Throw]);
const LEAVE: EventSet = EventSet::of(&[EventKind::Return, EventKind::Yield, EventKind::Unwind]);
const END: EventSet = EventSet::of(&[EventKind::Return, EventKind::Unwind]);
const EXCEPTION: EventSet = EventSet::of(&[EventKind::Raise, EventKind::StopIteration]);
const LINE: EventSet = EventSet::of(&[EventKind::Line]);
const INSTRUCTION: EventSet = EventSet::of(&[EventKind::Instruction]);

impl Step {
    /// Returns the kinds that the step wants everywhere.
    pub(crate) fn wants_everywhere(&self, defect: Defect) -> EventSet {
        let kinds = match self.goal {
            Goal::Into(Watch::Everywhere) | Goal::Instruction(Watch::Everywhere) => ENTER | self.wants_in_frame(defect),
            Goal::Into(_) | Goal::Instruction(_) => ENTER,
            _ => EventSet::EMPTY,
        };
        without(kinds, defect, &[(Mutant::DropResume, EventKind::Resume), (Mutant::DropThrow, EventKind::Throw)])
    }

    /// Returns the kinds that the step wants in the code of one frame, and that code.
    pub(crate) fn wants_locally(&self, defect: Defect) -> Option<(CodeId, EventSet)> {
        let place = match self.goal {
            Goal::Into(watch) | Goal::Instruction(watch) => match watch {
                Watch::Frame(place) => place,
                Watch::Everywhere | Watch::Nowhere => return None,
            },
            Goal::Until(place, _) | Goal::Out(place) | Goal::Finish(place) | Goal::Trace(place) => place,
            Goal::Arrive(..) if defect.is(Mutant::ForgetParent) => return None,
            Goal::Arrive(place, _) => place,
        };
        Some((place.code, self.wants_in_frame(defect)))
    }

    /// Returns whether an event of this kind ends a frame that the step belongs to, so that it can never end there.
    pub(crate) fn dies_with(&self, place: Place) -> bool {
        match self.goal {
            Goal::Into(_) | Goal::Instruction(_) => false,
            Goal::Until(own, _) | Goal::Out(own) | Goal::Finish(own) | Goal::Arrive(own, _) | Goal::Trace(own) => {
                own == place
            }
        }
    }

    /// Returns whether the step does not stop at this line, nor does a breakpoint, because it began there.
    pub(crate) fn is_start(&self, frame: FrameId, line: Line) -> bool {
        self.start == Some((frame, line))
    }

    /// Decides what an event of the step's thread means to it.
    pub(crate) fn judge(&mut self, moment: &Moment) -> Verdict {
        if moment.kind == EventKind::Line && self.passes_start(moment) {
            return Verdict::Pass;
        }
        match self.goal {
            Goal::Into(watch) => judge_into(watch, moment),
            Goal::Instruction(watch) => judge_instruction(watch, moment),
            Goal::Until(place, line) if place == moment.place => judge_until(line, moment),
            Goal::Out(place) if place == moment.place => judge_out(moment),
            Goal::Finish(place) if place == moment.place => judge_finish(moment),
            Goal::Arrive(place, arrival) if place == moment.place => judge_arrival(arrival, moment),
            Goal::Trace(place) if place == moment.place => judge_trace(moment),
            _ => Verdict::Pass,
        }
    }

    /// Returns whether the line is still the one where the step began.
    fn passes_start(&mut self, moment: &Moment) -> bool {
        match self.start {
            Some((frame, line)) if frame == moment.place.frame => {
                let still_there = moment.line == Some(line);
                if !still_there {
                    self.start = None;
                }
                still_there
            }
            _ => false,
        }
    }

    fn wants_in_frame(&self, defect: Defect) -> EventSet {
        let kinds = match self.goal {
            Goal::Into(_) | Goal::Arrive(..) => LINE | LEAVE | EXCEPTION,
            Goal::Instruction(_) => INSTRUCTION | LEAVE,
            Goal::Until(..) => LINE | END | EXCEPTION,
            Goal::Out(_) | Goal::Finish(_) => END,
            Goal::Trace(_) => LINE | LEAVE,
        };
        without(kinds, defect, &[(Mutant::DropUnwind, EventKind::Unwind)])
    }
}

fn without(kinds: EventSet, defect: Defect, drops: &[(Mutant, EventKind)]) -> EventSet {
    let dropped: EventSet = drops.iter().filter(|(mutant, _)| defect.is(*mutant)).map(|&(_, kind)| kind).collect();
    kinds & !dropped
}

fn ends(end: StepEnd) -> Verdict {
    Verdict::Stop(StopReason::Step(end))
}

/// An iterator's normal end, seen inside a generator or coroutine, is nothing that happened to the program.
fn is_end_of_inner_iterator(moment: &Moment) -> bool {
    moment.suspends && moment.exception.stop_iteration && moment.exception.internal
}

fn judge_into(watch: Watch, moment: &Moment) -> Verdict {
    let kind = moment.kind;
    if moment.skipped {
        return leaves_watch(watch, moment);
    }
    if moment.exception.quit && (LEAVE | EXCEPTION).contains(kind) {
        return leaves_watch(watch, moment);
    }
    match kind {
        EventKind::Line => ends(StepEnd::Line),
        EventKind::Start | EventKind::Resume | EventKind::Throw => ends(StepEnd::Call),
        EventKind::Return | EventKind::Yield | EventKind::Unwind => ends(StepEnd::Return),
        EventKind::Raise | EventKind::StopIteration if is_end_of_inner_iterator(moment) => Verdict::Pass,
        EventKind::Raise | EventKind::StopIteration => ends(StepEnd::Exception),
        _ => Verdict::Pass,
    }
}

fn judge_instruction(watch: Watch, moment: &Moment) -> Verdict {
    let kind = moment.kind;
    if kind == EventKind::Instruction && !moment.skipped {
        ends(StepEnd::Instruction)
    } else if ENTER.contains(kind) && !moment.skipped {
        Verdict::WatchHere
    } else {
        leaves_watch(watch, moment)
    }
}

/// The watched frame may be left without a stop; then its caller is the next frame that can have one.
fn leaves_watch(watch: Watch, moment: &Moment) -> Verdict {
    if watch == Watch::Frame(moment.place) && LEAVE.contains(moment.kind) {
        Verdict::WatchCaller
    } else {
        Verdict::Pass
    }
}

fn judge_until(from: Line, moment: &Moment) -> Verdict {
    let far_enough = from == 0 || moment.line.is_some_and(|line| line >= from);
    match moment.kind {
        EventKind::Line if far_enough => ends(StepEnd::Line),
        EventKind::Return | EventKind::Unwind if moment.exception.quit => Verdict::Up(Arrival::Step),
        EventKind::Return | EventKind::Unwind if moment.suspends => Verdict::Up(Arrival::GeneratorEnded),
        EventKind::Return | EventKind::Unwind => ends(StepEnd::Return),
        EventKind::Raise | EventKind::StopIteration => {
            let counts = far_enough && !moment.exception.quit && !is_end_of_inner_iterator(moment);
            if counts { ends(StepEnd::Exception) } else { Verdict::Pass }
        }
        _ => Verdict::Pass,
    }
}

fn judge_out(moment: &Moment) -> Verdict {
    match moment.kind {
        EventKind::Return | EventKind::Unwind if moment.exception.quit => Verdict::Up(Arrival::Step),
        EventKind::Return | EventKind::Unwind => ends(StepEnd::Return),
        _ => Verdict::Pass,
    }
}

fn judge_finish(moment: &Moment) -> Verdict {
    match moment.kind {
        EventKind::Return => Verdict::KeepAndUp(Arrival::Finished),
        EventKind::Unwind => Verdict::Up(Arrival::Step),
        _ => Verdict::Pass,
    }
}

fn judge_arrival(arrival: Arrival, moment: &Moment) -> Verdict {
    let end = match moment.kind {
        EventKind::Unwind if moment.exception.quit => return Verdict::Up(arrival),
        EventKind::Line => StepEnd::Line,
        EventKind::Return | EventKind::Yield | EventKind::Unwind => StepEnd::Return,
        EventKind::Raise | EventKind::StopIteration => match judge_arriving_exception(arrival, moment) {
            Some(end) => end,
            None => return Verdict::Pass,
        },
        _ => return Verdict::Pass,
    };
    match arrival {
        Arrival::Trace => Verdict::Stop(StopReason::Trace),
        Arrival::Finished if end != StepEnd::Exception && moment.kind != EventKind::Unwind => ends(StepEnd::Finished),
        _ => ends(end),
    }
}

/// Returns whether an exception in the frame that a step arrives in is a stop. That a generator has ended is one only
/// for the step that came from it, as in pdb ("Internal StopIteration").
fn judge_arriving_exception(arrival: Arrival, moment: &Moment) -> Option<StepEnd> {
    let internal = moment.exception.stop_iteration && moment.exception.internal;
    let counts = !moment.exception.quit
        && match arrival {
            Arrival::GeneratorEnded => true,
            Arrival::Step => !is_end_of_inner_iterator(moment),
            Arrival::Finished | Arrival::Trace => !internal,
        };
    counts.then_some(StepEnd::Exception)
}

fn judge_trace(moment: &Moment) -> Verdict {
    match moment.kind {
        EventKind::Line => Verdict::Stop(StopReason::Trace),
        EventKind::Return | EventKind::Yield | EventKind::Unwind => Verdict::Up(Arrival::Trace),
        _ => Verdict::Pass,
    }
}
