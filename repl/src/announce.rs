//! What is said at a stop: why, where, and what was asked to be shown.

use rdb_core::host::{Displayed, FrameInfo, HostError, SourceText, Variable};
use rdb_core::ids::{BreakpointId, FrameId, FrameNo};
use rdb_core::stop::{StepEnd, StopReason};

use crate::command::Failure;
use crate::console::Sticky;
use crate::dialog::Dialog;
use crate::print::{self, Place, Selected, Variables, View};
use crate::terminal::Entry;

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
                if let Some(id) = self.first_conditional(ids) {
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

    /// Returns the first of these breakpoints that has a condition: the one whose condition can have failed.
    fn first_conditional(&mut self, ids: &[BreakpointId]) -> Option<BreakpointId> {
        let breakpoints = self.host.breakpoints().unwrap_or_default();
        let conditional = breakpoints.iter().find(|b| ids.contains(&b.id) && b.spec.condition.is_some());
        conditional.map(|b| b.id).or_else(|| ids.first().copied())
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
            match self.show_current() {
                Ok(Some(source)) => self.warn_if_stale(&source),
                _ => self.warn_of_edit(),
            }
        } else {
            self.warn_of_edit();
        }
        self.show_displays();
    }

    /// Shows the frame that is looked at, and returns the text of its file.
    fn show_current(&mut self) -> Result<Option<SourceText>, HostError> {
        match self.shared_frame() {
            Some(frame) => self.show_frame(&frame, self.frame_no(), Selected::Yes),
            None => Ok(None),
        }
    }

    /// Shows a frame of the stack with the line that it is at.
    pub(crate) fn show_entry(&mut self, number: usize) -> Result<(), HostError> {
        let Some(frame) = self.stack()?.frames.get(number).cloned() else { return Ok(()) };
        if self.screen.with(|terminal| terminal.entry(number)) == Some(Entry::Shown) {
            return Ok(());
        }
        let selected = if number == self.place()? { Selected::Yes } else { Selected::No };
        let number = FrameNo(u32::try_from(number).unwrap_or(u32::MAX));
        self.show_frame(&frame, number, selected).map(drop)
    }

    /// Shows a frame with the line that it is at, and returns the text of its file if it was looked at. The only error is
    /// that the user does not want it.
    fn show_frame(
        &mut self,
        frame: &FrameInfo,
        number: FrameNo,
        selected: Selected,
    ) -> Result<Option<SourceText>, HostError> {
        let line = frame.raising_line.or(frame.line);
        let source = match line.map(|_| self.host.source(frame.path.clone(), Some(number))) {
            Some(Err(HostError::Interrupted)) => return Err(HostError::Interrupted),
            source => source.and_then(Result::ok),
        };
        let before = line.and_then(|line| line.checked_sub(1));
        let text = source.as_ref().zip(before).and_then(|(source, before)| source.lines.get(before as usize));
        self.message(print::stack_entry(frame, selected, text.map(String::as_str), self.style()));
        Ok(source)
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
        self.remember(frame.id, arguments.into_iter().chain(locals).collect())?;
        Ok(())
    }

    /// Keeps what the view has shown of a frame, and forgets the frames that are gone.
    fn remember(&mut self, frame: FrameId, variables: Vec<Variable>) -> Result<(), HostError> {
        let mut seen = std::mem::take(&mut self.state.seen);
        let stack = self.stack()?;
        seen.retain(|seen, _| stack.frames.iter().any(|frame| frame.id == *seen));
        seen.insert(frame, variables);
        self.state.seen = seen;
        Ok(())
    }

    /// Says once per file that it was edited since the program read it.
    pub(crate) fn warn_of_edit(&mut self) {
        let Ok(path) = self.frame().map(|frame| frame.path.clone()) else { return };
        if let Ok(source) = self.host.source(path, Some(self.frame_no())) {
            self.warn_if_stale(&source);
        }
    }

    fn warn_if_stale(&mut self, source: &SourceText) {
        let Some(frame) = self.shared_frame().filter(|_| source.stale) else { return };
        let path = &frame.path;
        if self.state.warned.insert(path.clone()) {
            self.message(format!(
                "*** WARNING: file '{path}' was edited, running stale code until the program is rerun"
            ));
        }
    }

    /// Shows the displayed expressions whose value is another one than at the last stop.
    pub(crate) fn show_displays(&mut self) {
        if matches!(self.host.displaying(), Ok(false)) {
            return;
        }
        // To find the values out may take long.
        self.screen.release();
        let Ok(displays) = self.host.displays(self.frame_no()) else { return };
        for Displayed { expression, value, old } in displays {
            if let Some(old) = old {
                self.message(format!("display {expression}: {value}  [old: {old}]"));
            }
        }
    }
}
