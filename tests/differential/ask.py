"""Asks Docker Compose and oomlint about projects, in a clean environment."""
import json
import os
import pathlib
import subprocess
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
TIMEOUT = 20


class Missing(Exception):
    """A program is not here."""


def environment(**more):
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    return {**kept, "HOME": "/nonexistent", "GIT_CEILING_DIRECTORIES": "/tmp", **more}


class Programs:
    """The paths of both programs."""

    def __init__(self, oomlint=None, compose=None):
        compose = compose or os.environ.get("OOMLINT_COMPOSE") or ROOT / "target/compose-oracle/bin/docker-compose"
        oomlint = oomlint or os.environ.get("OOMLINT_BIN") or ROOT / "target/debug/oomlint"
        for program, how in [(compose, "tests/differential/setup.sh installs it"), (oomlint, "`cargo build` makes it")]:
            if not os.access(program, os.X_OK):
                raise Missing(f"{program} is not here: {how}")
        self.compose, self.oomlint = str(pathlib.Path(compose).absolute()), str(pathlib.Path(oomlint).absolute())

    def ask_compose(self, folder, files=()):
        """Returns what Docker Compose makes of the project in a folder: `config` or `error`, and the variables that are not set."""
        named = [word for file in files for word in ("-f", file)]
        command = [self.compose, *named, "--profile", "*", "config", "--format", "json"]
        try:
            done = subprocess.run(command, cwd=folder, env=environment(GIT_TERMINAL_PROMPT="0"), stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            return {"error": "no answer", "unset": []}
        lines = done.stderr.decode(errors="replace").splitlines()
        unset = [line.split('\\"')[1] for line in lines if "variable is not set" in line and '\\"' in line]
        if done.returncode == 0:
            return {"config": json.loads(done.stdout), "unset": unset}
        said = " ".join(line for line in lines if "level=warning" not in line)
        return {"error": said.replace(str(folder) + "/", "").replace(str(folder), "."), "unset": unset}

    def ask_oomlint(self, folder):
        """Returns the projects and the findings of oomlint for every folder below this one, by the folder's name."""
        flags = ["--format", "json", "--no-config", "--no-ignore"]
        answers = {}

        def of(path):
            return answers.setdefault(path.split("/")[0], {"projects": [], "findings": []})

        for project in self.run_oomlint(folder, ["inspect", *flags, "."])["projects"]:
            of(project["files"][0])["projects"].append(project)
        for finding in self.run_oomlint(folder, ["check", *flags, "--no-baseline", "--preset", "recommended", "."])["findings"]:
            of(finding["file"])["findings"].append(finding)
        return answers

    def run_oomlint(self, folder, arguments):
        done = subprocess.run([self.oomlint, *arguments], cwd=folder, env=environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=600, check=False)
        try:
            return json.loads(done.stdout)
        except ValueError:
            if b"nothing to check" in done.stderr or b"nothing to check" in done.stdout:
                return {"projects": [], "findings": []}
            raise SystemExit(f"oomlint {' '.join(arguments)} in {folder}: {done.returncode} {done.stderr.decode()[:2000]}") from None


def write(folder, files):
    for path, data in files.items():
        target = pathlib.Path(folder) / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def ask(programs, folder, projects):
    """Writes projects into a folder, each into one of its own, and returns the answers of both programs, in their order."""
    names = [f"p{at}" for at in range(len(projects))]
    for name, project in zip(names, projects):
        (folder / name).mkdir(parents=True)
        write(folder / name, project.files)
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        theirs = pool.map(lambda name: programs.ask_compose(folder / name), names)
        ours = programs.ask_oomlint(folder)
        empty = {"projects": [], "findings": []}
        return [(folder / name, name, answer, ours.get(name, empty)) for name, answer in zip(names, theirs)]
