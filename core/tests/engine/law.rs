//! The filtering law: a run that hears only the planned events stops exactly where a run that hears everything does.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use rdb_core::breakpoint::{BreakpointChange, BreakpointSpec, Lifetime, Target};
use rdb_core::catch::{CatchSpec, CatchWhen};
use rdb_core::engine::{Answer, Engine, Question};
use rdb_core::ids::FrameId;
use rdb_core::mutant::Mutant;
use rdb_core::plan::Capabilities;
use rdb_core::stack::StackView;
use rdb_core::stop::{Resume, StepGoal, Stop, StopReason};

use crate::model::backend::{Backend, profiles};
use crate::model::machine::{Effect, Machine};
use crate::model::{Session, User, thread_id};
use crate::program::{Author, Choice, Happening, NewException, THREADS, codes};

/// A program, and what the user does at the stops.
#[derive(Clone, Debug)]
struct Case {
    choices: Vec<Choice>,
    commands: Vec<(u8, u8)>,
    mood: Mood,
    stack_knows_new_exceptions: bool,
}

/// What the user mostly does when the program is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Steps,
    /// So that threads cross breakpoints at gates, which steps close.
    Continues,
}

/// What the law compares.
#[derive(Debug, PartialEq, Eq)]
struct Outcome {
    log: Vec<String>,
    breakpoints: Vec<String>,
}

fn case() -> impl Strategy<Value = Case> {
    let choice = (any::<u8>(), any::<u8>(), any::<u8>());
    let choice = choice.prop_map(|(thread, what, argument)| Choice { thread: thread / 86, what, argument });
    let choices = proptest::collection::vec(choice, 20..160);
    let commands = proptest::collection::vec(any::<(u8, u8)>(), 10..60);
    let mood = prop_oneof![Just(Mood::Steps), Just(Mood::Continues)];
    (choices, commands, mood, any::<bool>()).prop_map(|(choices, commands, mood, stack_knows_new_exceptions)| Case {
        choices,
        commands,
        mood,
        stack_knows_new_exceptions,
    })
}

/// How many events were delivered, and how many of these ended at a gate.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    delivered: usize,
    passed: usize,
}

/// Runs a case, and returns what happened and how many events were delivered.
fn run(case: &Case, engine: Engine, backend: Backend) -> (Outcome, Counted) {
    let mut machine = Machine::new(codes(), THREADS);
    machine.knows_new_exceptions = case.stack_knows_new_exceptions;
    let mut session = Session::new(engine, backend, machine);
    let mut user = RandomUser { commands: case.commands.clone(), mood: case.mood, next: 0 };
    let mut author = Author::default();
    session.engine.stop_at_entry(Machine::code_id(0));
    session.arm();
    for &choice in &case.choices {
        let thread = usize::from(choice.thread) % THREADS;
        if let Some(happening) = author.happening(choice, &session.machine) {
            happen(&mut session, thread, happening, &mut user);
        }
    }
    let breakpoints = session.engine.breakpoints().iter().map(|point| format!("{point:?}")).collect();
    (
        Outcome { log: session.log, breakpoints },
        Counted { delivered: session.backend.delivered, passed: session.passed },
    )
}

fn happen(session: &mut Session, thread: usize, happening: Happening, user: &mut RandomUser) {
    match happening {
        Happening::Op(op, new) => {
            session.machine.set_new_exception(new == NewException::Yes);
            session.perform(thread, op, user);
        }
        Happening::Pause(thread) => session.engine.pause(thread.map(thread_id)),
        Happening::ThreadEnds => session.engine.thread_ended(thread_id(thread)),
        Happening::StopNow => {
            let frame = session.machine.view(thread).frame();
            let stop = session.engine.stop_now(thread_id(thread), frame, StopReason::Trace);
            session.serve(&stop, thread, user);
        }
        Happening::StopInFrame => {
            let view = session.machine.view(thread);
            session.engine.stop_in_frame(thread_id(thread), view.frame(), &view);
        }
    }
    session.arm();
}

/// A user who does random things at each stop.
struct RandomUser {
    commands: Vec<(u8, u8)>,
    mood: Mood,
    next: usize,
}

impl RandomUser {
    fn command(&mut self) -> (u8, u8) {
        let command = self.commands[self.next % self.commands.len()];
        self.next += 1;
        command
    }
}

impl User for RandomUser {
    fn stopped(&mut self, stop: &Stop, thread: usize, session: &mut Session) -> Resume {
        let top = session.machine.top(thread).expect("a stop has a frame");
        // The tick counts what was delivered, and may differ.
        let Stop { reason, deleted, frame, .. } = stop;
        let moment = session.moment;
        session.log.push(format!(
            "{moment}: thread {thread} code {} line {} {frame:?} {reason:?} {deleted:?}",
            top.code, top.line
        ));
        for _ in 0..self.command().0 % 3 {
            let (what, argument) = self.command();
            edit(what, argument, session);
            session.arm();
        }
        let (what, argument) = self.command();
        if self.mood == Mood::Continues && !argument.is_multiple_of(4) {
            return Resume::Continue;
        }
        resume(what, argument, stop, thread, session)
    }

    fn answer(&mut self, question: &Question, moment: usize) -> Answer {
        let mut hasher = DefaultHasher::new();
        (format!("{question:?}"), moment).hash(&mut hasher);
        match hasher.finish() % 7 {
            0..3 => Answer::True,
            3..6 => Answer::False,
            _ => Answer::Failed(Arc::from("NameError")),
        }
    }
}

fn resume(what: u8, argument: u8, stop: &Stop, thread: usize, session: &Session) -> Resume {
    let stack = &session.machine.stacks[thread];
    let frame = match argument {
        0..6 => FrameId(u64::from(argument)),
        6..200 => stop.frame,
        _ => stack[usize::from(argument) % stack.len()].id,
    };
    Resume::Step(match what {
        0..60 => StepGoal::Into,
        60..120 => StepGoal::Over { frame },
        120..145 => StepGoal::Out { frame },
        145..170 => StepGoal::Finish { frame },
        170..190 => StepGoal::Until { frame, line: u32::from(argument % 32) },
        190..205 => StepGoal::Advance { frame },
        205..220 => StepGoal::Instruction,
        220..250 => return Resume::Continue,
        _ => return Resume::Quit,
    })
}

fn edit(what: u8, argument: u8, session: &mut Session) {
    match what {
        0..100 => add_breakpoint(what, argument, session),
        100..140 => change_breakpoint(what, argument, session),
        140..190 => {
            let when = [CatchWhen::Raised, CatchWhen::LeavesUserCode, CatchWhen::Uncaught][usize::from(argument) % 3];
            let types = if argument & 4 == 0 { Vec::new() } else { vec![Arc::from("ValueError")] };
            let condition = (argument & 8 != 0).then(|| Arc::from("x"));
            let _ = session.engine.add_catch(CatchSpec { when, types, condition, temporary: argument & 16 != 0 });
        }
        190..210 => {
            if let Some(info) = session.engine.catches().first() {
                session.engine.remove_catch(info.id).expect("it is in the list");
            }
        }
        210..230 => {
            let globs: [&[&str]; 4] = [&[], &["lib"], &["b.*", "lib"], &["a"]];
            let globs = globs[usize::from(argument) % 4];
            session.engine.set_skips(globs.iter().map(|&glob| glob.to_owned()).collect());
        }
        230..240 => session.engine.stop_at_entry(Machine::code_id(usize::from(argument) % session.machine.codes.len())),
        _ => {}
    }
}

fn add_breakpoint(what: u8, argument: u8, session: &mut Session) {
    let codes = &session.machine.codes;
    let info = &codes[usize::from(argument) % codes.len()].info;
    let path = Arc::clone(&info.path);
    let line = info.lines[usize::from(what) % info.lines.len()];
    let target = if what.is_multiple_of(5) {
        Target::Function { path: Arc::clone(&path), qualname: Arc::clone(&info.qualname), line }
    } else {
        Target::Line { path: Arc::clone(&path), line }
    };
    let lifetime = if what.is_multiple_of(7) { Lifetime::Temporary } else { Lifetime::Permanent };
    let condition = (!what.is_multiple_of(3)).then(|| Arc::from("y"));
    let thread = (argument > 220).then(|| thread_id(usize::from(argument) % THREADS));
    let _ = session.engine.add_breakpoint(BreakpointSpec {
        target,
        lifetime,
        condition,
        thread,
        internal: what.is_multiple_of(11),
    });
    session.meet_existing(&path);
}

fn change_breakpoint(what: u8, argument: u8, session: &mut Session) {
    let points = session.engine.breakpoints();
    if points.is_empty() {
        return;
    }
    let id = points[usize::from(argument) % points.len()].id;
    let change = match what % 5 {
        0 => BreakpointChange::Enable,
        1 => BreakpointChange::Disable,
        2 => BreakpointChange::Condition((argument < 128).then(|| Arc::from("z"))),
        3 => BreakpointChange::Ignore(u32::from(argument % 8)),
        _ => {
            session.engine.remove_breakpoint(id).expect("it is in the list");
            return;
        }
    };
    session.engine.change_breakpoint(id, change).expect("it is in the list");
}

/// Runs a case with a defect, or none, in the run that hears only the planned events.
fn outcomes(case: &Case, capabilities: Capabilities, mutant: Option<Mutant>) -> (Outcome, Outcome, [Counted; 2]) {
    let engine = Engine::new(capabilities);
    let planned = match mutant {
        Some(mutant) => Engine::new(capabilities).with_mutant(mutant),
        None => Engine::new(capabilities),
    };
    let (expected, all) = run(case, engine, Backend::everything(capabilities));
    let (outcome, some) = run(case, planned, Backend::planned(capabilities));
    (expected, outcome, [all, some])
}

proptest! {
    #![proptest_config(Config { cases: 700, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_planned_events_are_enough(case in case()) {
        for (profile, capabilities) in profiles() {
            let (expected, outcome, _) = outcomes(&case, capabilities, None);
            prop_assert_eq!(outcome, expected, "{}", profile);
        }
    }
}

fn cases(count: usize) -> impl Iterator<Item = Case> {
    let mut runner = TestRunner::deterministic();
    let strategy = case();
    (0..count).map(move |_| strategy.new_tree(&mut runner).expect("the strategy rejects nothing").current())
}

/// A law that holds because nothing ever happens would be worthless.
#[test]
fn the_cases_stop_often_and_for_every_reason() {
    let mut log = String::new();
    for case in cases(400) {
        log.push_str(&run(&case, Engine::new(profiles()[0].1), Backend::planned(profiles()[0].1)).0.log.join("\n"));
    }
    for word in [
        "Entry",
        "Breakpoint",
        "Exception {",
        "Pause",
        "Trace",
        "Step(Line)",
        "Step(Call)",
        "Step(Return)",
        "Step(Exception)",
        "Step(Instruction)",
        "Step(Finished)",
        "keep",
        "NameError",
    ] {
        let count = log.matches(word).count();
        assert!(count >= 10, "only {count} times {word} in 400 cases");
    }
}

#[test]
fn the_plan_leaves_events_out() {
    for (profile, capabilities) in profiles() {
        let counts = cases(100).map(|case| outcomes(&case, capabilities, None).2);
        let [all, some] = counts.fold([0, 0], |[all, some], [a, b]| [all + a.delivered, some + b.delivered]);
        assert!(some * 10 < all * 9, "{profile}: {some} of {all} events were delivered");
    }
}

#[test]
fn many_crossings_end_at_a_gate() {
    let capabilities = profiles()[0].1;
    let passed = cases(400).map(|case| run(&case, Engine::new(capabilities), Backend::planned(capabilities)).1.passed);
    let passed: usize = passed.sum();
    assert!(passed > 40, "only {passed} crossings in 400 cases");
}

#[test]
fn every_mutant_breaks_the_law() {
    for &mutant in Mutant::ALL {
        let caught = cases(1500).any(|case| {
            profiles().iter().any(|&(_, capabilities)| {
                let (expected, outcome, _) = outcomes(&case, capabilities, Some(mutant));
                expected != outcome
            })
        });
        assert!(caught, "nobody noticed {mutant:?}");
    }
}

/// Events may come in any order, also in one that no interpreter would produce.
#[test]
fn the_engine_survives_what_cannot_be() {
    for case in cases(100) {
        let capabilities = profiles()[0].1;
        let mut machine = Machine::new(codes(), THREADS);
        let mut engine = Engine::new(capabilities);
        for &Choice { thread, what, argument } in &case.choices {
            let thread = usize::from(thread) % THREADS;
            if machine.top(thread).is_none() {
                let code = usize::from(what) % machine.codes.len();
                machine.begin(thread, crate::model::machine::Op::Start(code));
            }
            let Effect::Event(mut raw) = machine.begin(thread, crate::model::machine::Op::Instruction) else {
                continue;
            };
            let kinds = rdb_core::event::EventKind::ALL;
            raw.event.kind = kinds[usize::from(what) % kinds.len()];
            raw.event.line = (!argument.is_multiple_of(3)).then_some(u32::from(argument));
            let mut decision = engine.on_event(&raw.event, &machine.view(thread));
            while let rdb_core::engine::Decision::Evaluate(pending) = decision {
                engine.forget_code(raw.event.code);
                decision = engine.on_answer(pending, Answer::True, &machine.view(thread));
            }
            if let rdb_core::engine::Decision::Stop(stop) = decision {
                let goal = StepGoal::Over { frame: FrameId(u64::from(argument)) };
                engine.resume(stop.thread, &Resume::Step(goal), &machine.view(thread));
            } else if argument.is_multiple_of(4) {
                engine.resume(raw.event.thread, &Resume::Step(StepGoal::Into), &machine.view(thread));
            }
            if argument.is_multiple_of(7) {
                engine.forget_code(raw.event.code);
                engine.thread_ended(raw.event.thread);
            }
            drop(engine.take_plan_change());
        }
    }
}
