"""Puts something into a project that Docker Compose mostly refuses."""
import values
from emit import Map, Marked

WORDS_OF_KINDS = ["5", "abc", "true", "[a]", "{a: b}", "", "[]", "{}", "1.5", "[[a]]", "'x'"]


def maps(tree, path=()):
    """Every mapping below a tree, with its path of keys."""
    if isinstance(tree, Marked):
        tree = tree.tree
    if isinstance(tree, Map):
        yield path, tree
        for key, value in tree.pairs:
            if not key.startswith("x-"):
                yield from maps(value, (*path, key))
    elif isinstance(tree, list):
        for item in tree:
            yield from maps(item, (*path, "-"))


def pools_at(path):
    """The spellings for the keys of a mapping at this path."""
    if len(path) == 2:
        return values.VALUES
    return {"healthcheck": values.HEALTHCHECK, "restart_policy": values.RESTART_POLICY, "limits": values.LIMITS,
            "reservations": values.RESERVATIONS, "build": values.BUILD, "logging": values.LOGGING}.get(path[-1] if path else "")


def wrong_value(generator, tree):
    """A wrong spelling for one key."""
    rng = generator.rng
    places = [(path, found, pools_at(path)) for path, found in maps(tree) if pools_at(path)]
    if not places:
        return False
    path, found, pools = rng.choice(places)
    own = [key for key in found.keys() if key in pools]
    key = rng.choice(own) if own and rng.random() < 0.4 else rng.choice(list(pools))
    found.set(key, rng.choice(pools[key][2]))
    return True


def wrong_ulimit(generator, tree):
    service = a_service(generator, tree)
    service.set("ulimits", Map([("memlock", generator.rng.choice(values.WRONG_ULIMIT))]))
    return True


def wrong_environment(generator, tree):
    service = a_service(generator, tree)
    service.set("environment", generator.rng.choice([Map([("A", generator.rng.choice(values.WRONG_SCALAR))]), "", "5", "A=1", "[5]", "[{A: 1}]", "[~]", "{1: 2}", "{A: ~, B: [x]}"]))
    return True


def wrong_depends_on(generator, tree):
    service = a_service(generator, tree)
    service.set("depends_on", generator.rng.choice(["[undefined]", "{undefined: {condition: service_started}}", "[a]", "{a: {condition: healthy}}", "{a: }", "a",
                                                    "{a: {condition: service_started, x: 1}}", "", "[5]", "{undefined: {condition: service_started, required: false}}", "[a, a]"]))
    return True


def wrong_env_file(generator, tree):
    service = a_service(generator, tree)
    service.set("env_file", generator.rng.choice(["gone.env", "[gone.env]", "[{path: gone.env}]", "[{path: gone.env, required: true}]", "", "5", "[5]", "[{required: false}]",
                                                  "[{path: gone.env, required: false, format: x}]", "{path: gone.env}", "[{path: ./Dockerfile, format: other}]", "[{file: x}]"]))
    return True


def wrong_extends(generator, tree):
    service = a_service(generator, tree)
    service.set("extends", generator.rng.choice(["gone", "{service: gone}", "{file: gone.yaml, service: a}", "a", "{service: a}", "{service: b}", "", "5", "{file: compose.yaml}",
                                                 "{service: a, x: 1}", "[a]", "{file: compose.yaml, service: a}"]))
    return True


def wrong_include(generator, tree):
    tree.set("include", generator.rng.choice(["[gone.yaml]", "gone.yaml", "[compose.yaml]", "", "[]", "[5]", "[{path: gone.yaml}]", "[{file: x}]", "{path: x}", "[{path: Dockerfile}]",
                                              "[~]", "[{path: compose.yaml, env_file: gone.env}]"]))
    return True


def unknown_key(generator, tree):
    rng = generator.rng
    _, found = rng.choice(list(maps(tree)))
    found.set(rng.choice(["unknown", "mem_limt", "memory", "x-ok", "resources", "intervall", "5", "Image", "start-period", "limit", "'on'", "~", "true", "''"]), rng.choice(["1", "512m", "{a: b}", ""]))
    return True


def wrong_kind(generator, tree):
    rng = generator.rng
    _, found = rng.choice(list(maps(tree)))
    if not found.pairs:
        return False
    rng.choice(found.pairs)[1] = rng.choice(WORDS_OF_KINDS)
    return True


def null_section(generator, tree):
    rng = generator.rng
    sections = [(found, pair) for _, found in maps(tree) for pair in found.pairs if isinstance(pair[1], (Map, list))]
    rng.choice(sections)[1][1] = rng.choice(["", "~", "null", "", "{}", "[]"])
    return True


def duplicate_key(generator, tree):
    rng = generator.rng
    _, found = rng.choice([(path, found) for path, found in maps(tree) if found.pairs])
    found.pairs.append(list(rng.choice(found.pairs)))
    return True


def marked(generator, tree):
    rng = generator.rng
    _, found = rng.choice([(path, found) for path, found in maps(tree) if found.pairs])
    pair = rng.choice(found.pairs)
    pair[1] = Marked(rng.choice(["!reset", "!override", "!!str", "!!int", "!!null", "!custom", "!!map", "!!seq", "!!float", "!!bool"]), pair[1])
    return True


def merged(generator, tree):
    """Merge keys and aliases of what they do not fit."""
    rng = generator.rng
    what = rng.choice(["", "5", "[1]", "{mem_limit: 1g}", "[{init: true}, {init: false}]", "abc"])
    tree.pairs.insert(0, ["x-z", Marked("&z", what)])
    _, found = rng.choice(list(maps(tree)))
    kind = rng.randrange(5)
    if kind == 0:
        found.set(rng.choice(["<<", "'<<'", '"<<"']), "*z")
    elif kind == 1:
        found.set("<<", rng.choice(["*gone", "[*z, *z]", "[*z, *gone]", "~", "[]", "5", "{init: true}"]))
    elif kind == 2:
        tree.pairs[0][1] = Marked("&z", "mem_limit")
        a_service(generator, tree).set("*z", "1g")
    elif kind == 3 and found.pairs:
        rng.choice(found.pairs)[1] = "*z"
    else:
        found.pairs += [["<<", "*z"], ["<<", "*z"]]
    return True


def a_service(generator, tree):
    services = tree.get("services")
    services = services if isinstance(services, Map) else Map([("a", Map())])
    found = [value.tree if isinstance(value, Marked) else value for value in (pair[1] for pair in services.pairs)]
    found = [value for value in found if isinstance(value, Map)]
    return generator.rng.choice(found) if found else Map()


def damage(generator, tree):
    """Damages the text of a file."""
    rng = generator.rng

    def line(text, change):
        lines = text.split("\n")
        at = rng.randrange(len(lines))
        lines[at] = change(lines[at])
        return "\n".join(lines)

    generator.texts["damage"] = rng.choice([
        lambda text: line(text, lambda old: old.replace("  ", "\t", 1)),
        lambda text: line(text, lambda old: old + "\n\t"),
        lambda text: line(text, lambda old: old + "\t# c"),
        lambda text: line(text, lambda old: " " + old),
        lambda text: line(text, lambda old: old + " '"),
        lambda text: line(text, lambda old: old + ' "'),
        lambda text: line(text, lambda old: old + " ]"),
        lambda text: line(text, lambda old: old[: len(old) // 2]),
        lambda text: line(text, lambda old: old + ": x"),
        lambda text: line(text, lambda old: old + "\n@x: 1"),
        lambda text: line(text, lambda old: old + " \\"),
        lambda text: line(text, lambda old: old.replace(": ", ":", 1)),
        lambda text: text + "---\n",
        lambda text: "---\n" + text,
        lambda text: "%YAML 1.2\n---\n" + text,
        lambda text: "%YAML 1.1\n---\n" + text,
        lambda text: text + "...\n",
        lambda text: text + "--- # c\n# d\n",
        lambda text: "# c\n---\n" + text,
        lambda text: text + "---\n{}\n",
        lambda text: text + "---\n~\n",
        lambda text: text + "---\n- a\n",
        lambda text: "",
        lambda text: "# nothing\n",
        lambda text: text + "x: \"i\\/j\"\n",
        lambda text: text + "x-y: \"i\\/j\"\n",
        lambda text: text + "x-y: 'a\n",
        lambda text: text + "x-y: ${\n",
        lambda text: text + "x-y: ${A:?gone}\n",
        lambda text: text + "x-y: \"${A-b}\"\nx-z: $\n",
        lambda text: text + "x-y: $1\n",
        lambda text: text + "version: '3'\n",
        lambda text: text + "version: 3\n",
        lambda text: text + "volumes: {v: }\n",
        lambda text: text + "volumes: [v]\n",
        lambda text: text + "networks:\n",
        lambda text: text + "secrets: {s: {file: gone}}\n",
        lambda text: text + "name: 'Bad Name'\n",
        lambda text: text + "x-a: .inf\n",
        lambda text: text.replace("services", "service", 1),
        lambda text: text.replace("services:", "services: &s", 1),
        lambda text: text.replace("services:", "services: !!map", 1),
    ])
    return True


def wrong_template(generator, tree):
    rng = generator.rng
    places = [pair for _, found in maps(tree) for pair in found.pairs if isinstance(pair[1], str)]
    if not places:
        return False
    rng.choice(places)[1] = rng.choice(["'${'", "'${X'", "'$'", "'${1}'", "'${X:?gone}'", "'${X?gone}'", "'${X:-${Y}'", "'$ a'", "'${}'", "'a$'", "'${X!}'", "'${X:=a}'", "'${X/a/b}'", "'${X:+${Y:-1m}}'", "'${X:-a:b}'"])
    return True


def wrong_key_name(generator, tree):
    rng = generator.rng
    services = tree.get("services")
    if not isinstance(services, Map):
        return False
    services.pairs.append([rng.choice(["restart", "'a b'", "1", "~", "x-own", "A.b_c-9", "é", "''", "-a"]), rng.choice(["{image: i}", "always", "", "[a]", "{}"])])
    return True


def wrong_jobs(generator, tree):
    tree.set("jobs", generator.rng.choice(["{j: {image: i}}", "{j: {image: i, triggers: {schedule: ['0 3 * * *']}, restart: always}}", "{j: {image: i, mem_limit: 1Gi, triggers: {schedule: ['0 3 * * *']}}}",
                                          "", "[]", "{j: }", "{j: {image: i, triggers: {}, deploy: {replicas: 1}}}", "{j: {image: i, triggers: {schedule: [x]}}}", "{a: {image: i, triggers: {schedule: ['0 3 * * *']}}}"]))
    return True


def wrong_new(generator, tree):
    rng = generator.rng
    key, value = rng.choice([("pre_start", "[{image: x, mem_limit: 1Gi}]"), ("pre_start", "[{command: [x]}]"), ("pre_start", "{image: x}"), ("pre_start", "[{image: x, restart: always}]"),
                             ("models", "[gone]"), ("models", "{m: }"), ("models", "5"), ("provider", "{type: x}"), ("provider", "{}"), ("provider", "{type: x, options: {a: b}}"), ("provider", "x"),
                             ("post_start", "[{command: [x]}]"), ("post_start", "[{}]"), ("pre_stop", "[{command: 5}]"), ("develop", "{watch: [{path: .}]}"), ("credential_spec", "{file: x}"),
                             ("secrets", "[gone]"), ("configs", "[gone]"), ("volumes_from", "[gone]"), ("links", "[gone]"), ("network_mode", "'service:gone'"), ("label_file", "gone.env")])
    a_service(generator, tree).set(key, value)
    return True


WAYS = [wrong_value] * 8 + [unknown_key, unknown_key, wrong_kind, wrong_kind, wrong_kind, null_section, null_section, duplicate_key, marked, merged, merged,
                            damage, damage, damage, wrong_template, wrong_key_name, wrong_jobs, wrong_new, wrong_ulimit, wrong_environment,
                            wrong_depends_on, wrong_env_file, wrong_extends, wrong_include]


def make_wrong(generator, tree):
    """Changes the tree in one way."""
    while not (way := generator.rng.choice(WAYS))(generator, tree):
        pass
    generator.feature(f"wrong: {way.__name__}")
