//! Rule pages in `rules/`: their examples give the stated findings, and the index lists all rules.
//!
//! A page is `rules/<rule>.md`. Its first line is `# <rule>`; then what happens, why, a paragraph that begins with `To fix it, `,
//! `## Examples`, `## When to ignore it`, `## References`. Its examples are fenced blocks whose first line states the expected result:
//!
//! ````text
//! ```yaml bad                        at least one finding of this rule; the file is compose.yaml
//! ```yaml good                       no finding of this rule
//! ```yaml fixed                      result of `--fix --unsafe-fixes` on the bad example above; `UPDATE=1` writes it
//! ```dockerfile bad                  the same for a Dockerfile on its own
//! ```yaml bad file=compose.yaml      ┐ one example of several files: blocks with `file=` and the same word, up to the
//! ```dockerfile bad file=api/Dockerfile  ┘ next heading, a repeated name, or a block of another kind, with prose between
//! ```json bad file=stats.jsonl       measurements for `--stats`
//! ```json bad file=containers.json   what `docker inspect` prints, which is named on the command line
//! ```ini bad file=.env               any other language, if it has a `file=`
//! ```yaml                            no word: prose, not run
//! ````
//!
//! Any other word is an error, so that a typo cannot disable an example.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oomlint::diagnostic::{Applicability, Finding};
use oomlint::discover::{self, discover};
use oomlint::fix::RejectedFix;
use oomlint::report::human;
use oomlint::rules::{Group, Meta, Policy, RULES, Target};
use oomlint::source::{Sources, path_text};
use oomlint::stats::Stats;
use oomlint::syntax::size::ByteSize;
use oomlint::{check, fix, rules};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Bad,
    Good,
    Fixed,
}

#[derive(Debug)]
struct Example {
    verdict: Verdict,
    /// First line on the page, counted from 1.
    line: usize,
    /// Line after the last block, counted from 0.
    end: usize,
    /// Names and texts of the files. With `named`, the names come from `file=`.
    files: Vec<(String, String)>,
    named: bool,
}

fn examples(page: &str) -> Result<Vec<Example>, String> {
    let mut examples: Vec<Example> = Vec::new();
    let mut open = false;
    let mut lines = page.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        open &= !line.starts_with('#');
        let ticks = line.len() - line.trim_start_matches('`').len();
        if ticks < 3 {
            continue;
        }
        let fence = &line[..ticks];
        let mut text = String::new();
        let mut closed = false;
        let mut end = index;
        for (at, line) in lines.by_ref() {
            end = at + 1;
            if line.trim_end() == fence {
                closed = true;
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        let at = index + 1;
        if !closed {
            return Err(format!("line {at}: the block is not closed"));
        }
        let Some((verdict, name)) =
            info(&line[ticks..]).map_err(|problem| format!("line {at}: {problem}"))?
        else {
            continue;
        };
        let named = name.is_some();
        let name = name.unwrap_or_else(|| default_name(&line[ticks..]));
        match examples.last_mut() {
            Some(last)
                if open
                    && named
                    && last.named
                    && last.verdict == verdict
                    && last.files.iter().all(|file| file.0 != name) =>
            {
                last.files.push((name, text));
                last.end = end;
            }
            _ => examples.push(Example { verdict, line: at, end, files: vec![(name, text)], named }),
        }
        open = true;
    }
    Ok(examples)
}

/// Parses the info string of a block: expected result and file name; `None` if the block is not an example.
fn info(text: &str) -> Result<Option<(Verdict, Option<String>)>, String> {
    let mut words = text.split_whitespace();
    let language = words.next().unwrap_or_default();
    let Some(word) = words.next() else { return Ok(None) };
    let verdict = match word {
        "bad" => Verdict::Bad,
        "good" => Verdict::Good,
        "fixed" => Verdict::Fixed,
        other => return Err(format!("`{other}` is neither `bad`, `good` nor `fixed`")),
    };
    let name = match words.next() {
        None => None,
        Some(word) => {
            let name = word.strip_prefix("file=").filter(|name| !name.is_empty());
            Some(name.ok_or_else(|| format!("`{word}` is not `file=NAME`"))?.to_owned())
        }
    };
    if let Some(word) = words.next() {
        return Err(format!("`{word}` is one word too many"));
    }
    if name.is_none() && !matches!(language, "yaml" | "dockerfile") {
        return Err(format!("a block of `{language}` needs `file=NAME`"));
    }
    Ok(Some((verdict, name)))
}

fn default_name(info: &str) -> String {
    let dockerfile = info.split_whitespace().next() == Some("dockerfile");
    if dockerfile { "Dockerfile".to_owned() } else { "compose.yaml".to_owned() }
}

/// Returns the options that the examples of a rule need: its preset, a host with 4 GiB, Swarm, measurements.
fn options(meta: &Meta, files: &[(String, String)]) -> check::Options {
    let measured = files.iter().find(|(name, _)| name == "stats.jsonl").map(|(_, text)| {
        let mut stats = Stats::default();
        stats.read(text).unwrap();
        Arc::new(stats)
    });
    let target = if meta.name.starts_with("swarm-") { Target::Swarm } else { Target::Compose };
    let host_memory = (meta.group == Group::Host).then_some(ByteSize(4 << 30));
    let policy = Policy { host_memory, target, ..Policy::default() };
    check::Options { preset: Some(meta.preset), policy, stats: measured, ..check::Options::default() }
}

/// Writes the files to a temporary directory, and discovers them.
fn project(files: &[(String, String)]) -> (tempfile::TempDir, discover::Discovered) {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    // What no directory is searched for is named.
    let is_named = |name: &str| name == "containers.json" || name.ends_with(".sh");
    let mut paths = vec![dir.path().to_path_buf()];
    paths.extend(files.iter().filter(|(name, _)| is_named(name)).map(|(name, _)| dir.path().join(name)));
    let found = discover(&paths, discover::Options::default()).unwrap();
    (dir, found)
}

/// Returns the findings of a project of these files.
fn lint(files: &[(String, String)], meta: &Meta) -> Vec<Finding> {
    let (_dir, found) = project(files);
    check::run(&options(meta, files), &Sources::new(), &found).findings
}

/// Applies the fixes of one rule, and returns the changed files and the rejected fixes.
fn fixed(files: &[(String, String)], meta: &Meta) -> (Vec<(String, String)>, Vec<RejectedFix>) {
    let (dir, found) = project(files);
    let options = check::Options { select: vec![meta.name.to_owned()], ..options(meta, files) };
    let fixed = fix::fix(&options, &found, &oomlint::source::Overlay::new(), Applicability::Unsafe);
    let relative = |path: PathBuf| {
        let path = path.strip_prefix(dir.path()).map(Path::to_path_buf).unwrap_or(path);
        path.to_str().unwrap().replace('\\', "/")
    };
    (fixed.files.into_iter().map(|(path, _, text)| (relative(path), text)).collect(), fixed.refused)
}

/// Formats the blocks of a fixed example, as on the pages.
fn fixed_blocks(files: &[(String, String)], bad: &Example) -> String {
    let mut out = String::new();
    for (name, text) in files {
        let language = match name.rsplit('/').next().unwrap() {
            "Dockerfile" => "dockerfile",
            name if name.ends_with("yaml") => "yaml",
            _ => "ini",
        };
        let place = if bad.named { format!(" file={name}") } else { String::new() };
        write!(out, "\n```{language} fixed{place}\n{text}```\n").unwrap();
    }
    out
}

/// Every bad example with a fix is followed by its result.
#[test]
fn fixed_examples_are_what_the_fixes_make() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut problems = String::new();
    for rule in RULES {
        let meta = rule.meta();
        let Ok(found) = examples(meta.page) else { continue };
        let lines: Vec<&str> = meta.page.lines().collect();
        let (mut page, mut at) = (String::new(), 0);
        for (index, example) in
            found.iter().enumerate().filter(|(_, example)| example.verdict == Verdict::Bad)
        {
            let (becomes, refused) = fixed(&example.files, meta);
            for RejectedFix { title, why, .. } in refused {
                writeln!(problems, "rules/{}.md: line {}: {title}: {why}", meta.name, example.line).unwrap();
            }
            let next = found.get(index + 1).filter(|next| next.verdict == Verdict::Fixed);
            if next.map_or(&[][..], |next| &next.files) == &*becomes {
                continue;
            }
            if !update {
                let texts: Vec<&str> = becomes.iter().map(|(_, text)| text.as_str()).collect();
                writeln!(
                    problems,
                    "rules/{}.md: line {}: the `fixed` block below it is missing or differs; \
                     `UPDATE=1 cargo test --test it rule_pages` writes it:\n{}",
                    meta.name,
                    example.line,
                    texts.join("\n")
                )
                .unwrap();
            }
            page.push_str(&(lines[at..example.end].join("\n") + "\n"));
            page.push_str(&fixed_blocks(&becomes, example));
            at = next.map_or(example.end, |next| next.end);
        }
        if update && at > 0 {
            page.push_str(&(lines[at..].join("\n") + "\n"));
            std::fs::write(pages().join(format!("{}.md", meta.name)), page).unwrap();
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("rules")
}

#[test]
fn every_example_gives_what_its_page_says() {
    let mut problems = String::new();
    for rule in RULES {
        let meta = rule.meta();
        let mut problem = |text: String| writeln!(problems, "rules/{}.md: {text}", meta.name).unwrap();
        if meta.page.lines().next() != Some(&format!("# {}", meta.name)) {
            problem(format!("the first line is not `# {}`", meta.name));
        }
        for part in misplaced_parts(meta.page) {
            problem(format!("{part:?} is missing, not once there, or not in its place"));
        }
        let examples = match examples(meta.page) {
            Ok(examples) => examples,
            Err(text) => {
                problem(text);
                continue;
            }
        };
        for verdict in [Verdict::Bad, Verdict::Good] {
            if !examples.iter().any(|example| example.verdict == verdict) {
                problem(format!("there is no {verdict:?} example").to_lowercase());
            }
        }
        for example in &examples {
            let findings = lint(&example.files, meta);
            let own: Vec<&str> = findings
                .iter()
                .filter(|finding| finding.rule == meta.name)
                .map(|finding| &*finding.message)
                .collect();
            match example.verdict {
                Verdict::Bad if own.is_empty() => {
                    problem(format!("line {}: the bad example gives no finding of this rule", example.line));
                }
                Verdict::Good if !own.is_empty() => {
                    problem(format!("line {}: the good example gives: {}", example.line, own.join("; ")));
                }
                _ => {}
            }
        }
    }
    assert!(problems.is_empty(), "\n{problems}");
}

/// Returns every finding of the pages' examples, with the page.
pub(crate) fn every_finding() -> Vec<(String, Finding)> {
    let mut found = Vec::new();
    for meta in RULES.iter().map(|rule| rule.meta()) {
        for example in examples(meta.page).unwrap() {
            let own = lint(&example.files, meta).into_iter();
            found.extend(own.map(|finding| (format!("rules/{}.md:{}", meta.name, example.line), finding)));
        }
    }
    found
}

/// Returns what is printed for the bad examples of a rule: the findings of that rule in full.
pub(crate) fn reports(meta: &Meta) -> String {
    let mut out = String::new();
    let bad = examples(meta.page).unwrap().into_iter().filter(|example| example.verdict == Verdict::Bad);
    for (number, Example { files, .. }) in bad.enumerate() {
        let (dir, found) = project(&files);
        let sources = Sources::new();
        let mut outcome = check::run(&options(meta, &files), &sources, &found);
        outcome.findings.retain(|finding| finding.rule == meta.name);
        let mut report = Vec::new();
        let whole = human::Options { whole: true, ..human::Options::default() };
        human::write(&mut report, &outcome.findings, &outcome.summary, &sources, whole).unwrap();
        let report = String::from_utf8(report).unwrap();
        let report = report.replace(&format!("{}/", path_text(dir.path())), "");
        writeln!(out, "======== example {}\n{report}", number + 1).unwrap();
    }
    out
}

/// Returns the parts that a page has not exactly once, or not in their order.
fn misplaced_parts(page: &str) -> Vec<&'static str> {
    let mut after = 0;
    let parts = ["\n\nTo fix it, ", "\n\n## Examples\n", "\n\n## When to ignore it\n", "\n\n## References\n"];
    let misplaced = parts.into_iter().filter(|part| {
        let mut places = page.match_indices(part).map(|(at, _)| at);
        let at = places.next().filter(|at| *at >= after && places.next().is_none());
        after = at.unwrap_or(after);
        at.is_none()
    });
    misplaced.collect()
}

#[test]
fn a_page_has_its_parts_once_and_in_order() {
    let page = "# x\n\nWhat.\n\nTo fix it, do.\n\n## Examples\n\n## When to ignore it\n\nNever.\n\n## References\n\n- y\n";
    assert!(misplaced_parts(page).is_empty());
    assert_eq!(misplaced_parts(&page.replace("To fix it, ", "Do ")), ["\n\nTo fix it, "]);
    assert_eq!(misplaced_parts(&format!("{page}\n## Examples\n")), ["\n\n## Examples\n"]);
    let moved = page.replace("## When to ignore it\n\nNever.\n\n", "") + "\n## When to ignore it\n";
    assert_eq!(misplaced_parts(&moved), ["\n\n## References\n"]);
}

#[test]
fn every_page_is_a_rule_and_names_are_kebab_case_and_unique() {
    for entry in std::fs::read_dir(pages()).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if path.extension().is_some_and(|ending| ending == "md") && stem != "README" {
            assert!(
                rules::find(stem).is_some(),
                "{} is the page of no rule: is it in `RULES` in src/rules/mod.rs?",
                path.display()
            );
        }
    }
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.meta().name).collect();
    for name in &names {
        let kebab = name.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        });
        assert!(kebab, "{name}");
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len(), "two rules have one name");
}

/// `UPDATE=1` writes the index.
#[test]
fn the_index_is_current() {
    let path = pages().join("README.md");
    let index = index();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &index).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(written == index, "rules/README.md is out of date: UPDATE=1 cargo test --test it rule_pages");
}

fn index() -> String {
    let mut out = "<!-- Written by `UPDATE=1 cargo test --test it rule_pages` from the rules themselves. -->\n\n# The rules\n\n".to_owned();
    out.push_str(
        "An error is provable from the files and an upstream source. A warning is very likely wrong, or something important is missing.\n\
         A note is worth knowing and never fails a build by default. Rules of the preset `recommended` are on by default, those of\n\
         `strict` on request.\n",
    );
    let groups = [
        (Group::Limits, "Limits and swap"),
        (Group::Heap, "Heaps and caches"),
        (Group::Health, "Healthchecks"),
        (Group::MemoryFs, "Memory-backed file systems"),
        (Group::Image, "Images and builds"),
        (Group::Process, "Processes"),
        (Group::Host, "The host"),
        (Group::Lint, "The lint itself"),
    ];
    for (group, title) in groups {
        let metas: Vec<_> = RULES.iter().map(|rule| rule.meta()).filter(|meta| meta.group == group).collect();
        if metas.is_empty() {
            continue;
        }
        write!(
            out,
            "\n## {title} (`{}`)\n\n| rule | severity | preset | finds |\n|---|---|---|---|\n",
            group.name()
        )
        .unwrap();
        for meta in metas {
            let name = meta.name;
            let lower = |value: &dyn std::fmt::Debug| format!("{value:?}").to_lowercase();
            let (severity, preset) = (lower(&meta.severity), lower(&meta.preset));
            writeln!(out, "| [{name}]({name}.md) | {severity} | {preset} | {} |", meta.summary).unwrap();
        }
    }
    out
}

#[test]
fn blocks_are_grouped_into_examples() {
    let page = "# x\n```yaml bad\na\n```\n```yaml good file=compose.yaml\nb\n```\nand\n```dockerfile good file=api/Dockerfile\nc\n```\n\
                ```yaml good file=compose.yaml\nd\n```\n## More\n```ini good file=.env\ne\n```\n````yaml\n```yaml bda\n````\n";
    let examples = examples(page).unwrap();
    let shapes: Vec<(Verdict, usize, Vec<&str>)> = examples
        .iter()
        .map(|example| (example.verdict, example.line, example.files.iter().map(|file| &*file.0).collect()))
        .collect();
    assert_eq!(
        shapes,
        [
            (Verdict::Bad, 2, vec!["compose.yaml"]),
            (Verdict::Good, 5, vec!["compose.yaml", "api/Dockerfile"]),
            (Verdict::Good, 12, vec!["compose.yaml"]),
            (Verdict::Good, 16, vec![".env"]),
        ]
    );
    assert_eq!(examples[1].files[1].1, "c\n");
}

#[test]
fn mistakes_in_a_fence_are_errors() {
    for (page, problem) in [
        ("```yaml bda\n```\n", "line 1: `bda` is neither `bad`, `good` nor `fixed`"),
        ("\n```yaml bad name=x\n```\n", "line 2: `name=x` is not `file=NAME`"),
        ("```yaml bad file=x y\n```\n", "line 1: `y` is one word too many"),
        ("```ini bad\n```\n", "line 1: a block of `ini` needs `file=NAME`"),
        ("```yaml bad\n", "line 1: the block is not closed"),
    ] {
        assert_eq!(examples(page).unwrap_err(), problem);
    }
}
