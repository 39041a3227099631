//! The interpreter: threads with stacks, frames that can be suspended, ids that are used again.

use std::sync::Arc;

use rdb_core::code::{CodeInfo, CodeKind, Suspends};
use rdb_core::event::{Event, EventKind, ExceptionTraits};
use rdb_core::ids::{CodeId, FrameId, Line};
use rdb_core::stack::StackView;

use super::thread_id;

/// Something that a thread of the program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    /// Calls a function, or starts a generator.
    Start(usize),
    /// Goes on with a suspended frame, by its place among them.
    Resume(usize),
    /// The same, with an exception thrown into it.
    Throw(usize, ExceptionTraits),
    Line(Line),
    /// Jumps back onto the line that is running.
    Loop,
    Instruction,
    Return,
    Yield,
    Raise(ExceptionTraits),
    StopIteration,
    Unwind(ExceptionTraits),
    /// A suspended frame is freed, and no event says so.
    Drop(usize),
    /// A code object comes into being.
    Create(usize),
}

/// A code object of the program.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) info: CodeInfo,
    /// The line of its first instruction is its first line of code too (a function on one line).
    pub(crate) one_liner: bool,
    pub(crate) exists: bool,
}

impl Code {
    pub(crate) fn new(path: &str, qualname: &str, lines: &[Line]) -> Self {
        let first = lines.first().copied().unwrap_or(1);
        let info = CodeInfo {
            path: Arc::from(path),
            name: Arc::from(qualname),
            qualname: Arc::from(qualname),
            module: Some(Arc::from(path.trim_end_matches(".py"))),
            first_line: first.saturating_sub(1),
            body_line: first,
            lines: Arc::from(lines),
            kind: CodeKind::Function,
            suspends: Suspends::Never,
            last_resort: false,
        };
        Self { info, one_liner: false, exists: true }
    }

    pub(crate) fn generator(mut self) -> Self {
        self.info.suspends = Suspends::Generator;
        self
    }

    pub(crate) fn one_liner(mut self) -> Self {
        self.one_liner = true;
        self.info.first_line = self.info.body_line;
        self
    }

    pub(crate) fn last_resort(mut self) -> Self {
        self.info.last_resort = true;
        self
    }

    pub(crate) fn created_later(mut self) -> Self {
        self.exists = false;
        self
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) id: FrameId,
    pub(crate) code: usize,
    pub(crate) line: Line,
    /// It has run a line.
    pub(crate) begun: bool,
}

/// What the interpreter could report.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Raw {
    pub(crate) event: Event,
    /// The kind that has to be armed: JUMP for the jump that is reported as a line.
    pub(crate) armed_by: EventKind,
    /// Which of the places of that kind in the code it is.
    pub(crate) place: u32,
    /// The line of the instruction that START is reported by: lost if START is not armed.
    pub(crate) at_start: bool,
}

/// What an operation amounts to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Effect {
    Nothing,
    NewCode(CodeId),
    Event(Raw),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Stay,
    Pop,
    Suspend,
}

#[derive(Clone, Debug)]
pub(crate) struct Machine {
    pub(crate) codes: Vec<Code>,
    pub(crate) stacks: Vec<Vec<Frame>>,
    pub(crate) suspended: Vec<Frame>,
    free: Vec<u64>,
    last_id: u64,
    after: After,
    /// What the stack says of exceptions: None is said of all of them if this is None.
    pub(crate) knows_new_exceptions: bool,
    new_exception: bool,
}

impl Machine {
    pub(crate) fn new(codes: Vec<Code>, threads: usize) -> Self {
        Self {
            codes,
            stacks: vec![Vec::new(); threads],
            suspended: Vec::new(),
            free: Vec::new(),
            last_id: 0,
            after: After::Stay,
            knows_new_exceptions: false,
            new_exception: false,
        }
    }

    pub(crate) fn code_id(code: usize) -> CodeId {
        CodeId(u64::try_from(code).expect("few codes") + 100)
    }

    pub(crate) fn existing(&self) -> Vec<(CodeId, CodeInfo)> {
        let numbered = self.codes.iter().enumerate().filter(|(_, code)| code.exists);
        numbered.map(|(number, code)| (Self::code_id(number), code.info.clone())).collect()
    }

    pub(crate) fn describe(&self, id: CodeId) -> CodeInfo {
        let number = usize::try_from(id.0 - 100).expect("few codes");
        self.codes[number].info.clone()
    }

    pub(crate) fn view(&self, thread: usize) -> View<'_> {
        View { machine: self, stack: &self.stacks[thread] }
    }

    pub(crate) fn top(&self, thread: usize) -> Option<Frame> {
        self.stacks[thread].last().copied()
    }

    /// Does the first half of an operation: the event is to be heard before a frame is left.
    pub(crate) fn begin(&mut self, thread: usize, op: Op) -> Effect {
        self.after = After::Stay;
        let none = ExceptionTraits::default();
        match op {
            Op::Create(code) => {
                self.codes[code].exists = true;
                Effect::NewCode(Self::code_id(code))
            }
            Op::Drop(number) => {
                let frame = self.suspended.remove(number);
                self.free.push(frame.id.0);
                Effect::Nothing
            }
            Op::Start(code) => {
                self.push_new(thread, code);
                self.event(thread, EventKind::Start, none)
            }
            Op::Resume(number) => {
                self.push_suspended(thread, number);
                self.event(thread, EventKind::Resume, none)
            }
            Op::Throw(number, exception) => {
                self.push_suspended(thread, number);
                self.event(thread, EventKind::Throw, exception)
            }
            Op::Line(line) => self.line(thread, line),
            Op::Loop => self.loop_on_line(thread),
            Op::Instruction => self.event(thread, EventKind::Instruction, none),
            Op::Return => self.leave(thread, EventKind::Return, none, After::Pop),
            Op::Yield => self.leave(thread, EventKind::Yield, none, After::Suspend),
            Op::Unwind(exception) => self.leave(thread, EventKind::Unwind, exception, After::Pop),
            Op::Raise(exception) => self.event(thread, EventKind::Raise, exception),
            Op::StopIteration => {
                let exception = ExceptionTraits { stop_iteration: true, internal: true, ..none };
                self.event(thread, EventKind::StopIteration, exception)
            }
        }
    }

    /// Does the second half of the operation.
    pub(crate) fn end(&mut self, thread: usize) {
        match self.after {
            After::Stay => {}
            After::Pop => {
                let frame = self.stacks[thread].pop().expect("a frame is left");
                self.free.push(frame.id.0);
            }
            After::Suspend => {
                let frame = self.stacks[thread].pop().expect("a frame is left");
                self.suspended.push(frame);
            }
        }
    }

    /// Tells whether the next exception event is the first of its exception.
    pub(crate) fn set_new_exception(&mut self, new: bool) {
        self.new_exception = new;
    }

    fn push_new(&mut self, thread: usize, code: usize) {
        let id = self.free.pop().unwrap_or_else(|| {
            self.last_id += 1;
            self.last_id
        });
        let line = self.codes[code].info.first_line;
        self.stacks[thread].push(Frame { id: FrameId(id), code, line, begun: false });
    }

    fn push_suspended(&mut self, thread: usize, number: usize) {
        let frame = self.suspended.remove(number);
        self.stacks[thread].push(frame);
    }

    fn line(&mut self, thread: usize, line: Line) -> Effect {
        let top = self.stacks[thread].last_mut().expect("a line has a frame");
        let at_start = !std::mem::replace(&mut top.begun, true) && self.codes[top.code].one_liner;
        top.line = line;
        let raw = self.raw(thread, EventKind::Line, ExceptionTraits::default());
        Effect::Event(Raw { place: line, at_start, ..raw })
    }

    fn loop_on_line(&mut self, thread: usize) -> Effect {
        let raw = self.raw(thread, EventKind::Line, ExceptionTraits::default());
        let place = raw.event.line.unwrap_or(0);
        Effect::Event(Raw { armed_by: EventKind::Jump, place, ..raw })
    }

    fn leave(&mut self, thread: usize, kind: EventKind, exception: ExceptionTraits, after: After) -> Effect {
        self.after = after;
        self.event(thread, kind, exception)
    }

    fn event(&self, thread: usize, kind: EventKind, exception: ExceptionTraits) -> Effect {
        Effect::Event(self.raw(thread, kind, exception))
    }

    fn raw(&self, thread: usize, kind: EventKind, exception: ExceptionTraits) -> Raw {
        let top = self.top(thread).expect("an event has a frame");
        let event = Event {
            kind,
            thread: thread_id(thread),
            code: Self::code_id(top.code),
            line: (kind == EventKind::Line).then_some(top.line),
            offset: None,
            exception,
        };
        Raw { event, armed_by: kind, place: 0, at_start: false }
    }
}

/// The stack of one thread.
pub(crate) struct View<'a> {
    machine: &'a Machine,
    stack: &'a [Frame],
}

impl View<'_> {
    fn find(&self, frame: FrameId) -> Option<usize> {
        self.stack.iter().rposition(|candidate| candidate.id == frame)
    }
}

impl StackView for View<'_> {
    fn frame(&self) -> FrameId {
        self.stack.last().expect("an event has a frame").id
    }

    fn parent(&self, frame: FrameId) -> Option<FrameId> {
        Some(self.stack[self.find(frame)?.checked_sub(1)?].id)
    }

    fn code(&self, frame: FrameId) -> CodeId {
        Machine::code_id(self.stack[self.find(frame).expect("the frame is on this stack")].code)
    }

    fn line(&self, frame: FrameId) -> Option<Line> {
        Some(self.stack[self.find(frame)?].line)
    }

    fn describe(&self, code: CodeId) -> CodeInfo {
        self.machine.describe(code)
    }

    fn exception_is_new(&self) -> Option<bool> {
        self.machine.knows_new_exceptions.then_some(self.machine.new_exception)
    }
}
