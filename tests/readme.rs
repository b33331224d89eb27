//! What the README shows is what the binary prints.
#![allow(clippy::unwrap_used)]

use std::process::Command;

const BEGIN: &str = "<!-- sample: fixtures/projects/shop -->\n```text\n";
const END: &str = "```\n<!-- end of sample -->";

#[test]
fn the_sample_in_the_readme_is_what_is_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_oomlint"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["fixtures/projects/shop", "--color=never"])
        .output()
        .unwrap();
    let printed = without_time(&String::from_utf8(output.stdout).unwrap());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{printed}{END}{after}")).unwrap();
        return;
    }
    assert!(shown == printed, "README.md is not current: UPDATE=1 cargo test --test readme\n{printed}");
}

/// The time that a run took is another every time.
fn without_time(printed: &str) -> String {
    let lines = printed.lines().map(|line| match line.rsplit_once(" · ") {
        Some((line, time)) if time.ends_with("ms") || time.ends_with(" s") => line,
        _ => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}
