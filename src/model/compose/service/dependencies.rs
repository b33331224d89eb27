//! `depends_on`, and the keys that imply a dependency.

use super::super::convert::to_depends_on;
use super::super::field::Fields;
use super::items;
use crate::source::Spanned;

/// One entry of `depends_on`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The service that is depended on.
    pub service: Spanned<String>,
    /// `service_started`, `service_healthy`, `service_completed_successfully`.
    pub condition: String,
    /// True if `required` is absent or `true`: without the other service, this one does not start.
    pub required: bool,
}

pub(super) fn depends_on(fields: Fields<'_>) -> Vec<Dependency> {
    let mut dependencies = Vec::new();
    if let Some(value) = fields.get(&["depends_on"]) {
        let mut value = value.clone();
        to_depends_on(&mut value);
        for (name, entry) in value.as_map().into_iter().flatten() {
            let fields = Fields { value: &entry.value, anchor: entry.key };
            let condition = fields.string(&["condition"]);
            dependencies.push(Dependency {
                service: Spanned::with_provenance(name.clone(), entry.key, entry.value.via.clone()),
                condition: condition.value().cloned().unwrap_or_else(|| "service_started".to_owned()),
                required: fields.boolean(&["required"]).is_absent()
                    || fields.boolean(&["required"]).value() == Some(&true),
            });
        }
    }
    // Services whose network, volumes or names it uses have to start first (compose-go `loader/normalize.go`).
    let shared = ["network_mode", "ipc", "pid"].into_iter().filter_map(|key| fields.get(&[key]));
    let shared =
        shared.filter_map(|value| Some((value, value.as_scalar()?.text.as_str().strip_prefix("service:")?)));
    let lists = ["links", "volumes_from"].into_iter().filter_map(|key| fields.get(&[key])).flat_map(items);
    let listed = lists.filter_map(|item| {
        let text = item.as_scalar()?.text.as_str();
        (!text.starts_with("container:")).then(|| (item, text.split(':').next().unwrap_or(text)))
    });
    for (value, name) in shared.chain(listed) {
        if !dependencies.iter().any(|known| known.service.value == name) {
            let service = Spanned::with_provenance(name.to_owned(), value.span, value.via.clone());
            dependencies.push(Dependency {
                service,
                condition: "service_started".to_owned(),
                required: true,
            });
        }
    }
    dependencies
}
