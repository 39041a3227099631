//! Gates: a thread that crosses breakpoints without the engine leaves the same counts, and stops where it would have.

use std::sync::Arc;

use rdb_core::breakpoint::{BreakpointChange, BreakpointSpec, Target};
use rdb_core::engine::{Answer, Decision, Engine, Question};
use rdb_core::event::{Event, EventKind, ExceptionTraits};
use rdb_core::gate::{Gates, Passage};
use rdb_core::ids::{BreakpointId, CodeId, FrameId, ThreadId};
use rdb_core::stop::{Resume, StepGoal, StopReason};
use rdb_core::testing::FakeStack;

use crate::model::backend::profiles;

const CODE: CodeId = CodeId(7);
const THREAD: ThreadId = ThreadId(1);

fn line(line: u32, condition: Option<&str>) -> BreakpointSpec {
    let target = Target::Line { path: Arc::from("/m.py"), line };
    BreakpointSpec { condition: condition.map(Arc::from), ..BreakpointSpec::new(target) }
}

fn stack() -> FakeStack {
    let mut stack = FakeStack::new();
    stack.push(FrameId(1), CODE, Some(11));
    stack
}

fn event(line: u32) -> Event {
    let exception = ExceptionTraits::default();
    Event { kind: EventKind::Line, thread: THREAD, code: CODE, line: Some(line), offset: None, exception }
}

/// An engine that knows a function with the lines 11 and 12, and has these breakpoints.
fn engine_with(specs: &[BreakpointSpec]) -> Engine {
    let mut engine = Engine::new(profiles()[0].1);
    let _ = engine.meet_code(CODE, FakeStack::code("/m.py", "f", &[10, 11, 12]));
    for spec in specs {
        let _ = engine.add_breakpoint(spec.clone());
    }
    drop(engine.take_plan_change());
    engine
}

/// Crosses a line by way of the engine. No condition is true.
fn cross(engine: &mut Engine, line: u32) -> Decision {
    let mut decision = engine.on_event(&event(line), &stack());
    while let Decision::Evaluate(pending) = decision {
        decision = engine.on_answer(pending, Answer::False, &stack());
    }
    decision
}

/// Crosses line 11, and returns the gates that this brings.
fn gates(engine: &mut Engine) -> Arc<Gates> {
    assert_eq!(cross(engine, 11), Decision::Continue);
    drop(engine.take_plan_change());
    let changes = engine.take_gates();
    let [(CODE, Some(gates))] = changes.as_slice() else { panic!("{changes:?}") };
    Arc::clone(gates)
}

fn pass(gates: &Gates, line: u32, answer: &Answer) -> Passage {
    gates.cross(line, || THREAD, |_| answer.clone())
}

fn hits(engine: &Engine) -> Vec<(u32, u32)> {
    engine.breakpoints().iter().map(|info| (info.hits, info.ignore)).collect()
}

#[test]
fn a_crossing_at_a_gate_is_counted() {
    let mut engine = engine_with(&[line(11, Some("x")), line(11, None), line(12, None)]);
    engine.change_breakpoint(BreakpointId(2), BreakpointChange::Ignore(4)).expect("it is there");
    let gates = gates(&mut engine);
    assert_eq!(gates.conditions(), [Arc::from("x")]);
    assert_eq!(hits(&engine), [(1, 0), (1, 3), (0, 0)]);
    for _ in 0..3 {
        assert_eq!(pass(&gates, 11, &Answer::False), Passage::Passed);
    }
    assert_eq!(hits(&engine), [(4, 0), (4, 0), (0, 0)]);
    assert_eq!(pass(&gates, 10, &Answer::False), Passage::Closed);
}

#[test]
fn what_stops_at_a_gate_stops_in_the_engine() {
    let mut engine = engine_with(&[line(11, Some("x")), line(11, Some("y")), line(11, Some("x"))]);
    let gates = gates(&mut engine);
    assert_eq!(gates.conditions(), [Arc::from("x"), Arc::from("y")]);
    let passage = gates.cross(11, || THREAD, |number| if number == 1 { Answer::True } else { Answer::False });
    let Passage::Stopped(at) = passage else { panic!("{passage:?}") };
    let mut decision = engine.on_stopped_at_gate(&event(11), at, &stack());
    // The engine goes on with the breakpoints behind it.
    while let Decision::Evaluate(pending) = decision {
        assert_eq!(pending.question, Question::Condition(Arc::from("x")));
        decision = engine.on_answer(pending, Answer::Failed(Arc::from("NameError: x")), &stack());
    }
    let Decision::Stop(stop) = decision else { panic!("{decision:?}") };
    let (ids, error) = (vec![BreakpointId(2), BreakpointId(3)], Some(Arc::from("NameError: x")));
    assert_eq!(stop.reason, StopReason::Breakpoint { ids, error });
    assert_eq!(hits(&engine), [(2, 0), (2, 0), (2, 0)]);
}

#[test]
fn a_breakpoint_that_goes_while_its_condition_is_evaluated_does_not_stop() {
    let mut engine = engine_with(&[line(11, Some("x"))]);
    engine.change_breakpoint(BreakpointId(1), BreakpointChange::Ignore(1)).expect("it is there");
    let gates = gates(&mut engine);
    let disables = |_| {
        engine.change_breakpoint(BreakpointId(1), BreakpointChange::Disable).expect("it is there");
        Answer::True
    };
    assert_eq!(gates.cross(11, || THREAD, disables), Passage::Passed);
    assert_eq!(hits(&engine), [(2, 1)]);
    // As when it stops at the gate, and goes before the engine hears of it.
    let mut engine = engine_with(&[line(11, Some("x"))]);
    let gates = self::gates(&mut engine);
    let Passage::Stopped(at) = pass(&gates, 11, &Answer::True) else { panic!("it is true") };
    engine.remove_breakpoint(BreakpointId(1)).expect("it is there");
    assert!(!matches!(engine.on_stopped_at_gate(&event(11), at, &stack()), Decision::Stop(_)));
}

#[test]
fn gates_are_withdrawn_when_a_breakpoint_changes() {
    let changes: [fn(&mut Engine); 5] = [
        |engine| drop(engine.change_breakpoint(BreakpointId(1), BreakpointChange::Condition(None))),
        |engine| drop(engine.change_breakpoint(BreakpointId(1), BreakpointChange::Disable)),
        |engine| drop(engine.remove_breakpoint(BreakpointId(1))),
        |engine| drop(engine.add_breakpoint(line(12, None))),
        |engine| drop(engine.meet_code(CODE, FakeStack::code("/other.py", "f", &[10, 11]))),
    ];
    for change in changes {
        let mut engine = engine_with(&[line(11, Some("x"))]);
        let _gates = gates(&mut engine);
        change(&mut engine);
        let withdrawn = engine.take_gates();
        assert!(matches!(withdrawn.as_slice(), [(CODE, None)]), "{withdrawn:?}");
    }
}

#[test]
fn gates_are_closed_while_a_thread_steps_or_is_to_stop() {
    let wants: [fn(&mut Engine); 4] = [
        |engine| engine.resume(ThreadId(2), &Resume::Step(StepGoal::Into), &stack()),
        |engine| engine.pause(None),
        |engine| engine.pause(Some(ThreadId(3))),
        |engine| engine.stop_at_entry(CodeId(9)),
    ];
    for want in wants {
        let mut engine = engine_with(&[line(11, Some("x"))]);
        let gates = gates(&mut engine);
        assert_eq!(pass(&gates, 11, &Answer::False), Passage::Passed);
        want(&mut engine);
        drop(engine.take_plan_change());
        assert_eq!(pass(&gates, 11, &Answer::False), Passage::Closed);
        engine.resume(ThreadId(2), &Resume::Detach, &stack());
        drop(engine.take_plan_change());
    }
}

#[test]
fn a_breakpoint_for_one_thread_is_not_reached_by_others() {
    let mut engine = engine_with(&[BreakpointSpec { thread: Some(ThreadId(2)), ..line(11, None) }]);
    let gates = gates(&mut engine);
    assert_eq!(pass(&gates, 11, &Answer::True), Passage::Passed);
    assert_eq!(hits(&engine), [(0, 0)]);
    assert!(matches!(gates.cross(11, || ThreadId(2), |_| Answer::True), Passage::Stopped(_)));
}

#[test]
fn a_breakpoint_that_only_stops_needs_no_gate() {
    let mut engine = engine_with(&[line(11, None)]);
    assert!(matches!(cross(&mut engine, 11), Decision::Stop(_)));
    assert_eq!(engine.take_gates().len(), 0);
}
