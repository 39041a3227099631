//! The console against a scripted host, as transcripts: what the user types and all that is shown.

mod check;

mod breakpoints;
mod data;
mod editing;
mod events;
mod grammar;
mod manual;
mod running;
mod session;
mod source;
mod stack;
mod stops;
mod threads;
