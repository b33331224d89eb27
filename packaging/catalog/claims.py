"""The claims of all rows, each with what its checks come to."""
import collections
import dataclasses

import compare
import rows as tables
import sources
from dockerfiles import Image, Request
from sources import CONTRADICTED, DRIFTED, FREE, MISSING, PROVED, UNKNOWN, Check
from upstream import COMMIT, HEAD

LOW = "low"
# From the worst on: a claim is what the first of these is that one of its checks comes to.
ORDER = (CONTRADICTED, DRIFTED, sources.MOVED, PROVED, MISSING, sources.OLD, sources.DOCUMENT_, UNKNOWN, FREE)


@dataclasses.dataclass
class Claim:
    """A key of a row."""

    row: object
    key: str
    checks: list
    low: bool

    @property
    def status(self):
        found = {check.status for check in self.checks}
        worst = next((status for status in ORDER if status in found), FREE)
        return LOW if self.low and worst not in ORDER[:4] else worst


@dataclasses.dataclass
class Reading:
    """What `upstream` of a row led to: the images at its commit and at the newest one, each None where there is no such file."""

    row: object
    then: object = None
    now: object = None
    problem: str = ""
    changed: bool = False


def upstream_of(row, images):
    """Returns where the row's Dockerfile is; a row of probes takes that of the row of images with its first name."""
    upstream = row.values.get("upstream") or images.get(row.name, {}).get("upstream")
    return upstream if isinstance(upstream, dict) else None


def requests_of(upstream, repositories):
    """Returns the Dockerfiles at the commit and at the newest one, or what is in the way."""
    name, path = str(upstream.get("repository", "")), str(upstream.get("dockerfile", ""))
    repository = repositories.get(name)
    if repository is None:
        return None, None, f"{name} is not here"
    rest = (path, str(upstream.get("target") or ""), tuple(sorted((upstream.get("args") or {}).items())))
    found = []
    for commit in (str(upstream.get("commit", "")), HEAD):
        commit = repository.commit(commit) if commit == HEAD or COMMIT.fullmatch(commit) else None
        found.append(Request(name, commit, *rest) if commit and repository.blob(commit, path) else None)
    return (*found, "")


def readings(rows, images, repositories, resolver):
    """Resolves the Dockerfiles of all rows that name one."""
    named = [(row, upstream_of(row, images)) for row in rows]
    wanted = [(row, *requests_of(upstream, repositories)) for row, upstream in named if upstream]
    # A file that has not changed is read once.
    same = {}

    def once(request):
        blob = repositories.get(request.repository).blob(request.commit, request.path)
        return same.setdefault((request.repository, blob, *dataclasses.astuple(request)[2:]), request)

    asked = [once(request) for _, *pair, _ in wanted for request in pair if request]
    images = resolver.resolve(asked)
    found = []
    for row, then, now, problem in wanted:
        image = [images.get(once(request)) if request else None for request in (then, now)]
        changed = bool(then and now) and once(then) != once(now)
        found.append(Reading(row, *image, problem, changed))
    return found


def all_claims(rows, images, repositories, resolver, today):
    """Returns the claims of rows, and the readings of their Dockerfiles. `images` has what both tables say about each name."""
    read = {id(reading.row): reading for reading in readings(rows, images, repositories, resolver)}
    claims = []
    for row in rows:
        checks = collections.defaultdict(list)
        for key in row.own:
            value = row.values.get(key)
            still = not tables.has_key(value, ("before", "majors"))
            texts = row.sources.get(key) or row.sources.get("", [])
            asked = ("HEALTHCHECK", value == "present") if key == "healthcheck" else None
            checks[key] = [sources.check(text, repositories, today, still, asked) for text in texts]
        reading = read.get(id(row))
        if reading:
            for key, check in against(row, reading, images, repositories):
                checks[key].append(check)
        for key, found in checks.items():
            claims.append(Claim(row, key, found, tables.is_low(row.values.get(key))))
    return claims, list(read.values())


def against(row, reading, images, repositories):
    """Yields the checks of a row against its Dockerfile, by key."""
    upstream = upstream_of(row, images)
    name, path = upstream.get("repository"), upstream.get("dockerfile")
    known = repositories.get(str(name)) is not None
    if not known or (reading.then is None and reading.now is None):
        # A commit that is here and has no such file is another thing than a commit that is not here.
        there = known and repositories.get(name).commit(str(upstream.get("commit"))) is not None
        status, why = (CONTRADICTED, "no such file") if there else (MISSING, reading.problem or "the commit is not here")
        for answer in compare.compare(row, Image(), images):
            yield answer.key, Check(status, answer.says, why, f"{name} {path}", repository=str(name))
        return
    then = {answer.says: answer for answer in compare.compare(row, reading.then, images)} if reading.then else {}
    now = {answer.says: answer for answer in compare.compare(row, reading.now, images)} if reading.now else {}
    for says in dict.fromkeys([*then, *now]):
        answer = now.get(says) or then.get(says)
        yield answer.key, one(then.get(says), now.get(says), reading, f"{name} {path}")


def one(then, now, reading, place):
    answer = then if reading.now is None or (then and then.holds is False) else now or then
    found = Check(UNKNOWN, answer.says, answer.upstream, f"{place}:{answer.line}" if answer.line else place, repository=place.split()[0])
    outcome = [fact.holds if fact else None for fact in (then, now)]
    if outcome[0] is False:
        found.status = CONTRADICTED
    elif reading.now is None:
        if outcome[0]:
            found.status, found.upstream = DRIFTED, "no such file any more"
    elif reading.then is None:
        # The newest file here may be older than what the row was written from.
        found.status = PROVED if outcome[1] else MISSING if outcome[1] is False else UNKNOWN
    elif outcome[1] is False:
        found.status = CONTRADICTED
        found.upstream += " in the newest file"
    elif outcome[1]:
        found.status = PROVED
    elif outcome[0]:
        found.status = DRIFTED
        found.upstream = "the newest file does not tell"
    return found
