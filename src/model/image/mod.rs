//! Images built from a Dockerfile: stages, inheritance, the target, and the configuration that results.
//!
//! Covers what the Dockerfile sets. The catalog describes base images. Modelled on BuildKit's
//! `frontend/dockerfile/dockerfile2llb/convert.go`.

mod build_only;
mod configuration;
mod overridden;
mod resolve;
mod stages;
mod target;
mod variables;

pub use resolve::{BuildArg, BuildOptions, ImageError, resolve};
pub use stages::{Stage, stages};
pub use target::{
    Base, BuildVariable, Command, CopyInstruction, EnvEntry, Form, HealthTest, HealthcheckInstruction,
    OverriddenInstruction, Resolved, Run, TargetImage, tidy,
};
