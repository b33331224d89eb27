//! Parallel map over the items of a vector.

/// Applies `work` to each item and returns the results in order. A single item is processed on the calling thread:
/// starting threads takes longer than checking a small file. Without the feature `threads` all are.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    map_from(2, items, work)
}

/// Like [`map`], for work that takes microseconds an item.
pub(crate) fn map_light<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    map_from(32, items, work)
}

#[cfg_attr(not(feature = "threads"), expect(unused_variables, reason = "there are no threads"))]
fn map_from<T: Send, R: Send>(least: usize, items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    #[cfg(feature = "threads")]
    if items.len() >= least {
        use rayon::prelude::*;
        return items.into_par_iter().map(work).collect();
    }
    items.into_iter().map(work).collect()
}
