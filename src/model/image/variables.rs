//! ARG and ENV while a Dockerfile is followed.

use super::resolve::{BuildArg, BuildOptions};
use super::target::{EnvEntry, Resolved};
use crate::hash::{HashMap, IndexMap};
use crate::source::TracedText;
use crate::syntax::dockerfile::{Arguments, Expansion, Instruction, Lookup, Pair, expand};

/// What BuildKit sets by where it builds, unless the Dockerfile gives a default (`dockerfile2llb/platform.go`).
const PLATFORM: [&str; 9] = [
    "BUILDPLATFORM",
    "BUILDOS",
    "BUILDARCH",
    "BUILDVARIANT",
    "TARGETPLATFORM",
    "TARGETOS",
    "TARGETARCH",
    "TARGETVARIANT",
    "TARGETSTAGE",
];

/// How many bytes all ENV and ARG values together may have before variables count as unknown. Many instructions that each
/// put in a long value could fill any memory.
const MAX_VALUES: usize = 16 * 1024 * 1024;

/// What is known of an ARG.
#[derive(Clone, Debug)]
enum Arg {
    Known(String),
    /// No value; the build may give one.
    Declared,
    Unknown,
}

/// Every ARG that is in sight.
#[derive(Clone, Debug, Default)]
pub(super) struct Args {
    values: HashMap<String, Arg>,
    /// Bytes of all values that were ever made.
    made: usize,
}

impl Args {
    /// Those that need no declaration before the first `FROM`.
    pub(super) fn platform() -> Self {
        let values = PLATFORM.into_iter().map(|name| (name.to_owned(), Arg::Unknown));
        Self { values: values.collect(), made: 0 }
    }

    /// Another stage begins: nothing is declared in it yet.
    pub(super) fn clear(&mut self) {
        self.values.clear();
    }

    pub(super) fn get(&self, name: &str) -> Option<Lookup<'_>> {
        Some(match self.values.get(name)? {
            Arg::Known(_) if self.made > MAX_VALUES => Lookup::Unknown,
            Arg::Known(value) => Lookup::Known(value),
            Arg::Declared => Lookup::Declared,
            Arg::Unknown => Lookup::Unknown,
        })
    }

    /// Runs an `ARG`; `expand` is for its defaults, `outer` gives what a bare name inherits.
    pub(super) fn declare(
        &mut self,
        instruction: &Instruction,
        options: &BuildOptions,
        outer: &Self,
        expand: &dyn Fn(&TracedText, &Self) -> Expansion,
    ) {
        let Arguments::Words(words) = &instruction.arguments else { return };
        for word in words {
            let (name, default) = split(word);
            let value = match (options.args.get(name.as_str()), default) {
                _ if self.made > MAX_VALUES => Arg::Unknown,
                (Some(BuildArg::Known(text)), _) => Arg::Known(text.as_str().to_owned()),
                (Some(BuildArg::Unknown), _) => Arg::Unknown,
                (None, Some(default)) => match expand(&default, self) {
                    Expansion::Known(text) => Arg::Known(text.as_str().to_owned()),
                    _ => Arg::Unknown,
                },
                (None, None) => outer.values.get(name.as_str()).cloned().unwrap_or(Arg::Declared),
            };
            if let Arg::Known(value) = &value {
                self.made += value.len();
            }
            self.values.insert(name.as_str().to_owned(), value);
        }
    }
}

/// `NAME=default` or `NAME`.
fn split(word: &TracedText) -> (TracedText, Option<TracedText>) {
    let length = word.as_str().len();
    match word.as_str().find('=') {
        Some(at) => (word.slice(0..at), Some(word.slice(at + 1..length))),
        None => (word.clone(), None),
    }
}

/// The environment so far.
#[derive(Default)]
pub(super) struct Env {
    pub(super) entries: IndexMap<String, EnvEntry>,
    /// Bytes of all values that were ever made.
    made: usize,
}

impl Env {
    pub(super) fn extend(&mut self, entries: Vec<(String, EnvEntry)>) {
        let lengths =
            entries.iter().filter_map(|(_, entry)| entry.value.as_ref().ok()).map(|v| v.as_str().len());
        self.made += lengths.sum::<usize>();
        self.entries.extend(entries);
    }
}

/// What an instruction of a stage sees: its ENV over its ARGs over whatever the base image brings.
pub(super) struct Scope<'a> {
    pub(super) env: &'a Env,
    pub(super) args: &'a Args,
    pub(super) from_scratch: bool,
    pub(super) escape: char,
}

impl<'a> Scope<'a> {
    fn lookup(&self, name: &str) -> Lookup<'a> {
        match self.env.entries.get(name) {
            Some(_) if self.env.made > MAX_VALUES => Lookup::Unknown,
            Some(EnvEntry { value: Ok(text), .. }) => Lookup::Known(text.as_str()),
            Some(EnvEntry { value: Err(_), .. }) => Lookup::Unknown,
            None => self.args.get(name).unwrap_or(match name {
                // Nothing is inherited from scratch but the PATH that BuildKit gives.
                "PATH" => Lookup::Unknown,
                _ if self.from_scratch => Lookup::Unset,
                _ => Lookup::Unknown,
            }),
        }
    }

    pub(super) fn expand(&self, text: &TracedText) -> Expansion {
        expand(text, self.escape, &mut |name| self.lookup(name))
    }

    /// What BuildKit would refuse to expand is as little known as what hangs on a variable.
    pub(super) fn value(&self, text: &TracedText) -> Resolved {
        match self.expand(text) {
            Expansion::Known(value) => Ok(value),
            Expansion::Unknown { variable, .. } => Err(variable),
            Expansion::Invalid { .. } => Err(text.as_str().to_owned()),
        }
    }

    /// The entries that an `ENV` makes. All its pairs see the values from before it.
    pub(super) fn entries(&self, pairs: &[Pair]) -> Vec<(String, EnvEntry)> {
        let entries = pairs.iter().map(|pair| {
            let key = self.value(&pair.key).unwrap_or_else(|_| pair.key.clone());
            let span = pair.key.span().cover(pair.value.span());
            (key.as_str().to_owned(), EnvEntry { key, value: self.value(&pair.value), span })
        });
        entries.collect()
    }
}
