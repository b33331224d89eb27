#!/usr/bin/env python3
"""Makes inputs out of real files: seeds.py CORPUS OUT. Nothing of them is kept in the repository.

Small files first, every size once: what is as long as another one is often a copy of it.
"""
import pathlib
import sys

LARGEST, MOST = 4096, 500
NEXT_TO = {".env": ".env", "docker-compose.override.yml": "compose.override.yaml", "Dockerfile": "Dockerfile"}


def is_compose(path: pathlib.Path) -> bool:
    return path.suffix in (".yml", ".yaml") and "compose" in path.name and "override" not in path.name


def is_dockerfile(path: pathlib.Path) -> bool:
    return path.name.startswith("Dockerfile") or path.suffix == ".Dockerfile"


def file_set(path: pathlib.Path) -> bytes:
    """A Compose file and what is next to it, as the targets take them apart."""
    parts = [path.read_bytes()]
    for name, shown in NEXT_TO.items():
        if (other := path.with_name(name)).is_file() and other != path:
            parts += [f"\n=== {shown}\n".encode(), other.read_bytes()]
    return b"".join(parts)


def write(out: pathlib.Path, texts) -> None:
    out.mkdir(parents=True, exist_ok=True)
    by_size = {len(text): text for text in texts if 0 < len(text) <= LARGEST}
    sizes = sorted(by_size)
    for size in sizes[:: max(1, len(sizes) // MOST)]:
        (out / f"real-{size}").write_bytes(by_size[size])
    print(f"{out}: {len(list(out.iterdir()))} inputs")


def main() -> None:
    corpus, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    files = sorted(path for path in corpus.rglob("*") if path.is_file() and path.stat().st_size <= LARGEST)
    composes = [path for path in files if is_compose(path)]
    dockerfiles = [path.read_bytes() for path in files if is_dockerfile(path)]
    write(out / "yaml", (path.read_bytes() for path in composes))
    write(out / "dockerfile", dockerfiles)
    sets = [file_set(path) for path in composes] + [b"=== Dockerfile\n" + text for text in dockerfiles]
    write(out / "set", sets)


main()
