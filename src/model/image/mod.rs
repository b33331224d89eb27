//! What an image built from a Dockerfile is: stages, inheritance, the target, and what is in effect in it.
//!
//! Only what the Dockerfile says; what its base image brings along is the catalogue's business. BuildKit's
//! `frontend/dockerfile/dockerfile2llb/convert.go` is the model.

mod build_only;
mod configuration;
mod resolve;
mod stages;
mod target;
mod variables;

pub use resolve::{BuildArg, BuildOptions, ImageError, resolve};
pub use stages::{Stage, stages};
pub use target::{
    Base, BuildVariable, Command, CopyInstruction, EnvEntry, Form, HealthTest, HealthcheckInstruction,
    Resolved, Run, TargetImage, tidy,
};
