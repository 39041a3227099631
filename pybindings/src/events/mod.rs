//! Events as a library: what a program asks of the interpreter through rdb, whether or not it is debugged.
//!
//! The classic vocabulary (`call`, `line`, `return`, `exception`, `opcode`, `c_call`, `c_return`, `c_exception`) is here:
//! [`classic`] hands an event to a function, [`install`] puts functions in place, [`api`] is what Python sees.

mod api;
pub(crate) mod classic;
pub(crate) mod frame_head;
pub(crate) mod install;

pub(crate) use api::{getprofile, gettrace, setprofile, settrace};

use pyo3::prelude::*;

/// Makes sure that events can be handed on here. To be called once, when the extension is loaded.
pub(crate) fn init(py: Python<'_>) -> PyResult<()> {
    frame_head::check(py)?;
    install::remember_getters(py)
}
