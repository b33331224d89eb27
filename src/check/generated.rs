//! Removes fixes of generated files: the next run of the generator would undo them.

use crate::diagnostic::{Edit, Finding};
use crate::hash::HashMap;
use crate::model::purpose::is_generated;
use crate::source::{Language, SourceId, Sources, Span};

/// Removes the fixes that edit a generated file, and adds a note where the advice is for one.
pub(super) fn withdraw(findings: &mut [Finding], sources: &Sources) {
    let mut known: HashMap<SourceId, bool> = HashMap::default();
    // An inline Dockerfile is a part of its Compose file.
    let mut generated = |span: Span| {
        let file = sources.to_outer_span(span).file;
        *known.entry(file).or_insert_with(|| is_generated(sources.get(file).text()))
    };
    for finding in findings {
        let count = finding.fixes.len();
        let title = finding.fixes.first().map(|fix| fix.title.clone());
        finding.fixes.retain(|fix| !fix.edits.iter().any(|edit: &Edit| generated(edit.span)));
        let removed = finding.fixes.len() < count;
        if let Some(first) = finding.fixes.first_mut() {
            // What is left is no alternative any more.
            if let Some(rest) = first.title.strip_prefix("or ") {
                first.title = rest.to_owned();
            }
        } else if removed && finding.help.is_none() {
            finding.help = title;
        }
        // Help without a fix is for the file that the finding is in, unless a Compose file sets it for a Dockerfile.
        let in_dockerfile = finding.service.is_some()
            && sources.get(finding.primary.span.file).language() == Some(Language::Dockerfile);
        let helps = count == 0 && finding.help.is_some() && !in_dockerfile;
        if removed || helps && generated(finding.primary.span) {
            finding.notes.push("this file is generated: edit what it is generated from".to_owned());
        }
    }
}
