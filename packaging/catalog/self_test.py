#!/usr/bin/env python3
"""Tries prove.py on small made-up repositories. Usage: self_test.py [OOMLINT]; ends with 77 where git or PyYAML is missing."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DOCKERFILE = """FROM alpine:3.22 AS base
RUN apk add --no-cache curl
FROM base
ENV HEAP="-Xmx512m"
EXPOSE 8080 9090/udp
WORKDIR /srv
HEALTHCHECK CMD curl -f http://localhost:8080/
COPY start.sh /start.sh
ENTRYPOINT ["/start.sh"]
CMD ["serve"]
"""
START = 'set -e\nif [ -z "$HEAP" ]; then HEAP="-Xmx512m"; fi\nexec java $HEAP "$@"\n'
ROWS = """# A comment that stays.
images:
  - repositories: [maker/app]  # and this one
    healthcheck: present
    start: {entrypoint: [/start.sh], cmd: [serve]}
    heap-when-unset: {variable: HEAP, mib: 512}
    shell: true
    busybox: true
    tools: {has: [curl, wget], lacks: [bash]}
    upstream: {repository: maker/app, commit: COMMIT, dockerfile: docker/Dockerfile, date: 2026-01-02}
    sources:
      heap-when-unset:
        - 'maker/app@COMMIT start.sh:2 has "HEAP="-Xmx512m""'
        - 'maker/app@COMMIT start.sh:3 has "exec java"'
      start: https://example.org/start on 2026-01-02
      healthcheck: 'maker/app@COMMIT docker/Dockerfile'
  - repositories: [maker/fork]
    like: maker/app
    sizes-itself: {what: it takes a part, confidence: low, source: somebody measured it}
    minimum: {mib: 10, source: https://example.org/old on 2020-01-02}
    shutdown: {seconds: 30, why: slow, source: 'nobody/here@COMMIT file:1 has "word"'}
    source: its README
"""
PROBES = """probes:
  - repositories: [maker/app]
    exposes: [8080]
    workdir: /srv
    tools: [{has: [curl]}, {when: [alpine], has: [nc]}]
    source: true/Dockerfile
"""


class Maker:
    """A repository, and the catalogue that mentions it."""

    def __init__(self, folder):
        self.folder, self.place = folder, folder / "checkouts/maker/app"
        (folder / "catalog").mkdir(parents=True)
        (self.place / "docker").mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")
        self.git("config", "uploadpack.allowFilter", "true")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")
        self.first = self.commit(DOCKERFILE, START)
        self.rows, self.probes = (text.replace("COMMIT", self.first) for text in (ROWS, PROBES))

    def git(self, *arguments):
        command = ["git", "-c", "user.name=maker", "-c", "user.email=maker@example.org", "-c", "commit.gpgsign=false", *arguments]
        return subprocess.run(command, cwd=self.place, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, dockerfile, start):
        (self.place / "docker/Dockerfile").write_text(dockerfile)
        (self.place / "docker/start.sh").write_text(start)
        (self.place / "start.sh").write_text(start)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "x")
        return self.git("rev-parse", "HEAD")

    def prove(self, oomlint, *more, repositories=None):
        (self.folder / "catalog/images.yaml").write_text(self.rows)
        (self.folder / "catalog/probes.yaml").write_text(self.probes)
        out = self.folder / "out.json"
        command = [sys.executable, "-B", str(HERE / "prove.py"), "--repositories", str(repositories or self.folder / "checkouts")]
        command += ["--catalog", str(self.folder / "catalog"), "--oomlint", oomlint, "--json", str(out), "--today", "2026-02-03", *more]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode == 77:
            print(done.stdout.strip())
            sys.exit(77)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        claims = json.loads(out.read_text())["list"]
        self.statuses = {(claim["row"], claim["table"], claim["key"]): claim["status"] for claim in claims}
        self.said = {check["says"]: check for claim in claims for check in claim["checks"]}
        return done.returncode, done.stdout

    def status(self, key, row="maker/app", table="images"):
        return self.statuses[row, table, key]

    def are(self, **wanted):
        for key, status in wanted.items():
            found = self.status(key.replace("_", "-"))
            assert found == status, f"{key}: {found}, not {status}: {json.dumps(self.said, indent=1)}"


def holds(maker, oomlint):
    """What upstream says is proved; what it cannot say is counted apart."""
    code, _ = maker.prove(oomlint)
    assert code == 0, json.dumps(maker.said, indent=1)
    maker.are(healthcheck="proved", start="proved", heap_when_unset="proved", shell="proved", busybox="proved", tools="proved")
    assert maker.status("exposes", table="probes") == "proved" and maker.status("workdir", table="probes") == "proved"
    fork = {key: maker.status(key, "maker/fork") for key in ("sizes-itself", "minimum", "shutdown")}
    assert fork == {"sizes-itself": "low", "minimum": "old document", "shutdown": "missing"}, fork


def moved(maker, oomlint):
    """A moved line is written anew, once, and nothing else of the file changes."""
    head = maker.commit(DOCKERFILE, "# more\n" + START)
    code, said = maker.prove(oomlint, "--fix-lines")
    assert code == 0 and "2 texts written in 1 files" in said, said
    maker.are(heap_when_unset="moved", healthcheck="proved")
    written = (maker.folder / "catalog/images.yaml").read_text()
    wanted = maker.rows
    for old, new in [("2", "3"), ("3", "4")]:
        wanted = wanted.replace(f"{maker.first} start.sh:{old} has", f"{head} start.sh:{new} has", 1)
    assert written == wanted, written
    maker.rows = written
    maker.prove(oomlint)
    maker.are(heap_when_unset="proved")


def date(maker, oomlint):
    """A Dockerfile that changed and still says the same takes the row's commit and date along."""
    head = maker.commit("# more\n" + DOCKERFILE, START)
    maker.prove(oomlint, "--fix-lines")
    row = f"upstream: {{repository: maker/app, commit: {head}, dockerfile: docker/Dockerfile, date: 2026-02-03}}"
    text = (maker.folder / "catalog/images.yaml").read_text()
    assert text.count(row) == 1 and "# and this one" in text, text


def changed(maker, oomlint):
    """A default that changed contradicts the row, and words that went have drifted; neither is written as if it held."""
    maker.commit(DOCKERFILE.replace("512m", "1g"), START.replace("512m", "1g"))
    code, said = maker.prove(oomlint, "--fix-lines")
    assert code == 1 and (maker.folder / "catalog/images.yaml").read_text() == maker.rows, said
    maker.are(heap_when_unset="contradicted", healthcheck="proved")
    assert maker.said["512 MiB in HEAP"]["upstream"] == "-Xmx1g in the newest file"
    assert maker.said["512 MiB in HEAP"]["place"] == "maker/app docker/Dockerfile:4"
    assert "| maker/app | heap-when-unset | 512 MiB in HEAP |" in said, said
    drifted = [check for check in maker.said.values() if check["status"] == "drifted"]
    assert [check["says"].split()[1] for check in drifted] == ["start.sh:2"], drifted


def removed(maker, oomlint):
    """A HEALTHCHECK, a tool and a port that went."""
    text = DOCKERFILE.replace("HEALTHCHECK CMD curl -f http://localhost:8080/\n", "").replace("curl", "jq").replace("8080", "8081")
    maker.commit(text, START)
    code, _ = maker.prove(oomlint)
    assert code == 1
    maker.are(healthcheck="contradicted", start="proved", tools="contradicted")
    assert maker.status("exposes", table="probes") == "contradicted"
    assert maker.said["healthcheck: present"]["upstream"] == "none in the newest file"


def gone(maker, oomlint):
    """A file that went has drifted, and a target that never was contradicts."""
    shutil.move(maker.place / "docker/Dockerfile", maker.place / "docker/Containerfile")
    maker.git("add", "--all")
    maker.git("commit", "--quiet", "--message", "x")
    maker.prove(oomlint)
    maker.are(healthcheck="drifted", start="drifted")
    maker.rows = maker.rows.replace("docker/Dockerfile", "docker/Nofile")
    assert maker.prove(oomlint)[0] == 1
    maker.are(healthcheck="contradicted")


def wrong(maker, oomlint):
    """A row that was never right; words that were never there."""
    maker.rows = maker.rows.replace("cmd: [serve]", "cmd: [run]").replace('"exec java"', '"exec node"')
    assert maker.prove(oomlint)[0] == 1
    maker.are(start="contradicted", heap_when_unset="contradicted")
    assert maker.said["cmd: [run]"]["upstream"] == "[serve]"


def cloned(maker, oomlint):
    """What is not here is cloned, and older commits are asked for."""
    maker.commit("# more\n" + DOCKERFILE, START)
    remote = (maker.folder / "checkouts").as_uri()
    clones = maker.folder / "clones"
    maker.prove(oomlint, "--clone", "--remote", remote, repositories=clones)
    maker.are(healthcheck="proved", heap_when_unset="proved")
    assert (clones / "maker/app.git/HEAD").is_file() and maker.status("shutdown", "maker/fork") == "missing"
    maker.prove(oomlint, repositories=maker.folder / "empty")
    maker.are(healthcheck="missing", heap_when_unset="missing")


def main():
    if not shutil.which("git"):
        print("skipped: there is no git")
        sys.exit(77)
    oomlint = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / "target/debug/oomlint")
    # Nobody's own settings.
    os.environ.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1")
    for case in (holds, moved, date, changed, removed, gone, wrong, cloned):
        with tempfile.TemporaryDirectory(prefix="catalog-test-") as folder:
            case(Maker(pathlib.Path(folder).resolve()), oomlint)
        print(f"{case.__name__}: {case.__doc__}")


main()
