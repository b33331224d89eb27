//! The rule `unused-suppression`.

use crate::diagnostic::{Applicability, Edit, Suppression};
use crate::rules::RuleContext;
use crate::source::{Sources, Span, Spanned};

rule! {
    name: "unused-suppression",
    summary: "a suppression that suppresses nothing",
    severity: Warning,
    group: Lint,
    preset: Recommended,
    check: AfterAll,
}

/// Reports a name that suppresses no finding; `comment` is the comment that it is in.
pub(crate) fn report(
    name: &Spanned<String>,
    comment: Option<&Suppression>,
    sources: &Sources,
    cx: &mut RuleContext<'_>,
) {
    let mut finding = cx.report(name.span, format!("`ignore[{}]` suppresses nothing", name.value));
    finding.label("the rule reports nothing here");
    if let Some(comment) = comment {
        let edit = Edit { span: removal(name, comment, sources), replacement: String::new() };
        finding.fix("remove it", Applicability::Safe, &[], vec![edit]);
    }
}

/// Returns the span to remove: the name with its comma, or the comment if that is its only name, with the line if nothing else
/// is on it.
fn removal(name: &Spanned<String>, comment: &Suppression, sources: &Sources) -> Span {
    let source = sources.get(name.span.file);
    let text = source.text();
    let at = comment.names.binary_search_by_key(&name.span.start, |other| other.span.start);
    if let (Ok(at), true) = (at, comment.names.len() > 1) {
        return match at.checked_sub(1).and_then(|before| comment.names.get(before)) {
            Some(before) => Span { start: before.span.end, ..name.span },
            None => {
                Span { end: comment.names.get(1).map_or(name.span.end, |next| next.span.start), ..name.span }
            }
        };
    }
    let before = text.get(..comment.comment.start as usize).unwrap_or_default();
    let kept = before.trim_end_matches([' ', '\t']).len();
    let alone = kept == 0 || before.get(..kept).is_some_and(|kept| kept.ends_with('\n'));
    let end = comment.comment.end as usize;
    let rest = text.get(end..).unwrap_or_default();
    let line_end = if alone { rest.find('\n').map_or(rest.len(), |at| at + 1) } else { 0 };
    Span::new(name.span.file, kept, end + line_end)
}
