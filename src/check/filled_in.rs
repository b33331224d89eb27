//! Leaves out errors at places that a template engine fills in before Docker reads the file: they say nothing about the result.

use super::checked::FindingKey;
use crate::diagnostic::{Finding, Severity};
use crate::discover::is_template;
use crate::hash::HashMap;
use crate::source::{Language, SourceId, Sources, path_text};
use crate::syntax::dockerfile::Dockerfile;
use crate::syntax::placeholder;

/// Rules whose errors are about the text around their place, too.
const OF_TEXT: [&str; 2] = ["syntax-error", "invalid-compose-file"];

/// Removes errors in templates and at places that are filled in, and returns them.
pub(super) fn remove_errors(findings: &mut Vec<Finding>, sources: &Sources) -> Vec<FindingKey> {
    let mut known: HashMap<SourceId, bool> = HashMap::default();
    let mut removed = Vec::new();
    findings.retain(|finding| {
        if finding.severity != Severity::Error && !OF_TEXT.contains(&finding.rule) {
            return true;
        }
        let own = finding.primary.span;
        let is_template = *known.entry(own.file).or_insert_with(|| is_filled_in(own.file, sources));
        let source = sources.get(own.file);
        let in_line =
            || OF_TEXT.contains(&finding.rule) && placeholder::is_in_code(source.line_at(own.start).text);
        let stays = !is_template && !placeholder::is_in(source.slice(own)) && !in_line();
        if !stays {
            let why = if is_template { "its file is a template" } else { "its place is filled in later" };
            tracing::info!("left out, as {why}: {}: {}", path_text(source.path()), finding.message);
            removed.push(FindingKey::of(finding, sources));
        }
        stays
    });
    removed
}

/// True for a file that is filled in as a whole.
fn is_filled_in(file: SourceId, sources: &Sources) -> bool {
    let source = sources.get(file);
    match source.language() {
        Some(Language::Dockerfile) => placeholder::fills_dockerfile(&Dockerfile::of(&source), source.text()),
        _ => is_template(source.text()),
    }
}
