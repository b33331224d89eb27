//! The memory that one service of a stack asks for, with its basis.

use crate::capacity::advice::declared;
use crate::capacity::need::memory_files;
use crate::capacity::share::{active, is_started, replicas};
use crate::capacity::{Need, NoNumber, advise};
use crate::hash::HashMap;
use crate::model::ImageReference;
use crate::source::Span;
use crate::syntax::size::{ByteSize, MIB, SMALLEST_LIMIT};
use crate::workload::{Class, Classes, Kind, Project, SettingName, Workload};

/// The evidence for a proposed limit, the most certain first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Its use was measured.
    Measured,
    /// Its files set heaps and caches.
    Settings,
    /// Its image sets a heap, or its documentation names a minimum.
    Image,
    /// The limit is in the files already, and nothing speaks against it.
    Current,
    /// Programs of its class usually get that much.
    Class,
    /// Nothing is known of it.
    #[default]
    Unknown,
}

impl Basis {
    /// Returns how sure the limit is, in a few words.
    #[must_use]
    pub fn sureness(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Settings => "sure: from its settings",
            Self::Image => "likely: from its image",
            Self::Current => "kept",
            Self::Class => "a start: measure it",
            Self::Unknown => "a guess: measure it",
        }
    }
}

/// The memory that a service asks for, whatever the host. Sizes are those of one container, in bytes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Demand {
    /// Its name.
    pub name: String,
    /// The key of the service.
    pub anchor: Option<Span>,
    /// The number of containers, or 1 if unknown.
    pub replicas: i64,
    /// False if `replicas` depends on a variable without a value.
    pub replicas_known: bool,
    /// The profiles that start it. Empty means always.
    pub profiles: Vec<String>,
    /// True if it ends: it gets no reservation.
    pub job: bool,
    /// True if it is a Windows container: it takes no reservation.
    pub windows: bool,
    /// The least limit that its basis allows.
    pub least: ByteSize,
    /// The limit where the host has room.
    pub usual: ByteSize,
    /// The limit that no larger host exceeds.
    pub most: ByteSize,
    /// The evidence for its limit.
    pub basis: Basis,
    /// True if nothing is known of what it needs, whatever limit is in the files: it keeps Docker's swap.
    pub guess: bool,
    /// The reason in words: lower case, no full stop.
    pub reason: String,
    /// The memory in use all the time, if it is known.
    pub steady: Option<ByteSize>,
    /// The reservation in the files.
    pub reserved: Option<ByteSize>,
    /// The limit in the files.
    pub current: Option<ByteSize>,
    /// The text of the limit, if a variable sets it: a plan does not overwrite it.
    pub variable: Option<String>,
    /// The least limit by its use, its settings, its image or its class, whatever limit is in the files.
    pub needs: ByteSize,
    /// The largest heap or cache that `needs` counts by its setting: its name, its size, and the setting as written.
    pub largest: Option<(String, ByteSize, String)>,
    /// The steps of its `pre_start`.
    pub steps: Vec<Step>,
}

/// A step of a service's `pre_start`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name: `web pre_start[0]`.
    pub name: String,
    /// The limit that it needs. None if nothing is known: it gets that of the service.
    pub needs: Option<ByteSize>,
    /// True if it has a limit of its own, which stays.
    pub has_own: bool,
}

impl Step {
    /// Returns its limit where its service has this one.
    #[must_use]
    pub fn limit_with(&self, service: ByteSize) -> ByteSize {
        match self.needs {
            Some(needs) if self.has_own => needs,
            needs => needs.map_or(service, |needs| needs.max(service)),
        }
    }
}

impl Demand {
    /// Returns the demands of the services that start with the profiles, and of the jobs. `refuted` are the services whose
    /// limits do not hold, with the reason.
    #[must_use]
    pub fn of_project(project: &Project, named: &[String], refuted: &HashMap<String, String>) -> Vec<Self> {
        let profiles = active(project, named);
        let starts = |workload: &Workload| {
            let own = workload.service.profiles.iter().map(|profile| profile.value.as_str());
            workload.role.runs() && workload.kind != Kind::Image && is_started(own, profiles)
        };
        let mut demands: Vec<Self> = Vec::new();
        for workload in project.workloads.iter().filter(|workload| starts(workload)) {
            match workload.step() {
                None => demands.push(Self::of(workload, refuted.get(&workload.name))),
                Some(step) => {
                    let own = demands.last_mut().filter(|demand| demand.name == step.service);
                    let Some(demand) = own else { continue };
                    let current = workload.known_limit().map(|limit| limit.value);
                    // A limit that it inherits from its service is no limit of its own.
                    let has_own = current.is_some() && current != demand.current;
                    let needs =
                        if has_own { current } else { Need::of(workload).ok().map(|need| need.limit) };
                    demand.steps.push(Step { name: workload.name.clone(), needs, has_own });
                }
            }
        }
        demands.retain(|demand| demand.replicas > 0);
        demands
    }

    fn of(workload: &Workload, refuted: Option<&String>) -> Self {
        let current = workload.known_limit().map(|limit| limit.value);
        let mut demand = Self {
            name: workload.name.clone(),
            anchor: Some(workload.anchor),
            replicas: replicas(workload),
            replicas_known: !workload.resources.replicas.is_unknown(),
            profiles: workload.service.profiles.iter().map(|profile| profile.value.clone()).collect(),
            job: workload.role.is_job(),
            windows: workload.windows,
            reserved: workload.memory.reservation.value().copied().filter(|size| size.0 > 0),
            current,
            variable: variable(workload),
            ..Self::default()
        };
        demand.find_basis(workload);
        demand.say_misread(workload);
        demand.needs = demand.least;
        demand.guess = demand.basis == Basis::Unknown;
        if let Some(current) = current {
            demand.compare_with_current(current, workload, refuted);
        }
        demand.hold_reservation();
        demand.at_least(SMALLEST_LIMIT);
        demand
    }

    /// Sets the sizes and the reason from the surest basis, as if there were no limit.
    fn find_basis(&mut self, workload: &Workload) {
        if let (Some(advice), Some(measured)) = (advise(workload), &workload.measured) {
            self.fixed(Basis::Measured, advice.limit);
            self.steady = Some(advice.reservation);
            self.reason = format!("{}: {}", measured.describe(), advice.arithmetic());
            return;
        }
        match Need::of(workload) {
            Ok(Need { limit, steady: Some(steady), sum }) => {
                let mut pools = workload.pools.heaps.iter().chain(&workload.pools.caches);
                let declared = pools.any(|pool| pool.bound.known().is_some())
                    && workload.pools.image_default_heap.is_none();
                self.fixed(if declared { Basis::Settings } else { Basis::Image }, limit);
                self.steady = Some(steady.rounded_up());
                self.largest = largest(workload);
                self.reason = sum;
            }
            Ok(Need { limit, steady: None, sum }) => {
                (self.basis, self.reason) = (Basis::Image, sum);
                let least = workload.memory.minimum.as_ref().map_or(limit, |minimum| {
                    ByteSize(minimum.mib.saturating_mul(MIB)).rounded_up().min(limit)
                });
                (self.least, self.usual) = (least, limit);
                self.most = ByteSize(limit.0.saturating_mul(2));
            }
            Err(NoNumber::Varies { setting, limit }) => {
                self.fixed(Basis::Settings, limit);
                self.largest = largest(workload);
                self.reason = format!("enough for `{setting}`, its value here");
            }
            Err(NoNumber::Capped { by, limit }) => {
                self.fixed(Basis::Settings, limit);
                self.largest = largest(workload);
                let capped = match by {
                    SettingName::SWAP_LIMIT => &workload.service.memswap_limit,
                    _ => &workload.memory.reservation,
                };
                let key = by.key;
                self.reason = match capped.value() {
                    // What it reserves is compared with the limit below.
                    Some(_) if by == SettingName::RESERVATION => format!("{limit} for its heaps and caches"),
                    Some(size) => format!("{limit} for its heaps and caches; its `{key}` is {size}"),
                    None => format!("{limit} for its heaps and caches; its `{key}` is not known"),
                };
            }
            Err(why) => self.by_class(workload, &why),
        }
    }

    /// Says which settings of heaps and caches do not mean what was meant: nothing that is computed without them is sure.
    fn say_misread(&mut self, workload: &Workload) {
        let pools = workload.pools.heaps.iter().chain(&workload.pools.caches);
        for problem in pools.filter_map(|pool| pool.misread()) {
            let taken = match &problem.read_as {
                Some(read_as) => format!("read as {read_as}"),
                None => "rejected".to_owned(),
            };
            self.reason = format!("{}; `{}` is {taken}: mend that first", self.reason, problem.written);
            if self.basis == Basis::Settings || self.basis == Basis::Image {
                self.basis = Basis::Class;
            }
        }
    }

    /// Sets the sizes of its class.
    fn by_class(&mut self, workload: &Workload, why: &NoNumber) {
        if let Some((name, size, heap)) = workload.promised_size() {
            let outside = if heap { (size.0 / 3).max(250 * MIB) } else { size.0 / 9 };
            let total = size.0.saturating_add(outside).saturating_add(memory_files(workload));
            self.fixed(Basis::Settings, ByteSize(total).rounded_up());
            self.reason = format!("`{name}` is {size}, and its limit {} more", ByteSize(outside));
            return;
        }
        let table = Classes::builtin();
        let known = class_of(workload);
        let class = match known {
            None if self.job => &table.job,
            None => &table.unknown,
            Some(class) => class,
        };
        // A job of a known kind needs what its kind needs, and hardly more.
        let (usual, most) = match self.job {
            true => (table.job.usual.max(class.least), table.job.most.max(class.least)),
            false => (class.usual, class.most),
        };
        self.basis = if known.is_some() || self.job { Basis::Class } else { Basis::Unknown };
        let files = memory_files(workload);
        let size =
            |mebibytes: i64| ByteSize(mebibytes.saturating_mul(MIB).saturating_add(files)).rounded_up();
        let minimum = workload.memory.minimum.as_ref().map_or(0, |minimum| minimum.mib);
        let [least, usual, most] = [class.least, usual, most].map(|mebibytes| size(mebibytes.max(minimum)));
        (self.least, self.usual, self.most) = (least, usual, most);
        let range = match minimum > class.least {
            true => format!("at least {} as its documentation says", ByteSize(minimum.saturating_mul(MIB))),
            false => format!("usually {} to {}", self.least, self.most),
        };
        self.reason = match why {
            NoNumber::Grows { what } => format!("{}, {range}; {what}", class.class),
            NoNumber::HostSized { why, .. } | NoNumber::MayBeHostSized { why, .. } => {
                format!("{}, {range}; {why}", class.class)
            }
            NoNumber::Follows { runtime } => {
                format!("{}, {range}; the {runtime} heap follows the limit", class.class)
            }
            _ if self.basis == Basis::Unknown => {
                format!("nothing is known of it: a share of what is left, {} to {}", self.least, self.most)
            }
            _ if self.job && known.is_some() => format!("a job of {}, {range}", class.class),
            _ => format!("{}, {range}", class.class),
        };
        if files > 0 {
            self.reason = format!("{}, with {} of files in memory", self.reason, ByteSize(files));
        }
    }

    /// Compares its basis with the limit in the files, which stays where nothing speaks against it.
    fn compare_with_current(&mut self, current: ByteSize, workload: &Workload, refuted: Option<&String>) {
        let refuted = match (self.basis, advise(workload)) {
            (Basis::Measured, Some(advice)) if advice.keeps_limit() => None,
            (Basis::Measured, _) => Some(format!("instead of {current}")),
            // Where its basis is no larger than the limit, another change mends it: a smaller heap.
            _ => refuted
                .filter(|_| self.usual > current || current < SMALLEST_LIMIT)
                .map(|why| format!("instead of {current}, since {why}")),
        };
        if let Some(why) = refuted {
            // Where a variable sets it, too: what is needed counts, not what it is.
            self.reason = format!("{}; {why}", self.reason);
        } else if let Some(text) = &self.variable {
            self.reason = format!("`{text}` sets it{}", self.small_for_its_class(current));
            self.fixed(Basis::Current, current);
        } else {
            // A limit above what it is known to need can be lowered to that where the host is small.
            let least = if self.basis <= Basis::Image { self.least.min(current) } else { current };
            let needs = (least < current).then(|| format!("; it needs {least}: {}", self.reason));
            let needs = needs.unwrap_or_else(|| self.small_for_its_class(current));
            self.reason = format!("its limit in the files{needs}");
            self.fixed(Basis::Current, current);
            self.least = least;
        }
    }

    /// Raises it to the reservation in the files, since the engine refuses one above the limit.
    fn hold_reservation(&mut self) {
        let Some(reserved) = self.reserved.filter(|reserved| *reserved > self.least) else { return };
        if self.usual >= reserved {
            self.reason = format!("{}; at least its reservation of {reserved}", self.reason);
            self.at_least(reserved);
            return;
        }
        let current = self.current.filter(|_| self.basis == Basis::Current);
        self.reason = match current {
            Some(current) => format!("its reservation is {reserved}, more than its limit of {current}"),
            // What its class usually needs is no need of its own.
            None if self.basis >= Basis::Class => {
                format!("its reservation is {reserved}, and a limit is no less")
            }
            None => format!("its reservation is {reserved}, more than it needs: {}", self.reason),
        };
        let basis = if self.basis < Basis::Class || current.is_some() { Basis::Settings } else { self.basis };
        self.fixed(basis, reserved);
    }

    /// Says that a limit is below what its kind usually gets at least. That proves nothing, so the limit stays.
    fn small_for_its_class(&self, current: ByteSize) -> String {
        let is_small = self.basis == Basis::Class && !self.job && current < self.least;
        if is_small { format!("; measure it, that is little: {}", self.reason) } else { String::new() }
    }

    /// Returns the text of a limit that has to be set where its variable has its value: the plan has another limit, or there is none.
    #[must_use]
    pub fn to_set(&self) -> Option<&str> {
        self.variable.as_deref().filter(|_| self.basis != Basis::Current)
    }

    fn fixed(&mut self, basis: Basis, size: ByteSize) {
        (self.basis, self.least, self.usual, self.most) = (basis, size, size, size);
    }

    fn at_least(&mut self, size: ByteSize) {
        for own in [&mut self.least, &mut self.usual, &mut self.most] {
            *own = size.max(*own);
        }
    }
}

/// Returns the text of the limit, if a variable sets it, with or without a value.
fn variable(workload: &Workload) -> Option<String> {
    let names = ["deploy.resources.limits.memory", "mem_limit"];
    let unknown = workload.service.size_keys.iter().filter(|key| {
        workload.memory.limit.is_unknown() && names.contains(&key.name) && key.template.contains('$')
    });
    let known = workload.limit_key().filter(|key| key.text.varies());
    known.into_iter().chain(unknown).next().map(|key| key.template.clone())
}

/// Returns the class of its program: by its image, unless another program replaces the image's, else by its runtime or its name.
fn class_of(workload: &Workload) -> Option<&'static Class> {
    let image = workload.image.base.value().and_then(|image| ImageReference::parse(image.as_str()));
    let image = image.filter(|_| !workload.role.replaced).map(|image| image.name());
    Classes::builtin().of(image.as_deref(), &workload.runtimes(), &workload.name)
}

/// Returns the largest heap or cache with a setting in bytes.
fn largest(workload: &Workload) -> Option<(String, ByteSize, String)> {
    let sized = declared(workload)
        .filter_map(|(pool, size)| Some((pool.display_name(), size, pool.bound.value()?.written())));
    sized.max_by_key(|(_, size, _)| *size)
}
