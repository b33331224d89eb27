//! Checks the law for one project: follows each advice, and compares findings and resolved stacks with those before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Mutex;

use serde_json::Value;

use super::oracle::in_short;
use super::paste::{self, Miss};
use super::program::{Desk, Edit, Finding, Target, compose};
use super::project::{Project, Stack};
use super::snippet::{self, Snippet};
use super::tally::{Tally, Violation};
use super::yaml::Doc;

/// Rule, service and file of a warning or an error.
type Key = (String, Option<String>, String);
type Keys = BTreeMap<Key, Vec<String>>;
pub type Files = BTreeMap<String, String>;
type Variables = [(String, String)];

/// How much advice of a project is followed.
#[derive(Clone, Copy, Debug)]
pub struct Depth {
    /// Maximum number of pasted helps.
    pub most: usize,
    /// Maximum number of findings per rule and kind of help.
    pub of_a_kind: usize,
    /// True if a help counts as followed once it was pasted into an equal service of another project.
    pub once: bool,
    /// True if Docker Compose is run.
    pub oracle: bool,
}

impl Depth {
    /// Follows all advice.
    pub const ALL: Self = Self { most: usize::MAX, of_a_kind: usize::MAX, once: false, oracle: true };
}

/// Keys of limits.
const LIMITS: [&str; 8] = [
    "mem_limit",
    "mem_reservation",
    "memswap_limit",
    "mem_swappiness",
    "cpus",
    "pids_limit",
    "shm_size",
    "logging",
];
/// Keys whose values may contain limits.
const SETS: [&str; 4] = ["deploy", "extends", "<<", "tmpfs"];
/// Keys that no advice concerns.
const OTHER: [&str; 8] =
    ["ports", "volumes", "depends_on", "labels", "networks", "container_name", "hostname", "links"];

/// A fix or help, and the files after following it.
pub struct Offered<'f> {
    pub finding: &'f Finding,
    /// `help`, `fix` or `safe fix`.
    pub by: &'static str,
    pub text: String,
    pub edits: Vec<Edit>,
    pub files: Files,
}

/// State of checking one project, with the results before any change.
pub struct Judge<'p> {
    pub project: &'p Project,
    pub target: Target,
    pub desk: Desk,
    pub depth: Depth,
    /// Advice followed in other projects, if it does not depend on their other files.
    seen: &'p Mutex<HashSet<String>>,
    /// Runs of the linter: the named files, and whether variables have other values.
    runs: Vec<(Vec<String>, bool)>,
    before: Vec<Keys>,
    /// Stacks that Docker Compose accepts, and whether variables have other values.
    pub taken: Vec<(&'p Stack, bool)>,
    pub facts: HashMap<(usize, bool), Value>,
    pub tally: Tally,
}

/// Checks the law for one project.
pub fn judge(
    part: &str,
    project: &Project,
    target: Target,
    mut depth: Depth,
    seen: &Mutex<HashSet<String>>,
) -> Tally {
    depth.oracle &= compose().is_some();
    let desk = Desk::new(target, &project.options);
    desk.write_all(project.neighbours.iter().chain(&project.files));
    let mut runs = vec![(Vec::new(), false)];
    if !project.raised.is_empty() {
        runs.push((Vec::new(), true));
    }
    let several = project.stacks.iter().filter(|stack| stack.files.len() > 1);
    runs.extend(several.map(|stack| (stack.files.clone(), false)));
    let mut judge = Judge {
        project,
        target,
        desk,
        depth,
        seen,
        runs,
        before: Vec::new(),
        taken: Vec::new(),
        facts: HashMap::new(),
        tally: Tally::new(part, target),
    };
    judge.run();
    judge.tally
}

impl Judge<'_> {
    fn run(&mut self) {
        let findings = self.desk.lint(&[], &[]);
        self.tally.projects += 1;
        self.tally.findings += findings.len();
        let findings: Vec<&Finding> =
            findings.iter().filter(|finding| self.project.files.contains_key(&finding.place.file)).collect();
        if findings.iter().all(|finding| finding.help.is_none() && finding.fixes.is_empty()) {
            return;
        }
        self.before = (0..self.runs.len()).map(|run| self.keys(run)).collect();
        for (index, stack) in self.project.stacks.iter().enumerate() {
            for raised in [false, true] {
                if !self.depth.oracle || (raised && self.project.raised.is_empty()) {
                    continue;
                }
                if self.asked(stack, raised, false).is_ok() {
                    self.taken.push((&self.project.stacks[index], raised));
                }
            }
        }
        let offered = self.offered(&findings);
        for one in &offered {
            self.lint_again(one);
        }
        let refused = self.refused(&offered.iter().collect::<Vec<_>>());
        for (one, words) in refused {
            self.violation(one, format!("Compose rejects: {}", in_short(&words)), words);
        }
        for one in offered.iter().filter(|one| one.by == "safe fix") {
            self.same_facts(one);
        }
        if findings.iter().any(|finding| !finding.fixes.is_empty()) {
            self.all_together(&findings);
        }
    }

    /// Returns all fixes and helps of the findings, as changed files. Counts those that cannot be followed.
    fn offered<'f>(&mut self, findings: &[&'f Finding]) -> Vec<Offered<'f>> {
        let mut offered = Vec::new();
        let mut seen: HashMap<(String, String), usize> = HashMap::new();
        let mut alike = BTreeSet::new();
        for finding in findings {
            let kind =
                finding.help.as_deref().unwrap_or_default().lines().nth(1).unwrap_or_default().to_owned();
            let count = seen.entry((finding.rule.clone(), kind)).or_default();
            *count += 1;
            if *count > self.depth.of_a_kind {
                continue;
            }
            for fix in &finding.fixes {
                self.tally.fixes += 1;
                let by = if fix.safe { "safe fix" } else { "fix" };
                let one = paste::apply(self.project, &fix.edits).map(|files| Offered {
                    finding,
                    by,
                    text: fix.title.clone(),
                    edits: fix.edits.clone(),
                    files,
                });
                offered.extend(one);
            }
            let Some(help) = &finding.help else { continue };
            let offer = snippet::read(help);
            if offer.ways.is_empty() {
                let count = if offer.blank { &mut self.tally.blank } else { &mut self.tally.prose };
                *count.entry(finding.rule.clone()).or_default() += 1;
            }
            for way in &offer.ways {
                let (shape, plain) = self.shape(finding, help, way);
                let alone =
                    self.depth.once && self.project.stacks.len() == 1 && self.project.raised.is_empty();
                let other = ["build:", "env_file:", "extends:", "$"].iter().any(|word| shape.contains(word));
                let known = if alone && (plain || !other) {
                    !self.seen.lock().unwrap().insert(shape)
                } else {
                    !alike.insert(shape)
                };
                if known {
                    self.tally.alike += 1;
                    continue;
                }
                if self.tally.pasted >= self.depth.most {
                    continue;
                }
                let mut one = Offered {
                    finding,
                    by: "help",
                    text: help.clone(),
                    edits: Vec::new(),
                    files: Files::new(),
                };
                match paste::paste(self.project, finding, way) {
                    Ok(pasted) => {
                        self.tally.pasted += 1;
                        if !pasted.drops.is_empty() {
                            self.violation(&one, "flags are lost".to_owned(), pasted.drops.join(" "));
                        }
                        let Some(files) = paste::apply(self.project, &pasted.edits) else { continue };
                        (one.edits, one.files) = (pasted.edits, files);
                        offered.push(one);
                    }
                    Err(Miss::Form) => self.violation(&one, "another file's form".to_owned(), String::new()),
                    Err(Miss::Nowhere) => {
                        *self.tally.nowhere.entry(finding.rule.clone()).or_default() += 1;
                        let place =
                            format!("{}: {}:{}", self.project.name, finding.place.file, finding.place.line);
                        self.tally.lost.entry(finding.rule.clone()).or_insert(format!("{place}\n{help}"));
                    }
                }
            }
        }
        offered
    }

    /// Describes all that the result of pasting depends on, so that a line is pasted only once into services that are equal in
    /// all files. True if that is only the limits of the service.
    fn shape(&self, finding: &Finding, help: &str, way: &[Snippet]) -> (String, bool) {
        let place = &finding.place.file;
        let Some(name) = finding.service.as_ref().filter(|_| self.project.is_compose(place)) else {
            return (format!("{}:{} {help}{way:?}", place, finding.place.range.start), false);
        };
        let keys = |text: &str| text.lines().all(|line| LIMITS.iter().any(|key| line.starts_with(key)));
        let plain =
            matches!(way, [Snippet::Yaml(text)] if keys(text) && finding.rule != "missing-memory-limit");
        let mut shape = format!("{:?} {place} {}{help}{way:?}", self.target, finding.rule);
        for (file, text) in self.project.files.iter().filter(|(file, _)| self.project.is_compose(file)) {
            let doc = Doc::new(text);
            let Some((_, service)) = doc.service(name) else { continue };
            shape += &format!("\n{file} {}", doc.written(service).starts_with('{'));
            for (key, value) in doc.pairs(doc.real(service)) {
                let key = doc.scalar(*key).unwrap_or_default();
                let counts =
                    if plain { LIMITS.contains(&key) || SETS.contains(&key) } else { !OTHER.contains(&key) };
                if counts {
                    shape += &format!(" {key}: {}", doc.written(*value));
                }
            }
        }
        (shape, plain)
    }

    pub fn environment(&self, raised: bool) -> &Variables {
        if raised { &self.project.raised } else { &[] }
    }

    fn keys(&self, run: usize) -> Keys {
        let (files, raised) = &self.runs[run];
        let mut keys = Keys::new();
        for finding in self.desk.lint(files, self.environment(*raised)) {
            if finding.severity != "note" {
                let place = finding.place;
                let key = (finding.rule, finding.service, place.file);
                let words = format!("{} ({}:{})", finding.message.replace('\n', " "), key.2, place.line);
                keys.entry(key).or_default().push(words);
            }
        }
        keys
    }

    /// Calls `ask` with the files changed, and restores them.
    pub fn with<T>(&self, files: &Files, ask: impl FnOnce(&Self) -> T) -> T {
        self.desk.write_all(files);
        let answer = ask(self);
        self.restore(files.keys());
        answer
    }

    fn restore<'k>(&self, files: impl Iterator<Item = &'k String>) {
        for path in files {
            match self.project.text(path) {
                Some(text) => self.desk.write(path, text),
                None => self.desk.remove(path),
            }
        }
    }

    /// Returns the rules with new findings, with the message of one finding each.
    fn new_findings(&self) -> BTreeMap<String, String> {
        let mut new = BTreeMap::new();
        for run in 0..self.runs.len() {
            for (key, words) in self.keys(run) {
                let before = self.before[run].get(&key).map_or(&[][..], Vec::as_slice);
                // What a comment suppresses in the base file may be mended in a stack.
                let mended = key.0 == "unused-suppression" && !self.runs[run].0.is_empty();
                if words.len() > before.len() && !mended {
                    let new_words = words.iter().find(|words| !before.contains(words)).or(words.last());
                    let words = new_words.map_or("", String::as_str);
                    let (files, raised) = &self.runs[run];
                    let stack =
                        if files.is_empty() { String::new() } else { format!(" with {}", files.join(" + ")) };
                    let values = if *raised { " with other values" } else { "" };
                    new.entry(key.0).or_insert(format!("{words}{stack}{values}"));
                }
            }
        }
        new
    }

    fn lint_again(&mut self, one: &Offered<'_>) {
        let new = self.with(&one.files, Self::new_findings);
        for (rule, words) in new {
            self.violation(one, rule, words);
        }
    }

    /// Checks `--fix` with and without `--unsafe-fixes`, `--diff`, and a second run.
    fn all_together(&mut self, findings: &[&Finding]) {
        let fixing = ["--fix", "--unsafe-fixes", "--quiet", "."];
        let any_safe = findings.iter().any(|finding| finding.fixes.iter().any(|fix| fix.safe));
        for safe in [false, true].into_iter().take(1 + usize::from(any_safe)) {
            let fixing: Vec<&str> =
                fixing.iter().filter(|word| !(safe && **word == "--unsafe-fixes")).copied().collect();
            let showing: Vec<&str> =
                fixing.iter().map(|word| if *word == "--fix" { "--diff" } else { word }).collect();
            let showing: Vec<&str> = showing.into_iter().filter(|word| *word != "--quiet").collect();
            let shown = self.desk.oomlint(&showing, &[]);
            let fixed = self.desk.oomlint(&fixing, &[]);
            let new: Files = self
                .project
                .files
                .keys()
                .map(|path| (path.clone(), self.desk.read(path)))
                .filter(|(path, text)| self.project.files[path] != *text)
                .collect();
            if new.is_empty() {
                self.restore(self.project.files.keys());
                if shown.status.code() == Some(1) && !shown.stdout.is_empty() && safe {
                    self.bare_violation("--diff", "shows what --fix does not do", String::new());
                }
                continue;
            }
            self.tally.fixed_projects += usize::from(!safe);
            let by = if safe { "--fix" } else { "--fix --unsafe-fixes" };
            if fixed.status.code() == Some(2) {
                let words = String::from_utf8_lossy(&fixed.stderr).into_owned();
                self.bare_violation(by, "exit code 2", words);
            }
            for (rule, words) in self.new_findings() {
                self.bare_violation(by, &rule, words);
            }
            if let Some(words) = self.refusal(&new) {
                let kind = format!("Compose rejects: {}", in_short(&words));
                self.bare_violation(by, &kind, words);
            }
            self.desk.oomlint(&fixing, &[]);
            if let Some((path, _)) = new.iter().find(|(path, text)| self.desk.read(path) != **text) {
                self.bare_violation(by, "a second run changes something", path.clone());
            }
            self.desk.write_all(&self.project.files);
            // A patch that `git apply` would reject is not printed, but reported on standard error.
            if !shown.stdout.is_empty() || shown.stderr.is_empty() {
                let wrong = match self.desk.patch(&shown.stdout) {
                    Ok(()) => new
                        .iter()
                        .find(|(path, text)| self.desk.read(path) != **text)
                        .map(|(path, _)| path.clone()),
                    Err(words) => Some(words),
                };
                if let Some(words) = wrong {
                    self.bare_violation("--diff", "applied, it is not what --fix writes", words);
                }
            }
            self.desk.write_all(&self.project.files);
        }
    }

    pub fn violation(&mut self, one: &Offered<'_>, came: String, words: String) {
        let finding = one.finding;
        let service = finding.service.as_deref().unwrap_or("-");
        let place = format!("{}:{} {service}", finding.place.file, finding.place.line);
        self.add(finding.rule.clone(), one.by, came, format!("{place}\n{}", one.text), words);
    }

    fn bare_violation(&mut self, by: &'static str, came: &str, words: String) {
        self.add("(all)".to_owned(), by, came.to_owned(), String::new(), words);
    }

    fn add(&mut self, rule: String, by: &'static str, came: String, offered: String, words: String) {
        self.tally.violations.push(Violation {
            rule,
            by,
            came,
            target: self.target,
            project: self.project.name.clone(),
            size: self.project.size(),
            offered,
            words,
        });
    }
}
