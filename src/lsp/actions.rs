//! Code actions: quick fixes, suppression comments, rule pages, and all safe fixes at once.

use std::collections::BTreeSet;
use std::path::Path;

use lsp_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, Command, Position, Range, TextEdit,
    Uri, WorkspaceEdit,
};

use super::convert::uri_of;
use super::session::{Analysis, Session, absolute};
use crate::diagnostic::{Applicability, Finding, Fix, Severity};
use crate::fix::fix;
use crate::report::escape::printable;
use crate::source::{Sources, Span};

/// Kind of the actions that insert a suppression comment.
const SUPPRESS: &str = "quickfix.suppress.oomlint";
/// Kind of the action that applies all safe fixes.
const FIX_ALL: &str = "source.fixAll.oomlint";

/// Command that opens the page of a rule.
pub(super) const EXPLAIN: &str = "oomlint.explainRule";

/// Returns the kinds of code actions that the server offers.
pub(super) fn kinds() -> Vec<CodeActionKind> {
    vec![CodeActionKind::QUICKFIX, CodeActionKind::new(SUPPRESS), CodeActionKind::new(FIX_ALL)]
}

/// Returns the code actions for a range of a file.
pub(super) fn actions(
    session: &Session,
    analysis: &Analysis,
    path: &Path,
    params: &CodeActionParams,
) -> Vec<CodeActionOrCommand> {
    let wanted = |kind: &str| {
        let only = params.context.only.as_ref();
        only.is_none_or(|only| {
            only.iter().any(|only| {
                let only = only.as_str();
                kind == only || kind.strip_prefix(only).is_some_and(|rest| rest.starts_with('.'))
            })
        })
    };
    let at: Vec<usize> = at(session, analysis, path, params.range).collect();
    let findings: Vec<&Finding> = at.iter().filter_map(|at| analysis.outcome.findings.get(*at)).collect();
    // Menus show actions in this order: what mends a finding first, what hides it last.
    let mut actions = Vec::new();
    let verified = if wanted("quickfix") { session.verified(analysis, &at) } else { Vec::new() };
    for (finding, fix) in verified {
        if let Some((title, safe, edit)) = quick_fix(session, analysis, fix) {
            actions.push(CodeActionOrCommand::CodeAction(CodeAction {
                title,
                kind: Some(CodeActionKind::QUICKFIX),
                diagnostics: given(session, analysis, finding, params),
                edit: Some(edit),
                is_preferred: Some(safe),
                ..CodeAction::default()
            }));
        }
    }
    // One action per rule, and only if the client can open a page.
    if wanted("quickfix") && session.shows_documents {
        let rules: BTreeSet<&str> = findings.iter().map(|finding| finding.rule).collect();
        for rule in rules {
            let arguments = Some(vec![rule.into()]);
            let title = format!("explain {rule}");
            let command = Command { title: title.clone(), command: EXPLAIN.to_owned(), arguments };
            actions.push(CodeActionOrCommand::CodeAction(CodeAction {
                title,
                kind: Some(CodeActionKind::QUICKFIX),
                command: Some(command),
                ..CodeAction::default()
            }));
        }
    }
    for finding in findings.iter().filter(|_| wanted(SUPPRESS)) {
        if let Some(edit) = suppress(session, analysis, finding) {
            actions.push(CodeActionOrCommand::CodeAction(CodeAction {
                title: format!("ignore {} here", finding.rule),
                kind: Some(CodeActionKind::new(SUPPRESS)),
                diagnostics: given(session, analysis, finding, params),
                edit: Some(edit),
                ..CodeAction::default()
            }));
        }
    }
    // Only for clients that ask for this kind, since it lints every file again.
    let named = params.context.only.as_ref().is_some_and(|only| {
        only.iter()
            .any(|kind| FIX_ALL == kind.as_str() || FIX_ALL.starts_with(&format!("{}.", kind.as_str())))
    });
    if named && let Some(edit) = fix_all(session, analysis) {
        actions.push(CodeActionOrCommand::CodeAction(CodeAction {
            title: "apply all safe fixes of oomlint".to_owned(),
            kind: Some(CodeActionKind::new(FIX_ALL)),
            edit: Some(edit),
            ..CodeAction::default()
        }));
    }
    actions
}

/// Returns the indices of the findings that have their place, or a related one in a file of its own, at a range of a file.
fn at<'l>(
    session: &'l Session,
    analysis: &'l Analysis,
    path: &'l Path,
    range: Range,
) -> impl Iterator<Item = usize> + 'l {
    let here = move |span: Span| {
        let place = analysis.sources.to_outer_span(span);
        absolute(analysis.sources.get(place.file).path()) == path
            && touch(session.encoding.range(&analysis.sources, span), range)
    };
    let file = move |span: Span| analysis.sources.to_outer_span(span).file;
    let found = analysis.outcome.findings.iter().enumerate().filter(move |(_, finding)| {
        let own = finding.primary.span;
        let others = finding.related.iter().map(|label| label.span).filter(|span| file(*span) != file(own));
        let other = finding.severity > Severity::Note && others.into_iter().any(here);
        here(own) || other
    });
    found.map(|(at, _)| at)
}

/// Returns the diagnostics of a finding among those that the client sent.
fn given(
    session: &Session,
    analysis: &Analysis,
    finding: &Finding,
    params: &CodeActionParams,
) -> Option<Vec<lsp_types::Diagnostic>> {
    let spans = std::iter::once(&finding.primary).chain(&finding.related).map(|label| label.span);
    let ranges: Vec<Range> = spans.map(|span| session.encoding.range(&analysis.sources, span)).collect();
    let sent = params.context.diagnostics.iter();
    let own = sent.filter(|one| ranges.contains(&one.range) && is_code(one, finding.rule));
    let own: Vec<_> = own.cloned().collect();
    (!own.is_empty()).then_some(own)
}

fn is_code(diagnostic: &lsp_types::Diagnostic, rule: &str) -> bool {
    matches!(&diagnostic.code, Some(lsp_types::NumberOrString::String(code)) if code == rule)
}

/// True if two ranges overlap or touch.
fn touch(a: Range, b: Range) -> bool {
    let before = |a: Position, b: Position| (a.line, a.character) <= (b.line, b.character);
    before(a.start, b.end) && before(b.start, a.end)
}

fn quick_fix(session: &Session, analysis: &Analysis, fix: &Fix) -> Option<(String, bool, WorkspaceEdit)> {
    if fix.applicability == Applicability::DisplayOnly {
        return None;
    }
    let mut changes = Changes::default();
    for edit in &fix.edits {
        let range = session.encoding.range(&analysis.sources, edit.span);
        let file = analysis.sources.get(edit.span.file);
        changes.push(file.path(), TextEdit { range, new_text: edit.replacement.clone() })?;
    }
    Some((printable(&fix.title).into_owned(), fix.applicability == Applicability::Safe, changes.edit()))
}

/// Returns an edit that inserts a suppression comment above the line of the finding, with the same indentation.
fn suppress(session: &Session, analysis: &Analysis, finding: &Finding) -> Option<WorkspaceEdit> {
    let place = analysis.sources.to_outer_span(finding.primary.span);
    let range = session.encoding.range(&analysis.sources, finding.primary.span);
    let source = analysis.sources.get(place.file);
    let line = source.line_at(place.start);
    let indent: String = line.text.chars().take_while(|c| matches!(c, ' ' | '\t')).collect();
    let newline = if source.text().contains("\r\n") { "\r\n" } else { "\n" };
    let start = Position { line: range.start.line, character: 0 };
    let text = format!("{indent}# oomlint: ignore[{}]{newline}", finding.rule);
    let edit = TextEdit { range: Range { start, end: start }, new_text: text };
    let mut changes = Changes::default();
    changes.push(source.path(), edit)?;
    Some(changes.edit())
}

fn fix_all(session: &Session, analysis: &Analysis) -> Option<WorkspaceEdit> {
    let fixed = fix(&session.options(), &analysis.discovered, &session.overlay(), Applicability::Safe);
    let mut changes = Changes::default();
    for (path, old, new) in fixed.files {
        // Replaces the whole text, since fixes of later rounds have no positions in the original.
        let sources = Sources::with_file_system(session.disk.clone());
        let source = sources.get(sources.add(&path, old.as_str()));
        let end = session.encoding.position(&source, u32::try_from(old.len()).unwrap_or(u32::MAX));
        let range = Range { start: Position::default(), end };
        changes.push(&path, TextEdit { range, new_text: new })?;
    }
    (!changes.0.is_empty()).then(|| changes.edit())
}

/// Text edits by file.
#[derive(Default)]
struct Changes(Vec<(Uri, Vec<TextEdit>)>);

impl Changes {
    /// Adds an edit. `None` if the path cannot be converted to a URI.
    fn push(&mut self, path: &Path, edit: TextEdit) -> Option<()> {
        let uri = uri_of(&absolute(path))?;
        match self.0.iter_mut().find(|(known, _)| *known == uri) {
            Some((_, edits)) => edits.push(edit),
            None => self.0.push((uri, vec![edit])),
        }
        Some(())
    }

    fn edit(self) -> WorkspaceEdit {
        WorkspaceEdit { changes: Some(self.0.into_iter().collect()), ..WorkspaceEdit::default() }
    }
}
