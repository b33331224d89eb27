//! Limits held against what was measured: what is said of them, and what is to be written instead.

use super::{Builder, Policy, Target};
use crate::finding::fix::Request;
use crate::finding::{Applicability, Confidence};
use crate::model::size::ByteSize;
use crate::sizing::{Advice, Verdict, advise};
use crate::source::{Span, Spanned};
use crate::workload::{Fact, Measured, Project, Workload};

/// The facts that a fix of a limit may change.
const CHANGES: &[&str] = &["memory_limit", "memory_reservation", "swap_limit"];

const LIMITS: [&str; 2] = ["mem_limit", "deploy.resources.limits.memory"];
const RESERVATIONS: [&str; 2] = ["mem_reservation", "deploy.resources.reservations.memory"];

/// A service with a limit that was measured.
pub(super) struct Case<'w> {
    pub(super) workload: &'w Workload,
    pub(super) measured: &'w Measured,
    pub(super) advice: Advice,
    pub(super) limit: &'w Spanned<ByteSize>,
}

/// The services of which the verdict is this one.
pub(super) fn cases(project: &Project, verdict: Verdict) -> impl Iterator<Item = Case<'_>> {
    project.workloads.iter().filter_map(move |workload| {
        let measured = workload.measured.as_ref()?;
        let advice = advise(workload).filter(|advice| advice.verdict == verdict)?;
        Some(Case { workload, measured, advice, limit: workload.memory.limit.known()? })
    })
}

impl Case<'_> {
    /// What all three say: what was seen, what follows, what to write.
    pub(super) fn tell<'b>(&self, finding: Builder<'b>, project: &Project, policy: &Policy) -> Builder<'b> {
        let Self { workload, measured, advice, limit } = self;
        let finding = finding
            .of(workload)
            .confidence(Confidence::Medium)
            .via(&limit.via)
            .note(format!("measured: {}", measured.describe()))
            .note(advice.arithmetic());
        let finding = advice.caveats.iter().fold(finding, |finding, caveat| finding.note(caveat));
        let key = if workload.key("deploy.resources").is_some() { "memory" } else { "mem_limit" };
        let finding =
            finding.help(format!("what was seen, and room:\n  {key}: {}", advice.limit.to_compose()));
        Change { project, workload, advice, policy }.ask(finding)
    }
}

/// What is to be written of one service.
pub(super) struct Change<'w> {
    pub(super) project: &'w Project,
    pub(super) workload: &'w Workload,
    pub(super) advice: &'w Advice,
    pub(super) policy: &'w Policy,
}

impl Change<'_> {
    /// Asks for the limit that fits, and for what has to go with it.
    pub(super) fn ask<'b>(&self, finding: Builder<'b>) -> Builder<'b> {
        let title = format!("a limit of {}, as measured", self.advice.limit.to_compose());
        finding.ask(title, Applicability::Unsafe, CHANGES, self.requests())
    }

    /// Asks for the reservation that fits.
    pub(super) fn ask_reservation<'b>(&self, finding: Builder<'b>) -> Builder<'b> {
        let size = self.advice.reservation;
        let title = format!("a reservation of {}, as measured", size.to_compose());
        finding.ask(title, Applicability::Unsafe, &["memory_reservation"], self.reservation(size))
    }

    fn requests(&self) -> Vec<Request> {
        let memory = &self.workload.memory;
        let limit = self.advice.limit;
        let mut requests = self.written(&LIMITS, limit);
        if requests.is_empty() {
            requests.push(self.set(LIMIT, limit));
        }
        let too_much = memory.reservation.value().is_some_and(|reservation| *reservation > limit);
        if memory.reservation.is_absent() || too_much {
            requests.extend(self.reservation(self.advice.reservation));
        }
        // The engine refuses less for both than for memory alone; who forbade swap goes on to forbid it.
        if let (Some(both), old) = (memory.swap.value().filter(|both| both.0 > 0), memory.limit.value())
            && (*both < limit || Some(both) == old)
        {
            requests.extend(self.written(&["memswap_limit"], limit));
        }
        requests
    }

    fn reservation(&self, size: ByteSize) -> Vec<Request> {
        let written = self.written(&RESERVATIONS, size);
        if written.is_empty() { vec![self.set(RESERVATION, size)] } else { written }
    }

    /// Each of these keys that is there gets this size: where the value stands, unless others read it there, too.
    fn written(&self, names: &[&str], size: ByteSize) -> Vec<Request> {
        let keys = self.workload.memory.keys.iter().filter(|key| names.contains(&key.name));
        let requests = keys.filter_map(|key| {
            let Fact::Known(value) = &key.size else { return None };
            let text = like(key.text.as_str(), size);
            if self.is_shared(value.span) {
                return Some(Request::Set {
                    owner: self.workload.anchor,
                    path: path(key.name)?,
                    value: text,
                    after: "image",
                });
            }
            Some(Request::Replace { value: value.span, text })
        });
        requests.collect()
    }

    fn is_shared(&self, value: Span) -> bool {
        let reads = |workload: &&Workload| {
            workload.memory.keys.iter().any(|key| key.size.known().is_some_and(|size| size.span == value))
        };
        self.project.workloads.iter().filter(reads).count() > 1
    }

    /// A new key, below `deploy` where its neighbours are, and where Swarm reads it.
    fn set(&self, [short, long]: [&'static [&'static str]; 2], size: ByteSize) -> Request {
        let deploy = self.workload.key("deploy.resources").is_some() || self.policy.target == Target::Swarm;
        let path = if deploy { long } else { short };
        let neighbours = ["mem_limit", "mem_reservation", "image"];
        let after = neighbours.into_iter().find(|key| self.workload.key(key).is_some()).unwrap_or_default();
        Request::Set { owner: self.workload.anchor, path, value: size.to_compose(), after }
    }
}

const LIMIT: [&[&str]; 2] = [&["mem_limit"], &["deploy", "resources", "limits", "memory"]];
const RESERVATION: [&[&str]; 2] = [&["mem_reservation"], &["deploy", "resources", "reservations", "memory"]];

/// The keys on the way to one that is known by its dotted name.
fn path(name: &str) -> Option<&'static [&'static str]> {
    [LIMIT, RESERVATION, [&["memswap_limit"], &[]]]
        .into_iter()
        .flatten()
        .find(|path| !path.is_empty() && path.join(".") == name)
}

/// A size with the unit that people wrote before, where it is whole in it: `768M` for `512M`.
fn like(old: &str, size: ByteSize) -> String {
    let unit = old.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '_'));
    let shift = match unit.chars().next().map(|c| c.to_ascii_lowercase()) {
        Some('k') => 10,
        Some('m') => 20,
        Some('g') => 30,
        _ => return size.to_compose(),
    };
    let whole = size.0 >> shift;
    if whole << shift == size.0 && !unit.starts_with(' ') {
        format!("{whole}{unit}")
    } else {
        size.to_compose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_written_as_before() {
        let size = ByteSize(768 << 20);
        for (old, new) in [
            ("512M", "768M"),
            ("512MB", "768MB"),
            ("0.5GiB", "768m"),
            ("536870912", "768m"),
            ("524288k", "786432k"),
            ("512 m", "768m"),
            ("", "768m"),
        ] {
            assert_eq!(like(old, size), new, "{old}");
        }
        assert_eq!(like("1g", ByteSize(2 << 30)), "2g");
    }

    #[test]
    fn every_key_has_its_path() {
        for name in LIMITS.into_iter().chain(RESERVATIONS).chain(["memswap_limit"]) {
            assert!(path(name).is_some(), "{name}");
        }
    }
}
