//! Packages, hooks and CI integrations are consistent with the program.

use crate::common;
use std::path::Path;

use oomlint::discover::{FileKind, is_env_file, is_image_lock, kind_of};
use regex::Regex;
use serde_yaml::Value;

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// File names, and the kinds of file that they imply.
const NAMES: &[(&str, Option<FileKind>)] = &[
    ("compose.yaml", Some(FileKind::Compose)),
    ("deploy/compose.override.yml", Some(FileKind::Compose)),
    ("compose-dev.yaml", Some(FileKind::Compose)),
    ("compose2.yml", Some(FileKind::Compose)),
    ("compose_test.yml", Some(FileKind::Compose)),
    ("docker-compose.yml", Some(FileKind::Compose)),
    ("docker-compose.prod.yaml", Some(FileKind::Compose)),
    ("a b/docker-composeX.yml", Some(FileKind::Compose)),
    ("composer.yaml", None),
    ("my-compose.yaml", None),
    ("compose.json", None),
    ("values.yaml", None),
    ("Dockerfile", Some(FileKind::Dockerfile)),
    ("api/Dockerfile", Some(FileKind::Dockerfile)),
    ("dockerfile", Some(FileKind::Dockerfile)),
    ("Containerfile", Some(FileKind::Dockerfile)),
    ("Dockerfile.prod", Some(FileKind::Dockerfile)),
    ("Dockerfile-dev", Some(FileKind::Dockerfile)),
    ("Containerfile.x", Some(FileKind::Dockerfile)),
    ("api.Dockerfile", Some(FileKind::Dockerfile)),
    ("api.dockerfile", Some(FileKind::Dockerfile)),
    ("dev.Containerfile", Some(FileKind::Dockerfile)),
    ("dev.containerfile", Some(FileKind::Dockerfile)),
    ("Dockerfile.dockerignore", None),
    ("Dockerfile.md", None),
    ("Dockerfile.yml", None),
    ("Dockerfile.yaml", None),
    ("Dockerfile.j2", None),
    ("Dockerfile.prod~", None),
    ("Dockerfiles", None),
    ("Dockerfile.", None),
    (".dockerfile", None),
    ("Dockerfile.MD", None),
    ("Dockerfile.json", None),
    ("Dockerfile-x.JSON", None),
    ("README.md", None),
];

/// File names, and whether they imply environment files, which have no kind but are part of stacks.
const ENVIRONMENTS: &[(&str, bool)] = &[
    (".env", true),
    ("deploy/.env", true),
    (".env.prod", true),
    ("api/api.env", true),
    (".env.md", false),
    (".env.j2", false),
    ("environment", false),
    ("x.envrc", false),
];

#[test]
fn hooks_are_given_the_files_that_are_looked_at() {
    let hooks: Vec<Value> = serde_yaml::from_str(&read(".pre-commit-hooks.yaml")).unwrap();
    assert_eq!(hooks.len(), 3);
    let real = if cfg!(shared) { names_below(&common::corpus()) } else { Vec::new() };
    for hook in &hooks {
        let pattern = |key: &str| Regex::new(hook[key].as_str().unwrap()).unwrap();
        let (files, exclude) = (pattern("files"), pattern("exclude"));
        for (name, kind) in NAMES {
            assert_eq!(kind_of(Path::new(name)), *kind, "{name}");
            let given = files.is_match(name) && !exclude.is_match(name);
            assert_eq!(given, kind.is_some(), "{}: {name}", hook["id"].as_str().unwrap());
        }
        for (name, is) in ENVIRONMENTS {
            assert_eq!(is_env_file(Path::new(name)), *is, "{name}");
            assert_eq!(files.is_match(name) && !exclude.is_match(name), *is, "{name}");
        }
        let lock = "deploy/.oomlint-images.json";
        assert!(files.is_match(lock) && !exclude.is_match(lock) && is_image_lock(Path::new(lock)));
        for name in &real {
            let given = files.is_match(name) && !exclude.is_match(name);
            let path = Path::new(name);
            let looked_at = !is_left_out(name) && (kind_of(path).is_some() || is_env_file(path));
            assert_eq!(given, looked_at, "{name}");
        }
    }
}

/// True for what `src/discover` leaves out: third-party code, and YAML of CI systems.
fn is_left_out(name: &str) -> bool {
    let below = |directories: &[&str]| name.split('/').rev().skip(1).any(|part| directories.contains(&part));
    let is_yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    below(&["vendor", "node_modules"]) || is_yaml && below(&[".github", ".gitea", ".forgejo"])
}

#[test]
fn hooks_are_not_given_what_is_left_out() {
    let hooks: Vec<Value> = serde_yaml::from_str(&read(".pre-commit-hooks.yaml")).unwrap();
    for hook in &hooks {
        let exclude = Regex::new(hook["exclude"].as_str().unwrap()).unwrap();
        for (name, out) in [
            ("vendor/a/compose.yaml", true),
            ("web/node_modules/a/Dockerfile", true),
            (".github/workflows/docker-compose-ci.yaml", true),
            ("a/.forgejo/compose.yml", true),
            (".github/actions/a/Dockerfile", false),
            ("vendors/compose.yaml", false),
            ("a/vendor.Dockerfile", false),
        ] {
            assert_eq!((exclude.is_match(name), is_left_out(name)), (out, out), "{name}");
        }
    }
}

fn names_below(directory: &Path) -> Vec<String> {
    let files = walkdir::WalkDir::new(directory).into_iter().filter_map(Result::ok);
    files
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.path().to_str().map(str::to_owned))
        .collect()
}

/// The wheel takes its version from Cargo.toml.
#[test]
fn the_version_is_in_one_place() {
    let project = read("pyproject.toml");
    assert!(project.contains("dynamic = [\"version\""));
    assert!(!project.lines().any(|line| line.starts_with("version")));
}

#[test]
fn the_hooks_that_pages_name_exist() {
    let hooks: Vec<Value> = serde_yaml::from_str(&read(".pre-commit-hooks.yaml")).unwrap();
    let ids: Vec<&str> = hooks.iter().map(|hook| hook["id"].as_str().unwrap()).collect();
    for page in ["README.md", "docs/ci.md"] {
        let text = read(page);
        let named: Vec<&str> = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("- id: ")?.split_whitespace().next())
            .collect();
        assert!(!named.is_empty(), "{page}");
        assert!(named.iter().all(|id| ids.contains(id)), "{page}: {named:?}");
    }
}

#[cfg(unix)]
#[test]
fn the_action_reports_fails_and_adds_to_the_summary() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    std::fs::create_dir(dir.path().join("a stack")).unwrap();
    write("a stack/compose.yaml", "services:\n  api: {image: example/api, mem_limit: 512Mi}\n");
    write("summary.md", "what was there\n");
    let run = |set: &[(&str, &str)]| {
        let mut command =
            std::process::Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/action.sh"));
        command.env("OOMLINT", env!("CARGO_BIN_EXE_oomlint")).current_dir(dir.path());
        command.env("GITHUB_STEP_SUMMARY", dir.path().join("summary.md"));
        command.envs(set.iter().copied()).output().unwrap()
    };
    let ran = run(&[
        ("OOMLINT_PATHS", "a stack\n"),
        ("OOMLINT_SARIF", "out.sarif"),
        ("OOMLINT_SUMMARY", "true"),
        ("OOMLINT_PRESET", "minimal"),
    ]);
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{text}");
    assert!(text.starts_with("::error file=a stack/compose.yaml,line=2,"), "{text}");
    let summary = std::fs::read_to_string(dir.path().join("summary.md")).unwrap();
    assert!(summary.starts_with("what was there\n") && summary.contains("invalid-memory-value"), "{summary}");
    assert!(dir.path().join("out.sarif").is_file());
    // Values are not evaluated by the shell.
    let odd = run(&[("OOMLINT_PATHS", "$(touch broken)\n`touch broken`")]);
    assert_eq!(odd.status.code(), Some(2));
    assert!(!dir.path().join("broken").exists());
    assert_eq!(run(&[("OOMLINT_PATHS", "a stack"), ("OOMLINT_FAIL_ON", "never")]).status.code(), Some(0));
}

#[test]
fn the_action_hands_every_input_on() {
    let action: Value = serde_yaml::from_str(&read("action.yml")).unwrap();
    let script = read("packaging/action.sh");
    let steps = action["runs"]["steps"].as_sequence().unwrap();
    for input in action["inputs"].as_mapping().unwrap().keys() {
        let input = input.as_str().unwrap();
        let variable = format!("OOMLINT_{}", input.to_uppercase().replace('-', "_"));
        let handed = steps.iter().find_map(|step| step["env"][variable.as_str()].as_str());
        assert_eq!(handed, Some(format!("${{{{ inputs.{input} }}}}").as_str()));
        assert!(script.contains(&variable), "{variable}");
    }
}

/// The Dockerfiles of oomlint have no findings.
#[test]
fn the_dockerfiles_are_clean_by_their_own_rules() {
    let ran = std::process::Command::new(env!("CARGO_BIN_EXE_oomlint"))
        .args(["--preset", "strict", "--fail-on", "note", "--no-config"])
        .args(["packaging/Dockerfile", "packaging/release.Dockerfile"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.status.code(), Some(0), "{text}");
    assert!(text.contains("2 suppressed"), "{text}");
}

/// Every target that Cargo.toml names is copied into the image. The build fails if one is missing.
#[test]
fn the_image_gets_all_that_is_built() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scratch = tempfile::tempdir().unwrap();
    let dockerfile = read("packaging/Dockerfile");
    let copies = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|words| !words.starts_with("--"));
    for sources in copies.map(|words| words.rsplit_once(' ').unwrap().0) {
        for name in sources.split(' ') {
            for entry in walkdir::WalkDir::new(top.join(name)) {
                let path = entry.unwrap().into_path();
                let to = scratch.path().join(path.strip_prefix(top).unwrap());
                if path.is_dir() {
                    std::fs::create_dir_all(to).unwrap();
                } else {
                    std::fs::copy(&path, to).unwrap();
                }
            }
        }
    }
    let targets = |directory: &Path| -> Vec<String> {
        let cargo = std::process::Command::new(env!("CARGO"))
            .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
            .arg(directory.join("Cargo.toml"))
            .output()
            .unwrap();
        assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
        let read: serde_json::Value = serde_json::from_slice(&cargo.stdout).unwrap();
        let targets = read["packages"][0]["targets"].as_array().unwrap();
        let kinds = targets.iter().map(|target| target["kind"][0].as_str().unwrap().to_owned());
        kinds.filter(|kind| kind != "test").collect()
    };
    let (here, there) = (targets(top), targets(scratch.path()));
    assert!(here.contains(&"custom-build".to_owned()), "{here:?}");
    assert_eq!(here, there);
}

#[test]
fn what_the_pages_give_the_action_it_takes() {
    let action: Value = serde_yaml::from_str(&read("action.yml")).unwrap();
    for page in ["README.md", "docs/ci.md"] {
        let text = read(page);
        let block = text.split("- uses: oomlint/oomlint@").nth(1).unwrap();
        let block = block.split("```").next().unwrap().split("- uses:").next().unwrap();
        let given: Vec<&str> = block
            .lines()
            .skip_while(|line| line.trim() != "with:")
            .skip(1)
            .filter_map(|line| Some(line.trim().split_once(':')?.0))
            .collect();
        assert!(!given.is_empty(), "{page}");
        assert!(given.iter().all(|input| action["inputs"].get(*input).is_some()), "{page}: {given:?}");
    }
}

/// Returns the targets that a release is built for.
fn targets() -> Vec<String> {
    let release: Value = serde_yaml::from_str(&read(".github/workflows/release.yml")).unwrap();
    let rows = ["linux", "others"].map(|job| release["jobs"][job]["strategy"]["matrix"]["include"].clone());
    let rows = rows.iter().flat_map(|rows| rows.as_sequence().unwrap());
    rows.map(|row| row["target"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_target_has_an_npm_package_a_wheel_and_a_program_for_the_action() {
    let mut targets = targets();
    targets.sort_unstable();
    let table = |name: &str, begin: &str, end: &str| {
        let script = read(name);
        script.split(begin).nth(1).unwrap().split(end).next().unwrap().to_owned()
    };
    let quoted = |table: String| -> Vec<String> {
        table.lines().filter_map(|line| Some(line.trim().split('"').nth(1)?.to_owned())).collect()
    };
    let action = table("packaging/program.sh", "case $(uname -s)", "esac");
    let action = Regex::new("target=([^ ]+-[^ ]+)")
        .unwrap()
        .captures_iter(&action)
        .map(|row| row[1].to_owned())
        .collect();
    for mut named in [
        quoted(table("packaging/npm/generate.js", "const SYSTEMS = {", "};")),
        quoted(table("packaging/wheel.py", "TAGS = {", "}")),
        action,
    ] {
        named.sort_unstable();
        assert_eq!(named, targets);
    }
}

/// The archives whose checksums the action compares are all of one release, or there is none yet.
#[test]
fn the_action_knows_all_programs_of_one_release() {
    let table = read("packaging/programs.txt");
    let rows: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
    let row = Regex::new(r"^[0-9a-f]{64}  oomlint-([0-9]+\.[0-9]+\.[0-9]+)-(.+?)\.(tar\.gz|zip)$").unwrap();
    let read: Vec<_> =
        rows.iter().map(|line| row.captures(line).unwrap_or_else(|| panic!("{line}"))).collect();
    if let Some(first) = read.first() {
        let (mut named, mut targets): (Vec<String>, _) =
            (read.iter().map(|row| row[2].to_owned()).collect(), targets());
        named.sort_unstable();
        targets.sort_unstable();
        assert_eq!(named, targets);
        assert!(read.iter().all(|row| row[1] == first[1]));
    }
}

/// The mirror for pre-commit has the same hook, and installs each wheel by its checksum.
#[cfg(target_os = "linux")]
#[test]
fn the_mirror_has_the_hook_and_all_wheels() {
    let scratch = tempfile::tempdir().unwrap();
    let (wheels, mirror) = (scratch.path().join("wheels"), scratch.path().join("mirror"));
    std::fs::create_dir(&wheels).unwrap();
    let script = read("packaging/wheel.py");
    let table = script.split("TAGS = {").nth(1).unwrap().split('}').next().unwrap();
    let systems: Vec<&str> = table.lines().filter_map(|line| line.split('"').nth(3)).collect();
    for system in &systems {
        let name = format!("oomlint-{}-py3-none-{system}.whl", env!("CARGO_PKG_VERSION"));
        std::fs::write(wheels.join(name), "").unwrap();
    }
    let ran = std::process::Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/mirror.sh"))
        .args([&wheels, &mirror])
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let hooks = |text: String| serde_yaml::from_str::<Vec<Value>>(&text).unwrap();
    let written = hooks(std::fs::read_to_string(mirror.join(".pre-commit-hooks.yaml")).unwrap());
    let own = hooks(read(".pre-commit-hooks.yaml"));
    assert_eq!(written.len(), 1);
    for key in ["id", "name", "entry", "language", "files", "exclude", "require_serial"] {
        assert_eq!(written[0][key], own[0][key], "{key}");
    }
    let project = std::fs::read_to_string(mirror.join("pyproject.toml")).unwrap();
    // The SHA-256 of an empty file.
    let sum = "#sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 ; sys_platform";
    for system in &systems {
        assert!(project.contains(&format!("{system}.whl{sum}")), "{project}");
    }
    assert_eq!(project.matches("oomlint @ https://").count(), systems.len());
}

/// cargo-binstall looks for archives by the names that the release script gives them.
#[test]
fn archives_are_where_binstall_looks_for_them() {
    let manifest = read("Cargo.toml");
    let section = |name: &str| {
        let head = format!("[package.metadata.binstall{name}]\n");
        manifest.split(&head).nth(1).map(|rest| rest.split("\n[").next().unwrap().to_owned())
    };
    let url = |section: &str| {
        let line = section.lines().find(|line| line.starts_with("pkg-url")).unwrap();
        line.split('"').nth(1).unwrap().rsplit('/').next().unwrap().to_owned()
    };
    let script = read("packaging/archive.sh");
    assert!(script.contains("name=oomlint-$version-$target\n"));
    for target in targets() {
        let own = section(&format!(".overrides.{target}")).unwrap_or_else(|| section("").unwrap());
        let name = url(&own).replace("{ name }", "oomlint").replace("{ version }", "$version");
        let ending = if target.contains("windows") { "zip" } else { "tar.gz" };
        assert_eq!(name.replace("{ target }", &target), format!("oomlint-$version-{target}.{ending}"));
        assert!(script.contains(&format!("\"$name.{ending}\"")));
    }
    for arch in ["x86_64", "aarch64"] {
        let musl = section(&format!(".overrides.{arch}-unknown-linux-musl")).unwrap();
        let glibc = format!("{arch}-unknown-linux-gnu");
        assert!(url(&musl).contains(&glibc) && targets().contains(&glibc), "{musl}");
    }
}

/// Runs the command of the GitLab job, without its installation.
#[cfg(unix)]
#[test]
fn the_job_for_gitlab_writes_what_it_keeps() {
    let template: Value = serde_yaml::from_str(&read("packaging/gitlab.yml")).unwrap();
    let job = &template["oomlint"];
    let command = job["script"].as_sequence().unwrap().last().unwrap().as_str().unwrap();
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("compose.yaml"), "services:\n  a: {image: alpine, mem_limit: 1Gi}\n")
        .unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_oomlint")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let ran = std::process::Command::new("sh")
        .args(["-c", command])
        .env("PATH", path)
        .env("OOMLINT_PATHS", job["variables"]["OOMLINT_PATHS"].as_str().unwrap())
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(1), "{}", String::from_utf8_lossy(&ran.stderr));
    for report in job["artifacts"]["reports"].as_mapping().unwrap().values() {
        let text = std::fs::read_to_string(dir.path().join(report.as_str().unwrap())).unwrap();
        assert!(text.contains("invalid-memory-value"), "{text}");
    }
    // The variables that the documentation sets exist.
    let page = read("docs/ci.md");
    let set = page.split("packaging/gitlab.yml\noomlint:\n").nth(1).unwrap().split("```").next().unwrap();
    let set: Value = serde_yaml::from_str(set).unwrap();
    assert!(set["variables"].as_mapping().unwrap().keys().all(|name| job["variables"].get(name).is_some()));
}

/// libFuzzer stops at a line of a dictionary that it cannot read: only quotes, backslashes and bytes in hexadecimal are escaped.
#[test]
fn dictionaries_of_the_fuzzer_can_be_read() {
    let entry = Regex::new(r#"^"([^\\]|\\\\|\\"|\\x[0-9a-fA-F]{2})*"$"#).unwrap();
    for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/dictionaries")).unwrap() {
        let path = file.unwrap().path();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            let is_comment = line.is_empty() || line.starts_with('#');
            assert!(is_comment || entry.is_match(line), "{}: {line}", path.display());
        }
    }
}
