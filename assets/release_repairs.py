"""Release layer: repairs. Which cells an audit has had hidden, for which data and rules; how they are worked out and applied.

A repair belongs to what the wave's release was made of (answers, definitions, code). When that changes it is void, and the audit
says anew what is needed. The release register only grows, so a repair that was needed beside it still is (docs/adr/0051).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from assets.audit import AuditReport, AuditRules, EarlierRelease
from assets.audited_tables import AUDITED
from assets.catalogue.load import Catalogue
from assets.intake.receive import file_hash
from assets.methods.bands import FOCUS_BAND
from assets.methods.errors import PipelineError, count_sv
from assets.methods.indicator_links import families, links
from assets.release_audited import OUTCOMES
from assets.release_register.store import register_head
from assets.suppression.hidden_rows import CELL, HELD_BACK, KEY_OF, hide_cells, hold_back, shown_still
from assets.suppression.repair_plan import Setting, Tables, repairs
from pipelines.provenance import code_version
from pipelines.warehouse import TableName, Warehouse

REPAIRS = TableName("release", "repairs")
MADE_OF = (TableName("validated", "survey_responses"), TableName("indices", "area_counts"))
"""What a wave's release is made of; both are settled before any of its tables."""
SCHEMA = CELL | {"basis": pl.String, "register": pl.String}
SLICE = ["wave", "grade"]
WHAT_TO_DO = (
    "Inga rapporter skrivs och inget lämnas ut. I ett län där få kommuner har lämnat går det dolda lättare att räkna ut: lägg in "
    "fler kommuners leveranser och kör igen. Annars höjer den som ansvarar för gränserna dem i disclosure.yml."
)
"""What a steward can do about a release that isn't safe: most often wait, as limits are somebody else's decision."""
AttackAll = Callable[[Tables, Sequence[EarlierRelease]], AuditReport]


def current_repairs(warehouse: Warehouse, catalogue: Catalogue, waves: Sequence[int] | None = None) -> pl.DataFrame:
    """Rows of `release.repairs` of the waves (all when none are given) that were made for what the warehouse holds now."""
    where = None if waves is None else {"wave": list(waves)}
    held = warehouse.read(REPAIRS, where)
    if not held.height:
        return pl.DataFrame(schema=SCHEMA)
    now = _bases(warehouse, catalogue, held["wave"].unique().to_list())
    return held.filter(pl.col("basis") == pl.col("wave").replace_strict(now, return_dtype=pl.String))


def repaired(
    table: str, rows: pl.DataFrame, log: pl.DataFrame, cells: pl.DataFrame, catalogue: Catalogue
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a release table and its log, with the repair's cells hidden by the rule `repair`.

    Args:
        cells: from `current_repairs`.
    """
    if not cells.height:
        return rows, log
    about = "index_key" if "index_key" in rows.columns else KEY_OF[table]  # before a table gets its own name for it
    hidden, more = hide_cells(table, rows, cells.select(list(CELL)), focus_bands(catalogue), about)
    return hidden, pl.concat([log, more.select(log.columns)])


def held_back_parts(table: str, parts: Mapping[str, pl.DataFrame], cells: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The editions' rows of a table beside the attacked ones, with nothing shown where a repair holds it back.

    Args:
        cells: from `current_repairs`.
    """
    return {edition: hold_back(table, rows, cells.select(list(CELL))) for edition, rows in parts.items()}


def waiting(warehouse: Warehouse, catalogue: Catalogue) -> int:
    """How many shown rows a repair hides when the release is made anew; none when there is nothing to do, or it has passed."""
    cells = current_repairs(warehouse, catalogue)
    if not cells.height or audit_passed(warehouse):
        return 0
    where = {"wave": cells["wave"].unique().to_list()}
    tables = {name: warehouse.read(TableName("release", name), where) for name in cells["table_name"].unique().sort()}
    return shown_still(tables, cells.select(list(CELL)), focus_bands(catalogue))


def repairs_after(
    warehouse: Warehouse,
    catalogue: Catalogue,
    rules: AuditRules,
    report: AuditReport,
    published: Tables,
    earlier: Sequence[EarlierRelease],
    attack: AttackAll,
) -> pl.DataFrame | None:
    """`release.repairs` as it is to be after an audit that has not passed; None when a repair is of no use.

    A wave that has been repaired for the same data, rules and register, and is narrow all the same, is not repaired again.
    """
    bad = report.cells.filter(pl.col("verdict") != "wide")
    waves = bad["wave"].unique().sort().to_list()
    own = current_repairs(warehouse, catalogue, waves)
    register = _register(warehouse)
    slices = bad.select(SLICE).unique()
    tables = {name: _slices(published[name], slices) for name in (*AUDITED, *HELD_BACK) if name in published}
    if own.filter(pl.col("register") == register).height:  # stored, and the release may not have been made anew since
        return held_repairs(warehouse) if shown_still(tables, own.select(list(CELL)), focus_bands(catalogue)) else None
    before = [_sliced(one, slices) for one in earlier]

    def found_out(mended: Tables) -> pl.DataFrame:
        return attack(mended, before).cells.filter(pl.col("verdict") != "wide")

    found = repairs(bad, tables, _setting(catalogue, rules), found_out)
    if not shown_still(tables, found, focus_bands(catalogue)):  # what is narrow is told by a table that has no rows to hide
        return None
    bases = _bases(warehouse, catalogue, waves)
    made = pl.concat([own.select(list(CELL)), found]).unique().with_columns(
        basis=pl.col("wave").replace_strict(bases, return_dtype=pl.String), register=pl.lit(register)
    )  # fmt: skip
    others = held_repairs(warehouse).filter(~pl.col("wave").is_in(waves))
    return pl.concat([others, made.select(list(SCHEMA))]).sort(list(CELL))


def held_repairs(warehouse: Warehouse) -> pl.DataFrame:
    """`release.repairs` as it lies in the warehouse; empty before the first audit."""
    held = warehouse.read(REPAIRS)
    return held.select(list(SCHEMA)) if held.width else pl.DataFrame(schema=SCHEMA)


def forget_void(warehouse: Warehouse, catalogue: Catalogue, waves: Sequence[int]) -> None:
    """Drop the waves' repairs that were made for other data, definitions or code than there are now."""
    held, current = held_repairs(warehouse), current_repairs(warehouse, catalogue, waves)
    if held.filter(pl.col("wave").is_in(list(waves))).height > current.height:
        warehouse.replace(REPAIRS, current.select(list(SCHEMA)), {"wave": list(waves)})


def told(repairs: pl.DataFrame, *, narrow: int = 0, waits: bool = False) -> str:
    """What a repair hides, in a sentence: how much and of which waves, never where.

    Args:
        repairs: `release.repairs`. narrow: how many hidden cells an audit has just found too narrow; 0 when it has passed.
        waits: whether the release is still to be made with the repair.
    """
    if repairs.is_empty():
        return "Ingen reparation behövdes."
    waves = ", ".join(str(wave) for wave in repairs["wave"].unique().sort())
    hidden = f"{repairs.height} tal till, och det som räknas ur dem, för {waves}"
    if not narrow and not waits:
        return f"Utgåvan är reparerad efter en granskning: regeln repair döljer {hidden}."
    found = f"Granskningen kunde ringa in {count_sv(narrow, 'dolt tal', 'dolda tal')}. " if narrow else ""
    return (
        f"{found}En reparation döljer {hidden}. Utgåvan ska göras om och granskas en gång till; "
        "jobbet everything och did kor gör det i samma körning."
    )


def audit_passed(warehouse: Warehouse) -> bool:
    """Whether the last audit has passed the release; while one goes on, or after one that has repaired, it hasn't."""
    return warehouse.read(OUTCOMES).height > 0


def not_repaired_error() -> PipelineError:
    """For a release that an audit has not passed after the repair that it asked for."""
    return PipelineError(
        "release_not_safe",
        "Granskningen av utgivningen (release.audit)",
        "att inget dolt antal går att ringa in med det som visas",
        "en reparation som inte räcker",
        WHAT_TO_DO,
    )


def focus_bands(catalogue: Catalogue) -> dict[str, int]:
    """Index key -> the band that is compared between areas and sexes."""
    return {index.key: FOCUS_BAND[index.kind] for index in catalogue.indices}


def _bases(warehouse: Warehouse, catalogue: Catalogue, waves: Sequence[int]) -> dict[int, str]:
    """Wave -> hash of all that its release is made of."""
    always = (code_version(), catalogue.content_hash)
    made_of = [warehouse.hashes(name, "wave") for name in MADE_OF]
    return {wave: hashlib.sha256(repr((always, [one.get(wave) for one in made_of])).encode()).hexdigest() for wave in waves}


def _register(warehouse: Warehouse) -> str:
    head = register_head(warehouse.path.parent)
    return file_hash(head) if head.is_file() else ""


def _slices(table: pl.DataFrame, slices: pl.DataFrame) -> pl.DataFrame:
    return table.join(slices, on=SLICE, how="semi", maintain_order="left")


def _sliced(one: EarlierRelease, slices: pl.DataFrame) -> EarlierRelease:
    tables = {name: _slices(rows, slices) for name, rows in one.tables.items()}
    return replace(one, tables=tables)


def _setting(catalogue: Catalogue, rules: AuditRules) -> Setting:
    """What the choice of rows depends on, from the rules that the audit was given."""
    readers = {
        name: {
            "floor": one.floor, "floor_sensitive": one.floor_sensitive, "district_floor": one.district_floor,
            "count_step": one.count_step, "share_step": one.share_step,
        }
        for name, one in rules.editions.items()
    }  # fmt: skip
    file = catalogue.indicator_file
    linked = [*links(file.indicators, catalogue.survey).families, *families(file.indices)]
    groups = [{("indicator_results", name) for name in names} for names in linked]
    together = {one: frozenset(group) for group in groups for one in group}
    made_of = {}
    for rule in rules.counts:
        count = ("accumulated_results", rule.key)
        together[count] = frozenset({count})
        made_of[count] = frozenset({count, *(("index_results", key) for key in rule.indices)})
        for key in rule.indices:
            index = ("index_results", key)
            together[index] = together.get(index, frozenset({index})) | {count}
    return Setting(readers, rules.sensitive, focus_bands(catalogue), together, made_of)
