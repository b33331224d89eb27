"""Repositories of the images' makers: finds their checkouts, or clones them, and reads files at commits."""
import os
import pathlib
import re
import subprocess

COMMIT = re.compile(r"[0-9a-f]{40}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*")
HEAD = "HEAD"
TIMEOUT = 600
# Repositories with a process that reads their files, the oldest first.
OPEN = []
MOST_OPEN = 16
KINDS = (b"blob", b"tree", b"commit", b"tag")


class NotHere(Exception):
    """A checkout names a file without having what it contains: snapshots leave out large ones."""


class Repository:
    """A git directory. A file that is not there is None; a commit that is not there is asked of the remote, if there is one."""

    def __init__(self, directory, remote=None):
        self.directory, self.remote = directory, remote
        self.commits, self.files, self.reader = {}, {}, None
        self.head = self.git("rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip() or None

    def command(self):
        return ["git", "-c", "safe.directory=*", f"--git-dir={self.directory}"]

    def environment(self):
        lazy = {} if self.remote else {"GIT_NO_LAZY_FETCH": "1"}
        return {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", **lazy}

    def git(self, *arguments):
        done = subprocess.run([*self.command(), *arguments], env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False)
        return done.stdout if done.returncode == 0 else b""

    def commit(self, commit):
        """Returns the full commit if it is here, or can be had, and None otherwise."""
        if commit == HEAD:
            return self.head
        if commit not in self.commits:
            here = self.has(commit)
            if not here and self.remote:
                self.git("fetch", "--quiet", "--depth=1", "--filter=blob:none", "origin", commit)
                here = self.has(commit)
            self.commits[commit] = commit if here else None
        return self.commits[commit]

    def has(self, commit):
        return bool(COMMIT.fullmatch(commit)) and self.git("cat-file", "-t", commit).strip() == b"commit"

    def text(self, commit, path):
        """Returns a file as text. None where there is no such file; raises `NotHere` where a checkout lacks what it contains."""
        blob, text = self.file(commit, path)
        if blob is not None and text is None:
            raise NotHere
        return text

    def blob(self, commit, path):
        """Returns the object of a file."""
        return self.file(commit, path)[0]

    def file(self, commit, path):
        if (commit, path) not in self.files:
            self.files[commit, path] = self.read(f"{commit}:{path}")
        return self.files[commit, path]

    def read(self, name):
        """Asks one process for all files: thousands of processes are slow."""
        if "\n" in name or "\0" in name:
            return None, None
        if self.reader is None:
            OPEN.append(self)
            if len(OPEN) > MOST_OPEN:
                OPEN[0].close()
            self.reader = subprocess.Popen([*self.command(), "cat-file", "--batch"], env=self.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            self.reader.stdin.write(name.encode() + b"\n")
            self.reader.stdin.flush()
            head = self.reader.stdout.readline().split()
        except OSError:
            head = []
        if len(head) != 3 or head[1] not in KINDS:
            # Missing: the file, or only what it contains.
            if head[-1:] != [b"missing"]:
                self.close()
            blob = self.git("rev-parse", "--verify", "--quiet", name).decode().strip()
            return blob or None, None
        content = self.reader.stdout.read(int(head[2]) + 1)[:-1]
        return (head[0].decode(), content.decode(errors="replace")) if head[1] == b"blob" else (None, None)

    def close(self):
        if self.reader is not None:
            self.reader.stdin.close()
            self.reader.stdout.close()
            self.reader.wait()
            self.reader = None
            OPEN.remove(self)


class Repositories:
    """A directory with checkouts: `owner/name`, `owner/name.git`, `owner+name`, or one git directory below any of them."""

    def __init__(self, directory, remote=None):
        self.directory, self.remote, self.known = pathlib.Path(directory), remote, {}

    def get(self, name):
        """Returns a repository, or None where it is not here."""
        if not NAME.fullmatch(name) or ".." in name:
            return None
        if name not in self.known:
            self.known[name] = self.find(name) or (self.clone(name) if self.remote else None)
        return self.known[name]

    def find(self, name):
        for top in (name, f"{name}.git", name.replace("/", "+")):
            top = self.directory / top
            if not top.is_dir():
                continue
            for place in (top, *sorted(path for path in top.iterdir() if path.is_dir())):
                for git in (place / ".git", place):
                    if (git / "HEAD").is_file() and (git / "objects").is_dir():
                        repository = Repository(git, self.remote)
                        if repository.head:
                            return repository
        return None

    def clone(self, name):
        place = self.directory / name
        place.parent.mkdir(parents=True, exist_ok=True)
        command = ["git", "clone", "--quiet", "--bare", "--depth=1", "--filter=blob:none", f"{self.remote}/{name}", f"{place}.git"]
        try:
            environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
            done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False)
        except subprocess.TimeoutExpired:
            return None
        return self.find(name) if done.returncode == 0 else None
