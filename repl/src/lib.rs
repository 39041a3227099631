//! The console of rdb: one table of commands over the engine's [`Host`](rdb_core::host::Host).

pub mod complete;
pub mod highlight;
pub mod print;
pub mod terminal;
