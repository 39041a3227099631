//! What a command may ask, answered from the attributes and methods of a Python debugger object.

use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use rdb_core::breakpoint::{BreakpointChange, BreakpointInfo, BreakpointSpec, Lifetime, Target};
use rdb_core::host::{
    Completeness, DebugFrontend, Displayed, ExceptionInfo, FrameInfo, Host, HostError, Interaction, Located,
    SessionInfo, SessionMode, Show, SourceBlock, SourceText, Stack, Variable,
};
use rdb_core::ids::{BreakpointId, FrameId, FrameNo, Line};
use rdb_core::location::Location;

use super::terminal::Raised;
use crate::ffi::{import, thread_id};
use crate::host::awaiting::{self, Awaiting, Handed};
use crate::host::compile::{self, TopLevelAwait};
use crate::host::eval::{self, Extras, Ran};
use crate::host::interact::Interactive;
use crate::host::locals::FrameLocals;
use crate::host::{complete, display, keep_snapshot, source, stack, text};

/// The line that keeps a stop from being shown.
const SILENCE: &str = "_pdbcmd_silence_frame_status";

type Answered<T> = Result<T, HostError>;

/// Whether the statement that was run awaits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Awaits {
    Yes,
    No,
}

/// The host of one command.
pub(super) struct FaceHost {
    pdb: Py<PyAny>,
    raised: Raised,
    interactive: Option<Interactive>,
    /// Whether the statement that was run awaits.
    pub(super) awaits: Awaits,
}

impl FaceHost {
    /// Returns a host over this object.
    pub(super) fn new(pdb: &Bound<'_, PyAny>, raised: Raised) -> Self {
        Self { pdb: pdb.clone().unbind(), raised, interactive: None, awaits: Awaits::No }
    }

    /// Asks the object. What it raises is an error of the object, not of the program: the command ends with it.
    fn ask<T>(&self, question: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<T>) -> Answered<T> {
        Python::attach(|py| question(self.pdb.bind(py)).map_err(|error| self.raised.keep(error)))
    }

    /// Runs something in a frame. What it raises is the program's exception.
    fn in_frame<T>(
        &self,
        frame: FrameNo,
        use_it: impl for<'py> FnOnce(&Bound<'py, PyAny>, &mut Extras<'py>) -> Result<T, eval::Failure>,
    ) -> Answered<T> {
        Python::attach(|py| {
            let frame = frame_of(self.pdb.bind(py), frame).map_err(|error| self.raised.keep(error))?;
            let _snapshot = keep_snapshot(&frame);
            use_it(&frame, &mut Extras::default()).map_err(|failure| failure.into_host(py))
        })
    }

    fn top_level_await(pdb: &Bound<'_, PyAny>) -> PyResult<TopLevelAwait> {
        let shim = pdb.getattr(intern!(pdb.py(), "async_shim_frame"))?;
        Ok(if shim.is_none() { TopLevelAwait::Refused } else { TopLevelAwait::Allowed })
    }
}

/// Returns a frame of the object's stack.
fn frame_of<'py>(pdb: &Bound<'py, PyAny>, number: FrameNo) -> PyResult<Bound<'py, PyAny>> {
    let entry = pdb.getattr(intern!(pdb.py(), "stack"))?.get_item(number.0)?;
    entry.get_item(0)
}

fn frame_info(pdb: &Bound<'_, PyAny>, frame: &Bound<'_, PyAny>) -> PyResult<FrameInfo> {
    let py = pdb.py();
    let code = frame.getattr(intern!(py, "f_code"))?;
    let line: Option<Line> = frame.getattr(intern!(py, "f_lineno"))?.extract()?;
    let raising = pdb.getattr(intern!(py, "tb_lineno"))?.cast_into::<PyDict>()?.get_item(frame)?;
    let raising: Option<Line> = raising.map(|line| line.extract()).transpose()?;
    let path = pdb.call_method1(intern!(py, "canonic"), (code.getattr(intern!(py, "co_filename"))?,))?;
    Ok(FrameInfo {
        id: FrameId(0),
        path: text::lossy(&path)?,
        line,
        raising_line: raising.filter(|&raising| Some(raising) != line),
        name: text::lossy(&code.getattr(intern!(py, "co_name"))?)?,
        qualname: text::lossy(&code.getattr(intern!(py, "co_qualname"))?)?,
        first_line: code.getattr(intern!(py, "co_firstlineno"))?.extract()?,
        module: String::new(),
        returns: None,
        skipped: false,
    })
}

/// Returns a breakpoint of `bdb.Breakpoint` as the commands know it.
fn breakpoint_info(pdb: &Bound<'_, PyAny>, breakpoint: &Bound<'_, PyAny>) -> PyResult<BreakpointInfo> {
    let py = pdb.py();
    let path: String = breakpoint.getattr(intern!(py, "file"))?.extract()?;
    let line = breakpoint.getattr(intern!(py, "line"))?.extract()?;
    let number: u32 = breakpoint.getattr(intern!(py, "number"))?.extract()?;
    let temporary = breakpoint.getattr(intern!(py, "temporary"))?.is_truthy()?;
    let condition: Option<String> = breakpoint.getattr(intern!(py, "cond"))?.extract()?;
    let commands = pdb.getattr(intern!(py, "commands"))?.cast_into::<PyDict>()?.get_item(number)?;
    Ok(BreakpointInfo {
        id: BreakpointId(number),
        spec: BreakpointSpec {
            lifetime: if temporary { Lifetime::Temporary } else { Lifetime::Permanent },
            condition: condition.filter(|text| !text.is_empty()).map(Arc::from),
            ..BreakpointSpec::new(Target::Line { path: Arc::from(path), line })
        },
        enabled: breakpoint.getattr(intern!(py, "enabled"))?.is_truthy()?,
        ignore: breakpoint.getattr(intern!(py, "ignore"))?.extract()?,
        hits: breakpoint.getattr(intern!(py, "hits"))?.extract()?,
        commands: commands.map(|commands| commands.extract()).transpose()?.unwrap_or_default(),
        sites: Vec::new(),
    })
}

/// Returns a command list as it is kept: as pdb does since Python 3.13.
pub(super) fn kept_commands(list: Vec<String>) -> Vec<String> {
    list.into_iter().map(|line| if line == "silent" { SILENCE.to_owned() } else { line }).collect()
}

/// Returns the object of a breakpoint.
fn breakpoint<'py>(pdb: &Bound<'py, PyAny>, id: BreakpointId) -> PyResult<Bound<'py, PyAny>> {
    pdb.call_method1(intern!(pdb.py(), "get_bpbynumber"), (id.0,))
}

/// All numbers that were given: those of breakpoints that are gone have None.
fn by_number<'py>(pdb: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let class = pdb.getattr(intern!(pdb.py(), "_breakpoint_class"))?;
    class.getattr(intern!(pdb.py(), "bpbynumber"))?.try_iter()?.collect()
}

/// Returns a place as `(path, line, name of the function)`, as the object finds it; the text says why there is none.
fn located(pdb: &Bound<'_, PyAny>, location: &Location) -> PyResult<Result<Located, String>> {
    let py = pdb.py();
    let answer = match location {
        Location::Line(line) => pdb.call_method1(intern!(py, "_locate_line"), (py.None(), line))?,
        Location::FileLine { file, line } => pdb.call_method1(intern!(py, "_locate_line"), (file, line))?,
        Location::FileFunction { function, .. } => return Ok(Err(format!("Bad lineno: {function}"))),
        Location::Name(name) => pdb.call_method1(intern!(py, "_locate_name"), (name,))?,
    };
    if answer.is_none() {
        return Ok(Err(String::new()));
    }
    if let Ok(refusal) = answer.cast::<PyString>() {
        return Ok(Err(refusal.to_string_lossy().into_owned()));
    }
    let (path, line, name): (String, Line, Option<String>) = answer.extract()?;
    let path = Arc::from(path);
    let target = match name {
        Some(name) => Target::Function { path, qualname: Arc::from(name), line },
        None => Target::Line { path, line },
    };
    Ok(Ok(Located { target, moved_from: None }))
}

impl Host for FaceHost {
    fn session(&mut self) -> Answered<SessionInfo> {
        self.ask(|pdb| {
            let py = pdb.py();
            let mode: Option<String> = pdb.getattr(intern!(py, "mode"))?.extract()?;
            Ok(SessionInfo {
                mode: match mode.as_deref() {
                    Some("cli") => SessionMode::Cli,
                    Some("inline") => SessionMode::Inline,
                    _ => SessionMode::Call,
                },
                backend: pdb.getattr(intern!(py, "backend"))?.extract()?,
                outlives: import(py, "sys")?.hasattr(intern!(py, "ps1"))?,
                finished: false,
                can_await: false,
            })
        })
    }

    fn stack(&mut self) -> Answered<Stack> {
        Python::attach(|py| awaiting::settle(py).map_err(|failure| failure.into_host(py)))?;
        self.ask(|pdb| {
            let py = pdb.py();
            let mut frames = Vec::new();
            for entry in pdb.getattr(intern!(py, "stack"))?.try_iter()? {
                frames.push(frame_info(pdb, &entry?.get_item(0)?)?);
            }
            let current = FrameNo(pdb.getattr(intern!(py, "curindex"))?.extract()?);
            Ok(Stack { frames, current, dead: false })
        })
    }

    fn frame_info(&mut self, frame: FrameNo) -> Answered<Option<FrameInfo>> {
        Python::attach(|py| awaiting::settle(py).map_err(|failure| failure.into_host(py)))?;
        self.ask(|pdb| {
            let py = pdb.py();
            let number = match frame {
                FrameNo::CURRENT => pdb.getattr(intern!(py, "curindex"))?.extract()?,
                FrameNo(number) => number as usize,
            };
            let stack = pdb.getattr(intern!(py, "stack"))?;
            if number >= stack.len()? {
                return Ok(None);
            }
            frame_info(pdb, &stack.get_item(number)?.get_item(0)?).map(Some)
        })
    }

    fn displaying(&mut self) -> Answered<bool> {
        Ok(true)
    }

    fn exceptions(&mut self) -> Answered<Vec<ExceptionInfo>> {
        Python::attach(|py| {
            let pdb = self.pdb.bind(py);
            let read = || -> PyResult<(Vec<Bound<'_, PyAny>>, usize)> {
                let chain = pdb.getattr(intern!(py, "_chained_exceptions"))?.extract()?;
                Ok((chain, pdb.getattr(intern!(py, "_chained_exception_index"))?.extract()?))
            };
            let (chain, selected) = read().map_err(|error| self.raised.keep(error))?;
            let rows = chain.iter().enumerate();
            rows.map(|(number, exception)| stack::exception_info(exception, number == selected)).collect()
        })
    }

    fn select_exception(&mut self, number: usize) -> Answered<Stack> {
        self.ask(|pdb| pdb.call_method1(intern!(pdb.py(), "_select_exception"), (number,)).map(drop))?;
        self.stack()
    }

    fn evaluate(&mut self, frame: FrameNo, expression: String, show: Show) -> Answered<String> {
        self.in_frame(frame, |frame, extras| {
            let value = eval::evaluate(frame, extras, &expression)?;
            Ok(text::show(&value, show)?)
        })
    }

    fn execute(&mut self, frame: FrameNo, source: String) -> Answered<()> {
        let (top_level, show) =
            self.ask(|pdb| Ok((Self::top_level_await(pdb)?, pdb.getattr(intern!(pdb.py(), "_show_value"))?.unbind())))?;
        let streams = self.ask(Streams::lend)?;
        let ran = self.in_frame(frame, |frame, extras| {
            let ran = eval::execute_showing(frame, extras, &source, top_level, show.bind(frame.py()))?;
            Ok((ran, frame.clone().unbind()))
        });
        self.ask(|pdb| streams.restore(pdb.py()))?;
        match ran? {
            (Ran::Done, _) => Ok(()),
            (Ran::Coroutine { coroutine, closure }, frame) => {
                awaiting::add(Awaiting { thread: thread_id(), frame, coroutine, closure, handed: Handed::NotYet });
                self.awaits = Awaits::Yes;
                Err(HostError::Awaits)
            }
        }
    }

    fn completeness(&mut self, source: String) -> Answered<Completeness> {
        let top_level = self.ask(Self::top_level_await)?;
        Python::attach(|py| compile::completeness(py, &source, top_level).map_err(|error| text::failed(py, &error)))
    }

    fn check_expression(&mut self, expression: String) -> Answered<()> {
        Python::attach(|py| compile::check_expression(py, &expression))
    }

    fn arguments(&mut self, frame: FrameNo) -> Answered<Vec<Variable>> {
        self.in_frame(frame, |frame, _| FrameLocals::of(frame)?.arguments().map_err(eval::Failure::Refused))
    }

    fn return_value(&mut self, frame: FrameNo) -> Answered<Option<String>> {
        self.in_frame(frame, |frame, _| {
            let value = FrameLocals::of(frame)?.get("__return__");
            let text = value.map(|value| text::repr_of(&value, "retval")).transpose();
            text.map_err(eval::Failure::Refused)
        })
    }

    fn complete(&mut self, frame: FrameNo, text: String) -> Answered<Vec<String>> {
        self.in_frame(frame, |frame, extras| Ok(complete::complete(frame, extras, &text)?))
    }

    fn display(&mut self, frame: FrameNo, expression: String) -> Answered<String> {
        let pdb = self.pdb.clone_ref_attached();
        self.in_frame(frame, |frame, extras| {
            let py = frame.py();
            let value = shown_value(pdb.bind(py), frame, extras, &expression)?;
            let displays = displays_of(pdb.bind(py), frame, Missing::Made)?;
            if let Some(displays) = displays {
                displays.set_item(&expression, &value)?;
            }
            text::repr_of(&value, &expression).map_err(eval::Failure::Refused)
        })
    }

    fn undisplay(&mut self, frame: FrameNo, expression: Option<String>) -> Answered<()> {
        let pdb = self.pdb.clone_ref_attached();
        self.in_frame(frame, |frame, _| {
            let pdb = pdb.bind(frame.py());
            match (displays_of(pdb, frame, Missing::Left)?, expression) {
                (Some(displays), Some(expression)) => displays.del_item(expression)?,
                (Some(_), None) => pdb.getattr("displaying")?.del_item(frame)?,
                (None, _) => {}
            }
            Ok(())
        })
    }

    fn displays(&mut self, frame: FrameNo) -> Answered<Vec<Displayed>> {
        let pdb = self.pdb.clone_ref_attached();
        self.in_frame(frame, |frame, extras| {
            let pdb = pdb.bind(frame.py());
            let Some(displays) = displays_of(pdb, frame, Missing::Left)? else { return Ok(Vec::new()) };
            let refused = eval::Failure::Refused;
            let mut shown = Vec::new();
            for (expression, old) in displays.copy()?.iter() {
                let expression: String = expression.extract()?;
                let new = shown_value(pdb, frame, extras, &expression)?;
                let value = text::repr_of(&new, &expression).map_err(refused)?;
                let before = text::repr_of(&old, &expression).map_err(refused)?;
                let changed = display::differs(&old, &new).unwrap_or(before != value);
                displays.set_item(&expression, &new)?;
                shown.push(Displayed { expression, value, old: changed.then_some(before) });
            }
            Ok(shown)
        })
    }

    fn source(&mut self, path: String, frame: Option<FrameNo>) -> Answered<SourceText> {
        self.ask(|pdb| {
            let py = pdb.py();
            let frame = frame.map(|frame| frame_of(pdb, frame)).transpose()?;
            let globals = frame.as_ref().map(|frame| frame.getattr(intern!(py, "f_globals"))).transpose()?;
            let mut lines = source::cached_lines(py, &path, globals.as_ref()).unwrap_or_default();
            let file =
                globals.as_ref().and_then(|globals| globals.get_item(intern!(py, "__file__")).ok()?.extract().ok());
            if let (true, true, Some::<String>(file)) = (lines.is_empty(), path.starts_with("<frozen"), file) {
                lines = source::cached_lines(py, &file, globals.as_ref()).unwrap_or_default();
            }
            Ok(SourceText { lines: lines.into(), stale: false })
        })
    }

    fn frame_source(&mut self, frame: FrameNo) -> Answered<SourceBlock> {
        self.in_frame(frame, |frame, _| source::of_frame(frame).map_err(eval::Failure::Refused))
    }

    fn object_source(&mut self, frame: FrameNo, expression: String) -> Answered<SourceBlock> {
        self.in_frame(frame, |frame, extras| {
            let object = eval::evaluate(frame, extras, &expression)?;
            source::of_object(&object).map_err(eval::Failure::Refused)
        })
    }

    fn locate(&mut self, _frame: Option<FrameNo>, location: Location) -> Answered<Located> {
        let found = self.ask(|pdb| located(pdb, &location))?;
        found.map_err(|refusal| if refusal.is_empty() { HostError::Told } else { HostError::User(refusal) })
    }

    fn add_breakpoint(&mut self, spec: BreakpointSpec) -> Answered<BreakpointInfo> {
        let added = self.ask(|pdb| {
            let py = pdb.py();
            let name = match &spec.target {
                Target::Function { qualname, .. } => qualname.rsplit('.').next(),
                Target::Line { .. } => None,
            };
            let (path, line) = (&**spec.target.path(), spec.target.line());
            let temporary = spec.lifetime == Lifetime::Temporary;
            let arguments = (path, line, temporary, spec.condition.as_deref(), name);
            let refusal = pdb.call_method1(intern!(py, "set_break"), arguments)?;
            if refusal.is_truthy()? {
                return Ok(Err(text::lossy(&refusal.str()?.into_any())?));
            }
            let newest = pdb.call_method1(intern!(py, "get_breaks"), (path, line))?.get_item(-1)?;
            breakpoint_info(pdb, &newest).map(Ok)
        });
        added?.map_err(HostError::User)
    }

    fn change_breakpoint(&mut self, id: BreakpointId, change: BreakpointChange) -> Answered<BreakpointInfo> {
        self.ask(|pdb| {
            let py = pdb.py();
            let found = breakpoint(pdb, id)?;
            match change {
                BreakpointChange::Enable => found.call_method0(intern!(py, "enable")).map(drop)?,
                BreakpointChange::Disable => found.call_method0(intern!(py, "disable")).map(drop)?,
                BreakpointChange::Condition(condition) => found.setattr(intern!(py, "cond"), condition.as_deref())?,
                BreakpointChange::Ignore(count) => found.setattr(intern!(py, "ignore"), count)?,
                BreakpointChange::Commands(list) => {
                    pdb.getattr(intern!(py, "commands"))?.set_item(id.0, kept_commands(list))?;
                }
            }
            breakpoint_info(pdb, &found)
        })
    }

    fn remove_breakpoint(&mut self, id: BreakpointId) -> Answered<BreakpointInfo> {
        self.ask(|pdb| {
            let info = breakpoint_info(pdb, &breakpoint(pdb, id)?)?;
            pdb.call_method1(intern!(pdb.py(), "clear_bpbynumber"), (id.0,))?;
            Ok(info)
        })
    }

    fn breakpoints(&mut self) -> Answered<Vec<BreakpointInfo>> {
        self.ask(|pdb| {
            let all = by_number(pdb)?;
            all.iter().filter(|one| !one.is_none()).map(|one| breakpoint_info(pdb, one)).collect()
        })
    }

    fn last_breakpoint(&mut self) -> Answered<u32> {
        self.ask(|pdb| Ok(u32::try_from(by_number(pdb)?.len().saturating_sub(1)).unwrap_or(u32::MAX)))
    }

    fn jump(&mut self, frame: FrameNo, line: Line) -> Answered<()> {
        self.in_frame(frame, |frame, _| Ok(frame.setattr(intern!(frame.py(), "f_lineno"), line)?))?;
        self.ask(|pdb| pdb.call_method1(intern!(pdb.py(), "_jumped"), (frame.0, line)).map(drop))
    }

    fn debug(&mut self, frame: FrameNo, source: String, _frontend: DebugFrontend) -> Answered<()> {
        let pdb = self.pdb.clone_ref_attached();
        self.in_frame(frame, |frame, _| {
            pdb.bind(frame.py()).call_method1("_debug", (source, frame))?;
            Ok(())
        })
    }

    fn interact_open(&mut self, frame: FrameNo) -> Answered<()> {
        let pdb = self.pdb.clone_ref_attached();
        let opened = self.in_frame(frame, |frame, _| {
            let interactive = Interactive::open(frame)?;
            interactive.write_to(&pdb.bind(frame.py()).getattr("_write")?)?;
            Ok(interactive)
        })?;
        self.interactive = Some(opened);
        Ok(())
    }

    fn interact_push(&mut self, line: String) -> Answered<Interaction> {
        let Some(interactive) = &self.interactive else { return Ok(Interaction::Left) };
        Python::attach(|py| interactive.push(py, &line))
    }

    fn interact_reset(&mut self) -> Answered<()> {
        let Some(interactive) = &self.interactive else { return Ok(()) };
        Python::attach(|py| interactive.reset(py).map_err(|error| text::failed(py, &error)))
    }
}

/// A reference of its own, taken while the thread may be attached or not.
trait CloneAttached {
    fn clone_ref_attached(&self) -> Self;
}

impl CloneAttached for Py<PyAny> {
    fn clone_ref_attached(&self) -> Self {
        Python::attach(|py| self.clone_ref(py))
    }
}

/// What becomes of the displays of a frame that has none.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Made,
    Left,
}

/// Returns the displayed expressions of a frame, with the values that were shown last.
fn displays_of<'py>(
    pdb: &Bound<'py, PyAny>,
    frame: &Bound<'py, PyAny>,
    missing: Missing,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let all = pdb.getattr(intern!(pdb.py(), "displaying"))?.cast_into::<PyDict>()?;
    if let Some(displays) = all.get_item(frame)? {
        return Ok(Some(displays.cast_into::<PyDict>()?));
    }
    if missing == Missing::Left {
        return Ok(None);
    }
    let displays = PyDict::new(pdb.py());
    all.set_item(frame, &displays)?;
    Ok(Some(displays))
}

/// Returns the value of a displayed expression; that of one that raises is a text which stands for itself.
fn shown_value<'py>(
    pdb: &Bound<'py, PyAny>,
    frame: &Bound<'py, PyAny>,
    extras: &mut Extras<'py>,
    expression: &str,
) -> Result<Bound<'py, PyAny>, eval::Failure> {
    let py = frame.py();
    match eval::evaluate(frame, extras, expression) {
        Ok(value) => Ok(value),
        Err(failure) => {
            let text = format!("** raised {} **", failure.into_host(py));
            Ok(pdb.call_method1(intern!(py, "_text"), (text,))?)
        }
    }
}

/// The program's streams while a statement writes to those of the debugger object.
struct Streams {
    stdin: Py<PyAny>,
    stdout: Py<PyAny>,
}

impl Streams {
    fn lend(pdb: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = pdb.py();
        let sys = import(py, "sys")?;
        let theirs = Self { stdin: sys.getattr("stdin")?.unbind(), stdout: sys.getattr("stdout")?.unbind() };
        sys.setattr("stdin", pdb.getattr("stdin")?)?;
        sys.setattr("stdout", pdb.getattr("stdout")?)?;
        Ok(theirs)
    }

    fn restore(self, py: Python<'_>) -> PyResult<()> {
        let sys = import(py, "sys")?;
        sys.setattr("stdin", self.stdin)?;
        sys.setattr("stdout", self.stdout)
    }
}
