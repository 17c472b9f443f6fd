"""Repair of a release: what an audit found too narrow is made wide by hiding the cheapest further rows and what hangs on them.

The audit stands outside and is run again afterwards; nothing here is taken as proof. A row that is hidden for another's sake
becomes a hidden count itself, so it is asked to be wide as well, until nothing more has to go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from assets.suppression.pattern import QUICK, Effort, is_safe, suppress
from assets.suppression.published import BANDS, FAMILY, PLACE, Family, PublicationRules, family_of
from assets.suppression.tables import LinkedTables

KEYS = (*FAMILY, *PLACE, "measure")
LOG_COLUMNS = ("edition", "area_level", "area_code", "wave", "grade", "sex", "index_key", "cell", "kind", "rule")
_CLEARED = ("value", "low", "high", "n", "method", "interval_method", "confidence_level", "verdict")
_GROUP = ("area_level", "area_code", "wave", "grade")
_NESTED = {"intern": ("intern", "publik"), "publik": ("publik",)}


@dataclass(frozen=True)
class Repaired:
    """A mended release.

    Attributes:
        results: the rows, those hidden with reason `suppressed` and nothing but their keys.
        log: rows of `release.suppression_log`, one per row hidden now.
        cells: `KEYS` of the counts and shares chosen, without what hangs on them.
    """

    results: pl.DataFrame
    log: pl.DataFrame
    cells: pl.DataFrame


def repair(
    results: pl.DataFrame,
    narrow: pl.DataFrame,
    rules: PublicationRules,
    focus: Mapping[str, int] | None = None,
    joint: bool = False,
) -> Repaired:
    """Hide the cheapest rows that make the narrow cells wide, and every cell hidden for that.

    Args:
        results: `release.index_results`, one or both editions.
        narrow: hidden cells that are known too well: `edition, wave, grade, index_key, area_level, area_code, sex, measure` and
            `required`, the least difference of their bounds.
        rules: what a reader knows of floors and rounding.
        focus: index key -> the band that is compared between areas and sexes; 3 where nothing is given.
        joint: take all indices of a wave and grade together, as an attacker can; slower, and needed only for what is narrow
            through the respondents that they share.

    Raises:
        PipelineError: nothing that can be hidden makes a cell wide enough, or what is published contradicts itself.
    """
    chosen = [keys.clear() for keys in [narrow.select(KEYS)]]
    mended = results
    together = FAMILY[:-1] if joint else FAMILY
    for place, cells in sorted(narrow.group_by(together), key=lambda item: item[0]):
        family = mended.filter(*(pl.col(name) == value for name, value in zip(together, place, strict=True)))
        family = family.filter(~pl.col("reason").is_in(["no_delivery", "no_pupils"]))
        found = cheapest_rows(family, cells, rules)
        if found.height:
            mended, _ = hide(mended, found, focus=focus)
        chosen.append(found)
    cells = pl.concat(chosen).unique().sort(KEYS)
    mended, log = hide(results, cells, focus=focus)
    return Repaired(mended, log, cells)


def cheapest_rows(rows: pl.DataFrame, narrow: pl.DataFrame, rules: PublicationRules, effort: Effort = QUICK) -> pl.DataFrame:
    """`KEYS` of the rows to hide, so that the narrow cells and the rows themselves get the required width.

    Args:
        rows: of one edition, wave and grade, and of one index or several; see `family_of`.
        narrow: as in `repair`.
    """
    family = family_of(rows, rules)
    place = rows.select(FAMILY[:-1]).row(0, named=True)
    width = _widths(family, narrow)
    before = (family.cells["reason"] != "ok").to_numpy()
    hidden = before.copy()
    asked = np.where(hidden, width, 0.0)
    while True:
        hidden = before | _hidden_cells(family, hidden, asked, effort)
        # the strictest width of the family also holds for what is hidden on its behalf
        more = np.where(hidden & ~before, width.max(initial=0.0), asked)
        if (more == asked).all():
            break
        asked = more
    hidden = _given_back(family, before, hidden, asked)
    return family.cells.filter(pl.Series(hidden & ~before)).select(
        *(pl.lit(value).cast(rows.schema[name]).alias(name) for name, value in place.items()), "index_key", *PLACE, "measure"
    )


def _widths(family: Family, narrow: pl.DataFrame) -> np.ndarray:
    """[published cell] required width. Respondents stand once in a family, so what any index requires of them holds."""
    once = pl.when(pl.col("measure") != "n_respondents").then("index_key").alias("_index")
    keys = ["_index", *PLACE, "measure"]
    asked = narrow.with_columns(once).group_by(keys).agg(pl.col("required").cast(pl.Float64).max())
    found = family.cells.with_columns(once).join(asked, on=keys, how="left", maintain_order="left", nulls_equal=True)
    return found["required"].fill_null(0.0).to_numpy()


def _hidden_cells(family: Family, hidden: np.ndarray, asked: np.ndarray, effort: Effort) -> np.ndarray:
    """[published cell] hidden in the cheapest pattern that gives every cell its asked width and keeps what is hidden."""
    pattern = suppress(_asking(family, hidden, asked), effort=effort)
    return np.isin(np.arange(len(asked)), family.tables.unit[pattern.hidden])


def _asking(family: Family, hidden: np.ndarray, asked: np.ndarray) -> LinkedTables:
    tables = family.tables
    width, primary = np.zeros(tables.size), np.zeros(tables.size, dtype=bool)
    width[family.first_target :] = asked
    primary[family.first_target :] = asked > 0
    keep = np.isin(tables.unit, np.flatnonzero(hidden))
    return replace(tables.frozen(keep), width=width, primary=primary)


def _given_back(family: Family, before: np.ndarray, hidden: np.ndarray, asked: np.ndarray) -> np.ndarray:
    """Show again, dearest first, what was hidden for cells that need no protection once they are shown themselves."""
    unit, cost = family.tables.unit, family.tables.cost
    new = np.flatnonzero(hidden & ~before)
    loss = np.array([cost[unit == cell].sum() for cell in new.tolist()])
    for cell in new[np.lexsort((new, -loss))].tolist() if len(new) else []:
        trial, needed = hidden.copy(), asked.copy()
        trial[cell], needed[cell] = False, 0.0
        tables = _asking(family, trial, needed)
        if is_safe(tables, tables.required):
            hidden, asked = trial, needed
    return hidden


def hide(
    rows: pl.DataFrame, keys: pl.DataFrame, rule: str = "repair", focus: Mapping[str, int] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows with the keyed ones hidden and all that would tell the same, and the log of what was hidden.

    With a band go the mean and the spread of the same pupils and every comparison made from them; with a number of pupils the
    `n` beside other rows, and a number of respondents goes for all indices, where it is the same. What is hidden in the internal
    edition is hidden in the public one.

    Args:
        rows: `release.index_results`.
        keys: `KEYS` of rows to hide.
        rule: the rule named in the log.
        focus: index key -> the band that is compared between areas and sexes; 3 where nothing is given.
    """
    wanted = _with_what_hangs_on(rows, _nested(keys), focus or {})
    marked = rows.join(wanted.with_columns(_go=pl.lit(True)), on=list(KEYS), how="left", maintain_order="left")
    marked = marked.with_columns(_go=pl.col("_go").fill_null(False) & (pl.col("reason") == "ok"))
    log = marked.filter("_go").select(
        "edition", *_GROUP, "sex", "index_key", cell="measure", kind=pl.lit("secondary"), rule=pl.lit(rule)
    )
    hidden = marked.with_columns(
        *(pl.when("_go").then(None).otherwise(pl.col(name)).alias(name) for name in _CLEARED if name in rows.columns),
        reason=pl.when("_go").then(pl.lit("suppressed")).otherwise("reason"),
    )
    numbers = wanted.filter(pl.col("measure") == "n_scored").drop("measure").with_columns(_number=pl.lit(True))
    hidden = hidden.join(numbers, on=[*FAMILY, *PLACE], how="left", maintain_order="left").with_columns(
        n=pl.when(pl.col("_number").is_null()).then(pl.col("n"))
    )
    return hidden.select(rows.columns), log.select(LOG_COLUMNS)


def _nested(keys: pl.DataFrame) -> pl.DataFrame:
    editions = pl.col("edition").replace_strict(_NESTED, default=pl.concat_list("edition"), return_dtype=pl.List(pl.String))
    return keys.select(KEYS).with_columns(edition=editions).explode("edition").unique().sort(KEYS)


def _with_what_hangs_on(rows: pl.DataFrame, keys: pl.DataFrame, focus: Mapping[str, int]) -> pl.DataFrame:
    """`KEYS` of all rows to hide: those of `keys` and what is computed from them."""
    same = [name for name in KEYS if name not in ("index_key", "measure")]
    respondents = keys.filter(pl.col("measure") == "n_respondents").drop("index_key")
    every = rows.select(KEYS).join(respondents, on=[*same, "measure"], how="semi")
    bands = keys.filter(pl.col("measure").is_in(BANDS))
    compared = bands.filter(
        pl.col("measure") == pl.format("share_band{}", pl.col("index_key").replace_strict(dict(focus), default=3))
    )
    found = [keys, every, *_derived(rows, bands, ("mean", "sd"), "mean"), *_derived(rows, compared, (), "share_focus")]
    return pl.concat([part.select(KEYS) for part in found]).unique().sort(KEYS)


def _derived(rows: pl.DataFrame, keys: pl.DataFrame, own: tuple[str, ...], compared: str) -> list[pl.DataFrame]:
    """Rows computed from the keyed groups: their own measures, their difference to the county, the gap between the sexes."""
    place = [*FAMILY, *PLACE]
    here = rows.select(KEYS).join(keys.select(place).unique(), on=place, how="semi")
    found = [here.filter(pl.col("measure").is_in([*own, f"diff_{compared}"]))]
    counties = keys.filter(pl.col("area_level") == "county").select(*FAMILY, "sex").unique()
    difference = rows.select(KEYS).filter(pl.col("measure") == f"diff_{compared}")
    found.append(difference.join(counties, on=[*FAMILY, "sex"], how="semi"))
    sexes = keys.filter(pl.col("sex") != "all").select(*FAMILY, "area_level", "area_code").unique()
    gap = rows.select(KEYS).filter(pl.col("measure") == f"sex_gap_{compared}")
    found.append(gap.join(sexes, on=[*FAMILY, "area_level", "area_code"], how="semi"))
    return found
