//! Finds out what a place that the user wrote means. Looks modules up without importing them.

use std::path::Path;
use std::sync::Arc;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyCode, PyDict};
use rdb_core::breakpoint::Target;
use rdb_core::host::{HostError, Located};
use rdb_core::ids::Line;
use rdb_core::location::Location;

use super::eval::{self, Extras};
use super::outline::{self, Function};
use super::{source, text};
use crate::code;
use crate::ffi::import;

/// Where names and files are looked for.
pub(super) struct Search<'a, 'py> {
    /// The interpreter.
    pub(super) py: Python<'py>,
    /// The frame whose file is the current one.
    pub(super) frame: Option<&'a Bound<'py, PyAny>>,
}

impl<'py> Search<'_, 'py> {
    /// Returns what `location` means.
    pub(super) fn locate(&self, location: &Location, extras: &mut Extras<'py>) -> Result<Located, HostError> {
        match location {
            Location::Line(line) => self.line(&self.current_file()?, *line),
            Location::FileLine { file, line } => self.line(&self.file(file)?, *line),
            Location::FileFunction { file, function } => self.function_of_file(&self.file(file)?, function),
            Location::Name(name) => self.name(name, extras),
        }
    }

    fn line(&self, path: &Arc<str>, line: Line) -> Result<Located, HostError> {
        let lines = source::of_file(self.py, path, self.frame_of(path)).lines;
        if lines.is_empty() {
            return Ok(self.line_without_source(path, line));
        }
        if line as usize > lines.len() {
            return Err(HostError::User("End of file".to_owned()));
        }
        // What is no Python source (a template) can still be what code objects say they come from.
        let Some(outline) = outline::of(self.py, path, &lines) else { return Ok(on_line(path, line, line)) };
        let found = outline.line_from(line.max(1));
        found
            .map(|found| on_line(path, line, found))
            .ok_or_else(|| HostError::User(format!("Blank or comment: no line of {path} from {line} on has code")))
    }

    /// A line of code whose text nobody has: the code object alone knows.
    fn line_without_source(&self, path: &Arc<str>, line: Line) -> Located {
        let code = self.frame_of(path).and_then(|frame| frame.getattr(intern!(self.py, "f_code")).ok());
        let lines = code.map(|code| outline::describe(self.py, &code).lines);
        let next = lines.and_then(|lines| lines.iter().copied().find(|&found| found >= line));
        on_line(path, line, next.unwrap_or(line))
    }

    fn function_of_file(&self, path: &Arc<str>, name: &str) -> Result<Located, HostError> {
        let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c == '_' || c.is_alphanumeric());
        if !name.split('.').all(is_name) {
            return Err(HostError::User(format!("Bad lineno: {name}")));
        }
        let missing = || HostError::User(format!("There is no function '{name}' in {path}"));
        self.find_function(path, name).ok_or_else(missing)
    }

    fn find_function(&self, path: &Arc<str>, name: &str) -> Option<Located> {
        let lines = source::of_file(self.py, path, self.frame_of(path)).lines;
        let outline = outline::of(self.py, path, &lines)?;
        outline.function(name).map(|function| in_function(path, function))
    }

    /// A function by what it is called here, in the current file, or in a module that need not be imported yet.
    fn name(&self, written: &str, extras: &mut Extras<'py>) -> Result<Located, HostError> {
        let object = self.frame.map(|frame| eval::evaluate(frame, extras, written));
        if let Some(Ok(object)) = object
            && let Some(code) = function_code(&object)
        {
            return Ok(self.code(&code));
        }
        let name = written.trim().trim_matches('\'');
        let name = name.strip_prefix("self.").unwrap_or(name);
        let here = self.current_file().ok().and_then(|path| self.find_function(&path, name));
        let elsewhere = || {
            let splits = name.rmatch_indices('.').map(|(at, _)| (&name[..at], &name[at + 1..]));
            splits.filter_map(|(module, function)| self.find_function(&self.module_file(module)?, function)).next()
        };
        here.or_else(elsewhere).ok_or_else(|| {
            HostError::User(format!(
                "The specified object {} is not a function or was not found along sys.path.",
                self.quoted(written)
            ))
        })
    }

    fn code(&self, code: &Bound<'_, PyAny>) -> Located {
        let info = outline::describe(self.py, code);
        in_function(&info.path, &Function { qualname: info.qualname, body_line: info.body_line })
    }

    fn quoted(&self, written: &str) -> String {
        text::repr(pyo3::types::PyString::new(self.py, written).as_any()).unwrap_or_else(|_| format!("'{written}'"))
    }

    /// Returns the file of the current frame, else that of the program.
    fn current_file(&self) -> Result<Arc<str>, HostError> {
        let code = self.frame.and_then(|frame| frame.getattr(intern!(self.py, "f_code")).ok());
        let path = code.and_then(|code| code::filename(&code));
        path.or_else(|| self.main_file())
            .ok_or_else(|| HostError::User("There is no current file; name one, as in 'file.py:12'".to_owned()))
    }

    fn main_file(&self) -> Option<Arc<str>> {
        let main = self.modules()?.get_item("__main__").ok()??;
        let file: String = main.getattr("__file__").ok()?.extract().ok()?;
        Some(code::canonical(&file))
    }

    /// Returns the frame, if it runs code of this file.
    fn frame_of(&self, path: &str) -> Option<&Bound<'py, PyAny>> {
        let code = self.frame?.getattr(intern!(self.py, "f_code")).ok()?;
        self.frame.filter(|_| code::filename(&code).as_deref() == Some(path))
    }

    /// Returns the file that the user means: a path, or a module.
    fn file(&self, written: &str) -> Result<Arc<str>, HostError> {
        let written = written.trim();
        let found = self.known_file(written).or_else(|| self.module_file(written));
        found.ok_or_else(|| HostError::User(format!("{} not found from sys.path", self.quoted(written))))
    }

    fn known_file(&self, written: &str) -> Option<Arc<str>> {
        if written.starts_with('<') && written.ends_with('>') {
            return Some(Arc::from(written));
        }
        let expanded = import(self.py, "os.path").and_then(|path| path.call_method1("expanduser", (written,)));
        let written: String = expanded.and_then(|path| path.extract()).unwrap_or_else(|_| written.to_owned());
        if Path::new(&written).is_absolute() {
            return Path::new(&written).is_file().then(|| self.as_compiled(&code::canonical(&written)));
        }
        let current = self.current_file().ok().filter(|path| ends_with(path, &written));
        let on_path = || self.search_path().into_iter().map(|directory| Path::new(&directory).join(&written));
        let found = || on_path().find(|file| file.is_file()).map(|file| code::canonical(&file.to_string_lossy()));
        let here = || Path::new(&written).is_file().then(|| code::canonical(&written));
        let loaded =
            || self.loaded_files().into_iter().find(|path| written.ends_with(".py") && ends_with(path, &written));
        current.or_else(found).or_else(here).or_else(loaded).map(|path| self.as_compiled(&path))
    }

    fn search_path(&self) -> Vec<String> {
        let path = import(self.py, "sys").and_then(|sys| sys.getattr(intern!(self.py, "path")));
        let entries = path.and_then(|path| path.try_iter()?.collect::<PyResult<Vec<_>>>()).unwrap_or_default();
        entries.iter().filter_map(|entry| entry.extract().ok()).collect()
    }

    fn modules(&self) -> Option<Bound<'py, PyDict>> {
        let modules = import(self.py, "sys").ok()?.getattr(intern!(self.py, "modules")).ok()?;
        modules.cast_into::<PyDict>().ok()
    }

    fn loaded_files(&self) -> Vec<Arc<str>> {
        let modules = self.modules().map(|modules| modules.values()).into_iter().flatten();
        modules.filter_map(|module| file_of(&module)).map(|file| code::canonical(&file)).collect()
    }

    /// Returns the name under which the interpreter knows the code of a file: frozen modules have one of their own, and
    /// a file may have been imported by way of a symbolic link.
    fn as_compiled(&self, path: &Arc<str>) -> Arc<str> {
        let modules = self.modules().map(|modules| modules.values());
        let loaded = modules.into_iter().flatten().filter_map(|module| Some((file_of(&module)?, module)));
        let loaded: Vec<_> = loaded.map(|(file, module)| (code::canonical(&file), module)).collect();
        if let Some((_, module)) = loaded.iter().find(|(file, _)| file == path) {
            return frozen_name(module).unwrap_or_else(|| Arc::clone(path));
        }
        let real = |path: &str| std::fs::canonicalize(path).ok();
        let same_file =
            |file: &str| Path::new(file).file_name() == Path::new(&**path).file_name() && real(file) == real(path);
        loaded.iter().find(|(file, _)| same_file(file)).map_or_else(|| Arc::clone(path), |(file, _)| Arc::clone(file))
    }

    /// Returns the source file of a module, imported or not. Nothing is imported.
    fn module_file(&self, name: &str) -> Option<Arc<str>> {
        if let Some(module) = self.modules().and_then(|modules| modules.get_item(name).ok()?) {
            let file = || file_of(&module).map(|file| code::canonical(&file));
            return frozen_name(&module).or_else(file);
        }
        self.unimported(name).ok().flatten()
    }

    fn unimported(&self, name: &str) -> PyResult<Option<Arc<str>>> {
        let finder = import(self.py, "importlib.machinery")?.getattr("PathFinder")?;
        let mut places = self.py.None().into_bound(self.py);
        let mut found = None;
        let mut full = String::new();
        for part in name.split('.') {
            full = if full.is_empty() { part.to_owned() } else { format!("{full}.{part}") };
            let spec = finder.call_method1("find_spec", (full.as_str(), &places))?;
            if spec.is_none() {
                return Ok(None);
            }
            places = spec.getattr("submodule_search_locations")?;
            found = Some(spec);
        }
        let Some(spec) = found else { return Ok(None) };
        let file = spec.getattr("origin")?.extract::<Option<String>>()?;
        let Some(path) = file.filter(|file| file.ends_with(".py")).map(|file| code::canonical(&file)) else {
            return Ok(None);
        };
        if !Path::new(&*path).is_file() {
            let text = spec.getattr("loader")?.call_method1("get_source", (name,))?;
            source::remember(&path, &text::lossy(&text)?);
        }
        Ok(Some(path))
    }
}

fn on_line(path: &Arc<str>, asked: Line, found: Line) -> Located {
    let target = Target::Line { path: Arc::clone(path), line: found };
    Located { target, moved_from: (asked != found).then_some(asked) }
}

fn in_function(path: &Arc<str>, function: &Function) -> Located {
    let Function { qualname, body_line } = function.clone();
    Located { target: Target::Function { path: Arc::clone(path), qualname, line: body_line }, moved_from: None }
}

/// Returns whether `path` is `written` or ends in it, whole parts of the path compared.
fn ends_with(path: &str, written: &str) -> bool {
    Path::new(path).ends_with(written)
}

/// Returns the code that calling an object runs: of a function or method, of a property's getter, and of what a wrapper
/// without code of its own wraps.
fn function_code<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyAny>> {
    let mut object = object.clone();
    for way in ["__func__", "fget"] {
        object = object.getattr_opt(way).ok().flatten().filter(|inner| !inner.is_none()).unwrap_or(object);
    }
    let code = |object: &Bound<'py, PyAny>| {
        object.getattr_opt("__code__").ok().flatten().filter(|code| code.is_instance_of::<PyCode>())
    };
    code(&object).or_else(|| code(&object.getattr_opt("__wrapped__").ok()??))
}

fn file_of(module: &Bound<'_, PyAny>) -> Option<String> {
    let file: String = module.getattr_opt("__file__").ok()??.extract().ok()?;
    file.ends_with(".py").then_some(file)
}

/// Returns the file name in the code of a module that is frozen into the interpreter.
fn frozen_name(module: &Bound<'_, PyAny>) -> Option<Arc<str>> {
    let spec = module.getattr_opt("__spec__").ok()??;
    let origin: String = spec.getattr("origin").ok()?.extract().ok()?;
    if origin != "frozen" {
        return None;
    }
    let state = spec.getattr("loader_state").ok()?;
    let name = state.getattr_opt("origname").ok().flatten().filter(|name| !name.is_none());
    let name: String = name.or_else(|| spec.getattr("name").ok())?.extract().ok()?;
    Some(Arc::from(format!("<frozen {name}>")))
}
