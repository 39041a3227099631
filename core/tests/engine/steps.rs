//! What each step command does in each situation, as tables. Every case runs on every profile of interpreter, fed only the
//! planned events, and once fed everything.
//!
//! A program is written as what it does: `>f` calls f, a number is a line, `@` a jump back onto the line, `.` an
//! instruction, `<` returns, `^` yields, `~g` goes on with the suspended g, `!g` throws into it, `*` raises, `;` ends an
//! inner iterator, `x` is left by the exception, `[1]` goes on in that thread. `si` and `ge` behind it make an exception a
//! StopIteration or GeneratorExit. Names that begin with `g` are generators, with `o` functions on one line, with `lib`
//! library code.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use rdb_core::breakpoint::{BreakpointSpec, Lifetime, Target};
use rdb_core::catch::{CatchSpec, CatchWhen};
use rdb_core::engine::{Answer, Engine, Question};
use rdb_core::event::ExceptionTraits;
use rdb_core::ids::FrameId;
use rdb_core::plan::Capabilities;
use rdb_core::stack::StackView;
use rdb_core::stop::{Resume, StepEnd, StepGoal, Stop, StopReason};

use crate::model::backend::{Backend, profiles};
use crate::model::machine::{Code, Machine, Op};
use crate::model::{Session, User};

/// Runs a program that stops at the first line of `main`, and compares all stops.
#[track_caller]
fn check(program: &str, commands: &str, expected: &str) {
    for (profile, capabilities) in profiles() {
        for backend in [Backend::planned(capabilities), Backend::everything(capabilities)] {
            assert_eq!(run(program, commands, capabilities, backend), expected, "{profile}: {program} {commands}");
        }
    }
}

fn run(program: &str, commands: &str, capabilities: Capabilities, backend: Backend) -> String {
    let script = Script::read(program);
    let machine = Machine::new(script.codes.values().cloned().collect(), 3);
    let mut session = Session::new(Engine::new(capabilities), backend, machine);
    session.engine.set_just_my_code(false, vec![Arc::from("/lib")]);
    session.engine.stop_at_entry(Machine::code_id(0));
    session.arm();
    let mut user = Commands { rest: commands.split_whitespace().collect(), stops: Vec::new() };
    user.rest.reverse();
    script.play(&mut session, &mut user);
    user.stops.join(", ")
}

struct Script<'a> {
    words: Vec<&'a str>,
    codes: IndexMap<&'a str, Code>,
}

impl<'a> Script<'a> {
    /// The code objects are made from what the program does in them.
    fn read(program: &'a str) -> Self {
        let words: Vec<&str> = program.split_whitespace().collect();
        let mut lines: IndexMap<&str, BTreeSet<u32>> = IndexMap::new();
        let mut stacks: Vec<Vec<&str>> = vec![Vec::new(); 3];
        let mut thread = 0;
        for word in &words {
            match word.split_at(1) {
                (">" | "~" | "!", name) => {
                    let name = name.split('/').next().unwrap_or(name);
                    stacks[thread].push(name);
                    lines.entry(name).or_default();
                }
                ("[", rest) => thread = rest.trim_end_matches(']').parse().expect("a thread"),
                ("<" | "^" | "x", _) => drop(stacks[thread].pop()),
                _ => {
                    if let (Ok(line), Some(name)) = (word.parse(), stacks[thread].last()) {
                        lines.entry(name).or_default().insert(line);
                    }
                }
            }
        }
        let codes = lines.into_iter().map(|(name, lines)| (name, code(name, &lines))).collect();
        Self { words, codes }
    }

    fn play(&self, session: &mut Session, user: &mut Commands<'_>) {
        let mut thread = 0;
        for word in &self.words {
            if let Some(number) = word.strip_prefix('[') {
                thread = number.trim_end_matches(']').parse().expect("a thread");
            } else {
                let op = self.op(word, session);
                session.perform(thread, op, user);
            }
        }
    }

    fn op(&self, word: &str, session: &Session) -> Op {
        let (sign, rest) = word.split_at(1);
        let (name, kind) = rest.split_once('/').unwrap_or((rest, rest));
        let exception = ExceptionTraits {
            stop_iteration: kind == "si",
            generator_exit: kind == "ge",
            quit: kind == "quit",
            internal: false,
        };
        match sign {
            ">" => Op::Start(self.number(name)),
            "~" => Op::Resume(self.suspended(name, session)),
            "!" => Op::Throw(self.suspended(name, session), exception),
            "@" => Op::Loop,
            "." => Op::Instruction,
            "<" => Op::Return,
            "^" => Op::Yield,
            "*" => Op::Raise(exception),
            ";" => Op::StopIteration,
            "x" => Op::Unwind(exception),
            _ => Op::Line(word.parse().expect("a line")),
        }
    }

    fn number(&self, name: &str) -> usize {
        self.codes.get_index_of(name).expect("a known name")
    }

    fn suspended(&self, name: &str, session: &Session) -> usize {
        let code = self.number(name);
        session.machine.suspended.iter().rposition(|frame| frame.code == code).expect("a suspended frame")
    }
}

fn code(name: &str, lines: &BTreeSet<u32>) -> Code {
    let lines: Vec<u32> = lines.iter().copied().collect();
    let path = if name.starts_with("lib") { "/lib/x.py" } else { "/m.py" };
    let mut code = Code::new(path, name, &lines);
    if name.starts_with('g') {
        code = code.generator();
    }
    if name.starts_with('o') {
        code = code.one_liner();
    }
    if name.starts_with("libboot") {
        code = code.last_resort();
    }
    code
}

struct Commands<'a> {
    rest: Vec<&'a str>,
    stops: Vec<String>,
}

impl User for Commands<'_> {
    fn stopped(&mut self, stop: &Stop, thread: usize, session: &mut Session) -> Resume {
        self.stops.push(show(stop, thread, session));
        while let Some(word) = self.rest.pop() {
            if let Some(resume) = command(word, stop, thread, session) {
                return resume;
            }
            session.arm();
        }
        Resume::Continue
    }

    fn answer(&mut self, question: &Question, _moment: usize) -> Answer {
        match question {
            Question::Condition(text) if &**text == "bad" => Answer::Failed(Arc::from("NameError: bad")),
            Question::Condition(text) if &**text == "no" => Answer::False,
            _ => Answer::True,
        }
    }
}

/// Does what a user types; None: the thread stays stopped.
fn command(word: &str, stop: &Stop, thread: usize, session: &mut Session) -> Option<Resume> {
    let (word, argument) = word.split_once('=').unwrap_or((word, ""));
    let parent = session.machine.view(thread).parent(stop.frame).unwrap_or(FrameId(0));
    let frame = stop.frame;
    let goal = match word {
        "s" => StepGoal::Into,
        "i" => StepGoal::Instruction,
        "n" => StepGoal::Over { frame },
        "upn" => StepGoal::Over { frame: parent },
        "r" => StepGoal::Out { frame },
        "upr" => StepGoal::Out { frame: parent },
        "fin" => StepGoal::Finish { frame },
        "u" => StepGoal::Until { frame, line: argument.parse().expect("a line") },
        "adv" => StepGoal::Advance { frame },
        "c" => return Some(Resume::Continue),
        "quit" => return Some(Resume::Quit),
        _ => {
            edit(word, argument, session);
            return None;
        }
    };
    Some(Resume::Step(goal))
}

fn edit(word: &str, argument: &str, session: &mut Session) {
    let catch = |when| CatchSpec { when, types: Vec::new(), condition: None, temporary: false };
    match word {
        "b" | "tb" | "ib" => {
            let (line, condition) =
                argument.split_once('?').map_or((argument, None), |(line, text)| (line, Some(text)));
            let target = Target::Line { path: Arc::from("/m.py"), line: line.parse().expect("a line") };
            let lifetime = if word == "tb" { Lifetime::Temporary } else { Lifetime::Permanent };
            let condition = condition.map(Arc::from);
            let spec = BreakpointSpec { lifetime, condition, internal: word == "ib", ..BreakpointSpec::new(target) };
            let _ = session.engine.add_breakpoint(spec);
            session.meet_existing("/m.py");
        }
        "skip" => session.engine.set_skips(vec![argument.to_owned()]),
        "jmc" => session.engine.set_just_my_code(true, vec![Arc::from("/lib")]),
        "raised" => drop(session.engine.add_catch(catch(CatchWhen::Raised))),
        "leaves" => drop(session.engine.add_catch(catch(CatchWhen::LeavesUserCode))),
        "uncaught" => drop(session.engine.add_catch(catch(CatchWhen::Uncaught))),
        "pause" => session.engine.pause(None),
        _ => panic!("unknown command {word}"),
    }
}

fn show(stop: &Stop, thread: usize, session: &Session) -> String {
    let top = session.machine.top(thread).expect("a stop has a frame");
    let name = &session.machine.codes[top.code].info.name;
    let reason = match &stop.reason {
        StopReason::Entry => "entry".to_owned(),
        StopReason::Step(StepEnd::Line) => "line".to_owned(),
        StopReason::Step(StepEnd::Call) => "call".to_owned(),
        StopReason::Step(StepEnd::Return) => "return".to_owned(),
        StopReason::Step(StepEnd::Exception) => "exception".to_owned(),
        StopReason::Step(StepEnd::Instruction) => "instruction".to_owned(),
        StopReason::Step(StepEnd::Finished) => "finished".to_owned(),
        StopReason::Breakpoint { ids, error } => {
            let ids: Vec<_> = ids.iter().map(ToString::to_string).collect();
            format!("breakpoint {}{}", ids.join("+"), if error.is_some() { " failed" } else { "" })
        }
        StopReason::Exception { id, .. } => format!("catch {id}"),
        StopReason::Pause => "pause".to_owned(),
        StopReason::Trace => "trace".to_owned(),
        StopReason::PostMortem => "post mortem".to_owned(),
    };
    let place = if thread == 0 { String::new() } else { format!("[{thread}]") };
    format!("{place}{name}:{} {reason}", top.line)
}

#[test]
fn into_stops_at_everything() {
    check(
        ">main 1 >f 11 12 < 2 <",
        "s s s s s s s",
        "main:1 entry, f:10 call, f:11 line, f:12 line, f:12 return, main:2 line, main:2 return",
    );
    // A return to the same line is no new line.
    check(
        ">main 1 >f 11 < >f 11 < 2 <",
        "s r s r s",
        "main:1 entry, f:10 call, f:11 return, f:10 call, f:11 return, main:2 line",
    );
}

#[test]
fn over_stays_in_the_frame() {
    check(">main 1 >f 11 12 < 2 3 <", "n n n n", "main:1 entry, main:2 line, main:3 line, main:3 return");
    check(
        ">main 1 >f 11 12 < 2 <",
        "s n n n n n",
        "main:1 entry, f:10 call, f:11 line, f:12 line, f:12 return, main:2 line, main:2 return",
    );
}

#[test]
fn over_does_not_stop_in_a_recursive_call() {
    check(
        ">main 1 >f 11 12 >f 11 12 >f 11 < 13 < 13 < 2 <",
        "s n n n n n",
        "main:1 entry, f:10 call, f:11 line, f:12 line, f:13 line, f:13 return, main:2 line",
    );
}

#[test]
fn over_never_repeats_its_line() {
    check(">main 1 @ @ >f 11 < @ 2 <", "n n", "main:1 entry, main:2 line, main:2 return");
    check(">main 1 2 1 2 3 <", "n n n n", "main:1 entry, main:2 line, main:1 line, main:2 line, main:3 line");
    // A statement over several lines comes back to its first.
    check(">main 1 2 3 1 4 <", "n n n n", "main:1 entry, main:2 line, main:3 line, main:1 line, main:4 line");
    // Nor does a breakpoint on it.
    check(">main 1 @ @ 2 <", "b=1 n n", "main:1 entry, main:2 line, main:2 return");
    check(">main 1 @ 2 <", "b=1 c n", "main:1 entry, main:1 breakpoint 1, main:2 line");
    check(">main 1 2 1 3 <", "b=1 u=3", "main:1 entry, main:1 breakpoint 1");
}

#[test]
fn over_in_an_older_frame_waits_for_it() {
    check(">main 1 >f 11 12 < 2 <", "s s upn", "main:1 entry, f:10 call, f:11 line, main:2 line");
    check(
        ">main 1 >f 11 >f 11 12 < 12 < 2 <",
        "s s s s upr n",
        "main:1 entry, f:10 call, f:11 line, f:10 call, f:11 line, f:12 return, main:2 line",
    );
}

#[test]
fn a_step_at_a_return_goes_to_the_caller() {
    for step in ["s", "n", "r", "adv", "u=11"] {
        check(">main 1 >f 11 < 2 <", &format!("s r {step}"), "main:1 entry, f:10 call, f:11 return, main:2 line");
    }
    check(">main 1 >f 11 < 2 <", "s r fin", "main:1 entry, f:10 call, f:11 return, main:2 finished");
    // The caller may return at once.
    check(
        ">main 1 >f 11 >h 21 < < 2 <",
        "s s s r n",
        "main:1 entry, f:10 call, f:11 line, h:20 call, h:21 return, f:11 return",
    );
}

#[test]
fn out_stops_at_the_return() {
    check(">main 1 >f 11 >h 21 < 12 < 2 <", "s r", "main:1 entry, f:10 call, f:12 return");
    check(">main 1 >f 11 * x * 2 <", "s r n", "main:1 entry, f:10 call, f:11 return, main:1 exception");
    check(">main 1 >f 11 >f 11 < 12 < 2 <", "s r", "main:1 entry, f:10 call, f:12 return");
}

#[test]
fn finish_goes_on_to_where_the_value_arrives() {
    check(">main 1 >f 11 < 2 <", "s fin", "main:1 entry, f:10 call, main:2 finished");
    check(">main 1 >f 11 >h 21 < < 2 <", "s s s fin", "main:1 entry, f:10 call, f:11 line, h:20 call, f:11 finished");
    check(">main 1 >f 11 < @ 2 <", "s fin", "main:1 entry, f:10 call, main:1 finished");
    check(">main 1 >f 11 * x * 2 <", "s fin", "main:1 entry, f:10 call, main:1 exception");
    // The oldest frame has no caller: the program runs on.
    check(">main 1 2 < >main 1 <", "fin", "main:1 entry");
}

#[test]
fn until_goes_forward_only() {
    check(">main 1 2 1 2 3 <", "n u=3 c", "main:1 entry, main:2 line, main:3 line");
    check(">main 1 2 1 <", "n u=3 c", "main:1 entry, main:2 line, main:1 return");
    check(">main 1 2 * 3 <", "n u=3", "main:1 entry, main:2 line, main:3 line");
    check(">main 1 2 3 * 4 <", "u=3 n n", "main:1 entry, main:3 line, main:3 exception, main:4 line");
    check(">main 1 >f 1 5 < 2 5 <", "u=5", "main:1 entry, main:5 line");
}

#[test]
fn advance_ends_at_its_breakpoint_or_at_the_return() {
    check(">main 1 >f 11 12 < 2 <", "ib=12 adv n", "main:1 entry, f:12 line, f:12 return");
    check(">main 1 >f 11 12 < 2 <", "s ib=3 adv n", "main:1 entry, f:10 call, f:12 return, main:2 line");
    // The breakpoint does not outlive a stop of another kind.
    check(">main 1 2 3 2 <", "ib=3 b=2 adv c", "main:1 entry, main:2 breakpoint 1, main:2 breakpoint 1");
}

#[test]
fn instruction_stops_at_the_next_one() {
    check(
        ">main 1 . . >f 11 . < . 2 <",
        "i i i i s",
        "main:1 entry, main:1 instruction, main:1 instruction, f:11 instruction, main:1 instruction, main:2 line",
    );
    check(">main 1 >lib 31 . < . 2 <", "jmc i", "main:1 entry, main:1 instruction");
    check(">main 1 >lib 31 . >f 11 . < < . 2 <", "jmc i i", "main:1 entry, f:11 instruction, main:1 instruction");
}

#[test]
fn a_generator_is_stepped_through() {
    check(
        ">main 1 >g 11 ^ 2 ~g 12 ^ 3 <",
        "s s s s s s s s",
        "main:1 entry, g:10 call, g:11 line, g:11 return, main:2 line, g:11 call, g:12 line, g:12 return, main:3 line",
    );
    // A step over stays in the generator while others run.
    check(">main 1 >g 11 ^ 2 >f 21 < ~g 12 ^ 3 <", "s n n n", "main:1 entry, g:10 call, g:11 line, g:12 line");
    check(">main 1 >g 11 ^ 2 >g 11 ^ 3 ~g 12 ^ <", "s n n c", "main:1 entry, g:10 call, g:11 line");
    // Out is for the real return.
    check(">main 1 >g 11 ^ 2 ~g 12 ^ 3 ~g 13 < 4 <", "s r n", "main:1 entry, g:10 call, g:13 return, main:4 line");
    check(">main 1 >g 11 ^ 2 ~g 12 < 3 <", "s s s r", "main:1 entry, g:10 call, g:11 line, g:11 return, g:12 return");
    check(">main 1 >g 11 ^ 2 ~g 12 < 3 <", "s s s n", "main:1 entry, g:10 call, g:11 line, g:11 return, main:2 line");
}

#[test]
fn over_the_end_of_a_generator_comes_back_to_the_caller() {
    // A for loop that hears nothing of the end, as since 3.12.
    check(">main 1 >g 11 < 2 3 <", "s n n n", "main:1 entry, g:10 call, g:11 line, main:2 line, main:3 line");
    check(">main 1 >g 11 < ; 2 <", "s n n n", "main:1 entry, g:10 call, g:11 line, main:1 exception, main:2 line");
    check(">main 1 >g 11 < *si 2 <", "s n n n", "main:1 entry, g:10 call, g:11 line, main:1 exception, main:2 line");
    check(">main 1 >g 11 * x * 2 <", "s n n n", "main:1 entry, g:10 call, g:11 line, g:11 exception, main:1 exception");
    check(">main 1 >g 11 < 2 3 <", "s u=12", "main:1 entry, g:10 call, main:2 line");
    // Closed: GeneratorExit is thrown in and swallowed by close().
    check(
        ">main 1 >g 11 ^ 2 !g/ge *ge xge 3 <",
        "s n n n",
        "main:1 entry, g:10 call, g:11 line, g:11 exception, main:3 line",
    );
}

#[test]
fn an_await_is_passed_over() {
    // The coroutine gout awaits gin, which suspends both.
    check(
        ">main 1 >gout 11 >gin 21 ^ ^ 2 ~gout ~gin 22 < ; 12 < 3 <",
        "s s n n",
        "main:1 entry, gout:10 call, gout:11 line, gout:12 line, main:3 line",
    );
    // Over the last line of the inner one: "Internal StopIteration" in the outer one, as in pdb.
    check(
        ">main 1 >gout 11 >gin 21 ^ ^ 2 ~gout ~gin 22 < ; 12 < 3 <",
        "b=22 c n n",
        "main:1 entry, gin:22 breakpoint 1, gout:11 exception, gout:12 line",
    );
    // The inner end is nothing to a step in the outer coroutine.
    check(">main 1 >gout 11 ; 12 <", "s n n", "main:1 entry, gout:10 call, gout:11 line, gout:12 line");
    // Another task runs the same code in between.
    check(">main 1 >g 11 ^ 2 >g 11 12 < 3 ~g 12 <", "s n n c", "main:1 entry, g:10 call, g:11 line, g:12 line");
}

#[test]
fn a_throw_is_a_call() {
    check(">main 1 >g 11 ^ 2 !g * 12 ^ 3 <", "s r n s s s", "main:1 entry, g:10 call");
    check(
        ">main 1 >g 11 ^ 2 !g * 12 ^ 3 <",
        "n s s s s",
        "main:1 entry, main:2 line, g:11 call, g:11 exception, g:12 line, g:12 return",
    );
    check(
        ">main 1 >g 11 ^ 2 !g * x * 3 <",
        "n s r s",
        "main:1 entry, main:2 line, g:11 call, g:11 return, main:2 exception",
    );
}

#[test]
fn exceptions_stop_on_their_way_up() {
    check(
        ">main 1 >f 11 * x * 2 <",
        "s s s s s s",
        "main:1 entry, f:10 call, f:11 line, f:11 exception, f:11 return, main:1 exception, main:2 line",
    );
    check(">main 1 >f 11 * x * 2 <", "n n", "main:1 entry, main:1 exception, main:2 line");
    check(">main 1 >f 11 * x * x", "n n", "main:1 entry, main:1 exception, main:1 return");
    // `with`: the exit runs between the exception and the end of the frame.
    check(
        ">main 1 >f 11 * >exit 21 < 12 x * 2 <",
        "s s n n n n n",
        "main:1 entry, f:10 call, f:11 line, f:11 exception, f:12 line, f:12 return, main:1 exception, main:2 line",
    );
    // The end of a loop in a plain function is shown, as in pdb.
    check(">main 1 ; 2 <", "n n", "main:1 entry, main:1 exception, main:2 line");
}

#[test]
fn leaving_the_debugger_stops_nothing() {
    check(">main 1 >f 11 *quit xquit *quit xquit", "s s s s", "main:1 entry, f:10 call, f:11 line");
    check(">main 1 >f 11 *quit xquit *quit 2 <", "raised s n n", "main:1 entry, f:10 call, f:11 line, main:2 line");
}

#[test]
fn one_line_functions_and_class_bodies() {
    check(">main 1 >o 1 < 2 <", "s s s", "main:1 entry, o:1 call, o:1 return, main:2 line");
    check(">main 1 >o 11 < >o 11 < 2 <", "b=11 c c c", "main:1 entry, o:11 breakpoint 1, o:11 breakpoint 1");
    check(
        ">main 1 >oclass 11 12 13 < 2 <",
        "s s s n",
        "main:1 entry, oclass:11 call, oclass:12 line, oclass:13 line, oclass:13 return",
    );
    // A comprehension that is a frame of its own, and loops on its line.
    check(
        ">main 1 >ocomp 1 @ >f 11 < @ < 2 <",
        "b=11 c r s s",
        "main:1 entry, f:11 breakpoint 1, f:11 return, ocomp:1 line, ocomp:1 return",
    );
}

#[test]
fn skipped_code_is_passed_over() {
    check(
        ">main 1 >lib 31 >f 11 < 32 < 2 <",
        "skip=/lib/* s s s s",
        "main:1 entry, f:10 call, f:11 line, f:11 return, main:2 line",
    );
    check(">main 1 >lib 31 * x * 2 <", "jmc s s", "main:1 entry, main:1 exception, main:2 line");
    check(
        ">main 1 >lib 31 >f 11 < 32 < 2 <",
        "jmc b=11 c r n",
        "main:1 entry, f:11 breakpoint 1, f:11 return, main:2 line",
    );
    check(">main 1 >lib 31 >g 11 < 32 < 2 <", "jmc b=11 c n", "main:1 entry, g:11 breakpoint 1, main:2 line");
    check(">main 1 >lib 31 >f 11 < 32 < 2 <", "jmc b=11 c fin", "main:1 entry, f:11 breakpoint 1, main:2 finished");
    // A step from inside of library code ends where user code goes on.
    check(">main 1 >lib 31 32 < 2 <", "pause jmc c s s", "main:1 entry, lib:31 pause, main:2 line, main:2 return");
    check(
        ">main 1 >lib 31 32 < 2 <",
        "pause jmc c n n n",
        "main:1 entry, lib:31 pause, lib:32 line, lib:32 return, main:2 line",
    );
    check(">main 1 >lib 31 *quit xquit 2 <", "jmc s", "main:1 entry, main:2 line");
}

#[test]
fn breakpoints_end_steps() {
    check(
        ">main 1 >f 11 12 < 2 <",
        "b=12 n n n n",
        "main:1 entry, f:12 breakpoint 1, f:12 return, main:2 line, main:2 return",
    );
    check(">main 1 2 <", "b=2 n", "main:1 entry, main:2 line");
    check(">main 1 2 <", "b=2?no n", "main:1 entry, main:2 line");
    check(
        ">main 1 2 2 2 <",
        "tb=2?bad c c",
        "main:1 entry, main:2 breakpoint 1 failed, main:2 breakpoint 1 failed, main:2 breakpoint 1 failed",
    );
    check(
        ">main 1 2 2 2 <",
        "b=2 tb=2 c c c",
        "main:1 entry, main:2 breakpoint 1+2, main:2 breakpoint 1, main:2 breakpoint 1",
    );
    check(">main 1 2 1 2 <", "b=2?no tb=2 c c", "main:1 entry, main:2 breakpoint 2");
}

#[test]
fn each_thread_has_its_own_step() {
    check("[0] >main 1 [1] >f 11 12 [0] 2 [1] 13 [0] 3 <", "n n", "main:1 entry, main:2 line, main:3 line");
    check("[0] >main 1 [1] >main 1 2 < [0] 2 <", "n n", "main:1 entry, main:2 line, main:2 return");
    check(
        "[0] >main 1 [1] >f 11 12 [0] 2 <",
        "b=12 s s s",
        "main:1 entry, [1]f:12 breakpoint 1, main:2 line, main:2 return",
    );
    // A generator goes on in another thread: its step waits for it, and is over with it.
    check("[0] >main 1 >g 11 ^ [1] ~g 12 ^ [0] 2 ~g 13 ^ <", "s n n", "main:1 entry, g:10 call, g:11 line, g:13 line");
    check("[0] >main 1 >g 11 ^ [1] ~g 12 < [0] 2 >g 11 < <", "s n n", "main:1 entry, g:10 call, g:11 line");
}

#[test]
fn catchpoints_stop_once() {
    check(">main 1 >f 11 * x * x", "raised c c", "main:1 entry, f:11 catch 1");
    check(">main 1 >f 11 * x * 2 * 3 <", "raised c c c", "main:1 entry, f:11 catch 1, main:2 catch 1");
    check(">main 1 *si 2 *ge 3 <", "raised c", "main:1 entry");
    check(">main 1 >f 11 * x * x", "uncaught c", "main:1 entry, main:1 catch 1");
    check(">main 1 >f 11 * x * 2 <", "uncaught c", "main:1 entry");
    check(
        "[0] >main 1 [1] >libboot 41 >librun 51 >f 11 * x * x * 42 <",
        "uncaught c",
        "main:1 entry, [1]librun:51 catch 1",
    );
    check(">main 1 >lib 31 >f 11 * x * 32 < 2 <", "leaves c", "main:1 entry");
    check("[0] >main 1 [1] >lib 31 >f 11 >h 21 * x * x * 32 <", "leaves c", "main:1 entry, [1]f:11 catch 1");
    check(">main 1 >f 11 * x * x", "raised s s n n", "main:1 entry, f:10 call, f:11 line, f:11 catch 1, f:11 return");
}

#[test]
fn stop_in_frame_waits_for_a_line_or_the_caller() {
    #[track_caller]
    fn check_trace(program: &str, expected: &str) {
        for (profile, capabilities) in profiles() {
            let script = Script::read(program);
            let machine = Machine::new(script.codes.values().cloned().collect(), 3);
            let mut session = Session::new(Engine::new(capabilities), Backend::planned(capabilities), machine);
            let mut user = Commands { rest: Vec::new(), stops: Vec::new() };
            for word in &script.words {
                if *word == "TRACE" {
                    let view = session.machine.view(0);
                    session.engine.stop_in_frame(crate::model::thread_id(0), view.frame(), &view);
                    session.arm();
                } else {
                    let op = script.op(word, &session);
                    session.perform(0, op, &mut user);
                }
            }
            assert_eq!(user.stops.join(", "), expected, "{profile}: {program}");
        }
    }
    check_trace(">main 1 TRACE >f 11 < 2 3 <", "main:2 trace");
    check_trace(">main 1 >f 11 TRACE < 2 <", "main:2 trace");
    check_trace(">main 1 >f 11 TRACE < <", "main:1 trace");
    check_trace(">main 1 >g 11 TRACE ^ 2 <", "main:2 trace");
    check_trace(">main 1 >f 11 TRACE * x * 2 <", "main:1 trace");
    check_trace(">main 1 TRACE <", "");
}
