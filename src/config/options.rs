//! The rules that have options, and the thresholds that the options set.

use serde::Deserialize;

use super::file::Level;
use super::place::Located;
use super::values::{Percent, Size, Version};
use crate::rules::Thresholds;
use crate::syntax::size::ByteSize;
use crate::workload::Release;

/// The mapping of a rule in the configuration.
pub trait RuleOptions {
    /// Its severity.
    fn severity(&self) -> Option<&Located<Level>>;
}

/// An option with its effective value, and where that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectiveOption {
    /// The rule.
    pub rule: &'static str,
    /// The option.
    pub option: String,
    /// Its value.
    pub value: String,
    /// The place in the file; `None` for the default.
    pub at: Option<std::ops::Range<usize>>,
}

impl From<Percent> for f64 {
    fn from(percent: Percent) -> Self {
        percent.0
    }
}

impl From<Size> for ByteSize {
    fn from(size: Size) -> Self {
        size.0
    }
}

impl From<Version> for Release {
    fn from(version: Version) -> Self {
        version.0
    }
}

/// Declares the mapping of a rule. Each option sets the threshold of the same name.
macro_rules! options {
    ($name:ident, $rule:literal, { $($(#[$doc:meta])* $option:ident: $type:ident,)* }) => {
        #[doc = concat!("What can be set of `", $rule, "`.")]
        #[derive(Clone, Debug, Default, Deserialize)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
        pub struct $name {
            /// Its severity.
            pub severity: Option<Located<Level>>,
            $($(#[$doc])* pub $option: Option<Located<$type>>,)*
        }

        impl RuleOptions for $name {
            fn severity(&self) -> Option<&Located<Level>> {
                self.severity.as_ref()
            }
        }

        impl $name {
            /// Copies the options into the thresholds that the rules read.
            pub(super) fn set(&self, thresholds: &mut Thresholds) {
                $(if let Some(option) = &self.$option {
                    thresholds.$option = option.value.into();
                })*
            }

            /// Returns all options with their effective values.
            #[must_use]
            pub fn shown(&self) -> Vec<EffectiveOption> {
                let default = Thresholds::default();
                vec![$({
                    let set = self.$option.as_ref();
                    EffectiveOption {
                        rule: $rule,
                        option: stringify!($option).replace('_', "-"),
                        value: set.map_or($type(default.$option), |option| option.value).to_string(),
                        at: set.map(|option| option.at.clone()),
                    }
                },)*]
            }
        }

        impl $name {
            /// The rule.
            pub const RULE: &'static str = $rule;
        }
    };
}

/// The options that every rule has.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SeverityOnly {
    /// Its severity.
    pub severity: Option<Located<Level>>,
}

impl RuleOptions for SeverityOnly {
    fn severity(&self) -> Option<&Located<Level>> {
        self.severity.as_ref()
    }
}

options!(TightHeap, "tight-heap", {
    /// The largest share of the limit that a Java heap may take, in percent.
    java_heap_percent: Percent,
    /// The memory to leave outside a Java heap.
    java_rest: Size,
    /// The largest share of the limit that a Node heap may take, in percent.
    node_heap_percent: Percent,
    /// The largest share of the limit that GOMEMLIMIT may take, in percent.
    go_limit_percent: Percent,
    /// The largest share of the limit that another heap may take, in percent.
    heap_percent: Percent,
});

options!(CacheExceedsLimit, "cache-exceeds-limit", {
    /// The largest share of the limit that a server's cache may take, in percent.
    cache_percent: Percent,
});

options!(InvalidComposeFile, "invalid-compose-file", {
    /// The Docker Compose that runs the files, as in 2.24.0. Keys that it does not take yet are errors; of a later one than the rule
    /// knows, keys that the rule does not know are notes.
    compose_version: Version,
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_with_options_are_rules() {
        for rule in [TightHeap::RULE, CacheExceedsLimit::RULE, InvalidComposeFile::RULE] {
            assert!(crate::rules::find(rule).is_some(), "{rule}");
        }
    }
}
