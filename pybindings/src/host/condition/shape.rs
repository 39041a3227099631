//! What an expression is made of: whether it means the same as the body of a function, and which names it uses.

use indexmap::IndexSet;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use super::super::compile::{self, Flags, Mode};
use super::super::dollar;
use super::function::Passed;

/// What belongs to the scope that it stands in, or stores there.
const BOUND_TO_SCOPE: [&str; 4] = ["NamedExpr", "Await", "Yield", "YieldFrom"];

/// Names whose meaning depends on the frame that they are used in.
const NAMES_OF_SCOPE: [&str; 8] = ["locals", "vars", "dir", "eval", "exec", "super", "__class__", "__import__"];

/// Functions that do not look at the variables of their caller.
const BLIND: [&str; 22] = [
    "abs",
    "all",
    "any",
    "bool",
    "bytes",
    "callable",
    "float",
    "getattr",
    "hasattr",
    "hash",
    "id",
    "int",
    "isinstance",
    "issubclass",
    "iter",
    "len",
    "max",
    "min",
    "repr",
    "str",
    "sum",
    "type",
];

/// An expression that can be the body of a function.
pub(super) struct Shape<'py> {
    pub(super) source: String,
    pub(super) flags: Flags,
    /// The expression itself.
    pub(super) body: Bound<'py, PyAny>,
    /// The names that it looks up outside of itself.
    pub(super) names: IndexSet<String>,
    /// The variables that are to be there when it runs.
    pub(super) passed: Passed,
}

impl<'py> Shape<'py> {
    /// Looks at an expression; None: it may mean something else as the body of a function.
    pub(super) fn of(py: Python<'py>, text: &str, flags: Flags) -> PyResult<Option<Self>> {
        let (source, used) = dollar::expand(text.trim());
        if !used.is_empty() {
            return Ok(None);
        }
        let tree = compile::parse(py, &source, Mode::Eval, flags)?;
        let body = tree.getattr(intern!(py, "body"))?;
        let mut found = Found { passed: Passed::Named, names: IndexSet::new() };
        if !found.visit(&body)? {
            return Ok(None);
        }
        // As plain text it has no variables of its own: what it looks up outside of itself are global names.
        let code = compile::compile(&tree, Mode::Eval, flags)?;
        let mut looked_up = compile::names(&code)?;
        looked_up.extend(compile::nested_names(&code)?);
        let Found { passed, mut names } = found;
        names.retain(|name| looked_up.contains(name));
        Ok(Some(Self { source, flags, body, names, passed }))
    }
}

/// What was found in an expression so far.
struct Found {
    passed: Passed,
    names: IndexSet<String>,
}

impl Found {
    /// Looks at a node and what is below it; returns whether all of it means the same in a function.
    fn visit(&mut self, node: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = node.py();
        let class = node.get_type().name()?;
        match class.to_str()? {
            class if BOUND_TO_SCOPE.contains(&class) => return Ok(false),
            "Name" => return self.visit_name(name_of(node)?),
            "comprehension" if node.getattr(intern!(py, "is_async"))?.is_truthy()? => return Ok(false),
            "Call" if !is_blind(&node.getattr(intern!(py, "func"))?)? => self.passed = Passed::All,
            _ => {}
        }
        let Some(fields) = node.getattr_opt(intern!(py, "_fields"))? else { return Ok(true) };
        for field in fields.try_iter()? {
            let Some(value) = node.getattr_opt(field?.cast::<PyString>()?)? else { continue };
            if !self.visit_field(&value)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn visit_name(&mut self, name: String) -> PyResult<bool> {
        let is_plain = !NAMES_OF_SCOPE.contains(&name.as_str());
        self.names.insert(name);
        Ok(is_plain)
    }

    fn visit_field(&mut self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        match value.cast_exact::<PyList>() {
            Ok(several) => several.iter().try_fold(true, |good, one| Ok(good && self.visit(&one)?)),
            Err(_) => self.visit(value),
        }
    }
}

fn is_blind(function: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(compile::is_node(function, &["Name"]) && BLIND.contains(&name_of(function)?.as_str()))
}

fn name_of(node: &Bound<'_, PyAny>) -> PyResult<String> {
    node.getattr(intern!(node.py(), "id"))?.extract()
}
