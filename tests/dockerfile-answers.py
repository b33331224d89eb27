#!/usr/bin/env python3
"""Asks BuildKit's parser about the files of fixtures/dockerfile/answers.json, and writes its answers there.

A new case is an entry with `name` and `text`, and `"build": "refused"` if the parser accepts it and a build does not. The parser is that of PyPI's package `dockerfile`, which is BuildKit's, compiled:
    python3 -m venv target/dockerfile && target/dockerfile/bin/pip install dockerfile==3.4.0
    target/dockerfile/bin/python tests/dockerfile-answers.py
"""
import importlib.metadata
import json
import pathlib

import dockerfile

PATH = pathlib.Path(__file__).parent.parent / "fixtures/dockerfile/answers.json"


def instruction(command):
    """Returns what `oomlint inspect --syntax` prints for an instruction, without what is empty."""
    heredocs = [{"name": here.name, "text": here.content} for here in command.heredocs]
    printed = {
        "cmd": command.cmd.lower(),
        "onbuild": command.sub_cmd and command.sub_cmd.lower(),
        "start": command.start_line,
        "end": command.end_line,
        "flags": list(command.flags),
        "json": command.json,
        "args": list(command.value),
        "heredocs": heredocs,
    }
    return {key: value for key, value in printed.items() if value}


def answer(text):
    try:
        return {"instructions": [instruction(command) for command in dockerfile.parse_string(text)]}
    except dockerfile.GoParseError as error:
        return {"error": str(error)}


table = json.loads(PATH.read_text(encoding="utf-8"))
table["answers"] = f"BuildKit's parser, in dockerfile {importlib.metadata.version('dockerfile')} (PyPI)"
KEPT = ("name", "text", "build")
table["files"] = [
    {**{key: file[key] for key in KEPT if key in file}, **answer(file["text"])} for file in table["files"]
]
PATH.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
