//! `oomlint lsp`: the language server.

use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use super::input::RestrictTo;
use super::output::Console;
use crate::lsp;

#[derive(Args)]
pub(super) struct Arguments {
    /// Accepted because editors pass it; there is no other way
    #[arg(long = "stdio")]
    _stdio: bool,

    #[command(flatten)]
    restriction: RestrictTo,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    Ok(match lsp::serve_stdio(&arguments.restriction.unlisted_disk()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console.report(&format!("oomlint lsp: {error}"));
            ExitCode::from(2)
        }
    })
}
