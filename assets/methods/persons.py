"""Validated answers -> scored respondents. Pure.

The catalogue's definitions become what the statistical core takes (`IndexSpec`, `CutSet`), so the core knows no YAML and the
catalogue no formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.catalogue.models import CutOffs, IndexFile
from assets.methods.bands import CutSet, with_bands
from assets.methods.errors import PipelineError
from assets.methods.rasch import IndexSpec, ItemSpec, score

KEYS = ("respondent_key", "municipality_code", "district_code", "wave", "grade", "sex", "school_code", "class_code")


def index_specs(index_file: IndexFile) -> tuple[IndexSpec, ...]:
    """The catalogue's indices as the scorer takes them."""
    return tuple(
        IndexSpec(i.key, i.kind, tuple(ItemSpec(p.item, p.thresholds) for p in i.items), index_file.minimum_answered)
        for i in index_file.indices
    )


def cut_set(cutoffs: CutOffs) -> CutSet:
    """The catalogue's cut-offs as the bands take them."""
    return CutSet(cutoffs.id, {key: (c.lower, c.upper) for key, c in cutoffs.cuts.items()}, cutoffs.policy)


def item_scores(answers: pl.DataFrame, scores: Mapping[str, Mapping[int, int]]) -> pl.DataFrame:
    """Replace the 2024 codes of the index items by item scores 0..m (high = risk); every kind of missing becomes null."""
    return answers.with_columns(
        pl.col(item).replace_strict(dict(mapping), default=None, return_dtype=pl.Int8) for item, mapping in scores.items()
    )


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


def score_persons(
    answers: pl.DataFrame,
    index_file: IndexFile,
    cutoffs: CutOffs,
    scores: Mapping[str, Mapping[int, int]],
) -> pl.DataFrame:
    """Score respondents on all indices.

    Args:
        answers: `validated.survey_responses`.

    Returns:
        `respondent_key, municipality_code, district_code, wave, grade, sex, school_code, psu, stratum` and per index
        `<key>` (logits, protective times -1), `<key>_se`, `<key>_n`, `<key>_band` (1..3 or null); sorted by wave,
        municipality and respondent. A survey with a sampling design of its own adds `weight` (see `design_columns`).
    """
    specs = index_specs(index_file)
    scored = score(item_scores(answers, scores), specs, index_file.theta_range)
    banded = with_bands(scored, {i.key: i.kind for i in index_file.indices}, cut_set(cutoffs))
    design = design_columns(answers)
    columns = _columns([i.key for i in index_file.indices], list(design))
    return banded.with_columns(**design).select(columns).sort("wave", "municipality_code", "respondent_key")


def _columns(index_keys: Sequence[str], design: Sequence[str]) -> list[str]:
    keys = ["respondent_key", "municipality_code", "district_code", "wave", "grade", "sex", "school_code", *design]
    return keys + [f"{key}{suffix}" for key in index_keys for suffix in ("", "_se", "_n", "_band")]
