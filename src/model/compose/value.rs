//! Compose documents as values with spans: aliases and merge keys expanded, variables interpolated.

use indexmap::map::Entry as IndexEntry;

use super::environment::Environment;
use super::refusal::{Refusal, Refusals};
use crate::hash::IndexMap;
use crate::model::fact::Why;
use crate::source::{SourceId, Span, TracedText};
use crate::syntax::SyntaxError;
use crate::syntax::template::{Interpolated, interpolate};
use crate::syntax::yaml::{self, NodeId, Tree};

/// Upper bound on the nodes of a project after expanding aliases, extends and includes. compose-go stops at 100,000 visits in
/// one file (`loader/reset.go`). The largest real project that was seen has 6,000 nodes.
pub(crate) const MAX_NODES: usize = 400_000;
/// Bytes of text that are charged as one more node.
const NODE_BYTES: usize = 64;
/// Upper bound on nesting. Real files stay below 20.
const MAX_DEPTH: usize = 128;

/// A node after expansion.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    pub(crate) kind: Kind,
    /// Span of the node.
    pub(crate) span: Span,
    /// Spans of the aliases, merge keys, variables, extends and includes that it came through, outermost first.
    pub(crate) via: Vec<Span>,
    /// Its effect on the value below it when files are merged.
    pub(crate) merge_mode: MergeMode,
    /// Set if a file or service that it builds upon could not be read: keys that are absent here may be set there.
    pub(crate) missing: Option<Box<Missing>>,
    /// It is a mapping of `NAME=value` that was merged: a list for Compose, in which a later `!reset` of a name finds nothing.
    pub(crate) is_listed: bool,
    /// The keys of this mapping with `!reset` or `!override`. "" is all of it.
    pub(crate) taken_away: Vec<TakenAway>,
    /// For an item of `pre_start`: where an overriding or extending service repeats it.
    pub(crate) repeated_at: Option<Box<Span>>,
}

/// A key with `!reset` or `!override`: what other files set there is taken away.
#[derive(Clone, Debug)]
pub struct TakenAway {
    /// Its name, dotted below a service.
    pub key: String,
    /// The file with `!override`, which alone can set it. `None` for `!reset`: none can.
    pub by: Option<SourceId>,
}

/// A file or service that a value builds upon and that could not be read.
#[derive(Clone, Debug)]
pub(crate) struct Missing {
    /// Span of its name.
    pub(crate) at: Span,
    /// The reason it could not be read.
    pub(crate) why: Why,
}

/// The merge behaviour that Compose's YAML tags select.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MergeMode {
    /// Merged by the rules of its key.
    Merge,
    /// `!override`: replaces the value below it.
    Replace,
    /// `!reset`: removes the value below it, and itself.
    Remove,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    Scalar(Scalar),
    Seq(Vec<Value>),
    Map(Map),
}

pub(crate) type Map = IndexMap<String, Entry>;

/// A value of a mapping, with the span of its key.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) key: Span,
    pub(crate) value: Value,
    /// The value that it was merged over sets the key too, and would hold without this one.
    pub(crate) overrides: bool,
}

impl Entry {
    /// Creates an entry that was merged with nothing.
    pub(crate) fn new(key: Span, value: Value) -> Self {
        Self { key, value, overrides: false }
    }

    /// Keeps this entry over one that a merge key brings.
    fn merge_over(&mut self, merged: Self) {
        self.overrides = true;
        // `!reset` removes its own key before merge keys are read, and then what other files set.
        if self.value.merge_mode == MergeMode::Remove {
            *self = merged;
            self.value.merge_mode = MergeMode::Replace;
        }
    }
}

/// A scalar after interpolation.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    pub(crate) text: TracedText,
    pub(crate) typed: yaml::Value,
    /// A variable in it without a value: the text is then only a guess.
    pub(crate) unset: Option<Box<Unset>>,
    /// The first variable whose default was used.
    pub(crate) default_of: Option<String>,
    /// The text before interpolation, if it has variables.
    pub(crate) template: Option<Box<str>>,
}

/// A part of a text that is not known: a variable without a value.
#[derive(Clone, Debug)]
pub(crate) struct Unset {
    /// The reason.
    pub(crate) why: Why,
    /// Span of the variable.
    pub(crate) at: Span,
    /// The text with a hole for each such variable. None if it cannot be determined.
    pub(crate) partial: Option<TracedText>,
}

impl Unset {
    /// Returns the name of the variable; empty if it is none.
    pub(crate) fn name(&self) -> &str {
        match &self.why {
            Why::Variable(name) => name,
            _ => "",
        }
    }
}

impl Scalar {
    /// True if it is text to YAML, not a number, a boolean or a time.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.typed, yaml::Value::Str)
    }
}

impl Value {
    pub(crate) fn map(entries: Map, span: Span) -> Self {
        Self {
            kind: Kind::Map(entries),
            span,
            via: Vec::new(),
            merge_mode: MergeMode::Merge,
            is_listed: false,
            taken_away: Vec::new(),
            missing: None,
            repeated_at: None,
        }
    }

    pub(crate) fn string(text: TracedText) -> Self {
        let span = text.span();
        let kind = Kind::Scalar(Scalar {
            text,
            typed: yaml::Value::Str,
            unset: None,
            default_of: None,
            template: None,
        });
        Self {
            kind,
            span,
            via: Vec::new(),
            merge_mode: MergeMode::Merge,
            is_listed: false,
            taken_away: Vec::new(),
            missing: None,
            repeated_at: None,
        }
    }

    pub(crate) fn as_map(&self) -> Option<&Map> {
        match &self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(crate) fn as_scalar(&self) -> Option<&Scalar> {
        match &self.kind {
            Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Null)
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.as_map()?.get(key)
    }

    /// Returns the value at a path of keys.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Value> {
        path.iter().try_fold(self, |value, key| Some(&value.get(key)?.value))
    }

    /// Returns the number of nodes that a copy of it is charged as.
    pub(crate) fn nodes(&self) -> usize {
        let (mut stack, mut nodes) = (vec![self], 0);
        while let Some(value) = stack.pop() {
            nodes += 1;
            match &value.kind {
                Kind::Map(map) => stack.extend(map.values().map(|entry| &entry.value)),
                Kind::Seq(items) => stack.extend(items),
                Kind::Scalar(scalar) => nodes += scalar.text.as_str().len() / NODE_BYTES,
                Kind::Null => {}
            }
        }
        nodes
    }

    /// Puts `site` first in `via` of this value and all below it.
    pub(crate) fn add_provenance(&mut self, site: Span) {
        let mut stack = vec![self];
        while let Some(value) = stack.pop() {
            value.via.insert(0, site);
            match &mut value.kind {
                Kind::Map(map) => stack.extend(map.values_mut().map(|entry| &mut entry.value)),
                Kind::Seq(items) => stack.extend(items.iter_mut()),
                _ => {}
            }
        }
    }
}

/// Returns the message for an exhausted node budget.
pub(crate) fn too_many() -> String {
    format!("aliases, extends and includes expand to more than {MAX_NODES} nodes")
}

/// Expands one document: aliases, merge keys, variables. `budget` is the number of nodes left.
///
/// Nodes beyond the budget or the depth (an alias cycle or bomb) become null. A scalar with an invalid template keeps its text
/// and counts as unset. `errors` gets both, `refusals` the keys that are no text.
pub(crate) fn lower(
    tree: &Tree,
    root: NodeId,
    environment: &Environment,
    budget: &mut usize,
    (errors, refusals): (&mut Vec<SyntaxError>, &mut Refusals),
) -> Value {
    let mut lowering = Lowering { tree, environment, errors, refusals, budget, exhausted: false };
    lowering.node(root, &mut Vec::new(), 0)
}

struct Lowering<'a> {
    tree: &'a Tree,
    environment: &'a Environment,
    errors: &'a mut Vec<SyntaxError>,
    refusals: &'a mut Refusals,
    budget: &'a mut usize,
    exhausted: bool,
}

impl<'a> Lowering<'a> {
    fn node(&mut self, id: NodeId, via: &mut Vec<Span>, depth: usize) -> Value {
        let node = self.tree.node(id);
        let mut value = Value {
            kind: Kind::Null,
            span: node.span,
            via: via.clone(),
            merge_mode: MergeMode::Merge,
            is_listed: false,
            taken_away: Vec::new(),
            missing: None,
            repeated_at: None,
        };
        if self.over_budget(node.span, depth) {
            return value;
        }
        value.merge_mode = match node.tag.as_ref().map(|tag| tag.name.as_str()) {
            Some("!reset") => MergeMode::Remove,
            Some("!override") => MergeMode::Replace,
            _ => MergeMode::Merge,
        };
        match &node.kind {
            yaml::Kind::Scalar(_) => self.scalar(id, &mut value),
            yaml::Kind::Seq(items) => {
                let items = items.iter().map(|item| self.node(*item, via, depth + 1)).collect();
                value.kind = Kind::Seq(items);
            }
            yaml::Kind::Map(pairs) => value.kind = Kind::Map(self.mapping(pairs, via, depth)),
            yaml::Kind::Alias(target) => {
                if let Some(target) = target {
                    via.push(node.span);
                    let aliased = self.node(*target, via, depth + 1);
                    via.pop();
                    return aliased;
                }
            }
        }
        value
    }

    /// Returns a key, which may be an alias.
    fn key(&self, id: NodeId) -> Option<&'a yaml::Scalar> {
        let tree = self.tree;
        let id = match &tree.node(id).kind {
            yaml::Kind::Alias(target) => (*target)?,
            _ => id,
        };
        match &tree.node(id).kind {
            yaml::Kind::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// True if a node is null here and something else in the file: one beyond a limit, or an alias without an anchor.
    fn is_dropped(&self, id: NodeId) -> bool {
        self.exhausted || matches!(self.tree.node(id).kind, yaml::Kind::Alias(None))
    }

    fn over_budget(&mut self, span: Span, depth: usize) -> bool {
        if depth <= MAX_DEPTH && *self.budget > 0 {
            *self.budget -= 1;
            return false;
        }
        if !self.exhausted {
            self.exhausted = true;
            let message =
                if depth > MAX_DEPTH { format!("nested deeper than {MAX_DEPTH} levels") } else { too_many() };
            self.errors.push(SyntaxError::fatal(message, span));
        }
        true
    }

    fn mapping(&mut self, pairs: &[(NodeId, NodeId)], via: &mut Vec<Span>, depth: usize) -> Map {
        let mut map = Map::with_capacity_and_hasher(pairs.len(), Default::default());
        let mut merges = Vec::new();
        for (key, value) in pairs {
            let key_node = self.tree.node(*key);
            let Some(scalar_key) = self.key(*key) else { continue };
            let name = scalar_key.text.as_str();
            // In quotes it is a key like any other.
            if name == "<<" && scalar_key.style == yaml::Style::Plain {
                merges.push(*value);
                continue;
            }
            if let Some(message) = contradiction(scalar_key, key_node) {
                self.errors.push(SyntaxError::fatal(message, key_node.span));
            } else if !matches!(scalar_key.resolve(key_node.tag.as_deref()), yaml::Value::Str) {
                self.refusals.add(Refusal::of_key(name, key_node.span, via));
            }
            let value = self.node(*value, via, depth + 1);
            map.insert(name.to_owned(), Entry::new(key_node.span, value));
        }
        for merge in merges {
            let merged = self.node(merge, via, depth + 1);
            // `!reset` at the anchor or at the merge key leaves nothing to merge.
            if merged.merge_mode == MergeMode::Remove {
                continue;
            }
            let site = self.tree.node(merge).span;
            let sources = match merged.kind {
                Kind::Seq(items) => items,
                _ => vec![merged],
            };
            for source in sources.into_iter().filter(|source| source.merge_mode != MergeMode::Remove) {
                if !matches!(source.kind, Kind::Map(_)) && !self.is_dropped(merge) {
                    let message = "`<<` merges mappings; this is not one".to_owned();
                    self.errors.push(SyntaxError::fatal(message, site));
                }
                if let Kind::Map(entries) = source.kind {
                    for (name, entry) in entries {
                        match map.entry(name) {
                            IndexEntry::Occupied(mut own) => own.get_mut().merge_over(entry),
                            IndexEntry::Vacant(free) => _ = free.insert(entry),
                        }
                    }
                }
            }
        }
        map
    }

    fn scalar(&mut self, id: NodeId, value: &mut Value) {
        let node = self.tree.node(id);
        let yaml::Kind::Scalar(scalar) = &node.kind else { return };
        let typed = scalar.resolve(node.tag.as_deref());
        let refused = if let Some(message) = contradiction(scalar, node) {
            Some(message)
        } else if matches!(typed, yaml::Value::Float(number) if !number.is_finite()) {
            Some(format!("`{}` is not a number that Compose accepts", scalar.text.as_str()))
        } else {
            None
        };
        self.errors.extend(refused.map(|message| SyntaxError::fatal(message, node.span)));
        if matches!(typed, yaml::Value::Null) {
            return;
        }
        // Long texts are charged as several nodes: an alias is short, but a copy of its target is not.
        *self.budget = self.budget.saturating_sub(scalar.text.as_str().len() / NODE_BYTES);
        let text = match node.tag.as_ref().filter(|tag| tag.is_binary()) {
            // A value that is no text is left as it is written.
            Some(_) => yaml::base64(scalar.text.as_str())
                .and_then(|bytes| String::from_utf8(bytes).ok())
                .map(|text| TracedText::derived(text, scalar.text.span())),
            None => None,
        };
        let text = text.unwrap_or_else(|| scalar.text.clone());
        let mut out = Scalar { text, typed, unset: None, default_of: None, template: None };
        if matches!(typed, yaml::Value::Str) {
            let written = out.text.clone();
            match interpolate(&written, &|name| self.environment.variable(name)) {
                Interpolated::Plain => {}
                Interpolated::Known { text, via, defaulted } => {
                    out.default_of = defaulted.into_iter().next();
                    *self.budget = self.budget.saturating_sub(text.as_str().len() / NODE_BYTES);
                    out.template = Some(written.as_str().into());
                    out.text = text;
                    value.via.extend(via);
                }
                Interpolated::Unset { names, text, partial } => {
                    out.template = Some(written.as_str().into());
                    out.text = text;
                    let first = names.into_iter().next();
                    out.unset = first.map(|(name, at)| {
                        Box::new(Unset { why: Why::Variable(name), at, partial: Some(partial) })
                    });
                }
                Interpolated::Required { name, span, .. } => {
                    out.template = Some(written.as_str().into());
                    out.unset = Some(Box::new(Unset { why: Why::Variable(name), at: span, partial: None }));
                }
                Interpolated::Invalid { message, span } => {
                    self.errors.push(SyntaxError::fatal(message, span));
                    out.unset =
                        Some(Box::new(Unset { why: Why::Variable(String::new()), at: span, partial: None }));
                }
            }
        }
        value.kind = Kind::Scalar(out);
    }
}

/// Returns the error of a value that its tag contradicts.
fn contradiction(scalar: &yaml::Scalar, node: &yaml::Node) -> Option<String> {
    let tag = scalar.contradicted(node.tag.as_deref())?;
    Some(format!("`{}` is not a value of the tag `{tag}`", scalar.text.as_str()))
}
