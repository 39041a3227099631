//! One stop: reads commands and runs them until the program is to go on. Knows the grammar and the table, not what the
//! single commands do.

use std::cell::OnceCell;
use std::sync::Arc;

use rdb_core::host::{Completeness, FrameInfo, Host, HostError, SessionInfo, SessionMode, Stack};
use rdb_core::ids::{FrameNo, Line, ThreadId};
use rdb_core::stop::{Resume, StepEnd, StepGoal, Stop, StopReason};

use crate::assist::PromptAssist;
use crate::command::{Argument, Command, Failure, Flow, Repeat, Resumes, find};
use crate::console::{Queued, Screen, State, StepKind, Steps};
use crate::highlight::Style;
use crate::parse::{Parsed, convenience_assignment, expand, parse, split};
use crate::terminal::{Ask, AskKind, Input};

/// What stands in front of the further lines of a statement.
const CONTINUATION: &str = "...   ";

/// What Ctrl-C at a prompt shows.
const INTERRUPTED: &str = "--KeyboardInterrupt--";

/// What is known of a stack. Most stops are left again before anybody has asked for more than one frame.
///
/// ```text
///  Frame --somebody asks for the stack--> Whole
/// ```
enum Seen {
    /// The frame that is looked at, and no other.
    Frame,
    /// All.
    Whole(Stack),
}

/// A dialogue with the user about one stop.
pub(crate) struct Dialog<'a> {
    /// What the console keeps between stops.
    pub(crate) state: &'a mut State,
    /// The terminal.
    pub(crate) screen: &'a Screen,
    /// Who knows the program.
    pub(crate) host: &'a mut dyn Host,
    /// Why the program stopped.
    pub(crate) stop: &'a Stop,
    /// The thread that is looked at.
    pub(crate) thread: ThreadId,
    /// The stack that is looked at, as far as somebody has asked for it.
    stack: Seen,
    /// The place in the stack of the frame that is looked at.
    selected: FrameNo,
    /// The frame that is looked at; None: the stack has none.
    frame: Option<Arc<FrameInfo>>,
    /// The last line that `list` has shown.
    pub(crate) listed: Option<Line>,
    /// Whether text gets colours, as it was when somebody asked since the last command.
    style: OnceCell<Style>,
}

impl<'a> Dialog<'a> {
    /// Begins a dialogue about a frame of the stopped thread.
    pub(crate) fn open(
        state: &'a mut State,
        screen: &'a Screen,
        host: &'a mut dyn Host,
        stop: &'a Stop,
        selected: FrameNo,
    ) -> Result<Self, HostError> {
        let frame = host.frame_info(selected)?.map(Arc::new);
        let style = OnceCell::new();
        Ok(Self {
            state,
            screen,
            host,
            stop,
            thread: stop.thread,
            stack: Seen::Frame,
            selected,
            frame,
            listed: None,
            style,
        })
    }

    /// Talks to the user until the program is to go on.
    pub(crate) fn serve(&mut self) -> Resume {
        if let Some(resume) = self.next_of_many_steps() {
            return resume;
        }
        self.screen.hold();
        self.announce();
        self.enqueue_breakpoint_commands();
        self.state.queue.push_back(Queued::Show);
        loop {
            if let Flow::Resume(resume) = self.turn() {
                self.leave();
                return resume;
            }
        }
    }

    /// Shows a text and ends the line.
    pub(crate) fn message(&self, text: impl AsRef<str>) {
        self.screen.with(|terminal| terminal.message(text.as_ref()));
    }

    /// Shows an error.
    pub(crate) fn error(&self, text: impl AsRef<str>) {
        self.screen.with(|terminal| terminal.error(text.as_ref()));
    }

    /// Returns the number of the frame that is looked at.
    pub(crate) fn frame_no(&self) -> FrameNo {
        self.selected
    }

    /// Returns the frame that is looked at.
    pub(crate) fn frame(&self) -> Result<&FrameInfo, Failure> {
        self.frame.as_deref().ok_or_else(|| Failure::text("There is no frame to look at."))
    }

    /// Returns the frame that is looked at, to be kept while the host is asked.
    pub(crate) fn shared_frame(&self) -> Option<Arc<FrameInfo>> {
        self.frame.clone()
    }

    /// Returns the stack that is looked at.
    pub(crate) fn stack(&mut self) -> Result<&Stack, HostError> {
        if let Seen::Frame = self.stack {
            let stack = self.host.stack()?;
            if self.selected == FrameNo::CURRENT {
                self.selected = first_selected(&stack);
            }
            self.stack = Seen::Whole(stack);
        }
        match &self.stack {
            Seen::Whole(stack) => Ok(stack),
            Seen::Frame => unreachable!("set above"),
        }
    }

    /// Returns how many frames the stack has.
    pub(crate) fn depth(&mut self) -> Result<usize, HostError> {
        Ok(self.stack()?.frames.len())
    }

    /// Returns the place in the stack of the frame that is looked at.
    pub(crate) fn place(&mut self) -> Result<usize, HostError> {
        self.stack()?;
        Ok(self.selected.0 as usize)
    }

    /// Returns the frame that a step is about: that which is looked at, if it is one of the stopped thread.
    pub(crate) fn step_frame(&self) -> Result<&FrameInfo, Failure> {
        if self.thread != self.stop.thread {
            return Err(Failure::text(
                "Only the thread that stopped can step; `thread` with its number looks at it again.",
            ));
        }
        self.frame()
    }

    /// Looks at another frame of the stack.
    pub(crate) fn select(&mut self, number: usize) -> Result<(), HostError> {
        self.frame = self.stack()?.frames.get(number).cloned().map(Arc::new);
        self.selected = FrameNo(u32::try_from(number).unwrap_or(u32::MAX));
        self.listed = None;
        self.screen.with(|terminal| terminal.selected(number));
        Ok(())
    }

    /// Returns the columns and rows of the screen.
    pub(crate) fn size(&self) -> Option<(u16, u16)> {
        self.screen.with(|terminal| terminal.size()).flatten()
    }

    /// Returns whether text gets colours.
    pub(crate) fn style(&self) -> Style {
        *self.style.get_or_init(|| {
            let colours = self.screen.with(|terminal| terminal.colours()).unwrap_or(false);
            if colours { Style::Ansi } else { Style::Plain }
        })
    }

    /// Looks at another stack.
    pub(crate) fn set_stack(&mut self, stack: Stack) {
        self.selected = first_selected(&stack);
        self.frame = stack.frames.get(self.selected.0 as usize).cloned().map(Arc::new);
        self.stack = Seen::Whole(stack);
        self.listed = None;
    }

    /// Returns what is true of the session.
    pub(crate) fn session(&mut self) -> SessionInfo {
        self.host.session().unwrap_or(SessionInfo {
            mode: SessionMode::Call,
            backend: String::new(),
            outlives: false,
            finished: false,
            can_await: false,
        })
    }

    /// Asks a question; None: the terminal has no more to say.
    pub(crate) fn confirm(&mut self, question: &str) -> Result<Option<String>, Failure> {
        match self.read(question, question, AskKind::Confirm) {
            Input::Text(text) => Ok(Some(text.trim().to_lowercase())),
            Input::End => Ok(None),
            Input::Interrupted => {
                self.message(INTERRUPTED);
                Err(Failure::Told)
            }
        }
    }

    /// Reads from the terminal.
    pub(crate) fn read(&mut self, prompt: &str, continuation: &str, kind: AskKind) -> Input {
        let (frame, style) = (self.frame_no(), self.style());
        let mut assist = PromptAssist::new(self.host, frame, &self.state.aliases, kind, style);
        let ask = Ask { prompt, continuation, kind };
        self.screen.with(|terminal| terminal.read(&ask, &mut assist)).unwrap_or(Input::End)
    }

    /// Returns the next line of a list of lines: from the queue, or from the terminal.
    pub(crate) fn next_line(&mut self, prompt: &str, kind: AskKind) -> Input {
        if let Some(Queued::Line(_)) = self.state.queue.front()
            && let Some(Queued::Line(line)) = self.state.queue.pop_front()
        {
            return Input::Text(line);
        }
        self.read(prompt, prompt, kind)
    }

    fn turn(&mut self) -> Flow {
        match self.state.queue.pop_front() {
            Some(Queued::Line(line)) => return self.line(&line),
            Some(Queued::Show) => self.show_stop(),
            Some(Queued::Silent) => self.state.queue.retain(|queued| *queued != Queued::Show),
            Some(Queued::Last(last)) => self.state.last = last,
            None => return self.ask(),
        }
        Flow::Stay
    }

    fn ask(&mut self) -> Flow {
        let prompt = self.state.prompt.clone();
        match self.read(&prompt, CONTINUATION, AskKind::Command) {
            Input::Text(text) => self.text(&text),
            Input::End => self.line("EOF"),
            Input::Interrupted => {
                self.message(INTERRUPTED);
                Flow::Stay
            }
        }
    }

    /// Takes what the terminal gave: a line, a statement of several lines, or several commands at once (pasted).
    fn text(&mut self, text: &str) -> Flow {
        match text.split_once('\n') {
            Some((first, rest)) if is_command(first) => {
                for line in pasted_lines(rest).into_iter().rev() {
                    self.state.queue.push_front(Queued::Line(line.to_owned()));
                }
                self.line(first)
            }
            Some(_) => {
                self.state.last = text.to_owned();
                self.execute(text)
            }
            None => self.line(text),
        }
    }

    /// Takes one line.
    fn line(&mut self, line: &str) -> Flow {
        // What it runs may take long, write elsewhere, or replace the streams.
        self.screen.release();
        self.style = OnceCell::new();
        if line.contains('\n') {
            return self.text(line);
        }
        let line = match expand(line, &self.state.aliases) {
            Ok(line) => line,
            Err(error) => {
                self.error(error.to_string());
                return Flow::Stay;
            }
        };
        let (first, rest) = split(&line);
        if let Some(rest) = rest {
            self.state.queue.push_front(Queued::Line(rest.to_owned()));
        }
        self.one(first)
    }

    /// Runs one command or statement.
    fn one(&mut self, line: &str) -> Flow {
        match parse(line) {
            Parsed::Empty if self.state.last.is_empty() => Flow::Stay,
            Parsed::Empty => {
                let last = self.state.last.clone();
                if last.contains('\n') { self.execute(&last) } else { self.one(&last) }
            }
            Parsed::Statement(statement) => {
                // As in pdb, what stands behind `!` is not repeated.
                if !line.starts_with('!') {
                    self.state.last = line.to_owned();
                }
                self.statement(statement)
            }
            Parsed::Word { word, argument, line } => match find(word) {
                Some(command) => {
                    self.state.last = remembered(command, line);
                    self.command(command, argument)
                }
                None => {
                    self.state.last = line.to_owned();
                    self.statement(line)
                }
            },
        }
    }

    /// Runs a command.
    pub(crate) fn command(&mut self, command: &'static Command, argument: &str) -> Flow {
        let dialect = self.state.dialect;
        let result = match command.argument_in(dialect) {
            // Until 3.13, pdb took no notice of what it did not expect.
            Argument::None if dialect.is_before(13) => (command.run)(self, ""),
            Argument::None if !argument.is_empty() => Err(Failure::Invalid(argument.to_owned())),
            Argument::Required if argument.is_empty() => Err(Failure::Missing),
            _ => (command.run)(self, argument),
        };
        result.unwrap_or_else(|failure| self.fail(command, &failure))
    }

    /// Says why a command could not do what it was asked for.
    fn fail(&mut self, command: &Command, failure: &Failure) -> Flow {
        match failure {
            Failure::Told | Failure::Host(HostError::Told) => {}
            Failure::Host(HostError::Awaits) => return Flow::Resume(Resume::Continue),
            Failure::Invalid(_) | Failure::Missing => {
                self.error(failure.to_string());
                let indent = self.indent();
                let usage = command.usage_in(self.state.dialect).replace('\n', &format!("\n{indent}       "));
                self.message(format!("{indent}Usage: {usage}"));
            }
            _ => self.error(failure.to_string()),
        }
        Flow::Stay
    }

    /// Returns blanks as wide as the prompt.
    pub(crate) fn indent(&self) -> String {
        " ".repeat(self.state.prompt.chars().count())
    }

    /// Runs a statement, after asking for the rest of it.
    pub(crate) fn statement(&mut self, first: &str) -> Flow {
        if first.is_empty() {
            return Flow::Stay;
        }
        match self.rest_of_statement(first) {
            Some(source) => self.execute(&source),
            None => {
                self.state.last.clear();
                self.message("");
                Flow::Stay
            }
        }
    }

    /// Asks for further lines until a statement is whole. None: the user gave up.
    fn rest_of_statement(&mut self, first: &str) -> Option<String> {
        let one_line = self.state.dialect.is_before(13);
        if one_line || !self.is_incomplete(&format!("{first}\n")) {
            return Some(first.to_owned());
        }
        let mut source = first.to_owned();
        while self.is_incomplete(&source) {
            let Input::Text(line) = self.next_line(CONTINUATION, AskKind::Command) else { return None };
            source.push('\n');
            source.push_str(line.trim_end());
        }
        self.state.last.clone_from(&source);
        Some(source)
    }

    fn is_incomplete(&mut self, source: &str) -> bool {
        matches!(self.host.completeness(source.to_owned()), Ok(Completeness::Incomplete))
    }

    fn execute(&mut self, source: &str) -> Flow {
        let frame = self.frame_no();
        let result = match convenience_assignment(source) {
            Some((name, expression)) => self.host.set_convenience(frame, name.to_owned(), expression.to_owned()),
            None => self.host.execute(frame, source.to_owned()),
        };
        match result {
            Ok(()) | Err(HostError::Told) => {}
            Err(HostError::Awaits) => return Flow::Resume(Resume::Continue),
            Err(error) => self.error(error.to_string()),
        }
        Flow::Stay
    }

    /// Goes on with `step N` or `next N`, if this stop is only one on its way.
    fn next_of_many_steps(&mut self) -> Option<Resume> {
        let steps = self.state.steps.take()?;
        let on_the_way = matches!(
            self.stop.reason,
            StopReason::Step(StepEnd::Line | StepEnd::Call | StepEnd::Return | StepEnd::Instruction)
        );
        if on_the_way { self.step(steps).ok() } else { None }
    }

    /// Returns the step to make, and remembers how many follow.
    pub(crate) fn step(&mut self, steps: Steps) -> Result<Resume, Failure> {
        let goal = match steps.kind {
            StepKind::Into => StepGoal::Into,
            StepKind::Over => StepGoal::Over { frame: self.step_frame()?.id },
            StepKind::Instruction => StepGoal::Instruction,
        };
        if steps.left > 1 {
            self.state.steps = Some(Steps { left: steps.left - 1, ..steps });
        }
        Ok(Resume::Step(goal))
    }

    /// Queues the commands of the breakpoints of this stop, up to the one that makes the program go on.
    fn enqueue_breakpoint_commands(&mut self) {
        let StopReason::Breakpoint { ids, .. } = &self.stop.reason else { return };
        let Ok(breakpoints) = self.host.breakpoints() else { return };
        let last = self.state.last.clone();
        let lists =
            breakpoints.iter().chain(&self.stop.deleted).filter(|b| ids.contains(&b.id) && !b.commands.is_empty());
        let before = self.state.queue.len();
        for list in lists.map(|b| &b.commands) {
            let queued = |line: &String| if line == "silent" { Queued::Silent } else { Queued::Line(line.clone()) };
            self.state.queue.extend(list.iter().map(queued));
            if list.last().is_some_and(|line| resumes(line)) {
                break;
            }
        }
        if self.state.queue.len() > before {
            self.state.queue.push_back(Queued::Last(last));
        }
    }

    /// Tidies up before the program goes on. Lines that are left are for the next stop.
    fn leave(&mut self) {
        self.screen.release();
        if let Some(Queued::Last(last)) = self.state.queue.iter().find(|queued| matches!(queued, Queued::Last(_))) {
            self.state.last.clone_from(last);
        }
        self.state.queue.retain(|queued| matches!(queued, Queued::Line(_)));
        if let Ok(mut left) = self.state.last_left.lock() {
            left.clone_from(&self.state.last);
        }
    }
}

/// Returns the place of the frame to look at first.
fn first_selected(stack: &Stack) -> FrameNo {
    let newest = u32::try_from(stack.frames.len().saturating_sub(1)).unwrap_or(u32::MAX);
    stack.current.min(FrameNo(newest))
}

/// Returns the lines of a text that was pasted. Blank ones would repeat commands; they count only where they end a block.
fn pasted_lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.split('\n') {
        let in_block = lines.last().is_some_and(|last| last.starts_with([' ', '\t']));
        if in_block || !line.trim().is_empty() {
            lines.push(line);
        }
    }
    lines
}

/// Returns whether a line names a command.
pub(crate) fn is_command(line: &str) -> bool {
    matches!(parse(line), Parsed::Word { word, .. } if find(word).is_some())
}

/// Returns whether a line is a command that makes the program go on.
pub(crate) fn resumes(line: &str) -> bool {
    matches!(parse(line), Parsed::Word { word, .. } if find(word).is_some_and(|c| c.resumes == Resumes::Yes))
}

/// Returns what an empty line repeats behind a command.
fn remembered(command: &Command, line: &str) -> String {
    match command.repeat {
        Repeat::Line => line.to_owned(),
        Repeat::Bare => command.name.to_owned(),
        Repeat::Never => String::new(),
    }
}
