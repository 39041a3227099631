//! Conditions of breakpoints. They are asked at every hit, so each is compiled once for the code object that it stands in, to
//! the cheapest form that means the same:
//!
//! 1. *native* ([`native`]): comparisons of plain values, read from the frame's slots, without the interpreter;
//! 2. *function* ([`function`]): a function over the variables that it uses, called with their values;
//! 3. *general* ([`eval`](super::eval)): text run in the frame's own namespaces, by way of a frame object and `f_locals`.
//!
//! The first two give a hit that they are not sure of to the next form, before anything has happened.

mod function;
mod native;
mod parse;
mod shape;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use pyo3::exceptions::PyNameError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use rdb_core::engine::Answer;
use rdb_core::host::HostError;
use rdb_core::ids::CodeId;

use super::compile::Flags;
use super::eval::{Expression, Extras, Failure, Outcome};
use super::locals::{FrameLocals, keep_snapshot};
use crate::code;
use crate::ffi::{CodePtr, FramePtr};
use crate::slots::{self, Slots, Variables};

use function::{Function, Passed};
use native::Node;
use shape::Shape;

/// The conditions of more code objects than this are not kept.
const KEPT: usize = 512;

/// The conditions compiled so far, by the code they were asked in. A leaf among the locks.
static KNOWN: Mutex<Option<Conditions>> = Mutex::new(None);

/// Conditions by the code object that they were asked in. One code object has few.
type Conditions = HashMap<CodeId, Vec<Arc<Condition>>>;

/// A condition in the frames of one code object. Whoever has many hits keeps one for each code object and condition, so that
/// a hit needs no look-up by text; [`condition`] is the same with a look-up.
///
/// The engine's backends ask [`holds_here`](Self::holds_here) in the callback of the line, which needs no frame object.
/// `rdb.bdb` asks [`told_here`](Self::told_here) first, because nothing of a debugger's is to be seen while no Python code runs.
pub(crate) struct Condition {
    text: Box<str>,
    plan: OnceLock<Plan>,
    /// The general form.
    general: Mutex<Option<Arc<Expression>>>,
}

/// How a condition is evaluated.
enum Plan {
    Fast(Box<Fast>),
    General,
}

/// What can be evaluated without a frame object.
struct Fast {
    /// The code object that it was compiled for. It is only compared.
    code: CodePtr,
    scope: Scope,
    /// The names that it uses and that are no variables of the code object.
    outside: Vec<Py<PyString>>,
    /// The variables of the code object, if code that the expression calls may look at all of them.
    all: Option<Vec<Py<PyString>>>,
    native: Option<Node>,
    function: Option<Function>,
}

/// Where names are looked up before globals and builtins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// In the slots of a function.
    Function,
    /// Nowhere: a module.
    Module,
}

/// The form that has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Native,
    Function,
    General,
}

/// What happens to a snapshot of the variables that the general form needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Snapshot {
    /// It is emptied, so that it keeps nothing alive.
    Emptied,
    /// It stays: the event was told to a trace function written in Python, after which the interpreter stores it.
    Kept,
}

impl Condition {
    /// Returns a condition that is compiled at its first hit.
    pub(crate) fn new(text: &str) -> Self {
        Self { text: text.into(), plan: OnceLock::new(), general: Mutex::default() }
    }

    /// Returns whether this is the text of the condition.
    pub(crate) fn is(&self, text: &str) -> bool {
        *self.text == *text
    }

    /// Returns whether the condition is true in a frame.
    pub(crate) fn holds(&self, py: Python<'_>, frame: FramePtr, snapshot: Snapshot) -> Answer {
        self.ask(py, Slots::of(py, frame), || Some(frame), snapshot).1
    }

    /// Returns whether the condition is true in the frame that runs.
    #[inline]
    pub(crate) fn holds_here(&self, py: Python<'_>) -> Answer {
        self.ask(py, Slots::running(py), || FramePtr::current(py), Snapshot::Emptied).1
    }

    /// Returns whether the condition is true in the frame that runs, if that can be told without running Python code. It
    /// cannot before [`prepare_here`](Self::prepare_here).
    #[inline]
    pub(crate) fn told_here(&self, py: Python<'_>) -> Option<bool> {
        self.told(py, Slots::running(py)?)
    }

    /// As [`told_here`](Self::told_here), in another frame.
    #[inline]
    pub(crate) fn told(&self, py: Python<'_>, slots: Slots) -> Option<bool> {
        match self.plan.get() {
            Some(Plan::Fast(fast)) => fast.told(py, slots),
            _ => None,
        }
    }

    /// Compiles the condition for the frame that runs.
    pub(crate) fn prepare_here(&self, py: Python<'_>) {
        let _made = self.plan(&|| FramePtr::current(py));
    }

    /// Callbacks ask attached, but without PyO3's knowing; what drops objects that are not bound needs that.
    #[inline]
    fn ask(
        &self,
        py: Python<'_>,
        slots: Option<Slots>,
        frame: impl Fn() -> Option<FramePtr>,
        snapshot: Snapshot,
    ) -> (Form, Answer) {
        if let (Some(slots), Some(plan)) = (slots, self.plan(&frame)) {
            match plan.ask(py, slots) {
                Some((form, Ok(true))) => return (form, Answer::True),
                Some((form, Ok(false))) => return (form, Answer::False),
                Some((form, Err(error))) => return (form, Python::attach(|py| answer(py, Err(error.into())))),
                None => {}
            }
        }
        (Form::General, Python::attach(|py| self.ask_general(py, frame()?, snapshot)).unwrap_or(Answer::False))
    }

    #[cold]
    fn ask_general(&self, py: Python<'_>, frame: FramePtr, snapshot: Snapshot) -> Option<Answer> {
        let frame = frame.object(py);
        let _kept = (snapshot == Snapshot::Kept).then(|| keep_snapshot(&frame));
        Some(answer(py, self.evaluate(&frame).and_then(|value| Ok(value.is_truthy()?))))
    }

    /// Returns what can be evaluated without a frame object, if anything.
    #[inline]
    fn plan(&self, frame: &impl Fn() -> Option<FramePtr>) -> Option<&Fast> {
        let plan = match self.plan.get() {
            Some(plan) => plan,
            None => {
                let made = Python::attach(|py| Some(self.make_plan(py, frame()?)))?;
                self.plan.get_or_init(|| made)
            }
        };
        match plan {
            Plan::Fast(fast) => Some(fast),
            Plan::General => None,
        }
    }

    #[cold]
    fn make_plan(&self, py: Python<'_>, frame: FramePtr) -> Plan {
        let fast = || match slots::usable(py) {
            true => Fast::new(py, frame.code(py), &self.text),
            false => Ok(None),
        };
        // What does not compile raises at the hit, by way of the general form.
        fast().ok().flatten().map_or(Plan::General, |fast| Plan::Fast(Box::new(fast)))
    }

    /// Evaluates the general form.
    fn evaluate<'py>(&self, frame: &Bound<'py, PyAny>) -> Outcome<Bound<'py, PyAny>> {
        let py = frame.py();
        let code = frame.getattr(intern!(py, "f_code"))?;
        let locals = FrameLocals::of(frame)?;
        let mut extras = Extras::default();
        let known = self.general.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = known {
            match known.evaluate(&locals, &mut extras) {
                // The frame may have got a name at a prompt since.
                Err(Failure::Raised(error)) if error.is_instance_of::<PyNameError>(py) => {}
                outcome => return outcome,
            }
        }
        let compiled = Arc::new(Expression::compile(&locals, Flags::of(&code)?, &extras, &self.text)?);
        let kept = Some(Arc::clone(&compiled));
        let old = std::mem::replace(&mut *self.general.lock().unwrap_or_else(PoisonError::into_inner), kept);
        // Outside of the lock: a code object goes with it.
        drop(old);
        compiled.evaluate(&locals, &mut extras)
    }
}

impl Fast {
    fn new(py: Python<'_>, code: CodePtr, text: &str) -> PyResult<Option<Self>> {
        let object = code.object(py);
        let flags: i32 = object.getattr(intern!(py, "co_flags"))?.extract()?;
        let is_function = flags & pyo3::ffi::CO_OPTIMIZED != 0;
        let Some(variables) = Variables::of(&object)? else { return Ok(None) };
        if !is_function && variables.iter().len() != 0 {
            // A comprehension that was inlined into a module or class.
            return Ok(None);
        }
        let Some(shape) = Shape::of(py, text, Flags::of(&object)?)? else { return Ok(None) };
        let interned = |name: &str| PyString::intern(py, name).unbind();
        let outside = shape.names.iter().filter(|name| variables.get(name).is_none());
        let all = || variables.iter().map(|(name, _)| interned(name)).collect();
        Ok(Some(Self {
            code,
            scope: if is_function { Scope::Function } else { Scope::Module },
            outside: outside.map(|name| interned(name)).collect(),
            all: (shape.passed == Passed::All).then(all),
            native: parse::parse(&shape.body, &variables)?,
            function: Function::new(&shape.source, shape.flags, &variables, &shape.names, shape.passed),
        }))
    }

    /// Evaluates the condition; None: it is not known here what it means.
    #[inline]
    fn ask(&self, py: Python<'_>, slots: Slots) -> Option<(Form, PyResult<bool>)> {
        if !self.is_at_home(py, slots) {
            return None;
        }
        if let Some(found) = self.native(py, slots) {
            return Some((Form::Native, Ok(found)));
        }
        let value = self.function.as_ref()?.call(py, slots)?;
        Some((Form::Function, value.and_then(|value| value.is_truthy())))
    }

    /// Evaluates the condition if that runs no Python code.
    #[inline]
    fn told(&self, py: Python<'_>, slots: Slots) -> Option<bool> {
        if self.is_at_home(py, slots) { self.native(py, slots) } else { None }
    }

    #[inline]
    fn native(&self, py: Python<'_>, slots: Slots) -> Option<bool> {
        native::is_true(py, self.native.as_ref()?, slots).ok()
    }

    /// Returns whether the frame runs the code object that this was compiled for, and names mean there what they did.
    #[inline]
    fn is_at_home(&self, py: Python<'_>, slots: Slots) -> bool {
        slots.runs(self.code) && self.is_in_scope(py, slots)
    }

    /// Returns whether names mean in the frame what they meant for the compiler.
    #[inline]
    fn is_in_scope(&self, py: Python<'_>, slots: Slots) -> bool {
        match self.scope {
            Scope::Module => slots.runs_in_globals(),
            Scope::Function if self.outside.is_empty() && self.all.is_none() => true,
            Scope::Function => slots.made_up(py).is_none_or(|names| !self.is_concerned_by(&names)),
        }
    }

    /// Returns whether one of the names that may have been made up at a prompt matters.
    fn is_concerned_by(&self, made_up: &Bound<'_, PyDict>) -> bool {
        let py = made_up.py();
        let names = |name: &Py<PyString>| made_up.contains(name.bind_borrowed(py)).unwrap_or(true);
        let is_own = |name: &Bound<'_, PyAny>, all: &[Py<PyString>]| all.iter().any(|own| own.is(name));
        match &self.all {
            Some(all) => made_up.iter().any(|(name, _)| !is_own(&name, all)),
            None => self.outside.iter().any(names),
        }
    }
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Function => "function",
            Self::General => "general",
        }
    }
}

/// Returns whether an expression is true in a frame.
pub(crate) fn condition(py: Python<'_>, frame: FramePtr, text: &str, snapshot: Snapshot) -> Answer {
    known(code_of(py, frame), text).holds(py, frame, snapshot)
}

/// Returns whether an expression is true in the frame that runs, which runs this code object.
pub(crate) fn condition_here(py: Python<'_>, code: CodeId, text: &str) -> Answer {
    known(Some(code), text).holds_here(py)
}

/// Returns the form that an expression is evaluated in, and whether it is true: `True`, `False` or `Type: message`. For tests.
#[pyfunction]
pub(crate) fn condition_form(frame: &Bound<'_, PyAny>, text: &str) -> PyResult<(&'static str, String)> {
    let py = frame.py();
    code::prepare(py).map_err(|error| pyo3::exceptions::PyRuntimeError::new_err(error.to_string()))?;
    let found = FramePtr::of(frame).ok_or_else(|| pyo3::exceptions::PyTypeError::new_err("a frame is needed"))?;
    let condition = known(code_of(py, found), text);
    let (form, answer) = condition.ask(py, Slots::of(py, found), || Some(found), Snapshot::Emptied);
    Ok((
        form.name(),
        match answer {
            Answer::True => "True".to_owned(),
            Answer::False => "False".to_owned(),
            Answer::Failed(message) => message.to_string(),
        },
    ))
}

/// Evaluates an expression in a frame.
pub(super) fn evaluate<'py>(frame: &Bound<'py, PyAny>, text: &str) -> Outcome<Bound<'py, PyAny>> {
    match FramePtr::of(frame) {
        Some(found) => known(code_of(frame.py(), found), text).evaluate(frame),
        None => Condition::new(text).evaluate(frame),
    }
}

/// Returns the answer that an outcome is.
pub(super) fn answer(py: Python<'_>, outcome: Outcome<bool>) -> Answer {
    match outcome {
        Ok(true) => Answer::True,
        Ok(false) => Answer::False,
        Err(failure) => Answer::Failed(match failure.into_host(py) {
            HostError::Interrupted => Arc::from("KeyboardInterrupt"),
            error => Arc::from(error.to_string()),
        }),
    }
}

fn code_of(py: Python<'_>, frame: FramePtr) -> Option<CodeId> {
    code::id_of(&frame.code(py).object(py))
}

fn known(code: Option<CodeId>, text: &str) -> Arc<Condition> {
    code.map_or_else(|| Arc::new(Condition::new(text)), |id| condition_in(id, text))
}

/// Returns the condition of a text in a code object.
pub(crate) fn condition_in(id: CodeId, text: &str) -> Arc<Condition> {
    let (found, old) = {
        let mut all = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let all = all.get_or_insert_default();
        let old = if all.len() >= KEPT && !all.contains_key(&id) { std::mem::take(all) } else { HashMap::new() };
        let here = all.entry(id).or_default();
        let found = match here.iter().find(|known| known.is(text)) {
            Some(known) => Arc::clone(known),
            None => {
                let fresh = Arc::new(Condition::new(text));
                here.push(Arc::clone(&fresh));
                fresh
            }
        };
        (found, old)
    };
    // Outside of the lock: code objects go with it.
    drop(old);
    found
}
