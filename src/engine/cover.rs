//! Which suppressions cover a place: files may have many of both.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::finding::Finding;
use crate::finding::suppress::Suppression;
use crate::source::{SourceId, Span};

/// The suppressions by file and extent.
pub(super) struct Cover<'s> {
    suppressions: &'s [Suppression],
    files: HashMap<SourceId, OfFile<'s>>,
}

/// The first suppression that has each name.
type Names<'s> = HashMap<&'s str, usize>;

#[derive(Default)]
struct OfFile<'s> {
    whole: Names<'s>,
    /// By their beginnings, the wider ones first.
    extents: Vec<Extent<'s>>,
}

struct Extent<'s> {
    span: Span,
    /// The extent before it that had not ended where this one begins.
    around: Option<usize>,
    names: Names<'s>,
}

impl<'s> Cover<'s> {
    pub(super) fn new(suppressions: &'s [Suppression]) -> Self {
        let mut by_extent: HashMap<(SourceId, Option<Span>), Names<'s>> = HashMap::new();
        for (index, suppression) in suppressions.iter().enumerate() {
            let names = by_extent.entry((suppression.comment.file, suppression.extent)).or_default();
            for name in &suppression.names {
                names.entry(&name.value).or_insert(index);
            }
        }
        let mut files: HashMap<SourceId, OfFile<'s>> = HashMap::new();
        for ((file, extent), names) in by_extent {
            let of_file = files.entry(file).or_default();
            match extent {
                None => of_file.whole = names,
                Some(span) => of_file.extents.push(Extent { span, around: None, names }),
            }
        }
        for of_file in files.values_mut() {
            of_file.extents.sort_by_key(|extent| (extent.span.start, Reverse(extent.span.end)));
            let mut open: Vec<usize> = Vec::new();
            for index in 0..of_file.extents.len() {
                let start = of_file.extents[index].span.start;
                while open.last().is_some_and(|last| of_file.extents[*last].span.end <= start) {
                    open.pop();
                }
                of_file.extents[index].around = open.last().copied();
                open.push(index);
            }
        }
        Self { suppressions, files }
    }

    /// The first suppression that speaks for a finding at a place, and the name by which it does.
    pub(super) fn of(&self, finding: &Finding, place: Span) -> Option<(&'s Suppression, Span)> {
        let of_file = self.files.get(&place.file)?;
        let group = crate::rules::find(finding.rule).map(|rule| rule.meta().group.name());
        let named = |names: &Names<'s>| {
            let by_group = group.and_then(|group| names.get(group));
            names.get(finding.rule).into_iter().chain(by_group).min().copied()
        };
        let mut first = named(&of_file.whole);
        let after = of_file.extents.partition_point(|extent| extent.span.start <= place.start);
        let mut next = after.checked_sub(1);
        while let Some(extent) = next.and_then(|index| of_file.extents.get(index)) {
            if place.start < extent.span.end {
                first = first.into_iter().chain(named(&extent.names)).min();
            }
            next = extent.around;
        }
        let suppression = self.suppressions.get(first?)?;
        let fits = |name: &str| name == finding.rule || Some(name) == group;
        let name = suppression.names.iter().find(|name| fits(&name.value))?;
        Some((suppression, name.span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Confidence, Label, Severity};
    use crate::source::Spanned;

    fn at(start: usize, end: usize) -> Span {
        Span::new(SourceId(0), start, end)
    }

    proptest::proptest! {
        /// As looking at each suppression in turn finds it.
        #[test]
        fn the_first_that_covers_is_found(
            spans in proptest::collection::vec((0..40_usize, 0..30_usize, 0..3_usize), 0..24),
            place in 0..60_usize,
        ) {
            let names = ["missing-memory-limit", "limits", "other"];
            let suppressions: Vec<Suppression> = spans.iter().enumerate().map(|(index, (start, length, name))| Suppression {
                comment: at(100 + index, 101 + index),
                names: vec![Spanned::new(names[*name].to_owned(), at(200 + index, 201 + index))],
                reason: None,
                extent: (*length < 28).then(|| at(*start, start + length)),
            }).collect();
            let finding = Finding {
                rule: "missing-memory-limit",
                severity: Severity::Note,
                confidence: Confidence::High,
                message: String::new(),
                primary: Label { span: at(place, place + 1), text: String::new() },
                related: Vec::new(),
                notes: Vec::new(),
                help: None,
                fix: None,
                service: None,
                image: None,
                folded: None,
            };
            let expected = suppressions.iter().find(|one| {
                one.covers(finding.primary.span) && one.names[0].value != "other"
            });
            let found = Cover::new(&suppressions).of(&finding, finding.primary.span);
            proptest::prop_assert_eq!(found.map(|(one, _)| one.comment), expected.map(|one| one.comment));
        }
    }
}
