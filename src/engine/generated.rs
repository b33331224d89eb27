//! Withdraws fixes of generated files: the next run of the generator would undo them.

use crate::finding::{Finding, Fix};
use crate::hash::HashMap;
use crate::model::purpose::is_generated;
use crate::source::{Language, SourceId, Sources};

/// Removes fixes that change a generated file, and adds a note that the change belongs in its source.
pub(super) fn withdraw(findings: &mut [Finding], sources: &Sources) {
    let mut known: HashMap<SourceId, bool> = HashMap::default();
    let mut generated =
        |file: SourceId| *known.entry(file).or_insert_with(|| is_generated(sources.get(file).text()));
    for finding in findings {
        let offered = finding.help.is_some() || !finding.fixes.is_empty();
        let file = finding.primary.span.file;
        if !offered || !generated(file) {
            continue;
        }
        let touches = |fix: &Fix| fix.edits.iter().any(|edit| edit.span.file == file);
        // The limit of a Dockerfile's service is written in a Compose file.
        let elsewhere =
            finding.service.is_some() && sources.get(file).language() == Some(Language::Dockerfile);
        if elsewhere && !finding.fixes.iter().any(touches) {
            continue;
        }
        let title = finding.fixes.iter().find(|fix| touches(fix)).map(|fix| fix.title.clone());
        finding.fixes.retain(|fix| !touches(fix));
        finding.help = finding.help.take().or(title);
        finding.notes.push("a program writes this file: change what it is made from".to_owned());
    }
}
