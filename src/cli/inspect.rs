//! `oomlint inspect`: what the rules see.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::Outcome;
use super::input::Input;
use super::output::Console;
use crate::engine;
use crate::report::inspect;
use crate::source::Sources;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,

    /// How to write the facts: human, json
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t, hide_possible_values = true)]
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    #[default]
    Human,
    Json,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let sources = Sources::new();
    let discovered = arguments.input.discover(&sources)?;
    let projects = engine::projects(&arguments.input.options(), &sources, &discovered);
    console.write(|out| match arguments.format {
        Format::Human => inspect::human(out, &projects, &sources),
        Format::Json => inspect::json(out, &projects, &sources),
    })?;
    for error in &discovered.unreadable {
        console.fail(error);
    }
    Ok(if discovered.unreadable.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(2) })
}
