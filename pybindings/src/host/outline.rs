//! What a file of Python source has: the lines with code and the functions. The file is compiled and thrown away; nothing
//! of it runs, and its code objects belong to no file that a breakpoint could be in.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;
use pyo3::types::PyString;
use rdb_core::code::{CodeInfo, CodeKind};
use rdb_core::ids::Line;

use super::compile::{self, Flags, Mode};
use crate::code;
use crate::ffi::{CodePtr, import};

/// The name of the file that sources are compiled as.
const FILE: &str = "<rdb outline>";

/// The outlines made so far, with the text that each was made from. A leaf among the locks.
static KNOWN: Mutex<Option<Outlines>> = Mutex::new(None);

/// Outlines, and the text that each was made from, by path.
type Outlines = HashMap<Arc<str>, (Arc<[String]>, Arc<Outline>)>;

/// What a file has.
#[derive(Debug, Default)]
pub(super) struct Outline {
    lines: BTreeSet<Line>,
    functions: Vec<Function>,
}

/// A function of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Function {
    /// `co_qualname`.
    pub(super) qualname: Arc<str>,
    /// The line where the body begins.
    pub(super) body_line: Line,
}

impl Outline {
    /// Returns the first line with code that is not before `line`.
    pub(super) fn line_from(&self, line: Line) -> Option<Line> {
        self.lines.range(line..).next().copied()
    }

    /// Returns the function that `name` means: its qualified name, the same without the functions around it, or the last
    /// part of only one.
    pub(super) fn function(&self, name: &str) -> Option<&Function> {
        let qualified = self.functions.iter().find(|function| &*function.qualname == name);
        let plain = || self.functions.iter().find(|function| function.qualname.replace(".<locals>", "") == name);
        let only = || {
            let mut ends = self.functions.iter().filter(|function| function.qualname.rsplit('.').next() == Some(name));
            ends.next().filter(|_| ends.next().is_none())
        };
        qualified.or_else(plain).or_else(only)
    }

    fn add(&mut self, info: CodeInfo) {
        self.lines.extend(info.lines.iter());
        if info.kind == CodeKind::Function {
            self.functions.push(Function { qualname: info.qualname, body_line: info.body_line });
        }
    }
}

/// Returns the outline of a file with this text; None if it is no Python source.
pub(super) fn of(py: Python<'_>, path: &str, lines: &Arc<[String]>) -> Option<Arc<Outline>> {
    let known = with_known(|known| known.get(path).cloned());
    if let Some((_, outline)) = known.filter(|(text, _)| Arc::ptr_eq(text, lines)) {
        return Some(outline);
    }
    let outline = Arc::new(compile_outline(py, lines).ok()?);
    with_known(|known| known.insert(Arc::from(path), (Arc::clone(lines), Arc::clone(&outline))));
    Some(outline)
}

fn with_known<R>(use_outlines: impl FnOnce(&mut Outlines) -> R) -> R {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    use_outlines(known.get_or_insert_default())
}

fn compile_outline(py: Python<'_>, lines: &[String]) -> PyResult<Outline> {
    let text = PyString::new(py, &(lines.join("\n") + "\n"));
    let warnings = Silence::begin(py)?;
    let code = compile::compile_as(text.as_any(), FILE, Mode::Exec, Flags::PLAIN);
    warnings.end(py)?;
    let mut outline = Outline::default();
    let mut left = vec![code?];
    while let Some(code) = left.pop() {
        left.extend(compile::nested(&code)?.into_iter().rev());
        outline.add(describe(py, &code));
    }
    Ok(outline)
}

/// Returns what the engine would be told of a code object.
pub(super) fn describe(py: Python<'_>, code: &Bound<'_, PyAny>) -> CodeInfo {
    let pointer = CodePtr::of(code).expect("what `compile` returns and code objects hold are code objects");
    code::describe(py, pointer, None)
}

/// Keeps the compiler's warnings back: the program has shown them already, or will.
struct Silence(Py<PyAny>);

impl Silence {
    fn begin(py: Python<'_>) -> PyResult<Self> {
        let warnings = import(py, "warnings")?;
        let context = warnings.call_method0("catch_warnings")?;
        context.call_method0("__enter__")?;
        warnings.call_method1("simplefilter", ("ignore",))?;
        Ok(Self(context.unbind()))
    }

    fn end(self, py: Python<'_>) -> PyResult<()> {
        self.0.bind(py).call_method1("__exit__", (py.None(), py.None(), py.None())).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(functions: &[&str]) -> Outline {
        let function = |name: &&str| Function { qualname: Arc::from(*name), body_line: 2 };
        Outline { lines: [1, 2, 5].into(), functions: functions.iter().map(function).collect() }
    }

    #[test]
    fn a_name_means_the_nearest_function() {
        let check = |functions: &[&str], name: &str, expected: Option<&str>| {
            let outline = outline(functions);
            assert_eq!(outline.function(name).map(|function| &*function.qualname), expected);
        };
        check(&["A.f", "f"], "f", Some("f"));
        check(&["A.f", "g"], "f", Some("A.f"));
        check(&["A.f", "B.f"], "f", None);
        check(&["outer.<locals>.inner"], "outer.inner", Some("outer.<locals>.inner"));
        check(&["A.f"], "B.f", None);
    }

    #[test]
    fn a_line_without_code_is_moved_to_the_next_one() {
        let outline = outline(&[]);
        assert_eq!([1, 3, 5, 6].map(|line| outline.line_from(line)), [Some(1), Some(5), Some(5), None]);
    }
}
