//! Heap settings that an `ENV` of a Dockerfile makes: filled in by the build, or torn apart where quotes are missing.

use super::problems::without_secrets;
use super::{Bound, HeapSetting, flags};
use crate::catalog::{Catalog, Sets};
use crate::source::{Span, TracedText};
use crate::workload::setting_files::SettingFinder;
use crate::workload::{Origin, Workload};

/// A variable that a service sets although the build has put the image's value into another variable, which bounds the heap.
#[derive(Clone, Debug)]
pub struct FilledIn {
    /// Its name.
    pub variable: String,
    /// The value that the service gives it.
    pub value: TracedText,
    /// The variable of the image with the setting.
    pub carrier: String,
    /// The setting that the image has since its build.
    pub flag: TracedText,
    /// The setting with the value of the service. `None` if that would not fit the limit.
    pub instead: Option<String>,
    /// True if the variable of the image has nothing but the setting.
    pub is_alone: bool,
}

/// A heap flag that is the name of a variable of its own, because an `ENV` without quotes ends its values at blanks.
#[derive(Clone, Debug)]
pub struct UnquotedFlag {
    /// The flag with its value, without words behind it, which may be secrets.
    pub flag: TracedText,
    /// The variable that it was meant for.
    pub variable: String,
    /// The place of the variable's value and the flags after it, and their text in quotes. `None` if quotes would change more.
    pub quoted: Option<(Span, String)>,
}

/// Finds variables of a service that do not reach the heap any more.
pub(in crate::workload) fn filled_in(workload: &Workload, finder: &SettingFinder<'_>) -> Vec<FilledIn> {
    let pools = workload.pools.heaps.iter().chain(&workload.pools.caches);
    let found = pools.filter_map(|pool| {
        let setting = &pool.bound.known()?.value;
        workload.image.filled_in.iter().find_map(|fill| {
            let carrier = workload.env.get(&fill.variable).filter(|own| own.origin == Origin::Image)?;
            // A shell may have put the variable on the command line.
            let whole =
                carrier.value.value().filter(|whole| whole.span().contains(setting.flag.span()))?.as_str();
            let own = workload.env.get(&fill.by).filter(|own| own.origin != Origin::Image)?;
            let value = own.value.value()?;
            let same = value.as_str() == fill.value || !setting.flag.as_str().contains(&fill.value);
            if fill.value.is_empty() || same || may_be_read(workload, finder, &fill.by) {
                return None;
            }
            let once = whole.matches(&fill.value).count() == 1;
            let fits = once && fits(setting, &fill.value, value.as_str(), workload);
            Some(FilledIn {
                variable: fill.by.clone(),
                value: value.clone(),
                carrier: fill.variable.clone(),
                flag: setting.flag.clone(),
                instead: fits.then(|| setting.flag.as_str().replacen(&fill.value, value.as_str(), 1)),
                is_alone: whole.trim() == setting.flag.as_str(),
            })
        })
    });
    found.collect()
}

/// True if a script of the project or the start itself has the variable's name.
fn may_be_read(workload: &Workload, finder: &SettingFinder<'_>, name: &str) -> bool {
    workload.process.start.is_unknown()
        || workload.words().any(|word| word.as_str().contains(name))
        || finder.has_in_scripts(name)
}

/// True if a setting with `new` in place of `old` is a size of at most three quarters of the limit, or a percentage.
fn fits(setting: &HeapSetting, old: &str, new: &str, workload: &Workload) -> bool {
    let flag = setting.flag.as_str().replacen(old, new, 1);
    let Some(value) = setting.value_at().and_then(|at| flag.get(at..)) else { return false };
    match flags::bound(Sets::HeapMax, setting.grammar, value, None) {
        Some(Bound::Bytes(size)) => {
            workload.known_limit().is_none_or(|limit| size.0 <= limit.value.0 / 4 * 3)
        }
        Some(Bound::Percent(_)) => true,
        None => false,
    }
}

/// Finds heap flags among the names of an image's variables.
pub(in crate::workload) fn unquoted_flags(workload: &Workload, catalog: &Catalog) -> Vec<UnquotedFlag> {
    let bounds = |text: &str| {
        let mut flags = catalog.runtimes().iter().filter_map(|runtime| runtime.flag(text));
        flags.any(|(flag, _)| flag.sets.is_bound())
    };
    let mut found = Vec::new();
    // The variable before the flags, and the text from its value on.
    let mut open: Option<(&String, Option<(Span, String)>)> = None;
    for (name, variable) in workload.env.iter().filter(|(_, variable)| variable.origin == Origin::Image) {
        let value = variable.value.value();
        let plain = value.filter(|value| !value.as_str().contains(['"', '\'', '\\', '$', '`', ' ']));
        let place = plain.and_then(TracedText::verbatim_span);
        if !name.starts_with('-') {
            open = Some((name, place.zip(value).map(|(place, value)| (place, value.as_str().to_owned()))));
            continue;
        }
        let (Some((before, text)), Some(value), Some(key)) = (&mut open, value, variable.name) else {
            continue;
        };
        let word = format!("{name}={value}");
        let span = key.cover(value.span());
        *text = text
            .take()
            .zip(place)
            .filter(|((from, _), _)| from.end < key.start && from.file == key.file)
            .map(|((from, text), place)| (from.cover(place), format!("{text} {word}")));
        if bounds(&word) {
            let quoted = text.as_ref().map(|(place, text)| (*place, format!("\"{text}\"")));
            let shown = format!("{name}={}", without_secrets(value.as_str()));
            let flag = TracedText::derived(shown, span);
            found.push(UnquotedFlag { flag, variable: (*before).clone(), quoted });
        }
    }
    found
}
