//! Rules on limits, reservations and swap.

pub(super) mod conflicting_limits;
pub(super) mod disabled_oom_killer;
pub(super) mod dropped_memory_value;
pub(super) mod ineffective_flag;
pub(super) mod ineffective_swappiness;
pub(super) mod invalid_memory_value;
pub(super) mod limit_below_image_minimum;
pub(super) mod limit_below_peak;
pub(super) mod limit_oversized;
pub(super) mod limit_without_headroom;
pub(super) mod memory_limit_below_minimum;
pub(super) mod missing_cpu_limit;
pub(super) mod missing_memory_limit;
pub(super) mod missing_memory_reservation;
pub(super) mod missing_pids_limit;
pub(super) mod missing_swap_limit;
pub(super) mod redundant_swap_limit;
pub(super) mod reservation_exceeds_limit;
pub(super) mod swap_below_limit;
pub(super) mod swap_without_limit;
pub(super) mod unknown_memory_key;
pub(super) mod unlimited_swap;
pub(super) mod zero_memory_limit;
