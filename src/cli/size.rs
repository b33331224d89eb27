//! `oomlint size`: advises limits from measurements.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::format::{TableFormat, TableReport};
use super::input::{Input, Runs};
use super::output::Console;
use super::policy::Scope;
use super::{Outcome, fix, stats};
use crate::check;
use crate::diagnostic::{Applicability, Finding};
use crate::hash::HashSet;
use crate::report::size;
use crate::source::{Overlay, normalize};

/// Rules whose fixes write limits and reservations from measurements.
const RULES: [&str; 5] = [
    "limit-below-peak",
    "limit-without-headroom",
    "limit-oversized",
    "missing-memory-limit",
    "missing-memory-reservation",
];

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input<Runs>,

    #[command(flatten)]
    scope: Scope,

    #[command(flatten)]
    report: TableReport,

    /// Write the limits that do not fit, and reservations that are missing, into the Compose files
    #[arg(help_heading = "Fixes", long, conflicts_with = "format")]
    write: bool,

    /// Print what --write would change as a unified diff, and change nothing; exit with 1 when there is something
    #[arg(help_heading = "Fixes", long, conflicts_with_all = ["write", "format"])]
    diff: bool,
}

pub(super) fn run(mut arguments: Arguments, console: &Console) -> Outcome {
    let measurements = arguments.input.take_measurements()?;
    let stats = Arc::new(stats::read(&measurements)?);
    let sources = arguments.input.sources();
    let configs = arguments.scope.configs(sources.disk())?;
    let mut discovered = arguments.input.discover(&configs, &sources, console)?;
    let options = arguments.scope.apply(arguments.input.options(), &mut discovered)?;
    let options = check::Options {
        stats: Some(Arc::clone(&stats)),
        select: RULES.map(str::to_owned).to_vec(),
        ..options
    };
    let projects = check::projects(&options, &sources, &discovered);
    if arguments.write || arguments.diff {
        // A service of the same name in another project may not be measured.
        let measured: HashSet<(PathBuf, &str)> = projects
            .iter()
            .flat_map(|project| {
                let own = project.workloads.iter().filter(|workload| workload.measured.is_some());
                own.flat_map(|workload| project.files.iter().map(|file| (*file, workload.name.as_str())))
            })
            .map(|(file, name)| (normalize(sources.get(file).path()), name))
            .collect();
        let wanted = |finding: &Finding, path: &Path| {
            finding.service.as_deref().is_some_and(|name| measured.contains(&(normalize(path), name)))
        };
        let fixes = fix::Fixes { level: Applicability::Unsafe, wanted: &wanted };
        if arguments.write {
            fix::apply(&options, &discovered, &fixes, console)?;
            return Ok(ExitCode::SUCCESS);
        }
        return fix::diff(&options, &discovered, &Overlay::new(), &fixes, console);
    }
    let report = size::Report::new(&projects, &stats, &sources);
    console.write(|out| match arguments.report.format {
        TableFormat::Human => size::human(out, &report, console.color),
        TableFormat::Json => size::json(out, &report, &arguments.input.root()),
        TableFormat::Markdown => size::markdown(out, &report),
    })?;
    Ok(console.end(&discovered))
}
