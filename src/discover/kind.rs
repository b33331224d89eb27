//! What a file is, by its name or by a look into it.

use std::path::Path;

use crate::error::Error;
use crate::source::Disk;

/// The two kinds of files that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FileKind {
    /// A Dockerfile, whatever builds it.
    Dockerfile,
    /// A Compose file.
    Compose,
}

/// Endings that make `Dockerfile.ending` something else than a Dockerfile. A template is no Dockerfile before it is filled
/// in: its braces would only be reported as mistakes. One that is named on the command line is read all the same.
const OTHER_ENDINGS: &[&str] = &[
    "dockerignore",
    "md",
    "rst",
    "txt",
    "html",
    "json",
    "yml",
    "yaml",
    "toml",
    "lock",
    "sh",
    "py",
    "rb",
    "js",
    "ts",
    "go",
    "j2",
    "jinja",
    "jinja2",
    "tmpl",
    "tpl",
    "template",
    "gotmpl",
    "erb",
    "ejs",
    "hbs",
    "mustache",
    "m4",
    "in",
    "orig",
    "rej",
    "bak",
    "swp",
    "patch",
    "diff",
];

/// The kind that a file's name tells.
#[must_use]
pub fn kind_of(path: &Path) -> Option<FileKind> {
    let name = path.file_name()?.to_str()?;
    if is_dockerfile(name) {
        Some(FileKind::Dockerfile)
    } else if is_compose(name) {
        Some(FileKind::Compose)
    } else {
        None
    }
}

/// True for the usual names of files of variables: `.env`, `.env.prod`, `db.env`.
#[must_use]
pub fn is_environment(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    kind_of(path).is_none()
        && (name.ends_with(".env") || name.starts_with(".env.") && !has_other_ending(name))
}

fn is_dockerfile(name: &str) -> bool {
    // The Docker CLI falls back to `dockerfile` when there is no `Dockerfile`.
    if matches!(name, "Dockerfile" | "Containerfile" | "dockerfile") {
        return true;
    }
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    if matches!(ending, "Dockerfile" | "dockerfile" | "Containerfile" | "containerfile") {
        return !stem.is_empty();
    }
    let Some(rest) = name.strip_prefix("Dockerfile").or_else(|| name.strip_prefix("Containerfile")) else {
        return false;
    };
    rest.len() > 1 && rest.starts_with(['.', '-']) && !has_other_ending(name)
}

fn has_other_ending(name: &str) -> bool {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    OTHER_ENDINGS.iter().any(|other| ending.eq_ignore_ascii_case(other)) || name.ends_with('~')
}

fn is_compose(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml")) else { return false };
    if stem.starts_with("docker-compose") {
        return true;
    }
    // `compose.prod`, `compose-dev`, `compose2`; `composer` and `composition` are other words.
    stem.strip_prefix("compose").is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphabetic()))
}

/// How much of a file is looked at: `services:` may stand below long `x-` blocks.
const LOOK: u64 = 256 * 1024;

/// The kind that a named file's beginning tells.
pub(super) fn look_into(path: &Path, disk: &Disk) -> Result<Option<FileKind>, Error> {
    let bytes = disk.beginning(path, LOOK).map_err(|error| super::failure(path, error))?;
    Ok(kind_of_text(&String::from_utf8_lossy(&bytes)))
}

/// The kind that a text tells: Compose when `services:` stands at its left edge, a Dockerfile when its first instruction is
/// `FROM` or `ARG`, or a parser directive comes before anything else.
#[must_use]
pub fn kind_of_text(text: &str) -> Option<FileKind> {
    let text = text.trim_start_matches('\u{feff}');
    let mut first = true;
    for line in text.lines() {
        let line = line.trim_end();
        if line.is_empty() {
            continue;
        }
        if let Some(comment) = line.strip_prefix('#') {
            if first && is_directive(comment) {
                return Some(FileKind::Dockerfile);
            }
            continue;
        }
        if first && begins_dockerfile(line) {
            return Some(FileKind::Dockerfile);
        }
        first = false;
        if has_key(line, "services") {
            return Some(FileKind::Compose);
        }
    }
    // Compose reads JSON, since YAML does.
    let json = text.trim_start().starts_with('{') && text.contains("\"services\"");
    json.then_some(FileKind::Compose)
}

fn is_directive(comment: &str) -> bool {
    let Some((name, value)) = comment.split_once('=') else { return false };
    let known = ["syntax", "escape", "check"];
    !value.trim().is_empty() && known.iter().any(|known| name.trim().eq_ignore_ascii_case(known))
}

fn begins_dockerfile(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let keyword = words.next().unwrap_or_default();
    let instruction = keyword.eq_ignore_ascii_case("from") || keyword.eq_ignore_ascii_case("arg");
    instruction && words.next().is_some_and(|word| !word.starts_with(':'))
}

fn has_key(line: &str, key: &str) -> bool {
    let rest = ["", "\"", "'"]
        .iter()
        .find_map(|quote| line.strip_prefix(quote)?.strip_prefix(key)?.strip_prefix(quote));
    rest.is_some_and(|rest| {
        rest.trim_start()
            .strip_prefix(':')
            .is_some_and(|value| value.is_empty() || value.starts_with([' ', '\t']))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> Option<FileKind> {
        kind_of(Path::new(name))
    }

    #[test]
    fn names_of_dockerfiles() {
        for name in [
            "Dockerfile",
            "Containerfile",
            "dockerfile",
            "a/Dockerfile.dev",
            "Dockerfile-slim",
            "api.Dockerfile",
            "api.dockerfile",
            "Dockerfile.22.04",
            "Containerfile.prod",
            "web.Containerfile",
            "Dockerfile.jvm",
        ] {
            assert_eq!(of(name), Some(FileKind::Dockerfile), "{name}");
        }
        for name in [
            "Dockerfile.dockerignore",
            "Dockerfile.md",
            "Dockerfile.j2",
            "Dockerfile.prod.tmpl",
            "Dockerfiles",
            "Dockerfile.",
            "Dockerfile~",
            "Dockerfile.dev~",
            "mydockerfile",
            ".dockerfile",
            "Dockerfile_old",
            "Dockerfile.IN",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn names_of_compose_files() {
        for name in [
            "compose.yaml",
            "compose.yml",
            "docker-compose.yml",
            "docker-compose.prod.yml",
            "compose.override.yaml",
            "compose-dev.yml",
            "compose_test.yml",
            "docker-compose2.yaml",
            "docker-compose-dev.yml",
            "compose2.yml",
        ] {
            assert_eq!(of(name), Some(FileKind::Compose), "{name}");
        }
        for name in [
            "composer.yml",
            "composition.yaml",
            "compose.yml.j2",
            "compose.json",
            "podman-compose.yml",
            "values.yaml",
        ] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn texts_tell_their_kind() {
        let dockerfile = Some(FileKind::Dockerfile);
        let compose = Some(FileKind::Compose);
        assert_eq!(kind_of_text("\n# a comment\nfrom alpine\n"), dockerfile);
        assert_eq!(kind_of_text("# syntax=docker/dockerfile:1\nRUN x\n"), dockerfile);
        assert_eq!(kind_of_text("\u{feff}ARG V=1\r\nFROM a:$V\r\n"), dockerfile);
        assert_eq!(kind_of_text("name: x\nservices:\r\n  a: {}\n"), compose);
        assert_eq!(kind_of_text("\"services\" : {}\n"), compose);
        assert_eq!(kind_of_text("{\n  \"services\": {}}"), compose);
        assert_eq!(kind_of_text("from: x\n"), None);
        assert_eq!(kind_of_text("from : x\n"), None);
        assert_eq!(kind_of_text("a:\n  services:\n"), None);
        assert_eq!(kind_of_text("servicesx: 1\n"), None);
        assert_eq!(kind_of_text(""), None);
    }
}
