//! What is said at a stop: why, where, and what was asked to be shown.

use rdb_core::host::{Displayed, FrameInfo, HostError, Variable};
use rdb_core::ids::{FrameId, FrameNo, Line};
use rdb_core::stop::{StepEnd, StopReason};

use crate::command::Failure;
use crate::console::Sticky;
use crate::dialog::Dialog;
use crate::print::{self, Place, Selected, Variables, View};

/// The columns and rows of a screen that there is none of.
const NO_SCREEN: (u16, u16) = (80, 24);

impl Dialog<'_> {
    /// Says why the program stopped.
    pub(crate) fn announce(&mut self) {
        if let Some(header) = self.state.header.take() {
            self.message(header);
        }
        self.announce_thread();
        match &self.stop.reason {
            StopReason::Step(StepEnd::Call) => self.message("--Call--"),
            StopReason::Step(StepEnd::Return) => self.message("--Return--"),
            StopReason::Step(StepEnd::Exception) => self.announce_exception(),
            StopReason::Step(StepEnd::Finished) => self.announce_value(),
            StopReason::Exception { id, error } => {
                self.announce_exception();
                self.announce_condition(&format!("catchpoint {id}"), error.as_deref());
            }
            StopReason::Breakpoint { ids, error } => {
                if let Some(id) = ids.first() {
                    self.announce_condition(&format!("breakpoint {id}"), error.as_deref());
                }
            }
            StopReason::Pause => self.message("\nProgram interrupted. (Use 'cont' to resume)."),
            StopReason::Entry
            | StopReason::Trace
            | StopReason::PostMortem
            | StopReason::Step(StepEnd::Line | StepEnd::Instruction) => {}
        }
        self.announce_deleted();
    }

    /// Says that it is not the thread that stopped before.
    fn announce_thread(&mut self) {
        let thread = self.stop.thread;
        if self.state.thread.replace(thread).is_none_or(|before| before == thread) {
            return;
        }
        let threads = self.host.threads().unwrap_or_default();
        if let Some((number, info)) = (1..).zip(&threads).find(|(_, info)| info.id == thread) {
            self.message(format!("[Switching to thread {number} ({})]", info.name));
        }
    }

    fn announce_exception(&mut self) {
        match self.host.exception_text() {
            Ok(Some(text)) => self.message(text),
            Ok(None) => {}
            Err(error) => self.error(error.to_string()),
        }
    }

    fn announce_value(&mut self) {
        if let Ok(Some(value)) = self.host.return_value(self.frame_no()) {
            self.message(format!("Value returned: {value}"));
        }
    }

    fn announce_condition(&self, whose: &str, error: Option<&str>) {
        if let Some(error) = error {
            self.error(format!("Condition of {whose} failed: {error}"));
        }
    }

    /// Names the temporary breakpoints that this stop used up; they were where the program is now.
    fn announce_deleted(&self) {
        let Ok(FrameInfo { path, line, .. }) = self.frame() else { return };
        for gone in &self.stop.deleted {
            self.message(format!("Deleted breakpoint {} at {path}:{}", gone.id, line.unwrap_or(0)));
        }
    }

    /// Shows where the program stopped.
    pub(crate) fn show_stop(&mut self) {
        let shown = match self.state.sticky {
            Sticky::Off => Ok(()),
            Sticky::On => self.show_view(),
        };
        if self.state.sticky == Sticky::Off || shown.is_err() {
            // What cannot be shown of it is missing; the prompt comes all the same.
            let _ = self.show_entry(self.selected);
        }
        self.warn_of_edit();
        self.show_displays();
    }

    /// Shows a frame of the stack with the line that it is at.
    pub(crate) fn show_entry(&mut self, number: usize) -> Result<(), HostError> {
        let Some(frame) = self.stack.frames.get(number).cloned() else { return Ok(()) };
        let selected = if number == self.selected { Selected::Yes } else { Selected::No };
        let line = frame.raising_line.or(frame.line);
        let source = match line {
            Some(line) => self.source_line(&frame.path, number, line)?,
            None => None,
        };
        self.message(print::stack_entry(&frame, selected, source.as_deref(), self.style()));
        Ok(())
    }

    /// Returns a line of a file; None: there is no such text. The only error is that the user does not want it.
    fn source_line(&mut self, path: &str, number: usize, line: Line) -> Result<Option<String>, HostError> {
        let frame = u32::try_from(number).ok().map(FrameNo);
        match self.host.source(path.to_owned(), frame) {
            Ok(text) => Ok(line.checked_sub(1).and_then(|before| text.lines.get(before as usize).cloned())),
            Err(HostError::Interrupted) => Err(HostError::Interrupted),
            Err(_) => Ok(None),
        }
    }

    /// Shows the lines around the current one, the arguments and the locals.
    pub(crate) fn show_view(&mut self) -> Result<(), Failure> {
        let (number, frame) = (self.frame_no(), self.frame()?.clone());
        let source = self.host.source(frame.path.clone(), Some(number)).map(|text| text.lines).unwrap_or_default();
        let arguments = self.host.arguments(number)?;
        let locals = self.host.locals(number)?;
        let breakpoints = self.breakpoint_lines(&frame.path);
        let (columns, rows) = self.size().unwrap_or(NO_SCREEN);
        let view = View {
            place: Place { path: &frame.path, function: &frame.qualname, line: frame.raising_line.or(frame.line) },
            source: &source,
            breakpoints: &breakpoints,
            variables: Variables {
                arguments: &arguments,
                locals: &locals,
                before: self.state.seen.get(&frame.id).map(Vec::as_slice),
            },
            columns: columns.into(),
            rows: rows.into(),
            style: self.style(),
        };
        self.screen.write(&print::view(&view));
        if let Some(value) = &frame.returns {
            self.message(format!("Returns: {value}"));
        }
        self.remember(frame.id, arguments.into_iter().chain(locals).collect());
        Ok(())
    }

    /// Keeps what the view has shown of a frame, and forgets the frames that are gone.
    fn remember(&mut self, frame: FrameId, variables: Vec<Variable>) {
        let stack = &self.stack;
        self.state.seen.retain(|seen, _| stack.frames.iter().any(|frame| frame.id == *seen));
        self.state.seen.insert(frame, variables);
    }

    /// Says once per file that it was edited since the program read it.
    pub(crate) fn warn_of_edit(&mut self) {
        let Ok(path) = self.frame().map(|frame| frame.path.clone()) else { return };
        let frame = self.frame_no();
        let stale = self.host.source(path.clone(), Some(frame)).is_ok_and(|source| source.stale);
        if stale && self.state.warned.insert(path.clone()) {
            self.message(format!(
                "*** WARNING: file '{path}' was edited, running stale code until the program is rerun"
            ));
        }
    }

    fn show_displays(&mut self) {
        let Ok(displays) = self.host.displays(self.frame_no()) else { return };
        for Displayed { expression, value, old } in displays {
            if let Some(old) = old {
                self.message(format!("display {expression}: {value}  [old: {old}]"));
            }
        }
    }
}
