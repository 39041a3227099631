//! Source text, as the program was compiled from it: what was on the disk when rdb first saw the file.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;
use rdb_core::host::{HostError, SourceBlock, SourceText};
use rdb_core::ids::Line;

use super::text;
use crate::code;
use crate::ffi::import;

/// What pdb says where there is no source.
const NO_SOURCE: &str = "could not get source code";

/// The files seen so far. A leaf among the locks.
static SEEN: Mutex<Option<HashMap<String, Seen>>> = Mutex::new(None);

/// A file at the moment it was first seen.
#[derive(Clone)]
struct Seen {
    lines: Arc<[String]>,
    stamp: Option<Stamp>,
}

/// What tells that a file was edited.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    size: u64,
}

/// Forgets all files: the program is about to be compiled anew.
pub(crate) fn forget_all(py: Python<'_>) {
    *SEEN.lock().unwrap_or_else(PoisonError::into_inner) = None;
    let Ok(linecache) = loaded_linecache(py) else { return };
    if let Err(error) = linecache.call_method0("checkcache") {
        tracing::warn!(%error, "failed to check linecache");
    }
}

/// Returns the text of a file; `frame` is one that runs code of it. Empty where there is no source.
pub(super) fn of_file(py: Python<'_>, path: &str, frame: Option<&Bound<'_, PyAny>>) -> SourceText {
    let now = stamp(path);
    if let Some(seen) = with_seen(|files| files.get(path).cloned()) {
        let stale = now.is_some() && now != seen.stamp;
        return SourceText { lines: seen.lines, stale };
    }
    let lines: Arc<[String]> = read(py, path, frame).into();
    if !lines.is_empty() {
        let seen = Seen { lines: Arc::clone(&lines), stamp: now };
        with_seen(|files| files.insert(path.to_owned(), seen));
    }
    SourceText { lines, stale: false }
}

/// Takes note of the text of a file that is no file on the disk, but part of an archive.
pub(super) fn remember(path: &str, text: &str) {
    let seen = Seen { lines: text.lines().map(str::to_owned).collect(), stamp: None };
    with_seen(|files| {
        files.entry(path.to_owned()).or_insert(seen);
    });
}

fn with_seen<R>(use_files: impl FnOnce(&mut HashMap<String, Seen>) -> R) -> R {
    let mut seen = SEEN.lock().unwrap_or_else(PoisonError::into_inner);
    use_files(seen.get_or_insert_default())
}

fn stamp(path: &str) -> Option<Stamp> {
    let metadata = std::fs::metadata(path).ok()?;
    Some(Stamp { modified: metadata.modified().ok(), size: metadata.len() })
}

/// Reads a file: what the interpreter and its loaders know of it comes first, then the file itself.
fn read(py: Python<'_>, path: &str, frame: Option<&Bound<'_, PyAny>>) -> Vec<String> {
    let code = frame.and_then(|frame| frame.getattr(intern!(py, "f_code")).ok());
    let code = code.filter(|code| code::filename(code).as_deref() == Some(path));
    let globals = code.as_ref().and(frame).and_then(|frame| frame.getattr(intern!(py, "f_globals")).ok());
    let written =
        code.as_ref().and_then(|code| code.getattr(intern!(py, "co_filename")).ok()?.extract::<String>().ok());
    let names: Vec<&str> = [written.as_deref(), Some(path)].into_iter().flatten().collect();
    if let Some(lines) = utf8_lines(path).filter(|_| !is_cached(py, &names)) {
        return lines;
    }
    let found = code.as_ref().and_then(|code| interactive_lines(code).ok().flatten()).into_iter();
    let mut found = found.chain(names.iter().filter_map(|name| cached_lines(py, name, globals.as_ref()).ok()));
    found.find(|lines| !lines.is_empty()).or_else(|| frozen_lines(py, path)).unwrap_or_else(|| plain_lines(path))
}

/// Returns the lines of a file that is UTF-8 and does not say that it is anything else. Python reads no other: this only
/// saves the program the import of `tokenize`.
fn utf8_lines(path: &str) -> Option<Vec<String>> {
    let text = String::from_utf8(std::fs::read(path).ok()?).ok()?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.to_owned() };
    let declares = |line: &str| line.contains('#') && line.contains("coding") && !line.contains("utf-8");
    let plain = !text.lines().take(2).any(declares);
    plain.then(|| text.lines().map(str::to_owned).collect())
}

/// Returns whether `linecache` has one of these files already: what it has is older, or not on the disk at all.
fn is_cached(py: Python<'_>, names: &[&str]) -> bool {
    let cache = loaded_linecache(py).and_then(|linecache| linecache.getattr("cache"));
    cache.is_ok_and(|cache| names.iter().any(|name| cache.contains(name).unwrap_or(false)))
}

/// Returns `linecache` if it is loaded: on some versions that takes longer than all of rdb.
fn loaded_linecache(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    import(py, "sys")?.getattr("modules")?.get_item("linecache")
}

/// Returns what `linecache` says of a file.
fn cached_lines(py: Python<'_>, name: &str, globals: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<String>> {
    let lines = import(py, "linecache")?.call_method1(intern!(py, "getlines"), (name, globals))?;
    strings(&lines)
}

/// Returns what `linecache` says of code that was typed into an interpreter, where it keeps such code.
fn interactive_lines(code: &Bound<'_, PyAny>) -> PyResult<Option<Vec<String>>> {
    let py = code.py();
    let Some(by_code) = import(py, "linecache")?.getattr_opt("_getlines_from_code")? else { return Ok(None) };
    strings(&by_code.call1((code,))?).map(Some)
}

/// Returns the lines of a module that is frozen into the interpreter and has its source beside the library.
fn frozen_lines(py: Python<'_>, path: &str) -> Option<Vec<String>> {
    let name = path.strip_prefix("<frozen ")?.strip_suffix('>')?;
    let module = import(py, "sys").ok()?.getattr("modules").ok()?.get_item(name).ok()?;
    let file: String = module.getattr("__file__").ok()?.extract().ok()?;
    cached_lines(py, &file, None).ok().filter(|lines| !lines.is_empty())
}

/// Returns the lines of a file that Python cannot decode; what is no UTF-8 is shown as `�`.
fn plain_lines(path: &str) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect()
}

fn strings(lines: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let mut strings = Vec::new();
    for line in lines.try_iter()? {
        strings.push(text::lossy(&line?)?.trim_end_matches(['\n', '\r']).to_owned());
    }
    Ok(strings)
}

/// Returns the source of what a frame runs: a function, a class body, or the whole of a module.
pub(super) fn of_frame(frame: &Bound<'_, PyAny>) -> Result<SourceBlock, HostError> {
    let py = frame.py();
    try_of_frame(frame).map_err(|error| text::failed(py, &error))?.ok_or_else(|| HostError::User(NO_SOURCE.to_owned()))
}

fn try_of_frame(frame: &Bound<'_, PyAny>) -> PyResult<Option<SourceBlock>> {
    let py = frame.py();
    let code = frame.getattr(intern!(py, "f_code"))?;
    let path = code::filename(&code).unwrap_or_else(|| Arc::from("<unknown>"));
    let text = of_file(py, &path, Some(frame));
    let first_line: Line = code.getattr(intern!(py, "co_firstlineno"))?.extract::<Line>().unwrap_or(1).max(1);
    let is_module = code.getattr(intern!(py, "co_name"))?.eq("<module>")?;
    let lines = match text.lines.get(first_line as usize - 1..) {
        _ if is_module && !text.lines.is_empty() => text.lines.to_vec(),
        Some(rest) if !rest.is_empty() => block(py, rest)?,
        _ => return Ok(None),
    };
    let first_line = if is_module { 1 } else { first_line };
    Ok(Some(SourceBlock { path: path.to_string(), first_line, lines }))
}

/// Returns the block of code that begins with the first of `lines`.
fn block(py: Python<'_>, lines: &[String]) -> PyResult<Vec<String>> {
    let whole = PyList::new(py, lines.iter().map(|line| format!("{line}\n")))?;
    strings(&import(py, "inspect")?.call_method1("getblock", (whole,))?)
}

/// Returns the source of an object.
pub(super) fn of_object(object: &Bound<'_, PyAny>) -> Result<SourceBlock, HostError> {
    let py = object.py();
    try_of_object(object).map_err(|error| {
        let value = error.value(py);
        let refused = value.is_instance_of::<pyo3::exceptions::PyOSError>()
            || value.is_instance_of::<pyo3::exceptions::PyTypeError>();
        match value.str() {
            Ok(message) if refused => HostError::User(message.to_string_lossy().into_owned()),
            _ => text::failed(py, &error),
        }
    })
}

fn try_of_object(object: &Bound<'_, PyAny>) -> PyResult<SourceBlock> {
    let py = object.py();
    let inspect = import(py, "inspect")?;
    let (lines, first_line): (Bound<'_, PyAny>, Line) = inspect.call_method1("getsourcelines", (object,))?.extract()?;
    let unwrapped = inspect.call_method1("unwrap", (object,))?;
    let file: Option<String> = inspect.call_method1("getsourcefile", (unwrapped,))?.extract()?;
    let path = file.map_or_else(|| "<unknown>".to_owned(), |file| code::canonical(&file).to_string());
    Ok(SourceBlock { path, first_line: first_line.max(1), lines: strings(&lines)? })
}
