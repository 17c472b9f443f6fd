"""A tiny bundle on disk, approved and sealed: three small files, so that every byte can be tried."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from assets.bundle.types import BundlePaths, BundleSummary, RenderedBundle
from assets.bundle.writer import write_bundle
from assets.charts.types import Scope
from assets.sealing.approvals import APPROVED, Approval
from assets.sealing.bundle import Bundle, sealed_archive
from assets.sealing.store import read_bundle
from pipelines.paths import Paths
from tests.support.sample_bundle import sample_bundle_meta

FOLDER = "0127_botkyrka_2024_v1.0_intern"
AUTHOR, FIRST, SECOND = "Anna Andersson", "Åsa Ek", "Bo Alm"
DAY = date(2026, 11, 20)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
RELEASE = {"id": "r1", "cells_sha256": "c" * 64, "audit": {"passed": True, "cells": 1, "narrowest_extra": 4}, "policy_version": 2}


def write_tiny(root: Path, text: bytes = b"<p>Botkyrka</p>", **meta: object) -> BundlePaths:
    """A bundle of three files in `<root>/reports/2024/`, prepared by `AUTHOR` in a release that was audited."""
    scope = Scope("0127", "Botkyrka", 2024, "intern")
    bundle = RenderedBundle(
        scope=scope, folder=FOLDER, version="1.0", released=date(2026, 3, 12), synthetic=True,
        files={"1_rapport/rapport.html": text, "4_tabeller/t.csv": b"a;b\n1;2\n" * 9, "LAS_MIG.html": b"<p>hej</p>"},
        summary=BundleSummary("0127", "Botkyrka", FOLDER, {}, {}, {}, "whole"),
    )  # fmt: skip
    told = replace(sample_bundle_meta(), **({"prepared_by": AUTHOR, "release": RELEASE} | meta))
    return write_bundle(bundle, Paths(root).reports, told)


def tiny(root: Path, **meta: object) -> Bundle:
    """The tiny bundle, written and read back."""
    return read_bundle(write_tiny(root, **meta).folder)


def decision(manifest: bytes, name: str, beslut: str = APPROVED, **fields: object) -> Approval:
    """Somebody's decision about a manifest."""
    given = {
        "paket": FOLDER, "manifest_sha256": hashlib.sha256(manifest).hexdigest(), "beslut": beslut, "namn": name,
        "roll": "enhetschef", "skal": "granskat hela rapporten", "datum": DAY,
    }  # fmt: skip
    return Approval.model_validate(given | fields)


def both(bundle: Bundle, names: Sequence[str] = (FIRST, SECOND)) -> list[Approval]:
    """Approvals of a bundle by the named."""
    return [decision(bundle.manifest_bytes, name) for name in names]


def sealed(bundle: Bundle, approvals: Sequence[Approval] | None = None) -> bytes:
    """The sealed archive of a bundle."""
    return sealed_archive(bundle, both(bundle) if approvals is None else approvals, KEY)


def approval_text(bundle: Bundle, name: str, **fields: str) -> str:
    """An approval file as somebody fills it in."""
    rows = {
        "paket": FOLDER, "manifest_sha256": bundle.manifest.sha256, "beslut": APPROVED, "namn": name, "roll": "chef",
        "skal": "granskat", "datum": DAY.isoformat(),
    }  # fmt: skip
    return "".join(f"{key}: {value}\n" for key, value in (rows | fields).items())
