"""Makes a project smaller while it still differs in the same class: leaves out files, blocks of lines, and parts of flow style.

    python3 tests/differential/minimise.py SEED [CLASS…]
"""
import itertools
import pathlib
import re
import sys
import tempfile

import ask
from compare import differences
from exceptions import exception
from generate import generate, here_document

# A project is asked about at most so many times.
MOST = 320
# So many at once: oomlint looks at all of them in one run.
CHUNK = 16


class Files:
    """A project that has only files."""

    def __init__(self, files):
        self.files = files


def first_that_differs(programs, candidates, kind):
    """The place of the first project that differs in a class, and the difference; `None` if none does."""
    with tempfile.TemporaryDirectory(prefix="minimise-") as folder:
        answers = ask.ask(programs, pathlib.Path(folder).resolve(), [Files(files) for files in candidates])
        for at, (place, name, theirs, ours) in enumerate(answers):
            for difference in differences(place, name, theirs, ours):
                if kind in (None, difference.kind) and not exception(difference):
                    return at, difference
    return None


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
    first = first_that_differs(programs, [files], kind)
    if first is None:
        return None
    last, asked, skipped, changed = first[1], 0, 0, False
    while asked < MOST:
        chunk = list(itertools.islice(smaller(files), skipped, skipped + CHUNK))
        if not chunk and skipped == 0:
            break
        asked += len(chunk)
        better = first_that_differs(programs, chunk, kind) if chunk else None
        if better is not None:
            files, last = chunk[better[0]], better[1]
            skipped += better[0]
            changed = True
        elif len(chunk) == CHUNK:
            skipped += CHUNK
        elif changed or skipped == 0:
            if not changed:
                break
            skipped, changed = 0, False
        else:
            break
    return files, last


# What a file has to have for a feature, as a regular expression.
SIGNS = {"extends": r"extends", "include": r"include", "merge key": r"<<", "alias": r"\*\w", "!reset": "!reset", "!override": "!override", "tag": "!!", "documents": r"(?m)^---",
         "env_file": "env_file", "template": r"\$", "environment": "environment", "tab": "\t", "crlf": "\r", "jobs": "jobs", "pre_start": "pre_start", "tmpfs": "tmpfs",
         "healthcheck": "healthcheck", "deploy": "deploy", "build": "build", "command": "command|entrypoint", "raw": "format: raw"}


def features(files):
    """The features that a project has, by its text."""
    found = set()
    for path, data in files.items():
        if "Dockerfile" in path:
            continue
        if path.endswith(".env"):
            found.add(".env" if path.endswith("/.env") or path == ".env" else "env_file")
        if "override" in path:
            found.add("override file")
        if (text := decoded(data)) is None:
            found.add("utf-16")
            continue
        if text.startswith("\ufeff"):
            found.add("bom")
        found.update(name for name, sign in SIGNS.items() if re.search(sign, text))
    return tuple(sorted(found))


def main():
    programs = ask.Programs()
    files = generate(int(sys.argv[1])).files
    kinds = sys.argv[2:]
    if not kinds:
        # Other differences than those of the whole project come up on the way, such as that there is no file left.
        first = first_that_differs(programs, [files], None)
        kinds = [first[1].kind] if first else []
    for kind in kinds:
        result = minimise(programs, files, kind)
        if result is None:
            print(f"no such difference: {kind}")
            continue
        print(f"{here_document(result[0])}\n{result[1]}\n")


if __name__ == "__main__":
    sys.exit(main())
