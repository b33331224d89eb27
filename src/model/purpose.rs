//! Classifies files by path and head comment: for development or tests, not for production, generated.

use std::ffi::OsStr;
use std::path::Path;

/// Words in names of files and directories that mark development, debugging, tests, CI and demos.
const DEVELOPMENT: [&str; 16] = [
    "integration",
    "demo",
    "demos",
    "dev",
    "devenv",
    "devel",
    "develop",
    "development",
    "devcontainer",
    "debug",
    "local",
    "test",
    "tests",
    "testing",
    "e2e",
    "ci",
];

/// Names of whole directories with the same meaning. As part of a name they have none: `github-exporter` and `archive-db` are
/// programs.
const DEVELOPMENT_DIRECTORIES: [&str; 15] = [
    ".buildkite",
    "github_actions",
    "github-actions",
    "gitlab-ci",
    ".github",
    ".circleci",
    ".ddev",
    ".lando",
    "archive",
    "archived",
    "getting-started",
    "hack",
    "quickstart",
    "tutorial",
    "tutorials",
];

/// Phrases, in lower case, of head comments that say a file is not for production.
const NOT_FOR_PRODUCTION: [&str; 7] = [
    "internal testing",
    "development only",
    "only for development",
    "for local development",
    "meant for learning",
    "not meant for end-users",
    "not meant for end users",
];

/// The number of lines at the head of a file that may be its comment.
const HEAD: usize = 30;

/// Returns the head comment in lower case with one blank between words, so that phrases match across lines.
fn head_comment(text: &str) -> String {
    let comment = text.lines().take(HEAD).take_while(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with(['#', '-']) || line.starts_with("version")
    });
    let words: Vec<String> = comment
        .flat_map(|line| line.trim_start_matches([' ', '#']).split_whitespace())
        .map(str::to_ascii_lowercase)
        .collect();
    words.join(" ")
}

/// True if the head comment of a file says that it is not for production.
#[must_use]
pub fn is_not_for_production(text: &str) -> bool {
    let head = head_comment(text);
    NOT_FOR_PRODUCTION.iter().any(|phrase| head.contains(phrase))
        || sentences(&head).any(|words| denies_production(&words) || names_development(&words))
}

/// True if a README in a file's directory, or above it in the repository, says that its content is not for production.
#[must_use]
pub fn is_readme_not_for_production(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut paragraphs = text.split("\n\n");
    paragraphs.any(|paragraph| {
        let paragraph = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
        sentences(&paragraph).any(|words| {
            denies_production(&words)
                || words.windows(3).any(|three| three == ["designed", "for", "developers"])
        })
    })
}

/// Words by which a sentence refers to the file itself.
const ITSELF: [&str; 18] = [
    "this",
    "these",
    "it",
    "file",
    "files",
    "compose",
    "configuration",
    "setup",
    "stack",
    "environment",
    "environments",
    "definition",
    "definitions",
    "example",
    "examples",
    "image",
    "images",
    "deployment",
];

/// Splits a lower-case text into the words of its sentences, without Markdown marks.
fn sentences(text: &str) -> impl Iterator<Item = Vec<&str>> {
    let parts = text.split(['.', '!', '?', ';']);
    parts.map(|sentence| {
        let words = sentence.split(|c: char| c.is_whitespace() || "*_`#>()\"".contains(c));
        words.map(|word| word.trim_matches([',', ':', '-'])).filter(|word| !word.is_empty()).collect()
    })
}

/// True for "this is not meant for production", "none of these definitions are for production". Between the negation and
/// "production" only words like these may be: "do not use default passwords in production" denies something else.
fn denies_production(words: &[&str]) -> bool {
    const BETWEEN: [&str; 26] = [
        "a",
        "an",
        "any",
        "are",
        "be",
        "designed",
        "ever",
        "for",
        "in",
        "intended",
        "is",
        "it",
        "meant",
        "of",
        "ready",
        "recommended",
        "run",
        "safe",
        "should",
        "suitable",
        "suited",
        "the",
        "to",
        "use",
        "used",
        "yet",
    ];
    let is_no =
        |word: &&str| matches!(*word, "not" | "never" | "none" | "cannot" | "don't" | "isn't" | "aren't");
    let is_between = |word: &&&str| BETWEEN.contains(*word) || ITSELF.contains(*word);
    let behind = words.iter().position(is_no).and_then(|at| words.get(at + 1..)).unwrap_or_default();
    let next = behind.iter().find(|word| !is_between(word));
    next.is_some_and(|word| *word == "prod" || word.starts_with("production"))
}

/// True for "This file is for the development setup", "test environment".
fn names_development(words: &[&str]) -> bool {
    let kind =
        |word: &str| matches!(word, "development" | "dev" | "test" | "testing" | "developers" | "tests");
    let itself = words.iter().any(|word| ITSELF.contains(word));
    let is_for = words.windows(2).any(|two| matches!(two, ["for", word] if kind(word)))
        || words.windows(3).any(|three| {
            matches!(three, ["for", "the" | "local" | "a" | "integration" | "acceptance" | "unit" | "e2e", word] if kind(word))
        })
        || words.windows(2).any(|two| matches!(two, ["demonstration" | "demo", "only" | "purposes"]));
    // At the start, or after an article: "your test environment" is another one.
    let is_place = |two: &[&str]| matches!(two, [word, "environment" | "setup" | "stack"] if kind(word));
    let place = words.get(..2).is_some_and(is_place)
        || words.windows(3).any(|three| {
            matches!(three, ["a" | "the" | "this" | "local", ..]) && three.get(1..).is_some_and(is_place)
        });
    // "For production, and not for development" does not count.
    let production = words.iter().any(|word| word.starts_with("production"));
    (is_for && itself || place) && !production
}

/// Phrases, in lower case, of the head comments of generated files.
const GENERATED: [&str; 15] = [
    "do not edit",
    "don't edit",
    "do not modify",
    "auto-generated",
    "autogenerated",
    "automatically generated",
    "code generated by",
    "file is generated",
    "file was generated",
    "generated compose file",
    "generated dockerfile",
    "do not make changes",
    "generated file",
    "@generated",
    "ddev-generated",
];

/// True if the head comment says that a program writes the file: edits would be lost.
#[must_use]
pub fn is_generated(text: &str) -> bool {
    let head = head_comment(text);
    GENERATED.iter().any(|phrase| head.contains(phrase))
}

/// True if the name of a file, or of a directory between it and the root of its repository, is one for development or tests.
///
/// `path` is as shown, `absolute` the same path from the root of the file system. Directory names above the repository depend on the
/// machine; without a repository, those of a relative path count.
#[must_use]
pub fn is_for_development(path: &Path, absolute: &Path, repository: Option<&Path>) -> bool {
    let says = |part: &OsStr| {
        let part = part.to_string_lossy().to_ascii_lowercase();
        part.split(['-', '_', '.']).any(|word| DEVELOPMENT.contains(&word))
            || DEVELOPMENT_DIRECTORIES.contains(&&*part)
    };
    let inside = match repository {
        Some(root) => absolute.strip_prefix(root).ok(),
        None => path.is_relative().then_some(path),
    };
    inside.unwrap_or(path.file_name().map(Path::new).unwrap_or(path)).iter().any(says)
}

/// True for `${project.version}`: names of variables have no dot, those of Maven and Gradle properties do.
#[must_use]
pub fn is_build_property(text: &str) -> bool {
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).unwrap_or_default();
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    name.contains('.') && name.split('.').all(is_word)
}

/// True if a Maven or Gradle build copies the file and may fill in project properties: it is below the `src` of a project.
/// `exists` is asked for the project's build file.
///
/// Source: maven.apache.org plugins/maven-resources-plugin examples/filter.
pub fn is_build_resource(path: &Path, exists: &dyn Fn(&Path) -> bool) -> bool {
    const PROJECTS: [&str; 3] = ["pom.xml", "build.gradle", "build.gradle.kts"];
    let sources = path.ancestors().filter(|folder| folder.file_name().is_some_and(|name| name == "src"));
    let mut projects = sources.filter_map(Path::parent);
    projects.any(|project| PROJECTS.iter().any(|name| exists(&project.join(name))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_of_a_build_are_told_from_mistakes() {
        for text in ["${project.version}", "${docker.ozone-runner.image}", "${a.b.c}"] {
            assert!(is_build_property(text), "{text}");
        }
        for text in ["${A}", "${.a}", "${a.}", "${a b.c}", "${a.b:-c}", "$a.b", "${a.b"] {
            assert!(!is_build_property(text), "{text}");
        }
        let exists = |path: &Path| path == Path::new("dist/pom.xml");
        assert!(is_build_resource(Path::new("dist/src/main/compose/.env"), &exists));
        assert!(!is_build_resource(Path::new("dist/compose/.env"), &exists));
        assert!(!is_build_resource(Path::new("other/src/main/.env"), &exists));
    }

    #[test]
    fn files_for_development_are_known_by_their_names() {
        let repository = Path::new("/home/dev/shop");
        let is = |path: &str| {
            let path = Path::new(path);
            is_for_development(path, path, path.starts_with(repository).then_some(repository))
        };
        for path in [
            "docker-compose.dev.yml",
            "/elsewhere/compose-e2e-tests.yaml",
            "/home/dev/shop/ci/memory/compose.yaml",
            "/home/dev/shop/.devcontainer/docker-compose.yml",
            "internal/tests/compose.yaml",
            "/home/dev/shop/.github/compose.yaml",
            "archive/compose.yaml",
        ] {
            assert!(is(path), "{path}");
        }
        // Names above the repository root, and words with one of these only as a prefix.
        for path in [
            "/home/dev/shop/compose.yaml",
            "/srv/test/compose.yaml",
            "devices/compose.testnet.yaml",
            "/home/dev/shop/github-exporter/compose.yaml",
            "/home/dev/shop/archive-db/compose.yaml",
        ] {
            assert!(!is(path), "{path}");
        }
    }

    #[test]
    fn a_comment_at_the_head_tells_what_a_file_is_for() {
        for text in [
            "# A demo, meant for learning, not production\n# deployments.\nservices: {}\n",
            "version: '3'\n\n# For local development\nservices: {}\n",
            "# This configuration file is for the **development** setup. For a production example see elsewhere.\na: b\n",
            "# Compose configuration for integration tests\na: b\n",
            "# This compose file is for demonstration only, do not use in prod.\na: b\n",
            "#\n# License\n#\n\n# Test environment for Matomo. This should NEVER be used in production scenarios!\na: b\n",
        ] {
            assert!(is_not_for_production(text), "{text}");
        }
        for (text, is) in [
            (
                "# Ozone\n\nEnvironments for developers\nand CI. Obviously none of these definitions\nare for production.\n",
                true,
            ),
            ("Specifically designed for developers.\n", true),
            ("# Shop\n\nHow to run this in production. Do not expose the database.\n", false),
        ] {
            assert_eq!(is_readme_not_for_production(text), is, "{text}");
        }
        assert!(is_generated("# Code generated by compose-gen. DO NOT EDIT.\nservices: {}\n"));
        assert!(is_generated("##\n# WARNING: This file was auto-generated\n##\n\nversion: '3'\n"));
        assert!(!is_generated("services:\n  a: {image: x} # generated by hand\n"));
        for text in [
            "# For production; development has its own file.\nservices: {}\n",
            "# Do not use the default passwords in production.\nservices: {}\n",
            "# Run this in production, and the other file for development.\nservices: {}\n",
            "services:\n  a: {image: x} # not for production\n",
        ] {
            assert!(!is_not_for_production(text), "{text}");
        }
    }
}
