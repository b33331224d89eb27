//! Parallel map over the items of a vector.

use rayon::prelude::*;

/// Applies `work` to each item and returns the results in order. A single item is processed on the calling thread:
/// starting threads takes longer than checking a small file.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    if items.len() < 2 {
        return items.into_iter().map(work).collect();
    }
    items.into_par_iter().map(work).collect()
}
