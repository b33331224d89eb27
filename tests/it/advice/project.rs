//! Projects for which the law is checked: sets of related files, and the stacks that Docker Compose loads from them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

use oomlint::discover::{self, FileKind};
use regex::Regex;

use super::yaml::Doc;

/// File names that Docker Compose loads by default, in order of precedence.
const BASES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES: [&str; 4] = [
    "compose.override.yml",
    "compose.override.yaml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];
/// Maximum number of neighbours copied with a project, such as scripts and configurations.
const MAX_NEIGHBOURS: usize = 200;
const MAX_FILE: u64 = 512 * 1024;

/// Related files.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Name in statistics and examples.
    pub name: String,
    /// Texts by path from the root of the project, with forward slashes.
    pub files: BTreeMap<String, String>,
    /// Other files in the directories and build contexts. Advice about them is not followed.
    pub neighbours: BTreeMap<String, String>,
    /// Command-line options that the example needs.
    pub options: Vec<String>,
    /// Variables of the Compose files, with values other than their current ones.
    pub raised: Vec<(String, String)>,
    /// Stacks that Docker Compose resolves.
    pub stacks: Vec<Stack>,
}

/// Compose files that are merged in order, and all files that they refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    pub files: Vec<String>,
    pub reaches: BTreeSet<String>,
}

impl Project {
    /// Creates a project of texts in memory.
    pub fn of(name: String, files: BTreeMap<String, String>) -> Self {
        let tree = Tree::of(files);
        let all: Vec<usize> = (0..tree.paths.len()).collect();
        tree.project(name, &all)
    }

    /// Returns the projects in a directory. Each is the smallest set of files that refer to each other.
    pub fn below(root: &Path, name: &str) -> Vec<Self> {
        let tree = Tree::read(root);
        let sets = tree.sets();
        let place = |set: &[usize]| {
            let first = set.iter().find(|file| tree.kinds[**file] == Some(FileKind::Compose)).or(set.first());
            format!("{name}/{}", first.map_or("", |file| &tree.paths[*file]))
        };
        sets.iter().map(|set| tree.project(place(set), set)).collect()
    }

    pub fn text(&self, file: &str) -> Option<&str> {
        self.files.get(file).or(self.neighbours.get(file)).map(String::as_str)
    }

    pub fn is_compose(&self, file: &str) -> bool {
        kind(file, self.text(file).unwrap_or_default()) == Some(FileKind::Compose)
    }

    pub fn is_dockerfile(&self, file: &str) -> bool {
        kind(file, self.text(file).unwrap_or_default()) == Some(FileKind::Dockerfile)
    }

    pub fn size(&self) -> usize {
        self.files.values().map(String::len).sum()
    }
}

/// Files of a directory, and their references.
struct Tree {
    paths: Vec<String>,
    texts: Vec<String>,
    kinds: Vec<Option<FileKind>>,
    leads: Vec<BTreeSet<usize>>,
    contexts: Vec<BTreeSet<String>>,
}

impl Tree {
    fn read(root: &Path) -> Self {
        let mut files = BTreeMap::new();
        for entry in walkdir::WalkDir::new(root).sort_by_file_name().into_iter().flatten() {
            let small = entry.metadata().is_ok_and(|data| data.is_file() && data.len() <= MAX_FILE);
            let text = if small { std::fs::read_to_string(entry.path()).ok() } else { None };
            if let (Some(text), Ok(path)) = (text, entry.path().strip_prefix(root)) {
                files.insert(path.to_string_lossy().replace('\\', "/"), text);
            }
        }
        Self::of(files)
    }

    fn of(files: BTreeMap<String, String>) -> Self {
        let (paths, texts): (Vec<String>, Vec<String>) = files.into_iter().unzip();
        let kinds = paths.iter().zip(&texts).map(|(path, text)| kind(path, text)).collect();
        let mut tree = Self { leads: Vec::new(), contexts: Vec::new(), paths, texts, kinds };
        let index: HashMap<&str, usize> =
            tree.paths.iter().enumerate().map(|(at, path)| (path.as_str(), at)).collect();
        let folders: BTreeSet<&str> =
            tree.paths.iter().flat_map(|path| path.match_indices('/').map(|(at, _)| &path[..at])).collect();
        let (mut leads, mut contexts) = (Vec::new(), Vec::new());
        for at in 0..tree.paths.len() {
            let (mut files, mut directories) = (BTreeSet::new(), BTreeSet::new());
            if tree.kinds[at] == Some(FileKind::Compose) {
                tree.follow(at, &index, &folders, &mut files, &mut directories);
            }
            leads.push(files);
            contexts.push(directories);
        }
        (tree.leads, tree.contexts) = (leads, contexts);
        tree
    }

    /// Collects the files and build contexts to which the words of a Compose file are paths.
    fn follow(
        &self,
        at: usize,
        index: &HashMap<&str, usize>,
        folders: &BTreeSet<&str>,
        files: &mut BTreeSet<usize>,
        contexts: &mut BTreeSet<String>,
    ) {
        let here = folder(&self.paths[at]);
        let words: BTreeSet<&str> = self.texts[at]
            .split(|c: char| c.is_whitespace() || "\"'[]{},:=".contains(c))
            .filter(|word| !word.is_empty() && !word.starts_with('/') && word.len() < 200)
            .collect();
        let mut places = vec![here.to_owned()];
        for word in &words {
            let Some(path) = joined(here, word) else { continue };
            if let Some(file) = index.get(path.as_str()).filter(|file| **file != at) {
                files.insert(*file);
            } else if (path.is_empty() && word.starts_with('.')) || folders.contains(path.as_str()) {
                places.push(path.clone());
                contexts.insert(path);
            }
        }
        for place in &contexts.clone() {
            for word in words.iter().copied().chain(["Dockerfile", "dockerfile"]) {
                let file = joined(place, word).and_then(|path| index.get(path.as_str()));
                files.extend(file.filter(|file| self.kinds[**file] == Some(FileKind::Dockerfile)));
            }
        }
        files.extend(joined(here, ".env").and_then(|path| index.get(path.as_str())));
    }

    /// Groups files that refer to each other, or are Compose files of one directory.
    fn sets(&self) -> Vec<Vec<usize>> {
        let mut parent: Vec<usize> = (0..self.paths.len()).collect();
        fn top(parent: &mut [usize], mut at: usize) -> usize {
            while parent[at] != at {
                parent[at] = parent[parent[at]];
                at = parent[at];
            }
            at
        }
        let mut join = |a: usize, b: usize| {
            let (a, b) = (top(&mut parent, a), top(&mut parent, b));
            parent[a] = b;
        };
        let mut first: HashMap<&str, usize> = HashMap::new();
        for at in 0..self.paths.len() {
            self.leads[at].iter().for_each(|other| join(at, *other));
            if self.kinds[at] == Some(FileKind::Compose) {
                join(at, *first.entry(folder(&self.paths[at])).or_insert(at));
            }
        }
        for (overlay, base) in self.far_overlays() {
            join(overlay, base);
        }
        let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for at in 0..self.paths.len() {
            sets.entry(top(&mut parent, at)).or_default().push(at);
        }
        sets.into_values().filter(|set| set.iter().any(|file| self.kinds[*file].is_some())).collect()
    }

    /// Returns the file that Docker Compose loads by default in a directory.
    fn base(&self, directory: &str) -> Option<usize> {
        let place = |name: &&str| joined(directory, name);
        BASES.iter().find_map(|name| self.paths.binary_search(&place(name)?).ok())
    }

    /// Returns fragments in directories without a base, each with the base of the nearest ancestor directory, if that has all
    /// of their services.
    fn far_overlays(&self) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for at in (0..self.paths.len()).filter(|at| self.kinds[*at] == Some(FileKind::Compose)) {
            let mut directory = folder(&self.paths[at]);
            if self.base(directory).is_some() || !self.is_fragment(at) {
                continue;
            }
            while !directory.is_empty() {
                directory = folder(directory);
                let Some(base) = self.base(directory) else { continue };
                let known = Doc::new(&self.texts[base]).services();
                if Doc::new(&self.texts[at]).services().iter().all(|name| known.contains(name)) {
                    found.push((at, base));
                }
                break;
            }
        }
        found
    }

    /// True if a service has neither image nor build, so that the file has to be merged with a base.
    fn is_fragment(&self, at: usize) -> bool {
        let doc = Doc::new(&self.texts[at]);
        let alone =
            |service: &String| ["image", "build", "extends", "<<"].iter().any(|key| doc.has(service, key));
        !doc.services().iter().all(alone)
    }

    fn reaches(&self, files: &[usize]) -> BTreeSet<String> {
        let mut seen: BTreeSet<usize> = BTreeSet::new();
        let mut open = files.to_vec();
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                open.extend(&self.leads[at]);
            }
        }
        seen.into_iter().map(|at| self.paths[at].clone()).collect()
    }

    fn project(&self, name: String, set: &[usize]) -> Project {
        let copy = |at: usize| (self.paths[at].clone(), self.texts[at].clone());
        let files: BTreeMap<_, _> = set.iter().map(|at| copy(*at)).collect();
        let mut folders: BTreeSet<&str> =
            set.iter().flat_map(|at| &self.contexts[*at]).map(String::as_str).collect();
        folders.extend(set.iter().map(|at| folder(&self.paths[*at])));
        let below = |path: &str| {
            folders.iter().any(|place| place.is_empty() || path.starts_with(&format!("{place}/")))
        };
        let neighbours = (0..self.paths.len())
            .filter(|at| {
                self.kinds[*at].is_none() && !files.contains_key(&self.paths[*at]) && below(&self.paths[*at])
            })
            .take(MAX_NEIGHBOURS)
            .map(copy)
            .collect();
        let mut stacks: Vec<Vec<usize>> = Vec::new();
        let compose = |at: &&usize| self.kinds[**at] == Some(FileKind::Compose);
        for at in set.iter().filter(compose) {
            stacks.push(vec![*at]);
            let directory = folder(&self.paths[*at]);
            match self.base(directory) {
                Some(base) if base != *at && (self.is_fragment(*at) || self.is_override(*at)) => {
                    stacks.push(vec![base, *at]);
                }
                _ => {}
            }
        }
        let far = self.far_overlays().into_iter().filter(|(overlay, _)| set.contains(overlay));
        stacks.extend(far.map(|(overlay, base)| vec![base, overlay]));
        let stack = |files: &Vec<usize>| Stack {
            files: files.iter().map(|at| self.paths[*at].clone()).collect(),
            reaches: self.reaches(files),
        };
        let texts = set.iter().filter(compose).map(|at| self.texts[*at].as_str());
        let raised = raised(texts);
        Project {
            name,
            files,
            neighbours,
            raised,
            stacks: stacks.iter().map(stack).collect(),
            ..Project::default()
        }
    }

    fn is_override(&self, at: usize) -> bool {
        OVERRIDES.iter().any(|name| self.paths[at].rsplit('/').next() == Some(name))
    }
}

fn kind(path: &str, text: &str) -> Option<FileKind> {
    discover::kind_of(Path::new(path)).or_else(|| {
        let yaml = [".yaml", ".yml", ".json"].iter().any(|ending| path.ends_with(ending));
        discover::kind_of_text(text).filter(|kind| *kind == FileKind::Compose && yaml)
    })
}

/// Returns the variables of the texts with other values: 8g for sizes, 8080 for ports and variables without a default.
fn raised<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<(String, String)> {
    let variable = Regex::new(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)(?::?[-?+]([^}$]*))?").unwrap();
    let size = Regex::new(r"(?i)^\d+(\.\d+)?[bkmg](i?b)?$").unwrap();
    let key = Regex::new(r"(?i)mem|shm|memory|swap").unwrap();
    let name_of_size = Regex::new(r"(?i)(^|_)(MEM|MEMORY|HEAP|SHM|RAM|SWAP)|MEM_LIMIT|_SIZE$").unwrap();
    let mut found = BTreeMap::new();
    for line in texts.flat_map(str::lines) {
        for part in variable.captures_iter(&line.replace("$$", "  ")) {
            let default = part.get(2).map_or("", |text| text.as_str());
            let key = key.is_match(line.split(':').next().unwrap_or_default());
            let number = default.parse::<u64>().is_ok();
            let value = if size.is_match(default) || key || (name_of_size.is_match(&part[1]) && !number) {
                "8g"
            } else if default.is_empty() || (number && part[1].contains("PORT")) {
                "8080"
            } else {
                continue;
            };
            found.entry(part[1].to_owned()).or_insert(value.to_owned());
        }
    }
    // Advice is about sizes, so without one among the variables their values do not matter.
    if found.values().all(|value| value != "8g") {
        found.clear();
    }
    found.into_iter().collect()
}

pub fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Joins and normalizes a path. `None` if it leads out of the tree.
pub fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in PathBuf::from(folder).join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(parts.pop()?),
            Component::Normal(part) => parts.push(part.to_str()?.to_owned()),
            _ => return None,
        }
    }
    Some(parts.join("/"))
}
