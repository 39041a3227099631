//! Breakpoints, catchpoints and filters: the engine keeps them, the session brings what follows into force.

use std::sync::Arc;

use pyo3::prelude::*;
use rdb_core::breakpoint::{BreakpointChange, BreakpointInfo, BreakpointSpec};
use rdb_core::engine::{Engine, EngineError};
use rdb_core::host::HostError;
use rdb_core::ids::BreakpointId;

use super::text;
use crate::code;
use crate::ffi::import;
use crate::session::Session;

/// Changes the engine as a front end asked for.
pub(super) fn update<R>(
    py: Python<'_>,
    session: &Session,
    change: impl FnOnce(&mut Engine) -> Result<R, EngineError>,
) -> Result<R, HostError> {
    let result = session.update(py, change).map_err(|error| text::failed(py, &error))?;
    result.map_err(|error| HostError::User(error.to_string()))
}

/// Sets a breakpoint, and binds it to the code objects that are there already.
pub(super) fn add(py: Python<'_>, session: &Session, spec: BreakpointSpec) -> Result<BreakpointInfo, HostError> {
    let path = Arc::clone(spec.target.path());
    let added = update(py, session, |engine| Ok(engine.add_breakpoint(spec)))?;
    session.meet_path(py, &path).map_err(|error| text::failed(py, &error))?;
    // What was just added can be gone only if another thread has hit a temporary one.
    Ok(session.engine().breakpoint(added.id).unwrap_or(added))
}

/// Changes a breakpoint.
pub(super) fn change(
    py: Python<'_>,
    session: &Session,
    id: BreakpointId,
    change: BreakpointChange,
) -> Result<BreakpointInfo, HostError> {
    update(py, session, |engine| engine.change_breakpoint(id, change))
}

/// Returns the directories of what is not the user's own code.
pub(super) fn library(py: Python<'_>) -> PyResult<Vec<Arc<str>>> {
    let paths = import(py, "sysconfig")?.call_method0("get_paths")?;
    let mut found = Vec::new();
    for name in ["stdlib", "platstdlib", "purelib", "platlib"] {
        found.extend(paths.get_item(name).and_then(|path| path.extract::<String>()).ok());
    }
    let site = import(py, "site")?.call_method0("getusersitepackages");
    found.extend(site.and_then(|path| path.extract::<String>()).ok());
    let mut found: Vec<Arc<str>> = found.iter().map(|path| code::canonical(path)).collect();
    found.sort();
    found.dedup();
    Ok(found)
}
