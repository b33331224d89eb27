#!/usr/bin/env python3
"""The whole process compared with others on the same files: a small file, a tree of real files, and files that double.

    benches/process.py target/release/oomlint [--corpus DIR] [--peers DIR] [--skip-trees] [small] [corpus] [repository] [stacks] [fixes]
        [growth] [commands] [memory]

Prints ratios of the best of several interleaved runs; a ratio says something of another machine, a time does not. `rg` is
ripgrep, whose `-c ''` costs what reading the files costs, and `/bin/true` is what any process costs. Peers are looked for
in DIR/bin and DIR/node_modules/.bin; those that are not there are left out. Memory needs `/usr/bin/time`.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import shapes  # noqa: E402

SMALL = "services:\n  web:\n    image: nginx:1.27\n    mem_limit: 64m\n"
DOCKERFILE = 'FROM node:20-alpine\nWORKDIR /app\nCOPY package.json .\nRUN npm ci\nCMD ["node", "a.js"]\n'

# A peer's program, and its arguments for a Dockerfile and for a Compose file; none where it reads no such file.
PEERS = {
    "hadolint": (["{}"], None),
    "droast": (["{}"], None),
    "tally": (["lint", "{}"], None),
    "dclint": (None, ["{}"]),
    "compose-lint": (None, ["{}"]),
    "checkov": (["-f", "{}", "--compact", "--quiet"], None),
    "trivy": (["config", "--skip-check-update", "{}"], None),
}


def once(command, cores=None, limit=None, directory=None):
    """Seconds on the clock and seconds of processor."""

    def prepare():
        if cores:
            os.sched_setaffinity(0, cores)
        if limit:
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))

    begun = time.perf_counter()
    devnull = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=devnull, stdout=devnull, stderr=devnull, cwd=directory, preexec_fn=prepare)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    if os.WIFSIGNALED(status):
        raise SystemExit(f"{command[0]} was ended by signal {os.WTERMSIG(status)}")
    return time.perf_counter() - begun, usage.ru_utime + usage.ru_stime


def best(commands, runs, cores=None, directory=None):
    """The best of each, the runs interleaved: what disturbs one disturbs all."""
    found = {}
    for _ in range(runs):
        for name, command in commands.items():
            wall, processor = once(command, cores, directory=directory)
            old = found.get(name, (wall, processor))
            found[name] = (min(old[0], wall), min(old[1], processor))
    return found


def resident(command, directory=None):
    """The most memory that it had, in KiB."""
    timed = ["/usr/bin/time", "-f", "%M", *command]
    done = subprocess.run(timed, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=directory)
    return int(done.stderr.split()[-1])


def show(found, against):
    base = found[against]
    for name, (wall, processor) in found.items():
        print(f"  {name:22} {wall / base[0]:8.2f} on the clock {processor / base[1]:8.2f} of processor")


def peer(directory, name):
    if directory:
        for folder in (directory / "bin", directory / "node_modules" / ".bin"):
            if (folder / name).exists():
                return str(folder / name)
    return shutil.which(name)


def small(binary, peers):
    with tempfile.TemporaryDirectory() as scratch:
        for kind, name, text in ((1, "compose.yaml", SMALL), (0, "Dockerfile", DOCKERFILE)):
            path = Path(scratch) / str(kind) / name
            path.parent.mkdir()
            path.write_text(text)
            commands = {"/bin/true": ["/bin/true"], "oomlint": [binary, "--format", "json", str(path)]}
            commands["oomlint --version"] = [binary, "--version"]
            print(f"one small {name}, against /bin/true:")
            show(best(commands, 50), "/bin/true")
            others = {"oomlint": commands["oomlint"]}
            for program, arguments in PEERS.items():
                found = peer(peers, program)
                if found and arguments[kind]:
                    others[program] = [found, *(word.format(path) for word in arguments[kind])]
            if len(others) > 1:
                print(f"one small {name}, against oomlint:")
                show(best(others, 5), "oomlint")


def corpus(binary, tree):
    # In the tree, as people do: from elsewhere each path is longer, for both.
    lint = [str(Path(binary).resolve()), "--format", "json", "."]
    read = lambda threads: ["rg", "-j", str(threads), "-uuu", "-c", "", "."]  # noqa: E731
    cores = sorted(os.sched_getaffinity(0))
    times = {}
    for count in (1, 2):
        if len(cores) < count:
            break
        found = best({"rg": read(count), "oomlint": lint}, 15, cores[:count], tree)
        times[count] = found["oomlint"][0]
        print(f"a tree of real files on {count} core{'s'[: count - 1]}, against rg:")
        show(found, "rg")
    if 2 in times:
        print(f"  the second core makes it {times[1] / times[2]:.2f} times as fast")
    print(f"  {resident(lint, tree) / 1024:.1f} MiB resident")


def repository(binary, tree):
    """A hook's few files, and fixes, compared with a check of all: in a copy of the tree that is a repository."""
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "repository"
        shutil.copytree(tree, root, symlinks=True)
        (root / ".git").mkdir(exist_ok=True)
        files = sorted(path.relative_to(root) for path in root.rglob("*") if path.is_file())
        dockerfiles = [str(path) for path in files if path.name == "Dockerfile"]
        stacks = [str(path) for path in files if path.name in ("compose.yaml", "docker-compose.yml")]
        program = str(Path(binary).resolve())
        check = [program, "--format", "json"]
        commands = {
            "all": [*check, "."],
            "one Dockerfile": [*check, dockerfiles[len(dockerfiles) // 2]],
            "one Compose file": [*check, stacks[len(stacks) // 2]],
            "--diff": [program, "--diff", "--unsafe-fixes", "."],
        }
        print("in a repository, against a check of all:")
        show(best(commands, 5, directory=root), "all")
        for name, command in commands.items():
            print(f"  {name:22} {resident(command, root) / 1024:8.1f} MiB resident")


def stacks(binary, tree):
    """A directory for each Compose file of the tree, compared with reading it; and many named files compared with all of them."""
    program = str(Path(binary).resolve())
    check = [program, "--format", "json"]
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "stacks"
        compose = sorted(path for path in tree.rglob("*.y*ml") if path.is_file() and "compose" in path.name)
        for number, path in enumerate(compose):
            own = root / f"{number // 50:02}" / f"s{number:04}"
            own.mkdir(parents=True)
            shutil.copy(path, own / ("compose.yaml" if number % 2 else "docker-compose.yml"))
        (root / ".git").mkdir()
        (root / "web").mkdir()
        (root / "web" / "Dockerfile").write_text(DOCKERFILE)
        print(f"{len(compose)} stacks, a directory each, against rg on one core:")
        one = sorted(os.sched_getaffinity(0))[:1]
        show(best({"rg": ["rg", "-j1", "-uuu", "-c", "", "."], "oomlint": [*check, "."]}, 10, one, root), "rg")
        print("one named file of them, against a check of all:")
        show(best({"all": [*check, "."], "named": [*check, "web/Dockerfile"]}, 10, directory=root), "all")
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "named"
        shapes.write(root, shapes.stacks_that_build(10_000))
        (root / ".git").mkdir()
        files = sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
        print("5,000 named files of 10,000, against a check of all:")
        show(best({"all": [*check, "."], "named": [*check, *files[::2]]}, 5, directory=root), "all")


def fixes(binary):
    """What twice as many fixes cost that are tried and refused."""
    print("twice as many refused fixes, in processor time (2 is linear):")
    command = [binary, "--no-config", "--diff", "--unsafe-fixes", "--select", "malformed-heap-setting"]
    for shape, count in shapes.FIXES.items():
        with tempfile.TemporaryDirectory() as scratch:
            measured = []
            for number in (count // 4, count // 2, count):
                directory = Path(scratch) / str(number)
                shapes.write(directory, shape(number))
                measured.append(min(once([*command, str(directory)], limit=120)[1] for _ in range(2)))
            factors = " ".join(f"{b / a:5.2f}" for a, b in zip(measured, measured[1:]))
            print(f"  {shape.__name__:22} {count:7} {factors}", flush=True)


def growth(binary, trees):
    print("twice as much, in processor time (2 is linear), and memory at the end:")
    for shape, count in shapes.SHAPES.items():
        if not trees and shape in shapes.TREES:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            measured = []
            for number in (count // 4, count // 2, count):
                directory = Path(scratch) / str(number)
                shapes.write(directory, shape(number))
                lint = [binary, "--format", "json", str(directory)]
                measured.append(min(once(lint, limit=120)[1] for _ in range(2)))
            factors = " ".join(f"{b / a:5.2f}" for a, b in zip(measured, measured[1:]))
            print(f"  {shape.__name__:22} {count:7} {factors} {resident(lint) / 1024:8.1f} MiB", flush=True)


def commands(binary):
    program = str(Path(binary).resolve())
    print("twice as much for other commands, in processor time (2 is linear), and memory at the end:")
    worst = 0.0
    for shape, (count, arguments) in shapes.COMMANDS.items():
        with tempfile.TemporaryDirectory() as scratch:
            measured = []
            for number in (count // 4, count // 2, count):
                directory = Path(scratch) / str(number)
                files = shape(number)
                shapes.write(directory, files)
                (directory / ".git").mkdir()
                command = [program, *(word for each in arguments for word in (sorted(files) if each == "*" else [each]))]
                try:
                    measured.append(min(once(command, limit=60, directory=directory)[1] for _ in range(2)))
                except SystemExit:
                    break
            name = f"{arguments[0]} {shape.__name__}"
            if len(measured) < 3:
                print(f"  {name:28} {count:7} given up after 60 s", flush=True)
                worst = float("inf")
                continue
            factors = [b / a for a, b in zip(measured, measured[1:])]
            # Of a few milliseconds most are the start.
            worst = max(worst, factors[-1] if measured[-2] > 0.05 else 0)
            shown = " ".join(f"{factor:5.2f}" for factor in factors)
            print(f"  {name:28} {count:7} {shown} {measured[-1]:7.2f} s {resident(command, directory) / 1024:8.1f} MiB", flush=True)
    print(f"  the largest last factor: {worst:.2f}")


def memory(binary):
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "compose.yaml"
        path.write_text(SMALL)
        print(f"one small file: {resident([binary, '--format', 'json', str(path)]) / 1024:.1f} MiB resident")
    print(f"the program: {Path(binary).stat().st_size / 1e6:.2f} MB")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--skip-trees", action="store_true")
    parser.add_argument("parts", nargs="*")
    said = parser.parse_intermixed_args()
    wanted = lambda part: not said.parts or part in said.parts  # noqa: E731
    if wanted("memory"):
        memory(said.binary)
    if wanted("small"):
        small(said.binary, said.peers)
    if wanted("corpus") and said.corpus:
        corpus(said.binary, said.corpus)
    if wanted("repository") and said.corpus:
        repository(said.binary, said.corpus)
    if wanted("stacks") and said.corpus:
        stacks(said.binary, said.corpus)
    if wanted("fixes"):
        fixes(said.binary)
    if wanted("growth"):
        growth(said.binary, not said.skip_trees)
    if wanted("commands"):
        commands(said.binary)


if __name__ == "__main__":
    main()
