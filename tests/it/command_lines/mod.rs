//! Command lines that start containers: what is read, and what is reported.

mod findings;
mod program;
mod recorded;
mod rejected;
mod unknown;
