//! Newtypes for everything that is named by a number. Opaque: only who made an id knows what it stands for.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident($inner:ty);)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// One thread of the program; what `threading.get_ident()` returns.
    ThreadId(u64);
    /// One code object, for as long as it lives. Never used twice. Given by whoever sees the object first.
    CodeId(u64);
    /// One activation of a code object. A generator or coroutine keeps its id over `yield` and `await`.
    FrameId(u64);
    /// A breakpoint as the user numbers it, from 1. Never used twice.
    BreakpointId(u32);
    /// A catchpoint as the user numbers it, from 1. Never used twice.
    CatchId(u32);
    /// The place of a frame in the stack of the stopped thread: 0 is the oldest.
    FrameNo(u32);
    /// A per-thread count of events that is the same in every run of a deterministic program.
    Tick(u64);
}

impl FrameNo {
    /// The frame that a stack is looked at in first ([`Stack::current`](crate::host::Stack)), whatever its place: to know that, all
    /// frames below would have to be counted.
    pub const CURRENT: FrameNo = FrameNo(u32::MAX);
}

/// A line of a source file, from 1.
pub type Line = u32;
