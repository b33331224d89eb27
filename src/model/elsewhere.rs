//! The changes that a Compose file makes to other services: as an override file of a base file, by `extends` or by YAML merge keys.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::source::normalize;
use crate::syntax::shell::base_name;
use crate::syntax::yaml::{Kind, NodeId, Tree};

/// A service that changes another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The changed service.
    pub of: ChangeTarget,
    /// The name of the changing service.
    pub by: String,
    /// It takes the other one's keys by `<<`, and not by `extends`.
    pub merges: bool,
    /// It sets memory below `deploy.resources`.
    pub in_deploy: bool,
    /// It sets limits, reservations, swap or shared memory.
    pub memory: bool,
    /// It sets a memory limit.
    pub limit: bool,
    /// It sets a key that Swarm reads below `deploy` instead, or `deploy` itself.
    pub deployed: bool,
    /// It has a healthcheck of its own.
    pub healthcheck: bool,
    /// It has an image or a build of its own.
    pub runs: bool,
    /// It sets nothing that matters for memory: neither sizes nor what starts, or it only switches the service off.
    pub plain: bool,
}

/// Identifies a changed service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeTarget {
    /// The service of this name in the base file of an override file.
    BaseService(String),
    /// A service that it extends or merges by `<<`: the normalized file path and the name.
    ExtendedService(PathBuf, String),
}

/// Keys that change how much memory a container may use.
const MEMORY: [&str; 6] = ["mem_limit", "memswap_limit", "mem_reservation", "deploy", "shm_size", "tmpfs"];

/// `deploy`, and the keys that Swarm reads below it instead.
const DEPLOYED: [&str; 7] =
    ["deploy", "mem_limit", "mem_reservation", "pids_limit", "cpus", "scale", "restart"];

/// Keys that change what a container starts.
const STARTS: [&str; 5] = ["env_file", "command", "entrypoint", "image", "build"];

/// Parts of names of environment variables that may set a program's memory.
const OF_MEMORY: [&str; 9] = ["HEAP", "MEM", "CACHE", "BUFFER", "OPTS", "OPTIONS", "ARGS", "XMX", "SIZE"];

/// Words of which a file contains at least one if it changes other services and cannot be an override file.
const WORDS: [&str; 6] = ["mem_limit", "mem_reservation", "memswap_limit", "resources", "extends", "<<"];

/// True if a file's text may change a service of another file, or one of its own by another. Files that may be override files have to
/// be read in any case.
#[must_use]
pub fn may_change(text: &str) -> bool {
    static FINDERS: LazyLock<[Finder<'static>; WORDS.len()]> = LazyLock::new(|| WORDS.map(Finder::new));
    FINDERS.iter().any(|finder| finder.find(text.as_bytes()).is_some())
}

/// A service: its name, its node, and its keys with their values.
type Named<'t> = (&'t str, NodeId, &'t [(NodeId, NodeId)]);

/// The changes that one file makes to other services, certain and possible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Changes of services that it extends or merges and, if it is certainly an override file, of those of its base file.
    pub known: Vec<Change>,
    /// Changes that apply if it is an override file of the file that it is named after. It could also run alone.
    pub possible: Vec<Change>,
    /// Its services, and whether each has a key that makes it complete: see [`super::project::is_partial_override`].
    pub completeness: Vec<(String, bool)>,
}

/// Returns the changes that the file at `path` makes to other services.
#[must_use]
pub fn changes(tree: &Tree, path: &Path) -> Changes {
    let services: Vec<Named<'_>> = tree
        .documents()
        .iter()
        .flat_map(|root| sections(tree, *root))
        .flat_map(|services| pairs(tree, services))
        .filter_map(|(name, service)| Some((scalar(tree, *name)?, *service, entries(tree, *service)?)))
        .collect();
    let has = |service: NodeId, names: &[&str]| names.iter().any(|name| child(tree, service, name).is_some());
    // One service that cannot run alone makes the whole file an override file.
    let is_override_file = services.iter().any(|(_, service, entries)| {
        !has(*service, &["image", "build", "extends", "provider"]) && merged(tree, entries).next().is_none()
    });
    let mut found = Changes {
        completeness: services
            .iter()
            .map(|(name, _, entries)| ((*name).to_owned(), is_whole(tree, entries)))
            .collect(),
        ..Changes::default()
    };
    for (name, service, entries) in &services {
        let memory = has(*service, &MEMORY);
        let starts = has(*service, &STARTS) || sets_memory_variable(tree, *service);
        let plain = !memory && (!starts || is_switched_off(tree, *service));
        let change = |of| Change {
            of,
            by: (*name).to_owned(),
            merges: false,
            in_deploy: sets_memory_in(tree, *service, &["limits", "reservations"]),
            memory,
            limit: has(*service, &["mem_limit"]) || sets_memory_in(tree, *service, &["limits"]),
            deployed: has(*service, &DEPLOYED),
            healthcheck: has(*service, &["healthcheck"]),
            runs: has(*service, &["image", "build"]),
            plain,
        };
        let list = if is_override_file { &mut found.known } else { &mut found.possible };
        let change_of_base = change(ChangeTarget::BaseService((*name).to_owned()));
        if !plain || change_of_base.healthcheck || change_of_base.deployed {
            list.push(change_of_base);
        }
        let bases = merged(tree, entries).filter_map(|base| {
            let (name, ..) = services.iter().find(|(_, service, _)| *service == base)?;
            Some((normalize(path), (*name).to_owned()))
        });
        let on = |(file, name)| change(ChangeTarget::ExtendedService(file, name));
        found.known.extend(bases.map(|base| Change { merges: true, ..on(base) }));
        found.known.extend(extended(tree, *service, path).map(on));
    }
    found
}

/// True if the service has a key that makes it complete.
fn is_whole(tree: &Tree, entries: &[(NodeId, NodeId)]) -> bool {
    let mut names = entries.iter().filter_map(|(key, _)| scalar(tree, *key));
    names.any(super::project::makes_complete)
}

/// True for a Swarm stack: by the file name, an overlay network, or external secrets or configs.
#[must_use]
pub fn is_for_swarm(tree: &Tree, path: &Path) -> bool {
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let stack = name.split(['-', '.', '_']).any(|part| matches!(part, "stack" | "swarm"));
    let sections = |name: &'static str| {
        let roots = tree.documents().iter().filter_map(move |root| child(tree, *root, name));
        roots.flat_map(|section| pairs(tree, section)).map(|(_, entry)| *entry)
    };
    let is = |entry: NodeId, key: &str, value: &str| {
        child(tree, entry, key).and_then(|node| scalar(tree, node)) == Some(value)
    };
    stack
        || sections("networks").any(|network| is(network, "driver", "overlay"))
        || ["secrets", "configs"].into_iter().flat_map(sections).any(|entry| is(entry, "external", "true"))
}

/// True if a file has this name in a section, with an image or a build if it `must_run`.
#[must_use]
pub fn defines(tree: &Tree, section: &str, name: &str, must_run: bool) -> bool {
    tree.documents().iter().any(|root| {
        let found = child(tree, *root, section).and_then(|section| child(tree, section, name));
        found.is_some_and(|entry| {
            !must_run || ["image", "build"].iter().any(|key| child(tree, entry, key).is_some())
        })
    })
}

/// Returns the name of the service at byte offset `at`.
#[must_use]
pub fn service_at(tree: &Tree, text: &str, at: u32) -> Option<String> {
    let roots = tree.documents().iter().flat_map(|root| sections(tree, *root));
    let all = roots.flat_map(|services| pairs(tree, services));
    // A comment after the last value of a service is outside of its node.
    let same_line = |end: u32| text.get(end as usize..at as usize).is_some_and(|rest| !rest.contains('\n'));
    // In flow style, several services are on one line.
    let inside = |(name, service): &&(NodeId, NodeId)| {
        let (start, end) = (tree.node(*name).span.start, tree.node(*service).span.end);
        (start..=end).contains(&at) || at > end && same_line(end)
    };
    let (name, _) = all.filter(inside).last()?;
    scalar(tree, *name).map(str::to_owned)
}

/// Returns the mappings of services and of jobs.
fn sections(tree: &Tree, root: NodeId) -> impl Iterator<Item = NodeId> + '_ {
    ["services", "jobs"].into_iter().filter_map(move |name| child(tree, root, name))
}

/// Returns the file and the service that a service extends.
fn extended(tree: &Tree, service: NodeId, path: &Path) -> Option<(PathBuf, String)> {
    let extends = child(tree, service, "extends")?;
    if let Some(name) = scalar(tree, extends) {
        return Some((normalize(path), name.to_owned()));
    }
    let name = scalar(tree, child(tree, extends, "service")?)?;
    let file = match child(tree, extends, "file").and_then(|file| scalar(tree, file)) {
        Some(file) => path.parent()?.join(file),
        None => path.to_path_buf(),
    };
    Some((normalize(&file), name.to_owned()))
}

/// Returns the mappings that a mapping merges by `<<`.
fn merged<'t>(tree: &'t Tree, entries: &'t [(NodeId, NodeId)]) -> impl Iterator<Item = NodeId> + 't {
    let merges = entries.iter().filter(|(key, _)| scalar(tree, *key) == Some("<<"));
    let nodes = merges.flat_map(|(_, value)| match &tree.node(*value).kind {
        Kind::Seq(items) => items.as_slice(),
        _ => std::slice::from_ref(value),
    });
    nodes.map(|node| target(tree, *node))
}

/// True if `environment` has a variable whose name may set a program's memory.
fn sets_memory_variable(tree: &Tree, service: NodeId) -> bool {
    let Some(environment) = child(tree, service, "environment") else { return false };
    let names: Vec<&str> = match &tree.node(environment).kind {
        Kind::Seq(items) => items.iter().filter_map(|item| scalar(tree, target(tree, *item))).collect(),
        _ => pairs(tree, environment).iter().filter_map(|(name, _)| scalar(tree, *name)).collect(),
    };
    names.iter().any(|entry| {
        let name = entry.split('=').next().unwrap_or(entry).to_ascii_uppercase();
        OF_MEMORY.iter().any(|word| name.contains(word)) || name == "<<"
    })
}

/// True for a service that starts nothing on purpose: `entrypoint: [echo, off]`, `command: /bin/true`.
fn is_switched_off(tree: &Tree, service: NodeId) -> bool {
    let start = ["entrypoint", "command"].iter().find_map(|name| child(tree, service, name));
    let first = start.and_then(|start| match &tree.node(start).kind {
        Kind::Seq(words) => words.first().and_then(|word| scalar(tree, target(tree, *word))),
        _ => scalar(tree, start),
    });
    // `echo ready && exec server` goes on.
    let first = first.filter(|text| !text.contains([';', '&', '|', '\n']));
    let program = first.and_then(|text| text.split_whitespace().next()).map(base_name);
    program.is_some_and(|name| matches!(name, "echo" | "true" | "false" | ":" | "printf" | "exit"))
}

/// True if one of these blocks of `deploy.resources` sets `memory`.
fn sets_memory_in(tree: &Tree, service: NodeId, blocks: &[&str]) -> bool {
    let resources = child(tree, service, "deploy").and_then(|deploy| child(tree, deploy, "resources"));
    let Some(resources) = resources else { return false };
    blocks
        .iter()
        .filter_map(|name| child(tree, resources, name))
        .any(|block| child(tree, block, "memory").is_some())
}

/// Returns the node itself, or the target of an alias.
pub(super) fn target(tree: &Tree, id: NodeId) -> NodeId {
    match &tree.node(id).kind {
        Kind::Alias(Some(target)) => *target,
        _ => id,
    }
}

fn entries(tree: &Tree, id: NodeId) -> Option<&[(NodeId, NodeId)]> {
    match &tree.node(target(tree, id)).kind {
        Kind::Map(pairs) => Some(pairs),
        _ => None,
    }
}

pub(super) fn pairs(tree: &Tree, id: NodeId) -> &[(NodeId, NodeId)] {
    entries(tree, id).unwrap_or_default()
}

pub(super) fn child(tree: &Tree, id: NodeId, name: &str) -> Option<NodeId> {
    let found = pairs(tree, id).iter().find(|(key, _)| scalar(tree, *key) == Some(name))?;
    Some(target(tree, found.1))
}

pub(super) fn scalar(tree: &Tree, id: NodeId) -> Option<&str> {
    match &tree.node(id).kind {
        Kind::Scalar(scalar) => Some(scalar.text.as_str()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SourceId;

    fn of(text: &str) -> Vec<Change> {
        let found = changes(&Tree::parse(SourceId(0), text), Path::new("a/compose.x.yaml"));
        found.known.into_iter().filter(|change| !change.plain).collect()
    }

    #[test]
    fn overlays_change_the_services_of_their_base() {
        let override_file = "services:\n  a: {mem_limit: 1g}\n  b: {image: x}\n  c: {ports: [80]}\n";
        let names: Vec<ChangeTarget> = of(override_file).into_iter().map(|change| change.of).collect();
        assert_eq!(names, ["a", "b"].map(|name| ChangeTarget::BaseService(name.to_owned())));
        let deploy = "services: {a: {deploy: {resources: {limits: {memory: 1g}}}}}\n";
        assert!(of(deploy)[0].in_deploy);
        assert_eq!(of("services:\n  a: {image: x, mem_limit: 1g}\n"), []);
    }

    #[test]
    fn a_place_belongs_to_the_last_service_that_begins_before_it() {
        for (text, at, name) in [
            ("services: {a: {image: x}, b: {image: y}}\n", "y", Some("b")),
            ("services:\n  a: {image: x} # why\n  b: {image: y}\n", "why", Some("a")),
            ("services:\n  a: {image: x}\nx-y: 1\n", "x-y", None),
        ] {
            let tree = Tree::parse(SourceId(0), text);
            let at = u32::try_from(text.find(at).unwrap()).unwrap();
            assert_eq!(service_at(&tree, text, at).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn an_overlay_that_only_switches_a_service_off_changes_nothing() {
        for off in [
            "entrypoint: [echo, off]",
            "entrypoint: echo off",
            "command: [/bin/true]",
            "entrypoint: [\"true\"]",
        ] {
            assert_eq!(of(&format!("services:\n  a: {{{off}}}\n")), [], "{off}");
        }
        assert_eq!(of("services:\n  a: {entrypoint: [sh, -c, echo]}\n").len(), 1);
        assert_eq!(of("services:\n  a: {command: echo ready && exec server}\n").len(), 1);
        assert!(of("services:\n  a: {entrypoint: [echo], mem_limit: 1g}\n")[0].limit);
    }

    #[test]
    fn services_change_what_they_extend_or_merge() {
        let base =
            |file: &str, name: &str| ChangeTarget::ExtendedService(PathBuf::from(file), name.to_owned());
        for (text, expected) in [
            ("services:\n  b: {extends: a, mem_limit: 1g}\n  a: {image: x}\n", base("a/compose.x.yaml", "a")),
            (
                "services:\n  b: {extends: {service: a, file: ../b.yaml}, environment: [JAVA_OPTS=b]}\n",
                base("b.yaml", "a"),
            ),
            (
                "services:\n  a: &a\n    image: x\n  b: {<<: [*a], memswap_limit: 1g}\n",
                base("a/compose.x.yaml", "a"),
            ),
        ] {
            assert_eq!(of(text).into_iter().map(|change| change.of).collect::<Vec<_>>(), [expected]);
        }
        assert_eq!(of("services:\n  a: &a {image: x}\n  b: {<<: *a, ports: [80]}\n"), []);
    }
}
