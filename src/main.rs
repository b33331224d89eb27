//! The command.

use std::process::ExitCode;

/// Trees and models are many small pieces that come and go together on each core.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    oomlint::cli::run(std::env::args_os())
}
