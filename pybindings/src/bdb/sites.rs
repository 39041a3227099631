//! What was found out about the lines that report to quiet debuggers, so that a line where nothing stops costs little.
//! Each thread has its own, good for one generation of the plan. What is not known here, [`hear`](super::hear) looks up.

use std::cell::Cell;

use pyo3::prelude::*;
use rdb_core::ids::{CodeId, Line};

use super::site::{Place, Site, Tables};
use crate::code::CodeEntry;
use crate::ffi::CodePtr;

/// More code objects than this are not remembered.
const KEPT: usize = 64;

thread_local! {
    /// What this thread knows. It is taken while it is used: to look something up may run Python code after all.
    static SITES: Cell<Option<Box<Sites>>> = const { Cell::new(None) };
}

/// What a line means to the quiet debuggers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Crossing {
    /// It has breakpoints, none of which stops; what is to be counted was counted.
    Passes,
    /// It has breakpoints of this debugger, and one of them may stop. Nothing was counted.
    MayStop,
    /// It has no breakpoints.
    Unlisted,
    /// It has to be looked at.
    Unknown,
}

/// The lines of a code object that have breakpoints.
#[derive(Debug)]
pub(super) enum Listed {
    /// These, in ascending order.
    Lines(Vec<Line>),
    /// All: a breakpoint stands for the whole function.
    All,
}

impl Listed {
    fn has(&self, line: Line) -> bool {
        match self {
            Self::Lines(lines) => lines.binary_search(&line).is_ok(),
            Self::All => true,
        }
    }
}

struct Sites {
    generation: u32,
    tables: Tables,
    codes: [Option<CodeSites>; KEPT],
}

/// What is known of one code object.
struct CodeSites {
    id: CodeId,
    listed: Listed,
    sites: Vec<Site>,
}

/// What is known of a line.
enum Found<'a> {
    Site(&'a mut Site, &'a mut Tables),
    /// It has no breakpoints.
    Nothing,
    Unknown,
}

impl Sites {
    fn new(generation: u32) -> Box<Self> {
        Box::new(Self { generation, tables: Tables::default(), codes: [const { None }; KEPT] })
    }

    fn find(&mut self, generation: u32, id: CodeId, line: Line) -> Found<'_> {
        let known = self.codes[id.0 as usize % KEPT].as_mut();
        let Some(known) = known.filter(|known| known.id == id && self.generation == generation) else {
            return Found::Unknown;
        };
        match known.sites.iter_mut().find(|site| site.line == line) {
            Some(site) => Found::Site(site, &mut self.tables),
            None if known.listed.has(line) => Found::Unknown,
            None => Found::Nothing,
        }
    }

    fn slot(&mut self, id: CodeId) -> &mut Option<CodeSites> {
        &mut self.codes[id.0 as usize % KEPT]
    }
}

/// Lets the thread go on at a line if it is known how.
pub(super) fn cross(py: Python<'_>, generation: u32, entry: &CodeEntry, code: CodePtr, line: Line) -> Crossing {
    let site_or = |sites: &mut Sites| match sites.find(generation, entry.id, line) {
        Found::Site(site, tables) => site.cross(py, tables, code),
        Found::Nothing => Crossing::Unlisted,
        Found::Unknown => Crossing::Unknown,
    };
    with_sites(site_or).unwrap_or(Crossing::Unknown)
}

/// Returns where the breakpoints of a line are listed, if that is known.
#[cold]
pub(super) fn place<'py>(py: Python<'py>, generation: u32, entry: &CodeEntry, line: Line) -> Option<Place<'py>> {
    with_sites(|sites| match sites.find(generation, entry.id, line) {
        Found::Site(site, _) => site.place(py),
        _ => None,
    })
    .flatten()
}

fn with_sites<R>(ask: impl FnOnce(&mut Sites) -> R) -> Option<R> {
    let ask = |all: &Cell<Option<Box<Sites>>>| {
        let mut sites = all.take()?;
        let answer = ask(&mut sites);
        all.set(Some(sites));
        Some(answer)
    };
    SITES.try_with(ask).ok().flatten()
}

/// Remembers which lines of a code object have breakpoints, and the site that was found at one of them.
#[cold]
pub(super) fn learn(generation: u32, id: CodeId, listed: Listed, site: Option<Site>) {
    let sites = SITES.take().filter(|sites| sites.generation == generation);
    let mut sites = sites.unwrap_or_else(|| Sites::new(generation));
    let slot = sites.slot(id);
    let mut others = slot.take().filter(|known| known.id == id).map(|known| known.sites).unwrap_or_default();
    if let Some(site) = site {
        others.retain(|other| other.line != site.line);
        others.push(site);
    }
    *slot = Some(CodeSites { id, listed, sites: others });
    SITES.set(Some(sites));
}
