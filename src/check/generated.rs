//! Removes fixes of generated files: the next run of the generator would undo them.

use crate::diagnostic::{Edit, Finding};
use crate::hash::HashMap;
use crate::model::purpose::is_generated;
use crate::source::{Language, SourceId, Sources, Span, path_text};

/// Removes the fixes that edit a generated file, and adds a note where the only advice is for one.
pub(super) fn remove_fixes(findings: &mut [Finding], sources: &Sources) {
    let mut known: HashMap<SourceId, bool> = HashMap::default();
    // Returns the file of a span if it is generated. An inline Dockerfile is a part of its Compose file.
    let mut generated = |span: Span| {
        let file = sources.to_outer_span(span).file;
        let generated = *known.entry(file).or_insert_with(|| is_generated(sources.get(file).text()));
        generated.then_some(file)
    };
    for finding in findings {
        let had_fixes = !finding.fixes.is_empty();
        let title = finding.fix().map(|fix| fix.title.clone());
        let mut removed = None;
        finding.fixes.retain(|fix| {
            let file = fix.edits.iter().find_map(|edit: &Edit| generated(edit.span));
            removed = removed.or(file);
            file.is_none()
        });
        if !finding.fixes.is_empty() {
            continue;
        }
        if removed.is_some() && finding.help.is_none() {
            finding.help = title;
        }
        // Help for a service's finding in a Dockerfile goes into the Compose file.
        let in_dockerfile = finding.service.is_some()
            && sources.get(finding.primary.span.file).language() == Some(Language::Dockerfile);
        let helps = !had_fixes && finding.help.is_some() && !in_dockerfile;
        if let Some(file) = removed.or_else(|| generated(finding.primary.span).filter(|_| helps)) {
            let subject = if file == sources.to_outer_span(finding.primary.span).file {
                "this file".to_owned()
            } else {
                format!("`{}`", path_text(sources.get(file).path()))
            };
            finding.notes.push(format!("{subject} is generated: edit its source instead"));
        }
    }
}
