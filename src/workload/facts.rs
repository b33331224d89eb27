//! The facts of a workload as one table, for reports and for the verification of fixes.

use serde_json::{Map, Value, json};

use super::{Bound, Fact, FactName, Healthcheck, MemoryPool, Start, Workload};
use crate::source::TracedText;
use crate::syntax::duration;
use crate::syntax::size::ByteSize;

/// Every fact of a workload, in the order of [`FactName::ALL`].
#[derive(Clone, Debug)]
pub struct FactTable {
    rows: Vec<(FactName, FactValue)>,
}

/// A fact, or a collection of facts.
#[derive(Clone, Debug)]
pub enum FactValue {
    /// A value that is always known.
    Value(Value),
    /// A value that may be unknown or absent.
    Fact {
        /// The value.
        fact: Fact<Value>,
        /// Further properties, by key.
        details: Vec<(&'static str, Value)>,
    },
    /// A list, in order.
    List(Vec<FactValue>),
    /// A map from names to facts.
    Map(Vec<(String, FactValue)>),
}

impl FactTable {
    /// Collects the facts of a workload.
    #[must_use]
    pub fn of(workload: &Workload) -> Self {
        Self { rows: FactName::ALL.map(|name| (name, value(workload, name))).into() }
    }

    /// Returns all facts with their names.
    pub fn iter(&self) -> impl Iterator<Item = (FactName, &FactValue)> {
        self.rows.iter().map(|(name, value)| (*name, value))
    }

    /// Returns the names of the facts whose values differ from the other workload's. Spans are not compared.
    pub fn differences<'t>(&'t self, other: &'t Self) -> impl Iterator<Item = FactName> + 't {
        let pairs = self.rows.iter().zip(&other.rows);
        pairs.filter(|((_, own), (_, other))| !own.is_same(other)).map(|((name, _), _)| *name)
    }
}

impl FactValue {
    /// True if the values are equal, wherever they are written and whatever brought them there.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(own), Self::Value(other)) => own == other,
            (Self::Fact { fact, details }, Self::Fact { fact: other, details: others }) => {
                details == others && is_same_fact(fact, other)
            }
            (Self::List(own), Self::List(others)) => {
                own.len() == others.len() && own.iter().zip(others).all(|(own, other)| own.is_same(other))
            }
            (Self::Map(own), Self::Map(others)) => {
                let find = |name: &String| others.iter().find(|(other, _)| other == name);
                own.len() == others.len()
                    && own.iter().all(|(name, own)| find(name).is_some_and(|(_, other)| own.is_same(other)))
            }
            _ => false,
        }
    }
}

fn is_same_fact(own: &Fact<Value>, other: &Fact<Value>) -> bool {
    match (own, other) {
        (Fact::Known(own), Fact::Known(other)) => {
            own.value == other.value && own.default_for == other.default_for
        }
        (Fact::Unknown { why, .. }, Fact::Unknown { why: other, .. }) => why == other,
        (Fact::Absent { .. }, Fact::Absent { .. }) => true,
        _ => false,
    }
}

fn value(workload: &Workload, name: FactName) -> FactValue {
    let memory = &workload.memory;
    let bytes = |fact: &Fact<ByteSize>| one(fact, |size| json!(size.0));
    let number = |fact: &Fact<i64>| one(fact, |number| json!(number));
    match name {
        FactName::MemoryLimit => bytes(&memory.limit),
        FactName::MemoryReservation => bytes(&memory.reservation),
        FactName::SwapLimit => bytes(&workload.service.memswap_limit),
        FactName::MemSwappiness => number(&workload.service.swappiness),
        FactName::OomKillDisable => one(&workload.service.oom_kill_disable, |disabled| json!(disabled)),
        FactName::ShmSize => bytes(&workload.service.shm_size),
        FactName::Tmpfs => FactValue::List(
            workload
                .service
                .tmpfs
                .iter()
                .map(|mount| {
                    let target = FactValue::Value(json!(mount.target.as_str()));
                    FactValue::Map(vec![
                        ("target".to_owned(), target),
                        ("size".to_owned(), bytes(&mount.size)),
                    ])
                })
                .collect(),
        ),
        FactName::PidsLimit => number(&workload.resources.pids_limit),
        FactName::Cpus => one(&workload.resources.cpus, |cpus| json!(cpus)),
        FactName::Replicas => number(&workload.resources.replicas),
        FactName::Restart => one(&workload.process.restart, |restart| json!(restart)),
        FactName::Init => one(&workload.service.init, |init| json!(init)),
        FactName::StopGracePeriod => {
            one(&workload.service.stop_grace_period, |period| json!(duration::display(*period)))
        }
        FactName::BaseImage => one(&workload.image.base, |base| json!(base.as_str())),
        FactName::Healthcheck => one(&workload.health.check, healthcheck),
        FactName::Start => one(&workload.process.start, start),
        FactName::Env => FactValue::Map(
            workload
                .env
                .iter()
                .map(|(name, variable)| {
                    let fact = variable.value.clone().map(|text| json!(text.as_str()));
                    let details = vec![("origin", json!(variable.origin))];
                    (name.clone(), FactValue::Fact { fact, details })
                })
                .collect(),
        ),
        FactName::Heaps => FactValue::List(workload.pools.heaps.iter().map(heap).collect()),
        FactName::Caches => FactValue::List(workload.pools.caches.iter().map(heap).collect()),
        FactName::Logging => one(
            &workload.service.logging,
            |logging| json!({ "driver": logging.driver, "options": logging.options.iter().map(|(name, value)| (name.clone(), json!(value))).collect::<Map<_, _>>() }),
        ),
        FactName::DependsOn => FactValue::Map(
            workload
                .service
                .depends_on
                .iter()
                .map(|dependency| {
                    (dependency.service.value.clone(), FactValue::Value(json!(dependency.condition)))
                })
                .collect(),
        ),
        FactName::Ulimits => FactValue::Map(
            workload
                .service
                .ulimits
                .iter()
                .map(|(name, limit)| {
                    let (soft, hard) = limit.value;
                    (name.clone(), FactValue::Value(json!({ "soft": soft, "hard": hard })))
                })
                .collect(),
        ),
    }
}

fn one<T>(fact: &Fact<T>, value: impl FnOnce(&T) -> Value) -> FactValue {
    let fact = match fact {
        Fact::Known(known) => Fact::Known(crate::source::Spanned {
            value: value(&known.value),
            span: known.span,
            via: known.via.clone(),
            default_for: known.default_for.clone(),
        }),
        Fact::Unknown { at, why } => Fact::Unknown { at: *at, why: why.clone() },
        Fact::Absent { anchor } => Fact::Absent { anchor: *anchor },
    };
    FactValue::Fact { fact, details: Vec::new() }
}

fn heap(heap: &MemoryPool) -> FactValue {
    let mut details = vec![("runtime", json!(heap.runtime.name()))];
    if let Some(setting) = heap.bound.value() {
        details.push(("setting", json!(setting.carrier)));
        details.push(match setting.bound {
            Bound::Bytes(size) => ("bytes", json!(size.0)),
            Bound::Percent(percent) => ("percent", json!(percent)),
        });
    }
    match one(&heap.bound, |setting| json!(setting.flag.as_str())) {
        FactValue::Fact { fact, .. } => FactValue::Fact { fact, details },
        other => other,
    }
}

fn start(start: &Start) -> Value {
    let words =
        |words: &[TracedText]| words.iter().map(TracedText::as_str).map(str::to_owned).collect::<Vec<_>>();
    json!({ "entrypoint": words(&start.entrypoint), "command": words(&start.command), "shell": start.shell })
}

fn healthcheck(check: &Healthcheck) -> Value {
    match check {
        Healthcheck::Disabled => json!("disabled"),
        Healthcheck::OfImage => json!("of the image"),
        Healthcheck::Probe { test, interval, timeout, start_period, start_interval, retries } => {
            let mut object = Map::new();
            if let Some(test) = test {
                object.insert("test".to_owned(), test.iter().map(TracedText::as_str).collect());
            }
            let durations = [
                ("interval", interval),
                ("timeout", timeout),
                ("start_period", start_period),
                ("start_interval", start_interval),
            ];
            for (name, value) in durations {
                if let Some(nanoseconds) = value.value() {
                    object.insert(name.to_owned(), json!(duration::display(*nanoseconds)));
                }
            }
            if let Some(retries) = retries.value() {
                object.insert("retries".to_owned(), json!(retries));
            }
            Value::Object(object)
        }
    }
}
