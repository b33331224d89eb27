//! The names of settings: the keys of a Compose file, and the flags that mean the same.

/// A setting of a container by its names: the keys of a Compose file, and the flags of the commands that start a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettingName {
    /// The key of a service.
    pub key: &'static str,
    /// The dotted path of its key below `deploy`, if it has one.
    pub deploy: Option<&'static str>,
    /// The flag of `docker run`.
    pub run: &'static str,
    /// The flag of `docker service create`, if there is one.
    pub service_create: Option<&'static str>,
    /// `docker update` changes it in a container that runs, with the flag of `docker run` (docker/cli
    /// `docs/reference/commandline/container_update.md`).
    pub updates: bool,
}

impl SettingName {
    /// The memory limit.
    pub const LIMIT: Self = Self {
        deploy: Some("deploy.resources.limits.memory"),
        updates: true,
        ..Self::of("mem_limit", "--memory", Some("--limit-memory"))
    };
    /// The memory that is reserved.
    pub const RESERVATION: Self = Self {
        deploy: Some("deploy.resources.reservations.memory"),
        updates: true,
        ..Self::of("mem_reservation", "--memory-reservation", Some("--reserve-memory"))
    };
    /// The limit of memory and swap together.
    pub const SWAP_LIMIT: Self =
        Self { updates: true, ..Self::of("memswap_limit", "--memory-swap", Some("--memory-swap")) };
    /// How readily the kernel swaps.
    pub const SWAPPINESS: Self =
        Self::of("mem_swappiness", "--memory-swappiness", Some("--memory-swappiness"));
    /// Without the OOM killer.
    pub const OOM_KILL_DISABLE: Self = Self::of("oom_kill_disable", "--oom-kill-disable", None);
    /// The preference of the OOM killer.
    pub const OOM_SCORE_ADJ: Self = Self::of("oom_score_adj", "--oom-score-adj", Some("--oom-score-adj"));
    /// The size of /dev/shm.
    pub const SHM_SIZE: Self = Self::of("shm_size", "--shm-size", None);
    /// The limit of processes and threads.
    pub const PIDS_LIMIT: Self = Self {
        deploy: Some("deploy.resources.limits.pids"),
        updates: true,
        ..Self::of("pids_limit", "--pids-limit", Some("--limit-pids"))
    };
    /// The limit of CPUs.
    pub const CPUS: Self = Self {
        deploy: Some("deploy.resources.limits.cpus"),
        updates: true,
        ..Self::of("cpus", "--cpus", Some("--limit-cpu"))
    };
    /// The restart policy.
    pub const RESTART: Self =
        Self { updates: true, ..Self::of("restart", "--restart", Some("--restart-condition")) };
    /// An init process as PID 1.
    pub const INIT: Self = Self::of("init", "--init", Some("--init"));
    /// The time between the stop signal and SIGKILL.
    pub const STOP_GRACE_PERIOD: Self =
        Self::of("stop_grace_period", "--stop-timeout", Some("--stop-grace-period"));
    /// The log driver, with its options.
    pub const LOGGING: Self = Self::of("logging", "--log-driver", Some("--log-driver"));
    /// The command of a healthcheck. Its key is one of `healthcheck`.
    pub const HEALTH_TEST: Self = Self::of("test", "--health-cmd", Some("--health-cmd"));

    /// All of them.
    const ALL: [Self; 14] = [
        Self::LIMIT,
        Self::RESERVATION,
        Self::SWAP_LIMIT,
        Self::SWAPPINESS,
        Self::OOM_KILL_DISABLE,
        Self::OOM_SCORE_ADJ,
        Self::SHM_SIZE,
        Self::PIDS_LIMIT,
        Self::CPUS,
        Self::RESTART,
        Self::INIT,
        Self::STOP_GRACE_PERIOD,
        Self::LOGGING,
        Self::HEALTH_TEST,
    ];

    /// A setting that has no key below `deploy`, and that `docker update` does not change.
    const fn of(key: &'static str, run: &'static str, service_create: Option<&'static str>) -> Self {
        Self { key, deploy: None, run, service_create, updates: false }
    }

    /// Returns the setting of a key, given by its dotted path.
    #[must_use]
    pub fn of_key(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.key == path || setting.deploy == Some(path))
    }

    /// Returns its flag of `docker run`, or in Swarm that of `docker service create`. None where there is no such flag.
    #[must_use]
    pub fn flag(self, in_swarm: bool) -> Option<&'static str> {
        if in_swarm { self.service_create } else { Some(self.run) }
    }

    /// Returns the name of this flag, without dashes.
    pub(super) fn flag_name(self, in_swarm: bool) -> Option<&'static str> {
        self.flag(in_swarm)?.strip_prefix("--")
    }

    /// Returns the dotted path of the key that this flag sets: in Swarm that below `deploy`, if it has one.
    pub(super) fn path(self, in_swarm: bool) -> &'static str {
        self.deploy.filter(|_| in_swarm).unwrap_or(self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::command_line::{Program, Verb, rows};

    #[test]
    fn the_clients_have_its_flags_and_no_others() {
        let has = |verb, flag: &str| rows(Program::Docker, verb).any(|row| row.name == flag);
        for setting in SettingName::ALL {
            let run = setting.flag_name(false).unwrap();
            assert!(has(Verb::Run, run), "{run}");
            match setting.flag_name(true) {
                Some(flag) => assert!(has(Verb::ServiceCreate, flag), "{flag}"),
                None => assert!(!has(Verb::ServiceCreate, run), "{run}"),
            }
        }
    }

    #[test]
    fn every_setting_is_found_by_its_keys_alone() {
        for setting in SettingName::ALL {
            assert_eq!(SettingName::of_key(setting.key), Some(setting));
            assert_eq!(SettingName::of_key(setting.path(true)), Some(setting));
            assert_eq!(SettingName::of_key(setting.run), None);
        }
    }
}
