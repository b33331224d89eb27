//! Decides which service of the files a container runs: by its labels, its name, its image, and last because it is the only one.

use super::Files;
use super::subject::{Kill, Subject, is_similar};
use crate::evidence::{Name, container_of, is_of_service};
use crate::model::fact::Fact;
use crate::syntax::size::ByteSize;
use crate::workload::{Kind, Project, Workload};

/// Gives each container its service, and the workload that was made of its inspection.
pub(super) fn tie<'e>(list: &mut [Subject<'e>], files: Files<'e>) {
    for subject in list.iter_mut() {
        subject.workload = workload_of(subject, files);
        subject.container = container_of_subject(subject, files);
    }
    tie_to_the_only_service(list, files);
}

/// Gives the only service of the files to a container without a name. One whose ID is known, or a process that was killed, may be any
/// container of the host: it is only tied to the service if its limit or its program is that of the service, and its size fits.
fn tie_to_the_only_service<'e>(list: &mut [Subject<'e>], files: Files<'e>) {
    let workloads = files.outcome.projects.iter();
    let workloads = workloads.flat_map(|project| project.workloads.iter().map(move |own| (project, own)));
    let mut services = workloads.filter(|(_, own)| own.kind == Kind::Service);
    let (Some((project, only)), None) = (services.next(), services.next()) else { return };
    let taken = list.iter().any(|subject| subject.workload.is_some());
    for subject in list.iter_mut().filter(|own| own.workload.is_none()) {
        let name = &subject.name;
        if name.shown().is_some() || name.service.is_some() || !may_be_of(name, project) {
            continue;
        }
        let foreign = name.id.is_some()
            || subject.inspected.is_none() && !(subject.kills.is_empty() && subject.others.is_empty());
        if !foreign || (!taken && fits(subject, only)) {
            subject.workload = Some(only);
            subject.guessed = foreign;
        }
    }
}

/// True if what was killed may be of the service: a container of its limit, or a process of its program, and no larger than the limit.
fn fits(subject: &Subject<'_>, service: &Workload) -> bool {
    let written = match &service.memory.limit {
        Fact::Known(limit) => Some(limit.value),
        _ => None,
    };
    let known = subject.inspected.and_then(|own| own.memory.as_ref()).map(|limit| ByteSize(limit.value));
    let stated = known.or_else(|| subject.kills.iter().find_map(|own| Some(own.kill.usage?.1)));
    let sizes = subject.kills.iter().filter_map(|own| own.kill.anon);
    let mut sizes = sizes.chain(subject.others.iter().filter_map(|own| own.used));
    if written.is_some_and(|limit| sizes.any(|size| size > limit)) {
        return false;
    }
    if let (Some(stated), Some(written)) = (stated, written) {
        return stated == written;
    }
    // The path of the process names a place that is no container.
    let outside =
        |own: &Kill<'_>| own.kill.path().is_some_and(|path| path != "/" && container_of(path).is_none());
    if subject.kills.iter().any(outside) {
        return false;
    }
    let kills = subject.kills.iter().filter_map(|own| own.kill.victim.as_deref());
    let mut victims = kills.chain(subject.others.iter().filter_map(|own| own.victim.as_deref()));
    let image = service.service.image.known().map(|image| image.value.as_str());
    let words: Vec<&str> = service.words().map(|word| word.as_str()).collect();
    let names = || [service.name.as_str()].into_iter().chain(image).chain(words.iter().copied());
    victims.any(|victim| names().any(|word| is_similar(word, victim)))
}

/// Returns the workload that was made of the container's inspection. The check reads it from a masked copy, with the same offsets.
fn container_of_subject<'e>(subject: &Subject<'_>, files: Files<'e>) -> Option<&'e Workload> {
    let anchor = subject.inspected?.anchor?;
    let path = |file| files.sources.get(file).path().to_path_buf();
    let mut all = files.outcome.projects.iter().flat_map(|project| &project.workloads);
    all.find(|own| {
        own.described().is_some()
            && own.anchor.range() == anchor.range()
            && path(own.anchor.file) == path(anchor.file)
    })
}

/// True unless the container is of a project of another name. That of a directory may be called otherwise where the container runs.
fn may_be_of(name: &Name, project: &Project) -> bool {
    !project.is_named || name.project.is_none() || name.project == project.name
}

/// Returns the service that the container runs.
fn workload_of<'e>(subject: &Subject<'_>, files: Files<'e>) -> Option<&'e Workload> {
    let projects = &files.outcome.projects;
    let services = || {
        let all = projects.iter().flat_map(|project| project.workloads.iter().map(move |own| (project, own)));
        all.filter(|(project, own)| own.kind == Kind::Service && may_be_of(&subject.name, project))
    };
    let name = &subject.name;
    let by_label = || {
        let service = name.service.as_deref()?;
        let same = |(_, own): &(_, &Workload)| own.name == service;
        let of_project = services()
            .filter(same)
            .find(|(project, _)| name.project.is_some() && project.name == name.project);
        of_project.or_else(|| services().find(same))
    };
    let by_name = || {
        let container = name.shown()?;
        let own_name = services()
            .find(|(_, own)| own.service.container_name.value().is_some_and(|own| own == container));
        // A number may be part of the service's name, and the project part of the container's.
        let own_name = own_name.or_else(|| services().find(|(_, own)| own.name == container));
        let of_project = || {
            services().find(|(project, own)| {
                let base = project.name.as_deref().and_then(|project| container.strip_prefix(project));
                let rest =
                    base.and_then(|rest| rest.strip_prefix(['-', '_'])?.strip_prefix(own.name.as_str()));
                rest.and_then(|rest| rest.strip_prefix(['-', '_']))
                    .is_some_and(|number| number.parse::<u32>().is_ok())
            })
        };
        let any = || services().find(|(_, own)| is_of_service(container, &own.name));
        own_name.or_else(of_project).or_else(any)
    };
    let by_image = || {
        let image = name.image.as_deref()?;
        let mut same = services()
            .filter(|(_, own)| own.service.image.known().is_some_and(|own| own.value.as_str() == image));
        let first = same.next()?;
        same.next().is_none().then_some(first)
    };
    by_label().or_else(by_name).or_else(by_image).map(|(_, own)| own)
}
