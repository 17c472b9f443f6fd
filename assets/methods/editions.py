"""Two editions of one release, the public one nested in the internal one. Pure.

What `publik` shows is a function of what `intern` shows: the same number, or none. So whoever has both has no more than `intern`.
`require_nested` says so of two finished tables, whatever made them, and stops what isn't; `edition_differences` lists every cell
in which they differ. Tables made of nothing but an edition's own released rows (`recomputed`: ranks, funnel, model-supported
estimates) are made anew of the public rows: they too are functions of what `intern` shows, but not the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from assets.methods.disclosure_policy import DisclosurePolicy
from assets.methods.errors import PipelineError

INTERN, PUBLIC = "intern", "publik"
AREA = ("area_level", "area_code", "wave", "grade")
HIDDEN = ("suppressed", "too_few")
"""Reasons of cells that disclosure control hides."""


@dataclass(frozen=True)
class EditionTable:
    """How a release table tells cells and numbers apart.

    Attributes:
        keys: what identifies a row of one edition. name: of the keys, what the cell is about (index, indicator, count).
        cells: column with a value -> what is added to the row's measure for it; nothing where the measure says it all.
        recomputed: made anew of the edition's own released rows, so a number may be another one.
        silent: column -> a value that tells nothing, as null does.
    """

    keys: tuple[str, ...]
    name: tuple[str, ...]
    cells: Mapping[str, str] = field(default_factory=lambda: {"value": ""})
    recomputed: bool = False
    silent: Mapping[str, str] = field(default_factory=dict)


_BY_SEX = (*AREA, "sex")
TABLES: Mapping[str, EditionTable] = {
    "index_results": EditionTable((*_BY_SEX, "index_key", "measure"), ("index_key",)),
    "indicator_results": EditionTable((*_BY_SEX, "indicator", "measure"), ("indicator",)),
    "accumulated_results": EditionTable((*_BY_SEX, "count_key", "measure"), ("count_key",)),
    "response_rates": EditionTable(
        AREA, (), {name: name for name in ("respondents", "scored_any", "schools_participating", "response_pct")}
    ),
    "response_by_school_type": EditionTable(
        (*AREA, "school_type"),
        ("school_type",),
        {name: name for name in ("respondents", "schools_participating", "response_pct", "coverage_pct")},
    ),
    "screen_sensitivity": EditionTable((*_BY_SEX, "series_type", "series", "measure"), ("series_type", "series")),
    "trends": EditionTable(
        (*_BY_SEX, "series_kind", "series", "measure"),
        ("series",),
        {"value": "", "change": "change", "slope": "slope"},
        silent={"trend_verdict": "cannot_tell"},
    ),
    "weighted_comparison": EditionTable(
        (*_BY_SEX, "index_key", "measure"), ("index_key",), {"unweighted": "", "weighted": "weighted"}
    ),
    "associations": EditionTable((*_BY_SEX, "factor", "outcome", "measure"), ("factor", "outcome")),
    "cutoff_sensitivity": EditionTable((*_BY_SEX, "index_key", "cut_set"), ("index_key", "cut_set"), {"value": "value"}),
    "index_anatomy": EditionTable(("index_key", "part", "key"), ("index_key", "part", "key"), {"value": "value"}),
    "model_estimates": EditionTable((*_BY_SEX, "index_key", "measure", "method"), ("index_key", "method"), recomputed=True),
    "rank_sets": EditionTable(
        (*_BY_SEX, "index_key", "measure"),
        ("index_key",),
        {"best_rank": "best_rank", "worst_rank": "worst_rank"},
        recomputed=True,
    ),
    "funnel": EditionTable(
        (*_BY_SEX, "index_key", "measure"), ("index_key",), {"value": "", "position": "position"}, recomputed=True
    ),
}  # fmt: skip
"""The survey tables of the release that hold both editions."""
SURVEY_LOGS = ("suppression_log", "indicator_suppression_log", "accumulated_suppression_log")
"""Which rule hid what; cells only, so nothing is nested."""


def in_order(editions: Sequence[str]) -> tuple[str, ...]:
    """The editions with the widest first: the others are nested in it."""
    return tuple(sorted(editions, key=lambda edition: (edition != INTERN, edition)))


def allowed_areas(frame: pl.DataFrame, policy: DisclosurePolicy, edition: str) -> pl.DataFrame:
    """The rows of the areas that the edition tells of: all, or all but city districts."""
    return frame if policy.districts(edition) else frame.filter(pl.col("area_level") != "district")


def both_editions(table: str, parts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The rows of all editions as one table, the internal one first; what the others hide has one reason.

    Args:
        parts: edition -> its rows.

    Raises:
        PipelineError: `not_nested`, see `require_nested`.
    """
    order = in_order(list(parts))
    first, rest = parts[order[0]], [parts[name] for name in order[1:]]
    rest = [quiet_reasons(part) for part in rest]
    for part in rest:
        require_nested(table, first, part)
    return pl.concat([first, *rest])


def quiet_reasons(public: pl.DataFrame) -> pl.DataFrame:
    """The public rows in which everything hidden has one reason.

    "Too few" of a cell that the internal edition shows, or hides for another reason, would say on which side of a floor the exact
    number of pupils lies; and "suppressed" beside "too few" would say that there are more. So the public edition says neither.
    """
    if "reason" not in public.columns:
        return public
    reason = pl.col("reason")
    return public.with_columns(reason=pl.when(reason.is_in(HIDDEN)).then(pl.lit("suppressed")).otherwise(reason))


def masked(table: str, intern: pl.DataFrame, public: pl.DataFrame) -> pl.DataFrame:
    """The public rows without what the internal edition hides: a smaller choice of what was found safe is safe."""
    spec = TABLES[table]
    told = _told(spec, public)
    known = intern.select(*spec.keys, *(pl.col(name).is_null().alias(f"_{name}") for name in told))
    rows = public.join(known, on=list(spec.keys), how="left", maintain_order="left", nulls_equal=True)
    gone = {name: pl.col(f"_{name}").fill_null(True) & pl.col(name).is_not_null() for name in told}
    columns = [pl.when(~gone[name]).then(pl.col(name)).alias(name) for name in told]
    lost = pl.any_horizontal(gone[name] for name in spec.cells)
    reason = pl.when(lost).then(pl.lit("suppressed")).otherwise("reason").alias("reason")
    return rows.with_columns(*columns, reason).select(public.columns)


def require_nested(table: str, intern: pl.DataFrame, public: pl.DataFrame) -> None:
    """Check that the public rows show nothing that the internal ones don't.

    Every public row has an internal one with the same keys, and every word and number of it is the internal one's or absent
    (null). In a `recomputed` table a cell shown in public must be shown internally.

    Raises:
        PipelineError: `not_nested`, with the table and the number of rows; never a value. `unknown_edition_table`: the table has
            no entry in `TABLES`.
    """
    spec = _spec(table)
    keys = list(spec.keys)
    if not public.width:
        return
    doubled = public.height - public.select(keys).unique().height
    alone = public.join(intern, on=keys, how="anti", nulls_equal=True).height
    found = public.join(intern, on=keys, how="inner", suffix="_intern", nulls_equal=True)
    names = spec.cells if spec.recomputed else [name for name in public.columns if _compared(spec, name)]
    more = found.filter(pl.any_horizontal(_tells_more(spec, name) for name in names)).height
    if doubled or alone or more:
        raise PipelineError(
            "not_nested",
            f"Tabellen release.{table}",
            "att den publika utgåvan bara visar det som den interna visar, med samma tal",
            f"{more} rader som visar något annat, {alone} som den interna saknar och {doubled} dubbla",
            "Publicera ingenting; räkna om utgåvorna och anmäl felet om det består.",
        )


def _spec(table: str) -> EditionTable:
    if table not in TABLES:
        raise PipelineError(
            "unknown_edition_table",
            f"Tabellen release.{table}",
            "en tabell som det står i assets/methods/editions.py hur utgåvorna jämförs för",
            "en okänd tabell",
            "Lägg till tabellen där innan den får två utgåvor.",
        )
    return TABLES[table]


def _compared(spec: EditionTable, name: str) -> bool:
    return name not in (*spec.keys, "edition") and not (name == "reason" or name.endswith("_reason"))


def _told(spec: EditionTable, frame: pl.DataFrame) -> list[str]:
    """Columns with numbers, and with the words that follow from them."""
    words = ("verdict", "trend_verdict", "position", "sentence")
    numbers = [name for name, kind in frame.schema.items() if kind.is_numeric() and name not in spec.keys]
    return [*numbers, *(name for name in words if name in frame.columns)]


def _tells_more(spec: EditionTable, name: str) -> pl.Expr:
    own, theirs = pl.col(name), pl.col(f"{name}_intern")
    told = own.is_not_null()
    if name in spec.silent:
        told &= own != spec.silent[name]
    return told & (theirs.is_null() if spec.recomputed else own.ne_missing(theirs))


def nested_trends(intern: pl.DataFrame, cells: pl.DataFrame, edition: str) -> pl.DataFrame:
    """The public changes: those of the internal edition whose every value the public one shows too.

    A change falls when either of its two values does, a line when any value that it goes through does. Intervals and verdicts are
    those of the internal edition, so that the two never judge the same change differently.

    Args:
        intern: `release.trends` of the widest edition.
        cells: the edition's published values (`published_trends.published_cells`).

    Returns:
        The columns of `intern`, one row per cell of `cells`, sorted as it.
    """
    spec = TABLES["trends"]
    keys, group = list(spec.keys), [key for key in spec.keys if key != "wave"]
    own = cells.select(*keys, _value="value", _reason="reason")
    rows = intern.join(own, on=keys, how="inner", maintain_order="left").with_columns(edition=pl.lit(edition))
    before = own.select(*group, from_wave="wave", _before="_value", _before_reason="_reason")
    rows = rows.join(before, on=[*group, "from_wave"], how="left", maintain_order="left")
    gone = own.filter(pl.col("_value").is_null()).select(*group, _gone="wave")
    shown_once = intern.filter(pl.col("value").is_not_null()).select(*group, _gone="wave")
    gone = gone.join(shown_once, on=[*group, "_gone"], how="semi")
    through = rows.select(*keys, "first_wave").filter(pl.col("first_wave").is_not_null()).join(gone, on=group)
    cut = through.filter(pl.col("_gone").is_between(pl.col("first_wave"), pl.col("wave"))).select(keys).unique()
    rows = rows.join(cut.with_columns(_cut=pl.lit(True)), on=keys, how="left", maintain_order="left")
    value, line = pl.col("_value").is_not_null(), pl.col("_cut").is_null() & pl.col("_value").is_not_null()
    pair = value & pl.col("_before").is_not_null()
    told = {
        "value": value,
        **dict.fromkeys(("value_from", "change", "low", "high", "confidence_level", "verdict", "method"), pair),
        **dict.fromkeys(("first_wave", "n_waves", "slope", "slope_low", "slope_high"), line),
    }
    reason = pl.when(~value).then("_reason").when(pl.col("value_from").is_not_null() & ~pair).then("_before_reason")
    unsure = pl.when(value).then(pl.lit("cannot_tell"))
    lost = pl.col("_cut").is_not_null() | (~value & pl.col("value").is_not_null())
    why = pl.when(value).then(pl.lit("too_few_waves")).otherwise(pl.lit("no_estimate"))
    return rows.with_columns(
        *(pl.when(shown).then(pl.col(name)).alias(name) for name, shown in told.items()),
        reason=reason.otherwise("reason"),
        trend_verdict=pl.when(lost).then(unsure).otherwise("trend_verdict"),
        trend_reason=pl.when(lost).then(why).otherwise("trend_reason"),
    ).select(intern.columns)


def require_nested_tables(tables: Mapping[str, pl.DataFrame]) -> None:
    """`require_nested` of finished tables with the rows of both editions; a table that isn't there is left out."""
    for name in TABLES:
        if name in tables and tables[name].width:
            parts = {edition: tables[name].filter(pl.col("edition") == edition) for edition in (INTERN, PUBLIC)}
            require_nested(name, parts[INTERN], parts[PUBLIC])
