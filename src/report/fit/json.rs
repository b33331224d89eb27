//! The plan for programs: every size in bytes.

use std::io::{self, Write};

#[cfg(feature = "schema")]
use schemars::generate::SchemaSettings;
use serde::Serialize;

use super::super::escape;
use super::{Report, Row, path_text};
use crate::capacity::{Basis, Plan};
use crate::fix::plan::StackPlan;
use crate::syntax::size::ByteSize;

/// Version of the format.
const VERSION: u32 = 1;

/// The plans of `oomlint fit --format json`. Sizes are in bytes.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Document {
    /// The version of this format: it changes when a field goes or changes its meaning, not when one comes.
    #[cfg_attr(feature = "schema", schemars(extend("const" = VERSION)))]
    version: u32,
    /// The stacks, in order of their files.
    stacks: Vec<Stack>,
}

/// The plans of one set of Compose files.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Stack {
    /// Its Compose files, in the order in which they are merged.
    files: Vec<String>,
    /// A plan for each size of a host.
    plans: Vec<PlanOut>,
    /// The data that the plan lacks, or assumes.
    remarks: Vec<String>,
}

/// The plan for one host.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Plan"))]
struct PlanOut {
    /// The memory of the host.
    host: i64,
    /// The part that the host keeps for itself.
    reserve: i64,
    /// True if it fits.
    fits: bool,
    /// The sum of the limits of all containers.
    sum: i64,
    /// The memory that is missing if it does not fit.
    missing: Option<i64>,
    /// The services that start, in the order of the files.
    services: Vec<Service>,
    /// Changes with which the stack would fit, the smallest first.
    changes: Vec<ChangeOut>,
    /// The memory that all changes but a larger host save together: less than `missing` if they are not enough.
    saved_together: i64,
}

/// The limit, reservation and swap limit that a plan has for each container of a service.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Service {
    /// The name of the service.
    name: String,
    /// The file of the service, as it was found.
    file: Option<String>,
    /// The line of its key.
    line: Option<u32>,
    /// The number of its containers.
    replicas: i64,
    /// The limit of each container.
    limit: i64,
    /// The reservation of each container. None for a job.
    reservation: Option<i64>,
    /// The swap on top of the limit: 0 for none, -1 for no bound. None if it is not decided here.
    swap: Option<i64>,
    /// The limit in the files.
    current: Option<i64>,
    basis: Basis,
    /// How sure the limit is.
    sure: &'static str,
    /// The reason for the limit.
    reason: String,
    /// Settings that go with the limit: heaps and caches.
    settings: Vec<String>,
    /// Why the plan of the service is not written into its files.
    refused: Option<String>,
    /// Warnings and errors about its limits and heaps that are left.
    remaining: Vec<String>,
    /// The steps of its `pre_start`.
    steps: Vec<StepOut>,
}

/// A step of a service's `pre_start`.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Step"))]
struct StepOut {
    /// Its name.
    name: String,
    /// Its limit.
    limit: i64,
}

/// A change that saves memory.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Change"))]
struct ChangeOut {
    /// The change in words.
    text: String,
    /// The memory that it saves, or that a larger host adds.
    saves: i64,
    /// True if it is enough on its own.
    enough: bool,
}

/// Returns the JSON Schema of the plans.
#[cfg(feature = "schema")]
#[must_use]
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<Document>();
    schema.insert("title".to_owned(), "oomlint fit, version 1".into());
    schema.to_value()
}

/// Writes the plans as one JSON object, for programs.
///
/// # Errors
/// When `out` cannot be written to.
pub fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let stacks = report.stacks.iter().map(|stack| Stack {
        files: stack.paths.iter().map(|path| path_text(path)).collect(),
        plans: stack.plans.iter().map(|plan| report.plan(stack, plan)).collect(),
        remarks: report.remarks(stack),
    });
    escape::json(out, &Document { version: VERSION, stacks: stacks.collect() })?;
    writeln!(out)
}

impl Report<'_> {
    fn plan(&self, stack: &StackPlan, plan: &Plan) -> PlanOut {
        let changes = plan.changes.iter();
        PlanOut {
            host: plan.room.host.0,
            reserve: plan.room.reserve.0,
            fits: plan.missing.is_none(),
            sum: plan.total.0,
            missing: plan.missing.map(|missing| missing.0),
            services: self.rows(stack, plan).map(|row| self.service(&row)).collect(),
            changes: changes
                .map(|change| ChangeOut {
                    text: change.text.clone(),
                    saves: change.saves.0,
                    enough: change.enough,
                })
                .collect(),
            saved_together: plan.saved_together.0,
        }
    }

    fn service(&self, row: &Row<'_>) -> Service {
        let place = row.demand.anchor.map(|anchor| self.place(anchor));
        let (file, line) = place.unzip();
        let swap = row.after.and_then(|after| {
            let limit = after.limit?;
            Some(match after.swap {
                None => limit.0,
                Some(ByteSize(..0)) => -1,
                Some(both) => (both.0 - limit.0).max(0),
            })
        });
        let steps = row.demand.steps.iter().zip(&row.grant.steps);
        Service {
            name: row.demand.name.clone(),
            file,
            line,
            replicas: row.demand.replicas,
            limit: row.grant.limit.0,
            reservation: row.reservation().map(|size| size.0),
            swap,
            current: row.demand.current.map(|current| current.0),
            basis: row.demand.basis,
            sure: row.sureness(),
            reason: row.reason(),
            settings: row.settings.to_vec(),
            refused: row.refused.map(str::to_owned),
            remaining: row.remaining.to_vec(),
            steps: steps.map(|(step, limit)| StepOut { name: step.name.clone(), limit: limit.0 }).collect(),
        }
    }
}
