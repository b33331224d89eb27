//! What one project may take of files that are not its own, so that a tree in which all lead to the same ones ends.

use super::size::ByteSize;

/// Bytes that a project takes in all: of Compose files that it includes and extends and of the environments that are read for
/// them, and as much again of the Dockerfiles and `env_file`s of its services. What two services share counts twice, since each
/// gets it all.
pub const MAX_TAKEN: usize = 16 * 1024 * 1024;

/// Bytes that the projects of a run take in all; each has an equal part.
const MAX_OF_RUN: usize = 256 * 1024 * 1024;

/// Bytes of the smallest part.
const LEAST: usize = 256 * 1024;

/// The part of a project in a run over so many Compose files.
#[must_use]
pub fn share_of_run(files: usize) -> usize {
    (MAX_OF_RUN / files.max(1)).clamp(LEAST, MAX_TAKEN)
}

/// What is left of a part.
#[derive(Debug)]
pub struct ByteBudget {
    left: usize,
    most: usize,
    /// Who takes, and what.
    words: (&'static str, &'static str),
}

impl ByteBudget {
    /// For what a project includes and extends.
    #[must_use]
    pub fn of_project(most: usize) -> Self {
        Self { left: most, most, words: ("the project takes", "other files") }
    }

    /// For what its services take.
    #[must_use]
    pub fn of_services(most: usize) -> Self {
        Self { left: most, most, words: ("the services take", "Dockerfiles and env_files") }
    }

    /// Takes what is there already.
    pub fn charge(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }

    /// Takes the bytes of a file; says why not where they are more than what is left.
    ///
    /// # Errors
    /// When they are.
    pub fn try_charge(&mut self, bytes: usize) -> Result<(), String> {
        match self.left.checked_sub(bytes) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => {
                let (taker, what) = self.words;
                Err(format!("{taker} more than {} of {what} in all", ByteSize(self.most as i64)))
            }
        }
    }
}
