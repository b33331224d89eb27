//! Settings of the rules that are in no Compose file or Dockerfile.

use crate::syntax::size::ByteSize;
use crate::workload::{COMPOSE, Release};

/// Settings of the rules: the host, the orchestrator and the thresholds.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Memory of the host, in bytes.
    pub host_memory: Option<ByteSize>,
    /// The memory that the host keeps for itself, in bytes; `None` for the usual part.
    pub reserve: Option<ByteSize>,
    /// The Compose profiles that are started, in addition to services without one; `*` for all.
    pub profiles: Vec<String>,
    /// The factor by which the sum of limits may exceed the host's memory.
    pub overcommit: f64,
    /// The deployment target.
    pub target: Target,
    /// The thresholds from which estimates become findings.
    pub thresholds: Thresholds,
}

/// Who runs the files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// `docker compose up`.
    #[default]
    Compose,
    /// `docker stack deploy`.
    Swarm,
}

/// Thresholds from which estimates become findings. Percentages are of the container's limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Thresholds {
    /// The largest share that a Java heap may take, in percent.
    pub java_heap_percent: f64,
    /// The least memory to leave outside a Java heap, in bytes.
    pub java_rest: ByteSize,
    /// The largest share that a Node heap may take, in percent.
    pub node_heap_percent: f64,
    /// The largest share that `GOMEMLIMIT` may take, in percent.
    pub go_limit_percent: f64,
    /// The largest share that another heap may take, in percent.
    pub heap_percent: f64,
    /// The largest share that a server's cache may take, in percent.
    pub cache_percent: f64,
    /// The Docker Compose that runs the files.
    pub compose_version: Release,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            host_memory: None,
            reserve: None,
            profiles: Vec::new(),
            overcommit: 1.0,
            target: Target::default(),
            thresholds: Thresholds::default(),
        }
    }
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            java_heap_percent: 80.0,
            java_rest: ByteSize(128 << 20),
            node_heap_percent: 85.0,
            go_limit_percent: 95.0,
            heap_percent: 85.0,
            cache_percent: 80.0,
            compose_version: COMPOSE,
        }
    }
}
