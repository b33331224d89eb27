"""Resolves Dockerfiles by oomlint's own model: what the image starts, its healthcheck, ports, variables, base and tools."""
import dataclasses
import json
import pathlib
import re
import subprocess
import tempfile

from upstream import NotHere

SERVICE = "image"
TOOLS = ("bash", "curl", "wget", "nc")
INSTALLS = re.compile(r"\b(?:apt(?:-get)?|apk|(?:micro)?dnf5?|yum|tdnf|zypper)\b[^;&|]*?\b(?:install|add|in)\b(?P<packages>[^;&|]*)")
# Packages that bring a runtime, by the runtime's name in the tables.
RUNTIMES = {
    "java": re.compile(r"openjdk|temurin|zulu|corretto|java-\d+|(^|-)j(re|dk)(-|$)"),
    "python": re.compile(r"^python3?[\d.]*$"),
    "node": re.compile(r"^nodejs"),
    "php": re.compile(r"^php[\d.]*(-cli|-fpm)?$"),
    "ruby": re.compile(r"^ruby[\d.]*$"),
    "erlang": re.compile(r"^erlang"),
}
REMOVES = re.compile(r"\b(?:purge|remove|del|autoremove|erase)\b")
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
LARGEST = 1 << 18
BATCH = 40


@dataclasses.dataclass
class Image:
    """What a Dockerfile makes. A pair is `(value, line)`; the value is None where it is not known, and a list or a text where it is."""

    problem: str = ""
    entrypoint: tuple = (None, 0)
    command: tuple = (None, 0)
    healthcheck: tuple = (None, 0)
    base: tuple = (None, 0)
    exposes: tuple = (None, 0)
    workdir: tuple = (None, 0)
    variables: dict = dataclasses.field(default_factory=dict)
    installs: dict = dataclasses.field(default_factory=dict)
    lacks: dict = dataclasses.field(default_factory=dict)
    runs_shell: int = 0
    why: str = ""


@dataclasses.dataclass(frozen=True)
class Request:
    """A Dockerfile at a commit, as `upstream` of a row names it."""

    repository: str
    commit: str
    path: str
    target: str = ""
    arguments: tuple = ()


class Resolver:
    """Asks oomlint about many Dockerfiles at once."""

    def __init__(self, oomlint, repositories):
        self.oomlint, self.repositories = str(pathlib.Path(oomlint).absolute()), repositories

    def resolve(self, requests):
        """Returns the images of requests whose file is there."""
        images, requests = {}, list(dict.fromkeys(requests))
        for first in range(0, len(requests), BATCH):
            with tempfile.TemporaryDirectory(prefix="catalog-") as folder:
                batch = dict(enumerate(requests[first : first + BATCH]))
                places = {number: pathlib.Path(folder).resolve() / str(number) for number in batch}
                for number, request in batch.items():
                    self.write(places[number], request)
                syntax = self.trees(folder)
                for number, request in batch.items():
                    self.write_context(places[number], request, syntax.get(str(number), []))
                facts, lacks = self.facts(folder), self.missing_tools(folder)
                for number, request in batch.items():
                    key = str(number)
                    images[request] = image_of(request, facts.get(key, {}), lacks.get(key, {}), syntax.get(key, []))
        return images

    def run(self, folder, *arguments):
        command = [self.oomlint, *arguments, "--restrict-to", str(folder), "--no-config", "--no-ignore", "."]
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
        return done.stdout.decode(errors="replace")

    def write(self, place, request):
        place.mkdir()
        text = contents(self.repositories.get(request.repository), request.commit, request.path)
        (place / "Dockerfile").write_text(text or "", encoding="utf-8")
        build = {"context": ".", "dockerfile": "Dockerfile"}
        build.update({"target": request.target} if request.target else {})
        build.update({"args": dict(request.arguments)} if request.arguments else {})
        services = {SERVICE: {"build": build}}
        for tool in TOOLS:
            services[tool] = {"build": build, "healthcheck": {"test": ["CMD", tool, "x"]}}
        # JSON is YAML; `$` begins a variable in Compose files.
        (place / "compose.yaml").write_text(json.dumps({"services": services}).replace("$", "$$"), encoding="utf-8")

    def write_context(self, place, request, instructions):
        """Writes the files that COPY and ADD name, from the directory of the Dockerfile or from the top of the repository."""
        repository = self.repositories.get(request.repository)
        folder = pathlib.PurePosixPath(request.path).parent
        for instruction in instructions:
            if instruction["cmd"] not in ("copy", "add") or any(flag.startswith("--from") for flag in instruction.get("flags", [])):
                continue
            for word in instruction.get("args", [])[:-1]:
                word = word.removeprefix("./").lstrip("/")
                for path in (str(folder / word), word):
                    text = None if ".." in path.split("/") else contents(repository, request.commit, path)
                    target = place / word
                    if text is not None and len(text) < LARGEST and word not in ("Dockerfile", "compose.yaml") and not target.exists():
                        target.parent.mkdir(parents=True, exist_ok=True)
                        target.write_text(text, encoding="utf-8")
                        break

    def trees(self, folder):
        """Returns the instructions of every Dockerfile by the name of its directory."""
        trees = {}
        for line in self.run(folder, "inspect", "--syntax").splitlines():
            tree = json.loads(line)
            path = tree.get("file", "").removeprefix("./").split("/")
            if path[1:] == ["Dockerfile"]:
                trees[path[0]] = tree.get("instructions") or []
        return trees

    def facts(self, folder):
        answer = json.loads(self.run(folder, "inspect", "--format", "json") or '{"projects": []}')
        workloads = [workload for project in answer["projects"] for workload in project["workloads"] if workload["name"] == SERVICE]
        return {workload["file"].removeprefix("./").split("/")[0]: workload["facts"] for workload in workloads}

    def missing_tools(self, folder):
        """Returns, by directory, the tools of which oomlint is certain that the image lacks them."""
        select = ["--select", "healthcheck-missing-tool", "--no-baseline"]
        answer = json.loads(self.run(folder, "check", "--format", "json", *select) or '{"findings": []}')
        lacks = {}
        for finding in answer["findings"]:
            directory = finding["file"].removeprefix("./").split("/")[0]
            for tool in TOOLS:
                if f"`{tool}`" in finding["message"]:
                    lacks.setdefault(directory, {})[tool] = finding["message"]
        return lacks


def contents(repository, commit, path):
    try:
        return repository.text(commit, path)
    except NotHere:
        return None


def image_of(request, facts, lacks, instructions):
    if not facts:
        return Image(problem="oomlint reads no image in it")
    image = Image(lacks=lacks)
    start = facts.get("start", {})
    if start.get("state") == "known":
        image.entrypoint = (start["value"]["entrypoint"], line_of(start))
        image.command = (start["value"]["command"], line_of(start))
    elif start.get("state") == "absent":
        image.entrypoint = image.command = ([], 0)
    else:
        image.why = start.get("why", "")
    check = facts.get("healthcheck", {})
    if check.get("state") == "known":
        test = check["value"].get("test") if isinstance(check["value"], dict) else None
        image.healthcheck = ("none" if test in (["NONE"], "NONE") or check["value"] == "disabled" else "present", line_of(check))
    elif check.get("state") == "absent":
        image.healthcheck = ("none", 0)
    image.base = (facts.get("base_image", {}).get("value"), line_of(facts.get("base_image", {})))
    if facts.get("base_image", {}).get("state") == "absent":
        image.base = ("scratch", 0)
    for name, fact in facts.get("env", {}).items():
        if fact.get("state") == "known":
            image.variables[name] = (fact["value"], line_of(fact))
    of_stages(image, chain(instructions, request.target))
    return image


def line_of(fact):
    return fact.get("from", {}).get("line", 0)


def chain(instructions, target):
    """Returns the instructions of the stage that runs and of those that it is built from, in order."""
    stages = []
    for instruction in instructions:
        if instruction["cmd"] == "from":
            words = instruction.get("args", [])
            name = words[2].lower() if len(words) > 2 and words[1].lower() == "as" else ""
            stages.append((name, words[0].lower() if words else "", []))
        elif stages:
            stages[-1][2].append(instruction)
    wanted = next((at for at, stage in enumerate(stages) if target and stage[0] == target.lower()), len(stages) - 1)
    if target.isdigit() and int(target) < len(stages):
        wanted = int(target)
    found = []
    while 0 <= wanted < len(stages):
        found = stages[wanted][2] + found
        base = stages[wanted][1]
        wanted = next((at for at in range(wanted - 1, -1, -1) if stages[at][0] and stages[at][0] == base), -1)
    return found


def expand(word, values):
    """Replaces `$NAME` and `${NAME}` where the value is known."""
    return VARIABLE.sub(lambda found: values.get(found[1] or found[2], found[0]), word)


def of_stages(image, instructions):
    ports, port_line, known, own_command = set(), 0, True, None
    values = {name: value for name, (value, _) in image.variables.items()}
    for instruction in instructions:
        words, line = instruction.get("args", []), instruction["start"]
        if instruction["cmd"] in ("expose", "workdir"):
            words = [expand(word, values) for word in words]
        if instruction["cmd"] == "arg":
            for word in words:
                name, given, value = word.partition("=")
                if given:
                    values.setdefault(name, value.strip("\"'"))
        elif instruction["cmd"] == "expose":
            for word in words:
                port, _, protocol = word.partition("/")
                port_line = line
                if protocol.lower() in ("", "tcp"):
                    known &= port.isdigit()
                    ports.add(int(port) if port.isdigit() else 0)
        elif instruction["cmd"] == "workdir" and words:
            image.workdir = (words[0] if words[0].startswith("/") and "$" not in words[0] else None, line)
        elif instruction["cmd"] == "cmd" and instruction.get("json") and image.command[0] is None:
            # Whatever the base starts, this is what it gets.
            own_command = (words, line)
        elif instruction["cmd"] == "entrypoint":
            own_command = None
        elif instruction["cmd"] == "run" and not instruction.get("json"):
            image.runs_shell = image.runs_shell or line
            installs(image, " ".join(words), line)
    image.command = own_command or image.command
    image.exposes = (sorted(ports) if known else None, port_line)


def installs(image, script, line):
    for found in INSTALLS.finditer(script.replace("\\\n", " ")):
        for word in found["packages"].split():
            name = re.split(r"[=~<>]", word)[0]
            brings = [runtime for runtime, pattern in RUNTIMES.items() if pattern.search(name)]
            image.installs.update({what: line for what in (*([name] if name in TOOLS else []), *brings)})
    for found in REMOVES.finditer(script):
        for tool in TOOLS:
            if re.search(rf"\s{tool}(?:\s|$)", script[found.end() :].split("&&")[0].split(";")[0]):
                image.installs.pop(tool, None)
