//! `oomlint alerts`: Prometheus rules for the memory limits of a stack.

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use super::input::{Input, Stdin};
use super::output::{Console, refuse_foreign, write_file};
use super::policy::Scope;
use super::stacks::{Reader, nothing_starts};
use crate::check;
use crate::report::alerts;
use crate::workload::Project;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input<Stdin>,

    #[command(flatten)]
    scope: Scope,

    /// Write the rules to this file; it overwrites none but its own
    #[arg(help_heading = "Report", short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let sources = arguments.input.sources();
    let configs = arguments.scope.configs(sources.disk())?;
    let mut discovered = arguments.input.discover(&configs, &sources, console)?;
    let options = arguments.scope.apply(arguments.input.options(), &mut discovered)?;
    let reader = Reader {
        reads: "alerts reads the limits of",
        otherwise: "no alert is written",
        mistakes: |project, _, sources| check::unparsed(project, sources),
    };
    let all = reader.stacks((&options, &sources, &discovered), console)?;
    let runs = |stack: &&Project| stack.workloads.iter().any(|workload| workload.role.runs());
    let running: Vec<&Project> = all.iter().filter(runs).collect();
    if running.is_empty() {
        return Err(nothing_starts(&all));
    }
    match &arguments.output {
        Some(path) => {
            refuse_foreign(path, "alerts", alerts::is_own)?;
            write_file(path, |out| alerts::write(out, &running, &sources))?;
        }
        None => console.write(|out| alerts::write(out, &running, &sources))?,
    }
    Ok(console.end(&discovered))
}
