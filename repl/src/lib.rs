//! The console of rdb: one table of commands over the engine's [`Host`](rdb_core::host::Host).

mod announce;
mod assist;
pub mod command;
mod commands;
pub mod complete;
pub mod config;
pub mod console;
mod dialog;
pub mod face;
pub mod highlight;
pub mod line;
pub mod manual;
mod parse;
pub mod print;
pub mod terminal;
