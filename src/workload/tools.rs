//! The tools and exposed ports of an image, for probes.

use super::runs::Runs;
use super::server::Starts;
use super::{Fact, ImageFacts, installs};
use crate::catalog::Catalog;
use crate::model::ImageReference;
use crate::model::image::TargetImage;
use crate::source::TracedText;

/// Tools that probes can use.
const TOOLS: [&str; 9] = ["curl", "wget", "nc", "bash", "node", "python", "python3", "ruby", "php"];

/// Returns the tools for probes that an image certainly has.
pub(super) fn tools(
    base: &Fact<TracedText>,
    runs: Option<&Runs<'_>>,
    lacks: &[&'static str],
    catalog: &Catalog,
) -> Vec<String> {
    let mut tools: Vec<String> = Vec::new();
    let reference = base.value().and_then(|base| ImageReference::parse(base.as_str()));
    if let Some(reference) = &reference {
        let tag = reference.effective_tag();
        if let Some(entry) = catalog.image(reference) {
            let has = |tool: &&str| tag.is_some_and(|tag| entry.has_tool(tag, tool) == Some(true));
            tools.extend(TOOLS.into_iter().filter(has).map(str::to_owned));
        }
        if let Some(row) = catalog.probes(reference) {
            tools.extend(row.tools(tag).into_iter().map(str::to_owned));
        }
    }
    tools.extend(runs.map(|runs| installs::installed(runs, catalog.packages())).unwrap_or_default());
    tools.retain(|tool| !lacks.contains(&tool.as_str()));
    tools.dedup();
    tools
}

/// Returns the `WORKDIR` of an image, `/` if none is known.
pub(super) fn home<'c>(base: &Fact<TracedText>, catalog: &'c Catalog) -> &'c str {
    let reference = base.value().and_then(|base| ImageReference::parse(base.as_str()));
    let row = reference.and_then(|reference| catalog.probes(&reference));
    row.and_then(|row| row.workdir.as_deref()).unwrap_or("/")
}

/// Returns the ports that a Dockerfile exposes by other protocols, as `UDP 1162`, and whether more TCP ports are hidden.
pub(super) fn other_protocols(target: Option<&TargetImage>) -> (Vec<String>, bool) {
    let (mut others, mut hidden) = (Vec::new(), false);
    for port in target.into_iter().flat_map(|target| &target.exposes) {
        let Ok(text) = port else {
            hidden = true;
            continue;
        };
        match text.as_str().split_once('/').unwrap_or((text.as_str(), "tcp")) {
            (port, protocol) if protocol.eq_ignore_ascii_case("tcp") => {
                hidden |= port.parse::<u16>().is_err();
            }
            (port, protocol) => others.push(format!("{} {port}", protocol.to_ascii_uppercase())),
        }
    }
    (others, hidden)
}

/// Returns the exposed TCP ports: the Dockerfile's own, or else the base image's if its server may be what starts.
pub(super) fn exposed(
    facts: &ImageFacts,
    target: Option<&TargetImage>,
    starts: Starts,
    catalog: &Catalog,
) -> Vec<u16> {
    let written = target.into_iter().flat_map(|target| &target.exposes).filter_map(|port| {
        let (port, protocol) = match port.as_ref().ok()?.as_str().split_once('/') {
            Some((port, protocol)) => (port, protocol),
            None => (port.as_ref().ok()?.as_str(), "tcp"),
        };
        port.parse().ok().filter(|_| protocol.eq_ignore_ascii_case("tcp"))
    });
    let mut ports: Vec<u16> = written.collect();
    let replaced = starts != Starts::Server && target.is_some_and(|target| target.entrypoint.is_some());
    if ports.is_empty() && starts != Starts::Other && !replaced {
        let reference = facts.base.value().and_then(|base| ImageReference::parse(base.as_str()));
        let row = reference.and_then(|reference| catalog.probes(&reference));
        let of_row = row.map(|row| row.exposes.as_slice()).unwrap_or_default();
        ports.extend(facts.locked_ports.as_deref().unwrap_or(of_row));
    }
    ports.sort_unstable();
    ports.dedup();
    ports
}
