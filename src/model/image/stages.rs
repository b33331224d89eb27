//! The stages of a Dockerfile.

use crate::source::{Span, Text};
use crate::syntax::dockerfile::{Arguments, Dockerfile, Instruction, Keyword};

/// One `FROM` and what follows it.
#[derive(Clone, Debug)]
pub struct Stage<'d> {
    /// The `FROM` instruction.
    pub from: Span,
    /// What it names, nothing expanded.
    pub reference: Text,
    /// `AS name`, lower case as BuildKit compares it.
    pub name: Option<String>,
    /// The instructions after the `FROM`.
    pub instructions: Vec<&'d Instruction>,
}

/// The stages in order. What stands before the first `FROM` (only `ARG` may) is left out, and so is a `FROM` without an image.
#[must_use]
pub fn stages(dockerfile: &Dockerfile) -> Vec<Stage<'_>> {
    let mut stages: Vec<Stage<'_>> = Vec::new();
    for instruction in &dockerfile.instructions {
        if instruction.keyword == Keyword::From {
            stages.extend(stage(instruction));
        } else if let Some(stage) = stages.last_mut() {
            stage.instructions.push(instruction);
        }
    }
    stages
}

fn stage(instruction: &Instruction) -> Option<Stage<'_>> {
    let Arguments::Words(words) = &instruction.arguments else { return None };
    let name = match words.as_slice() {
        [_, word, name] if word.as_str().eq_ignore_ascii_case("as") => {
            Some(name.as_str().to_ascii_lowercase())
        }
        _ => None,
    };
    let reference = words.first()?.clone();
    Some(Stage { from: instruction.span, reference, name, instructions: Vec::new() })
}
