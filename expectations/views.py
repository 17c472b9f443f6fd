"""What the rules of a table are tried on: its own columns, and small tables of counts made from it. Pure.

A view with counts is as good as the rows for a rule about combinations of codes, and a thousandth of the size.
"""

from __future__ import annotations

import polars as pl

from assets.catalogue.load import Catalogue
from assets.methods.item_profile import against_last_wave, routing_counts
from assets.registers.agreements import Agreement
from expectations.suite import ROWS

KEYS = ("respondent_key", "delivery_id", "municipality_code", "wave", "grade", "sex", "district_code")
UNIT = ["delivery_id", "wave"]
Views = dict[str, pl.DataFrame]


def routed_columns(catalogue: Catalogue) -> list[str]:
    """The follow-up questions of the survey and the questions that route them, in catalogue order."""
    routed = [i for i in catalogue.survey.items if i.routed_by]
    return list(dict.fromkeys(c for i in routed if i.routed_by for c in (i.key, *i.routed_by.gates)))


def survey_views(
    frame: pl.DataFrame, columns: list[str], schools: pl.DataFrame, enrolled: pl.DataFrame, catalogue: Catalogue
) -> Views:
    """Views of `harmonised/survey_responses`.

    Args:
        frame: its rows (at least `KEYS`, `school_code` and the routed questions). columns: all columns of the table.
        schools: `harmonised.schools`. enrolled: register values `area_code, year, indicator_key, value` of `pupils_ak9`.

    Returns:
        `rows`; `columns` (`name`); `sexes` (pupils per delivery, wave, sex); `routing` (`routing_counts`); `per_school` (year 9
        per school unit, with its `enrolled` and whether it is `registered`, for years that the register has);
        `per_municipality` (year 9 with `enrolled`).
    """
    if not set(UNIT) <= set(frame.columns):
        return dict.fromkeys(("sexes", "routing", "per_school", "per_municipality"), pl.DataFrame()) | {
            ROWS: frame, "columns": pl.DataFrame({"name": columns}, schema={"name": pl.String})
        }  # fmt: skip
    count = pl.len().cast(pl.Int64).alias("n")
    sexes = frame.group_by(*UNIT, "sex").agg(count).sort(*UNIT, "sex") if "sex" in frame.columns else pl.DataFrame()
    return {
        ROWS: frame.select([c for c in KEYS if c in frame.columns]),
        "columns": pl.DataFrame({"name": columns}, schema={"name": pl.String}),
        "sexes": sexes,
        "routing": routing_counts(frame, catalogue.survey),
        "per_school": _per_school(frame, schools),
        "per_municipality": _per_municipality(frame, enrolled),
    }


def _year_nine(frame: pl.DataFrame, place: str) -> pl.DataFrame:
    """Pupils of year 9 per delivery, wave and place."""
    known = frame.filter((pl.col("grade") == "ak9") & pl.col(place).is_not_null())
    return known.group_by(*UNIT, place).agg(n=pl.len().cast(pl.Int64))


def _per_school(frame: pl.DataFrame, schools: pl.DataFrame) -> pl.DataFrame:
    if schools.is_empty() or not {"grade", "school_code"} <= set(frame.columns):
        return pl.DataFrame()
    register = schools.select("school_code", wave=pl.col("year").cast(pl.Int32), enrolled="pupils_ak9", registered=True)
    counted = _year_nine(frame, "school_code").join(register.select("wave").unique(), on="wave", how="semi")
    joined = counted.join(register, on=["school_code", "wave"], how="left", maintain_order="left")
    return joined.with_columns(pl.col("registered").fill_null(value=False)).sort(*UNIT, "school_code")


def _per_municipality(frame: pl.DataFrame, enrolled: pl.DataFrame) -> pl.DataFrame:
    if enrolled.is_empty() or not {"grade", "municipality_code"} <= set(frame.columns):
        return pl.DataFrame()
    register = enrolled.filter((pl.col("indicator_key") == "pupils_ak9") & pl.col("value").is_not_null()).select(
        municipality_code="area_code", wave=pl.col("year").cast(pl.Int32), enrolled=pl.col("value").cast(pl.Int64)
    )
    joined = _year_nine(frame, "municipality_code").join(register, on=["municipality_code", "wave"])
    return joined.sort(*UNIT, "municipality_code")


def profile_views(profile: pl.DataFrame, earlier: pl.DataFrame, catalogue: Catalogue) -> Views:
    """Views of `harmonised/item_profile`.

    Returns:
        `rows`; `numbers` and `choices`, the rows of questions about a number and of all others; `last_wave`
        (`against_last_wave`).
    """
    if profile.is_empty():
        return dict.fromkeys((ROWS, "numbers", "choices", "last_wave"), profile)
    number = pl.col("item").is_in([i.key for i in catalogue.survey.items if i.type == "count"])
    last_wave = against_last_wave(profile, earlier, _break_years(catalogue))
    return {ROWS: profile, "numbers": profile.filter(number), "choices": profile.filter(~number), "last_wave": last_wave}


def _break_years(catalogue: Catalogue) -> dict[str, list[int]]:
    """Item -> waves from which it is another question, or asked of others because the question that routes it changed."""
    years: dict[str, list[int]] = {}
    for item in catalogue.survey.items:
        touching = [item.key, *(item.routed_by.gates if item.routed_by else ())]
        found = sorted({b.year for b in catalogue.breaks_of_items(touching)})
        if found:
            years[item.key] = found
    return years


def register_views(values: pl.DataFrame, agreements: tuple[Agreement, ...]) -> Views:
    """Views of `harmonised/register_values`: `rows`, and `two_sources` (`area_code, year, sex, share, mean`, both known)."""
    if values.is_empty():
        return {ROWS: values, "two_sources": pl.DataFrame()}
    parts = [
        pl.DataFrame(schema={"area_code": pl.String, "year": pl.Int32, "sex": pl.String, "share": pl.Float64, "mean": pl.Float64})
    ]
    for pair in agreements:
        sides = {"share": pair.share, "mean": pair.mean}
        mean, share = (
            values.filter(
                (pl.col("source") == m.source) & (pl.col("indicator_key") == m.indicator_key) & pl.col("value").is_not_null()
            ).select("area_code", "year", "sex", pl.col("value").alias(name))
            for name, m in (("mean", sides["mean"]), ("share", sides["share"]))
        )
        parts.append(share.join(mean, on=["area_code", "year", "sex"]).select(parts[0].columns))
    return {ROWS: values, "two_sources": pl.concat(parts).sort("area_code", "year", "sex")}


def school_views(schools: pl.DataFrame, enrolled: pl.DataFrame) -> Views:
    """Views of `harmonised/schools`: `rows`, and `per_municipality`: the schools' year 9 beside the municipality's own figure.

    `year, municipality_code, in_schools, enrolled`. A school with a masked figure adds nothing, so `in_schools` is at most the
    municipality's.
    """
    if schools.is_empty() or enrolled.is_empty():
        return {ROWS: schools, "per_municipality": pl.DataFrame()}
    sums = schools.group_by("year", "municipality_code").agg(in_schools=pl.col("pupils_ak9").sum().cast(pl.Int64))
    register = enrolled.filter((pl.col("indicator_key") == "pupils_ak9") & pl.col("value").is_not_null())
    own = register.select("year", municipality_code="area_code", enrolled=pl.col("value").cast(pl.Int64))
    return {ROWS: schools, "per_municipality": sums.join(own, on=["year", "municipality_code"]).sort("year", "municipality_code")}


def raw_views(rows: pl.DataFrame, deliveries: pl.DataFrame) -> Views:
    """Views of `raw/survey_responses`: `rows`, and `per_delivery`: `delivery_id, wave, n` (counted) and `rows` (as told)."""
    if rows.is_empty() or deliveries.is_empty():
        return {ROWS: rows, "per_delivery": pl.DataFrame()}
    counted = rows.group_by(UNIT).agg(n=pl.len().cast(pl.Int64))
    said = deliveries.select(*UNIT, pl.col("rows").cast(pl.Int64))
    return {ROWS: rows, "per_delivery": said.join(counted, on=UNIT, how="full", coalesce=True).fill_null(0).sort(UNIT)}


def validated_views(rows: pl.DataFrame) -> Views:
    """Views of `validated/survey_responses`: `rows`, and `places`: one row per delivery, municipality and wave."""
    place = ["delivery_id", "municipality_code", "wave"]
    have = set(place) <= set(rows.columns)
    return {ROWS: rows, "places": rows.select(place).unique().sort(place) if have else pl.DataFrame()}


def only_rows(frame: pl.DataFrame) -> Views:
    """A table that is judged as it is."""
    return {ROWS: frame}
