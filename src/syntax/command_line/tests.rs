use super::*;
use crate::source::SourceId;

fn text(text: &str) -> TracedText {
    TracedText::verbatim(text, Span::new(SourceId(0), 0, text.len()))
}

fn all(source: &str, notation: Notation) -> Vec<Command> {
    find(&text(source), notation)
}

fn one(source: &str) -> Command {
    let mut found = all(source, Notation::Lines);
    assert_eq!(found.len(), 1, "{source}");
    found.remove(0)
}
