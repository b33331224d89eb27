//! The README shows the current output of the executable.

use std::process::Command;

const BEGIN: &str = "<!-- sample: fixtures/projects/shop -->\n```text\n";
const END: &str = "```\n<!-- end of sample -->";

#[test]
fn the_sample_in_the_readme_is_what_is_printed() {
    let output = Command::new(env!("CARGO_BIN_EXE_oomlint"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["fixtures/projects/shop", "--color=never"])
        .env("COLUMNS", "96")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    // The first finding, without what to change: as much as a first screen shows.
    let printed = format!("{}\n", printed.split("\nhelp: ").next().unwrap());
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
    let readme = readme();
    let merging: Vec<&str> =
        readme.split('`').skip(1).step_by(2).filter(|code| code.contains(" -f ")).collect();
    assert!(!merging.is_empty());
    for line in merging {
        let words: Vec<&str> = line.split_whitespace().collect();
        let alone = words.windows(2).find(|pair| pair[1].ends_with("yaml") && pair[0] != "-f");
        assert_eq!(alone, None, "{line}");
    }
}

/// Returns the exit code of oomlint.
fn ended(directory: &str, arguments: &[&str]) -> i32 {
    let top = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_oomlint"));
    command.current_dir(top.join(directory)).args(arguments).output().unwrap().status.code().unwrap()
}

#[test]
fn the_first_commands_end_as_the_readme_says() {
    let readme = readme();
    let (_, set_up) = readme.split_once("## Set up\n").unwrap();
    let before = set_up.split("```sh").next().unwrap();
    assert!(before.contains("Both end with exit code 0"));
    for command in shell(set_up).into_iter().take(2) {
        let arguments = command.split_once(" -- ").unwrap().1.to_owned();
        assert_eq!(ended("", &arguments.split_whitespace().collect::<Vec<_>>()), 0, "{command}");
        let without = arguments.replace("--fail-on never ", "");
        let fails = without != arguments;
        assert_eq!(ended("", &without.split_whitespace().collect::<Vec<_>>()), i32::from(fails), "{without}");
    }
    // Building a dependency in C needs a compiler.
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    assert_eq!(lock.contains("name = \"cc\""), before.contains("C compiler"));
}

#[test]
fn commands_of_the_table_end_as_it_says() {
    let readme = readme();
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| `oomlint")).collect();
    assert!(rows.len() >= 8, "{rows:?}");
    for row in rows {
        let command = row.split('`').nth(1).unwrap();
        // Every second part between quotes is one argument.
        let parts = command.split('\'').enumerate();
        let words: Vec<&str> = parts
            .flat_map(|(at, part)| if at % 2 == 0 { part.split_whitespace().collect() } else { vec![part] })
            .collect();
        let code = ended("fixtures/projects/shop", &words[1..]);
        assert!(row.ends_with(&format!("| {code} |")), "{row}\nends with {code}");
    }
}
