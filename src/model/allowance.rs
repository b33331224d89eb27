//! What the services of one project may take in all.

/// Bytes that the services of a project take from Dockerfiles and `env_file`s in all: what two services share counts twice,
/// since each gets it all.
const MAX_TAKEN: usize = 16 * 1024 * 1024;

/// What is left of [`MAX_TAKEN`].
#[derive(Debug)]
pub struct Allowance(usize);

impl Default for Allowance {
    fn default() -> Self {
        Self(MAX_TAKEN)
    }
}

impl Allowance {
    /// Takes the bytes of a file; says why not where they are more than what is left.
    ///
    /// # Errors
    /// When they are.
    pub fn take(&mut self, bytes: usize) -> Result<(), String> {
        match self.0.checked_sub(bytes) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => {
                let most = MAX_TAKEN / 1024 / 1024;
                Err(format!("the services take more than {most} MiB of Dockerfiles and env_files in all"))
            }
        }
    }
}
