"""From protected cells to the release tables: absent areas in words, verdicts, response rates, delivery quality. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.catalogue.profile_models import Profile
from assets.catalogue.publication_models import Comparison
from assets.methods.delivery_rows import ROWS_TO
from assets.methods.multiplicity import adjust_families
from assets.methods.school_types import OVER_100, percent_of_enrolled

RESULT_COLUMNS = (
    "edition",
    "area_level",
    "area_code",
    "area_name",
    "wave",
    "grade",
    "sex",
    "index_key",
    "measure",
    "value",
    "low",
    "high",
    "n",
    "reason",
    "unit",
    "method",
    "interval_method",
    "confidence_level",
    "cutoff_set",
    "verdict",
)
KEYS = ("area_level", "area_code", "wave", "grade", "sex", "index_key", "measure")
SHARE_DIFFERENCES = ("diff_share_focus", "sex_gap_share_focus", "diff_share", "sex_gap_share")
HELD = "held_since"
"""Item of `release.delivery_quality`: the day that the numbers which stand were published; only where they are held to."""
ROUND_TO = 5
FLOOR = 10
"""Least number of pupils that is shown when no policy says otherwise (`group_floor` in `disclosure.yml`)."""


def with_clarity(estimates: pl.DataFrame, comparison: Comparison) -> pl.DataFrame:
    """Add `is_clear` (Boolean) to difference rows: unlikely to be chance within the family, and large enough to matter.

    Source: Benjamini & Hochberg (1995) within one area's profile (all indices of a measure); the practical minimum applies to
    shares only.
    """
    adjusted = adjust_families(estimates, list(comparison.family))
    large = pl.col("measure").is_in(SHARE_DIFFERENCES).not_() | (pl.col("estimate").abs() * 100 >= comparison.minimum_points)
    unlikely = pl.col("p_adjusted") < comparison.false_discovery_rate
    return adjusted.with_columns(is_clear=(unlikely & large).fill_null(False)).drop("p_adjusted")


def absent_rows(
    results: pl.DataFrame,
    municipalities: Sequence[str],
    waves: Sequence[int],
    delivered: pl.DataFrame,
    grades: Sequence[str],
    shape: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Rows in words for municipality x wave x grade without any respondent, so that no gap is silent.

    Args:
        results: protected rows; gives the measures, units and sexes that a present area has.
        delivered: `municipality_code, wave` with a promoted delivery.
        grades: keys of the survey's grades.
        shape: `sex, index_key, measure, unit` (or the columns of another table) that an area has rows for; None = those that the
            municipalities of `results` have.

    Returns:
        Rows in the columns of `results`, value null, reason `no_delivery` (nothing from the municipality for the wave) or
        `no_pupils` (a delivery, but nobody in the grade).
    """
    present = results.filter(pl.col("area_level") == "municipality").select("area_code", "wave", "grade").unique()
    grid = pl.DataFrame({"area_code": list(municipalities)}).join(
        pl.DataFrame({"wave": list(waves)}, schema={"wave": pl.Int32}), how="cross"
    )
    grid = grid.join(pl.DataFrame({"grade": list(grades)}), how="cross")
    absent = grid.join(present, on=["area_code", "wave", "grade"], how="anti")
    has = delivered.select(area_code="municipality_code", wave=pl.col("wave").cast(pl.Int32), has=pl.lit(True)).unique()
    absent = absent.join(has, on=["area_code", "wave"], how="left", maintain_order="left")
    if shape is None:
        municipal = results.filter(pl.col("area_level") == "municipality")
        shape = municipal.select("sex", "index_key", "measure", "unit").unique()
    rows = absent.join(shape, how="cross").with_columns(
        area_level=pl.lit("municipality"),
        reason=pl.when(pl.col("has")).then(pl.lit("no_pupils")).otherwise(pl.lit("no_delivery")),
    )
    missing = [pl.lit(None, dtype=results.schema[c]).alias(c) for c in results.columns if c not in rows.columns]
    return rows.with_columns(missing).select(results.columns)


def finish_results(
    protected: pl.DataFrame,
    absent: pl.DataFrame,
    area_names: Mapping[str, str],
    edition: str,
    cutoff_set: str,
) -> pl.DataFrame:
    """`release.index_results`: protected and absent rows with names, edition and cut-off set, sorted by key."""
    frame = pl.concat([protected, absent]).with_columns(
        edition=pl.lit(edition),
        cutoff_set=pl.lit(cutoff_set),
        area_name=pl.col("area_code").replace_strict(dict(area_names), return_dtype=pl.String),
    )
    return frame.select(RESULT_COLUMNS).sort(KEYS)


SERIES_COLUMNS = (
    *("edition", "area_level", "area_code", "area_name", "wave", "grade", "sex", "indicator", "measure", "value", "low", "high"),
    *("n", "reason", "unit", "base", "method", "interval_method", "confidence_level", "verdict"),
)


def finish_series(protected: pl.DataFrame, absent: pl.DataFrame, area_names: Mapping[str, str], edition: str) -> pl.DataFrame:
    """`release.indicator_results`: protected and absent rows with names and edition, sorted by key."""
    frame = pl.concat([protected, absent]).with_columns(
        edition=pl.lit(edition),
        area_name=pl.col("area_code").replace_strict(dict(area_names), return_dtype=pl.String),
    )
    keys = [name if name != "index_key" else "indicator" for name in KEYS]
    return frame.select(SERIES_COLUMNS).sort(keys)


def response_rates(results: pl.DataFrame, persons: pl.DataFrame, enrolled: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """`release.response_rates`: who is in the numbers, per municipality and county x wave x grade.

    Respondents are the published rounded counts (girls and boys), so the table tells nothing that the results do not already
    tell; the response rate is formed from them. `scored_any` is the largest published number of scored pupils; it is left out
    as soon as one index hides its number, because the largest of the others can be far too low. Where the respondents are
    hidden, so is the number of schools they come from.

    Args:
        results: `release.index_results`.
        persons: `municipality_code, wave, grade, school_code` of respondents; only schools are counted here.
        enrolled: register values `area_code, year, indicator_key, value, reason, vintage` for the indicators that
            the profile names for its grades. profile: its county and grades.
    """
    totals = results.filter((pl.col("sex") == "all") & pl.col("area_level").is_in(["county", "municipality"]))
    keys = ["edition", "area_level", "area_code", "area_name", "wave", "grade"]
    answered = (
        totals.filter(pl.col("measure") == "n_respondents")
        .group_by(keys)
        .agg(respondents=pl.col("value").max().cast(pl.Int64), reason=pl.col("reason").first())
    )
    number = pl.col("value").cast(pl.Int64)
    scored = (
        totals.filter(pl.col("measure") == "n_scored")
        .group_by(keys)
        .agg(scored_any=pl.when(number.is_not_null().all()).then(number.max()))
    )
    frame = answered.join(scored, on=keys, how="left")
    frame = frame.join(_schools(persons, profile), on=["area_code", "wave", "grade"], how="left").join(
        _enrolled(enrolled, profile), on=["area_code", "wave", "grade"], how="left"
    )
    percent, too_many = percent_of_enrolled(pl.col("respondents"), pl.col("enrolled"))
    no_number = (
        pl.when(pl.col("grade").is_in([g.key for g in profile.grades if g.pupils]))
        .then(pl.lit("missing"))
        .otherwise(pl.lit("not_applicable"))
    )
    frame = frame.with_columns(
        response_pct=percent,
        too_many=too_many,
        schools_participating=pl.when(pl.col("respondents").is_not_null()).then("schools_participating"),
        enrolled_reason=pl.coalesce("enrolled_reason", no_number),
        enrolled_source=pl.col("enrolled_source").fill_null(""),
    )
    # A denominator that is absent is the reason, unless the answers are; a not reconciled one is shown with its mark.
    # More answers than pupils in the register is an error signal, whatever the register's number is.
    frame = frame.with_columns(
        reason=pl.when(pl.col("reason") != "ok")
        .then("reason")
        .when("too_many")
        .then(pl.lit(OVER_100))
        .otherwise("enrolled_reason"),
        enrolled=((pl.col("enrolled") + 2) // ROUND_TO * ROUND_TO),
    )
    order = [
        "enrolled",
        "enrolled_reason",
        "enrolled_source",
        "schools_registered",
        "schools_participating",
        "respondents",
        "scored_any",
    ]
    return frame.select(*keys, *order, "response_pct", "reason").sort("area_level", "area_code", "wave", "grade")


def enrolled_pupils(values: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """`area_code, wave, grade, enrolled` where a register tells the number; arguments as those of `response_rates`."""
    return _enrolled(values, profile).select("area_code", "wave", "grade", "enrolled").drop_nulls()


def _schools(persons: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    keys = ["area_code", "wave", "grade"]
    rows = persons.filter(pl.col("school_code").is_not_null()).select(
        area_code="municipality_code", wave="wave", grade="grade", school="school_code"
    )
    if profile.county:
        rows = pl.concat([rows, rows.with_columns(area_code=pl.lit(profile.county.code))])
    return rows.group_by(keys).agg(schools_participating=pl.col("school").n_unique().cast(pl.Int64))


def _enrolled(values: pl.DataFrame, profile: Profile) -> pl.DataFrame:
    """Pupils and schools of each grade whose numbers a register tells."""
    grade_of = {g.pupils: g.key for g in profile.grades if g.pupils} | {g.schools: g.key for g in profile.grades if g.schools}
    known = values.filter(pl.col("indicator_key").is_in(list(grade_of)))
    keys = [
        "area_code",
        pl.col("year").cast(pl.Int32).alias("wave"),
        pl.col("indicator_key").replace_strict(grade_of, return_dtype=pl.String).alias("grade"),
    ]
    pupils = known.filter(pl.col("indicator_key").is_in([g.pupils for g in profile.grades if g.pupils])).select(
        *keys,
        enrolled=pl.col("value").cast(pl.Int64),
        enrolled_reason="reason",
        enrolled_source=pl.format("Skolverket, antal elever per årskurs, {}", "vintage"),
    )
    schools = known.filter(pl.col("indicator_key").is_in([g.schools for g in profile.grades if g.schools])).select(
        *keys, schools_registered=pl.col("value").cast(pl.Int64)
    )
    return pupils.join(schools, on=["area_code", "wave", "grade"], how="left")


def delivery_quality(
    deliveries: pl.DataFrame,
    missing: pl.DataFrame,
    municipalities: Sequence[str],
    waves: Sequence[int],
    floor: int = FLOOR,
    steps: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """`release.delivery_quality`: per municipality x wave what arrived and how it held, as text.

    Counts of pupils are rounded to 5, rows of the file to 25 or more: rows less published respondents would else ring in the few
    pupils whose sex is another or unknown. A count of pupils below the floor that isn't 0 is left out with the reason `too_few`.

    Where a newer delivery is held back (docs/adr/0068), `held_since` has the day that the numbers which stand were published.

    Args:
        deliveries: `validated.deliveries`.
        missing: `municipality_code, wave, missing_item_pct` (whole per cent of index answers left out; null: too few pupils).
        floor: least number of pupils that is shown.
        steps: from `row_steps`; 25 where there is none.
    """
    good = deliveries.filter(pl.col("promoted")).sort("delivery_id")
    chosen = pl.DataFrame(schema={"area_code": pl.String, "wave": pl.Int32, "step": pl.Int64}) if steps is None else steps
    good = good.join(
        chosen, left_on=["municipality_code", "wave"], right_on=["area_code", "wave"], how="left", maintain_order="left"
    ).with_columns(pl.col("step").fill_null(ROWS_TO[0]))
    items = {
        "file_format": pl.col("file_format"),
        "codebook": pl.col("codebook"),
        "rows_received": _nearest(pl.col("rows_received"), floor, pl.col("step")),
        "rows_kept": _nearest(pl.col("rows_kept"), floor, pl.col("step")),
        "rules_passed": (pl.col("rules_tried") - pl.col("critical_broken") - pl.col("warnings_broken")).cast(pl.String),
        "rules_failed": (pl.col("critical_broken") + pl.col("warnings_broken")).cast(pl.String),
        "unknown_grade_rows": _nearest(pl.col("rows_outside"), floor),
    }
    since = good["held_since"] if "held_since" in good.columns else pl.Series([None] * good.height, dtype=pl.String)
    rows = [
        good.select(area_code="municipality_code", wave="wave", item=pl.lit(name), value=value.cast(pl.String))
        for name, value in items.items()
    ]
    rows.append(
        missing.select(
            area_code="municipality_code",
            wave="wave",
            item=pl.lit("missing_item_pct"),
            value=pl.col("missing_item_pct").cast(pl.String),
        )
    )
    standing = good.with_columns(value=since).filter(pl.col("value").is_not_null())
    rows.append(standing.select(area_code="municipality_code", wave="wave", item=pl.lit(HELD), value="value"))
    frame = pl.concat(rows).with_columns(
        reason=pl.when(pl.col("value").is_null()).then(pl.lit("too_few")).otherwise(pl.lit("ok"))
    )
    grid = pl.DataFrame({"area_code": list(municipalities)}).join(
        pl.DataFrame({"wave": list(waves)}, schema={"wave": pl.Int32}), how="cross"
    )
    absent = grid.join(frame.select("area_code", "wave").unique(), on=["area_code", "wave"], how="anti").with_columns(
        item=pl.lit("file_format"), value=pl.lit(None, dtype=pl.String), reason=pl.lit("no_delivery")
    )
    return pl.concat([frame, absent.select(frame.columns)]).sort("area_code", "wave", "item")


def _nearest(count: pl.Expr, floor: int, to: pl.Expr | None = None) -> pl.Expr:
    number, step = count.cast(pl.Int64), pl.lit(ROUND_TO, pl.Int64) if to is None else to
    shown = (number == 0) | (number >= pl.max_horizontal(pl.lit(floor, pl.Int64), (step + 1) // 2))  # what rounds to 0 is no 0
    return pl.when(shown).then(((number + step // 2) // step * step).cast(pl.String))


def missing_share(answers: pl.DataFrame, items: Sequence[str], floor: int = FLOOR) -> pl.DataFrame:
    """Whole per cent of the index questions left without an answer, per municipality and wave; null below `floor` pupils.

    "Don't know" and "not to be answered" are answers here; a question the delivery does not have is left out of the base.
    """
    sums = [(pl.col(i) == 999).sum().cast(pl.Int64).alias(f"{i}:gone") for i in items]
    base = [pl.col(i).count().cast(pl.Int64).alias(f"{i}:base") for i in items]
    table = (
        answers.group_by("municipality_code", "wave")
        .agg(pl.len().alias("pupils"), *sums, *base)
        .sort("municipality_code", "wave")
    )
    gone, all_ = pl.sum_horizontal(f"{i}:gone" for i in items), pl.sum_horizontal(f"{i}:base" for i in items)
    percent = pl.when((all_ > 0) & (pl.col("pupils") >= floor)).then((200 * gone + all_) // (2 * all_))
    return table.select("municipality_code", "wave", missing_item_pct=percent)


def provenance(deliveries: pl.DataFrame, raw: pl.DataFrame, register_files: pl.DataFrame, waves: Sequence[int]) -> pl.DataFrame:
    """`release.provenance`: `area_code, wave, source_file, source_sha256`; registers have area `*` and every wave.

    Args:
        deliveries: `validated.deliveries`. raw: `raw.survey_deliveries`. register_files: file and hash of register rows.
    """
    hashes = raw.select("delivery_id", "wave", "source_sha256")
    own = deliveries.filter(pl.col("promoted")).join(hashes, on=["delivery_id", "wave"])
    surveys = own.select(area_code="municipality_code", wave="wave", source_file="source_file", source_sha256="source_sha256")
    registers = register_files.unique().join(pl.DataFrame({"wave": list(waves)}, schema={"wave": pl.Int32}), how="cross")
    rows = registers.select(pl.lit("*").alias("area_code"), "wave", "source_file", "source_sha256")
    return pl.concat([surveys, rows]).sort("area_code", "wave", "source_file")
