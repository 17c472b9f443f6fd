"""Indicators: from answers to yes, no or not in the denominator, and how many of each there are in an area. Pure.

The rules are catalogue data (`assets/catalogue/indicator_models.py`). A statement about several questions has three outcomes
(Kleene, 1938: strong three-valued logic): it is true when enough parts are true whatever the unanswered ones hold, false when
too few can become true, else unknown. A blank is therefore never a no, and one blank never hides a yes. A rule with many parts
may name how many answered parts are enough for a no.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.catalogue.indicator_models import AtLeast, Indicator, Rule
from assets.catalogue.models import Survey
from assets.methods.primary_rules import CONTRIBUTORS, contributor, two_largest
from assets.methods.psu_sums import AREA_LEVELS, DOMAIN, SEXES, by_area
from assets.methods.survey_design import design_columns

VALID, ROUTED, DONT_KNOW, NO_ANSWER, NOT_ASKED, OUTSIDE = range(6)
"""Why a pupil is in the denominator or not. Of several missing answers the highest number is the reason."""
STATUS_COLUMNS = {
    VALID: "n_valid",
    NO_ANSWER: "n_no_answer",
    DONT_KNOW: "n_dont_know",
    ROUTED: "n_routed",
    NOT_ASKED: "n_not_asked",
    OUTSIDE: "n_outside_base",
}
PUPIL = ("respondent_key", "municipality_code", "district_code", "wave", "grade", "sex", "school_code", "psu", "stratum")
_KIND_OF_CODE = {996: ROUTED, 998: DONT_KNOW, 999: NO_ANSWER}
_CLASS = ("wave", "grade", "municipality_code", "school_code", "psu", "district_code", "sex")


def status_name(indicator_id: str) -> str:
    """Name of the column that says why a pupil is in the denominator or not."""
    return f"{indicator_id}__status"


def pupil_keys(answers: pl.DataFrame) -> pl.DataFrame:
    """`PUPIL` columns of `validated.survey_responses`, rows as they are; `weight` too in a survey with a design of its own."""
    design = design_columns(answers)
    return answers.with_columns(**design).select(*PUPIL, *(["weight"] if "weight" in design else []))


def indicator_values(answers: pl.DataFrame, indicators: Sequence[Indicator], survey: Survey) -> pl.DataFrame:
    """Yes, no or not in the denominator, per pupil and indicator.

    Args:
        answers: `validated.survey_responses`: background columns and one column of codes per question; a question without a
            column was not asked.
        indicators: definitions; use `Indicator.variant(name)` for a named other definition.
        survey: its questions; boxes of one question (`multi`) are answered when any of them is ticked.

    Returns:
        Rows as in `answers`: `PUPIL`, and per indicator `<id>` (Int8: 1 yes, 0 no, null not in the denominator) and
        `<id>__status` (Int8: `VALID`, `ROUTED`, `DONT_KNOW`, `NO_ANSWER`, `NOT_ASKED`, `OUTSIDE`).
    """
    items = list(dict.fromkeys(item for indicator in indicators for item in indicator.items))
    groups = {survey.by_key[item].multi for item in items} - {None}
    boxes = {group: [i.key for i in survey.items if i.multi == group] for group in groups}
    needed = dict.fromkeys([*items, *(box for group in sorted(boxes) for box in boxes[group])])
    codes = answers.with_columns(pl.lit(None, pl.Int16).alias(item) for item in needed if item not in answers.columns)
    codes = codes.select("wave", *needed)
    codes = codes.with_columns(_kind(item, boxes.get(survey.by_key[item].multi, ())).alias(_kind_name(item)) for item in items)
    outcomes = codes.select(
        part for indicator in indicators for part in (_value(indicator), _status(indicator).alias(status_name(indicator.id)))
    )
    outcomes = outcomes.with_columns(
        pl.when(pl.col(status_name(i.id)) == VALID).then(pl.col(i.id)).cast(pl.Int8).alias(i.id) for i in indicators
    )
    return pl.concat([pupil_keys(answers), outcomes], how="horizontal")


def _kind_name(item: str) -> str:
    return f"{item}__kind"


def _kind(item: str, boxes: Sequence[str]) -> pl.Expr:
    """`VALID` where the question is answered, else the kind of missing. `boxes`: all boxes of its question, if it has some."""
    code = pl.col(item)
    kind = pl.when(code.is_null()).then(NOT_ASKED)
    for missing, number in _KIND_OF_CODE.items():
        kind = kind.when(code == missing).then(number)
    if boxes:
        kind = kind.when(~pl.any_horizontal((pl.col(box) == 1).fill_null(False) for box in boxes)).then(NO_ANSWER)
    return kind.otherwise(VALID).cast(pl.Int8)


def _holds(item: str, wanted: tuple[int, ...] | AtLeast) -> pl.Expr:
    code = pl.col(item)
    true = code >= wanted.minimum if isinstance(wanted, AtLeast) else code.is_in(list(wanted))
    return (true & (pl.col(_kind_name(item)) == VALID)).fill_null(False)


def _open(item: str, as_no: Sequence[int]) -> pl.Expr:
    """The kind of missing where the answer could be either, 0 elsewhere."""
    closed = [VALID, *(_KIND_OF_CODE[code] for code in as_no)]
    kind = pl.col(_kind_name(item))
    return pl.when(kind.is_in(closed)).then(pl.lit(0, pl.Int8)).otherwise(kind)


def _outcome(rule: Rule, as_no: Sequence[int]) -> pl.Expr:
    """1, 0 or null."""
    yes = pl.sum_horizontal(_holds(item, wanted).cast(pl.Int16) for item, wanted in rule.conditions.items())
    unknown = pl.sum_horizontal((_open(item, as_no) > 0).cast(pl.Int16) for item in rule.conditions)
    no = yes + unknown < rule.needed
    if rule.answered_at_least is not None:
        no |= unknown <= len(rule.conditions) - rule.answered_at_least
    return pl.when(yes >= rule.needed).then(1).when(no).then(0).cast(pl.Int8)


def _value(indicator: Indicator) -> pl.Expr:
    return _outcome(indicator.numerator, indicator.as_no).alias(indicator.id)


def _status(indicator: Indicator) -> pl.Expr:
    kinds = [_open(item, indicator.as_no) for item in indicator.numerator.conditions]
    value, within = _outcome(indicator.numerator, indicator.as_no), pl.lit(1, pl.Int8)
    if indicator.base:
        kinds += [_open(item, ()) for item in indicator.base.conditions]
        within = _outcome(indicator.base, ())
    wave, first, last = pl.col("wave"), indicator.first_wave, indicator.last_wave
    defined = wave.is_between(first or 0, last or 9999)
    status = pl.when(~defined).then(NOT_ASKED).when(within == 0).then(OUTSIDE)
    status = status.when(value.is_not_null() & within.is_not_null()).then(VALID)
    return status.otherwise(pl.max_horizontal(kinds)).cast(pl.Int8)


def indicator_counts(values: pl.DataFrame, indicators: Sequence[Indicator], levels: Sequence[str] = AREA_LEVELS) -> pl.DataFrame:
    """Count yes, the denominator, and the pupils outside it by reason.

    Args:
        values: from `indicator_values`. Pupils with another or unknown sex are in no published table and are left out.

    Returns:
        One row per area, wave and grade with respondents x sex (girl, boy, all) x indicator, sorted so: `area_level,
        area_code, wave, grade, sex, indicator` (sex and indicator in the order of `SEXES` and the definitions), `base` (who is
        in the denominator, in words), `n_respondents, n_valid, n_yes, n_no_answer, n_dont_know, n_routed, n_not_asked,
        n_outside_base` (pupils; all but n_yes sum to n_respondents), `n_schools, n_psu` (with a pupil in the denominator),
        `largest_school, second_school` (pupils in the denominator, as in `estimate.area_counts`). Int64.
    """
    table = _class_sums(values, [i.id for i in indicators])
    parts = []
    for level in levels:
        rows = by_area(table, level)
        domains = rows.select(DOMAIN).unique()
        for sex in SEXES:
            chosen = rows if sex == "all" else rows.filter(pl.col("sex") == sex)
            sums = chosen.group_by(DOMAIN).agg(pl.col("respondents").sum(), *(e for i in indicators for e in _area_sums(i.id)))
            largest = two_largest(chosen, DOMAIN, {_sum_name(i.id, "n_valid"): i.id for i in indicators})
            cells = domains.join(sums, on=DOMAIN, how="left").join(largest, on=DOMAIN, how="left").fill_null(0)
            parts += [_rows(cells, indicator).with_columns(area_level=pl.lit(level), sex=pl.lit(sex)) for indicator in indicators]
    keys = ["area_level", *DOMAIN, "sex", "indicator"]
    counts = ["n_respondents", "n_valid", "n_yes", *list(STATUS_COLUMNS.values())[1:], "n_schools", "n_psu", *CONTRIBUTORS]
    order = pl.Enum([i.id for i in indicators])
    result = pl.concat(parts).with_columns(pl.col("indicator").cast(order), pl.col("sex").cast(pl.Enum(SEXES)))
    result = result.with_columns(pl.col("area_level").cast(pl.Enum(list(levels)))).sort(keys)
    return result.with_columns(pl.col("area_level", "sex", "indicator").cast(pl.String)).select(*keys, "base", *counts)


def _sum_name(indicator_id: str, what: str) -> str:
    return f"{indicator_id}:{what}"


def _class_sums(values: pl.DataFrame, ids: Sequence[str]) -> pl.DataFrame:
    """The one pass over pupils: whole-number sums per class, district and sex."""
    known = pl.col("sex").is_in(["girl", "boy"])
    expressions = [pl.len().cast(pl.Int64).alias("respondents")]
    for key in ids:
        status = pl.col(status_name(key))
        expressions.append(pl.col(key).sum().cast(pl.Int64).alias(_sum_name(key, "n_yes")))
        expressions += [
            (status == number).sum().cast(pl.Int64).alias(_sum_name(key, name)) for number, name in STATUS_COLUMNS.items()
        ]
    # Int8 sums would overflow; values are 0 and 1
    wide = values.filter(known).with_columns(pl.col(list(ids)).cast(pl.Int64))
    table = wide.group_by(_CLASS).agg(expressions).sort(_CLASS)
    table = table.with_columns(
        class_id=pl.struct("wave", "grade", "municipality_code", "school_code", "psu").rank("dense"),
        school_id=pl.when(pl.col("school_code").is_not_null()).then(pl.struct("municipality_code", "school_code").rank("dense")),
    )
    return table.with_columns(contributor("school_id", "class_id"))


def _area_sums(key: str) -> list[pl.Expr]:
    some = pl.col(_sum_name(key, "n_valid")) > 0
    units = {"n_schools": pl.col("school_id"), "n_psu": pl.col("class_id")}
    sums = [pl.col(_sum_name(key, what)).sum() for what in ("n_yes", *STATUS_COLUMNS.values())]
    return sums + [u.filter(some).drop_nulls().n_unique().cast(pl.Int64).alias(_sum_name(key, what)) for what, u in units.items()]


def _rows(cells: pl.DataFrame, indicator: Indicator) -> pl.DataFrame:
    names = ["n_yes", *STATUS_COLUMNS.values(), "n_schools", "n_psu", *CONTRIBUTORS]
    return cells.select(
        *DOMAIN,
        pl.col("respondents").alias("n_respondents"),
        *(pl.col(_sum_name(indicator.id, name)).alias(name) for name in names),
        indicator=pl.lit(indicator.id),
        base=pl.lit(indicator.base_text),
    )


def as_bands(values: pl.DataFrame, indicators: Sequence[Indicator]) -> pl.DataFrame:
    """The values in the form that `estimate.area_counts` and `area_estimates` take: yes is band 3, no is band 1.

    With the kind `risk`, `share_band3` is then the share of yes with its design-based interval and `diff_share_focus` its
    difference to the county.

    Returns:
        `PUPIL`, and per indicator `<id>` (Float64, 0 or 1) and `<id>_band` (Int8, 1 or 3); null outside the denominator.
    """
    return values.select(
        *PUPIL,
        *(["weight"] if "weight" in values.columns else []),
        *(pl.col(i.id).cast(pl.Float64) for i in indicators),
        *((1 + 2 * pl.col(i.id)).cast(pl.Int8).alias(f"{i.id}_band") for i in indicators),
    )
