//! Findings and fixes as data: what rules produce, before `check` decides what is reported and `report` prints it.

mod fix_op;
mod summary;
mod suppression;

pub use fix_op::{FixOp, Step};
pub use summary::Summary;
pub use suppression::Suppression;

use std::fmt::Display;

use crate::model::fact::FactName;
use crate::source::Span;

/// Writes a number of things: `1 file`, `2 files`.
pub(crate) fn plural<N: Display + PartialEq + From<u8>>(count: N, name: &str) -> String {
    if count == N::from(1) { format!("1 {name}") } else { format!("{count} {name}s") }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Based on an assumption that the message states.
    Low,
    /// True for almost every program of the kind.
    Medium,
    /// Follows from the text.
    High,
}

/// A span, and a text on what is true there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The text: lower case, no full stop; may be empty.
    pub text: String,
}

/// May a fix change what runs?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// An example to adapt: shown, never applied.
    #[default]
    DisplayOnly,
    /// Changes how the container behaves.
    Unsafe,
    /// Changes nothing but what the finding mentions.
    Safe,
}

/// A replacement of bytes in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace; empty to insert.
    pub span: Span,
    /// The new text.
    pub replacement: String,
}

/// A change that makes a finding go away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fix {
    /// The change in words: an imperative, lower case.
    pub title: String,
    /// How safely it can be applied.
    pub applicability: Applicability,
    /// The edits: non-overlapping, in any file.
    pub edits: Vec<Edit>,
    /// Operations that are not edits yet; `check` resolves them.
    pub ops: Vec<FixOp>,
    /// The facts of the workload that it may change. All others have to stay as they are.
    pub changes: &'static [FactName],
}

/// A finding that is suppressed, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    /// The finding.
    pub finding: Finding,
    /// The kind of suppression.
    pub kind: SuppressionKind,
    /// The reason given with it.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum SuppressionKind {
    /// A comment or a key in the files themselves.
    InSource,
    /// The configuration or the baseline.
    External,
}

/// The keys that lead to a place in the structure of its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodePath {
    /// In a Compose file `services`, `api`, `mem_limit`. In a Dockerfile the stage, the instruction, and the variable.
    pub keys: Vec<String>,
    /// True if the first key is a Dockerfile stage.
    pub in_stage: bool,
}

/// The cause of a finding, if that is a finding, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// The rule that reports the cause. Its finding has its primary place at one of this finding's labels.
    pub of: &'static str,
    /// The message before a list of the services: `heap sized from the host's memory`.
    pub group_message: &'static str,
}

/// The message for several findings at once, after their number: 5 *services have no memory limit*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GroupMessage {
    /// The noun for their subjects: `services`, `containers`.
    pub subject: &'static str,
    /// The predicate that they share: `have no memory limit`.
    pub says: &'static str,
}

impl std::fmt::Display for GroupMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.subject, self.says)
    }
}

/// One problem in one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// The severity; it may differ from the rule's.
    pub severity: Severity,
    /// The confidence.
    pub confidence: Confidence,
    /// The problem: one fact, with the service's name and the number in it.
    pub message: String,
    /// The place to change.
    pub primary: Label,
    /// Other places that matter, in any file.
    pub related: Vec<Label>,
    /// The arithmetic, and what follows from it.
    pub notes: Vec<String>,
    /// Advice, or text to paste.
    pub help: Option<String>,
    /// Alternative fixes, the better first: one of them is applied, not all.
    pub fixes: Vec<Fix>,
    /// The Compose service it is about.
    pub service: Option<String>,
    /// The image reference it is about.
    pub image: Option<String>,
    /// For absences: the message for several in one file that are shown as one.
    pub group_message: Option<GroupMessage>,
    /// Set if another finding on the same service is the cause, so that the human report shows both as one.
    pub consequence: Option<Consequence>,
    /// The keys that lead to the primary place, once `check` has set them.
    pub keys: Option<NodePath>,
}

impl Finding {
    /// Returns the best fix.
    #[must_use]
    pub fn fix(&self) -> Option<&Fix> {
        self.fixes.first()
    }

    /// Creates a finding with a message and a primary place only.
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
            consequence: None,
            keys: None,
        }
    }
}
