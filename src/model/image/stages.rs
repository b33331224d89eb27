//! The stages of a Dockerfile, as written.

use crate::source::{Span, TracedText};
use crate::syntax::dockerfile::{Arguments, Dockerfile, Instruction, Keyword};

/// One `FROM` and what follows it.
#[derive(Clone, Debug)]
pub struct Stage<'d> {
    /// Its number, from 0.
    pub index: usize,
    /// The `FROM` instruction.
    pub from: Span,
    /// What it names, nothing expanded: an image or an earlier stage.
    pub reference: TracedText,
    /// The name after `AS`.
    pub name: Option<TracedText>,
    /// The instructions after the `FROM`.
    pub instructions: &'d [Instruction],
    /// The last stage: what is built when nobody names a target.
    pub is_final: bool,
}

impl Stage<'_> {
    /// True when the stage bears this name; case does not count.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(name))
    }
}

/// The stages in order. What stands before the first `FROM` is left out, and so is a `FROM` without an image.
#[must_use]
pub fn stages(dockerfile: &Dockerfile) -> Vec<Stage<'_>> {
    let all = &dockerfile.instructions;
    let is_from = |instruction: &Instruction| instruction.keyword == Keyword::From;
    let starts = all.iter().enumerate().filter(|(_, instruction)| is_from(instruction));
    let mut stages: Vec<Stage<'_>> = Vec::new();
    for (at, from) in starts {
        let Arguments::Words(words) = &from.arguments else { continue };
        let Some(reference) = words.first() else { continue };
        let rest = &all[at + 1..];
        let length = rest.iter().position(is_from).unwrap_or(rest.len());
        let name = words.get(1).filter(|word| word.as_str().eq_ignore_ascii_case("as")).and(words.get(2));
        stages.push(Stage {
            index: stages.len(),
            from: from.span,
            reference: reference.clone(),
            name: name.cloned(),
            instructions: &rest[..length],
            is_final: false,
        });
    }
    if let Some(last) = stages.last_mut() {
        last.is_final = true;
    }
    stages
}

/// The last of `stages` with this name.
pub(super) fn by_name(stages: &[Stage<'_>], name: &str) -> Option<usize> {
    stages.iter().rposition(|stage| stage.is_named(name))
}
