//! Byte budgets for the files that a project reads besides its own, so that densely cross-referencing trees terminate.

use crate::syntax::size::ByteSize;

/// Upper bound (bytes) on the files that one project reads besides its own: Compose files that it includes and extends, with
/// their env files, and as much again for the Dockerfiles and `env_file`s of its services. A file that two services share
/// counts twice, since each gets all of it.
pub const MAX_TAKEN: usize = 16 * 1024 * 1024;

/// Upper bound (bytes) on these files for all projects of a run, divided equally.
const MAX_OF_RUN: usize = 256 * 1024 * 1024;

/// The smallest budget of a project, in bytes.
const LEAST: usize = 256 * 1024;

/// Returns the budget (bytes) of one project in a run over `files` Compose files.
#[must_use]
pub fn share_of_run(files: usize) -> usize {
    (MAX_OF_RUN / files.max(1)).clamp(LEAST, MAX_TAKEN)
}

/// A byte budget, with what is left of it.
#[derive(Debug)]
pub struct ByteBudget {
    left: usize,
    most: usize,
    /// Subject and object of the error message.
    words: (&'static str, &'static str),
}

impl ByteBudget {
    /// Creates the budget for the files that a project includes and extends.
    #[must_use]
    pub fn of_project(most: usize) -> Self {
        Self { left: most, most, words: ("the project takes", "other files") }
    }

    /// Creates the budget for the Dockerfiles and `env_file`s of a project's services.
    #[must_use]
    pub fn of_services(most: usize) -> Self {
        Self { left: most, most, words: ("the services take", "Dockerfiles and env_files") }
    }

    /// Charges bytes that are in memory already, even if fewer are left.
    pub fn charge(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes);
    }

    /// Charges the bytes of a file.
    ///
    /// # Errors
    /// The reason, if fewer bytes are left. Nothing is charged then.
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
