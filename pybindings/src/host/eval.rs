//! Text that the user typed, run in a frame: what it reads are the frame's variables, what it stores is stored there.

use indexmap::{IndexMap, IndexSet};
use pyo3::exceptions::PySyntaxError;
use pyo3::intern;
use pyo3::prelude::*;
use rdb_core::host::HostError;

use super::closure::{self, Body, Closure, Template};
use super::compile::{self, Flags, Mode, TopLevelAwait};
use super::locals::FrameLocals;
use super::{dollar, text};

use crate::ffi::{eval_code, import};

/// Why a text has not given a value.
pub(super) enum Failure {
    /// It raised.
    Raised(PyErr),
    /// rdb refuses it.
    Refused(HostError),
}

/// What running a text has come to.
pub(super) type Outcome<T> = Result<T, Failure>;

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Raised(error)
    }
}

impl Failure {
    /// Returns the failure of a `$name` that nobody has set.
    pub(super) fn unknown_name(name: &str) -> Self {
        Self::Refused(HostError::Program(format!("KeyError: '{name}'")))
    }

    /// Returns what a front end is told.
    pub(super) fn into_host(self, py: Python<'_>) -> HostError {
        match self {
            Self::Raised(error) => text::failed(py, &error),
            Self::Refused(error) => error,
        }
    }
}

/// What a text can name that is not the frame's: convenience variables, and pdb's `__return__` and `__exception__`.
#[derive(Default)]
pub(super) struct Extras<'py>(IndexMap<String, Bound<'py, PyAny>>);

impl<'py> Extras<'py> {
    /// Gives a name to a value.
    pub(super) fn insert(&mut self, identifier: &str, value: Bound<'py, PyAny>) {
        self.0.insert(identifier.to_owned(), value);
    }

    /// Takes a name away.
    pub(super) fn remove(&mut self, identifier: &str) {
        self.0.shift_remove(identifier);
    }

    /// Returns the value of a name.
    pub(super) fn get(&self, identifier: &str) -> Option<Bound<'py, PyAny>> {
        self.0.get(identifier).cloned()
    }

    /// Returns whether a name has a value.
    pub(super) fn contains(&self, identifier: &str) -> bool {
        self.0.contains_key(identifier)
    }

    /// Returns the names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Bound<'py, PyAny>)> {
        self.0.iter()
    }

    /// Returns a `$name` that a code object uses, that has no value and that the text does not set.
    pub(super) fn unknown_name(&self, code: &Bound<'py, PyAny>, bound: &IndexSet<String>) -> PyResult<Option<String>> {
        let mut used = compile::names(code)?;
        used.extend(compile::nested_names(code)?);
        let unknown = used.iter().filter(|name| !self.contains(name) && !bound.contains(*name));
        Ok(unknown.filter_map(|name| dollar::name_of(name)).map(str::to_owned).next())
    }
}

/// What a run of statements has come to.
pub(super) enum Ran {
    /// They have run.
    Done,
    /// They await: the coroutine is still to be run.
    Coroutine {
        /// The coroutine.
        coroutine: Py<PyAny>,
        /// What it stores, to be asked when it has ended.
        closure: Closure,
    },
}

/// An expression that was compiled for the frames of a code object.
pub(super) enum Expression {
    /// It runs in the frame's own namespaces, and stores nothing in its variables.
    Plain(Py<PyAny>),
    /// It runs as a function over the frame's variables.
    Closed(Template),
}

impl Expression {
    /// Compiles an expression for a frame.
    pub(super) fn compile<'py>(
        locals: &FrameLocals<'py>,
        flags: Flags,
        extras: &Extras<'py>,
        text: &str,
    ) -> Outcome<Self> {
        let (source, used) = dollar::expand(text.trim());
        let tree = compile::parse(locals.globals.py(), &source, Mode::Eval, flags)?;
        let code = compile::compile(&tree, Mode::Eval, flags)?;
        if needs_closure(locals, extras, &code, &source, &used)? {
            let body = Body::Expression(tree.getattr("body")?);
            return Template::new(locals, extras, &body, flags).map(Self::Closed);
        }
        Ok(Self::Plain(code.unbind()))
    }

    /// Evaluates the expression in a frame.
    pub(super) fn evaluate<'py>(
        &self,
        locals: &FrameLocals<'py>,
        extras: &mut Extras<'py>,
    ) -> Outcome<Bound<'py, PyAny>> {
        match self {
            Self::Plain(code) => Ok(eval_code(code.bind(locals.globals.py()), &locals.globals, &locals.mapping)?),
            Self::Closed(template) => run_closure(locals, extras, &template.close_over(locals, extras)?),
        }
    }
}

/// Evaluates an expression in a frame.
pub(super) fn evaluate<'py>(
    frame: &Bound<'py, PyAny>,
    extras: &mut Extras<'py>,
    expression: &str,
) -> Outcome<Bound<'py, PyAny>> {
    let flags = Flags::of(&frame.getattr(intern!(frame.py(), "f_code"))?)?;
    let locals = FrameLocals::of(frame)?;
    Expression::compile(&locals, flags, extras, expression)?.evaluate(&locals, extras)
}

/// Runs statements in a frame. The value of a statement that is an expression is shown.
pub(super) fn execute<'py>(
    frame: &Bound<'py, PyAny>,
    extras: &mut Extras<'py>,
    statements: &str,
    top_level: TopLevelAwait,
) -> Outcome<Ran> {
    let show = wrap_pyfunction!(show_value, frame.py())?.into_any();
    execute_showing(frame, extras, statements, top_level, &show)
}

/// As [`execute`], with a function that shows the values.
pub(super) fn execute_showing<'py>(
    frame: &Bound<'py, PyAny>,
    extras: &mut Extras<'py>,
    statements: &str,
    top_level: TopLevelAwait,
    show: &Bound<'py, PyAny>,
) -> Outcome<Ran> {
    let py = frame.py();
    let (source, used) = dollar::expand(statements);
    let flags = Flags::of(&frame.getattr(intern!(py, "f_code"))?)?.with_await(top_level);
    let body = compile::parse(py, &source, Mode::Exec, flags)?.getattr("body")?;
    let interactive = import(py, "_ast")?.getattr("Interactive")?.call1((&body,))?;
    let code = compile::compile(&interactive, Mode::Single, flags)?;
    let locals = FrameLocals::of(frame)?;
    refuse_unbinding(&locals, &body)?;
    let awaits = compile::awaits(&code)?;
    if awaits || needs_closure(&locals, extras, &code, &source, &used)? {
        let shown = compile::parse(py, &source, Mode::Exec, flags)?.getattr("body")?;
        closure::show_values(&shown, extras, show.clone())?;
        let shown = if awaits { Body::Coroutine(shown) } else { Body::Statements(shown) };
        match Template::new(&locals, extras, &shown, flags) {
            Ok(template) => {
                let closure = template.close_over(&locals, extras)?;
                if awaits {
                    return Ok(Ran::Coroutine { coroutine: closure.run(py)?.unbind(), closure });
                }
                return run_closure(&locals, extras, &closure).map(|_| Ran::Done);
            }
            // Some statements (`from x import *`, `global x`) cannot stand in a function.
            Err(Failure::Raised(error)) if error.is_instance_of::<PySyntaxError>(py) && used.is_empty() => {}
            Err(failure) => return Err(failure),
        }
    }
    let _shown = DisplayHook::set(show.clone())?;
    run_plain(&locals, &code)
}

/// Stores what a text has done to the frame's variables, and puts its convenience variables into `extras`.
pub(super) fn store<'py>(frame: &Bound<'py, PyAny>, extras: &mut Extras<'py>, closure: &Closure) -> Outcome<()> {
    let mut changes = closure.changes(frame.py());
    closure::take_convenience(&mut changes, extras);
    FrameLocals::of(frame)?.apply(&changes)
}

/// Returns whether a text means other things inside of a function over the frame's variables than it does without.
fn needs_closure<'py>(
    locals: &FrameLocals<'py>,
    extras: &Extras<'py>,
    code: &Bound<'py, PyAny>,
    source: &str,
    used: &[String],
) -> PyResult<bool> {
    if !used.is_empty() || locals.are_mixed() {
        return Ok(true);
    }
    let inner = compile::nested_names(code)?;
    let outer = compile::names(code)?;
    let names_extra = inner.iter().chain(&outer).any(|name| extras.contains(name));
    // A walrus inside of a comprehension outside of a function stores a global.
    let walrus = source.contains(":=") && !locals.are_globals();
    if names_extra || walrus {
        return Ok(true);
    }
    if inner.is_empty() || locals.are_globals() {
        return Ok(false);
    }
    let known = locals.names()?;
    Ok(inner.iter().any(|name| known.contains(name) || outer.contains(name)))
}

fn run_plain<'py>(locals: &FrameLocals<'py>, code: &Bound<'py, PyAny>) -> Outcome<Ran> {
    let before = locals.before()?;
    let value = eval_code(code, &locals.globals, &locals.mapping);
    if let Some(before) = before {
        locals.write_back(&before)?;
    }
    value?;
    Ok(Ran::Done)
}

fn run_closure<'py>(
    locals: &FrameLocals<'py>,
    extras: &mut Extras<'py>,
    closure: &Closure,
) -> Outcome<Bound<'py, PyAny>> {
    let value = closure.run(locals.globals.py());
    let mut changes = closure.changes(locals.globals.py());
    closure::take_convenience(&mut changes, extras);
    locals.apply(&changes)?;
    Ok(value?)
}

fn refuse_unbinding(locals: &FrameLocals<'_>, body: &Bound<'_, PyAny>) -> Outcome<()> {
    for name in compile::deleted_names(body)? {
        if !locals.can_delete(&name)? {
            return Err(Failure::Refused(HostError::User(format!(
                "Cannot delete '{name}': this Python cannot unbind a local variable of a running function; \
                 assign another value to it"
            ))));
        }
    }
    Ok(())
}

/// Writes the value of a statement, unless it is None, to where `print` writes, and leaves `builtins._` alone.
#[pyfunction]
fn show_value(value: &Bound<'_, PyAny>) -> PyResult<()> {
    if value.is_none() {
        return Ok(());
    }
    let py = value.py();
    let stdout = import(py, "sys")?.getattr(intern!(py, "stdout"))?;
    let shown = value.repr()?.add("\n")?;
    stdout.call_method1(intern!(py, "write"), (shown,)).map(drop)
}

/// Our `sys.displayhook`, for as long as this lives.
struct DisplayHook<'py> {
    ours: Bound<'py, PyAny>,
    theirs: Option<Bound<'py, PyAny>>,
}

impl<'py> DisplayHook<'py> {
    fn set(ours: Bound<'py, PyAny>) -> PyResult<Self> {
        let sys = import(ours.py(), "sys")?;
        let theirs = sys.getattr_opt(intern!(ours.py(), "displayhook"))?;
        sys.setattr(intern!(ours.py(), "displayhook"), &ours)?;
        Ok(Self { ours, theirs })
    }

    /// Puts the program's hook back, unless the text has set another one.
    fn restore(&self) -> PyResult<()> {
        let name = intern!(self.ours.py(), "displayhook");
        let sys = import(self.ours.py(), "sys")?;
        match (sys.getattr_opt(name)?, &self.theirs) {
            (Some(now), Some(theirs)) if now.is(&self.ours) => sys.setattr(name, theirs),
            (Some(now), None) if now.is(&self.ours) => sys.delattr(name),
            _ => Ok(()),
        }
    }
}

impl Drop for DisplayHook<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.restore() {
            tracing::warn!(%error, "failed to put sys.displayhook back");
        }
    }
}
