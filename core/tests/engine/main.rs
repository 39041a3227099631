//! The engine as a whole, on a model of an interpreter: step tables, and the filtering law.

mod law;
mod model;
mod program;
mod steps;
