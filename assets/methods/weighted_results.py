"""Results under non-response weights, beside the unweighted ones. Pure.

A pupil stands for enrolled / respondents of its response cell: school, else schools of the same type, else municipality, in the
written order. The weights are then raked to the register's pupils per municipality (and sex where the register tells it) and
trimmed. They repair what those margins explain and nothing else; in a school census that is little (docs/adr/0022).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.catalogue.estimate_models import NonResponseWeights
from assets.methods.calibration import rake
from assets.methods.design import Sample, Stage, SurveyDesign, draw_up
from assets.methods.design_estimates import described, mean
from assets.methods.school_types import OVER_100, SLACK, school_types
from assets.methods.weights import CellRule, cell_weights, kish_deff, trim

COUNTY, MUNICIPALITY = "county", "municipality"
SCHEMA = {
    "area_level": pl.String,
    "area_code": pl.String,
    "wave": pl.Int32,
    "grade": pl.String,
    "sex": pl.String,
    "index_key": pl.String,
    "measure": pl.String,
    "estimate": pl.Float64,
    "se": pl.Float64,
    "low": pl.Float64,
    "high": pl.Float64,
    "df": pl.Int64,
    "n": pl.Int64,
    "n_psu": pl.Int64,
    "sum_w": pl.Float64,
    "weight_effect": pl.Float64,
    "unweighted": pl.Float64,
    "method": pl.String,
    "interval_method": pl.String,
    "confidence_level": pl.Float64,
    "reason": pl.String,
    "estimate_reason": pl.String,
}
CELLS_SCHEMA = {
    "municipality_code": pl.String,
    "wave": pl.Int32,
    "grade": pl.String,
    "index_key": pl.String,
    "weight": pl.Float64,
    "n": pl.Int64,
    "yes": pl.Int64,
}
KEYS = ["area_level", "area_code", "wave", "grade", "index_key", "measure"]
METHOD = "taylor_raked"
LEVEL = 0.95
SHOWN = ("ok", "not_reconciled")
CELLS = CellRule(("municipality_code", "school_type", "school"), ("school", "school_type"))
UNKNOWN = "unknown"
FOCUS, ONE = "__focus", "__weight"


def weighted_estimates(
    persons: pl.DataFrame,
    schools: pl.DataFrame,
    pupils: pl.DataFrame,
    focus: Mapping[str, int],
    rules: NonResponseWeights,
    grades: Sequence[tuple[str, bool]],
    county: str | None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """`indices.weighted_estimates` and `indices.weight_cells`: focus share and mean of girls and boys together, under weights.

    Args:
        persons: `indices.person_scores`. schools: `harmonised.schools`. pupils: the register's pupils: `municipality_code, wave,
            grade, sex` (`all`, and `girl`, `boy` where it tells them), `enrolled` (null when absent), `reason`. focus: index
            key -> focus band. grades: grade key and whether a register counts its pupils. county: code, None without one.

    Returns:
        `SCHEMA`, sorted by `KEYS`. `weight_effect`: Kish's design effect of the weights alone; `unweighted`: the same estimate
        with weight 1. Where there are no weights `estimate` is null and `reason` (`reasons.yml`) tells why: `not_applicable` (no
        register counts the grade), the register's own, or `over_100`. The county has weights only when all its municipalities in
        the wave have. `estimate_reason` (`statistics.yml`): where there are weights, `ok` or why the estimate or its interval is
        null. And `CELLS_SCHEMA`, sorted: pupils with a score (`n`) and in the focus band (`yes`) by weight.
    """
    known = persons.filter(pl.col("sex").is_in(["girl", "boy"]))
    counted = dict(grades)
    parts, cells = [pl.DataFrame(schema=SCHEMA)], [pl.DataFrame(schema=CELLS_SCHEMA)]
    for (wave, grade), group in known.sort("wave", "grade", "respondent_key").group_by("wave", "grade", maintain_order=True):
        here = pupils.filter((pl.col("wave") == wave) & (pl.col("grade") == grade))
        reasons = _reasons(group, here) if counted.get(grade, False) else dict.fromkeys(_areas(group), "not_applicable")
        usable = [area for area, reason in reasons.items() if reason in SHOWN]
        inside = group.filter(pl.col("municipality_code").is_in(usable))
        sample = _weighted(inside, schools, here, rules) if usable else None
        parts.append(_one_wave(group, sample, focus, reasons, county))
        if sample:
            cells.append(_weight_cells(sample, focus))
    return pl.concat(parts).sort(KEYS), pl.concat(cells).sort("wave", "grade", "index_key", "municipality_code", "weight")


def _weight_cells(sample: Sample, focus: Mapping[str, int]) -> pl.DataFrame:
    """Pupils by weight: those with the same weight in the same municipality can't be told apart by weighted results."""
    weighted = sample.frame.with_columns(weight=pl.Series(sample.weight).round(9))
    keys = ["municipality_code", "wave", "grade", "weight"]
    parts = [
        weighted.filter(pl.col(f"{key}_band").is_not_null())
        .group_by(keys)
        .agg(n=pl.len().cast(pl.Int64), yes=(pl.col(f"{key}_band") == band).sum().cast(pl.Int64))
        .with_columns(index_key=pl.lit(key))
        .select(list(CELLS_SCHEMA))
        for key, band in focus.items()
    ]
    return pl.concat(parts).cast(CELLS_SCHEMA)


def _areas(persons: pl.DataFrame) -> list[str]:
    return persons["municipality_code"].unique().sort().to_list()


def _reasons(persons: pl.DataFrame, pupils: pl.DataFrame) -> dict[str, str]:
    """Per municipality with respondents: `ok`, or why its pupils can't be weighted to the register."""
    totals = {
        row[0]: row[1:]
        for row in pupils.filter(pl.col("sex") == "all").select("municipality_code", "enrolled", "reason").iter_rows()
    }
    answered = dict(persons.group_by("municipality_code").len().iter_rows())
    found = {}
    for area in _areas(persons):
        enrolled, reason = totals.get(area, (None, "missing"))
        if enrolled is None or reason not in SHOWN:
            found[area] = reason if reason not in SHOWN else "missing"
        else:
            found[area] = OVER_100 if answered[area] - SLACK > enrolled else reason
    return found


def _one_wave(
    persons: pl.DataFrame, sample: Sample | None, focus: Mapping[str, int], reasons: Mapping[str, str], county: str | None
) -> pl.DataFrame:
    lacking = sorted({reason for reason in reasons.values() if reason not in SHOWN})
    whole = lacking[0] if lacking else "not_reconciled" if "not_reconciled" in reasons.values() else "ok"
    areas = [(MUNICIPALITY, area, reason) for area, reason in reasons.items()] + ([(COUNTY, county, whole)] if county else [])
    rows = []
    for level, area, reason in areas:
        inside = None if level == COUNTY else pl.col("municipality_code") == area
        keys = {"area_level": level, "area_code": area, "wave": persons["wave"][0], "grade": persons["grade"][0], "sex": "all"}
        for key, band in focus.items():
            for measure in (f"share_band{band}", "mean"):
                row = keys | {"index_key": key, "measure": measure, "reason": reason, "method": METHOD, "confidence_level": LEVEL}
                rows.append(row | (_estimate(sample, key, band, measure, inside) if sample and reason in SHOWN else {}))
    return pl.DataFrame([dict.fromkeys(SCHEMA) | row for row in rows], schema=SCHEMA)


def _estimate(sample: Sample, key: str, band: int, measure: str, inside: pl.Expr | None) -> dict[str, object]:
    """A weighted estimate beside the unweighted one."""
    share = measure != "mean"
    scored = pl.col(key).is_not_null() & pl.col(key).is_not_nan()
    where = scored if inside is None else scored & inside
    value = pl.when(scored).then((pl.col(f"{key}_band") == band).cast(pl.Float64)) if share else pl.col(key)
    described_in = Sample(
        sample.frame.with_columns(value.alias(FOCUS)), sample.weight, sample.lonely, sample.stages, sample.adjusters
    )
    found = mean(described_in, FOCUS, where)
    row = described(described_in, found, measure, LEVEL, "logit" if share else "t")
    weight = sample.weight[found.domain]
    plain = described_in.column(FOCUS)[found.domain]
    kept = ("estimate", "se", "low", "high", "df", "n", "n_psu", "sum_w")
    told = {name: row[name] for name in kept} | {"estimate_reason": row["reason"]}
    if not len(weight):
        return told
    return told | {
        "interval_method": None if row["low"] is None else "logit_t" if share else "t",
        "weight_effect": kish_deff(weight),
        "unweighted": float(plain.mean()),
    }


def _weighted(persons: pl.DataFrame, schools: pl.DataFrame, pupils: pl.DataFrame, rules: NonResponseWeights) -> Sample:
    """The wave's respondents with base weights, raked to the register and trimmed."""
    wave = persons["wave"][0]
    named = persons.with_columns(
        school_types(persons.select("wave", "school_code"), schools), school=pl.col("school_code").fill_null(UNKNOWN)
    )
    rule = CellRule(CELLS.keys, CELLS.collapse, rules.least_respondents, rules.most_factor)
    based, _ = cell_weights(named, _cells(schools, pupils, wave, _areas(persons)), rule)
    design = SurveyDesign((Stage("psu", "stratum"),), "base_weight", "adjust")
    sample = rake(draw_up(based, design), _margins(named, pupils))
    return trim(sample, rules.trim_above * float(sample.weight.mean()))


def _cells(schools: pl.DataFrame, pupils: pl.DataFrame, wave: int, areas: Sequence[str]) -> pl.DataFrame:
    """Pupils per school of the municipalities; a municipality whose schools the register lacks in the wave is one cell."""
    found = (
        schools.filter((pl.col("year") == wave) & pl.col("municipality_code").is_in(list(areas)) & (pl.col("pupils_ak9") > 0))
        .group_by("municipality_code", school_type="organiser_type", school="school_code")
        .agg(enrolled=pl.col("pupils_ak9").sum().cast(pl.Int64))
    )
    totals = pupils.filter((pl.col("sex") == "all") & pl.col("municipality_code").is_in(list(areas)))
    alone = totals.join(found, on="municipality_code", how="anti").select(
        "municipality_code", school_type=pl.lit(UNKNOWN), school=pl.lit(UNKNOWN), enrolled=pl.col("enrolled").cast(pl.Int64)
    )
    return pl.concat([found, alone]).sort("municipality_code", "school_type", "school")


def _margins(persons: pl.DataFrame, pupils: pl.DataFrame) -> list[pl.DataFrame]:
    """Pupils per municipality, and per municipality and sex when the register tells both for all of them."""
    here = pupils.filter(pl.col("municipality_code").is_in(_areas(persons)) & (pl.col("enrolled") > 0))
    totals = here.filter(pl.col("sex") == "all").select("municipality_code", N=pl.col("enrolled").cast(pl.Float64))
    sexes = here.filter(pl.col("sex").is_in(["girl", "boy"])).select(
        "municipality_code", "sex", N=pl.col("enrolled").cast(pl.Float64)
    )
    if not sexes.height or sexes.height != persons.select("municipality_code", "sex").unique().height:
        return [totals]
    scaled = sexes.join(totals.rename({"N": "whole"}), on="municipality_code", how="left", maintain_order="left").with_columns(
        N=pl.col("N") * pl.col("whole") / pl.col("N").sum().over("municipality_code")
    )
    return [totals, scaled.drop("whole")]
