//! Rules on memory-backed file systems: /dev/shm and tmpfs.

pub(super) mod build_only_shm_size;
mod shm;
pub(super) mod shm_exceeds_limit;
pub(super) mod small_shm;
pub(super) mod unsized_tmpfs;
