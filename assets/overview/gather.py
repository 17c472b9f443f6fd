"""Read what the overview is made of: tables in one short visit to the warehouse, and the folders. Nothing is written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from assets.catalogue.load import Catalogue
from assets.intake.names import shown_name
from assets.intake.receive import inbox_files
from assets.intake.sidecar import is_sidecar
from assets.methods.errors import PipelineError
from assets.overview.sent_out import sent_out
from assets.overview.types import STEPS, BundleFact, Facts, WaitingFile
from assets.overview.waiting import still_waiting
from assets.release_register.store import read_register
from assets.sealing import store
from assets.sealing.approvals import standing
from pipelines.paths import Paths
from pipelines.warehouse import Warehouse

if TYPE_CHECKING:
    import duckdb

REACH = {"validated": 3, "indices": 4, "release": 5, "reports": 8}
"""How many of `STEPS` a profile has whose chain goes this far."""
KIT = "_workshop"
TABLES = {
    "deliveries": ("select delivery_id, wave, source_file, source_sha256, municipality_code from raw.survey_deliveries"),
    "rejected": "select * from raw.rejected_files",
    "verdicts": (
        "select delivery_id, wave, municipality_code, source_file, promoted, critical_broken, status from validated.deliveries"
    ),
    "outcomes": (
        "select delivery_id, wave, table_name, rule, severity, status, columns_broken from validated.rule_outcomes "
        "where status = 'broken' or (status = 'not_evaluated' and severity = 'critical')"
    ),
    "indices": "select distinct area_code, wave from indices.area_counts",
    "indicators": "select distinct area_code, wave from indices.indicator_counts",
    "provenance": "select area_code, wave, source_sha256 from release.provenance",
    "results": "select distinct area_code, wave from release.indicator_results",
    "audit": "select release_id from release.audit_outcome",
    "forms": "select municipality_code, count(*)::bigint as forms from raw.form_files group by municipality_code",
    "form_files": "select source_file, source_sha256 from raw.form_files",
}


def read_tables(warehouse: Warehouse) -> dict[str, pl.DataFrame]:
    """The tables in one visit; an unwritten table is an empty frame.

    The file is opened to be read only, and let go at once: a run that wants to write would otherwise be turned away.

    Raises:
        PipelineError: `warehouse_busy`, `warehouse_unreadable`.
    """
    if not warehouse.path.exists():
        return dict.fromkeys(TABLES, pl.DataFrame())
    with warehouse.connect(read_only=True) as con:
        rows = con.sql("select schema_name || '.' || table_name from duckdb_tables() where database_name = current_catalog()")
        have = {name for (name,) in rows.fetchall()}
        return {name: _frame(con, query, have) for name, query in TABLES.items()}


def _frame(con: duckdb.DuckDBPyConnection, query: str, have: set[str]) -> pl.DataFrame:
    table = query.split(" from ")[1].split(" ", maxsplit=1)[0]
    return con.sql(query).pl() if table in have else pl.DataFrame()


def gather(paths: Paths, catalogue: Catalogue) -> Facts:
    """Everything as it lies now.

    Raises:
        PipelineError: as `read_tables`; the release register isn't whole.
    """
    tables = read_tables(Warehouse(paths.warehouse))
    provenance = tables["provenance"]
    behind: dict[tuple[str, int], set[str]] = {}
    if provenance.height:
        for area, wave, sha in provenance.iter_rows():
            behind.setdefault((area, wave), set()).add(sha)
    deliveries, verdicts = tables["deliveries"], tables["verdicts"]
    if not provenance.width and tables["results"].height:
        # a survey without that table: what is in the release is all that counts
        behind = _behind(set(tables["results"].iter_rows()), deliveries, verdicts)
    indexed = {place for name in ("indices", "indicators") for place in tables[name].iter_rows()}
    forms = tables["forms"]
    entries = read_register(paths.root).entries
    return Facts(
        deliveries=deliveries,
        verdicts=verdicts,
        outcomes=tables["outcomes"],
        indexed=frozenset(indexed),
        behind={place: frozenset(found) for place, found in behind.items()},
        release_id=tables["audit"]["release_id"][0] if tables["audit"].height else "",
        audited=catalogue.profile.reach == "reports",
        bundles=tuple(bundle_facts(paths, {entry.new.manifest_sha256 for entry in entries})),
        files=tuple(_files(paths, catalogue, tables)),
        forms={code: count for code, count in forms.iter_rows() if code} if forms.height else {},
        entries=entries,
        steps=STEPS[: REACH.get(catalogue.profile.reach, len(STEPS))],
    )


def _behind(places: set[tuple[str, int]], deliveries: pl.DataFrame, verdicts: pl.DataFrame) -> dict[tuple[str, int], set[str]]:
    sha = dict(deliveries.select("delivery_id", "source_sha256").iter_rows()) if deliveries.height else {}
    found: dict[tuple[str, int], set[str]] = {}
    rows = verdicts.filter("promoted").select("municipality_code", "wave", "delivery_id").iter_rows() if verdicts.height else ()
    for code, wave, delivery in rows:
        if (code, wave) in places:
            found.setdefault((code, wave), set()).add(sha.get(delivery, ""))
    return found


def bundle_facts(paths: Paths, registered: Collection[str]) -> Iterable[BundleFact]:
    """Municipalities' bundles by wave and name, from their certificates, and what has been sent out of them.

    Whether a file beside the certificate has been changed is not looked at here: that reads every byte, and publishing does it.
    Of what is out every byte is read: the seal is what says that it is out. `registered`: manifests in the release register.
    """
    earlier = _decided_before(paths)
    for wave in sorted(int(p.name) for p in paths.reports.glob("[0-9][0-9][0-9][0-9]") if p.is_dir()):
        for folder in store.bundle_folders(paths, wave):
            if not folder.name.endswith(KIT):
                yield _bundle(paths, folder, wave, earlier.get(folder.name, frozenset()), registered)


def _decided_before(paths: Paths) -> dict[str, frozenset[str]]:
    """Bundle -> the sums of the certificates that somebody has decided about; a damaged decision tells nothing here."""
    found: dict[str, set[str]] = {}
    for path in paths.approvals.glob("*/01.json"):
        try:
            name = json.loads(path.read_bytes())[0]["paket"]
        except (OSError, ValueError, TypeError, LookupError):
            continue
        found.setdefault(str(name), set()).add(path.parent.name)
    return {name: frozenset(sums) for name, sums in found.items()}


def _bundle(paths: Paths, folder: Path, wave: int, decided_before: frozenset[str], registered: Collection[str]) -> BundleFact:
    code, edition = folder.name.split("_")[0], folder.name.rsplit("_", 1)[-1]
    try:
        manifest = next(iter(sorted(folder.glob("*_intyg/manifest.json")))).read_bytes()
        told = json.loads(manifest)
        release = told["release"]
        sha = hashlib.sha256(manifest).hexdigest()
        earlier = bool(decided_before - {sha})
        decided = standing(manifest, str(told.get("prepared_by", "")), store.kept_approvals(paths, sha), earlier=earlier)
    except (OSError, ValueError, TypeError, KeyError, PipelineError):
        return BundleFact(code, wave, edition, folder.name, state="unreadable")
    out = sent_out(paths.published / str(wave) / f"{folder.name}.zip", sha, registered)
    return BundleFact(
        code, wave, edition, folder.name, str(release.get("id", "")), len(decided.approvals), decided.state.name, out
    )


def _files(paths: Paths, catalogue: Catalogue, tables: Mapping[str, pl.DataFrame]) -> Iterable[WaitingFile]:
    """Files that were set aside and still lie there, then those of the inbox that nobody has read."""
    deliveries, verdicts = tables["deliveries"], tables["verdicts"]
    known = [frame.select("source_file", "source_sha256") for frame in (deliveries, tables["form_files"]) if frame.height]
    for one in still_waiting(paths.rejected, tables["rejected"], pl.concat(known) if known else pl.DataFrame()):
        yield WaitingFile(one.name, one.sentence, one.stored, *places_of(one.name, catalogue, deliveries, verdicts))
    names = set(deliveries["source_file"]) if deliveries.height else set()
    for path in inbox_files(paths.surveys):
        if path.name not in names and not is_sidecar(path):
            name = shown_name(path.name)
            yield WaitingFile(name, "", "", *places_of(name, catalogue, deliveries, verdicts))


def places_of(
    name: str, catalogue: Catalogue, deliveries: pl.DataFrame, verdicts: pl.DataFrame
) -> tuple[tuple[tuple[str, int], ...], str]:
    """(municipality, wave) that a file that isn't read is about, and how that is known.

    A file of the same name that has been read before tells best; else the municipality's name and a year in the file's name.
    """
    if deliveries.height and verdicts.height:
        same = deliveries.filter(pl.col("source_file") == name).select("delivery_id", "wave")
        rows = verdicts.join(same, on=["delivery_id", "wave"], how="semi").filter(pl.col("municipality_code").is_not_null())
        found = sorted(set(rows.select("municipality_code", "wave").iter_rows()))
        if found:
            return tuple(found), "same_name"
    said = f" {_plain(name)} "
    codes = [one.municipality_code for one in catalogue.municipalities if f" {_plain(one.name)} " in said]
    waves = [wave for wave in catalogue.calendar.survey_waves if f" {wave} " in said]
    guessed = [(code, wave) for code in codes for wave in waves]
    return (tuple(sorted(guessed)), "file_name") if guessed else ((), "")


def _plain(text: str) -> str:
    """Words in lower case with one space between: a name can be told in the middle of others."""
    return " ".join("".join(c if c.isalnum() else " " for c in text.lower()).split())
