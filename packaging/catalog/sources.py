"""Checks the texts of `sources`: whether the words that a text quotes are where it says."""
import dataclasses
import datetime
import re

from upstream import HEAD, NotHere

QUOTE = re.compile(
    r"(?P<repository>[\w.-]+/[\w.-]+)@(?P<commit>[0-9a-f]{40}) (?P<path>[^\s:]+)(?::(?P<line>\d+)(?:-(?P<last>\d+))?)?"
    r'(?: has "(?P<words>.+)")?'
)
DOCUMENT = re.compile(r"(?P<address>https?://\S+)(?: on (?P<date>\d{4}-\d\d-\d\d))?")
OLD_AFTER = datetime.timedelta(days=365)

# What a check comes to. The worst of a claim's checks is what the claim is; the order is from the worst on.
CONTRADICTED, DRIFTED, MOVED, PROVED, MISSING, UNKNOWN, OLD, DOCUMENT_, FREE = (
    "contradicted", "drifted", "moved", "proved", "missing", "unknown", "old document", "document", "not checkable",
)


@dataclasses.dataclass
class Check:
    """One thing that was looked up for a claim."""

    status: str
    says: str
    upstream: str = ""
    place: str = ""
    text: object = None
    moved_to: tuple = None
    repository: str = ""


def check(text, repositories, today, still=True, instruction=None):
    """Looks a source up. `still` says that what it quotes has to be in the newest file, too. `instruction` is a pair: a word
    that begins a line of the file, and whether it does; that is what a source says that names a file alone."""
    if quote := QUOTE.fullmatch(text.value.strip()):
        found = Check(MISSING, text.value, text=text, repository=quote["repository"], place=f"{quote['repository']} {quote['path']}")
        try:
            return quoted(found, quote, repositories, still, instruction)
        except NotHere:
            found.status, found.upstream = MISSING, "what the file contains is not here"
            return found
    if document := DOCUMENT.fullmatch(text.value.strip()):
        date = document["date"] and parse_date(document["date"])
        old = date is None or today - date > OLD_AFTER
        return Check(OLD if old else DOCUMENT_, text.value, f"read on {document['date'] or 'a day that nobody wrote down'}", text=text)
    return Check(FREE, text.value, text=text)


def parse_date(text):
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def quoted(found, quote, repositories, still, instruction):
    name, commit, path = quote["repository"], quote["commit"], quote["path"]
    repository = repositories.get(name)
    if repository is None:
        found.upstream = f"{name} is not here"
        return found
    then = repository.commit(commit)
    if quote["words"] is None:
        of_file(found, quote, [then, repository.commit(HEAD) if still else then], repository, instruction)
        return found
    line = int(quote["line"] or 0)
    lines = (line, int(quote["last"] or line))
    now = places(repository, repository.commit(HEAD), path, quote["words"])
    if then is None:
        # The newest file here may be older than what was read: that its words are missing says nothing.
        found.status, found.upstream = (PROVED, "") if now else (MISSING, "the commit is not here")
        return found
    before = places(repository, then, path, quote["words"])
    if not before:
        found.status = CONTRADICTED
        found.upstream = "no such file at this commit" if before is None else "the words are not in the file at this commit"
        return found
    if not any(lines[0] <= place <= lines[1] for place in before):
        found.status, found.upstream = MOVED, f"the words are on line {nearest(before, line)}"
        found.moved_to = (commit, nearest(before, line))
        return found
    if not still:
        found.status = PROVED
    elif not now:
        found.status = DRIFTED
        found.upstream = "no such file any more" if now is None else "the words are no longer in the newest file"
    elif any(lines[0] <= place <= lines[1] for place in now):
        found.status = PROVED
    else:
        found.status, found.upstream = MOVED, f"the words are now on line {nearest(now, line)}"
        found.moved_to = (repository.head, nearest(now, line))
    return found


def of_file(found, quote, commits, repository, instruction):
    """Checks a source that quotes no words."""
    then, now = (repository.text(commit, quote["path"]) if commit else None for commit in commits)
    if commits[0] is None:
        found.upstream = "the commit is not here"
    elif then is None:
        found.status, found.upstream = CONTRADICTED, "no such file at this commit"
    elif int(quote["last"] or quote["line"] or 0) > len(then.splitlines()):
        found.status, found.upstream = CONTRADICTED, "the file has fewer lines"
    elif instruction is None or quote["line"]:
        found.status, found.upstream = FREE, "it quotes no words"
    else:
        word, wanted = instruction
        has = [None if file is None else begins_a_line(word, file) for file in (then, now)]
        found.status = CONTRADICTED if (not wanted) in has else DRIFTED if None in has else PROVED
        found.upstream = "no such file any more" if None in has else f"{word} {'is' if not wanted else 'is not'} in it" if found.status == CONTRADICTED else ""


def begins_a_line(word, file):
    lines = (line.split("#")[0].upper().split() for line in file.splitlines())
    return any(line[:1] == [word] and line[1:2] != ["NONE"] for line in lines)


def nearest(places_of_words, line):
    return min(places_of_words, key=lambda place: abs(place - line))


def places(repository, commit, path, words):
    """Returns the numbers of the lines with these words. None where there is no such file."""
    file = repository.text(commit, path)
    if file is None:
        return None
    wanted = " ".join(words.split())
    return [number for number, line in enumerate(file.split("\n"), 1) if wanted in " ".join(line.split())]
