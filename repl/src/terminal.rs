//! What the console reads from and writes to. Implemented by rustyline on a real terminal (`line`), by Python's
//! `sys.stdin`/`sys.stdout` in `pybindings`, and by scripts in tests.

/// A terminal, or what stands for one.
pub trait Terminal: Send {
    /// Asks the user for input. The text may have several lines if the terminal edits whole statements.
    fn read(&mut self, ask: &Ask<'_>, assist: &mut dyn Assist) -> Input;

    /// Shows text, as it is: the caller ends its lines.
    fn write(&mut self, text: &str);

    /// Lets text wait until something is read or [`release`](Self::release) is called: a question follows at once.
    fn hold(&mut self) {}

    /// Shows the text that waits, and lets none wait any more.
    fn release(&mut self) {}

    /// Shows what a command has to say, and ends the line.
    fn message(&mut self, text: &str) {
        self.write(&format!("{text}\n"));
    }

    /// Shows why a command could not do what it was asked for.
    fn error(&mut self, text: &str) {
        self.message(&format!("*** {text}"));
    }

    /// Hears which frame of the stack is looked at from now on, by its place in it.
    fn selected(&mut self, number: usize) {
        let _ = number;
    }

    /// Shows a frame of the stack, by its place in it, if that is the terminal's business.
    fn entry(&mut self, number: usize) -> Entry {
        let _ = number;
        Entry::NotMine
    }

    /// Returns the size of the screen, in columns and rows; None where there is no screen.
    fn size(&self) -> Option<(u16, u16)>;

    /// Returns whether colours can be shown.
    fn colours(&self) -> bool;
}

/// A question to the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ask<'a> {
    /// What stands in front of the input.
    pub prompt: &'a str,
    /// What stands in front of the further lines of a statement.
    pub continuation: &'a str,
    /// What is asked for.
    pub kind: AskKind,
}

/// Who shows the frames of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The terminal has shown the frame in its own way.
    Shown,
    /// The console shows it.
    NotMine,
}

/// What a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AskKind {
    /// A debugger command or a statement.
    Command,
    /// A line of a breakpoint's command list.
    CommandList,
    /// A line for the interactive interpreter.
    Interact,
    /// A short answer: no history, no completion.
    Confirm,
}

/// What the user answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// This text, without the line end.
    Text(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D, or the end of the stream.
    End,
}

/// What the console lends a terminal while a line is being edited.
pub trait Assist {
    /// Returns what the word before byte `cursor` of `line` can become.
    fn complete(&mut self, line: &str, cursor: usize) -> Completions;

    /// Returns whether `text` need not go on in a further line.
    fn is_whole(&mut self, text: &str) -> bool;

    /// Returns `line` with colours.
    fn highlight(&self, line: &str) -> String;
}

/// What a word can become.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// The byte at which the word begins.
    pub start: usize,
    /// The words, in the order in which they are to be shown.
    pub words: Vec<String>,
}
