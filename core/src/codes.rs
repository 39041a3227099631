//! The code objects that the engine knows, and all that it keeps with each of them, so that an event costs one look-up.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::code::{CodeInfo, CodeKind, Suspends};
use crate::filter::{Filter, Verdict};
use crate::idmap::IdMap;
use crate::ids::{BreakpointId, CodeId, Line};

/// Which lines of a code object somebody wants to hear of, by the plan in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Cover {
    /// None: events from here are by-catch.
    #[default]
    None,
    /// The lines of the sites.
    Sites,
    /// Every line.
    All,
}

/// A code object and what is kept with it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) info: Arc<CodeInfo>,
    /// The breakpoints bound here, in the order of the lines, those of a line in the order of their numbers.
    pub(crate) sites: Vec<(Line, BreakpointId)>,
    pub(crate) cover: Cover,
    /// Lines that were answered [`Disable`](crate::engine::Decision::Disable) and not rearmed since.
    pub(crate) disabled: BTreeSet<Line>,
    /// Its `Start` was answered `Disable`.
    pub(crate) start_disabled: bool,
    verdict: Option<Verdict>,
    seen_running: bool,
}

impl Default for Known {
    fn default() -> Self {
        let info = CodeInfo {
            path: Arc::from(""),
            name: Arc::from(""),
            qualname: Arc::from(""),
            module: None,
            first_line: 0,
            body_line: 0,
            lines: Arc::from([]),
            kind: CodeKind::Module,
            suspends: Suspends::Never,
            last_resort: false,
        };
        Self {
            info: Arc::new(info),
            sites: Vec::new(),
            cover: Cover::None,
            disabled: BTreeSet::new(),
            start_disabled: false,
            verdict: None,
            seen_running: false,
        }
    }
}

impl Known {
    /// Returns whether frames of the code can be suspended.
    pub(crate) fn suspends(&self) -> bool {
        self.info.suspends != Suspends::Never
    }

    /// Returns what the filter says, asking it only the first time.
    pub(crate) fn verdict(&mut self, filter: &Filter) -> Verdict {
        *self.verdict.get_or_insert_with(|| filter.judge(&self.info))
    }

    /// Returns the breakpoint that is considered behind `last` (None: first) when a line is reached.
    pub(crate) fn next_site(&self, line: Line, last: Option<BreakpointId>) -> Option<BreakpointId> {
        let place =
            self.sites.partition_point(|&(at, id)| at < line || (at == line && last.is_some_and(|last| id <= last)));
        self.sites.get(place).filter(|&&(at, _)| at == line).map(|&(_, id)| id)
    }

    /// Tells that the code is running, so that the name of its module can be known; returns whether it should be asked.
    pub(crate) fn run(&mut self) -> bool {
        !std::mem::replace(&mut self.seen_running, true) && self.info.module.is_none()
    }

    /// Adds the name of the module, which a code object that was met before it ran did not have.
    pub(crate) fn set_module(&mut self, module: Option<Arc<str>>) {
        if module.is_some() {
            Arc::make_mut(&mut self.info).module = module;
            self.verdict = None;
        }
    }
}

/// What meeting a code object changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Meeting {
    /// Nothing: it was known like that.
    Known,
    /// It is new.
    New,
    /// It is another one than was known, where these breakpoints were bound.
    Instead(Vec<BreakpointId>),
}

/// The code objects that the engine knows.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    known: IdMap<CodeId, Known>,
    by_path: HashMap<Arc<str>, Vec<CodeId>>,
}

impl Codes {
    pub(crate) fn get(&self, code: CodeId) -> Option<&Known> {
        self.known.get(&code)
    }

    pub(crate) fn get_mut(&mut self, code: CodeId) -> Option<&mut Known> {
        self.known.get_mut(&code)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (CodeId, &mut Known)> {
        self.known.iter_mut().map(|(&code, known)| (code, known))
    }

    /// Returns the code objects of a file, in the order in which they were met.
    pub(crate) fn of_path(&self, path: &str) -> &[CodeId] {
        self.by_path.get(path).map_or(&[], Vec::as_slice)
    }

    /// Takes a code object in. A code object whose file is corrected later (importlib does that) is forgotten first.
    pub(crate) fn meet(&mut self, code: CodeId, mut info: CodeInfo) -> Meeting {
        let mut known = Known::default();
        let mut meeting = Meeting::New;
        if let Some(old) = self.known.get_mut(&code) {
            if info.module.is_none() {
                info.module.clone_from(&old.info.module);
            }
            if *old.info == info {
                return Meeting::Known;
            }
            // What the backend was told of the code object stays true.
            known = std::mem::take(old);
            self.drop_path(&known.info.path, code);
            meeting = Meeting::Instead(known.sites.drain(..).map(|(_, id)| id).collect());
            known.verdict = None;
        }
        self.by_path.entry(Arc::clone(&info.path)).or_default().push(code);
        known.info = Arc::new(info);
        self.known.insert(code, known);
        meeting
    }

    /// Drops what is known of a code object, and returns the breakpoints that were bound there.
    pub(crate) fn forget(&mut self, code: CodeId) -> Vec<BreakpointId> {
        let Some(known) = self.known.remove(&code) else { return Vec::new() };
        self.drop_path(&known.info.path, code);
        known.sites.into_iter().map(|(_, id)| id).collect()
    }

    /// Drops all verdicts, because the rules have changed.
    pub(crate) fn filter_changed(&mut self) {
        self.known.values_mut().for_each(|known| known.verdict = None);
    }

    /// Binds a breakpoint to a line of a code object.
    pub(crate) fn bind(&mut self, code: CodeId, line: Line, id: BreakpointId) {
        if let Some(known) = self.known.get_mut(&code) {
            let place = known.sites.partition_point(|&site| site < (line, id));
            known.sites.insert(place, (line, id));
        }
    }

    /// Takes a breakpoint out of a code object.
    pub(crate) fn unbind(&mut self, code: CodeId, id: BreakpointId) {
        if let Some(known) = self.known.get_mut(&code) {
            known.sites.retain(|&(_, other)| other != id);
        }
    }

    fn drop_path(&mut self, path: &str, code: CodeId) {
        if let Some(codes) = self.by_path.get_mut(path) {
            codes.retain(|&other| other != code);
            if codes.is_empty() {
                self.by_path.remove(path);
            }
        }
    }
}
