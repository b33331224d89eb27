//! What both pictures show: bars that each begin where the one above ends, up to what all may take together.

use super::super::escape::line;
use super::{Report, appetite, heap, in_words, limit, share};
use crate::budget::{Entry, Stack};
use crate::model::size::ByteSize;

/// Colours as variables, light and dark. `--line` is the host's.
pub(super) const COLORS: &str = "\
--ink:#1f2328;--dim:#59636e;--ground:#ffffff;--grid:#d1d9e0;--heap:#6639ba;--beside:#a475f9;--rest:#a9c4e4;--line:#cf222e;--open:#9a6700";
pub(super) const DARK: &str = "\
--ink:#f0f6fc;--dim:#9198a1;--ground:#0d1117;--grid:#3d444d;--heap:#ab7df8;--beside:#6639ba;--rest:#35557c;--line:#f85149;--open:#d29922";

/// The parts of a bar with their names and classes, in their order.
pub(super) const PARTS: [(&str, &str); 3] =
    [("heap", "heap and caches"), ("beside", "beside them, an estimate"), ("rest", "the rest of the limit")];

/// One service.
pub(super) struct Bar<'s> {
    pub(super) entry: &'s Entry,
    /// The limits of those above it, in bytes.
    pub(super) begin: i64,
    /// What its limit divides into; none without a limit.
    pub(super) parts: Option<[ByteSize; 3]>,
    /// Beside it.
    pub(super) label: String,
    /// What is behind it, for who points at it.
    pub(super) story: String,
}

/// The bars of what is started, and how many bytes the axis has.
pub(super) fn bars<'s>(report: &Report<'_>, stack: &'s Stack) -> (Vec<Bar<'s>>, i64) {
    let mut begin = 0_i64;
    let host = stack.host.as_ref().map(|host| host.size);
    let bars: Vec<Bar<'_>> = stack
        .started()
        .map(|entry| {
            let parts = entry.parts();
            let own = begin;
            begin = begin.saturating_add(entry.total().map_or(0, |total| total.0));
            let of = entry.total().zip(host).map(|(total, host)| format!(" · {}", share(total, host)));
            let label = match (entry.total(), entry.limit.is_unknown()) {
                (Some(_), _) => format!("{}{}", limit(entry), of.unwrap_or_default()),
                (None, true) => "limit not known".to_owned(),
                (None, false) => "no limit".to_owned(),
            };
            Bar { entry, begin: own, parts, label, story: story(report, entry) }
        })
        .collect();
    // A little more than all of it: what has no limit leads out of the picture.
    let all = begin.max(host.map_or(0, |host| host.0));
    (bars, all.saturating_add(all / 25).max(1))
}

fn story(report: &Report<'_>, entry: &Entry) -> String {
    let place = report.place_text(Report::span(entry));
    if entry.limit.is_absent() {
        return format!("{}: no limit: {} ({place})", entry.name, appetite(entry));
    }
    let mut text = format!("{}: limit {}", entry.name, limit(entry));
    if !heap(entry).is_empty() {
        let managed: Vec<String> = entry.managed.iter().map(in_words).collect();
        text.push_str(&format!(", {}", managed.join(", ")));
    }
    format!("{text} ({place})")
}

/// Places of the axis: round numbers of bytes, four to eight of them.
pub(super) fn ticks(axis: i64) -> Vec<ByteSize> {
    if axis == 1 {
        return Vec::new();
    }
    let step = (0..62).map(|power| 1_i64 << power).find(|step| axis / step <= 8).unwrap_or(i64::MAX);
    (0..=axis / step).map(|index| ByteSize(index * step)).collect()
}

/// Text within an element or an attribute of XML and HTML.
pub(super) fn text(text: &str) -> String {
    quick_xml::escape::escape(line(text)).into_owned()
}

/// A name that fits its column.
pub(super) fn shorten(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most - 1).collect();
    format!("{kept}…")
}
