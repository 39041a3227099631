//! Where events come from. A backend does what a plan says and feeds what it hears to the session; it decides nothing.

use pyo3::prelude::*;
use rdb_core::plan::{Capabilities, PlanChange};

/// A source of events.
pub(crate) trait Backend: Send + Sync {
    /// Returns the name that users choose it by: `monitoring` or `settrace`.
    fn name(&self) -> &'static str;

    /// Returns what it can do in this interpreter.
    fn capabilities(&self) -> Capabilities;

    /// Brings a change of the plan into force.
    fn apply(&self, py: Python<'_>, change: &PlanChange) -> PyResult<()>;

    /// Restores what was there before: no event of ours comes any more.
    fn detach(&self, py: Python<'_>);
}
