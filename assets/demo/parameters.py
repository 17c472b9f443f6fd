"""The simulator's assumptions as a checked object; the numbers and their reasons stand in `parameters.yml`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, model_validator

PARAMETERS_FILE = Path(__file__).parent / "parameters.yml"
Grade = Literal["ak9", "gy2"]
Organiser = Literal["municipal", "independent"]
GRADES: tuple[Grade, ...] = ("ak9", "gy2")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DistrictShare(_Strict):
    """A city district of Stockholm: share of schools, its name before and after the merger."""

    share: float
    old: tuple[str, ...]
    new: str | None = None


class Frame(_Strict):
    """Schools and pupils that exist."""

    class_size: int
    interpolated: dict[int, tuple[int, int]]
    gy2_reference_wave: int
    gy2_per_resident: dict[str, float]
    gy2_independent_share: float
    gy2_school_size: dict[Organiser, int]
    girls: float
    other_sex: float
    other_sex_from: int
    districts: dict[str, DistrictShare]
    district_unspecified: float
    new_districts_from: int
    lives_in_school_municipality: dict[Grade, float]
    lives_in_school_district: float


class Selection(_Strict):
    """How answering depends on the traits."""

    traits: tuple[str, ...]
    per_sd: float


class Grade7Rows(_Strict):
    """Rows of a grade that the survey doesn't cover."""

    municipalities: tuple[str, ...]
    until: int
    per_wave: int


class Participation(_Strict):
    """Who takes part."""

    absent: dict[int, tuple[str, ...]]
    school: dict[Grade, dict[Organiser, float]]
    school_wave_shift: dict[int, float]
    school_persistence: float
    pupil: dict[Grade, float]
    class_sd: float
    selection: Selection
    grade7_rows: Grade7Rows


class Trait(_Strict):
    """Mean, SD and fixed effects of one trait, in logits."""

    mean: float
    sd: float
    girls: float
    gy2: float
    wave: dict[int, float]


class RandomEffects(_Strict):
    """SD of the random effects, in SD of the trait."""

    municipality: float
    municipality_wave: float
    district: float
    school: float
    school_wave: float
    class_: float

    @model_validator(mode="before")
    @classmethod
    def _class_is_a_keyword(cls, data: dict[str, float]) -> dict[str, float]:
        return {("class_" if k == "class" else k): v for k, v in data.items()}


class SingleItem(_Strict):
    """Ordered logit of an item outside the indices."""

    shares: tuple[float, ...]
    per_sd: dict[str, float] = {}
    gy2: float = 0.0
    girls: float = 0.0
    wave: float = 0.0
    municipality: float = 0.0
    together_with: str | None = None

    @model_validator(mode="after")
    def _sums_to_one(self) -> SingleItem:
        if abs(sum(self.shares) - 1) > 1e-9:
            raise ValueError(f"shares sum to {sum(self.shares)}")
        return self


class DrunkRecently(_Strict):
    """Counts by the answer to the question before."""

    means: dict[int, float]
    maximum: int


class Unserious(_Strict):
    """Pupils who don't mean their answers."""

    share: float
    all_maximum: float


class Files(_Strict):
    """Which municipality delivers what."""

    stacked_2024_names: tuple[str, ...]
    csv_codes: tuple[str, ...]
    csv_labels: tuple[str, ...]
    xlsx: tuple[str, ...]
    sex_named_f2: tuple[str, ...]
    grade_named_arskurs: tuple[str, ...]
    no_school_columns: tuple[str, ...]
    blank_school_name_before: dict[str, int]
    school_code_missing_share: dict[str, float]
    label_variants: tuple[str, ...]


class Parameters(_Strict):
    """Everything in parameters.yml."""

    version: int
    waves: tuple[int, ...]
    frame: Frame
    participation: Participation
    traits: dict[str, Trait]
    other_sex_shift: dict[str, float]
    correlations: tuple[tuple[float, ...], ...]
    random_effects: RandomEffects
    shared_items: dict[str, str]
    focus_raw: dict[str, int]
    code_splits: dict[str, dict[int, dict[int, float]]]
    single_items: dict[str, SingleItem]
    together_correlation: float
    drunk_recently: DrunkRecently
    dont_know: dict[str, float]
    dont_know_sd: float
    item_missing: float
    break_off: float
    unserious: Unserious
    unserious_count: int
    sex_missing: float
    files: Files

    @property
    def trait_keys(self) -> tuple[str, ...]:
        """Traits in the order of the correlation matrix."""
        return tuple(self.traits)

    def correlation_root(self) -> np.ndarray:
        """Lower Cholesky factor (7 x 7) of the traits' correlations.

        Raises:
            numpy.linalg.LinAlgError: when the correlations contradict each other.
        """
        size = len(self.traits)
        matrix = np.eye(size)
        for row, values in enumerate(self.correlations, start=1):
            matrix[row, :row] = values
            matrix[:row, row] = values
        return np.linalg.cholesky(matrix)

    def trait_array(self, field: str) -> np.ndarray:
        """One number per trait: `mean`, `sd`, `girls` or `gy2`."""
        return np.array([getattr(t, field) for t in self.traits.values()])

    def wave_array(self, wave: int) -> np.ndarray:
        """The wave's effect per trait."""
        return np.array([t.wave[wave] for t in self.traits.values()])

    def pupil_sd(self) -> np.ndarray:
        """SD of the pupil's own part per trait: what the fixed and random effects leave of the total variance."""
        total = self.trait_array("sd")
        r = self.random_effects
        random = sum(s**2 for s in (r.municipality, r.municipality_wave, r.school, r.school_wave, r.class_))
        girls = self.frame.girls
        sex = girls * (1 - girls) * self.trait_array("girls") ** 2
        grade = 0.24 * self.trait_array("gy2") ** 2
        wave = np.array([np.var(list(t.wave.values())) for t in self.traits.values()])
        return np.sqrt(total**2 * (1 - random) - sex - grade - wave)


@lru_cache(maxsize=1)
def load_parameters() -> Parameters:
    """Read and check parameters.yml. Raises pydantic.ValidationError when it is wrong (it ships with the package)."""
    with PARAMETERS_FILE.open(encoding="utf-8") as file:
        return Parameters.model_validate(yaml.safe_load(file))
