//! Gates: what a backend needs to let a thread cross the breakpoints of a line without the engine, as long as none of them
//! stops it. The counts are shared with the engine, so that it knows of every crossing.
//!
//! ```text
//!  withdrawn --a free thread crosses a line with breakpoints--> published --a breakpoint changes--> withdrawn
//! ```
//! A published gate is open while no thread steps and nobody has asked for a pause.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use crate::engine::Answer;
use crate::ids::{BreakpointId, Line, ThreadId};

/// How often a breakpoint was reached and is to be ignored. One thread at a time counts: the one that holds the
/// interpreter.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    hits: AtomicU64,
    ignore: AtomicU32,
    /// The breakpoint exists and is enabled.
    live: AtomicBool,
}

impl Counts {
    pub(crate) fn hits(&self) -> u32 {
        u32::try_from(self.hits.load(Ordering::Relaxed)).unwrap_or(u32::MAX)
    }

    pub(crate) fn ignore(&self) -> u32 {
        self.ignore.load(Ordering::Relaxed)
    }

    pub(crate) fn set_ignore(&self, count: u32) {
        self.ignore.store(count, Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn is_live(&self) -> bool {
        self.live.load(Ordering::Relaxed)
    }

    pub(crate) fn set_live(&self, live: Liveness) {
        self.live.store(live == Liveness::Live, Ordering::Relaxed);
    }

    /// Counts a crossing.
    #[inline]
    pub(crate) fn hit(&self) {
        self.hits.store(self.hits.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// Returns whether a crossing that would stop is to be ignored. The ignore count applies to such crossings only.
    #[inline]
    pub(crate) fn ignores(&self) -> bool {
        let left = self.ignore.load(Ordering::Relaxed).checked_sub(1);
        if let Some(left) = left {
            self.ignore.store(left, Ordering::Relaxed);
        }
        left.is_some()
    }
}

/// Whether a breakpoint can stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Liveness {
    Live,
    Dead,
}

/// The gates of one code object: one for each line that has breakpoints.
pub struct Gates {
    open: Arc<AtomicBool>,
    /// In the order of the lines.
    lines: Vec<(Line, Vec<GatePoint>)>,
    /// The conditions, each once.
    conditions: Vec<Arc<str>>,
}

/// A breakpoint at a gate.
pub(crate) struct GatePoint {
    pub(crate) id: BreakpointId,
    pub(crate) thread: Option<ThreadId>,
    /// Which of the conditions it has.
    condition: Option<usize>,
    counts: Arc<Counts>,
}

/// What has become of a thread at a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Passage {
    /// The gate is closed, or the line has none: the engine is to hear of the event.
    Closed,
    /// The thread has crossed all breakpoints of the line; nobody else is to hear of that.
    Passed,
    /// A breakpoint stops the thread: the engine is to go on, with [`Engine::on_stopped_at_gate`].
    ///
    /// [`Engine::on_stopped_at_gate`]: crate::engine::Engine::on_stopped_at_gate
    Stopped(AtGate),
}

/// The breakpoint that stops a thread at a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtGate {
    pub(crate) id: BreakpointId,
    /// What its condition failed with, if that is why.
    pub(crate) error: Option<Arc<str>>,
}

impl Gates {
    /// Returns the gates of a code object without breakpoints.
    pub(crate) fn new(open: &Arc<AtomicBool>) -> Self {
        Self { open: Arc::clone(open), lines: Vec::new(), conditions: Vec::new() }
    }

    /// Adds a breakpoint. Those of a line are added in the order of their numbers.
    pub(crate) fn add(
        &mut self,
        line: Line,
        id: BreakpointId,
        thread: Option<ThreadId>,
        condition: Option<&Arc<str>>,
        counts: &Arc<Counts>,
    ) {
        let condition = condition.map(|text| self.condition(text));
        let point = GatePoint { id, thread, condition, counts: Arc::clone(counts) };
        match self.lines.binary_search_by_key(&line, |&(line, _)| line) {
            Ok(place) => self.lines[place].1.push(point),
            Err(place) => self.lines.insert(place, (line, vec![point])),
        }
    }

    fn condition(&mut self, text: &Arc<str>) -> usize {
        self.conditions.iter().position(|known| known == text).unwrap_or_else(|| {
            self.conditions.push(Arc::clone(text));
            self.conditions.len() - 1
        })
    }

    /// Returns the conditions that [`cross`](Self::cross) asks for, by their numbers.
    #[must_use]
    pub fn conditions(&self) -> &[Arc<str>] {
        &self.conditions
    }

    /// Lets a thread cross the breakpoints of a line, up to the first that stops it. `ask` answers a condition in the frame
    /// that is at the line. To be called by one thread at a time; others may come while `ask` works.
    #[inline]
    pub fn cross(&self, line: Line, thread: impl Fn() -> ThreadId, mut ask: impl FnMut(usize) -> Answer) -> Passage {
        let Ok(place) = self.lines.binary_search_by_key(&line, |&(line, _)| line) else { return Passage::Closed };
        if !self.open.load(Ordering::Relaxed) {
            return Passage::Closed;
        }
        for point in &self.lines[place].1 {
            if let Some(error) = point.stops(&thread, &mut ask) {
                return Passage::Stopped(AtGate { id: point.id, error });
            }
        }
        Passage::Passed
    }
}

impl GatePoint {
    /// Counts a crossing. Returns something if it stops: what the condition failed with, if that is why.
    #[inline]
    fn stops(&self, thread: &impl Fn() -> ThreadId, ask: &mut impl FnMut(usize) -> Answer) -> Option<Option<Arc<str>>> {
        if !self.counts.is_live() || self.thread.is_some_and(|only| only != thread()) {
            return None;
        }
        self.counts.hit();
        let answer = self.condition.map_or(Answer::True, ask);
        // While the program answered, the breakpoint may have gone.
        match answer {
            Answer::False => None,
            _ if !self.counts.is_live() => None,
            Answer::True => (!self.counts.ignores()).then_some(None),
            Answer::Failed(message) => Some(Some(message)),
        }
    }
}

impl fmt::Debug for Gates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines.iter().map(|(line, points)| (line, points.iter().map(|point| point.id)));
        f.debug_map().entries(lines.map(|(line, ids)| (line, ids.collect::<Vec<_>>()))).finish()
    }
}
