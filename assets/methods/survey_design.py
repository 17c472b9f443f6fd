"""Who was drawn together: PSU and stratum of a respondent, and the weights that some surveys bring along. Pure.

Strata are numbered within a site and year and PSUs within a stratum, so the same number is another unit elsewhere: both get the
place that they are counted within as part of their name.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.methods.errors import PipelineError, count_sv


def psu() -> pl.Expr:
    """The primary sampling unit of a respondent: the class; without one the school; without one nothing is known and the
    municipality's pupils of the grade stand as one unit (docs/adr/0007)."""
    place = pl.coalesce("school_code", pl.lit("okänd"))
    return pl.format("{}/{}/{}/{}/{}", "municipality_code", "wave", "grade", place, pl.coalesce("class_code", pl.lit("-")))


def design(columns: Sequence[str]) -> dict[str, pl.Expr]:
    """PSU and stratum of a respondent: the delivery's own where the survey has a design of its own, else class and municipality.

    Args:
        columns: of `validated.survey_responses`.
    """
    own = {name: pl.col(name) for name in ("psu", "stratum") if name in columns}
    return {"psu": psu(), "stratum": pl.format("{}/{}/{}", "municipality_code", "wave", "grade")} | own


def nested(frame: pl.DataFrame, design: Sequence[str], where: str) -> pl.DataFrame:
    """Design columns as the estimates take them.

    Args:
        frame: `municipality_code, wave` and the design columns as delivered, text. design: which there are. where: file name.

    Returns:
        The frame with `weight` (Float64, above 0), `stratum` (`<municipality>/<wave>/<stratum>`) and `psu` (the stratum, `/`, the
        PSU), those that are in `design`.

    Raises:
        PipelineError: `bad_weight` when a row has no weight above 0; a row without stratum or PSU: `bad_design`.
    """
    place = pl.format("{}/{}", pl.col("municipality_code").fill_null("?"), "wave")
    stratum = pl.format("{}/{}", place, "stratum") if "stratum" in design else place
    if "psu" in design:
        _require(frame["psu"].is_null(), where, "bad_design", "PSU")
        frame = frame.with_columns(psu=pl.format("{}/{}", stratum, "psu"))
    if "stratum" in design:
        _require(frame["stratum"].is_null(), where, "bad_design", "stratum")
        frame = frame.with_columns(stratum=stratum)
    if "weight" in design:
        weight = frame["weight"].str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
        _require(~((weight > 0) & weight.is_finite()).fill_null(False), where, "bad_weight", "vikt över noll")
        frame = frame.with_columns(weight.alias("weight"))
    return frame


def _require(bad: pl.Series, where: str, code: str, what: str) -> None:
    rows = int(bad.sum())
    if rows:
        hint = "Komplettera kolumnen och lägg filen i inkorgen igen."
        raise PipelineError(code, where, f"{what} på varje rad", f"{count_sv(rows, 'rad', 'rader')} utan", hint)
