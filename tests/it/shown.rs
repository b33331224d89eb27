//! Pages of the book show files, commands, and what those print: all of it is run here, in the order of the page.
//!
//! ```` ```yaml file=compose.yaml ```` writes a file into the page's directory, `<!-- files: fixtures/projects/shop -->` copies a
//! directory of this repository there, and ```` ```sh run ```` runs its commands; the block ```` ```text ```` after it is what they
//! print. `run exit=1` is for commands that end with 1. `docker compose` is run where `tests/compose-oracle.sh` has installed it.

use std::path::Path;
use std::process::{Command, Output};

use crate::advice::program;
use crate::common;

/// What fits a block of the book without scrolling.
const COLUMNS: &str = "84";
const TOP: &str = env!("CARGO_MANIFEST_DIR");

/// Runs a command of a page, or returns `None` if its program is not here.
fn run(line: &str, directory: &Path) -> Option<Output> {
    let words: Vec<&str> = line.split(' ').collect();
    let (program, arguments) = match words.as_slice() {
        ["oomlint", arguments @ ..] => (env!("CARGO_BIN_EXE_oomlint").into(), arguments),
        ["docker", "compose", arguments @ ..] => (program::compose()?, arguments),
        _ => panic!("pages run oomlint and docker compose: {line}"),
    };
    let mut command = Command::new(program);
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "TERM"] {
        command.env_remove(name);
    }
    Some(command.args(arguments).current_dir(directory).env("COLUMNS", COLUMNS).output().unwrap())
}

/// Returns the page with what its commands print, and how many blocks of output it has.
fn current(name: &str, page: &str) -> (String, usize) {
    let scratch = tempfile::tempdir().unwrap();
    let directory = scratch.path().canonicalize().unwrap();
    let (mut wanted, mut shown, mut printed) = (String::new(), 0, None);
    for (at, part) in page.split("```").enumerate() {
        let (info, text) = part.split_once('\n').unwrap_or((part, ""));
        if at % 2 == 0 {
            for copied in part.split("<!-- files: ").skip(1).filter_map(|rest| rest.split(" -->").next()) {
                copy(&Path::new(TOP).join(copied), &directory);
            }
        } else if let Some((_, file)) = info.split_once(" file=") {
            let file = directory.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        } else if let Some(options) = info.strip_prefix("sh run") {
            let mut all = Some(String::new());
            for line in text.lines() {
                let ran = run(line, &directory);
                if let Some(ran) = &ran {
                    let code = options.trim().strip_prefix("exit=").unwrap_or("0");
                    let said = String::from_utf8_lossy(&ran.stderr);
                    assert_eq!(ran.status.code().unwrap().to_string(), code, "{name}: {line}\n{said}");
                }
                all = all.zip(ran).map(|(all, ran)| all + &read(&ran, &directory));
            }
            printed = Some(all);
        } else if info == "text"
            && let Some(printed) = printed.take()
        {
            shown += 1;
            let text = printed.as_deref().unwrap_or(text);
            wanted.push_str(&format!("```text\n{text}"));
            continue;
        }
        wanted.push_str(if at == 0 { "" } else { "```" });
        wanted.push_str(part);
    }
    assert!(printed.is_none(), "{name}: no ```text after ```sh run");
    (wanted, shown)
}

/// Returns what a command prints, without the time that it took, the time of day and the directory in which it ran.
fn read(ran: &Output, directory: &Path) -> String {
    let both = [&ran.stderr, &ran.stdout].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat();
    let here = format!("{}/", directory.display());
    let lines = both.lines().map(|line| match line.strip_prefix("time=\"") {
        Some(dated) => dated.split_once(' ').map_or(line, |(_, rest)| rest),
        None => line,
    });
    let undated: String = lines.map(|line| format!("{line}\n")).collect();
    without_time(&undated).replace(&here, "")
}

/// Removes the elapsed time, which varies.
fn without_time(printed: &str) -> String {
    let lines = printed.lines().map(|line| match line.rsplit_once(" · ") {
        Some((line, time)) if time.ends_with("ms") || time.ends_with(" s") => line,
        _ => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from).min_depth(1) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(target).unwrap();
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn pages_of_the_book_show_what_is_printed() {
    let _held = common::page_lock();
    let (mut shown, mut old) = (0, Vec::new());
    let mut entries: Vec<_> =
        std::fs::read_dir(Path::new(TOP).join("docs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries.iter().filter(|path| path.extension().is_some_and(|ending| ending == "md")) {
        let page = std::fs::read_to_string(path).unwrap();
        if !page.contains("```sh run") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy();
        let (wanted, blocks) = current(&name, &page);
        shown += blocks;
        if wanted != page && std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, wanted).unwrap();
        } else if wanted != page {
            let first = wanted.lines().zip(page.lines()).find(|(new, is)| new != is);
            old.push(format!("{name}: {first:?}"));
        }
    }
    assert!(old.is_empty(), "not current: UPDATE=1 cargo test --test it shown\n{}", old.join("\n"));
    assert!(shown >= 8, "{shown} outputs are shown");
}
