//! Instructions of which only the last one of a stage counts.

use super::stages::Stage;
use super::target::OverriddenInstruction;
use crate::order;
use crate::source::Span;
use crate::syntax::dockerfile::{Arguments, Instruction, Keyword};

/// Returns each `CMD`, `ENTRYPOINT` and `HEALTHCHECK` of these stages that a later one of its stage replaces.
pub(super) fn overridden(stages: &[&Stage<'_>], comments: &[Span]) -> Vec<OverriddenInstruction> {
    let mut found = Vec::new();
    for stage in stages {
        for keyword in [Keyword::Healthcheck, Keyword::Entrypoint, Keyword::Cmd] {
            let own = |instruction: &&Instruction| instruction.keyword == keyword && counts(instruction);
            let mut all: Vec<&Instruction> = stage.instructions.iter().filter(own).collect();
            let Some(last) = all.pop() else { continue };
            found.extend(all.into_iter().map(|instruction| OverriddenInstruction {
                keyword: keyword.as_str(),
                span: instruction.span,
                by: last.span,
                has_comments: comments.iter().any(|comment| instruction.span.contains(*comment)),
            }));
        }
    }
    order::by_key(&mut found, |instruction| (instruction.span.file, instruction.span.start));
    found
}

/// True for an instruction that BuildKit accepts: a broken one is a syntax error.
fn counts(instruction: &Instruction) -> bool {
    let is_command = |arguments: &Arguments| matches!(arguments, Arguments::Exec(_) | Arguments::Shell(_));
    match &instruction.arguments {
        Arguments::Healthcheck { kind, command } => {
            let is = |word: &str| kind.as_str().eq_ignore_ascii_case(word);
            is("none") || is("cmd") && is_command(command)
        }
        arguments => is_command(arguments),
    }
}
