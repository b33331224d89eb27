//! Real projects with a few faults and changes of form: other files that read theirs, other line ends and styles, anchors, tags.
//! Each seed always gives the same change of the same project.

use std::collections::BTreeMap;

use serde_yaml::Value;

use super::project::Project;

/// Returns as many changed projects, made of these in turn.
pub fn projects(real: &[Project], count: usize) -> Vec<Project> {
    let real: Vec<&Project> = real.iter().filter(|project| project.size() < 24 * 1024).collect();
    if real.is_empty() {
        return Vec::new();
    }
    let changed = |seed: usize| Mutation::new(seed, real[seed % real.len()]).project();
    (0..count).map(changed).collect()
}

/// Lines of a service with a fault, or with what makes one of another.
const SERVICE_LINES: &[&str] = &[
    "mem_limit: 512Mi",
    "mem_limit: 300m",
    "mem_limit: \"0.5\"",
    "memswap_limit: 64m",
    "memswap_limit: 2g",
    "mem_reservation: 8g",
    "mem_swappiness: 0",
    "shm_size: 64Mi",
    "restart: always:3",
    "oom_kill_disable: true",
    "pids_limit: 100",
    "deploy: {resources: {limits: {memory: 512m, pids: 50}}}",
    "deploy: {resources: {reservations: {memory: 64Gi}}}",
    "healthcheck: {test: [curl, -f, http://localhost], interval: 1s}",
    "healthcheck: {test: [\"CMD-SHELL\", \"NONE\"]}",
    "tmpfs: /tmp",
    "tmpfs: [\"/tmp:size=64Mi\"]",
    "mem_limit: 0",
    "mem_limit: 2gb",
    "mem_limt: 512m",
    "memswap_limit: -1",
    "mem_swappiness: 200",
    "cpus: 0.5",
    "scale: 2",
    "restart: \"no\"",
    "restart: on-failure:-1",
    "deploy: {restart_policy: {condition: \"on-failure:3\"}}",
    "deploy: {restart_policy: {condition: any, max_attempts: 3}}",
    "deploy: {resorces: {limits: {memory: 1g}}}",
    "deploy: {replicas: 3, resources: {limits: {cpus: \"0.5\"}}}",
    "healthcheck: {disable: true}",
    "healthcheck: {test: \"curl -f http://localhost || exit 1\"}",
    "environment: {JAVA_TOOL_OPTIONS: -Xmx2g}",
    "environment: {JAVA_TOOL_OPTIONS: \"-Xmx1,5g -XX:MaxRAMPercentage=0.7\"}",
    "environment: {JAVA_OPTS: -Xmx512m}",
    "environment: [NODE_OPTIONS=--max-old-space-size=4096]",
    "environment: {GOMEMLIMIT: 1G}",
    "command: [java, -jar, app.jar, -Xmx1g]",
    "command: java $JAVA_OPTS -jar app.jar",
    "command: [redis-server, --maxmemory, 3gb]",
    "pre_start: [{command: [node, --max-old-space-size=2048, b.js]}]",
    "stop_grace_period: 1s",
    "ulimits: {memlock: -1}",
    "logging: {driver: json-file}",
    "mem_limits: 1Gi",
    "mem_limit: \"${SIZE:-1Gi}\"",
    "mem_limit:",
    "mem-limit: ${SIZE:-256m}",
    "pid_limit: 100",
    "cpu: lots",
    "mem_swapiness: 10",
    "oom_kill_disabled: true",
    "shm-size: 128x",
    "memory_swap: 1g",
    "deploy: {resource: {limits: {memory: 4m}}}",
    "deploy: {resources: {limit: {memory: 1g}, reservations: {memory: 2g}}}",
    "deploy: {resources: {limits: {mem: 512m, cpu: 0.5}}}",
    "command: [java, -jar, app.jar, \"-XX:MaxRAMPercentage=50.0\"]",
    "command: [java, \"-XX:MaxHeapsize=512m\", -jar, app.jar]",
    "command: [java, -Xms1g, -Xmx512MB, -jar, app.jar]",
    "command: [java, -Xmx256m, \"-XX:MaxRamPercentage=75.0\", -jar, app.jar]",
    "command: [mongod, --wiredTigerCacheSizeGB, 1.5g]",
    "command: [node, --Max-Old-Space-Size=384, a.js]",
    "environment: {JAVA_OPTS: \"-XX:MaxRAMPercentage=75.0\"}",
    "environment: {OPENSEARCH_JAVA_OPTS: -Xmx512m}",
    "stop_signal: SIGKILL",
    "build: {context: ., args: {BASE: \"openjdk:11\"}}",
];
const INSTRUCTIONS: &[&str] = &[
    "HEALTHCHECK --interval=1s CMD curl -f http://localhost/",
    "HEALTHCHECK CMD NONE",
    "ENV JAVA_TOOL_OPTIONS=-Xmx64MB",
    "ENV NODE_OPTIONS=\"--max-old-space-size=64m\"",
    "RUN apt-get update && apt-get install -y curl",
    "RUN apt-get update \\\n # größe\n && apt-get install -y \\\n curl",
    "ENTRYPOINT java -jar app.jar -Xmx1g",
    "CMD npm start",
    "CMD java $JAVA_OPTS -jar app.jar",
    "CMD [\"java\", \"$JAVA_OPTS\", \"-jar\", \"app.jar\"]",
    "ENV JAVA_OPTS -Xmx1g -Xms1g",
    "ENV JAVA_OPTS='-Xmx1g'",
    "RUN pip install requests",
    "RUN apk add curl",
    "SHELL [\"/bin/bash\", \"-c\"]",
    "FROM node:16\nCOPY . .\nCMD node --max-old-space-size=2048 a.js",
    "FROM openjdk:8u111\nCMD [\"java\", \"-XX:MaxRAMPercentage=70\", \"-jar\", \"a.jar\"]",
];
/// Joined emoji, marks without width, a tab, and what looks like other syntax.
const COMMENTS: &[&str] = &["# größe 👨\u{200d}👩", "# a\u{200b}b", "#\ta: {b", "# [x] - ${Y:-z}", "#"];

struct Mutation<'p> {
    seed: usize,
    state: u64,
    project: &'p Project,
    files: BTreeMap<String, String>,
}

impl<'p> Mutation<'p> {
    fn new(seed: usize, project: &'p Project) -> Self {
        let state = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x0BAD_5EED_0BAD_5EED;
        Self { seed, state, project, files: project.files.clone() }
    }

    fn random(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        let number = self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33;
        usize::try_from(number).unwrap() % below.max(1)
    }

    fn one<'t>(&mut self, from: &[&'t str]) -> &'t str {
        let at = self.random(from.len());
        from[at]
    }

    /// Returns one of the files of a kind.
    fn file(&mut self, is_compose: bool) -> Option<String> {
        let of_kind = |file: &&String| match is_compose {
            true => self.project.is_compose(file),
            false => self.project.is_dockerfile(file),
        };
        let files: Vec<String> = self.files.keys().filter(of_kind).cloned().collect();
        (!files.is_empty()).then(|| files[self.random(files.len())].clone())
    }

    fn project(mut self) -> Project {
        let faults = 1 + self.random(3);
        for _ in 0..faults {
            if self.random(4) == 0 {
                self.instruction()
            } else {
                self.service_line()
            };
        }
        let changes = 1 + self.random(3);
        for _ in 0..changes {
            match self.random(10) {
                0 | 1 => self.overlay(),
                2 => self.extending(),
                3 => self.including(),
                4 => self.anchor(),
                5 if self.random(2) == 0 => self.alias(),
                5 => self.variable(),
                6 => self.written_anew(false),
                7 => self.written_anew(true),
                _ => self.comment(),
            };
        }
        self.line_ends();
        let Self { seed, project, mut files, .. } = self;
        files.extend(project.neighbours.iter().map(|(path, text)| (path.clone(), text.clone())));
        Project::of(format!("mutation {seed} of {}", project.name), files)
    }

    /// Calls `change` with the lines of a file.
    fn lines(&mut self, file: &str, change: impl FnOnce(&mut Self, &mut Vec<String>)) {
        let Some(text) = self.files.get(file) else { return };
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        change(self, &mut lines);
        self.files.insert(file.to_owned(), lines.join("\n"));
    }

    /// Adds a line to a service, before its image or build.
    fn service_line(&mut self) -> Option<()> {
        let file = self.file(true)?;
        let added = self.one(SERVICE_LINES);
        self.lines(&file, |this, lines| {
            let is_place = |line: &String| {
                let text = line.trim_start();
                line.starts_with(' ') && (text.starts_with("image:") || text.starts_with("build:"))
            };
            let places: Vec<usize> = (0..lines.len()).filter(|at| is_place(&lines[*at])).collect();
            if places.is_empty() {
                return;
            }
            let at = places[this.random(places.len())];
            let indent = lines[at].len() - lines[at].trim_start().len();
            let key = added.split(':').next().unwrap_or_default();
            // Twice the same key is another fault, which hides this one.
            let own = |line: &&String| {
                line.len() - line.trim_start().len() == indent && line.trim_start().starts_with(key)
            };
            let near = at.saturating_sub(12)..(at + 12).min(lines.len());
            if !lines[near].iter().any(|line| own(&line)) {
                lines.insert(at, format!("{}{added}", " ".repeat(indent)));
            }
        });
        Some(())
    }

    fn instruction(&mut self) -> Option<()> {
        let file = self.file(false)?;
        let added = self.one(INSTRUCTIONS);
        let text = self.files.get_mut(&file)?;
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        text.push_str(&format!("{end}{added}\n"));
        Some(())
    }

    fn comment(&mut self) -> Option<()> {
        let is_compose = self.random(3) > 0;
        let file = self.file(is_compose)?;
        let comment = self.one(COMMENTS);
        self.lines(&file, |this, lines| {
            let at = this.random(lines.len());
            // Not within a block scalar, a command in quotes or a continued line.
            let before = at.checked_sub(1).map_or("", |before| lines[before].trim_end());
            if !before.ends_with(['\\', '|', '>', '-', '"', '\'']) {
                let indent = lines[at].len() - lines[at].trim_start().len();
                lines.insert(at, format!("{}{comment}", " ".repeat(indent)));
            }
        });
        Some(())
    }

    /// Returns the names of the services in a file that have an image or a build of their own.
    fn services(&self, file: &str) -> Vec<String> {
        let root: Option<Value> = self.files.get(file).and_then(|text| serde_yaml::from_str(text).ok());
        let services = root.as_ref().and_then(|root| root.get("services")?.as_mapping());
        let own = |service: &Value| service.get("image").is_some() || service.get("build").is_some();
        let services = services.into_iter().flatten().filter(|(_, service)| own(service));
        services.filter_map(|(name, _)| Some(name.as_str()?.to_owned())).collect()
    }

    /// Adds a file that is merged with one: on its own, or with each `docker compose up`.
    fn overlay(&mut self) -> Option<()> {
        let file = self.file(true)?;
        let services = self.services(&file);
        let name = self.one(&[
            "compose.prod.yaml",
            "docker-compose.small.yml",
            "compose.override.yaml",
            "docker-compose.override.yml",
        ]);
        let path = self.next_to(&file, name);
        if services.is_empty() || self.files.contains_key(&path) {
            return None;
        }
        let mut text = "services:\n".to_owned();
        for service in services.iter().take(3) {
            let line = self.one(&[
                "mem_limit: 256m",
                "mem_limit: !reset null",
                "deploy: {resources: {limits: {memory: 2G}}}",
                "environment: !override {LANG: C}",
                "environment: {JAVA_TOOL_OPTIONS: -Xmx4g}",
                "memswap_limit: 1g",
                "restart: \"no\"",
                "command: node --max-old-space-size=4096 a.js",
                "command: [java, -Xmx3g, -jar, a.jar]",
                "mem_reservation: 3g",
                "deploy: {replicas: 4}",
                "healthcheck: {disable: true}",
                "image: node:22-slim",
                "user: \"1000\"",
            ]);
            text += &format!("  {service}:\n    {line}\n");
        }
        self.files.insert(path, text);
        Some(())
    }

    fn next_to(&self, file: &str, name: &str) -> String {
        file.rsplit_once('/').map_or(name.to_owned(), |(folder, _)| format!("{folder}/{name}"))
    }

    /// Adds a project in another directory that extends a service.
    fn extending(&mut self) -> Option<()> {
        let file = self.file(true)?;
        let service = self.services(&file).first()?.clone();
        let limit = self.one(&[
            "mem_limit: 64m",
            "mem_limit: 4g",
            "init: true",
            "memswap_limit: 8g",
            "deploy: {resources: {limits: {memory: 128m}}}",
            "environment: {JAVA_TOOL_OPTIONS: -Xmx3g}",
            "image: node:22-slim",
        ]);
        let text = format!(
            "services:\n  twin:\n    extends: {{file: ../{file}, service: {service}}}\n    {limit}\n"
        );
        self.files.insert("twin/compose.yaml".to_owned(), text);
        Some(())
    }

    /// Adds a project in another directory that includes one.
    fn including(&mut self) -> Option<()> {
        let file = self.file(true)?;
        let mut text = format!("include:\n  - ../{file}\n");
        if let Some(service) = self.services(&file).first().filter(|_| self.seed.is_multiple_of(2)) {
            text = format!("include:\n  - path: [../{file}, over.yaml]\n");
            let over = format!("services:\n  {service}: {{mem_limit: 700m}}\n");
            self.files.insert("whole/over.yaml".to_owned(), over);
        }
        self.files.insert("whole/compose.yaml".to_owned(), text);
        Some(())
    }

    /// Merges settings from an anchor into two services.
    fn anchor(&mut self) -> Option<()> {
        let file = self.file(true)?;
        let line = self.one(SERVICE_LINES);
        let text = self.files.get(&file)?.clone();
        let top = text.lines().position(|line| line.starts_with("services:"))?;
        self.lines(&file, |_, lines| {
            let mut left = 2;
            let mut at = lines.len();
            while at > top && left > 0 {
                at -= 1;
                let trimmed = lines[at].trim_start();
                if lines[at].starts_with(' ') && trimmed.starts_with("image:") && !text.contains("<<") {
                    let indent = lines[at].len() - trimmed.len();
                    lines.insert(at, format!("{}<<: *shared", " ".repeat(indent)));
                    left -= 1;
                }
            }
            if left < 2 {
                lines.insert(top, format!("x-shared: &shared\n  {line}"));
            }
        });
        Some(())
    }

    /// Gives a size an anchor, and adds an alias of it.
    fn alias(&mut self) -> Option<()> {
        let file = self.file(true)?;
        let size = regex::Regex::new(r"(?m)^(\s+\w+: )(\d+[kmgKMG][bB]?\s*)$").unwrap();
        let text = self.files.get_mut(&file)?;
        let value = size.captures(text)?.get(2)?.start();
        text.insert_str(value, "&size ");
        text.push_str("\nx-size: *size\n");
        Some(())
    }

    /// Replaces a size by a variable.
    fn variable(&mut self) -> Option<()> {
        let file = self.file(true)?;
        let size = regex::Regex::new(r"(?m)^(\s+\w+: )(\d+[kmgKMG])[bB]?\s*$").unwrap();
        let text = self.files.get(&file)?.clone();
        let found = size.captures(&text)?;
        let faulty = self.random(4) == 0;
        let (range, value) =
            (found.get(0)?.range(), format!("{}{}", &found[2], if faulty { "i" } else { "" }));
        let written = match self.random(3) {
            0 => format!("{}${{LIMIT:-{value}}}", &found[1]),
            1 => format!("{}\"${{LIMIT}}\"", &found[1]),
            _ => format!("{}${{LIMIT?}}", &found[1]),
        };
        let text = format!("{}{written}{}", &text[..range.start], &text[range.end..]);
        let env = self.next_to(&file, ".env");
        self.files.insert(file, text);
        self.files.entry(env).or_default().insert_str(0, &format!("LIMIT={value}\n"));
        Some(())
    }

    /// Writes a file in the layout of `serde_yaml`, or as JSON.
    fn written_anew(&mut self, json: bool) -> Option<()> {
        let file = self.file(true)?;
        let text = self.files.get(&file)?;
        // Tags and merged keys would be lost.
        if text.contains('!') || text.contains("<<") {
            return None;
        }
        let root: Value = serde_yaml::from_str(text).ok()?;
        let text = if json {
            serde_json::to_string_pretty(&root).ok()?
        } else {
            serde_yaml::to_string(&root).ok()?
        };
        self.files.insert(file, text);
        Some(())
    }

    fn line_ends(&mut self) {
        for file in self.files.keys().cloned().collect::<Vec<_>>() {
            let Some(mut text) = self.files.remove(&file) else { continue };
            let is_read = self.project.is_compose(&file) || self.project.is_dockerfile(&file);
            match self.random(14) {
                0 | 1 if !text.contains('\r') => text = text.replace('\n', "\r\n"),
                2 if is_read && !text.starts_with('\u{feff}') => text.insert(0, '\u{feff}'),
                3 => text.truncate(text.trim_end().len()),
                4 if self.project.is_compose(&file) && !text.starts_with("---") => {
                    text.insert_str(0, "---\n");
                }
                5 if self.project.is_compose(&file) && text.ends_with('\n') => text.push_str("...\n"),
                _ => {}
            }
            self.files.insert(file, text);
        }
    }
}
