//! Part of the law that needs Docker Compose: it accepts what it accepted, and safe fixes do not change other facts.

use std::collections::BTreeSet;

use serde_json::Value;

use super::law::{Files, Judge, Offered};
use super::paste;
use super::program::Edit;
use super::project::Stack;
use super::yaml::Doc;

impl Judge<'_> {
    pub fn asked(&self, stack: &Stack, raised: bool, facts: bool) -> Result<Value, String> {
        self.desk.resolve(&stack.files, self.environment(raised), facts)
    }

    /// Returns the error of Docker Compose if it rejects a stack that it accepted before.
    pub fn refusal(&self, files: &Files) -> Option<String> {
        let read = |stack: &Stack| files.keys().any(|file| stack.reaches.contains(file));
        let stacks = self.taken.iter().filter(|(stack, _)| read(stack));
        let mut asked = stacks.map(|(stack, raised)| (stack, self.asked(stack, *raised, false)));
        asked.find_map(|(stack, answer)| Some(format!("{} ({})", answer.err()?, stack.files.join(" + "))))
    }

    /// Returns the offers that Docker Compose rejects. Many are applied together, and bisected only if it rejects them.
    pub fn refused<'o, 'f>(&mut self, offered: &[&'o Offered<'f>]) -> Vec<(&'o Offered<'f>, String)> {
        if !self.depth.oracle {
            return Vec::new();
        }
        let mut refused: Vec<(&'o Offered<'f>, String)> = Vec::new();
        let mut left: Vec<&Offered<'f>> =
            offered.iter().copied().filter(|one| one.files.keys().any(|file| self.matters(file))).collect();
        while !left.is_empty() {
            let (mut group, mut rest, mut taken) = (Vec::new(), Vec::new(), BTreeSet::new());
            for one in left {
                let keys = places(one);
                if keys.iter().any(|key| taken.contains(key)) {
                    rest.push(one);
                } else {
                    taken.extend(keys);
                    group.push(one);
                }
            }
            for stack in 0..self.taken.len() {
                let read = |one: &&&Offered<'f>| {
                    one.files.keys().any(|file| self.taken[stack].0.reaches.contains(file))
                };
                let known =
                    |one: &&&Offered<'f>| !refused.iter().any(|(known, _)| std::ptr::eq(*known, **one));
                let members: Vec<_> = group.iter().filter(read).filter(known).copied().collect();
                self.halve(&members, stack, &mut refused);
            }
            left = rest;
        }
        refused
    }

    fn halve<'o, 'f>(
        &mut self,
        group: &[&'o Offered<'f>],
        stack: usize,
        refused: &mut Vec<(&'o Offered<'f>, String)>,
    ) {
        if group.is_empty() {
            return;
        }
        let edits: Vec<Edit> = group.iter().flat_map(|one| one.edits.clone()).collect();
        let words = match paste::apply(self.project, &edits) {
            Some(files) => {
                self.tally.asked += 1;
                let (stack, raised) = self.taken[stack];
                let answer = self.with(&files, |judge| judge.asked(stack, raised, false));
                answer.err().map(|words| format!("{words} ({})", stack.files.join(" + ")))
            }
            None if group.len() == 1 => return,
            None => Some(String::new()),
        };
        match (words, group) {
            (None, _) => {}
            (Some(words), [one]) => refused.push((one, words)),
            (Some(_), _) => {
                let (left, right) = group.split_at(group.len() / 2);
                self.halve(left, stack, refused);
                self.halve(right, stack, refused);
            }
        }
    }

    /// True for files that Docker Compose reads.
    fn matters(&self, file: &str) -> bool {
        !self.project.is_dockerfile(file) && self.taken.iter().any(|(stack, _)| stack.reaches.contains(file))
    }

    /// Checks that a safe fix changes only the key of its finding in any stack.
    pub fn same_facts(&mut self, one: &Offered<'_>) {
        if !self.depth.oracle {
            return;
        }
        let mut words: BTreeSet<String> = BTreeSet::new();
        for edit in &one.edits {
            let text = self.project.text(&edit.file).unwrap_or_default();
            let old = text.get(edit.range.clone()).unwrap_or_default();
            let path = Doc::new(text);
            let keys = path.path(edit.range.start);
            words.extend(keys.iter().filter_map(|(key, _)| Some(path.scalar(*key)?.to_owned())));
            let names = |text: &str| -> Vec<String> {
                text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
            };
            words.extend(names(old).into_iter().chain(names(&edit.text)));
        }
        words.remove("services");
        words.extend(one.finding.service.iter().map(|_| String::new()));
        for index in 0..self.taken.len() {
            let (stack, raised) = self.taken[index];
            if !one.files.keys().any(|file| stack.reaches.contains(file)) {
                continue;
            }
            if !self.facts.contains_key(&(index, raised)) {
                let facts = self.asked(stack, raised, true).unwrap_or_default();
                self.facts.insert((index, raised), facts);
            }
            let new = self.with(&one.files, |judge| judge.asked(stack, raised, true));
            let (Ok(new), Some(old)) = (new, self.facts.get(&(index, raised))) else { continue };
            let mut paths = Vec::new();
            differences(old, &new, &mut Vec::new(), &mut paths);
            // `x-` sections only hold anchors.
            paths.retain(|path| path.first().is_none_or(|key| !key.starts_with("x-")));
            let other = |path: &&Vec<String>| {
                let inner = path.get(2..).unwrap_or_default();
                let service = path.get(1);
                let known = inner.iter().any(|key| words.contains(key));
                !known || (one.finding.service.is_some() && service != one.finding.service.as_ref())
            };
            if let Some(path) = paths.iter().find(other) {
                let words = format!("{} ({})", path.join("."), stack.files.join(" + "));
                self.violation(one, "other facts".to_owned(), words);
                return;
            }
        }
    }
}

/// Returns the services and keys that an offer changes, so that no two of a group change the same one, in either spelling.
fn places(one: &Offered<'_>) -> Vec<(String, Option<String>, String)> {
    let flat = ["mem_limit", "mem_reservation", "memswap_limit", "cpus", "pids_limit"];
    let block = ["deploy", "resources", "limits", "reservations", "memory", "pids"];
    let mut places = Vec::new();
    for edit in &one.edits {
        let mut place =
            |key: &str| places.push((edit.file.clone(), one.finding.service.clone(), key.to_owned()));
        let key = edit.text.trim_start().split(':').next().unwrap_or_default();
        if !edit.range.is_empty() {
            place(&edit.range.start.to_string());
        } else if block.contains(&key) {
            flat.iter().for_each(|key| place(key));
        }
        place(key);
    }
    places
}

/// Shortens an error to its kind, without names and numbers.
pub fn in_short(words: &str) -> String {
    let words = words.split(" (").next().unwrap_or_default();
    let kinds = [
        "can't set distinct values",
        "mapping key",
        "must be a",
        "must be",
        "did not find expected",
        "Additional property",
        "additional properties",
        "unexpected type",
        "could not find expected",
        "no such file",
        "not found",
        "invalid",
        "mapping values are not allowed",
        "anchor",
        "duplicate",
        "non-unique",
        "not a valid",
    ];
    let found = kinds.iter().find(|kind| words.contains(**kind));
    found.map_or_else(|| words.chars().take(60).collect(), |kind| (*kind).to_owned())
}

fn differences(old: &Value, new: &Value, at: &mut Vec<String>, out: &mut Vec<Vec<String>>) {
    match (old, new) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                at.push(key.clone());
                differences(a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null), at, out);
                at.pop();
            }
        }
        (Value::Object(a), Value::Null) | (Value::Null, Value::Object(a)) => {
            for (key, value) in a {
                at.push(key.clone());
                differences(value, &Value::Null, at, out);
                at.pop();
            }
        }
        _ if old != new => out.push(at.clone()),
        _ => {}
    }
}
