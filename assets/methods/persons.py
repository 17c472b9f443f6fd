"""Validated answers -> scored respondents. Pure.

The catalogue's definitions become what the statistical core takes (`IndexSpec`, `CutSet`), so the core knows no YAML and the
catalogue no formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.catalogue.models import CutOffs, IndexFile
from assets.methods.bands import CutSet, with_bands
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
        municipality and respondent.
    """
    specs = index_specs(index_file)
    scored = score(item_scores(answers, scores), specs, index_file.theta_range)
    banded = with_bands(scored, {i.key: i.kind for i in index_file.indices}, cut_set(cutoffs))
    banded = banded.with_columns(psu=psu(), stratum=pl.format("{}/{}/{}", "municipality_code", "wave", "grade"))
    return banded.select(_columns([i.key for i in index_file.indices])).sort("wave", "municipality_code", "respondent_key")


def _columns(index_keys: Sequence[str]) -> list[str]:
    keys = ["respondent_key", "municipality_code", "district_code", "wave", "grade", "sex", "school_code", "psu", "stratum"]
    return keys + [f"{key}{suffix}" for key in index_keys for suffix in ("", "_se", "_n", "_band")]
