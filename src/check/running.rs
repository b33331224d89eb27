//! Finds the inspected containers that were made of a Compose project's services.

use std::path::{Path, PathBuf};

use crate::source::Sources;
use crate::workload::{ComposeLabels, Kind, Project, Running, Workload};

/// Returns the containers of a project's services: by the labels that Compose gave them, else by `container_name`, else by the name
/// of a service.
pub(super) fn of_project(project: &Project, inspected: &[Project], sources: &Sources) -> Vec<Running> {
    let containers = || inspected.iter().flat_map(|other| &other.workloads);
    if containers().next().is_none() {
        return Vec::new();
    }
    let files: Vec<PathBuf> =
        project.compose_files.iter().map(|file| sources.get(*file).path().to_path_buf()).collect();
    let mut found = Vec::new();
    for container in containers() {
        let services = project.workloads.iter().filter(|workload| workload.kind == Kind::Service);
        let Some(service) = services.clone().find(|service| is_of(container, service, project, &files))
        else {
            continue;
        };
        found.push(Running { service: service.name.clone(), container: Box::new(container.clone()) });
    }
    found
}

fn is_of(container: &Workload, service: &Workload, project: &Project, files: &[PathBuf]) -> bool {
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
        return labels.service.as_ref() == Some(&service.name) && same_project && has_files(labels, files);
    }
    match service.service.container_name.value() {
        Some(name) => described.container.as_ref() == Some(name),
        None => described.container.as_ref() == Some(&service.name),
    }
}

/// True if the last of the files that Compose was given is one of the project's. Its directory is that of another machine, perhaps.
fn has_files(labels: &ComposeLabels, files: &[PathBuf]) -> bool {
    // A path of Windows may be told of on Linux.
    let name = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
    let own: Vec<String> = files.iter().filter_map(|file| Some(name(Path::new(file).to_str()?))).collect();
    labels.files.last().is_none_or(|last| own.contains(&name(last)))
}
