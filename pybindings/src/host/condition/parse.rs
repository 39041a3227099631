//! From the syntax tree of an expression to what [`native`](super::native) evaluates.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyString};

use super::native::{Comparison, Constant, Expected, Node, Operator};
use crate::slots::Variables;

/// Returns the native form of an expression; None: it has none.
pub(super) fn parse(tree: &Bound<'_, PyAny>, variables: &Variables) -> PyResult<Option<Node>> {
    let field = |name: &str| tree.getattr(name);
    let class = tree.get_type().name()?.to_string();
    match class.as_str() {
        "Name" => name(&field("id")?, variables).map(Some),
        "Constant" => Ok(constant(&field("value")?)?.map(Node::Constant)),
        "UnaryOp" => unary(tree, variables),
        "BinOp" => binary(tree, variables),
        "BoolOp" => boolean(tree, variables),
        "Compare" => compare(tree, variables),
        _ => Ok(None),
    }
}

fn name(name: &Bound<'_, PyAny>, variables: &Variables) -> PyResult<Node> {
    let name = name.cast::<PyString>()?;
    Ok(match variables.get(name.to_str()?) {
        Some(variable) => Node::Variable(variable),
        None => Node::Global(name.clone().unbind()),
    })
}

fn constant(value: &Bound<'_, PyAny>) -> PyResult<Option<Constant>> {
    if value.is_none() {
        return Ok(Some(Constant::None));
    }
    if let Ok(value) = value.cast_exact::<PyBool>() {
        return Ok(Some(Constant::Bool(value.is_true())));
    }
    if value.is_exact_instance_of::<PyInt>() {
        return Ok(value.extract().ok().map(Constant::Int));
    }
    if let Ok(value) = value.cast_exact::<PyFloat>() {
        return Ok(Some(Constant::Float(value.value())));
    }
    Ok(value.cast_exact::<PyString>().ok().map(|text| Constant::Str(text.clone().unbind())))
}

fn unary(tree: &Bound<'_, PyAny>, variables: &Variables) -> PyResult<Option<Node>> {
    let Some(operand) = parse(&tree.getattr(intern!(tree.py(), "operand"))?, variables)? else { return Ok(None) };
    let operator = tree.getattr(intern!(tree.py(), "op"))?.get_type().name()?;
    Ok(match operator.to_str()? {
        "Not" => Some(Node::Not(Box::new(operand))),
        "USub" => Some(negative(operand)),
        _ => None,
    })
}

fn negative(operand: Node) -> Node {
    match operand {
        Node::Constant(Constant::Int(value)) if value != i64::MIN => Node::Constant(Constant::Int(-value)),
        Node::Constant(Constant::Float(value)) => Node::Constant(Constant::Float(-value)),
        operand => Node::Negative(Box::new(operand)),
    }
}

fn binary(tree: &Bound<'_, PyAny>, variables: &Variables) -> PyResult<Option<Node>> {
    let operator = tree.getattr(intern!(tree.py(), "op"))?.get_type().name()?;
    let operator = match operator.to_str()? {
        "Add" => Operator::Add,
        "Sub" => Operator::Subtract,
        "Mult" => Operator::Multiply,
        "Div" => Operator::Divide,
        "FloorDiv" => Operator::FloorDivide,
        "Mod" => Operator::Modulo,
        "BitAnd" => Operator::And,
        "BitOr" => Operator::Or,
        "BitXor" => Operator::Xor,
        _ => return Ok(None),
    };
    let left = parse(&tree.getattr(intern!(tree.py(), "left"))?, variables)?;
    let right = parse(&tree.getattr(intern!(tree.py(), "right"))?, variables)?;
    Ok(left.zip(right).map(|(left, right)| Node::Binary(Box::new(left), operator, Box::new(right))))
}

fn boolean(tree: &Bound<'_, PyAny>, variables: &Variables) -> PyResult<Option<Node>> {
    let is_and = tree.getattr(intern!(tree.py(), "op"))?.get_type().name()?.eq("And");
    let parts = tree.getattr(intern!(tree.py(), "values"))?;
    let parts = parts.cast::<PyList>()?.iter().map(|part| parse(&part, variables));
    let parts = parts.collect::<PyResult<Option<Vec<_>>>>()?;
    Ok(parts.map(if is_and { Node::And } else { Node::Or }))
}

fn compare(tree: &Bound<'_, PyAny>, variables: &Variables) -> PyResult<Option<Node>> {
    let py = tree.py();
    let Some(first) = parse(&tree.getattr(intern!(py, "left"))?, variables)? else { return Ok(None) };
    let (operators, values) = (tree.getattr(intern!(py, "ops"))?, tree.getattr(intern!(py, "comparators"))?);
    let (operators, values) = (operators.cast::<PyList>()?, values.cast::<PyList>()?);
    if operators.len() == 1
        && let Comparison::In(expected) = comparison(&operators.get_item(0)?)?
        && let Some(constants) = constants(&values.get_item(0)?)?
    {
        return Ok(Some(Node::Among(Box::new(first), constants, expected)));
    }
    let mut rest = Vec::new();
    for (operator, value) in operators.iter().zip(values) {
        let Some(value) = parse(&value, variables)? else { return Ok(None) };
        rest.push((comparison(&operator)?, value));
    }
    Ok(Some(comparing(first, rest)))
}

fn comparing(first: Node, mut rest: Vec<(Comparison, Node)>) -> Node {
    match (first, rest.pop()) {
        (Node::Variable(variable), Some((comparison, Node::Constant(constant)))) if rest.is_empty() => {
            Node::Simple(variable, comparison, constant)
        }
        (first, last) => {
            rest.extend(last);
            Node::Compare(Box::new(first), rest)
        }
    }
}

/// Returns the constants of a display that has nothing else.
fn constants(tree: &Bound<'_, PyAny>) -> PyResult<Option<Vec<Constant>>> {
    let class = tree.get_type().name()?;
    if !["Tuple", "List", "Set"].contains(&class.to_str()?) {
        return Ok(None);
    }
    let constant_of = |element: Bound<'_, PyAny>| match element.get_type().name()?.eq("Constant") {
        true => constant(&element.getattr("value")?),
        false => Ok(None),
    };
    tree.getattr("elts")?.cast::<PyList>()?.iter().map(constant_of).collect()
}

fn comparison(operator: &Bound<'_, PyAny>) -> PyResult<Comparison> {
    use Expected::{No, Yes};
    Ok(match operator.get_type().name()?.to_str()? {
        "Eq" => Comparison::Equal(Yes),
        "NotEq" => Comparison::Equal(No),
        "Lt" => Comparison::Less(Yes),
        "GtE" => Comparison::Less(No),
        "Gt" => Comparison::Greater(Yes),
        "LtE" => Comparison::Greater(No),
        "Is" => Comparison::Is(Yes),
        "IsNot" => Comparison::Is(No),
        "In" => Comparison::In(Yes),
        _ => Comparison::In(No),
    })
}
