//! Renders blocks of the human report, and errors of the tool itself, in the style of rustc.
//!
//! This is the only file that uses annotate-snippets. It passes the lines around the labels, not the whole file, so that the
//! cost of a block does not grow with the file. Lines in between are passed empty, which keeps the line numbers.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Padding, Renderer, Snippet, normalize_untrusted_str,
    renderer::{AnsiColor, Effects, Style},
};

use super::human::Options;
use super::patch::digits;
use super::{FileLocation, digest, escape, floor, page, patch, wrap};
use crate::diagnostic::{Fix, Label, Severity};
use crate::order;
use crate::secret;
use crate::source::{Language, Source, Sources};

/// Advice of a block.
pub(super) struct Help {
    pub(super) text: String,
    /// The services it is for, and a colon; empty if it is for all of the block.
    pub(super) services: String,
}

/// Block of the report: a finding, or several of one rule in one file.
pub(super) struct Block<'a> {
    pub(super) rule: &'a str,
    pub(super) severity: Severity,
    pub(super) message: String,
    /// Primary labels. The header names the location of the first one.
    pub(super) primary: Vec<&'a Label>,
    /// Related labels.
    pub(super) related: Vec<&'a Label>,
    pub(super) notes: Vec<String>,
    pub(super) help: Vec<Help>,
    /// Alternative fixes.
    pub(super) fixes: &'a [Fix],
}

/// Lines passed around each end of a label. annotate-snippets shows up to five of a long label's first lines.
const AROUND: usize = 6;

/// Maximum distance of labels in one excerpt, in lines.
const MAX_GAP: usize = 2_000;

/// Byte of a line after which a label counts as far to the right. Such labels get excerpts without other labels, so that the
/// text to their left can be cut.
const FAR_RIGHT: usize = 100;

/// Related labels drawn per block. json and rdjson have all of them.
const MAX_RELATED: usize = 12;

/// Maximum length of a label drawn with all its lines, in bytes. A longer one ends with its first line, or after this many
/// bytes if that line is longer still.
const WHOLE: usize = 16 * 1024;

/// Bytes of a line passed after its last label: more than the widest line that is drawn.
const BEHIND: usize = 200;

/// Renders a block, ending in a line end.
pub(super) fn draw(block: &Block<'_>, sources: &Sources, options: Options) -> String {
    let color = options.color;
    let level = match block.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut title = level.primary_title(escape::line(&digest::shorten(&block.message))).id(block.rule);
    if let Some(address) = page::of(block.rule).filter(|_| options.links) {
        title = title.id_url(address);
    }
    let mut group = Group::with_title(title);
    let marks = marks(block, sources);
    let mut last_line = 0;
    for piece in pieces(&marks) {
        last_line = last_line.max(piece.first_line + piece.lines.len());
        group = group.element(piece.snippet());
    }
    // Each note starts after the column of line numbers and ` = note: `.
    let width = options.width.map(|width| width.saturating_sub(digits(last_line) + " = note: ".len()));
    let prose = |text: &str| wrap::prose(&escape::lines(&visible(text)), width);
    for note in &block.notes {
        group = group.element(Level::NOTE.message(prose(note)));
    }
    for help in &block.help {
        group = group.element(Level::HELP.message(prose(&format!("{}{}", help.services, help.text))));
    }
    let path = marks.first().map(|mark| mark.place.path());
    let fixes = block.fixes.iter().enumerate();
    let patches: Vec<String> = fixes
        .map(|(index, fix)| patch::draw(fix, index > 0, sources, path.as_deref(), last_line, color))
        .collect();
    if !patches.is_empty() && block.notes.is_empty() && block.help.is_empty() {
        group = group.element(Padding);
    }
    let mut drawn =
        escape::sanitize_rendered(renderer(color, options.width).hyperlink(options.links).render(&[group]));
    drawn.push('\n');
    patches.iter().for_each(|patch| drawn.push_str(patch));
    drawn
}

/// Renders an error of the tool itself with the header and help line of a finding, ending in a line end.
#[must_use]
pub fn draw_failure(failure: &dyn miette::Diagnostic, color: bool) -> String {
    let renderer = renderer(color, None);
    let mut drawn = String::new();
    // Related errors locate the mistakes in a file, so they replace the general message.
    let related: Vec<&dyn miette::Diagnostic> = failure.related().into_iter().flatten().collect();
    for (index, problem) in related.iter().enumerate() {
        if index > 0 {
            drawn.push('\n');
        }
        drawn.push_str(&draw_failure(*problem, color));
    }
    if !related.is_empty() {
        return drawn;
    }
    let mut title =
        Group::with_title(Level::ERROR.primary_title(visible(&escape::printable(&failure.to_string()))));
    let labels = failure.labels().into_iter().flatten().collect::<Vec<_>>();
    let contents = labels.first().zip(failure.source_code()).and_then(|(label, source)| {
        let contents = source.read_span(label.inner(), 1, 1).ok()?;
        let text = String::from_utf8_lossy(contents.data()).into_owned();
        let start = label.offset().checked_sub(contents.span().offset())?;
        Some((text, contents.line() + 1, contents.name().map(str::to_owned), start..start + label.len()))
    });
    if let Some((text, line, name, range)) = &contents {
        let annotation = AnnotationKind::Primary.span(range.start.min(text.len())..range.end.min(text.len()));
        let mut snippet = Snippet::source(text.as_str()).line_start(*line).annotation(annotation);
        if let Some(name) = name {
            snippet = snippet.path(escape::line(name));
        }
        title = title.element(snippet);
    }
    let mut drawn_title = escape::sanitize_rendered(renderer.render(&[title]));
    drawn_title.push('\n');
    drawn.push_str(&drawn_title);
    if let Some(help) = failure.help() {
        let help = Group::with_title(Level::HELP.secondary_title(visible(&escape::lines(&help.to_string()))));
        drawn.push_str(&renderer.render(&[help]));
        drawn.push('\n');
    }
    drawn
}

/// Replaces control characters, so that text from a linted file cannot control a terminal.
pub(super) fn visible(text: &str) -> String {
    escape::sanitize_rendered(normalize_untrusted_str(text))
}

fn renderer(color: bool, width: Option<usize>) -> Renderer {
    let renderer = if color { styled() } else { Renderer::plain() };
    match width {
        Some(width) => renderer.term_width(width),
        None => renderer,
    }
}

/// Returns a renderer with the same colours on every system. annotate-snippets has others for Windows.
fn styled() -> Renderer {
    let bold = |color: AnsiColor| color.on_default().effects(Effects::BOLD);
    let blue = bold(AnsiColor::BrightBlue);
    Renderer::styled()
        .warning(bold(AnsiColor::Yellow))
        .info(blue)
        .line_num(blue)
        .context(blue)
        .emphasis(Style::new().effects(Effects::BOLD))
}

/// Label with its location in the outermost file.
struct LabelSpan<'a> {
    place: FileLocation,
    text: &'a str,
    kind: AnnotationKind,
    first_line: usize,
    last_line: usize,
}

fn marks<'a>(block: &Block<'a>, sources: &Sources) -> Vec<LabelSpan<'a>> {
    let primary = block.primary.iter().map(|label| (*label, AnnotationKind::Primary));
    let related = block.related.iter().take(MAX_RELATED).map(|label| (*label, AnnotationKind::Context));
    primary.chain(related).map(|(label, kind)| LabelSpan::new(label, kind, sources)).collect()
}

impl<'a> LabelSpan<'a> {
    fn new(label: &'a Label, kind: AnnotationKind, sources: &Sources) -> Self {
        let mut place = FileLocation::new(sources, label.span);
        let text = place.source.text();
        // A label that includes its line end would be drawn into the next line, and one after the last line has no line.
        let trimmed = place.text().trim_end().len();
        if trimmed > 0 {
            place.end = place.start + trimmed;
        } else if place.start == text.len() {
            place.start = text.trim_end().len();
            place.end = place.start;
        } else {
            let line_end = text[place.start..].find(['\r', '\n']).map_or(text.len(), |at| place.start + at);
            place.end = place.end.min(line_end);
        }
        if place.end - place.start > WHOLE {
            let line_end = text[place.start..].find(['\r', '\n']).map_or(text.len(), |at| place.start + at);
            place.end = floor(text, line_end.min(place.start + WHOLE));
        }
        let first_line = place.source.line_at(place.start as u32).number as usize;
        let last_line = place.source.line_at(place.end as u32).number as usize;
        Self { text: &label.text, kind, first_line, last_line, place }
    }

    fn far_right(&self) -> bool {
        let line = self.place.source.line_at(self.place.start as u32);
        self.place.start - line.start as usize > FAR_RIGHT
    }

    /// True if `later` belongs to the same excerpt.
    fn is_near(&self, later: &Self) -> bool {
        later.first_line <= self.last_line + MAX_GAP && self.far_right() == later.far_right()
    }
}

/// Neighbouring lines of one file with their labels, as passed to annotate-snippets.
struct Excerpt<'m> {
    marks: Vec<&'m LabelSpan<'m>>,
    first_line: usize,
    lines: Vec<PieceLine>,
    text: String,
}

/// Position of a line in the file and in the text of the excerpt, in bytes.
struct PieceLine {
    /// Offset in the file.
    start: usize,
    /// Offset in [`Excerpt::text`].
    at: usize,
    /// Bytes of the line in the excerpt, before digests are shortened.
    length: usize,
    /// The digits of digests that are left out, as offsets in the line.
    left_out: Vec<Range<usize>>,
}

impl PieceLine {
    /// Maps an offset in the line to one in the excerpt.
    fn offset(&self, within: usize) -> usize {
        let within = within.min(self.length);
        let mut shift = 0;
        for range in &self.left_out {
            if within >= range.end {
                shift += range.len() - '…'.len_utf8();
            } else if within > range.start {
                return self.at + range.start - shift;
            }
        }
        self.at + within - shift
    }
}

/// Groups labels by file, the file of the first label first, and into excerpts of labels near each other.
fn pieces<'m>(marks: &'m [LabelSpan<'m>]) -> Vec<Excerpt<'m>> {
    // The first label of each file, and all of them.
    let mut files: Vec<(&LabelSpan<'_>, Vec<&LabelSpan<'_>>)> = Vec::new();
    for mark in marks {
        match files.iter_mut().find(|(first, _)| first.place.source.id() == mark.place.source.id()) {
            Some((_, file)) => file.push(mark),
            None => files.push((mark, vec![mark])),
        }
    }
    let mut pieces: Vec<Excerpt<'_>> = Vec::new();
    for (first, mut file) in files {
        order::by_key(&mut file, |mark| (mark.far_right(), mark.first_line, mark.place.start));
        let mut near: Vec<Vec<&LabelSpan<'_>>> = Vec::new();
        for mark in file {
            match near.last_mut() {
                Some(piece) if piece.iter().any(|other| other.is_near(mark)) => piece.push(mark),
                _ => near.push(vec![mark]),
            }
        }
        // The header names the first label that is drawn.
        order::by_key(&mut near, |piece| !piece.iter().any(|mark| std::ptr::eq(*mark, first)));
        pieces.extend(near.into_iter().map(|marks| Excerpt::new(&first.place.source, marks)));
    }
    pieces
}

impl<'m> Excerpt<'m> {
    fn new(source: &Source, marks: Vec<&'m LabelSpan<'m>>) -> Self {
        let first_line = marks.iter().map(|mark| mark.first_line).min().unwrap_or(1);
        let last_line = marks.iter().map(|mark| mark.last_line).max().unwrap_or(1);
        let start = marks.iter().map(|mark| mark.place.start).min().unwrap_or(0);
        // The lines on which a label begins or ends, and how far it reaches there.
        let mut needed: BTreeMap<usize, usize> = BTreeMap::new();
        for mark in &marks {
            for (line, at) in [(mark.first_line, mark.place.start), (mark.last_line, mark.place.end)] {
                let reach = needed.entry(line).or_default();
                *reach = at.max(*reach);
            }
        }
        let mut piece = Self { marks: Vec::new(), first_line, lines: Vec::new(), text: String::new() };
        let mut next = source.line_at(start as u32).start as usize;
        for number in first_line..=last_line {
            let shown = needed.range(number.saturating_sub(AROUND)..=number + AROUND).next().is_some();
            let needed = needed.get(&number).copied().unwrap_or_default();
            let rest = source.text().get(next..).unwrap_or_default();
            let end = memchr::memchr(b'\n', rest.as_bytes());
            let line = &rest[..end.unwrap_or(rest.len())];
            let line = line.strip_suffix('\r').unwrap_or(line);
            // A command line is one line with all that a container is given.
            let line = match source.language() {
                Some(Language::Commands) => secret::starred(line),
                _ => Cow::Borrowed(line),
            };
            let line = line.as_ref();
            let keep = if shown { floor(line, needed.saturating_sub(next) + BEHIND) } else { 0 };
            let left_out = digest::left_out(&line[..keep]).collect();
            piece.lines.push(PieceLine { start: next, at: piece.text.len(), length: keep, left_out });
            piece.text.push_str(&digest::shorten(&line[..keep]));
            piece.text.push('\n');
            next += end.map_or(rest.len(), |end| end + 1);
        }
        piece.text.pop();
        piece.marks = marks;
        piece
    }

    /// Maps an offset in the file to one in the text of the excerpt.
    fn offset(&self, at: usize) -> usize {
        let index = self.lines.partition_point(|line| line.start <= at).saturating_sub(1);
        self.lines.get(index).map_or(0, |line| line.offset(at.saturating_sub(line.start)))
    }

    fn snippet(self) -> Snippet<'m, Annotation<'m>> {
        let annotations: Vec<Annotation<'_>> = self
            .marks
            .iter()
            .map(|mark| {
                let start = self.offset(mark.place.start);
                let end = self.offset(mark.place.end).max(start);
                let annotation = mark.kind.span(start..end);
                if mark.text.is_empty() {
                    annotation
                } else {
                    annotation.label(escape::line(&digest::shorten(mark.text)))
                }
            })
            .collect();
        let path = self.marks.first().map(|mark| escape::line(&mark.place.path()));
        Snippet::source(self.text).path(path).line_start(self.first_line).annotations(annotations)
    }
}
