//! Finds a lighter tag that does the same as the one in use.

use serde::Deserialize;

use super::image::ImageEntry;
use super::pattern::{Captures, fill, fit, has_word};
use super::tags::Tags;
use crate::model::ImageReference;
use crate::model::reference::is_windows_tag;

/// The kind of replacement by a lighter image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum LighterKind {
    /// The same version of the same software: the new name replaces the old one.
    #[default]
    DropIn,
    /// An image for the final stage; the current one stays as the build stage.
    MultiStage,
    /// A variant of the same major version; version and base may differ.
    Line,
}

/// A lighter image that exists, in place of the one in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lighter<'c> {
    /// The kind of replacement.
    pub kind: LighterKind,
    /// The reference to write after `FROM`.
    pub reference: String,
    /// The drawback: lower case, no full stop.
    pub cost: &'c str,
    /// The reason the image in use is heavy: lower case, no full stop.
    pub why: &'c str,
    /// Compressed size of the image in use, in bytes, if known.
    pub size_now: Option<u64>,
    /// Compressed size of the lighter one, in bytes, if known.
    pub size_then: Option<u64>,
}

/// The lighter image to use instead of a tag.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct LighterRule {
    /// Patterns of tags, as in `runtime.major`.
    pub(super) from: Vec<String>,
    /// Words of which the tag has one.
    #[serde(default)]
    pub(super) when: Vec<String>,
    /// Words of which the tag has none.
    #[serde(default)]
    pub(super) unless: Vec<String>,
    /// The kind of replacement.
    #[serde(default)]
    pub(super) kind: LighterKind,
    /// The reference of the lighter image.
    #[serde(default)]
    pub(super) to: Vec<String>,
    /// The reference of an image of the same major version on another base, if `to` has no such tag.
    #[serde(default)]
    pub(super) line: Vec<String>,
    /// The drawback: lower case, no full stop.
    pub(super) cost: String,
    /// The reason the tag is heavy: lower case, no full stop.
    pub(super) why: String,
    /// The reason the target exists whenever the tag does, although the list of tags does not have it.
    #[serde(default)]
    pub(super) published_together: Option<String>,
}

/// Returns a lighter image. `mirror` is the prefix of the reference before an official image's name.
pub(super) fn find<'c>(
    entry: &'c ImageEntry,
    tags: &Tags,
    reference: &ImageReference,
    mirror: &str,
) -> Option<Lighter<'c>> {
    let tag = reference.effective_tag()?;
    if is_windows_tag(tag) {
        return None;
    }
    let java = entry.runtime_major(tag).map(|(_, major)| major.to_string());
    let name = reference.name();
    let used = Place { repository: name.strip_prefix(mirror).unwrap_or(&name), tag };
    let (rule, mut captures) = entry.lighter.iter().find_map(|rule| Some((rule, rule.captures(tag)?)))?;
    if let Some(java) = &java {
        captures.insert("java".to_owned(), java);
    }
    let (kind, repository, tag) = rule.target(tags, &used, captures)?;
    if (repository.as_str(), tag.as_str()) == (used.repository, used.tag) {
        return None;
    }
    // Another release of the distribution has other libraries. A second stage may: what is copied into it brings its own.
    let suite = tags.suite(used.tag);
    let same = suite.is_none_or(|suite| tag.split('-').any(|word| word == suite));
    if kind != LighterKind::MultiStage && !same {
        return None;
    }
    let mirror = if tags.is_official(&repository) { mirror } else { "" };
    Some(Lighter {
        kind,
        size_now: tags.size(used.repository, used.tag),
        size_then: tags.size(&repository, &tag),
        reference: format!("{mirror}{repository}:{tag}"),
        cost: &rule.cost,
        why: &rule.why,
    })
}

struct Place<'t> {
    repository: &'t str,
    tag: &'t str,
}

type Target = (LighterKind, String, String);

impl LighterRule {
    fn captures<'t>(&self, tag: &'t str) -> Option<Captures<'t>> {
        let allowed = (self.when.is_empty() || self.when.iter().any(|word| has_word(tag, word)))
            && !self.unless.iter().any(|word| has_word(tag, word));
        self.from.iter().find_map(|pattern| fit(pattern, tag)).filter(|_| allowed)
    }

    fn target<'t>(&self, tags: &'t Tags, used: &Place<'_>, mut captures: Captures<'t>) -> Option<Target> {
        // A target on another line or base is still a second stage if the rule is about one.
        let line = if self.kind == LighterKind::MultiStage { self.kind } else { LighterKind::Line };
        let exact = self.first(&self.to, tags, used, &captures).map(|(r, t)| (self.kind, r, t));
        if let Some(target) = exact {
            return Some(target);
        }
        if let Some((repository, tag)) = self.first(&self.line, tags, used, &captures) {
            return Some((line, repository, tag));
        }
        // 22.5.0 is not in the list of tags, but its line 22 is.
        let version = *captures.get("v")?;
        let templates = || self.to.iter().chain(&self.line);
        for template in templates() {
            let repository = template.rsplit_once(':').map_or(used.repository, |(repository, _)| repository);
            if let Some(shorter) = tags.line_of(repository, version).filter(|shorter| *shorter != version) {
                captures.insert("v".to_owned(), shorter);
                if let Some((repository, tag)) =
                    self.first(std::slice::from_ref(template), tags, used, &captures)
                {
                    return Some((line, repository, tag));
                }
            }
        }
        None
    }

    /// Returns the first template that leads to an existing tag.
    fn first(
        &self,
        templates: &[String],
        tags: &Tags,
        used: &Place<'_>,
        captures: &Captures<'_>,
    ) -> Option<(String, String)> {
        templates.iter().find_map(|template| {
            let filled = fill(template, captures)?;
            let (repository, tag) = match filled.rsplit_once(':') {
                Some((repository, tag)) => (repository.to_owned(), tag.to_owned()),
                None => (used.repository.to_owned(), filled),
            };
            (self.published_together.is_some() || tags.exists(&repository, &tag)).then_some((repository, tag))
        })
    }
}
