//! The numbers of the few opcodes that rdb has to recognise, as the running interpreter names them.

use pyo3::intern;
use pyo3::prelude::*;

use crate::ffi::import;

/// Opcode numbers of the running interpreter. Names that it does not have are left out.
#[derive(Debug)]
pub(crate) struct Opcodes {
    /// `RESUME`: where a frame begins, or goes on after a suspension.
    pub(crate) resume: u8,
    returns: Vec<u8>,
    yields: Vec<u8>,
    silent: Vec<u8>,
    loop_ends: Vec<u8>,
}

/// Opcodes that end a frame with a value.
const RETURNS: [&str; 2] = ["RETURN_VALUE", "RETURN_CONST"];
/// Opcodes that a frame is at while it is suspended: 3.13.0 has moved on to the `RESUME` behind the yield.
const YIELDS: [&str; 2] = ["YIELD_VALUE", "RESUME"];
/// Opcodes that begin no line: their line is that of what ran before, or they are no instruction.
const SILENT: [&str; 5] = ["CACHE", "RESUME", "END_FOR", "END_SEND", "END_ASYNC_FOR"];

/// Opcodes that end a `for` loop.
const LOOP_ENDS: [&str; 1] = ["END_FOR"];

impl Opcodes {
    /// Reads the numbers from the module `opcode`, or where there is one from the table that it reads itself: importing it
    /// alone is a large part of what starting rdb costs.
    pub(crate) fn load(py: Python<'_>) -> PyResult<Self> {
        let table = import(py, "_opcode_metadata").or_else(|_| import(py, "opcode"))?;
        let map = table.getattr(intern!(py, "opmap"))?;
        // A mapping, but not always a `dict`: 3.15 made it a `frozendict`.
        let numbers =
            |names: &[&str]| names.iter().filter_map(|name| map.get_item(name).ok()?.extract().ok()).collect();
        let resume = map.get_item("RESUME")?.extract()?;
        Ok(Self {
            resume,
            returns: numbers(&RETURNS),
            yields: numbers(&YIELDS),
            silent: numbers(&SILENT),
            loop_ends: numbers(&LOOP_ENDS),
        })
    }

    /// Returns whether a frame that is left at this opcode has returned a value.
    pub(crate) fn returns(&self, opcode: u8) -> bool {
        self.returns.contains(&opcode)
    }

    /// Returns whether a frame that is left at this opcode is suspended.
    pub(crate) fn yields(&self, opcode: u8) -> bool {
        self.yields.contains(&opcode)
    }

    /// Returns whether this opcode ends a `for` loop.
    pub(crate) fn ends_loop(&self, opcode: u8) -> bool {
        self.loop_ends.contains(&opcode)
    }

    /// Returns whether an instruction with this opcode can have a line event.
    pub(crate) fn begins_lines(&self, opcode: u8) -> bool {
        !self.silent.contains(&opcode)
    }
}
