//! Comparisons and truth of the plainest values, without the interpreter: exact `int`, `float`, `bool`, `str` and None.
//!
//! Nothing here can run Python code or raise. Where Python might, or where the answer would need more than this file knows,
//! the answer is [`Unsure`] and somebody else evaluates the whole expression; that is safe because nothing has happened yet.

use std::cmp::Ordering;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PySet, PyString, PyTuple};
use pyo3::{Borrowed, ffi};

use crate::slots::{Slots, Variable};

/// The largest integer up to which all integers are floats.
const EXACT: u64 = 1 << 53;

/// It cannot be told without the interpreter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unsure;

/// What can be told without the interpreter.
type Told<T> = Result<T, Unsure>;

/// An expression.
pub(super) enum Node {
    Variable(Variable),
    /// A name that is no variable of the function.
    Global(Py<PyString>),
    Constant(Constant),
    /// `variable op constant`: what most conditions are, so that it goes a shorter way than `Compare`.
    Simple(Variable, Comparison, Constant),
    Not(Box<Node>),
    Negative(Box<Node>),
    Binary(Box<Node>, Operator, Box<Node>),
    /// `first op second op third …`
    Compare(Box<Node>, Vec<(Comparison, Node)>),
    /// `value in (constants)`, or `not in`.
    Among(Box<Node>, Vec<Constant>, Expected),
    And(Vec<Node>),
    Or(Vec<Node>),
}

/// Whether something is to be so or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    Yes,
    No,
}

impl Expected {
    fn holds(self, found: bool) -> bool {
        found == (self == Self::Yes)
    }
}

/// A constant of the expression.
pub(super) enum Constant {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Py<PyString>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    And,
    Or,
    Xor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// `==`, `!=`
    Equal(Expected),
    /// `<`, `>=`
    Less(Expected),
    /// `>`, `<=`
    Greater(Expected),
    /// `is`, `is not`
    Is(Expected),
    /// `in`, `not in`
    In(Expected),
}

/// A value. Objects are borrowed: they live as long as no Python code runs.
#[derive(Clone, Copy)]
enum Value<'a, 'py> {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Borrowed<'a, 'py, PyString>),
    Object(Borrowed<'a, 'py, PyAny>),
}

/// Returns whether an expression is true in a frame.
#[inline]
pub(super) fn is_true(py: Python<'_>, node: &Node, slots: Slots) -> Told<bool> {
    match node {
        Node::Simple(variable, comparison, constant) => simple(py, *variable, *comparison, constant, slots),
        Node::Compare(first, rest) => compare(py, first, rest, slots),
        Node::Among(value, constants, expected) => among(py, value, constants, *expected, slots),
        Node::Not(inner) => Ok(!is_true(py, inner, slots)?),
        Node::And(parts) => all(py, parts, slots),
        Node::Or(parts) => any(py, parts, slots),
        other => evaluate(py, other, slots)?.is_true(),
    }
}

fn all(py: Python<'_>, parts: &[Node], slots: Slots) -> Told<bool> {
    for part in parts {
        if !is_true(py, part, slots)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn any(py: Python<'_>, parts: &[Node], slots: Slots) -> Told<bool> {
    for part in parts {
        if is_true(py, part, slots)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn evaluate<'a, 'py>(py: Python<'py>, node: &'a Node, slots: Slots) -> Told<Value<'a, 'py>> {
    match node {
        Node::Variable(_) | Node::Global(_) => read(object(py, node, slots)?),
        Node::Constant(constant) => Ok(constant.value(py)),
        Node::Negative(inner) => evaluate(py, inner, slots)?.negative(),
        Node::Binary(left, operator, right) => {
            let left = evaluate(py, left, slots)?;
            binary(left, *operator, evaluate(py, right, slots)?)
        }
        Node::Simple(..) | Node::Compare(..) | Node::Among(..) | Node::Not(_) => {
            is_true(py, node, slots).map(Value::Bool)
        }
        Node::And(parts) => chosen(py, parts, slots, Expected::No),
        Node::Or(parts) => chosen(py, parts, slots, Expected::Yes),
    }
}

/// Returns the value of the first part whose truth is `wanted`, else that of the last one.
fn chosen<'a, 'py>(py: Python<'py>, parts: &'a [Node], slots: Slots, wanted: Expected) -> Told<Value<'a, 'py>> {
    let mut value = Err(Unsure);
    for part in parts {
        let found = evaluate(py, part, slots)?;
        value = Ok(found);
        if wanted.holds(found.is_true()?) {
            break;
        }
    }
    value
}

/// Returns the object that a name means.
#[inline]
fn object<'a, 'py>(py: Python<'py>, node: &Node, slots: Slots) -> Told<Borrowed<'a, 'py, PyAny>> {
    match node {
        Node::Variable(variable) => slots.value(py, *variable).ok_or(Unsure),
        Node::Global(name) => global(py, name, slots),
        _ => Err(Unsure),
    }
}

fn global<'a, 'py>(py: Python<'py>, name: &Py<PyString>, slots: Slots) -> Told<Borrowed<'a, 'py, PyAny>> {
    for names in [slots.globals(py), slots.builtins(py)] {
        if let Some(found) = item(names.ok_or(Unsure)?, name)? {
            return Ok(found);
        }
    }
    Err(Unsure)
}

/// Looks a name up.
fn item<'a, 'py>(names: Borrowed<'a, 'py, PyDict>, name: &Py<PyString>) -> Told<Option<Borrowed<'a, 'py, PyAny>>> {
    #![expect(unsafe_code, reason = "PyO3's look-up takes a reference")]
    // SAFETY: attached; a borrowed reference or NULL comes back, with an exception only if a key that is no text raised.
    unsafe {
        let found = ffi::PyDict_GetItemWithError(names.as_ptr(), name.as_ptr());
        if found.is_null() && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return Err(Unsure);
        }
        Ok((!found.is_null()).then(|| Borrowed::from_ptr(names.py(), found)))
    }
}

/// Returns what an object is worth here.
#[inline]
fn read<'a, 'py>(object: Borrowed<'a, 'py, PyAny>) -> Told<Value<'a, 'py>> {
    #![expect(unsafe_code, reason = "the types are compared by their addresses")]
    let pointer = object.as_ptr();
    // SAFETY: attached, and the object is alive; each reading follows from the type.
    unsafe {
        let class = ffi::Py_TYPE(pointer);
        if class == &raw mut ffi::PyLong_Type {
            let mut overflow = 0;
            let number = ffi::PyLong_AsLongLongAndOverflow(pointer, &raw mut overflow);
            return if overflow == 0 { Ok(Value::Int(number)) } else { Err(Unsure) };
        }
        if class == &raw mut ffi::PyUnicode_Type {
            return Ok(Value::Str(object.cast_unchecked()));
        }
        if class == &raw mut ffi::PyFloat_Type {
            return Ok(Value::Float(ffi::PyFloat_AS_DOUBLE(pointer)));
        }
        if class == &raw mut ffi::PyBool_Type {
            return Ok(Value::Bool(pointer == ffi::Py_True()));
        }
    }
    Ok(if object.is_none() { Value::None } else { Value::Object(object) })
}

impl Constant {
    #[inline]
    fn value<'a, 'py>(&'a self, py: Python<'py>) -> Value<'a, 'py> {
        match self {
            Self::None => Value::None,
            Self::Bool(value) => Value::Bool(*value),
            Self::Int(value) => Value::Int(*value),
            Self::Float(value) => Value::Float(*value),
            Self::Str(value) => Value::Str(value.bind_borrowed(py)),
        }
    }
}

impl Value<'_, '_> {
    fn is_true(self) -> Told<bool> {
        match self {
            Self::None => Ok(false),
            Self::Bool(value) => Ok(value),
            Self::Int(value) => Ok(value != 0),
            Self::Float(value) => Ok(value != 0.0),
            Self::Str(text) => text.len().map(|length| length != 0).map_err(|_| Unsure),
            Self::Object(object) => {
                is_container(object).then(|| object.len()).and_then(Result::ok).map(|n| n != 0).ok_or(Unsure)
            }
        }
    }

    fn negative(self) -> Told<Self> {
        match self {
            Self::Bool(value) => Ok(Self::Int(-i64::from(value))),
            Self::Int(value) => value.checked_neg().map(Self::Int).ok_or(Unsure),
            Self::Float(value) => Ok(Self::Float(-value)),
            _ => Err(Unsure),
        }
    }

    /// Returns the number that a truth value is in arithmetic.
    fn as_number(self) -> Self {
        match self {
            Self::Bool(value) => Self::Int(i64::from(value)),
            other => other,
        }
    }
}

fn is_container(object: Borrowed<'_, '_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyList>()
        || object.is_exact_instance_of::<PyTuple>()
        || object.is_exact_instance_of::<PyDict>()
        || object.is_exact_instance_of::<PySet>()
}

#[inline]
fn simple(py: Python<'_>, variable: Variable, comparison: Comparison, constant: &Constant, slots: Slots) -> Told<bool> {
    let object = slots.value(py, variable).ok_or(Unsure)?;
    match (comparison, constant) {
        (Comparison::Is(expected), Constant::None) => Ok(expected.holds(object.is_none())),
        (Comparison::Is(expected), Constant::Bool(value)) => Ok(expected.holds(object.is(PyBool::new(py, *value)))),
        (Comparison::Equal(expected), constant) => Ok(expected.holds(equal(read(object)?, constant.value(py))?)),
        (Comparison::Less(expected), constant) => less(read(object)?, constant.value(py), expected),
        (Comparison::Greater(expected), constant) => less(constant.value(py), read(object)?, expected),
        (Comparison::Is(_) | Comparison::In(_), _) => Err(Unsure),
    }
}

fn compare(py: Python<'_>, first: &Node, rest: &[(Comparison, Node)], slots: Slots) -> Told<bool> {
    let mut left = first;
    for (comparison, right) in rest {
        if !compare_two(py, left, *comparison, right, slots)? {
            return Ok(false);
        }
        left = right;
    }
    Ok(true)
}

#[inline]
fn compare_two(py: Python<'_>, left: &Node, comparison: Comparison, right: &Node, slots: Slots) -> Told<bool> {
    let value = |node| evaluate(py, node, slots);
    match comparison {
        Comparison::Is(expected) => Ok(expected.holds(is_same(py, left, right, slots)?)),
        Comparison::Equal(expected) => Ok(expected.holds(equal(value(left)?, value(right)?)?)),
        Comparison::Less(expected) => less(value(left)?, value(right)?, expected),
        Comparison::Greater(expected) => less(value(right)?, value(left)?, expected),
        Comparison::In(expected) => Ok(expected.holds(contains(value(right)?, value(left)?)?)),
    }
}

/// Compares identities. Numbers and texts may be one object or two.
fn is_same(py: Python<'_>, left: &Node, right: &Node, slots: Slots) -> Told<bool> {
    let identity = |node: &Node| match node {
        Node::Constant(Constant::None) => Ok(py.None().as_ptr()),
        Node::Constant(Constant::Bool(value)) => Ok(PyBool::new(py, *value).as_ptr()),
        node => object(py, node, slots).map(|object| object.as_ptr()),
    };
    Ok(identity(left)? == identity(right)?)
}

#[inline]
fn equal(left: Value<'_, '_>, right: Value<'_, '_>) -> Told<bool> {
    if let (Value::Int(left), Value::Int(right)) = (left, right) {
        return Ok(left == right);
    }
    match (left.as_number(), right.as_number()) {
        (Value::Object(_), _) | (_, Value::Object(_)) => Err(Unsure),
        (Value::Str(left), Value::Str(right)) => Ok(same_text(left, right)),
        (Value::None, Value::None) => Ok(true),
        (left @ (Value::Int(_) | Value::Float(_)), right @ (Value::Int(_) | Value::Float(_))) => {
            Ok(order(left, right)? == Some(Ordering::Equal))
        }
        _ => Ok(false),
    }
}

/// Answers `left < right` if `expected` is so, else `left >= right`: with a float that is no number, both are false.
#[inline]
fn less(left: Value<'_, '_>, right: Value<'_, '_>, expected: Expected) -> Told<bool> {
    if let (Value::Int(left), Value::Int(right)) = (left, right) {
        return Ok(expected.holds(left < right));
    }
    let order = order(left.as_number(), right.as_number())?;
    Ok(order.is_some_and(|order| expected.holds(order == Ordering::Less)))
}

fn order(left: Value<'_, '_>, right: Value<'_, '_>) -> Told<Option<Ordering>> {
    match (left, right) {
        (Value::Int(left), Value::Int(right)) => Ok(Some(left.cmp(&right))),
        (Value::Float(left), Value::Float(right)) => Ok(left.partial_cmp(&right)),
        (Value::Int(left), Value::Float(right)) => Ok(exact(left)?.partial_cmp(&right)),
        (Value::Float(left), Value::Int(right)) => Ok(left.partial_cmp(&exact(right)?)),
        (Value::Str(left), Value::Str(right)) => text_order(left, right).map(Some),
        _ => Err(Unsure),
    }
}

/// Returns an integer as a float if that is the same number.
fn exact(number: i64) -> Told<f64> {
    if number.unsigned_abs() <= EXACT { Ok(number as f64) } else { Err(Unsure) }
}

fn same_text(left: Borrowed<'_, '_, PyString>, right: Borrowed<'_, '_, PyString>) -> bool {
    left.as_ptr() == right.as_ptr() || text_order(left, right) == Ok(Ordering::Equal)
}

fn text_order(left: Borrowed<'_, '_, PyString>, right: Borrowed<'_, '_, PyString>) -> Told<Ordering> {
    #![expect(unsafe_code, reason = "PyO3 compares by way of Python's operators")]
    // SAFETY: attached, and both are text: the comparison cannot fail.
    Ok(unsafe { ffi::PyUnicode_Compare(left.as_ptr(), right.as_ptr()) }.cmp(&0))
}

fn contains(container: Value<'_, '_>, value: Value<'_, '_>) -> Told<bool> {
    match (container, value) {
        (Value::Str(whole), Value::Str(part)) => whole.as_any().contains(part.as_any()).map_err(|_| Unsure),
        _ => Err(Unsure),
    }
}

fn among(py: Python<'_>, value: &Node, constants: &[Constant], expected: Expected, slots: Slots) -> Told<bool> {
    let value = evaluate(py, value, slots)?;
    for constant in constants {
        if equal(value, constant.value(py))? {
            return Ok(expected.holds(true));
        }
    }
    match value {
        // Nothing was asked of it if there are no constants, and it may not be hashable.
        Value::Object(_) => Err(Unsure),
        _ => Ok(expected.holds(false)),
    }
}

fn binary<'a, 'py>(left: Value<'a, 'py>, operator: Operator, right: Value<'a, 'py>) -> Told<Value<'a, 'py>> {
    if let (Value::Bool(left), Value::Bool(right)) = (left, right)
        && let Some(both) = of_truths(left, operator, right)
    {
        return Ok(Value::Bool(both));
    }
    match (left.as_number(), right.as_number()) {
        (Value::Int(left), Value::Int(right)) => of_integers(left, operator, right),
        (Value::Float(left), Value::Float(right)) => of_floats(left, operator, right).map(Value::Float),
        (Value::Int(left), Value::Float(right)) => of_floats(left as f64, operator, right).map(Value::Float),
        (Value::Float(left), Value::Int(right)) => of_floats(left, operator, right as f64).map(Value::Float),
        _ => Err(Unsure),
    }
}

fn of_truths(left: bool, operator: Operator, right: bool) -> Option<bool> {
    match operator {
        Operator::And => Some(left & right),
        Operator::Or => Some(left | right),
        Operator::Xor => Some(left ^ right),
        _ => None,
    }
}

fn of_integers<'a, 'py>(left: i64, operator: Operator, right: i64) -> Told<Value<'a, 'py>> {
    let result = match operator {
        Operator::Add => left.checked_add(right),
        Operator::Subtract => left.checked_sub(right),
        Operator::Multiply => left.checked_mul(right),
        Operator::Divide => return of_floats(exact(left)?, operator, exact(right)?).map(Value::Float),
        Operator::FloorDivide => floor_divide(left, right),
        Operator::Modulo => floor_divide(left, right).map(|quotient| left.wrapping_sub(quotient.wrapping_mul(right))),
        Operator::And => Some(left & right),
        Operator::Or => Some(left | right),
        Operator::Xor => Some(left ^ right),
    };
    result.map(Value::Int).ok_or(Unsure)
}

/// Divides and rounds down, as Python does; None: by zero, or the result is too large.
fn floor_divide(left: i64, right: i64) -> Option<i64> {
    let quotient = left.checked_div(right)?;
    let rounds_up = left % right != 0 && (left < 0) != (right < 0);
    Some(if rounds_up { quotient - 1 } else { quotient })
}

fn of_floats(left: f64, operator: Operator, right: f64) -> Told<f64> {
    match operator {
        Operator::Add => Ok(left + right),
        Operator::Subtract => Ok(left - right),
        Operator::Multiply => Ok(left * right),
        Operator::Divide if right != 0.0 => Ok(left / right),
        _ => Err(Unsure),
    }
}
