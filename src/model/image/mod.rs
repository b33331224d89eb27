//! What an image built from a Dockerfile is: stages, inheritance, the target, and what is in effect in it.
//!
//! Only what the Dockerfile says; what its base image brings along is the catalogue's business.

mod resolve;
mod stages;
mod target;
#[cfg(test)]
mod tests;

pub use resolve::{BuildArg, BuildOptions, ImageError, resolve};
pub use stages::{Stage, stages};
pub use target::{Base, Command, EnvEntry, Form, Health, HealthTest, Run, TargetImage};
