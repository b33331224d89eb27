//! What `fit` and `alerts` read: the stacks of Compose files without mistakes.

use std::path::Path;

use super::output::Console;
use crate::check::{self, Options};
use crate::discover::{Discovered, FileKind};
use crate::error::Error;
use crate::report::place_text;
use crate::source::{Sources, Span, path_text};
use crate::workload::Project;

/// Returns the mistakes of a project with which a command does nothing.
type Mistakes = fn(&Project, &Options, &Sources) -> Vec<(Span, String)>;

/// Returns the projects of a run that are stacks: Compose files that are not only changes to others. `reads` says what the
/// command does with Compose files, as in `fit plans`, and `otherwise` what follows from one
/// of the `mistakes`: `nothing is planned`.
///
/// # Errors
/// When there are none, or one of them has a mistake.
pub(super) fn stacks(
    (reads, otherwise, mistakes): (&str, &str, Mistakes),
    (options, sources, discovered): (&Options, &Sources, &Discovered),
    console: &Console,
) -> Result<Vec<Project>, Error> {
    let projects = check::projects(options, sources, discovered);
    let mut refusals: Vec<(String, String)> = Vec::new();
    for (span, why) in projects.iter().flat_map(|project| mistakes(project, options, sources)) {
        let refusal = (place_text(sources, span), why);
        if !refusals.contains(&refusal) {
            refusals.push(refusal);
        }
    }
    if let Some((place, why)) = refusals.first() {
        let more = refusals.len() - 1;
        let more = if more == 0 { String::new() } else { format!(", and {more} more") };
        return Err(Error::Usage {
            problem: format!("{place}: {why}; {otherwise}"),
            help: Some(format!("`oomlint check` shows the mistake{more}")),
        });
    }
    let (whole, parts): (Vec<Project>, Vec<Project>) = projects
        .into_iter()
        .filter(|project| !project.compose_files.is_empty())
        .partition(|project| project.report_only.is_empty());
    if !whole.is_empty() {
        return Ok(whole);
    }
    console.end(discovered);
    let part = parts.first().and_then(|part| part.compose_files.first());
    Err(match part.map(|file| sources.get(*file)) {
        Some(part) => Error::Usage {
            problem: format!("{reads} whole stacks, and `{}` only changes one", path_text(part.path())),
            help: Some(format!("name its base, too: `-f compose.yaml -f {}`", path_text(part.path()))),
        },
        None => Error::Usage {
            problem: format!("{reads} Compose files; none here"),
            help: Some(instead(discovered)),
        },
    })
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
    let of = |is: fn(FileKind) -> bool| discovered.files.iter().find(|found| is(found.kind));
    if let Some(found) = of(|kind| matches!(kind, FileKind::Inspected | FileKind::Commands(_))) {
        let named = match found.path.as_path() {
            path if path == Path::new("<stdin>") => "-".to_owned(),
            path if path.to_string_lossy().starts_with("<run") => "--run COMMAND".to_owned(),
            path => path_text(path),
        };
        return format!("`oomlint budget {named}` adds up containers");
    }
    match of(|kind| kind == FileKind::Dockerfile) {
        Some(_) => "a Dockerfile sets no limit: `oomlint check` says what its program needs".to_owned(),
        None => "name one with `-f compose.yaml`".to_owned(),
    }
}
