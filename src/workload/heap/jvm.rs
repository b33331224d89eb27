//! `HotSpot`'s heap computation: the effect of flags other than `-Xmx` on the maximum heap.

use super::flags::{share, size};
use super::reader::{EffectiveBound, SettingSource, SettingsReader};
use super::{Bound, HeapSetting, SmallShare};
use crate::catalog::{DefaultHeap, Grammar, HotspotFlags, Sets};
use crate::source::{Spanned, TracedText};
use crate::syntax::size::ByteSize;
use crate::workload::Fact;

/// The first version that ignores `-XX:MaxRAM` (JDK-8369347).
const IGNORES_MAX_RAM: u32 = 27;

/// A flag and its parsed value.
struct FlagValue<T> {
    flag: TracedText,
    carrier: String,
    value: T,
}

impl SettingsReader<'_> {
    /// Reads the `HotSpot` flags that affect the heap's size, and updates the winner if one of them decides instead.
    pub(super) fn apply_hotspot_flags(
        &self,
        winner: &mut EffectiveBound,
        sources: &[SettingSource],
        (major, default): (Option<u32>, Option<DefaultHeap>),
        limit_seen: bool,
    ) -> (HotspotFlags, Option<SmallShare>) {
        if default != Some(DefaultHeap::Hotspot) {
            return (HotspotFlags::default(), None);
        }
        let memory = self.last(sources, |sets, grammar, value| {
            (sets == Sets::Memory).then(|| size(grammar, value)).flatten()
        });
        let memory =
            memory.filter(|said| said.value.0 > 0 && major.is_none_or(|major| major < IGNORES_MAX_RAM));
        let small = |kind| {
            self.last(sources, move |sets, grammar, value| {
                (sets == kind).then(|| share(sets, grammar, value, major)).flatten()
            })
        };
        let small = small(Sets::HeapSmallPercent).or_else(|| small(Sets::HeapSmallFraction));
        let initial = self.last(sources, |sets, grammar, value| {
            (sets == Sets::HeapInitial).then(|| size(grammar, value)).flatten()
        });
        let bytes = |size: ByteSize| u64::try_from(size.0).ok();
        let read = small.as_ref().map(|small| SmallShare {
            flag: small.flag.clone(),
            percent: small.value,
            maximum: winner.bound.value().cloned(),
        });
        let most = match winner.bound.value().map(|setting| setting.bound) {
            Some(Bound::Percent(percent)) => Some(percent),
            Some(Bound::Bytes(_)) => return (HotspotFlags::default(), read),
            None if winner.bound.is_unknown() => return (HotspotFlags::default(), None),
            None => None,
        };
        let flags = HotspotFlags {
            memory: memory.as_ref().and_then(|said| bytes(said.value)),
            most,
            small: small.as_ref().map(|said| said.value),
            initial: initial.as_ref().and_then(|said| bytes(said.value)),
        };
        let limit =
            self.workload.memory.limit.value().and_then(|limit| bytes(*limit)).filter(|limit| *limit > 0);
        // A maximum that no flag sets is raised to the initial size (`Arguments::set_heap_size`).
        let begins = initial.filter(|begins| {
            let own = HotspotFlags { initial: None, ..flags };
            let seen = limit.filter(|_| limit_seen).or(flags.memory);
            let most = seen.map(|seen| own.heap(seen)).or(limit);
            most.zip(bytes(begins.value)).is_some_and(|(most, begins)| begins > most)
        });
        if let Some(begins) = begins {
            let setting = HeapSetting {
                bound: Bound::Bytes(begins.value),
                grammar: Grammar::JvmSize,
                flag: begins.flag,
                carrier: begins.carrier,
                lead: None,
            };
            let span = setting.flag.span();
            let share = std::mem::replace(&mut winner.bound, Fact::Known(Spanned::new(setting, span)));
            winner.overruled = share.value().cloned();
            return (flags, read);
        }
        // With `-XX:MaxRAM` the heap is the same size under any limit.
        if let Some(memory) = memory {
            let heap = flags.heap(0);
            match &mut winner.bound {
                Fact::Known(setting) => setting.value.computed(heap),
                bound => *bound = memory.decides(heap),
            }
        } else if let Some((small, limit)) = small.zip(limit.filter(|_| limit_seen))
            && flags.small_heap(limit).is_some()
        {
            let heap = flags.heap(limit);
            let same = most == Some(small.value);
            let share = std::mem::replace(&mut winner.bound, small.decides(heap));
            winner.overruled = share.value().cloned().filter(|_| !same);
        }
        (flags, read)
    }

    /// Returns the last flag that `read` accepts.
    fn last<T>(
        &self,
        sources: &[SettingSource],
        read: impl Fn(Sets, Grammar, &str) -> Option<T>,
    ) -> Option<FlagValue<T>> {
        let words = sources.iter().flat_map(|source| source.words.iter().map(move |word| (source, word)));
        words.rev().find_map(|(source, word)| {
            let (flag, value) = self.runtime.flag(word.as_str())?;
            let value = read(flag.sets, flag.grammar, value)?;
            Some(FlagValue { flag: word.clone(), carrier: source.name.clone(), value })
        })
    }
}

impl<T> FlagValue<T> {
    /// Returns the bound that follows from this flag.
    fn decides(self, heap: u64) -> Fact<HeapSetting> {
        let span = self.flag.span();
        let mut setting = HeapSetting {
            flag: self.flag,
            carrier: self.carrier,
            bound: Bound::Bytes(ByteSize(0)),
            grammar: Grammar::JvmPercent,
            lead: None,
        };
        setting.computed(heap);
        Fact::Known(Spanned::new(setting, span))
    }
}

impl HeapSetting {
    /// Marks the bound as computed, so that no fix writes a size in its place.
    fn computed(&mut self, heap: u64) {
        self.bound = Bound::Bytes(ByteSize(i64::try_from(heap).unwrap_or(i64::MAX)));
        self.grammar = Grammar::JvmPercent;
    }
}
