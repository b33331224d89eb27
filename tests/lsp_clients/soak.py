#!/usr/bin/env python3
"""Random edits in many open documents, after each of which the diagnostics are compared with the command on the same bytes.

    tests/lsp_clients/soak.py target/release/oomlint [--edits 10000] [--documents 200] [--seed 1] [--from FOLDER]...

Every folder in a FOLDER is a project; without one, those of `fixtures/projects` are taken. Copies of them are opened until there are
enough documents. Besides edits there are saves, closed and reopened documents, changes on disk, renames and workspace folders that come
and go. At the end come the differences, how long an edit takes, the memory of the server and what it does when nothing happens.
Exits with 1 if the server and the command differ, or if the memory has grown by more than a half since the first tenth of the edits.
"""

import argparse
import json
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from pipe import Pipe  # noqa: E402

HERE = Path(__file__).resolve().parent.parent.parent
COMPOSE = re.compile(r"^(docker-)?compose(\.[\w-]+)*\.ya?ml$")
DOCKERFILE = re.compile(r"^Dockerfile(\.\w+)?$|\.dockerfile$")
OTHER = re.compile(r"^\.env$|\.env$")
SEVERITIES = {"error": 1, "warning": 2, "note": 3}
TOKENS = [
    "mem_limit: 512m", "512Mi", "1g", "-1", "${LIMIT}", "${X:-2g}", "$$", "&a ", "*a", "<<: *a", "!reset null", "- ", ": ", "{", "}", "[", "]", '"', "'", "#", "\n",
    "\n  ", "\n    ", "\t", "é", "😀", "\u200d", "\r", "services:\n", "image: redis:7\n", "build: .\n", "deploy: {resources: {limits: {memory: 1G}}}\n", "-Xmx2g",
    "NODE_OPTIONS=--max-old-space-size=4096", "FROM node:22\n", "RUN apt-get update \\\n", "CMD java -jar a.jar\n", "ENV A=1\n", "# oomlint: ignore[missing-memory-limit] why\n",
    "extends: {file: compose.yaml, service: web}\n", "include: [compose.yaml]\n", "env_file: .env\n", "LIMIT=1g\n", "healthcheck: {disable: true}\n", "\\", "`", "---\n",
]  # fmt: skip


def kind(path):
    if COMPOSE.search(path.name):
        return "compose"
    if DOCKERFILE.search(path.name):
        return "dockerfile"
    return "other" if OTHER.search(path.name) else None


class Server(Pipe):
    def __init__(self, command, root):
        self.published = {}
        folder = {"uri": root.as_uri(), "name": "root"}
        capabilities = {"textDocument": {"publishDiagnostics": {}}, "workspace": {"workspaceFolders": True}}
        super().__init__(
            command,
            {"processId": None, "rootUri": root.as_uri(), "workspaceFolders": [folder], "capabilities": capabilities},
        )

    def answer(self, message):
        if message.get("method") == "textDocument/publishDiagnostics":
            self.published[message["params"]["uri"]] = message["params"]["diagnostics"]
        super().answer(message)

    def quiet(self):
        """Waits until everything sent before has been looked at, and published."""
        nothing = {"textDocument": {"uri": "file:///nothing"}, "position": {"line": 0, "character": 0}}
        self.ask("textDocument/hover", nothing)
        time.sleep(0.003)
        self.ask("textDocument/hover", nothing)

    def status(self, field):
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{field}:\s*(\d+)", text, re.MULTILINE).group(1))

    def processor(self):
        """Seconds of processor time."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Soak:
    def __init__(self, program, folders, documents, seed):
        self.random = random.Random(seed)
        self.program = program
        self.scratch = tempfile.TemporaryDirectory()
        top = Path(self.scratch.name).resolve()
        # What the server sees on disk, and what the command sees: files with the texts of open documents.
        self.root, self.mirror = top / "disk", top / "mirror"
        self.originals = {}
        self.texts = {}
        projects = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_dir()]
        found = lambda path: [file for file in sorted(path.rglob("*")) if file.is_file() and kind(file)]  # noqa: E731
        projects = [path for path in projects if any(kind(file) != "other" for file in found(path))]
        for number in range(100_000):
            if len(self.originals) >= documents:
                break
            path = projects[number % len(projects)]
            for file in found(path):
                data = file.read_bytes()
                try:
                    text = data.decode()
                except UnicodeDecodeError:
                    continue
                if len(data) < 40_000 and len(self.originals) < documents:
                    self.originals[Path(f"p{number:03}") / file.relative_to(path)] = text
        for path, text in self.originals.items():
            self.write(self.root, path, text)
            self.write(self.mirror, path, text)
        self.server = Server([program, "lsp"], self.root)
        self.version = 0
        self.compared = 0
        self.differences = []
        for path in self.originals:
            self.open(path)
        self.server.quiet()

    @staticmethod
    def write(tree, path, text):
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_bytes(text.encode())

    def uri(self, path):
        return (self.root / path).as_uri()

    def open(self, path, text=None):
        text = (self.root / path).read_bytes().decode() if text is None else text
        self.version += 1
        self.texts[path] = text
        self.write(self.mirror, path, text)
        language = {"compose": "dockercompose", "dockerfile": "dockerfile", "other": "dotenv"}[kind(path)]
        document = {"uri": self.uri(path), "languageId": language, "version": self.version, "text": text}
        self.server.notify("textDocument/didOpen", {"textDocument": document})

    def close(self, path):
        self.texts.pop(path)
        self.server.notify("textDocument/didClose", {"textDocument": {"uri": self.uri(path)}})
        if (self.root / path).exists():
            shutil.copy(self.root / path, self.mirror / path)
        else:
            (self.mirror / path).unlink(missing_ok=True)

    def changed_on_disk(self, path, change):
        changes = [{"uri": self.uri(path), "type": change}]
        self.server.notify("workspace/didChangeWatchedFiles", {"changes": changes})

    def edited(self, path, text):
        pick = self.random.random()
        at = self.random.randint(0, len(text))
        if pick < 0.08:
            return self.originals.get(path, text)
        if pick < 0.5:
            return text[:at] + self.random.choice(TOKENS) + text[at:]
        if pick < 0.7:
            return text[:at] + text[at + self.random.randint(1, 12) :]
        lines = text.split("\n")
        one, two = (self.random.randrange(len(lines)) for _ in range(2))
        if pick < 0.8:
            lines[one], lines[two] = lines[two], lines[one]
            return "\n".join(lines)
        if pick < 0.9:
            return "\n".join(lines[:one] + [lines[two]] + lines[one:])
        if pick < 0.93:
            return text.replace("\r\n", "\n") if "\r\n" in text else text.replace("\n", "\r\n")
        return re.sub(r"\d+", lambda _: str(self.random.choice([0, 1, 64, 512, 70000])), text, count=1)

    def step(self):
        """Does one thing to one document, and returns its path."""
        path = self.random.choice(sorted(self.originals))
        text = self.texts.get(path)
        pick = self.random.random()
        if text is None:
            if (self.root / path).exists() and pick < 0.3:
                self.write(self.root, path, self.edited(path, (self.root / path).read_bytes().decode()))
                shutil.copy(self.root / path, self.mirror / path)
                self.changed_on_disk(path, 2)
            else:
                self.open(path, None if (self.root / path).exists() else self.originals[path])
        elif pick < 0.02:
            self.write(self.root, path, text)
            self.server.notify("textDocument/didSave", {"textDocument": {"uri": self.uri(path)}})
        elif pick < 0.04:
            self.close(path)
        elif pick < 0.05 and (self.root / path).exists():
            # A document whose file is gone.
            (self.root / path).unlink()
            self.changed_on_disk(path, 3)
        elif pick < 0.06:
            # Renamed, as editors say it: closed, moved, opened.
            name = self.random.choice(["compose.yaml", "compose.b.yaml", "compose.override.yaml", "Dockerfile", "Dockerfile.b", ".env"])
            new = path.with_name(name)
            if kind(new) == kind(path) and new not in self.originals:
                self.close(path)
                if (self.root / path).exists():
                    (self.root / path).rename(self.root / new)
                (self.mirror / path).unlink(missing_ok=True)
                self.originals[new] = self.originals.pop(path)
                self.server.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": self.uri(path), "type": 3}, {"uri": self.uri(new), "type": 1}]})
                self.open(new, text)
                return new
        elif pick < 0.063:
            folder = {"uri": self.root.as_uri(), "name": "root"}
            for removed, added in (([folder], []), ([], [folder])):
                self.server.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": added, "removed": removed}})
        else:
            if len(text) > 60_000:
                text = self.originals[path]
            self.change(path, self.edited(path, text))
        return path

    def change(self, path, text):
        # Other programs read lone surrogates as nothing.
        text = text.encode("utf-8", "ignore").decode()
        self.version += 1
        self.texts[path] = text
        self.write(self.mirror, path, text)
        document = {"uri": self.uri(path), "version": self.version}
        self.server.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def directory(self, path):
        """The directory that is checked for a document, as the server chooses it."""
        if kind(path) == "compose":
            return path.parent
        above = [directory for directory in path.parents if directory != Path(".")]
        holds = lambda directory: any(kind(file) == "compose" for file in (self.mirror / directory).iterdir())  # noqa: E731
        return next((directory for directory in above if holds(directory)), path.parent)

    def expected(self, project):
        """What the command finds of a project, by file."""
        found = {}
        opened = sorted(path for path in self.texts if path.parts[0] == project and kind(path) != "other")
        for directory in dict.fromkeys(map(self.directory, opened)):
            # Open documents are checked even if their text tells nothing of their kind, as named files are.
            named = [str(path) for path in opened if path.is_relative_to(directory)]
            command = [self.program, "--format", "json", "--fail-on", "never", "--no-baseline", str(directory), *named]
            ran = subprocess.run(command, cwd=self.mirror, stdin=subprocess.DEVNULL, capture_output=True)
            if ran.returncode:
                raise SystemExit(f"{command}: {ran.stderr.decode()}")
            of_directory = {}
            for finding in json.loads(ran.stdout)["findings"]:
                first = shown(finding["message"])
                severity = SEVERITIES[finding["severity"]]
                of_directory.setdefault(finding["file"], []).append((place(finding["range"]), severity, finding["rule"], first))
                seen = {finding["file"]}
                for label in finding.get("related", []) if severity < 3 else []:
                    if label["file"] not in seen:
                        seen.add(label["file"])
                        of_directory.setdefault(label["file"], []).append((place(label["range"]), 3, finding["rule"], first))
            found.update(of_directory)
        return {file: sorted(entries) for file, entries in found.items() if entries}

    def said(self, project):
        """What the server reports about a project, by file."""
        found = {}
        for uri, diagnostics in self.server.published.items():
            path = uri[len(self.root.as_uri()) + 1 :]
            if path.split("/")[0] == project and diagnostics:
                entry = lambda one: (  # noqa: E731
                    (one["range"]["start"]["line"], one["range"]["start"]["character"], one["range"]["end"]["line"], one["range"]["end"]["character"]),
                    one["severity"],
                    one["code"],
                    shown(one["message"].split("\n")[0]),
                )
                found[path] = sorted(map(entry, diagnostics))
        return found

    def compare(self, path, what):
        self.compared += 1
        project = path.parts[0]
        expected, said = self.expected(project), self.said(project)
        if expected != said:
            # On a busy machine the server may have been interrupted between two messages.
            time.sleep(0.5)
            self.server.quiet()
            said = self.said(project)
        if expected != said:
            kept = Path(tempfile.mkdtemp(prefix="soak-"))
            shutil.copytree(self.mirror / project, kept / project)
            lines = [f"{what}: {path} (kept in {kept})"]
            for file in sorted(expected.keys() | said.keys()):
                command, server = expected.get(file, []), said.get(file, [])
                lines += [f"  {file} command only: {entry}" for entry in command if entry not in server]
                lines += [f"  {file} server only:  {entry}" for entry in server if entry not in command]
                if sorted(set(command)) == sorted(set(server)) and command != server:
                    lines.append(f"  {file} numbers differ")
            self.differences.append("\n".join(lines))
            print(self.differences[-1], flush=True)


def shown(message):
    """A message without characters that steer a terminal or have no width, which editors get as pictures."""
    message = message.replace("\t", " ")
    return re.sub("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\u2400-\u243f\ufeff\ufffd\u061c]", "?", message)


def place(span):
    """A range of the JSON report in the columns of the protocol."""
    start, end = span["start"], span["end"]
    return (start["line"] - 1, start["column_utf16"] - 1, end["line"] - 1, end["column_utf16"] - 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", type=lambda name: str(Path(name).resolve()))
    parser.add_argument("--edits", type=int, default=10_000)
    parser.add_argument("--documents", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="folders", type=Path, action="append", help="a folder of projects")
    given = parser.parse_args()
    soak = Soak(given.program, given.folders or [HERE / "fixtures/projects"], given.documents, given.seed)
    for project in sorted({path.parts[0] for path in soak.originals}):
        soak.compare(Path(project) / "compose.yaml", "opened")
    times, first = [], None
    for number in range(given.edits):
        begun = time.perf_counter()
        path = soak.step()
        soak.server.quiet()
        times.append(time.perf_counter() - begun)
        soak.compare(path, f"edit {number}")
        if number == given.edits // 10:
            first = soak.server.status("VmRSS")
        if number % 500 == 499:
            print(f"{number + 1} edits, {len(soak.differences)} differences", flush=True)
        if len(soak.differences) >= 20:
            print("given up")
            break
    last, before = soak.server.status("VmRSS"), soak.server.processor()
    time.sleep(2)
    idle = soak.server.processor() - before
    soak.server.ask("shutdown", None)
    soak.server.notify("exit", None)
    code = soak.server.process.wait(5)
    times.sort()
    print(f"{len(times)} edits in {len(soak.originals)} documents, {soak.compared} comparisons, {len(soak.differences)} differences")
    if times:
        print(f"until quiet: median {statistics.median(times) * 1000:.1f} ms, 99 % {times[len(times) * 99 // 100] * 1000:.1f} ms, 3 ms of which are the test's")
    print(f"memory: {(first or last) / 1024:.1f} MiB after a tenth, {last / 1024:.1f} MiB at the end; idle for two seconds: {idle:.2f} s of processor; exit {code}")
    grown = first is not None and last > first * 1.5
    sys.exit(1 if soak.differences or grown or code or idle > 0.1 else 0)


if __name__ == "__main__":
    main()
