//! Every limit of the program is documented in docs/limits.md with its value, and is enforced.

mod beyond;
mod programs;

use std::collections::BTreeSet;
use std::path::Path;

/// Makes a test of each limit from a function of `beyond`, so that a limit without one does not compile.
macro_rules! rows {
    ($($test:ident, $constant:literal, $words:literal;)*) => {
        /// Constants, and their names in the documentation.
        const ROWS: &[(&str, &str)] = &[$(($constant, $words)),*];

        mod exceeded {
            $(
                #[test]
                fn $test() {
                    super::beyond::$test();
                }
            )*
        }
    };
}

rows! {
    bytes_of_a_file, "source/mod.rs MAX_FILE_SIZE", "bytes of a file";
    bytes_of_rules, "discover/ignored.rs MAX_RULES", "bytes of a `.gitignore`";
    bytes_that_are_looked_at, "discover/kind.rs MAX_LOOKED_AT", "bytes read to";
    bytes_of_a_configuration, "config/read.rs MAX_TEXT", "bytes of a configuration";
    bytes_of_an_image_lock, "lock/read.rs MAX_TEXT", "bytes of a `.oomlint-images.json`";
    links_on_a_way, "source/file_system/root.rs MAX_LINKS", "symbolic links in";
    entries_of_a_directory, "source/file_system/listing.rs MAX_REMEMBERED", "entries of a directory";
    levels_of_a_yaml_file, "syntax/yaml/mod.rs MAX_DEPTH", "levels of a YAML file";
    values_of_a_yaml_file, "syntax/yaml/mod.rs MAX_NODES", "values of a YAML file";
    lines_that_do_not_parse, "syntax/yaml/repair.rs MAX_ROUNDS", "lines of a";
    levels_of_a_project, "model/compose/value.rs MAX_DEPTH", "levels of a project";
    values_of_a_project, "model/compose/value.rs MAX_NODES", "values of a project";
    ways_of_include_and_extends, "model/compose/load.rs MAX_FILE_DEPTH", "files in a";
    what_a_directory_takes, "model/project.rs MAX_OF_DIRECTORY", "bytes that the";
    bytes_of_evidence, "cli/why.rs MAX_READ", "bytes of evidence in one file";
    kills_of_a_log, "evidence/kernel/reports.rs MAX_KILLS", "kills in a kernel log";
    pieces_of_evidence, "evidence/mod.rs MAX_PIECES", "pieces of one kind";
    kills_of_programs, "evidence/killers.rs MAX_KILLS", "kills by programs";
    containers_that_are_answered, "postmortem/subject.rs MAX_CONTAINERS", "containers that `oomlint why`";
    levels_of_an_inspected_output, "syntax/json/mod.rs MAX_DEPTH", "levels of the output";
    values_of_an_inspected_output, "syntax/json/mod.rs MAX_NODES", "values of the output";
    containers_of_an_output, "model/container/read.rs MAX_CONTAINERS", "containers in the output";
    services_of_a_project, "model/compose/mod.rs MAX_SERVICES", "services of a";
    directories_above_a_project, "model/mod.rs MAX_ABOVE", "parent directories in";
    what_services_take, "model/allowance.rs MAX_TAKEN", "bytes of Dockerfiles";
    what_all_projects_take, "model/allowance.rs MAX_OF_RUN", "the same for all projects of a run";
    defaults_within_defaults, "syntax/template.rs MAX_DEPTH", "nested defaults in";
    a_value_with_its_variables, "syntax/template.rs MAX_LENGTH", "bytes of a value";
    values_of_an_env_file, "syntax/dotenv.rs MAX_EXPANDED", "bytes of all values of a";
    a_line_of_a_dockerfile, "syntax/dockerfile/lines.rs MAX_LINE", "a line of a Dockerfile";
    variables_within_variables, "syntax/dockerfile/expand.rs MAX_DEPTH", "nested variables in a";
    what_variables_put_in, "syntax/dockerfile/expand.rs MAX_PUT_IN", "bytes that variables";
    values_of_env_and_arg, "model/image/variables.rs MAX_VALUES", "bytes of all values of ENV";
    variables_where_a_heredoc_begins, "syntax/dockerfile/heredoc.rs MAX_DEPTH", "nested variables in the";
    heredocs_without_an_end, "syntax/dockerfile/parse.rs MAX_UNTERMINATED", "here-documents without an end";
    programs_that_start_each_other, "syntax/shell/mod.rs MAX_WRAPPERS", "programs that start each other";
    scripts_within_scripts, "syntax/shell/reader.rs MAX_DEPTH", "nested scripts: `$(…)`,";
    commands_of_a_script, "syntax/shell/reader.rs MAX_COMMANDS", "commands of a script";
    constructs_around_each_other, "syntax/shell/reader.rs MAX_OPEN", "nested constructs in";
    files_that_may_be_overlays, "check/elsewhere.rs MAX_LISTED", "YAML files with";
    bytes_of_an_overlay, "check/elsewhere.rs MAX_SNIFFED", "bytes of one of them";
    bytes_of_a_script, "workload/scripts.rs MAX_SCRIPT", "bytes of a script";
    bytes_of_a_readme, "workload/surroundings.rs MAX_README", "bytes of a README";
    bytes_of_submodules, "workload/surroundings.rs MAX_GITMODULES", "bytes of a `.gitmodules`";
    files_of_examples, "workload/examples.rs MAX_EXAMPLES", "files like `.env.example`";
    bytes_of_an_example, "workload/examples.rs MAX_EXAMPLE", "bytes of such an example";
    mistakes_in_a_configuration, "config/tree.rs MAX_PROBLEMS", "mistakes in a configuration";
    findings_of_one_rule, "check/truncate.rs MAX_FINDINGS", "findings of one rule";
    refused_places, "model/compose/refusal.rs MAX_REFUSALS", "places of a project that";
    other_places, "rules/context.rs MAX_RELATED", "related places of";
    a_text_of_a_finding, "check/truncate.rs MAX_TEXT", "one text of a finding";
    words_ahead_of_a_flag, "workload/heap/problems.rs MAX_AHEAD", "words over which";
    rounds_of_fixes, "fix/mod.rs MAX_ROUNDS", "rounds of fixes";
    fixes_that_are_tried, "fix/mod.rs MAX_TRIALS", "fixes that are tried";
    a_page_of_markdown, "report/markdown.rs MAX_BYTES", "a page of markdown";
    bytes_of_measurements, "stats/mod.rs MAX_INPUT", "bytes of measurements";
    samples_of_measurements, "stats/mod.rs MAX_SAMPLES", "samples of measurements";
}

/// Limits of the analysis of programs and builds, and of caches. Exceeding one is not reported; the documentation describes the
/// effect.
const PROGRAMS: &[(&str, &str)] = &[
    ("model/compose/platform.rs MAX_READ", "bytes of a platform's file"),
    ("check/defined.rs MAX_SEARCHED", "Compose files of a repository that are searched"),
    ("check/defined.rs MAX_SCRIPTS", "scripts and Makefiles that are searched"),
    ("check/defined.rs MAX_SCRIPT", "bytes of such a start script"),
    ("lsp/transport.rs MAX_MESSAGE", "bytes of one message of an editor"),
    ("lsp/transport.rs MAX_HEADER", "bytes of a line in the header"),
    ("lsp/watch.rs MAX_WATCHED", "watched files"),
    ("lsp/session.rs MAX_TRIED", "fixes for one request of an editor"),
    ("evidence/mod.rs MAX_LINE", "bytes of one line of evidence"),
    ("source/file_system/listing.rs MAX_REMEMBERED_IN_ALL", "entries of all directories"),
    ("syntax/command_line/find.rs MAX_COMMANDS", "command lines of one file"),
    ("syntax/command_line/parse.rs MAX_FLAGS", "flags of one command line"),
    ("syntax/command_line/parse.rs MAX_BEFORE", "words before the name of its client"),
    ("syntax/command_line/lines.rs MAX_LENGTH", "bytes of a command line"),
    ("syntax/command_line/lines.rs MAX_BEFORE_SUBCOMMAND", "words between the name"),
    ("syntax/command_line/lines.rs MAX_PREFIX", "bytes in front of a command line"),
    ("syntax/command_line/lines.rs MAX_IN_VAIN", "bytes that are read like a command line"),
    ("syntax/command_line/lines.rs MAX_PLACE", "bytes of a placeholder such as"),
    ("model/image/configuration.rs MAX_PATH", "bytes of a path in an image that"),
    ("workload/own.rs MAX_PATH", "bytes of a program's"),
    ("workload/brought.rs MAX_BROUGHT", "files that a"),
    ("workload/brought.rs MAX_DEPTH", "levels of directories that it"),
    ("workload/configured.rs MAX_TOKENS", "words of one file"),
    ("workload/configured.rs MAX_FILLED", "bytes of a template"),
    ("workload/configured.rs MAX_INCLUDES", "includes of a server"),
    ("syntax/settings/mod.rs MAX_ENTRIES", "settings of one settings file"),
    ("syntax/settings/mod.rs MAX_DEPTH", "levels of such a file"),
    ("workload/setting_files.rs MAX_INCLUDES", "settings files that include each other"),
    ("workload/setting_files.rs MAX_FILES", "settings files of one server"),
    ("workload/unused.rs MAX_SEARCHED", "files next to a `.env` that are searched"),
    ("workload/unused.rs MAX_SIZE", "bytes of such a file"),
    ("workload/unused.rs MAX_DEPTH", "levels of directories with such files"),
    ("model/image/variables.rs MAX_USED", "bytes of a variable's value that is remembered"),
    ("workload/heap/command.rs MAX_ASSIGNED", "variables that a start script"),
    ("workload/heap/command.rs MAX_EXPANDED", "bytes of a word with such variables"),
    ("workload/installs.rs MAX_LIST", "bytes of a list of packages"),
    ("workload/installs.rs MAX_NESTED", "nested variables in such"),
    ("workload/packages.rs MAX_FOLLOWED", "installations of one `RUN`"),
    ("workload/removal.rs MAX_ALTERNATIVES", "alternatives in braces"),
    ("workload/lingering.rs MAX_REPEATED", "bytes of a command that is quoted"),
    ("workload/lingering.rs MAX_SCRIPTS", "scripts that start each other before the"),
    ("workload/opened.rs MAX_DEPTH", "scripts that start each other before a"),
    ("workload/opened.rs MAX_LATER", "later commands"),
    ("workload/opened.rs MAX_PROGRAMS", "programs of one start"),
    ("workload/opened.rs MAX_SCRIPTS", "scripts of one start"),
    ("workload/opened.rs MAX_WORDS", "words of one command"),
    ("workload/scripts.rs MAX_ENTRIES", "entries of directories"),
    ("workload/scripts.rs MAX_READ", "scripts in the directories"),
    ("workload/start.rs MAX_HANDOVERS", "times that a script runs itself"),
];

/// Limits of output and execution, which do not concern input files.
const OTHERS: &[&str] = &[
    "report/patch.rs MAX_LINES",
    "report/patch.rs MAX_WIDTH",
    "report/sarif.rs MAX_RELATED",
    "report/snippet.rs MAX_GAP",
    "report/snippet.rs MAX_RELATED",
    "check/mentions.rs MAX_SEARCHED",
    "model/build.rs MAX_IMAGES",
    "lock/variables.rs MAX_VALUE",
    "syntax/yaml/resolve.rs MAX_NUMBER",
    "syntax/yaml/repair.rs MAX_MARKINGS",
    "stats/mod.rs MAX_SKIPPED",
    "report/budget/mod.rs MAX_GAPS",
    "fix/mod.rs MAX_UNCOVERED",
    "fix/plan/mod.rs MAX_ROUNDS",
    "fix/plan/mod.rs MAX_PASSES",
];

/// Returns every `const MAX_…` of the program with its value.
fn constants() -> Vec<(String, u64)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(&src) {
        let path = entry.unwrap().into_path();
        if path.extension().is_none_or(|ending| ending != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let inside = path.strip_prefix(&src).unwrap().to_string_lossy().replace('\\', "/");
        for line in text.lines() {
            let Some((_, rest)) = line.split_once("const MAX_") else { continue };
            let (name, rest) = rest.split_once(':').unwrap();
            let value = rest.split_once('=').unwrap().1.trim().trim_end_matches(';');
            found.push((format!("{inside} MAX_{name}"), number(value)));
        }
    }
    found
}

/// Evaluates `16 * 1024`, `1 << 20` or `400_000`.
fn number(text: &str) -> u64 {
    if let Some((left, right)) = text.split_once("<<") {
        return number(left) << number(right);
    }
    text.split('*').map(|part| part.trim().replace('_', "").parse::<u64>().unwrap()).product()
}

/// Formats a value as the documentation writes it.
fn written(text: &str) -> u64 {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let unit = match () {
        () if text.contains("MiB") => 1024 * 1024,
        () if text.contains("KiB") => 1024,
        () => 1,
    };
    digits.parse::<u64>().unwrap() * unit
}

#[test]
fn the_page_has_every_bound_and_its_number() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/limits.md")).unwrap();
    let rows: Vec<&str> =
        page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what |")).collect();
    let constants = constants();
    let mut used = BTreeSet::new();
    for (constant, words) in ROWS.iter().chain(PROGRAMS) {
        let (_, value) =
            constants.iter().find(|(name, _)| name == constant).unwrap_or_else(|| panic!("no {constant}"));
        let begin = format!("| {words}");
        let at: Vec<usize> = (0..rows.len()).filter(|row| rows[*row].starts_with(&begin)).collect();
        assert_eq!(at.len(), 1, "{words}: {rows:?}");
        let bound = rows[at[0]].split(" | ").nth(1).unwrap();
        assert_eq!(written(bound), *value, "{constant}: docs/limits.md says {bound}");
        used.insert(at[0]);
    }
    assert_eq!(used.len(), rows.len(), "a row of docs/limits.md is of no constant");
    for (constant, _) in &constants {
        let told = ROWS.iter().chain(PROGRAMS).map(|(known, _)| *known);
        let known = told.chain(OTHERS.iter().copied()).any(|known| known == constant);
        assert!(known, "{constant} is a new bound: give it a row in docs/limits.md and one here");
    }
}
