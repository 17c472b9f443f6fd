"""Respondents for the benchmark of the cube: a made-up youth survey with classes, weights and sixty items. Seeded.

Sorted class by class as a delivery is. Strata are year x municipality x grade, each with two classes or more that answered and
at least as many in the register; municipalities' sizes fall off as in a Swedish county. Items have answers 1-4 with 3 % blanks;
three make an index, the third is reversed. Adapted from the project's own bench, under this repository's licence.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.common.costs import apart

YEARS = (2016, 2018, 2020, 2022, 2024)
GRADES = (9, 11)
INDICES = 20
PER_CLASS = 18
BLANK = 0.03
ROW_GROUP = 1 << 17


def write(folder: Path, respondents: int, municipalities: int, seed: int = 1) -> Path:
    """The parquet file of these respondents; made once and kept."""
    path = folder / f"respondents_{respondents}_{municipalities}_{seed}.parquet"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        apart(_write, path.with_suffix(".part"), respondents, municipalities, seed)
        path.with_suffix(".part").replace(path)
    return path


def write_csv(parquet: Path) -> Path:
    """The same rows as CSV, for programs that read nothing else; a blank is empty."""
    path = parquet.with_suffix(".csv")
    if not path.exists():
        apart(_write_csv, parquet, path)
    return path


def _write(path: Path, respondents: int, municipalities: int, seed: int) -> None:
    simulate(respondents, municipalities, seed).write_parquet(path, compression="zstd", row_group_size=ROW_GROUP)


def _write_csv(parquet: Path, path: Path) -> None:
    pl.scan_parquet(parquet).sink_csv(path)


def simulate(respondents: int, municipalities: int, seed: int = 1) -> pl.DataFrame:
    """`year, mun, grade, sex, school, klass, weight, n_klass_pop, item01..item60`, one row per respondent."""
    rng = np.random.default_rng([seed, respondents, municipalities])
    size = 1.0 / np.arange(1, municipalities + 1) ** 0.7
    strata = np.array([(year, mun, grade) for year in YEARS for mun in range(municipalities) for grade in GRADES])
    share = size[strata[:, 1]] / size[strata[:, 1]].sum()
    members = np.maximum(6, np.floor(respondents * share).astype(int))
    members[members.argmax()] += respondents - members.sum()
    if members.min() < 6:
        raise ValueError("too few respondents for so many municipalities")
    classes = np.maximum(2, members // PER_CLASS)
    registered = classes + rng.integers(0, 1 + np.maximum(1, classes // 4))
    stratum = np.repeat(np.arange(len(strata)), members)
    first = np.concatenate([[0], np.cumsum(classes)[:-1]])
    place = np.arange(respondents) - np.repeat(np.concatenate([[0], np.cumsum(members)[:-1]]), members)
    klass = first[stratum] + place * classes[stratum] // members[stratum]
    stratum_of = np.repeat(np.arange(len(strata)), classes)
    school = first[stratum_of] + (np.arange(len(stratum_of)) - first[stratum_of]) // 4
    weight = np.round(registered[stratum_of] / classes[stratum_of] * rng.uniform(1.05, 1.6, len(stratum_of)), 6)
    sex = rng.integers(1, 3, respondents).astype(np.int8)
    columns = {
        "year": strata[stratum, 0].astype(np.int16),
        "mun": (strata[stratum, 1] + 101).astype(np.int16),
        "grade": strata[stratum, 2].astype(np.int8),
        "sex": sex,
        "school": school[klass].astype(np.int32),
        "klass": klass.astype(np.int32),
        "weight": weight[klass],
        "n_klass_pop": registered[stratum].astype(np.int32),
    }
    effects = rng.normal(0, 0.25, (INDICES, municipalities)).astype(np.float32)
    for k in range(INDICES):
        trait = rng.standard_normal(respondents, dtype=np.float32) + effects[k, strata[stratum, 1]]
        trait += rng.normal(0, 0.3, len(stratum_of)).astype(np.float32)[klass] + np.float32(0.15 + 0.02 * k) * (sex == 2)
        for j in range(3):
            columns[f"item{3 * k + j + 1:02d}"] = _answers(trait - np.float32(0.3), j == 2, rng)
    return pl.DataFrame(columns)


def _answers(trait: np.ndarray, reverse: bool, rng: np.random.Generator) -> pl.Series:
    noisy = 0.8 * trait + 0.6 * rng.standard_normal(len(trait), dtype=np.float32)
    answer = (1 + (noisy > -0.6) + (noisy > 0.3) + (noisy > 1.1)).astype(np.int8)
    answer = (5 - answer).astype(np.int8) if reverse else answer
    return pl.Series(answer).set(pl.Series(rng.random(len(trait), dtype=np.float32) < BLANK), None)
