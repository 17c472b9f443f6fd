"""The truth behind the simulated answers: traits, true shares in the focus band, and their means per group.

Signs follow the reports: protective factors have been multiplied by -1. Nothing here uses the scoring code.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from assets.catalogue.models import Index, IndexFile
from assets.demo import pcm
from assets.demo.parameters import Parameters
from assets.demo.population import GRADE_KEYS, SEX_KEYS, Pupils

RESPONDENTS_FILE, CELLS_FILE = "respondents.parquet", "cells.parquet"
COMPOSITE = "wellbeing"
"""The index whose items are answered from several traits."""
_SUPERPOPULATION_DRAWS = 250
CELL_KEYS = ["area_level", "area_code", "wave", "grade", "sex", "index_key"]


@dataclass(frozen=True)
class Truth:
    """What the simulator knows.

    Attributes:
        respondents: one row per delivered row: `file_name`, `row` (1.. below the header), `respondent_key` (as in the
            warehouse: first 12 characters of the file's SHA-256, hyphen, row of the file), `municipality_code`, `wave`, `grade`
            (`ak9`, `gy2`, `ak7`), `sex` (true), `school_code`, `class_code`, `district_code`, `careless` (0 serious, 1 all
            maximum, 2 straight line), `planted` (which implausible answer a serious pupil was given, see
            `substance_parameters.yml`; mostly ""), `theta_<index>` (logits, report
            direction), `score_<item>` (true category, high = risk).
        cells: one row per area (county, municipality, district) x wave x grade x sex x index: `n_enrolled`, `n_respondents`,
            mean traits `mean_enrolled`, `mean_respondents` (null without respondents), `mean_superpopulation` (given
            municipality, wave, grade and sex only), and the expected share in the focus band of complete, serious answers:
            `share_focus_enrolled`, `share_focus_respondents` (0..1). `sex = all` is girls + boys. The respondents are all
            who answered, careless ones included (their traits are true), grouped by true sex.
    """

    respondents: pl.DataFrame
    cells: pl.DataFrame


def load_truth(cache: Path) -> Truth:
    """Read the truth that `ensure_demo` left in `cache`. Raises FileNotFoundError when there is none."""
    folder = Path(cache) / "truth"
    return Truth(pl.read_parquet(folder / RESPONDENTS_FILE), pl.read_parquet(folder / CELLS_FILE))


@dataclass(frozen=True)
class _Source:
    """Where an item of an index comes from: the generating trait and its thresholds there."""

    trait: int
    thresholds: tuple[float, ...]


class TruthModel:
    """Traits in report direction and expected shares, for any array of generating traits."""

    def __init__(self, indices: IndexFile, parameters: Parameters) -> None:
        self.keys = indices.keys
        self.sign = np.array([-1.0 if i.kind == "protective" else 1.0 for i in indices.indices])
        self._order = [parameters.trait_keys.index(k) for k in self.keys]
        self._composite = next(i for i in indices.indices if i.key == COMPOSITE)
        self._sources = [_source(p.item, self._composite, indices, parameters) for p in self._composite.items]
        self._focus_raw = parameters.focus_raw
        self._expected = [pcm.expected_score(pcm.GRID, s.thresholds) for s in self._sources]
        self._composite_curve = sum(pcm.expected_score(pcm.GRID, p.thresholds) for p in self._composite.items)
        self._focus_curves = {
            i.key: pcm.share_at_least([pcm.probabilities(pcm.GRID, p.thresholds) for p in i.items], parameters.focus_raw[i.key])
            for i in indices.indices
            if i.key != COMPOSITE
        }

    def _composite_theta(self, theta: np.ndarray) -> np.ndarray:
        """The value at which the index's own model expects the pupil's expected raw sum (high = risk)."""
        raw = sum(np.interp(theta[:, s.trait], pcm.GRID, e) for s, e in zip(self._sources, self._expected, strict=True))
        return np.interp(raw, self._composite_curve, pcm.GRID)

    def traits(self, theta: np.ndarray) -> np.ndarray:
        """Traits per index in catalogue order and report direction, shape (pupils, 7)."""
        ordered = theta[:, self._order].copy()
        ordered[:, self.keys.index(COMPOSITE)] = self._composite_theta(theta)
        return ordered * self.sign

    def focus_shares(self, theta: np.ndarray) -> np.ndarray:
        """Probability per pupil and index that complete, serious answers fall in the focus band, shape (pupils, 7)."""
        shares = np.empty((len(theta), len(self.keys)))
        for column, key in enumerate(self.keys):
            if key == COMPOSITE:
                items = [pcm.probabilities(theta[:, s.trait], s.thresholds) for s in self._sources]
                shares[:, column] = pcm.share_at_least(items, self._focus_raw[key])
            else:
                shares[:, column] = np.interp(theta[:, self._order[column]], pcm.GRID, self._focus_curves[key])
        return shares

    def superpopulation(self, fixed: np.ndarray, parameters: Parameters) -> np.ndarray:
        """Mean traits given municipality, wave, grade and sex, over all schools, classes and pupils there could be."""
        unique, inverse = np.unique(fixed, axis=0, return_inverse=True)
        noise = _noise(parameters)
        means = np.stack([self.traits(row + noise).mean(axis=0) for row in unique])
        plain = [c for c, k in enumerate(self.keys) if k != COMPOSITE]
        means[:, plain] = unique[:, [self._order[c] for c in plain]] * self.sign[plain]
        return means[inverse.ravel()]


def _source(item: str, composite: Index, indices: IndexFile, parameters: Parameters) -> _Source:
    owner = parameters.shared_items.get(item, composite.key)
    index = next(i for i in indices.indices if i.key == owner)
    part = next(p for p in index.items if p.item == item)
    return _Source(parameters.trait_keys.index(owner), part.thresholds)


@lru_cache(maxsize=2)
def _standard_noise(size: int) -> np.ndarray:
    half = np.random.default_rng(7).standard_normal((_SUPERPOPULATION_DRAWS, size))
    return np.concatenate([half, -half])


def _noise(parameters: Parameters) -> np.ndarray:
    """Fixed draws of everything below the municipality, in logits."""
    r, total = parameters.random_effects, parameters.trait_array("sd")
    spread = np.sqrt(parameters.pupil_sd() ** 2 + total**2 * (r.school**2 + r.school_wave**2 + r.class_**2))
    return (_standard_noise(len(total)) @ parameters.correlation_root().T) * spread


def pupil_truth(pupils: Pupils, model: TruthModel, parameters: Parameters) -> pl.DataFrame:
    """One row per enrolled pupil: keys, `answers` and per index `theta_`, `focus_` and `mean_` (superpopulation)."""
    schools = pupils.schools
    columns: dict[str, object] = {
        "municipality_code": [pupils.place.code] * len(pupils.school),
        "district_code": schools["district_code"].gather(pl.Series(pupils.school)),
        "wave": np.full(len(pupils.school), pupils.wave, dtype=np.int32),
        "grade": np.array(GRADE_KEYS)[pupils.grade],
        "sex": np.array(SEX_KEYS)[pupils.sex],
        "answers": pupils.answers,
    }
    values = (
        ("theta", model.traits(pupils.theta)),
        ("focus", model.focus_shares(pupils.theta)),
        ("mean", model.superpopulation(pupils.fixed, parameters)),
    )
    columns |= {f"{name}_{key}": array[:, c] for name, array in values for c, key in enumerate(model.keys)}
    return pl.DataFrame(columns)


def cell_truth(pupils: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """`Truth.cells` from the rows of `pupil_truth` of all places and waves."""
    counted = pupils.filter(pl.col("grade") != "ak7")
    levels = [
        counted.with_columns(area_level=pl.lit("county"), area_code=pl.lit("01")),
        counted.with_columns(area_level=pl.lit("municipality"), area_code=pl.col("municipality_code")),
        counted.filter(pl.col("district_code").is_not_null()).with_columns(
            area_level=pl.lit("district"), area_code=pl.col("district_code")
        ),
    ]
    parts = []
    for level in levels:
        both = level.filter(pl.col("sex") != "other").with_columns(sex=pl.lit("all"))
        parts += [_cells(pl.concat([level.filter(pl.col("sex") != "other"), both]), key) for key in keys]
    return pl.concat(parts).sort(CELL_KEYS)


def _cells(rows: pl.DataFrame, key: str) -> pl.DataFrame:
    answered = pl.col("answers")
    return (
        rows.group_by(CELL_KEYS[:-1])
        .agg(
            pl.len().cast(pl.Int64).alias("n_enrolled"),
            answered.sum().cast(pl.Int64).alias("n_respondents"),
            pl.col(f"theta_{key}").mean().alias("mean_enrolled"),
            pl.col(f"theta_{key}").filter(answered).mean().alias("mean_respondents"),
            pl.col(f"mean_{key}").mean().alias("mean_superpopulation"),
            pl.col(f"focus_{key}").mean().alias("share_focus_enrolled"),
            pl.col(f"focus_{key}").filter(answered).mean().alias("share_focus_respondents"),
        )
        .with_columns(pl.lit(key).alias("index_key"), pl.selectors.float().round(6))
        .select(*CELL_KEYS, pl.all().exclude(CELL_KEYS))
    )
