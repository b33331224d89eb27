//! Sources of the projects for which the law is checked.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;

use super::project::Project;

/// Returns the projects in `fixtures`.
pub fn fixtures() -> Vec<Project> {
    directories(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects"))
}

/// Returns the projects in each directory below `root`.
fn directories(root: &Path) -> Vec<Project> {
    let mut names: Vec<_> = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    names.iter().filter(|path| path.is_dir()).flat_map(|path| Project::below(path, &name(path))).collect()
}

/// Returns the real projects of one part. Those of `stories` and `field` have two states each.
pub fn shared(shared: &Path, part: &str) -> Vec<Project> {
    let root = if part == "field" { shared.join(part) } else { shared.join("corpus").join(part) };
    if !matches!(part, "stories" | "field") {
        return directories(&root);
    }
    let mut projects = Vec::new();
    for state in ["before", "after"] {
        for entry in std::fs::read_dir(&root).unwrap() {
            let path = entry.unwrap().path().join(state);
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            if path.is_dir() {
                projects.extend(Project::below(&path, &name));
            }
        }
    }
    projects.sort_by(|a, b| a.name.cmp(&b.name));
    projects
}

/// Returns the examples of the rule pages, with the options that the rules need.
pub fn pages() -> Vec<Project> {
    let block = Regex::new(r"(?ms)^```(\w+) (bad|good)(?: file=(\S+))?\r?\n(.*?)^```\r?$").unwrap();
    let heading = Regex::new(r"(?m)^#").unwrap();
    let mut projects = Vec::new();
    for rule in oomlint::rules::RULES {
        let meta = rule.meta();
        // An example ends at a heading, a repeated file name, or another verdict, as described in rule_pages.rs.
        let mut examples: Vec<(String, BTreeMap<String, String>, bool)> = Vec::new();
        let mut end = 0;
        for found in block.captures_iter(meta.page) {
            let begin = found.get(0).unwrap().start();
            let plain = if &found[1] == "dockerfile" { "Dockerfile" } else { "compose.yaml" };
            let named = found.get(3).is_some();
            let name = found.get(3).map_or(plain, |name| name.as_str()).to_owned();
            let apart = heading.is_match(&meta.page[end..begin]);
            end = found.get(0).unwrap().end();
            match examples.last_mut() {
                Some((verdict, files, last_named))
                    if named
                        && *last_named
                        && !apart
                        && *verdict == found[2]
                        && !files.contains_key(&name) =>
                {
                    files.insert(name, found[4].to_owned());
                }
                _ => {
                    let files = BTreeMap::from([(name, found[4].to_owned())]);
                    examples.push((found[2].to_owned(), files, named));
                }
            }
        }
        for (at, (verdict, files, _)) in examples.into_iter().enumerate() {
            let measured = files.contains_key("stats.jsonl");
            let mut project = Project::of(format!("{}.md {verdict} {}", meta.name, at + 1), files);
            if meta.group == oomlint::rules::Group::Host {
                project.options.extend(["--host-memory".to_owned(), "4g".to_owned()]);
            }
            if measured {
                project.options.extend(["--stats".to_owned(), "stats.jsonl".to_owned()]);
            }
            projects.push(project);
        }
    }
    projects
}
