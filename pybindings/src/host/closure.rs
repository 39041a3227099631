//! Text whose lambdas and comprehensions see the frame's variables: it is compiled as the body of a function inside of
//! a function that has them, and run with a cell for each; what the text stored is read from the cells afterwards.

use indexmap::IndexSet;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::compile::{self, Flags, Mode};
use super::dollar;
use super::eval::{Extras, Failure, Outcome};
use super::locals::{Change, Changes, FrameLocals};

use crate::ffi::import;

const OUTER: &str = "__rdb_outer";
const INNER: &str = "__rdb_scope";
/// What the qualified names of functions in a text begin with.
const WRAPPING: &str = "__rdb_outer.<locals>.__rdb_scope.<locals>.";
/// The name under which a text finds what shows the value of a statement.
const SHOW: &str = "__rdb_show";

/// What the function is made of.
pub(super) enum Body<'py> {
    /// An expression, whose value is returned.
    Expression(Bound<'py, PyAny>),
    /// A list of statements.
    Statements(Bound<'py, PyAny>),
    /// A list of statements that await.
    Coroutine(Bound<'py, PyAny>),
}

/// A text that was compiled over the variables that it may mean.
pub(super) struct Template {
    code: Py<PyAny>,
    /// The names that the text itself binds.
    bound: IndexSet<String>,
}

/// A text that is ready to run. It may outlive the stop: a coroutine stores its results when it has ended.
pub(super) struct Closure {
    function: Py<PyAny>,
    cells: Vec<Cell>,
}

/// A variable of the text.
struct Cell {
    name: String,
    cell: Py<PyAny>,
    initial: Option<Py<PyAny>>,
}

impl Template {
    /// Compiles `body` as a function over the variables of a frame.
    pub(super) fn new<'py>(
        locals: &FrameLocals<'py>,
        extras: &Extras<'py>,
        body: &Body<'py>,
        flags: Flags,
    ) -> Outcome<Self> {
        let draft = scope_code(body, &IndexSet::new(), flags)?;
        let bound = bound_names(&draft)?;
        if let Some(name) = extras.unknown_name(&draft, &bound)? {
            return Err(Failure::unknown_name(&name));
        }
        let wanted = wanted_names(locals, extras, &draft, &bound)?;
        let code = without_wrapping(&scope_code(body, &wanted, flags)?, WRAPPING)?;
        Ok(Self { code: code.unbind(), bound })
    }

    /// Makes it a function over the values that the variables have now.
    pub(super) fn close_over<'py>(&self, locals: &FrameLocals<'py>, extras: &Extras<'py>) -> PyResult<Closure> {
        let code = self.code.bind(locals.globals.py());
        let slots = locals.slots()?;
        let initial = |name: &str| {
            let from_frame = || locals.get(name);
            let from_elsewhere = || locals.look_up(name).filter(|_| self.bound.contains(name) && !slots.contains(name));
            extras.get(name).or_else(from_frame).or_else(from_elsewhere)
        };
        let cells = code.getattr("co_freevars")?.extract::<Vec<String>>()?.into_iter();
        let cells = cells.map(|name| Cell::new(code.py(), initial(&name), name)).collect::<PyResult<Vec<_>>>()?;
        Ok(Closure { function: function(code, &locals.globals, &cells)?, cells })
    }
}

impl Closure {
    /// Runs the text; for one that awaits this only makes the coroutine.
    pub(super) fn run<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.function.bind(py).call0()
    }

    /// Returns what the text has done to its variables so far.
    pub(super) fn changes<'py>(&self, py: Python<'py>) -> Changes<'py> {
        let mut changes = Changes::new();
        for Cell { name, cell, initial } in &self.cells {
            // An empty cell raises.
            let now = cell.bind(py).getattr(intern!(py, "cell_contents")).ok();
            match (now, initial) {
                (Some(now), Some(before)) if now.is(before) => {}
                (Some(now), _) => drop(changes.insert(name.clone(), Change::Set(now))),
                (None, Some(_)) => drop(changes.insert(name.clone(), Change::Delete)),
                (None, None) => {}
            }
        }
        changes
    }
}

impl Cell {
    fn new(py: Python<'_>, initial: Option<Bound<'_, PyAny>>, name: String) -> PyResult<Self> {
        let class = import(py, "types")?.getattr(intern!(py, "CellType"))?;
        let cell = match &initial {
            Some(value) => class.call1((value,)),
            None => class.call0(),
        };
        Ok(Self { name, cell: cell?.unbind(), initial: initial.map(Bound::unbind) })
    }
}

/// Makes the statements of a scope that are expressions show their value, as an interactive session does.
pub(super) fn show_values<'py>(
    statements: &Bound<'py, PyAny>,
    extras: &mut Extras<'py>,
    show: Bound<'py, PyAny>,
) -> PyResult<()> {
    let py = statements.py();
    extras.insert(SHOW, show);
    compile::each_statement(statements, &mut |statement| {
        if compile::is_node(statement, &["Expr"]) {
            let call = compile::parse(py, &format!("{SHOW}(None)"), Mode::Eval, Flags::PLAIN)?.getattr("body")?;
            call.getattr("args")?.set_item(0, statement.getattr("value")?)?;
            statement.setattr("value", call)?;
        }
        Ok(())
    })
}

fn function(code: &Bound<'_, PyAny>, globals: &Bound<'_, PyAny>, cells: &[Cell]) -> PyResult<Py<PyAny>> {
    let py = code.py();
    let closure = PyTuple::new(py, cells.iter().map(|cell| &cell.cell))?;
    let class = import(py, "types")?.getattr(intern!(py, "FunctionType"))?;
    class.call1((code, globals, INNER, py.None(), closure)).map(Bound::unbind)
}

/// Compiles `body` as a function inside of a function that has the variables `names`, and returns its code object.
fn scope_code<'py>(body: &Body<'py>, names: &IndexSet<String>, flags: Flags) -> PyResult<Bound<'py, PyAny>> {
    let (py, keyword) = match body {
        Body::Expression(node) | Body::Statements(node) => (node.py(), "def"),
        Body::Coroutine(node) => (node.py(), "async def"),
    };
    let (mut assignment, mut declaration) = (String::new(), String::new());
    if !names.is_empty() {
        let list: Vec<&str> = names.iter().map(String::as_str).collect();
        assignment = format!(" {} = None\n", list.join(" = "));
        declaration = format!("  nonlocal {}\n", list.join(", "));
    }
    let template = format!("def {OUTER}():\n{assignment} {keyword} {INNER}():\n{declaration}  return None\n");
    let module = compile::parse(py, &template, Mode::Exec, Flags::PLAIN)?;
    let outer = module.getattr("body")?.get_item(0)?;
    let scope = outer.getattr("body")?.get_item(-1)?.getattr("body")?;
    match body {
        Body::Expression(value) => scope.get_item(-1)?.setattr("value", value)?,
        Body::Statements(statements) | Body::Coroutine(statements) => {
            scope.call_method0("pop")?;
            scope.call_method1("extend", (statements,))?;
        }
    }
    let code = compile::compile(&module, Mode::Exec, flags)?;
    let outer = only_code(&code)?;
    only_code(&outer)
}

fn only_code<'py>(code: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let inner = compile::nested(code)?.into_iter().next();
    inner.ok_or_else(|| pyo3::exceptions::PySystemError::new_err("rdb has compiled a function without code"))
}

/// Returns the names that the text itself binds in its outermost scope.
fn bound_names(code: &Bound<'_, PyAny>) -> PyResult<IndexSet<String>> {
    let mut names: IndexSet<String> = code.getattr("co_varnames")?.extract::<Vec<String>>()?.into_iter().collect();
    names.extend(code.getattr("co_cellvars")?.extract::<Vec<String>>()?);
    names.retain(|name| !name.starts_with('.'));
    Ok(names)
}

/// Returns the names that need a cell: what the text binds, and what it may mean of the frame.
fn wanted_names(
    locals: &FrameLocals<'_>,
    extras: &Extras<'_>,
    draft: &Bound<'_, PyAny>,
    bound: &IndexSet<String>,
) -> PyResult<IndexSet<String>> {
    let known = locals.names()?;
    let mut used = compile::names(draft)?;
    used.extend(compile::nested_names(draft)?);
    used.retain(|name| known.contains(name) || extras.contains(name));
    Ok(bound | &used)
}

/// Takes the names of the functions around a text out of the qualified names of what the text defines.
pub(super) fn without_wrapping<'py>(code: &Bound<'py, PyAny>, wrapping: &str) -> PyResult<Bound<'py, PyAny>> {
    let py = code.py();
    let constants = PyList::empty(py);
    for constant in code.getattr(intern!(py, "co_consts"))?.cast::<PyTuple>()?.iter() {
        let is_code = constant.is_instance_of::<pyo3::types::PyCode>();
        let text = constant.cast::<PyString>().ok().map(|text| text.to_string_lossy());
        match text.as_deref().and_then(|text| text.strip_prefix(wrapping)) {
            _ if is_code => constants.append(without_wrapping(&constant, wrapping)?)?,
            Some(rest) => constants.append(rest)?,
            None => constants.append(constant)?,
        }
    }
    let qualified: String = code.getattr(intern!(py, "co_qualname"))?.extract()?;
    let replaced = PyDict::new(py);
    replaced.set_item("co_consts", constants.to_tuple())?;
    replaced.set_item("co_qualname", qualified.strip_prefix(wrapping).unwrap_or(&qualified))?;
    code.call_method("replace", (), Some(&replaced))
}

/// Splits changes into those of the frame's variables, and puts those of convenience variables into `extras`.
pub(super) fn take_convenience<'py>(changes: &mut Changes<'py>, extras: &mut Extras<'py>) {
    changes.retain(|name, change| {
        if dollar::name_of(name).is_some() {
            match change {
                Change::Set(value) => extras.insert(name, value.clone()),
                Change::Delete => extras.remove(name),
            }
            return false;
        }
        !extras.contains(name)
    });
}
