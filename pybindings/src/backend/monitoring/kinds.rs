//! Sets of kinds: what PEP 669 has, what may answer `DISABLE`, and what has to be asked for together.

use rdb_core::event::{EventKind, EventSet};

/// Kinds that PEP 669 has, as far as rdb takes them.
pub(super) const HEARD: EventSet = EventSet::of(&[
    EventKind::Start,
    EventKind::Resume,
    EventKind::Throw,
    EventKind::Line,
    EventKind::Instruction,
    EventKind::Jump,
    EventKind::BranchLeft,
    EventKind::BranchRight,
    EventKind::Call,
    EventKind::CReturn,
    EventKind::CRaise,
    EventKind::Return,
    EventKind::Yield,
    EventKind::Unwind,
    EventKind::Raise,
    EventKind::Reraise,
    EventKind::ExceptionHandled,
    EventKind::StopIteration,
]);

/// Kinds that every version reports for single code objects.
pub(super) const LOCAL: EventSet = EventSet::of(&[
    EventKind::Start,
    EventKind::Resume,
    EventKind::Line,
    EventKind::Instruction,
    EventKind::Jump,
    EventKind::BranchLeft,
    EventKind::BranchRight,
    EventKind::Call,
    EventKind::Return,
    EventKind::Yield,
    EventKind::StopIteration,
]);

/// Kinds that only some versions report for single code objects.
pub(super) const SOMETIMES_LOCAL: EventSet = EventSet::of(&[
    EventKind::Throw,
    EventKind::Unwind,
    EventKind::Raise,
    EventKind::Reraise,
    EventKind::ExceptionHandled,
]);

/// Kinds whose callback may answer `DISABLE`. Never `PY_START`: without it `LINE` loses lines (3.13 and later), and an
/// answer outlives the arming of the code object while it is asked for everywhere. Never exceptions: `ValueError` before
/// 3.15, and on 3.15 the event is gone for the whole code object.
pub(super) const DISABLE: EventSet = EventSet::of(&[
    EventKind::Line,
    EventKind::Instruction,
    EventKind::Jump,
    EventKind::BranchLeft,
    EventKind::BranchRight,
]);

/// As [`DISABLE`], in rdb's own Python code, where nothing is ever wanted.
pub(super) const DISABLE_OWN: EventSet = EventSet::of(&[
    EventKind::Line,
    EventKind::Instruction,
    EventKind::Jump,
    EventKind::Start,
    EventKind::Resume,
    EventKind::Return,
    EventKind::Yield,
]);

/// On 3.12 and 3.13 the first instruction of a line is run as if nothing was asked for, if the callback of the line has
/// ended all events of the code object and begun new ones, unless `LINE` is one of these. So a step that begins at
/// `return 1` would not hear of the return.
pub(super) const LINE_GUARDS_ITS_INSTRUCTION: bool = cfg!(not(Py_3_14));

/// Kinds that come with an exception.
pub(super) const WITH_EXCEPTION: EventSet = EventSet::of(&[
    EventKind::Throw,
    EventKind::Unwind,
    EventKind::Raise,
    EventKind::Reraise,
    EventKind::ExceptionHandled,
    EventKind::StopIteration,
]);

/// Kinds that come with a value.
pub(super) const WITH_VALUE: EventSet = EventSet::of(&[EventKind::Return, EventKind::Yield]);

/// Returns the set with what the interpreter needs so that it reports all of it: see the head of this file.
pub(super) fn with_company(kinds: EventSet) -> EventSet {
    let mut company = EventSet::EMPTY;
    if kinds.contains(EventKind::Line) {
        company |= EventSet::of(&[EventKind::Jump]);
    }
    if kinds.contains(EventKind::Throw) {
        company |= EventSet::of(&[EventKind::Unwind]);
    }
    kinds | company
}

/// As [`with_company`], for a set that is asked for in all code: where lines of single code objects are wanted, the plan says
/// itself whether the line is one that is lost without `PY_START`.
pub(super) fn with_company_everywhere(kinds: EventSet) -> EventSet {
    let start = if kinds.contains(EventKind::Line) { EventSet::of(&[EventKind::Start]) } else { EventSet::EMPTY };
    with_company(kinds) | start
}

/// Returns whether a change of the global set adds kinds that places may have been disabled for.
pub(super) fn reports_anew(before: EventSet, after: EventSet) -> bool {
    !(after & !before & DISABLE).is_empty()
}
