"""Change between two waves from person rows, with the covariance that common schools bring. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import polars as pl

from assets.methods import design_estimates as de
from assets.methods.design import SurveyDesign, draw_up

SCHEMA = de.SCHEMA | {"first_wave": pl.Int64, "last_wave": pl.Int64, "verdict": pl.String}


def change_between_waves(
    persons: pl.DataFrame,
    design: SurveyDesign,
    value: str,
    waves: tuple[int, int],
    by: Sequence[str] = (),
    breaks: Iterable[int] = (),
    minimum: float = 0.0,
    wave: str = "wave",
    level: float = 0.95,
) -> pl.DataFrame:
    """Last minus first wave, per domain.

    Whether the waves are independent follows from the design: units named without the wave (school) are common to both, and waves
    are domains of one sample; then no stratum may hold the wave. Units and strata that hold the wave (class x wave) make the
    waves independent, and the variances add.

    Args:
        waves: (first, last). by: domains within which the change is wanted. breaks: first waves of changed questions. minimum:
            least change that is called one, in the estimate's unit.

    Returns:
        `by` columns and `SCHEMA`, sorted: `estimate` (last minus first) and its interval, `verdict` `increase`, `decrease` or
        `cannot_tell`. A break between the waves gives nulls and the reason `series_break`.
    """
    first, last = waves
    broken = any(first < b <= last for b in breaks)
    sample = draw_up(persons.filter(pl.col(wave).is_in(waves)), design)
    domains = sample.frame.select(by).drop_nulls().unique().sort(by) if by else pl.DataFrame({"": [None]})
    rows = []
    for domain in domains.iter_rows(named=True):
        where = pl.all_horizontal(pl.col(name) == code for name, code in domain.items()) if by else pl.lit(True)
        before, after = (de.mean(sample, value, where & (pl.col(wave) == w)) for w in waves)
        row = de.described(sample, after.minus(before), "change", level)
        sizes = [de.described(sample, s, "mean", level) for s in (before, after)]
        smallest = min(sizes, key=lambda size: size["df"])
        row = de.own_size(row, {"df": smallest["df"]}, level)
        if not all(size["n"] for size in sizes):
            row |= {"reason": "no_answers"}
        if broken:
            row |= dict.fromkeys(("estimate", "se", "low", "high")) | {"reason": "series_break"}
        rows.append((domain if by else {}) | row | {"first_wave": first, "last_wave": last, "verdict": _verdict(row, minimum)})
    return pl.DataFrame(rows, schema={name: sample.frame.schema[name] for name in by} | SCHEMA)


def _verdict(row: dict, minimum: float) -> str:
    if row["low"] is None or row["low"] <= 0 <= row["high"] or abs(row["estimate"]) < minimum:
        return "cannot_tell"
    return "increase" if row["estimate"] > 0 else "decrease"
