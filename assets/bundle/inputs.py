"""Whether a bundle has to be made again, or only its certificate: hashes of all that decides them, kept in the certificate."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import polars as pl

from assets.bundle.types import CERTIFICATE, BundleMeta, BundlePaths, RenderedBundle, ReportMeta
from assets.bundle.writer import bundle_paths
from assets.charts.types import ReleaseFrames, Scope
from assets.zip_faults import ENTRY_FAULTS

NULL = "\u2400"
"""Stands for null where an empty text must not look the same."""
CERTIFIED_ONLY = ("source_hashes", "suppressed_cells", "rule_outcomes", "data_versions", "prepared_by", "release")
"""What a certificate says that nothing else in the bundle is made from."""


def with_hashes(frames: ReleaseFrames, scope: Scope, meta: BundleMeta) -> BundleMeta:
    """The certificate with SHA-256 of the rows that the bundle may see and of what it says about code, definitions and packages.

    Two equal `drawn` give the same bytes but for the certificate: rendering is pure, reads nothing else and no clock. `inputs`
    is also of what the certificate alone says: delivered files, outcomes of rules and hidden cells.
    """
    seen = {field.name: _frame_hash(getattr(frames, field.name)) for field in fields(frames)}
    told = asdict(meta)
    read = {name: value for name, value in told.items() if name not in CERTIFIED_ONLY}
    return replace(meta, inputs=_hash([seen, asdict(scope), told]), drawn=_hash([seen, asdict(scope), read]))


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _frame_hash(frame: pl.DataFrame) -> str:
    digest = hashlib.sha256(str(frame.schema).encode())
    digest.update(frame.write_csv(null_value=NULL).encode())
    return digest.hexdigest()


def up_to_date(
    target_root: Path, wave: int, folder: str, inputs: str, certificate: str = CERTIFICATE, report: str = "1_rapport/rapport.html"
) -> BundlePaths | None:
    """The bundle on disk when it was made from the same inputs and every file in it, and its zip, is whole; else None."""
    paths = bundle_paths(target_root, wave, folder, certificate, report)
    manifest = _manifest(paths)
    if manifest is None or not paths.archive.is_file() or manifest.get("inputs") != inputs or _whole(paths, manifest) is None:
        return None
    own = hashlib.sha256(paths.manifest.read_bytes()).hexdigest()
    return paths if _zip_holds(paths.archive, folder, {**manifest["files"], f"{certificate}/manifest.json": own}) else None


def drawn_before(
    target_root: Path,
    scope: Scope,
    folder: str,
    drawn: str,
    meta: ReportMeta,
    certificate: str = CERTIFICATE,
    report: str = "1_rapport/rapport.html",
) -> tuple[RenderedBundle, dict[str, Any]] | None:
    """The bundle on disk, to be written with another certificate than the one it has, which comes beside it.

    Nothing when it was drawn from something else or when any file isn't as it was written.
    """
    paths = bundle_paths(target_root, scope.wave, folder, certificate, report)
    manifest = _manifest(paths)
    if manifest is None or manifest.get("drawn") != drawn or (whole := _whole(paths, manifest)) is None:
        return None
    files = {name: path.read_bytes() for name, path in sorted(whole.items())}
    told = {"version": meta.version, "released": meta.released, "synthetic": meta.charts.synthetic}
    return RenderedBundle(scope, folder, **told, files=files, certificate=certificate, report=report), manifest


def _manifest(paths: BundlePaths) -> dict[str, Any] | None:
    """The certificate; None when there is none, or half of one, or one that somebody has changed into something else."""
    try:
        manifest = json.loads(paths.manifest.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and isinstance(manifest.get("files"), dict) else None


def _whole(paths: BundlePaths, manifest: Mapping[str, Any]) -> dict[str, Path] | None:
    """The files of a bundle but its certificate's manifest, when they are those that it names and each is as it was written."""
    found = {p.relative_to(paths.folder).as_posix(): p for p in paths.folder.rglob("*") if p.is_file() and p != paths.manifest}
    if found.keys() != manifest["files"].keys():
        return None
    same = all(hashlib.sha256(path.read_bytes()).hexdigest() == manifest["files"][name] for name, path in found.items())
    return found if same else None


def _zip_holds(path: Path, folder: str, expected: dict[str, str]) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            if sorted(archive.namelist()) != sorted(f"{folder}/{name}" for name in expected):
                return False
            return all(hashlib.sha256(archive.read(f"{folder}/{n}")).hexdigest() == digest for n, digest in expected.items())
    except ENTRY_FAULTS:
        return False
