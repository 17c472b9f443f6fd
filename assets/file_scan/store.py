"""Reads a bundle's files from the disk and gathers what a scan must know. The one module here that touches files."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import polars as pl
import yaml

from assets.bundle.number_ids import number_ids
from assets.bundle.types import ReportMeta
from assets.catalogue.load import ROOT, Catalogue
from assets.catalogue.personal_data import load_name_words
from assets.catalogue.scan_models import ScanRules, load_scan_rules
from assets.charts.findings import lookup
from assets.charts.types import COUNTY_CODE, COUNTY_NAME, ReleaseFrames, Scope
from assets.file_scan.context import ScanContext
from assets.file_scan.scan import ScanReport, scan
from assets.file_scan.tokens import phrase_of, tokens
from assets.methods.disclosure_policy import load_policy
from assets.methods.errors import PipelineError
from assets.methods.score_scale import policy_for

COMMON_NAMES = frozenset(
    {"root", "admin", "administrator", "user", "users", "guest", "default", "public", "localhost", "home", "ubuntu", "debian"}
)
"""Names of users and computers that are ordinary words and say nothing of anybody."""


def scan_bundle_folder(
    folder: Path,
    archive: Path | None,
    frames: ReleaseFrames,
    scope: Scope,
    meta: ReportMeta,
    catalogue: Catalogue,
    users: Iterable[str] = (),
) -> ScanReport:
    """Scan a bundle as it lies on the disk.

    Args:
        folder: the bundle's folder. archive: its zip, or None.
        frames: the rows that the bundle may show (`assets.bundle.frames.select_frames`), as it was made from.
        users: more names that may not stand in any file than those of the computer and of who runs this.

    Raises:
        PipelineError: `no_bundle`, the folder or the archive isn't there.
    """
    for path in (folder, *([archive] if archive else [])):
        if not path.exists():
            raise PipelineError(
                code="no_bundle",
                where=f"genomsökningen av {folder.name}",
                expected="ett färdigt rapportpaket",
                got=f"inget som heter {path.name}",
                hint="Skapa paketet igen och kör genomsökningen därefter.",
            )
    context = replace(bundle_context(scope, meta, catalogue), users=(*local_names(), *users))
    return scan(
        folder_files(folder),
        archive.read_bytes() if archive else None,
        released_tables(frames),
        context,
        number_ids(frames, meta),
    )


def folder_files(folder: Path) -> dict[str, bytes]:
    """Path below the folder -> content, links not followed out of it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def released_tables(frames: ReleaseFrames) -> dict[str, pl.DataFrame]:
    """The release tables that a bundle is made from, by name; `previous_tables` is no release table."""
    return {name: frame for name, frame in vars(frames).items() if frame.width and frame.height and name != "previous_tables"}


def bundle_context(scope: Scope, meta: ReportMeta, catalogue: Catalogue) -> ScanContext:
    """Rules, words and names for one bundle, with the publication's own address and without the computer's own names."""
    rules, described = load_scan_rules(), catalogue.publication.open_data
    addresses = (*rules.addresses, *((described.contact_email,) if described else ()))
    numbers = {rule["id"]: rule["value"] for rule in catalogue.disclosure["rules"]}
    return ScanContext(
        rules=rules.model_copy(update={"addresses": addresses}),
        area_code=scope.area_code,
        wave=scope.wave,
        edition=scope.edition,
        other_editions=tuple(sorted(set(catalogue.disclosure["editions"]) - {scope.edition})),
        areas={name: code for code, name in meta.area_names.items()} | {COUNTY_NAME: COUNTY_CODE, "länet": COUNTY_CODE},
        keys=_keys(meta),
        questions=frozenset(item for book in catalogue.codebooks for item in book.items),
        floor=numbers["group_floor"],
        phrases=catalogue_phrases(rules) | set(rules.fixed_phrases),
        limits=_limits(scope.edition, meta, catalogue),
        names=load_name_words(),
    )


def _limits(edition: str, meta: ReportMeta, catalogue: Catalogue) -> frozenset[float]:
    """The floors of the edition's rules, and how many answers are a good basis."""
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    floors = {value for name, value in asdict(policy.numbers(edition)).items() if "_floor" in name}
    return frozenset(map(float, {*floors, *lookup(meta.charts.texts, "kvalitetsremsa.limits.answers").values()}))


def _keys(meta: ReportMeta) -> Mapping[str, str]:
    """Label -> code; a label that stands for two things is left out."""
    pairs = [(index.label_sv, key) for key, index in meta.charts.indices.items()]
    pairs += [(title, key) for key, title in meta.series_titles.items()]
    pairs += [(i.title_sv, i.indicator_key) for group in meta.registers for i in group.indicators]
    pairs += [(i.title_sv, i.indicator_key) for i in meta.more_registers]
    codes: dict[str, set[str]] = {}
    for label, code in pairs:
        codes.setdefault(label.lower(), set()).add(code)
    return {label: next(iter(found)) for label, found in sorted(codes.items()) if len(found) == 1}


def local_names() -> tuple[str, ...]:
    """Names of who runs this and of the computer, if they are more than ordinary words."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):
        user = ""
    host = socket.gethostname()
    return tuple(sorted({name for name in (user, host, host.partition(".")[0]) if name and name.lower() not in COMMON_NAMES}))


def catalogue_phrases(rules: ScanRules) -> frozenset[str]:
    """Numbers with their words in the catalogue's own texts: limits, scales and examples, which are no results."""
    return _phrases(rules.count_words, rules.count_labels)


@lru_cache(maxsize=2)
def _phrases(words: tuple[str, ...], labels: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    for path in sorted(ROOT.rglob("*.yml")):
        for text in _texts(yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))):
            found |= {phrase_of(token) for token in tokens(text, words, labels)}
    return frozenset(found)


def _texts(value: object) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in (*value.keys(), *value.values()):
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
