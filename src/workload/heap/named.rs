//! Variables whose names promise a bound of memory, for programs that the catalogue does not know.

use crate::catalog::Catalog;
use crate::source::TracedText;
use crate::syntax::size::{ByteSize, GIB, KIB, MIB};
use crate::workload::{Origin, Workload};

/// A variable with a size, whose name says that it bounds memory.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeVariable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: TracedText,
    /// The value in bytes.
    pub size: ByteSize,
    /// True if the name is about a heap, outside which the program needs more.
    pub heap: bool,
}

/// Words of names that mention memory.
const MEMORY: [&str; 8] = ["MEMORY", "MEM", "RAM", "HEAP", "MAXMEMORY", "MAXHEAP", "HEAPSIZE", "MEMLIMIT"];

/// Words of names that mention a bound.
const BOUND: [&str; 8] = ["LIMIT", "SIZE", "MAX", "MAXIMUM", "XMX", "MAXMEMORY", "MAXHEAP", "MEMLIMIT"];

/// Words of names about something else: other containers and processes, disks, least sizes, shares of the memory.
const ELSEWHERE: [&str; 42] = [
    "BATCH",
    "BODY",
    "BUILD",
    "BUILDER",
    "BUILDS",
    "CHUNK",
    "CONTAINER",
    "CONTAINERS",
    "CUDA",
    "DISK",
    "DRIVER",
    "EXECUTOR",
    "FILE",
    "FUNCTION",
    "GPU",
    "HOST",
    "INIT",
    "INITIAL",
    "JOB",
    "JOBS",
    "LAMBDA",
    "MIN",
    "MINIMUM",
    "NOTEBOOK",
    "OBJECT",
    "POD",
    "REQUEST",
    "REQUESTS",
    "RESERVATION",
    "RESERVED",
    "RUNNER",
    "SANDBOX",
    "SHM",
    "SPAWNER",
    "START",
    "SWAP",
    "TASK",
    "TASKS",
    "UPLOAD",
    "USER",
    "VM",
    "VRAM",
];

/// Returns the variables of `workload` that bound memory by their name and that the catalogue does not know.
pub(in crate::workload) fn size_variables(workload: &Workload, catalog: &Catalog) -> Vec<SizeVariable> {
    let image = &workload.image;
    if image.env_known && workload.build.is_none() {
        return Vec::new();
    }
    let is_known = |name: &str| {
        let of_product = image.memory.iter().flat_map(|own| &own.part.set_by);
        catalog.variable(name).is_some()
            || image.expands.iter().any(|known| known == name)
            || of_product.filter_map(|by| by.variable.as_deref()).any(|known| known == name)
    };
    // An `env_file` is often that of the whole project, with the variables of other services.
    let own = workload.env.iter().filter(|(_, variable)| variable.origin != Origin::EnvFile);
    let sized = own.filter_map(|(name, variable)| {
        let (heap, unit) = promise(name)?;
        let value = variable.value.value()?;
        let size = size(value.as_str(), unit).filter(|_| !is_known(name))?;
        Some(SizeVariable { name: name.clone(), value: value.clone(), size, heap })
    });
    sized.collect()
}

/// Returns the largest size that a variable of the service promises by its name, with that name, and whether it is of a heap.
/// Nobody may read the variable.
pub(in crate::workload) fn promised_size(workload: &Workload) -> Option<(&str, ByteSize, bool)> {
    let own = workload.env.iter().filter(|(_, variable)| variable.origin != Origin::EnvFile);
    let sized = own.filter_map(|(name, variable)| {
        let (heap, unit) = promise(name)?;
        Some((name.as_str(), size(variable.value.value()?.as_str(), unit)?, heap))
    });
    sized.max_by_key(|(_, size, _)| *size)
}

/// True if a variable's name says that it bounds memory.
pub(in crate::workload) fn bounds_memory(name: &str) -> bool {
    promise(name).is_some()
}

/// Returns whether the name of a bound of memory mentions a heap, and its unit, if the name has one. `None` for other names.
fn promise(name: &str) -> Option<(bool, Option<i64>)> {
    let upper = name.to_ascii_uppercase();
    let mut words: Vec<&str> = upper.split(['_', '-', '.']).filter(|word| !word.is_empty()).collect();
    let unit = match *words.last()? {
        "BYTES" => Some(1),
        "KB" | "KIB" => Some(KIB),
        "MB" | "MIB" => Some(MIB),
        "GB" | "GIB" => Some(GIB),
        _ => None,
    };
    if unit.is_some() {
        words.pop();
    }
    let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let heap = has(&["HEAP", "MAXHEAP", "HEAPSIZE"]);
    let ends = words.last().is_some_and(|word| ["MEMORY", "MEM", "RAM"].contains(word));
    let bounds = heap || ends || has(&BOUND);
    (has(&MEMORY) && bounds && !has(&ELSEWHERE)).then_some((heap, unit))
}

/// Parses a size: with a unit, in the unit of the name, or in bytes where the number can be nothing else.
fn size(value: &str, unit: Option<i64>) -> Option<ByteSize> {
    const SURELY_BYTES: i64 = 64 * MIB;
    let value = value.trim();
    let Ok(number) = value.parse::<i64>() else { return ByteSize::parse_any(value) };
    let bytes = match unit {
        Some(unit) => number.checked_mul(unit)?,
        None => Some(number).filter(|number| *number >= SURELY_BYTES)?,
    };
    (bytes > 0).then_some(ByteSize(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_promise_bounds_of_memory() {
        for (name, expected) in [
            ("OB_MEMORY_LIMIT", Some((false, None))),
            ("MEM_LIMIT", Some((false, None))),
            ("APP_MAX_MEMORY_MB", Some((false, Some(MIB)))),
            ("app.memory.max", Some((false, None))),
            ("APP_MEMORY_BYTES", Some((false, Some(1)))),
            ("APP_MEMORY_KB", Some((false, Some(KIB)))),
            ("APP_MEMORY_KIB", Some((false, Some(KIB)))),
            ("APP_MEMORY_MIB", Some((false, Some(MIB)))),
            ("APP_HEAP_GB", Some((true, Some(GIB)))),
            ("APP_MEMORY_GIB", Some((false, Some(GIB)))),
            ("APP_MEMORY_TB", None),
            ("SERVICE_HEAP_SIZE", Some((true, None))),
            ("SERVER_MEMORY", Some((false, None))),
            ("MAX_UPLOAD_SIZE", None),
            ("CACHE_MAX_SIZE", None),
            ("EXECUTOR_MEMORY", None),
            ("MEMORY_REQUEST", None),
            ("MEMBER_LIMIT", None),
            ("MEMORY_BACKEND", None),
        ] {
            assert_eq!(promise(name), expected, "{name}");
        }
    }

    #[test]
    fn values_are_sizes() {
        for (value, unit, expected) in [
            ("10G", None, Some(10 * GIB)),
            ("1.5 GiB", None, Some(GIB + GIB / 2)),
            ("8073741824", None, Some(8_073_741_824)),
            ("2048", Some(MIB), Some(2048 * MIB)),
            ("2048", None, None),
            ("0", Some(MIB), None),
            ("80%", None, None),
            ("unlimited", None, None),
        ] {
            assert_eq!(size(value, unit), expected.map(ByteSize), "{value}");
        }
    }
}
