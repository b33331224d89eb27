//! The words for settings: keys of a Compose file, or flags for a container that a command line starts.
//!
//! Rules give a setting by its key. Messages name it as the workload's own text does: by the key, by the flag of `docker run`, or by
//! that of `docker service create`.

use crate::diagnostic::FixOp;
use crate::source::Span;
use crate::workload::{SettingName, Workload, shell_quoted};

/// The form in which the settings of a workload are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Form {
    /// Keys of a Compose file.
    #[default]
    Compose,
    /// Flags of `docker run` and the like.
    Run,
    /// Flags of `docker service create`.
    ServiceCreate,
}

impl Form {
    /// Returns the form for a workload.
    pub(super) fn of(workload: &Workload) -> Self {
        match workload.launch() {
            Some(launch) if launch.swarm => Self::ServiceCreate,
            Some(_) => Self::Run,
            None => Self::Compose,
        }
    }

    /// Returns the flag of a setting. None for a key of Compose, and where there is no such flag.
    fn flag(self, setting: SettingName) -> Option<&'static str> {
        match self {
            Self::Compose => None,
            Self::Run => setting.flag(false),
            Self::ServiceCreate => setting.flag(true),
        }
    }

    /// Returns the name of a setting: its flag, or its key where there is no such flag.
    pub(super) fn name(self, setting: SettingName) -> &'static str {
        self.flag(setting).unwrap_or(setting.key)
    }

    /// Returns the word for what has the settings.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Compose | Self::ServiceCreate => "service",
            Self::Run => "container",
        }
    }

    /// Returns a setting with its value: the flag, or the key in Compose's form.
    pub(super) fn setting(self, setting: SettingName, value: &str) -> String {
        self.written(setting.key, value)
    }

    /// Like [`Self::setting`], for one of a file that has the key of this dotted path.
    pub(super) fn written(self, key: &str, value: &str) -> String {
        self.flag_with(key, value).unwrap_or_else(|| format!("{key}: {value}"))
    }

    /// Returns the flag of a key, given by its dotted path, with a value. None for a key of Compose, and where there is no such flag.
    fn flag_with(self, key: &str, value: &str) -> Option<String> {
        let flag = self.flag(SettingName::of_key(key)?)?;
        let bare = value.trim_matches('"');
        Some(match (flag, bare) {
            ("--restart-condition", "always" | "unless-stopped") => format!("{flag} any"),
            ("--restart-condition", "no") => format!("{flag} none"),
            ("--init" | "--oom-kill-disable", "true") => flag.to_owned(),
            ("--init" | "--oom-kill-disable", _) => format!("{flag}={bare}"),
            // `docker run` takes seconds.
            ("--stop-timeout", _) => format!("{flag} {}", bare.strip_suffix('s').unwrap_or(bare)),
            _ => format!("{flag} {}", quoted(bare)),
        })
    }

    /// Returns the flags that a fix of a Compose file stands for, to paste. None if it is more than settings.
    pub(super) fn flags(
        self,
        ops: &[FixOp],
        workload_keys: &dyn Fn(Span) -> Option<&'static str>,
    ) -> Option<String> {
        let mut flags: Vec<String> = Vec::new();
        for op in ops {
            match op {
                FixOp::Set { path: ["ulimits", name], value, .. } => {
                    flags.push(format!("--ulimit {}", quoted(&format!("{name}={value}"))));
                }
                FixOp::Set { path, value, .. } | FixOp::Move { path, value, .. } => {
                    flags.push(self.flag_with(&path.join("."), value)?);
                }
                FixOp::SetNear { path, value, below, .. } => {
                    let key = below.iter().chain(*path).copied().collect::<Vec<_>>().join(".");
                    flags.push(self.flag_with(&key, value)?);
                }
                FixOp::Replace { value, text } => {
                    flags.push(self.flag_with(workload_keys(*value)?, text)?);
                }
                FixOp::SetVariables { variables, .. } => {
                    let set = variables
                        .iter()
                        .map(|(name, value)| format!("--env {}", quoted(&format!("{name}={value}"))));
                    flags.extend(set);
                }
                _ => return None,
            }
        }
        (!flags.is_empty()).then(|| flags.join(" "))
    }
}

/// Quotes a value for a shell, but not a placeholder such as `<size>`.
fn quoted(value: &str) -> String {
    let is_placeholder = value.starts_with('<') && value.ends_with('>');
    if is_placeholder { value.to_owned() } else { shell_quoted(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_has_the_name_of_its_form() {
        let run = Form::Run;
        assert_eq!(run.name(SettingName::SWAP_LIMIT), "--memory-swap");
        for (setting, value, expected) in [
            (SettingName::LIMIT, "<size>", "--memory <size>"),
            (SettingName::LIMIT, "512 Mi", "--memory \"512 Mi\""),
            (SettingName::RESTART, "unless-stopped", "--restart unless-stopped"),
            (SettingName::INIT, "true", "--init"),
            (SettingName::INIT, "false", "--init=false"),
            (SettingName::RESTART, "no", "--restart no"),
            (SettingName::STOP_GRACE_PERIOD, "90s", "--stop-timeout 90"),
        ] {
            assert_eq!(run.setting(setting, value), expected);
        }
        let swarm = Form::ServiceCreate;
        assert_eq!(swarm.written("deploy.resources.limits.memory", "1g"), "--limit-memory 1g");
        assert_eq!(swarm.name(SettingName::SHM_SIZE), "shm_size");
        assert_eq!(swarm.setting(SettingName::RESTART, "unless-stopped"), "--restart-condition any");
        assert_eq!(swarm.setting(SettingName::RESTART, "always"), "--restart-condition any");
        assert_eq!(swarm.setting(SettingName::RESTART, "no"), "--restart-condition none");
        assert_eq!(swarm.setting(SettingName::RESTART, "on-failure"), "--restart-condition on-failure");
        let compose = Form::Compose;
        assert_eq!(compose.name(SettingName::LIMIT), "mem_limit");
        assert_eq!(compose.setting(SettingName::LIMIT, "1g"), "mem_limit: 1g");
        assert_eq!(
            compose.written("deploy.resources.limits.memory", "1g"),
            "deploy.resources.limits.memory: 1g"
        );
        assert_eq!([compose, run, swarm].map(Form::noun), ["service", "container", "service"]);
    }
}
