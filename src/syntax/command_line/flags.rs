//! The flags of `docker run`, `docker create`, `docker service create` and `podman run`, and what each takes.
//!
//! Sources: docker/cli at 28f756087eea (2026-08-20), `cli/command/container/opts.go`, `run.go` and `create.go`,
//! `cli/command/service/opts.go` and `create.go`, `cli/flags/options.go`; containers/podman at c6580b4a5219 (2026-05-19),
//! `cmd/podman/common/create.go` and `netflags.go`, `cmd/podman/containers/run.go`, `cmd/podman/utils/alias.go`,
//! `cmd/podman/root.go`.

use super::{Program, Verb};

/// A flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The long name, without dashes.
    pub name: &'static str,
    /// The short name, if it has one.
    pub short: Option<char>,
    /// The kind of its value.
    pub takes: Takes,
}

/// The kind of value of a flag: the client rejects others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing, or `=true` and the like: the next word is not its value.
    Nothing,
    /// Any text.
    Text,
    /// A size: `512m`.
    Size,
    /// A size, or `-1` for unlimited.
    Swap,
    /// A whole number.
    Integer,
    /// A whole number that is not negative.
    Count,
    /// A number of processors.
    Cpus,
    /// A duration: `30s`.
    Duration,
    /// A limit of the processes: `nofile=1024:2048`.
    Ulimit,
    /// A kernel parameter: `net.core.somaxconn=1024`.
    Sysctl,
}

const fn long(name: &'static str, takes: Takes) -> Row {
    Row { name, short: None, takes }
}

const fn both(name: &'static str, short: char, takes: Takes) -> Row {
    Row { name, short: Some(short), takes }
}

use Takes::{Count, Cpus, Duration, Integer, Nothing, Size, Swap, Sysctl, Text, Ulimit};

/// Flags of `run`, `create` and `service create`.
const SHARED: &[Row] = &[
    long("cap-add", Text),
    long("cap-drop", Text),
    long("dns", Text),
    long("dns-option", Text),
    long("dns-search", Text),
    long("entrypoint", Text),
    both("env", 'e', Text),
    long("env-file", Text),
    long("health-cmd", Text),
    long("health-interval", Duration),
    long("health-retries", Integer),
    long("health-start-period", Duration),
    long("health-timeout", Duration),
    long("help", Nothing),
    long("init", Nothing),
    both("label", 'l', Text),
    long("log-driver", Text),
    long("log-opt", Text),
    long("memory-swap", Swap),
    long("memory-swappiness", Integer),
    long("mount", Text),
    long("name", Text),
    long("network", Text),
    long("no-healthcheck", Nothing),
    long("oom-score-adj", Integer),
    both("publish", 'p', Text),
    both("quiet", 'q', Nothing),
    long("read-only", Nothing),
    long("stop-signal", Text),
    both("tty", 't', Nothing),
    long("ulimit", Ulimit),
    both("user", 'u', Text),
    both("workdir", 'w', Text),
];

/// Further flags of `run` and `create`, of Docker and of Podman.
const CONTAINER: &[Row] = &[
    long("add-host", Text),
    long("annotation", Text),
    both("attach", 'a', Text),
    long("blkio-weight", Count),
    long("blkio-weight-device", Text),
    long("cgroup-parent", Text),
    long("cgroupns", Text),
    long("cidfile", Text),
    long("cpu-period", Integer),
    long("cpu-quota", Integer),
    long("cpu-rt-period", Integer),
    long("cpu-rt-runtime", Integer),
    both("cpu-shares", 'c', Integer),
    long("cpus", Cpus),
    long("cpuset-cpus", Text),
    long("cpuset-mems", Text),
    long("device", Text),
    long("device-cgroup-rule", Text),
    long("device-read-bps", Text),
    long("device-read-iops", Text),
    long("device-write-bps", Text),
    long("device-write-iops", Text),
    long("disable-content-trust", Nothing),
    long("dns-opt", Text),
    long("expose", Text),
    long("gpus", Text),
    long("group-add", Text),
    both("hostname", 'h', Text),
    both("interactive", 'i', Nothing),
    long("ip", Text),
    long("ip6", Text),
    long("ipc", Text),
    long("kernel-memory", Text),
    long("label-file", Text),
    long("mac-address", Text),
    both("memory", 'm', Size),
    long("memory-reservation", Size),
    long("net", Text),
    long("network-alias", Text),
    long("oom-kill-disable", Nothing),
    long("pid", Text),
    long("pids-limit", Integer),
    long("platform", Text),
    long("privileged", Nothing),
    both("publish-all", 'P', Nothing),
    long("pull", Text),
    long("restart", Text),
    long("rm", Nothing),
    long("runtime", Text),
    long("security-opt", Text),
    long("shm-size", Size),
    long("stop-timeout", Integer),
    long("sysctl", Sysctl),
    long("tmpfs", Text),
    long("userns", Text),
    long("uts", Text),
    both("volume", 'v', Text),
    long("volumes-from", Text),
];

/// Flags of `run` that `create` lacks.
const RUN: &[Row] = &[both("detach", 'd', Nothing), long("detach-keys", Text), long("sig-proxy", Nothing)];

/// Flags of `docker run` and `create` that Podman lacks.
const DOCKER: &[Row] = &[
    long("cpu-count", Integer),
    long("cpu-percent", Integer),
    long("domainname", Text),
    long("health-start-interval", Duration),
    long("io-maxbandwidth", Text),
    long("io-maxiops", Count),
    long("isolation", Text),
    long("link", Text),
    long("link-local-ip", Text),
    long("net-alias", Text),
    long("storage-opt", Text),
    long("use-api-socket", Nothing),
    long("volume-driver", Text),
];

/// Flags of `podman run` and `create` that Docker lacks.
const PODMAN: &[Row] = &[
    long("arch", Text),
    long("authfile", Text),
    long("cert-dir", Text),
    long("cgroup-conf", Text),
    long("cgroups", Text),
    long("chrootdirs", Text),
    long("conmon-pidfile", Text),
    long("creds", Text),
    long("decryption-key", Text),
    long("env-host", Nothing),
    long("env-merge", Text),
    long("gidmap", Text),
    long("group-entry", Text),
    long("health-log-destination", Text),
    long("health-max-log-count", Count),
    long("health-max-log-size", Count),
    long("health-on-failure", Text),
    long("health-startup-cmd", Text),
    long("health-startup-interval", Text),
    long("health-startup-retries", Count),
    long("health-startup-success", Count),
    long("health-startup-timeout", Text),
    long("healthcheck-command", Text),
    long("healthcheck-interval", Text),
    long("healthcheck-retries", Count),
    long("healthcheck-start-period", Text),
    long("healthcheck-timeout", Text),
    long("hosts-file", Text),
    long("hostuser", Text),
    long("http-proxy", Nothing),
    long("image-volume", Text),
    long("init-path", Text),
    long("no-hostname", Nothing),
    long("no-hosts", Nothing),
    long("os", Text),
    long("override-arch", Text),
    long("override-os", Text),
    long("override-variant", Text),
    long("passwd", Nothing),
    long("passwd-entry", Text),
    long("personality", Text),
    long("pidfile", Text),
    long("pod", Text),
    long("pod-id-file", Text),
    long("preserve-fd", Text),
    long("preserve-fds", Count),
    long("rdt-class", Text),
    long("read-only-tmpfs", Nothing),
    long("replace", Nothing),
    long("requires", Text),
    long("retry", Count),
    long("retry-delay", Text),
    long("rmi", Nothing),
    long("rootfs", Nothing),
    long("sdnotify", Text),
    long("seccomp-policy", Text),
    long("secret", Text),
    long("shm-size-systemd", Text),
    long("signature-policy", Text),
    long("subgidname", Text),
    long("subuidname", Text),
    long("systemd", Text),
    long("timeout", Count),
    long("tls-verify", Nothing),
    long("tz", Text),
    long("uidmap", Text),
    long("umask", Text),
    long("unsetenv", Text),
    long("unsetenv-all", Nothing),
    long("variant", Text),
];

/// Flags of `docker service create` alone.
const SERVICE: &[Row] = &[
    long("config", Text),
    long("constraint", Text),
    long("container-label", Text),
    long("credential-spec", Text),
    both("detach", 'd', Nothing),
    long("endpoint-mode", Text),
    long("generic-resource", Text),
    long("group", Text),
    long("health-start-interval", Duration),
    long("host", Text),
    long("hostname", Text),
    long("isolation", Text),
    long("limit-cpu", Cpus),
    long("limit-memory", Size),
    long("limit-pids", Integer),
    long("max-concurrent", Count),
    long("mode", Text),
    long("no-resolve-image", Nothing),
    long("placement-pref", Text),
    long("replicas", Count),
    long("replicas-max-per-node", Count),
    long("reserve-cpu", Cpus),
    long("reserve-memory", Size),
    long("restart-condition", Text),
    long("restart-delay", Duration),
    long("restart-max-attempts", Count),
    long("restart-window", Duration),
    long("rollback-delay", Duration),
    long("rollback-failure-action", Text),
    long("rollback-max-failure-ratio", Text),
    long("rollback-monitor", Duration),
    long("rollback-order", Text),
    long("rollback-parallelism", Count),
    long("secret", Text),
    long("stop-grace-period", Duration),
    long("sysctl", Text),
    long("update-delay", Duration),
    long("update-failure-action", Text),
    long("update-max-failure-ratio", Text),
    long("update-monitor", Duration),
    long("update-order", Text),
    long("update-parallelism", Count),
    long("with-registry-auth", Nothing),
];

/// Returns the tables that a command has its flags from.
fn tables(program: Program, verb: Verb) -> [&'static [Row]; 4] {
    let run = if verb == Verb::Run { RUN } else { &[] };
    match (program, verb) {
        (_, Verb::ServiceCreate) => [SHARED, SERVICE, &[], &[]],
        (Program::Podman, _) => [SHARED, CONTAINER, PODMAN, run],
        (Program::Docker | Program::Nerdctl, _) => [SHARED, CONTAINER, DOCKER, run],
    }
}

/// Returns the flags of a command.
pub fn rows(program: Program, verb: Verb) -> impl Iterator<Item = &'static Row> {
    tables(program, verb).into_iter().flatten()
}

/// Returns the flag with this long name.
pub(super) fn by_name(program: Program, verb: Verb, name: &str) -> Option<&'static Row> {
    rows(program, verb).find(|row| row.name == name)
}

/// Returns the flag with this short name.
pub(super) fn by_letter(program: Program, verb: Verb, letter: char) -> Option<&'static Row> {
    rows(program, verb).find(|row| row.short == Some(letter))
}

/// True for an option before the subcommand that takes the next word as its value: `docker --context x run`.
pub(super) fn is_global_with_value(program: Program, option: &str) -> bool {
    match program {
        Program::Docker => matches!(
            option,
            "--config"
                | "-c"
                | "--context"
                | "-H"
                | "--host"
                | "-l"
                | "--log-level"
                | "--tlscacert"
                | "--tlscert"
                | "--tlskey"
        ),
        Program::Podman => matches!(
            option,
            "--ssh"
                | "-c"
                | "--connection"
                | "--url"
                | "-H"
                | "--host"
                | "--config"
                | "--context"
                | "--identity"
                | "--tls-cert"
                | "--tls-key"
                | "--tls-ca"
                | "--tls-details"
                | "--out"
                | "--module"
                | "--cgroup-manager"
                | "--cpu-profile"
                | "--memory-profile"
                | "--conmon"
                | "--network-config-dir"
                | "--default-mounts-file"
                | "--events-backend"
                | "--hooks-dir"
                | "--cdi-spec-dir"
                | "--max-workers"
                | "--namespace"
                | "--network-backend"
                | "--root"
                | "--registries-conf"
                | "--runroot"
                | "--runtime"
                | "--runtime-flag"
                | "--storage-driver"
                | "--storage-opt"
                | "--tmpdir"
                | "--volumepath"
                | "--log-level"
                | "--imagestore"
                | "--network-cmd-path"
        ),
        Program::Nerdctl => matches!(
            option,
            "-n" | "--namespace"
                | "-a"
                | "--address"
                | "-H"
                | "--host"
                | "--snapshotter"
                | "--storage-driver"
                | "--cni-path"
                | "--cni-netconfpath"
                | "--data-root"
                | "--cgroup-manager"
                | "--hosts-dir"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_command_has_a_flag_twice() {
        for (program, verb) in [
            (Program::Docker, Verb::Run),
            (Program::Docker, Verb::ServiceCreate),
            (Program::Podman, Verb::Run),
        ] {
            let all: Vec<&Row> = rows(program, verb).collect();
            for (at, row) in all.iter().enumerate() {
                let rest = all.get(at + 1..).unwrap_or_default();
                assert!(!rest.iter().any(|other| other.name == row.name), "{}", row.name);
                let twice = rest.iter().any(|other| row.short.is_some() && other.short == row.short);
                assert!(!twice, "{:?}", row.short);
            }
        }
    }
}
