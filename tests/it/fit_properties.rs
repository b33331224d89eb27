//! Plans of `oomlint fit` for generated stacks.

use std::path::Path;

use oomlint::capacity::Plan;
use oomlint::check::{self, Options};
use oomlint::discover::{Discovered, FileKind};
use oomlint::fix::plan::{Hosts, plan};
use oomlint::source::Sources;
use oomlint::syntax::size::ByteSize;
use proptest::prelude::*;

/// Returns the limits of a stack on a host, by service, and whether it fits.
fn limits(text: &str, host: i64) -> (Vec<i64>, bool) {
    let plan = planned_in_memory(text, host, &[]);
    (plan.grants.iter().map(|grant| grant.limit.0).collect(), plan.missing.is_none())
}

/// Returns the plan of a stack for a host with so many MiB.
fn planned_in_memory(text: &str, host: i64, profiles: &[String]) -> Plan {
    let sources = Sources::new();
    sources.add(Path::new("compose.yaml"), text);
    let mut discovered = Discovered::default();
    discovered.add("compose.yaml".into(), FileKind::Compose);
    let hosts = Hosts { sizes: vec![ByteSize(host << 20)], profiles: profiles.to_vec(), ..Hosts::default() };
    let options = Options::default();
    let projects = check::projects(&options, &sources, &discovered);
    let stacks = plan(&options, &sources, &projects, &hosts);
    stacks[0].plans[0].clone()
}

/// A service of a generated stack.
#[derive(Clone, Debug)]
struct Generated {
    kind: usize,
    /// Its limit in the files, if its kind has one, in MiB.
    limit: i64,
    /// Its heap or cache, in MiB.
    pool: i64,
    /// Its reservation, in MiB.
    reserved: Option<i64>,
    replicas: i64,
    of_profile: bool,
}

impl Generated {
    fn text(&self, at: usize) -> String {
        let Self { limit, pool, replicas, .. } = self;
        let (java, redis) =
            ("image: eclipse-temurin:21\n    command: java", "image: redis:8\n    command: redis-server");
        let mut text = match self.kind {
            0 => "image: acme/x".to_owned(),
            1 => format!("image: acme/x\n    mem_limit: {limit}m"),
            2 => format!("image: postgres:17\n    shm_size: 256m\n    mem_limit: {limit}m"),
            3 => format!("{java} -Xmx{pool}m -jar a.jar"),
            4 => format!("{java} -Xmx{pool}m -jar a.jar\n    mem_limit: {limit}m"),
            5 => format!("{redis} --maxmemory {pool}mb"),
            6 => format!(
                "{redis} --maxmemory {pool}mb\n    deploy: {{resources: {{limits: {{memory: {limit}m}}}}}}"
            ),
            7 => format!("{java} -Xmx{pool}m -jar a.jar\n    mem_limit: ${{L{at}:-{limit}m}}"),
            8 => format!("{java} -Xmx{pool}m -jar a.jar\n    pre_start: [{{command: [x]}}]"),
            _ => "image: elasticsearch:8.15.0".to_owned(),
        };
        text.push_str(&format!("\n    scale: {replicas}\n"));
        if let Some(reserved) = self.reserved {
            text.push_str(&format!("    mem_reservation: {reserved}m\n"));
        }
        if self.of_profile {
            text.push_str("    profiles: [p]\n");
        }
        format!("  s{at}:\n    {text}")
    }
}

/// A generated stack on a host.
#[derive(Clone, Debug)]
struct Hosted {
    services: Vec<Generated>,
    profiles: Vec<String>,
    /// The memory of the host, in MiB.
    host: i64,
}

impl Hosted {
    fn plan(&self) -> Plan {
        let each = self.services.iter().enumerate().map(|(at, service)| service.text(at));
        let text = format!("services:\n{}", each.collect::<String>());
        planned_in_memory(&text, self.host, &self.profiles)
    }

    /// Does what a line of the report says.
    fn change(&mut self, text: &str) {
        let words: Vec<&str> = text.split(' ').collect();
        let own = regex::Regex::new("`s([0-9]+)`")
            .unwrap()
            .captures(text)
            .map(|found| found[1].parse::<usize>().unwrap());
        match words.as_slice() {
            ["use", "a", "host", "with", size, "GiB"] => self.host = size.parse::<i64>().unwrap() << 10,
            ["leave", "out", "the", "profile", ..] => self.profiles.clear(),
            ["run", count, "instead", ..] => self.services[own.unwrap()].replicas = count.parse().unwrap(),
            ["lower", "the", what, ..] => {
                let to = regex::Regex::new(" to ([0-9.]+) (MiB|GiB)").unwrap().captures(text).unwrap();
                let unit = if &to[2] == "GiB" { 1024.0 } else { 1.0 };
                let size = (to[1].parse::<f64>().unwrap() * unit).floor() as i64;
                let service = &mut self.services[own.unwrap()];
                *(if *what == "limit" { &mut service.limit } else { &mut service.pool }) = size;
            }
            _ => panic!("{text}"),
        }
    }
}

fn hosted() -> impl Strategy<Value = Hosted> {
    let reserved = proptest::option::weighted(0.2, 16_i64..2000);
    let one =
        (0_usize..10, 32_i64..24_000, 64_i64..12_000, reserved, 1_i64..5, proptest::bool::weighted(0.2))
            .prop_map(|(kind, limit, pool, reserved, replicas, of_profile)| Generated {
                kind,
                limit,
                pool,
                reserved,
                replicas,
                of_profile,
            });
    (proptest::collection::vec(one, 1..6), 256_i64..20_000).prop_map(|(mut services, host)| {
        // Something is left without the profile.
        services[0].of_profile = false;
        Hosted { services, profiles: vec!["p".to_owned()], host }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// More memory gives no service less, whatever limit is in the files.
    #[test]
    fn more_memory_gives_no_service_less(
        kinds in proptest::collection::vec(0_usize..7, 1..6), current in 32_u32..3000, host in 256_i64..20_000, more in 1_i64..9000,
    ) {
        let services = kinds.iter().enumerate().map(|(at, kind)| {
            let body = match kind {
                0 => "image: postgres:17".to_owned(),
                1 => "image: acme/x".to_owned(),
                2 => format!("image: acme/x\n    mem_limit: {current}m"),
                3 => format!("image: eclipse-temurin:21\n    command: java -Xmx{current}m -jar a.jar"),
                4 => format!("image: eclipse-temurin:21\n    command: java -Xmx512m -jar a.jar\n    mem_limit: {current}m"),
                5 => format!("image: redis:8\n    command: redis-server --maxmemory {current}mb\n    scale: 2"),
                _ => format!("image: mysql:8\n    mem_limit: {current}m\n    mem_reservation: 16m"),
            };
            format!("  s{at}:\n    {body}\n")
        });
        let text = format!("services:\n{}", services.collect::<String>());
        let ((small, fits_small), (large, fits_large)) = (limits(&text, host), limits(&text, host + more));
        prop_assert!(!fits_small || fits_large, "{}", text);
        for (small, large) in small.iter().zip(&large) {
            prop_assert!(small <= large, "{}", text);
        }
    }

    /// What would make a stack fit is enough: planned again after the change, it fits.
    #[test]
    fn what_would_make_it_fit_is_enough(stack in hosted()) {
        let plan = stack.plan();
        let Some(missing) = plan.missing else { return Ok(()) };
        let (host, others) = plan.changes.split_last().unwrap();
        for change in others.iter().filter(|change| change.enough).chain([host]) {
            let mut changed = stack.clone();
            changed.change(&change.text);
            let left = changed.plan().missing;
            prop_assert!(left.is_none(), "{}: {left:?} of {missing} are missing still", change.text);
        }
        if plan.saved_together >= missing && others.iter().all(|change| !change.enough) {
            let mut changed = stack.clone();
            others.iter().for_each(|change| changed.change(&change.text));
            let left = changed.plan().missing;
            prop_assert!(left.is_none(), "{others:?}: {left:?} of {missing} are missing still");
        }
    }
}
