#!/usr/bin/env python3
"""Prints what the static program is made of, as CycloneDX 1.5: the Debian packages whose headers and archives the
build really read, as ninja recorded it, and the libraries that tools/release/static-libraries.sh built."""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release-static"
PROGRAM = "edsm"
CERTIFICATES = "ca-certificates"


def output(*command: str) -> str:
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE).stdout


def files_read() -> set[Path]:
    """Every file outside the tree that compiling and linking the program read."""
    inputs = output("ninja", "-C", str(BUILD), "-t", "inputs", PROGRAM).splitlines()
    objects = {line for line in inputs if line.endswith(".o")}
    found = {Path(line) for line in inputs if line.startswith("/")}
    wanted = False
    for line in output("ninja", "-C", str(BUILD), "-t", "deps").splitlines():
        if line and not line.startswith(" "):
            wanted = line.split(":")[0] in objects
        elif wanted and line.strip().startswith("/"):
            found.add(Path(line.strip()))
    return {path.resolve() for path in found if not path.is_relative_to(ROOT)}


def purl(name: str, version: str) -> str:
    return f"pkg:deb/debian/{name}@{version}?arch=source"


def packages(files: set[Path]) -> set[str]:
    """Debian's source packages of these files."""
    owners: set[str] = set()
    paths = sorted(str(path) for path in files)
    for first in range(0, len(paths), 500):
        result = subprocess.run(["dpkg-query", "-S", *paths[first:first + 500]], text=True, check=False,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        owners.update(line.split(": ")[0].split(",")[0] for line in result.stdout.splitlines())
    lines = output("dpkg-query", "-W", "-f", "${source:Package} ${source:Version}\n", CERTIFICATES, *owners)
    return {purl(*line.split()) for line in lines.splitlines()}


def component(purl_: str) -> dict[str, str]:
    name, version = re.fullmatch(r"pkg:.*/([^/@]+)@([^?]+)(?:\?.*)?", purl_).groups()
    return {"type": "library", "bom-ref": purl_, "name": name, "version": version, "purl": purl_}


def bom(version: str, created: str) -> dict[str, object]:
    cache = (BUILD / "CMakeCache.txt").read_text()
    prefix = re.search(r"^EDSM_STATIC_PREFIX:PATH=(.+)$", cache, re.M)
    if not prefix:
        sys.exit(f"{BUILD}: not a static build; 'make build' makes one")
    built_here = (Path(prefix[1]) / "purls").read_text().split()
    components = [component(each) for each in sorted(packages(files_read()).union(built_here))]
    program = f"pkg:generic/edsm@{version}"
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(components) + version)}",
        "version": 1,
        "metadata": {"timestamp": created, "component": {"type": "application", "bom-ref": program, "name": "edsm",
                                                         "version": version, "purl": program}},
        "components": components,
        "dependencies": [{"ref": program, "dependsOn": [each["bom-ref"] for each in components]}],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", required=True, help="of the program")
    parser.add_argument("--created", required=True, help="the time to say, as 2026-11-28T18:00:00Z")
    args = parser.parse_args()
    json.dump(bom(args.version, args.created), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
