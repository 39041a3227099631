//! The state machine: events in, decisions out.

mod arming;
mod deciding;
mod gating;
mod stepping;

use std::sync::Arc;

use tracing::{Level, debug, enabled, trace};

use crate::breakpoint::{BreakpointChange, BreakpointInfo, BreakpointSpec, Site};
use crate::breakpoints::{self, Breakpoint, Breakpoints};
use crate::catch::{CatchInfo, CatchSpec, CatchWhen};
use crate::catches::{Catches, Moments};
use crate::code::CodeInfo;
use crate::codes::{Codes, Meeting};
use crate::event::Event;
use crate::filter::Filter;
use crate::idmap::IdMap;
use crate::ids::{BreakpointId, CatchId, CodeId, FrameId, ThreadId, Tick};
use crate::mutant::Defect;
#[cfg(feature = "testing")]
use crate::mutant::Mutant;
use crate::plan::{Capabilities, PlanChange};
use crate::stack::StackView;
use crate::step::{Goal, Place, Step};
use crate::stop::{Resume, Stop, StopReason};
use crate::thread::ThreadState;
use arming::Arming;
use gating::Gating;

pub use gating::GateChange;

/// What a backend has to do about an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Decision {
    /// Nothing.
    Continue,
    /// Nothing, and this place need not report again until the plan says so.
    Disable,
    /// Answer the question in the event's frame, with no lock held, and give the answer to [`Engine::on_answer`].
    Evaluate(Pending),
    /// Keep the value that the event's frame returns until the next stop (`finish` shows it).
    KeepValue,
    /// Call the front end.
    Stop(Stop),
}

/// A decision that waits for the answer to a question about the program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Pending {
    /// The question.
    pub question: Question,
    /// The event that it is about.
    pub(crate) event: Event,
    stage: Stage,
}

/// What a [`Pending`] decision was about to do.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// It considers the breakpoints of a line.
    Breakpoint(Crossed),
    /// It considers the catchpoints for an exception.
    Catch(Caught),
}

/// How far the breakpoints of a line have been considered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Crossed {
    /// The one considered last: its condition was asked for.
    last: Option<BreakpointId>,
    /// What was found so far. Most crossings find nothing, so they should not carry it about.
    found: Option<Box<Found>>,
}

/// The breakpoints of a line that stop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Found {
    /// All of them.
    stops: Vec<BreakpointId>,
    /// Those among them whose condition failed: they are not used up.
    failed: Vec<BreakpointId>,
    /// The first message of a condition that failed.
    error: Option<Arc<str>>,
}

/// How far the catchpoints for an exception have been considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Caught {
    /// What the event amounts to for catchpoints.
    moments: Moments,
    /// The catchpoint that was asked for.
    id: CatchId,
    /// What of it was asked for.
    asking: CatchQuestion,
}

/// What of a catchpoint only the program can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CatchQuestion {
    /// Whether the type matches.
    Type,
    /// Whether the condition is true.
    Condition,
}

/// What only the program itself can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// Whether this expression is true in the frame.
    Condition(Arc<str>),
    /// Whether the exception is an instance of one of these types.
    ExceptionIs(Vec<Arc<str>>),
}

/// The answer to a [`Question`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Yes.
    True,
    /// No.
    False,
    /// It raised; as `Type: message`.
    Failed(Arc<str>),
}

/// The engine could not do what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// No breakpoint ever had this number.
    #[error("Breakpoint number {0} out of range")]
    NoBreakpoint(BreakpointId),
    /// The breakpoint with this number is gone.
    #[error("Breakpoint {0} already deleted")]
    DeletedBreakpoint(BreakpointId),
    /// There is no such catchpoint.
    #[error("there is no catchpoint {0}")]
    NoCatch(CatchId),
}

/// The engine of one interpreter.
#[derive(Debug)]
pub struct Engine {
    capabilities: Capabilities,
    codes: Codes,
    breakpoints: Breakpoints,
    catches: Catches,
    filter: Filter,
    threads: IdMap<ThreadId, ThreadState>,
    /// Whichever thread comes first is to stop at its next line.
    pause_any: bool,
    /// Code objects whose first line is a stop.
    entries: Vec<CodeId>,
    arming: Arming,
    gating: Gating,
    /// Breakpoints bound by code that the engine met by itself, until somebody takes them.
    newly_bound: Vec<BreakpointId>,
    defect: Defect,
}

impl Engine {
    /// Returns an engine that wants nothing yet.
    pub fn new(capabilities: Capabilities) -> Self {
        Self {
            capabilities,
            codes: Codes::default(),
            breakpoints: Breakpoints::default(),
            catches: Catches::default(),
            filter: Filter::default(),
            threads: IdMap::default(),
            pause_any: false,
            entries: Vec::new(),
            arming: Arming::default(),
            gating: Gating::default(),
            newly_bound: Vec::new(),
            defect: Defect::default(),
        }
    }

    /// Gives the engine a defect. The tests show with it that they would find one.
    #[cfg(feature = "testing")]
    #[doc(hidden)]
    #[must_use]
    pub fn with_mutant(self, mutant: Mutant) -> Self {
        Self { defect: Defect::new(mutant), ..self }
    }

    /// Tells of a code object that exists: found, made or changed. Binds the breakpoints that waited for it, and
    /// returns which pending ones this made bound.
    pub fn meet_code(&mut self, id: CodeId, info: CodeInfo) -> Vec<BreakpointId> {
        match self.codes.meet(id, info) {
            Meeting::Known => return Vec::new(),
            Meeting::New => {}
            Meeting::Instead(bound) => {
                for breakpoint in bound {
                    self.breakpoints.unbound(breakpoint, id);
                }
                self.arming.breakpoints_changed(id);
            }
        }
        self.withdraw_gates(id);
        let places = self.codes.get(id).map(|known| self.breakpoints.places_in(&known.info)).unwrap_or_default();
        let mut were_pending = Vec::new();
        for (breakpoint, line) in places {
            if self.bind(breakpoint, Site { code: id, line }) {
                were_pending.push(breakpoint);
            }
        }
        were_pending
    }

    /// Returns and forgets which pending breakpoints were bound since the last call by code objects that the engine met
    /// by itself: those of events from code that it did not know.
    pub fn take_bound(&mut self) -> Vec<BreakpointId> {
        std::mem::take(&mut self.newly_bound)
    }

    /// Tells that a code object is gone.
    pub fn forget_code(&mut self, id: CodeId) {
        for breakpoint in self.codes.forget(id) {
            self.breakpoints.unbound(breakpoint, id);
        }
        self.entries.retain(|&entry| entry != id);
        self.forget_steps_in(id);
        self.withdraw_gates(id);
        self.arming.forget(id);
    }

    /// Returns whether a code object of this file could hold a breakpoint, so that it should be met.
    pub fn wants_path(&self, path: &str) -> bool {
        self.breakpoints.wants_path(path)
    }

    /// Decides what an event means.
    pub fn on_event(&mut self, event: &Event, stack: &dyn StackView) -> Decision {
        // The detour keeps the decision from being copied on the hot path.
        if enabled!(Level::TRACE) { self.decide_traced(event, stack) } else { self.decide(event, stack) }
    }

    /// Goes on deciding, with the answer to a question.
    pub fn on_answer(&mut self, pending: Pending, answer: Answer, stack: &dyn StackView) -> Decision {
        trace!(question = ?pending.question, ?answer, "answer");
        match pending.stage {
            Stage::Breakpoint(crossed) => self.breakpoint_answered(&pending.event, crossed, answer, stack),
            Stage::Catch(caught) => self.catch_answered(&pending.event, caught, answer, stack),
        }
    }

    /// Returns what the backend has to change so that the engine hears what it wants, if anything.
    #[must_use]
    pub fn take_plan_change(&mut self) -> Option<PlanChange> {
        self.arm()
    }

    /// Lets a stopped thread go on. `stack` is the stack it stopped with (`frame()` is the newest frame).
    /// `Restart`, `Quit` and `Detach` drop all steps; what else they mean is the host's.
    pub fn resume(&mut self, thread: ThreadId, how: &Resume, stack: &dyn StackView) {
        debug!(%thread, ?how, "resume");
        let at = self.threads.entry(thread).or_default().at.take();
        match how {
            Resume::Continue => self.set_step(thread, None),
            Resume::Step(goal) => {
                let step = self.begin(*goal, at, stack);
                self.set_step(thread, step);
            }
            Resume::Restart(_) | Resume::Quit | Resume::Detach => self.drop_requests(),
        }
    }

    /// Makes the thread (None: whichever comes first) stop at its next line in any frame.
    pub fn pause(&mut self, thread: Option<ThreadId>) {
        match thread {
            Some(thread) => self.threads.entry(thread).or_default().pause = true,
            None => self.pause_any = true,
        }
        self.arming.stale();
    }

    /// Makes the first line event of this code object a stop of its own ([`StopReason::Entry`](crate::stop::StopReason)).
    pub fn stop_at_entry(&mut self, code: CodeId) {
        if !self.entries.contains(&code) {
            self.entries.push(code);
            self.arming.stale();
        }
    }

    /// Makes the next line event in this frame a stop of its own ([`StopReason::Trace`](crate::stop::StopReason)),
    /// or the next event of its caller if the frame ends or is suspended first.
    pub fn stop_in_frame(&mut self, thread: ThreadId, frame: FrameId, stack: &dyn StackView) {
        let goal = Goal::Trace(Place { frame, code: stack.code(frame) });
        self.set_step(thread, Some(Step { goal, start: None }));
    }

    /// Makes and returns the stop that the program or the host itself asked for (`set_trace`, Ctrl-C, post mortem):
    /// drops the thread's step, as any stop does.
    #[must_use]
    pub fn stop_now(&mut self, thread: ThreadId, frame: FrameId, reason: StopReason) -> Stop {
        self.make_stop(thread, frame, None, reason)
    }

    /// Tells that a thread is gone.
    pub fn thread_ended(&mut self, thread: ThreadId) {
        if self.threads.remove(&thread).is_some_and(|state| state.step.is_some() || state.pause) {
            self.arming.stale();
        }
    }

    /// Returns how far a thread has come: how many LINE, START, RESUME, RETURN, YIELD, THROW and UNWIND events of code
    /// that the filter lets in were delivered to the engine. While only breakpoints are set few events are delivered, so
    /// ticks of two runs can be compared only if both were given the same commands at the same stops.
    pub fn tick(&self, thread: ThreadId) -> Tick {
        Tick(self.threads.get(&thread).map_or(0, |state| state.tick))
    }

    /// Sets a breakpoint. The caller meets the existing code objects of its file afterwards.
    pub fn add_breakpoint(&mut self, spec: BreakpointSpec) -> BreakpointInfo {
        let id = self.breakpoints.add(spec.clone());
        for code in self.codes.of_path(spec.target.path()).to_vec() {
            let line = self.codes.get(code).and_then(|known| breakpoints::place(&spec.target, &known.info));
            if let Some(line) = line {
                self.bind(id, Site { code, line });
            }
        }
        self.arming.watch_new_code();
        debug!(%id, ?spec, "breakpoint added");
        self.breakpoint(id).expect("the breakpoint has just been added")
    }

    /// Changes a breakpoint and returns what it is now.
    pub fn change_breakpoint(
        &mut self,
        id: BreakpointId,
        change: BreakpointChange,
    ) -> Result<BreakpointInfo, EngineError> {
        self.withdraw_gates_of(id);
        let changed = self.breakpoints.change(id, change)?;
        for site in changed.sites() {
            self.arming.breakpoints_changed(site.code);
        }
        Ok(changed.info())
    }

    /// Removes a breakpoint and returns what it was.
    pub fn remove_breakpoint(&mut self, id: BreakpointId) -> Result<BreakpointInfo, EngineError> {
        let info = self.breakpoints.remove(id)?;
        for site in &info.sites {
            self.codes.unbind(site.code, id);
            self.withdraw_gates(site.code);
            self.arming.breakpoints_changed(site.code);
        }
        if self.breakpoints.is_empty() {
            self.arming.stale();
        }
        Ok(info)
    }

    /// Returns one breakpoint.
    pub fn breakpoint(&self, id: BreakpointId) -> Result<BreakpointInfo, EngineError> {
        self.breakpoints.get(id).map(Breakpoint::info)
    }

    /// Returns the breakpoints that are not internal, in the order of their numbers.
    pub fn breakpoints(&self) -> Vec<BreakpointInfo> {
        self.breakpoints.iter().filter(|point| !point.spec().internal).map(Breakpoint::info).collect()
    }

    /// Returns the highest breakpoint number ever given; 0: none.
    pub fn last_breakpoint(&self) -> u32 {
        self.breakpoints.last()
    }

    /// Sets a catchpoint.
    pub fn add_catch(&mut self, spec: CatchSpec) -> CatchInfo {
        if spec.when == CatchWhen::Raised && !self.catches.any(CatchWhen::Raised) {
            // What happened before may have been heard only in part.
            self.threads.values_mut().for_each(|state| state.unwound = None);
        }
        self.arming.stale();
        self.catches.add(spec)
    }

    /// Removes a catchpoint and returns what it was.
    pub fn remove_catch(&mut self, id: CatchId) -> Result<CatchInfo, EngineError> {
        self.arming.stale();
        self.catches.remove(id)
    }

    /// Returns the catchpoints in the order of their numbers.
    pub fn catches(&self) -> Vec<CatchInfo> {
        self.catches.iter().cloned().collect()
    }

    /// Returns whether the end of a frame by an exception matters only where it is uncaught: of one whose caller is a frame of
    /// the program and no [last resort](CodeInfo::last_resort), the engine need not hear.
    pub fn wants_last_unwinds_only(&self) -> bool {
        self.catches.are_all(CatchWhen::Uncaught) && self.threads.values().all(|state| state.step.is_none())
    }

    /// Replaces the globs (`fnmatch`) of module names and paths that steps do not stop in.
    pub fn set_skips(&mut self, globs: Vec<String>) {
        self.filter.globs = globs;
        self.filter_changed();
    }

    /// Returns the globs that steps do not stop in.
    pub fn skips(&self) -> &[String] {
        &self.filter.globs
    }

    /// Sets whether steps stop in user code only. `library` are the directories that are not user code; catchpoints
    /// that ask for the end of user code go by them even while steps do not.
    pub fn set_just_my_code(&mut self, on: bool, library: Vec<Arc<str>>) {
        self.filter.just_my_code = on;
        self.filter.library = library;
        self.filter_changed();
    }

    /// Returns whether steps stop in user code only.
    pub fn just_my_code(&self) -> bool {
        self.filter.just_my_code
    }

    /// Returns whether steps do not stop in this code object. Code that the engine does not know is not skipped.
    pub fn is_skipped(&mut self, code: CodeId) -> bool {
        self.codes.get_mut(code).is_some_and(|known| known.verdict(&self.filter).skipped)
    }

    /// Returns whether steps would not stop in such a code object, known or not.
    pub fn would_skip(&self, info: &CodeInfo) -> bool {
        self.filter.judge(info).skipped
    }

    /// Returns what the interpreter and the backend can do.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn decide_traced(&mut self, event: &Event, stack: &dyn StackView) -> Decision {
        let decision = self.decide(event, stack);
        trace!(kind = %event.kind, thread = %event.thread, code = %event.code, line = ?event.line, ?decision, "event");
        decision
    }

    /// Binds a breakpoint to a place; returns whether it was pending.
    fn bind(&mut self, id: BreakpointId, site: Site) -> bool {
        debug!(%id, code = %site.code, line = site.line, "breakpoint bound");
        self.codes.bind(site.code, site.line, id);
        self.withdraw_gates(site.code);
        self.arming.breakpoint_came(site.code, site.line);
        self.breakpoints.bound(id, site)
    }

    fn filter_changed(&mut self) {
        self.codes.filter_changed();
        self.watch_everywhere();
        self.arming.stale();
    }
}
