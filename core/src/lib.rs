//! The engine of rdb: what an interpreter reports goes in as [`Event`](event::Event)s, what a debugger does about it
//! comes out as [`Decision`](engine::Decision)s. No Python, file, clock, thread or terminal is known here.

pub mod breakpoint;
mod breakpoints;
pub mod catch;
mod catches;
pub mod code;
mod codes;
pub mod engine;
pub mod event;
mod filter;
pub mod frontend;
pub mod gate;
mod glob;
pub mod host;
mod idmap;
pub mod ids;
pub mod location;
#[doc(hidden)]
pub mod mutant;
pub mod plan;
pub mod stack;
mod step;
pub mod stop;
#[cfg(feature = "testing")]
pub mod testing;
mod thread;
