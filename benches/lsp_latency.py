#!/usr/bin/env python3
"""Time from an edit to its diagnostics on a stack of fifty services, beside a whole run of the command on the same files.

    benches/lsp_latency.py target/release/oomlint

Prints medians in milliseconds, over fifty edits and ten runs; only their ratio says something of another machine.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EDITS = 50


class Server:
    def __init__(self, command, root):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.next = 0
        capabilities = {"textDocument": {"publishDiagnostics": {}}}
        self.request("initialize", {"processId": None, "rootUri": root.as_uri(), "capabilities": capabilities})
        self.notify("initialized", {})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def receive(self):
        length = 0
        while (line := self.process.stdout.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self.process.stdout.read(length))

    def request(self, method, params):
        self.next += 1
        self.send({"id": self.next, "method": method, "params": params})
        while (message := self.receive()).get("id") != self.next or "method" in message:
            pass

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def diagnostics(self, uri):
        while True:
            message = self.receive()
            if message.get("method") == "textDocument/publishDiagnostics" and message["params"]["uri"] == uri:
                return message["params"]["diagnostics"]
            if "id" in message and "method" in message:
                self.send({"id": message["id"], "result": None})


def measure(command, root, path, language, texts):
    server = Server(command, root)
    uri = path.as_uri()
    document = {"uri": uri, "languageId": language, "version": 1, "text": texts[0]}
    server.notify("textDocument/didOpen", {"textDocument": document})
    server.diagnostics(uri)
    times = []
    for edit in range(EDITS):
        change = {"textDocument": {"uri": uri, "version": edit + 2}, "contentChanges": [{"text": texts[edit % 2]}]}
        begun = time.perf_counter()
        server.notify("textDocument/didChange", change)
        server.diagnostics(uri)
        times.append((time.perf_counter() - begun) * 1000)
    server.process.kill()
    return statistics.median(times)


def main():
    program = sys.argv[1]
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
        edit = measure([program, "lsp"], root, path, "yaml", [compose, compose.replace("256m", "256Mi", 1)])
        runs = []
        for _ in range(10):
            begun = time.perf_counter()
            subprocess.run([program, "--fail-on", "never", "--format", "json", directory], stdout=subprocess.DEVNULL, check=True)
            runs.append((time.perf_counter() - begun) * 1000)
        run = statistics.median(runs)
        print(f"an edit: {edit:.1f} ms; a whole run: {run:.1f} ms; {edit / run:.2f} times")


if __name__ == "__main__":
    main()
