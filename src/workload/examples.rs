//! Variables that a repository says to set for Compose, in files that become its `.env`: `.env.example`, `deploy.env`.

use std::path::Path;

use crate::hash::HashSet;
use crate::source::FileSystem;

/// Files of a directory that are read for them.
const MAX_EXAMPLES: usize = 40;

/// Bytes that are read of one.
const MAX_EXAMPLE: u64 = 64 * 1024;

/// The names that the example files of a directory set. Whoever follows them has a value for each. `of_containers` are the names
/// of files that containers get: those, and examples of them, set nothing for Compose.
pub(super) fn variables(directory: &Path, of_containers: &[&str], disk: &FileSystem) -> HashSet<String> {
    let files = disk.first_entries(directory, MAX_EXAMPLES, |path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let of_container = |other: &&str| *other != ".env" && name.contains(*other);
        name != ".env"
            && name.split(['.', '-', '_']).any(|word| word == "env")
            && !of_containers.iter().any(of_container)
    });
    let texts = files.iter().filter_map(|file| disk.read_prefix(file, MAX_EXAMPLE).ok());
    let mut names = HashSet::default();
    for text in texts {
        for line in String::from_utf8_lossy(&text).lines() {
            // A line in a comment is there to be taken in.
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
        let mut names: Vec<String> =
            variables(dir.path(), &[".env", "db.env"], &FileSystem::default()).into_iter().collect();
        names.sort();
        assert_eq!(names, ["A", "B", "C", "D"]);
    }
}
