#!/usr/bin/env python3
"""Proves the claims of the catalogue by the repositories of the images' makers.

    python3 packaging/catalog/prove.py --repositories DIR
    python3 packaging/catalog/prove.py --repositories DIR --clone --fix-lines --json target/catalog.json

Prints a report in Markdown. Ends with 1 where upstream says otherwise than a row.
"""
import argparse
import collections
import datetime
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]

try:
    import claims as catalogue
    import mend
    import rows
    import sources
    from dockerfiles import Resolver
    from upstream import Repositories
except ModuleNotFoundError as missing:
    print(f"skipped: Python has no module {missing.name}")
    sys.exit(77)

# As the report counts them, and what each means.
MEANINGS = {
    sources.PROVED: "upstream says so, at the row's commit and in the newest file",
    sources.MOVED: "upstream says so on another line",
    sources.DRIFTED: "upstream said so; the newest file does not any more",
    sources.CONTRADICTED: "upstream says otherwise",
    sources.MISSING: "the repository or the commit is not here",
    sources.DOCUMENT_: "an address, read within the year",
    sources.OLD: "an address, read more than a year ago or nobody knows when",
    catalogue.LOW: "the row itself says that nobody can check it",
    sources.UNKNOWN: "the Dockerfile does not tell",
    sources.FREE: "the source is written for people",
}
OPEN = (sources.CONTRADICTED, sources.DRIFTED, sources.MOVED)


def counts(claims):
    found = collections.Counter(claim.status for claim in claims)
    return {status: found[status] for status in MEANINGS}


def table(claims):
    """The numbers in Markdown."""
    lines = ["| | claims | |", "|---|---:|---|", f"| in all | {len(claims)} | of {len({id(claim.row) for claim in claims})} rows |"]
    return lines + [f"| {status} | {number} | {MEANINGS[status]} |" for status, number in counts(claims).items()]


def findings(claims, statuses):
    for claim in claims:
        for check in claim.checks:
            if check.status in statuses:
                line = claim.row.lines.get(claim.key, claim.row.line)
                yield {
                    "row": claim.row.name, "key": claim.key, "file": shown(claim.row.file), "line": check.text.line if check.text else line,
                    "status": check.status, "says": check.says, "upstream": check.upstream, "place": check.place,
                }


def shown(path):
    path = path.resolve()
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def cell(text):
    return " ".join(str(text).split()).replace("|", "\\|").replace("`", "'")[:160]


def report(claims, readings):
    lines = ["# Claims of the catalogue", "", *table(claims)]
    for status in OPEN:
        found = list(findings(claims, (status,)))
        if found:
            lines += ["", f"## {status.capitalize()}", "", "| row | claim | the row says | upstream says | upstream | row's place |", "|---|---|---|---|---|---|"]
            for one in found:
                cells = (one["row"], one["key"], one["says"], one["upstream"], one["place"], f"{one['file']}:{one['line']}")
                lines.append("| " + " | ".join(map(cell, cells)) + " |")
    missing = collections.Counter(check.repository for claim in claims for check in claim.checks if check.status == sources.MISSING)
    if missing:
        lines += ["", "## Not here", "", ", ".join(f"{name} ({number})" for name, number in sorted(missing.items()))]
    if found := bases(readings):
        lines += ["", "## Bases of which nothing is known", "", ", ".join(f"{cell(name)} ({number})" for name, number in found)]
    return "\n".join(lines) + "\n"


def bases(readings):
    """Bases of which nothing is known: a row for one of them would tell more about the rows that are based on it."""
    found = collections.Counter()
    for reading in readings:
        image = reading.now or reading.then
        if image and image.base[0] and image.healthcheck[0] is None:
            found[image.base[0]] += 1
    return found.most_common()


def arguments_of():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=pathlib.Path, required=True, metavar="DIR", help="checkouts: owner/name, bare or not, or owner+name")
    parser.add_argument("--clone", action="store_true", help="clone what is not there into DIR, and ask for commits that are not there")
    parser.add_argument("--remote", default="https://github.com", metavar="URL", help="where --clone finds owner/name")
    parser.add_argument("--catalog", type=pathlib.Path, default=ROOT / "rules/catalog", metavar="DIR", help="the tables")
    parser.add_argument("--oomlint", type=pathlib.Path, default=ROOT / "target/debug/oomlint", metavar="PROGRAM")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every check as JSON")
    parser.add_argument("--fix-lines", action="store_true", help="write moved lines, and commits and dates of files that changed and still hold")
    parser.add_argument("--write-numbers", type=pathlib.Path, metavar="FILE", help="write the numbers between this document's comments")
    parser.add_argument("--only", metavar="TEXT", help="only rows whose first repository contains this text")
    parser.add_argument("--today", type=datetime.date.fromisoformat, default=datetime.date.today(), help=argparse.SUPPRESS)
    return parser.parse_args()


def as_json(claims, readings):
    listed = [
        {
            "row": claim.row.name, "table": claim.row.table, "key": claim.key, "status": claim.status, "file": shown(claim.row.file),
            "line": claim.row.lines.get(claim.key, claim.row.line),
            "checks": [{"status": check.status, "says": check.says, "upstream": check.upstream, "place": check.place} for check in claim.checks],
        }
        for claim in claims
    ]
    return {"claims": len(claims), "counts": counts(claims), "unknown_bases": dict(bases(readings)), "list": listed}


def main():
    arguments = arguments_of()
    if not arguments.oomlint.exists():
        print(f"skipped: {arguments.oomlint} is not here: `cargo build` makes it")
        return 77
    repositories = Repositories(arguments.repositories, arguments.remote if arguments.clone else None)
    every = rows.read(arguments.catalog)
    images = collections.defaultdict(dict)
    for row in every:
        for name in row.values.get("repositories") or []:
            images[name].update({key: value for key, value in row.values.items() if key not in images[name]})
    wanted = [row for row in every if (arguments.only or "") in row.name]
    resolver = Resolver(arguments.oomlint, repositories)
    claims, readings = catalogue.all_claims(wanted, images, repositories, resolver, arguments.today)
    print(report(claims, readings), end="")
    if arguments.json:
        arguments.json.write_text(json.dumps(as_json(claims, readings), indent=1) + "\n", encoding="utf-8")
    if arguments.fix_lines:
        found, refused = mend.edits(claims, readings, repositories, arguments.today)
        print(f"\n{mend.apply(found)} texts written in {len(found)} files", *refused, sep="\n")
    if arguments.write_numbers:
        text = arguments.write_numbers.read_text(encoding="utf-8")
        text = mend.numbers_in(text, "<!-- numbers -->", "<!-- end of numbers -->", table(claims))
        arguments.write_numbers.write_text(text, encoding="utf-8")
    return 1 if counts(claims)[sources.CONTRADICTED] else 0


if __name__ == "__main__":
    sys.exit(main())
