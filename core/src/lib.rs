//! The engine of rdb: what an interpreter reports goes in as [`Event`](event::Event)s, what a debugger does about it
//! comes out as [`Decision`](engine::Decision)s. No Python, file, clock, thread or terminal is known here.

pub mod breakpoint;
pub mod catch;
pub mod code;
pub mod engine;
pub mod event;
pub mod frontend;
pub mod host;
pub mod ids;
pub mod location;
pub mod plan;
pub mod stack;
pub mod stop;
#[cfg(feature = "testing")]
pub mod testing;
