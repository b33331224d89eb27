"""Repositories of the images' makers: finds their checkouts, or clones them, and reads files at commits."""
import os
import pathlib
import re
import subprocess

COMMIT = re.compile(r"[0-9a-f]{40}")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9][A-Za-z0-9_.-]*")
HEAD = "HEAD"
TIMEOUT = 600


class NotHere(Exception):
    """A checkout names a file without having what it contains: snapshots leave out large ones."""


class Repository:
    """A git directory. A file that is not there is None; a commit that is not there is asked of the remote, if there is one."""

    def __init__(self, directory, remote=None):
        self.directory, self.remote = directory, remote
        self.commits, self.files, self.trees = {}, {}, {}
        self.head = self.git("rev-parse", "--verify", "--quiet", "HEAD^{commit}").decode().strip() or None

    def git(self, *arguments):
        environment = {**os.environ, "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
        if not self.remote:
            environment["GIT_NO_LAZY_FETCH"] = "1"
        command = ["git", "-c", "safe.directory=*", f"--git-dir={self.directory}", *arguments]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT, check=False)
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
        blob = self.blob(commit, path)
        if blob is None:
            return None
        if blob not in self.files:
            there = self.git("cat-file", "-t", blob).strip() == b"blob"
            self.files[blob] = self.git("cat-file", "blob", blob).decode(errors="replace") if there else None
        if self.files[blob] is None:
            raise NotHere
        return self.files[blob]

    def blob(self, commit, path):
        """Returns the object of a file."""
        return self.tree(commit).get(path)

    def tree(self, commit):
        """Returns all files of a commit, with their objects; symbolic links are none."""
        if commit not in self.trees:
            files = {}
            for entry in self.git("ls-tree", "-r", "-z", "--full-tree", commit).decode(errors="replace").split("\0"):
                head, _, path = entry.partition("\t")
                if head.startswith("100"):
                    files[path] = head.split()[2]
            self.trees[commit] = files
        return self.trees[commit]


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
