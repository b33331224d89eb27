//! Identifies findings across edits, so that a baseline or a dashboard recognizes known ones.

use std::cell::OnceCell;
use std::fmt;

use super::node_path::{FileOutline, normalize_layout, without_tag};
use crate::diagnostic::{Finding, NodePath};
use crate::discover::RepositoryRoot;
use crate::hash::HashMap;
use crate::parallel;
use crate::source::{SourceId, Sources, Span};

/// The fingerprint of a finding: 64 bits, written as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(u64);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The identity of a finding, without line numbers and without the words of the message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct FindingIdentity {
    /// The file's path from the repository's root, with forward slashes.
    pub file: String,
    /// The rule.
    pub rule: String,
    /// The service, else the image without its tag. Of a place in a Dockerfile without a service it is empty: the first of the
    /// keys is the stage.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The keys that lead to the primary place.
    pub keys: Vec<String>,
    /// The text there without layout. Empty for an absence.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

/// Returns one fingerprint per finding, in the findings' order.
///
/// It is a hash of the rule, the file's path from the repository's root, the service (else the stage, else the image), the keys
/// that lead to the primary place, and the text there without layout. Lines inserted above, services moved within their file,
/// other indentation and other words in the message leave it as it is. Another value, service, file or rule changes it. An
/// absence has no text, only the place where something is missing.
///
/// Findings that agree in all of that are numbered, so that no two fingerprints of one call are equal: pass all findings of a
/// run at once. Files outside of the repository count with the path that is shown.
#[must_use]
pub fn fingerprints(findings: &[Finding], sources: &Sources, root: &RepositoryRoot) -> Vec<Fingerprint> {
    let hashes = identities(findings, sources, root).into_iter().map(|identity| Fnv1a::of(&identity));
    let mut seen: HashMap<Fnv1a, u32> = HashMap::default();
    let numbered = hashes.map(|mut hash| {
        let number = seen.entry(hash).or_default();
        *number += 1;
        if *number > 1 {
            hash.part(&number.to_le_bytes());
        }
        Fingerprint(hash.0)
    });
    numbered.collect()
}

/// Returns the identity of each finding, in the findings' order.
#[must_use]
pub fn identities(findings: &[Finding], sources: &Sources, root: &RepositoryRoot) -> Vec<FindingIdentity> {
    let places = findings.iter().map(|finding| sources.to_outer_span(finding.primary.span));
    // Grouped by file, so that each file is read once and few are held at a time.
    let mut placed: Vec<(Span, usize, &Finding)> =
        places.zip(findings).enumerate().map(|(index, (span, finding))| (span, index, finding)).collect();
    placed.sort_by_key(|(span, ..)| span.file);
    let files: Vec<_> = placed.chunk_by(|(a, ..), (b, ..)| a.file == b.file).collect();
    let found = parallel::map_light(files, |of_file| {
        let file = of_file.first().map(|(span, ..)| FileContext::new(span.file, sources, root));
        let identity = |(span, index, finding): &(Span, usize, &Finding)| {
            Some((*index, file.as_ref()?.identity(finding, *span)))
        };
        of_file.iter().filter_map(identity).collect::<Vec<_>>()
    });
    let mut found: Vec<(usize, FindingIdentity)> = found.into_iter().flatten().collect();
    found.sort_unstable_by_key(|(index, _)| *index);
    found.into_iter().map(|(_, identity)| identity).collect()
}

/// The data that the findings of one file share.
struct FileContext {
    source: std::sync::Arc<crate::source::Source>,
    path: String,
    /// Built when a finding does not contain its keys.
    outline: OnceCell<FileOutline>,
}

impl FileContext {
    fn new(id: SourceId, sources: &Sources, root: &RepositoryRoot) -> Self {
        let source = sources.get(id);
        let path = root.relative(source.path()).unwrap_or_else(|| source.path().to_path_buf());
        let path =
            path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/");
        Self { outline: OnceCell::new(), path, source }
    }

    fn identity(&self, finding: &Finding, span: Span) -> FindingIdentity {
        let NodePath { keys, in_stage } = finding.keys.clone().unwrap_or_else(|| {
            self.outline.get_or_init(|| FileOutline::of(&self.source)).keys(&self.source, span)
        });
        let image = finding.image.as_deref().map(without_tag);
        // In a Dockerfile the first key is the stage.
        let name = finding.service.as_deref().or(if in_stage { None } else { image });
        let text = match finding.group_message {
            Some(_) => String::new(),
            None => normalize_layout(self.source.text().get(span.range()).unwrap_or_default()),
        };
        FindingIdentity {
            file: self.path.clone(),
            rule: finding.rule.to_owned(),
            name: name.unwrap_or_default().to_owned(),
            keys,
            text,
        }
    }
}

/// FNV-1a, 64 bits (Fowler, Noll, Vo): the same on every system and in every version, which the standard library's hashers do
/// not promise.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Fnv1a(u64);

impl Fnv1a {
    fn of(identity: &FindingIdentity) -> Self {
        let mut hash = Self::new();
        for part in [&identity.rule, &identity.file, &identity.name, &identity.text] {
            hash.part(part.as_bytes());
        }
        for key in &identity.keys {
            hash.part(key.as_bytes());
        }
        hash
    }

    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Hashes the part and a byte that no text holds, so that `a`, `bc` differs from `ab`, `c`.
    fn part(&mut self, bytes: &[u8]) {
        for byte in bytes.iter().chain(&[0xff]) {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
