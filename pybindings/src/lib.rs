//! rdb inside CPython: the extension module `rdb._rdb`.

use pyo3::prelude::*;

/// The native half of the package `rdb`.
#[pymodule(gil_used = true)]
mod _rdb {}
