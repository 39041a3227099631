//! What the engine asks to hear, and what it makes of code that it meets by itself.

use std::sync::Arc;

use rdb_core::breakpoint::{BreakpointSpec, Target};
use rdb_core::catch::{CatchSpec, CatchWhen};
use rdb_core::engine::{Decision, Engine};
use rdb_core::event::{Event, EventKind, EventSet, ExceptionTraits};
use rdb_core::ids::{BreakpointId, CodeId, FrameId, ThreadId, Tick};
use rdb_core::plan::{Capabilities, PlanChange};
use rdb_core::stop::{Resume, StepEnd, StepGoal, StopReason};
use rdb_core::testing::FakeStack;

use crate::model::backend::profiles;

const F: CodeId = CodeId(1);
const LIB: CodeId = CodeId(2);
const THREAD: ThreadId = ThreadId(1);

/// A function on one line.
const ONE: CodeId = CodeId(3);

/// What every line of a code object needs.
const LINE: EventSet = EventSet::of(&[EventKind::Line, EventKind::Start, EventKind::Jump]);
/// What a line that the code object does not start with needs.
const LATER_LINE: EventSet = EventSet::of(&[EventKind::Line, EventKind::Jump]);
const ENTER: EventSet = EventSet::of(&[EventKind::Start, EventKind::Resume, EventKind::Throw]);
const FRAME: EventSet =
    EventSet::of(&[EventKind::Return, EventKind::Unwind, EventKind::Raise, EventKind::StopIteration]);

fn capabilities(profile: &str) -> Capabilities {
    profiles().into_iter().find(|&(name, _)| name == profile).expect("a known profile").1
}

/// A stack of `f` at line 11, which knows library code as well.
fn stack() -> FakeStack {
    let mut stack = FakeStack::new();
    stack.define(F, FakeStack::code("/m.py", "f", &[10, 11, 12]));
    stack.define(LIB, FakeStack::code("/lib/x.py", "lib", &[30, 31]));
    stack.push(FrameId(1), F, Some(11));
    stack
}

fn event(kind: EventKind, code: CodeId, line: u32) -> Event {
    let exception = ExceptionTraits::default();
    let line = (kind == EventKind::Line).then_some(line);
    Event { kind, thread: THREAD, code, line, offset: None, exception }
}

fn breakpoint(line: u32) -> BreakpointSpec {
    BreakpointSpec::new(Target::Line { path: Arc::from("/m.py"), line })
}

fn step(engine: &mut Engine, goal: StepGoal) -> PlanChange {
    engine.resume(THREAD, &Resume::Step(goal), &stack());
    engine.take_plan_change().expect("the step wants something")
}

#[test]
fn breakpoints_want_nothing_global() {
    let mut engine = Engine::new(capabilities("local exceptions"));
    let _ = engine.meet_code(F, FakeStack::code("/m.py", "f", &[10, 11, 12]));
    let _ = engine.add_breakpoint(breakpoint(11));
    let expected = PlanChange { local: vec![(F, LATER_LINE)], new_code: Some(true), ..PlanChange::default() };
    assert_eq!(engine.take_plan_change(), Some(expected));
    assert_eq!(engine.take_plan_change(), None);
    engine.remove_breakpoint(BreakpointId(1)).expect("it is there");
    let expected = PlanChange { local: vec![(F, EventSet::EMPTY)], new_code: Some(false), ..PlanChange::default() };
    assert_eq!(engine.take_plan_change(), Some(expected));
}

#[test]
fn only_the_line_that_code_starts_with_needs_its_start() {
    let mut engine = Engine::new(capabilities("local exceptions"));
    let _ = engine.meet_code(ONE, FakeStack::code("/m.py", "one", &[10]));
    let _ = engine.add_breakpoint(breakpoint(10));
    let change = engine.take_plan_change().expect("the breakpoint is bound");
    assert_eq!(change.local, vec![(ONE, LINE)]);
}

#[test]
fn a_step_over_wants_nothing_global_where_exceptions_are_local() {
    let over = StepGoal::Over { frame: FrameId(1) };
    let change = step(&mut Engine::new(capabilities("local exceptions")), over);
    assert_eq!(change, PlanChange { local: vec![(F, LINE | FRAME)], ..PlanChange::default() });
    let exceptions = EventSet::of(&[EventKind::Unwind, EventKind::Raise]);
    let change = step(&mut Engine::new(capabilities("global exceptions")), over);
    assert_eq!((change.global, change.local), (Some(exceptions), vec![(F, (LINE | FRAME) & !exceptions)]));
}

#[test]
fn a_step_into_wants_to_hear_of_new_frames_until_it_ends() {
    let mut engine = Engine::new(capabilities("local exceptions"));
    let change = step(&mut engine, StepGoal::Into);
    let in_frame = LINE | FRAME | EventSet::of(&[EventKind::Yield]);
    assert_eq!((change.global, change.local), (Some(ENTER), vec![(F, in_frame)]));
    let decision = engine.on_event(&event(EventKind::Line, F, 12), &stack());
    assert!(matches!(decision, Decision::Stop(stop) if stop.reason == StopReason::Step(StepEnd::Line)));
    let change = engine.take_plan_change().expect("the step is over");
    assert_eq!((change.global, change.local), (Some(EventSet::EMPTY), vec![(F, EventSet::EMPTY)]));
}

#[test]
fn a_start_that_only_met_code_is_disabled_until_a_step_wants_it() {
    let mut engine = Engine::new(capabilities("no code watcher"));
    let _ = engine.add_breakpoint(breakpoint(11));
    let change = engine.take_plan_change().expect("new code is wanted");
    assert_eq!(change.global, Some(EventSet::of(&[EventKind::Start])));
    assert_eq!(engine.on_event(&event(EventKind::Start, LIB, 30), &stack()), Decision::Disable);
    // This one has the line: it is bound, and armed from now on.
    assert_eq!(engine.on_event(&event(EventKind::Start, F, 10), &stack()), Decision::Continue);
    assert_eq!(engine.take_bound(), [BreakpointId(1)]);
    assert_eq!(engine.take_bound(), []);
    let change = engine.take_plan_change().expect("the breakpoint is bound");
    assert_eq!((change.local, change.restart), (vec![(F, LATER_LINE)], false));
    assert_eq!(engine.on_event(&event(EventKind::Start, F, 10), &stack()), Decision::Continue);
    assert!(step(&mut engine, StepGoal::Into).restart);
}

#[test]
fn a_start_that_was_disabled_is_needed_when_its_code_is_armed() {
    let mut engine = Engine::new(capabilities("no code watcher"));
    let _ = engine.add_breakpoint(breakpoint(99));
    drop(engine.take_plan_change());
    let mut stack = stack();
    stack.define(ONE, FakeStack::code("/m.py", "one", &[10]));
    assert_eq!(engine.on_event(&event(EventKind::Start, ONE, 10), &stack), Decision::Disable);
    let _ = engine.add_breakpoint(breakpoint(10));
    let change = engine.take_plan_change().expect("the breakpoint is bound");
    assert_eq!((change.local, change.restart), (vec![(ONE, LINE)], true));
}

#[test]
fn catchpoints_want_only_what_they_need() {
    #[track_caller]
    fn check(when: CatchWhen, kinds: &[EventKind]) {
        let mut engine = Engine::new(capabilities("local exceptions"));
        let _ = engine.add_catch(CatchSpec { when, types: Vec::new(), condition: None, temporary: false });
        let expected = PlanChange { global: Some(EventSet::of(kinds)), ..PlanChange::default() };
        assert_eq!(engine.take_plan_change(), Some(expected));
    }
    check(CatchWhen::Raised, &[EventKind::Raise, EventKind::Unwind]);
    check(CatchWhen::LeavesUserCode, &[EventKind::Unwind]);
    check(CatchWhen::Uncaught, &[EventKind::Unwind]);
}

#[test]
fn only_uncaught_exceptions_need_no_other_unwinds() {
    let catch = |when| CatchSpec { when, types: Vec::new(), condition: None, temporary: false };
    let mut engine = Engine::new(capabilities("local exceptions"));
    assert!(!engine.wants_last_unwinds_only());
    let _ = engine.add_catch(catch(CatchWhen::Uncaught));
    assert!(engine.wants_last_unwinds_only());
    engine.resume(THREAD, &Resume::Step(StepGoal::Into), &stack());
    assert!(!engine.wants_last_unwinds_only());
    engine.resume(THREAD, &Resume::Continue, &stack());
    assert!(engine.wants_last_unwinds_only());
    let other = engine.add_catch(catch(CatchWhen::LeavesUserCode));
    assert!(!engine.wants_last_unwinds_only());
    assert!(engine.remove_catch(other.id).is_ok());
    assert!(engine.wants_last_unwinds_only());
}

#[test]
fn ticks_count_the_code_that_is_let_in() {
    let mut engine = Engine::new(capabilities("settrace"));
    engine.set_just_my_code(true, vec![Arc::from("/lib")]);
    for kind in [EventKind::Start, EventKind::Line, EventKind::Instruction, EventKind::Raise, EventKind::Unwind] {
        let _ = engine.on_event(&event(kind, F, 11), &stack());
        let _ = engine.on_event(&event(kind, LIB, 31), &stack());
    }
    assert_eq!(engine.tick(THREAD), Tick(3));
    assert_eq!(engine.tick(ThreadId(9)), Tick(0));
}

/// A code object that was met before it ran had no module; a skip pattern must see the one it turns out to have.
#[test]
fn the_module_is_asked_for_when_the_code_runs() {
    let mut engine = Engine::new(capabilities("local exceptions"));
    engine.set_skips(vec!["pkg.*".to_owned()]);
    let _ = engine.meet_code(F, FakeStack::code("/m.py", "f", &[10, 11, 12]));
    assert!(!engine.is_skipped(F));
    let mut stack = stack();
    let mut info = FakeStack::code("/m.py", "f", &[10, 11, 12]);
    info.module = Some(Arc::from("pkg.mod"));
    assert!(engine.would_skip(&info));
    stack.define(F, info);
    let _ = engine.on_event(&event(EventKind::Line, F, 11), &stack);
    assert!(engine.is_skipped(F));
}
