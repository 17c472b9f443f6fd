"""Tables that should be nothing but functions of published numbers: that they are is checked, so they need no attack. Pure.

Response rates are formed from the published respondents, and a model's estimate from the published shares of the waves that it
names. A number in them that can't have been made so may have been made from the exact one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import polars as pl

from assets.audit.types import REPORT_SCHEMA, AuditRules

Tables = Mapping[str, pl.DataFrame]
Row = tuple[str, str, str, int, str, str, str, str]
"""Edition, area level and code, wave, grade, sex, key and measure of the number that is given away."""
Place = tuple[str, str, str, int, str]
ENROLLED_HALF = 2
"""The number of pupils in the register is shown to the nearest five; the per cent is of the exact one, which is open data."""


def copied_cells(published: Tables, rules: AuditRules) -> pl.DataFrame:
    """`REPORT_SCHEMA`, one row per number that is no function of what is published: verdict `narrow`, no bounds."""
    index = published.get("index_results")
    if index is None or "index_results" in rules.perturbed:
        return pl.DataFrame(schema=REPORT_SCHEMA)
    shown = {row[:-1]: row[-1] for row in index.filter(pl.col("reason") == "ok").select(
        "edition", "area_level", "area_code", "wave", "grade", "sex", "index_key", "measure", "value"
    ).iter_rows()}  # fmt: skip
    need = float(min(one.width for one in rules.editions.values()))
    rows = [
        ("index_results", *row, None, None, 0.0, need, "narrow", "side")
        for row in sorted({*_rates(published, shown), *_models(published, shown)})
    ]
    return pl.DataFrame(rows, schema=REPORT_SCHEMA, orient="row")


def _rates(published: Tables, shown: Mapping[Row, float]) -> Iterator[Row]:
    """Respondents and scored pupils other than those published, and per cents of other respondents than those."""
    table = published.get("response_rates")
    if table is None:
        return
    numbers: dict[Place, dict[str, set[float]]] = {}
    for (edition, level, code, wave, grade, sex, _, measure), value in shown.items():
        if sex == "all":
            numbers.setdefault((edition, level, code, wave, grade), {}).setdefault(measure, set()).add(value)
    names = ("edition", "area_level", "area_code", "wave", "grade", "respondents", "scored_any", "enrolled", "response_pct")
    for edition, level, code, wave, grade, respondents, scored, enrolled, percent in table.select(names).iter_rows():
        known = numbers.get((edition, level, code, wave, grade), {})
        copied = respondents is None or respondents in known.get("n_respondents", ())
        if not copied or not _is_share(percent, respondents, enrolled):
            yield edition, level, code, wave, grade, "all", "", "n_respondents"
        if scored is not None and scored not in known.get("n_scored", ()):
            yield edition, level, code, wave, grade, "all", "", "n_scored"


def _is_share(percent: int | None, respondents: int | None, enrolled: int | None) -> bool:
    """Whether so many respondents are that whole per cent of some number of pupils that is shown as `enrolled`."""
    if percent is None:
        return True
    if respondents is None or enrolled is None:
        return False
    least, most = max(enrolled - ENROLLED_HALF, 1), enrolled + ENROLLED_HALF
    return 100 * respondents / most - 0.5 <= percent <= 100 * respondents / least + 0.5


def _models(published: Tables, shown: Mapping[Row, float]) -> Iterator[Row]:
    """Shares that an estimate with a weight of its own, or over several waves, is made from and that aren't published."""
    table = published.get("model_estimates")
    if table is None:
        return
    own = table.filter(pl.col("reason") == "ok", pl.col("own_weight_pct") > 0).drop_nulls("value")
    names = ("edition", "area_level", "area_code", "grade", "sex", "index_key", "measure", "waves")
    for edition, level, code, grade, sex, key, measure, waves in own.select(names).iter_rows():
        for wave in waves.split():
            row = (edition, level, code, int(wave), grade, sex, key, measure)
            if row not in shown:
                yield row
