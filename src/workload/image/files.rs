//! The effect of files that are brought into an image on the catalogue's facts about it.

use super::ImageFacts;
use crate::workload::Fact;
use crate::workload::setting_files::{FileSettings, SettingFinder};

impl ImageFacts {
    /// Drops the facts of the image's start script, for a container that does not run it.
    pub(in crate::workload) fn drop_script_facts(&mut self) {
        self.expands = Vec::new();
        self.keeps_quotes = Vec::new();
        self.unsets = Vec::new();
        self.no_heap_in = None;
        self.heap_when_unset = None;
        self.minimum = None;
        self.off_heap = None;
        self.memory = Vec::new();
        self.flag_files = Vec::new();
        // A fact about the runtime's version does not depend on the script.
        self.ignores_limit = self.ignores_limit.take().filter(|ignores| !ignores.majors.is_empty());
    }

    /// Drops facts that a file brought into the image may change. `brought` tells whether a path with this part is brought in.
    pub(in crate::workload) fn drop_facts_of_replaced_files(&mut self, brought: &dyn Fn(&str) -> bool) {
        if self
            .heap_when_unset
            .as_ref()
            .is_some_and(|heap| heap.unless_files.iter().any(|file| brought(file)))
        {
            self.heap_when_unset = None;
        }
        if self.ignores_limit.as_ref().is_some_and(|own| own.unless_files.iter().any(|file| brought(file))) {
            self.ignores_limit = None;
        }
        if self.sizes_itself.as_ref().is_some_and(|own| own.unless_files.iter().any(|file| brought(file))) {
            self.sizes_itself = None;
        }
        if self.shared_memory.as_ref().is_some_and(|own| own.unless_files.iter().any(|file| brought(file))) {
            self.shared_memory = None;
        }
    }

    /// Reads what the program's settings files say about the memory that it takes.
    pub(in crate::workload) fn read_settings_files(&mut self, finder: &SettingFinder<'_>) {
        let mut read: Vec<(Vec<String>, FileSettings)> = Vec::new();
        for own in &mut self.memory {
            own.read_files(finder, &mut read);
        }
        let Some(ignores) = self.ignores_limit.as_ref().filter(|ignores| !ignores.files.is_empty()) else {
            return;
        };
        let found = finder.read(&names(&ignores.files), &[]);
        let share = found.setting(&names(&ignores.share_keys), &[]);
        if !found.setting(&names(&ignores.unless_keys), &[]).is_absent() {
            self.ignores_limit = None;
        } else if let Fact::Known(share) = share {
            self.host_share = Some(share.map(|share| format!("{}{}", share.lead, share.value)));
        }
    }
}

fn names(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}
