"""Whether a bundle has to be made again: the hash of all that decides its content, kept in its certificate."""

from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import asdict, fields
from pathlib import Path

import polars as pl

from assets.bundle.types import CERTIFICATE, BundleMeta, BundlePaths
from assets.bundle.writer import bundle_paths
from assets.charts.types import ReleaseFrames, Scope
from assets.zip_faults import ENTRY_FAULTS

NULL = "\u2400"
"""Stands for null where an empty text must not look the same."""


def inputs_hash(frames: ReleaseFrames, scope: Scope, meta: BundleMeta) -> str:
    """SHA-256 of the rows that the bundle may see and of what its certificate says about code, definitions, packages and files.

    Two equal hashes give the same bytes: rendering is pure, reads nothing else and no clock.
    """
    seen = {field.name: _frame_hash(getattr(frames, field.name)) for field in fields(frames)}
    content = json.dumps([seen, asdict(scope), asdict(meta)], sort_keys=True, default=str)
    return hashlib.sha256(content.encode()).hexdigest()


def _frame_hash(frame: pl.DataFrame) -> str:
    digest = hashlib.sha256(str(frame.schema).encode())
    digest.update(frame.write_csv(null_value=NULL).encode())
    return digest.hexdigest()


def up_to_date(
    target_root: Path, wave: int, folder: str, inputs: str, certificate: str = CERTIFICATE, report: str = "1_rapport/rapport.html"
) -> BundlePaths | None:
    """The bundle on disk when it was made from the same inputs and every file in it, and its zip, is whole; else None."""
    paths = bundle_paths(target_root, wave, folder, certificate, report)
    if not paths.manifest.is_file() or not paths.archive.is_file():
        return None
    try:
        manifest = json.loads(paths.manifest.read_text(encoding="utf-8"))
    except ValueError:  # half a file, or one that somebody has changed
        return None
    if not isinstance(manifest, dict) or manifest.get("inputs") != inputs:
        return None
    expected = {**manifest["files"], f"{certificate}/manifest.json": hashlib.sha256(paths.manifest.read_bytes()).hexdigest()}
    found = {p.relative_to(paths.folder).as_posix(): p for p in paths.folder.rglob("*") if p.is_file()}
    if found.keys() != expected.keys():
        return None
    if any(hashlib.sha256(path.read_bytes()).hexdigest() != expected[name] for name, path in found.items()):
        return None
    return paths if _zip_holds(paths.archive, folder, expected) else None


def _zip_holds(path: Path, folder: str, expected: dict[str, str]) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            if sorted(archive.namelist()) != sorted(f"{folder}/{name}" for name in expected):
                return False
            return all(hashlib.sha256(archive.read(f"{folder}/{n}")).hexdigest() == digest for n, digest in expected.items())
    except ENTRY_FAULTS:
        return False
