#!/usr/bin/env python3
"""Counts how containers set their memory, from the reports that collect.py keeps.

    tables.py REPORTS PAGE

Fills the parts of PAGE that are marked with comments, and writes the list of repositories and the pictures next to it.
"""

import argparse
import collections
import io
import json
import pathlib
import re
import sys

from collect import FACTS, REFUSED, is_refusal

DEVELOPMENT = re.compile(
    r"(^|[/._-])(dev|devel|develop|development|devcontainer|test|tests|testing|testdata|e2e|ci|integration|local|debug|bench"
    r"|benchmarks?|fixtures?)([/._-]|$)",
    re.IGNORECASE,
)
# What counts as memory that does not fit, fits tightly, or is unlimited.
EXCEEDS = ["heap-exceeds-limit", "default-heap-exceeds-limit", "cache-exceeds-limit", "memory-variable-exceeds-limit"]
TIGHT = ["tight-heap", "tight-cache"]
UNBOUNDED = ["unbounded-heap", "percent-heap-without-limit", "runtime-ignores-limit"]


class Service:
    """A service of a repository. One that several files of a directory describe is one service."""

    def __init__(self):
        self.facts = collections.defaultdict(set)
        self.files, self.rules, self.heap = set(), set(), False

    def state(self, fact):
        """Set if one of its files sets it, not known if one of them might."""
        states = self.facts[fact]
        return next((state for state in ("set", "not known") if state in states), "not set")

    def add(self, finding):
        self.rules.add(finding["rule"])
        # Node's default heap may be larger than the limit that it follows.
        if finding["rule"] == "unbounded-heap" and "does not fit" in finding["message"]:
            self.rules.add("default-heap-exceeds-limit")

    def unlimited(self):
        return self.state("memory_limit") != "set" and bool(self.rules & set(UNBOUNDED))

    def development(self):
        return all(DEVELOPMENT.search(file) for file in self.files)


def key_of(file, name):
    """Names a service within its repository."""
    path = pathlib.PurePosixPath(file)
    # In a flat collection of templates each file is a stack of its own.
    own = "" if re.search("compose|stack|swarm|docker", path.name, re.IGNORECASE) else path.name
    return (str(path.parent), own, name)


def state_of(fact, value):
    if value["state"] != "known":
        return {"absent": "not set"}.get(value["state"], "not known")
    # `disable: true` and `test: ["NONE"]` remove the healthcheck of the image. A limit of 0 is none.
    if fact == "healthcheck":
        probe = value["value"]
        # Only its interval may be set, for a probe of an image that is not known.
        return (
            "not set" if probe == "disabled" else "set" if probe == "of the image" or "test" in probe else "not known"
        )
    return "not set" if fact == "memory_limit" and value.get("value") == 0 else "set"


def services_of(report):
    services = collections.defaultdict(Service)
    for project in report["inspect"]["projects"]:
        for workload in project["workloads"]:
            if workload["kind"] != "service":
                continue
            service = services[key_of(workload["file"], workload["name"])]
            service.files.add(workload["file"])
            for fact in FACTS.values():
                service.facts[fact].add(state_of(fact, workload["facts"][fact]))
            service.heap |= bool(workload["facts"]["heaps"])
    for finding in report["check"]["findings"]:
        if finding.get("service"):
            key = key_of(finding["file"], finding["service"])
            if key in services:
                services[key].add(finding)
                # Its image is in another file, such as one that a platform adds.
                if "has no `image` and no `build`" in finding["message"]:
                    del services[key]
    return services


def share(part, whole):
    return f"{part} ({100 * part / whole:.1f} %)" if whole else "0"


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join(lines + [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]) + "\n"


def tables(options):
    reports = [
        json.loads(path.read_text(encoding="utf-8")) for path in sorted(pathlib.Path(options.reports).glob("*.json"))
    ]
    reports.sort(key=lambda report: (report["kind"], report["repository"].lower()))
    counted = [(report, services_of(report)) for report in reports]
    counted = [(report, services) for report, services in counted if services]
    parts, page = {}, pathlib.Path(options.page)
    every = [service for _, services in counted for service in services.values()]
    kinds = sorted({report["kind"] for report, _ in counted})
    by_kind = {kind: [s for r, services in counted if r["kind"] == kind for s in services.values()] for kind in kinds}
    groups = [*by_kind.items(), ("all", every)]
    one = reports[0]
    dates = sorted(report["checked"] for report, _ in counted)
    days = dates[0] if dates[0] == dates[-1] else f"{dates[0]} to {dates[-1]}"
    revision = f" ({one['revision']})" if one["revision"] else ""
    parts["headline"] = headline(counted, every)
    parts["run"] = (
        f"Counted on {days} with oomlint {one['oomlint']}{revision}: {len(every)} services in {len(counted)} repositories.\n"
    )

    rows = []
    for kind, services in groups:
        chosen = [report for report, _ in counted if kind in (report["kind"], "all")]
        files = {
            (report["repository"], file)
            for report, found in counted
            if report in chosen
            for s in found.values()
            for file in s.files
        }
        rows.append(
            [kind, len(chosen), len(files), len(services), share(sum(s.development() for s in services), len(services))]
        )
    parts["kinds"] = table(["kind", "repositories", "Compose files", "services", "of these for development only"], rows)

    states = ("set", "not set", "not known")
    rows = [
        [name, *(share(sum(s.state(fact) == state for s in every), len(every)) for state in states)]
        for name, fact in FACTS.items()
    ]
    parts["shares"] = table(["setting", *states], rows)
    rows = []
    for kind, services in groups:
        row = [kind, len(services)]
        for fact in FACTS.values():
            row.append(
                " / ".join(
                    f"{100 * sum(s.state(fact) == state for s in services) / len(services):.1f}" for state in states
                )
            )
        rows.append(row)
    parts["by-kind"] = table(["kind", "services", *FACTS], rows)
    deployed = [service for service in every if not service.development()]
    rows = []
    for name, services in (("for development only", [s for s in every if s.development()]), ("others", deployed)):
        rows.append(
            [
                name,
                len(services),
                *(share(sum(s.state(fact) == "set" for s in services), len(services)) for fact in FACTS.values()),
            ]
        )
    parts["development"] = table(["services", "number", *(f"{name} set" for name in FACTS)], rows)

    parts["heaps"] = heaps(groups)
    parts["images"] = images(groups)
    parts["rules"] = rules(counted)
    parts["refused"] = refused(counted)
    text = page.read_text(encoding="utf-8")
    for name, part in parts.items():
        start, end = f"<!-- counted: {name} -->\n", f"<!-- /counted: {name} -->"
        if start in text:
            before, rest = text.split(start, 1)
            text = before + start + part + end + rest.split(end, 1)[1]
    page.write_text(text, encoding="utf-8")
    folder = page.with_suffix("")
    folder.mkdir(exist_ok=True)
    (page.parent / "pictures").mkdir(exist_ok=True)
    lines = ["kind\trepository\tcommit\tcommitted\tservices\twith a memory limit"]
    for report, services in counted:
        limits = sum(s.state("memory_limit") == "set" for s in services.values())
        lines.append(
            "\t".join(
                map(
                    str,
                    (
                        report["kind"],
                        report["repository"],
                        report["commit"],
                        report["committed"],
                        len(services),
                        limits,
                    ),
                )
            )
        )
    (folder / "repositories.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    bars = [(name, [sum(s.state(fact) == state for s in every) for state in states]) for name, fact in FACTS.items()]
    (page.parent / "pictures" / "state-settings.svg").write_text(picture("Services by setting", bars), encoding="utf-8")
    bars = [
        (kind, [sum(s.state("memory_limit") == state for s in services) for state in states])
        for kind, services in groups
    ]
    (page.parent / "pictures" / "state-limits.svg").write_text(
        picture("Memory limit, by kind of repository", bars), encoding="utf-8"
    )
    return 0


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "none"


def headline(counted, every):
    """Says in words what the tables show."""

    def states(fact):
        return [
            percent(sum(s.state(fact) == state for s in every), len(every)) for state in ("set", "not set", "not known")
        ]

    known = [s for s in every if s.heap]
    unbounded = sum(s.unlimited() for s in known)
    limited = [s for s in every if s.state("memory_limit") == "set"]
    exceeds, tight = (sum(bool(s.rules & set(names)) for s in limited) for names in (EXCEEDS, TIGHT))
    others = [(report, services) for report, services in counted if report["kind"] != "platform"]
    rejected = {
        (report["repository"], one["file"])
        for report, _ in others
        for one in report["check"]["findings"]
        if is_refusal(one)
    }
    files = {(report["repository"], file) for report, services in others for s in services.values() for file in s.files}
    old = sum("unsupported-base-image" in s.rules for s in every)
    has, lacks, unknown = states("healthcheck")
    some = sum(any(s.state("memory_limit") == "set" for s in services.values()) for _, services in counted)
    each = sum(all(s.state("memory_limit") == "set" for s in services.values()) for _, services in counted)
    return f"""- **{states("memory_limit")[0]}** of the services have a memory limit, {states("memory_reservation")[0]} a reservation, {states("swap_limit")[0]} a limit for swap.
- **{some}** of the {len(counted)} repositories limit at least one service, {each} limit all.
- **{has}** have a healthcheck, {lacks} have none, and for {unknown} the files do not tell, since it may be in an image.
- **{percent(unbounded, len(known))}** of the {len(known)} services whose heap is known have an unlimited Java or Node heap.
- **{exceeds}** of the {len(limited)} services with a limit have a heap or a cache that does not fit it, and {tight} have one that fits too tightly.
- **{len(rejected)}** of {len(files | rejected)} files outside of platforms have a mistake for which Docker Compose rejects them.
- **{percent(old, len(every))}** of the services use an image that gets no more updates.
"""


def heaps(groups):
    """Counts heaps and caches: the ones that have no bound, and the ones that do not fit their limit."""
    rows = []
    for kind, services in groups:
        known = [s for s in services if s.heap]
        limited = [s for s in services if s.state("memory_limit") == "set"]
        unbounded = sum(s.unlimited() for s in known)
        exceeds, tight = (sum(bool(s.rules & set(names)) for s in limited) for names in (EXCEEDS, TIGHT))
        rows.append(
            [
                kind,
                len(known),
                share(unbounded, len(known)),
                len(limited),
                share(exceeds, len(limited)),
                share(tight, len(limited)),
            ]
        )
    head = [
        "kind",
        "services with a known heap",
        "unlimited",
        "services with a limit",
        "heap or cache does not fit",
        "fits tightly",
    ]
    return table(head, rows)


def images(groups):
    """Counts services whose image, or the image that theirs is built from, gets no more updates."""
    rows = []
    for kind, services in groups:
        old = sum("unsupported-base-image" in s.rules for s in services)
        rows.append([kind, len(services), share(old, len(services))])
    return table(["kind", "services", "image without support"], rows)


def rules(counted):
    """Counts the services, places and repositories of each rule from warnings on."""
    places, repositories = collections.Counter(), collections.defaultdict(set)
    severities = {}
    for report, _ in counted:
        seen = set()
        for finding in report["check"]["findings"]:
            place = (
                finding["rule"],
                *(
                    key_of(finding["file"], finding["service"])
                    if finding.get("service")
                    else (finding["file"], finding["range"]["start"]["line"])
                ),
            )
            if finding["severity"] == "note" and finding["rule"] != "unsupported-base-image":
                continue
            severities.setdefault(finding["rule"], set()).add(finding["severity"])
            repositories[finding["rule"]].add(report["repository"])
            if place not in seen:
                seen.add(place)
                places[finding["rule"]] += 1
    order = {"error": 0, "warning": 1, "note": 2}
    worst = {rule: min(found, key=order.get) for rule, found in severities.items()}
    rows = sorted(places, key=lambda rule: (order[worst[rule]], -places[rule], rule))
    return table(
        ["rule", "severity", "services or places", "repositories"],
        [[f"[{r}](../rules/{r}.md)", worst[r], places[r], len(repositories[r])] for r in rows],
    )


def refused(counted):
    """Counts the files that Docker Compose rejects, and compares with Docker Compose itself where that was run."""
    kinds = collections.defaultdict(lambda: [0, 0, 0, 0])
    for report, _ in counted:
        files = collections.defaultdict(set)
        for finding in report["check"]["findings"]:
            if is_refusal(finding):
                files[finding["rule"]].add(finding["file"])
        own = "platforms" if report["kind"] == "platform" else "others"
        for rule, found in files.items():
            row = kinds[own, rule]
            row[0] += len(found)
            row[1] += 1
            said = [report.get("compose", {}).get(file) for file in found]
            row[2] += sum(one is not None and one != "accepted" for one in said)
            row[3] += sum(one == "accepted" for one in said)
    rows = [
        [own, f"[{rule}](../rules/{rule}.md)", *kinds[own, rule]]
        for own in ("others", "platforms")
        for rule in REFUSED
        if (own, rule) in kinds
    ]
    return table(
        ["kind", "rule", "files", "repositories", "Docker Compose refuses the file alone", "accepts it alone"], rows
    )


def picture(title, bars):
    """Draws shares as horizontal bars, readable at the width of a phone and on a dark page."""
    colours = {"set": "#2f7d4f", "not known": "#b9b9b9", "not set": "#c4552d"}
    height = 74 + 50 * len(bars)
    out = io.StringIO()
    out.write(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 {height}" width="480" height="{height}" role="img" aria-label="{title}" font-family="sans-serif" font-size="15">\n'
        "<style>text{fill:#1f2328}.page{fill:#fff}@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.page{fill:#161b22}}</style>\n"
    )
    out.write(
        f'<rect class="page" width="480" height="{height}" rx="6"/>\n<text x="14" y="25" font-weight="bold">{title}</text>\n'
    )
    left = 14
    for name in ("set", "not known", "not set"):
        out.write(
            f'<rect x="{left}" y="37" width="13" height="13" fill="{colours[name]}"/><text x="{left + 19}" y="49">{name}</text>\n'
        )
        left += 46 + 9 * len(name)
    for at, (name, (has, lacks, unknown)) in enumerate(bars):
        top, whole = 78 + 50 * at, has + lacks + unknown
        out.write(
            f'<text x="14" y="{top}">{name}</text><text x="466" y="{top}" text-anchor="end">{100 * has / whole:.1f} % of {whole} set</text>\n'
        )
        left = 14.0
        for state, part in (("set", has), ("not known", unknown), ("not set", lacks)):
            width = 452 * part / whole
            out.write(f'<rect x="{left:.1f}" y="{top + 7}" width="{width:.1f}" height="18" fill="{colours[state]}"/>\n')
            left += width
    out.write("</svg>\n")
    return out.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports")
    parser.add_argument("page")
    return tables(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
