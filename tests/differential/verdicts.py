#!/usr/bin/env python3
"""Asks Docker Compose about the small projects of `cargo test` again, and writes what it says into their files.

    python3 tests/differential/verdicts.py

fixtures/compose/verdicts.json and forms.json have projects with the reason for which Docker Compose rejects them, or null; merge.json has
projects with the facts of their services.
"""
import json
import os
import pathlib
import sys
import tempfile

import ask
import compare

FIXTURES = ask.ROOT / "fixtures/compose"


def main():
    try:
        programs = ask.Programs(oomlint=sys.executable)
    except ask.Missing as missing:
        print(f"skipped: {missing}")
        return 77
    for name, asked in [("verdicts.json", verdict), ("forms.json", verdict), ("merge.json", services)]:
        path = FIXTURES / name
        fixture = json.loads(path.read_text(encoding="utf-8"))
        for project in fixture["projects"]:
            with tempfile.TemporaryDirectory() as folder:
                folder = str(pathlib.Path(folder).resolve())
                ask.write(folder, {path: text.encode() for path, text in project["files"].items()})
                asked(programs, folder, project)
        text = lines(fixture) if name == "forms.json" else json.dumps(fixture, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
    return 0


def lines(fixture):
    """JSON with one line for each project."""
    projects = ",\n  ".join(json.dumps(project, ensure_ascii=False) for project in fixture["projects"])
    return f'{{\n "answers": {json.dumps(fixture["answers"])},\n "projects": [\n  {projects}\n ]\n}}'


def verdict(programs, folder, project):
    said = programs.ask_compose(folder).get("error")
    # Addresses in the traces of a crash differ from run to run.
    said = said and said.split("  goroutine ")[0]
    # Of several mistakes Docker Compose names any.
    if not (said and project["refused"]):
        project["refused"] = said


def services(programs, folder, project):
    answer = programs.ask_compose(folder, project["merge"])
    if "error" in answer:
        raise SystemExit(f"{project['name']}: {answer['error']}")
    config = compare.unescaped(answer["config"])
    found = {**(config.get("services") or {}), **(config.get("jobs") or {})}
    project["services"] = {name: facts(service, folder) for name, service in found.items()}


def facts(service, folder):
    """What tests/it/compose_merge.rs compares."""
    table = compare.of_compose(service, folder)
    same = ("image", "memory_limit", "memory_reservation", "restart", "replicas", "init", "depends_on", "env", "healthcheck", "logging", "ulimits")
    build = service.get("build")
    return {
        **{name: table[name] for name in same[:6]},
        "profiles": service.get("profiles") or [],
        **{name: table[name] for name in same[6:]},
        "tmpfs": list(table["tmpfs"]),
        "build": None if build is None else os.path.relpath(build.get("context") or folder, folder),
        "entrypoint": service.get("entrypoint"),
        "command": service.get("command"),
    }


if __name__ == "__main__":
    sys.exit(main())
