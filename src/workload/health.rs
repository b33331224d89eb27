//! The effective healthcheck of a container.

use super::{Fact, Healthcheck, Start};
use crate::catalog::{Catalog, RuntimeName};
use crate::model::compose::{HealthcheckSection, Service};
use crate::source::{Spanned, Text};

/// The service's own, or what is left of its image's.
pub(super) fn of_service(service: &Service, image: &Fact<Healthcheck>) -> Fact<Healthcheck> {
    let Some(section) = &service.healthcheck else {
        return match (image, &service.incomplete) {
            (_, Some(missing)) => Fact::Unknown { at: missing.span, why: missing.value.clone() },
            // The service could bring it: that is where it is missing.
            (Fact::Absent { .. }, None) => Fact::Absent { anchor: service.key },
            (other, None) => other.clone(),
        };
    };
    let known = |value| Fact::Known(Spanned::through(value, section.span, section.via.clone()));
    if let Fact::Unknown { at, why } = &section.disable {
        return Fact::Unknown { at: *at, why: why.clone() };
    }
    if section.disable.value() == Some(&true) {
        return known(Healthcheck::Disabled);
    }
    match &section.test {
        Fact::Known(test) if test.value.first().is_some_and(|word| word.as_str() == "NONE") => {
            known(Healthcheck::Disabled)
        }
        Fact::Known(test) if !test.value.is_empty() => known(probe(section, Some(test.value.clone()))),
        Fact::Unknown { at, why } => Fact::Unknown { at: *at, why: why.clone() },
        // Without a test of its own it runs the image's (moby `daemon/commit.go`, `merge`).
        _ => match image {
            Fact::Known(Spanned { value: Healthcheck::Probe { test, .. }, .. }) => {
                known(probe(section, test.clone()))
            }
            Fact::Known(Spanned { value: Healthcheck::OfImage, .. }) => known(probe(section, None)),
            other => other.clone(),
        },
    }
}

fn probe(section: &HealthcheckSection, test: Option<Vec<Text>>) -> Healthcheck {
    Healthcheck::Probe {
        test,
        interval: section.interval.value().copied(),
        timeout: section.timeout.value().copied(),
        start_period: section.start_period.value().copied(),
        start_interval: section.start_interval.value().copied(),
        retries: section.retries.value().copied(),
    }
}

/// The Java virtual machine or the like that a probe starts, in the container's own memory.
pub(super) fn runtime(
    healthcheck: &Fact<Healthcheck>,
    catalog: &Catalog,
) -> Option<(RuntimeName, Spanned<String>)> {
    let Healthcheck::Probe { test: Some(test), .. } = healthcheck.value()? else { return None };
    let (kind, words) = test.split_first()?;
    let command = match kind.as_str() {
        "CMD-SHELL" => ["/bin/sh", "-c"].map(|word| Text::derived(word, kind.span())).to_vec(),
        _ => Vec::new(),
    };
    let start = Start { entrypoint: command, command: words.to_vec(), shell: false };
    start.programs(None).into_iter().find_map(|program| {
        let name = program.base_name();
        let managed = catalog.runtime(RuntimeName::Java)?;
        let starts = managed.is_program(name) || managed.starter(name).is_some();
        starts.then(|| (managed.name, Spanned::new(name.to_owned(), program.name.span())))
    })
}
