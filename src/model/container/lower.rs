//! Turns an inspected container into a service, so that the same facts are read of it as of one in a Compose file.

use super::{Container, Engine, LogConfig};
use crate::model::compose::{ComposeLabels, Described, Description, Service, ServiceBuilder, Setting};
use crate::model::fact::{Fact, Why};
use crate::source::{Span, Spanned, TracedText};
use crate::syntax::duration;
use crate::syntax::size::ByteSize;

/// Tells what is kept of a variable by its name and value: `None` for nothing, `Some(None)` for its name, else what its value says about
/// memory.
pub type Keep<'k> = &'k dyn Fn(&str, &str) -> Option<Option<String>>;

/// The size of `/dev/shm` if nothing sets it (moby `daemon/config/config_linux.go`, `DefaultShmSize`; Podman
/// `libpod/define/config.go`).
pub const DEFAULT_SHM: ByteSize = ByteSize(64 << 20);

/// Seconds that Podman waits for a container to stop if nothing sets it, which it prints all the same (containers/common
/// `pkg/config`, `StopTimeout`).
const STOP_TIMEOUT: i64 = 10;

impl Container {
    /// Returns the service that would have made this container. Its image's settings are part of it. `index` numbers containers
    /// without a name.
    #[must_use]
    pub fn service(&self, index: usize, keep: Keep<'_>) -> Service {
        let shown = self.display_name().map(str::to_owned);
        let described = Described {
            by: Description::Inspect { podman: self.engine == Engine::Podman, swap: self.swap() },
            container: shown.clone().filter(|name| is_name(name)),
            compose: self.compose_labels(),
            launch: None,
        };
        let name = shown.unwrap_or_else(|| format!("container {}", index + 1));
        let mut lowering = Lowering { builder: ServiceBuilder::new(name, self.anchor, described) };
        lowering.limits(self);
        lowering.others(self);
        lowering.process(self, keep);
        lowering.builder.build()
    }

    /// Returns the limit of memory and swap that the engine has of it.
    fn swap(&self) -> Option<i64> {
        match &self.host.memory_swap {
            Fact::Known(swap) => Some(swap.value),
            Fact::Absent { .. } => Some(0),
            Fact::Unknown { .. } => None,
        }
    }

    /// Returns the labels that Compose gave it. Podman-compose has some of its own as well.
    #[must_use]
    pub fn compose_labels(&self) -> Option<ComposeLabels> {
        let label = |name: &str| {
            let own = self.label(&format!("com.docker.compose.{name}"));
            let of_podman = || self.label(&format!("io.podman.compose.{name}"));
            own.or_else(of_podman).map(|value| value.as_str().to_owned())
        };
        let files = label("project.config_files").unwrap_or_default();
        let files = files.split(',').map(str::trim).filter(|file| !file.is_empty()).map(str::to_owned);
        let labels = ComposeLabels {
            project: label("project"),
            service: label("service"),
            files: files.collect(),
            version: label("version"),
            is_one_off: label("oneoff").is_some_and(|text| text.eq_ignore_ascii_case("true")),
        };
        (labels.project.is_some() || labels.service.is_some()).then_some(labels)
    }
}

/// True for a name that an engine takes (moby `daemon/names`, `RestrictedNamePattern`): it is safe in a command line.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

/// True for a label whose value is no secret: those of Compose and of programs that restart or route to containers.
pub(super) fn is_shown_label(name: &str) -> bool {
    let port = name.starts_with("traefik.") && name.ends_with(".port");
    let compose = ["com.docker.compose.", "io.podman.compose.", "com.docker.swarm.", "com.docker.stack."];
    port || ["autoheal", "deunhealth.restart.on.unhealthy"].contains(&name)
        || compose.iter().any(|prefix| name.starts_with(prefix))
}

struct Lowering {
    builder: ServiceBuilder,
}

impl Lowering {
    /// Sets a value that `setting` makes of a known one; `None` stands for one that says nothing.
    fn set<T>(
        &mut self,
        path: &[&str],
        fact: &Fact<T>,
        setting: impl FnOnce(&Spanned<T>) -> Option<Setting>,
    ) {
        let setting = match fact {
            Fact::Known(known) => setting(known),
            Fact::Unknown { at, why } => Some(Setting::unknown(why.clone(), *at)),
            Fact::Absent { .. } => None,
        };
        if let Some(setting) = setting {
            self.builder.set(path, fact.span(), setting);
        }
    }

    /// Sets a number that is above 0; others stand for none.
    fn positive(&mut self, key: &str, fact: &Fact<i64>) {
        self.set(&[key], fact, |number| {
            (number.value > 0).then(|| Setting::integer(number.value, number.span))
        });
    }

    fn limits(&mut self, container: &Container) {
        let host = &container.host;
        self.positive("mem_limit", &host.memory);
        self.positive("mem_reservation", &host.memory_reservation);
        self.positive("pids_limit", &host.pids_limit);
        self.set(&["memswap_limit"], &host.memory_swap, |swap| swap_limit(container, swap));
        self.set(&["mem_swappiness"], &host.swappiness, |value| {
            (value.value >= 0).then(|| Setting::integer(value.value, value.span))
        });
        self.set(&["oom_kill_disable"], &host.oom_kill_disable, |disable| {
            disable.value.then(|| Setting::boolean(true, disable.span))
        });
        self.set(&["shm_size"], &host.shm_size, |size| {
            (size.value > 0 && size.value != DEFAULT_SHM.0).then(|| Setting::integer(size.value, size.span))
        });
        self.set(&["cpus"], &host.nano_cpus, |cpus| {
            (cpus.value > 0).then(|| Setting::number(cpus.value as f64 / 1e9, cpus.span))
        });
        self.positive("cpu_quota", &host.cpu_quota);
        self.positive("cpu_period", &host.cpu_period);
        self.set(&["ulimits"], &host.ulimits, |limits| {
            let entries = limits.value.iter().map(|(name, limit)| {
                let (soft, hard) = limit.value;
                let both = [("soft", soft), ("hard", hard)];
                let both = both
                    .map(|(key, value)| (key.to_owned(), limit.span, Setting::integer(value, limit.span)));
                (name.clone(), limit.span, Setting::map(both.to_vec(), limit.span))
            });
            Some(Setting::map(entries.collect(), limits.span))
        });
    }

    fn others(&mut self, container: &Container) {
        let host = &container.host;
        self.set(&["restart"], &host.restart, |policy| {
            let (name, attempts) = &policy.value;
            let text = match name.as_str() {
                // The engine's default.
                "" | "no" => return None,
                "on-failure" if *attempts > 0 => format!("{name}:{attempts}"),
                _ => name.clone(),
            };
            Some(Setting::text(TracedText::derived(text, policy.span)))
        });
        self.set(&["init"], &host.init, |init| Some(Setting::boolean(init.value, init.span)));
        self.set(&["ipc"], &host.ipc_mode, |mode| {
            (mode.value != "private")
                .then(|| Setting::text(TracedText::derived(mode.value.clone(), mode.span)))
        });
        self.set(&["logging"], &host.log, |log| {
            let LogConfig { driver, options } = &log.value;
            let text = |text: &str, span: Span| Setting::text(TracedText::derived(text, span));
            let options = options
                .iter()
                .map(|(name, value)| (name.clone(), value.span, text(&value.value, value.span)));
            let options = Setting::map(options.collect(), log.span);
            let entries = vec![
                ("driver".to_owned(), log.span, text(driver, log.span)),
                ("options".to_owned(), log.span, options),
            ];
            Some(Setting::map(entries, log.span))
        });
        self.set(&["stop_grace_period"], &container.config.stop_timeout, |timeout| {
            let is_default = container.engine == Engine::Podman && timeout.value == STOP_TIMEOUT;
            let text = TracedText::derived(format!("{}s", timeout.value), timeout.span);
            (!is_default).then(|| Setting::text(text))
        });
        for (path, options) in host.tmpfs.value().into_iter().flatten() {
            let mut text = path.clone();
            if !options.as_str().is_empty() {
                text.push_derived(":", options.span());
                text.push_text(options);
            }
            self.builder.push("tmpfs", path.span(), Setting::text(text));
        }
        for mount in &container.mounts {
            let text = |text: &str| Setting::text(TracedText::derived(text, mount.span));
            let mut entries = vec![
                ("type".to_owned(), mount.span, text(&mount.kind)),
                ("target".to_owned(), mount.span, Setting::text(mount.target.clone())),
            ];
            if let Some(size) = &mount.size {
                let size = vec![("size".to_owned(), size.span, Setting::integer(size.value, size.span))];
                entries.push(("tmpfs".to_owned(), mount.span, Setting::map(size, mount.span)));
            }
            self.builder.push("volumes", mount.span, Setting::map(entries, mount.span));
        }
    }

    fn process(&mut self, container: &Container, keep: Keep<'_>) {
        let config = &container.config;
        self.set(&["image"], &container.image, |image| Some(Setting::text(image.value.clone())));
        // What the engine starts, the image's part included: an entrypoint that is not there is none.
        let words = |words: &[TracedText], span: Span| {
            Setting::list(words.iter().cloned().map(Setting::text).collect(), span)
        };
        match (&config.entrypoint, &config.command, &container.command_line) {
            (Fact::Unknown { .. }, _, Fact::Known(line)) | (_, Fact::Unknown { .. }, Fact::Known(line)) => {
                let (first, rest) = line.value.split_at(line.value.len().min(1));
                self.builder.set(&["entrypoint"], line.span, words(first, line.span));
                self.builder.set(&["command"], line.span, words(rest, line.span));
            }
            (entrypoint, command, _) => {
                for (key, fact) in [("entrypoint", entrypoint), ("command", command)] {
                    let none = Fact::Known(Spanned::new(Vec::new(), fact.span()));
                    let fact = if fact.is_absent() { &none } else { fact };
                    self.set(&[key], fact, |known| Some(words(&known.value, known.span)));
                }
            }
        }
        self.healthcheck(container);
        match &config.env {
            Fact::Known(variables) => {
                let entries = variables.value.iter().map(|(name, value)| {
                    let setting = match keep(name.as_str(), value.as_str()).flatten() {
                        Some(_) => Setting::text(value.clone()),
                        None => Setting::unknown(Why::Other("its value is not read"), value.span()),
                    };
                    (name.as_str().to_owned(), name.span(), setting)
                });
                let environment = Setting::map(entries.collect(), variables.span);
                self.builder.set(&["environment"], variables.span, environment);
            }
            Fact::Unknown { at, why } => _ = self.builder.open_environment(*at, why.clone()),
            Fact::Absent { .. } => {}
        }
        for port in config.exposed.value().into_iter().flatten() {
            self.builder.push("expose", port.span(), Setting::text(port.clone()));
        }
        let labels = config.labels.value().into_iter().flatten();
        let labels = labels.filter(|(name, _)| is_shown_label(name.as_str()));
        let labels =
            labels.map(|(name, value)| (name.as_str().to_owned(), name.span(), Setting::text(value.clone())));
        self.builder.set(
            &["labels"],
            config.labels.span(),
            Setting::map(labels.collect(), config.labels.span()),
        );
    }

    fn healthcheck(&mut self, container: &Container) {
        self.set(&["healthcheck"], &container.config.healthcheck, |check| {
            if check.value.test.is_empty() {
                return None;
            }
            let test = check.value.test.iter().cloned().map(Setting::text).collect();
            let mut entries = vec![("test".to_owned(), check.span, Setting::list(test, check.span))];
            let times = [
                ("interval", &check.value.interval),
                ("timeout", &check.value.timeout),
                ("start_period", &check.value.start_period),
                ("start_interval", &check.value.start_interval),
            ];
            for (key, time) in times.into_iter().filter_map(|(key, time)| Some((key, time.as_ref()?))) {
                // The engine stores 0 for a time that is not set.
                if time.value > 0 {
                    let text = TracedText::derived(duration::display(time.value), time.span);
                    entries.push((key.to_owned(), time.span, Setting::text(text)));
                }
            }
            if let Some(retries) = check.value.retries.as_ref().filter(|retries| retries.value > 0) {
                entries.push((
                    "retries".to_owned(),
                    retries.span,
                    Setting::integer(retries.value, retries.span),
                ));
            }
            Some(Setting::map(entries, check.span))
        });
    }
}

/// Returns the swap limit, if one was asked for: the engine writes twice the memory where none was (moby `daemon/daemon_unix.go`,
/// `adaptContainerSettings`; Podman `pkg/specgenutil`, `LimitToSwap`).
fn swap_limit(container: &Container, swap: &Spanned<i64>) -> Option<Setting> {
    let memory = match &container.host.memory {
        Fact::Known(memory) => memory.value,
        Fact::Unknown { at, why } if swap.value > 0 => return Some(Setting::unknown(why.clone(), *at)),
        _ => 0,
    };
    match swap.value {
        // Without a limit of memory the engine keeps none of swap.
        _ if memory <= 0 => None,
        0 => None,
        both if both == memory.saturating_mul(2) => None,
        // An engine whose kernel does not account for swap writes the same.
        -1 if !container.host.oom_kill_disable.is_absent() => Some(Setting::unknown(
            Why::Other("unlimited, or the kernel does not account for swap"),
            swap.span,
        )),
        both => Some(Setting::integer(both, swap.span)),
    }
}
