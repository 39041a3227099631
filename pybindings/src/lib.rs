//! rdb inside CPython: the extension module `rdb._rdb`.

mod backend;
mod callback;
mod code;
mod errors;
mod ffi;
mod frame;
mod host;
mod log;
mod opcodes;
mod scan;
mod session;
mod signals;
mod terminal;

use pyo3::prelude::*;

/// The native half of the package `rdb`.
#[pymodule(gil_used = true)]
mod _rdb {}
