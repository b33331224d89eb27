"""Holds a list of dependencies against CycloneDX's schema and against Cargo.lock. Usage: packaging/sbom_check.py FILE"""

import json
import pathlib
import sys
import tomllib

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
wrong = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
if wrong:
    sys.exit(f"not CycloneDX 1.5: {wrong}")
bom = json.loads(text)
lock = tomllib.loads(pathlib.Path("Cargo.lock").read_text(encoding="utf-8"))
locked = {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}
manifest = tomllib.loads(pathlib.Path("Cargo.toml").read_text(encoding="utf-8"))
listed = {(component["name"], component["version"]): component for component in bom["components"]}
for key, component in listed.items():
    sums = {entry["content"] for entry in component.get("hashes", [])}
    if sums != {locked.get(key)}:
        sys.exit(f"{key} has another checksum than in Cargo.lock")
    if not component.get("licenses"):
        sys.exit(f"{key} has no licence")
direct = set(manifest["dependencies"])
for table in manifest.get("target", {}).values():
    direct |= set(table["dependencies"])
missing = direct - {name for name, _ in listed}
if missing:
    sys.exit(f"not listed: {sorted(missing)}")
unused = {name for name in manifest["dev-dependencies"]} - direct - {name for name, _ in listed}
if not unused:
    sys.exit("what only tests need is listed")
print(f"{len(listed)} packages, each with its licence and the checksum of Cargo.lock")
