//! A whole Dockerfile.

use super::heredoc::{Marker, markers};
use super::instruction::read;
use super::lines::Lines;
use super::{Arguments, Dockerfile, Heredoc, Instruction, Keyword};
use crate::source::{SourceId, Text};

/// Reads `text`, which is the whole of `file`. Never fails: what does not parse is in [`Dockerfile::errors`].
#[must_use]
pub fn parse(file: SourceId, text: &str) -> Dockerfile {
    let mut lines = Lines::new(file, text);
    let mut instructions = Vec::new();
    while let Some(logical) = lines.logical() {
        let mut errors = Vec::new();
        let mut instruction = read(&logical.text, lines.escape, &mut errors);
        lines.errors.append(&mut errors);
        heredocs(&mut instruction, &logical.text, &mut lines);
        instruction.first_line = logical.first_line;
        instruction.last_line = lines.number;
        instructions.push(instruction);
    }
    if instructions.is_empty() {
        lines.error(0..0, "there is no instruction in this file");
    } else if let Some(early) = before_from(&instructions) {
        let message = format!("{} stands before the first FROM", early.name.as_str().to_ascii_uppercase());
        lines.errors.push(crate::syntax::SyntaxError { message, span: early.name.span(), fatal: true });
    }
    Dockerfile {
        file,
        escape: lines.escape,
        directives: lines.directives,
        instructions,
        comments: lines.comments,
        errors: lines.errors,
    }
}

/// The first instruction that only a stage may have, before there is one. A file of which the first instruction is no
/// instruction at all has its error already.
fn before_from(instructions: &[Instruction]) -> Option<&Instruction> {
    let before = instructions.iter().take_while(|instruction| instruction.keyword != Keyword::From);
    let mut before = before.filter(|instruction| instruction.keyword != Keyword::Arg);
    before.next().filter(|instruction| instruction.keyword != Keyword::Unknown)
}

/// Reads the here-documents that the instruction announces. One without an end is an error, and its lines are read as
/// instructions.
fn heredocs(instruction: &mut Instruction, text: &Text, lines: &mut Lines<'_>) {
    let mut inner = &*instruction;
    while let Arguments::Onbuild(next) = &inner.arguments {
        inner = next;
    }
    let takes_them = matches!(inner.keyword, Keyword::Add | Keyword::Copy | Keyword::Run);
    if !takes_them || matches!(inner.arguments, Arguments::Exec(_)) {
        return;
    }
    let mut found = Vec::new();
    for marker in markers(text) {
        let mark = lines.mark();
        match heredoc(&marker, lines) {
            Some(heredoc) => {
                let end = heredoc.terminator.unwrap_or(heredoc.body);
                instruction.span = instruction.span.cover(end);
                found.push(heredoc);
            }
            None => {
                lines.back_to(mark);
                let message = format!("the here-document has no end: there is no line `{}`", marker.name);
                lines.errors.push(crate::syntax::SyntaxError { message, span: marker.span, fatal: true });
            }
        }
    }
    instruction.heredocs = found;
}

fn heredoc(marker: &Marker, lines: &mut Lines<'_>) -> Option<Heredoc> {
    let mut body: Option<std::ops::Range<usize>> = None;
    loop {
        let before = lines.offset();
        let range = lines.physical()?;
        let line = lines.slice(range.clone());
        let compared = if marker.chomp { line.trim_start_matches('\t') } else { line };
        let body_so_far = body.get_or_insert(before..before);
        if compared == marker.name {
            return Some(Heredoc {
                name: marker.name.clone(),
                expand: marker.expand,
                chomp: marker.chomp,
                descriptor: marker.descriptor,
                body: lines.span(body_so_far.clone()),
                terminator: Some(lines.span(range)),
            });
        }
        body_so_far.end = lines.offset();
    }
}
