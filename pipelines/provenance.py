"""What made a number: versions of the code and of the packages that count."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION = "0.1.0"
PACKAGES = ("altair", "dagster", "duckdb", "great-expectations", "numpy", "polars", "pyreadstat", "scipy", "vl-convert-python")
PACKAGES += ("typst",)
SOURCES = {".py", ".html", ".css", ".typ", ".ttf", ".conf"}
"""Kinds of files that decide what is made: code, and the templates and fonts of reports. Definitions have a hash of their own."""


@lru_cache(maxsize=1)
def code_version() -> str:
    """The version, and a hash over all source files, templates and fonts: the same for the same code, with or without git."""
    digest = hashlib.sha256()
    for package in ("assets", "expectations", "pipelines"):
        for path in sorted(path for path in (ROOT / package).rglob("*") if path.suffix in SOURCES):
            digest.update(path.relative_to(ROOT).as_posix().encode())
            digest.update(path.read_bytes())
    return f"{VERSION}+{digest.hexdigest()[:12]}"


def package_versions() -> dict[str, str]:
    """Installed versions of the packages that decide a number or a picture."""
    return dict(_installed())


@lru_cache(maxsize=1)
def _installed() -> tuple[tuple[str, str], ...]:
    return tuple((name, metadata.version(name)) for name in PACKAGES)
