//! `oomlint fit`: plans limits for a stack, so that it fits its host.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::Outcome;
use super::fix::{print_diff, replace};
use super::format::{TableFormat, TableReport};
use super::input::{Input, Stdin};
use super::output::{Console, is_there, refuse_foreign, write_file};
use super::policy::{Active, Deployment, Scope, host_memory, single_line_error, size};
use super::stacks::{Reader, nothing_starts};
use super::stats::Measured;
use crate::check::{self, Options};
use crate::discover::Discovered;
use crate::error::Error;
use crate::fix::plan::{self, Hosts, StackPlan, Written};
use crate::report::fit::{self, Report};
use crate::source::{Overlay, Sources, path_text};
use crate::syntax::size::ByteSize;
use crate::workload::Project;

/// The most changed files that are named.
const NAMED: usize = 10;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input<Stdin>,

    /// Memory of the host, as in 8g, or `auto` for this machine; several make a table: 4g,8g,16g
    #[arg(help_heading = None, long, value_name = "SIZE", value_delimiter = ',', value_parser = single_line_error(host_memory))]
    host_memory: Vec<ByteSize>,

    /// Memory that the host keeps for itself and other programs [default: by its size, 1843 MiB of 8g]
    #[arg(help_heading = "Host", long, value_name = "SIZE", value_parser = single_line_error(size))]
    reserve: Option<ByteSize>,

    #[command(flatten)]
    active: Active,

    #[command(flatten)]
    deployment: Deployment,

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
    if arguments.overlay.is_some() && arguments.input.reads_stdin() {
        return Err(Error::Usage {
            problem: "`--overlay` writes a file next to the Compose files, and standard input is not a file"
                .to_owned(),
            help: Some("`--diff` prints the change instead".to_owned()),
        });
    }
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
    let options = Options {
        stats: arguments.measured.read()?,
        target: arguments.deployment.target,
        // A plan is tried on files that are read anew, and standard input is read once.
        disk: options.disk.with_overlay(&arguments.input.overlay(&sources)),
        ..options
    };
    let reader = Reader { reads: "fit plans", otherwise: "nothing is planned", mistakes: check::refusals };
    let projects = reader.stacks((&options, &sources, &discovered), console)?;
    let hosts = arguments.hosts(&options, &sources, &projects)?;
    if hosts.sizes.len() > 1 && arguments.changes() {
        return Err(Error::Usage {
            problem: "a plan is written for one host, and several are given".to_owned(),
            help: Some("name one with `--host-memory 8g`".to_owned()),
        });
    }
    let stacks = plan::plan(&options, &sources, &projects, &hosts);
    if stacks.is_empty() {
        return Err(nothing_starts(&projects));
    }
    let written = (hosts.sizes.len() < 2).then(|| plan::write(&options, &discovered, &stacks, &hosts));
    let complete = match &written {
        Some(written) if arguments.changes() => {
            arguments.change(&options, &discovered, &stacks, written, console)?
        }
        _ => {
            let report = Report::new(&stacks, written.as_ref(), &sources);
            console.write(|out| match arguments.report.format {
                TableFormat::Human => fit::human(out, &report, console.color, console.columns()),
                TableFormat::Json => fit::json(out, &report),
                TableFormat::Markdown => fit::markdown(out, &report),
            })?;
            true
        }
    };
    let end = console.end(&discovered);
    let fits = stacks.iter().flat_map(|stack| &stack.plans).all(|plan| plan.missing.is_none());
    Ok(if end == ExitCode::SUCCESS && !(fits && complete) { ExitCode::from(1) } else { end })
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

    /// Returns the hosts to plan for: those of the command line, else that of each project.
    fn hosts(&self, options: &Options, sources: &Sources, projects: &[Project]) -> Result<Hosts, Error> {
        let hosts = Hosts {
            sizes: self.host_memory.clone(),
            from: "--host-memory".to_owned(),
            reserve: self.reserve,
            profiles: self.active.profiles.clone(),
        };
        let unknown = projects.iter().find(|project| options.host_for(project, sources).is_none());
        let Some(project) = unknown.filter(|_| hosts.sizes.is_empty()) else { return Ok(hosts) };
        let first = project.compose_files.first().map(|file| sources.get(*file));
        let of =
            first.filter(|_| projects.len() > 1).map(|first| format!(" of `{}`", path_text(first.path())));
        Err(Error::Usage {
            problem: format!("a plan needs the memory of the host{}", of.unwrap_or_default()),
            help: Some("add `--host-memory 8g`, or `--host-memory auto` for this machine".to_owned()),
        })
    }

    /// Writes the plan, or shows what would change. Returns false if a service of a plan that fits is left out.
    fn change(
        &self,
        options: &Options,
        discovered: &Discovered,
        stacks: &[StackPlan],
        written: &Written,
        console: &Console,
    ) -> Result<bool, Error> {
        if let Some(text) = fit::whole_host(stacks) {
            console.report(text);
        }
        for plan in stacks.iter().flat_map(|stack| &stack.plans) {
            if let Some(missing) = plan.missing {
                let why = format!("does not fit {}: {missing} too much; nothing is written", plan.room.host);
                console.report(&why);
            }
        }
        for guesses in stacks.iter().filter_map(fit::guesses) {
            console.report(&guesses);
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
        Ok(written.refused.is_empty())
    }

    /// Writes an override file with the limits of the only stack. Returns false if a service is left out.
    fn write_overlay(
        &self,
        options: &Options,
        discovered: &Discovered,
        stacks: &[StackPlan],
        written: &Written,
        (path, console): (&Path, &Console),
    ) -> Result<bool, Error> {
        let [stack] = stacks else {
            return Err(Error::Usage {
                problem: format!("an override file is for one stack, and {} are here", stacks.len()),
                help: Some("name its file with `-f compose.yaml`".to_owned()),
            });
        };
        if stack.plans.iter().any(|plan| plan.missing.is_some()) {
            return Ok(true);
        }
        let Some(file) = plan::limits_file(options, stack, written, discovered, path) else {
            return Err(Error::Unwritable {
                target: format!("`{}`", path_text(path)),
                reason: "the stack is another than it was when it was read".to_owned(),
            });
        };
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
        Ok(file.left_out.is_empty())
    }
}
