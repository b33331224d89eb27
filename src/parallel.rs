//! Work on all cores where it is worth it.

use rayon::prelude::*;

/// What `work` makes of each item, in their order. Of a single one without threads: to start them takes longer than to look
/// at a small file.
pub(crate) fn map<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
    if items.len() < 2 {
        return items.into_iter().map(work).collect();
    }
    items.into_par_iter().map(work).collect()
}
