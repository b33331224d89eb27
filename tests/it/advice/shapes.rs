//! Generated projects: the same few faults in projects of many shapes. Each seed always gives the same project.

use std::collections::BTreeMap;

use super::project::Project;

/// Returns the projects of the first `count` seeds.
pub fn projects(count: usize) -> Vec<Project> {
    (0..count).map(|seed| Shape::new(seed).project()).collect()
}

/// YAML value. Scalars are as written.
#[derive(Clone, Debug)]
enum Node {
    Scalar(String),
    Map(Vec<(String, Node)>),
    Seq(Vec<Node>),
    /// Value with a tag or an anchor.
    Marked(String, Box<Node>),
}

fn text(text: &str) -> Node {
    Node::Scalar(text.to_owned())
}

fn map<const N: usize>(pairs: [(&str, Node); N]) -> Node {
    Node::Map(pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn list(items: &[&str]) -> Node {
    Node::Seq(items.iter().map(|item| text(item)).collect())
}

fn deploy(path: &str, key: &str, value: &str) -> Node {
    map([("resources", map([(path, map([(key, text(value))]))]))])
}

/// YAML style of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Style {
    Block,
    /// Services in flow style.
    Flow,
    /// Lists and the innermost mappings in flow style.
    Mixed,
    Json,
}

struct Shape {
    seed: usize,
    state: u64,
    files: BTreeMap<String, String>,
    env: Vec<String>,
    style: Style,
}

impl Shape {
    fn new(seed: usize) -> Self {
        let state = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x00D1_5EA5_E000_0001;
        let mut shape = Self { seed, state, files: BTreeMap::new(), env: Vec::new(), style: Style::Block };
        shape.style =
            shape.one(&[Style::Block, Style::Block, Style::Block, Style::Mixed, Style::Flow, Style::Json]);
        shape
    }

    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    fn one<T: Clone>(&mut self, from: &[T]) -> T {
        let at = usize::try_from(self.random()).unwrap() % from.len();
        from[at].clone()
    }

    fn chance(&mut self, of: u64) -> bool {
        self.random().is_multiple_of(of)
    }

    /// Writes a size plain, quoted, or as a variable.
    fn size(&mut self, sizes: &[&str]) -> String {
        let size = self.one(sizes);
        match self.random() % 6 {
            0 => format!("\"{size}\""),
            1 => format!("\"${{MEM:-{size}}}\""),
            2 => {
                self.env.push(format!("LIMIT={size}"));
                "\"${LIMIT}\"".to_owned()
            }
            _ => size.to_owned(),
        }
    }

    /// Adds limits to a service: none, valid, or faulty ones.
    fn limits(&mut self, service: &mut Vec<(String, Node)>) {
        let mut add = |key: &str, value: Node| service.push((key.to_owned(), value));
        match self.random() % 12 {
            0 | 1 => {}
            2..=4 => add("mem_limit", text(&self.size(&["1g", "768m", "2g", "300m"]))),
            5 => add("mem_limit", text(self.one(&["512Mi", "1Gi", "0.5", "512 mb"]))),
            6 => add("deploy", deploy("limits", "memory", &self.size(&["1G", "512M", "256m"]))),
            7 => {
                add("mem_limit", text("512m"));
                add("memswap_limit", text(self.one(&["256m", "512m", "1g", "-1"])));
            }
            8 => {
                add("mem_limit", text(&self.size(&["512m", "128m"])));
                add("mem_reservation", text(self.one(&["1g", "64m"])));
            }
            9 => {
                add("pids_limit", text("100"));
                add("deploy", deploy("limits", self.one(&["memory", "memory", "cpus"]), "1"));
            }
            10 => {
                add("mem_limit", text("1g"));
                add("mem_swappiness", text(self.one(&["0", "10"])));
            }
            _ => add("memswap_limit", text("1g")),
        }
    }

    /// Adds variables to a service, as a mapping, a list, or a file.
    fn variables(&mut self, service: &mut Vec<(String, Node)>, name: &str, values: &[&str]) {
        let value = self.one(values);
        let node = match self.random() % 5 {
            0 | 1 => map([("LANG", text("C.UTF-8")), (name, text(&format!("\"{value}\"")))]),
            2 | 3 => Node::Seq(vec![text("LANG=C.UTF-8"), text(&format!("\"{name}={value}\""))]),
            _ => {
                let file = format!("{}.env", name.to_lowercase());
                self.files.insert(file.clone(), format!("# größe\n{name}={value}\n"));
                service.push(("env_file".to_owned(), self.one(&[text(&file), list(&[&file])])));
                return;
            }
        };
        service.push(("environment".to_owned(), node));
    }

    fn service(&mut self) -> Vec<(String, Node)> {
        let mut service = Vec::new();
        let mut add = |key: &str, value: Node| service.push((key.to_owned(), value));
        match self.random() % 9 {
            0 => {
                add("image", text("node:22-slim"));
                add("command", self.one(&[text("node server.js"), list(&["node", "server.js"])]));
                let flags =
                    ["--max-old-space-size=768", "--unhandled-rejections=strict", "--max-old-space-size=256"];
                self.variables(&mut service, "NODE_OPTIONS", &flags);
            }
            1 => {
                add("image", text("eclipse-temurin:21-jre"));
                add(
                    "command",
                    self.one(&[text("java -jar app.jar"), list(&["java", "-Xmx768m", "-jar", "app.jar"])]),
                );
                self.variables(
                    &mut service,
                    "JAVA_TOOL_OPTIONS",
                    &["-Xmx512m", "-Xms1g -Xmx1g", "-Dfile.encoding=UTF-8"],
                );
            }
            2 => {
                add("image", text("docker.elastic.co/elasticsearch/elasticsearch:8.19.4"));
                self.variables(&mut service, "ES_JAVA_OPTS", &["-Xms512m -Xmx512m", "-Xms1g -Xmx1g"]);
            }
            3 => {
                add("image", text(self.one(&["postgres:17", "mysql:8.4", "mongo:8.0"])));
                add("command", self.one(&[text("postgres -c shared_buffers=1GB"), Node::Seq(Vec::new())]));
            }
            4 => {
                add("image", text("redis:8"));
                add(
                    "command",
                    self.one(&[
                        text("redis-server --save 60 1"),
                        list(&["redis-server", "--maxmemory", "1gb"]),
                    ]),
                );
            }
            5 => {
                add("image", text("apache/kafka:4.1.0"));
                self.variables(&mut service, "KAFKA_HEAP_OPTS", &["-Xmx1g -Xms1g", "-Xmx256m"]);
            }
            6 => {
                let name = self.one(&["api", "größe"]);
                add(
                    "build",
                    self.one(&[text(&format!("./{name}")), map([("context", text(&format!("./{name}")))])]),
                );
                let from = self.one(&["node:22", "eclipse-temurin:21", "python:3.13-slim", "golang:1.25"]);
                let run =
                    self.one(&["apt-get update && apt-get install -y curl", "make", "pip install flask"]);
                let probe = self.one(&[
                    "HEALTHCHECK --interval=1s CMD curl -f http://localhost/\n",
                    "EXPOSE 3000\n",
                    "",
                ]);
                let start = self.one(&[
                    "CMD node server.js",
                    "CMD [\"java\", \"-jar\", \"a.jar\"]",
                    "ENV NODE_OPTIONS=--max-old-space-size=4096\nCMD node a.js",
                ]);
                let dockerfile = format!("FROM {from}\nRUN {run}\n{probe}{start}\n");
                let dockerfile = self.ends(dockerfile);
                self.files.insert(format!("{name}/Dockerfile"), dockerfile);
            }
            _ => {
                add("image", text(self.one(&["example/app:1", "python:3.13-slim", "nginx:1.30"])));
                let tmpfs = self.one(&[text("/tmp"), list(&["/tmp", "/run"])]);
                if self.chance(3) {
                    add("tmpfs", tmpfs);
                }
            }
        }
        service.retain(|(_, value)| !matches!(value, Node::Seq(items) if items.is_empty()));
        self.limits(&mut service);
        let mut add = |key: &str, value: Node| service.push((key.to_owned(), value));
        match self.random() % 6 {
            0 => add("restart", text(self.one(&["always", "always:3", "on-failure:0", "unless-stopped"]))),
            1 => add(
                "healthcheck",
                map([
                    (
                        "test",
                        self.one(&[
                            list(&["curl", "-f", "http://localhost"]),
                            list(&["CMD", "true"]),
                            text("curl -f http://localhost"),
                        ]),
                    ),
                    ("interval", text(self.one(&["30s", "1s", "30"]))),
                ]),
            ),
            _ => {}
        }
        service
    }

    fn project(mut self) -> Project {
        let count = 1 + usize::try_from(self.random() % 3).unwrap();
        let mut services: Vec<(String, Vec<(String, Node)>)> = Vec::new();
        for name in ["web", "db", "worker"].iter().take(count) {
            services.push(((*name).to_owned(), self.service()));
        }
        let mut top: Vec<(String, Node)> = Vec::new();
        if self.style != Style::Json {
            self.anchors(&mut top, &mut services);
        }
        if self.chance(4) {
            self.extends(&mut services);
        }
        if self.chance(6) {
            let included = vec![("included".to_owned(), self.service())];
            self.files.retain(|file, _| file.contains('/') || file.ends_with(".env"));
            self.compose("sub/compose.yaml", Vec::new(), included);
            top.push(("include".to_owned(), list(&["sub/compose.yaml"])));
            // Paths of included services are relative to the included file.
            let copies: Vec<_> =
                self.files.iter().map(|(file, text)| (format!("sub/{file}"), text.clone())).collect();
            self.files.extend(copies.into_iter().filter(|(file, _)| !file.starts_with("sub/sub/")));
        }
        let overlays = ["compose.prod.yaml", "compose.override.yaml", "docker-compose.small.yml"];
        for file in overlays {
            if self.chance(3) {
                let overlay = self.overlay(&services);
                self.compose(file, Vec::new(), overlay);
            }
        }
        self.compose("compose.yaml", top, services);
        if !self.env.is_empty() {
            self.files.insert(".env".to_owned(), self.env.join("\n") + "\n");
        }
        Project::of(format!("seed {}", self.seed), self.files)
    }

    /// Replaces parts of the services by aliases of anchors.
    fn anchors(&mut self, top: &mut Vec<(String, Node)>, services: &mut [(String, Vec<(String, Node)>)]) {
        match self.random() % 5 {
            0 => {
                let mut common = vec![("restart".to_owned(), text("always"))];
                self.limits(&mut common);
                let keys: Vec<String> = common.iter().map(|(key, _)| key.clone()).collect();
                top.push((
                    "x-common".to_owned(),
                    Node::Marked("&common".to_owned(), Box::new(Node::Map(common))),
                ));
                for (_, service) in services.iter_mut() {
                    service.retain(|(key, _)| !keys.contains(key) || key == "deploy");
                    service.insert(0, ("<<".to_owned(), text("*common")));
                }
            }
            1 => {
                top.push(("x-limit".to_owned(), text("&limit 512m")));
                for (_, service) in services.iter_mut() {
                    service.retain(|(key, _)| key != "deploy" && key != "mem_limit");
                    service.push(("mem_limit".to_owned(), text("*limit")));
                }
            }
            2 => {
                let pair = |(key, value): &(String, Node)| (key == "environment").then(|| value.clone());
                let Some(set) = services[0].1.iter().find_map(pair) else { return };
                top.push(("x-env".to_owned(), Node::Marked("&env".to_owned(), Box::new(set))));
                for (_, service) in services.iter_mut() {
                    service.retain(|(key, _)| key != "environment");
                    service.push(("environment".to_owned(), text("*env")));
                }
            }
            _ => {}
        }
    }

    /// Makes the first service extend one in another directory, which a second project extends, too.
    fn extends(&mut self, services: &mut [(String, Vec<(String, Node)>)]) {
        let base: Vec<(String, Node)> = services[0]
            .1
            .iter()
            .filter(|(key, _)| !["<<", "env_file", "build"].contains(&key.as_str()))
            .cloned()
            .collect();
        let aliased = |node: &Node| matches!(node, Node::Scalar(text) if text.starts_with('*'));
        if base.iter().any(|(_, value)| aliased(value)) || !base.iter().any(|(key, _)| key == "image") {
            return;
        }
        let from = map([("file", text("common/base.yaml")), ("service", text("base"))]);
        services[0].1 = vec![("extends".to_owned(), from)];
        self.limits(&mut services[0].1);
        self.compose("common/base.yaml", Vec::new(), vec![("base".to_owned(), base)]);
        let from = map([("file", text("../common/base.yaml")), ("service", text("base"))]);
        let mut other = vec![("extends".to_owned(), from)];
        self.limits(&mut other);
        self.compose("other/compose.yaml", Vec::new(), vec![("twin".to_owned(), other)]);
    }

    /// Returns an overlay of some of the services.
    fn overlay(&mut self, services: &[(String, Vec<(String, Node)>)]) -> Vec<(String, Vec<(String, Node)>)> {
        let mut overlay = Vec::new();
        for (name, service) in services {
            if self.chance(3) && overlay.len() + 1 < services.len() {
                continue;
            }
            let mut over = vec![("labels".to_owned(), map([("stage", text("\"größer\""))]))];
            let limit = service.iter().any(|(key, _)| key == "mem_limit");
            let tags = self.style != Style::Json;
            match self.random() % 7 {
                0 | 1 => {}
                2 => self.limits(&mut over),
                3 => over.push(("mem_limit".to_owned(), text(&self.size(&["2g", "256m"])))),
                4 => {
                    over.push(("deploy".to_owned(), deploy("limits", "memory", &self.size(&["2G", "256M"]))));
                }
                5 if limit && tags => {
                    over.push(("mem_limit".to_owned(), text("!reset null")));
                    over.push(("deploy".to_owned(), deploy("limits", "memory", "1G")));
                }
                6 if tags => {
                    let set = Node::Marked("!override".to_owned(), Box::new(map([("LANG", text("C"))])));
                    over.push(("environment".to_owned(), set));
                }
                _ => over.push(("deploy".to_owned(), deploy("reservations", "memory", "128M"))),
            }
            overlay.push((name.clone(), over));
        }
        overlay
    }

    fn compose(
        &mut self,
        file: &str,
        top: Vec<(String, Node)>,
        services: Vec<(String, Vec<(String, Node)>)>,
    ) {
        let mut root = top;
        let services = services.into_iter().map(|(name, pairs)| (name, Node::Map(pairs))).collect();
        root.push(("services".to_owned(), Node::Map(services)));
        let root = Node::Map(root);
        let mut text = match self.style {
            Style::Json => format!("{}\n", flow(&root, true)),
            _ => {
                let wide = self.one(&[2, 2, 4]);
                let mut text = if self.chance(6) { "---\n".to_owned() } else { String::new() };
                if self.chance(3) {
                    text += "# größe 😀\n";
                }
                self.block(&root, 0, wide, &mut text);
                text
            }
        };
        text = self.ends(text);
        if self.chance(8) {
            text.insert(0, '\u{feff}');
        }
        self.files.insert(file.to_owned(), text);
    }

    /// Varies the line ends, with or without a final one.
    fn ends(&mut self, mut text: String) -> String {
        if self.chance(6) {
            text.truncate(text.trim_end().len());
        }
        if self.chance(6) { text.replace('\n', "\r\n") } else { text }
    }

    fn block(&mut self, node: &Node, depth: usize, wide: usize, out: &mut String) {
        let Node::Map(pairs) = node else { return };
        let indent = " ".repeat(depth * wide);
        for (key, value) in pairs {
            let (mark, value) = match value {
                Node::Marked(mark, value) => (format!(" {mark}"), &**value),
                value => (String::new(), value),
            };
            let comment = if self.chance(12) { self.one(&[" # ü", " # why: {it}"]) } else { "" };
            let leaf = |node: &Node| matches!(node, Node::Map(pairs) if pairs.iter().all(|(_, value)| matches!(value, Node::Scalar(_))));
            let in_braces = match self.style {
                Style::Flow => depth > 0,
                Style::Mixed => depth > 1 && (leaf(value) || matches!(value, Node::Seq(_))),
                _ => matches!(value, Node::Seq(_)) && self.chance(2),
            };
            match value {
                Node::Map(_) if !in_braces => {
                    *out += &format!("{indent}{key}:{mark}{comment}\n");
                    self.block(value, depth + 1, wide, out);
                }
                Node::Seq(items) if !in_braces => {
                    *out += &format!("{indent}{key}:{mark}{comment}\n");
                    let dash = if wide == 4 { indent.clone() } else { format!("{indent}  ") };
                    items.iter().for_each(|item| *out += &format!("{dash}- {}\n", flow(item, false)));
                }
                value => *out += &format!("{indent}{key}:{mark} {}{comment}\n", flow(value, false)),
            }
        }
    }
}

fn flow(node: &Node, json: bool) -> String {
    match node {
        Node::Scalar(text) if json && !text.starts_with('"') => match text.parse::<f64>() {
            Ok(_) => text.clone(),
            Err(_) => serde_json::to_string(text).unwrap(),
        },
        Node::Scalar(text) => text.clone(),
        Node::Map(pairs) => {
            let key = |key: &str| if json { serde_json::to_string(key).unwrap() } else { key.to_owned() };
            let pair = |(name, value): &(String, Node)| format!("{}: {}", key(name), flow(value, json));
            format!("{{{}}}", pairs.iter().map(pair).collect::<Vec<_>>().join(", "))
        }
        Node::Seq(items) => {
            format!("[{}]", items.iter().map(|item| flow(item, json)).collect::<Vec<_>>().join(", "))
        }
        Node::Marked(mark, value) => format!("{mark} {}", flow(value, json)),
    }
}
