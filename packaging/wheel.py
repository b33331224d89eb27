"""Packs a program as a wheel: the file that pip installs, without a line of Python. The same program is in the archives.

Usage: packaging/wheel.py TARGET PROGRAM OUT [SBOM]
TARGET is Rust's name of the system; what it is called in Python's file names is told here. Prints the wheel's path.
"""

import base64
import hashlib
import json
import pathlib
import stat
import subprocess
import sys
import zipfile

TOP = pathlib.Path(__file__).resolve().parent.parent

# The programs for Linux are static: any C library, and none, will do. Those for macOS want what Rust promises to support.
TAGS = {
    "x86_64-unknown-linux-gnu": "manylinux2014_x86_64.manylinux_2_17_x86_64.musllinux_1_1_x86_64",
    "aarch64-unknown-linux-gnu": "manylinux2014_aarch64.manylinux_2_17_aarch64.musllinux_1_1_aarch64",
    "x86_64-apple-darwin": "macosx_10_12_x86_64",
    "aarch64-apple-darwin": "macosx_11_0_arm64",
    "x86_64-pc-windows-msvc": "win_amd64",
}


def metadata(package):
    """The wheel's METADATA: the words are those of Cargo.toml and pyproject.toml."""
    project = (TOP / "pyproject.toml").read_text(encoding="utf-8")
    python = next(line.split('"')[1] for line in project.splitlines() if line.startswith("requires-python"))
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {package['name']}",
        f"Version: {package['version']}",
        f"Summary: {package['description']}",
        f"Keywords: {','.join(package['keywords'])}",
        f"License-Expression: {package['license']}",
        "License-File: LICENSE-APACHE",
        "License-File: LICENSE-MIT",
        f"Requires-Python: {python}",
        "Description-Content-Type: text/markdown; charset=UTF-8; variant=GFM",
        f"Project-URL: Source Code, {package['repository']}",
    ]
    return "\n".join(lines) + "\n\n" + (TOP / "README.md").read_text(encoding="utf-8")


def main(target, program, out, sbom=None):
    told = subprocess.run(
        ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"],
        cwd=TOP, check=True, capture_output=True,
    )
    package = json.loads(told.stdout)["packages"][0]
    stem = f"{package['name']}-{package['version']}"
    tags = [f"py3-none-{system}" for system in TAGS[target].split(".")]
    info = f"{stem}.dist-info"
    name = "oomlint.exe" if "windows" in target else "oomlint"
    wheel = ["Wheel-Version: 1.0", "Generator: oomlint", "Root-Is-Purelib: false", *(f"Tag: {tag}" for tag in tags)]
    files = {
        f"{stem}.data/scripts/{name}": pathlib.Path(program).read_bytes(),
        f"{info}/METADATA": metadata(package).encode(),
        f"{info}/WHEEL": ("\n".join(wheel) + "\n").encode(),
        **{f"{info}/licenses/{file}": (TOP / file).read_bytes() for file in ("LICENSE-APACHE", "LICENSE-MIT")},
    }
    if sbom:
        files[f"{info}/sboms/oomlint.cdx.json"] = pathlib.Path(sbom).read_bytes()
    record = []
    path = pathlib.Path(out) / f"{stem}-py3-none-{TAGS[target]}.whl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file, text in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
            record.append(f"{file},sha256={digest},{len(text)}")
            write(archive, file, text)
        record.append(f"{info}/RECORD,,")
        write(archive, f"{info}/RECORD", ("\n".join(record) + "\n").encode())
    print(path)


def write(archive, name, text):
    # The same program makes the same wheel: no time of day is in it.
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3  # modes are Unix's, wherever it is packed
    mode = 0o755 if "/scripts/" in name else 0o644
    entry.external_attr = (stat.S_IFREG | mode) << 16
    archive.writestr(entry, text)


if __name__ == "__main__":
    main(*sys.argv[1:])
