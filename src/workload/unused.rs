//! Sizes in a `.env` that no file uses: Compose fills in `${…}` from it, and hands it to no container.

use std::path::{Path, PathBuf};

use super::{Kind, Project, Workload, heap};
use crate::model::ImageReference;
use crate::source::{SourceId, Sources, Spanned};
use crate::syntax::dotenv;
use crate::syntax::size::ByteSize;

/// Maximum number of files next to a `.env` that are searched for its variables. With more, any may use them.
const MAX_SEARCHED: usize = 200;

/// Maximum size of a file that is searched, in bytes. A larger one may use any variable.
const MAX_SIZE: u64 = 256 * 1024;

/// Maximum depth of directories that are searched.
const MAX_DEPTH: usize = 2;

/// Adds to each service the variables of a `.env` that are named like it, bound memory by their names, and that nothing uses.
pub(super) fn find(environment_files: &[SourceId], project: &mut Project, sources: &Sources) {
    let dotenvs = environment_files.iter().filter(|file| is_dotenv(sources.get(**file).path()));
    for file in dotenvs {
        let source = sources.get(*file);
        let entries = dotenv::parse(*file, source.text(), &|_| None).entries;
        for (name, entry) in entries {
            let Some(value) = entry.value.filter(|value| bounds_memory(&name, value.as_str())) else {
                continue;
            };
            let unset = |workload: &Workload| !workload.env.contains_key(&name);
            let Some(at) = project.workloads.iter().position(|workload| is_of(&name, workload)) else {
                continue;
            };
            let others = project.files.iter().filter(|other| *other != file);
            let used = others.into_iter().any(|other| sources.get(*other).text().contains(&name));
            if used || !project.workloads.iter().all(unset) || may_be_used(&name, source.path(), sources) {
                continue;
            }
            if let Some(workload) = project.workloads.get_mut(at) {
                workload.pools.unused_sizes.push(Spanned::new(name, value.span()));
            }
        }
    }
}

fn is_dotenv(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == ".env")
}

/// True for `SOLR_MEMORY=1024` and `SOLR_JAVA_OPTS=-Xmx1g`.
fn bounds_memory(name: &str, value: &str) -> bool {
    let is_size = value.parse::<u32>().is_ok_and(|size| size > 0) || ByteSize::parse_any(value).is_some();
    heap::bounds_memory(name) && is_size || name.ends_with("_OPTS") && value.contains("-Xmx")
}

/// True if a service, or the last part of its image's name, is the beginning of a variable's name.
fn is_of(variable: &str, workload: &Workload) -> bool {
    let image = workload.image.base.value().and_then(|base| ImageReference::parse(base.as_str()));
    let image = image.map(|image| image.name());
    let last = image.as_deref().and_then(|name| name.rsplit('/').next());
    let begins = |name: &str| {
        let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
        variable.strip_prefix(&name).is_some_and(|rest| rest.starts_with('_'))
    };
    workload.kind == Kind::Service && (begins(&workload.name) || last.is_some_and(begins))
}

/// True if a file next to the `.env` or below has the variable's name, or if there are too many to tell.
fn may_be_used(name: &str, dotenv: &Path, sources: &Sources) -> bool {
    let directory = dotenv.parent().map(Path::to_path_buf).unwrap_or_default();
    let disk = sources.disk();
    let mut open = vec![(directory, 0)];
    let mut searched = 0;
    while let Some((directory, depth)) = open.pop() {
        let entries: Vec<PathBuf> = disk.first_entries(&directory, MAX_SEARCHED + 1, |_| true);
        searched += entries.len();
        if searched > MAX_SEARCHED {
            return true;
        }
        for path in entries {
            let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if disk.is_dir(&path) {
                if file != ".git" && depth < MAX_DEPTH {
                    open.push((path, depth + 1));
                }
                continue;
            }
            // Examples and explanations use nothing.
            if file.starts_with(".env") || file.contains("env.") || file.ends_with(".md") {
                continue;
            }
            let large = disk.size(&path).is_ok_and(|size| size > MAX_SIZE);
            let text = disk.read_prefix(&path, MAX_SIZE).unwrap_or_default();
            if large || memchr::memmem::find(&text, name.as_bytes()).is_some() {
                return true;
            }
        }
    }
    false
}
