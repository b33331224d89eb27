//! Builds the arena of nodes from the parser's events.

use std::collections::hash_map::Entry;

use granit_parser::{
    ErrorKind, Event, Parser, ScalarStyle, ScanError, Span as EventSpan, StructureStyle, options,
};
use smallvec::SmallVec;

use super::{Anchor, Kind, MAX_DEPTH, MAX_NODES, Node, NodeId, Scalar, Style, Tag, node, problem, scalar};
use crate::hash::HashMap;
use crate::order;
use crate::source::{SourceId, Span, TracedText};
use crate::syntax::SyntaxError;

/// Nesting that go-yaml rejects (`max_flow_level`, `max_indents`).
const REFUSED_DEPTH: usize = 10_000;

/// The result of one run of the parser.
pub(super) struct Built {
    pub(super) nodes: Vec<Node>,
    pub(super) documents: Vec<NodeId>,
    pub(super) comments: Vec<Span>,
    /// Errors in the parts that parse.
    pub(super) errors: Vec<SyntaxError>,
    /// Aliases without an anchor.
    pub(super) unknown_anchors: Vec<Span>,
    /// The places of plain scalars that were made aliases.
    pub(super) alias_keys: Vec<usize>,
    /// The error at which the parser stopped; the tree holds what comes before it.
    pub(super) failure: Option<Failure>,
}

/// The error at which the parser stopped.
pub(super) struct Failure {
    /// Offset at which it stopped.
    pub(super) at: usize,
    pub(super) message: String,
    /// Earlier offsets that may have caused it: a quote that spans lines, a bracket that is still open.
    pub(super) suspects: Vec<usize>,
    /// The opening quote of a scalar with an escape that the parser does not know.
    pub(super) escape_in: Option<usize>,
}

struct Frame {
    id: NodeId,
    /// A key whose value comes next.
    key: Option<NodeId>,
    /// Offset of the opening bracket; `None` for block collections.
    bracket: Option<usize>,
}

struct Builder<'t> {
    file: SourceId,
    text: &'t str,
    /// The places of plain scalars that stand for aliases.
    alias_keys: &'t [usize],
    out: Built,
    stack: Vec<Frame>,
    /// Number of open collections below [`MAX_DEPTH`], which are dropped.
    dropped: usize,
    anchors: HashMap<usize, NodeId>,
    /// The last anchor of each name: for go-yaml, those of earlier documents count.
    named_anchors: HashMap<String, NodeId>,
    /// End of the last token.
    last: usize,
    /// Start of the last quoted scalar that spans several lines.
    long_quote: Option<usize>,
}

/// Parses up to the first error. `alias_keys` are the places of plain scalars that stand for aliases, in order.
pub(super) fn build(file: SourceId, text: &str, alias_keys: &[usize]) -> Built {
    let options = options! {
        emit_anchor_events: true,
        emit_unresolved_aliases: true,
        // libyaml, and so go-yaml, accepts a block scalar at the end of the file without a newline.
        block_scalar_eof_without_line_feed: true,
        emit_comments: has_marked_comment(text),
        max_buffered_comment_events: usize::MAX,
        flow_nesting_limit: REFUSED_DEPTH,
        block_nesting_limit: REFUSED_DEPTH,
    };
    let out = Built {
        nodes: Vec::with_capacity((text.len() / 12).min(MAX_NODES)),
        documents: Vec::new(),
        comments: Vec::new(),
        errors: Vec::new(),
        unknown_anchors: Vec::new(),
        alias_keys: Vec::new(),
        failure: None,
    };
    let mut builder = Builder {
        file,
        text,
        alias_keys,
        out,
        stack: Vec::new(),
        dropped: 0,
        anchors: HashMap::default(),
        named_anchors: HashMap::default(),
        last: 0,
        long_quote: None,
    };
    for result in Parser::new_from_str_with_options(text, options) {
        match result {
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                builder.fail(&error);
                break;
            }
        }
        if builder.out.nodes.len() >= MAX_NODES {
            let span = builder.span(builder.last, text.len());
            builder.report(format!("more than {MAX_NODES} values; the rest is not read"), span, false);
            if let Some(error) = builder.out.errors.last_mut() {
                error.truncates_file = true;
            }
            break;
        }
    }
    builder.finish()
}

/// True if a comment may be an instruction to this program. Only then comments are needed.
fn has_marked_comment(text: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), b"oomlint:").is_some()
}

impl Builder<'_> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.file, start, end)
    }

    fn report(&mut self, message: String, span: Span, fatal: bool) {
        self.out.errors.push(SyntaxError { message, span, fatal, duplicate_of: None, truncates_file: false });
    }

    fn fail(&mut self, error: &ScanError) {
        let at = problem::item_instead_of_key(error, self.text, self.last)
            .or_else(|| error.marker().byte_offset())
            .unwrap_or(self.last)
            .min(self.text.len());
        let bracket = self.stack.iter().find_map(|frame| frame.bracket);
        // The parser gives no event for the quoted scalar at which it stops.
        let between = self.text.as_bytes().get(self.last..at).unwrap_or_default();
        let quote = memchr::memchr2(b'"', b'\'', between).map(|n| self.last + n);
        let suspects = quote.into_iter().chain(self.long_quote).chain(bracket).collect();
        let message = problem::message(error, self.text, at);
        let escape_in = matches!(error.kind(), ErrorKind::UnknownQuotedScalarEscape).then_some(at);
        self.out.failure = Some(Failure { at, message, suspects, escape_in });
    }

    fn event(&mut self, event: Event<'_>, at: EventSpan) {
        let range = at.byte_range().unwrap_or(self.last..self.last);
        let (start, end) = (range.start.min(self.text.len()), range.end.min(self.text.len()));
        match event {
            Event::Comment(..) => self.out.comments.push(self.span(start, end)),
            // The parser also reports a document that begins with a tag as explicit, with the tag's span.
            Event::DocumentStart(..) if self.text.get(start..end) == Some("---") => self.last = end,
            Event::MappingEnd | Event::SequenceEnd if self.dropped > 0 => self.dropped -= 1,
            Event::MappingEnd | Event::SequenceEnd => {
                if end > start {
                    self.last = end;
                }
                self.close((end > start).then_some(end));
            }
            Event::MappingStart(..) | Event::SequenceStart(..) if self.dropped > 0 => self.dropped += 1,
            _ if self.dropped > 0 => {}
            Event::Scalar(value, ScalarStyle::Plain, 0, _)
                if self.alias_keys.binary_search(&start).is_ok() =>
            {
                self.out.alias_keys.push(start);
                self.alias_of(value.get(1..).unwrap_or_default(), start, end);
            }
            Event::Scalar(value, style, anchor, _) => {
                let tag = self.tag(&at);
                let (scalar, span) = self.scalar(&value, style, start, end);
                self.last = self.last.max(end);
                self.add(Kind::Scalar(scalar), span, tag, anchor);
            }
            Event::MappingStart(style, anchor, _) => {
                self.open(Kind::Map(Vec::new()), style, start, end, self.tag(&at), anchor);
            }
            Event::SequenceStart(style, anchor, _) => {
                self.open(Kind::Seq(Vec::new()), style, start, end, self.tag(&at), anchor);
            }
            Event::Alias(anchor) => self.alias(anchor, start, end),
            Event::UnresolvedAlias(name) => self.alias_of(&name, start, end),
            Event::Anchor(id, name) => {
                let (span, name) = (self.span(start, end), name.into_owned());
                let Some(id) = self.anchors.get(&id).copied() else { return };
                if let Some(node) = self.out.nodes.get_mut(id.0 as usize) {
                    node.anchor = Some(Box::new(Anchor { name: name.clone(), span }));
                }
                self.named_anchors.insert(name, id);
            }
            _ => {}
        }
    }

    fn tag(&self, at: &EventSpan) -> Option<Box<Tag>> {
        let range = at.tag_span()?.byte_range()?;
        let name = self.text.get(range.clone())?.to_owned();
        Some(Box::new(Tag { name, span: self.span(range.start, range.end) }))
    }

    fn alias(&mut self, anchor: usize, start: usize, end: usize) {
        let span = self.span(start, end);
        let target = self.anchors.get(&anchor).copied();
        let encloses = |id: NodeId| self.stack.iter().any(|frame| frame.id == id);
        let target = match target {
            Some(id) if encloses(id) => {
                let name = self.text.get(start + 1..end).unwrap_or_default();
                self.report(format!("anchor `{name}` contains itself"), span, true);
                None
            }
            // The anchor is in a part that was dropped.
            None => {
                self.out.unknown_anchors.push(span);
                None
            }
            found => found,
        };
        self.last = end;
        self.add(Kind::Alias(target), span, None, 0);
    }

    /// Adds an alias of the last anchor of that name.
    fn alias_of(&mut self, name: &str, start: usize, end: usize) {
        let span = self.span(start, end);
        let target = self.named_anchors.get(name).copied();
        if target.is_none() {
            self.out.unknown_anchors.push(span);
        }
        self.last = end;
        self.add(Kind::Alias(target), span, None, 0);
    }

    fn scalar(&mut self, value: &str, style: ScalarStyle, start: usize, end: usize) -> (Scalar, Span) {
        let style = match style {
            ScalarStyle::SingleQuoted => Style::SingleQuoted,
            ScalarStyle::DoubleQuoted => Style::DoubleQuoted,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
            ScalarStyle::Plain => Style::Plain,
        };
        let text = match style {
            Style::Literal | Style::Folded => {
                scalar::block(self.file, self.text, self.last, start..end, value, style)
            }
            // The parser gives `~` for a missing value.
            Style::Plain if start == end => {
                let is_value = self.stack.last().is_some_and(|frame| frame.key.is_some());
                let at = if is_value { self.after_colon(start) } else { start };
                TracedText::empty(self.span(at, at))
            }
            _ => scalar::flow(self.file, self.text, start..end, value, style),
        };
        let quoted = matches!(style, Style::SingleQuoted | Style::DoubleQuoted);
        if quoted && self.text.get(start..end).is_some_and(|raw| raw.contains('\n')) {
            self.long_quote = Some(start);
        }
        let span = text.span();
        (Scalar { text, style }, span)
    }

    /// Returns the offset of an empty value: the parser reports it before the colon if nothing follows.
    fn after_colon(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if rest[blanks..].starts_with(':') { at + blanks + 1 } else { at }
    }

    /// Adds a node: as a root, an item, a key, or the value of the last key.
    fn add(&mut self, kind: Kind, span: Span, tag: Option<Box<Tag>>, anchor: usize) -> NodeId {
        let id = NodeId(self.out.nodes.len() as u32);
        self.out.nodes.push(Node { kind, span, tag, anchor: None });
        if anchor > 0 {
            self.anchors.insert(anchor, id);
        }
        let Some(frame) = self.stack.last_mut() else {
            self.out.documents.push(id);
            return id;
        };
        match self.out.nodes.get_mut(frame.id.0 as usize).map(|node| &mut node.kind) {
            Some(Kind::Seq(items)) => items.push(id),
            Some(Kind::Map(entries)) => match frame.key.take() {
                None => frame.key = Some(id),
                Some(key) => entries.push((key, id)),
            },
            _ => {}
        }
        id
    }

    fn open(
        &mut self,
        kind: Kind,
        style: StructureStyle,
        start: usize,
        end: usize,
        tag: Option<Box<Tag>>,
        anchor: usize,
    ) {
        // A pair in a flow sequence, `[a: b]`, is a flow mapping without brackets.
        let bracket = (matches!(style, StructureStyle::Flow) && end > start).then_some(start);
        let span = self.span(start, end);
        let id = self.add(kind, span, tag, anchor);
        self.last = self.last.max(end);
        if self.stack.len() >= MAX_DEPTH - 1 {
            self.dropped = 1;
            self.report(
                format!("nested deeper than {MAX_DEPTH} levels; what is deeper is not read"),
                span,
                false,
            );
            return;
        }
        self.stack.push(Frame { id, key: None, bracket });
    }

    /// Closes the innermost collection; `bracket` is the offset after its closing bracket.
    fn close(&mut self, bracket: Option<usize>) {
        if let Some(key) = self.stack.last().and_then(|frame| frame.key) {
            self.complete_pending_key(key);
        }
        let Some(frame) = self.stack.pop() else { return };
        let nodes = &mut self.out.nodes;
        let children = match &node(nodes, frame.id).kind {
            Kind::Map(entries) => entries.first().zip(entries.last()).map(|(a, b)| (a.0, b.1)),
            Kind::Seq(items) => items.first().zip(items.last()).map(|(a, b)| (*a, *b)),
            Kind::Scalar(_) | Kind::Alias(_) => None,
        };
        let edges = children.map(|(first, last)| (node(nodes, first).span.start, node(nodes, last).span.end));
        if let Some(Node { span, .. }) = nodes.get_mut(frame.id.0 as usize) {
            let start = frame.bracket.map_or(edges.map_or(span.start, |edges| edges.0), |at| at as u32);
            let end = bracket.map_or(edges.map_or(span.end, |edges| edges.1), |at| at as u32);
            *span = Span { start, end: end.max(start), ..*span };
        }
        self.repeated_keys(frame.id);
    }

    /// Gives an empty value to the key at which the parser stopped.
    fn complete_pending_key(&mut self, key: NodeId) {
        let at = self.after_colon(node(&self.out.nodes, key).span.end as usize);
        let span = self.span(at, at);
        let kind = Kind::Scalar(Scalar { text: TracedText::empty(span), style: Style::Plain });
        self.add(kind, span, None, 0);
    }

    /// Reports duplicate keys. go-yaml rejects two keys with the same spelling, whatever their types; `<<` is no
    /// exception.
    fn repeated_keys(&mut self, map: NodeId) {
        let nodes = &self.out.nodes;
        let Kind::Map(entries) = &node(nodes, map).kind else { return };
        let spelling = |key: NodeId| match node(nodes, key) {
            Node { kind: Kind::Scalar(scalar), .. } => Some((true, scalar.text.as_str())),
            Node { kind: Kind::Alias(_), span, .. } => Some((false, self.text.get(span.range())?)),
            _ => None,
        };
        // Most maps are so small that comparing all keys costs less than hashing them.
        if entries.len() <= 8 {
            let keys: SmallVec<[_; 8]> = entries.iter().filter_map(|(key, _)| spelling(*key)).collect();
            let has_other = |(at, key)| keys.iter().take(at).any(|other| other == key);
            if !keys.iter().enumerate().any(has_other) {
                return;
            }
        }
        let mut seen = HashMap::with_capacity_and_hasher(entries.len(), Default::default());
        let mut repeated = Vec::new();
        for (key, _) in entries {
            let Some(spelling) = spelling(*key) else { continue };
            match seen.entry(spelling) {
                Entry::Occupied(first) => repeated.push((*key, *first.get())),
                Entry::Vacant(place) => _ = place.insert(node(nodes, *key).span),
            }
        }
        for (key, first) in repeated {
            let node = node(&self.out.nodes, key);
            let span = node.span;
            let name = match &node.kind {
                Kind::Scalar(scalar) => scalar.text.as_str(),
                _ => self.text.get(span.range()).unwrap_or_default(),
            };
            let message = format!("duplicate key `{name}`");
            self.report(message, span, true);
            if let Some(error) = self.out.errors.last_mut() {
                error.duplicate_of = Some(first);
            }
        }
    }

    fn finish(mut self) -> Built {
        while !self.stack.is_empty() {
            self.close(None);
        }
        // The parser reports a comment in a block scalar's header after the scalar.
        order::by_key(&mut self.out.comments, |comment| comment.start);
        self.out
    }
}
