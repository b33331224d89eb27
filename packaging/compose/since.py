#!/usr/bin/env python3
"""Finds since which Docker Compose each key of rules/catalog/compose.yaml is taken, from the schemas in compose-go's history.

    python3 packaging/compose/since.py COMPOSE_GO DOCKER_COMPOSE

Both are git directories: of github.com/compose-spec/compose-go and github.com/docker/compose. Of each release of Docker Compose
from 2.0.0 on, `go.mod` says which compose-go it has, and that one's schema which keys it refuses. Prints `since` of compose.yaml:
each key that the oldest release refuses, unless the keys that it is below are as new. Keys that the newest release refuses, too,
are printed as a comment.
"""
import json
import pathlib
import re
import subprocess
import sys

import yaml

TABLE = pathlib.Path(__file__).resolve().parents[2] / "rules/catalog/compose.yaml"
RELEASE = re.compile(r"v(\d+)\.(\d+)\.(\d+)$")


def git(folder, *arguments):
    done = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else None


def numbers(tag):
    return tuple(int(number) for number in RELEASE.match(tag).groups())


def releases(compose_go, docker_compose):
    """The releases of Docker Compose, the oldest first, each with the schema of its compose-go."""
    tags = [tag for tag in git(docker_compose, "tag").split() if RELEASE.match(tag) and numbers(tag) >= (2, 0, 0)]
    schemas = {}
    for tag in sorted(tags, key=numbers):
        module = re.search(r"compose-spec/compose-go(?:/v\d+)? (v\S+)", git(docker_compose, "show", f"{tag}:go.mod") or "")
        if not module:
            continue
        version = module[1]
        # A version without a tag names its commit.
        revision = version.rpartition("-")[2] if re.search(r"-[0-9a-f]{12}$", version) else version
        if revision not in schemas:
            text = git(compose_go, "show", f"{revision}:schema/compose-spec.json")
            schemas[revision] = text and json.loads(text)
        if schemas[revision]:
            yield tag[1:], schemas[revision]


def split(text, separator):
    depth, parts = 0, [""]
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def places(shapes):
    """The places of every mapping of the table: paths of keys, `*` for any name, `[]` for any item."""
    found = {}

    def visit(text, path):
        for part in split(text, "|"):
            kind = part.split(" as ")[0].strip()
            shape = shapes.get(kind)
            if isinstance(shape, str):
                visit(shape, path)
            elif isinstance(shape, dict):
                for name in [kind, *shape.get("keys_of", [])]:
                    found.setdefault(name, []).append(path)
                    for key, value in shapes[name].get("keys", {}).items():
                        visit(value, (*path, key))
            elif call := re.match(r"(list|set|map|keyed|names)\((.*)\)$", kind):
                visit(call[2], (*path, "[]" if call[1] in ("list", "set") else "*"))

    visit("project", ())
    return found


def takes(schema, root, path):
    """True if a schema does not refuse the keys of a path."""
    if not isinstance(schema, dict):
        return schema is not False
    if "$ref" in schema:
        schema = {**root[schema["$ref"].split("/")[1]][schema["$ref"].split("/")[2]], **{key: value for key, value in schema.items() if key != "$ref"}}
    for several in ("oneOf", "anyOf"):
        if several in schema:
            return any(takes(one, root, path) for one in schema[several])
    if not path:
        return True
    key, rest = path[0], path[1:]
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if key == "[]":
        return (not kinds or "array" in kinds) and takes(schema.get("items", True), root, rest)
    if kinds and "object" not in kinds:
        return False
    if key in schema.get("properties", {}):
        return takes(schema["properties"][key], root, rest)
    name = "name" if key == "*" else key
    for pattern, below in schema.get("patternProperties", {}).items():
        if re.search(pattern, name):
            return takes(below, root, rest)
    return takes(schema.get("additionalProperties", True), root, rest)


def first(known, path):
    """The place of the first release of those that take a path and that only such follow; their number if there is none."""
    taken = [takes(schema, schema, path) for _, schema in known]
    return next((at + 1 for at in reversed(range(len(known))) if not taken[at]), 0)


def main():
    shapes = yaml.safe_load(TABLE.read_text(encoding="utf-8"))["shapes"]
    known = list(releases(*sys.argv[1:3]))
    print(f"# {len(known)} releases, {known[0][0]} to {known[-1][0]}\nsince:")
    for name, paths in places(shapes).items():
        lines = []
        for key in shapes[name].get("keys", {}):
            own = [(first(known, (*path, key)), first(known, path)) for path in paths]
            since = min(since for since, _ in own)
            if since == len(known) and any(above < since for _, above in own):
                lines.append(f"    # {key}: newer than {known[-1][0]}")
            elif since < len(known) and any(above < since for _, above in own):
                lines.append(f'    {key}: "{known[since][0]}"')
        if lines:
            print(f"  {name}:", *lines, sep="\n")


if __name__ == "__main__":
    sys.exit(main())
