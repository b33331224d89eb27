//! The `oomlint` executable.

use std::process::ExitCode;

/// mimalloc, since syntax trees and models are many small allocations that each core makes and frees together.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    oomlint::cli::run(std::env::args_os())
}
