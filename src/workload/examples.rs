//! Variables that example files such as `.env.example` and `deploy.env` set. Users copy them to `.env` for Compose.

use std::path::Path;

use crate::hash::HashSet;
use crate::source::FileSystem;

/// Maximum number of example files that are read in a directory.
const MAX_EXAMPLES: usize = 40;

/// Maximum number of bytes that are read of one file.
const MAX_EXAMPLE: u64 = 64 * 1024;

/// Returns the names that a directory's example files set, which count as set for Compose. `of_containers` are names of
/// `env_file`s: these, and examples of them, set nothing for Compose.
pub(super) fn variables(
    directory: &Path,
    of_containers: &HashSet<String>,
    disk: &FileSystem,
) -> HashSet<String> {
    let files = disk.first_entries(directory, MAX_EXAMPLES, |path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let of_container = |other: &String| other != ".env" && name.contains(other.as_str());
        name != ".env"
            && name.split(['.', '-', '_']).any(|word| word == "env")
            && !of_containers.iter().any(of_container)
    });
    let texts = files.iter().filter_map(|file| disk.read_prefix(file, MAX_EXAMPLE).ok());
    let mut names = HashSet::default();
    for text in texts {
        for line in String::from_utf8_lossy(&text).lines() {
            // A commented-out line is a template, so it counts too.
            let line = line.trim_start_matches(['#', ' ', '\t']);
            let line = line.strip_prefix("export ").unwrap_or(line);
            if let Some((name, _)) = line.split_once('=') {
                names.insert(name.trim_end().to_owned());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_examples() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            (".env", "OWN=1\n"),
            ("deploy.env", "# A comment\nexport A=1\nB = 2\n"),
            (".env.example", "#C=3\n"),
            ("db.env.example", "F=3\n"),
            ("env.dev.secret.example", "D=\n"),
            ("environment.txt", "E=1\n"),
        ] {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        let mut names: Vec<String> = variables(
            dir.path(),
            &HashSet::from_iter([".env", "db.env"].map(str::to_owned)),
            &FileSystem::default(),
        )
        .into_iter()
        .collect();
        names.sort();
        assert_eq!(names, ["A", "B", "C", "D"]);
    }
}
