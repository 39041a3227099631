//! The machinery under `rdb.bdb`: bdb's decisions, made in Rust at each event of the interpreter's own `sys.settrace`.
//!
//! `Bdb` itself is a Python class; its base is [`BdbBase`]. The trace function is a bound method of native code, so an event
//! that stops nowhere runs no Python. Whatever a subclass overrides is called as bdb would call it. While only
//! breakpoints can stop, [`plan`] traces nothing but the code that holds them. This half of rdb has no session.

mod base;
mod breakpoints;
mod decide;
mod dispatch;
mod hear;
mod marks;
mod monitor;
mod overrides;
mod plan;
mod quirks;
mod quit;
mod site;
mod sites;
mod state;
mod stepping;
mod tracer;

pub(crate) use base::BdbBase;
pub(crate) use breakpoints::{checkfuncname, effective};
pub(crate) use marks::BreakpointBase;
pub(crate) use quit::quit_exceptions;
pub(crate) use state::BdbState;
