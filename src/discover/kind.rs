//! Determines whether a file is a Dockerfile, a Compose file or a text with command lines, by its name or content.

use std::path::Path;

use super::content::{Content, content};
use super::devcontainer::is_devcontainer;
use crate::error::Error;
use crate::source::{FileSystem, LoadError};
use crate::syntax::command_line::Notation;

/// The kinds of files that are linted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// A Dockerfile or Containerfile, whichever tool builds it.
    Dockerfile,
    /// A Compose file.
    Compose,
    /// A text with command lines that start containers, such as a script. Only one that is named is linted.
    Commands(Notation),
    /// A `devcontainer.json`. Only one that is named is linted.
    Devcontainer,
    /// Output of `docker inspect`, whole or in part. Only a file that is named is one.
    Inspected,
}

impl FileKind {
    /// True for a text with command lines, which no other file refers to.
    #[must_use]
    pub fn has_commands(self) -> bool {
        matches!(self, Self::Commands(_))
    }
}

/// Extensions of files called `Dockerfile.…` that are not Dockerfiles. Templates are among them, because their braces
/// would only be reported as errors; one that is named on the command line is checked all the same.
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
    "cs",
    "kt",
    "cpp",
    "css",
    "xml",
    "svg",
    "csv",
    "log",
    "ini",
    "cfg",
    "conf",
    "adoc",
    "ps1",
    "bat",
    "ignore",
    "j2",
    "jinja",
    "jinja2",
    "tmpl",
    "tpl",
    "template",
    "gotmpl",
    "templ",
    "vm",
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

/// Returns the kind that a file's name implies.
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

/// True for the usual names of env files: `.env`, `.env.prod`, `db.env`.
#[must_use]
pub fn is_env_file(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    kind_of(path).is_none()
        && (name.ends_with(".env") || name.starts_with(".env.") && !has_other_ending(name))
}

/// The name of the file of locked images.
pub const IMAGE_LOCK: &str = ".oomlint-images.json";

/// True for the file of locked images.
#[must_use]
pub fn is_image_lock(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == IMAGE_LOCK)
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

/// Returns the name of a YAML file without its extension.
fn yaml_stem(name: &str) -> Option<&str> {
    name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"))
}

fn is_compose(name: &str) -> bool {
    let Some(stem) = yaml_stem(name) else { return false };
    if stem.starts_with("docker-compose") {
        return true;
    }
    // `compose.prod`, `compose-dev`, `compose2`; `composer` and `composition` are other words.
    stem.strip_prefix("compose").is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphabetic()))
}

/// True for the names that Compose finds by default: such a file is meant for Compose whatever its content.
fn is_default(name: &str) -> bool {
    let stem = yaml_stem(name).unwrap_or_default();
    matches!(stem.strip_suffix(".override").unwrap_or(stem), "compose" | "docker-compose")
}

/// True for the usual names of files for `docker stack deploy`.
fn is_stack(name: &str) -> bool {
    let Some(stem) = yaml_stem(name) else { return false };
    let stem = stem.strip_prefix("docker-").unwrap_or(stem);
    stem.strip_prefix("stack").is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphabetic()))
}

/// False for a name that [`kind_in_walk`] takes for no file to lint, whatever is in it.
pub(super) fn may_be_linted(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    kind_of(path).is_some() || is_stack(name)
}

/// Directories of CI systems: a workflow may be called `docker-compose-ci.yaml`.
const OF_CI: [&str; 3] = [".github", ".gitea", ".forgejo"];
/// Directories in which other tools keep tasks or templates, whatever their names.
const OF_TOOLS: [&str; 3] = ["templates", "tasks", "handlers"];

/// Maximum bytes of a file that are read to classify it: `services:` may come after long `x-` blocks.
const MAX_LOOKED_AT: u64 = 256 * 1024;

/// Returns the kind of a file found by a directory walk. Dockerfiles and Compose files with a default name are
/// recognized by name, others by name and content. `below` is the path relative to the directory that is searched.
#[must_use]
pub fn kind_in_walk(path: &Path, below: &Path, disk: &FileSystem) -> Option<FileKind> {
    let name = path.file_name()?.to_str()?;
    let by_name = kind_of(path);
    if by_name == Some(FileKind::Dockerfile) {
        let may_be_other = !matches!(name, "Dockerfile" | "Containerfile" | "dockerfile");
        let text = || beginning(path, disk).ok();
        let is_other = may_be_other && text().is_some_and(|text| !is_dockerfile_text(&text));
        return by_name.filter(|_| !is_other);
    }
    if !may_be_linted(path) {
        return by_name;
    }
    let lies_in =
        |names: &[&str]| below.components().any(|part| names.iter().any(|name| part.as_os_str() == *name));
    if lies_in(&OF_CI) {
        return None;
    }
    let is_template_directory = || below.to_string_lossy().contains("{{");
    if is_default(name) && !lies_in(&OF_TOOLS) && !is_template_directory() {
        return by_name;
    }
    let Ok(text) = beginning(path, disk) else { return by_name };
    let meant = match content(&text) {
        Content::Compose => true,
        Content::Template | Content::List => false,
        Content::Pipeline | Content::Other => is_default(name),
    };
    meant.then_some(FileKind::Compose)
}

/// True if a file has the name of a Compose file, but not a default one, and `text` is a CI pipeline.
#[must_use]
pub fn is_pipeline(path: &Path, text: &str) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    kind_of(path) == Some(FileKind::Compose) && !is_default(name) && content(text) == Content::Pipeline
}

/// Returns the kind of a document that is open in an editor, as if its file were named on the command line.
#[must_use]
pub fn kind_in_editor(path: &Path, text: &str) -> Option<FileKind> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    match kind_of(path) {
        Some(kind) => (!is_pipeline(path, text)).then_some(kind),
        // Editors send every YAML file: only stack files are checked without a Compose file's name.
        None if is_stack(name) => kind_of_text(text).filter(|kind| *kind == FileKind::Compose),
        None => None,
    }
}

/// Returns the kind of a file named on the command line; `None` for a CI pipeline with a Compose file's name.
///
/// # Errors
/// If the file cannot be read, or is of no kind.
pub(super) fn kind_of_argument(path: &Path, disk: &FileSystem) -> Result<Option<FileKind>, Error> {
    let Some(kind) = kind_of(path).or_else(|| kind_of_named(path)) else {
        let text = beginning(path, disk).map_err(|error| Error::of_named_file(path, &error))?;
        let commands = || Notation::of_text(&text).map(FileKind::Commands);
        let kind = kind_of_text(&text)
            .or_else(commands)
            .ok_or_else(|| Error::UnknownKind { path: path.to_path_buf() });
        return kind.map(Some);
    };
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let doubtful = kind == FileKind::Compose && !is_default(name);
    // A read error is reported when the file is loaded.
    let pipeline = doubtful && beginning(path, disk).is_ok_and(|text| is_pipeline(path, &text));
    Ok((!pipeline).then_some(kind))
}

/// Returns the kind that the name of a file implies that is linted only where it is named.
#[must_use]
pub fn kind_of_named(path: &Path) -> Option<FileKind> {
    if is_devcontainer(path) {
        return Some(FileKind::Devcontainer);
    }
    Notation::of(path).map(FileKind::Commands)
}

/// Returns the kind of a file by its name, else by its content; `None` if it cannot be read.
#[must_use]
pub fn kind_of_file(path: &Path, disk: &FileSystem) -> Option<FileKind> {
    kind_of(path).or_else(|| kind_of_argument(path, disk).ok().flatten())
}

/// Reads the beginning of a file as text. YAML may be UTF-16, which a byte order mark tells.
fn beginning(path: &Path, disk: &FileSystem) -> Result<String, LoadError> {
    let bytes = disk.read_prefix(path, MAX_LOOKED_AT)?;
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units = bytes.as_chunks().0.iter().skip(1).map(|pair| unit(*pair));
        char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    Ok(match bytes.first_chunk() {
        Some([0xff, 0xfe]) => wide(u16::from_le_bytes),
        Some([0xfe, 0xff]) => wide(u16::from_be_bytes),
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    })
}

/// Returns the kind of a text: a Dockerfile if its first instruction is `FROM` or `ARG` or a parser directive comes
/// before, Compose by its top-level keys.
#[must_use]
pub fn kind_of_text(text: &str) -> Option<FileKind> {
    if is_dockerfile_text(text) {
        return Some(FileKind::Dockerfile);
    }
    match content(text) {
        Content::Compose => Some(FileKind::Compose),
        _ => is_inspected(text).then_some(FileKind::Inspected),
    }
}

/// True if the first instruction is `FROM` or `ARG`, or a parser directive comes before.
fn is_dockerfile_text(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}');
    for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
        // BuildKit takes no account of blanks before a comment or an instruction.
        match line.trim_start().strip_prefix('#') {
            Some(comment) if is_directive(comment) => return true,
            Some(_) => {}
            None => return begins_dockerfile(line),
        }
    }
    false
}

/// Keys that `docker inspect` and `podman inspect` print of a container, an image, a network and a volume, and hardly anything else.
const INSPECTED: [&str; 15] = [
    "OOMKilled",
    "HostConfig",
    "MemorySwap",
    "RestartCount",
    "FailingStreak",
    "RestartPolicy",
    "MemoryReservation",
    "OomKillDisable",
    "CreateCommand",
    "RepoTags",
    "RepoDigests",
    "EnableIPv6",
    "Mountpoint",
    "ExposedPorts",
    "Domainname",
];

/// True for a text with one of these keys, in quotes or not: people paste parts.
fn is_inspected(text: &str) -> bool {
    INSPECTED.iter().any(|key| {
        text.match_indices(key).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let behind = text.get(at + key.len()..).unwrap_or_default();
            let behind = behind.strip_prefix(['"', '\'']).unwrap_or(behind).trim_start_matches([' ', '\t']);
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '.')
                && behind.starts_with([':', '='])
        })
    })
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
            "Dockerfile.cs",
            "Dockerfile.ignore",
            "Dockerfile.templ",
            ".dockerfile.txt",
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
    fn names_that_compose_takes_by_itself() {
        for name in
            ["compose.yaml", "docker-compose.yml", "compose.override.yml", "docker-compose.override.yaml"]
        {
            assert!(is_default(name), "{name}");
        }
        for name in [
            "compose.prod.yaml",
            "docker-compose-ci.yml",
            "compose",
            ".override.yml",
            "compose.override.override.yml",
        ] {
            assert!(!is_default(name), "{name}");
        }
        for name in ["stack.yml", "docker-stack.yaml", "docker-stack.prod.yml", "stack-prod.yml"] {
            assert!(is_stack(name), "{name}");
        }
        for name in ["stackoverflow.yml", "my-stack.json", "docker-swarm.yml"] {
            assert!(!is_stack(name), "{name}");
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
        assert_eq!(kind_of_text("include: [a.yaml]\n"), compose);
        assert_eq!(kind_of_text("services:\n  - docker:dind\n"), None);
        assert_eq!(kind_of_text("a:\n  services:\n"), None);
        assert_eq!(kind_of_text("servicesx: 1\n"), None);
        assert_eq!(kind_of_text(""), None);
        let inspected = Some(FileKind::Inspected);
        assert_eq!(kind_of_text("[\n  {\n    \"Id\": \"a\",\n    \"RestartCount\": 0\n  }\n]"), inspected);
        assert_eq!(kind_of_text("$ docker inspect x\n[{\"HostConfig\": {}}]"), inspected);
        assert_eq!(kind_of_text("State:{\nOOMKilled:false\n}"), inspected);
        assert_eq!(kind_of_text("OOMKilled=true ExitCode=137"), inspected);
        assert_eq!(kind_of_text("{\"MemUsage\": \"1MiB / 2MiB\", \"Name\": \"web\"}"), None);
        assert_eq!(kind_of_text("{{.State.OOMKilled}}"), None);
        assert_eq!(kind_of_text("apiVersion: v1\nspec: {restartPolicy: Never}"), None);
    }
}
