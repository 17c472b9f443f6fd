"""`did gallra`: takes deliveries away everywhere, proves it, and writes the record of it.

The order makes it safe to be interrupted: what is to go is written down first (`gallring/pagaende.json`), everything after that
can be done twice, and the next call of any kind finishes what was begun.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from assets.hygiene import purged
from assets.hygiene.archive import plain_name
from assets.hygiene.deliveries import Delivery, all_deliveries, shared_names
from assets.hygiene.encryption import decrypt_file, is_encrypted
from assets.hygiene.keys import configured_key
from assets.hygiene.traces import REDACTED, Traces, files_below, holds, holds_inside, is_kept, redact, traces
from assets.intake.receive import file_hash
from assets.ledger import snapshots
from assets.methods.errors import PipelineError
from assets.whole_files import HALF, put_text
from pipelines.paths import COPIES, Paths
from pipelines.warehouse import LAYERS, TableName, Warehouse

FOLDER, PENDING = "gallring", "pagaende.json"
BY_WAVE = ("harmonised", "validated", "indices")


@dataclass(frozen=True)
class Order:
    """What is to be taken away, by whom and when (as told), and since when it is being done."""

    deliveries: tuple[Delivery, ...]
    by: str
    begun: str

    @property
    def hashes(self) -> list[str]:
        """Of the files."""
        return [one.sha256 for one in self.deliveries]


@dataclass(frozen=True)
class Record:
    """What was done: rows by table, files, and what a search of everything afterwards found."""

    order: Order
    rows: dict[str, int]
    files_removed: int
    log_files_changed: int
    files_searched: int
    bytes_searched: int
    found_in: tuple[str, ...]
    not_searched: tuple[str, ...]
    named_in_published: int

    @property
    def proven(self) -> bool:
        """Whether everything could be searched and nothing was found."""
        return not self.found_in and not self.not_searched


def pending(paths: Paths) -> Order | None:
    """The order that was interrupted, if any.

    Raises:
        PipelineError: `bad_order` when it can't be read.
    """
    path = paths.root / FOLDER / PENDING
    if not path.exists():
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        items = [{k: tuple(v) if isinstance(v, list) else v for k, v in one.items()} for one in held["deliveries"]]
        return Order(tuple(Delivery(**one) for one in items), held["by"], held["begun"])
    except (ValueError, KeyError, TypeError):
        hint = "Ta bort filen och kör did gallra igen för samma leverans."
        raise PipelineError("bad_order", str(path), "en påbörjad gallring", "något annat", hint) from None


def order(deliveries: Sequence[Delivery], by: str) -> Order:
    """An order of now."""
    return Order(tuple(deliveries), by, datetime.now(UTC).isoformat(timespec="seconds"))


def carry_out(paths: Paths, home: Path, wanted: Order, say: Callable[[str], object] = lambda _: None) -> Record:
    """Do it.

    Args:
        paths: of the profile. home: the whole data folder, where everything is searched afterwards.

    Raises:
        PipelineError: `dagster_busy`, `warehouse_busy`; nothing is lost: the same call again goes on.
    """
    note = paths.root / FOLDER / PENDING
    put_text(note, json.dumps(asdict(wanted), ensure_ascii=False))
    purged.remember(paths.root, wanted.hashes)
    doomed = set(wanted.hashes)
    shared = shared_names(all_deliveries(paths), doomed)
    say("Tar bort rader ur databasen")
    rows = _remove_rows(paths, wanted.deliveries)
    look = _with_pieces(paths, home, wanted, shared)
    _clean_ledger(paths, look)
    say("Tar bort filer")
    removed = _remove_files(home, doomed, look)
    say("Rensar Dagsters logg")
    changed = redact(home / "dagster", look.words)
    say("Söker igenom allt")
    record = _search(paths, home, wanted, look, (rows, removed, changed))
    _write(paths, record)
    if not record.found_in:  # what can't be searched can't be purged by the same call again either: the record tells it
        note.unlink()
    return record


def _remove_rows(paths: Paths, deliveries: Sequence[Delivery]) -> dict[str, int]:
    """Rows of the deliveries, and of everything computed from their waves."""
    warehouse = Warehouse(paths.warehouse)
    if not paths.warehouse.exists():
        return {}
    hashes, ids = [d.sha256 for d in deliveries], [d.delivery_id for d in deliveries]
    forms, waves = [f for d in deliveries for f in d.form_ids], sorted({w for d in deliveries for w in d.waves})
    by_column = {"source_sha256": hashes, "sha256": hashes, "delivery_id": ids, "form_id": forms}
    rows: list[tuple[TableName, str, Sequence[object]]] = []
    for layer in LAYERS:
        for name in warehouse.tables(layer):
            columns = warehouse.columns(name)
            own = next((column for column in by_column if column in columns), None)
            if "replaced_by" in columns and waves:  # the rows of other deliveries may name the one that replaced them
                rows.append((name, "wave", waves))
            if own and by_column[own]:
                rows.append((name, f'"{own}"', by_column[own]))
            elif own is None and "respondent_key" in columns:
                rows.append((name, "split_part(respondent_key, '-', 1)", ids))
            elif own is None and layer in BY_WAVE and "wave" in columns and waves:
                rows.append((name, "wave", waves))
    gone = warehouse.remove(rows)
    return {name: count for name, count in gone.items() if count}


def _clean_ledger(paths: Paths, look: Traces) -> None:
    """Take the words out of the ledger's sentences, and write the file anew, so that nothing of what was deleted is in it.

    Numbers that earlier runs released are forgotten too: beside those of the next run they would tell what the delivery held.
    """
    snapshots.forget_all(paths)
    if paths.warehouse.exists():
        warehouse = Warehouse(paths.warehouse)
        warehouse.redact("ledger", look.words, REDACTED)
        warehouse.rewrite()


def _with_pieces(paths: Paths, home: Path, wanted: Order, shared: set[str]) -> Traces:
    """What to look for, with pieces of the content from the copies that are left; an encrypted one needs its key."""
    copies, opened = [], []
    for digest in wanted.hashes:
        held = [
            p for p in (paths.archive / digest).glob("*") if p.is_file() and not p.name.endswith((HALF, ".del", ".kodbok.yml"))
        ]
        for path in held:
            if not is_encrypted(path):
                copies.append(path)
            elif key := configured_key():
                target = paths.root / FOLDER / f".{digest[:12]}-{plain_name(path)}{HALF}"
                decrypt_file(path, target, key)
                opened.append(target)
    try:
        return traces(wanted.deliveries, shared, [*copies, *opened])
    finally:
        for path in opened:
            path.unlink()


def _remove_files(home: Path, doomed: set[str], look: Traces) -> int:
    """Copies of the files under any name, their archive folders, and pages, sentences and caches that tell about them."""
    words = [word.encode() for word in look.words]
    count = 0
    for path in files_below(home):
        area = _area(path, home)
        if is_kept(path, home) or area in ("dagster", "warehouse.duckdb", "warehouse.duckdb.wal") or not path.exists():
            continue
        if area == COPIES and path.suffix == ".duckdb":  # the warehouse as it was before a migration
            count += _unlink(path)
        elif path.parent.name in doomed or (area not in ("kvalitet",) and _is_copy(path, doomed)):
            count += _unlink(path) + sum(_unlink(one) for one in _beside(path))
        elif area in ("kvalitet", "cache", "inbox") and holds(path, words):
            count += _unlink(path)
    for digest in doomed:
        for folder in home.rglob(f"arkiv/{digest}"):
            folder.rmdir()
    return count


def _area(path: Path, home: Path) -> str:
    parts = path.relative_to(home).parts
    return parts[2 if parts[0] == "profiler" and len(parts) > 2 else 0]


def _is_copy(path: Path, doomed: set[str]) -> bool:
    return file_hash(path) in doomed


def _beside(path: Path) -> list[Path]:
    """The sentence and the sidecar that lie beside a file."""
    return [p for p in (path.with_name(path.name + ".txt"), path.with_name(path.name + ".kodbok.yml")) if p.is_file()]


def _unlink(path: Path) -> int:
    path.unlink()
    return 1


def _search(paths: Paths, home: Path, wanted: Order, look: Traces, done: tuple[dict[str, int], int, int]) -> Record:
    """Look for every trace in every file, and in every text column of the warehouse."""
    files = [path for path in files_below(home) if path.name != PENDING]
    published = [path for path in files if is_kept(path, home)]
    inside = {path: holds_inside(path, look.needles) for path in files if not is_kept(path, home) and _area(path, home) != COPIES}
    closed = [path.relative_to(home).as_posix() for path, held in inside.items() if held is None]
    found = [path for path, held in inside.items() if held and not _of_another(path, paths, look)]
    # what is packed or encrypted can't be searched, and a backup from before holds what was taken away
    found += [path for path in files if _area(path, home) == COPIES]
    found += [path for path in published if look.pieces and holds(path, look.pieces)]
    places = [path.relative_to(home).as_posix() for path in found]
    places += [f"tabellen {name}" for name in Warehouse(paths.warehouse).mentions(look.words)] if paths.warehouse.exists() else []
    words = [word.encode() for word in look.words]
    named = sum(holds(path, words) for path in published if _area(path, home) not in (FOLDER, purged.FILE))
    size = sum(path.stat().st_size for path in files)
    return Record(wanted, *done, len(files), size, tuple(places), tuple(closed), named)


def _of_another(path: Path, paths: Paths, look: Traces) -> bool:
    """Whether a file is another delivery that shares pieces of its content, as a corrected one does, but none of the words."""
    if holds(path, [word.encode() for word in look.words]):
        return False
    kept = {one.sha256 for one in all_deliveries(paths)}
    return path.parent.name in kept or file_hash(path) in kept


def _write(paths: Paths, record: Record) -> None:
    """The record as JSON and as text, named by day and hash; hashes and counts, no file names and no answers."""
    told = {
        "gallrat": [
            {"sha256": d.sha256, "mattillfallen": list(d.waves), "kommuner": list(d.municipalities), "rader": d.rows}
            for d in record.order.deliveries
        ],
        "av": record.order.by,
        "paborjat": record.order.begun,
        "klart": datetime.now(UTC).isoformat(timespec="seconds"),
        "rader_per_tabell": record.rows,
        "filer_borttagna": record.files_removed,
        "loggfiler_rensade": record.log_files_changed,
        "filer_genomsokta": record.files_searched,
        "byte_genomsokta": record.bytes_searched,
        "hittat_i": list(record.found_in),
        "kunde_inte_sokas_i": list(record.not_searched),
        "namns_i_publicerade_filer": record.named_in_published,
    }
    stem = f"{record.order.begun[:10]}-{record.order.hashes[0][:12]}"
    folder = paths.root / FOLDER
    put_text(folder / f"{stem}.json", json.dumps(told, ensure_ascii=False, indent=1))
    put_text(folder / f"{stem}.txt", "\n".join(lines(record)) + "\n")


def lines(record: Record) -> list[str]:
    """The record in Swedish."""
    told = [f"Gallringsprotokoll, påbörjat {record.order.begun} av {record.order.by or 'okänd'}."]
    for one in record.order.deliveries:
        waves = ", ".join(map(str, one.waves)) or "inget mättillfälle"
        told.append(f"  {one.sha256}: {waves}, {_number(one.rows)} rader.")
    rows = ", ".join(f"{name} {_number(count)}" for name, count in sorted(record.rows.items())) or "inga"
    told.append(f"Rader som togs bort ur databasen: {rows}. Databasfilen skrevs om, så att de inte finns kvar i den.")
    told.append(
        f"Filer som togs bort: {_number(record.files_removed)}. Filer i Dagsters logg som rensades: {record.log_files_changed}."
    )
    megabytes = _number(round(record.bytes_searched / 1e6))
    told.append(
        f"Efteråt söktes {_number(record.files_searched)} filer ({megabytes} MB) igenom efter hash, id, namn och innehåll."
    )
    if record.found_in:
        told.append(f"Spår finns kvar i: {', '.join(record.found_in)}. Åtgärda det och kör did gallra igen.")
    else:
        where = " i de filer som gick att genomsöka" if record.not_searched else ""
        told.append(f"Inget spår av leveransen hittades{where}.")
    if record.not_searched:
        told.append(
            f"Kunde inte genomsökas (skadade, låsta eller för stora): {', '.join(record.not_searched)}. "
            "Öppna dem själv, ta bort dem som hör till leveransen och kör did gallra igen."
        )
    told.append(
        "Publicerade rapportpaket och utgivningsregistret är kvar: de har celler, inga svar från enskilda. "
        f"{_number(record.named_in_published)} av deras filer nämner leveransens hash eller namn. "
        "Deras zip-filer öppnades inte. Säkerhetskopior utanför datamappen berörs inte."
    )
    return told


def _number(count: int) -> str:
    return f"{count:,}".replace(",", "\u00a0")
