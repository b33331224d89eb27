"""The rows of the catalogue with the places of their texts, and what they take over from each other."""
import dataclasses
import pathlib
import re

import yaml

# As in build/rows.rs.
FOR_PEOPLE = ("source", "sources", "upstream")
OWN = ("repositories", "deprecated", "lighter", "like")
TABLES = ("images", "probes")
# Keys that say nothing of an image.
NO_CLAIMS = (*FOR_PEOPLE, "repositories", "like", "lighter")


class Loader(yaml.SafeLoader):
    """Reads scalars as the program's own YAML reader does: no dates, no `yes` and `on`."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool", ":merge"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"(?:true|false)$"), list("tf"))


@dataclasses.dataclass(frozen=True)
class Text:
    """A text of a table, and its place in its file."""

    value: str
    file: pathlib.Path
    line: int
    start: int
    end: int


@dataclasses.dataclass
class Row:
    """A row: `values` with what it takes over, `own` the keys that are written in it, `sources` the texts of each key."""

    table: str
    name: str
    file: pathlib.Path
    line: int
    values: dict
    own: list
    lines: dict
    sources: dict
    places: dict


def read(catalog):
    """Returns all rows of the tables of a directory."""
    rows = []
    for table in TABLES:
        mine = []
        for file in [catalog / f"{table}.yaml", *sorted((catalog / table).glob("*.yaml"))]:
            if file.exists():
                mine += rows_of(file, table)
        inherit(mine)
        rows += mine
    return rows


def rows_of(file, table):
    text = file.read_text(encoding="utf-8")
    loader = Loader(text)
    try:
        document = loader.get_single_node()
        value = loader.construct_document(document)
    finally:
        loader.dispose()
    nodes = next((node for key, node in document.value if key.value == table), None)
    for node, values in zip(nodes.value if nodes else [], value.get(table) or []):
        yield row_of(file, table, node, values)


def row_of(file, table, node, values):
    lines, sources, places = {}, {}, {}
    for key, below in node.value:
        lines[key.value] = key.start_mark.line + 1
        if key.value == "sources":
            for name, texts in below.value:
                sources.setdefault(name.value, []).extend(texts_in(file, texts))
        elif key.value == "upstream":
            places = {name.value: text for name, scalar in below.value for text in texts_in(file, scalar)}
        elif key.value == "source":
            sources.setdefault("", []).extend(texts_in(file, below))
        else:
            sources.setdefault(key.value, []).extend(nested_sources(file, below))
    own = [key for key in lines if key not in NO_CLAIMS]
    name = str((values.get("repositories") or ["?"])[0])
    return Row(table, name, file, node.start_mark.line + 1, dict(values), own, lines, sources, places)


def texts_in(file, node):
    if isinstance(node, yaml.ScalarNode):
        begin, end = node.start_mark, node.end_mark
        return [Text(node.value, file, begin.line + 1, begin.index, end.index)]
    return [text for item in node.value for text in texts_in(file, item)] if isinstance(node, yaml.SequenceNode) else []


def nested_sources(file, node):
    """The texts of `source` at any depth of a claim."""
    if isinstance(node, yaml.SequenceNode):
        return [text for item in node.value for text in nested_sources(file, item)]
    if not isinstance(node, yaml.MappingNode):
        return []
    found = []
    for key, below in node.value:
        found += texts_in(file, below) if key.value == "source" else nested_sources(file, below)
    return found


def inherit(rows):
    by_name = {name: row for row in rows for name in row.values.get("repositories") or []}
    own = {id(row): dict(row.values) for row in rows}
    for row in rows:
        parent = by_name.get(row.values.get("like"))
        for key, value in own[id(parent)].items() if parent else ():
            if key not in (*OWN, *FOR_PEOPLE):
                row.values.setdefault(key, value)


def has_key(value, wanted):
    """True if a mapping at any depth has one of these keys."""
    if isinstance(value, list):
        return any(has_key(item, wanted) for item in value)
    return isinstance(value, dict) and any(key in wanted or has_key(below, wanted) for key, below in value.items())


def is_low(value):
    """True if the row says that nobody can check a claim, or any part of it."""
    if isinstance(value, list):
        return bool(value) and all(is_low(item) for item in value)
    return isinstance(value, dict) and value.get("confidence") == "low"
