//! Where events come from. A backend does what a plan says and feeds what it hears to the session; it decides nothing.

mod in_force;
#[cfg(Py_3_12)]
pub(crate) mod monitoring;
pub(crate) mod settrace;
#[cfg(Py_3_12)]
mod watchers;

use std::fmt;
use std::str::FromStr;

use pyo3::prelude::*;
use rdb_core::event::EventSet;
use rdb_core::ids::CodeId;
use rdb_core::plan::{Capabilities, PlanChange};

use crate::errors::InternalError;
use crate::ffi::FramePtr;

/// A source of events.
pub(crate) trait Backend: Send + Sync {
    /// Returns the name that users choose it by: `monitoring` or `settrace`.
    fn name(&self) -> &'static str;

    /// Returns its tool id in `sys.monitoring`, if it has one.
    fn tool(&self) -> Option<u8> {
        None
    }

    /// Returns what it can do in this interpreter.
    fn capabilities(&self) -> Capabilities;

    /// Begins to listen, with the plan that was in force when it last did.
    fn attach(&self, py: Python<'_>) -> PyResult<()>;

    /// Brings a change of the plan into force.
    fn apply(&self, py: Python<'_>, change: &PlanChange) -> PyResult<()>;

    /// Asks for these kinds everywhere, whatever the plan says: the session itself listens to them.
    fn overhear(&self, py: Python<'_>, kinds: EventSet) -> PyResult<()>;

    /// Hears that code objects are gone.
    fn forget(&self, codes: &[CodeId]);

    /// Makes the interpreter let this frame go on at another line, if it would not.
    fn allow_jump(&self, py: Python<'_>, frame: FramePtr);

    /// Restores what was there before: no event of ours comes any more.
    fn detach(&self, py: Python<'_>);

    /// Returns what is asked of the interpreter now.
    fn in_force(&self) -> InForce;

    /// Hears of a module that was just made: importlib may put its file name right before it runs, without any event.
    fn new_module(&self, py: Python<'_>, code: CodeId) -> PyResult<()> {
        let _ = (py, code);
        Ok(())
    }

    /// Hears that a module begins to run; returns whether its file name is to be looked at again.
    fn module_runs(&self, py: Python<'_>, code: CodeId) -> PyResult<bool> {
        let _ = (py, code);
        Ok(false)
    }
}

/// What a backend asks of the interpreter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct InForce {
    /// Kinds asked for everywhere.
    pub(crate) global: EventSet,
    /// How many code objects have kinds asked for in them alone.
    pub(crate) armed: usize,
    /// New code objects are reported.
    pub(crate) new_code: bool,
}

/// Which backend a user wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The best that this Python has.
    #[default]
    Auto,
    /// `sys.monitoring`.
    Monitoring,
    /// `sys.settrace`.
    Settrace,
}

impl FromStr for Choice {
    type Err = InternalError;

    fn from_str(name: &str) -> Result<Self, InternalError> {
        match name {
            "" | "auto" => Ok(Self::Auto),
            "monitoring" => Ok(Self::Monitoring),
            "settrace" => Ok(Self::Settrace),
            other => Err(InternalError::UnknownBackend(other.to_owned())),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Monitoring => "monitoring",
            Self::Settrace => "settrace",
        })
    }
}

/// A backend, and why it is this one.
pub(crate) struct Chosen {
    /// The backend.
    pub(crate) backend: Box<dyn Backend>,
    /// Why.
    pub(crate) reason: String,
}

/// Makes the backend that was chosen.
pub(crate) fn make(py: Python<'_>, choice: Choice) -> Result<Chosen, InternalError> {
    match choice {
        Choice::Monitoring => monitoring(py, "chosen by the user"),
        Choice::Settrace => Ok(settrace("chosen by the user")),
        Choice::Auto => match monitoring(py, "this Python has sys.monitoring") {
            Err(InternalError::NoMonitoring) => Ok(settrace("this Python has no sys.monitoring")),
            Err(InternalError::NoToolId(holders)) => {
                Ok(settrace(&format!("every tool id of sys.monitoring is taken ({holders})")))
            }
            other => other,
        },
    }
}

fn settrace(reason: &str) -> Chosen {
    Chosen { backend: Box::new(settrace::Settrace::new()), reason: reason.to_owned() }
}

#[cfg(Py_3_12)]
fn monitoring(py: Python<'_>, reason: &str) -> Result<Chosen, InternalError> {
    let backend = monitoring::Monitoring::new(py)?;
    let reason = match backend.instead_of() {
        Some(holder) => format!("{reason}; tool id {}, because {holder} holds the debugger's", backend.tool),
        None => reason.to_owned(),
    };
    Ok(Chosen { backend: Box::new(backend), reason })
}

#[cfg(not(Py_3_12))]
fn monitoring(_py: Python<'_>, _reason: &str) -> Result<Chosen, InternalError> {
    Err(InternalError::NoMonitoring)
}
