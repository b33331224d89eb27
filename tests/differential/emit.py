"""Writes trees as YAML text, in random styles.

A tree is a `str` (a scalar or flow collection, as YAML text), a `list`, a `Map`, or a `Marked` tree (anchor or tag). Keys may
be twice in a `Map`.
"""
import json
import re


class Map:
    """A mapping: a list of pairs."""

    def __init__(self, pairs=()):
        self.pairs = [list(pair) for pair in pairs]

    def get(self, key):
        return next((value for name, value in self.pairs if name == key), None)

    def set(self, key, value):
        for pair in self.pairs:
            if pair[0] == key:
                pair[1] = value
                return
        self.pairs.append([key, value])

    def remove(self, key):
        self.pairs = [pair for pair in self.pairs if pair[0] != key]

    def keys(self):
        return [key for key, _ in self.pairs]


class Marked:
    """A tree with an anchor or a tag before it: `&a`, `!reset`."""

    def __init__(self, mark, tree):
        self.mark, self.tree = mark, tree


def quoted(text):
    """True for a scalar in quotes."""
    return len(text) > 1 and text[0] == text[-1] and text[0] in "'\""


def plain(text):
    """The content of a scalar."""
    if quoted(text):
        if text[0] == "'":
            return text[1:-1].replace("''", "'")
        try:
            return json.loads(text)
        except ValueError:
            return text[1:-1]
    return text


def is_collection(text):
    return text[:1] in ("[", "{")


def in_flow(text):
    """A scalar as it may be written in a flow collection."""
    if quoted(text) or is_collection(text) or text[:1] in "!&*" and text or not re.search(r"[\[\]{},]|^$", text):
        return text
    return json.dumps(text)


def flow(tree, rng):
    if isinstance(tree, str):
        return in_flow(tree)
    if isinstance(tree, Marked):
        return f"{tree.mark} {flow(tree.tree, rng)}".rstrip()
    if isinstance(tree, list):
        return "[" + ", ".join(flow(item, rng) for item in tree) + "]"
    return "{" + ", ".join(f"{in_flow(key)}: {flow(value, rng)}".rstrip() for key, value in tree.pairs) + "}"


def block(tree, rng, indent, step, flows):
    """Lines of a tree that is below a key or at the top."""
    pad = " " * indent
    lines = []
    if isinstance(tree, list):
        for item in tree:
            if isinstance(item, (Map, list)) and item_pairs(item) and rng.random() >= flows:
                inner = block(item, rng, indent + 2, step, flows)
                lines.append(f"{pad}- {inner[0].lstrip()}")
                lines.extend(inner[1:])
            else:
                lines.append(f"{pad}- {flow(item, rng)}".rstrip())
        return lines
    for key, value in tree.pairs:
        mark = ""
        while isinstance(value, Marked):
            mark, value = f"{mark} {value.mark}", value.tree
        head = f"{pad}{key}:{mark}" if not key.startswith("*") else f"{pad}{key} :{mark}"
        if isinstance(value, str):
            lines.extend(scalar(head, value, indent + step, rng))
        elif not item_pairs(value) or rng.random() < flows:
            lines.append(f"{head} {flow(value, rng)}")
        else:
            lines.append(head)
            lines.extend(block(value, rng, indent + step, step, flows))
        if rng.random() < 0.02:
            lines.append(rng.choice(["", f"{pad}# c", "# c", "   "]))
    return lines


def scalar(head, text, indent, rng):
    body = plain(text)
    if " " in body and not is_collection(text) and text[:1] not in "!&*~#" and "\n" not in body and rng.random() < 0.06:
        return [f"{head} {rng.choice(['|', '>', '|-', '>-', '>+'])}", " " * indent + body.strip()]
    return [f"{head} {text}".rstrip()]


def item_pairs(tree):
    return tree.pairs if isinstance(tree, Map) else tree


def as_json(tree):
    """The text as JSON; `None` where the tree has what JSON has not."""
    if isinstance(tree, Marked):
        return None
    if isinstance(tree, str):
        if quoted(tree):
            return json.dumps(plain(tree))
        if is_collection(tree) or tree[:1] in ("!", "&", "*"):
            return None
        if tree in ("~", ""):
            return "null"
        try:
            json.loads(tree)
            return tree
        except ValueError:
            return json.dumps(tree)
    if isinstance(tree, list):
        items = [as_json(item) for item in tree]
        return None if None in items else "[" + ", ".join(items) + "]"
    pairs = [(json.dumps(plain(key)), as_json(value)) for key, value in tree.pairs]
    if any(value is None for _, value in pairs) or any(key == '"<<"' for key, _ in pairs):
        return None
    return "{" + ",\n ".join(f"{key}: {value}" for key, value in pairs) + "}"


def document(tree, rng):
    """The text of a document, in some style."""
    style = rng.random()
    if style < 0.05 and (text := as_json(tree)):
        return text + "\n"
    if style < 0.09:
        return flow(tree, rng) + "\n"
    lines = block(tree, rng, 0, rng.choice([2, 2, 2, 4, 3]), rng.choice([0, 0.1, 0.3]))
    return "\n".join(lines) + "\n"
