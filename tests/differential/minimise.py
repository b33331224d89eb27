"""Makes a project smaller while it still differs in the same class: leaves out files, blocks of lines, and parts of flow style.

    python3 tests/differential/minimise.py SEED [CLASS]
"""
import pathlib
import re
import sys
import tempfile

import ask
from compare import differences
from exceptions import exception
from generate import generate, here_document

# A project is asked about at most so many times.
MOST = 500


class Files:
    """A project that has only files."""

    def __init__(self, files):
        self.files = files


def found(programs, files):
    """The differences of a project that are not meant."""
    with tempfile.TemporaryDirectory(prefix="minimise-") as folder:
        for place, name, theirs, ours in ask.ask(programs, pathlib.Path(folder).resolve(), [Files(files)]):
            return [difference for difference in differences(place, name, theirs, ours) if not exception(difference)]
    return []


def decoded(data):
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def depth(line):
    return len(line) - len(line.lstrip(" "))


def without_blocks(text):
    """The text without each line and what is below it; the largest blocks first."""
    lines = text.splitlines(keepends=True)
    spans = []
    for at, line in enumerate(lines):
        end = at + 1
        while end < len(lines) and lines[end].strip() and (depth(lines[end]) > depth(line) or lines[end].lstrip().startswith("- ") and depth(lines[end]) == depth(line) and not line.lstrip().startswith("- ")):
            end += 1
        spans.append((at, end))
        if end > at + 1:
            spans.append((at, at + 1))
    for at, end in sorted(spans, key=lambda span: span[0] - span[1]):
        yield "".join(lines[:at] + lines[end:])
    for at in range(len(lines)):
        if lines[at].startswith("    ") and not lines[at].strip().startswith("#"):
            dedented = [line[2:] if line.startswith("  ") else line for line in lines]
            yield "".join(dedented)
            break


def without_parts(text):
    """The text without each item of a flow collection, and each comment."""
    for match in re.finditer(r",\s*[^,\[\]{}]*|[^,\[\]{}\n]*,\s*|, [^,\[\]{}]*[\[{][^\[\]{}]*[\]}]|[^,\[\]{}\n]*[\[{][^\[\]{}]*[\]}],\s*|\{[^{}\[\]]*\}|\[[^{}\[\]]*\]| +#[^\n]*", text):
        span = match.group()
        cut = text[: match.start()] + ({"{": "{}", "[": "[]"}.get(span[0], "")) + text[match.end() :]
        if len(cut) < len(text):
            yield cut


def smaller(files):
    """Smaller projects, the boldest first."""
    for path in sorted(files, key=lambda path: -len(files[path])):
        if len(files) > 1:
            yield {other: data for other, data in files.items() if other != path}
    for path, data in files.items():
        if "Dockerfile" in path:
            # What the image has is known by these lines.
            continue
        text = decoded(data)
        if text is None:
            yield {**files, path: data.decode("utf-16", errors="replace").encode()}
            continue
        for candidate in [text.replace("\r\n", "\n"), text.lstrip("\ufeff")]:
            if candidate != text:
                yield {**files, path: candidate.encode()}
        for way in (without_blocks, without_parts):
            for candidate in way(text):
                yield {**files, path: candidate.encode()}
    for path in files:
        if "/" in path and (name := path.rpartition("/")[2]) not in files:
            yield {name if other == path else other: data.replace(path.encode(), name.encode()) for other, data in files.items()}


def minimise(programs, files, kind):
    """Returns the smallest project found that differs in this class, and the difference; `None` if it does not differ."""
    last = next((difference for difference in found(programs, files) if difference.kind == kind), None)
    if last is None:
        return None
    asked = 0
    again = True
    while again and asked < MOST:
        again = False
        for candidate in smaller(files):
            asked += 1
            if asked >= MOST:
                break
            difference = next((one for one in found(programs, candidate) if one.kind == kind), None)
            if difference is not None:
                files, last, again = candidate, difference, True
                break
    return files, last


def main():
    programs = ask.Programs()
    files = generate(int(sys.argv[1])).files
    kinds = sys.argv[2:] or list(dict.fromkeys(difference.kind for difference in found(programs, files)))
    for kind in kinds:
        result = minimise(programs, files, kind)
        if result is None:
            print(f"no such difference: {kind}")
            continue
        print(f"{here_document(result[0])}\n{result[1]}\n")


if __name__ == "__main__":
    sys.exit(main())
