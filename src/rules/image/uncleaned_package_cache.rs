//! The rule `uncleaned-package-cache`.

use crate::rules::RuleContext;
use crate::workload::Workload;

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
        let help = match &cache.mount {
            Some(line) => {
                format!("use a cache mount, or append `{}` to this RUN:\n  {line}", cache.way_out)
            }
            None => format!("write `{}` in the same RUN", cache.way_out),
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
