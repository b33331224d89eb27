#!/usr/bin/env python3
"""Plans real stacks with `oomlint fit` for hosts of 4, 8 and 16 GiB, and checks what it writes.

    tests/fit-stacks.py OOMLINT REPOSITORIES [CORPUS] > table.md

REPOSITORIES has clones of the repositories below, CORPUS the reference corpus. Each plan that fits is written into a copy of
the stack. Then: no error and no warning of the groups limits and heap is left for a service of the plan, nothing new is found,
Docker Compose takes what it took, a second plan changes nothing, and the same holds for the plan as an override file.
`tests/compose-oracle.sh` installs Docker Compose; without it that part is left out. The exit code is 1 if a check fails.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

HOSTS = ["4g", "8g", "16g"]

# A name, its files below REPOSITORIES or CORPUS, in the order in which they are merged, and profiles.
STACKS = [
    ("DSpace", "DSpace", ["docker-compose.yml"], []),
    ("plane", "plane", ["docker-compose.yml"], []),
    ("langfuse", "langfuse", ["docker-compose.yml"], []),
    ("penpot", "penpot/docker/images", ["docker-compose.yaml"], []),
    ("musicbrainz", "musicbrainz-docker", ["docker-compose.yml"], []),
    ("zammad", "zammad-docker-compose", ["docker-compose.yml"], []),
    ("jitsi", "docker-jitsi-meet", ["docker-compose.yml"], []),
    ("stargate", "stargate/docker-compose/cassandra-4.0", ["docker-compose.yml"], []),
    ("cp-demo", "cp-demo", ["docker-compose.yml"], []),
    ("plausible", "community-edition", ["compose.yml", "docker-compose.yml"], []),
    ("openproject", "openproject-docker-compose", ["docker-compose.yml"], []),
    ("gridsuite study", "deployment/docker-compose", ["study/docker-compose.yml"], ["study"]),
    ("n8n with worker", "n8n-hosting/docker-compose/withPostgresAndWorker", ["docker-compose.yml"], []),
    ("opentelemetry demo", "stories/C12/after", ["docker-compose.yml"], []),
    ("mongodb and node", "layouts/000__docker__awesome-compose__react-express-mongodb", ["react-express-mongodb/compose.yaml"], []),
    ("docker-elk", "layouts/015__deviantony__docker-elk__ROOT", ["docker-compose.yml"], []),
]


def run(command, directory, **more):
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=600, **more)


def findings(oomlint, directory, files, profiles):
    """Returns the errors and warnings as (rule, service, severity)."""
    named = [word for file in files for word in ("-f", file)]
    out = run([oomlint, "check", *named, "--format", "json", "--no-config"], directory).stdout
    found = json.loads(out)["findings"]
    return [(f["rule"], f.get("service"), f["severity"]) for f in found if f["severity"] != "note"]


GROUPS = {}


def groups(oomlint):
    out = run([oomlint, "rules", "--format", "json"], ".").stdout
    rules = json.loads(out)
    rules = rules.get("rules", rules) if isinstance(rules, dict) else rules
    return {rule["name"]: rule["group"] for rule in rules}


def more(before, after):
    """Returns what is in `after` more often than in `before`."""
    rest = list(before)
    new = []
    for item in after:
        if item in rest:
            rest.remove(item)
        else:
            new.append(item)
    return new


def compose(directory, files, profiles):
    program = os.path.abspath("target/compose-oracle/bin/docker-compose")
    if not os.path.exists(program):
        return None
    named = [word for file in files for word in ("-f", file)]
    active = [word for profile in profiles for word in ("--profile", profile)]
    return run([program, *named, *active, "config", "-q"], directory, env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"}).returncode == 0


def one(oomlint, source, files, profiles, host):
    """Plans one stack for one host. Returns the cell of the table, and the failed checks."""
    failures = []
    with tempfile.TemporaryDirectory() as scratch:
        copy = os.path.join(scratch, "stack")
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns(".git", "node_modules"), ignore_dangling_symlinks=True)
        for top, _, names in os.walk(copy):
            for name in [".", *names]:
                if not os.path.islink(os.path.join(top, name)):
                    os.chmod(os.path.join(top, name), 0o755)
        named = [word for file in files for word in ("-f", file)]
        active = [word for profile in profiles for word in ("--profile", profile)]
        fit = [oomlint, "fit", "--host-memory", host, *named, *active, "--no-config"]
        planned = run([*fit, "--format", "json"], copy)
        if planned.returncode not in (0, 1):
            return "failed", [planned.stderr]
        stack = json.loads(planned.stdout)["stacks"][0]
        plan = stack["plans"][0]
        if not plan["fits"]:
            assert planned.returncode == 1
            first = plan["would_fit"][0]["text"] if plan["would_fit"] else ""
            return f"{plan['missing'] / 2**30:.1f} GiB too much: {first}", failures
        if plan["sum"] + plan["reserve"] > plan["host"]:
            failures.append("the sum exceeds the host")
        services = {service["name"]: service for service in plan["services"]}
        refused = {name for name, service in services.items() if service["refused"]}
        variable = {name for name, service in services.items() if "sets it" in service["reason"] or service["reason"].startswith("set `")}
        before, took = findings(oomlint, copy, files, profiles), compose(copy, files, profiles)
        overlaid = run([*fit, "--overlay", "compose.limits.yaml"], copy)
        if overlaid.returncode != 0:
            failures.append(f"overlay: {overlaid.stderr}")
        both = [*files, "compose.limits.yaml"]
        for rule, service, _ in more(before, findings(oomlint, copy, both, profiles)):
            failures.append(f"overlay: new: {rule} of {service}")
        if took and not compose(copy, both, profiles):
            failures.append("overlay: Docker Compose refuses it")
        os.remove(os.path.join(copy, "compose.limits.yaml"))
        written = run([*fit, "--write"], copy)
        if written.returncode != 0:
            failures.append(f"write: {written.stderr}")
        after = findings(oomlint, copy, files, profiles)
        for rule, service, _ in more(before, after):
            failures.append(f"new: {rule} of {service}")
        for rule, service, severity in after:
            if GROUPS.get(rule) in ("limits", "heap") and service in services and service not in refused | variable:
                failures.append(f"left: {severity} {rule} of {service}")
        if took and not compose(copy, files, profiles):
            failures.append("Docker Compose refuses it")
        again = run([*fit, "--diff"], copy)
        if again.stdout:
            failures.append(f"a second plan changes something:\n{again.stdout}")
        cell = f"fits, {plan['sum'] / 2**30:.1f} GiB"
        starts = sum(service["sure"].startswith("a start") for service in services.values())
        cell += f", {starts} of {len(services)} a start"
        if refused:
            cell += f", not written: {', '.join(sorted(refused))}"
        if took is False:
            cell += ", Compose refused it before"
        return cell, failures


def main():
    oomlint, repositories = os.path.abspath(sys.argv[1]), sys.argv[2]
    corpus = sys.argv[3] if len(sys.argv) > 3 else None
    GROUPS.update(groups(oomlint))
    print("| stack | " + " | ".join(f"{host[:-1]} GiB" for host in HOSTS) + " |")
    print("|---|" + "---|" * len(HOSTS))
    failed = False
    for name, directory, files, profiles in STACKS:
        places = [os.path.join(top, directory) for top in (repositories, corpus) if top]
        source = next((place for place in places if os.path.isdir(place)), None)
        files = [file for file in files if source and os.path.exists(os.path.join(source, file))][:1]
        if not files:
            print(f"| {name} | not there |", flush=True)
            continue
        cells = []
        for host in HOSTS:
            cell, failures = one(oomlint, source, files, profiles, host)
            cells.append(cell)
            for failure in failures:
                failed = True
                print(f"{name} on {host}: {failure}", file=sys.stderr, flush=True)
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    sys.exit(1 if failed else 0)


main()
