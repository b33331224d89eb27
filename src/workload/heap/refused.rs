//! Finds flags that the runtime's version rejects: removed, or not yet introduced.

use super::reader::{SettingSource, SettingsReader};
use super::{HeapProblem, HeapProblemKind};
use crate::catalog::DefaultHeap;
use crate::source::TracedText;

/// JVM flags that turn tolerance of unknown flags on or off.
const TOLERANT: [(&str, bool); 2] =
    [("-XX:+IgnoreUnrecognizedVMOptions", true), ("-XX:-IgnoreUnrecognizedVMOptions", false)];

impl SettingsReader<'_> {
    /// True if the runtime starts with flags that it does not know. OpenJ9 does so by default; the last of these flags decides.
    pub(super) fn tolerates_unknown_flags(
        &self,
        sources: &[SettingSource],
        default: Option<DefaultHeap>,
    ) -> bool {
        let mut words = sources.iter().flat_map(|source| &source.words).rev();
        let said = words.find_map(|word| {
            TOLERANT.iter().find(|(flag, _)| *flag == word.as_str()).map(|(_, tolerant)| *tolerant)
        });
        said.unwrap_or(default == Some(DefaultHeap::Openj9))
    }

    /// True unless the version is known to have no `-XX:MaxRAMPercentage`.
    pub(super) fn takes_shares(&self) -> bool {
        let row = self.runtime.refused("-XX:MaxRAMPercentage=70.0");
        let refused = row.zip(self.version().0).map(|(row, major)| row.is_refused_by(major, self.update()));
        !refused.unwrap_or_default()
    }

    /// Returns the update of the runtime's major version, if the image tells.
    fn update(&self) -> Option<u32> {
        let (of, update) = self.workload.image.patch.filter(|_| self.is_its_image())?;
        (self.version().0 == Some(of)).then_some(update)
    }

    /// Returns the problem of a word that the major version rejects.
    pub(super) fn refused(&self, word: &TracedText, carrier: &str, major: u32) -> Option<HeapProblem> {
        let row = self.runtime.refused(word.as_str())?;
        let name = self.runtime.name.display_name();
        if row.from.is_some_and(|from| major >= from) {
            let effect = format!("{name} {major} does not start with it");
            // Words behind a value may be secrets.
            let instead = row.instead(word.as_str()).filter(|_| self.quoted(word.as_str()) == word.as_str());
            let help = match &instead {
                Some(flag) => format!("{}:\n  {flag}", row.help),
                None if word.as_str().starts_with("-XX:-") => {
                    "remove it: there is nothing to switch off".to_owned()
                }
                None => row.help.clone(),
            };
            return Some(HeapProblem {
                instead: instead.filter(|_| row.exact),
                help: Some(help),
                ..self.problem(HeapProblemKind::Removed, word, carrier, effect)
            });
        }
        let update = self.update();
        if !row.comes_after(major, update) {
            return None;
        }
        let since = row.first_after(major)?;
        let own = match update.filter(|_| row.backported.is_some_and(|(of, _)| of == major)) {
            Some(update) => format!("{major}u{update}"),
            None => major.to_string(),
        };
        let effect = format!("{name} {own} does not know it and does not start, {name} {since} does");
        Some(HeapProblem {
            help: Some(row.help.clone()),
            ..self.problem(HeapProblemKind::Malformed, word, carrier, effect)
        })
    }
}
