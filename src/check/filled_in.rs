//! Leaves out errors at places that a template engine fills in before Docker reads the file: they say nothing about the result.

use crate::diagnostic::{Finding, Severity};
use crate::discover::is_template;
use crate::hash::HashMap;
use crate::source::{Language, SourceId, Sources};
use crate::syntax::placeholder;

/// Rules whose errors are about the text around their place, too.
const OF_TEXT: [&str; 2] = ["syntax-error", "invalid-compose-file"];

/// Removes errors in templates and at places that are filled in.
pub(super) fn remove_errors(findings: &mut Vec<Finding>, sources: &Sources) {
    let mut known: HashMap<SourceId, bool> = HashMap::default();
    findings.retain(|finding| {
        if finding.severity != Severity::Error && !OF_TEXT.contains(&finding.rule) {
            return true;
        }
        let own = finding.primary.span;
        let is_template = *known.entry(own.file).or_insert_with(|| is_filled_in(own.file, sources));
        let at_place = match OF_TEXT.contains(&finding.rule) {
            true => placeholder::is_in(sources.get(own.file).line_at(own.start).text),
            false => placeholder::is_in(sources.get(own.file).slice(own)),
        };
        !is_template && !at_place
    });
}

/// True for a file that is filled in as a whole.
fn is_filled_in(file: SourceId, sources: &Sources) -> bool {
    let source = sources.get(file);
    match source.language() {
        Some(Language::Dockerfile) => placeholder::fills_dockerfile(source.text()),
        _ => is_template(source.text()),
    }
}
