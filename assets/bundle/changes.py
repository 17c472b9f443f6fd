"""What has changed since an earlier edition of the same report: the released tables of both in, every cell out. Pure.

Both editions are compared as the texts of their own CSV files, so what counts is what a reader of the files has seen. No changed
cell lacks a reason: `new` (new data), `gone`, `method`, `question` or, where nothing of this explains it, `correction`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

KINDS = ("new", "gone", "question", "method", "correction")
SCHEMA = dict.fromkeys(("table", "area", "wave", "series", "key", "column", "before", "after", "kind"), pl.String)
ANSWERS = "answers"
"""Series of the table of answers, which has none of its own."""


@dataclass(frozen=True)
class TableRule:
    """How the rows of one table are compared.

    Attributes:
        area, wave, series: columns that say what a row is about; an empty `series` means all rows are about the answers.
        keys: the other columns that tell rows apart.
        values: numbers, the main one first: a row is new or gone when this one is.
        count: how many pupils it rests on; a value of more or fewer is new data, not a correction.
        data: where a number comes from.
        method, question: columns that say how a number was made, and of what question.
    """

    area: str
    wave: str
    series: str
    keys: tuple[str, ...]
    values: tuple[str, ...]
    count: str = ""
    data: tuple[str, ...] = ()
    method: tuple[str, ...] = ()
    question: tuple[str, ...] = ()

    @property
    def compared(self) -> tuple[str, ...]:
        """All columns of which a change is told."""
        return (*self.values, *self.data, *self.method, *self.question)


_PLACE = ("Områdeskod", "Mättillfälle")
_WHO = ("Årskurs", "Kön")
_INTERVAL = ("Undre gräns", "Övre gräns")
_BESIDE = tuple(
    f"{name}{end}" for name in ("Skillnad mot länet", "Flickor minus pojkar") for end in ("", ", undre gräns", ", övre gräns")
)
TABLES: Mapping[str, TableRule] = {
    "index_results": TableRule(
        "area_code", "wave", "index_key", ("grade", "sex", "measure"), ("value", "low", "high", "n"), "n",
        method=("method", "interval_method", "confidence_level", "cutoff_set"),
    ),
    "enskilda_fragor": TableRule(
        *_PLACE, "Fråga-id", _WHO, ("Värde", *_INTERVAL, "Antal svar (närmaste 5)", *_BESIDE), "Antal svar (närmaste 5)",
        question=("Nämnare", "Går att jämföra från", "Ändrad sedan förra"),
    ),
    "utveckling": TableRule(
        *_PLACE, "Serie-id", (*_WHO, "Serietyp", "Mått"),
        ("Förändring", *_INTERVAL, "Värde", "Värde då", "Lutning på två år", "Lutning, undre gräns", "Lutning, övre gräns"),
        method=("Metod", "Konfidensnivå"), question=("Jämfört med", "Linje från"),
    ),
    "samlade_faktorer": TableRule(
        *_PLACE, "Räknas", (*_WHO, "Antal faktorer"), ("Andel, procent", *_INTERVAL, "Antal elever (närmaste 5)"),
        "Antal elever (närmaste 5)", method=("Gränser",),
    ),
    "response_rates": TableRule(
        "area_code", "wave", "", ("grade",),
        ("respondents", "enrolled", "scored_any", "response_pct", "schools_registered", "schools_participating",
         "respondents_least", "response_least_pct"), "respondents",
        data=("enrolled_source",),
    ),
    "register_values": TableRule(
        "area_code", "year", "indicator_key", ("source", "sex"), ("value", "low", "high", "n", "events", "population"), "n",
        data=("vintage",), method=("confidence_level",),
    ),
}  # fmt: skip
"""Tables of a bundle whose numbers are compared, in the order of the page."""
DERIVED, SOURCES = "utveckling", ("index_results", "enskilda_fragor")
"""Changes over the waves follow from values: what changed these is what changed them."""


def changed_cells(earlier: Mapping[str, str], now: Mapping[str, str]) -> pl.DataFrame:
    """Every changed cell with its reason, in order of table, series, area, wave and key.

    Args:
        earlier, now: table -> the text of its CSV file. A table that one edition lacks counts as one without rows; a column that
            one of them lacks is not compared.
    Returns:
        Columns `SCHEMA`, texts. `wave`: wave or register year. `key`: what else tells the row apart. A row that only one edition
        has is one cell, its main number.
    """
    found = {name: _table(name, rule, earlier.get(name, ""), now.get(name, "")) for name, rule in TABLES.items()}
    found[DERIVED] = _inherited(found[DERIVED], pl.concat([found[name] for name in SOURCES]))
    order = {name: place for place, name in enumerate(TABLES)}
    place = pl.col("table").replace_strict(order, return_dtype=pl.Int64)
    columns = pl.concat([pl.DataFrame(schema=SCHEMA), *found.values()])
    return columns.sort(place, "series", "area", "wave", "key", "column")


def summed(cells: pl.DataFrame) -> list[tuple[str, str, str, int]]:
    """Table, series, kind and number of changed rows, in the order of the cells."""
    counted = cells.group_by("table", "series", "kind", maintain_order=True).agg(
        pl.struct("area", "wave", "key").n_unique().alias("count")
    )
    return [(str(a), str(b), str(c), int(n)) for a, b, c, n in counted.iter_rows()]


def _table(name: str, rule: TableRule, earlier: str, now: str) -> pl.DataFrame:
    before, after = _read(earlier), _read(now)
    keys = [column for column in (rule.area, rule.wave, rule.series, *rule.keys) if column]
    if before.is_empty() and after.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    columns = [column for column in rule.compared if _held(column, before) and _held(column, after)]
    before, after = (_only(frame, [*keys, *columns]) for frame in (before, after))
    joined = before.with_columns(_was=pl.lit(value=True)).join(
        after.with_columns(_is=pl.lit(value=True)), on=keys, how="full", suffix="_now", coalesce=True, nulls_equal=True
    )
    kind = _kind(rule, columns)
    parts = [
        joined.filter(_told(rule, column, columns)).select(
            pl.lit(name).alias("table"), pl.col(rule.area).alias("area"), pl.col(rule.wave).alias("wave"),
            (pl.col(rule.series) if rule.series else pl.lit(ANSWERS)).alias("series"),
            pl.concat_str([pl.col(key).fill_null("") for key in rule.keys], separator="/").alias("key"),
            pl.lit(column).alias("column"), pl.col(column).alias("before"), pl.col(f"{column}_now").alias("after"),
            kind.alias("kind"),
        )
        for column in columns
    ]  # fmt: skip
    return pl.concat([pl.DataFrame(schema=SCHEMA), *parts])


def _told(rule: TableRule, column: str, columns: Sequence[str]) -> pl.Expr:
    """A changed cell of a row that both editions have, or the main number of one that only one of them shows."""
    both = pl.col("_was").is_not_null() & pl.col("_is").is_not_null()
    changed = pl.col(column).ne_missing(pl.col(f"{column}_now"))
    return changed if column == rule.values[0] or rule.values[0] not in columns else changed & both


def _kind(rule: TableRule, columns: Sequence[str]) -> pl.Expr:
    main = rule.values[0]
    was, shown = (pl.col(main).is_not_null(), pl.col(f"{main}_now").is_not_null()) if main in columns else (pl.lit(1), pl.lit(1))

    def differs(names: Sequence[str]) -> pl.Expr:
        held = [name for name in names if name in columns]
        return pl.any_horizontal([pl.lit(value=False), *(pl.col(name).ne_missing(pl.col(f"{name}_now")) for name in held)])

    return (
        pl.when(pl.col("_was").is_null() | (shown & ~was)).then(pl.lit("new"))
        .when(pl.col("_is").is_null() | (was & ~shown)).then(pl.lit("gone"))
        .when(differs(rule.question)).then(pl.lit("question"))
        .when(differs(rule.method)).then(pl.lit("method"))
        .when(differs([*rule.data, rule.count])).then(pl.lit("new"))
        .otherwise(pl.lit("correction"))
    )  # fmt: skip


def _inherited(derived: pl.DataFrame, values: pl.DataFrame) -> pl.DataFrame:
    """What would be a correction of a change has the reason of the values it was made of, the first in `KINDS`."""
    order = {kind: place for place, kind in enumerate(KINDS)}
    ranked = values.select("area", "series", cause=pl.col("kind").replace_strict(order, return_dtype=pl.Int64))
    causes = ranked.group_by("area", "series").agg(pl.col("cause").min())
    cause = pl.col("cause").replace_strict(dict(enumerate(KINDS)), return_dtype=pl.String)
    joined = derived.join(causes, on=["area", "series"], how="left", maintain_order="left")
    own = pl.when(pl.col("kind") == "correction").then(cause.fill_null(pl.col("kind"))).otherwise(pl.col("kind"))
    return joined.with_columns(kind=own).select(*SCHEMA)


def _read(text: str) -> pl.DataFrame:
    """A CSV file's columns as texts. Whether an empty one stands between quotes is no difference."""
    return pl.read_csv(io.StringIO(text), infer_schema=False).with_columns(pl.all().replace("", None)) if text else pl.DataFrame()


def _held(column: str, frame: pl.DataFrame) -> bool:
    """A table that one edition lacks altogether lacks no single column."""
    return column in frame.columns or frame.width == 0


def _only(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    return frame.select(columns) if frame.width else pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
