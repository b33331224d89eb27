//! `oomlint why`: answers why a container was killed.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;

use super::format::{TableFormat, TableReport};
use super::input::{Input, Runs};
use super::output::Console;
use super::policy::{Host, Scope};
use super::{Outcome, stats};
use crate::check;
use crate::discover::{Discovered, FileKind};
use crate::error::Error;
use crate::evidence::{self, Evidence, FORMS};
use crate::hash::HashMap;
use crate::postmortem::{self, Files, Verdict};
use crate::report::why::{Report, human};
use crate::rules::Policy;
use crate::source::{SourceId, Sources, path_text};
use crate::syntax::size::ByteSize;

/// The most bytes of one file that are read: of a longer one its end.
const MAX_READ: u64 = 32 << 20;

#[derive(Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    input: Input<Runs>,

    #[command(flatten)]
    host: Host,

    #[command(flatten)]
    scope: Scope,

    #[command(flatten)]
    report: TableReport,
}

pub(super) fn run(mut arguments: Arguments, console: &Console) -> Outcome {
    let paths = arguments.input.take_evidence()?;
    let sources = arguments.input.sources();
    let mut evidence = Evidence::default();
    let mut skipped = HashMap::default();
    let mut inspected = Vec::new();
    for path in &paths {
        let before = evidence.inspected.len();
        read(path, &sources, &mut evidence, &mut skipped, console)?;
        if evidence.inspected.iter().skip(before).any(|own| own.anchor.is_some()) {
            inspected.push(path.clone());
        }
    }
    if evidence.left_out > 0 {
        console.report(&format!(
            "more than {} events, rows or lines of one kind; {} of them not looked at",
            evidence::MAX_PIECES,
            evidence.left_out
        ));
    }
    if evidence.is_empty() {
        let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path_text(path))).collect();
        return Err(Error::Usage {
            problem: format!("no evidence in {}", names.join(", ")),
            help: Some(format!("oomlint reads the output of {FORMS}")),
        });
    }
    let configs = arguments.scope.configs(sources.disk())?;
    let mut discovered = arguments.input.discover(&configs, &sources, console)?;
    // The containers themselves are checked, too.
    for path in inspected {
        discovered.add(path, FileKind::Inspected);
    }
    let options = arguments.scope.apply(arguments.input.options(), &mut discovered)?;
    let options = check::Options {
        select: postmortem::RULES.concat().iter().map(|rule| (*rule).to_owned()).collect(),
        policy: Policy {
            host_memory: arguments.host.host_memory.or_else(|| evidence.host_memory()),
            ..arguments.host.policy(options.policy.clone())
        },
        stats: postmortem::measurements(&evidence, &sources).map(Arc::new),
        ..options
    };
    let outcome = check::run(&options, &sources, &discovered);
    let answers = postmortem::answers(&evidence, Files { outcome: &outcome, sources: &sources });
    if answers.len() >= postmortem::MAX_CONTAINERS {
        console.report(&format!(
            "more than {} containers; the rest is not answered",
            postmortem::MAX_CONTAINERS
        ));
    }
    let report = Report { answers: &answers, sources: &sources, skipped: &skipped };
    console.write(|out| match arguments.report.format {
        TableFormat::Human => human(out, &report, console.drawing()),
        TableFormat::Json => report.json(out),
        TableFormat::Markdown => report.markdown(out),
    })?;
    Ok(exit(console, &discovered, answers.iter().any(|answer| answer.verdict == Verdict::Undecided)))
}

fn exit(console: &Console, discovered: &Discovered, undecided: bool) -> ExitCode {
    let end = console.end(discovered);
    if end == ExitCode::SUCCESS && undecided { ExitCode::from(1) } else { end }
}

/// Reads one file of evidence.
fn read(
    path: &Path,
    sources: &Sources,
    evidence: &mut Evidence,
    skipped: &mut HashMap<SourceId, u32>,
    console: &Console,
) -> Result<(), Error> {
    let tail = stats::tail(path, MAX_READ, sources.disk())?;
    if tail.skipped > 0 {
        let skipped = ByteSize(i64::try_from(tail.skipped).unwrap_or(i64::MAX));
        console.report(&format!("the first {skipped} of `{}` are not read", path_text(path)));
    }
    let id = sources.add(path, tail.bytes);
    skipped.insert(id, tail.lines);
    evidence.read(&sources.get(id));
    Ok(())
}
