//! `uncleaned-package-cache`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// A cache that every pull brings along.
pub(super) struct UncleanedPackageCache;

static META: Meta = Meta {
    name: "uncleaned-package-cache",
    summary: "a package manager's cache stays in a layer of the image",
    severity: Severity::Note,
    group: Group::Image,
    preset: Preset::Strict,
    page: include_str!("../../rules/uncleaned-package-cache.md"),
};

impl Rule for UncleanedPackageCache {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for cache in &workload.package_caches {
            let help = match &cache.mount {
                Some(line) => format!(
                    "a cache mount keeps it out of the image, as does `{}` in the same RUN:\n  {line}",
                    cache.way_out
                ),
                None => format!("write `{}` in the same RUN", cache.way_out),
            };
            sink.report(
                cache.span,
                cache.left.as_str(),
                format!("the image of `{}` keeps the cache of {}", workload.name, cache.manager),
            )
            .of(workload)
            .note("size on disk and in every pull; it is no memory of the container")
            .help(help);
        }
    }
}
