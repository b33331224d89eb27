//! Finds the Compose files that define what a project names and does not define: `-f` may give both to Compose.

use std::path::{Path, PathBuf};

use crate::model::elsewhere::defines;
use crate::model::project;
use crate::source::{FileSystem, Sources};
use crate::syntax::yaml::Tree;
use crate::workload::Project;

/// Upper bound on the files that are searched for the names of one project.
const MAX_SEARCHED: usize = 200;

/// Upper bound on the scripts of a directory that are searched for the paths of Compose files.
const MAX_SCRIPTS: usize = 20;

/// Upper bound (bytes) on what is read of each.
const MAX_SCRIPT: u64 = 64 * 1024;

/// Notes for each name that a project does not define which file of `others` does, if one that may be started with it does.
pub(super) fn find(project: &mut Project, model: &project::Project, others: &[PathBuf], sources: &Sources) {
    if project.refusals.iter().all(|refusal| refusal.undefined.is_none()) {
        return;
    }
    let directory = sources.absolute(&model.request.directory);
    let own: Vec<PathBuf> = model.request.files.iter().map(|file| sources.absolute(file)).collect();
    let scripts = directory.parent().map(|above| Scripts::of(above, sources.disk()));
    let may_join = |file: &PathBuf| {
        let file = sources.absolute(file);
        let is_below = file.starts_with(&directory);
        let is_named = || {
            scripts
                .as_ref()
                .is_some_and(|scripts| scripts.name(&file) && own.iter().any(|own| scripts.name(own)))
        };
        !own.contains(&file) && (is_below || is_named())
    };
    let candidates: Vec<&PathBuf> = others.iter().filter(|file| may_join(file)).take(MAX_SEARCHED).collect();
    for refusal in &mut project.refusals {
        let Some(undefined) = &refusal.undefined else { continue };
        // A service that only lacks an image is here; another file has to bring the image.
        let must_run = refusal.service.as_ref() == Some(&undefined.name) && undefined.section == "services";
        let found = candidates.iter().find(|file| {
            sources.load(file).is_ok_and(|file| {
                let tree = Tree::of(&sources.get(file));
                defines(&tree, undefined.section, &undefined.name, must_run)
            })
        });
        refusal.defined_in = found.map(|file| from(&directory, &sources.absolute(file)));
    }
}

/// Returns the path of a file relative to a directory, if the file is below that directory or below its parent.
fn from(directory: &Path, file: &Path) -> PathBuf {
    let above = directory.parent().unwrap_or(directory);
    match (file.strip_prefix(directory), file.strip_prefix(above)) {
        (Ok(below), _) => below.to_path_buf(),
        (_, Ok(sibling)) => Path::new("..").join(sibling),
        _ => file.to_path_buf(),
    }
}

/// The texts of a directory's scripts that may give several files to Compose.
struct Scripts {
    directory: PathBuf,
    texts: Vec<String>,
}

impl Scripts {
    fn of(directory: &Path, disk: &FileSystem) -> Self {
        let is_script = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            matches!(
                name.to_ascii_lowercase().as_str(),
                "makefile" | "justfile" | "taskfile.yml" | "package.json"
            ) || name.ends_with(".sh")
                || name.ends_with(".mk")
        };
        let texts = disk.first_entries(directory, MAX_SCRIPTS, is_script).into_iter().filter_map(|path| {
            let text = disk.read_prefix(&path, MAX_SCRIPT).ok()?;
            Some(String::from_utf8_lossy(&text).into_owned())
        });
        let texts = texts.filter(|text| text.contains("-f ") || text.contains("--file")).collect();
        Self { directory: directory.to_path_buf(), texts }
    }

    /// True if one of them has the path of a file.
    fn name(&self, file: &Path) -> bool {
        let path = file.strip_prefix(&self.directory).ok().and_then(Path::to_str);
        path.is_some_and(|path| self.texts.iter().any(|text| text.contains(&path.replace('\\', "/"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_from_the_directory_or_its_parent() {
        for (file, expected) in [
            ("/a/b/compose.yaml", "compose.yaml"),
            ("/a/b/c/compose.yaml", "c/compose.yaml"),
            ("/a/compose.yaml", "../compose.yaml"),
            ("/a/c/compose.yaml", "../c/compose.yaml"),
            ("/c/compose.yaml", "/c/compose.yaml"),
        ] {
            assert_eq!(from(Path::new("/a/b"), Path::new(file)), Path::new(expected), "{file}");
        }
    }
}
