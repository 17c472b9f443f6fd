"""Validated answers -> scored respondents. Pure.

The catalogue's definitions become what the statistical core takes (`IndexSpec`, `CutSet`), so the core knows no YAML and the
catalogue no formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from assets.catalogue.cutoff_models import CutOffs
from assets.catalogue.models import IndexFile
from assets.methods.bands import CutSet, with_bands
from assets.methods.mean_scores import ItemRule, ScoreRule, mean_scores
from assets.methods.rasch import IndexSpec, ItemSpec, score
from assets.methods.record_identity import COLUMN as RECORD_KEY
from assets.methods.survey_design import design_columns, psu

__all__ = ["KEYS", "cut_set", "index_specs", "item_scores", "mean_score_persons", "psu", "score_persons"]

KEYS = ("respondent_key", "municipality_code", "district_code", "wave", "grade", "sex", "school_code", "class_code")


def index_specs(index_file: IndexFile) -> tuple[IndexSpec, ...]:
    """The catalogue's indices as the scorer takes them."""
    return tuple(
        IndexSpec(i.key, i.kind, tuple(ItemSpec(p.item, p.thresholds) for p in i.items), index_file.least_answered(i))
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
        `<key>` (logits, protective times -1; with the model `mean_score` 0..100, see `mean_score_persons`), `<key>_se`,
        `<key>_n`, `<key>_band` (1..3 or null); sorted by wave, municipality and respondent. A survey with a sampling design of
        its own adds `weight` (see `design_columns`); answers with `record_key` (noise by cell key) keep it.
    """
    recoded = item_scores(answers, scores)
    if index_file.model == "mean_score":
        scored = mean_score_persons(recoded, index_file)
    else:
        scored = score(recoded, index_specs(index_file), index_file.theta_range, estimator=index_file.estimator)
    banded = with_bands(scored, {i.key: i.kind for i in index_file.indices}, cut_set(cutoffs))
    design = design_columns(answers)
    keyed = [RECORD_KEY] if RECORD_KEY in answers.columns else []
    columns = _columns([i.key for i in index_file.indices], [*design, *keyed])
    return banded.with_columns(**design).select(columns).sort("wave", "municipality_code", "respondent_key")


def mean_score_persons(recoded: pl.DataFrame, index_file: IndexFile) -> pl.DataFrame:
    """Mean scores of recoded answers (0..m, high = risk): the mean of the items' per cent of their highest score.

    A risk index is 100 where every answer is the most risky; a protective one is turned round, so 100 is the most protection.

    Returns:
        `recoded` and per index `<key>` (0..100, null with too few answered items), `<key>_se` (null: a mean of answers has no
        measurement model), `<key>_n`.
    """
    rules = {part.item: ItemRule(part.item, 0, part.maximum) for index in index_file.indices for part in index.items}
    wanted = [ScoreRule(i.key, tuple(p.item for p in i.items), index_file.least_answered(i), i.kind) for i in index_file.indices]
    wide = recoded.select(pl.col(item).cast(pl.Int64) for item in rules)  # Int8 would overflow when multiplied by 100
    means = mean_scores(wide, tuple(rules.values()), wanted)
    columns = []
    for index in index_file.indices:
        score = pl.col(f"{index.key}_pomp")
        columns += [
            (score if index.kind == "risk" else 100 - score).alias(index.key),
            pl.lit(None, pl.Float64).alias(f"{index.key}_se"),
            pl.col(f"{index.key}_nvalid").alias(f"{index.key}_n"),
        ]
    return pl.concat([recoded, means.select(columns)], how="horizontal")


def _columns(index_keys: Sequence[str], design: Sequence[str]) -> list[str]:
    keys = ["respondent_key", "municipality_code", "district_code", "wave", "grade", "sex", "school_code", *design]
    return keys + [f"{key}{suffix}" for key in index_keys for suffix in ("", "_se", "_n", "_band")]
