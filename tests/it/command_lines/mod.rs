//! Command lines that start containers: what is read of them, and what is said of them.

mod findings;
mod program;
mod recorded;
mod rejected;
mod unknown;
