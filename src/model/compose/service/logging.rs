//! `logging`.

use super::super::field::{Fields, read_scalar, text_of};
use super::super::value::{Kind, Value};
use crate::hash::IndexMap;
use crate::model::fact::Fact;
use crate::source::Spanned;

/// `logging`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// The driver. None for the daemon's default.
    pub driver: Option<String>,
    /// Its options.
    pub options: IndexMap<String, String>,
}

/// Reads the driver and its options. Unknown if a variable without a value is a part of it.
pub(super) fn logging(fields: Fields<'_>) -> Fact<Logging> {
    let Some(value) = fields.get(&["logging"]) else { return fields.missing() };
    if value.as_scalar().is_some() {
        return read_scalar(value, |_| None);
    }
    let section = Fields { value, anchor: value.span };
    let parts = ["driver", "options"].into_iter().filter_map(|key| section.get(&[key]));
    if let Some(part) = parts.into_iter().find(|part| part.as_scalar().is_some_and(|own| own.unset.is_some()))
    {
        return read_scalar(part, |_| None);
    }
    let options = section.get(&["options"]).and_then(Value::as_map).map(|map| {
        let texts = map.iter().filter_map(|(name, entry)| match &entry.value.kind {
            Kind::Scalar(scalar) => Some((name.clone(), text_of(scalar).as_str().to_owned())),
            Kind::Null => Some((name.clone(), String::new())),
            _ => None,
        });
        texts.collect()
    });
    let logging = Logging {
        driver: section.string(&["driver"]).value().filter(|driver| !driver.is_empty()).cloned(),
        options: options.unwrap_or_default(),
    };
    Fact::Known(Spanned::with_provenance(logging, value.span, value.via.clone()))
}
