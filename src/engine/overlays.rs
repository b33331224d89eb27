//! Overlays of one base: each is looked at with all of the base, and most of what is found then was said for the base, and by the
//! overlay before.

use super::examine::{Examined, Ignores, Stack};
use super::suppression::{Unsaid, is_said};
use crate::hash::{HashMap, HashSet};
use crate::source::{SourceId, Sources, Span};
use crate::workload::Kind;

/// What is known by now of the stacks of one directory.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The Dockerfiles that stacks without a base build: theirs to be spoken of.
    built: HashSet<SourceId>,
    anchors: HashSet<(Kind, Span)>,
    unsaid: HashSet<Unsaid>,
    used: HashSet<Span>,
    named: HashSet<Span>,
}

impl Told {
    /// Leaves of an overlay what no other one told: a hundred of them do not take a hundred times the memory of their base.
    pub(super) fn thin(&mut self, stack: &mut Stack, sources: &Sources) {
        let is_overlay = stack.is_overlay();
        let Examined { within, dockerfiles, findings, ignores, unsaid, used, anchors, .. } =
            &mut stack.examined;
        if !is_overlay {
            self.built.extend(dockerfiles.iter());
        }
        let (true, true, Some((own, others))) = (is_overlay, stack.asked, within.split_first()) else {
            return;
        };
        // Whose a Dockerfile is shows when all stacks are known: it may be the overlay's.
        let maybe = dockerfiles.iter().filter(|file| !self.built.contains(file));
        let own: Vec<SourceId> = own.iter().chain(maybe).copied().collect();
        let sets: Vec<Vec<SourceId>> = std::iter::once(own).chain(others.iter().cloned()).collect();
        let of_service: HashMap<&str, &Ignores> =
            ignores.iter().map(|ignores| (ignores.service.as_str(), ignores)).collect();
        findings.retain(|finding| {
            if is_said(finding, &sets, sources) {
                return true;
            }
            let ignores = finding.service.as_deref().and_then(|service| of_service.get(service));
            match ignores.and_then(|ignores| ignores.holds(finding)) {
                Some(name) => used.extend(self.used.insert(name.span).then_some(name.span)),
                None => {
                    let one = Unsaid::of(finding, sources);
                    unsaid.extend(self.unsaid.insert(one).then_some(one));
                }
            }
            false
        });
        findings.shrink_to_fit();
        let services: HashSet<&str> =
            findings.iter().filter_map(|finding| finding.service.as_deref()).collect();
        for ignores in ignores.iter_mut().filter(|ignores| !services.contains(ignores.service.as_str())) {
            ignores.names.retain(|name| self.named.insert(name.span));
        }
        anchors.retain(|anchor| self.anchors.insert(*anchor));
    }
}
