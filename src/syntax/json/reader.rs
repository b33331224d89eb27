//! Builds values from tokens, and goes on behind whatever fits nowhere.

use std::iter::Peekable;

use super::tokens::{Token, TokenKind, Tokens};
use super::{Document, Kind, MAX_DEPTH, MAX_NODES, Member, Node};
use crate::source::{SourceId, Span, TracedText};

/// Reads the values of a text, in order. Members outside of any object make an object if `is_key` knows their keys; it ends where
/// a key is repeated.
#[must_use]
pub fn read(file: SourceId, text: &str, is_key: &dyn Fn(&str) -> bool) -> Document {
    let tokens = Tokens::new(file, text);
    let slicer = Tokens::new(file, text);
    let mut reader = Reader { tokens: tokens.peekable(), slicer, left: MAX_NODES };
    let (mut found, mut loose) = (Vec::new(), Loose::default());
    while let Some(token) = reader.tokens.next() {
        if reader.left == 0 {
            break;
        }
        match &token.kind {
            TokenKind::Mark(b'{' | b'[') => {
                loose.end(&mut found);
                found.push(reader.value(token, 0));
            }
            TokenKind::Text(..) | TokenKind::Word if reader.is_before_colon() => {
                let key = reader.key(&token);
                if !is_key(key.as_str()) {
                    continue;
                }
                reader.tokens.next();
                if loose.has(key.as_str()) {
                    loose.end(&mut found);
                }
                let value = reader.member_value(token.span, 0);
                loose.add(Member { key, value });
            }
            _ => {}
        }
    }
    loose.end(&mut found);
    Document { nodes: found, is_truncated: reader.left == 0 }
}

/// Members outside of any object.
#[derive(Default)]
struct Loose(Vec<Member>);

impl Loose {
    fn has(&self, key: &str) -> bool {
        self.0.iter().any(|member| member.key.as_str() == key)
    }

    fn add(&mut self, member: Member) {
        self.0.push(member);
    }

    fn end(&mut self, found: &mut Vec<Node>) {
        let members = std::mem::take(&mut self.0);
        let spans = members.iter().map(|member| member.key.span().cover(member.value.span));
        if let Some(span) = spans.reduce(Span::cover) {
            found.push(Node { kind: Kind::Map(members), span, is_cut: true });
        }
    }
}

struct Reader<'t> {
    tokens: Peekable<Tokens<'t>>,
    /// Only gives the texts of spans.
    slicer: Tokens<'t>,
    /// The number of values that may still be made.
    left: usize,
}

impl Reader<'_> {
    fn is_before_colon(&mut self) -> bool {
        matches!(self.tokens.peek(), Some(Token { kind: TokenKind::Mark(b':'), .. }))
    }

    /// Returns a key, in quotes or not.
    fn key(&self, token: &Token) -> TracedText {
        match &token.kind {
            TokenKind::Text(text, _) => text.clone(),
            _ => TracedText::verbatim(self.slicer.slice(token.span), token.span),
        }
    }

    /// Reads the value behind a colon. If there is none, it is cut off.
    fn member_value(&mut self, key: Span, depth: usize) -> Node {
        let is_value = |token: &Token| {
            matches!(token.kind, TokenKind::Mark(b'{' | b'[') | TokenKind::Text(..) | TokenKind::Word)
        };
        match self.tokens.next_if(is_value) {
            Some(token) => self.value(token, depth),
            None => Node { kind: Kind::Other, span: key, is_cut: true },
        }
    }

    /// Reads the value that begins with a token.
    fn value(&mut self, token: Token, depth: usize) -> Node {
        self.left = self.left.saturating_sub(1);
        let span = token.span;
        match token.kind {
            TokenKind::Mark(b'{') if depth < MAX_DEPTH => self.map(span, depth + 1),
            TokenKind::Mark(b'[') if depth < MAX_DEPTH => self.list(span, depth + 1),
            TokenKind::Text(text, is_whole) => Node { kind: Kind::Text(text), span, is_cut: !is_whole },
            TokenKind::Word => Node { kind: word(self.slicer.slice(span)), span, is_cut: false },
            TokenKind::Mark(_) | TokenKind::Junk => Node { kind: Kind::Other, span, is_cut: true },
        }
    }

    /// Returns the next token of a list or mapping. `None` if it is cut off: at the end of the text, at the bound on values, or where the
    /// mapping or list around it ends with `outer_end`.
    fn next_inside(&mut self, outer_end: u8) -> Option<Token> {
        let ends = |token: &Token| matches!(token.kind, TokenKind::Mark(mark) if mark == outer_end);
        if self.left == 0 || self.tokens.peek().is_none_or(ends) { None } else { self.tokens.next() }
    }

    fn map(&mut self, start: Span, depth: usize) -> Node {
        let (mut members, mut is_cut, mut span) = (Vec::new(), false, start);
        loop {
            let Some(token) = self.next_inside(b']') else {
                is_cut = true;
                break;
            };
            span = span.cover(token.span);
            match &token.kind {
                TokenKind::Mark(b'}') => break,
                TokenKind::Mark(b',') => {}
                TokenKind::Text(..) | TokenKind::Word if self.is_before_colon() => {
                    self.tokens.next();
                    let key = self.key(&token);
                    let value = self.member_value(token.span, depth);
                    span = span.cover(value.span);
                    is_cut |= matches!(value.kind, Kind::Other) && value.is_cut;
                    members.push(Member { key, value });
                }
                _ => is_cut = true,
            }
        }
        Node { kind: Kind::Map(members), span, is_cut }
    }

    fn list(&mut self, start: Span, depth: usize) -> Node {
        let (mut items, mut is_cut, mut span) = (Vec::new(), false, start);
        loop {
            let Some(token) = self.next_inside(b'}') else {
                is_cut = true;
                break;
            };
            span = span.cover(token.span);
            match &token.kind {
                TokenKind::Mark(b']') => break,
                TokenKind::Mark(b',') => {}
                TokenKind::Mark(b'{' | b'[') | TokenKind::Text(..) | TokenKind::Word => {
                    let item = self.value(token, depth);
                    span = span.cover(item.span);
                    items.push(item);
                }
                TokenKind::Mark(_) | TokenKind::Junk => is_cut = true,
            }
        }
        Node { kind: Kind::List(items), span, is_cut }
    }
}

/// Reads a word; Python writes booleans in capitals.
fn word(text: &str) -> Kind {
    match text {
        "null" | "None" => Kind::Null,
        "true" | "True" => Kind::Boolean(true),
        "false" | "False" => Kind::Boolean(false),
        number => number.parse().map_or(Kind::Other, Kind::Integer),
    }
}
