//! What the Python half of the package calls to run a program under the debugger.

use std::env;
use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCode, PyDict, PyTuple};
use rdb_core::event::EventKind;
use rdb_core::frontend::Notice;
use rdb_core::host::SessionMode;
use rdb_repl::config::startup_commands;

use crate::backend::{self, Choice};
use crate::errors::InternalError;
use crate::ffi::import;
use crate::frame::StackBottom;
use crate::front::{self, Leave, Progress, Quit};
use crate::host;
use crate::session::Session;
use crate::terminal;
use crate::{callback, counting};

/// If it is set, the first event is a panic: for the test of what happens then.
const PANIC_VARIABLE: &str = "RDB_TEST_PANIC";

/// The frame that runs programs, as long as it does: what is below it is on no stack, not even on that of a traceback.
static RUNNER: Mutex<Option<StackBottom>> = Mutex::new(None);

/// Starts the session of a command line, with its console. To be called by the frame that runs the program.
#[pyfunction]
#[pyo3(signature = (backend, commands, rc))]
pub(crate) fn start(py: Python<'_>, backend: Option<&str>, commands: Vec<String>, rc: bool) -> PyResult<()> {
    let session = Session::start(py, choice(backend)?, SessionMode::Cli)?;
    *RUNNER.lock().unwrap_or_else(PoisonError::into_inner) = Some(StackBottom::here(py));
    if env::var_os(PANIC_VARIABLE).is_some() {
        session.panic_at_next_event();
    }
    let rc = if rc { startup_files() } else { Vec::new() };
    front::install(session, terminal::of_rdb(py), rc, commands, Quit::Leave);
    Ok(())
}

/// Returns the session that hears events, and starts one if there is none.
pub(crate) fn session(py: Python<'_>, mode: SessionMode) -> PyResult<&'static Session> {
    let session = match Session::active() {
        Some(session) => session,
        None => Session::start(py, Choice::Auto, mode)?,
    };
    if !front::is_installed() {
        front::install(session, terminal::of_program(), startup_files(), Vec::new(), Quit::Leave);
    }
    Ok(session)
}

/// Returns the choice that a name on the command line stands for.
pub(crate) fn choice(name: Option<&str>) -> Result<Choice, InternalError> {
    name.unwrap_or_default().parse()
}

/// Returns the lines of the start-up files.
pub(crate) fn startup_files() -> Vec<String> {
    startup_commands(env::home_dir().as_deref(), env::current_dir().ok().as_deref())
}

/// Returns the name of the backend that a choice leads to, and why.
#[pyfunction]
pub(crate) fn backend_info(py: Python<'_>, backend: Option<&str>) -> PyResult<(&'static str, String)> {
    let chosen = backend::make(py, choice(backend)?)?;
    Ok((chosen.backend.name(), chosen.reason))
}

/// Runs the main code of a program to its end, stopping at its first line. Returns the exception that ended it, or None;
/// raises `Quit` or `Restart` if the user wants so.
#[pyfunction]
pub(crate) fn run_program<'py>(
    py: Python<'py>,
    code: Bound<'py, PyCode>,
    namespace: Bound<'py, PyDict>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let session = session(py, SessionMode::Cli)?;
    front::new_run();
    session.set_finished(false);
    session.arm_entry(py, &code)?;
    let ended = launch(py, session, || evaluate(py, &code, namespace.as_any(), namespace.as_any()));
    session.set_finished(true);
    match front::take_leave() {
        Leave::No => Ok(ended.err().map(|error| error.into_value(py).into_bound(py).into_any())),
        // Also if the program has swallowed the exception, or raised another one while it left.
        Leave::Quit => Err(exception(py, "Quit", 0)),
        Leave::Restart(args) => Err(exception(py, "Restart", args)),
    }
}

/// Runs a code object in the given namespaces, stopping at its first line, and returns its value.
#[pyfunction]
pub(crate) fn run_code<'py>(
    py: Python<'py>,
    code: Bound<'py, PyCode>,
    globals: Bound<'py, PyAny>,
    locals: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let session = session(py, SessionMode::Call)?;
    session.arm_entry(py, &code)?;
    launch(py, session, || evaluate(py, &code, &globals, &locals))
}

/// Calls a function, stopping at its first line (or at the first line of anything that is not a function), and returns
/// its value.
#[pyfunction]
pub(crate) fn run_call<'py>(
    py: Python<'py>,
    function: Bound<'py, PyAny>,
    args: Bound<'py, PyTuple>,
    kwargs: Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let session = session(py, SessionMode::Call)?;
    match function.getattr("__code__").ok().and_then(|code| code.cast_into::<PyCode>().ok()) {
        Some(code) => session.arm_entry(py, &code)?,
        None => session.update(py, |engine| engine.pause(None))?,
    }
    launch(py, session, || function.call(args, Some(&kwargs)))
}

/// Runs the program on top of rdb's frames. What it leaves behind in the session is undone: a step on its way, and that it
/// was being made to leave.
fn launch<'py>(
    py: Python<'py>,
    session: &'static Session,
    program: impl FnOnce() -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let bottom = StackBottom::here(py);
    let ended = program();
    session.end_leave(py);
    session.program_ended(py);
    drop(bottom);
    ended
}

/// Shows an exception and its traceback as Python does at the end of a program, `sys.excepthook` included.
#[pyfunction]
pub(crate) fn show_traceback(py: Python<'_>, error: Bound<'_, PyAny>) -> PyResult<()> {
    if !error.is_instance_of::<PyKeyboardInterrupt>() {
        PyErr::from_value(error).print_and_set_sys_last_vars(py);
        return Ok(());
    }
    // The interpreter would take it for its own end, and would remember that although the program is started again.
    let shown = (error.get_type(), error.clone(), error.getattr(intern!(py, "__traceback__"))?);
    let sys = import(py, "sys")?;
    let hook = sys.getattr(intern!(py, "excepthook")).and_then(|hook| hook.call1(shown.clone()));
    if hook.is_err() {
        sys.getattr(intern!(py, "__excepthook__"))?.call1(shown)?;
    }
    Ok(())
}

/// Shows an exception as the error of a statement.
#[pyfunction]
pub(crate) fn show_error(py: Python<'_>, error: Bound<'_, PyAny>) -> PyResult<()> {
    let (name, text) = (error.get_type().name()?, error.str()?);
    let text = if text.is_empty()? { name.to_string() } else { format!("{name}: {text}") };
    front::tell(py, session(py, SessionMode::Inline)?, Notice::Error(text));
    Ok(())
}

/// Shows a line of text.
#[pyfunction]
pub(crate) fn message(py: Python<'_>, text: String) -> PyResult<()> {
    front::tell(py, session(py, SessionMode::Cli)?, Notice::Message(text));
    Ok(())
}

/// Tells that the program starts again.
#[pyfunction]
pub(crate) fn restarting(py: Python<'_>, program: String, args: Vec<String>) -> PyResult<()> {
    front::tell(py, session(py, SessionMode::Cli)?, Notice::Restarting { program, args });
    Ok(())
}

/// Forgets what is known of the last run: the program is about to be read anew.
#[pyfunction]
pub(crate) fn forget_run(py: Python<'_>) {
    host::forget_displays();
    host::forget_sources(py);
}

/// Returns what rdb asks of the interpreter, for tests; None before there is a session.
#[pyfunction]
pub(crate) fn session_state(py: Python<'_>) -> PyResult<Option<Bound<'_, PyDict>>> {
    let Some(session) = Session::get() else { return Ok(None) };
    let state = session.state();
    let names: Vec<&str> = state.in_force.global.iter().map(EventKind::name).collect();
    let answer = PyDict::new(py);
    answer.set_item("backend", state.backend)?;
    answer.set_item("reason", state.reason)?;
    answer.set_item("tool", state.tool)?;
    answer.set_item("active", state.active)?;
    answer.set_item("global_events", names)?;
    answer.set_item("armed_code", state.in_force.armed)?;
    answer.set_item("watches_new_code", state.in_force.new_code)?;
    answer.set_item("events", state.events)?;
    answer.set_item("calls", callback::calls())?;
    answer.set_item("allocations", counting::allocations())?;
    Ok(Some(answer))
}

/// Returns whether the program has stopped at all since it was started.
#[pyfunction]
pub(crate) fn has_stopped() -> bool {
    front::progress() != Progress::Started
}

/// Returns whether the program has come further than its first line.
#[pyfunction]
pub(crate) fn progressed() -> bool {
    front::progress() == Progress::UnderWay
}

/// Returns whether the program runs without rdb now: the user has sent it away, or it has failed.
#[pyfunction]
pub(crate) fn detached() -> bool {
    Session::active().is_none()
}

/// Ends the session: the process is as it was without a debugger.
#[pyfunction]
pub(crate) fn finish(py: Python<'_>) {
    *RUNNER.lock().unwrap_or_else(PoisonError::into_inner) = None;
    if let Some(session) = Session::active() {
        session.detach(py);
    }
}

/// Python's own `eval`, whatever the program does to `builtins`.
static EVAL: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// Evaluates a code object through Python's own `eval`, which takes any mapping for `locals` and adds no frame.
fn evaluate<'py>(
    py: Python<'py>,
    code: &Bound<'py, PyCode>,
    globals: &Bound<'py, PyAny>,
    locals: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let eval = || Ok::<_, PyErr>(import(py, "builtins")?.getattr(intern!(py, "eval"))?.unbind());
    EVAL.get_or_try_init(py, eval)?.bind(py).call1((code, globals, locals))
}

/// Returns an exception of `rdb.exceptions`, to be raised.
fn exception(py: Python<'_>, name: &str, code: impl for<'py> IntoPyObject<'py>) -> PyErr {
    import(py, "rdb.exceptions")
        .and_then(|module| module.getattr(name)?.call1((code,)))
        .map_or_else(|error| error, PyErr::from_value)
}
