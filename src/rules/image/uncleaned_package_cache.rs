//! The rule `uncleaned-package-cache`.

use crate::rules::RuleContext;
use crate::workload::{CacheRemedy, Workload};

rule! {
    name: "uncleaned-package-cache",
    summary: "a package manager's cache stays in a layer of the image",
    severity: Note,
    group: Image,
    preset: Strict,
    check: Workload(check),
}

fn check(workload: &Workload, cx: &mut RuleContext<'_>) {
    for cache in workload.build.iter().flat_map(|build| &build.package_caches) {
        let remedy = described(&cache.remedy);
        let help = match &cache.mount {
            Some(line) => format!("{remedy}, or use a cache mount:\n  {line}"),
            None => remedy,
        };
        cx.report(
            cache.span,
            format!("the image of `{}` keeps the cache of {}", workload.name, cache.manager),
        )
        .label(cache.left.as_str())
        .note("this costs disk and pull time, not memory")
        .help(help);
    }
}

fn described(remedy: &CacheRemedy) -> String {
    match remedy {
        CacheRemedy::Append(command) => format!("append `&& {command}` to this RUN"),
        CacheRemedy::Replace { calls, needless } => {
            let replaced = calls.iter().map(|(call, with)| format!("write `{with}` in place of `{call}`"));
            let left_out = needless.iter().map(|call| format!("leave out `{call}`"));
            replaced.chain(left_out).collect::<Vec<_>>().join(", ")
        }
        CacheRemedy::InOneRun { fills, installs, empties } => format!(
            "a later RUN installs from it, so put both in one: `{fills} && {installs} … && {empties}`"
        ),
    }
}
