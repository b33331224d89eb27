#!/usr/bin/env python3
"""Time from an edit to its diagnostics, and from the cursor on a finding to its fixes: on a stack of fifty services compared with a whole
run of the command on the same files, in one Dockerfile compared with other servers for Dockerfiles, and with one stack open together
with a hundred and two hundred.

    benches/lsp_latency.py target/release/oomlint ["docker-langserver --stdio"] ["tally lsp --stdio"]

Prints medians in milliseconds, over fifty edits and ten runs; only their ratios say something of another machine.
"""

import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "lsp_clients"))

from pipe import Pipe  # noqa: E402

EDITS = 50


class Server(Pipe):
    def __init__(self, command, root):
        capabilities = {"textDocument": {"publishDiagnostics": {}}}
        super().__init__(command, {"processId": None, "rootUri": root.as_uri(), "capabilities": capabilities})
        sync = self.said["result"]["capabilities"].get("textDocumentSync", 1)
        # A server that asked for ranges may not survive a change without one.
        self.ranges = (sync.get("change") if isinstance(sync, dict) else sync) == 2

    def diagnostics(self, uri):
        while True:
            message = self.receive()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                return message["params"]["diagnostics"]
            self.answer(message)


def replaced(text):
    """All of a text as a range."""
    lines = text.split("\n")
    return {"start": {"line": 0, "character": 0}, "end": {"line": len(lines) - 1, "character": len(lines[-1])}}


def measure(command, root, path, language, texts, others=()):
    server = Server(command, root)
    for other in others:
        document = {"uri": other.as_uri(), "languageId": language, "version": 1, "text": other.read_text()}
        server.notify("textDocument/didOpen", {"textDocument": document})
        server.diagnostics(other.as_uri())
    uri = path.as_uri()
    document = {"uri": uri, "languageId": language, "version": 1, "text": texts[0]}
    server.notify("textDocument/didOpen", {"textDocument": document})
    server.diagnostics(uri)
    times, actions = [], ([], [])
    for edit in range(EDITS):
        change = {"text": texts[(edit + 1) % 2]}
        if server.ranges:
            change["range"] = replaced(texts[edit % 2])
        change = {"textDocument": {"uri": uri, "version": edit + 2}, "contentChanges": [change]}
        begun = time.perf_counter()
        server.notify("textDocument/didChange", change)
        server.diagnostics(uri)
        times.append((time.perf_counter() - begun) * 1000)
        # Where the cursor is, each fix is tried, the first time.
        at = {"line": 3, "character": 16}
        asked = {"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}}
        for fixes in actions:
            begun = time.perf_counter()
            server.ask("textDocument/codeAction", asked)
            fixes.append((time.perf_counter() - begun) * 1000)
    server.process.kill()
    return statistics.median(times), *map(statistics.median, actions)


def alone(program, peers):
    """The same edits of one Dockerfile, by every server."""
    lines = ["FROM node:22-slim", "WORKDIR /app"]
    lines += [f"RUN echo {number} && touch /app/{number}" for number in range(60)]
    lines += ['CMD ["node", "server.js"]', ""]
    good = "\n".join(lines)
    # Every server has something to report about an instruction that is none.
    texts = [good, good.replace("RUN echo 30", "RNU echo 30")]
    ours = None
    for command in [[program, "lsp"], *map(shlex.split, peers)]:
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory).resolve()
            path = root / "Dockerfile"
            path.write_text(good)
            taken, *_ = measure(command, root, path, "dockerfile", texts)
        ours = ours or taken
        print(f"one Dockerfile, {Path(command[0]).name}: {taken:.2f} ms, {taken / ours:.1f} times ours")


def many(program):
    """An edit of one stack while others are open."""
    service = "  s{0}:\n    image: nginx:1.27\n    mem_limit: {0}m\n    ports: ['80{0}:80']\n"
    text = "services:\n" + "".join(service.format(64 + number) for number in range(10))
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory).resolve()
        paths = [root / f"stack{number}" / "compose.yaml" for number in range(201)]
        for path in paths:
            path.parent.mkdir()
            path.write_text(text)
        first, *others = paths
        taken = {}
        for count in (0, 100, 200):
            texts = [text, text.replace("64m", "64Mi", 1)]
            taken[count] = measure([program, "lsp"], root, first, "yaml", texts, others[:count])
            ratios = [now / alone for now, alone in zip(taken[count], taken[0])]
            print("with %d open stacks, an edit: %.2f ms, its fixes: %.2f ms, again: %.2f ms;" % (count, *taken[count]), end=" ")
            print("%.1f, %.1f and %.1f times alone" % tuple(ratios))


def main():
    program, *peers = sys.argv[1:]
    alone(program, peers)
    many(program)
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory).resolve()
        services = ["services:\n"]
        for number in range(50):
            services.append(f"  s{number}:\n    build: s{number}\n    mem_limit: {256 + number}m\n    environment: [A={number}]\n")
            folder = root / f"s{number}"
            folder.mkdir()
            (folder / "Dockerfile").write_text("FROM eclipse-temurin:21-jre\nENTRYPOINT [\"java\", \"-Xmx128m\", \"-jar\", \"a.jar\"]\n")
        compose = "".join(services)
        path = root / "compose.yaml"
        path.write_text(compose)
        # Alternately a mistake and none, so that every edit changes what is published.
        edit, fixes, again = measure([program, "lsp"], root, path, "yaml", [compose, compose.replace("256m", "256Mi", 1)])
        runs = []
        for _ in range(10):
            begun = time.perf_counter()
            subprocess.run([program, "--fail-on", "never", "--format", "json", directory], stdout=subprocess.DEVNULL, check=True)
            runs.append((time.perf_counter() - begun) * 1000)
        run = statistics.median(runs)
        print(f"an edit: {edit:.1f} ms; a whole run: {run:.1f} ms; {edit / run:.2f} times")
        print(f"its fixes: {fixes:.1f} ms, {fixes / run:.2f} times a run; again: {again:.2f} ms")


if __name__ == "__main__":
    main()
