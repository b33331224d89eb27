#!/usr/bin/env python3
"""Runs oomlint on the newest commit of each repository, and keeps its reports for tables.py.

    collect.py LIST FOLDER REPORTS [--oomlint PROGRAM] [--compose PROGRAM]
    collect.py - FOLDER REPORTS        every git repository in FOLDER, all of the kind `repository`

LIST has a line per repository: its kind, its name and perhaps a pattern of Compose files that have unusual names. FOLDER
has the repositories as `owner+name/repo`, `owner+name`, `owner/name` or `name`, bare or with a work tree. What is checked
is the commit that HEAD names, in a scratch directory: nothing of a repository is run or changed.
"""

import argparse
import datetime
import fnmatch
import json
import pathlib
import subprocess
import sys
import tempfile

LARGEST = 1 << 20
"""Larger files are not unpacked. None of them is a file that oomlint reads."""

FACTS = {
    "memory limit": "memory_limit",
    "memory reservation": "memory_reservation",
    "swap limit": "swap_limit",
    "healthcheck": "healthcheck",
}
# What Compose rejects when it reads the files, before it asks the engine. The page says what each rule means.
REFUSED = ["invalid-compose-file", "syntax-error", "invalid-memory-value", "conflicting-limits"]


def git(directory, *arguments, **options):
    """Runs git without the settings of the repository, which is somebody else's."""
    command = ["git", "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-C", str(directory), *arguments]
    return subprocess.run(command, check=True, capture_output=True, **options).stdout


def find(folder, name):
    for form in (f"{name.replace('/', '+')}/repo", name.replace("/", "+"), name, name.split("/")[-1]):
        if is_repository(folder / form):
            return folder / form
    return None


def is_repository(path):
    return (path / ".git").exists() or (path / "HEAD").is_file()


def listed(where, folder):
    """Returns the kind, the name and the pattern of each repository."""
    if where == "-":
        return [("repository", path.name, "") for path in sorted(folder.iterdir()) if is_repository(path)]
    lines = pathlib.Path(where).read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return [(row[0], row[1], row[2] if len(row) > 2 else "") for row in rows]


def unpack(repository, scratch, commit="HEAD"):
    """Writes the files of a commit to a directory. Files that a partial copy of the repository lacks are left out."""
    entries = []
    for line in git(repository, "ls-tree", "-r", "-z", commit).decode(errors="surrogateescape").split("\0")[:-1]:
        described, path = line.split("\t", 1)
        mode, kind, name = described.split()
        if kind == "blob" and not {"..", ".git"} & set(path.split("/")):
            entries.append((mode, name, path))
    asked = "".join(f"{name}\n" for _, name, _ in entries).encode()
    sizes = git(repository, "cat-file", "--batch-check=%(objecttype) %(objectsize)", input=asked).decode().splitlines()
    wanted = []
    for entry, size in zip(entries, sizes, strict=True):
        if size.startswith("blob ") and int(size.split()[1]) <= LARGEST:
            wanted.append(entry)
    links = []
    with subprocess.Popen(
        ["git", "-C", str(repository), "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as cat:
        for mode, name, path in wanted:
            cat.stdin.write(f"{name}\n".encode())
            cat.stdin.flush()
            size = int(cat.stdout.readline().split()[2])
            content = cat.stdout.read(size + 1)[:-1]
            target = scratch / path
            if mode == "120000":
                links.append((target, content.decode(errors="surrogateescape")))
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        cat.stdin.close()
    # Last, so that no file is written through one. Those that lead out of the directory are left out.
    for target, leads in links:
        if (target.parent / leads).resolve().is_relative_to(scratch):
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(leads)
    # Without .git oomlint would search above the scratch directory for the repository's root.
    (scratch / ".git").mkdir(exist_ok=True)


def reported(program, command, paths, scratch):
    arguments = [program, command, "--format", "json", "--no-config", "--restrict-to", "."]
    arguments += ["--fail-on", "never", "--no-baseline"] if command == "check" else []
    ran = subprocess.run([*arguments, *paths], cwd=scratch, capture_output=True, timeout=600)
    if not ran.stdout:
        raise ValueError(f"{command}: {ran.stderr.decode(errors='replace').strip()[-300:]}")
    return json.loads(ran.stdout)


def verdict(program, file, scratch):
    """Returns what Docker Compose says about a file: `accepted`, or the last line of its error."""
    ran = subprocess.run(
        [program, "-f", file, "config", "-q"],
        cwd=scratch,
        capture_output=True,
        timeout=60,
        env={"PATH": "/usr/bin:/bin", "HOME": str(scratch)},
    )
    lines = ran.stderr.decode(errors="replace").strip().splitlines()
    return "accepted" if ran.returncode == 0 else (lines[-1] if lines else "refused").replace(str(scratch), ".")


def collect(options):
    folder, reports = pathlib.Path(options.folder), pathlib.Path(options.reports)
    reports.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([options.oomlint, "--version"], check=True, capture_output=True, text=True).stdout.split()[
        -1
    ]
    missing = 0
    for kind, name, pattern in listed(options.list, folder):
        target = reports / f"{name.replace('/', '+')}.json"
        repository = find(folder, name)
        if repository is None:
            print(f"not there: {name}", file=sys.stderr)
            missing += 1
            continue
        commit, date = git(repository, "log", "-1", "--format=%H %cs", text=True).split()
        head = {"kind": kind, "repository": name, "commit": commit, "committed": date, "oomlint": version}
        head["revision"], head["pattern"] = options.revision, pattern
        if target.exists():
            old = json.loads(target.read_text(encoding="utf-8"))
            if all(old.get(key) == value for key, value in head.items() if key != "kind") and not options.again:
                old["kind"] = kind
                target.write_text(json.dumps(old), encoding="utf-8")
                continue
        with tempfile.TemporaryDirectory() as scratch:
            scratch = pathlib.Path(scratch).resolve()
            try:
                unpack(repository, scratch)
                paths = ["."]
                if pattern:
                    files = (str(path.relative_to(scratch)) for path in scratch.rglob("*.y*ml"))
                    paths += sorted(file for file in files if fnmatch.fnmatch(file, pattern))
                report = head | {"checked": datetime.date.today().isoformat()}
                report["check"] = reported(options.oomlint, "check", paths, scratch)
                report["inspect"] = reported(options.oomlint, "inspect", paths, scratch)
                if options.compose:
                    refused = {one["file"] for one in report["check"]["findings"] if is_refusal(one)}
                    report["compose"] = {file: verdict(options.compose, file, scratch) for file in sorted(refused)}
            except (subprocess.SubprocessError, ValueError, OSError) as error:
                print(f"{name}: {error}", file=sys.stderr)
                missing += 1
                continue
        slim(report)
        target.write_text(json.dumps(report), encoding="utf-8")
        print(f"{name}: {report['check']['summary']}", file=sys.stderr)
    return 1 if missing else 0


def is_refusal(finding):
    """Tells whether Docker Compose rejects the file of a finding: the same rules report Dockerfiles that do not parse."""
    return (
        finding["rule"] in REFUSED
        and finding["severity"] == "error"
        and finding["file"].lower().endswith((".yml", ".yaml"))
    )


def slim(report):
    """Removes what is not counted: environments are the larger part, and none of our business."""
    for project in report["inspect"]["projects"]:
        for workload in project["workloads"]:
            workload["facts"] = {name: workload["facts"][name] for name in (*FACTS.values(), "heaps", "caches")}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("list", "folder", "reports"):
        parser.add_argument(name)
    parser.add_argument("--oomlint", default="oomlint")
    parser.add_argument("--revision", default="", help="commit that the program was built from")
    parser.add_argument("--compose", help="program `docker-compose`, to compare what it refuses")
    parser.add_argument("--again", action="store_true", help="also repositories whose report is current")
    return collect(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
