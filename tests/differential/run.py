#!/usr/bin/env python3
"""Asks Docker Compose and oomlint about generated projects, and fails where they differ in a class that is not in known.txt.

    python3 tests/differential/run.py --seed 1 --count 300
    python3 tests/differential/run.py --seed 1 --count 5000 --minimise 1 --report target/differential.md
"""
import argparse
import collections
import os
import pathlib
import sys
import tempfile
import time

import ask
from compare import differences
from exceptions import exception
from generate import generate, here_document

HERE = pathlib.Path(__file__).resolve().parent
BATCH = 40
# So many projects have every class of known.txt.
ENOUGH = 2000


def known_classes():
    path = HERE / "known.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {line for line in lines if line and not line.startswith("#")}


class Tally:
    """What was found in all projects."""

    def __init__(self):
        self.projects = self.refused = self.differing = 0
        self.classes = collections.defaultdict(list)
        self.meant = collections.Counter()

    def add(self, project, answer, found):
        self.projects += 1
        self.refused += "error" in answer
        counted = []
        for difference in found:
            if rule := exception(difference):
                self.meant[rule.__doc__] += 1
            else:
                counted.append(difference)
        self.differing += bool(counted)
        for kind in dict.fromkeys(difference.kind for difference in counted):
            self.classes[kind].append((project, next(one for one in counted if one.kind == kind)))

    def sorted(self):
        return sorted(self.classes.items(), key=lambda item: (-len(item[1]), item[0]))


def usual_features(tally, cases):
    """The features that most projects of a class have, and others have seldom."""
    counts = collections.Counter(feature for project, _ in cases for feature in project.features)
    every = collections.Counter(feature for cases in tally.classes.values() for project, _ in cases for feature in project.features)
    total = sum(len(cases) for cases in tally.classes.values())
    usual = [(counts[name] / len(cases), name) for name in counts if counts[name] / len(cases) > max(0.4, 1.5 * every[name] / total)]
    return ", ".join(f"{name} {share:.0%}" for share, name in sorted(usual, reverse=True)[:4])


def run(programs, seeds):
    tally = Tally()
    for first in range(0, len(seeds), BATCH):
        projects = [generate(seed) for seed in seeds[first : first + BATCH]]
        with tempfile.TemporaryDirectory(prefix="differential-") as folder:
            for project, (place, name, theirs, ours) in zip(projects, ask.ask(programs, pathlib.Path(folder).resolve(), projects)):
                tally.add(project, theirs, differences(place, name, theirs, ours))
    return tally


def report(tally, known, out, programs=None, examples=0, only=()):
    """Prints all classes, the new ones with an example."""
    print(f"{tally.projects} projects, {tally.refused} refused by Compose, {tally.differing} differ ({tally.differing / max(1, tally.projects):.0%}), in {len(tally.classes)} classes", file=out)
    for reason, count in tally.meant.most_common():
        print(f"  meant: {count} × {reason}", file=out)
    for kind, cases in tally.sorted():
        new = "" if kind in known else "NEW "
        print(f"\n{new}{len(cases)} × {kind}", file=out)
        if usual := usual_features(tally, cases):
            print(f"    features: {usual}", file=out)
        print(f"    seeds: {' '.join(str(project.seed) for project, _ in cases[:8])}", file=out)
        if programs is None or (only and not kind.startswith(only)):
            continue
        from minimise import features, minimise

        shown = collections.Counter()
        for project, difference in sorted(cases, key=lambda case: sum(map(len, case[0].files.values())))[:examples]:
            files, difference = minimise(programs, project.files, kind) or (project.files, difference)
            signs = features(files)
            shown[signs] += 1
            if shown[signs] > 1:
                continue
            print(f"\n    seed {project.seed}: {', '.join(signs)}\n" + "".join(f"    {line}\n" for line in here_document(files).splitlines()), file=out)
            print("\n".join(f"    {line}" for line in str(difference).splitlines()[1:]), file=out, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=300, help="how many projects")
    parser.add_argument("--minimise", type=int, default=0, metavar="N", help="print N smallest examples of each class")
    parser.add_argument("--report", type=pathlib.Path, help="write the report to this file")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="minimise only classes that begin with this text")
    parser.add_argument("--oomlint", help="the program to test")
    parser.add_argument("--compose", help="Docker Compose")
    parser.add_argument("--write-known", action="store_true", help="write the classes found into known.txt")
    arguments = parser.parse_args()
    try:
        programs = ask.Programs(arguments.oomlint, arguments.compose)
    except ask.Missing as missing:
        print(f"skipped: {missing}")
        return 77
    begin = time.monotonic()
    tally = run(programs, range(arguments.seed, arguments.seed + arguments.count))
    known = known_classes()
    new = [kind for kind in tally.classes if kind not in known]
    out = arguments.report.open("w", encoding="utf-8") if arguments.report else sys.stdout
    report(tally, known, out, programs if arguments.minimise else None, arguments.minimise, tuple(arguments.only))
    for kind in sorted(known - set(tally.classes)) if arguments.count >= ENOUGH else []:
        print(f"no longer occurs: {kind}", file=out)
    print(f"\n{len(new)} classes that are not in known.txt, {time.monotonic() - begin:.0f} s", file=out)
    if arguments.write_known:
        write_known(known | set(tally.classes))
    return 1 if new else 0


def write_known(classes):
    head = "# Classes of differences that are still open, one a line, as run.py prints them. The list only shrinks.\n# Each wants its reason above it.\n"
    (HERE / "known.txt").write_text(head + "".join(f"{kind}\n" for kind in sorted(classes)), encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    sys.exit(main())
