//! What the commands do, by group. Each file has the descriptions of its commands and the functions behind them.

pub(crate) mod breakpoints;
pub(crate) mod data;
pub(crate) mod events;
pub(crate) mod running;
pub(crate) mod session;
pub(crate) mod source;
pub(crate) mod stack;
pub(crate) mod threads;
