//! An expression as a function over the variables that it uses: made once, called with what they are bound to at each hit.
#![expect(unsafe_code, reason = "calls a function with the globals of the frame")]

use std::sync::OnceLock;

use indexmap::IndexSet;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use pyo3::{ffi, intern};

use super::super::closure::without_wrapping;
use super::super::compile::{self, FILE, Flags, Mode};
use crate::ffi::import;
use crate::slots::{Slots, Variable, Variables};

/// More variables than this are not passed.
const MOST: usize = u128::BITS as usize;

/// A condition is seen with no more sets of bound variables than this.
const MOST_VARIANTS: usize = 8;

/// So many arguments need no memory of their own.
const FEW: usize = 16;

/// What the text is called in the frame that runs it.
const NAME: &str = "<module>";

/// An expression that can be called.
pub(super) struct Function {
    source: String,
    flags: Flags,
    /// The variables that it is called with if they are bound.
    candidates: Vec<(String, Variable)>,
    /// Those of them that have to be bound.
    required: u128,
    first: Variant,
}

/// The functions for the sets of bound variables that were seen so far, the oldest first.
type Variant = OnceLock<Box<Bound_>>;

/// A function for one set of bound variables.
struct Bound_ {
    bound: u128,
    callable: Callable,
    next: Variant,
}

/// Which variables of the frame the expression is called with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// Those that it names.
    Named,
    /// All: it calls code that may look at the variables of the frame that calls it.
    All,
}

impl Function {
    /// Returns the function of an expression; None: the code object has too many variables.
    pub(super) fn new(
        source: &str,
        flags: Flags,
        variables: &Variables,
        named: &IndexSet<String>,
        passed: Passed,
    ) -> Option<Self> {
        let is_passed = |name: &str| passed == Passed::All || named.contains(name);
        let candidates: Vec<_> =
            variables.iter().filter(|(name, _)| is_passed(name)).map(|(name, one)| (name.to_owned(), one)).collect();
        if candidates.len() > MOST {
            return None;
        }
        let required = candidates.iter().enumerate().filter(|(_, (name, _))| named.contains(name));
        let required = required.fold(0, |bits, (index, _)| bits | 1 << index);
        Some(Self { source: source.to_owned(), flags, candidates, required, first: Variant::new() })
    }

    /// Calls the function with the variables of a frame; None: it cannot be called there.
    #[inline]
    pub(super) fn call<'py>(&self, py: Python<'py>, slots: Slots) -> Option<PyResult<Bound<'py, PyAny>>> {
        if self.candidates.len() <= FEW {
            self.call_with(py, slots, &mut [std::ptr::null_mut(); FEW])
        } else {
            self.call_with(py, slots, &mut [std::ptr::null_mut(); MOST])
        }
    }

    #[inline]
    fn call_with<'py>(
        &self,
        py: Python<'py>,
        slots: Slots,
        arguments: &mut [*mut ffi::PyObject],
    ) -> Option<PyResult<Bound<'py, PyAny>>> {
        let (globals, builtins) = (slots.globals(py)?, slots.builtins(py)?);
        let (mut bound, mut count) = (0, 0);
        for (index, (_, variable)) in self.candidates.iter().enumerate() {
            if let Some(value) = slots.value(py, *variable) {
                arguments[count] = value.as_ptr();
                count += 1;
                bound |= 1_u128 << index;
            }
        }
        if bound & self.required != self.required {
            return None;
        }
        let callable = match self.known(bound) {
            Some(callable) => callable,
            None => match Python::attach(|py| self.make(py, bound)) {
                Ok(made) => made?,
                Err(error) => return Some(Err(error)),
            },
        };
        Some(callable.call(py, (globals.as_ptr(), builtins.as_ptr()), &arguments[..count]))
    }

    #[inline]
    fn known(&self, bound: u128) -> Option<&Callable> {
        let mut next = self.first.get();
        while let Some(variant) = next {
            if variant.bound == bound {
                return Some(&variant.callable);
            }
            next = variant.next.get();
        }
        None
    }

    /// Makes the function for a set of bound variables; None: there are too many already. It runs Python code, so that
    /// another thread may have made it meanwhile: then there are two.
    #[cold]
    fn make(&self, py: Python<'_>, bound: u128) -> PyResult<Option<&Callable>> {
        let names = self.candidates.iter().enumerate().filter(|(index, _)| bound >> index & 1 == 1);
        let names: Vec<_> = names.map(|(_, (name, _))| name.as_str()).collect();
        let callable = Callable::new(&function_code(py, &self.source, &names, self.flags)?)?;
        let mut made = Box::new(Bound_ { bound, callable, next: Variant::new() });
        let mut place = &self.first;
        for _ in 0..MOST_VARIANTS {
            match place.set(made) {
                Ok(()) => return Ok(place.get().map(|made| &made.callable)),
                Err(back) => made = back,
            }
            let Some(taken) = place.get() else { return Ok(None) };
            place = &taken.next;
        }
        Ok(None)
    }
}

/// Compiles an expression as a function with these parameters. Nothing but its flags tells it from a plain text.
fn function_code<'py>(py: Python<'py>, source: &str, names: &[&str], flags: Flags) -> PyResult<Bound<'py, PyAny>> {
    let tree = compile::parse(py, source, Mode::Eval, flags)?;
    let body = tree.getattr(intern!(py, "body"))?;
    let ast = import(py, "_ast")?;
    let new = |class: &str, fields: &[(&str, Bound<'py, PyAny>)]| {
        let keywords = PyDict::new(py);
        fields.iter().try_for_each(|(name, value)| keywords.set_item(name, value))?;
        ast.getattr(class)?.call((), Some(&keywords))
    };
    let place = |node: &Bound<'py, PyAny>| {
        let names = ["lineno", "col_offset", "end_lineno", "end_col_offset"];
        names.iter().try_for_each(|name| node.setattr(*name, body.getattr(*name)?))
    };
    let parameters = PyList::empty(py);
    for name in names {
        let parameter = new("arg", &[("arg", pyo3::types::PyString::new(py, name).into_any())])?;
        place(&parameter)?;
        parameters.append(parameter)?;
    }
    let none = || PyList::empty(py).into_any();
    let parameters = [
        ("posonlyargs", none()),
        ("args", parameters.into_any()),
        ("kwonlyargs", none()),
        ("kw_defaults", none()),
        ("defaults", none()),
    ];
    let lambda = new("Lambda", &[("args", new("arguments", &parameters)?), ("body", body.clone())])?;
    place(&lambda)?;
    let code = compile::compile(&new("Expression", &[("body", lambda)])?, Mode::Eval, flags)?;
    let inner = compile::nested(&code)?.into_iter().next();
    let inner = inner.ok_or_else(|| pyo3::exceptions::PySystemError::new_err("a lambda has no code object"))?;
    let replaced = PyDict::new(py);
    replaced.set_item("co_name", NAME)?;
    replaced.set_item("co_qualname", NAME)?;
    replaced.set_item("co_filename", FILE)?;
    without_wrapping(&inner, "<lambda>.<locals>.")?.call_method("replace", (), Some(&replaced))
}

/// A function that has no globals of its own: it gets those of the frame for each call, so that nothing of the program's is
/// kept alive between two hits.
struct Callable {
    function: Py<PyAny>,
    /// What it has instead.
    rest: Py<PyDict>,
}

impl Callable {
    fn new(code: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = code.py();
        let rest = PyDict::new(py);
        rest.set_item(intern!(py, "__builtins__"), PyDict::new(py))?;
        let class = import(py, "types")?.getattr(intern!(py, "FunctionType"))?;
        let function = class.call1((code, &rest))?;
        Ok(Self { function: function.unbind(), rest: rest.unbind() })
    }

    /// Calls it. The arguments are borrowed: the callee takes its own references before anything runs.
    #[inline]
    fn call<'py>(
        &self,
        py: Python<'py>,
        (globals, builtins): (*mut ffi::PyObject, *mut ffi::PyObject),
        arguments: &[*mut ffi::PyObject],
    ) -> PyResult<Bound<'py, PyAny>> {
        let function = self.function.as_ptr();
        self.set_namespaces(py, globals, builtins);
        // SAFETY: attached; `function` is a function and the arguments are alive; a new reference or NULL comes back.
        let value = unsafe {
            let value = ffi::PyObject_Vectorcall(function, arguments.as_ptr(), arguments.len(), std::ptr::null_mut());
            Bound::from_owned_ptr_or_err(py, value)
        };
        let rest = self.rest.as_ptr();
        self.set_namespaces(py, rest, rest);
        value
    }

    /// Gives the function other globals and builtins. It owns what it has at every moment: the condition may hit itself in
    /// another thread, and the garbage collector counts.
    #[inline]
    fn set_namespaces(&self, _py: Python<'_>, globals: *mut ffi::PyObject, builtins: *mut ffi::PyObject) {
        // SAFETY: attached; the object is a function, as `new` has made it; both are dictionaries. What is given back
        // cannot be freed here: it is `rest`, which we hold, or belongs to a frame that runs.
        unsafe {
            let function = self.function.as_ptr().cast::<ffi::PyFunctionObject>();
            ffi::Py_INCREF(globals);
            ffi::Py_INCREF(builtins);
            let globals = std::mem::replace(&mut (*function).func_globals, globals);
            let builtins = std::mem::replace(&mut (*function).func_builtins, builtins);
            ffi::Py_DECREF(globals);
            ffi::Py_DECREF(builtins);
        }
    }
}
