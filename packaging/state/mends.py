#!/usr/bin/env python3
"""Writes the patches for the defects that docs/state.md describes, and proves each one.

    mends.py MENDS FOLDER PATCHES [--oomlint PROGRAM] [--compose PROGRAM]

MENDS is docs/state/mends.json: for each defect the repository, the commit, the edits and the message of the commit. It has
no lines of other people's files: an edit replaces a part of a numbered line, inserts lines or deletes lines. FOLDER has the
repositories, as for collect.py. A patch is written if, after the edits, the finding is gone, no error or warning is new, and
Docker Compose accepts the file (together with empty files that the user has to make, `empty_files`). It applies with `git apply` and with `git am`, followed by `git commit --amend --reset-author`.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

import collect


def edit(path, edits):
    """Applies edits to a file, from the last line to the first, so that the numbers stay those of the commit."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = file.read().splitlines(keepends=True)
    ending = "\r\n" if lines[0].endswith("\r\n") else "\n"
    for one in sorted(edits, key=lambda one: -one["line"]):
        at = one["line"] - 1
        if "replace" in one:
            if lines[at].count(one["replace"]) != 1:
                raise ValueError(f"{path.name}:{one['line']} does not have `{one['replace']}` once")
            lines[at] = lines[at].replace(one["replace"], one["with"])
        elif "insert" in one:
            # The lines come after the numbered one.
            if not lines[at].endswith("\n"):
                lines[at] += ending
            lines[at + 1 : at + 1] = [line + ending for line in one["insert"]]
        else:
            del lines[at : at + one["delete"]]
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write("".join(lines))


def findings(program, paths, scratch):
    report = collect.reported(program, "check", paths, scratch)
    # Lines move: a finding is known by what it says.
    keys = ((one["rule"], one["file"], one["service"], one["message"], one["severity"]) for one in report["findings"])
    return collections.Counter(keys)


def run(scratch, *arguments):
    names = ["-c", "user.name=oomlint", "-c", "user.email=oomlint@example.org", "-c", "core.autocrlf=false"]
    return subprocess.run(["git", "-C", str(scratch), *names, *arguments], check=True, capture_output=True).stdout


def mend(one, options):
    """Returns what is wrong with a mend, or writes its patch and returns None."""
    repository = collect.find(pathlib.Path(options.folder), one["repository"])
    if repository is None:
        return "the repository is not there"
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch).resolve()
        collect.unpack(repository, scratch, one["commit"])
        (scratch / ".git").rmdir()
        by_path = collections.defaultdict(list)
        for single in one["edits"]:
            by_path[single["path"]].append(single)
        run(scratch, "init", "-q")
        run(scratch, "add", "-f", "--", *by_path)
        run(scratch, "commit", "-q", "--no-gpg-sign", "-m", "as it is")
        paths = [".", *one.get("check", [])]
        before = findings(options.oomlint, paths, scratch)
        for path, edits in by_path.items():
            edit(scratch / path, edits)
        after = findings(options.oomlint, paths, scratch)
        gone, new = before - after, after - before
        if not any(key[:2] == (one["rule"], one["file"]) for key in gone):
            return f"{one['rule']} is not gone: {sorted(gone)}"
        notes = sum(number for key, number in new.items() if key[-1] == "note")
        if notes < sum(new.values()):
            return f"new findings: {sorted(new)}"
        said = ""
        for name in one.get("empty_files", []):
            (scratch / name).touch()
        if options.compose and one["compose"]:
            said = collect.verdict(options.compose, one["compose"], scratch)
            if said != "accepted":
                return f"Docker Compose: {said}"
        run(scratch, "commit", "-q", "--no-gpg-sign", "-a", "-m", "\n".join(one["message"]))
        patch = run(scratch, "format-patch", "-1", "--stdout", "--zero-commit", "--no-signature", "--full-index")
        target = pathlib.Path(options.patches) / f"{one['name']}.patch"
        target.write_bytes(patch)
        run(scratch, "checkout", "-q", "HEAD~1", "--", *by_path)
        run(scratch, "apply", "--check", str(target.resolve()))
        print(
            f"{one['name']}: {sum(gone.values())} findings gone, {notes} notes new{', Docker Compose accepts' if said else ''}"
        )
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("mends", "folder", "patches"):
        parser.add_argument(name)
    parser.add_argument("--oomlint", default="oomlint")
    parser.add_argument("--compose", help="program `docker-compose`")
    options = parser.parse_args()
    pathlib.Path(options.patches).mkdir(parents=True, exist_ok=True)
    failed = 0
    for one in json.loads(pathlib.Path(options.mends).read_text(encoding="utf-8")):
        try:
            wrong = mend(one, options)
        except (ValueError, OSError, subprocess.SubprocessError) as error:
            wrong = str(error)
        if wrong:
            print(f"{one['name']}: {wrong}", file=sys.stderr)
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
