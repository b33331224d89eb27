//! `oomlint fit`: plans limits for a stack, so that it fits its host.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use super::fix::{print_diff, replace};
use super::format::{TableFormat, TableReport};
use super::input::Input;
use super::output::{Console, is_there, refuse_foreign, write_file};
use super::policy::{Scope, host_memory, single_line_error};
use super::stacks::{nothing_starts, stacks};
use super::stats::Measured;
use crate::check::{self, Options};
use crate::discover::{Discovered, host_requirement};
use crate::error::Error;
use crate::fix::plan::{self, Hosts, StackPlan, Written};
use crate::report::fit::{self, Format, Report};
use crate::rules::Target;
use crate::source::{Overlay, Sources, path_text};
use crate::syntax::size::ByteSize;
use crate::workload::Project;

/// The most changed files that are named.
const NAMED: usize = 10;

#[derive(Args)]
#[command(mut_arg("runs", |argument| argument.hide(true)))]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input,

    /// Memory of the host, as in 8g, or `auto` for this machine; several make a table: 4g,8g,16g
    #[arg(long, value_name = "SIZE", value_delimiter = ',', value_parser = single_line_error(host_memory))]
    host_memory: Vec<ByteSize>,

    /// Memory that the host keeps for itself and other programs [default: by its size, 1843 MiB of 8g]
    #[arg(help_heading = "Host", long, value_name = "SIZE", value_parser = single_line_error(host_memory))]
    reserve: Option<ByteSize>,

    /// Also plan for the services of this profile, `*` for all [default: `COMPOSE_PROFILES` in .env]
    #[arg(help_heading = "Host", long = "profile", value_name = "PROFILE")]
    profiles: Vec<String>,

    /// Deployment target: compose, swarm [default: compose]
    #[arg(help_heading = "Host", long, value_name = "TARGET", value_enum, hide_possible_values = true)]
    target: Option<Target>,

    #[command(flatten)]
    measured: Measured,

    #[command(flatten)]
    scope: Scope,

    #[command(flatten)]
    report: TableReport,

    /// Write the plan into the Compose files
    #[arg(help_heading = "Fixes", long, conflicts_with = "format")]
    write: bool,

    /// Print what --write would change as a unified diff, and change nothing
    #[arg(help_heading = "Fixes", long, conflicts_with_all = ["write", "format"])]
    diff: bool,

    /// Write the plan to a new override file, as in compose.limits.yaml, and leave the files as they are
    #[arg(help_heading = "Fixes", long, value_name = "FILE", conflicts_with_all = ["write", "diff", "format"])]
    overlay: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments, console: &Console) -> Outcome {
    let sources = arguments.input.sources();
    let configs = arguments.scope.configs(sources.disk())?;
    let mut discovered = arguments.input.discover(&configs, &sources, console)?;
    let options = arguments.scope.apply(arguments.input.options(), &mut discovered)?;
    let (options, sources) = match &arguments.overlay {
        // The file that is written anew says nothing about the stack: it counts as empty.
        Some(overlay) if is_there(overlay) => {
            refuse_foreign(overlay, "fit", plan::is_own)?;
            let own = sources.absolute(overlay);
            discovered.files.retain(|found| sources.absolute(&found.path) != own);
            discovered.related_compose_files.retain(|path| sources.absolute(path) != own);
            let empty = Overlay::from([(overlay.clone(), "services: {}\n".to_owned())]);
            let disk = options.disk.with_overlay(&empty);
            let mut options = Options { disk: disk.clone(), ..options };
            options.compose_files.retain(|path| sources.absolute(path) != own);
            (options, Sources::with_file_system(disk))
        }
        _ => (options, sources),
    };
    let options = Options { stats: arguments.measured.read()?, target: arguments.target, ..options };
    let projects = stacks(
        ("fit plans", "nothing is planned", check::refusals),
        (&options, &sources, &discovered),
        console,
    )?;
    let (sizes, from) = arguments.hosts(&options, &sources, &projects)?;
    if sizes.len() > 1 && arguments.changes() {
        return Err(Error::Usage {
            problem: "a plan is written for one host, and several are given".to_owned(),
            help: Some("name one with `--host-memory 8g`".to_owned()),
        });
    }
    let hosts = Hosts { sizes, reserve: arguments.reserve, profiles: arguments.profiles.clone() };
    let stacks = plan::plan(&options, &sources, &discovered, &hosts);
    if stacks.is_empty() {
        return Err(nothing_starts(&projects));
    }
    let written = match hosts.sizes.as_slice() {
        [_] => Some(plan::write(&options, &discovered, &stacks, &hosts)),
        _ => None,
    };
    match (&written, arguments.changes()) {
        (Some(written), true) => arguments.change(&options, &discovered, &stacks, written, console)?,
        _ => {
            let report = Report::new(&stacks, written.as_ref(), &from, &sources);
            let format = match arguments.report.format {
                TableFormat::Human => Format::Human { color: console.color, width: console.columns() },
                TableFormat::Json => Format::Json,
                TableFormat::Markdown => Format::Markdown,
            };
            console.write(|out| fit::write(out, &report, format))?;
        }
    }
    let end = console.end(&discovered);
    let fits = stacks.iter().flat_map(|stack| &stack.plans).all(|plan| plan.missing.is_none());
    Ok(if end == ExitCode::SUCCESS && !fits { ExitCode::from(1) } else { end })
}

/// Says which files the plans are in. None if nothing was written and the report says why.
fn done(stacks: &[StackPlan], written: &Written) -> Option<String> {
    let fits = stacks.iter().flat_map(|stack| &stack.plans).all(|plan| plan.missing.is_none());
    if written.files.is_empty() {
        let has_it = fits && written.refused.is_empty();
        return has_it.then(|| "the files have the plan already: nothing is changed".to_owned());
    }
    let names = written.files.iter().take(NAMED).map(|(path, ..)| format!("`{}`", path_text(path)));
    let names: Vec<String> = names.collect();
    let more = written.files.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    Some(format!("the plan is in {}{more}", names.join(", ")))
}

/// Reports the limits that variables set, which stay, and what to set them to.
fn report_variables(stacks: &[StackPlan], console: &Console) {
    for stack in stacks {
        let grants = stack.plans.first().map_or(&[][..], |plan| &plan.grants);
        for (demand, grant) in
            stack.demands.iter().zip(grants).filter(|(demand, _)| demand.variable.is_some())
        {
            let set = demand.to_set().map(|text| format!("set `{text}` to {}; ", grant.limit.to_compose()));
            let (set, name) = (set.unwrap_or_default(), &demand.name);
            console.report(&format!("kept: the limit of `{name}`: {set}{}", demand.reason));
        }
    }
}

impl Arguments {
    /// True if it changes files, or shows the changes.
    fn changes(&self) -> bool {
        self.write || self.diff || self.overlay.is_some()
    }

    /// Returns the sizes of the hosts, and where they are from: the command line, the configuration of the first project, or a
    /// development container around it.
    fn hosts(
        &self,
        options: &Options,
        sources: &Sources,
        projects: &[Project],
    ) -> Result<(Vec<ByteSize>, String), Error> {
        if !self.host_memory.is_empty() {
            return Ok((self.host_memory.clone(), "--host-memory".to_owned()));
        }
        for project in projects {
            if let (Some((size, from)), _) = options.host_of(project, sources) {
                return Ok((vec![size], from));
            }
            if let Some(required) = host_requirement(&project.directory, sources) {
                let from = format!("{}:{}", path_text(&required.path), required.line);
                return Ok((vec![ByteSize(required.bytes)], from));
            }
        }
        Err(Error::Usage {
            problem: "a plan needs the memory of the host".to_owned(),
            help: Some("add `--host-memory 8g`, or `--host-memory auto` for this machine".to_owned()),
        })
    }

    /// Writes the plan, or shows what would change.
    fn change(
        &self,
        options: &Options,
        discovered: &Discovered,
        stacks: &[StackPlan],
        written: &Written,
        console: &Console,
    ) -> Result<(), Error> {
        if let Some(text) = fit::whole_host(stacks) {
            console.report(text);
        }
        for plan in stacks.iter().flat_map(|stack| &stack.plans) {
            if let Some(missing) = plan.missing {
                let why = format!("does not fit {}: {missing} too much; nothing is written", plan.host);
                console.report(&why);
            }
        }
        if let Some(path) = &self.overlay {
            return self.write_overlay(options, discovered, stacks, written, (path, console));
        }
        if self.diff {
            print_diff(&written.files, "use --write", console)?;
        } else {
            self.input.refuse_stdin("--write")?;
            replace(&written.files)?;
            if let Some(done) = done(stacks, written) {
                console.report(&done);
            }
        }
        for ((path, service), why) in &written.refused {
            console.report(&format!("not written: `{service}` of {}: {why}", path_text(path)));
        }
        report_variables(stacks, console);
        Ok(())
    }

    /// Writes an override file with the limits of the only stack.
    fn write_overlay(
        &self,
        options: &Options,
        discovered: &Discovered,
        stacks: &[StackPlan],
        written: &Written,
        (path, console): (&Path, &Console),
    ) -> Result<(), Error> {
        let [stack] = stacks else {
            return Err(Error::Usage {
                problem: format!("an override file is for one stack, and {} are here", stacks.len()),
                help: Some("name its file with `-f compose.yaml`".to_owned()),
            });
        };
        if stack.plans.iter().any(|plan| plan.missing.is_some()) {
            return Ok(());
        }
        let file = plan::limits_file(options, stack, written, discovered, path);
        write_file(path, |out| out.write_all(file.text.as_bytes()))?;
        for (service, why) in &file.left_out {
            console.report(&format!("left out: `{service}`: {why}"));
        }
        for (service, what) in &file.by_hand {
            console.report(&format!("for its limit, `{service}` also needs in its own file: {what}"));
        }
        let files: Vec<String> = file.merged.iter().map(|path| path_text(path)).collect();
        report_variables(std::slice::from_ref(stack), console);
        console.report(&format!("start with: docker compose -f {} up -d", files.join(" -f ")));
        Ok(())
    }
}
