//! Architecture tests: each top-level module of `src` uses only modules of lower layers.

use std::path::Path;

/// Layers from the bottom up. Modules of one layer do not use each other.
const LAYERS: &[&[&str]] = &[
    &["hash", "order", "parallel", "secret"],
    &["source"],
    &["error", "syntax"],
    &["discover"],
    &["model"],
    &["diagnostic"],
    &["catalog", "stats"],
    &["evidence"],
    &["lock"],
    &["workload"],
    &["capacity"],
    &["rules"],
    &["config"],
    &["check"],
    &["fix", "postmortem"],
    &["report"],
    &["lsp"],
    &["cli"],
];

fn layer(module: &str) -> usize {
    let known = LAYERS.iter().position(|modules| modules.contains(&module));
    known.unwrap_or_else(|| panic!("`{module}` is a new layer: add it to LAYERS and to docs/architecture.md"))
}

/// Returns the modules that code names: `crate::module::…`, `crate::{module::…, module}`.
fn named(text: &str) -> Vec<String> {
    let mut modules = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let before = text[..at].chars().next_back();
        // `$crate::` and `some_crate::` do not name modules of this crate.
        if before.is_some_and(|c| c == '$' || c == '_' || c.is_alphanumeric()) {
            continue;
        }
        let rest = &text[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => modules.extend(group_members(group)),
            None => modules.push(word(rest)),
        }
    }
    modules.retain(|module| module.starts_with(|c: char| c.is_lowercase()));
    modules
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// Returns the first word of each member of a brace group, without nested groups.
fn group_members(group: &str) -> Vec<String> {
    let (mut depth, mut members, mut begins) = (0_usize, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            c if begins && !c.is_whitespace() => {
                members.push(word(&group[at..]));
                begins = false;
            }
            _ => {}
        }
    }
    members
}

#[test]
fn layers_use_only_lower_ones() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for entry in walkdir::WalkDir::new(&src) {
        let entry = entry.unwrap();
        if entry.path().extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let inside = entry.path().strip_prefix(&src).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let here = layer(&module);
        let text = std::fs::read_to_string(entry.path()).unwrap();
        // Unit tests may use any module.
        let code = text.split("\n#[cfg(test)]\n").next().unwrap();
        let code: String =
            code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for other in named(&code) {
            seen += 1;
            assert!(
                other == module || layer(&other) < here,
                "{}: `{module}` uses `{other}`, which is not below it",
                inside.display()
            );
        }
    }
    assert!(seen > 20, "only {seen} uses were found: the test reads the wrong place");
}

#[test]
fn names_are_found_in_every_form() {
    assert_eq!(
        named("use crate::{a::b, c::{d, e}, f};\nlet x = crate::g::h; $crate::i; my_crate::j"),
        ["a", "c", "f", "g"]
    );
}

/// Only one file uses annotate-snippets, and only one directory each the YAML parser and `ignore`.
#[test]
fn libraries_stay_behind_their_files() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let homes = [
        ("annotate_snippets", "report/snippet.rs"),
        ("granit_parser", "syntax/yaml/"),
        ("ignore::", "discover/"),
    ];
    for entry in walkdir::WalkDir::new(&src) {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let inside = entry.path().strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for (library, home) in homes {
            let names = text.lines().any(|line| {
                let line = line.trim_start();
                !line.starts_with("//")
                    && line.starts_with("use ")
                    && line["use ".len()..].starts_with(library)
            });
            assert!(
                !names || inside.starts_with(home),
                "{inside} names {library}, which is for {home} alone"
            );
        }
    }
}

/// Only `source` decides what may be read, so that other modules access files through it.
#[test]
fn only_one_file_reads_the_disk() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let asks = [
        "fs::read",
        "fs::metadata",
        "fs::symlink_metadata",
        "File::open",
        ".is_file()",
        ".is_dir()",
        ".exists()",
        ".canonicalize()",
        ".metadata()",
        ".read_dir()",
        "Sources::new()",
        "FileSystem::default()",
        "Configs::default()",
    ];
    let allowed = [
        ("source/", "is the place"),
        ("cli/output.rs", "looks at what it is to write over"),
        ("cli/fix.rs", "looks at what it is to write over"),
        ("cli/machine.rs", "asks the kernel for the memory of the machine"),
        ("cli/watch.rs", "asks whether files that were read have changed, and reads nothing"),
        ("cli/stats.rs", "takes measurements from pipes, which only the command line names"),
        ("discover/root.rs", "asks whether a `.git` is above where it is called, and reads nothing"),
        ("lsp/server.rs", "offers itself without bounds to tests"),
    ];
    for entry in walkdir::WalkDir::new(&src) {
        let entry = entry.unwrap();
        if entry.path().extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let inside = entry.path().strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        // `tests.rs` and the files of its modules in `tests/` are only built for tests.
        let is_test = inside.ends_with("/tests.rs") || inside.contains("/tests/");
        if is_test || allowed.iter().any(|(home, _)| inside.starts_with(home)) {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        let code = text.split("#[cfg(test)]\n").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            // The first two test a file type that is known already. The last is in a `Default` that the program does not use.
            let known = ["file_type.is_file()", "kind.is_dir()", "disk: FileSystem::default(),"];
            let line = known.iter().fold(line.to_owned(), |line, known| line.replace(known, ""));
            for ask in asks {
                assert!(
                    !line.contains(ask),
                    "{inside} asks the disk itself, and not `source::FileSystem`: {line}"
                );
            }
        }
    }
}

/// docs/architecture.md has the same table of layers as this test, with every module.
#[test]
fn the_page_has_every_module() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(top.join("docs/architecture.md")).unwrap();
    let section = page.split("\n## ").find(|section| section.starts_with("Layers")).unwrap();
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" |").next())
        .map(|modules| modules.split("`, `").map(|module| module.trim_end_matches('`')).collect())
        .collect();
    let layers: Vec<Vec<&str>> = LAYERS.iter().map(|modules| modules.to_vec()).collect();
    assert_eq!(rows, layers, "the table of modules");
    for entry in std::fs::read_dir(top.join("src")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        assert!(
            matches!(module, "lib" | "main") || LAYERS.iter().any(|modules| modules.contains(&module)),
            "{module}"
        );
    }
}

/// A tool that is run in the checkout may leave its downloads there, and `git add` takes them.
#[test]
fn the_top_level_has_only_text_files() {
    const ENDINGS: [&str; 5] = ["lock", "md", "rs", "toml", "yml"];
    let is_known = |name: &str| match name.rsplit_once('.') {
        Some((_, ending)) => ENDINGS.contains(&ending) || name.starts_with('.'),
        None => name.starts_with("LICENSE-"),
    };
    let entries = std::fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    let names: Vec<String> = files.map(|entry| entry.file_name().into_string().unwrap()).collect();
    let unknown: Vec<&String> = names.iter().filter(|name| !is_known(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
