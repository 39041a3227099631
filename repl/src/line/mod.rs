//! Reading at a real terminal, with rustyline. Where text goes is not known here: the writing half is an [`Output`].

mod history;
mod rustyline;
mod statement;

use crate::terminal::{Ask, Assist, Input, Terminal};

pub use self::history::history_file;
pub use self::rustyline::{LineError, LineOptions, Rustyline};

/// Where a console's text goes, next to a [`Rustyline`] that reads.
pub trait Output: Send {
    /// Shows text, as it is.
    fn write(&mut self, text: &str);

    /// Hands on what was written, so that it stands on the screen before rustyline draws on it.
    fn flush(&mut self);
}

/// A terminal of two halves: rustyline reads, an [`Output`] writes.
#[derive(Debug)]
pub struct Tty<W> {
    input: Rustyline,
    output: W,
}

impl<W: Output> Tty<W> {
    /// Joins the halves.
    pub fn new(input: Rustyline, output: W) -> Self {
        Self { input, output }
    }
}

impl<W: Output> Terminal for Tty<W> {
    fn read(&mut self, ask: &Ask<'_>, assist: &mut dyn Assist) -> Input {
        self.output.flush();
        self.input.read(ask, assist)
    }

    fn write(&mut self, text: &str) {
        self.output.write(text);
    }

    fn size(&self) -> Option<(u16, u16)> {
        self.input.size()
    }

    fn colours(&self) -> bool {
        self.input.colours()
    }
}
