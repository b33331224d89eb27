//! The names of settings: the keys of a Compose file, and the flags that stand for them.

/// A setting: the paths of its keys, its flag of `docker run`, and that of `docker service create`. A flag that is empty does not exist.
type Row = (&'static [&'static str], &'static str, &'static str);

const ROWS: &[Row] = &[
    (&["mem_limit", "deploy.resources.limits.memory"], "--memory", "--limit-memory"),
    (
        &["mem_reservation", "deploy.resources.reservations.memory"],
        "--memory-reservation",
        "--reserve-memory",
    ),
    (&["memswap_limit"], "--memory-swap", "--memory-swap"),
    (&["mem_swappiness"], "--memory-swappiness", "--memory-swappiness"),
    (&["oom_kill_disable"], "--oom-kill-disable", ""),
    (&["oom_score_adj"], "--oom-score-adj", "--oom-score-adj"),
    (&["shm_size"], "--shm-size", ""),
    (&["pids_limit", "deploy.resources.limits.pids"], "--pids-limit", "--limit-pids"),
    (&["cpus", "deploy.resources.limits.cpus"], "--cpus", "--limit-cpu"),
    (&["restart", "deploy.restart_policy"], "--restart", "--restart-condition"),
    (&["init"], "--init", "--init"),
    (&["stop_grace_period"], "--stop-timeout", "--stop-grace-period"),
    (&["environment"], "--env", "--env"),
    (&["env_file"], "--env-file", "--env-file"),
    (&["entrypoint"], "--entrypoint", "--entrypoint"),
    (&["tmpfs"], "--tmpfs", "--mount"),
    (&["volumes"], "--volume", "--mount"),
    (&["ulimits"], "--ulimit", "--ulimit"),
    (&["ports"], "--publish", "--publish"),
    (&["logging"], "--log-opt", "--log-opt"),
    (&["healthcheck", "test"], "--health-cmd", "--health-cmd"),
    (&["interval"], "--health-interval", "--health-interval"),
    (&["timeout"], "--health-timeout", "--health-timeout"),
    (&["start_period"], "--health-start-period", "--health-start-period"),
    (&["start_interval"], "--health-start-interval", "--health-start-interval"),
    (&["retries"], "--health-retries", "--health-retries"),
];

/// Returns the flag of a key, given by its dotted path: that of `docker run`, or in Swarm that of `docker service create`. None where
/// there is no such flag.
#[must_use]
pub fn flag_of(key: &str, in_swarm: bool) -> Option<&'static str> {
    let (_, run, create) = ROWS.iter().find(|(keys, ..)| keys.contains(&key))?;
    let flag = if in_swarm { create } else { run };
    (!flag.is_empty()).then_some(*flag)
}
