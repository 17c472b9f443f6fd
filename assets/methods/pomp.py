"""0-100 indices: items rescaled to per cent of maximum possible (Cohen, Cohen, Aiken & West, 1999), then the mean. Pure.

Values are rounded to 9 decimals, so that equal answers give equal numbers whatever the order of the sums.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.catalogue.indicator_models import PompIndex, PompItem
from assets.catalogue.models import Survey
from assets.methods.indicators import pupil_keys
from assets.methods.primary_rules import CONTRIBUTORS, SCHOOL, contributor, two_largest
from assets.methods.psu_sums import AREA_LEVELS, DOMAIN, SEXES, by_area

DECIMALS = 9
_UNITS = 10**DECIMALS
_MEAN_SCHEMA = {
    "area_level": pl.String,
    "area_code": pl.String,
    "wave": pl.Int32,
    "grade": pl.String,
    "sex": pl.String,
    "index_id": pl.String,
    "n_respondents": pl.Int64,
    "n_valid": pl.Int64,
    "n_not_asked": pl.Int64,
    "n_schools": pl.Int64,
    **dict.fromkeys(CONTRIBUTORS, pl.Int64),
    "mean": pl.Float64,
}


def answered_name(index_id: str) -> str:
    """Name of the column with the number of answered items."""
    return f"{index_id}__answered"


def asked_name(index_id: str) -> str:
    """Name of the column that says whether the pupil got enough of the questions."""
    return f"{index_id}__asked"


def pomp_mean(items: Sequence[pl.Expr], minimum_answered: int) -> pl.Expr:
    """The mean of the item values (0..100) that are not null, rounded; null with fewer than `minimum_answered` of them."""
    answered = pl.sum_horizontal(item.is_not_null().cast(pl.Int16) for item in items)
    total = pl.sum_horizontal(item.fill_null(0.0) for item in items)
    return pl.when(answered >= minimum_answered).then((total / answered).round(DECIMALS))


def item_values(part: PompItem, survey: Survey) -> dict[int, float]:
    """Code -> 0..100 of an item; every code that is not there counts as no answer."""
    if part.values:
        return dict(part.values)
    codes = survey.answers(part.item)
    low, high = min(codes), max(codes)
    share = {code: 100 * (code - low) / (high - low) for code in codes}
    return {code: 100 - value for code, value in share.items()} if part.reverse else share


def pomp_index(answers: pl.DataFrame, definition: PompIndex, survey: Survey) -> pl.DataFrame:
    """One 0-100 index.

    Args:
        answers: one column of codes per question; a question without a column counts as not answered.
        definition: use `PompIndex.variant(name)` for a named other set of reversed items.

    Returns:
        Rows as in `answers`: `<id>` (Float64, 0..100, null below the minimum of answered items), `<id>__answered` (Int16) and
        `<id>__asked` (Boolean: at least the minimum of items was in the delivery).
    """
    items = [
        pl.col(part.item).replace_strict(item_values(part, survey), default=None, return_dtype=pl.Float64)
        for part in definition.items
        if part.item in answers.columns
    ]
    answered = pl.sum_horizontal(pl.lit(0, pl.Int16), *(item.is_not_null().cast(pl.Int16) for item in items))
    value = pomp_mean(items, definition.minimum_answered) if items else pl.lit(None, pl.Float64)
    got = [pl.col(p.item).is_not_null().cast(pl.Int16) for p in definition.items if p.item in answers.columns]
    asked = pl.sum_horizontal(pl.lit(0, pl.Int16), *got) >= definition.minimum_answered
    columns = {definition.id: value, answered_name(definition.id): answered.cast(pl.Int16), asked_name(definition.id): asked}
    return answers.with_columns(**columns).select(*columns)


def pomp_values(answers: pl.DataFrame, definitions: Sequence[PompIndex], survey: Survey) -> pl.DataFrame:
    """All indices side by side: `indicators.PUPIL`, and per index `<id>`, `<id>__answered` and `<id>__asked`."""
    return pl.concat([pupil_keys(answers), *(pomp_index(answers, d, survey) for d in definitions)], how="horizontal")


def pomp_means(values: pl.DataFrame, definitions: Sequence[PompIndex], levels: Sequence[str] = AREA_LEVELS) -> pl.DataFrame:
    """Means per area. Sums are of whole 1e-9 units, so the order of rows doesn't matter.

    Args:
        values: from `pomp_values`. Pupils with another or unknown sex are left out.

    Returns:
        One row per area, wave and grade with respondents x sex (girl, boy, all) x index, sorted so: `area_level, area_code, wave,
        grade, sex, index_id`, `n_respondents, n_valid, n_not_asked, n_schools` (with a value; Int64), `mean` (0..100, every
        pupil counting alike; null without valid pupils).
    """
    ids = [d.id for d in definitions]
    if not ids:
        return pl.DataFrame(schema=_MEAN_SCHEMA)
    known = values.filter(pl.col("sex").is_in(["girl", "boy"]))
    schools = _school_sums(known, ids)
    parts = []
    for level in levels:
        rows = by_area(known, level)
        domains = rows.select(DOMAIN).unique()
        for sex in SEXES:
            chosen = rows if sex == "all" else rows.filter(pl.col("sex") == sex)
            units = (pl.col(ids) * _UNITS).round().cast(pl.Int64)
            school = pl.struct("municipality_code", "school_code")
            sums = chosen.group_by(DOMAIN).agg(
                pl.len().cast(pl.Int64).alias("n_respondents"),
                pl.col(ids).count().cast(pl.Int64).name.suffix(":n"),
                units.sum().name.suffix(":sum"),
                *((~pl.col(asked_name(i))).sum().cast(pl.Int64).alias(f"{i}:not_asked") for i in ids),
                *(
                    school.filter(pl.col(i).is_not_null() & pl.col("school_code").is_not_null())
                    .n_unique()
                    .cast(pl.Int64)
                    .alias(f"{i}:schools")
                    for i in ids
                ),
            )
            contributing = by_area(schools, level)
            contributing = contributing if sex == "all" else contributing.filter(pl.col("sex") == sex)
            largest = two_largest(contributing, DOMAIN, {i: i for i in ids})
            cells = domains.join(sums, on=DOMAIN, how="left").join(largest, on=DOMAIN, how="left").fill_null(0)
            parts += [_mean_rows(cells, key).with_columns(area_level=pl.lit(level), sex=pl.lit(sex)) for key in ids]
    return in_order(pl.concat(parts), ids)


def in_order(means: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """The rows and columns as `pomp_means` gives them, whatever order they come in."""
    keys = ["area_level", *DOMAIN, "sex", "index_id"]
    order = {"area_level": pl.Enum(AREA_LEVELS), "sex": pl.Enum(SEXES), "index_id": pl.Enum(list(ids))}
    result = means.with_columns(pl.col(name).cast(kind) for name, kind in order.items()).sort(keys)
    counts = ["n_respondents", "n_valid", "n_not_asked", "n_schools", *CONTRIBUTORS]
    return result.with_columns(pl.col(list(order)).cast(pl.String)).select(*keys, *counts, "mean")


def _school_sums(pupils: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """Pupils with a value per school (class where none is named), district and sex: what `two_largest` takes."""
    place = ["municipality_code", "school_code"]
    unit = [*place, *(["psu"] if "psu" in pupils.columns else [])]
    numbered = pupils.with_columns(
        pl.when(pl.col("school_code").is_not_null()).then(pl.struct(place).rank("dense")).alias("_named"),
        pl.struct(unit).rank("dense").alias("_unit"),
    ).with_columns(contributor("_named", "_unit"))
    keys = ["wave", "grade", "municipality_code", "district_code", "sex", SCHOOL]
    return numbered.group_by(keys).agg(pl.col(list(ids)).count().cast(pl.Int64))


def _mean_rows(cells: pl.DataFrame, key: str) -> pl.DataFrame:
    n = pl.col(f"{key}:n")
    return cells.select(
        *DOMAIN,
        "n_respondents",
        n.alias("n_valid"),
        *(pl.col(f"{key}:{name}").alias(name) for name in CONTRIBUTORS),
        n_not_asked=f"{key}:not_asked",
        n_schools=f"{key}:schools",
        mean=pl.when(n > 0).then(pl.col(f"{key}:sum") / n / _UNITS),
        index_id=pl.lit(key),
    )
