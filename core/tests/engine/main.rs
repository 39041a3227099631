//! The engine as a whole, on a model of an interpreter: what counts as a hit, what is
//! heard, step tables, the filtering law.

mod breakpoints;
mod gates;
mod hearing;
mod law;
mod model;
mod program;
mod steps;
