//! Stable sorting of short lists, with one copy of its code.
//!
//! The standard library's sort is compiled anew for each type and order, 7 KB each. This one sorts the indexes of all. Lists that
//! grow with the tree are left to the standard library, which is faster.

use std::cmp::Ordering;

/// Sorts items by a comparison; equal ones stay in their order.
pub(crate) fn by<T>(items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    let order = {
        let items = &*items;
        sorted_indexes(items.len(), &|a, b| match (items.get(a), items.get(b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        })
    };
    if let Some(order) = order {
        move_to(order, &mut |a, b| items.swap(a, b));
    }
}

/// Sorts items by a key, which is made for each comparison; equal ones stay in their order.
pub(crate) fn by_key<T, K: Ord>(items: &mut [T], key: impl Fn(&T) -> K) {
    by(items, |a, b| key(a).cmp(&key(b)));
}

/// Returns the index of each item in the order of all; `None` if they are in order.
#[inline(never)]
fn sorted_indexes(count: usize, compare: &dyn Fn(usize, usize) -> Ordering) -> Option<Vec<usize>> {
    if (1..count).all(|at| compare(at - 1, at).is_le()) {
        return None;
    }
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|a, b| compare(*a, *b));
    Some(order)
}

/// Moves to each place the item whose index is there, by exchanging two at a time.
#[inline(never)]
fn move_to(mut order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        let mut at = start;
        while let Some(from) = order.get_mut(at).map(|from| std::mem::replace(from, at))
            && from != start
            && from != at
        {
            swap(at, from);
            at = from;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn items_are_in_the_order_of_the_standard_library(items in prop::collection::vec((0..9_u8, 0..9_u8), 0..70)) {
            let mut wanted = items.clone();
            wanted.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
            let mut found = items.clone();
            super::by_key(&mut found, |(key, _)| std::cmp::Reverse(*key));
            prop_assert_eq!(&found, &wanted);
            let mut found = items;
            super::by(&mut found, |(a, _), (b, _)| b.cmp(a));
            prop_assert_eq!(found, wanted);
        }
    }
}
