//! The stages of a Dockerfile, as written.

use crate::source::{Span, TracedText};
use crate::syntax::dockerfile::{Arguments, Dockerfile, Instruction, Keyword};

/// One `FROM` and the instructions after it.
#[derive(Clone, Debug)]
pub struct Stage<'d> {
    /// Its number, from 0.
    pub index: usize,
    /// The `FROM` instruction.
    pub from: Span,
    /// The image or earlier stage that it names, not expanded.
    pub reference: TracedText,
    /// The name after `AS`.
    pub name: Option<TracedText>,
    /// The value of its `--platform`, not expanded.
    pub platform: Option<TracedText>,
    /// The instructions after the `FROM`.
    pub instructions: &'d [Instruction],
    /// The last stage, which is built if no target is named.
    pub is_final: bool,
}

impl Stage<'_> {
    /// True if the stage has this name, in any case.
    #[must_use]
    pub fn is_named(&self, name: &str) -> bool {
        self.name.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(name))
    }
}

/// Returns the stages in order. Instructions before the first `FROM` and `FROM`s without an image are left out.
#[must_use]
pub fn stages(dockerfile: &Dockerfile) -> Vec<Stage<'_>> {
    let parts = dockerfile.instructions.chunk_by(|_, next| next.keyword != Keyword::From);
    let mut stages: Vec<Stage<'_>> = Vec::new();
    for (from, instructions) in parts.filter_map(<[Instruction]>::split_first) {
        if from.keyword != Keyword::From {
            continue;
        }
        let Arguments::Words(words) = &from.arguments else { continue };
        let Some(reference) = words.first() else { continue };
        let name = words.get(1).filter(|word| word.as_str().eq_ignore_ascii_case("as")).and(words.get(2));
        stages.push(Stage {
            index: stages.len(),
            from: from.span,
            reference: reference.clone(),
            name: name.cloned(),
            platform: from
                .flags
                .iter()
                .find(|flag| flag.name.as_str() == "platform")
                .and_then(|flag| flag.value.clone()),
            instructions,
            is_final: false,
        });
    }
    if let Some(last) = stages.last_mut() {
        last.is_final = true;
    }
    stages
}

/// Returns the last of the first `count` stages with this name.
pub(super) fn by_name<'s, 'd>(stages: &'s [Stage<'d>], count: usize, name: &str) -> Option<&'s Stage<'d>> {
    stages.iter().take(count).rfind(|stage| stage.is_named(name))
}
