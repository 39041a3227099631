//! rdb inside CPython: the extension module `rdb._rdb`.
#![cfg_attr(not(Py_3_12), expect(dead_code, reason = "what only the monitoring backend needs is there without it"))]

mod api;
mod backend;
mod bdb;
mod callback;
mod code;
mod counting;
mod editor;
mod errors;
mod events;
mod ffi;
mod frame;
mod front;
mod host;
mod launch;
mod log;
mod native;
mod opcodes;
mod remote;
mod scan;
mod session;
mod signals;
mod slots;
mod terminal;

use pyo3::prelude::*;

/// The native half of the package `rdb`. Its functions are described in `_rdb.pyi`.
#[pymodule(gil_used = true)]
mod _rdb {
    #[pymodule_export]
    use super::api::{post_mortem, set_trace, stop_async};
    #[pymodule_export]
    use super::bdb::{BdbBase, BdbState, BreakpointBase, checkfuncname, effective, quit_exceptions};
    #[pymodule_export]
    use super::editor::{Editor, startup_commands};
    #[pymodule_export]
    use super::events::{getprofile, gettrace, setprofile, settrace};
    #[pymodule_export]
    use super::host::condition::condition_form;
    #[pymodule_export]
    use super::host::face::{
        pdb_body_line, pdb_colorize, pdb_columns, pdb_command, pdb_commands, pdb_complete, pdb_displays, pdb_dollars,
        pdb_evaluate, pdb_exception_text, pdb_expand, pdb_find_function, pdb_manual, pdb_read_command_list,
        pdb_statement,
    };
    #[pymodule_export]
    use super::launch::{
        backend_info, detached, finish, forget_run, has_stopped, message, progressed, restarting, run_call, run_code,
        run_program, session_state, show_error, show_traceback, start,
    };
    #[pymodule_export]
    use super::remote::serve;
    use super::{Bound, PyModule, PyResult};

    /// The version of the package.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "Python's name for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::events::init(module.py())
    }
}
