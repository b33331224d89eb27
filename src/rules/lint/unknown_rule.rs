//! The rule `unknown-rule`.

use crate::diagnostic::{Applicability, Edit};
use crate::error::nearest;
use crate::rules::{Group, RULES, RuleContext};
use crate::source::{Span, Spanned};

rule! {
    name: "unknown-rule",
    summary: "a suppression names a rule that does not exist",
    severity: Warning,
    group: Lint,
    preset: Recommended,
    check: AfterAll,
}

/// Reports a name that no rule and no group has. `suppresses` is true if the name that was meant, written there, would suppress a
/// finding.
pub(crate) fn report(
    name: &Spanned<String>,
    cx: &mut RuleContext<'_>,
    suppresses: impl FnOnce(&'static str) -> bool,
) {
    let known = RULES.iter().map(|rule| rule.meta().name).chain(Group::ALL.iter().map(|group| group.name()));
    let meant = nearest(&name.value, known).first().copied();
    let mut finding = cx.report(name.span, format!("there is no rule `{}`", name.value));
    finding.label("no rule of that name");
    match meant {
        // Only to be reported next as unused.
        Some(meant) if !suppresses(meant) => {
            finding.help(format!("remove it: nothing here is reported by `{meant}`"));
        }
        Some(meant) => {
            let edit = Edit { span: name.span, replacement: meant.to_owned() };
            finding.fix(format!("write `{meant}`"), Applicability::Safe, &[], vec![edit]);
        }
        None => {
            finding.help("`oomlint rules` lists them");
        }
    }
}

/// Reports a suppression whose brackets are missing or empty.
pub(crate) fn nameless(comment: Span, cx: &mut RuleContext<'_>) {
    cx.report(comment, "a suppression without a rule name has no effect").label("no rule name").help(
        "name the rule, and the reason:\n  # oomlint: ignore[missing-memory-limit] runs alone on its host",
    );
}
