"""The Language Server Protocol by hand: for what a well-behaved client never sends, and for measuring."""

import json
import queue
import subprocess
import threading


class Pipe:
    """A server, and what goes in and comes out of it."""

    def __init__(self, command, params):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.next = 0
        # Read as it comes, as clients do: a server whose messages nobody takes does not take any either.
        self.messages = queue.SimpleQueue()
        self.reads = True
        threading.Thread(target=self.read, daemon=True).start()
        self.said = self.ask("initialize", params)
        self.notify("initialized", {})

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def read(self):
        """Takes messages until the server ends, or the one after `reads` became false."""
        length = 0
        while line := self.process.stdout.readline():
            name, _, value = line.strip().partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif name == b"":
                self.messages.put(json.loads(self.process.stdout.read(length)))
                if not self.reads:
                    break
        self.process.stdout.close()
        self.messages.put(None)

    def receive(self):
        """The next message. Fails if the server has ended, or is silent for a minute."""
        message = self.messages.get(timeout=60)
        if message is None:
            raise EOFError("the server has ended")
        return message

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def ask(self, method, params):
        """The answer to a request, an error too; what the server asks meanwhile is answered."""
        self.next += 1
        number = self.next
        self.send({"id": number, "method": method, "params": params})
        while (message := self.receive()).get("id") != number or "method" in message:
            self.answer(message)
        return message

    def answer(self, message):
        if "id" in message and "method" in message:
            # `workspace/configuration` wants one answer an item.
            items = (message.get("params") or {}).get("items")
            self.send({"id": message["id"], "result": [None] * len(items) if items else None})
