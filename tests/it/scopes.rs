//! Which findings a run reports, in which file and for which service, of small repositories: each table has a row for either side of
//! each condition.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use oomlint::check::{self, Options, Outcome};
use oomlint::config::{Base, Configs, Pattern, Patterns};
use oomlint::discover;
use oomlint::rules::Preset;
use oomlint::source::{FileSystem, Sources, path_text};

use crate::common;

pub(crate) type Files<'f> = &'f [(&'f str, &'f str)];

/// A finished run over some paths of a new repository.
pub(crate) struct Ran {
    pub(crate) sources: Sources,
    pub(crate) outcome: Outcome,
    root: PathBuf,
    _scratch: tempfile::TempDir,
}

impl Ran {
    /// Runs some rules over the paths; without paths over the whole repository.
    pub(crate) fn over(files: Files<'_>, paths: &[&str], rules: &[&str]) -> Self {
        let options = Options {
            preset: Some(Preset::Strict),
            select: rules.iter().map(|rule| (*rule).to_owned()).collect(),
            ..Options::default()
        };
        Self::with(files, paths, options)
    }

    pub(crate) fn with(files: Files<'_>, paths: &[&str], options: Options) -> Self {
        let scratch = common::tree(files);
        let root = common::real(scratch.path());
        std::fs::create_dir(root.join(".git")).unwrap();
        let paths: Vec<PathBuf> = match paths {
            [] => vec![root.clone()],
            paths => paths.iter().map(|path| root.join(path)).collect(),
        };
        let discovered = discover::discover(&paths, discover::Options::default()).unwrap();
        let sources = Sources::new();
        let outcome = check::run(&options, &sources, &discovered);
        Self { sources, outcome, root, _scratch: scratch }
    }

    /// Returns a path from the repository's root.
    pub(crate) fn name(&self, path: &Path) -> String {
        path_text(path.strip_prefix(&self.root).unwrap_or(path))
    }

    /// Returns file, line, rule and service of the findings.
    pub(crate) fn found(&self) -> Vec<String> {
        let line = |finding: &oomlint::diagnostic::Finding| {
            let span = self.sources.to_outer_span(finding.primary.span);
            let source = self.sources.get(span.file);
            let line = source.text()[..span.start as usize].matches('\n').count() + 1;
            let service = finding.service.as_deref().unwrap_or("-");
            format!("{}:{line} {} {service}", self.name(source.path()), finding.rule)
        };
        self.outcome.findings.iter().map(line).collect()
    }
}

const HEAVY: &str = "FROM eclipse-temurin:21-jdk\nCOPY a.jar .\nCMD [\"java\", \"-jar\", \"a.jar\"]\n";

/// A stack that the run is not about leaves alone what a named override file builds, whatever leads a reader to that stack.
#[test]
fn a_stack_elsewhere_takes_no_dockerfile_from_a_named_override_file() {
    let found = |stack: &str, named: &[&str]| {
        let files = [
            ("app/compose.yaml", "services:\n  a: {image: alpine, mem_limit: 64m}\n"),
            ("app/compose.dev.yaml", "services:\n  a: {mem_limit: 65m}\n  b: {build: ../lib}\n"),
            ("lib/Dockerfile", HEAVY),
            ("tool/Dockerfile", "FROM alpine:3\n"),
            ("part.yaml", "services:\n  p: {image: alpine}\n"),
            ("vars.env", "A=1\n"),
            ("other/compose.yaml", stack),
        ];
        Ran::over(&files, named, &["heavy-base-image"]).found()
    };
    let own = ["lib/Dockerfile:1 heavy-base-image -"];
    for (stack, named) in [
        // It names nothing that is named.
        ("services:\n  o: {build: ../lib}\n", &["app/compose.dev.yaml"][..]),
        // It is read since it takes in another file.
        (
            "services:\n  o: {build: ../lib}\n  p: {extends: {file: ../part.yaml, service: p}}\n",
            &["app/compose.dev.yaml"],
        ),
        ("include: [../part.yaml]\nservices:\n  o: {build: ../lib}\n", &["app/compose.dev.yaml"]),
        // Its text has the names of a named file, but no service reads it.
        ("# build: ../tool\nservices:\n  o: {build: ../lib}\n", &["app/compose.dev.yaml", "tool/Dockerfile"]),
        ("# env_file: ../vars.env\nservices:\n  o: {build: ../lib}\n", &["app/compose.dev.yaml", "vars.env"]),
    ] {
        assert_eq!(found(stack, named), own, "{named:?}\n{stack}");
    }
}

/// Findings of a directory of the run are reported, whatever includes it from outside: a stack that is no part of the run, one of which
/// only a named Dockerfile is, or the base of a named override file.
#[test]
fn a_stack_out_of_scope_takes_nothing_from_a_directory_of_the_run() {
    let files = [
        (
            "app/compose.yaml",
            "include: [../parts/compose.yaml]\nservices:\n  a: {build: ../lib, mem_limit: 5m}\n",
        ),
        ("app/compose.dev.yaml", "services:\n  a: {mem_limit: 5m}\n"),
        ("parts/compose.yaml", "services:\n  p: {image: redis, mem_limit: 5m}\n"),
        ("lib/Dockerfile", HEAVY),
        ("tool/Dockerfile", "FROM alpine:3\n"),
    ];
    let part = "parts/compose.yaml:2 memory-limit-below-minimum p";
    let of_override = "app/compose.dev.yaml:2 memory-limit-below-minimum a";
    let of_base = "app/compose.yaml:3 memory-limit-below-minimum a";
    for (paths, found) in [
        (&[][..], &[of_override, of_base, part][..]),
        (&["parts"], &[part]),
        (&["parts", "tool/Dockerfile"], &[part]),
        (&["parts", "lib/Dockerfile"], &[part]),
        (&["parts", "app/compose.dev.yaml"], &[of_override, part]),
        (&["parts", "app/compose.yaml"], &[of_base, part]),
        (&["app/compose.dev.yaml"], &[of_override]),
        (&["app/compose.yaml"], &[of_base, part]),
        (&["parts/compose.yaml"], &[of_base, part]),
        (&["lib/Dockerfile"], &[]),
    ] {
        assert_eq!(Ran::over(&files, paths, &["memory-limit-below-minimum"]).found(), found, "{paths:?}");
    }
    // Nor does it take a Dockerfile from an override file.
    let files = [
        ("app/compose.yaml", "services:\n  a: {image: alpine, mem_limit: 64m}\n"),
        ("app/compose.dev.yaml", "services:\n  a: {mem_limit: 65m}\n  b: {build: ../lib}\n"),
        ("parts/compose.yaml", "services:\n  p: {image: alpine}\n"),
        ("other/compose.yaml", "include: [../parts/compose.yaml]\nservices:\n  o: {build: ../lib}\n"),
        ("lib/Dockerfile", HEAVY),
    ];
    let found = Ran::over(&files, &["app/compose.dev.yaml", "parts"], &["heavy-base-image"]).found();
    assert_eq!(found, ["lib/Dockerfile:1 heavy-base-image -"]);
}

/// A project whose `.env` names its files elsewhere is one of the directory that these are in.
#[test]
fn a_file_of_the_run_is_in_scope_in_the_stack_of_another_directory() {
    let files = [
        ("app/.env", "COMPOSE_FILE=../parts/compose.yaml\nLIMIT=5m\n"),
        ("app/compose.yaml", "services: {}\n"),
        ("parts/compose.yaml", "services:\n  p: {image: redis, mem_limit: \"${LIMIT:-1g}\"}\n"),
        ("tool/Dockerfile", "FROM alpine:3\n"),
    ];
    for paths in [&[][..], &["parts", "tool/Dockerfile"], &["parts/compose.yaml"], &["app/.env"]] {
        let found = Ran::over(&files, paths, &["memory-limit-below-minimum"]).found();
        assert_eq!(found, ["parts/compose.yaml:2 memory-limit-below-minimum p"], "{paths:?}");
    }
}

const GENERATED: &str = "# Code generated by make. DO NOT EDIT.\n";

/// A fix stays unless it edits a generated file, and the note is where nothing but advice for one is left.
#[test]
fn fixes_and_notes_follow_the_generated_file() {
    let files = [
        (
            "compose.yaml",
            "services:\n  a: {build: ., mem_limit: 512m, env_file: [heap.env]}\n  b: {image: redis, mem_limit: 5m}\n  c: {image: nginx, mem_limit: 25m, deploy: {resources: {limits: {memory: 30M}}}}\n",
        ),
        ("heap.env", "JAVA_TOOL_OPTIONS=-Xmx900m\n"),
        (
            "Dockerfile",
            "FROM eclipse-temurin:21-jdk\nRUN apt-get update && apt-get install -y curl\nCMD java -jar a.jar\n",
        ),
        ("alone/Dockerfile", "FROM alpine:3\nRUN apk add curl\nEXPOSE 80\nCMD [\"/serve\"]\n"),
    ];
    let told = |generated: &[&str]| {
        let texts: Vec<(&str, String)> = files
            .iter()
            .map(|(name, text)| {
                (*name, format!("{}{text}", if generated.contains(name) { GENERATED } else { "" }))
            })
            .collect();
        let texts: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let ran = Ran::over(&texts, &[], &[]);
        let line = |finding: &oomlint::diagnostic::Finding| {
            let edits = finding.fixes.iter().map(|fix| {
                let of = |edit: &oomlint::diagnostic::Edit| ran.name(ran.sources.get(edit.span.file).path());
                fix.edits.iter().map(of).collect::<Vec<_>>().join("+")
            });
            let edits = edits.collect::<Vec<_>>().join(",");
            let help = match finding.help.as_deref() {
                Some("keep one spelling, or write the same value in both") => "keep one",
                Some(_) => "help",
                None => "-",
            };
            let note = finding
                .notes
                .iter()
                .find_map(|note| note.strip_suffix(" is generated: edit its source instead"));
            let place = ran.name(ran.sources.get(finding.primary.span.file).path());
            format!(
                "{} {} {place}: fixes [{edits}] {help} {}",
                finding.rule,
                finding.service.as_deref().unwrap_or("-"),
                note.unwrap_or("-")
            )
        };
        ran.outcome.findings.iter().map(line).collect::<Vec<_>>()
    };
    for (generated, found, expected) in [
        (&[][..], "missing-swap-limit a", "fixes [compose.yaml] - -"),
        (&[], "heap-exceeds-limit a", "fixes [compose.yaml,heap.env] - -"),
        (&[], "unstated-restart a", "fixes [] help -"),
        (&[], "memory-limit-below-minimum b", "fixes [] - -"),
        // Help of its own stays.
        (&[], "conflicting-limits c", "fixes [compose.yaml] keep one -"),
        (&["compose.yaml"], "conflicting-limits c", "fixes [] keep one this file"),
        (&["compose.yaml"], "missing-swap-limit a", "fixes [] help this file"),
        (&["compose.yaml"], "heap-exceeds-limit a", "fixes [heap.env] - -"),
        (&["compose.yaml"], "unstated-restart a", "fixes [] help this file"),
        (&["compose.yaml"], "memory-limit-below-minimum b", "fixes [] - -"),
        (&["compose.yaml"], "missing-swap-limit b", "fixes [] help this file"),
        (&["compose.yaml"], "missing-healthcheck -", "fixes [] help -"),
        (&["heap.env"], "missing-swap-limit a", "fixes [compose.yaml] - -"),
        (&["heap.env"], "heap-exceeds-limit a", "fixes [compose.yaml] - -"),
        (&["heap.env"], "unstated-restart a", "fixes [] help -"),
        (&["compose.yaml", "heap.env"], "heap-exceeds-limit a", "fixes [] help this file"),
        (&["Dockerfile"], "heap-exceeds-limit a", "fixes [compose.yaml,heap.env] - -"),
        (&["Dockerfile"], "missing-swap-limit a", "fixes [compose.yaml] - -"),
        (&["alone/Dockerfile"], "missing-healthcheck -", "fixes [] help this file"),
        (&["alone/Dockerfile"], "unstated-restart a", "fixes [] help -"),
    ] {
        let all = told(generated);
        let line = all.iter().find(|line| line.starts_with(&format!("{found} "))).unwrap();
        assert!(line.ends_with(&format!(": {expected}")), "{generated:?}: {line}");
    }
}

/// A finding in a file of several stacks is one finding, with the places of all stacks by path, at most a hundred of them.
#[test]
fn a_finding_in_a_shared_file_names_every_stack_once() {
    let part = ("parts/common.yaml", "services:\n  p: {image: redis, mem_limit: 5m}\n");
    let stack = "services:\n  p: {extends: {file: ../parts/common.yaml, service: p}}\n";
    for count in [1, 2, 3, 99, 100, 101, 103] {
        let names: Vec<String> = (0..count).map(|at| format!("stack{at:03}/compose.yaml")).collect();
        let files: Vec<(&str, &str)> =
            names.iter().map(|name| (name.as_str(), stack)).chain([part]).collect();
        let ran = Ran::over(&files, &[], &["memory-limit-below-minimum"]);
        assert_eq!(ran.found(), ["parts/common.yaml:2 memory-limit-below-minimum p"], "{count}");
        let related = &ran.outcome.findings[0].related;
        let related: Vec<String> =
            related.iter().map(|label| ran.name(ran.sources.get(label.span.file).path())).collect();
        assert_eq!(related, names[..count.min(100)], "{count}");
    }
}

/// Stacks with a shared file may differ: a suppression of one holds for that one, and the image is named if all have it.
#[test]
fn stacks_of_a_shared_file_differ_in_suppressions_and_images() {
    let part = "services:\n  p: {image: redis, mem_limit: 5m}\n";
    let by = |more: &str| {
        format!("services:\n  p: {{extends: {{file: ../parts/common.yaml, service: p}}{more}}}\n")
    };
    let ignore = |why: &str| format!(", x-oomlint: {{ignore: [memory-limit-below-minimum], reason: {why}}}");
    let (plain, why, other) = (String::new(), ignore("why"), ignore("other"));
    let (nginx, redis) = (", image: nginx".to_owned(), ", image: redis".to_owned());
    let none: &[&str] = &[];
    for (a, b, c, reported, suppressed) in [
        (&plain, &plain, &plain, &["redis"][..], none),
        (&why, &plain, &plain, &["redis"], &["why"]),
        (&plain, &why, &plain, &["redis"], &["why"]),
        (&why, &why, &why, &[], &["why"]),
        (&why, &other, &why, &[], &["other", "why"]),
        (&why, &other, &plain, &["redis"], &["other", "why"]),
        (&nginx, &nginx, &nginx, &["nginx"], none),
        (&nginx, &redis, &redis, &["-"], none),
        (&redis, &redis, &nginx, &["-"], none),
        (&nginx, &redis, &why, &["-"], &["why"]),
    ] {
        let [a, b, c] = [a, b, c].map(|more| by(more));
        let files = [
            ("a/compose.yaml", &*a),
            ("b/compose.yaml", &*b),
            ("c/compose.yaml", &*c),
            ("parts/common.yaml", part),
        ];
        let outcome = Ran::over(&files, &[], &["memory-limit-below-minimum"]).outcome;
        let images: Vec<&str> =
            outcome.findings.iter().map(|finding| finding.image.as_deref().unwrap_or("-")).collect();
        let mut reasons: Vec<&str> =
            outcome.suppressed.iter().filter_map(|one| one.justification.as_deref()).collect();
        reasons.sort_unstable();
        assert_eq!((images.as_slice(), reasons.as_slice()), (reported, suppressed), "{a}{b}{c}");
    }
}

/// Returns the changes that files outside of a stack make to its services: service, file, and the service that extends it.
fn changed(files: Files<'_>, stack: &str) -> Vec<String> {
    let pattern = Pattern::parse("excluded.yaml").unwrap();
    let exclude = Patterns::new(&Base::at(Path::new("")), [&pattern]);
    let options = Options { exclude, preset: Some(Preset::Strict), ..Options::default() };
    let ran = Ran::with(files, &[], options);
    let is_it = |project: &&oomlint::workload::Project| {
        let last = project.compose_files.last();
        last.is_some_and(|file| ran.name(ran.sources.get(*file).path()) == stack)
    };
    let project = ran.outcome.projects.iter().find(is_it).unwrap();
    let line = |change: &oomlint::workload::ChangedElsewhere| {
        let by = change.by.as_ref().map(|by| format!(" {by}")).unwrap_or_default();
        format!("{} {}{by}", change.service, ran.name(&change.file))
    };
    let mut lines: Vec<String> = project.elsewhere.iter().map(line).collect();
    lines.sort();
    lines
}

const BASE: &str = "services:\n  a: {image: x, ports: ['1']}\n  b: {image: x, ports: ['1']}\n";

/// A file that only `-f` names changes a stack if it may be an override file of it: next to it or one directory below, small, with
/// services that need a base, and not left out.
#[test]
fn override_files_with_names_of_their_own_are_found_near_the_base() {
    const LIMIT: &str = "services:\n  a: {mem_limit: 1g}\n";
    let long = |bytes: usize| format!("{LIMIT}#{}\n", "x".repeat(bytes - LIMIT.len() - 2));
    let (most, too_long) = (long(64 * 1024 - 1), long(64 * 1024));
    for (name, text, is_found) in [
        ("prod.yaml", LIMIT, true),
        ("prod.yml", LIMIT, true),
        ("prod.txt", LIMIT, false),
        ("prod", LIMIT, false),
        ("below/prod.yaml", LIMIT, true),
        ("below/prod.txt", LIMIT, false),
        ("below/again/prod.yaml", LIMIT, false),
        (".below/prod.yaml", LIMIT, false),
        ("node_modules/prod.yaml", LIMIT, false),
        ("vendor/prod.yaml", LIMIT, false),
        ("below.d/prod.yaml", LIMIT, false),
        ("../prod.yaml", LIMIT, false),
        ("prod.yaml", "# of the host\nservices:\n  a: {mem_limit: 1g}\n", true),
        ("prod.yaml", "x: 1\nservices: {a: {mem_limit: 1g}}\n", true),
        ("prod.yaml", "{services: {a: {mem_limit: 1g}}}\n", false),
        ("prod.yaml", "services: [\n", false),
        ("prod.yaml", &most, true),
        ("prod.yaml", &too_long, false),
        // It runs alone, changes nothing, or is about other services.
        ("prod.yaml", "services:\n  a: {image: y, mem_limit: 1g}\n", false),
        ("prod.yaml", "services:\n  a: {labels: [x]}\n", false),
        ("prod.yaml", "services:\n  c: {mem_limit: 1g}\n", false),
        ("prod.yaml", "services:\n  b: {labels: [x]}\n  a: {image: y, mem_limit: 1g}\n", true),
        // Left out.
        ("excluded.yaml", LIMIT, false),
        ("below/excluded.yaml", LIMIT, false),
        ("untracked.yaml", LIMIT, false),
        ("below/untracked.yaml", LIMIT, false),
        // Known by its name already, and found once.
        ("compose.prod.yaml", LIMIT, true),
        ("below/compose.prod.yaml", LIMIT, true),
    ] {
        let path = format!("app/{name}");
        let files = [
            ("app/compose.yaml", BASE),
            (&*path, text),
            (".gitignore", "untracked.yaml\n"),
            ("app/below/x", ""),
        ];
        let expected = if is_found { vec![format!("a {path}")] } else { Vec::new() };
        assert_eq!(changed(&files, "app/compose.yaml"), expected, "{path}: {text:.80}");
        // A stack that only `-f` names has no such files.
        let files = [("app/docker-stack.yml", BASE), (&*path, text), (".gitignore", "untracked.yaml\n")];
        let unnamed = !name.contains("compose");
        assert!(!unnamed || changed(&files, "app/docker-stack.yml").is_empty(), "{path}");
    }
}

/// A file changes a stack whose base it overrides, is named after, or whose service it extends: one row per side of each condition.
#[test]
fn files_change_the_services_of_the_stacks_that_they_belong_to() {
    const LIMIT: &str = "services:\n  a: {mem_limit: 1g}\n";
    const ALONE: &str = "services:\n  a: {image: y, mem_limit: 1g}\n";
    let app = ("app/compose.yaml", BASE);
    let over = ("app/compose.override.yaml", "services:\n  b: {labels: [x]}\n");
    let (own, both) = ("app/compose.yaml", "app/compose.override.yaml");
    let none: &[&str] = &[];
    let by = |keys: &str| {
        format!("services:\n  x: {{extends: {{file: ../app/compose.yaml, service: a}}, {keys}}}\n")
    };
    let (sized, labelled) = (by("mem_limit: 1g"), by("labels: [x]"));
    let (of_b, whole) =
        (sized.replace("service: a", "service: b"), "services:\n  a: {image: y, ports: ['1']}\n");
    let includes = ("app/compose.yaml", "include: [../lib/compose.yaml]\nservices:\n  c: {image: x}\n");
    let stack = (
        "app/docker-stack.yml",
        "include: [../lib/compose.yaml]\nservices:\n  c: {image: x, ports: ['1']}\n",
    );
    let lib = ("lib/compose.yaml", BASE);
    let takes = (
        "other/compose.yaml",
        "services:\n  a: {extends: {file: ../app/compose.yaml, service: a}, mem_limit: 1g}\n",
    );
    for (files, stack, expected) in [
        // Override files: their base is in their directory, or above it if their own has none.
        (&[app, ("app/compose.prod.yaml", LIMIT)][..], own, &["a app/compose.prod.yaml"][..]),
        (&[app, ("app/compose.prod.yaml", LIMIT)], "app/compose.prod.yaml", none),
        (&[app, ("app/prod/compose.prod.yaml", LIMIT)], own, &["a app/prod/compose.prod.yaml"]),
        (&[app, ("app/in/prod/compose.prod.yaml", LIMIT)], own, &["a app/in/prod/compose.prod.yaml"]),
        (&[app, ("app/prod/compose.prod.yaml", LIMIT), ("app/prod/compose.yaml", BASE)], own, none),
        (
            &[app, ("app/prod/compose.prod.yaml", LIMIT), ("app/prod/compose.yaml", BASE)],
            "app/prod/compose.yaml",
            &["a app/prod/compose.prod.yaml"],
        ),
        (&[app, ("compose.prod.yaml", LIMIT)], own, none),
        (&[app, ("app/compose.prod.yaml", "services:\n  c: {mem_limit: 1g}\n")], own, none),
        // Of two override files that both run a service of their own, neither changes the other.
        (
            &[
                app,
                ("app/compose.dev.yaml", "services:\n  a: {mem_limit: 1g}\n  n: {image: x, mem_limit: 1g}\n"),
                (
                    "app/compose.prod.yaml",
                    "services:\n  a: {mem_limit: 1g}\n  n: {image: y, mem_limit: 2g}\n",
                ),
                ("app/compose.test.yaml", "services:\n  n: {mem_limit: 3g}\n"),
            ],
            "app/compose.dev.yaml",
            &["a app/compose.prod.yaml", "n app/compose.test.yaml"],
        ),
        // What the base runs, others may run in another way.
        (
            &[
                app,
                (
                    "app/compose.prod.yaml",
                    "services:\n  a: {image: y, mem_limit: 1g}\n  b: {mem_limit: 1g}\n",
                ),
            ],
            own,
            &["a app/compose.prod.yaml", "b app/compose.prod.yaml"],
        ),
        // A file that is named after the base and has some of its services.
        (&[app, ("app/compose.gpu.yaml", ALONE)], own, &["a app/compose.gpu.yaml"]),
        (&[app, ("app/compose.gpu.yaml", whole)], own, none),
        (
            &[app, ("app/compose.gpu.yaml", "services:\n  a: {image: y, mem_limit: 1g}\n  b: {image: y}\n")],
            own,
            none,
        ),
        (&[app, ("app/docker-compose.gpu.yaml", ALONE)], own, none),
        (&[app, ("app/gpu/compose.gpu.yaml", ALONE)], own, none),
        (&[app, ("app/compose.gpu.yaml", "services:\n  a: {image: y}\n")], own, &["a app/compose.gpu.yaml"]),
        (&[app, ("app/compose.gpu.yaml", "services:\n  c: {image: y, mem_limit: 1g}\n")], own, none),
        (&[app, ("app/compose.prod.yaml", "services:\n  a: {labels: [x]}\n")], own, none),
        (
            &[("app/docker-stack.yml", BASE), ("app/docker-stack.gpu.yml", ALONE)],
            "app/docker-stack.yml",
            none,
        ),
        // An included file with a default name is a base of its own.
        (&[includes, lib, ("lib/compose.prod.yaml", LIMIT)], own, &["a lib/compose.prod.yaml"]),
        (&[includes, lib, ("lib/compose.gpu.yaml", ALONE)], own, &["a lib/compose.gpu.yaml"]),
        (&[stack, lib, ("lib/compose.gpu.yaml", ALONE)], "app/docker-stack.yml", &["a lib/compose.gpu.yaml"]),
        (&[stack, lib, ("app/compose.gpu.yaml", ALONE)], "app/docker-stack.yml", none),
        (
            &[
                ("app/compose.yaml", "include: [../lib/part.yaml]\nservices:\n  c: {image: x}\n"),
                ("lib/part.yaml", BASE),
                ("lib/compose.prod.yaml", LIMIT),
            ],
            own,
            none,
        ),
        // Services that extend its own. One whose only file others extend is a part of them.
        (&[app, over, ("other/compose.yaml", &sized)], both, &["a other/compose.yaml x"]),
        (&[app, over, ("other/compose.yaml", &labelled)], both, none),
        (&[app, over, ("other/compose.yaml", &of_b)], both, &["b other/compose.yaml x"]),
        (&[app, over, ("other/compose.yaml", &sized)], "other/compose.yaml", none),
        (&[app, over, takes], both, &["a other/compose.yaml a"]),
        (&[app, over, takes], "other/compose.yaml", none),
        (
            &[(
                "app/compose.yaml",
                "services:\n  a: &a {image: x}\n  b: {<<: *a, mem_limit: 1g}\n  c: {extends: a, mem_limit: 1g}\n",
            )],
            own,
            &["a app/compose.yaml b", "a app/compose.yaml c"],
        ),
    ] {
        assert_eq!(changed(files, stack), expected, "{stack}: {files:#?}");
    }
}

/// The configuration of the project that builds a Dockerfile counts next to that of the Dockerfile's own directory.
#[test]
fn a_project_ignores_what_is_found_in_the_files_of_others() {
    let stack = "services:\n  a: {build: ../lib}\n";
    let ignore = |what: &str| format!("services: {{a: {{ignore: [{what}], reason: known}}}}\n");
    let (layers, health, none) = (ignore("uncleaned-package-cache"), ignore("health"), String::new());
    for (of_project, of_lib, is_found) in [
        (&none, &none, true),
        (&layers, &none, false),
        (&none, &layers, false),
        (&layers, &health, false),
        (&health, &layers, false),
        (&health, &health, true),
    ] {
        let files = [
            ("app/compose.yaml", stack),
            ("app/.oomlint.yaml", of_project),
            ("lib/Dockerfile", "FROM debian\nRUN apt-get update && apt-get install -y curl\n"),
            ("lib/.oomlint.yaml", of_lib),
        ];
        let options = Options {
            configs: Some(Arc::new(Configs::on_disk(FileSystem::default()))),
            select: vec!["uncleaned-package-cache".to_owned()],
            ..Options::default()
        };
        let ran = Ran::with(&files, &[], options);
        assert_eq!(ran.outcome.findings.len(), usize::from(is_found), "{of_project}{of_lib}");
        assert_eq!(ran.outcome.suppressed.len(), usize::from(!is_found), "{of_project}{of_lib}");
    }
}

/// Only what starts containers is a stack: Compose files and command lines, not a Dockerfile alone.
#[test]
fn a_dockerfile_alone_is_no_stack() {
    for (name, text, services) in [
        ("compose.yaml", "services:\n  a: {image: x}\n", &["a"][..]),
        ("run.sh", "docker run --name a x\n", &["a"]),
        ("Dockerfile", "FROM x\n", &[]),
    ] {
        let ran = Ran::over(&[(name, text)], &[name], &[]);
        let stacks =
            Options::default().stacks(&ran.outcome.projects, &ran.sources, None, (&[], &Default::default()));
        let found: Vec<&str> =
            stacks.iter().flat_map(|stack| &stack.services).map(|entry| entry.name.as_str()).collect();
        assert_eq!((found.as_slice(), stacks.len()), (services, services.len()), "{name}");
    }
}

/// A file is named that has what a stack lacks: for a service that only lacks an image one that gives it an image.
#[test]
fn the_file_with_what_a_stack_lacks_is_named() {
    let told = |stack: &str, other: &str| {
        let ran = Ran::over(
            &[("compose.yaml", stack), ("more/compose.yaml", other)],
            &[],
            &["invalid-compose-file"],
        );
        let own =
            ran.outcome.findings.iter().filter(|finding| {
                ran.name(ran.sources.get(finding.primary.span.file).path()) == "compose.yaml"
            });
        own.map(|finding| {
            let texts = finding.notes.iter().chain(&finding.help).chain([&finding.message]);
            texts.filter(|text| text.contains("more/compose.yaml")).count() > 0
        })
        .collect::<Vec<bool>>()
    };
    const NEEDS: &str = "services:\n  b: {image: x, depends_on: [a]}\n";
    const NETWORK: &str = "services:\n  a: {image: x, networks: [a]}\n";
    for (stack, other, expected) in [
        (NEEDS, "services:\n  a: {image: x}\n", &[true][..]),
        (NEEDS, "services:\n  c: {image: x}\n", &[false]),
        (NEEDS, "services:\n  a: {mem_limit: 1g}\n", &[true]),
        ("services:\n  a: {mem_limit: 1g}\n", "services:\n  a: {image: x}\n", &[true]),
        (NETWORK, "services:\n  c: {image: x}\nnetworks: {a: {}}\n", &[true]),
        (NETWORK, "services:\n  c: {image: x}\nnetworks: {b: {}}\n", &[false]),
        (NETWORK, "services:\n  a: {image: x}\n", &[false]),
    ] {
        assert_eq!(told(stack, other), expected, "{stack}{other}");
    }
}
