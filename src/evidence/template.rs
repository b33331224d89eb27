//! Reads what a template of the user prints of containers: `/shop-web-1 OOMKilled=true ExitCode=137`.

use super::cgroup::ContainerId;
use super::inspected::Inspected;
use super::name::{Name, is_name};
use crate::source::{Span, Spanned, head};

/// Reads lines one after another: a container has one line, or one for each value.
#[derive(Debug, Default)]
pub(super) struct Templates {
    done: Vec<Inspected>,
    /// The container that is being read, and the keys that it has.
    open: Inspected,
    keys: Vec<&'static str>,
    /// The containers that are not kept.
    left_out: usize,
}

const NAME: &str = "Name";
const OOM_KILLED: &str = "OOMKilled";
const EXIT_CODE: &str = "ExitCode";
const MEMORY: &str = "Memory";
const MEMORY_SWAP: &str = "MemorySwap";
const RESTARTS: &str = "RestartCount";

/// Keys as they are written, and what they are of a container.
const KEYS: [(&str, &str); 8] = [
    ("Name", NAME),
    ("Names", NAME),
    ("OOMKilled", OOM_KILLED),
    ("ExitCode", EXIT_CODE),
    ("Memory", MEMORY),
    ("MemLimit", MEMORY),
    ("MemorySwap", MEMORY_SWAP),
    ("RestartCount", RESTARTS),
];

/// The most bytes of a line that are looked at.
const LONGEST: usize = 2048;

/// The most containers that are kept.
const MOST: usize = 10_000;

/// The fewest digits of a word that is an ID, and no name.
const ID_DIGITS: usize = 12;

impl Templates {
    /// Reads one line.
    pub(super) fn line(&mut self, text: &str, span: Span) {
        let words = || head(text, LONGEST).split([' ', ',', '\t']).filter(|word| !word.is_empty());
        let pairs: Vec<(&'static str, &str)> = words().filter_map(pair).collect();
        if pairs.iter().all(|(key, _)| *key == NAME) {
            return;
        }
        let before: Vec<&str> = words().take_while(|word| !word.contains('=')).collect();
        let written = pairs.iter().find(|(key, _)| *key == NAME).and_then(|(_, value)| named(&[value]));
        let name = written.or_else(|| named(&before));
        if name.as_ref().is_some_and(|name| *name != self.open.name) && !self.keys.is_empty() {
            self.close();
        }
        for (key, value) in pairs.into_iter().filter(|(key, _)| *key != NAME) {
            if self.keys.contains(&key) {
                self.close();
            }
            if let Some(name) = name.clone().filter(|_| self.keys.is_empty()) {
                self.open.name = name;
            }
            self.keys.push(key);
            self.set(key, value, span);
        }
    }

    fn set(&mut self, key: &str, value: &str, span: Span) {
        let number = || value.parse::<i64>().ok().map(|number| Spanned::new(number, span));
        match key {
            OOM_KILLED => {
                let flag = ["true", "false"].into_iter().find(|flag| value.eq_ignore_ascii_case(flag));
                self.open.oom_killed = flag.map(|flag| Spanned::new(flag == "true", span));
            }
            EXIT_CODE => self.open.exit_code = number(),
            MEMORY => self.open.memory = number(),
            MEMORY_SWAP => self.open.memory_swap = number(),
            RESTARTS => self.open.restarts = number(),
            _ => {}
        }
    }

    fn close(&mut self) {
        self.keys.clear();
        let open = std::mem::take(&mut self.open);
        if open.oom_killed.is_none() && open.exit_code.is_none() {
            return;
        }
        if self.done.len() < MOST {
            self.done.push(open);
        } else {
            self.left_out += 1;
        }
    }

    /// Returns what was read, and the number of containers that were not kept.
    pub(super) fn finish(mut self) -> (Vec<Inspected>, usize) {
        self.close();
        (self.done, self.left_out)
    }
}

/// Splits `.State.ExitCode=137`.
fn pair(word: &str) -> Option<(&'static str, &str)> {
    let (key, value) = word.split_once('=')?;
    let key = key.rsplit('.').next().unwrap_or(key);
    KEYS.iter().find(|(written, _)| *written == key).map(|(_, key)| (*key, value))
}

/// Returns the container before the values: the only word there, or one with the slash of the API.
fn named(before: &[&str]) -> Option<Name> {
    let mut words = before.iter().map(|word| word.trim_end_matches(':'));
    let mut words = words.by_ref().filter(|word| word.contains(|c: char| c.is_ascii_alphanumeric()));
    let (first, last) = (words.next()?, words.last());
    let word = last.map_or(Some(first), |last| last.starts_with('/').then_some(last))?;
    let word = word.trim_start_matches('/');
    let id = ContainerId::parse(word).filter(|id| id.digits() >= ID_DIGITS);
    match id {
        Some(_) => Some(Name { id, ..Name::default() }),
        None => is_name(word).then(|| Name { name: Some(word.to_owned()), ..Name::default() }.tidy()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::source::Sources;

    fn read(text: &str) -> Vec<(Option<String>, Option<bool>, Option<i64>)> {
        let sources = Sources::new();
        let span = sources.get(sources.add(Path::new("a"), text)).span();
        let mut templates = Templates::default();
        text.lines().for_each(|line| templates.line(line, span));
        let values = |own: Inspected| {
            (own.name.name, own.oom_killed.map(|flag| flag.value), own.exit_code.map(|code| code.value))
        };
        templates.finish().0.into_iter().map(values).collect()
    }

    #[test]
    fn every_container_of_a_template_is_its_own() {
        let own = |name: &str, killed, code| (Some(name.to_owned()), Some(killed), Some(code));
        let (web, db) = (own("web", true, 137), own("db", false, 0));
        for text in [
            "/web OOMKilled=true ExitCode=137\n/db OOMKilled=false ExitCode=0\n",
            "web: OOMKilled=true, ExitCode=137\ndb: OOMKilled=false, ExitCode=0\n",
            "Name=/web OOMKilled=true ExitCode=137\nName=/db OOMKilled=false ExitCode=0\n",
            "State.OOMKilled=true State.ExitCode=137 Name=web\nState.OOMKilled=false State.ExitCode=0 Name=db\n",
            "/web OOMKilled=true\nExitCode=137\n/db OOMKilled=false\nExitCode=0\n",
            "/web - Memory=5 OOMKilled=True\n/web - ExitCode=137\n/db - OOMKilled=False ExitCode=0\n",
        ] {
            assert_eq!(read(text), [web.clone(), db.clone()], "{text}");
            let lines: Vec<&str> = text.lines().collect();
            let half = lines.len().div_ceil(2);
            let turned = [&lines[half..], &lines[..half]].concat().join("\n");
            assert_eq!(read(&turned), [db.clone(), web.clone()], "{turned}");
        }
        for text in [
            "OOMKilled=true ExitCode=137\nOOMKilled=false ExitCode=0\n",
            "OOMKilled=true ExitCode=137 OOMKilled=false ExitCode=0",
        ] {
            assert_eq!(read(text), [(None, Some(true), Some(137)), (None, Some(false), Some(0))], "{text}");
        }
        assert_eq!(read("12:00 the worker ended ExitCode=137\n"), [(None, None, Some(137))]);
        assert_eq!(read("Memory=5 RestartCount=2\nName=web\n"), []);
    }

    #[test]
    fn every_key_is_read() {
        let sources = Sources::new();
        let text = "/web OOMKilled=true Memory=536870912 MemorySwap=-1 RestartCount=3";
        for text in [
            text.to_owned(),
            text.replace("Memory=", ".HostConfig.Memory="),
            text.replace("Memory=", "MemLimit="),
        ] {
            let span = sources.get(sources.add(Path::new("a"), text.as_str())).span();
            let mut templates = Templates::default();
            templates.line(&text, span);
            let own = templates.finish().0.remove(0);
            let numbers = [own.memory, own.memory_swap, own.restarts].map(|number| number.unwrap().value);
            assert_eq!(numbers, [536_870_912, -1, 3], "{text}");
        }
    }
}
