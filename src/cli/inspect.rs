//! `oomlint inspect`: prints the facts that the rules see.

use std::io::{self, Write};

use clap::Args;

use super::Outcome;
use super::format::{FactFormat, FactReport};
use super::input::Input;
use super::output::Console;
use super::policy::Scope;
use crate::check;
use crate::discover::{Discovered, FileKind};
use crate::report::{escape, inspect};
use crate::source::Sources;
use crate::syntax::{dockerfile, yaml};

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    scope: Scope,

    #[command(flatten)]
    report: FactReport,

    /// Print the syntax trees of the files instead, one line of JSON per file: for bug reports
    #[arg(help_heading = "Report", long, conflicts_with = "format")]
    syntax: bool,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let sources = arguments.input.sources();
    let configs = arguments.scope.configs(sources.disk())?;
    let mut discovered = arguments.input.discover(&configs, &sources, console)?;
    let options = arguments.scope.apply(arguments.input.options(), &mut discovered)?;
    if arguments.syntax {
        console.write(|out| syntax(out, &sources, &discovered))?;
        return Ok(console.end(&discovered));
    }
    let projects = check::projects(&options, &sources, &discovered);
    console.write(|out| match arguments.report.format {
        FactFormat::Human => inspect::human(out, &projects, &sources),
        FactFormat::Json => inspect::json(out, &projects, &sources),
    })?;
    Ok(console.end(&discovered))
}

/// Prints the syntax trees. Files that cannot be read are left out, since `check` reports them.
fn syntax(out: &mut dyn Write, sources: &Sources, discovered: &Discovered) -> io::Result<()> {
    for found in &discovered.files {
        let Ok(file) = sources.load(&found.path) else { continue };
        let source = sources.get(file);
        let tree = match found.kind {
            FileKind::Dockerfile => dockerfile::to_json(&dockerfile::parse(file, source.text()), &source),
            FileKind::Inspected => continue,
            FileKind::Compose => yaml::to_json(&yaml::Tree::parse(file, source.text()), &source),
            FileKind::Commands(_) | FileKind::Devcontainer => continue,
        };
        escape::json(out, &tree)?;
        writeln!(out)?;
    }
    Ok(())
}
