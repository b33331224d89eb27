//! Infers the runtime that starts from variables and words that only it reads, if nothing shows what starts.

use super::MemoryPool;
use super::reader::{EffectiveBound, LaunchedBy, SettingSource, SettingsReader};
use super::setting::COMMAND;
use crate::catalog::{ReadBy, RuntimeName};
use crate::source::{Spanned, TracedText};
use crate::syntax::words::split_options;

impl SettingsReader<'_> {
    /// Infers a pool from the environment, if the start line does not show what runs. `None` unless a variable sets a bound or
    /// has a problem.
    pub(super) fn assumed(&self) -> Option<MemoryPool> {
        // An image that is known to run another runtime reads none of the variables.
        let other = self.workload.image.runtime.is_some_and(|own| own != self.runtime.name);
        if other && self.workload.build.is_none() && self.runtime.name == RuntimeName::Java {
            return None;
        }
        let set = |name: &str| self.workload.env.contains_key(name);
        let named: Vec<&String> = self
            .runtime
            .variables
            .iter()
            .filter(|variable| variable.names_reader && set(&variable.name))
            .map(|variable| &variable.name)
            .collect();
        let mut sources: Vec<SettingSource> = Vec::new();
        let (major, default) = self.version();
        for name in &self.runtime.precedence {
            if name == "command-line" {
                sources.extend(self.flags_for_an_unknown_program());
                sources.extend(named.iter().map(|name| self.variable(name, None)));
            } else if set(name) {
                sources.push(self.variable(name, major));
            }
        }
        let (name, place) =
            sources.iter().rev().find_map(|source| match (&source.carrier, &source.setting) {
                (Some(carrier), _) => Some((carrier.value.clone(), carrier.span)),
                (None, Some(value)) => Some((source.name.clone(), value.span())),
                (None, None) => None,
            })?;
        // What the service's own script adds is not known. The image's JVM reads these variables however it is started.
        let own = self.workload.image.runtime == Some(self.runtime.name) && self.workload.build.is_some();
        let starter = if own { LaunchedBy::Itself } else { LaunchedBy::Script };
        let mut winner = self.effective_bound(&sources, &starter, place, major);
        // Only a variable that names its reader shows which program runs. General flags do not.
        let telling = named.iter().any(|known| **known == name);
        let problems = match telling {
            true => self.malformed(&sources, &winner.bound, (major, default)),
            false => Vec::new(),
        };
        let (hotspot, small_share) = self.apply_hotspot_flags(&mut winner, &sources, (major, default), true);
        let EffectiveBound { bound, overruled } = winner;
        let carrier = bound.value().map(|setting| setting.carrier.as_str());
        let perhaps_unread = carrier.is_some_and(|carrier| {
            !named.iter().any(|known| *known == carrier)
                && !self.runtime.precedence.iter().any(|known| known == carrier)
        });
        let heap = MemoryPool {
            runtime: self.runtime.name,
            pool: self.runtime.pool,
            major,
            program: Spanned::new(name.clone(), place),
            origin: Some(Spanned::new(name, place)),
            bound,
            initial: self.initial(&sources),
            overruled,
            small_share,
            problems,
            assumed: true,
            perhaps_unread,
            env_unseen: false,
            limit_unseen: None,
            unseen_on_new_kernels: None,
            takes_shares: self.takes_shares(),
            part: None,
            own_default: None,
            default,
            off_heap: self.off_heap(&sources),
            hotspot,
            settings_files: Vec::new(),
        };
        let heap = heap.forget_misread();
        (!heap.bound.is_unknown() || !heap.problems.is_empty()).then_some(heap)
    }

    /// Returns the variables and words of the command that bound a JVM's heap, whatever their names, if nobody knows what starts:
    /// either its script reads them, or they have no effect.
    fn flags_for_an_unknown_program(&self) -> Vec<SettingSource> {
        let workload = self.workload;
        let unseen = workload.process.start.value().is_none()
            || self.opened.is_some_and(|opened| opened.may_start_others);
        if self.runtime.name != RuntimeName::Java || workload.image.runtime.is_some() || !unseen {
            return Vec::new();
        }
        let bounds = |words: &[TracedText]| words.iter().any(|word| self.is_heap_flag(word));
        let mut found: Vec<SettingSource> = Vec::new();
        for (name, variable) in &workload.env {
            let declared = self.runtime.variable(name).is_some_and(|known| {
                known.read_by != ReadBy::Script || known.names_reader || known.value.is_some()
            });
            let Some(value) = variable.value.value().filter(|_| !declared) else { continue };
            // Quotes around the whole of a list item are part of it: most scripts take them away, or fail.
            let text = value.as_str();
            let inner = ['"', '\''].iter().find_map(|quote| {
                let inner = text.strip_prefix(*quote)?.strip_suffix(*quote)?;
                Some(value.slice(1..1 + inner.len()))
            });
            let words = split_options(inner.as_ref().unwrap_or(value));
            if bounds(&words) {
                let source = self.variable(name, None);
                found.push(SettingSource { words, setting: None, ..source });
            }
        }
        if let Some(words) = workload.service.command.known().filter(|words| bounds(&words.value)) {
            let carrier = Some(Spanned::with_provenance(COMMAND.to_owned(), words.span, words.via.clone()));
            let words = words.value.iter().filter(|word| self.is_heap_flag(word)).cloned().collect();
            found.push(SettingSource {
                name: COMMAND.to_owned(),
                words,
                carrier,
                ..SettingSource::default()
            });
        }
        found
    }
}
