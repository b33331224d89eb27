//! `ulimit-in-build`

use super::{Group, Meta, Preset, Rule, Sink};
use crate::finding::Severity;
use crate::workload::Workload;

/// A limit that ends with its shell.
pub(super) struct UlimitInBuild;

static META: Meta = Meta {
    name: "ulimit-in-build",
    summary: "a RUN that ends with ulimit: nothing of it is left in the image",
    severity: Severity::Warning,
    group: Group::Process,
    preset: Preset::Recommended,
    page: include_str!("../../rules/ulimit-in-build.md"),
};

impl Rule for UlimitInBuild {
    fn meta(&self) -> &'static Meta {
        &META
    }

    fn check(&self, workload: &Workload, sink: &mut Sink<'_>) {
        for command in &workload.build_ulimits {
            sink.report(
                command.span,
                "holds for the shell of this RUN, which ends here",
                format!("`{}` has no effect on what runs in `{}`", command.value, workload.name),
            )
            .of(workload)
            .help(format!(
                "set it where the container is started: `ulimits: {{{}}}` in Compose",
                setting(&command.value)
            ));
        }
    }
}

/// The same as a key of `ulimits`, by the option's letter (POSIX and bash `ulimit`, setrlimit(2)).
fn setting(command: &str) -> String {
    let mut words = command.split_whitespace().skip(1);
    let name = match words.next().unwrap_or_default().trim_start_matches("-H").trim_start_matches("-S") {
        "-v" => "as",
        "-u" => "nproc",
        "-l" => "memlock",
        "-s" => "stack",
        "-c" => "core",
        "-d" => "data",
        "-m" => "rss",
        "-t" => "cpu",
        "-f" => "fsize",
        _ => "nofile",
    };
    let value = match words.next() {
        Some("unlimited") => "-1",
        Some(number) if number.bytes().all(|b| b.is_ascii_digit()) => number,
        _ => "40000",
    };
    format!("{name}: {value}")
}
