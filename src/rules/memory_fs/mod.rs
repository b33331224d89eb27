//! File systems in memory.

pub(super) mod shm_exceeds_limit;
pub(super) mod small_shm;
pub(super) mod unsized_tmpfs;
