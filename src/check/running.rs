//! Finds the inspected containers that were made of a Compose project's services.

use std::collections::BTreeSet;

use crate::source::Sources;
use crate::workload::{ComposeLabels, Kind, Project, Running, Workload};

/// Returns the containers of a project's services: by the labels that Compose gave them, else by `container_name`, else by the name
/// of a service.
pub(super) fn of_project(project: &Project, inspected: &[Project], sources: &Sources) -> Vec<Running> {
    let containers = || inspected.iter().flat_map(|other| &other.workloads);
    if containers().next().is_none() {
        return Vec::new();
    }
    let files: BTreeSet<String> = project
        .compose_files
        .iter()
        .filter_map(|file| Some(name(sources.get(*file).path().to_str()?)))
        .collect();
    let service_of = |container: &Workload| {
        let mut services = project.workloads.iter().filter(|workload| workload.kind == Kind::Service);
        services.find(|service| is_of(container, service, project, &files))
    };
    let running = containers().filter_map(|container| {
        let service = service_of(container)?.name.clone();
        Some(Running { service, container: Box::new(container.clone()) })
    });
    running.collect()
}

fn is_of(container: &Workload, service: &Workload, project: &Project, files: &BTreeSet<String>) -> bool {
    let Some(described) = container.described() else { return false };
    let named = service.service.container_name.value().zip(described.container.as_ref());
    if let Some(labels) = &described.compose {
        if labels.is_one_off {
            return false;
        }
        let same_project = match (&labels.project, &project.name) {
            (Some(its), Some(own)) => its == own,
            _ => named.is_some_and(|(own, name)| own == name),
        };
        return labels.service.as_ref() == Some(&service.name)
            && same_project
            && is_of_files(labels, project, files);
    }
    // An override file has its own project in addition to its base's, and nothing says which of the two was started.
    let named = service.service.container_name.value().unwrap_or(&service.name);
    project.report_only.is_empty() && described.container.as_ref() == Some(named)
}

/// True if Compose was given the project's files, by their names: their directory may be that of another machine.
fn is_of_files(labels: &ComposeLabels, project: &Project, files: &BTreeSet<String>) -> bool {
    let given: BTreeSet<String> = labels.files.iter().map(|path| name(path)).collect();
    if given.is_empty() { project.report_only.is_empty() } else { given == *files }
}

/// Returns the name of a file. A path of Windows may be named on Linux.
fn name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}
