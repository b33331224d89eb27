//! Findings that depend on what surrounds a file: its directory, its repository, the files that belong to it.

use oomlint::diagnostic::Severity::{self, Note, Warning};

use crate::common::Checked;

const GIT: (&str, &str) = (".git/HEAD", "");

/// Returns the severity of the missing limit of the service `db`.
fn severity(files: &[(&str, &str)], below: &str) -> Severity {
    let checked = Checked::tree(files, below);
    let limits = checked.of_rule("missing-memory-limit");
    limits.iter().find(|finding| finding.service.as_deref() == Some("db")).unwrap().severity
}

/// Scripts and READMEs next to a Compose file, or above it in its repository, show that it is for tests.
#[test]
fn neighbours_show_the_purpose_of_a_file() {
    let compose = ("deploy/shop/compose.yaml", "services: {db: {image: x}}\n");
    let of = |others: &[(&str, &str)]| severity(&[&[compose][..], others].concat(), "deploy/shop");
    let readme = "None of these files are for production.\n";
    assert_eq!(of(&[GIT]), Warning);
    assert_eq!(of(&[GIT, ("deploy/shop/test.sh", "")]), Note);
    assert_eq!(of(&[GIT, ("deploy/README.md", readme)]), Note);
    assert_eq!(of(&[GIT, ("deploy/README.md", "This does not run as root in production.\n")]), Warning);
    // In the root they describe the whole repository, and outside of it another one.
    assert_eq!(of(&[GIT, ("README.md", readme), ("test.sh", "")]), Warning);
    assert_eq!(of(&[("deploy/shop/.git/HEAD", ""), ("deploy/README.md", readme)]), Warning);
    assert_eq!(of(&[("deploy/README.md", readme)]), Warning);
}

/// Names count between the root of the repository and the file, wherever the run starts.
#[test]
fn names_above_the_repository_do_not_count() {
    for (path, expected) in [
        ("shop/.github/compose.yaml", Note),
        ("shop/hack/compose.yaml", Note),
        ("shop/ci-integration/compose.yaml", Note),
        ("shop/compose.yaml", Warning),
        ("shop/hackathon/compose.yaml", Warning),
    ] {
        let path = format!("demo/{path}");
        let files = [(path.as_str(), "services: {db: {image: x}}\n"), ("demo/shop/.git/HEAD", "")];
        let below = path.rsplit_once('/').unwrap().0;
        assert_eq!(severity(&files, below), expected, "{path}");
    }
}

/// Services that only tests depend on are part of the tests.
#[test]
fn dependencies_of_tests_are_for_tests() {
    let of = |services: &str| severity(&[("compose.yaml", &format!("services:\n{services}"))], "");
    let (db, test) =
        ("  db: {image: 'mongo:8.0'}\n", "  test_unit: {build: ., depends_on: [db], command: make}\n");
    assert_eq!(of(&format!("{db}{test}")), Note);
    assert_eq!(of(&format!("{db}{test}  app: {{image: app, depends_on: [db]}}\n")), Warning);
    assert_eq!(of(db), Warning);
}

/// A part of a Dockerfile without a stage is not an error; a Dockerfile by its plain name is.
#[test]
fn fragments_of_dockerfiles_are_not_checked() {
    let findings = |name: &str, text: &str| Checked::tree(&[(name, text)], "").outcome.findings.len();
    assert_eq!(findings("Dockerfile.append", "ENV A=b\nCMD [\"x\"]\n"), 0);
    assert!(findings("Dockerfile", "ENV A=b\nCMD [\"x\"]\n") > 0);
    assert!(findings("Dockerfile.prod", "FROM node:14\nNO x\n") > 0);
}

/// Maven and Gradle fill in properties below `src`, so that Compose never reads them.
#[test]
fn properties_of_a_build_are_no_syntax_errors() {
    let env = ("dist/src/main/compose/.env", "VERSION=${project.version}\n");
    let compose = ("dist/src/main/compose/compose.yaml", "services: {db: {image: 'x:${hdds.version}'}}\n");
    let errors = |others: &[(&str, &str)]| {
        let checked = Checked::tree(&[&[env, compose][..], others].concat(), "");
        checked.of_rule("syntax-error").len()
    };
    assert_eq!(errors(&[]), 2);
    assert_eq!(errors(&[("dist/pom.xml", "")]), 0);
    assert_eq!(errors(&[("dist/build.gradle.kts", "")]), 0);
    assert_eq!(errors(&[("pom.xml", "")]), 2);
}

/// A path of a part of a project exists in the project that it belongs to.
#[test]
fn parts_of_a_project_name_its_paths() {
    let unresolved =
        |files: &[(&str, &str)]| !Checked::tree(files, "").of_rule("unresolved-reference").is_empty();
    let part = ("packages/api/docker-compose.local.yml", "services: {a: {build: {context: .}}}\n");
    let whole = ("docker-compose.yml", "services: {a: {image: x}}\n");
    assert!(unresolved(&[part]));
    assert!(!unresolved(&[part, whole, ("Dockerfile", "FROM scratch\n")]));
    assert!(!unresolved(&[("compose.windows.yml", "services: {a: {build: {args: {A: b}}}}\n")]));
}

/// A clone without submodules leaves their directories empty.
#[test]
fn submodules_may_not_be_checked_out() {
    let build = ("compose.yaml", "services: {a: {build: ./front}}\n");
    let unresolved = |modules: &str| {
        let files = [GIT, build, (".gitmodules", modules)];
        !Checked::tree(&files, "").of_rule("unresolved-reference").is_empty()
    };
    assert!(unresolved(""));
    assert!(!unresolved("[submodule \"front\"]\n\tpath = front\n"));
    assert!(unresolved("[submodule \"front\"]\n\turl = x=front\n\tpath = other\n"));
    assert!(unresolved("[submodule \"front\"]\n\tpath = fro\n"));
}

/// A variable that a program out of sight may read is not reported as unread.
#[test]
fn other_programs_of_an_image_may_read_a_variable() {
    let of = |copy: &str| {
        let text = format!(
            "FROM maven:3-eclipse-temurin-21 AS build\nFROM eclipse-temurin:21\n{copy}\nENV JAVA_OPTS=-Xmx2g\nCMD [\"java\", \"-jar\", \"/a.jar\"]\n"
        );
        let checked = Checked::tree(&[("Dockerfile", &text)], "");
        let found = checked.of_rule("unread-heap-variable");
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        (finding.severity, finding.fix().is_some(), finding.help.clone().unwrap_or_default())
    };
    assert_eq!(of("COPY --from=build /a.jar /a.jar"), (Severity::Error, true, String::new()));
    let (severity, fix, help) = of("COPY --from=build /app /app");
    assert!(severity == Warning && !fix && help.contains("`-Xmx2g` there too"), "{help}");
}

/// The version that an upgrade leads to decides what it refuses.
#[test]
fn upgrades_name_what_newer_versions_lack() {
    let help = |service: &str| {
        let text = format!("services: {{db: {service}}}\n");
        let checked = Checked::tree(&[("compose.yaml", &text)], "");
        checked
            .of_rule("unsupported-base-image")
            .first()
            .and_then(|finding| finding.help.clone())
            .unwrap_or_default()
    };
    let mysql = |command: &str| help(&format!("{{image: 'mysql:5.7', command: {command}}}"));
    assert!(mysql("--default_authentication_plugin=mysql_native_password").contains("does not start with"));
    assert!(mysql("[mysqld, --query-cache-size=0]").contains("`--query-cache-size`: remove it"));
    assert!(!mysql("--max-connections=9").contains("does not start with"));
    let mongo = |rest: &str| help(&format!("{{image: 'mongo:5.0', {rest}}}"));
    assert!(mongo("command: sh -c 'while ! mongo --host db; do sleep 1; done'").contains("has no `mongo`"));
    assert!(mongo("healthcheck: {test: mongo --eval 1}").contains("has no `mongo`"));
    // A host of that name is none of its programs.
    assert!(!mongo("command: mongod --bind_ip mongo").contains("has no `mongo`"));
    // Older lines than the one in use are no upgrade.
    let redis = help("{image: 'redis:7.0'}");
    assert!(redis.contains("8.") && !redis.contains("6.2"), "{redis}");
    assert!(help("{image: 'openjdk:8-jre-alpine'}").contains("`eclipse-temurin:8-jre-alpine`"));
    assert!(help("{image: 'openjdk:12'}").ends_with("`eclipse-temurin` instead"));
}

/// A build argument without a value comes from the project's variable of its own name, and from no other.
#[test]
fn build_arguments_take_their_own_variables() {
    let base = |args: &str| {
        let compose = format!("services: {{a: {{build: {{context: ., args: {args}}}}}}}\n");
        let files = [
            ("compose.yaml", compose.as_str()),
            (".env", "TAG=14\n"),
            ("Dockerfile", "ARG TAG\nFROM node:${TAG}\n"),
        ];
        Checked::tree(&files, "").of_rule("unsupported-base-image").len()
    };
    assert_eq!(base("[TAG]"), 1);
    assert_eq!(base("{TAG: '${OTHER}'}"), 0);
}

/// Every file of labels has to be there, in a list too.
#[test]
fn files_of_labels_are_looked_for() {
    for (value, missing) in [
        ("gone.labels", 1),
        ("here.labels", 0),
        ("./here.labels", 0),
        ("[here.labels, gone.labels]", 1),
        ("[gone.labels, other.labels]", 2),
        ("[]", 0),
    ] {
        let compose = format!("services: {{a: {{image: acme/x, label_file: {value}}}}}\n");
        let checked =
            crate::common::Checked::tree(&[("compose.yaml", &compose), ("here.labels", "a=b\n")], "");
        let found = checked.of_rule("unresolved-reference");
        let found = found.iter().filter(|finding| finding.message.starts_with("label_file"));
        assert_eq!(found.count(), missing, "{value}");
    }
}

/// The head of a file is about its own services: of an included file not about those that include it, of a base about all that
/// extend it.
#[test]
fn a_note_about_development_is_about_its_file() {
    use oomlint::diagnostic::Severity;
    const NOTE: &str = "# For local development only, not for production\n";
    let severities = |files: &[(&str, String)]| -> Vec<(String, Severity)> {
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let scratch = crate::common::tree(&files);
        let checked = crate::common::Checked::below(&scratch.path().join("compose.yaml"));
        let found = checked.of_rule("missing-memory-limit");
        found
            .iter()
            .map(|finding| (finding.message.split('`').nth(1).unwrap().to_owned(), finding.severity))
            .collect()
    };
    let named = |name: &str, severity| (name.to_owned(), severity);
    let (note, warning) = (Severity::Note, Severity::Warning);
    let one = "services: {a: {image: acme/x, restart: always}}\n";
    assert_eq!(severities(&[("compose.yaml", one.to_owned())]), [named("a", warning)]);
    assert_eq!(severities(&[("compose.yaml", format!("{NOTE}{one}"))]), [named("a", note)]);
    let other = "services: {b: {image: acme/x, restart: always}}\n";
    let including =
        [("compose.yaml", format!("include: [inc.yaml]\n{one}")), ("inc.yaml", format!("{NOTE}{other}"))];
    assert_eq!(severities(&including), [named("a", warning), named("b", note)]);
    let extending = "services: {a: {restart: always, extends: {file: base.yaml, service: b}}, c: {image: acme/y, restart: always}}\n";
    let extending = [("compose.yaml", extending.to_owned()), ("base.yaml", format!("{NOTE}{other}"))];
    assert_eq!(severities(&extending), [named("a", note), named("c", note)]);
}
