//! Caps the findings of one rule in one file at [`MAX_FINDINGS`], and the length of their texts.

use super::Outcome;
use crate::diagnostic::{Finding, Severity};
use crate::hash::HashMap;
use crate::source::{SourceId, Sources};

/// The largest number of findings that are reported per rule and file.
///
/// Real files with more than a thousand services are generated, and their first thousand show what the generator does.
pub const MAX_FINDINGS: usize = 1_000;

/// The largest length of one text of a finding, in bytes: a name or a value may be as long as a file.
const MAX_TEXT: usize = 8 * 1024;

impl Outcome {
    /// Keeps the first [`MAX_FINDINGS`] findings per rule and file, and adds one that counts the rest. The summary still counts
    /// all. Texts longer than 8 KiB are cut.
    pub fn truncate(&mut self, sources: &Sources) {
        truncate(&mut self.findings, sources);
        truncate(&mut self.suppressed, sources);
    }
}

/// The number of findings of a rule in a file, and the finding that counts the rest: its index and its severity.
#[derive(Default)]
struct Count {
    seen: usize,
    rest: Option<(usize, Severity)>,
}

fn truncate<T: AsMut<Finding>>(items: &mut Vec<T>, sources: &Sources) {
    items.iter_mut().for_each(|item| truncate_texts(item.as_mut()));
    if items.len() <= MAX_FINDINGS {
        return;
    }
    let mut counts: HashMap<(SourceId, &'static str), Count> = HashMap::default();
    let mut place = 0;
    let kept = std::mem::take(items).into_iter().filter_map(|mut item| {
        let own = item.as_mut();
        let (file, rule) = (sources.to_outer_span(own.primary.span).file, own.rule);
        let count = counts.entry((file, rule)).or_default();
        count.seen += 1;
        if count.seen > MAX_FINDINGS {
            if let Some((_, severity)) = &mut count.rest {
                *severity = own.severity.max(*severity);
                return None;
            }
            count.rest = Some((place, own.severity));
            let (confidence, severity, primary) = (own.confidence, own.severity, own.primary.clone());
            *own = Finding::new(rule, severity, confidence, String::new(), primary);
            own.notes.push("`--statistics` counts them all".to_owned());
        }
        place += 1;
        Some(item)
    });
    *items = kept.collect();
    for Count { seen, rest } in counts.values() {
        if let Some((place, severity)) = rest
            && let Some(rest) = items.get_mut(*place).map(AsMut::as_mut)
        {
            let more = seen - MAX_FINDINGS;
            let plural = if more == 1 { "finding" } else { "findings" };
            rest.message = format!("{more} more {plural} of this rule in this file");
            rest.severity = *severity;
        }
    }
}

fn truncate_texts(finding: &mut Finding) {
    let labels =
        std::iter::once(&mut finding.primary).chain(&mut finding.related).map(|label| &mut label.text);
    let texts = std::iter::once(&mut finding.message).chain(labels).chain(&mut finding.notes);
    let texts = texts.chain(&mut finding.help).chain(&mut finding.service).chain(&mut finding.image);
    for text in texts.filter(|text| text.len() > MAX_TEXT) {
        let end = (0..=MAX_TEXT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::diagnostic::{Confidence, GroupMessage, Label};
    use crate::source::Span;

    #[test]
    fn the_first_are_kept_and_the_rest_is_counted() {
        let sources = Sources::new();
        let files = ["a", "b"].map(|path| sources.add(Path::new(path), "x".repeat(3_000)));
        let finding = |file, rule, at, severity| Finding {
            help: Some("paste".to_owned()),
            service: Some("s".to_owned()),
            group_message: Some(GroupMessage { subject: "many", says: "ones" }),
            ..Finding::new(
                rule,
                severity,
                Confidence::High,
                format!("{rule} {at}"),
                Label { span: Span::new(file, at, at + 1), text: "here".to_owned() },
            )
        };
        let mut outcome = Outcome::default();
        for at in 0..MAX_FINDINGS + 20 {
            let severity = if at == MAX_FINDINGS + 7 { Severity::Error } else { Severity::Note };
            outcome.findings.push(finding(files[0], "one", at, severity));
            if at <= MAX_FINDINGS {
                outcome.findings.push(finding(files[0], "two", at, Severity::Note));
            }
            if at < MAX_FINDINGS {
                outcome.findings.push(finding(files[1], "one", at, Severity::Note));
            }
        }
        outcome.truncate(&sources);
        let of = |file, rule| {
            let same = |finding: &&Finding| finding.primary.span.file == file && finding.rule == rule;
            outcome.findings.iter().filter(same).collect::<Vec<_>>()
        };
        let (long, over, full) = (of(files[0], "one"), of(files[0], "two"), of(files[1], "one"));
        assert_eq!([long.len(), over.len(), full.len()], [MAX_FINDINGS + 1, MAX_FINDINGS + 1, MAX_FINDINGS]);
        let last = long[MAX_FINDINGS];
        assert_eq!(last.message, "20 more findings of this rule in this file");
        assert_eq!((last.severity, last.group_message, &last.service), (Severity::Error, None, &None));
        assert_eq!(over[MAX_FINDINGS].message, "1 more finding of this rule in this file");
        assert_eq!(full[MAX_FINDINGS - 1].message, format!("one {}", MAX_FINDINGS - 1));
    }
}
