//! Statistics of followed advice, and its violations of the law.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::program::Target;

/// Violation of the law.
#[derive(Debug)]
pub struct Violation {
    /// Rule that gave the advice.
    pub rule: String,
    /// `help`, `fix`, `safe fix`, or a command-line option.
    pub by: &'static str,
    /// Rule with the new finding, or another kind of violation.
    pub came: String,
    pub target: Target,
    pub project: String,
    pub size: usize,
    /// Location and text of the advice.
    pub offered: String,
    pub words: String,
}

/// Statistics of one part for one target.
#[derive(Debug)]
pub struct Tally {
    pub part: String,
    pub target: Target,
    pub projects: usize,
    pub findings: usize,
    pub pasted: usize,
    /// Helps that were not pasted, since an equal one was.
    pub alike: usize,
    pub fixes: usize,
    /// Projects in which `--fix --unsafe-fixes` changes something.
    pub fixed_projects: usize,
    /// Runs of Docker Compose.
    pub asked: usize,
    /// Helps with nothing to paste, by rule.
    pub prose: BTreeMap<String, usize>,
    /// Helps with a blank to fill in, by rule.
    pub blank: BTreeMap<String, usize>,
    /// Helps without a position to paste them, by rule.
    pub nowhere: BTreeMap<String, usize>,
    /// Example of `nowhere`, by rule.
    pub lost: BTreeMap<String, String>,
    pub violations: Vec<Violation>,
}

impl Tally {
    pub fn new(part: &str, target: Target) -> Self {
        Self {
            part: part.to_owned(),
            target,
            projects: 0,
            findings: 0,
            pasted: 0,
            alike: 0,
            fixes: 0,
            fixed_projects: 0,
            asked: 0,
            prose: BTreeMap::new(),
            blank: BTreeMap::new(),
            nowhere: BTreeMap::new(),
            lost: BTreeMap::new(),
            violations: Vec::new(),
        }
    }

    fn add(&mut self, other: Self) {
        self.projects += other.projects;
        self.findings += other.findings;
        self.pasted += other.pasted;
        self.alike += other.alike;
        self.fixes += other.fixes;
        self.fixed_projects += other.fixed_projects;
        self.asked += other.asked;
        let lists = [
            (&mut self.prose, other.prose),
            (&mut self.blank, other.blank),
            (&mut self.nowhere, other.nowhere),
        ];
        for (mine, others) in lists {
            others.into_iter().for_each(|(rule, count)| *mine.entry(rule).or_default() += count);
        }
        for (rule, example) in other.lost {
            self.lost.entry(rule).or_insert(example);
        }
        self.violations.extend(other.violations);
    }
}

/// Adds up the tallies of the same part and target.
pub fn sums(tallies: impl IntoIterator<Item = Tally>) -> Vec<Tally> {
    let mut sums: Vec<Tally> = Vec::new();
    for tally in tallies {
        match sums.iter_mut().find(|sum| sum.part == tally.part && sum.target == tally.target) {
            Some(sum) => sum.add(tally),
            None => sums.push(tally),
        }
    }
    sums
}

/// Counts the offers with violations, each once.
fn offers(violations: &[Violation]) -> usize {
    let mut seen: Vec<(&str, &str, &str, &str)> =
        violations.iter().map(|one| (&*one.project, &*one.rule, one.by, &*one.offered)).collect();
    seen.sort_unstable();
    seen.dedup();
    seen.len()
}

/// Formats a table of the parts, one of the violations, and the smallest examples of each kind.
pub fn report(sums: &[Tally], examples: usize) -> String {
    let mut out = String::new();
    writeln!(
        out,
        "{:<10} {:<8} {:>8} {:>8} {:>7} {:>6} {:>6} {:>8} {:>6} {:>6} {:>7} {:>6} {:>10} {:>6}",
        "part",
        "target",
        "projects",
        "findings",
        "pasted",
        "alike",
        "fixes",
        "--fix in",
        "prose",
        "blank",
        "nowhere",
        "asked",
        "violations",
        "offers"
    )
    .unwrap();
    for sum in sums {
        let count = |list: &BTreeMap<String, usize>| list.values().sum::<usize>();
        writeln!(
            out,
            "{:<10} {:<8} {:>8} {:>8} {:>7} {:>6} {:>6} {:>8} {:>6} {:>6} {:>7} {:>6} {:>10} {:>6}",
            sum.part,
            sum.target.name(),
            sum.projects,
            sum.findings,
            sum.pasted,
            sum.alike,
            sum.fixes,
            sum.fixed_projects,
            count(&sum.prose),
            count(&sum.blank),
            count(&sum.nowhere),
            sum.asked,
            sum.violations.len(),
            offers(&sum.violations)
        )
        .unwrap();
    }
    let mut without: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for sum in sums {
        for (at, list) in [&sum.prose, &sum.blank, &sum.nowhere].into_iter().enumerate() {
            list.iter().for_each(|(rule, count)| without.entry(rule).or_default()[at] += count);
        }
    }
    writeln!(out, "\nhelps that are not pasted: of words alone, with a blank, without a place").unwrap();
    for (rule, [prose, blank, nowhere]) in without {
        writeln!(out, "  {rule:<32} {prose:>6} {blank:>6} {nowhere:>6}").unwrap();
    }
    if examples > 0 {
        let lost: BTreeMap<_, _> = sums.iter().rev().flat_map(|sum| &sum.lost).collect();
        for (rule, example) in lost {
            writeln!(out, "  without a place, {rule}: {}", example.replace('\n', "\n    | ")).unwrap();
        }
    }
    kinds(&mut out, sums, examples);
    out
}

fn kinds(out: &mut String, sums: &[Tally], examples: usize) {
    type Kind<'v> = (&'v str, &'v str, &'v str);
    let mut kinds: BTreeMap<Kind<'_>, BTreeMap<(&str, Target), Vec<&Violation>>> = BTreeMap::new();
    for sum in sums {
        for one in &sum.violations {
            let kind = kinds.entry((&one.rule, one.by, &one.came)).or_default();
            kind.entry((&sum.part, sum.target)).or_default().push(one);
        }
    }
    writeln!(out, "\nviolations: the rule, what was followed -> what came").unwrap();
    for ((rule, by, came), places) in &kinds {
        let total: usize = places.values().map(Vec::len).sum();
        let parts: Vec<String> = places
            .iter()
            .map(|((part, target), found)| format!("{part}/{} {}", target.name(), found.len()))
            .collect();
        writeln!(out, "  {total:>5}  {rule}, {by} -> {came}: {}", parts.join(", ")).unwrap();
    }
    if examples == 0 || kinds.is_empty() {
        return;
    }
    writeln!(out, "\nthe smallest of each").unwrap();
    for ((rule, by, came), places) in &kinds {
        writeln!(out, "\n## {rule}, {by} -> {came}").unwrap();
        let mut found: Vec<&&Violation> = places.values().flatten().collect();
        found.sort_by_key(|one| (one.size, &one.project, &one.offered));
        found.dedup_by_key(|one| &one.project);
        for one in found.iter().take(examples) {
            let offered = one.offered.replace('\n', "\n      | ");
            writeln!(
                out,
                "- {} ({} bytes, {})\n      {offered}\n      => {}",
                one.project,
                one.size,
                one.target.name(),
                one.words
            )
            .unwrap();
        }
    }
}
