//! Facts of an image's server, which apply if the container starts it.

use super::heap::{self, OverheadInputs};
use super::opened::StartedPrograms;
use super::server::{Starts, is_flag};
use super::{HostSized, Shutdown, Workload};
use crate::model::fact::Fact;
use crate::model::image::TargetImage;
use crate::syntax::size::ByteSize;

/// Sets the facts about the memory of the image's server, if that may be what the service starts.
pub(super) fn apply_server_facts(workload: &mut Workload, opened: &StartedPrograms) {
    let server = workload.process.starts == Starts::Server;
    heap::add_product_pools(workload, opened);
    workload.memory.self_sizing =
        self_sizing(workload, opened).filter(|_| server).or_else(|| by_parts(workload));
    // Another program has another heap.
    workload.pools.image_default_heap = workload
        .image
        .heap_when_unset
        .clone()
        .filter(|heap| server && workload.variable(&heap.variable).is_absent())
        .filter(|_| workload.variable("_JAVA_OPTIONS").is_absent())
        .filter(|own| {
            !workload.pools.heaps.iter().any(|heap| heap.runtime == own.of && !heap.bound.is_absent())
        });
    let own_entrypoint = !workload.service.entrypoint.is_absent();
    workload.memory.minimum = workload
        .image
        .minimum
        .clone()
        .filter(|_| server || !own_entrypoint && workload.process.starts != Starts::Other);
    workload.process.shutdown = workload.image.shutdown.clone().filter(|_| server).and_then(|own| {
        let told = own.variable.as_ref().map(|name| workload.variable(name));
        let seconds = match told {
            None | Some(Fact::Absent { .. }) => own.seconds,
            Some(told) => told.value()?.as_str().trim().parse().ok()?,
        };
        Some(Shutdown { seconds, ..own })
    });
    if workload.process.starts == Starts::Other {
        workload.memory.shared_memory = None;
    }
    let host_share = workload.image.host_share.clone();
    let (off_heap, runtime) = (workload.image.off_heap.clone(), workload.image.runtime);
    workload.memory.ignores_cgroup_limit = workload
        .image
        .ignores_limit
        .clone()
        .filter(|ignores| ignores.majors.is_empty() && workload.process.starts != Starts::Other)
        .filter(|ignores| ignores.unless_set.iter().all(|name| workload.variable(name).is_absent()))
        .filter(|ignores| !may_have_flag(workload, opened, &ignores.unless_flags))
        .map(|ignores| {
            let limit = workload.memory.limit.value().copied().unwrap_or(ByteSize(0));
            let facts = OverheadInputs { product: off_heap, ..OverheadInputs::default() };
            let told_by = ignores.way_out.lines().filter_map(|line| line.split_once(": "));
            let told_by = told_by.map(|(name, _)| name.to_owned()).collect();
            let variables = heap::with_numbers(&ignores.way_out, runtime, &facts, limit);
            let variables = variables.lines().filter_map(|line| line.split_once(": "));
            let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let option = ignores.way_out.starts_with("--").then(|| ignores.way_out.clone());
            let option = option
                .filter(|_| limit >= LEAST_HALVED)
                .map(|option| heap::with_numbers(&option, runtime, &facts, limit));
            HostSized {
                why: ignores.why,
                size_variables: told_by,
                option,
                variables: variables.collect(),
                share: host_share,
                certain: server,
            }
        });
}

/// The smallest limit whose half is offered as a cache: WiredTiger takes no less than 0.25 GB (MongoDB manual, cacheSizeGB).
const LEAST_HALVED: ByteSize = ByteSize(512 * 1024 * 1024);

/// True if a word of its start is one of these flags, also within a script, or if a variable without a value may be.
fn may_have_flag(workload: &Workload, opened: &StartedPrograms, flags: &[String]) -> bool {
    let given = [&workload.service.entrypoint, &workload.service.command];
    // If the image's own words are not known, those of the service still are.
    let own = given.into_iter().filter_map(Fact::value).flatten();
    let inside = opened.programs.iter().flat_map(|program| &program.arguments);
    let mut words = workload.words().chain(own).chain(inside);
    !flags.is_empty()
        && (given.iter().any(|words| words.is_unknown())
            || words.any(|word| flags.iter().any(|flag| is_flag(word.as_str(), flag))))
}

/// True if another program than the image's server starts, or may start through a Dockerfile's `ENTRYPOINT`, and neither
/// service nor Dockerfile names a port.
pub(super) fn is_replaced(workload: &Workload, target: Option<&TargetImage>) -> bool {
    let other = match workload.process.starts {
        Starts::Server => false,
        Starts::Other => true,
        Starts::Unknown => target.is_some_and(|target| target.entrypoint.is_some()),
    };
    let shows = workload.service.ports.is_shown() || target.is_some_and(|target| !target.exposes.is_empty());
    other && workload.image.is_server && !shows
}

/// Returns how the parts of a product's memory follow the memory it sees, if a part does: `its heap takes 25 % of the memory
/// that it sees, its page cache 512 MiB`.
fn by_parts(workload: &Workload) -> Option<String> {
    let pools =
        || workload.pools.heaps.iter().chain(&workload.pools.caches).filter(|pool| pool.part.is_some());
    let shares = pools().filter(|pool| pool.bound.is_absent()).filter_map(|pool| {
        let percent = pool.default_percent()?;
        let subject =
            if pool.is_whole_process() { "it".to_owned() } else { format!("its {}", pool.display_name()) };
        Some(format!("{subject} may take {percent} % of the memory it sees"))
    });
    let shares: Vec<String> = shares.collect();
    let fixed = pools()
        .filter(|pool| pool.bound.is_absent())
        .filter_map(|pool| Some(format!("its {} {}", pool.display_name(), pool.fixed_default()?)));
    (!shares.is_empty()).then(|| shares.into_iter().chain(fixed).collect::<Vec<_>>().join(", "))
}

/// Returns how the program sizes itself by the memory it sees. `None` if anything may override that.
fn self_sizing(workload: &Workload, opened: &StartedPrograms) -> Option<String> {
    let facts = &workload.image;
    let sizes = facts.sizes_itself.as_ref()?;
    // A variable with flags may contain a bound.
    let set = sizes.unless_set.iter().chain(&facts.expands).any(|name| !workload.variable(name).is_absent());
    let bound = workload.pools.heaps.iter().chain(&workload.pools.caches).any(|pool| !pool.bound.is_absent());
    let unknown =
        [&workload.service.entrypoint, &workload.service.command].iter().any(|own| own.is_unknown());
    let flagged = may_have_flag(workload, opened, &sizes.unless_flags);
    (!set && !bound && !unknown && !flagged).then(|| sizes.what.clone())
}
