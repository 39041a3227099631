//! `RDB_LOG`: the decisions of the engine and of this crate as lines on standard error, for those who look for a bug in rdb.

use std::io;
use std::sync::Once;

use tracing_subscriber::EnvFilter;

/// The environment variable that asks for the log, in the syntax of `tracing_subscriber::EnvFilter`
/// (`RDB_LOG=rdb_core::engine=trace`).
const VARIABLE: &str = "RDB_LOG";

/// Installs the log, once, if [`VARIABLE`] is set. Without it nothing is installed and a log line costs a load.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Ok(filter) = std::env::var(VARIABLE) else { return };
        let installed = tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(filter))
            .with_writer(io::stderr)
            .without_time()
            .with_ansi(false)
            .try_init();
        if let Err(error) = installed {
            eprintln!("rdb: {VARIABLE} has no effect: {error}");
        }
    });
}
