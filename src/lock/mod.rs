//! Facts about images that the user's own machine knows: `.oomlint-images.json`.
//!
//! `oomlint images lock` writes the file from what `docker image inspect` prints: entrypoint, command, healthcheck, ports, and of
//! the environment only sizes of heaps and versions of runtimes. [`Locks`] finds the file for a project, [`Lock`] looks images up
//! in it, with the bytes that each fact came from.

mod entry;
mod find;
mod inspect;
mod read;
mod variables;

pub use entry::{Changes, Entry, LockFile, LockedHealthcheck, is_day};
pub use find::{FILE_NAME, Locks};
pub use inspect::{Reading, entries};
pub use read::{ImageLock, Lock, Locked, MAX_TEXT};
pub use variables::{Keeper, runtime_version};
