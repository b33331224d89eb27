//! Language server: diagnostics, code actions and hovers for the same findings as the command line.
//!
//! Synchronous: messages are handled in order, and files are linted again once no message is waiting. Open documents take
//! precedence over the files on disk.

mod actions;
mod convert;
mod hover;
mod publish;
mod server;
mod session;
mod settings;
mod transport;
mod watch;

pub use server::{serve, serve_stdio};
