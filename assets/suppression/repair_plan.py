"""Which rows are hidden so that what an audit found narrow gets wide: the cheapest, else whole lines, else their sums too; a
table beside the attacked ones that tells a number of its own is held back. Pure.

The attack is handed in as a function, so that nothing here is of the audit's making: a choice is taken only when the attacker,
given the tables with the chosen rows hidden, finds nothing narrow any more. The whole release is attacked again afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from assets.methods.errors import PipelineError
from assets.suppression.hidden_rows import CELL, HELD_BACK, INDICES, KEY_OF, hide_in

Tables = Mapping[str, pl.DataFrame]
Belonging = Mapping[tuple[str, str], frozenset[tuple[str, str]]]
Attack = Callable[[Tables], pl.DataFrame]
"""Published tables -> the cells that can be found out (`CELL, low, required, verdict`)."""
NARROW = "narrow"
LEVELS = {
    INDICES: ("share_band1", "share_band2", "share_band3", "n_scored", "share_unscored"),
    "accumulated_results": ("share_none", "share_some", "share_most", "n_counted"),
    "indicator_results": ("share", "mean"),
}
"""Table -> the measures that others are formed from."""
_PLACE = ["edition", "area_level", "area_code", "wave", "grade"]


@dataclass(frozen=True)
class Setting:
    """What the choice of rows depends on beside the tables.

    Attributes:
        readers: edition -> floors and steps that its reader knows, by their names in `published.PublicationRules`.
        sensitive: keys with the higher floor.
        focus: index key -> the band that is compared between areas and sexes.
        together: (table, key) -> all (table, key) that are about the same pupils' same answers.
        made_of: (table, key) of a number of factors -> itself and the indices that it counts; what those show bounds it.
    """

    readers: Mapping[str, Mapping[str, int]]
    sensitive: frozenset[str]
    focus: Mapping[str, int]
    together: Belonging
    made_of: Belonging = field(default_factory=dict)


def repairs(bad: pl.DataFrame, tables: Tables, setting: Setting, attack: Attack) -> pl.DataFrame:
    """Cells to hide so that the attacker finds nothing narrow; none when no choice here is enough.

    Args:
        bad: cells that can be found out, as `Attack` gives them.
        tables: the tables in which something can be hidden, of the waves and grades of `bad`.

    Returns:
        Columns `CELL`, unique and sorted.
    """
    chosen, hidden, nothing = pl.concat([_derived_from(bad), _told_beside(bad)]), tables, pl.DataFrame(schema=CELL)
    if chosen.height:
        hidden = hide_in(tables, chosen, setting.focus)
        bad = attack(hidden)
    for step in (_cheapest, _own_lines, _with_parts, _with_sums):
        if bad.is_empty():
            break
        if (bad["verdict"] != NARROW).any():
            return nothing
        more = step(bad, hidden, setting).join(chosen, on=list(CELL), how="anti")
        if more.height:
            chosen = pl.concat([chosen, more])
            hidden = hide_in(tables, chosen, setting.focus)
            bad = attack(hidden)
    return chosen.unique().sort(list(CELL)) if bad.is_empty() else nothing


def _derived_from(bad: pl.DataFrame) -> pl.DataFrame:
    """Hidden cells that something shown is formed from: what is formed from them goes when they are hidden (again)."""
    return bad.filter(pl.col("verdict") == NARROW, pl.col("low").is_null()).select(_typed()).unique()


def _told_beside(bad: pl.DataFrame) -> pl.DataFrame:
    """Cells of the tables beside those attacked: such a table is held back for the cell's wave and grade."""
    return bad.filter(pl.col("verdict") == NARROW, pl.col("table_name").is_in(HELD_BACK)).select(_typed()).unique()


def _typed() -> list[pl.Expr]:
    return [pl.col(name).cast(kind) for name, kind in CELL.items()]


def _cheapest(bad: pl.DataFrame, tables: Tables, setting: Setting) -> pl.DataFrame:
    """Of the index tables, the cheapest rows that make the cells wide for a reader of the same index alone."""
    from assets.suppression.published import CELLS, PublicationRules
    from assets.suppression.repair import cheapest_rows

    asked = bad.filter(pl.col("table_name") == INDICES, pl.col("measure").is_in(CELLS)).rename({"key": "index_key"})
    family = ["edition", "wave", "grade", "index_key"]
    found = [pl.DataFrame(schema=CELL)]
    for place, cells in sorted(asked.group_by(family), key=lambda item: item[0]):
        rows = tables[INDICES].filter(*(pl.col(name) == value for name, value in zip(family, place, strict=True)))
        rows = rows.filter(~pl.col("reason").is_in(["no_delivery", "no_pupils"]))
        rules = PublicationRules(**setting.readers[str(place[0])], sensitive=setting.sensitive)
        try:  # wider than required, in whole pupils
            rows = cheapest_rows(rows, cells.with_columns(required=pl.col("required") + 1), rules)
        except PipelineError:
            continue  # a reader of this index alone finds no way out; whole lines are tried next
        found.append(rows.rename({"index_key": "key"}).with_columns(table_name=pl.lit(INDICES)).select(_typed()))
    return pl.concat(found)


def _own_lines(bad: pl.DataFrame, tables: Tables, setting: Setting) -> pl.DataFrame:
    """All rows, of both sexes and their sum, of what belongs together with each cell, in its own area."""
    return _lines(bad.select(_typed()), tables, setting.together)


def _with_parts(bad: pl.DataFrame, tables: Tables, setting: Setting) -> pl.DataFrame:
    """The rows of the indices that a number of factors counts, in its own area: how many have each bounds how many have any."""
    return _lines(bad.select(_typed()), tables, setting.made_of)


def _with_sums(bad: pl.DataFrame, tables: Tables, setting: Setting) -> pl.DataFrame:
    """As `_own_lines`, in the areas that the cell's area is summed up to as well: its municipality and its county."""
    own = bad.select(_typed())
    district, code = pl.col("area_level") == "district", pl.col("area_code")
    city = own.filter(district).with_columns(area_level=pl.lit("municipality"), area_code=code.str.split("-").list.first())
    county = own.filter(pl.col("area_level") != "county").with_columns(
        area_level=pl.lit("county"), area_code=code.str.slice(0, 2)
    )
    return _lines(pl.concat([own, city, county]).unique(), tables, setting.together)


def _lines(cells: pl.DataFrame, tables: Tables, belonging: Belonging) -> pl.DataFrame:
    pairs = cells.select("table_name", "key").unique().rows()
    linked = [(*pair, *other) for pair in pairs for other in sorted(belonging.get(pair, {pair}))]
    schema = ["table_name", "key", "_table", "_key"]
    wanted = cells.join(pl.DataFrame(linked, schema=schema, orient="row"), on=["table_name", "key"])
    found = [pl.DataFrame(schema=CELL)]
    for name, about in KEY_OF.items():
        if name in tables:
            mine = wanted.filter(pl.col("_table") == name).select(*_PLACE, key="_key").unique()
            rows = tables[name].filter(pl.col("reason") == "ok", pl.col("measure").is_in(LEVELS[name])).rename({about: "key"})
            rows = rows.join(mine, on=[*_PLACE, "key"], how="semi").with_columns(table_name=pl.lit(name))
            found.append(rows.select(_typed()))
    return pl.concat(found).unique().sort(list(CELL))
