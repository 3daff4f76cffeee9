"""The program's file, and what an image of it would weigh."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from bench.results import Results

_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_MB = 1e6


def measure(program: Path, results: Results) -> None:
    results.at_most("Size", "program, static and stripped", program.stat().st_size / _MB, "MB", 8)
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w:gz", compresslevel=9) as tar:
        for path in (program, _CERTIFICATES):
            tar.add(path, path.name)
    results.at_most("Size", "program and CA certificates, compressed as an image's layer", layer.tell() / _MB, "MB", 12)
