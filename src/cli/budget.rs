//! `oomlint budget`: compares the memory of a stack with that of its host.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::Outcome;
use super::input::Input;
use super::output::{Console, write_file};
use super::policy::{Host as HostArguments, Scope};
use crate::check::{self, Options};
use crate::error::Error;
use crate::report::budget::{self, Format, Report, TableStyle};
use crate::rules::Policy;
use crate::workload::Project;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,

    #[command(flatten)]
    host: HostArguments,

    /// Number of containers of a service, as in `docker compose up --scale`
    #[arg(help_heading = "Host", long, value_name = "SERVICE=N", value_parser = scale)]
    scale: Vec<(String, i64)>,

    #[command(flatten)]
    scope: Scope,

    /// Format: human, json, markdown, csv, svg, html
    #[arg(help_heading = "Report", long, value_name = "FORMAT", value_enum, hide_possible_values = true)]
    format: Option<Format>,

    /// Write to this file, in the format of its extension unless --format is given
    #[arg(help_heading = "Report", short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn scale(text: &str) -> Result<(String, i64), String> {
    let pair = text.split_once('=').and_then(|(name, count)| Some((name, count.parse::<u16>().ok()?)));
    let (name, count) =
        pair.filter(|(name, _)| !name.is_empty()).ok_or_else(|| "it is SERVICE=N, as in web=3".to_owned())?;
    Ok((name.to_owned(), i64::from(count)))
}

impl Arguments {
    /// Returns the format of `--format`, else that of the extension of the output file.
    fn format(&self) -> Format {
        let ending = self.output.as_ref().and_then(|path| path.extension()?.to_str());
        let by_name = ending.and_then(|ending| match ending {
            "md" => Some(Format::Markdown),
            "htm" => Some(Format::Html),
            other => Format::from_str(other, true).ok(),
        });
        self.format.or(by_name).unwrap_or_default()
    }
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let sources = arguments.input.sources();
    let configs = arguments.scope.configs(sources.disk())?;
    let mut discovered = arguments.input.discover(&configs, &sources, console)?;
    let options = arguments.scope.apply(arguments.input.options(), &mut discovered)?;
    let policy = Policy { reserve: arguments.host.reserve, ..options.policy.clone() };
    let options = Options { policy, ..options };
    let projects = check::projects(&options, &sources, &discovered);
    let scale: BTreeMap<String, i64> = arguments.scale.iter().cloned().collect();
    known_services(&scale, &projects)?;
    let named = arguments.host.host_memory.map(|size| (size, "--host-memory"));
    let stacks = options.stacks(&projects, &sources, named, (&arguments.host.active.profiles, &scale));
    let report = Report::new(&stacks, &sources);
    let format = arguments.format();
    match &arguments.output {
        Some(path) => write_file(path, |out| budget::write(out, &report, format, TableStyle::plain()))?,
        None => console.write(|out| {
            budget::write(out, &report, format, TableStyle::of_terminal(console.color, console.columns()))
        })?,
    }
    let end = console.end(&discovered);
    let fits = stacks.iter().all(|stack| stack.excesses().is_empty());
    Ok(if end == ExitCode::SUCCESS && !fits { ExitCode::from(1) } else { end })
}

/// Fails if `--scale` names a service that does not exist.
fn known_services(scale: &BTreeMap<String, i64>, projects: &[Project]) -> Result<(), Error> {
    let names =
        || projects.iter().flat_map(|project| &project.workloads).map(|workload| workload.name.as_str());
    match scale.keys().find(|name| !names().any(|known| known == *name)) {
        None => Ok(()),
        Some(name) => {
            let nearest = crate::error::nearest(name, names());
            Err(Error::Usage {
                problem: format!("there is no service `{name}` to scale"),
                help: nearest.first().map(|meant| format!("did you mean `{meant}`?")),
            })
        }
    }
}
