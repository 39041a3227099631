//! All that a front end may ask, and the answers: one table, as typed methods and as `Request`/`Reply` data.
//!
//! A front end on the stopped thread calls the methods; one on another thread sends a [`Request`] over a channel
//! and the stopped thread answers it with [`Host::serve`].

use std::fmt;
use std::sync::Arc;

use crate::breakpoint::{BreakpointChange, BreakpointInfo, BreakpointSpec, Target};
use crate::catch::{CatchInfo, CatchSpec};
use crate::frontend::Frontend;
use crate::ids::{BreakpointId, CatchId, FrameId, FrameNo, Line, ThreadId};
use crate::location::Location;

macro_rules! requests {
    ($($(#[$doc:meta])* $Variant:ident $method:ident($($arg:ident: $type:ty),*) -> $Reply:ty;)*) => {
        /// A question of a front end, as data.
        #[derive(Debug)]
        #[expect(missing_docs, reason = "the fields are the arguments of the method, which is documented")]
        pub enum Request {
            $($(#[$doc])* $Variant { $($arg: $type),* },)*
        }

        /// The answer to the [`Request`] of the same name.
        #[derive(Clone, Debug)]
        pub enum Reply {
            $($(#[$doc])* $Variant($Reply),)*
        }

        /// What a front end may ask while a thread is stopped. Every method that a host does not have answers
        /// [`HostError::Unsupported`].
        pub trait Host {
            $($(#[$doc])*
            fn $method(&mut self, $($arg: $type),*) -> Result<$Reply, HostError> {
                $(let _ = $arg;)*
                Err(HostError::Unsupported(stringify!($method)))
            })*

            /// Answers a request that came as data.
            fn serve(&mut self, request: Request) -> Result<Reply, HostError> {
                match request {
                    $(Request::$Variant { $($arg),* } => self.$method($($arg),*).map(Reply::$Variant),)*
                }
            }
        }
    };
}

requests! {
    /// Returns what is true of this session as long as it lives.
    Session session() -> SessionInfo;
    /// Returns the stack of the selected thread (or of the selected exception), oldest frame first.
    Stack stack() -> Stack;
    /// Returns one frame of that stack, without a look at the others; None: it has no such frame.
    Frame frame_info(frame: FrameNo) -> Option<FrameInfo>;
    /// Returns the threads of the program, in the order in which they started.
    Threads threads() -> Vec<ThreadInfo>;
    /// Selects the thread whose stack is looked at. The stopped thread is selected at each stop.
    SelectThread select_thread(thread: ThreadId) -> Stack;
    /// Returns the chain of exceptions that can be looked at, the oldest first.
    Exceptions exceptions() -> Vec<ExceptionInfo>;
    /// Selects an exception of the chain, by its place in it, and with it the stack of its traceback.
    SelectException select_exception(number: usize) -> Stack;
    /// Returns the exception of an exception stop as `Type: message`, with `Internal ` in front of one that the interpreter
    /// made to end a loop; None: the thread did not stop on an exception.
    ExceptionText exception_text() -> Option<String>;

    /// Evaluates an expression in a frame and returns its value as text. `$name` stands for a convenience variable.
    Evaluate evaluate(frame: FrameNo, expression: String, show: Show) -> String;
    /// Runs statements in a frame; the value of an expression statement is printed unless it is None. What is stored
    /// in a name is stored in the frame. A statement that awaits fails with [`HostError::Awaits`].
    Execute execute(frame: FrameNo, source: String) -> ();
    /// Returns whether text is a whole statement.
    Completeness completeness(source: String) -> Completeness;
    /// Compiles an expression, without running it; the error is the user's.
    CheckExpression check_expression(expression: String) -> ();
    /// Returns the arguments of a frame's function, in the order of its signature.
    Arguments arguments(frame: FrameNo) -> Vec<Variable>;
    /// Returns the local variables of a frame, in the order of the code.
    Locals locals(frame: FrameNo) -> Vec<Variable>;
    /// Returns the value that a returning frame returns, as `repr`, or None if it is not returning.
    ReturnValue return_value(frame: FrameNo) -> Option<String>;
    /// Sets the convenience variable `$name` to the value of an expression.
    SetConvenience set_convenience(frame: FrameNo, name: String, expression: String) -> ();
    /// Returns the names of the convenience variables, without `$`.
    Convenience convenience() -> Vec<String>;
    /// Returns what an identifier or dotted name that is being typed can become.
    Complete complete(frame: FrameNo, text: String) -> Vec<String>;

    /// Shows an expression at each stop in this frame from now on, and returns its value now.
    Display display(frame: FrameNo, expression: String) -> String;
    /// Shows an expression no longer; None: none in this frame.
    Undisplay undisplay(frame: FrameNo, expression: Option<String>) -> ();
    /// Returns whether any expression is displayed, in whichever frame.
    Displaying displaying() -> bool;
    /// Returns the displayed expressions of this frame; with those whose value changed marked as such, and their old value.
    Displays displays(frame: FrameNo) -> Vec<Displayed>;

    /// Returns the text of a file, as the program was compiled from it. `frame` helps to find what its loader knows.
    Source source(path: String, frame: Option<FrameNo>) -> SourceText;
    /// Returns the source of the function, class body or module that a frame runs.
    FrameSource frame_source(frame: FrameNo) -> SourceBlock;
    /// Returns the source of the object that an expression stands for.
    ObjectSource object_source(frame: FrameNo, expression: String) -> SourceBlock;

    /// Finds out what a place that the user wrote means, and moves it to the next line that has code.
    Locate locate(frame: Option<FrameNo>, location: Location) -> Located;
    /// Sets a breakpoint.
    AddBreakpoint add_breakpoint(spec: BreakpointSpec) -> BreakpointInfo;
    /// Changes a breakpoint.
    ChangeBreakpoint change_breakpoint(id: BreakpointId, change: BreakpointChange) -> BreakpointInfo;
    /// Removes a breakpoint, and returns what it was.
    RemoveBreakpoint remove_breakpoint(id: BreakpointId) -> BreakpointInfo;
    /// Returns all breakpoints in the order of their numbers; internal ones left out.
    Breakpoints breakpoints() -> Vec<BreakpointInfo>;
    /// Returns the highest breakpoint number ever given; 0: none.
    LastBreakpoint last_breakpoint() -> u32;
    /// Sets a catchpoint.
    AddCatch add_catch(spec: CatchSpec) -> CatchInfo;
    /// Removes a catchpoint, and returns what it was.
    RemoveCatch remove_catch(id: CatchId) -> CatchInfo;
    /// Returns all catchpoints in the order of their numbers.
    Catches catches() -> Vec<CatchInfo>;
    /// Returns the globs of module names and files that steps do not stop in.
    Skips skips() -> Vec<String>;
    /// Replaces the globs of module names and files that steps do not stop in.
    SetSkips set_skips(globs: Vec<String>) -> ();
    /// Returns whether steps stop in user code only.
    JustMyCode just_my_code() -> bool;
    /// Sets whether steps stop in user code only (what is not the standard library, `site-packages` or frozen).
    SetJustMyCode set_just_my_code(on: bool) -> ();

    /// Makes the newest frame of the stopped thread go on at another line.
    Jump jump(frame: FrameNo, line: Line) -> ();
    /// Runs a statement in a debugger inside the debugger.
    Debug debug(frame: FrameNo, source: String, frontend: DebugFrontend) -> ();
    /// Begins an interactive interpreter whose namespace is a copy of the frame's.
    InteractOpen interact_open(frame: FrameNo) -> ();
    /// Gives the interactive interpreter a line; returns whether it waits for more of the statement, or was left.
    InteractPush interact_push(line: String) -> Interaction;
    /// Drops a half-written statement of the interactive interpreter.
    InteractReset interact_reset() -> ();
}

/// The front end for [`Host::debug`].
pub struct DebugFrontend(pub Box<dyn Frontend>);

impl fmt::Debug for DebugFrontend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DebugFrontend")
    }
}

/// Why a host could not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The program's own exception, as `Type: message`.
    #[error("{0}")]
    Program(String),
    /// The user asked for something that is not there; the text says what to do.
    #[error("{0}")]
    User(String),
    /// The user pressed Ctrl-C.
    #[error("KeyboardInterrupt")]
    Interrupted,
    /// The statement awaits: it runs as soon as the front end answers [`Resume::Continue`](crate::stop::Resume::Continue),
    /// and the same stop comes again behind it.
    #[error("the statement awaits")]
    Awaits,
    /// The host has said why itself.
    #[error("")]
    Told,
    /// This host cannot do that.
    #[error("{0} is not supported here")]
    Unsupported(&'static str),
}

/// How the session came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionMode {
    /// `python -m rdb …`: rdb runs the program and can start it again.
    Cli,
    /// `breakpoint()`, `set_trace()`: the program was there first.
    Inline,
    /// `python -m rdb -p …`: the program runs in a process of its own, and goes on when the user leaves.
    Remote,
    /// `run()`, `runcall()` and the like.
    Call,
    /// `post_mortem()`, `pm()`.
    PostMortem,
}

/// What is true of a session as long as it lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    /// How it came about.
    pub mode: SessionMode,
    /// The name of the backend, and why it was chosen.
    pub backend: String,
    /// What runs the program goes on when the program is left: an interactive interpreter (`sys.ps1`), a test runner.
    pub outlives: bool,
    /// The program of a [`SessionMode::Cli`] session has run to its end.
    pub finished: bool,
    /// The stopped thread is inside `await rdb.set_trace_async()`, so `await` works at the prompt.
    pub can_await: bool,
}

/// A stack, oldest frame first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    /// The frames.
    pub frames: Vec<FrameInfo>,
    /// The frame to look at first.
    pub current: FrameNo,
    /// The frames are those of a traceback: they cannot go on.
    pub dead: bool,
}

/// A frame, as a front end shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameInfo {
    /// Its identity, for steps.
    pub id: FrameId,
    /// The canonical path of its file.
    pub path: String,
    /// The line it is at; None where the interpreter has none.
    pub line: Option<Line>,
    /// In a dead stack: the line of the traceback, if it differs from where the frame ended.
    pub raising_line: Option<Line>,
    /// `co_name`.
    pub name: String,
    /// `co_qualname`.
    pub qualname: String,
    /// `co_firstlineno`.
    pub first_line: Line,
    /// The `__name__` of its globals.
    pub module: String,
    /// What it returns, shortened by `reprlib`, if it is returning.
    pub returns: Option<String>,
    /// Steps do not stop in it.
    pub skipped: bool,
}

/// A thread, as a front end shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadInfo {
    /// Its identity.
    pub id: ThreadId,
    /// Its name.
    pub name: String,
    /// It is the thread that stopped.
    pub stopped: bool,
    /// It is the thread that is looked at.
    pub selected: bool,
    /// It waits for its turn at a stop of its own.
    pub waiting: bool,
    /// The frame it is in; None where none can be seen.
    pub frame: Option<FrameInfo>,
}

/// An exception of a chain, as a front end shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionInfo {
    /// `repr` of it.
    pub text: String,
    /// It has a traceback to look at.
    pub has_traceback: bool,
    /// It is the one that is looked at.
    pub selected: bool,
}

/// How a value is turned into text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Show {
    /// `repr`.
    Repr,
    /// `pprint.pformat`.
    Pretty,
    /// `str`.
    Str,
    /// What kind of thing it is, as pdb's `whatis` says it: `Function f`, `Method m`, `Class c`, else the type.
    Whatis,
}

/// A variable, as a front end shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name; with `*` or `**` in front for collecting arguments.
    pub name: String,
    /// `repr` of its value, or `*** repr failed: … ***`; None: it is not bound.
    pub value: Option<String>,
    /// The name of its type.
    pub type_name: String,
}

/// A displayed expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Displayed {
    /// The expression as written.
    pub expression: String,
    /// Its value now, as `repr`, or `** raised … **`.
    pub value: String,
    /// Its value at the last stop, if it was another.
    pub old: Option<String>,
}

/// Whether text is a whole statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It can run.
    Complete,
    /// More lines are needed.
    Incomplete,
    /// No line behind it can make it right; why.
    Invalid(String),
}

/// How an interactive interpreter took a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interaction {
    /// It has run the statement.
    Ready,
    /// It waits for the rest of the statement.
    More,
    /// The user called `exit()` or `quit()`.
    Left,
}

/// The text of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// Its lines, without line ends.
    pub lines: Arc<[String]>,
    /// The file was edited since the program read it.
    pub stale: bool,
}

/// A run of lines of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceBlock {
    /// The canonical path.
    pub path: String,
    /// The number of the first line.
    pub first_line: Line,
    /// The lines, without line ends.
    pub lines: Vec<String>,
}

/// What a place that the user wrote means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// Where the breakpoint would be.
    pub target: Target,
    /// The line that was asked for, if it has no code and the target is a later one.
    pub moved_from: Option<Line>,
}
