//! Finds runtimes that do not see their container's limit.

use super::LimitBlindness;
use super::reader::{SettingSource, SettingsReader};
use crate::catalog::Sets;
use crate::source::TracedText;

impl SettingsReader<'_> {
    /// Returns the reason if a flag, the runtime's version or the image keeps the runtime from seeing the limit.
    pub(super) fn limit_unseen(
        &self,
        sources: &[SettingSource],
        major: Option<u32>,
    ) -> Option<LimitBlindness> {
        let flags = sources.iter().flat_map(|source| &source.words);
        let blinded = flags.rev().find_map(|word| {
            let (flag, _) = self.runtime.flag(word.as_str())?;
            (flag.sets == Sets::LimitUnseen).then(|| LimitBlindness {
                why: format!("`{word}` makes it use the host's memory"),
                way_out: format!("without `{word}` it uses the limit"),
            })
        });
        let old = self.runtime.cgroup_v2_since.zip(major).filter(|(since, major)| major < since);
        let name = self.runtime.name.display_name();
        blinded
            .or_else(|| {
                let (since, major) = old?;
                Some(LimitBlindness {
                    why: format!(
                        "{name} {major} does not see limits on cgroup v2 hosts, {name} {since} does"
                    ),
                    way_out: format!("a base image with {name} {since} or later"),
                })
            })
            .or_else(|| {
                let ignores = self.workload.image.ignores_limit.as_ref();
                let ignores = ignores.filter(|ignores| self.is_its_image() && !ignores.majors.is_empty())?;
                Some(LimitBlindness {
                    why: ignores.why.clone(),
                    way_out: format!("a newer base image, such as {}", ignores.way_out),
                })
            })
            .or_else(|| {
                // The JVM sees limits since it has shares of them; before, one flag made it do so on cgroup v1.
                let of_limit = |word: &TracedText| {
                    self.runtime.flag(word.as_str()).is_some_and(|(flag, _)| flag.sets == Sets::HeapFromLimit)
                };
                let told = sources.iter().flat_map(|source| &source.words).any(of_limit);
                let major = major.filter(|_| !told && !self.takes_shares())?;
                Some(LimitBlindness {
                    why: format!("{name} {major} does not see the limit of a container"),
                    way_out: format!("a base image with {name} 11 or later"),
                })
            })
    }

    /// Returns the reason if the runtime's build does not see the limit on newer kernels.
    pub(super) fn unseen_on_new_kernels(&self) -> Option<LimitBlindness> {
        let (major, patch) = self.workload.image.patch.filter(|_| self.is_its_image())?;
        let row = self.runtime.unseen_builds.iter().find(|row| row.major == major && patch < row.fixed_in)?;
        let name = self.runtime.name.display_name();
        Some(LimitBlindness {
            why: format!("{name} {major}.0.{patch} does not see the limit on hosts with {}", row.kernel),
            way_out: format!("a base image with {name} {major}.0.{} or later", row.fixed_in),
        })
    }

    pub(super) fn is_its_image(&self) -> bool {
        self.workload.image.runtime == Some(self.runtime.name)
    }
}
