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


def heaps_without_limits(count: int) -> dict[str, str]:
    each = (f"  s{i}:\n    image: eclipse-temurin:21\n    command: java -Xmx{256 + i % 500}m -jar a.jar\n" for i in range(count))
    return {"compose.yaml": "services:\n" + "".join(each)}


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

# Those that are planned for a host with room for all.
PLANS = {heaps_without_limits: 600}

# Those of which most of the time goes into writing them.
TREES = [dockerfiles, stacks, stacks_that_build, other_files]
