//! The input of `fit` and `alerts`: the stacks of Compose files without mistakes.

use std::path::{Path, PathBuf};

use super::output::Console;
use crate::check::{self, Options};
use crate::discover::{Discovered, DiscoveredFile, FileKind};
use crate::error::Error;
use crate::hash::HashSet;
use crate::report::place_text;
use crate::source::{Sources, Span, path_text};
use crate::workload::Project;

/// Returns the mistakes of a project with which a command does nothing.
type Mistakes = fn(&Project, &Options, &Sources) -> Vec<(Span, String)>;

/// A command that reads stacks, and what it says where it cannot.
pub(super) struct Reader {
    /// The command and its verb, as in `fit plans`.
    pub(super) reads: &'static str,
    /// The consequence of a mistake: `nothing is planned`.
    pub(super) otherwise: &'static str,
    /// Returns the mistakes of a project with which it does nothing.
    pub(super) mistakes: Mistakes,
}

impl Reader {
    /// Returns the projects of a run that are stacks: Compose files that are not only changes to others. Files that are named
    /// and part of none are reported.
    ///
    /// # Errors
    /// When there are none, or one of them has a mistake.
    pub(super) fn stacks(
        &self,
        (options, sources, discovered): (&Options, &Sources, &Discovered),
        console: &Console,
    ) -> Result<Vec<Project>, Error> {
        let projects = check::projects(options, sources, discovered);
        let mut refusals: Vec<(String, String)> = Vec::new();
        for (span, why) in projects.iter().flat_map(|project| (self.mistakes)(project, options, sources)) {
            let refusal = (place_text(sources, span), why);
            if !refusals.contains(&refusal) {
                refusals.push(refusal);
            }
        }
        if let Some((place, why)) = refusals.first() {
            let more = refusals.len() - 1;
            let more = if more == 0 { String::new() } else { format!(", and {more} more") };
            return Err(Error::Usage {
                problem: format!("{place}: {why}; {}", self.otherwise),
                help: Some(format!("`oomlint check` shows the mistake{more}")),
            });
        }
        let (whole, others): (Vec<Project>, Vec<Project>) = projects.into_iter().partition(Project::is_stack);
        if !whole.is_empty() {
            let parts: HashSet<PathBuf> = whole.iter().flat_map(|stack| absolute(stack, sources)).collect();
            let is_part = |path: &Path| parts.contains(&sources.absolute(path));
            for found in discovered.files.iter().filter(|found| found.explicit && !is_part(&found.path)) {
                console.report(&format!("left out: {}", no_part(found)));
            }
            return Ok(whole);
        }
        console.end(discovered);
        let part = others.iter().find_map(|other| Some((other, other.compose_files.last()?)));
        Err(match part {
            Some((other, part)) => {
                let name = path_text(sources.get(*part).path());
                let files = other.compose_files.iter().map(|file| path_text(sources.get(*file).path()));
                let files: Vec<String> = files.collect();
                Error::Usage {
                    problem: format!("{} whole stacks, and `{name}` only changes one", self.reads),
                    help: Some(match files.len() {
                        1 => format!("name its base before it, as in `-f <base> -f {name}`"),
                        _ => format!("name its base, too: `-f {}`", files.join(" -f ")),
                    }),
                }
            }
            None => Error::Usage {
                problem: format!("{} Compose files; none here", self.reads),
                help: Some(instead(discovered)),
            },
        })
    }
}

/// Returns the absolute paths of a project's files.
fn absolute(project: &Project, sources: &Sources) -> impl Iterator<Item = PathBuf> {
    project.files.iter().map(|file| sources.absolute(sources.get(*file).path()))
}

/// Returns the error for stacks without a service that starts.
pub(super) fn nothing_starts(stacks: &[Project]) -> Error {
    let mut services = stacks.iter().flat_map(|stack| &stack.workloads);
    let of_profile = services.any(|workload| workload.role.runs() && !workload.service.profiles.is_empty());
    Error::Usage {
        problem: "no service of the Compose files starts a container".to_owned(),
        help: of_profile.then(|| "services of profiles start with `--profile '*'`".to_owned()),
    }
}

/// Says what to use for files of other kinds.
fn instead(discovered: &Discovered) -> String {
    let containers =
        discovered.files.iter().find_map(|found| Some(format!("{} adds up containers", budget(found)?)));
    let is_dockerfile = |found: &DiscoveredFile| found.kind == FileKind::Dockerfile;
    containers.unwrap_or_else(|| match discovered.files.iter().any(is_dockerfile) {
        true => "a Dockerfile sets no limit: `oomlint check` says what its program needs".to_owned(),
        false => "name one with `-f compose.yaml`".to_owned(),
    })
}

/// Reports that no stack has a named file, and what to use for it.
fn no_part(found: &DiscoveredFile) -> String {
    let name = argument(&found.path);
    match budget(found) {
        Some(budget) => format!("`{name}` is no part of a stack; {budget} adds up containers"),
        None => format!("`{name}` is no part of a stack"),
    }
}

/// Returns the command that adds up the containers of a file. `None` if it has none.
fn budget(found: &DiscoveredFile) -> Option<String> {
    let has_containers = matches!(found.kind, FileKind::Inspected | FileKind::Commands(_));
    has_containers.then(|| format!("`oomlint budget {}`", argument(&found.path)))
}

/// Returns a path as it is named on the command line.
fn argument(path: &Path) -> String {
    if path == Path::new("<stdin>") { "-".to_owned() } else { path_text(path) }
}
