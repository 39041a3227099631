//! What the user typed as code objects and syntax trees. Compiles; runs nothing of the program.

use indexmap::IndexSet;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCode, PyList, PyTuple};
use rdb_core::host::{Completeness, HostError};

use super::{dollar, text};

use crate::ffi::import;

/// The name of the file that typed text is compiled as.
pub(super) const FILE: &str = "<stdin>";

const ONLY_AST: u32 = 0x400;
const ALLOW_TOP_LEVEL_AWAIT: u32 = 0x2000;
/// The `co_flags` of `from __future__ import …`, which are the compiler's flags too.
const FUTURE: u32 = 0x01fe_0000;
const CO_COROUTINE: u32 = 0x80;

/// Whether `await` may stand outside of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TopLevelAwait {
    Allowed,
    Refused,
}

/// The rules by which text is compiled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flags(u32);

impl Flags {
    /// Returns Python's own rules.
    pub(super) const PLAIN: Flags = Flags(0);

    /// Returns the rules of the module that `code` is compiled from.
    pub(super) fn of(code: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self(code.getattr(intern!(code.py(), "co_flags"))?.extract::<u32>()? & FUTURE))
    }

    /// Returns these rules with `await` as said.
    pub(super) fn with_await(self, top_level: TopLevelAwait) -> Self {
        match top_level {
            TopLevelAwait::Allowed => Self(self.0 | ALLOW_TOP_LEVEL_AWAIT),
            TopLevelAwait::Refused => self,
        }
    }
}

/// What is compiled: a statement to be shown the value of, statements, or an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Single,
    Exec,
    Eval,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Exec => "exec",
            Self::Eval => "eval",
        }
    }
}

/// Compiles text or a syntax tree.
pub(super) fn compile<'py>(source: &Bound<'py, PyAny>, mode: Mode, flags: Flags) -> PyResult<Bound<'py, PyAny>> {
    compile_as(source, FILE, mode, flags)
}

/// Compiles text as if it stood in `file`.
pub(super) fn compile_as<'py>(
    source: &Bound<'py, PyAny>,
    file: &str,
    mode: Mode,
    flags: Flags,
) -> PyResult<Bound<'py, PyAny>> {
    let builtins = import(source.py(), "builtins")?;
    let dont_inherit = true;
    builtins.call_method1(intern!(source.py(), "compile"), (source, file, mode.name(), flags.0, dont_inherit))
}

/// Parses text.
pub(super) fn parse<'py>(py: Python<'py>, source: &str, mode: Mode, flags: Flags) -> PyResult<Bound<'py, PyAny>> {
    compile(pyo3::types::PyString::new(py, source).as_any(), mode, Flags(flags.0 | ONLY_AST))
}

/// Returns whether running the code object only makes a coroutine.
pub(super) fn awaits(code: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(code.getattr(intern!(code.py(), "co_flags"))?.extract::<u32>()? & CO_COROUTINE != 0)
}

/// Returns the code objects among the constants of a code object.
pub(super) fn nested<'py>(code: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let constants = code.getattr(intern!(code.py(), "co_consts"))?.cast_into::<PyTuple>()?;
    Ok(constants.iter().filter(|constant| constant.is_instance_of::<PyCode>()).collect())
}

/// Returns the names that a code object looks up by name: globals, attributes and what is imported.
pub(super) fn names(code: &Bound<'_, PyAny>) -> PyResult<IndexSet<String>> {
    code.getattr(intern!(code.py(), "co_names"))?.extract::<Vec<String>>().map(IndexSet::from_iter)
}

/// Returns the names that the code objects inside of a code object look up.
pub(super) fn nested_names(code: &Bound<'_, PyAny>) -> PyResult<IndexSet<String>> {
    let mut found = IndexSet::new();
    for inner in nested(code)? {
        found.extend(names(&inner)?);
        found.extend(nested_names(&inner)?);
    }
    Ok(found)
}

/// Calls `visit` with each statement of a scope, those of blocks inside of it included, and the list it stands in.
pub(super) fn each_statement<'py>(
    statements: &Bound<'py, PyAny>,
    visit: &mut dyn FnMut(&Bound<'py, PyAny>) -> PyResult<()>,
) -> PyResult<()> {
    for statement in statements.cast::<PyList>()?.iter() {
        visit(&statement)?;
        if is_node(&statement, &["FunctionDef", "AsyncFunctionDef", "ClassDef"]) {
            continue;
        }
        for field in ["body", "orelse", "finalbody"] {
            if let Some(block) = statement.getattr_opt(field)? {
                each_statement(&block, visit)?;
            }
        }
        for field in ["handlers", "cases"] {
            for part in
                statement.getattr_opt(field)?.map(|parts| parts.cast_into::<PyList>()).transpose()?.iter().flatten()
            {
                each_statement(&part.getattr(intern!(part.py(), "body"))?, visit)?;
            }
        }
    }
    Ok(())
}

/// Returns whether a node of a syntax tree is of one of these classes.
pub(super) fn is_node(node: &Bound<'_, PyAny>, classes: &[&str]) -> bool {
    node.get_type().name().is_ok_and(|name| classes.iter().any(|class| name == *class))
}

/// Returns the names that the statements of a scope delete.
pub(super) fn deleted_names(statements: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let mut found = Vec::new();
    each_statement(statements, &mut |statement| {
        if is_node(statement, &["Delete"]) {
            collect_names(&statement.getattr("targets")?, &mut found)?;
        }
        Ok(())
    })?;
    Ok(found)
}

fn collect_names(targets: &Bound<'_, PyAny>, found: &mut Vec<String>) -> PyResult<()> {
    for target in targets.cast::<PyList>()?.iter() {
        if is_node(&target, &["Name"]) {
            found.push(target.getattr("id")?.extract()?);
        } else if is_node(&target, &["Tuple", "List"]) {
            collect_names(&target.getattr("elts")?, found)?;
        }
    }
    Ok(())
}

/// Returns whether a text is a whole statement.
pub(super) fn completeness(py: Python<'_>, source: &str, top_level: TopLevelAwait) -> PyResult<Completeness> {
    let (source, _) = dollar::expand(source);
    // A compound statement on one line needs no blank line behind it, one on several lines does.
    let source = if source.contains('\n') { source } else { source + "\n" };
    let compiler = import(py, "codeop")?.call_method0("CommandCompiler")?;
    if top_level == TopLevelAwait::Allowed {
        let compile = compiler.getattr("compiler")?;
        let flags = compile.getattr("flags")?.extract::<u32>()?;
        compile.setattr("flags", flags | ALLOW_TOP_LEVEL_AWAIT)?;
    }
    match compiler.call1((source, FILE, "single")) {
        Ok(code) if code.is_none() => Ok(Completeness::Incomplete),
        Ok(_) => Ok(Completeness::Complete),
        Err(error) => Ok(Completeness::Invalid(text::exception_text(py, &error))),
    }
}

/// Compiles an expression and drops it.
pub(super) fn check_expression(py: Python<'_>, expression: &str) -> Result<(), HostError> {
    let (source, _) = dollar::expand(expression.trim());
    parse(py, &source, Mode::Eval, Flags::PLAIN)
        .and_then(|tree| compile(&tree, Mode::Eval, Flags::PLAIN))
        .map(drop)
        .map_err(|error| HostError::User(text::exception_text(py, &error)))
}
