"""Generates Compose projects that combine features. The same seed gives the same project.

    python3 tests/differential/generate.py 17        prints project 17 as a here-document
"""
import random
import sys

import values
from emit import Map, Marked, document, is_collection, plain, quoted
from layers import Layers
from wrong import make_wrong

NAMES = ["a", "b", "c"]
VARIABLES = ["M1", "M2", "M3", "M4", "M5", "M6"]
DOCKERFILE = """FROM scratch AS base
ARG A=img
ENV SEEN=$A
ENTRYPOINT ["/entry"]
CMD ["base"]
FROM base AS last
CMD ["%s"]
"""
# Keys of a service, and how often they are taken.
COMMON = ["mem_limit"] * 4 + ["environment"] * 5 + ["command"] * 3 + ["entrypoint"] * 2 + ["healthcheck"] * 3 + ["deploy"] * 3 + [
    "tmpfs", "tmpfs", "shm_size", "memswap_limit", "mem_reservation", "restart", "profiles", "env_file", "env_file", "env_file", "ulimits", "logging",
    "depends_on", "depends_on", "volumes", "build", "build", "cpus", "pids_limit", "init", "stop_grace_period", "scale", "image",
    "oom_kill_disable", "oom_score_adj", "mem_swappiness"]
RARE = ["privileged", "read_only", "cpu_shares", "cpu_quota", "user", "gpus", "use_api_socket", "pull_policy", "hostname", "ports", "labels",
        "networks", "container_name", "develop", "annotations", "security_opt", "ipc", "pre_start", "models", "provider"]


class Project:
    """Files by path, as bytes, and the features that the generator used."""

    def __init__(self, seed):
        self.seed = seed
        self.files = {}
        self.features = set()


class Generator(Layers):
    def __init__(self, seed):
        self.rng = random.Random(seed)
        self.project = Project(seed)
        self.env = []
        self.odd = self.rng.choice([0, 0, 0.04, 0.15])
        self.templates = self.rng.choice([0, 0.05, 0.25])
        self.deploys = self.rng.random() < 0.5
        self.texts = {}

    def chance(self, share):
        return self.rng.random() < share

    def feature(self, name):
        self.project.features.add(name)

    # Values

    def value(self, pools, key):
        right, odd, _ = pools[key]
        if odd and self.chance(self.odd):
            self.feature(f"odd {key}")
            return self.rng.choice(odd)
        return self.template(self.rng.choice(right), key == "text")

    def template(self, text, any_text=False):
        """The text, or a template that gives it; for a key of any text also one without a value."""
        if is_collection(text) or text[:1] in ("!", "&", "*") or not self.chance(self.templates):
            return text
        self.feature("template")
        body, rng = plain(text), self.rng
        if "'" in body or "}" in body or "\n" in body or '"' in body or "$" in body or "\\" in body:
            return text
        name = rng.choice(VARIABLES)
        known = dict(self.env)
        if known.get(name, body) == body and self.chance(0.5):
            if name not in known:
                self.env.append((name, body))
            form = rng.choice(["${%s}", "$%s", "${%s:-7m}", "${%s-7m}", "${%s:?must}", "${%s?must}"]) % name
        else:
            form = rng.choice(["${U1:-%s}", "${U2-%s}", "${U1:-${U2:-%s}}", "${U3:-%s}", "${U1-%s}"]) % body
        if any_text and self.chance(0.1):
            form = rng.choice(["${U4}", "$U4", "${U4:+x}", "${COMPOSE_PROJECT_NAME}", "${COMPOSE_PROJECT_NAME:-x}", "$$U4"])
        return form if self.chance(0.5) and not form.startswith("{") and ": " not in form and " #" not in form else f"'{form}'" if self.chance(0.4) else f'"{form}"'

    def environment(self):
        rng = self.rng
        names = rng.sample(["A", "B", "C", "D", "E", "JAVA_TOOL_OPTIONS", "M1", "N.M"], rng.randint(1, 4))
        if self.chance(0.4):
            items = []
            for name in names:
                text = plain(self.value({"text": (values.SCALAR, values.ODD_SCALAR, [])}, "text"))
                if "\n" in text or '"' in text or "\\" in text or text[:1] in "!":
                    text = "x"
                item = name if self.chance(0.15) else f"{name}={text}"
                items.append(f"'{item}'".replace("''", "'") if "'" not in item and (":" in item or "#" in item or " " in item or self.chance(0.3)) else item)
            items = [item if "'" not in item.strip("'") and not item.endswith("'") or quoted(item) else "A=1" for item in items]
            return items
        return Map((name, "" if self.chance(0.1) else self.value({"text": (values.SCALAR, values.ODD_SCALAR, [])}, "text")) for name in names)

    def section(self, pools, count):
        keys = self.rng.sample(list(pools), min(count, len(pools)))
        return Map((key, self.value(pools, key)) for key in keys)

    def healthcheck(self):
        found = self.section(values.HEALTHCHECK, self.rng.randint(1, 4))
        if found.get("test") is None and self.chance(0.8):
            found.set("test", self.value(values.HEALTHCHECK, "test"))
        if found.get("disable") and self.chance(0.7):
            found.remove("disable")
        return found

    def deploy(self):
        found = Map()
        if self.chance(0.3):
            found.set("restart_policy", self.section(values.RESTART_POLICY, self.rng.randint(1, 3)))
        if self.chance(0.3):
            found.set("replicas", self.value({"": (values.INTEGER, values.ODD_INTEGER, [])}, ""))
        resources = Map()
        if self.deploys and self.chance(0.8):
            limits = self.section(values.LIMITS, self.rng.randint(1, 3))
            resources.set("limits", limits)
        if self.deploys and self.chance(0.4):
            resources.set("reservations", self.section(values.RESERVATIONS, self.rng.randint(1, 2)))
        if resources.pairs:
            found.set("resources", resources)
        if not found.pairs:
            found.set("replicas", "2")
        return found

    def env_file(self, folder):
        rng = self.rng
        entries = []
        for _ in range(rng.randint(1, 3)):
            name = rng.choice(["e.env", "f.env", "g.env"])
            self.dotenv(folder + name)
            if self.chance(0.6):
                entries.append(rng.choice([name, f"./{name}", f"'{name}'"]))
                continue
            entry = Map([("path", name)])
            if self.chance(0.4):
                entry.set("required", rng.choice(["true", "false"]))
                if entry.get("required") == "false" and self.chance(0.5):
                    entry.set("path", "missing.env")
            if self.chance(0.3) and b"export" not in self.project.files.get(folder + name, b""):
                entry.set("format", "raw")
                self.feature("raw env_file")
            entries.append(entry)
        self.feature("env_file")
        return entries[0] if len(entries) == 1 and isinstance(entries[0], str) and self.chance(0.5) else entries

    def dotenv(self, path):
        """Writes a file of `env_file`."""
        if path in self.project.files:
            return
        lines = self.rng.sample(values.DOTENV, self.rng.randint(1, 5))
        if self.chance(self.odd):
            lines.append(self.rng.choice(values.ODD_DOTENV))
            self.feature("odd dotenv line")
        self.project.files[path] = self.encode("\n".join(lines) + ("\n" if self.chance(0.9) else ""), 0.03, False)

    def depends_on(self, others):
        if not others:
            return None
        chosen = self.rng.sample(others, self.rng.randint(1, len(others)))
        if self.chance(0.4):
            return chosen
        return Map((name, self.condition()) for name in chosen)

    def condition(self):
        found = Map([("condition", self.rng.choice(["service_started", "service_healthy", "service_completed_successfully"]))])
        if self.chance(0.2):
            found.set(self.rng.choice(["required", "restart"]), self.rng.choice(["true", "false"]))
        return found

    def build(self, folder):
        found = self.section(values.BUILD, self.rng.randint(0, 3))
        if not found.get("context"):
            found.set("context", ".")
        return found if self.chance(0.8) else found.get("context")

    def key(self, key, others, folder):
        """The value of a key of a service."""
        rng = self.rng
        if key == "environment":
            return self.environment()
        if key == "healthcheck":
            return self.healthcheck()
        if key == "deploy":
            return self.deploy()
        if key == "env_file":
            return self.env_file(folder)
        if key == "depends_on":
            return self.depends_on(others)
        if key == "build":
            return self.build(folder)
        if key == "logging":
            return self.section(values.LOGGING, rng.randint(1, 2))
        if key == "ulimits":
            return Map((name, self.value({"": (values.ULIMIT, values.ODD_ULIMIT, [])}, "")) for name in rng.sample(["nofile", "memlock", "nproc"], rng.randint(1, 2)))
        if key == "pre_start":
            self.feature("pre_start")
            return [Map([("image", "x"), ("command", "[x]"), ("mem_limit", self.value(values.VALUES, "mem_limit"))])]
        if key == "models":
            self.feature("models")
            return None
        if key == "provider":
            return None
        if key in RARE:
            self.feature(key)
        return self.value(values.VALUES, key)

    def service(self, others, folder, count, whole=True):
        rng = self.rng
        found = Map()
        if whole:
            if self.chance(0.6):
                found.set("build", self.build(folder))
            else:
                found.set("image", self.value(values.VALUES, "image"))
        keys = []
        for _ in range(count):
            keys.append(rng.choice(RARE if self.chance(0.05) else COMMON))
        for key in dict.fromkeys(keys):
            if self.deploys and key in ("mem_limit", "mem_reservation", "cpus", "pids_limit") and self.chance(0.95):
                continue
            if key == "scale" and self.chance(0.8) or found.get(key) is not None:
                continue
            tree = self.key(key, others, folder)
            if tree is not None:
                found.set(key, tree)
        if found.get("memswap_limit") and not found.get("mem_limit") and not self.deploys and self.chance(0.8):
            found.set("mem_limit", "64m")
        rng.shuffle(found.pairs)
        if not found.pairs:
            found.set("init", "true")
        return found

    def document(self, tree):
        return document(tree, self.rng)

    def encode(self, text, share, wide=True):
        if self.chance(share):
            how = self.rng.choice(["crlf", "bom", "utf-16", "utf-16-be"] if wide else ["crlf", "bom"])
            self.feature(how)
            if how == "crlf":
                return text.replace("\n", "\r\n").encode()
            if how == "bom":
                return b"\xef\xbb\xbf" + text.encode()
            return text.encode("utf-16") if how == "utf-16" else b"\xfe\xff" + text.encode("utf-16-be")
        return text.encode()

    def write(self, path, text):
        self.project.files[path] = self.encode(text, 0.03)

    def documents(self, root, services):
        """The file, or several documents of it."""
        if not self.chance(0.06):
            return self.document(root)
        self.feature("documents")
        name = self.rng.choice([key for key, value in services.pairs if isinstance(value, Map)] or ["a"])
        under = services.get(name)
        more = self.partial(under if isinstance(under, Map) else Map(), [], "")
        return self.document(root) + "---\n" + self.document(Map([("services", Map([(name, more)]))]))

    def generate(self):
        rng = self.rng
        for path, word in [("Dockerfile", "root"), ("other.Dockerfile", "other"), ("app/Dockerfile", "app"), ("app/other.Dockerfile", "app-other"),
                           ("app/app/Dockerfile", "deep"), ("inc/Dockerfile", "inc")]:
            self.project.files[path] = (DOCKERFILE % word).encode()
        names = NAMES[: rng.choice([1, 1, 2, 3])]
        services = Map()
        root = Map()
        for at, name in enumerate(names):
            services.set(name, self.service(names[at + 1 :], "", rng.randint(2, 7)))
        if self.chance(0.25):
            root.set("name", rng.choice(["n", "my-name", "'q1'"]))
        root.set("services", services)
        for name in list(names):
            service = services.get(name)
            others = names[names.index(name) + 1 :]
            if self.chance(0.2):
                self.extend(services, service, name, others)
            while self.chance(0.2):
                self.merge_keys(root, service, others)
        if len(names) > 1 and self.chance(0.2):
            self.alias(services, names[0], names[1])
        if self.chance(0.2):
            self.include(root, services)
        if self.chance(0.03):
            root.set("jobs", Map([("j", Map([("image", "nginx:1.29"), ("mem_limit", self.value(values.VALUES, "mem_limit")), ("triggers", "{schedule: ['0 3 * * *']}")]))]))
            self.feature("jobs")
        if self.chance(0.02):
            root.set("models", "{m: {model: ai/x}}")
            services.get("a").set("models", "[m]")
            self.feature("models")
        name = rng.choice(["compose.yaml"] * 4 + ["compose.yml", "docker-compose.yml", "docker-compose.yaml"])
        trees = {name: root}
        if self.chance(0.3):
            over = Map((key, self.partial(services.get(key), names[names.index(key) + 1 :], "")) for key in names if self.chance(0.7))
            if over.pairs:
                self.marks(over)
                ending = rng.choice(["yaml", "yml"])
                stem = name.partition(".")[0]
                trees[f"{stem}.override.{ending}"] = Map([("services", over)])
                self.feature("override file")
        if self.chance(0.3):
            self.feature("wrong")
            make_wrong(self, rng.choice(list(trees.values())))
        for path, tree in trees.items():
            text = self.documents(tree, services) if path == name else self.document(tree)
            self.write(path, self.texts.get("damage", lambda text: text)(text))
        self.dot_env(name, trees)
        return self.project

    def dot_env(self, name, trees):
        rng = self.rng
        lines = [f"{key}={value}" if value.strip() == value and "#" not in value and "'" not in value else f"{key}='{value}'" for key, value in self.env]
        if self.chance(0.2):
            lines += rng.sample(values.DOTENV, rng.randint(1, 4))
            self.feature(".env lines")
        if self.chance(0.05):
            lines.append(rng.choice(["COMPOSE_PROFILES=p", "COMPOSE_PROFILES=p,q", "COMPOSE_PROJECT_NAME=pn", "COMPOSE_PROJECT_NAME=p2"]))
            self.feature("COMPOSE_ settings")
        if self.chance(0.06):
            over = next((path for path in trees if "override" in path), None)
            if self.chance(0.3):
                self.feature("COMPOSE_FILE, other names")
                for path, other in [(name, "main.yaml"), (over, "more.yaml")]:
                    if path:
                        self.project.files[other] = self.project.files.pop(path)
                lines.append("COMPOSE_FILE=main.yaml" + (":more.yaml" if over else ""))
            else:
                self.feature("COMPOSE_FILE")
                lines.append(f"COMPOSE_FILE={name}" + (f":{over}" if over and self.chance(0.5) else ""))
        if lines:
            self.project.files[".env"] = self.encode("\n".join(lines) + "\n", 0.02, False)


def generate(seed):
    """Returns the project of this seed."""
    return Generator(seed).generate()


def here_document(files):
    """Returns shell commands that write the files."""
    parts = []
    for path, data in files.items():
        if "/" in path:
            parts.append(f"mkdir -p {path.rpartition('/')[0]}\n")
        try:
            text = data.decode()
            odd = "\r" in text or "\0" in text or text.startswith("\ufeff") or not text.endswith("\n") or "\t" in text
        except UnicodeDecodeError:
            odd = True
        if odd:
            shown = "".join(chr(byte) if 32 <= byte < 127 and byte not in b"'\\%" else "\\%03o" % byte if byte != 10 else "\\n" for byte in data)
            parts.append(f"printf '{shown.replace('%', '%%')}' > {path}\n")
        else:
            parts.append(f"cat > {path} <<'E'\n{text}E\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.stdout.write(here_document(generate(int(sys.argv[1])).files))
