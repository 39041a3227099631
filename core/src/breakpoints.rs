//! The table of breakpoints: numbers, binding, and what counts as a hit (bdb's rules).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use indexmap::IndexMap;

use crate::breakpoint::{BreakpointChange, BreakpointInfo, BreakpointSpec, Lifetime, Site, Target};
use crate::code::{CodeInfo, CodeKind};
use crate::engine::{Answer, EngineError};
use crate::gate::{Counts, Gates, Liveness};
use crate::idmap::IdHash;
use crate::ids::{BreakpointId, CodeId, Line, ThreadId};

/// Internal breakpoints are numbered from here, so that the user's numbers have no gaps.
const FIRST_INTERNAL: u32 = 1 << 31;

/// What reaching a breakpoint means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Crossing {
    /// It does not stop.
    Passes,
    /// It stops.
    Stops,
    /// It stops, because its condition failed with this message.
    Failed(Arc<str>),
    /// It stops if this is true.
    Asks(Arc<str>),
}

/// A breakpoint. What a front end sees of it is `info` with the counts of `counts`, which gates share.
#[derive(Debug)]
pub(crate) struct Breakpoint {
    info: BreakpointInfo,
    counts: Arc<Counts>,
}

impl Breakpoint {
    /// Returns what a front end sees.
    pub(crate) fn info(&self) -> BreakpointInfo {
        let mut info = self.info.clone();
        info.hits = self.counts.hits();
        info.ignore = self.counts.ignore();
        info
    }

    pub(crate) fn spec(&self) -> &BreakpointSpec {
        &self.info.spec
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.info.enabled
    }

    pub(crate) fn sites(&self) -> &[Site] {
        &self.info.sites
    }

    fn enable(&mut self, live: Liveness) {
        self.info.enabled = live == Liveness::Live;
        self.counts.set_live(live);
    }

    /// Decides about a crossing that stops unless it is to be ignored.
    fn count_down(&self) -> Crossing {
        if self.counts.ignores() { Crossing::Passes } else { Crossing::Stops }
    }
}

/// All breakpoints, in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Breakpoints {
    table: IndexMap<BreakpointId, Breakpoint, IdHash>,
    /// The breakpoints of each file.
    files: HashMap<Arc<str>, BTreeSet<BreakpointId>>,
    /// Those of a front end's own.
    internal: Vec<BreakpointId>,
    last: u32,
    last_internal: u32,
}

impl Breakpoints {
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(crate) fn last(&self) -> u32 {
        self.last
    }

    pub(crate) fn wants_path(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Breakpoint> {
        self.table.values()
    }

    /// Adds a breakpoint that is bound nowhere yet.
    pub(crate) fn add(&mut self, spec: BreakpointSpec) -> BreakpointId {
        let id = if spec.internal {
            self.last_internal += 1;
            let id = BreakpointId(FIRST_INTERNAL | self.last_internal);
            self.internal.push(id);
            id
        } else {
            self.last += 1;
            BreakpointId(self.last)
        };
        self.files.entry(Arc::clone(spec.target.path())).or_default().insert(id);
        let info =
            BreakpointInfo { id, spec, enabled: true, ignore: 0, hits: 0, commands: Vec::new(), sites: Vec::new() };
        let mut breakpoint = Breakpoint { info, counts: Arc::default() };
        breakpoint.enable(Liveness::Live);
        self.table.insert(id, breakpoint);
        id
    }

    pub(crate) fn get(&self, id: BreakpointId) -> Result<&Breakpoint, EngineError> {
        self.table.get(&id).ok_or_else(|| self.missing(id))
    }

    /// Removes a breakpoint. Its sites are the caller's to unbind.
    pub(crate) fn remove(&mut self, id: BreakpointId) -> Result<BreakpointInfo, EngineError> {
        let Some(mut removed) = self.table.shift_remove(&id) else { return Err(self.missing(id)) };
        let info = removed.info();
        removed.enable(Liveness::Dead);
        let path = info.spec.target.path();
        if let Some(ids) = self.files.get_mut(path) {
            ids.remove(&id);
            if ids.is_empty() {
                self.files.remove(path);
            }
        }
        self.internal.retain(|&internal| internal != id);
        Ok(info)
    }

    pub(crate) fn change(&mut self, id: BreakpointId, change: BreakpointChange) -> Result<&Breakpoint, EngineError> {
        let missing = self.missing(id);
        let changed = self.table.get_mut(&id).ok_or(missing)?;
        match change {
            BreakpointChange::Enable => changed.enable(Liveness::Live),
            BreakpointChange::Disable => changed.enable(Liveness::Dead),
            BreakpointChange::Condition(condition) => changed.info.spec.condition = condition,
            BreakpointChange::Ignore(count) => changed.counts.set_ignore(count),
            BreakpointChange::Commands(commands) => changed.info.commands = commands,
        }
        Ok(changed)
    }

    /// Returns the breakpoints that belong into a code object, and the lines where.
    pub(crate) fn places_in(&self, info: &CodeInfo) -> Vec<(BreakpointId, Line)> {
        let here = self.files.get(&info.path).into_iter().flatten();
        let places = here.filter_map(|id| self.table.get(id)).map(|point| &point.info);
        let places = places.filter_map(|point| Some((point.id, place(&point.spec.target, info)?)));
        places.collect()
    }

    /// Notes that a breakpoint is bound to a place; returns whether it was pending.
    pub(crate) fn bound(&mut self, id: BreakpointId, site: Site) -> bool {
        let Some(Breakpoint { info, .. }) = self.table.get_mut(&id) else { return false };
        let pending = info.sites.is_empty();
        if !info.sites.contains(&site) {
            let place = info.sites.partition_point(|other| other.code < site.code);
            info.sites.insert(place, site);
        }
        pending && !info.spec.internal
    }

    /// Notes that a breakpoint is bound in a code object no more.
    pub(crate) fn unbound(&mut self, id: BreakpointId, code: CodeId) {
        if let Some(Breakpoint { info, .. }) = self.table.get_mut(&id) {
            info.sites.retain(|site| site.code != code);
        }
    }

    /// Counts a thread's crossing of a breakpoint, and decides as far as possible without the program.
    pub(crate) fn cross(&self, id: BreakpointId, thread: ThreadId) -> Crossing {
        let Some(point) = self.table.get(&id) else { return Crossing::Passes };
        if !point.is_enabled() || point.spec().thread.is_some_and(|only| only != thread) {
            return Crossing::Passes;
        }
        point.counts.hit();
        match &point.spec().condition {
            Some(condition) => Crossing::Asks(Arc::clone(condition)),
            None => point.count_down(),
        }
    }

    /// Decides what [`Crossing::Asks`] left open. The breakpoint may be gone or disabled by now: then it does not stop.
    pub(crate) fn answered(&self, id: BreakpointId, answer: Answer) -> Crossing {
        let Some(point) = self.table.get(&id).filter(|point| point.is_enabled()) else { return Crossing::Passes };
        match answer {
            Answer::True => point.count_down(),
            Answer::False => Crossing::Passes,
            Answer::Failed(message) => Crossing::Failed(message),
        }
    }

    /// Adds the breakpoints at these places of a code object to its gates, those that are disabled excepted.
    pub(crate) fn fill(&self, gates: &mut Gates, sites: &[(Line, BreakpointId)]) {
        for &(line, id) in sites {
            if let Some(point) = self.table.get(&id).filter(|point| point.is_enabled()) {
                let BreakpointSpec { thread, condition, .. } = point.spec();
                gates.add(line, id, *thread, condition.as_ref(), &point.counts);
            }
        }
    }

    /// Returns the breakpoints of a front end's own, which no stop leaves alive.
    pub(crate) fn internal(&self) -> Vec<BreakpointId> {
        self.internal.clone()
    }

    /// Returns whether a breakpoint is to be removed by the stop that it caused.
    pub(crate) fn is_temporary(&self, id: BreakpointId) -> bool {
        self.table.get(&id).is_some_and(|point| point.spec().lifetime == Lifetime::Temporary)
    }

    fn missing(&self, id: BreakpointId) -> EngineError {
        if (1..=self.last).contains(&id.0) { EngineError::DeletedBreakpoint(id) } else { EngineError::NoBreakpoint(id) }
    }
}

/// Returns the line where a target is in a code object.
pub(crate) fn place(target: &Target, info: &CodeInfo) -> Option<Line> {
    match target {
        Target::Line { path, line } => (*path == info.path && info.lines.binary_search(line).is_ok()).then_some(*line),
        Target::Function { path, qualname, .. } => {
            let is_function = matches!(info.kind, CodeKind::Function | CodeKind::Lambda);
            (is_function && *path == info.path && *qualname == info.qualname).then(|| body_line(info)).flatten()
        }
    }
}

/// Returns the line of the body that has LINE events: the one told, else the next one, else the last.
fn body_line(info: &CodeInfo) -> Option<Line> {
    let at_or_behind = info.lines.iter().copied().find(|&line| line >= info.body_line);
    at_or_behind.or_else(|| info.lines.last().copied())
}
