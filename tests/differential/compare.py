"""Compares the answers of Docker Compose and oomlint about one project."""
import math
import os
import pathlib
import re

# The rules that say that Docker Compose rejects the project, with a pattern of their message in that case.
REFUSALS = {
    "syntax-error": "",
    "invalid-compose-file": "",
    "conflicting-limits": "Compose rejects",
    "invalid-memory-value": "Compose rejects",
    "unknown-memory-key": "Compose rejects",
    "invalid-healthcheck": "Docker rejects the healthcheck",
}
# What the labels of a refused healthcheck have where the engine refuses it, after Docker Compose accepted it.
OF_THE_ENGINE = ("requires healthcheck.start_period", "in Healthcheck cannot be", "by the engine")
ABSENT = None
# Facts for which Docker Compose does not print a zero, so that it cannot be told from nothing.
ZERO = ("memory_limit", "memory_reservation", "swap_limit", "shm_size", "mem_swappiness", "pids_limit", "cpus", "oom_kill_disable")


class Unknown:
    """A fact that oomlint does not know, and why."""

    def __init__(self, why):
        self.why = why

    def __repr__(self):
        return f"unknown: {self.why}"


class Difference:
    """Where the two answers differ: a class, the service, and what each says."""

    def __init__(self, kind, service, compose, oomlint, unset=(), name="", fact="", unlisted_files=False):
        self.kind, self.service, self.compose, self.oomlint = kind, service, compose, oomlint
        self.unset, self.name, self.fact = unset, name, fact
        # There are Compose files next to the project that are no part of it.
        self.unlisted_files = unlisted_files

    def __str__(self):
        where = f"{self.service} {self.fact} {self.name}".strip()
        return f"{self.kind}\n    {where}\n    Compose: {self.compose}\n    oomlint: {self.oomlint}"


def unescaped(value):
    if isinstance(value, str):
        return value.replace("$$", "$")
    if isinstance(value, list):
        return [unescaped(item) for item in value]
    if isinstance(value, dict):
        return {key: unescaped(item) for key, item in value.items()}
    return value


def normal(message):
    """A message of Docker Compose without the names and values of this project."""
    message = re.sub(r"^(validating |parsing |failed to parse |yaml: )?[\w./-]+\.(ya?ml|env): ?", r"\1", message)
    message = re.sub(r"(line|column|document|character|L)\s*\d+", r"\1 N", message)
    message = re.sub(r'"(?:[^"\\]|\\.)*"', '"…"', message)
    message = re.sub(r"'[^']*'", "'…'", message)
    message = re.sub(r"\b(services|jobs)\.[^ :.\[]+", r"\1.S", message)
    message = re.sub(r"(services|jobs|environment|args|options|ulimits)\[[^\]]*\]", r"\1[…]", message)
    message = re.sub(r"/?[\w./-]+\.(ya?ml|env)\b", "FILE", message)
    message = re.sub(r"\b(environment|args|options|labels|ulimits|pre_start|annotations)\.[\w.-]+", r"\1.X", message)
    message = re.sub(r"-?\d+(\.\d+)?", "N", message)
    message = re.sub(r"\s+", " ", message)
    if match := re.search(r"(must be an? [a-z, ]+|additional properties .* allowed|must be one of .*|missing propert.*|false schema)", message):
        if message.startswith("validating"):
            return f"schema: {match[1]}"[:120]
    message = re.sub(r"(interpolating|validating) [\w.\[\]…<>]+", r"\1 …", message)
    message = re.sub(r"(expected a mapping, got|must be a list, got) .*", r"\1", message)
    message = re.sub(r"key in [\w.\[\]…]+:.*", "key", message)
    message = re.sub(r"(cast to expected type|following error\(s\)): .*?(invalid boolean|strconv\.\w+|invalid size|invalid suffix|missing unit|overflows).*", r"\1: \2", message)
    message = re.sub(r"(cannot construct \S+) `.*", r"\1", message)
    message = re.sub(r"^services?\.S \S+ must", "services.S must", message)
    return message[:150].strip()


def refusals(findings):
    """The findings that say that Docker Compose rejects the project."""

    def claims(found):
        begins = REFUSALS.get(found["rule"])
        by_engine = any(words in (found.get("label") or "") for words in OF_THE_ENGINE)
        return found["severity"] == "error" and begins is not None and re.match(begins, found["message"]) and not by_engine

    return [found for found in findings if claims(found)]


def unresolved(findings):
    return [found for found in findings if found["rule"] == "unresolved-reference"]


def differences(folder, name, theirs, ours):
    """Returns all differences of a project."""
    said = [found for found in refusals(ours["findings"]) if not left_out(folder, found["file"], ours["projects"])]
    if "error" in theirs:
        if said:
            return []
        kind = f"only Compose refuses: {normal(theirs['error'])}"
        unset = {*theirs["unset"], *asked_whether_set(folder)}
        return [Difference(kind, "", theirs["error"], [found["message"] for found in unresolved(ours["findings"])], unset, unlisted_files=bool(unlisted(folder)))]
    if said:
        found = said[0]
        label = found.get("label") or ""
        kind = f"only oomlint refuses: {found['rule']}: {shape(found['message'])}" + (f" ({shape(label)})" if label else "")
        return [Difference(kind, found.get("service") or "", "accepted", f"{found['message']} ({label})", name=found["file"])]
    return facts(folder, name, theirs, ours)


def left_out(folder, path, projects):
    """True for a file that no project reads but those of files that `COMPOSE_FILE` of the `.env` leaves out: oomlint checks them all the same."""
    unread = unlisted(folder)
    readers = [project["files"] for project in projects if path in project["files"]]
    return bool(readers) and all(any(file.split("/", 1)[1] in unread for file in files) for files in readers)


def unlisted(folder):
    """The Compose files of a directory that `COMPOSE_FILE` of its `.env` leaves out."""
    listed = re.findall(r"^COMPOSE_FILE=(.*?)\r?$", text_of(os.path.join(folder, ".env")), re.M)
    here = [name for name in os.listdir(folder) if re.fullmatch(r"(docker-)?compose(\.override)?\.ya?ml", name)]
    return [name for name in here if name not in listed[-1].split(":")] if listed else []


def text_of(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return ""


def asked_whether_set(folder):
    """The variables that `${X+…}` and `${X:+…}` ask for and no env file sets: Compose says nothing of those that are not set."""
    texts = [(path, text_of(path)) for path in map(str, pathlib.Path(folder).rglob("*.*"))]
    asked = {name for path, text in texts if path.endswith((".yaml", ".yml")) for name in re.findall(r"\$\{(\w+):?\+", text)}
    return asked - {name for path, text in texts if path.endswith("env") for name in re.findall(r"^\s*(?:export )?(\w+)\s*[=:]", text, re.M)}


def shape(message):
    return re.sub(r"(?<![-\w])-?\d+", "N", re.sub(r"`[^`]*`", "`…`", message))


def facts(folder, name, theirs, ours):
    found = []
    config = unescaped(theirs["config"])
    unset = {*theirs["unset"], *asked_whether_set(folder)}
    services = {**(config.get("services") or {}), **(config.get("jobs") or {})}
    workloads = {}
    for project in ours["projects"]:
        for workload in project["workloads"]:
            if workload["kind"] != "image":
                workloads.setdefault(workload["name"], workload)
    for service, values in services.items():
        workload = workloads.pop(service, None)
        if workload is None:
            what = "job" if service in (config.get("jobs") or {}) else "service"
            found.append(Difference(f"{what}: Compose has one, oomlint none", service, "there", "not there"))
            continue
        expected, own = of_compose(values, folder), of_oomlint(workload, folder, name)
        for fact, value in expected.items():
            found.extend(of_fact(fact, service, value, own.get(fact), unset))
    for service, workload in workloads.items():
        if workload["kind"] == "service":
            found.append(Difference("service: oomlint has one, Compose none", service, "not there", "there"))
    return found


def of_fact(fact, service, theirs, ours, unset):
    if fact == "env" or fact == "tmpfs":
        for name in dict.fromkeys([*theirs, *ours]):
            if name not in ours:
                yield Difference(f"{fact}: Compose has one, oomlint none", service, theirs[name], "none", unset, name, fact)
            elif name not in theirs:
                if not (isinstance(ours[name], Unknown) and fact == "env" and name in unset):
                    yield Difference(f"{fact}: oomlint has one, Compose none", service, "none", ours[name], unset, name, fact)
            else:
                yield from one(fact, service, theirs[name], ours[name], unset, name)
        return
    yield from one(fact, service, theirs, ours, unset, "")


def one(fact, service, theirs, ours, unset, name):
    if same(fact, theirs, ours):
        return
    if isinstance(ours, Unknown):
        why = re.sub(r"`[^`]*`", "`…`", ours.why)
        # One cause mostly hides every fact of a service.
        kind = f"unknown, though Compose knows: {why}"
    elif theirs is ABSENT or theirs == {} or theirs == []:
        kind = f"{fact}: oomlint has a value, Compose none"
    elif ours is ABSENT or ours == {} or ours == []:
        kind = f"{fact}: Compose has a value, oomlint none"
    else:
        kind = f"{fact}: other value" + (", of a number" if is_number(theirs) and is_number(ours) else "")
    yield Difference(kind, service, theirs, ours, unset, name, fact)


def is_number(value):
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def same(fact, theirs, ours):
    if theirs is ANY or ours is ANY or (theirs == ours and type(theirs) is type(ours)):
        return True
    if isinstance(ours, Unknown):
        return fact == "env" and theirs is None
    if fact == "healthcheck" and ours is ABSENT and isinstance(theirs, dict) and "test" not in theirs:
        # Times without a test are for the probe of the image, which has none here.
        return True
    if fact in ZERO and theirs is ABSENT and not ours:
        return True
    if isinstance(theirs, (int, float)) and isinstance(ours, (int, float)):
        return float(theirs) == float(ours)
    return theirs == ours


# A value that is not compared.
ANY = object()


def number(value):
    return int(value) if value is not None else None


def of_compose(service, folder):
    """The facts of a service that Docker Compose printed."""
    deploy = service.get("deploy") or {}
    resources = deploy.get("resources") or {}
    limits, reservations = resources.get("limits") or {}, resources.get("reservations") or {}
    build = service.get("build")
    restart = service.get("restart")
    if (policy := deploy.get("restart_policy")) is not None:
        restart = {"none": "no", "": "no", "any": "always"}.get(policy.get("condition") or "", policy.get("condition"))
    scale = service.get("scale")
    return {
        "memory_limit": number(limits.get("memory") if limits.get("memory") not in (None, "0") else service.get("mem_limit")),
        "memory_reservation": number(reservations.get("memory") if reservations.get("memory") not in (None, "0") else service.get("mem_reservation")),
        "swap_limit": number(service.get("memswap_limit")),
        "mem_swappiness": number(service.get("mem_swappiness")),
        "oom_kill_disable": service.get("oom_kill_disable") or None,
        "shm_size": number(service.get("shm_size")),
        "tmpfs": tmpfs(service),
        "pids_limit": limits.get("pids") or service.get("pids_limit"),
        "cpus": limits.get("cpus") or service.get("cpus"),
        "replicas": scale if scale is not None else deploy.get("replicas"),
        "restart": restart or None,
        "init": service.get("init"),
        "healthcheck": healthcheck(service.get("healthcheck")),
        "start": start(service, folder),
        "env": service.get("environment") or {},
        "args": argument(build, folder),
        "logging": logging(service.get("logging")),
        "depends_on": {key: value["condition"] for key, value in (service.get("depends_on") or {}).items()},
        "ulimits": {key: value if isinstance(value, dict) else {"soft": value, "hard": value} for key, value in (service.get("ulimits") or {}).items()},
        "profiles": sorted(service.get("profiles") or []),
        "image": service.get("image") or None,
        "context": build and os.path.normpath(build.get("context") or folder) if build and "://" not in build.get("context", "") else ANY,
        "dockerfile": os.path.normpath(build["dockerfile"]) if build and build.get("dockerfile") and "://" not in build.get("context", "") else ANY,
        "target": (build or {}).get("target") or None,
    }


def tmpfs(service):
    found = {}
    for text in service.get("tmpfs") or []:
        target, _, options = text.partition(":")
        size = [option[5:] for option in options.split(",") if option.startswith("size=")]
        plain = re.fullmatch(r"(\d+)([kKmMgG]?)", size[-1]) if size else None
        factor = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30}
        if target.rstrip("/") in found:
            found["twice"] = ANY
        found[target.rstrip("/")] = (int(plain[1]) * factor[plain[2].lower()] if plain else ANY) if size else ABSENT
    for volume in service.get("volumes") or []:
        if volume["type"] == "tmpfs":
            found[volume["target"].rstrip("/")] = number((volume.get("tmpfs") or {}).get("size"))
    return found


def healthcheck(section):
    if not section:
        return ABSENT
    if section.get("disable") or (section.get("test") or [""])[0] == "NONE":
        return "disabled"
    found = {key: value for key, value in section.items() if key != "disable" and value not in ("0s", 0, None)}
    return found or ABSENT


def logging(section):
    if not section:
        return ABSENT
    return {"driver": section.get("driver") or None, "options": {key: str(value) for key, value in (section.get("options") or {}).items()}}


def stage(build, folder):
    """The last word of the `CMD` in the built stage; `None` where there is no such Dockerfile."""
    if not build or "://" in build.get("context", ""):
        return None
    try:
        with open(os.path.join(build.get("context") or folder, build.get("dockerfile") or "Dockerfile"), encoding="utf-8") as file:
            commands = re.findall(r'^CMD \["(.*)"\]', file.read(), re.M)
    except OSError:
        return None
    return commands[0] if build.get("target") == "base" else commands[-1] if build.get("target") in (None, "", "last") and commands else None


def start(service, folder):
    word = stage(service.get("build"), folder)
    entrypoint, command = service.get("entrypoint"), service.get("command")
    if entrypoint is None and word is None:
        return ANY
    if entrypoint is None:
        return {"entrypoint": ["/entry"], "command": [word] if command is None else command}
    # An empty list takes away what the image has.
    return {"entrypoint": entrypoint, "command": command or []} if entrypoint or command else ABSENT


def argument(build, folder):
    """What the Dockerfile makes of its argument `A`."""
    if stage(build, folder) is None:
        return ANY
    value = (build.get("args") or {}).get("A", "img")
    return ANY if value is None else value


def of_oomlint(workload, folder, name):
    """The facts of a workload that oomlint printed."""
    table = workload["facts"]

    def value(fact):
        if not isinstance(fact, dict) or "state" not in fact:
            return fact
        return fact.get("value") if fact["state"] != "unknown" else Unknown(fact["why"])

    found = {fact: value(own) for fact, own in table.items()}
    found["env"] = {key: value(own) for key, own in table["env"].items() if own["origin"] != "image"}
    found["args"] = value(table["env"]["SEEN"]) if "SEEN" in table["env"] and table["env"]["SEEN"]["origin"] == "image" else ANY
    found["tmpfs"] = {value(own["target"]).rstrip("/"): value(own["size"]) for own in table["tmpfs"]}
    if len(found["tmpfs"]) < len(table["tmpfs"]):
        found["tmpfs"]["twice"] = [own["target"] for own in table["tmpfs"]]
    found["oom_kill_disable"] = found["oom_kill_disable"] or None
    check = found["healthcheck"]
    if check == "of the image" or check == {}:
        check = ABSENT
    if isinstance(check, dict):
        check = {key: own for key, own in check.items() if own not in ("0s", 0)} or ABSENT
    found["healthcheck"] = check
    if isinstance(found["start"], dict):
        words = {key: found["start"][key] for key in ("entrypoint", "command")}
        found["start"] = words if any(words.values()) else ABSENT
    found["restart"] = found["restart"] or None
    build = workload["build"] or {}
    context = build.get("context")
    found["profiles"] = sorted(workload["profiles"])
    found["image"] = workload["image"] or None
    found["context"] = context and os.path.normpath(os.path.join(folder, context))
    found["dockerfile"] = build.get("dockerfile") and os.path.normpath(build["dockerfile"])
    found["target"] = build.get("target") or None
    return found
