//! Matches measured containers to services, and summarizes their memory use.

use std::collections::BTreeMap;

use super::{Kind, Project};
use crate::hash::{HashMap, HashSet};
use crate::stats::{Identity, Sample, Stats};
use crate::syntax::size::ByteSize;

/// Measured memory use of a service's containers. All sizes but `together` are per container, as limits are.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The names of the containers.
    pub containers: Vec<String>,
    /// The number of samples of all of them.
    pub samples: usize,
    /// Seconds from the first sample to the last; `None` if the input has no times.
    pub seconds: Option<f64>,
    /// The smallest sample, in bytes.
    pub base: ByteSize,
    /// The median sample, in bytes; the lower one of two.
    pub typical: ByteSize,
    /// The largest sample, in bytes.
    pub peak: ByteSize,
    /// The largest sum at one moment, or the sum of the peaks if the input has no times. In bytes.
    pub together: ByteSize,
}

/// Measured containers, and which of them certainly belong to some project.
///
/// Labels, `container_name` and a name that starts with the project's name are certain. Any other name only identifies the
/// service, since the measured project may have another name.
pub struct Measurements<'s> {
    containers: Vec<(&'s Identity, &'s [Sample])>,
    certain: HashSet<usize>,
}

impl<'s> Measurements<'s> {
    /// Collects the containers of `stats`, to match against all of `projects`.
    #[must_use]
    pub fn new(stats: &'s Stats, projects: &[Project]) -> Self {
        let containers: Vec<(&Identity, &[Sample])> = stats.containers().collect();
        let names: Vec<Names<'_>> = projects.iter().map(Names::of).collect();
        let is_certain = |identity: &Identity| names.iter().any(|names| names.certain(identity).is_some());
        let all = containers.iter().enumerate();
        let certain = all.filter(|(_, (identity, _))| is_certain(identity)).map(|(index, _)| index).collect();
        Self { containers, certain }
    }

    /// Sets the measurements of each service of a project.
    pub fn attach(&self, project: &mut Project) {
        let names = Names::of(project);
        let prefixes = prefixes(&names, &self.containers);
        let mut found: BTreeMap<usize, Vec<(&Identity, &[Sample])>> = BTreeMap::new();
        for (index, (identity, samples)) in self.containers.iter().enumerate() {
            let service = match self.certain.contains(&index) {
                true => names.certain(identity),
                false => best_match(project, &names, identity, &prefixes),
            };
            if let Some(service) = service {
                found.entry(service).or_default().push((identity, samples));
            }
        }
        for (service, containers) in found {
            if let Some(workload) = project.workloads.get_mut(service) {
                workload.measured = Measured::of(&containers);
            }
        }
    }
}

/// The names that a measurement may have for the services of a project.
#[derive(Default)]
struct Names<'p> {
    project: Option<&'p str>,
    services: HashMap<&'p str, Vec<usize>>,
    containers: HashMap<&'p str, usize>,
}

impl<'p> Names<'p> {
    fn of(project: &'p Project) -> Self {
        let mut names = Self { project: project.name.as_deref(), ..Self::default() };
        for (index, workload) in project.workloads.iter().enumerate() {
            if let Some(name) = workload.described().and_then(|described| described.container.as_ref()) {
                names.containers.entry(name).or_insert(index);
            }
            if !matches!(workload.kind, Kind::Service | Kind::Job) {
                continue;
            }
            names.services.entry(&workload.name).or_default().push(index);
            if let Some(name) = workload.service.container_name.value() {
                names.containers.entry(name).or_insert(index);
            }
        }
        names
    }

    /// Finds the service by labels, `container_name` or the project's name.
    fn certain(&self, identity: &Identity) -> Option<usize> {
        if let Some(service) = &identity.service {
            let other = identity.project.as_deref().zip(self.project).is_some_and(|(its, own)| its != own);
            let found = self.services.get(service.as_str()).filter(|_| !other);
            return found?.first().copied();
        }
        if let Some(index) = self.containers.get(identity.name.as_str()) {
            return Some(*index);
        }
        let own = self.project?;
        let mut candidates = self.candidates(&identity.name).into_iter();
        candidates.find(|(_, prefix)| *prefix == own).map(|(index, _)| index)
    }

    /// Returns the services that a name may be of, in order, with the prefix before each: `shop-web-1` of Compose, `shop_web_1`
    /// of docker-compose 1, `shop_web.1.x2k…` of Swarm, `web`, `web-7d4b9c6f5-x2v8q` and `web-0` of Kubernetes.
    fn candidates<'n>(&self, name: &'n str) -> BTreeMap<usize, &'n str> {
        let pod = name.split('/').next().unwrap_or(name);
        let starts = std::iter::once(0).chain(pod.match_indices(['-', '_']).map(|(at, _)| at + 1));
        // At most two parts follow the service's name.
        let separators = pod.rmatch_indices(['-', '_', '.']).map(|(at, _)| at).take(2);
        let ends: Vec<usize> =
            std::iter::once(pod.len()).chain(separators).filter(|end| is_number(&pod[*end..])).collect();
        let mut found = BTreeMap::new();
        for (start, end) in starts.flat_map(|start| ends.iter().map(move |end| (start, *end))) {
            let services = pod.get(start..end).and_then(|service| self.services.get(service));
            for index in services.into_iter().flatten() {
                found.entry(*index).or_insert_with(|| pod[..start].trim_end_matches(['-', '_']));
            }
        }
        found
    }
}

/// True for a container name's suffix after the service: a replica number or a generated hash.
fn is_number(rest: &str) -> bool {
    let mut parts = rest.split(['-', '_', '.']);
    // `-1` starts with a separator, so its first part is empty.
    if parts.next().is_some_and(|first| !first.is_empty()) {
        return false;
    }
    let parts: Vec<&str> = parts.collect();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let random =
        |part: &str| part.len() >= 5 && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    match parts[..] {
        [] => true,
        [number] => digits(number) || (random(number) && number.len() == 5),
        [first, second] => {
            (digits(first) && rest.starts_with('.')) || (random(first) && random(second) && second.len() == 5)
        }
        _ => false,
    }
}

/// Counts the containers that may belong to a project of each name.
fn prefixes(names: &Names<'_>, containers: &[(&Identity, &[Sample])]) -> HashMap<String, usize> {
    let mut counts = HashMap::default();
    for (identity, _) in containers {
        let found: HashSet<&str> = names.candidates(&identity.name).into_values().collect();
        for prefix in found {
            *counts.entry(prefix.to_owned()).or_default() += 1;
        }
    }
    counts
}

/// Finds a service by name alone: of several, the one whose prefix most containers share, then the longest name.
fn best_match(
    project: &Project,
    names: &Names<'_>,
    identity: &Identity,
    prefixes: &HashMap<String, usize>,
) -> Option<usize> {
    let length = |index: usize| project.workloads.get(index).map(|workload| workload.name.len());
    let candidates = names.candidates(&identity.name).into_iter();
    let best = candidates.max_by_key(|(index, prefix)| (prefixes.get(*prefix).copied(), length(*index)));
    best.map(|(index, _)| index)
}

impl Measured {
    /// Describes the basis of the measurement: `12 samples of 2 containers over 1 h 30 min`.
    #[must_use]
    pub fn evidence(&self) -> String {
        let samples =
            if self.samples == 1 { "1 sample".to_owned() } else { format!("{} samples", self.samples) };
        let of = match self.containers.as_slice() {
            [one] => format!("`{one}`"),
            several => format!("{} containers", several.len()),
        };
        match self.seconds.filter(|seconds| *seconds >= 1.0) {
            Some(seconds) => format!("{samples} of {of} over {}", duration(seconds)),
            None => format!("{samples} of {of}"),
        }
    }

    /// Describes the measured values in one line.
    #[must_use]
    pub fn describe(&self) -> String {
        let Self { base, typical, peak, .. } = self;
        let evidence = self.evidence();
        if self.samples == 1 {
            return format!("{peak}, {evidence}");
        }
        format!("minimum {base}, median {typical}, maximum {peak}, {evidence}")
    }

    /// Summarizes the samples of a service's containers; `None` without samples.
    fn of(containers: &[(&Identity, &[Sample])]) -> Option<Self> {
        let samples = || containers.iter().flat_map(|(_, samples)| *samples);
        let mut used: Vec<ByteSize> = samples().map(|sample| sample.used).collect();
        used.sort_unstable();
        let (base, peak) = (*used.first()?, *used.last()?);
        let typical = *used.get((used.len() - 1) / 2)?;
        let times: Option<Vec<f64>> = samples().map(|sample| sample.at).collect();
        let seconds = times.as_ref().and_then(|times| {
            let first = times.iter().copied().min_by(f64::total_cmp)?;
            let last = times.iter().copied().max_by(f64::total_cmp)?;
            Some(last - first)
        });
        let peaks =
            containers.iter().filter_map(|(_, samples)| samples.iter().map(|sample| sample.used.0).max());
        let together = match times {
            Some(_) => at_one_moment(samples()),
            None => peaks.fold(0_i64, i64::saturating_add),
        };
        Some(Self {
            containers: containers.iter().map(|(identity, _)| identity.name.clone()).collect(),
            samples: used.len(),
            seconds,
            base,
            typical,
            peak,
            together: ByteSize(together.max(peak.0)),
        })
    }
}

/// Formats a duration with its two largest units: `1 h 30 min`.
fn duration(seconds: f64) -> String {
    let units = [("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)];
    let mut rest = seconds.round() as i64;
    let mut parts = Vec::new();
    for (name, length) in units {
        let count = rest / length;
        rest %= length;
        if count > 0 {
            parts.push(format!("{count} {name}"));
        } else if !parts.is_empty() {
            break;
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

/// Returns the largest sum of samples with the same time.
fn at_one_moment<'s>(samples: impl Iterator<Item = &'s Sample>) -> i64 {
    let mut sums: HashMap<u64, i64> = HashMap::default();
    for sample in samples {
        let sum = sums.entry(sample.at.unwrap_or_default().to_bits()).or_default();
        *sum = sum.saturating_add(sample.used.0);
    }
    sums.into_values().max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Compares with a search for each service in the name.
        #[test]
        fn services_are_found_wherever_they_stand(
            services in proptest::collection::vec("[ab1]([-_.ab1]{0,3})", 1..6),
            name in "[-_.ab1]{0,8}(-x2v8q|[.]1[.]x2k9f8|-7d4b9c6f5-x2v8q|_1)?(/a)?",
        ) {
            let mut names = Names::default();
            for (index, service) in services.iter().enumerate() {
                names.services.entry(service).or_default().push(index);
            }
            let pod = name.split('/').next().unwrap();
            let expected = services.iter().enumerate().filter_map(|(index, service)| {
                // Matches may overlap.
                let places = (0..pod.len()).filter(|at| pod[*at..].starts_with(service.as_str()));
                let mut fitting = places.filter(|at| {
                    let before = pod[..*at].chars().next_back();
                    before.is_none_or(|c| matches!(c, '-' | '_')) && is_number(&pod[at + service.len()..])
                });
                Some((index, pod[..fitting.next()?].trim_end_matches(['-', '_'])))
            });
            prop_assert_eq!(names.candidates(&name), expected.collect());
        }
    }

    /// Returns the summary of the samples of containers: seconds and MiB.
    fn summary(containers: &[&[(Option<f64>, i64)]]) -> Measured {
        let all: Vec<(Identity, Vec<Sample>)> = containers
            .iter()
            .enumerate()
            .map(|(number, samples)| {
                let name = format!("shop-api-{}", number + 1);
                let samples =
                    samples.iter().map(|(at, mib)| Sample { at: *at, used: ByteSize(mib << 20) }).collect();
                (Identity { name, project: None, service: None }, samples)
            })
            .collect();
        let all: Vec<(&Identity, &[Sample])> =
            all.iter().map(|(identity, samples)| (identity, samples.as_slice())).collect();
        Measured::of(&all).unwrap()
    }

    #[test]
    fn measurements_are_described_with_their_samples() {
        for (containers, expected) in [
            (&[&[(None, 10)][..]][..], "10 MiB, 1 sample of `shop-api-1`"),
            (
                &[&[(None, 30), (None, 10), (None, 20), (None, 40)]],
                "minimum 10 MiB, median 20 MiB, maximum 40 MiB, 4 samples of `shop-api-1`",
            ),
            (
                &[&[(Some(5.0), 10)], &[(Some(5.0), 20)]],
                "minimum 10 MiB, median 10 MiB, maximum 20 MiB, 2 samples of 2 containers",
            ),
            (
                &[&[(Some(100.0), 10), (Some(5500.0), 30), (Some(50.0), 20)]],
                "minimum 10 MiB, median 20 MiB, maximum 30 MiB, 3 samples of `shop-api-1` over 1 h 30 min",
            ),
        ] {
            assert_eq!(summary(containers).describe(), expected);
        }
    }

    /// Containers share the host at one moment: their peaks count together only where nobody knows when they were.
    #[test]
    fn the_sum_is_that_of_one_moment() {
        let together = |containers: &[&[(Option<f64>, i64)]]| summary(containers).together.0 >> 20;
        let (one, two) = ([(Some(0.0), 10), (Some(9.0), 30)], [(Some(0.0), 40), (Some(9.0), 5)]);
        assert_eq!(together(&[&one, &two]), 50);
        assert_eq!(together(&[&one]), 30);
        assert_eq!(together(&[&[(None, 10), (None, 30)], &[(None, 40), (None, 5)]]), 70);
    }

    #[test]
    fn durations_have_their_two_largest_units() {
        for (seconds, expected) in [
            (1.0, "1 s"),
            (59.4, "59 s"),
            (59.6, "1 min"),
            (61.0, "1 min 1 s"),
            (3600.0, "1 h"),
            (3601.0, "1 h"),
            (5400.0, "1 h 30 min"),
            (5430.0, "1 h 30 min"),
            (86_400.0, "1 d"),
            (90_000.0, "1 d 1 h"),
            (200_000.0, "2 d 7 h"),
        ] {
            assert_eq!(duration(seconds), expected, "{seconds}");
        }
    }

    #[test]
    fn what_may_follow_a_name() {
        for rest in [
            "",
            "-1",
            "_12",
            ".1.x2k9f8s7d6a5q4w3e2r1",
            "-0",
            "-7d4b9c6f5-x2v8q",
            "-x2v8q",
            "-abcde-x2v8q",
            ".1.x",
            ".12",
            "-123456",
        ] {
            assert!(is_number(rest), "{rest}");
        }
        for rest in [
            "x",
            "-api-1",
            "s-1",
            "-",
            "-run-1a2b3c",
            "-1-2-3",
            "-Backend",
            "-Admin",
            "-web",
            "-webs",
            "-websit",
            "-1.2",
            "-abcd-x2v8q",
            "-abcde-x2v8",
            "-abcde-x2v8q9",
            "-Abcde-x2v8q",
            "-abcde-X2v8q",
            "--1",
            "-1-",
        ] {
            assert!(!is_number(rest), "{rest}");
        }
    }
}
