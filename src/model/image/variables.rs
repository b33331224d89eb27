//! `ARG` and `ENV` while the instructions of a Dockerfile are applied.

use super::resolve::{BuildArg, BuildOptions};
use super::target::{EnvEntry, Resolved};
use crate::hash::{HashMap, IndexMap};
use crate::source::TracedText;
use crate::syntax::dockerfile::{Arguments, Expansion, Instruction, Lookup, Pair, expand};

/// Arguments that BuildKit sets by platform, unless the Dockerfile gives a default (`dockerfile2llb/platform.go`).
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

/// Upper bound (bytes) on all ENV and ARG values, beyond which variables count as unknown. Many instructions that each insert a
/// long value could exhaust memory.
const MAX_VALUES: usize = 16 * 1024 * 1024;

/// The longest value of a variable that is remembered where it is used, in bytes: longer ones are no sizes.
const MAX_USED: usize = 32;

/// The state of an ARG.
#[derive(Clone, Debug)]
enum Arg {
    Known(String),
    /// Declared without a value. The build may give one.
    Declared,
    Unknown,
}

/// The ARGs in scope.
#[derive(Clone, Debug, Default)]
pub(super) struct Args {
    values: HashMap<String, Arg>,
    /// Bytes of all values that were ever set.
    made: usize,
}

impl Args {
    /// Returns the arguments that need no declaration before the first `FROM`.
    pub(super) fn platform() -> Self {
        let values = PLATFORM.into_iter().map(|name| (name.to_owned(), Arg::Unknown));
        Self { values: values.collect(), made: 0 }
    }

    /// Removes all arguments, since a new stage begins without declarations.
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

    /// Applies an `ARG`. `expand` expands its defaults, `outer` holds what a bare name inherits.
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

/// Splits `NAME=default` or `NAME`.
fn split(word: &TracedText) -> (TracedText, Option<TracedText>) {
    let length = word.as_str().len();
    match word.as_str().find('=') {
        Some(at) => (word.slice(0..at), Some(word.slice(at + 1..length))),
        None => (word.clone(), None),
    }
}

/// The ENV variables so far.
#[derive(Default)]
pub(super) struct Env {
    pub(super) entries: IndexMap<String, EnvEntry>,
    /// Bytes of all values that were ever set.
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

fn resolved(expansion: Expansion, text: &TracedText) -> Resolved {
    match expansion {
        Expansion::Known(value) => Ok(value),
        Expansion::Unknown { variable, .. } => Err(variable),
        Expansion::Invalid { .. } => Err(text.as_str().to_owned()),
    }
}

/// The variables that an instruction of a stage sees: its ENV over its ARGs over the base image's.
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
                // Of the base image, `scratch` only has the PATH that BuildKit sets.
                "PATH" => Lookup::Unknown,
                _ if self.from_scratch => Lookup::Unset,
                _ => Lookup::Unknown,
            }),
        }
    }

    pub(super) fn expand(&self, text: &TracedText) -> Expansion {
        expand(text, self.escape, &mut |name| self.lookup(name))
    }

    /// Expands a value. A text that BuildKit would reject counts as unknown.
    pub(super) fn value(&self, text: &TracedText) -> Resolved {
        resolved(self.expand(text), text)
    }

    /// Returns the entries that an `ENV` sets. All its pairs see the values from before it.
    pub(super) fn entries(&self, pairs: &[Pair]) -> Vec<(String, EnvEntry)> {
        let entries = pairs.iter().map(|pair| {
            let key = self.value(&pair.key).unwrap_or_else(|_| pair.key.clone());
            let span = pair.key.span().cover(pair.value.span());
            let (value, uses) = self.value_and_uses(&pair.value);
            (key.as_str().to_owned(), EnvEntry { key, value, span, uses })
        });
        entries.collect()
    }

    /// Expands a value. Returns it with the variables that were put into it.
    fn value_and_uses(&self, text: &TracedText) -> (Resolved, Vec<(String, String)>) {
        let mut uses: Vec<(String, String)> = Vec::new();
        let expansion = expand(text, self.escape, &mut |name| {
            let found = self.lookup(name);
            if let Lookup::Known(value) = found
                && value.len() <= MAX_USED
                && !uses.iter().any(|(known, _)| known == name)
            {
                uses.push((name.to_owned(), value.to_owned()));
            }
            found
        });
        (resolved(expansion, text), uses)
    }
}
