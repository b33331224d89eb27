//! Reports of `oomlint fit`: the limits by which a stack fits its host, each with its reason. One file per format.

mod human;
mod json;
mod markdown;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{FileLocation, path_text};
use crate::capacity::{Basis, Change, Demand, Grant, Plan, RESERVE_RULE};
use crate::diagnostic::plural;
use crate::fix::plan::{Settings, StackPlan, Written};
use crate::source::{Sources, Span};
use crate::syntax::size::ByteSize;

pub use self::human::write as human;
#[cfg(feature = "schema")]
pub use self::json::schema;
pub use self::json::write as json;
pub use self::markdown::write as markdown;

/// Plans to report.
#[derive(Debug)]
pub struct Report<'r> {
    stacks: &'r [StackPlan],
    /// The written files; None for several hosts.
    written: Option<&'r Written>,
    sources: &'r Sources,
}

/// The texts of a plan, and its numbers as they are written.
#[derive(Clone, Debug)]
pub struct Words {
    /// The name, limit, reservation and swap of each service, and how sure the limit is.
    pub rows: Vec<[String; 5]>,
    /// The sum of the limits, with what the host keeps.
    pub sum: String,
    /// The memory that the host keeps, and the rule for it.
    pub kept: String,
    /// Whether it fits.
    pub verdict: String,
    /// The head of the changes that would make it fit, and the changes. None if it fits.
    pub ways_to_fit: Option<(String, Vec<String>)>,
}

/// Reports that several stacks do not share the host in the plan.
#[must_use]
pub fn whole_host(stacks: &[StackPlan]) -> Option<&'static str> {
    let text = "each stack is planned for the whole host, as if it were alone; `--reserve` keeps memory for the others";
    (stacks.len() > 1).then_some(text)
}

/// Says which limits of a stack are guesses, and what to do about them. None if there are none, and where nothing is written: for
/// several hosts, or one that is too small.
#[must_use]
pub fn guesses(stack: &StackPlan) -> Option<String> {
    if !matches!(stack.plans.as_slice(), [plan] if plan.missing.is_none()) {
        return None;
    }
    let guessed = || stack.demands.iter().filter(|demand| demand.basis == Basis::Unknown);
    let mut names: Vec<String> = guessed().map(|demand| format!("`{}`", demand.name)).collect();
    let (limit, are, own, them) = match names.len() {
        0 => return None,
        1 => ("limit", "is a guess", "its swap stays", "it"),
        _ => ("limits", "are guesses", "their swap stays", "them"),
    };
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    names.extend((more > 0).then(|| format!("{more} more")));
    // A Windows container has none.
    let swap = match guessed().any(|demand| !demand.windows) {
        true => format!(": {own} as Docker has it"),
        false => String::new(),
    };
    Some(format!(
        "the {limit} of {} {are}{swap}; `oomlint size` corrects {them} by samples of `docker stats`",
        listed(&names)
    ))
}

/// The most services that a line names.
const NAMED: usize = 12;

/// Lines about each service.
type Lines = BTreeMap<(PathBuf, String), Vec<String>>;

/// One service with what it is given.
struct Row<'r> {
    demand: &'r Demand,
    grant: &'r Grant,
    /// The settings afterwards. None if nothing was written.
    after: Option<Settings>,
    /// The changes other than the limit.
    settings: &'r [String],
    /// The reason why its plan is not written.
    refused: Option<&'r str>,
    /// Warnings and errors that are left.
    remaining: &'r [String],
}

impl<'r> Report<'r> {
    /// Creates a report of `stacks`.
    #[must_use]
    pub fn new(stacks: &'r [StackPlan], written: Option<&'r Written>, sources: &'r Sources) -> Self {
        Self { stacks, written, sources }
    }

    /// Returns what each stack's plans say in words.
    #[must_use]
    pub fn words(&self) -> Vec<Vec<Words>> {
        let of_stack = |stack: &StackPlan| {
            let words = |plan: &Plan| {
                let rows: Vec<Row<'_>> = self.rows(stack, plan).collect();
                Words {
                    rows: rows.iter().map(Row::cells).collect(),
                    sum: plan.room.arithmetic(plan.total),
                    kept: kept(plan),
                    verdict: verdict(stack, plan, &rows),
                    ways_to_fit: ways_to_fit(plan),
                }
            };
            stack.plans.iter().map(words).collect()
        };
        self.stacks.iter().map(of_stack).collect()
    }

    /// Returns the title of a stack: its Compose files.
    fn title(stack: &StackPlan) -> String {
        let files: Vec<String> = stack.paths.iter().map(|path| path_text(path)).collect();
        files.join(" + ")
    }

    fn place(&self, span: Span) -> (String, u32) {
        let place = FileLocation::new(self.sources, span);
        (place.path(), place.source.line_at(u32::try_from(place.start).unwrap_or(u32::MAX)).number)
    }

    /// Returns the services of a stack with what a plan gives them.
    fn rows<'s>(&'s self, stack: &'s StackPlan, plan: &'s Plan) -> impl Iterator<Item = Row<'s>> {
        let first = stack.paths.first();
        stack.demands.iter().zip(&plan.grants).map(move |(demand, grant)| {
            let key = first.map(|first| (first.clone(), demand.name.clone()));
            let (written, key) = self.written.zip(key).unzip();
            let key = key.as_ref();
            let texts = |of: fn(&Written) -> &Lines| written.zip(key).and_then(|(all, key)| of(all).get(key));
            Row {
                demand,
                grant,
                after: written
                    .zip(key)
                    .filter(|_| plan.missing.is_none())
                    .and_then(|(all, key)| all.after.get(key).copied()),
                settings: texts(|all| &all.settings).map_or(&[], Vec::as_slice),
                // What is left until a variable is set is what its reason says.
                remaining: texts(|all| &all.remaining)
                    .filter(|_| demand.to_set().is_none())
                    .map_or(&[], Vec::as_slice),
                refused: written.zip(key).and_then(|(all, key)| all.refused.get(key)).map(String::as_str),
            }
        })
    }

    /// Returns what the sums do not have, one line each.
    fn remarks(&self, stack: &StackPlan) -> Vec<String> {
        let mut remarks: Vec<String> = stack
            .gaps
            .iter()
            .take(10)
            .map(|(span, why)| {
                let (path, line) = self.place(*span);
                format!("not all is in the plan: {why} ({path}:{line})")
            })
            .collect();
        for demand in stack.demands.iter().filter(|demand| !demand.replicas_known) {
            remarks.push(format!("the number of containers of `{}` is not known: 1 is planned", demand.name));
        }
        remarks.extend(guesses(stack));
        // A table of several hosts has no reasons.
        for demand in stack.demands.iter().filter(|_| stack.plans.len() > 1) {
            let text =
                demand.to_set().map(|text| format!("to be set: `{text}`, the limit of `{}`", demand.name));
            remarks.extend(text);
        }
        remarks.extend(whole_host(self.stacks).map(str::to_owned));
        for (profile, count) in stack.inactive.iter().take(10) {
            remarks.push(format!(
                "not in the plan: {} of the profile `{profile}`; `--profile {profile}` adds them",
                plural(*count, "service")
            ));
        }
        remarks
    }
}

impl Row<'_> {
    /// Returns its name, limit, reservation and swap, and how sure the limit is, as a row of a table.
    fn cells(&self) -> [String; 5] {
        [
            self.demand.name.clone(),
            self.limit(),
            self.reservation().map_or_else(|| "none".to_owned(), |size| size.to_string()),
            self.swap(),
            self.sureness().to_owned(),
        ]
    }

    /// Returns its limit with the number of containers: `3 x 256 MiB`.
    fn limit(&self) -> String {
        times(self.demand.replicas, self.grant.limit)
    }

    /// Returns its reservation: that of the files once the plan is in them, else the planned one.
    fn reservation(&self) -> Option<ByteSize> {
        match self.after.filter(|after| after.limit == Some(self.grant.limit)) {
            Some(after) => after.reservation,
            None => self.grant.reservation,
        }
    }

    /// Describes its swap: `none`, or how much is on top of the limit. `-` if that is not known.
    fn swap(&self) -> String {
        let Some(Settings { limit: Some(limit), swap, .. }) = self.after else { return "-".to_owned() };
        match swap {
            None => format!("+{limit}"),
            Some(ByteSize(..0)) => "unlimited".to_owned(),
            Some(both) if both <= limit => "none".to_owned(),
            Some(both) => format!("+{}", ByteSize(both.0 - limit.0)),
        }
    }

    /// Returns the reason, and what it does not say: a limit that is lowered, or a limit in the files.
    fn reason(&self) -> String {
        let demand = self.demand;
        let lowered =
            demand.current.filter(|current| demand.basis == Basis::Current && self.grant.limit < *current);
        if let Some(text) = demand.to_set() {
            return format!("set `{text}` to {}; {}", self.grant.limit.to_compose(), demand.reason);
        }
        let squeezed = self.grant.limit < demand.usual && demand.basis >= Basis::Class;
        match lowered {
            Some(current) => format!("lowered from {current}, since the sum does not fit; {}", demand.reason),
            None if squeezed => format!("{}; {} where there is room", demand.reason, demand.usual),
            None => demand.reason.clone(),
        }
    }

    /// Returns how sure its limit is.
    fn sureness(&self) -> &'static str {
        match self.demand.basis {
            Basis::Current if self.demand.current.is_some_and(|current| self.grant.limit < current) => {
                "lowered"
            }
            basis => basis.sureness(),
        }
    }
}

/// Describes what the host keeps, and by which rule.
fn kept(plan: &Plan) -> String {
    match plan.room.reserve_given {
        true => format!("{}, as given", plan.room.reserve),
        false => format!("{RESERVE_RULE}, as on a node of Google's Kubernetes Engine"),
    }
}

/// Describes the changes that would make a plan fit, as a head of their list, and the changes to list. None if it fits.
fn ways_to_fit(plan: &Plan) -> Option<(String, Vec<String>)> {
    let (host, others) = plan.changes.split_last()?;
    let missing = plan.missing?;
    let texts = |changes: &[Change]| changes.iter().map(|of| format!("{} ({})", of.text, of.saves)).collect();
    if others.iter().all(|change| change.enough) {
        return Some(("what would make it fit, one of these".to_owned(), texts(&plan.changes)));
    }
    if plan.saved_together >= missing {
        return Some((
            "what would make it fit, these together, or the last".to_owned(),
            texts(&plan.changes),
        ));
    }
    let fits = ByteSize(plan.room.host.0.saturating_add(host.saves.0));
    if others.is_empty() {
        return Some((format!("no change saves enough; a host with {fits} fits"), Vec::new()));
    }
    let head = format!("all changes below save {} of the {missing} needed", plan.saved_together);
    Some((format!("{head}; a host with {fits} fits"), texts(others)))
}

/// Describes whether a plan fits, in a cell of a table.
fn outcome(plan: &Plan) -> String {
    plan.missing.map_or_else(|| "fits".to_owned(), |missing| format!("{missing} too much"))
}

/// Multiplies a limit with the number of containers: `3 x 256 MiB`.
fn times(replicas: i64, limit: ByteSize) -> String {
    if replicas == 1 { limit.to_string() } else { format!("{replicas} x {limit}") }
}

/// Lists texts: `a, b and c`.
fn listed(texts: &[String]) -> String {
    match texts {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        texts => texts.concat(),
    }
}

/// Describes whether a plan of a stack fits. `rows` are its services, if it is the only plan.
fn verdict(stack: &StackPlan, plan: &Plan, rows: &[Row<'_>]) -> String {
    let set = stack.demands.iter().filter_map(|demand| Some(format!("`{}`", demand.to_set()?)));
    let unwritten = rows.iter().filter(|row| row.refused.is_some());
    let limits = unwritten.map(|row| format!("the limit of `{}`", row.demand.name));
    let open: Vec<String> = set.chain(limits).collect();
    let are = if open.len() == 1 { "is" } else { "are" };
    match plan.missing {
        None if !open.is_empty() => {
            format!(
                "fits {}, with {} to spare, once {} {are} set",
                plan.room.host,
                plan.spare(),
                listed(&open)
            )
        }
        None => format!("fits {}, with {} to spare", plan.room.host, plan.spare()),
        Some(missing) => format!(
            "does not fit {}: {missing} too much, even with the smallest limit for each service that is known to be enough",
            plan.room.host
        ),
    }
}
