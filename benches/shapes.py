"""Inputs that grow in one direction each, to see what doubling them costs. Every one is written by a function of the number."""

from pathlib import Path


def write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def service(name: str, more: str = "") -> str:
    return (
        f"  {name}:\n    image: nginx:1.27\n    mem_limit: 256m\n    environment: [A=1, B=2]\n{more}"
    )


def plain(count: int) -> dict[str, str]:
    return {"compose.yaml": "services:\n" + "".join(service(f"s{i}") for i in range(count))}


def anchors(count: int) -> dict[str, str]:
    base = "x-base: &base\n  image: nginx:1.27\n  mem_limit: 256m\nservices:\n"
    return {"compose.yaml": base + "".join(f"  s{i}:\n    <<: *base\n    restart: always\n" for i in range(count))}


def extends(count: int) -> dict[str, str]:
    each = "".join(f"  s{i}:\n    extends: base\n    restart: always\n" for i in range(count))
    return {"compose.yaml": "services:\n" + service("base") + each}


def extends_a_file(count: int) -> dict[str, str]:
    each = "".join(f"  s{i}:\n    extends: {{file: common.yml, service: c{i}}}\n" for i in range(count))
    common = "services:\n" + "".join(f"  c{i}:\n    image: redis:7\n" for i in range(count))
    return {"compose.yaml": "services:\n" + each, "common.yml": common}


def depends(count: int) -> dict[str, str]:
    each = (service(f"s{i}", f"    depends_on: [s{i - 1}]\n" if i else "") for i in range(count))
    return {"compose.yaml": "services:\n" + "".join(each)}


def builds(count: int) -> dict[str, str]:
    each = "".join(f"  s{i}:\n    build: ./d{i}\n" for i in range(count))
    dockerfiles = {f"d{i}/Dockerfile": "FROM node:20\nCMD [\"node\", \"a.js\"]\n" for i in range(count)}
    return {"compose.yaml": "services:\n" + each, **dockerfiles}


def lost_builds(count: int) -> dict[str, str]:
    return {"compose.yaml": "services:\n" + "".join(f"  s{i}:\n    build: ./d{i}\n" for i in range(count))}


def lost_extends(count: int) -> dict[str, str]:
    return {"compose.yaml": "services:\n" + "".join(f"  s{i}:\n    extends: x{i}\n" for i in range(count))}


def broken(count: int) -> dict[str, str]:
    return {"compose.yaml": "services:\n" + "".join(service(f"s{i}") for i in range(count)) + "  last:\n    a b\n    c: d\n"}


def env_files(count: int) -> dict[str, str]:
    each = "".join(service(f"s{i}", f"    env_file: e{i}.env\n") for i in range(count))
    return {"compose.yaml": "services:\n" + each, **{f"e{i}.env": "A=1\n" for i in range(count)}}


def suppressions(count: int) -> dict[str, str]:
    each = (f"  # oomlint: ignore[missing-memory-limit] known\n  s{i}:\n    image: nginx:1.27\n" for i in range(count))
    return {"compose.yaml": "services:\n" + "".join(each)}


def file_suppressions(count: int) -> dict[str, str]:
    each = "".join(f"  s{i}:\n    image: nginx:1.27\n" for i in range(count))
    return {"compose.yaml": "# oomlint: ignore-file[missing-memory-limit]\n" * count + "services:\n" + each}


def names_of_a_suppression(count: int) -> dict[str, str]:
    each = "".join(f"  s{i}:\n    image: nginx:1.27\n" for i in range(count))
    names = ", ".join(["missing-swap-limit", "tight-heap", "unknown-name"][i % 3] for i in range(count))
    return {"compose.yaml": f"services: # oomlint: ignore[{names}, missing-memory-limit]\n{each}"}


def profiles(count: int) -> dict[str, str]:
    return {"compose.yaml": "services:\n" + "".join(service(f"s{i}", f"    profiles: [p{i}]\n") for i in range(count))}


def one_line(count: int) -> dict[str, str]:
    each = ", ".join(f"s{i}: {{image: 'nginx:1.27', mem_limit: 2m}}" for i in range(count))
    return {"compose.yaml": "services: {" + each + "}\n"}


def includes(count: int) -> dict[str, str]:
    each = "".join(f"  - i{i}.yaml\n" for i in range(count))
    parts = {f"i{i}.yaml": "services:\n" + service(f"s{i}") for i in range(count)}
    return {"compose.yaml": "include:\n" + each, **parts}


def overlays(count: int) -> dict[str, str]:
    base = {"compose.yaml": "services:\n" + "".join(service(f"s{i}") for i in range(5))}
    return base | {f"compose.o{i}.yaml": "services:\n  s1:\n    restart: always\n" for i in range(count)}


def overlays_of_many(count: int) -> dict[str, str]:
    base = "services:\n" + "".join(service(f"s{i}") for i in range(1_000))
    return {"compose.yaml": base, **{f"compose.o{i}.yaml": f"services:\n  s{i}:\n    init: true\n" for i in range(count)}}


def lone_stacks(count: int) -> dict[str, str]:
    return {f"compose.o{i}.yaml": "services:\n" + service("a") for i in range(count)}


def instructions(count: int) -> dict[str, str]:
    each = "".join(f"RUN apt-get update && apt-get install -y p{i}\n" for i in range(count))
    return {"Dockerfile": f"FROM debian:12\n{each}CMD [\"a\"]\n"}


def variables(count: int) -> dict[str, str]:
    each = "".join(f"ENV A{i}=$A{max(i - 1, 0)}x\n" if i % 50 else f"ENV A{i}=1\n" for i in range(count))
    return {"Dockerfile": f"FROM debian:12\n{each}CMD [\"a\"]\n"}


def arguments(count: int) -> dict[str, str]:
    each = "".join(f"ARG A{i}=1\nLABEL l{i}=$A{i}\n" for i in range(count // 2))
    return {"Dockerfile": f"FROM debian:12\n{each}CMD [\"a\"]\n"}


def copies(count: int) -> dict[str, str]:
    each = "".join(f"COPY a{i} /b/\nWORKDIR /c{i}\n" for i in range(count // 2))
    return {"Dockerfile": f"FROM node:20\n{each}CMD [\"node\", \"a.js\"]\n"}


def stages(count: int) -> dict[str, str]:
    each = "".join(f"FROM s{i - 1} AS s{i}\nENV A=1\n" if i else "FROM node:20 AS s0\n" for i in range(count))
    return {"Dockerfile": each + "CMD [\"node\", \"a.js\"]\n"}


def side_stages(count: int) -> dict[str, str]:
    each = "".join(f"FROM node:20 AS s{i}\nENV NODE_OPTIONS=--max-old-space-size=64\n" for i in range(count))
    copies = "".join(f"COPY --from=s{i} /a /b\n" for i in range(count))
    return {"Dockerfile": f"{each}FROM node:20\n{copies}CMD [\"node\", \"a.js\"]\n"}


def ignored_instructions(count: int) -> dict[str, str]:
    each = "".join(f"# oomlint: ignore[uncleaned-package-cache] known\nRUN apt-get update && apt-get install -y p{i}\n" for i in range(count // 2))
    return {"Dockerfile": f"FROM debian:12\n{each}CMD [\"a\"]\n"}


def continued(count: int) -> dict[str, str]:
    return {"Dockerfile": "FROM debian:12\nRUN a \\\n" + "".join(f"  && b{i} \\\n" for i in range(count)) + "  && c\nCMD [\"a\"]\n"}


def dockerfiles(count: int) -> dict[str, str]:
    return {f"d{i // 100}/e{i}/Dockerfile": "FROM node:20\nCMD [\"node\", \"a.js\"]\n" for i in range(count)}


def stacks(count: int) -> dict[str, str]:
    return {f"d{i // 100}/e{i}/compose.yaml": "services:\n" + service("a") for i in range(count)}


def stacks_that_build(count: int) -> dict[str, str]:
    files: dict[str, str] = {}
    for i in range(count // 2):
        files[f"d{i // 100}/e{i}/compose.yaml"] = "services:\n  a:\n    build: .\n    mem_limit: 1g\n"
        files[f"d{i // 100}/e{i}/Dockerfile"] = "FROM node:20\nCMD [\"node\", \"a.js\"]\n"
    return files


def other_files(count: int) -> dict[str, str]:
    return {f"d{i // 100}/f{i}.txt": "a\n" for i in range(count)} | {"Dockerfile": "FROM node:20\n"}


def same_build(count: int) -> dict[str, str]:
    lines = "".join(f"RUN apt-get update && apt-get install -y p{i} && rm -rf /var/lib/apt/lists/*\n" for i in range(40))
    each = "".join(f"  s{i}:\n    build: .\n    command: [node, {i}.js]\n" for i in range(count))
    return {"compose.yaml": "services:\n" + each, "Dockerfile": f"FROM node:20\n{lines}CMD [\"node\", \"a.js\"]\n"}


def refused_fix(name: str) -> str:
    """Two services with a heap setting that no fix can mend: another variable has the same text."""
    java = "    image: eclipse-temurin:21\n    mem_limit: 1g\n    command: java -jar x.jar\n    environment: "
    return f"  {name}a:\n{java}\n      JAVA_TOOL_OPTIONS: &{name} -Xmx64MB\n  {name}b:\n{java}{{NOTE: *{name}}}\n"


def refused_fixes(count: int) -> dict[str, str]:
    return {f"d{i}/compose.yaml": "services:\n" + refused_fix("s") for i in range(count)}


def refused_fixes_of_a_file(count: int) -> dict[str, str]:
    return {"compose.yaml": "services:\n" + "".join(refused_fix(f"s{i}") for i in range(count))}


def kernel_log(count: int) -> dict[str, str]:
    kill = (
        "[{0}.1] node invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=0\n"
        "[{0}.2] memory: usage 524288kB, limit 524288kB, failcnt 42\n"
        "[{0}.3] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=docker-{1}.scope,mems_allowed=0,"
        "oom_memcg=/system.slice/docker-{1}.scope,task_memcg=/system.slice/docker-{1}.scope,task=node,pid={0},uid=0\n"
        "[{0}.4] Memory cgroup out of memory: Killed process {0} (node) total-vm:1000000kB, anon-rss:500000kB, "
        "file-rss:0kB, shmem-rss:0kB, UID:0 pgtables:1000kB oom_score_adj:0\n"
    )
    lines = "".join(kill.format(i, f"{i:064x}") for i in range(1, count + 1))
    return {"evidence": lines, "compose.yaml": "services:\n" + service("a")}


def container(number: int) -> str:
    return (
        f'{{"Id": "{number:064x}", "Name": "/shop-s{number}-1", "State": {{"Status": "exited", "OOMKilled": true, "ExitCode": 137}}, '
        '"HostConfig": {"Memory": 536870912, "MemorySwap": 536870912}, "Config": {"Image": "redis:7", "Env": ["A=1"], '
        f'"Labels": {{"com.docker.compose.project": "shop", "com.docker.compose.service": "s{number}"}}}}}}'
    )


def containers(count: int) -> dict[str, str]:
    return {"inspect.json": "[" + ",\n".join(map(container, range(count))) + "]\n"}


def killed_containers(count: int) -> dict[str, str]:
    stack = "name: shop\nservices:\n" + "".join(service(f"s{i}") for i in range(count))
    return {"evidence": "[" + ",\n".join(map(container, range(count))) + "]\n", "compose.yaml": stack}


def events(count: int) -> dict[str, str]:
    event = '{{"Type":"container","Action":"oom","Actor":{{"ID":"{0:064x}","Attributes":{{"name":"shop-s{0}-1"}}}},"timeNano":{0}}}'
    return {"evidence": "[" + ",".join(event.format(i) for i in range(count)) + "]\n", "compose.yaml": "services:\n" + service("a")}


def log_lines(count: int) -> dict[str, str]:
    lines = "".join(f'{{"level":"error","msg":"java.lang.OutOfMemoryError: Java heap space","n":{i}}}\n' for i in range(count))
    return {"evidence": lines, "compose.yaml": "services:\n" + service("a")}


def cut_json(count: int) -> dict[str, str]:
    return {"evidence": '{"k":[\n' * count + "shop-a-1 exited with code 137\n", "compose.yaml": "services:\n" + service("a")}


def measured(count: int) -> dict[str, str]:
    line = '{{"Name":"shop-s{0}-1","MemUsage":"100MiB / 256MiB","ID":"{0:012x}"}}\n'
    stack = "name: shop\nservices:\n" + "".join(service(f"s{i}") for i in range(count))
    return {"stats.jsonl": "".join(line.format(i) for i in range(count)), "compose.yaml": stack}


def measured_often(count: int) -> dict[str, str]:
    line = '{{"Name":"shop-s{0}-1","MemUsage":"100MiB / 256MiB","ID":"{0:012x}"}}\n'
    stack = "name: shop\nservices:\n" + "".join(service(f"s{i}") for i in range(100))
    return {"stats.jsonl": "".join(line.format(i % 100) for i in range(count)), "compose.yaml": stack}


def run_lines(count: int) -> dict[str, str]:
    return {"README.md": "".join(f"```sh\ndocker run -d --name s{i} -m 64m redis:7\n```\n\n" for i in range(count))}


def run_flags(count: int) -> dict[str, str]:
    return {"README.md": "```sh\ndocker run -d \\\n" + "".join(f"  -e A{i}=1 \\\n" for i in range(count)) + "  redis:7\n```\n"}


def other_commands(count: int) -> dict[str, str]:
    return {"README.md": "```sh\n" + "docker ps \\\n" * count + "```\n" + "a docker b " * count + "\n"}


def quoted_lines(count: int) -> dict[str, str]:
    return {"run.sh": "x='docker run " * count + "\n" + "docker run redis:7\n"}


def known_findings(count: int) -> dict[str, str]:
    row = '{{"file":"compose.yaml","rule":"missing-healthcheck","name":"s{0}","keys":["services","s{0}"]}}'
    rows = ",\n".join(row.format(i) for i in range(count))
    stack = "services:\n" + "".join(service(f"s{i}") for i in range(1_000))
    return {"known.json": f'{{"version": 1, "entries": [{rows}]}}\n', "compose.yaml": stack}


def globs(count: int) -> dict[str, str]:
    lines = "".join(f"  - 'd{i}/**/x{i}*'\n" for i in range(count))
    return {".oomlint.yaml": f"exclude:\n{lines}", **stacks(200)}


def java_services(count: int) -> dict[str, str]:
    each = "".join(
        f"  s{i}:\n    image: eclipse-temurin:21-jre\n    command: java -jar a.jar\n    environment: {{JAVA_TOOL_OPTIONS: -Xmx{256 + i % 64}m}}\n" for i in range(count)
    )
    return {"compose.yaml": "services:\n" + each}


def services_to_plan(count: int) -> dict[str, str]:
    images = ["postgres:17", "redis:8", "nginx:1.27", "example/app:1"]
    return {"compose.yaml": "services:\n" + "".join(f"  s{i}:\n    image: {images[i % 4]}\n" for i in range(count))}


def named_files(count: int) -> dict[str, str]:
    return {f"d/compose.o{i}.yaml": "services:\n" + service(f"a{i}") for i in range(count)}


def named_stacks(count: int) -> dict[str, str]:
    return {f"d{i}/compose.yaml": "services:\n" + service("a") for i in range(count)}


# The number at which each is measured; it is measured at half of that, too.
SHAPES = {
    plain: 20_000,
    anchors: 20_000,
    extends: 20_000,
    extends_a_file: 20_000,
    depends: 20_000,
    builds: 5_000,
    same_build: 5_000,
    lost_builds: 20_000,
    lost_extends: 20_000,
    broken: 20_000,
    env_files: 5_000,
    suppressions: 20_000,
    file_suppressions: 20_000,
    names_of_a_suppression: 20_000,
    profiles: 20_000,
    one_line: 20_000,
    includes: 2_000,
    overlays: 1_000,
    overlays_of_many: 100,
    lone_stacks: 2_000,
    instructions: 30_000,
    variables: 30_000,
    arguments: 30_000,
    copies: 30_000,
    stages: 10_000,
    side_stages: 10_000,
    ignored_instructions: 30_000,
    continued: 30_000,
    dockerfiles: 100_000,
    stacks: 20_000,
    stacks_that_build: 20_000,
    other_files: 100_000,
}

# Those whose fixes are tried and refused.
FIXES = {refused_fixes: 2_000, refused_fixes_of_a_file: 200}

# Those of which most of the time goes into writing them.
TREES = [dockerfiles, stacks, stacks_that_build, other_files]

# What other commands and options read: the number, and the arguments. `*` stands for the paths of all files.
COMMANDS = {
    kernel_log: (4_000, ["why", "evidence", "."]),
    containers: (4_000, ["check", "--format", "json", "inspect.json"]),
    killed_containers: (2_000, ["why", "evidence", "."]),
    events: (20_000, ["why", "evidence", "."]),
    log_lines: (40_000, ["why", "evidence", "."]),
    cut_json: (4_000, ["why", "evidence", "."]),
    measured: (10_000, ["size", "stats.jsonl", "."]),
    measured_often: (400_000, ["size", "stats.jsonl", "."]),
    run_lines: (10_000, ["check", "--format", "json", "README.md"]),
    run_flags: (10_000, ["check", "--format", "json", "README.md"]),
    other_commands: (20_000, ["check", "README.md"]),
    quoted_lines: (20_000, ["check", "run.sh"]),
    known_findings: (80_000, ["check", "--baseline", "known.json", "."]),
    globs: (8_000, ["check", "--format", "json", "."]),
    plain: (10_000, ["budget", "--host-memory", "64g", "."]),
    services_to_plan: (1_600, ["fit", "--host-memory", "10t", "."]),
    java_services: (400, ["fit", "--host-memory", "10t", "--diff", "."]),
    extends: (10_000, ["inspect", "--format", "json", "."]),
    overlays: (1_000, ["alerts", "."]),
    named_files: (10_000, ["check", "--format", "json", "*"]),
    named_stacks: (10_000, ["check", "--format", "json", "*"]),
}
