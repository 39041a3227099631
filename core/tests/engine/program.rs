//! Random programs: numbers in, what a real interpreter could do out.

use std::fmt;

use rdb_core::event::ExceptionTraits;

use crate::model::machine::{Code, Machine, Op};

/// How many threads a program has.
pub(crate) const THREADS: usize = 3;

/// One random choice: which thread, what it does, with which argument.
#[derive(Clone, Copy)]
pub(crate) struct Choice {
    pub(crate) thread: u8,
    pub(crate) what: u8,
    pub(crate) argument: u8,
}

impl fmt::Debug for Choice {
    /// One line for each, so that a failing case can be read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {}, {})", self.thread, self.what, self.argument)
    }
}

/// Something that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    /// The program does something. The flag of an exception tells whether it is raised for the first time.
    Op(Op, NewException),
    /// Somebody presses Ctrl-C: the thread, or whichever comes first, is to stop.
    Pause(Option<usize>),
    /// The program calls the debugger, which stops in this very moment.
    StopNow,
    /// The program calls the debugger, which is to stop at the next line.
    StopInFrame,
    /// The thread is over.
    ThreadEnds,
}

/// Whether an exception event is the first one of its exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NewException {
    Yes,
    No,
}

/// What a thread must do next because of what it did before.
#[derive(Clone, Copy, Debug, Default)]
struct ThreadState {
    /// An exception was raised in the newest frame, and is not handled yet.
    raised: Option<ExceptionTraits>,
    /// An exception has left a callee, and arrives in the newest frame.
    arriving: Option<ExceptionTraits>,
    /// A generator that the newest frame runs has ended.
    generator_ended: bool,
}

/// Turns choices into a program that an interpreter could run.
#[derive(Debug, Default)]
pub(crate) struct Author {
    states: [ThreadState; THREADS],
}

/// Returns the code objects of every program: recursion, generators, one-liners, two files and library code.
pub(crate) fn codes() -> Vec<Code> {
    vec![
        Code::new("a.py", "main", &[1, 2, 3, 4]),
        Code::new("a.py", "f", &[11, 12, 13]),
        Code::new("a.py", "g", &[21, 22, 23]).generator(),
        Code::new("b.py", "h", &[11, 12]),
        // A `def` on the line of another function, and one in a line of the main program.
        Code::new("a.py", "one", &[12]).one_liner(),
        Code::new("b.py", "agen", &[31]).one_liner().generator(),
        Code::new("lib.py", "lib", &[1, 2]),
        Code::new("lib.py", "libgen", &[11, 12]).generator(),
        Code::new("lib.py", "boot", &[21, 22]).last_resort(),
        Code::new("b.py", "late", &[41, 42]).created_later(),
        Code::new("a.py", "lateone", &[2]).one_liner().created_later(),
    ]
}

impl Author {
    /// Returns what happens by a choice in this state of the machine, if it can mean anything.
    pub(crate) fn happening(&mut self, choice: Choice, machine: &Machine) -> Option<Happening> {
        let thread = usize::from(choice.thread) % THREADS;
        let argument = usize::from(choice.argument);
        let forced = self.forced(thread, machine);
        if forced.is_none() && machine.top(thread).is_some() {
            match choice.what {
                250.. => return Some(Happening::Pause((argument.is_multiple_of(2)).then_some(argument / 2 % THREADS))),
                248..250 => return Some(Happening::StopNow),
                246..248 => return Some(Happening::StopInFrame),
                _ => {}
            }
        }
        if machine.top(thread).is_none() && choice.what >= 240 {
            return Some(Happening::ThreadEnds);
        }
        if let Some(exception) = forced {
            return Some(self.raise(thread, exception, NewException::No));
        }
        self.free(thread, choice.what, argument, machine)
    }

    /// An exception that leaves a frame arrives in its caller before anything else happens there.
    fn forced(&mut self, thread: usize, machine: &Machine) -> Option<ExceptionTraits> {
        let arriving = self.states[thread].arriving.take();
        machine.top(thread).and(arriving)
    }

    fn raise(&mut self, thread: usize, exception: ExceptionTraits, new: NewException) -> Happening {
        self.states[thread].raised = Some(exception);
        Happening::Op(Op::Raise(exception), new)
    }

    fn free(&mut self, thread: usize, what: u8, argument: usize, machine: &Machine) -> Option<Happening> {
        let plain = |op| Some(Happening::Op(op, NewException::Yes));
        let Some(top) = machine.top(thread) else {
            let root = if thread == 0 { 0 } else { [0, 8, 1][argument % 3] };
            return plain(Op::Start(root));
        };
        let state = &mut self.states[thread];
        if let Some(exception) = state.raised.take()
            && !what.is_multiple_of(3)
        {
            // What calls the frame may be written in C, and swallow the exception.
            state.arriving = (!argument.is_multiple_of(4)).then_some(exception);
            return plain(Op::Unwind(exception));
        }
        if std::mem::take(&mut state.generator_ended) {
            match what % 3 {
                0 => return plain(Op::StopIteration),
                1 => {
                    let exception = ExceptionTraits { stop_iteration: true, ..ExceptionTraits::default() };
                    return Some(self.raise(thread, exception, NewException::Yes));
                }
                _ => {}
            }
        }
        let code = &machine.codes[top.code];
        if code.one_liner && !top.begun {
            return plain(Op::Line(code.info.body_line));
        }
        self.step(thread, what, argument, machine)
    }

    fn step(&mut self, thread: usize, what: u8, argument: usize, machine: &Machine) -> Option<Happening> {
        let plain = |op| Some(Happening::Op(op, NewException::Yes));
        let top = machine.top(thread)?;
        let info = &machine.codes[top.code].info;
        let suspended = machine.suspended.len();
        let is_generator = info.suspends != rdb_core::code::Suspends::Never;
        match what {
            0..90 => plain(Op::Line(info.lines[argument % info.lines.len()])),
            90..105 if top.begun => plain(Op::Loop),
            105..140 => {
                let code = argument % machine.codes.len();
                let fits = machine.codes[code].exists && machine.stacks[thread].len() < 6;
                fits.then_some(Happening::Op(Op::Start(code), NewException::Yes))
            }
            140..165 if suspended > 0 => plain(Op::Resume(argument % suspended)),
            165..175 if suspended > 0 => {
                let exception = exception(argument);
                self.states[thread].raised = Some(exception);
                plain(Op::Throw(argument % suspended, exception))
            }
            175..200 => {
                self.states[thread].generator_ended = is_generator;
                plain(Op::Return)
            }
            200..220 if is_generator => plain(Op::Yield),
            220..232 => Some(self.raise(thread, exception(argument), NewException::Yes)),
            232..240 => plain(Op::Instruction),
            240..243 if suspended > 0 => plain(Op::Drop(argument % suspended)),
            243..246 => {
                let missing = (0..machine.codes.len()).find(|&code| !machine.codes[code].exists)?;
                plain(Op::Create(missing))
            }
            _ => plain(Op::Line(info.lines[argument % info.lines.len()])),
        }
    }
}

fn exception(argument: usize) -> ExceptionTraits {
    ExceptionTraits {
        stop_iteration: argument.is_multiple_of(5),
        generator_exit: argument % 5 == 1,
        internal: false,
        quit: argument == 77,
    }
}
