//! The commands as methods of a Python object: `rdb.pdb.Pdb` has the loop, the stack and the state, and its `do_*` methods
//! come here. The state is read from the object's attributes before each command and written back behind it.

mod serve;
mod terminal;

use std::sync::Arc;

use indexmap::IndexMap;
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rdb_core::host::Host;
use rdb_core::ids::{FrameNo, Line};
use rdb_core::stop::{Resume, StepGoal};
use rdb_repl::command::{COMMANDS, Compat, Group, Resumes, find};
use rdb_repl::console::Dialect;
use rdb_repl::face::{self, Scene, Task};
use rdb_repl::highlight::Style;
use rdb_repl::manual;

use self::serve::{Awaits, FaceHost};
use self::terminal::{FaceTerminal, Raised};
use super::eval::{self, Extras, Failure};
use super::{dollar, keep_snapshot, outline, source, text};
use crate::code;
use crate::ffi::import;

/// What is known of a command: names, usage, help, whether it makes the program go on.
type CommandInfo = (Vec<&'static str>, &'static str, String, bool);

/// Returns the commands that pdb has too.
#[pyfunction]
pub(crate) fn pdb_commands(py: Python<'_>) -> PyResult<Vec<CommandInfo>> {
    code::prepare(py)?;
    let dialect = Dialect::Pdb { minor: py.version_info().minor };
    let theirs = COMMANDS.iter().filter(|command| command.compat != Compat::New);
    let info = |command: &'static rdb_repl::command::Command| {
        let about = manual::about(command, dialect);
        (command.names().collect(), command.usage_in(dialect), about, command.resumes == Resumes::Yes)
    };
    Ok(theirs.map(info).collect())
}

/// Runs a command over a debugger object. Returns True if the program is to go on.
#[pyfunction]
pub(crate) fn pdb_command(pdb: &Bound<'_, PyAny>, name: &str, argument: &str) -> PyResult<Option<bool>> {
    let command = find(name).ok_or_else(|| PyValueError::new_err(format!("there is no command {name}")))?;
    run(pdb, Task::Command(command, argument.trim()))
}

/// Runs a statement in the frame that a debugger object looks at. Returns True if it awaits.
#[pyfunction]
pub(crate) fn pdb_statement(pdb: &Bound<'_, PyAny>, line: &str) -> PyResult<Option<bool>> {
    run(pdb, Task::Statement(line))
}

/// Asks for a breakpoint's command list, as a debugger object keeps it; None: the user gave up.
#[pyfunction]
pub(crate) fn pdb_read_command_list(pdb: &Bound<'_, PyAny>) -> PyResult<Option<Vec<String>>> {
    let raised = Raised::default();
    let mut host = FaceHost::new(pdb, raised.clone());
    let terminal = FaceTerminal { pdb: pdb.clone().unbind(), raised: raised.clone() };
    let list = face::read_command_list(&mut scene(pdb)?, Box::new(terminal), &mut host);
    raised.take()?;
    let list = list.map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(list.map(serve::kept_commands))
}

/// Shows the displayed expressions of a debugger object whose value has changed.
#[pyfunction]
pub(crate) fn pdb_displays(pdb: &Bound<'_, PyAny>) -> PyResult<()> {
    run(pdb, Task::Displays).map(drop)
}

/// Returns a line with the alias that it begins with expanded, and what follows its first `;;`.
#[pyfunction]
pub(crate) fn pdb_expand(line: &str, aliases: &Bound<'_, PyAny>) -> PyResult<(String, Option<String>)> {
    let line = face::expand(line, &names(aliases)?).map_err(PyValueError::new_err)?;
    let (first, rest) = face::split(&line);
    Ok((first.to_owned(), rest.map(str::to_owned)))
}

/// Returns a line with what pdb has for each `$name`.
#[pyfunction]
pub(crate) fn pdb_dollars(line: &str) -> String {
    dollar::expand_with(line, |name| format!("__pdb_convenience_variables[\"{name}\"]")).0
}

/// Returns the value of an expression in a frame.
#[pyfunction]
pub(crate) fn pdb_evaluate<'py>(frame: &Bound<'py, PyAny>, expression: &str) -> PyResult<Bound<'py, PyAny>> {
    let _snapshot = keep_snapshot(frame);
    eval::evaluate(frame, &mut Extras::default(), expression).map_err(|failure| match failure {
        Failure::Raised(error) => error,
        Failure::Refused(refusal) => PyValueError::new_err(refusal.to_string()),
    })
}

/// Returns what a name or dotted name can become in the frame that a debugger object looks at.
#[pyfunction]
pub(crate) fn pdb_complete(pdb: &Bound<'_, PyAny>, text: &str) -> PyResult<Vec<String>> {
    let raised = Raised::default();
    let mut host = FaceHost::new(pdb, raised.clone());
    let frame = FrameNo(pdb.getattr(intern!(pdb.py(), "curindex"))?.extract()?);
    let found = host.complete(frame, text.to_owned()).unwrap_or_default();
    raised.take().map(|()| found)
}

/// Returns words in columns, each line ended.
#[pyfunction]
pub(crate) fn pdb_columns(words: Vec<String>, columns: usize) -> String {
    rdb_repl::print::columns(&words, columns)
}

/// Returns the manual as plain text.
#[pyfunction]
pub(crate) fn pdb_manual(py: Python<'_>) -> String {
    manual::plain(Dialect::Pdb { minor: py.version_info().minor })
}

/// Returns source text with colours.
#[pyfunction]
pub(crate) fn pdb_colorize(source: &str) -> String {
    rdb_repl::highlight::source(source, Style::Ansi)
}

/// Returns the lines of a file as it is now, and the first line of the body of a function in it.
#[pyfunction]
pub(crate) fn pdb_find_function(py: Python<'_>, name: &str, path: &str) -> PyResult<(Vec<String>, Option<Line>)> {
    import(py, "linecache")?.call_method1("checkcache", (path,))?;
    let lines = source::read(py, path, None);
    let body = body_of(py, path, name, &lines)?;
    Ok((lines, body))
}

fn body_of(py: Python<'_>, path: &str, name: &str, lines: &[String]) -> PyResult<Option<Line>> {
    if let Some(outline) = outline::of(py, path, &lines.into()) {
        return Ok(outline.function(name).map(|function| function.body_line));
    }
    // What cannot be compiled as a whole may be a function that can, and others around it.
    let opens = |rest: &str| rest.trim_start().starts_with(['(', '[']);
    let is_def = |line: &String| {
        line.strip_prefix("def ").and_then(|line| line.trim_start().strip_prefix(name)).is_some_and(opens)
    };
    let Some(start) = lines.iter().position(is_def) else { return Ok(None) };
    let block: Arc<[String]> = source::block(py, &lines[start..])?.into();
    let outline = outline::of(py, "<function>", &block);
    let body = outline.and_then(|outline| outline.function(name).map(|function| function.body_line));
    Ok(body.map(|line| line.saturating_add(Line::try_from(start).unwrap_or(Line::MAX))))
}

/// Returns the first line of the body of a code object.
#[pyfunction]
pub(crate) fn pdb_body_line(code: &Bound<'_, PyAny>) -> Line {
    outline::describe(code.py(), code).body_line
}

/// Returns an exception as pdb shows it.
#[pyfunction]
pub(crate) fn pdb_exception_text(error: &Bound<'_, PyAny>) -> PyResult<String> {
    text::value_text(error)
}

fn run(pdb: &Bound<'_, PyAny>, task: Task<'_>) -> PyResult<Option<bool>> {
    let py = pdb.py();
    let raised = Raised::default();
    let mut scene = scene(pdb)?;
    let last = scene.last.clone();
    let mut host = FaceHost::new(pdb, raised.clone());
    let terminal = FaceTerminal { pdb: pdb.clone().unbind(), raised: raised.clone() };
    let resume = face::run(task, &mut scene, Box::new(terminal), &mut host);
    raised.take()?;
    let resume = resume.map_err(|error| PyValueError::new_err(error.to_string()))?;
    write_back(pdb, &scene, &last)?;
    if let Task::Command(command, _) = task
        && command.group == Group::Source
    {
        pdb.call_method0(intern!(py, "_validate_file_mtime"))?;
    }
    if host.awaits == Awaits::Yes {
        pdb.setattr(intern!(py, "async_awaitable"), super::take_awaitable(py)?)?;
        return Ok(Some(true));
    }
    resume.map(|resume| go_on(pdb, &resume)).transpose()
}

fn scene(pdb: &Bound<'_, PyAny>) -> PyResult<Scene> {
    let py = pdb.py();
    Ok(Scene {
        name: "pdb".to_owned(),
        prompt: pdb.getattr(intern!(py, "prompt"))?.extract()?,
        dialect: Dialect::Pdb { minor: py.version_info().minor },
        aliases: names(&pdb.getattr(intern!(py, "aliases"))?)?,
        selected: pdb.getattr(intern!(py, "curindex"))?.extract()?,
        listed: pdb.getattr(intern!(py, "lineno"))?.extract::<Option<Line>>()?,
        last: pdb.getattr(intern!(py, "lastcmd"))?.extract()?,
    })
}

/// Returns aliases in the order in which they were made.
fn names(aliases: &Bound<'_, PyAny>) -> PyResult<IndexMap<String, String>> {
    let aliases = aliases.cast::<PyDict>()?;
    aliases.iter().map(|(name, line)| Ok((name.extract()?, line.extract()?))).collect()
}

fn write_back(pdb: &Bound<'_, PyAny>, scene: &Scene, last: &str) -> PyResult<()> {
    let py = pdb.py();
    pdb.setattr(intern!(py, "lineno"), scene.listed)?;
    if scene.last != last {
        pdb.setattr(intern!(py, "lastcmd"), &scene.last)?;
    }
    let aliases = pdb.getattr(intern!(py, "aliases"))?;
    if names(&aliases)? != scene.aliases {
        let aliases = aliases.cast_into::<PyDict>()?;
        aliases.clear();
        for (name, line) in &scene.aliases {
            aliases.set_item(name, line)?;
        }
    }
    Ok(())
}

/// Lets the object's own methods make the program go on; returns whether its loop is to end.
fn go_on(pdb: &Bound<'_, PyAny>, resume: &Resume) -> PyResult<bool> {
    let py = pdb.py();
    let none = || py.None().into_bound(py);
    let (how, detail) = match resume {
        Resume::Continue | Resume::Detach => ("continue", none()),
        Resume::Quit => ("quit", none()),
        Resume::Restart(arguments) => ("restart", arguments.as_ref().into_pyobject(py)?.into_any()),
        Resume::Step(goal) => match goal {
            StepGoal::Into => ("step", none()),
            StepGoal::Instruction => ("stepinstr", none()),
            StepGoal::Over { .. } => ("next", none()),
            StepGoal::Out { .. } | StepGoal::Finish { .. } | StepGoal::Advance { .. } => ("return", none()),
            StepGoal::Until { line, .. } => ("until", line.into_pyobject(py)?.into_any()),
        },
    };
    pdb.call_method1(intern!(py, "_go_on"), (how, detail))?;
    Ok(true)
}
