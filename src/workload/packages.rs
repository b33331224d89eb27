//! What the `RUN`s of an image leave behind, and what they only seem to.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::model::image::{Form, Run, TargetImage};
use crate::source::{Span, Spanned, Text};

use super::start::commands;

/// What an installation leaves behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageCache {
    /// The words that install.
    pub span: Span,
    /// The package manager.
    pub manager: &'static str,
    /// What stays: lower case, no full stop.
    pub left: &'static str,
    /// Something to paste.
    pub way_out: &'static str,
}

/// How a package manager is called, and what shows that nothing stays.
struct Manager {
    name: &'static str,
    calls: &'static [&'static str],
    /// Words of the same `RUN` that clean up, or keep the cache from being made.
    cleans: &'static [&'static str],
    /// Variables that do the same.
    variables: &'static [&'static str],
    left: &'static str,
    way_out: &'static str,
}

const MANAGERS: [Manager; 5] = [
    Manager {
        name: "apt",
        calls: &[
            "apt-get update",
            "apt update",
            "apt-get -y update",
            "apt-get -qq update",
            "apt-get update -y",
        ],
        cleans: &["/var/lib/apt/lists", "/var/lib/apt"],
        variables: &[],
        left: "the package lists stay in the layer",
        way_out: "&& rm -rf /var/lib/apt/lists/*",
    },
    Manager {
        name: "apk",
        calls: &["apk add", "apk update"],
        cleans: &["--no-cache", "/var/cache/apk"],
        variables: &[],
        left: "the package index stays in the layer",
        way_out: "apk add --no-cache",
    },
    Manager {
        name: "dnf",
        calls: &["dnf install", "dnf -y install", "microdnf install", "microdnf -y install"],
        cleans: &["clean all", "/var/cache/dnf", "/var/cache/yum", "keepcache=0"],
        variables: &[],
        left: "the repositories' metadata stay in the layer",
        way_out: "&& dnf clean all",
    },
    Manager {
        name: "yum",
        calls: &["yum install", "yum -y install"],
        cleans: &["clean all", "/var/cache/yum", "/var/cache/dnf"],
        variables: &[],
        left: "the repositories' metadata stay in the layer",
        way_out: "&& yum clean all",
    },
    Manager {
        name: "pip",
        calls: &["pip install", "pip3 install"],
        cleans: &["--no-cache-dir", "pip cache purge", "/.cache"],
        variables: &["PIP_NO_CACHE_DIR"],
        left: "the downloaded wheels stay in the layer",
        way_out: "pip install --no-cache-dir",
    },
];

/// Look for the managers' names, which stand in all of their calls: few `RUN`s have one.
static FINDERS: LazyLock<[Finder<'static>; MANAGERS.len()]> =
    LazyLock::new(|| MANAGERS.each_ref().map(|manager| Finder::new(manager.name)));

/// The caches that the layers of the image keep.
pub(super) fn left_behind(target: &TargetImage) -> Vec<PackageCache> {
    let mut found = Vec::new();
    for run in &target.runs {
        // A cache mount is no part of the layer.
        if run.mounts.iter().any(|mount| mount.as_str().contains("type=cache")) {
            continue;
        }
        for text in texts(run) {
            let named = MANAGERS
                .iter()
                .zip(FINDERS.iter())
                .filter(|(_, finder)| finder.find(text.as_str().as_bytes()).is_some());
            let caches = named.filter_map(|(manager, _)| {
                if manager.variables.iter().any(|name| target.env.contains_key(*name)) {
                    return None;
                }
                let at = manager.calls.iter().find_map(|call| Some((text.as_str().find(call)?, call.len())));
                let (at, length) = at?;
                let cleaned = manager.cleans.iter().any(|word| text.as_str().contains(word));
                (!cleaned).then(|| PackageCache {
                    span: text.span_of(at..at + length),
                    manager: manager.name,
                    left: manager.left,
                    way_out: manager.way_out,
                })
            });
            found.extend(caches);
        }
    }
    found
}

/// Programs for probes that a `RUN` installs by their own names, and no later one removes.
pub(super) fn installed(target: &TargetImage) -> Vec<String> {
    const NAMES: [&str; 5] = ["curl", "wget", "bash", "python3", "ruby"];
    let mut found: Vec<String> = Vec::new();
    for text in target.runs.iter().flat_map(texts) {
        if !NAMES.iter().any(|name| text.as_str().contains(name)) {
            continue;
        }
        for command in commands(text) {
            let words: Vec<&str> = command.iter().map(Text::as_str).filter(|word| *word != "sudo").collect();
            let Some((manager, rest)) = words.split_first() else { continue };
            if !["apt-get", "apt", "apk", "dnf", "microdnf", "yum", "zypper", "tdnf"].contains(manager) {
                continue;
            }
            let verb = rest.iter().find(|word| ["install", "add", "remove", "purge", "del"].contains(word));
            let named = NAMES.iter().filter(|name| rest.contains(name));
            match verb {
                Some(&("install" | "add")) => found.extend(named.map(|name| (*name).to_owned())),
                Some(_) => found.retain(|tool| !rest.contains(&tool.as_str())),
                None => {}
            }
        }
    }
    found
}

/// `ulimit` as the last command of a `RUN`: the shell that has the limit ends with it.
pub(super) fn ulimits(target: &TargetImage) -> Vec<Spanned<String>> {
    // Taking a script apart costs more than all else that is asked of a `RUN`, and few have the word.
    let last = target.runs.iter().filter_map(|run| {
        let script = texts(run).pop().filter(|text| text.as_str().contains("ulimit"))?;
        commands(script).pop()
    });
    let set = last.filter(|words| words.first().is_some_and(|word| word.as_str() == "ulimit"));
    set.map(|words| {
        let written: Vec<&str> = words.iter().map(Text::as_str).take(3).collect();
        let span = words.iter().take(3).map(Text::span).reduce(Span::cover);
        Spanned::new(written.join(" "), span.unwrap_or(target.from))
    })
    .collect()
}

fn texts(run: &Run) -> Vec<&Text> {
    let line = match &run.form {
        Form::Shell(text) => Some(text),
        Form::Exec(_) => None,
    };
    line.into_iter().chain(&run.scripts).collect()
}

#[cfg(test)]
mod tests {
    use super::MANAGERS;

    #[test]
    fn every_call_has_its_managers_name() {
        for manager in &MANAGERS {
            assert!(manager.calls.iter().all(|call| call.contains(manager.name)), "{}", manager.name);
        }
    }
}
