"""What a run has to tell of the data folder when it ends: the files behind it, the definitions, the tables, the bundles."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from assets.catalogue.load import load_catalogue
from assets.intake.names import stored_name
from assets.intake.receive import file_hash
from assets.ledger.types import Bundle, Definition, Input, Output
from pipelines.paths import Paths
from pipelines.provenance import ROOT, package_versions
from pipelines.warehouse import TableName, Warehouse

SURVEY, FORM, REGISTER = "enkät", "formulär", "register"
DEFINITION, CODEBOOK, PACKAGE = "definition", "egen kodbok", "paket"
HASHED = ("release",)
"""Layers whose content has a hash in the ledger: safe to show, so a hash of them tells nothing of anybody."""
_SOURCES = (
    (SURVEY, TableName("raw", "survey_deliveries")),
    (FORM, TableName("raw", "form_files")),
    (REGISTER, TableName("raw", "register_rows")),
)
_DEFINITION_FILES = (("assets/catalogue", ("*.yml", "*.csv")), ("expectations/suites", ("*.yml",)))


def inputs(warehouse: Warehouse) -> list[Input]:
    """The files that the raw tables come from: kind, name and hash."""
    found = []
    for kind, table in _SOURCES:
        rows = warehouse.read(table, columns=["source_file", "source_sha256"])
        if rows.height:
            found += [Input(kind, stored_name(name), digest) for name, digest in rows.unique().sort(rows.columns).iter_rows()]
    return found


def definitions(paths: Paths) -> list[Definition]:
    """Every file that decides what is made of the same data, with its hash, and the packages that do, with their versions."""
    files = [
        path for folder, patterns in _DEFINITION_FILES for pattern in patterns for path in sorted((ROOT / folder).rglob(pattern))
    ]
    own = sorted(paths.codebooks.glob("*.yml"))
    return [
        *(Definition(DEFINITION, path.relative_to(ROOT).as_posix(), file_hash(path)) for path in files),
        *(Definition(CODEBOOK, stored_name(path.name), file_hash(path)) for path in own),
        *(Definition(PACKAGE, name, version) for name, version in sorted(package_versions().items())),
    ]


def outputs(warehouse: Warehouse) -> list[Output]:
    """Every table of the chain per wave: rows, and the content's hash where it is of the release."""
    return [Output(*one) for one in warehouse.contents(HASHED)]


def bundles(paths: Paths) -> list[Bundle]:
    """Every finished bundle under `reports/`, with the hash of its manifest, which has the hashes of all its files."""
    manifests = sorted(paths.reports.glob("*/*/*_intyg/manifest.json"))
    return [Bundle(path.relative_to(paths.reports).parts[1], file_hash(path)) for path in manifests]


def catalogue_hash() -> str:
    """Of the active profile's definitions."""
    return load_catalogue().content_hash


def packages_hash() -> str:
    """Of the versions of the packages that decide a number or a picture."""
    return list_id(sorted(package_versions().items()))


def list_id(rows: Sequence[object]) -> str:
    """What tells whether two lists are the same; runs with equal lists share one."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
