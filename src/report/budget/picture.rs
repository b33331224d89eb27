//! Chart of the SVG and HTML reports: stacked bars, each of which begins where the one above ends.

use super::super::escape::line;
use super::{Report, appetite, heap, in_words, limit, share};
use crate::capacity::{Entry, Fit, Stack};
use crate::syntax::size::ByteSize;

/// CSS variables of the light colour scheme. `--line` is the colour of the host's memory.
pub(super) const COLORS: &str = "\
--ink:#1f2328;--dim:#59636e;--ground:#ffffff;--grid:#d1d9e0;--heap:#6639ba;--off-heap:#a475f9;--rest:#a9c4e4;--line:#cf222e;--open:#9a6700";
/// CSS variables of the dark colour scheme.
pub(super) const DARK: &str = "\
--ink:#f0f6fc;--dim:#9198a1;--ground:#0d1117;--grid:#3d444d;--heap:#ab7df8;--off-heap:#6639ba;--rest:#35557c;--line:#f85149;--open:#d29922";

/// CSS classes and names of the segments of a bar, in order.
pub(super) const PARTS: [(&str, &str); 3] = [
    ("heap", "heap and caches"),
    ("off-heap", "outside them, an estimate"),
    ("rest", "the rest of the limit"),
];

/// Bar of one service.
pub(super) struct Bar<'s> {
    pub(super) entry: &'s Entry,
    /// Sum of the limits above it, in bytes.
    pub(super) begin: i64,
    /// Sizes of the [`PARTS`]; `None` without a limit.
    pub(super) parts: Option<[ByteSize; 3]>,
    /// Text next to the bar.
    pub(super) label: String,
    /// Text of the tooltip.
    pub(super) story: String,
}

/// Returns the bars of the started services, and the length of the axis in bytes.
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
                (Some(_), _) if entry.fit() == Fit::ExceedsLimit => format!("{}: too small", limit(entry)),
                (Some(_), _) => format!("{}{}", limit(entry), of.unwrap_or_default()),
                (None, true) => "limit not known".to_owned(),
                (None, false) => "no limit".to_owned(),
            };
            Bar { entry, begin: own, parts, label, story: story(report, entry) }
        })
        .collect();
    // 4 % more than the sum or the host, so that the line of a service without a limit extends beyond both.
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

/// Returns the ticks of the axis: 0 and the next four to eight multiples of a power of two.
pub(super) fn ticks(axis: i64) -> Vec<ByteSize> {
    if axis == 1 {
        return Vec::new();
    }
    let step = (0..62).map(|power| 1_i64 << power).find(|step| axis / step <= 8).unwrap_or(i64::MAX);
    (0..=axis / step).map(|index| ByteSize(index * step)).collect()
}

/// Escapes text for an element or attribute of XML and HTML.
pub(super) fn text(text: &str) -> String {
    quick_xml::escape::escape(line(text)).into_owned()
}

/// Returns text without backticks, for attributes and drawings, which have no code.
pub(super) fn without_code(words: &str) -> String {
    words.replace('`', "")
}

/// Truncates a name to `most` characters.
pub(super) fn shorten(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        return name.to_owned();
    }
    let kept: String = name.chars().take(most - 1).collect();
    format!("{kept}…")
}
