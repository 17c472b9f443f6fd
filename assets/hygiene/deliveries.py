"""Which deliveries `did gallra` is about: found in the raw tables, the archive, the inbox and among what was set aside."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.hygiene.archive import plain_name
from assets.intake.receive import file_hash
from assets.methods.errors import PipelineError
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse

SURVEYS, FORMS = TableName("raw", "survey_deliveries"), TableName("raw", "form_files")
COUNTS = TableName("harmonised", "delivery_counts")
_HASH = re.compile(r"[0-9a-f]{12,64}")


@dataclass(frozen=True)
class Delivery:
    """A file that was received: hash, the names it has had, and what the raw tables have of it.

    Args:
        waves: the survey years of its rows. municipalities: whose they are, as far as it has been harmonised. rows: in raw.
        form_ids: of a form.
    """

    sha256: str
    names: tuple[str, ...]
    waves: tuple[int, ...] = ()
    municipalities: tuple[str, ...] = ()
    rows: int = 0
    form_ids: tuple[str, ...] = ()

    @property
    def delivery_id(self) -> str:
        """Short id, as in the tables."""
        return self.sha256[:12]


def all_deliveries(paths: Paths) -> list[Delivery]:
    """Everything that the data folder has of files that were received, by hash; registers are no microdata and not among them."""
    warehouse = Warehouse(paths.warehouse)
    found: dict[str, Delivery] = {}
    names = _names(paths)
    surveys, counts = warehouse.read(SURVEYS), warehouse.read(COUNTS)
    if surveys.height:
        whose = _municipalities(counts)
        for (digest,), part in surveys.sort("source_sha256", "wave").group_by("source_sha256", maintain_order=True):
            found[digest] = Delivery(
                digest,
                tuple(sorted({*part["source_file"], *names.pop(digest, ())})),
                tuple(sorted({*part["wave"]})),
                whose.get(digest[:12], ()),
                int(part["rows"].sum()),
            )
    forms = warehouse.read(FORMS)
    if forms.height:
        for (digest,), part in forms.sort("source_sha256", "form_id").group_by("source_sha256", maintain_order=True):
            own = tuple(sorted({*part["source_file"], *names.pop(digest, ())}))
            ids, whose = tuple(part["form_id"].to_list()), tuple(sorted({*part["municipality_code"].drop_nulls()}))
            found[digest] = Delivery(digest, own, (), whose, part.height, ids)
    register_rows = warehouse.read(TableName("raw", "register_rows"), columns=["source_sha256"])
    registers = {*register_rows["source_sha256"]} if register_rows.height else set()
    found |= {digest: Delivery(digest, tuple(sorted(own))) for digest, own in names.items() if digest not in registers}
    return sorted(found.values(), key=lambda one: one.sha256)


def _names(paths: Paths) -> dict[str, set[str]]:
    """Hash -> names of the files in the archive, the inbox and among what was set aside."""
    found: dict[str, set[str]] = {}
    for folder in sorted(p for p in paths.archive.glob("*") if _HASH.fullmatch(p.name)):
        found.setdefault(folder.name, set()).update(plain_name(p) for p in folder.iterdir() if p.is_file())
    for place in (paths.surveys, paths.forms, paths.rejected):
        for path in place.glob("*") if place.is_dir() else ():
            if path.is_file() and not path.is_symlink() and not _is_note(path):
                found.setdefault(file_hash(path), set()).add(path.name)
    return found


def _is_note(path: Path) -> bool:
    return path.suffix == ".txt" and path.with_suffix("").exists()


def _municipalities(counts: pl.DataFrame) -> dict[str, tuple[str, ...]]:
    """Delivery -> the municipalities it has answers from, also those for which a later delivery has taken its place."""
    if counts.is_empty():
        return {}
    code_of = {name: code for code, name in load_catalogue().area_names.items()}
    found: dict[str, set[str]] = {}
    for delivery, code in counts.select("delivery_id", "municipality_code").drop_nulls().iter_rows():
        found.setdefault(delivery, set()).add(code)
    if "replaced_places" in counts.columns:
        for delivery, places in counts.select("delivery_id", "replaced_places").drop_nulls().iter_rows():
            found.setdefault(delivery, set()).update(code_of[name] for name in places.split(", ") if name in code_of)
    return {delivery: tuple(sorted(codes)) for delivery, codes in found.items()}


def by_word(deliveries: Sequence[Delivery], word: str) -> list[Delivery]:
    """Those with a file name, a hash or a delivery id.

    Raises:
        PipelineError: `no_such_delivery`.
    """
    low = word.lower()
    found = [one for one in deliveries if word in one.names or (_HASH.fullmatch(low) and one.sha256.startswith(low))]
    if not found:
        hint = "Ange filens namn som det står i inkorgen eller arkivet, dess hash eller leveransens id (minst tolv tecken)."
        raise PipelineError("no_such_delivery", "Datamappen", "en leverans med det namnet eller den hashen", "ingen", hint)
    return found


def by_place(deliveries: Sequence[Delivery], municipality: str, wave: int) -> list[Delivery]:
    """Those with a municipality's answers of a wave, also replaced ones.

    Raises:
        PipelineError: `no_such_delivery`; `wider_delivery` when a file has more than that, which would go too.
    """
    found = [one for one in deliveries if municipality in one.municipalities and wave in one.waves]
    if not found:
        hint = "Se vilka leveranser som finns på kvalitetssidan i kvalitet/index.html."
        raise PipelineError("no_such_delivery", "Datamappen", f"en leverans från {municipality}, {wave}", "ingen", hint)
    wider = [one for one in found if len(one.waves) > 1 or len(one.municipalities) > 1]
    if wider:
        raise PipelineError(
            "wider_delivery",
            ", ".join(name for one in wider for name in one.names),
            f"bara svar från {municipality}, {wave}",
            "också andra mättillfällen eller kommuner",
            "Ange filens namn för att ta bort hela filen, och lägg sedan en fil med resten i inkorgen.",
        )
    return found


def older_than(deliveries: Sequence[Delivery], years: int, this_year: int) -> tuple[list[Delivery], list[Delivery]]:
    """Those whose waves all are more than so many years ago, and those that have both old and newer waves (they stay)."""
    last = this_year - years
    old = [one for one in deliveries if one.waves and max(one.waves) < last]
    mixed = [one for one in deliveries if one.waves and min(one.waves) < last <= max(one.waves)]
    return old, mixed


def shared_names(deliveries: Sequence[Delivery], doomed: Collection[str]) -> set[str]:
    """Names that also a delivery has that stays: a corrected file often comes under the same name."""
    return {name for one in deliveries if one.sha256 not in doomed for name in one.names}
