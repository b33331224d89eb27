//! `oomlint alerts`: Prometheus rules for the memory limits of a stack.

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use super::input::Input;
use super::output::{Console, write_file};
use super::policy::Scope;
use crate::check;
use crate::report::alerts;
use crate::workload::Project;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    scope: Scope,

    /// Write the rules to this file
    #[arg(help_heading = "Report", short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let sources = arguments.input.sources();
    let configs = arguments.scope.configs(sources.disk())?;
    let mut discovered = arguments.input.discover(&configs, &sources, console)?;
    let options = arguments.scope.apply(arguments.input.options(), &mut discovered)?;
    let projects = check::projects(&options, &sources, &discovered);
    let is_stack = |project: &&Project| {
        // An override file on its own is no stack, and its services are those of its base.
        !project.compose_files.is_empty()
            && project.report_only.is_empty()
            && project.workloads.iter().any(|workload| workload.role.runs())
    };
    let stacks: Vec<&Project> = projects.iter().filter(is_stack).collect();
    match &arguments.output {
        Some(path) => write_file(path, |out| alerts::write(out, &stacks, &sources))?,
        None => console.write(|out| alerts::write(out, &stacks, &sources))?,
    }
    Ok(console.end(&discovered))
}
