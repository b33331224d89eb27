//! A container that will run, and the facts known about it.

mod fact;

pub use fact::{Fact, Why};
