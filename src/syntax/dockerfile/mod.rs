//! Dockerfiles, losslessly, after BuildKit's algorithm (`frontend/dockerfile/parser`).
//!
//! Every keyword, flag, argument, key and value has its bytes, through continued lines. An error costs one instruction.

mod ast;

pub use ast::{Arguments, Directive, Dockerfile, Flag, Heredoc, Instruction, Keyword, Pair};
