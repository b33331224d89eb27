//! What a rule found, as data: no rendering here, and no miette.

pub mod baseline;
mod evidence;
mod fingerprint;
pub mod fix;
mod summary;
pub mod suppress;

pub use evidence::{NodePath, attach_node_paths};
pub use fingerprint::{FindingIdentity, Fingerprint, evidence, fingerprints};
pub use summary::Summary;

use crate::model::fact::FactName;
use crate::source::Span;

/// How bad a finding is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; never fails a gate by default.
    Note,
    /// Very likely wrong, or an absence that this tool exists to report.
    Warning,
    /// Provable from the text and an upstream source.
    Error,
}

/// How sure a finding is.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Rests on an assumption that the message states.
    Low,
    /// True for almost every program of the kind.
    Medium,
    /// Follows from the text.
    High,
}

/// A place and what is true there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// Lower case, no full stop; may be empty.
    pub text: String,
}

/// May a fix change what runs?
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// An example to adapt: shown, never applied.
    #[default]
    DisplayOnly,
    /// Changes how the container behaves.
    Unsafe,
    /// Changes nothing but what the finding speaks of.
    Safe,
}

/// Bytes to put in place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty to insert.
    pub span: Span,
    /// The new text.
    pub replacement: String,
}

/// A way to make a finding go away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// What it does: an imperative, lower case.
    pub title: String,
    /// Whether it may be applied unasked.
    pub applicability: Applicability,
    /// Non-overlapping, in any file.
    pub edits: Vec<Edit>,
    /// Changes that are not bytes yet; none once the engine is done.
    pub requests: Vec<fix::FixOp>,
    /// The facts of the workload that may change. All others have to stay as they are.
    pub changes: &'static [FactName],
}

/// A finding that is known and not reported, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// What was found.
    pub finding: Finding,
    /// Who holds it back.
    pub kind: SuppressionKind,
    /// The reason that people gave.
    pub justification: Option<String>,
}

impl AsMut<Finding> for Finding {
    fn as_mut(&mut self) -> &mut Finding {
        self
    }
}

impl AsMut<Finding> for Suppressed {
    fn as_mut(&mut self) -> &mut Finding {
        &mut self.finding
    }
}

/// Who holds a finding back, in SARIF's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum SuppressionKind {
    /// A comment or a key in the files themselves.
    InSource,
    /// The configuration or the baseline.
    External,
}

/// One problem in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// How bad.
    pub severity: Severity,
    /// How sure.
    pub confidence: Confidence,
    /// One fact with the service's name and the number in it.
    pub message: String,
    /// Where to change something.
    pub primary: Label,
    /// The other ends, in any file.
    pub related: Vec<Label>,
    /// The arithmetic, and what follows from it.
    pub notes: Vec<String>,
    /// Something to paste.
    pub help: Option<String>,
    /// Patches that each make it go away, the better first: one of them is applied, not all.
    pub fixes: Vec<Fix>,
    /// The Compose service it is about.
    pub service: Option<String>,
    /// The image reference it is about.
    pub image: Option<String>,
    /// For absences: what to say after a number when several of one file are shown as one, as in
    /// "5 *services have no memory limit*".
    pub group_message: Option<&'static str>,
    /// The keys that lead to the primary place, where [`place`] has found them already.
    pub keys: Option<NodePath>,
}

impl Finding {
    /// The better one of its patches.
    #[must_use]
    pub fn fix(&self) -> Option<&Fix> {
        self.fixes.first()
    }

    /// A finding that says one thing of one place.
    #[must_use]
    pub fn new(
        rule: &'static str,
        severity: Severity,
        confidence: Confidence,
        message: String,
        primary: Label,
    ) -> Self {
        Self {
            rule,
            severity,
            confidence,
            message,
            primary,
            related: Vec::new(),
            notes: Vec::new(),
            help: None,
            fixes: Vec::new(),
            service: None,
            image: None,
            group_message: None,
            keys: None,
        }
    }
}
