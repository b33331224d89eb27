//! The language server: diagnostics, quick fixes and hovers over the same findings as the command line.
//!
//! Synchronous: messages are taken in their order, and files are looked at again when none is waiting. What stands in an editor's
//! buffer wins over the disk.

mod actions;
mod convert;
mod hover;
mod server;
mod session;

pub use server::{serve, serve_stdio};
