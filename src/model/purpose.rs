//! Classifies files by path and head comment: for development or tests, not for production, generated.

use std::ffi::OsStr;
use std::path::Path;

/// Words in names of files and directories that mark development, debugging, tests, CI and demos.
const DEVELOPMENT: [&str; 15] = [
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
const DEVELOPMENT_DIRECTORIES: [&str; 16] = [
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
    "integration",
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
    // What is between two comments ends a sentence.
    let comment = comment.map(|line| if line.trim().starts_with('#') { line } else { "." });
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
const ITSELF: [&str; 17] = [
    "this",
    "these",
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

/// Words before a denial that name nothing.
const LEADS: [&str; 8] = ["note", "obviously", "warning", "please", "important", "do", "is", "are"];

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
    const NO: [&str; 7] = ["not", "never", "none", "cannot", "don't", "isn't", "aren't"];
    let is_between = |word: &&&str| BETWEEN.contains(*word) || ITSELF.contains(*word);
    let denied = |at: usize| {
        let next = words.get(at + 1..).unwrap_or_default().iter().find(|word| !is_between(word));
        next.is_some_and(|word| *word == "prod" || word.starts_with("production"))
    };
    let no = |at: usize| words.get(at).is_some_and(|word| NO.contains(word));
    // A sentence about something else names it first: "Adminer is not used in production".
    let subject = |at: usize| match words.get(..at).unwrap_or_default() {
        [] => true,
        before => {
            before.iter().any(|word| ITSELF.contains(word)) || before.iter().all(|word| LEADS.contains(word))
        }
    };
    (0..words.len()).any(|at| no(at) && denied(at) && subject(at))
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

/// Words for a file that a program has written.
const GENERATED: [&str; 4] = ["generated", "auto-generated", "autogenerated", "autogen"];

/// Words that name the generator: "generated by", "code generated from".
const GENERATOR: [&str; 5] = ["by", "from", "with", "using", "via"];

/// True if the head comment says that a program writes the file, so that edits would be lost.
#[must_use]
pub fn is_generated(text: &str) -> bool {
    let head = head_comment(text);
    let marks = ["@generated", "ddev-generated"].iter().any(|mark| head.contains(mark));
    marks || sentences(&head).any(|words| is_written_by_program(&words) || forbids_edits(&words))
}

/// "This is a generated Compose file", "Code generated by gen. DO NOT EDIT": not "passwords are generated by setup.sh".
fn is_written_by_program(words: &[&str]) -> bool {
    let Some(at) = words.iter().position(|word| GENERATED.contains(word)) else { return false };
    const FILE: [&str; 4] = ["this", "file", "compose", "dockerfile"];
    let before = words.get(..at).unwrap_or_default();
    let named = before.iter().any(|word| FILE.contains(word)) && !before.contains(&"it");
    let leads =
        before.iter().all(|word| matches!(*word, "code" | "automatically" | "warning" | "note" | "auto"));
    match words.get(at + 1) {
        None => named || leads,
        Some(next) if FILE.contains(next) => true,
        Some(next) => GENERATOR.contains(next) && (named || leads),
    }
}

/// "Do not edit", "do not make changes to this file manually".
fn forbids_edits(words: &[&str]) -> bool {
    let verb = |word: &str| matches!(word, "edit" | "modify" | "change" | "make");
    let after = (0..words.len()).find_map(|at| match words.get(at..)? {
        ["do", "not", word, rest @ ..] | ["don't", word, rest @ ..] if verb(word) => Some(rest),
        _ => None,
    });
    let manner = ["this", "it", "file", "directly", "manually", "hand", "changes"];
    after.is_some_and(|after| after.is_empty() || after.iter().any(|word| manner.contains(word)))
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
    // `docker-compose-integration.yml`, but not `data-integration/compose.yaml`.
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if name.split(['-', '_', '.']).any(|part| part == "integration") {
        return true;
    }
    let inside = match repository {
        Some(root) => absolute.strip_prefix(root).ok(),
        None => (!path.has_root()).then_some(path),
    };
    inside.unwrap_or(path.file_name().map_or(path, Path::new)).iter().any(says)
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
            "docker-compose.integration.yml",
            "docker-compose-Integration.yml",
            "integration/compose.yaml",
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
            "/home/dev/shop/data-integration/compose.yaml",
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
            "# This is not hardened and not meant for production.\na: b\n",
            "# NEVER use this in production\na: b\n",
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
        for text in [
            "# Generated by gen.sh\na: b\n",
            "# This is a generated compose file - DO NOT MAKE CHANGES that are intended to be permanent\na: b\n",
            "# NOTE: THIS DOCKERFILE IS GENERATED VIA \"update.sh\"\n#\n# PLEASE DO NOT EDIT IT DIRECTLY.\na: b\n",
            "#ddev-generated\na: b\n",
            "# Don't edit this file by hand\na: b\n",
        ] {
            assert!(is_generated(text), "{text}");
        }
        for text in [
            "services:\n  a: {image: x} # generated by hand\n",
            "# Generated files go to ./out\na: b\n",
            "# Auto-generated passwords are in .env\na: b\n",
            "# The secrets are generated by setup.sh\na: b\n",
            "# Do not edit the passwords of the database below\na: b\n",
            "# Do not edit secrets\na: b\n",
            "# Don't edit secrets\na: b\n",
        ] {
            assert!(!is_generated(text), "{text}");
        }
        for text in [
            "# For production; development has its own file.\nservices: {}\n",
            "# Adminer is not used in production\nservices: {}\n",
            "# If it does not run in production, see the wiki.\nservices: {}\n",
            "# Do not forget to change this password in production\nservices: {}\n",
            "# Point this at your test environment\nservices: {}\n",
            "# Do not use the default passwords in production.\nservices: {}\n",
            "# Run this in production, and the other file for development.\nservices: {}\n",
            "services:\n  a: {image: x} # not for production\n",
        ] {
            assert!(!is_not_for_production(text), "{text}");
        }
    }
}
