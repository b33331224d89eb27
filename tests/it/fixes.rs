//! Fixes on real and generated files: a fixed file parses, its finding is gone, nothing else changes, and a second run
//! changes nothing.
//!
//! The engine rejects a fix that does more than it declares. So these tests assert that nothing is rejected, and that fixing
//! terminates. `OOMLINT_TESTS=all` adds the largest part of the corpus, `files`, which takes three times as long.

use crate::common::{self, Checked};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use oomlint::check::{self, Options};
use oomlint::config::Configs;
use oomlint::diagnostic::Applicability;
use oomlint::discover::{self, Discovered, FileKind, discover};
use oomlint::fix::{apply_one, fix, fix_some};
use oomlint::rules::{Policy, Preset, Target};
use oomlint::source::Sources;
use oomlint::source::{Overlay, path_text};
use oomlint::stats::Stats;
use oomlint::syntax::size::ByteSize;
use oomlint::workload::{FactName, FactTable, FactValue};

#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn fixes_do_what_they_say_and_come_to_an_end() {
    let shared = common::shared();
    for (part, at_least) in [("limits", 1000), ("layouts", 60), ("files", 150)] {
        if part == "files" && !common::all_is_tested() {
            continue;
        }
        let found = discover(&[shared.join("corpus").join(part)], discover::Options::default()).unwrap();
        let options = Options { preset: Some(Preset::Strict), ..Options::default() };
        let fixed = fix(&options, &found, &Overlay::new(), Applicability::Unsafe);
        println!(
            "{part}: {} fixes in {} files, {} taken back",
            fixed.applied.len(),
            fixed.files.len(),
            fixed.refused.len()
        );
        assert!(fixed.applied.len() >= at_least, "{part}: {} fixes", fixed.applied.len());
        assert!(fixed.refused.is_empty(), "{:#?}", fixed.refused);
        let overlay: Overlay = fixed.files.iter().map(|(path, _, new)| (path.clone(), new.clone())).collect();
        let again = fix(&options, &found, &overlay, Applicability::Unsafe);
        assert!(again.files.is_empty(), "{part}: a second run changes {:?}", again.applied);
    }
}

/// Returns every fact of every workload, by file, workload and fact.
fn facts(
    overlay: &Overlay,
    found: &discover::Discovered,
) -> BTreeMap<(PathBuf, String, FactName), FactValue> {
    let sources = Sources::new();
    for (path, text) in overlay {
        sources.add(path, text.as_str());
    }
    let outcome = check::run(&Options::default(), &sources, found);
    let workloads = outcome.projects.iter().flat_map(|project| {
        let first = sources.get(project.files[0]).path().to_path_buf();
        project.workloads.iter().map(move |workload| (first.clone(), workload))
    });
    let facts = workloads.flat_map(|(file, workload)| {
        let facts: Vec<_> =
            FactTable::of(workload).iter().map(|(name, value)| (name, value.clone())).collect();
        facts.into_iter().map(move |(name, value)| ((file.clone(), workload.name.clone(), name), value))
    });
    facts.collect()
}

/// Safe fixes change no known fact: only a size that Compose rejects, which is unknown before. Exceptions are a removed swap
/// limit that is the default, and a removed `mem_swappiness: 0`.
#[test]
#[cfg_attr(not(shared), ignore = "needs ../shared")]
fn safe_fixes_change_nothing_that_runs() {
    let shared = common::shared();
    let mut applied = 0;
    // For Swarm, fixes move keys to where both Swarm and Compose read them.
    for (part, target) in [
        ("limits", Target::Compose),
        ("layouts", Target::Compose),
        ("limits", Target::Swarm),
        ("files", Target::Compose),
        ("files", Target::Swarm),
    ] {
        if part == "files" && !common::all_is_tested() {
            continue;
        }
        let found = discover(&[shared.join("corpus").join(part)], discover::Options::default()).unwrap();
        let options = Options { preset: Some(Preset::Strict), target: Some(target), ..Options::default() };
        let fixed = fix(&options, &found, &Overlay::new(), Applicability::Safe);
        // Two files of `files` end in a block scalar without a line end. A line added after it would add one to its value.
        let refused: Vec<&str> = fixed.refused.iter().map(|refused| refused.why.as_str()).collect();
        let expected = if (part, target) == ("files", Target::Swarm) { 2 } else { 0 };
        assert!(refused.iter().all(|why| why.starts_with("env of `taskmanager` in ")), "{refused:?}");
        assert_eq!(refused.len(), expected, "{refused:?}");
        applied += fixed.applied.len();
        let overlay: Overlay = fixed.files.iter().map(|(path, _, new)| (path.clone(), new.clone())).collect();
        let (before, after) = (facts(&Overlay::new(), &found), facts(&overlay, &found));
        assert!(before.keys().eq(after.keys()), "{part}: other services");
        for (key, old) in &before {
            let new = &after[key];
            if old.is_same(new) {
                continue;
            }
            let (FactValue::Fact { fact: was, .. }, FactValue::Fact { fact: is, .. }) = (old, new) else {
                panic!("{key:?}: {old:?} became {new:?}");
            };
            let redundant = key.2 == FactName::SwapLimit && is.is_absent();
            // Docker Engine takes 0 as not set.
            let zero = was.value().is_some_and(|value| *value == 0);
            let unset = key.2 == FactName::MemSwappiness && zero && is.is_absent();
            assert!(was.is_unknown() || redundant || unset, "{key:?}: {old:?} became {new:?}");
        }
    }
    println!("{applied} safe fixes");
    assert!(applied >= 20, "{applied}");
}

/// Returns the fixed text, and why fixes were rejected.
pub(crate) fn fixed_text(text: &str) -> (String, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("compose.yaml");
    std::fs::write(&path, text).unwrap();
    let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
    let options = Options { preset: Some(Preset::Strict), ..Options::default() };
    let fixed = fix(&options, &found, &Overlay::new(), Applicability::Unsafe);
    let new = fixed.files.first().map_or(text, |(_, _, new)| new).to_owned();
    let again = fix(&options, &found, &Overlay::from([(path, new.clone())]), Applicability::Unsafe);
    assert!(again.files.is_empty(), "a second run: {:?}", again.applied);
    (new, fixed.refused.into_iter().map(|refused| refused.why).collect())
}

#[test]
fn a_number_that_lacks_its_unit_is_not_made_a_size() {
    let text = |value: &str| {
        format!("services:\n  a:\n    image: x\n    deploy: {{resources: {{limits: {{memory: {value}}}}}}}\n")
    };
    assert!(fixed_text(&text("1.5")).0.contains("memory: 1.5}"));
    assert!(fixed_text(&text("536870912")).0.contains("memory: \"536870912\"}"));
}

/// A shared mapping is changed only if that is right for all its services; else each service gets a key of its own.
#[test]
fn shared_anchors_are_changed_for_all_or_for_none() {
    // `mem_swappiness: 0` has no effect in any of the three.
    let idle = "services:\n  a: &a\n    image: example/a\n    mem_limit: 1g\n    memswap_limit: 1g\n    mem_swappiness: 0\n  b:\n    <<: *a\n    mem_limit: 512m\n    memswap_limit: 2g\n  c: {<<: *a, restart: always:3}\n";
    assert_eq!(fixed_text(idle), (idle.replace("    mem_swappiness: 0\n", ""), Vec::new()));
    let text = "services:\n  a: &a\n    image: example/a\n    mem_limit: 1g\n  b:\n    <<: *a\n    mem_limit: 512m\n  c: {<<: *a, restart: always}\n";
    // `b` overrides the limit of `a`, so `a` is not changed.
    let expected = "services:\n  a: &a\n    image: example/a\n    mem_limit: 1g\n  b:\n    <<: *a\n    mem_limit: 512m\n    memswap_limit: 512m\n  c: {<<: *a, restart: always, memswap_limit: 1g}\n";
    assert_eq!(fixed_text(text), (expected.to_owned(), Vec::new()));
}

/// A rejected fix does not prevent the others.
#[test]
fn what_is_taken_back_keeps_nothing_else_from_being_fixed() {
    use std::fmt::Write;
    let mut text = "services:\n".to_owned();
    for i in 0..12 {
        // The first is fixed, and so are the next two, which share a value. The last shares its value with a variable.
        writeln!(text, "  a{i}: {{image: x, mem_limit: 512Mi}}").unwrap();
        writeln!(text, "  b{i}: {{image: x, mem_limit: &l{i} 1Gi}}\n  c{i}: {{image: x, mem_limit: *l{i}}}")
            .unwrap();
        writeln!(text, "  d{i}: {{image: x, mem_limit: &v{i} 2Gi, environment: {{LIMIT: *v{i}}}}}").unwrap();
    }
    let (fixed, refused) = fixed_text(&text);
    let counts = ["mem_limit: 512MiB", " 1GiB, memswap", " 2Gi, env"].map(|text| fixed.matches(text).count());
    assert_eq!(counts, [12; 3], "{fixed}");
    let why: Vec<String> = (0..12).map(|i| format!("it would also change env of `d{i}` in ")).collect();
    assert!(why.iter().all(|why| refused.iter().any(|refused| refused.starts_with(why))), "{refused:?}");
}

#[test]
fn every_style_keeps_its_comments_and_everything_else() {
    let block = "# top\nx-common: &common # shared\n  restart: always # for all\n\nservices: # all\n  # the api\n  api: # its key\n    <<: *common\n    image: example/api # its image\n    mem_limit: 512Mi # its limit\n    pids_limit: 100 # moves\n    deploy: # block\n      resources: # more\n        limits: # of these\n          cpus: \"1\" # one\n    healthcheck: # probe\n      test: [curl, -f, http://localhost] # words\n      interval: 30 # seconds\n  # behind\n  other: # untouched\n    image: example/other\n    restart: \"no\" # never\n    mem_limit: 1g\n    memswap_limit: 1g\n# end\n";
    let flow = "# top\nservices:\n  api: {image: example/api, mem_limit: 512Mi, pids_limit: 100, deploy: {resources: {limits: {cpus: \"1\"}}}} # api\n  other: {image: example/other, mem_limit: 1g, memswap_limit: 1g} # untouched\n";
    let deep = block.replace("  ", "    ");
    let tight = block.trim_end_matches("# end\n").trim_end();
    let crlf = block.replace('\n', "\r\n");
    let marked = format!("\u{feff}{block}");
    let document = format!("---\n{block}...\n");
    for text in [block, flow, &deep, tight, &crlf, &marked, &document] {
        let (new, refused) = fixed_text(text);
        assert_ne!(new, text);
        assert_eq!(refused, Vec::<String>::new());
        let comments = |text: &str| {
            let mut found: Vec<String> =
                text.lines().filter_map(|line| Some(line.split_once("# ")?.1.to_owned())).collect();
            found.sort();
            found
        };
        assert_eq!(comments(&new), comments(text), "{new}");
        assert_eq!(new.contains("\r\n"), text.contains("\r\n"));
        assert!(
            !new.replace("\r\n", "").contains('\r') && new.ends_with('\n') == text.ends_with('\n'),
            "{new:?}"
        );
        // A second parser confirms that the other service, the shared part and the image are unchanged.
        let data = |text: &str| -> serde_yaml::Value {
            serde_yaml::from_str(text.trim_start_matches('\u{feff}')).unwrap()
        };
        let (old, new) = (data(text), data(&new));
        assert_eq!(new["services"]["other"], old["services"]["other"]);
        assert_eq!(new["x-common"], old["x-common"]);
        let api = &new["services"]["api"];
        assert_eq!(api["image"], old["services"]["api"]["image"]);
        assert_eq!(
            api["mem_limit"].as_str().or(api["deploy"]["resources"]["limits"]["memory"].as_str()),
            Some("512MiB")
        );
        assert_eq!(api["deploy"]["resources"]["limits"]["pids"].as_u64(), Some(100));
        if old["services"]["api"]["healthcheck"].is_mapping() {
            assert_eq!(api["healthcheck"]["interval"], "30s");
            assert_eq!(api["healthcheck"]["test"][0], "CMD");
        }
    }
}

/// The result is based on the text that was read, even if the file changes meanwhile.
#[test]
fn a_file_that_changes_meanwhile_is_not_mixed_up() {
    let text = "services:\n  a:\n    image: x\n    mem_limit: 512Mi\n";
    // The first time, fixes are looked for; the second time, they are tried.
    for saved_at in 0..2 {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("compose.yaml");
        std::fs::write(&path, text).unwrap();
        let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
        let asked = AtomicUsize::new(0);
        let save = |_: &_, _: &_| {
            if asked.fetch_add(1, Ordering::Relaxed) == saved_at {
                std::fs::write(&path, "services: {b: {image: y}}\n").unwrap();
            }
            true
        };
        let fixed = fix_some(&Options::default(), &found, &Overlay::new(), Applicability::Safe, &save);
        let fixed: Vec<(&str, &str)> =
            fixed.files.iter().map(|(_, old, new)| (old.as_str(), new.as_str())).collect();
        let replaced = text.replace("512Mi", "512MiB");
        let expected: &[(&str, &str)] = if saved_at == 0 { &[] } else { &[(text, &replaced)] };
        assert_eq!(fixed, expected, "{saved_at}");
        assert!(asked.load(Ordering::Relaxed) > saved_at);
    }
}

/// Equal findings are fixed separately if they cannot be fixed together, and a fix that fails at first is tried again.
#[test]
fn findings_that_are_alike_are_mended_in_one_run() {
    let comment = "# oomlint: ignore[shell-form-start] why\n";
    let twins = format!(
        "CMD node a.js\nFRO== Dockerfile\nCMD node a.jX\nFROM node:22\n# oomlint: ignore[shell-frt] why\nCMD node * node a.js\n{comment}{comment}"
    );
    let many = format!("{}CMD nod\n Dockerfile\n{comment}  FROM oomy {comment}{comment}", comment.repeat(4));
    for (text, level) in [(twins, Applicability::Unsafe), (many, Applicability::Safe)] {
        let mut discovered = Discovered::default();
        discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
        let overlay = |text: &str| Overlay::from([(PathBuf::from("compose.yaml"), text.to_owned())]);
        let fixed = fix(&Options::default(), &discovered, &overlay(&text), level);
        assert!(!fixed.applied.is_empty(), "{text}");
        let again = fix(&Options::default(), &discovered, &overlay(&fixed.files[0].2), level);
        assert!(again.applied.is_empty(), "{text}: {:?}", again.applied);
    }
}

/// What a fix depends on in other directories: a file below that overrides a base of its own, and measurements of other projects.
#[test]
fn files_that_are_fixed_apart_are_fixed_as_together() {
    let base = "services:\n  api:\n    image: eclipse-temurin:21-jre\n    command: [\"java\", \"-Xmx256m\", \"-jar\", \"/a.jar\"]\n  db:\n    image: postgres:17\n    mem_limit: 1g\n";
    let limits = "services:\n  api:\n    mem_limit: 900m\n";
    // Returns each fixed file with how many limits of 64 MiB are left.
    let fixed = |files: &[(&str, &str)], stats: Option<Arc<Stats>>| -> Vec<(String, usize)> {
        let scratch = common::tree(files);
        let found = discover(&[scratch.path().to_path_buf()], discover::Options::default()).unwrap();
        let select = vec!["missing-memory-limit".to_owned(), "limit-below-peak".to_owned()];
        let options = Options { select, stats, ..Options::default() };
        let fixed = fix(&options, &found, &Overlay::new(), Applicability::Unsafe);
        let below = |path: &PathBuf| path_text(path.strip_prefix(scratch.path()).unwrap());
        let files = fixed.files.iter();
        files.map(|(path, _, new)| (below(path), new.matches("mem_limit: 64m").count())).collect()
    };
    let with_own_base =
        [("compose.yaml", base), ("sub/compose.yaml", base), ("sub/compose.prod.yaml", limits)];
    assert_eq!(fixed(&with_own_base, None), [("compose.yaml".to_owned(), 0)]);
    // Files without an extension do not crowd out the directories that are searched for such files.
    let crowd: Vec<String> = (0..250).map(|number| format!("a{number}")).collect();
    let mut files = vec![("compose.yaml", base), ("sub/limits.yml", limits)];
    files.extend(crowd.iter().map(|name| (name.as_str(), "")));
    assert!(fixed(&files, None).is_empty());
    // Without a base of its own, the file below overrides the one above.
    assert!(fixed(&[("compose.yaml", base), ("sub/compose.prod.yaml", limits)], None).is_empty());
    let two = "services:\n  web:\n    image: nginx:1.27\n    mem_limit: 64m\n  x:\n    image: nginx:1.27\n    mem_limit: 64m\n";
    let shop = "name: shop\nservices:\n  web:\n    image: nginx:1.27\n    mem_limit: 64m\n";
    let mut stats = Stats::default();
    for (name, size) in [("shop-web-1", 300), ("b-x-1", 200)] {
        let line = format!("{{\"Name\":\"{name}\",\"MemUsage\":\"{size}MiB / 1GiB\"}}\n");
        stats.read(&line).unwrap();
    }
    let files = [("a/compose.yaml", shop), ("b/compose.yaml", two)];
    let measured = fixed(&files, Some(Arc::new(stats)));
    assert_eq!(measured, [("a/compose.yaml".to_owned(), 0), ("b/compose.yaml".to_owned(), 1)]);
}

/// An override file of any name in the directory of the base or one below counts. Services that extend the same base do not.
#[test]
fn override_files_of_any_name_count_and_siblings_do_not() {
    let help = |files: &[(&str, &str)], at: &str| {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
        let sources = Sources::new();
        let options = Options { configs: Some(Configs::default().into()), ..Options::default() };
        let findings = check::run(&options, &sources, &found).findings;
        let limits = findings.into_iter().filter(|finding| finding.rule == "missing-memory-limit");
        let of = |finding: &oomlint::diagnostic::Finding| {
            sources.get(finding.primary.span.file).path().ends_with(at)
        };
        limits.filter(of).map(|finding| finding.help.unwrap_or_default()).collect::<Vec<_>>().join("\n")
    };
    let base = "services:\n  a: {image: example/a}\n";
    let limits = "services:\n  a: {deploy: {resources: {limits: {memory: 500M}}}}\n";
    for overlay in ["scenarios/apply-limits.yml", "limits.yaml", "scenarios/compose.limits.yaml"] {
        let help = help(&[("compose.yaml", base), (overlay, limits)], "compose.yaml");
        assert!(help.contains("deploy.resources.limits.memory: <size>") && help.contains(overlay), "{help}");
    }
    let ignored = [("compose.yaml", base), ("limits.yaml", limits), (".gitignore", "limits.yaml\n")];
    assert!(!help(&ignored, "compose.yaml").contains("limits.yaml"));
    let excluded =
        [("compose.yaml", base), ("limits.yaml", limits), ("oomlint.yaml", "exclude: [limits.yaml]\n")];
    assert!(!help(&excluded, "compose.yaml").contains("limits.yaml"));
    let other = "services:\n  a: {image: example/b, mem_limit: 1g}\n";
    assert!(
        !help(&[("compose.yaml", base), ("k8s/limits.yml", other)], "compose.yaml").contains("also sets")
    );
    // An override file that sets only a variable unrelated to memory does not count.
    let told = "services:\n  a: {environment: {PGSSLMODE: require}}\n";
    let files = [("compose.yaml", base), ("tls.yaml", told)];
    assert!(!help(&files, "compose.yaml").contains("tls.yaml"));
    let heir = "services:\n  a: {extends: {file: base.yaml, service: a}, environment: {A: b}}\n";
    let files = [("base.yaml", base), ("compose.a.yaml", heir), ("compose.b.yaml", heir)];
    assert!(!help(&files, "compose.b.yaml").contains("is based on"));
}

/// A swap limit is added to or removed from a shared mapping only if that is right for every service that merges it.
#[test]
fn shared_mappings_get_and_lose_no_swap_limit_of_one_service() {
    let fixed = |files: &[(&str, &str)]| {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            std::fs::write(dir.path().join(path), text).unwrap();
        }
        let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
        let options = Options { preset: Some(Preset::Strict), ..Options::default() };
        let fixed = fix(&options, &found, &Overlay::new(), Applicability::Unsafe);
        fixed.files.into_iter().find(|(path, ..)| path.ends_with("compose.yaml")).map(|(_, _, new)| new)
    };
    let base = "x-c: &c\n  mem_limit: 1g\nservices:\n  web: {<<: *c, image: a}\n  db: {<<: *c, image: b}\n";
    let other = "services:\n  db: {mem_limit: 2g}\n";
    let text = fixed(&[("compose.yaml", base), ("compose.override.yaml", other)]).unwrap();
    assert!(text.contains("x-c: &c\n  mem_limit: 1g\nservices:"), "{text}");
    let base = base.replace("mem_limit: 1g\n", "mem_limit: 512m\n  memswap_limit: 1g\n");
    let small = "services:\n  web: {mem_limit: '${MEM:-2g}'}\n";
    let both = [("compose.yaml", base.as_str()), ("docker-compose.small.yml", small)];
    let text = fixed(&both).unwrap();
    assert!(text.contains("memswap_limit: 1g"), "{text}");
    assert!(!fixed(&both[..1]).unwrap().contains("memswap_limit: 1g"));
}

#[test]
fn version_3_gets_its_limits_where_swarm_reads_them() {
    for (head, key) in [
        ("version: '3.8'\n", "deploy.resources.limits.memory"),
        ("version: '2.4'\n", "mem_limit"),
        ("", "mem_limit"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("{head}services:\n  a: {{image: x}}\n");
        std::fs::write(dir.path().join("compose.yaml"), text).unwrap();
        let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
        let findings = check::run(&Options::default(), &Sources::new(), &found).findings;
        let limit = findings.iter().find(|finding| finding.rule == "missing-memory-limit").unwrap();
        assert!(limit.help.as_ref().unwrap().contains(&format!("`{key}: <size>`")), "{limit:?}");
    }
}

/// Changes to a generated file would be lost, so its findings have a note and no fix.
#[test]
fn generated_files_are_left_to_what_writes_them() {
    let of = |head: &str| {
        let dir = tempfile::tempdir().unwrap();
        let text = format!("{head}services:\n  a: {{image: x, mem_limit: 1g}}\n");
        std::fs::write(dir.path().join("compose.yaml"), text).unwrap();
        let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
        let findings = check::run(&Options::default(), &Sources::new(), &found).findings;
        findings.into_iter().find(|finding| finding.rule == "missing-swap-limit").unwrap()
    };
    let own = of("# by hand\n");
    assert!(own.fix().is_some() && own.help.is_none());
    let generated = of("# Code generated by compose-gen. DO NOT EDIT.\n");
    assert!(generated.fix().is_none() && generated.help.is_some());
    assert!(generated.notes.iter().any(|note| note.contains("edit its source instead")));
}

/// Advice for a generated file has the note, too, and one for another file does not.
#[test]
fn the_note_on_a_generated_file_is_where_its_advice_is() {
    let head = "# Code generated by make. DO NOT EDIT.\n";
    let of = |rule: &str, limit: &str, compose: &str, dockerfile: &str| {
        let compose = format!("{compose}services:\n  a:\n    build: app\n    mem_limit: {limit}\n");
        let dockerfile = format!(
            "{dockerfile}FROM eclipse-temurin:21-jre\nENV JAVA_TOOL_OPTIONS=-Xmx512m\nCMD [\"java\", \"-jar\", \"/a.jar\"]\n"
        );
        let files =
            [("compose.yaml", compose.as_str()), ("app/Dockerfile", &dockerfile), (".env", "LIMIT=512m\n")];
        Checked::texts(&files).of_rule(rule)[0].clone()
    };
    let notes = |rule: &str, limit: &str, compose: &str, dockerfile: &str| -> Vec<String> {
        let notes = of(rule, limit, compose, dockerfile).notes.into_iter();
        notes.filter(|note| note.contains("generated")).collect()
    };
    let this = ["this file is generated: edit its source instead"];
    let other = ["`app/Dockerfile` is generated: edit its source instead"];
    assert_eq!(notes("missing-cpu-limit", "512m", head, ""), this);
    assert_eq!(notes("missing-cpu-limit", "512m", "", head), [""; 0]);
    // The limit can be raised in the Compose file, unless a variable sets it.
    for (limit, dockerfile, noted) in
        [("512m", head, false), ("${LIMIT}", "", false), ("${LIMIT}", head, true)]
    {
        let found = notes("heap-exceeds-limit", limit, "", dockerfile);
        assert_eq!(found, if noted { &other[..] } else { &[] }, "{limit} {dockerfile}");
    }
}

/// What stays of several fixes, or becomes help in their place, is an alternative to nothing.
#[test]
fn advice_that_is_left_alone_has_no_or() {
    let head = "# Code generated by make. DO NOT EDIT.\n";
    for dockerfile in ["", head] {
        let compose = "services:\n  a:\n    build: app\n    mem_limit: 512m\n";
        let dockerfile = format!(
            "{dockerfile}FROM eclipse-temurin:21-jre\nENV JAVA_TOOL_OPTIONS=-Xmx512m\nCMD [\"java\", \"-jar\", \"/a.jar\"]\n"
        );
        let (sources, mut discovered) = (Sources::new(), Discovered::default());
        sources.add(Path::new("compose.yaml"), compose);
        sources.add(Path::new("app/Dockerfile"), dockerfile.as_str());
        discovered.add(PathBuf::from("compose.yaml"), FileKind::Compose);
        // The host has no room for a higher limit.
        let policy = Policy { host_memory: Some(ByteSize(600 << 20)), ..Policy::default() };
        let findings = check::run(&Options { policy, ..Options::default() }, &sources, &discovered).findings;
        let heap = findings.iter().find(|finding| finding.rule == "heap-exceeds-limit").unwrap();
        let advice = heap.fix().map(|fix| fix.title.clone()).or_else(|| heap.help.clone()).unwrap();
        assert!(advice.starts_with("lower the heap to 256 MiB"), "{advice}");
        assert_eq!(heap.fix().is_none(), dockerfile.starts_with(head));
    }
}

/// Swap goes where the limit is, but not into a mapping that a service with another limit merges.
#[test]
fn a_shared_mapping_gets_no_swap_for_a_service_with_another_limit() {
    let of = |other: &str| {
        format!(
            "x-shared: &shared\n  mem_limit: 300m\nservices:\n  a:\n    <<: *shared\n    image: redis:8\n  b:\n    <<: *shared\n    image: redis:8\n{other}"
        )
    };
    let in_mapping = |text: &str| fixed_text(text).0.contains("mem_limit: 300m\n  memswap_limit");
    assert!(in_mapping(&of("")));
    assert!(!in_mapping(&of("    deploy: {resources: {limits: {memory: 512m}}}\n")));
    assert!(!in_mapping(&of("    mem_limit: 512m\n")));
}

/// A fix in a Dockerfile within a Compose file is one of that file, if the text is the same in both.
#[test]
fn a_dockerfile_within_a_compose_file_is_fixed_there() {
    let lowered = |dockerfile: &str| {
        let text = format!(
            "services:\n  api:\n    mem_limit: 512m\n    build:\n      dockerfile_inline: {dockerfile}"
        );
        let checked = Checked::texts(&[("compose.yaml", &text)]);
        let found = checked.of_rule("heap-exceeds-limit");
        let fix = found[0].fixes.iter().find(|fix| fix.title.contains("lower the heap"))?.clone();
        let files = apply_one(&fix, &checked.sources).unwrap();
        let [(path, old, new)] = files.as_slice() else { panic!("{files:?}") };
        assert!(path.ends_with("compose.yaml") && *old == text, "{files:?}");
        Some(new.clone())
    };
    let block = "|\n        FROM eclipse-temurin:21-jre\n        ENV JAVA_TOOL_OPTIONS=-Xmx900m\n        CMD [\"java\", \"-jar\", \"a.jar\"]\n";
    let quoted =
        "\"FROM eclipse-temurin:21-jre\\nENV JAVA_TOOL_OPTIONS=-Xmx900m\\nCMD java -jar a.jar\\n\"\n";
    for text in [block, quoted] {
        let new = lowered(text).unwrap();
        assert!(new.contains("JAVA_TOOL_OPTIONS=-Xmx256m") && !new.contains("900"), "{new}");
    }
    assert_eq!(lowered(&quoted.replace("900m", "9\\x300m")), None);
}

/// Services with one image have one line to mend: what is written fits the smallest limit.
#[test]
fn a_line_that_services_share_is_mended_for_the_smallest_limit() {
    let dockerfile = "FROM eclipse-temurin:21-jre\nENV JAVA_TOOL_OPTIONS=\"-Xmx4096MB\"\nCMD [\"java\", \"-jar\", \"a.jar\"]\n";
    let run = |limits: &[u32]| {
        let service = |(at, limit): (usize, &u32)| {
            format!("  s{at:02}: {{build: ., mem_limit: {limit}m, memswap_limit: {limit}m}}\n")
        };
        let services: String = limits.iter().enumerate().map(service).collect();
        let compose = format!("services:\n{services}");
        let dir = common::tree(&[("Dockerfile", dockerfile), ("compose.yaml", &compose)]);
        let found = discover(&[dir.path().to_path_buf()], discover::Options::default()).unwrap();
        let is_wanted =
            |finding: &oomlint::diagnostic::Finding, _: &Path| finding.rule == "malformed-heap-setting";
        fix_some(&Options::default(), &found, &Overlay::new(), Applicability::Unsafe, &is_wanted)
    };
    let falling: Vec<u32> = (0..14).map(|at| 4600 - 230 * at).collect();
    let rising: Vec<u32> = falling.iter().rev().copied().collect();
    for limits in [falling, rising, vec![8192, 1610]] {
        let fixed = run(&limits);
        let [(_, _, text)] = fixed.files.as_slice() else { panic!("{fixed:?}") };
        assert!(text.contains("-Xmx1200m"), "{text}");
        assert!(!fixed.unfinished && fixed.refused.is_empty(), "{fixed:?}");
    }
    assert!(run(&[4600, 64]).files.is_empty());
}
