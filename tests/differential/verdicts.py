#!/usr/bin/env python3
"""Asks Docker Compose about the projects of fixtures/compose/verdicts.json again, and writes what it says into the file.

    python3 tests/differential/verdicts.py
"""
import json
import pathlib
import sys
import tempfile

import ask

FIXTURE = ask.ROOT / "fixtures/compose/verdicts.json"


def main():
    try:
        programs = ask.Programs(oomlint=sys.executable)
    except ask.Missing as missing:
        print(f"skipped: {missing}")
        return 77
    fixture = json.loads(FIXTURE.read_text(encoding="utf-8"))
    for project in fixture["projects"]:
        with tempfile.TemporaryDirectory() as folder:
            folder = str(pathlib.Path(folder).resolve())
            ask.write(folder, {path: text.encode() for path, text in project["files"].items()})
            project["refused"] = programs.ask_compose(folder).get("error")
    FIXTURE.write_text(json.dumps(fixture, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
