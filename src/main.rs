//! The command.

use std::process::ExitCode;

fn main() -> ExitCode {
    oomlint::cli::run(std::env::args_os())
}
