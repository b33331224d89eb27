"""Writes what has moved into the tables, text by text: comments and layout stay."""
import collections
import re

from sources import CONTRADICTED, DRIFTED, MOVED, QUOTE


def edits(claims, readings, repositories, today):
    """Returns the edits of every file: `(start, end, text)`."""
    found = collections.defaultdict(dict)
    refused = []
    for claim in claims:
        for check in claim.checks:
            if check.status == MOVED:
                edit_source(check, found, refused)
    worst = collections.defaultdict(set)
    for claim in claims:
        worst[id(claim.row)].update(check.status for check in claim.checks)
    for reading in readings:
        if reading.changed and reading.row.places and not worst[id(reading.row)] & {CONTRADICTED, DRIFTED}:
            edit_row(reading.row, repositories, today, found, refused)
    return found, refused


def edit_source(check, found, refused):
    text, quote = check.text, QUOTE.fullmatch(check.text.value.strip())
    commit, line = check.moved_to
    length = int(quote["last"] or quote["line"] or line) - int(quote["line"] or line)
    place = f"{quote['path']}:{line}" + (f"-{line + length}" if length else "")
    # The words are the text's last group: what comes before them is what changes.
    before = text.value.strip()[: quote.start("words") - len(' has "')]
    replace(text, before, f"{quote['repository']}@{commit} {place}", found, refused)


def edit_row(row, repositories, today, found, refused):
    upstream = row.places
    head = repositories.get(upstream["repository"].value).head
    replace(upstream["commit"], upstream["commit"].value, head, found, refused)
    if "date" in upstream:
        replace(upstream["date"], upstream["date"].value, today.isoformat(), found, refused)


def replace(text, old, new, found, refused):
    written = text.file.read_text(encoding="utf-8")[text.start : text.end]
    if written.count(old) != 1:
        refused.append(f"{text.file}:{text.line}: `{old}` is written in another way")
        return
    at = text.start + written.index(old)
    found[text.file][at] = (at + len(old), new)


def apply(found):
    """Writes the edits, the last of a file first."""
    for file, places in found.items():
        text = file.read_text(encoding="utf-8")
        for start, (end, new) in sorted(places.items(), reverse=True):
            text = text[:start] + new + text[end:]
        file.write_text(text, encoding="utf-8", newline="")
    return sum(map(len, found.values()))


def numbers_in(text, begin, end, lines):
    """Writes the lines of a generated part of a document between its two comments."""
    pattern = re.compile(f"({re.escape(begin)}\n).*?({re.escape(end)})", re.DOTALL)
    return pattern.sub(lambda found: found[1] + "".join(f"{line}\n" for line in lines) + found[2], text, count=1)
