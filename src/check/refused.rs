//! The mistakes for which Docker Compose refuses a whole project.

use super::{Options, run_rules};
use crate::diagnostic::Severity;
use crate::source::{Sources, Span};
use crate::workload::{Project, SizeProblem};

/// The rules whose errors are such mistakes.
const RULES: [&str; 3] = ["invalid-compose-file", "conflicting-limits", "unknown-memory-key"];

/// Returns what does not parse of a project's Compose files and `.env` files, with the places: keys may be hidden behind it.
#[must_use]
pub fn unparsed(project: &Project, sources: &Sources) -> Vec<(Span, String)> {
    let is_composes = |span: &Span| {
        let is_embedded = sources.to_outer_span(*span).file != span.file;
        let source = sources.get(span.file);
        let extension = source.path().extension().and_then(|extension| extension.to_str());
        let by_name = matches!(extension, Some("yaml" | "yml" | "env"))
            || source.path().file_name().is_some_and(|name| name == ".env");
        !is_embedded && (project.compose_files.contains(&span.file) || by_name)
    };
    let errors = project.syntax_errors.iter().filter(|error| error.fatal && is_composes(&error.span));
    errors.map(|error| (error.span, error.message.clone())).collect()
}

/// Returns the mistakes for which Docker Compose refuses a project, with their places: text that does not parse, which may hide
/// keys, and settings that it rejects. Whether the configuration reports them makes no difference.
#[must_use]
pub fn refusals(project: &Project, options: &Options, sources: &Sources) -> Vec<(Span, String)> {
    let unparsed = unparsed(project, sources);
    let options = Options {
        select: RULES.map(str::to_owned).to_vec(),
        ignore: Vec::new(),
        targets: None,
        ..options.clone()
    };
    let rejected = run_rules(project, &options, sources).into_iter();
    let rejected = rejected.filter(|finding| finding.severity == Severity::Error);
    let rejected = rejected.map(|finding| (finding.primary.span, finding.message));
    let sizes = project.workloads.iter().flat_map(|workload| {
        let refused = workload.service.size_keys.iter();
        let refused = refused.filter(|key| matches!(key.problem, Some(SizeProblem::Refused(_))));
        refused.map(|key| {
            let why = format!("Compose rejects `{}: {}` of `{}`", key.name, key.text.as_str(), workload.name);
            (key.size.span(), why)
        })
    });
    unparsed.into_iter().chain(rejected).chain(sizes).collect()
}
