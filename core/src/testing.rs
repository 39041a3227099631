//! Fakes for tests: a scripted [`Host`](crate::host::Host) over a real engine, and a scripted stack.
//! Compiled only with the feature `testing`.

mod host;
mod stack;

pub use host::FakeHost;
pub use stack::{FakeFrame, FakeStack};
