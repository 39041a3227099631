//! What counts as a hit, what stops, and what is used up: bdb's rules, as tables of crossings of one line.

use std::sync::Arc;

use rdb_core::breakpoint::{BreakpointChange, BreakpointSpec, Lifetime, Site, Target};
use rdb_core::code::CodeKind;
use rdb_core::engine::{Answer, Decision, Engine, EngineError, Question};
use rdb_core::event::{Event, EventKind, ExceptionTraits};
use rdb_core::ids::{BreakpointId, CodeId, FrameId, ThreadId};
use rdb_core::stop::{Resume, Stop, StopReason};
use rdb_core::testing::FakeStack;

use crate::model::backend::profiles;

const CODE: CodeId = CodeId(7);

fn engine() -> Engine {
    Engine::new(profiles()[0].1)
}

fn line(line: u32) -> BreakpointSpec {
    BreakpointSpec::new(Target::Line { path: Arc::from("/m.py"), line })
}

fn conditional(condition: &str) -> BreakpointSpec {
    BreakpointSpec { condition: Some(Arc::from(condition)), ..line(11) }
}

fn temporary(spec: BreakpointSpec) -> BreakpointSpec {
    BreakpointSpec { lifetime: Lifetime::Temporary, ..spec }
}

/// An engine that knows a function with the lines 11 and 12, and has these breakpoints.
fn engine_with(specs: &[BreakpointSpec]) -> Engine {
    let mut engine = engine();
    let _ = engine.meet_code(CODE, FakeStack::code("/m.py", "f", &[10, 11, 12]));
    for spec in specs {
        let _ = engine.add_breakpoint(spec.clone());
    }
    drop(engine.take_plan_change());
    engine
}

/// Runs line 11 in a thread. The condition `yes` is true, `no` is not, all others fail.
fn cross(engine: &mut Engine, thread: u64) -> Option<Stop> {
    let mut stack = FakeStack::new();
    stack.push(FrameId(1), CODE, Some(11));
    let thread = ThreadId(thread);
    let exception = ExceptionTraits::default();
    let event = Event { kind: EventKind::Line, thread, code: CODE, line: Some(11), offset: None, exception };
    let mut decision = engine.on_event(&event, &stack);
    while let Decision::Evaluate(pending) = decision {
        let answer = match &pending.question {
            Question::Condition(text) if &**text == "yes" => Answer::True,
            Question::Condition(text) if &**text == "no" => Answer::False,
            _ => Answer::Failed(Arc::from("NameError: oops")),
        };
        decision = engine.on_answer(pending, answer, &stack);
    }
    let Decision::Stop(stop) = decision else { return None };
    engine.resume(thread, &Resume::Continue, &stack);
    Some(stop)
}

/// Crosses the line as often as `expected` is long, and compares which breakpoints stop each time (empty: none) and how
/// often each was hit in the end.
#[track_caller]
fn check(mut engine: Engine, expected: &[&[u32]], hits: &[u32]) {
    for (crossing, ids) in expected.iter().enumerate() {
        let stopped = match cross(&mut engine, 1).map(|stop| stop.reason) {
            None => Vec::new(),
            Some(StopReason::Breakpoint { ids, .. }) => ids.into_iter().map(|BreakpointId(id)| id).collect(),
            Some(other) => panic!("{other:?}"),
        };
        assert_eq!(stopped, *ids, "crossing {crossing}");
    }
    let counted: Vec<u32> = engine.breakpoints().iter().map(|info| info.hits).collect();
    assert_eq!(counted, hits);
}

#[test]
fn every_crossing_of_an_enabled_breakpoint_is_a_hit() {
    check(engine_with(&[line(11)]), &[&[1], &[1]], &[2]);
    check(engine_with(&[line(12)]), &[&[], &[]], &[0]);
    check(engine_with(&[conditional("no")]), &[&[], &[]], &[2]);
    check(engine_with(&[conditional("yes"), conditional("no"), line(11)]), &[&[1, 3]], &[1, 1, 1]);
}

#[test]
fn a_disabled_breakpoint_is_not_reached() {
    let mut engine = engine_with(&[line(11)]);
    engine.change_breakpoint(BreakpointId(1), BreakpointChange::Disable).expect("it is there");
    assert_eq!(cross(&mut engine, 1), None);
    engine.change_breakpoint(BreakpointId(1), BreakpointChange::Enable).expect("it is there");
    check(engine, &[&[1]], &[1]);
}

#[test]
fn ignore_counts_only_what_would_have_stopped() {
    let ignoring = |spec: BreakpointSpec, count| {
        let mut engine = engine_with(&[spec]);
        engine.change_breakpoint(BreakpointId(1), BreakpointChange::Ignore(count)).expect("it is there");
        engine
    };
    check(ignoring(line(11), 2), &[&[], &[], &[1], &[1]], &[4]);
    check(ignoring(conditional("yes"), 1), &[&[], &[1]], &[2]);
    let mut engine = ignoring(conditional("no"), 1);
    assert_eq!(cross(&mut engine, 1), None);
    engine.change_breakpoint(BreakpointId(1), BreakpointChange::Condition(None)).expect("it is there");
    check(engine, &[&[], &[1]], &[3]);
    // A condition that fails stops whatever is to be ignored.
    check(ignoring(conditional("bad"), 5), &[&[1], &[1]], &[2]);
}

#[test]
fn a_temporary_breakpoint_is_used_up_by_its_stop() {
    let mut engine = engine_with(&[temporary(line(11)), line(11)]);
    let stop = cross(&mut engine, 1).expect("it stops");
    assert_eq!(stop.deleted.iter().map(|info| info.id).collect::<Vec<_>>(), [BreakpointId(1)]);
    assert_eq!(engine.breakpoint(BreakpointId(1)), Err(EngineError::DeletedBreakpoint(BreakpointId(1))));
    check(engine, &[&[2]], &[2]);
    check(engine_with(&[temporary(conditional("no"))]), &[&[], &[]], &[2]);
    // Unlike in bdb, one behind another is reached too.
    check(engine_with(&[line(11), temporary(line(11))]), &[&[1, 2], &[1]], &[2]);
}

#[test]
fn a_condition_that_fails_stops_and_uses_nothing_up() {
    let mut engine = engine_with(&[temporary(conditional("bad"))]);
    let stop = cross(&mut engine, 1).expect("it stops");
    let error = Some(Arc::from("NameError: oops"));
    assert_eq!(stop.reason, StopReason::Breakpoint { ids: vec![BreakpointId(1)], error });
    assert_eq!(stop.deleted, []);
    check(engine, &[&[1]], &[2]);
}

#[test]
fn a_breakpoint_of_one_thread_is_not_reached_by_others() {
    let mut engine = engine_with(&[BreakpointSpec { thread: Some(ThreadId(2)), ..line(11) }]);
    assert_eq!(cross(&mut engine, 1), None);
    assert!(cross(&mut engine, 2).is_some());
    check(engine, &[&[]], &[1]);
}

#[test]
fn internal_breakpoints_have_no_number_of_the_users() {
    let mut engine = engine_with(&[BreakpointSpec { internal: true, ..line(11) }, line(12)]);
    assert_eq!(engine.last_breakpoint(), 1);
    assert_eq!(engine.breakpoints().len(), 1);
    assert!(cross(&mut engine, 1).is_some());
    assert_eq!(cross(&mut engine, 1), None);
}

#[test]
fn numbers_are_never_used_again() {
    let mut engine = engine_with(&[line(11), line(12)]);
    let removed = engine.remove_breakpoint(BreakpointId(2)).expect("it is there");
    assert_eq!(removed.spec, line(12));
    assert_eq!(engine.remove_breakpoint(BreakpointId(2)), Err(EngineError::DeletedBreakpoint(BreakpointId(2))));
    assert_eq!(engine.remove_breakpoint(BreakpointId(9)), Err(EngineError::NoBreakpoint(BreakpointId(9))));
    assert_eq!(engine.remove_breakpoint(BreakpointId(0)), Err(EngineError::NoBreakpoint(BreakpointId(0))));
    assert_eq!(engine.add_breakpoint(line(12)).id, BreakpointId(3));
    assert_eq!(engine.last_breakpoint(), 3);
}

#[test]
fn a_breakpoint_is_pending_until_its_file_is_met() {
    let mut engine = engine();
    assert!(!engine.wants_path("/m.py"));
    assert_eq!(engine.add_breakpoint(line(11)).sites, []);
    assert!(engine.wants_path("/m.py") && !engine.wants_path("/other.py"));
    assert_eq!(engine.take_plan_change().map(|change| (change.new_code, change.local)), Some((Some(true), vec![])));

    let other_lines = FakeStack::code("/m.py", "g", &[20, 21]);
    assert_eq!(engine.meet_code(CodeId(1), other_lines), []);
    assert_eq!(engine.meet_code(CODE, FakeStack::code("/m.py", "f", &[10, 11, 12])), [BreakpointId(1)]);
    assert_eq!(engine.meet_code(CODE, FakeStack::code("/m.py", "f", &[10, 11, 12])), []);
    // Imported again: bound in both, but no longer pending.
    assert_eq!(engine.meet_code(CodeId(9), FakeStack::code("/m.py", "f", &[10, 11, 12])), []);
    let sites = [Site { code: CODE, line: 11 }, Site { code: CodeId(9), line: 11 }];
    assert_eq!(engine.breakpoint(BreakpointId(1)).map(|info| info.sites), Ok(sites.to_vec()));

    engine.forget_code(CODE);
    engine.forget_code(CodeId(9));
    assert_eq!(engine.breakpoint(BreakpointId(1)).map(|info| info.sites), Ok(vec![]));
    engine.remove_breakpoint(BreakpointId(1)).expect("it is there");
    assert!(!engine.wants_path("/m.py"));
}

#[test]
fn a_code_object_whose_file_is_corrected_is_bound_anew() {
    let mut engine = engine();
    let _ = engine.add_breakpoint(line(11));
    assert_eq!(engine.meet_code(CODE, FakeStack::code("/old.py", "f", &[10, 11])), []);
    assert_eq!(engine.meet_code(CODE, FakeStack::code("/m.py", "f", &[10, 11])), [BreakpointId(1)]);
    assert_eq!(engine.meet_code(CODE, FakeStack::code("/old.py", "f", &[10, 11])), []);
    assert_eq!(engine.breakpoint(BreakpointId(1)).map(|info| info.sites), Ok(vec![]));
}

#[test]
fn a_function_is_bound_where_its_body_begins() {
    let function = |qualname: &str| {
        BreakpointSpec::new(Target::Function { path: Arc::from("/m.py"), qualname: Arc::from(qualname), line: 10 })
    };
    let mut engine = engine_with(&[function("f"), function("C.f")]);
    let sites = |engine: &Engine, id| engine.breakpoint(BreakpointId(id)).map(|info| info.sites);
    assert_eq!(sites(&engine, 1), Ok(vec![Site { code: CODE, line: 11 }]));
    assert_eq!(sites(&engine, 2), Ok(vec![]));
    // A body that begins with a line without code, such as a docstring.
    let mut method = FakeStack::code("/m.py", "C.f", &[30, 33, 34]);
    method.body_line = 32;
    assert_eq!(engine.meet_code(CodeId(8), method), [BreakpointId(2)]);
    assert_eq!(sites(&engine, 2), Ok(vec![Site { code: CodeId(8), line: 33 }]));
    // A class body of that name is no function.
    let mut class = FakeStack::code("/m.py", "f", &[40, 41]);
    class.kind = CodeKind::Class;
    let _ = engine.meet_code(CodeId(9), class);
    assert_eq!(sites(&engine, 1).map(|sites| sites.len()), Ok(1));
}

#[test]
fn other_lines_are_disabled_and_armed_again_when_they_are_wanted() {
    let mut engine = engine_with(&[line(12)]);
    let mut stack = FakeStack::new();
    stack.push(FrameId(1), CODE, Some(11));
    let exception = ExceptionTraits::default();
    let event =
        Event { kind: EventKind::Line, thread: ThreadId(1), code: CODE, line: Some(11), offset: None, exception };
    assert_eq!(engine.on_event(&event, &stack), Decision::Disable);
    assert!(matches!(engine.on_event(&Event { line: Some(12), ..event }, &stack), Decision::Stop(_)));
    engine.resume(ThreadId(1), &Resume::Continue, &stack);
    assert_eq!(engine.take_plan_change(), None);
    let _ = engine.add_breakpoint(line(11));
    let change = engine.take_plan_change().expect("the line is wanted now");
    assert_eq!((change.rearm, change.local, change.restart), (vec![CODE], vec![], false));
}
