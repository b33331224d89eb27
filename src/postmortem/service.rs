//! Decides which service of the files a container runs: by its labels, its name, its image, and last because it is the only one.

use super::Files;
use super::subject::{Kill, Subject, is_similar};
use crate::evidence::{Name, before_service, container_of};
use crate::model::fact::Fact;
use crate::syntax::size::ByteSize;
use crate::workload::{Kind, Project, Workload};

/// The most services that are named where a container may be of several.
const SHOWN: usize = 4;

/// Gives each container its service, and the workload that was made of its inspection.
pub(super) fn tie<'e>(list: &mut [Subject<'e>], files: Files<'e>) {
    for subject in list.iter_mut() {
        match services_of(subject, files).as_slice() {
            [(_, own)] => subject.workload = Some(own),
            several => {
                let shown = |(project, own): &(&Project, &Workload)| {
                    let of = project.name.as_ref().map(|name| format!(" of `{name}`")).unwrap_or_default();
                    format!("`{}`{of}", own.name)
                };
                subject.may_be = several.iter().take(SHOWN).map(shown).collect();
            }
        }
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

/// A service, and the project that it is of.
type Known<'e> = (&'e Project, &'e Workload);

/// Returns the service that the container runs: several if its labels, its name and its image do not tell them apart.
fn services_of<'e>(subject: &Subject<'_>, files: Files<'e>) -> Vec<Known<'e>> {
    let name = &subject.name;
    let mut all: Vec<Known<'e>> = Vec::new();
    for project in files.outcome.projects.iter().filter(|project| may_be_of(name, project)) {
        // The files of a base are read with each override file: it is one service.
        let is_known = |own: &Workload| {
            all.iter().any(|(known, other)| {
                other.name == own.name && known.name == project.name && known.directory == project.directory
            })
        };
        let own = project.workloads.iter().filter(|own| own.kind == Kind::Service && !is_known(own));
        let own: Vec<Known<'e>> = own.map(|own| (project, own)).collect();
        all.extend(own);
    }
    let of = |is: &dyn Fn(&Known<'e>) -> bool| all.iter().copied().filter(is).collect::<Vec<_>>();
    let has_image = |(_, own): &Known<'e>| {
        let image = own.service.image.known().map(|image| image.value.as_str());
        image.is_some() && image == name.image.as_deref()
    };
    let by_label = || {
        let Some(service) = &name.service else { return Vec::new() };
        let of_project = of(&|(project, own)| {
            own.name == *service && name.project.is_some() && project.name == name.project
        });
        if of_project.is_empty() { of(&|(_, own)| own.name == *service) } else { of_project }
    };
    let by_name = || {
        let Some(container) = name.shown() else { return Vec::new() };
        let is_own = |own: &Workload| own.service.container_name.value().is_some_and(|own| own == container);
        let before = |own: &Workload| before_service(container, &own.name);
        let found = [
            of(&|(_, own)| is_own(own)),
            // A number may be part of the service's name, and the project part of the container's.
            of(&|(_, own)| own.name == container),
            of(&|(project, own)| before(own).is_some_and(|before| project.name.as_deref() == Some(before))),
            of(&|(project, own)| before(own).is_some_and(|before| before.is_empty() || !project.is_named)),
        ];
        let mut found = found.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
        // `shop-api-web-1` is of `api-web` before it is of `web`.
        let longest = found.iter().map(|(_, own)| own.name.len()).max();
        found.retain(|(_, own)| Some(own.name.len()) == longest);
        found
    };
    let mut found = by_label();
    if found.is_empty() {
        found = by_name();
    }
    if found.is_empty() {
        // An image alone is of no service where several have it.
        return Some(of(&has_image)).filter(|found| found.len() == 1).unwrap_or_default();
    }
    if found.iter().filter(|own| has_image(own)).count() == 1 {
        found.retain(has_image);
    }
    found
}
