//! What talks to the user: a console, an adapter, a test.

use crate::host::Host;
use crate::ids::{BreakpointId, Line, ThreadId};
use crate::stop::{Resume, Stop};

/// A front end. It is called on the thread that stopped, with no lock held and the interpreter free to run other threads.
pub trait Frontend: Send {
    /// Serves a stopped thread until it is to go on, and says how.
    fn stopped(&mut self, stop: &Stop, host: &mut dyn Host) -> Resume;

    /// Hears news that nobody asked for. Called between stops, or before the next prompt.
    fn notice(&mut self, notice: &Notice);
}

/// News that nobody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Another thread has reached a stop and waits for its turn.
    ThreadWaiting {
        /// The thread.
        thread: ThreadId,
        /// Its name.
        name: String,
        /// The file it is in.
        path: String,
        /// The line it is at.
        line: Line,
    },
    /// A pending breakpoint was bound, because its file was imported.
    Bound(BreakpointId),
    /// The program is being started again; with these arguments.
    Restarting {
        /// The script or module.
        program: String,
        /// `sys.argv[1:]`.
        args: Vec<String>,
    },
    /// Something for the user to read, as it is.
    Message(String),
    /// An error for the user to read, without the `*** ` in front.
    Error(String),
}
