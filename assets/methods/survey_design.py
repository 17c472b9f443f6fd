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


def design_columns(answers: pl.DataFrame) -> dict[str, pl.Expr]:
    """`psu`, `stratum` and, for a survey with a sampling design of its own, `weight`: how a respondent stands in the sample.

    Args:
        answers: `validated.survey_responses`. A survey's own design is in its columns `weight`, `stratum` and `psu`; rows
            without them have weight 1, the class (else school) as PSU and municipality x wave x grade as stratum. PSU numbers
            are nested in strata, strata in municipality and wave.

    Returns:
        Expressions by name. `weight` is there only when some row has a design of its own.

    Raises:
        PipelineError: a municipality's wave has weights, strata or PSUs for some pupils only.
    """
    class_stratum = pl.format("{}/{}/{}", "municipality_code", "wave", "grade")
    own = [name for name in ("weight", "stratum", "psu") if name in answers.columns]
    own = [name for name in own if answers[name].null_count() < answers.height]
    if not own:
        return {"psu": psu(), "stratum": class_stratum}
    _check_design(answers, own)
    stratum = class_stratum
    if "stratum" in own:
        stratum = pl.coalesce(pl.format("{}/{}/{}", "municipality_code", "wave", "stratum"), class_stratum)
    unit = pl.coalesce(pl.format("{}/{}", stratum, "psu"), psu()) if "psu" in own else psu()
    weight = pl.col("weight").cast(pl.Float64).fill_null(1.0) if "weight" in own else pl.lit(1.0)
    return {"psu": unit, "stratum": stratum, "weight": weight}


def _check_design(answers: pl.DataFrame, own: Sequence[str]) -> None:
    empty = [pl.col(name).is_null().any() & pl.col(name).is_not_null().any() for name in own]
    mixed = answers.group_by("municipality_code", "wave").agg(part=pl.any_horizontal(empty)).filter("part").height
    if mixed:
        raise PipelineError(
            code="design_incomplete",
            where=f"Urvalsplanens kolumner {', '.join(own)}",
            expected="ett värde för varje elev i leveransen, eller inget alls",
            got=f"{mixed} leveranser med värden för bara en del av eleverna",
            hint="Rätta leveransen, eller lämna den utan kolumnerna.",
        )


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
