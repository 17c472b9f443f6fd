"""Put bundles on disk: a folder that appears whole, with its certificate last, and a zip that is the same every time."""

from __future__ import annotations

import hashlib
import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from assets.bundle.districts import swedish
from assets.bundle.html_county import render_overview
from assets.bundle.tables import json_bytes
from assets.bundle.types import (
    CERTIFICATE,
    SCHEMA_VERSION,
    BundleMeta,
    BundlePaths,
    BundleSummary,
    RenderedBundle,
    ReportMeta,
    Table,
)
from assets.methods.editions import INTERN
from assets.whole_files import flush_file, flush_tree, half_of, put_text, take_place
from assets.write_faults import not_written

MANIFEST = f"{CERTIFICATE}/manifest.json"
ZIP_DATE = (1980, 1, 1, 0, 0, 0)
PACKED = (".pdf", ".xlsx", ".pptx", ".docx", ".png")
"""Endings of files that are packed already: packing them again takes a third of the time and gives a hundredth."""
REPLACED = ".ersatt"


def write_bundle(bundle: RenderedBundle, target_root: Path, meta: BundleMeta) -> BundlePaths:
    """Write `<target_root>/<wave>/<folder>/` and `<folder>.zip`, replacing an earlier version of the same name as one step.

    The files are written in a temporary folder beside, the certificate's `manifest.json` last; then the folder is renamed. A
    folder without a manifest is unfinished. The zip has fixed dates and sorted names.

    Raises:
        PipelineError: `write_bundle` when the place can't be written.
    """
    root = target_root / str(bundle.scope.wave)
    final, working = root / bundle.folder, half_of(root / bundle.folder)
    manifest, certificate = json_bytes(manifest_of(bundle, meta)), f"{bundle.certificate}/manifest.json"
    try:
        root.mkdir(parents=True, exist_ok=True)
        _restore(final)
        shutil.rmtree(working, ignore_errors=True)
        for name, content in bundle.files.items():
            _write(working / name, content)
        _write(working / certificate, manifest)
        archive = _archive(root, bundle.folder, {**bundle.files, certificate: manifest})
        flush_tree(working)
        flush_file(archive)
        _replace(working, final)
        take_place(archive, root / f"{bundle.folder}.zip")
    except OSError as error:
        hint = "Stäng filer som är öppna i mappen och kör igen."
        raise not_written("write_bundle", f"Rapportpaketet {bundle.folder}", error, hint) from error
    return bundle_paths(target_root, bundle.scope.wave, bundle.folder, bundle.certificate, bundle.report)


def bundle_paths(
    target_root: Path, wave: int, folder: str, certificate: str = CERTIFICATE, report: str = "1_rapport/rapport.html"
) -> BundlePaths:
    """Where a bundle lies, or will lie. `certificate`, `report`: as in `RenderedBundle`."""
    root = target_root / str(wave)
    final = root / folder
    return BundlePaths(final, final / report, final / certificate / "manifest.json", root / f"{folder}.zip")


def manifest_of(bundle: RenderedBundle, meta: BundleMeta) -> dict[str, object]:
    """The certificate: what the bundle was made from and the SHA-256 of every file in it."""
    scope = bundle.scope
    return {
        "bundle_schema_version": SCHEMA_VERSION,
        "bundle": bundle.folder,
        "area_code": scope.area_code,
        "area_name": scope.area_name,
        "wave": scope.wave,
        "edition": scope.edition,
        "version": bundle.version,
        "released": bundle.released.isoformat(),
        "synthetic_survey_data": bundle.synthetic,
        "prepared_by": meta.prepared_by,
        "release": {
            "policy_version": meta.policy_version,
            "waivers": [dict(waiver) for waiver in meta.waivers],
            **meta.release,
        },
        "inputs": meta.inputs,
        "drawn": meta.drawn,
        "code_version": meta.code_version,
        "catalogue_hash": meta.catalogue_hash,
        "cutoff_set": meta.cutoff_set,
        "sources": dict(sorted(meta.source_hashes.items())),
        "data_versions": dict(sorted(meta.data_versions.items())),
        "disclosure": {"policy": meta.disclosure_policy, "suppressed_cells": meta.suppressed_cells},
        "rules": dict(sorted(meta.rule_outcomes.items())),
        "packages": dict(sorted(meta.package_versions.items())),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(bundle.files.items())},
    }


OVERVIEW = "lansoversikt.html"


def edition_page(name: str, edition: str) -> str:
    """The name of a page beside the bundles: of each edition one of its own."""
    stem, ending = name.rsplit(".", 1)
    return name if edition == INTERN else f"{stem}_{edition}.{ending}"


def write_county_overview(
    summaries: Sequence[BundleSummary],
    target_root: Path,
    meta: ReportMeta,
    *,
    wave: int,
    edition: str,
    expected: Mapping[str, str] | None = None,
    comparison: str = "",
    county: str = "",
    disclosure: str = "",
    use: Table | None = None,
) -> Path:
    """Write `<wave>/lansoversikt.html` with a relative link to every bundle, in alphabetical order (no ranking).

    The public edition's is `lansoversikt_publik.html`; neither links to the other's files.

    Args:
        summaries: `RenderedBundle.summary` of the bundles that were written.
        target_root: the same as for `write_bundle`.
        expected: municipality code -> name of those that should have a bundle; those without are named on the page.
        comparison: name of a page beside it to link to, if it is there.
        county: path of the county edition's report from there, linked if it is there.
        disclosure: name of the steward's disclosure report, linked if it is there.
        use: how much the results are used, shown below the bundles.
    """
    ordered = sorted(summaries, key=lambda summary: swedish(summary.area_name))
    have = {summary.area_code for summary in summaries}
    missing = sorted((name for code, name in (expected or {}).items() if code not in have), key=swedish)
    linked = {
        key: name if name and (target_root / str(wave) / name).is_file() else ""
        for key, name in (("comparison", comparison), ("county", county), ("disclosure", disclosure))
    }
    page = render_overview(ordered, missing, wave=wave, edition=edition, meta=meta, use=use, **linked)
    return write_page(page, target_root / str(wave) / edition_page(OVERVIEW, edition))


def write_page(page: str, path: Path) -> Path:
    """Write a page beside the bundles as one step; one that is the same already is left alone."""
    if path.exists() and path.read_bytes() == page.encode("utf-8"):
        return path
    return put_text(path, page)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _archive(root: Path, folder: str, files: Mapping[str, bytes]) -> Path:
    path = half_of(root / f"{folder}.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", ZIP_DATE)
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(PACKED) else zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    return path


def _restore(final: Path) -> None:
    """Put back the old folder if an earlier run was broken off between its two renames."""
    replaced = final.with_name(f".{final.name}{REPLACED}")
    if replaced.exists() and not final.exists():
        os.replace(replaced, final)
    shutil.rmtree(replaced, ignore_errors=True)


def _replace(working: Path, final: Path) -> None:
    """A folder that isn't empty can't be renamed over, so the old one steps aside first."""
    replaced = final.with_name(f".{final.name}{REPLACED}")
    if final.exists():
        os.replace(final, replaced)
    try:
        take_place(working, final)
    except OSError:
        if replaced.exists():
            os.replace(replaced, final)
        raise
    shutil.rmtree(replaced, ignore_errors=True)
