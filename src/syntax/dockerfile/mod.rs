//! Lossless Dockerfile parser, after BuildKit's algorithm (`frontend/dockerfile/parser`).
//!
//! Every keyword, flag, argument, key and value is traced to its bytes, through continued lines. An error affects
//! only one instruction.

mod ast;
mod check;
mod directives;
mod dump;
mod expand;
mod flags;
mod heredoc;
mod instruction;
mod json;
mod lines;
mod parse;
mod words;

pub use ast::{Arguments, Directive, Dockerfile, Flag, Heredoc, Instruction, Keyword, Pair};
pub use dump::to_json;
pub use expand::{Expansion, Lookup, expand};
pub use parse::parse;
