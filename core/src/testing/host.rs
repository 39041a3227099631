//! A host whose program is a script of the test.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use crate::breakpoint::{BreakpointChange, BreakpointInfo, BreakpointSpec, Target};
use crate::catch::{CatchInfo, CatchSpec};
use crate::engine::{Engine, EngineError};
use crate::event::EventSet;
use crate::host::{
    Completeness, DebugFrontend, Displayed, ExceptionInfo, FrameInfo, Host, HostError, Interaction, Located,
    SessionInfo, SessionMode, Show, SourceBlock, SourceText, Stack, ThreadInfo, Variable,
};
use crate::ids::{BreakpointId, CatchId, FrameId, FrameNo, Line, ThreadId, Tick};
use crate::location::Location;
use crate::plan::Capabilities;
use crate::stop::{Stop, StopReason};

/// A host for the tests of front ends. Breakpoints, catchpoints and filters are those of a real [`Engine`]; what the
/// program would answer is scripted; what changes the program is written to a log.
#[derive(Debug)]
pub struct FakeHost {
    /// The engine behind the host.
    pub engine: Engine,
    /// What `session` answers.
    pub session: SessionInfo,
    /// What `stack` answers.
    pub stack: Stack,
    /// What `threads` answers; `select_thread` marks one.
    pub threads: Vec<ThreadInfo>,
    /// What `exceptions` answers; `select_exception` marks one.
    pub exceptions: Vec<ExceptionInfo>,
    /// What `arguments` answers, the same in every frame.
    pub arguments: Vec<Variable>,
    /// What `locals` answers, the same in every frame.
    pub locals: Vec<Variable>,
    /// What `return_value` answers.
    pub return_value: Option<String>,
    /// What `exception_text` answers.
    pub exception_text: Option<String>,
    sources: IndexMap<String, SourceText>,
    functions: Vec<Target>,
    objects: HashMap<String, SourceBlock>,
    answers: HashMap<String, Result<String, HostError>>,
    statements: HashMap<String, HostError>,
    completeness: HashMap<String, Completeness>,
    displays: Vec<(FrameNo, String, String)>,
    convenience: IndexMap<String, String>,
    interacting: bool,
    /// How often the whole stack was asked for.
    pub stacks_taken: usize,
    log: Vec<String>,
}

impl Default for FakeHost {
    fn default() -> Self {
        Self::new()
    }
}

impl FakeHost {
    /// Returns a host whose one thread has no frame yet.
    pub fn new() -> Self {
        let capabilities = Capabilities {
            local: !EventSet::EMPTY,
            global: !EventSet::EMPTY,
            disable: EventSet::EMPTY,
            code_watcher: true,
        };
        Self {
            engine: Engine::new(capabilities),
            session: SessionInfo {
                mode: SessionMode::Cli,
                backend: "fake".into(),
                outlives: false,
                finished: false,
                can_await: false,
            },
            stack: Stack { frames: Vec::new(), current: FrameNo(0), dead: false },
            threads: Vec::new(),
            exceptions: Vec::new(),
            arguments: Vec::new(),
            locals: Vec::new(),
            return_value: None,
            exception_text: None,
            sources: IndexMap::new(),
            functions: Vec::new(),
            objects: HashMap::new(),
            answers: HashMap::new(),
            statements: HashMap::new(),
            completeness: HashMap::new(),
            displays: Vec::new(),
            convenience: IndexMap::new(),
            interacting: false,
            stacks_taken: 0,
            log: Vec::new(),
        }
    }

    /// Calls a function: the new frame is the newest one, and the current one.
    pub fn push_frame(&mut self, path: &str, name: &str, first_line: Line, line: Line) {
        let number = u32::try_from(self.stack.frames.len()).unwrap_or(u32::MAX);
        self.stack.frames.push(FrameInfo {
            id: FrameId(u64::from(number) + 1),
            path: path.into(),
            line: Some(line),
            raising_line: None,
            name: name.into(),
            qualname: name.into(),
            first_line,
            module: "__main__".into(),
            returns: None,
            skipped: false,
        });
        self.stack.current = FrameNo(number);
    }

    /// Gives a file its text.
    pub fn add_source(&mut self, path: &str, text: &str) {
        let lines: Arc<[String]> = text.lines().map(str::to_owned).collect();
        self.sources.insert(path.into(), SourceText { lines, stale: false });
    }

    /// Marks a file as edited since the program read it.
    pub fn set_stale(&mut self, path: &str) {
        if let Some(source) = self.sources.get_mut(path) {
            source.stale = true;
        }
    }

    /// Makes a function known to `locate`, with the line where its body begins.
    pub fn add_function(&mut self, path: &str, qualname: &str, line: Line) {
        self.functions.push(Target::Function { path: Arc::from(path), qualname: Arc::from(qualname), line });
    }

    /// Scripts the value of an expression.
    pub fn answer(&mut self, expression: &str, value: &str) {
        self.answers.insert(expression.into(), Ok(value.into()));
    }

    /// Scripts the failure of an expression or a check of it.
    pub fn fail(&mut self, expression: &str, error: HostError) {
        self.answers.insert(expression.into(), Err(error));
    }

    /// Scripts the failure of a statement.
    pub fn fail_statement(&mut self, source: &str, error: HostError) {
        self.statements.insert(source.into(), error);
    }

    /// Scripts whether a text is a whole statement; else brackets are counted and a last `:` asks for more.
    pub fn set_completeness(&mut self, source: &str, completeness: Completeness) {
        self.completeness.insert(source.into(), completeness);
    }

    /// Scripts the source of an object.
    pub fn add_object(&mut self, expression: &str, source: SourceBlock) {
        self.objects.insert(expression.into(), source);
    }

    /// Returns what was done to the program, in order: `execute 0: x = 1`, `jump 0: 12`, ….
    pub fn log(&self) -> &[String] {
        &self.log
    }

    /// Makes a stop in the newest frame.
    pub fn stop(&self, reason: StopReason) -> Stop {
        let frame = self.stack.frames.last().map_or(FrameId(0), |frame| frame.id);
        Stop { thread: ThreadId(1), tick: Tick(0), frame, reason, deleted: Vec::new() }
    }

    fn number(&self, frame: FrameNo) -> FrameNo {
        if frame == FrameNo::CURRENT { self.stack.current } else { frame }
    }

    fn frame(&self, frame: FrameNo) -> Result<&FrameInfo, HostError> {
        let frame = self.number(frame);
        let found = usize::try_from(frame.0).ok().and_then(|number| self.stack.frames.get(number));
        found.ok_or_else(|| HostError::User(format!("there is no frame {frame}")))
    }

    fn value(&self, expression: &str) -> Result<String, HostError> {
        let name = expression.split(['.', '(', '[']).next().unwrap_or(expression);
        self.answers.get(expression).cloned().unwrap_or_else(|| {
            let local = self.locals.iter().chain(&self.arguments).find(|variable| variable.name == expression);
            local
                .and_then(|variable| variable.value.clone())
                .or_else(|| expression.strip_prefix('$').and_then(|name| self.convenience.get(name).cloned()))
                .ok_or_else(|| HostError::Program(format!("NameError: name '{name}' is not defined")))
        })
    }

    fn file(&self, written: &str) -> Result<String, HostError> {
        let with_suffix = format!("{}.py", written.replace('.', "/"));
        let matches = |path: &str, wanted: &str| path == wanted || path.ends_with(&format!("/{wanted}"));
        let found = self.sources.keys().find(|path| matches(path, written) || matches(path, &with_suffix));
        found.cloned().ok_or_else(|| HostError::User(format!("'{written}' not found from sys.path")))
    }

    fn line_target(&self, path: &str, line: Line) -> Result<Located, HostError> {
        let Some(source) = self.sources.get(path) else {
            return Ok(Located { target: Target::Line { path: path.into(), line }, moved_from: None });
        };
        let is_code = |text: &str| !text.trim().is_empty() && !text.trim_start().starts_with('#');
        let numbered = (1..).zip(source.lines.iter());
        let found = numbered.filter(|&(number, _)| number >= line).find(|(_, text)| is_code(text));
        let (number, _) = found.ok_or_else(|| HostError::User("End of file".into()))?;
        let moved_from = (number != line).then_some(line);
        Ok(Located { target: Target::Line { path: path.into(), line: number }, moved_from })
    }

    fn function_target(&self, path: Option<&str>, name: &str) -> Result<Located, HostError> {
        let matches = |target: &&Target| match target {
            Target::Function { path: of, qualname, .. } => {
                path.is_none_or(|path| path == &**of)
                    && (&**qualname == name || name.ends_with(&format!(".{qualname}")))
            }
            Target::Line { .. } => false,
        };
        let found = self.functions.iter().find(matches);
        let target = found.ok_or_else(|| {
            HostError::User(format!("The specified object '{name}' is not a function or was not found along sys.path."))
        })?;
        Ok(Located { target: target.clone(), moved_from: None })
    }
}

fn user(error: EngineError) -> HostError {
    HostError::User(error.to_string())
}

fn guess_completeness(source: &str) -> Completeness {
    let open = source.matches(['(', '[', '{']).count();
    let closed = source.matches([')', ']', '}']).count();
    let last_line_is_blank = source.ends_with('\n');
    let block = source.lines().next().is_some_and(|line| line.trim_end().ends_with(':'));
    if open > closed || (block && !last_line_is_blank) { Completeness::Incomplete } else { Completeness::Complete }
}

impl Host for FakeHost {
    fn session(&mut self) -> Result<SessionInfo, HostError> {
        Ok(self.session.clone())
    }

    fn stack(&mut self) -> Result<Stack, HostError> {
        self.stacks_taken += 1;
        Ok(self.stack.clone())
    }

    fn frame_info(&mut self, frame: FrameNo) -> Result<Option<FrameInfo>, HostError> {
        Ok(self.frame(frame).ok().cloned())
    }

    fn threads(&mut self) -> Result<Vec<ThreadInfo>, HostError> {
        Ok(self.threads.clone())
    }

    fn select_thread(&mut self, thread: ThreadId) -> Result<Stack, HostError> {
        if !self.threads.iter().any(|known| known.id == thread) {
            return Err(HostError::User(format!("there is no thread {thread}; 'threads' lists them")));
        }
        for known in &mut self.threads {
            known.selected = known.id == thread;
        }
        Ok(self.stack.clone())
    }

    fn exceptions(&mut self) -> Result<Vec<ExceptionInfo>, HostError> {
        Ok(self.exceptions.clone())
    }

    fn select_exception(&mut self, number: usize) -> Result<Stack, HostError> {
        match self.exceptions.get(number) {
            None => return Err(HostError::User("No exception with that number".into())),
            Some(exception) if !exception.has_traceback => {
                return Err(HostError::User("This exception does not have a traceback, cannot jump to it".into()));
            }
            Some(_) => {}
        }
        for (place, exception) in self.exceptions.iter_mut().enumerate() {
            exception.selected = place == number;
        }
        Ok(self.stack.clone())
    }

    fn exception_text(&mut self) -> Result<Option<String>, HostError> {
        Ok(self.exception_text.clone())
    }

    fn evaluate(&mut self, frame: FrameNo, expression: String, _show: Show) -> Result<String, HostError> {
        self.frame(frame)?;
        self.value(&expression)
    }

    fn execute(&mut self, frame: FrameNo, source: String) -> Result<(), HostError> {
        self.frame(frame)?;
        self.log.push(format!("execute {}: {source}", self.number(frame)));
        self.statements.get(&source).cloned().map_or(Ok(()), Err)
    }

    fn completeness(&mut self, source: String) -> Result<Completeness, HostError> {
        Ok(self.completeness.get(&source).cloned().unwrap_or_else(|| guess_completeness(&source)))
    }

    fn check_expression(&mut self, expression: String) -> Result<(), HostError> {
        match self.answers.get(&expression) {
            Some(Err(error @ HostError::User(_))) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn arguments(&mut self, frame: FrameNo) -> Result<Vec<Variable>, HostError> {
        self.frame(frame)?;
        Ok(self.arguments.clone())
    }

    fn locals(&mut self, frame: FrameNo) -> Result<Vec<Variable>, HostError> {
        self.frame(frame)?;
        Ok(self.locals.clone())
    }

    fn return_value(&mut self, frame: FrameNo) -> Result<Option<String>, HostError> {
        self.frame(frame)?;
        Ok(self.return_value.clone())
    }

    fn set_convenience(&mut self, frame: FrameNo, name: String, expression: String) -> Result<(), HostError> {
        self.frame(frame)?;
        let value = self.value(&expression)?;
        self.convenience.insert(name, value);
        Ok(())
    }

    fn convenience(&mut self) -> Result<Vec<String>, HostError> {
        Ok(self.convenience.keys().cloned().collect())
    }

    fn complete(&mut self, frame: FrameNo, text: String) -> Result<Vec<String>, HostError> {
        self.frame(frame)?;
        let names = self.arguments.iter().chain(&self.locals).map(|variable| variable.name.clone());
        let mut names: Vec<String> = names.filter(|name| name.starts_with(&text)).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    fn display(&mut self, frame: FrameNo, expression: String) -> Result<String, HostError> {
        let value = self.value(&expression)?;
        self.displays.push((self.number(frame), expression, value.clone()));
        Ok(value)
    }

    fn undisplay(&mut self, frame: FrameNo, expression: Option<String>) -> Result<(), HostError> {
        let frame = self.number(frame);
        let matches = |entry: &(FrameNo, String, String)| {
            entry.0 == frame && expression.as_ref().is_none_or(|expression| *expression == entry.1)
        };
        if let Some(expression) = &expression
            && !self.displays.iter().any(matches)
        {
            return Err(HostError::User(format!("not displaying {expression}")));
        }
        self.displays.retain(|entry| !matches(entry));
        Ok(())
    }

    fn displaying(&mut self) -> Result<bool, HostError> {
        Ok(!self.displays.is_empty())
    }

    fn displays(&mut self, frame: FrameNo) -> Result<Vec<Displayed>, HostError> {
        let frame = self.number(frame);
        let mut displays = std::mem::take(&mut self.displays);
        let shown = displays.iter_mut().filter(|(of, _, _)| *of == frame).map(|(_, expression, last)| {
            let value = self.value(expression).unwrap_or_else(|error| format!("** raised {error} **"));
            let old = (value != *last).then(|| std::mem::replace(last, value.clone()));
            Displayed { expression: expression.clone(), value, old }
        });
        let shown = shown.collect();
        self.displays = displays;
        Ok(shown)
    }

    fn source(&mut self, path: String, _frame: Option<FrameNo>) -> Result<SourceText, HostError> {
        let source = self.sources.get(&path).cloned();
        source.ok_or_else(|| HostError::User(format!("could not get the source of {path}")))
    }

    fn frame_source(&mut self, frame: FrameNo) -> Result<SourceBlock, HostError> {
        let FrameInfo { path, first_line, name, .. } = self.frame(frame)?.clone();
        let source = self.source(path.clone(), Some(frame))?;
        let skip = usize::try_from(first_line.saturating_sub(1)).unwrap_or(usize::MAX);
        let indent = |line: &String| line.len() - line.trim_start().len();
        let mut lines = source.lines.iter().skip(skip);
        let head = lines.next().cloned().into_iter();
        let base = source.lines.get(skip).map_or(0, indent);
        let whole_file = name == "<module>";
        let body = lines.take_while(|line| whole_file || line.trim().is_empty() || indent(line) > base).cloned();
        Ok(SourceBlock { path, first_line, lines: head.chain(body).collect() })
    }

    fn object_source(&mut self, frame: FrameNo, expression: String) -> Result<SourceBlock, HostError> {
        self.frame(frame)?;
        match self.objects.get(&expression) {
            Some(source) => Ok(source.clone()),
            None => Err(self.value(&expression).err().unwrap_or(HostError::User("could not get the source".into()))),
        }
    }

    fn locate(&mut self, frame: Option<FrameNo>, location: Location) -> Result<Located, HostError> {
        match location {
            Location::Line(line) => {
                let path = self.frame(frame.unwrap_or(self.stack.current))?.path.clone();
                self.line_target(&path, line)
            }
            Location::FileLine { file, line } => self.line_target(&self.file(&file)?, line),
            Location::FileFunction { file, function } => self.function_target(Some(&self.file(&file)?), &function),
            Location::Name(name) => self.function_target(None, &name),
        }
    }

    fn add_breakpoint(&mut self, spec: BreakpointSpec) -> Result<BreakpointInfo, HostError> {
        Ok(self.engine.add_breakpoint(spec))
    }

    fn change_breakpoint(&mut self, id: BreakpointId, change: BreakpointChange) -> Result<BreakpointInfo, HostError> {
        self.engine.change_breakpoint(id, change).map_err(user)
    }

    fn remove_breakpoint(&mut self, id: BreakpointId) -> Result<BreakpointInfo, HostError> {
        self.engine.remove_breakpoint(id).map_err(user)
    }

    fn breakpoints(&mut self) -> Result<Vec<BreakpointInfo>, HostError> {
        Ok(self.engine.breakpoints())
    }

    fn last_breakpoint(&mut self) -> Result<u32, HostError> {
        Ok(self.engine.last_breakpoint())
    }

    fn add_catch(&mut self, spec: CatchSpec) -> Result<CatchInfo, HostError> {
        Ok(self.engine.add_catch(spec))
    }

    fn remove_catch(&mut self, id: CatchId) -> Result<CatchInfo, HostError> {
        self.engine.remove_catch(id).map_err(user)
    }

    fn catches(&mut self) -> Result<Vec<CatchInfo>, HostError> {
        Ok(self.engine.catches())
    }

    fn skips(&mut self) -> Result<Vec<String>, HostError> {
        Ok(self.engine.skips().to_vec())
    }

    fn set_skips(&mut self, globs: Vec<String>) -> Result<(), HostError> {
        self.engine.set_skips(globs);
        Ok(())
    }

    fn just_my_code(&mut self) -> Result<bool, HostError> {
        Ok(self.engine.just_my_code())
    }

    fn set_just_my_code(&mut self, on: bool) -> Result<(), HostError> {
        self.engine.set_just_my_code(on, Vec::new());
        Ok(())
    }

    fn jump(&mut self, frame: FrameNo, line: Line) -> Result<(), HostError> {
        self.frame(frame)?;
        let newest = self.stack.frames.len().saturating_sub(1);
        if usize::try_from(self.number(frame).0).ok() != Some(newest) {
            return Err(HostError::User("You can only jump within the bottom frame".into()));
        }
        self.log.push(format!("jump {}: {line}", self.number(frame)));
        if let Some(newest) = self.stack.frames.last_mut() {
            newest.line = Some(line);
        }
        Ok(())
    }

    fn debug(&mut self, frame: FrameNo, source: String, frontend: DebugFrontend) -> Result<(), HostError> {
        self.frame(frame)?;
        self.log.push(format!("debug {}: {source}", self.number(frame)));
        let DebugFrontend(mut frontend) = frontend;
        let stop = self.stop(StopReason::Trace);
        let resume = frontend.stopped(&stop, self);
        self.log.push(format!("debug ended: {resume:?}"));
        Ok(())
    }

    fn interact_open(&mut self, frame: FrameNo) -> Result<(), HostError> {
        self.frame(frame)?;
        self.interacting = true;
        self.log.push(format!("interact {}", self.number(frame)));
        Ok(())
    }

    fn interact_push(&mut self, line: String) -> Result<Interaction, HostError> {
        if !self.interacting {
            return Err(HostError::User("no interactive interpreter is open".into()));
        }
        self.log.push(format!("interact: {line}"));
        if line == "exit()" || line == "quit()" {
            self.interacting = false;
            return Ok(Interaction::Left);
        }
        Ok(match guess_completeness(&line) {
            Completeness::Incomplete => Interaction::More,
            _ => Interaction::Ready,
        })
    }

    fn interact_reset(&mut self) -> Result<(), HostError> {
        self.log.push("interact reset".into());
        Ok(())
    }
}
