//! The README shows the current output of the executable.

use std::process::Command;

use crate::common;

const BEGIN: &str = "<!-- sample: fixtures/projects/shop -->\n```text\n";
const END: &str = "```\n<!-- end of sample -->";

#[test]
fn the_sample_in_the_readme_is_what_is_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_oomlint"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["fixtures/projects/shop", "--color=never"])
        .output()
        .unwrap();
    let printed = common::without_time(&String::from_utf8(output.stdout).unwrap());
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let readme = std::fs::read_to_string(path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (shown, after) = rest.split_once(END).unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, format!("{before}{BEGIN}{printed}{END}{after}")).unwrap();
        return;
    }
    assert!(shown == printed, "README.md is not current: UPDATE=1 cargo test --test it readme\n{printed}");
}

fn readme() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// Returns the lines of the shell blocks, without comments.
fn shell(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("\n```").next());
    blocks.flat_map(str::lines).map(|line| line.split(" #").next().unwrap().trim().to_owned()).collect()
}

#[test]
fn files_that_are_shown_with_f_are_merged() {
    let lines = shell(&readme());
    let merging: Vec<&String> = lines.iter().filter(|line| line.contains(" -f ")).collect();
    assert!(!merging.is_empty());
    for line in merging {
        let words: Vec<&str> = line.split_whitespace().collect();
        let alone = words.windows(2).find(|pair| pair[1].ends_with("yaml") && pair[0] != "-f");
        assert_eq!(alone, None, "{line}");
    }
}

#[test]
fn the_first_command_ends_as_the_readme_says() {
    let readme = readme();
    let (_, set_up) = readme.split_once("## Set up\n").unwrap();
    let first = shell(set_up).remove(0);
    let arguments = first.split_once(" -- ").unwrap().1;
    let ran = Command::new(env!("CARGO_BIN_EXE_oomlint"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments.split_whitespace())
        .output()
        .unwrap();
    let code = ran.status.code().unwrap();
    let before = set_up.split("```sh").next().unwrap();
    assert!(before.contains(&format!("exit code {code}")), "{first} ends with {code}");
    // Building a dependency in C needs a compiler.
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    assert_eq!(lock.contains("name = \"cc\""), before.contains("C compiler"));
}
