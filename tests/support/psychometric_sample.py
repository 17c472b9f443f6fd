"""One index of simulated answers with planted faults, laid out as the catalogue and the warehouse have them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

import polars as pl

from assets.catalogue.load import Catalogue, load_catalogue
from assets.catalogue.models import Index, IndexFile, IndexItem, Item
from assets.methods.index_anatomy import index_anatomy
from assets.methods.psychometric_table import psychometric_table
from tests.support.rasch_simulation import THRESHOLDS, answers

INDEX = "psychosomatic"
LABELS = {key: f"Frågan om {key}" for key in THRESHOLDS}


def index_file() -> IndexFile:
    """The catalogue's index file with one index, whose items are the simulated ones; codes are the scores."""
    real = load_catalogue()
    items = tuple(
        IndexItem(item=key, thresholds=steps, scores={score: score for score in range(len(steps) + 1)})
        for key, steps in THRESHOLDS.items()
    )
    like = real.index(INDEX).model_dump() | {"items": items, "maximum_raw": sum(map(len, THRESHOLDS.values()))}
    return real.index_file.model_copy(update={"indices": (Index(**like),)})


def catalogue() -> Catalogue:
    """The catalogue with that index file, and a survey that knows its questions."""
    real = load_catalogue()
    items = tuple(
        Item(key=key, label_sv=label, label_en=label, section="individ", answers={0: "nej", 1: "ja"})
        for key, label in LABELS.items()
    )
    survey = real.survey.model_copy(update={"items": items})
    survey.__dict__.pop("by_key", None)  # a copy takes what was computed along
    return replace(real, index_file=index_file(), survey=survey)


@lru_cache(maxsize=8)
def _table(n: int, seed: int, dif: tuple[tuple[str, float], ...], shifted: tuple[tuple[str, float], ...]) -> pl.DataFrame:
    moved = {key: tuple(step + dict(shifted).get(key, 0.0) for step in steps) for key, steps in THRESHOLDS.items()}
    before = answers(n, seed, dif=dict(dif), missing=0.02).filter(pl.col("wave") < 2024)
    after = answers(n, seed + 1, moved, dif=dict(dif), missing=0.02).filter(pl.col("wave") == 2024)
    return psychometric_table(pl.concat([before, after]), index_file(), load_catalogue().psychometrics)


def sample_table(
    n: int = 4000, seed: int = 5, *, dif: Mapping[str, float] | None = None, shifted: Mapping[str, float] | None = None
) -> pl.DataFrame:
    """`indices.psychometrics` of the simulated index.

    Args:
        dif: item -> logits that are added to its thresholds for girls. shifted: the same for everybody in the wave 2024.
    """
    return _table(n, seed, tuple((dif or {}).items()), tuple((shifted or {}).items()))


def sample_anatomy(table: pl.DataFrame) -> pl.DataFrame:
    """`release.index_anatomy` of a table."""
    real = load_catalogue()
    return index_anatomy(table, index_file(), LABELS, real.psychometric_texts, real.psychometrics, "intern")
