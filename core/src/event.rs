//! What an interpreter can report, as plain data: one table for PEP 669's vocabulary, the classic one of
//! `sys.settrace`/`sys.setprofile`, and the kinds reserved for what rdb will watch later.

use std::fmt;
use std::ops::{BitAnd, BitOr, BitOrAssign, Not};

use crate::ids::{CodeId, Line, ThreadId};

macro_rules! event_kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $classic:expr;)*) => {
        /// One kind of event. The finer vocabulary of PEP 669, and rdb's own kinds behind it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)*
        }

        impl EventKind {
            /// Every kind, in the order of its number.
            pub const ALL: &'static [EventKind] = &[$(EventKind::$kind),*];

            /// Returns the name that PEP 669, or rdb for its own kinds, gives this kind.
            pub const fn name(self) -> &'static str {
                match self { $(EventKind::$kind => $name,)* }
            }

            /// Returns the classic event that reports this kind, if `sys.settrace` or `sys.setprofile` has one.
            pub const fn classic(self) -> Option<ClassicKind> {
                match self { $(EventKind::$kind => $classic,)* }
            }
        }
    };
}

event_kinds! {
    /// A function, class body or module begins.
    Start = "PY_START", Some(ClassicKind::Call);
    /// A generator or coroutine goes on after `yield` or `await`.
    Resume = "PY_RESUME", Some(ClassicKind::Call);
    /// A generator or coroutine goes on with an exception thrown into it.
    Throw = "PY_THROW", Some(ClassicKind::Call);
    /// A line begins. Also a jump backwards onto the line that is running (a loop on one line).
    Line = "LINE", Some(ClassicKind::Line);
    /// One bytecode instruction begins.
    Instruction = "INSTRUCTION", Some(ClassicKind::Opcode);
    /// An unconditional jump.
    Jump = "JUMP", None;
    /// A conditional jump goes on at the next instruction.
    BranchLeft = "BRANCH_LEFT", None;
    /// A conditional jump jumps.
    BranchRight = "BRANCH_RIGHT", None;
    /// A call is about to be made.
    Call = "CALL", Some(ClassicKind::CCall);
    /// A call of something not written in Python came back.
    CReturn = "C_RETURN", Some(ClassicKind::CReturn);
    /// A call of something not written in Python raised.
    CRaise = "C_RAISE", Some(ClassicKind::CException);
    /// A frame returns.
    Return = "PY_RETURN", Some(ClassicKind::Return);
    /// A generator or coroutine hands a value out and is suspended.
    Yield = "PY_YIELD", Some(ClassicKind::Return);
    /// A frame is left by an exception.
    Unwind = "PY_UNWIND", Some(ClassicKind::Return);
    /// An exception is raised in a frame, or arrives in it from a frame that it called.
    Raise = "RAISE", Some(ClassicKind::Exception);
    /// An exception is raised again at the end of `finally`, `with` or an `except` that did not match.
    Reraise = "RERAISE", None;
    /// An exception is handled.
    ExceptionHandled = "EXCEPTION_HANDLED", None;
    /// An inner iterator is exhausted without an exception object having been raised.
    StopIteration = "STOP_ITERATION", Some(ClassicKind::Exception);

    /// A function object was made.
    FunctionCreated = "FUNCTION_CREATED", None;
    /// A function object's code, defaults or name was replaced.
    FunctionModified = "FUNCTION_MODIFIED", None;
    /// A function object is about to be freed.
    FunctionDestroyed = "FUNCTION_DESTROYED", None;
    /// A code object was made.
    CodeCreated = "CODE_CREATED", None;
    /// A code object is about to be freed.
    CodeDestroyed = "CODE_DESTROYED", None;
    /// An attribute of a watched type changed.
    TypeChanged = "TYPE_CHANGED", None;
    /// A watched dictionary changed.
    DictChanged = "DICT_CHANGED", None;
    /// A watched variable was stored.
    Store = "STORE", None;
    /// `sys.audit` was called.
    Audit = "AUDIT", None;
    /// A garbage collection begins or ends.
    Gc = "GC", None;
    /// A signal handler is about to run.
    Signal = "SIGNAL", None;
    /// A thread runs its first Python code.
    ThreadStart = "THREAD_START", None;
    /// A thread has run its last Python code.
    ThreadEnd = "THREAD_END", None;
    /// The process was forked.
    Fork = "FORK", None;
    /// The process is about to be replaced.
    Exec = "EXEC", None;
    /// A module is about to be imported.
    Import = "IMPORT", None;
    /// The running asynchronous task changed.
    TaskSwitch = "TASK_SWITCH", None;
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The vocabulary of `sys.settrace` and `sys.setprofile`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClassicKind {
    /// A frame begins or goes on.
    Call,
    /// A line begins.
    Line,
    /// A frame returns, yields, or is left by an exception (then with None).
    Return,
    /// An exception passes through a frame.
    Exception,
    /// An instruction begins.
    Opcode,
    /// A C function is about to be called.
    CCall,
    /// A C function returned.
    CReturn,
    /// A C function raised.
    CException,
}

impl ClassicKind {
    /// Returns the word that a trace function gets as its second argument.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Line => "line",
            Self::Return => "return",
            Self::Exception => "exception",
            Self::Opcode => "opcode",
            Self::CCall => "c_call",
            Self::CReturn => "c_return",
            Self::CException => "c_exception",
        }
    }

    /// Returns the finer kinds that this word covers.
    pub fn kinds(self) -> EventSet {
        EventKind::ALL.iter().copied().filter(|kind| kind.classic() == Some(self)).collect()
    }
}

/// A set of event kinds.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct EventSet(u64);

impl EventSet {
    /// The set of no kind.
    pub const EMPTY: EventSet = EventSet(0);

    /// Returns the set of these kinds.
    pub const fn of(kinds: &[EventKind]) -> EventSet {
        let mut bits = 0;
        let mut i = 0;
        while i < kinds.len() {
            bits |= 1 << kinds[i] as u8;
            i += 1;
        }
        EventSet(bits)
    }

    /// Returns whether `kind` is in the set.
    pub const fn contains(self, kind: EventKind) -> bool {
        self.0 & (1 << kind as u8) != 0
    }

    /// Returns whether every kind of `other` is in the set.
    pub const fn contains_all(self, other: EventSet) -> bool {
        other.0 & !self.0 == 0
    }

    /// Returns whether the set has no kind.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the kinds of the set, in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = EventKind> {
        EventKind::ALL.iter().copied().filter(move |&kind| self.contains(kind))
    }
}

impl BitOr for EventSet {
    type Output = EventSet;
    fn bitor(self, other: EventSet) -> EventSet {
        EventSet(self.0 | other.0)
    }
}

impl BitOrAssign for EventSet {
    fn bitor_assign(&mut self, other: EventSet) {
        self.0 |= other.0;
    }
}

impl BitAnd for EventSet {
    type Output = EventSet;
    fn bitand(self, other: EventSet) -> EventSet {
        EventSet(self.0 & other.0)
    }
}

impl Not for EventSet {
    type Output = EventSet;
    fn not(self) -> EventSet {
        EventSet(!self.0 & ((1 << EventKind::ALL.len()) - 1))
    }
}

impl FromIterator<EventKind> for EventSet {
    fn from_iter<I: IntoIterator<Item = EventKind>>(kinds: I) -> EventSet {
        kinds.into_iter().fold(EventSet::EMPTY, |set, kind| set | EventSet::of(&[kind]))
    }
}

impl fmt::Debug for EventSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// One event, as plain data. The frame it happened in is asked of the [`StackView`](crate::stack::StackView),
/// because most events are answered without looking at a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// In which thread.
    pub thread: ThreadId,
    /// In which code object.
    pub code: CodeId,
    /// The line: of the event itself for `Line`, else the frame's current one where the backend knows it for free.
    pub line: Option<Line>,
    /// The byte offset of the instruction in the code, where the backend knows it for free.
    pub offset: Option<u32>,
    /// What the engine has to know of an exception event's exception.
    pub exception: ExceptionTraits,
}

/// What the engine has to know of an exception without seeing it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExceptionTraits {
    /// It is a `StopIteration` or `StopAsyncIteration`.
    pub stop_iteration: bool,
    /// It is a `GeneratorExit`.
    pub generator_exit: bool,
    /// It has no traceback: the interpreter made it to end a loop (pdb shows it as "Internal StopIteration").
    pub internal: bool,
    /// It is how the debugger itself makes the program leave.
    pub quit: bool,
}
