//! A stack made of data.

use std::collections::HashMap;
use std::sync::Arc;

use crate::code::{CodeInfo, CodeKind, Suspends};
use crate::ids::{CodeId, FrameId, Line};
use crate::stack::StackView;

/// One frame of a [`FakeStack`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FakeFrame {
    /// Its identity.
    pub id: FrameId,
    /// What it runs.
    pub code: CodeId,
    /// Where it is.
    pub line: Option<Line>,
}

/// A stack of scripted frames, and the code objects that they run.
#[derive(Clone, Debug, Default)]
pub struct FakeStack {
    frames: Vec<FakeFrame>,
    codes: HashMap<CodeId, CodeInfo>,
    new_exception: Option<bool>,
}

impl FakeStack {
    /// Returns an empty stack that knows no code.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a description of a plain function that begins at the first of `lines`, its body at the second.
    pub fn code(path: &str, qualname: &str, lines: &[Line]) -> CodeInfo {
        let first_line = lines.first().copied().unwrap_or(1);
        CodeInfo {
            path: Arc::from(path),
            name: Arc::from(qualname.rsplit('.').next().unwrap_or(qualname)),
            qualname: Arc::from(qualname),
            module: None,
            first_line,
            body_line: lines.get(1).copied().unwrap_or(first_line),
            lines: lines.get(1..).filter(|body| !body.is_empty()).unwrap_or(lines).into(),
            kind: if qualname == "<module>" { CodeKind::Module } else { CodeKind::Function },
            suspends: Suspends::Never,
            last_resort: false,
        }
    }

    /// Tells what `describe` says of a code object.
    pub fn define(&mut self, code: CodeId, info: CodeInfo) {
        self.codes.insert(code, info);
    }

    /// Puts a frame on top: it is the newest now.
    pub fn push(&mut self, id: FrameId, code: CodeId, line: Option<Line>) {
        self.frames.push(FakeFrame { id, code, line });
    }

    /// Takes the newest frame off.
    pub fn pop(&mut self) -> Option<FakeFrame> {
        self.frames.pop()
    }

    /// Moves the newest frame to a line.
    pub fn set_line(&mut self, line: Option<Line>) {
        if let Some(frame) = self.frames.last_mut() {
            frame.line = line;
        }
    }

    /// Tells what `exception_is_new` says.
    pub fn set_exception_is_new(&mut self, new: Option<bool>) {
        self.new_exception = new;
    }

    /// Returns the frames, oldest first.
    pub fn frames(&self) -> &[FakeFrame] {
        &self.frames
    }

    fn find(&self, frame: FrameId) -> Option<usize> {
        self.frames.iter().rposition(|candidate| candidate.id == frame)
    }
}

impl StackView for FakeStack {
    fn frame(&self) -> FrameId {
        self.frames.last().map_or(FrameId(0), |frame| frame.id)
    }

    fn parent(&self, frame: FrameId) -> Option<FrameId> {
        let place = self.find(frame)?.checked_sub(1)?;
        self.frames.get(place).map(|parent| parent.id)
    }

    fn code(&self, frame: FrameId) -> CodeId {
        self.find(frame).and_then(|place| self.frames.get(place)).map_or(CodeId(0), |frame| frame.code)
    }

    fn line(&self, frame: FrameId) -> Option<Line> {
        self.frames.get(self.find(frame)?)?.line
    }

    fn describe(&self, code: CodeId) -> CodeInfo {
        self.codes.get(&code).cloned().unwrap_or_else(|| Self::code("<unknown>", "<unknown>", &[1]))
    }

    fn exception_is_new(&self) -> Option<bool> {
        self.new_exception
    }
}
