//! Which events the interpreter is asked for: what all parts want together, lowered to what it can do.

use indexmap::IndexMap;

use crate::event::EventSet;
use crate::ids::CodeId;

/// What an interpreter and a backend can do. Named after the thing, never after a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Kinds that can be asked for in one code object alone.
    pub local: EventSet,
    /// Kinds that can be asked for everywhere.
    pub global: EventSet,
    /// Kinds whose callback may answer [`Decision::Disable`](crate::engine::Decision::Disable).
    pub disable: EventSet,
    /// New code objects are reported as they are made; else they are met at their first `Start`.
    pub code_watcher: bool,
}

/// The events wanted: everywhere, and in single code objects.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Kinds wanted in all code.
    pub global: EventSet,
    /// Kinds wanted in one code object, in addition.
    pub local: IndexMap<CodeId, EventSet>,
    /// New code objects of some file are waited for.
    pub new_code: bool,
}

/// What a backend has to change so that the plan is in force. Applied in this order: global, local, rearm, restart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlanChange {
    /// The new global set, if it changed.
    pub global: Option<EventSet>,
    /// The new set of each code object whose set changed; empty: nothing any more.
    pub local: Vec<(CodeId, EventSet)>,
    /// Code objects whose disabled places must report again (their set did not change).
    pub rearm: Vec<CodeId>,
    /// Globally wanted places that were disabled must report again.
    pub restart: bool,
    /// Whether new code objects are waited for, if that changed.
    pub new_code: Option<bool>,
}
