"""Compares what a row says with the image that its Dockerfile makes."""
import re

# Images without a shell, and those whose /bin/sh is BusyBox.
BARE = re.compile(r"^(scratch|gcr\.io/distroless/(?!.*debug).*|.*(chiseled|-distroless).*|cgr\.dev/chainguard/static.*)$")
ALPINE = re.compile(r"(^|[/:.-])(alpine|busybox)")
XMX = re.compile(r"-Xmx(\d+)([kKmMgG]?)\b")
PLAIN_SIZE = re.compile(r"(\d+)([kKmMgG]?)[bB]?")
# Variables that images with a runtime of their own set.
RUNTIME_VARIABLES = {"java": ("JAVA_HOME", "JAVA_VERSION"), "node": ("NODE_VERSION",), "python": ("PYTHON_VERSION",), "php": ("PHP_VERSION",), "ruby": ("RUBY_VERSION",)}
MIB = {"k": 1 / 1024, "m": 1, "g": 1024}


class Answer:
    """One comparison: `holds` is None where the Dockerfile does not tell."""

    def __init__(self, key, says, holds, upstream="", line=0):
        self.key, self.says, self.holds, self.upstream, self.line = key, says, holds, upstream, line


def compare(row, image, images):
    """Returns the comparisons of everything in a row that a Dockerfile tells. `images` maps repositories to their rows' values."""
    values, answers = row.values, []
    if "healthcheck" in values and values["healthcheck"] != "unknown":
        answers.append(of_value("healthcheck", values["healthcheck"], image.healthcheck))
    if "exposes" in values:
        answers.append(exposes(sorted(values["exposes"]), image, images))
    if "workdir" in values:
        answers.append(of_value("workdir", values["workdir"], image.workdir))
    # What holds for some tags alone is not what one Dockerfile tells.
    variants = values.get("variants") or []
    if "start" in values and not any("start" in variant for variant in variants):
        answers += starts(values["start"], image)
    if "runtime" in values and image.base[0]:
        answers.append(runtime(values["runtime"], image, images))
    if not any("shell" in variant for variant in variants):
        answers += shells(values, image, images)
    answers += tools(values.get("tools"), image, tools_of(image.base[0], images))
    answers += heaps(values, image)
    return [answer for answer in answers if answer]


def of_value(key, says, fact):
    value, line = fact
    return Answer(key, f"{key}: {shown(says)}", None if value is None else value == says, shown(value), line)


def exposes(says, image, images):
    """An image keeps the ports of its base, so one that its own Dockerfile does not name may still be there."""
    ports, line = image.exposes
    of_base = images.get(repository_of(image.base[0] or ""), {}).get("exposes")
    every = None if ports is None else sorted({*ports, *(of_base or [])})
    holds = None if every is None else True if every == says else False if of_base is not None or set(every) - set(says) else None
    return Answer("exposes", f"exposes: {shown(says)}", holds, shown(every), line)


def shown(value):
    if isinstance(value, list):
        return "[" + ", ".join(map(str, value)) + "]"
    return "not known" if value is None else str(value)


def starts(start, image):
    for key, fact in [("entrypoint", image.entrypoint), ("cmd", image.command)]:
        if start.get(key) is not None:
            says = [str(word) for word in start[key]]
            yield Answer("start", f"{key}: {shown(says)}", same_words(says, fact[0]), shown(fact[0]), fact[1])


def same_words(says, words):
    if words is None:
        return None
    # The lines of a command that a shell reads are joined in the row.
    if [word.split() for word in says] == [word.split() for word in words]:
        return True
    # A variable of the build is the Dockerfile's business: what it comes to is not known here.
    return None if any("$" in word for word in words) and words[:2] != ["/bin/sh", "-c"] else False


def repository_of(image):
    """`docker.io/library/node:22@sha256:…` is `node`."""
    name = image.split("@")[0]
    head, slash, last = name.rpartition("/")
    name = head + slash + last.split(":")[0]
    return name.removeprefix("docker.io/").removeprefix("library/")


def fits(part, tag):
    """True if a part of a row holds for this tag, as far as its words tell."""
    words = set(re.split(r"[-:@]", tag))
    others = set(part) - {"when", "unless", "has", "lacks", "tools", "start", "shell"}
    return not others and words.isdisjoint(part.get("unless", [])) and ("when" not in part or not words.isdisjoint(part["when"]))


def tools_of(base, images):
    """Returns the tools that a base has by its own row."""
    values, tag = images.get(repository_of(base or ""), {}), (base or "").rpartition("/")[2]
    rows = (values, *(variant for variant in values.get("variants") or [] if fits(variant, tag)))
    parts = [part for row in rows for part in parts_of(row.get("tools"))]
    return [tool for part in parts if fits(part, tag) for tool in part.get("has", [])]


def parts_of(tools):
    """Tools of images.yaml are one part; those of probes.yaml are a list, whose parts with conditions hold for some tags alone."""
    return tools if isinstance(tools, list) else [tools] if tools else []


def runtime(says, image, images):
    base = (images.get(repository_of(image.base[0]), {}).get("runtime") or {}).get("name")
    said = f"runtime: {says.get('name')}"
    # A runtime can be installed, so another base contradicts nothing.
    if base == says.get("name"):
        return Answer("runtime", said, True, image.base[0], image.base[1])
    line = image.installs.get(says.get("name"), 0)
    for name in RUNTIME_VARIABLES.get(says.get("name"), ()):
        line = line or image.variables.get(name, (None, 0))[1]
    return Answer("runtime", said, True if line else None, "brings it" if line else image.base[0], line or image.base[1])


def shells(values, image, images):
    base, line = image.base
    if "shell" in values:
        bare = BARE.match(base) if base else None
        has = True if image.runs_shell and not bare else False if bare and not image.runs_shell else None
        holds = None if has is None else has == values["shell"]
        # A shell can be copied into a bare image.
        holds = None if bare and values["shell"] else holds
        yield Answer("shell", f"shell: {shown(values['shell']).lower()}", holds, f"FROM {base}", line or image.runs_shell)
    if values.get("busybox") and base:
        alpine = bool(ALPINE.search(base))
        yield Answer("busybox", "busybox: true", True if alpine else None, f"FROM {base}", line)
    if values.get("dash") and base:
        known = images.get(repository_of(base), {}).get("dash")
        yield Answer("dash", "dash: true", False if ALPINE.search(base) else True if known else None, f"FROM {base}", line)


def tools(says, image, of_base):
    for part in parts_of(says):
        if set(part) - {"has", "lacks"}:
            continue
        for tool in part.get("has", []):
            holds = False if tool in image.lacks else True if tool in image.installs or tool in of_base else None
            found = f"installs {tool}" if tool in image.installs else f"FROM {image.base[0]}"
            yield Answer("tools", f"has {tool}", holds, image.lacks.get(tool, found), image.installs.get(tool, image.base[1]))
        for tool in part.get("lacks", []):
            holds = True if tool in image.lacks else False if tool in image.installs else None
            yield Answer("tools", f"lacks {tool}", holds, f"installs {tool}" if holds is False else f"FROM {image.base[0]}", image.installs.get(tool, 0))


def heaps(values, image):
    """Sizes that are in the image's own environment."""
    unset = values.get("heap-when-unset")
    if unset and unset.get("variable") in image.variables and not set(unset) & {"since", "before"}:
        text, line = image.variables[unset["variable"]]
        size = mib_of(text)
        if size is not None:
            yield Answer("heap-when-unset", f"{unset['mib']} MiB in {unset['variable']}", size == unset["mib"], text, line)
    for part in values.get("memory") or []:
        mib = (part.get("default") or {}).get("mib")
        for by in part.get("set-by") or []:
            name = by.get("variable")
            if mib is None or name not in image.variables or set(part) & {"since", "before"}:
                continue
            text, line = image.variables[name]
            size = mib_of(text)
            if size is not None:
                yield Answer("memory", f"{mib} MiB in {name}", size == mib, text, line)
            break


def mib_of(text):
    """Returns the size in a text of flags, or in one that is only a size with a unit."""
    found = XMX.search(text) or PLAIN_SIZE.fullmatch(text.strip())
    if not found or not found[2]:
        return None
    size = int(found[1]) * MIB[found[2].lower()]
    return int(size) if size == int(size) else size
