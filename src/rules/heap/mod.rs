//! Rules on heaps and caches inside the container.

pub(super) mod cache_exceeds_limit;
pub(super) mod compose_expands_variable;
pub(super) mod debug_allocator;
pub(super) mod default_heap_exceeds_limit;
pub(super) mod disabled_gc;
pub(super) mod heap_exceeds_limit;
pub(super) mod heap_set_in_build_stage;
pub(super) mod ignored_heap_percentage;
pub(super) mod malformed_heap_setting;
pub(super) mod memory_lock_without_ulimit;
pub(super) mod memory_variable_exceeds_limit;
pub(super) mod min_ram_percentage;
pub(super) mod misplaced_heap_flag;
pub(super) mod percent_heap_without_limit;
pub(super) mod quoted_env_value;
pub(super) mod removed_jvm_flag;
pub(super) mod runtime_ignores_limit;
pub(super) mod tight_cache;
pub(super) mod tight_heap;
pub(super) mod unbounded_cache;
pub(super) mod unbounded_heap;
pub(super) mod unread_heap_variable;
