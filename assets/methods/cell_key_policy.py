"""Cell key perturbation as a choice of the disclosure policy: which tables get noise instead of suppression, and how much. Pure.

Off as shipped (`tables` is empty). The noise holds for all editions alike: were one exact and another perturbed, the two together
would tell the noise, and with it that of every other cell of the same pupils.
"""

from __future__ import annotations

from functools import lru_cache

import polars as pl
from pydantic import BaseModel, ConfigDict, Field, model_validator

from assets.methods.cell_key import NoiseRules, noise_table
from assets.methods.errors import PipelineError

LINKED = ("index_results", "accumulated_results")
"""Tables about the same cells of the same pupils: exact in one, a number would tell the noise in the other."""
WITHHELD = ("screen_sensitivity", "weighted_comparison", "cutoff_sensitivity", "associations", "response_by_school_type")
"""Tables with exact numbers of the same pupils; while the others have noise they show none."""
LEAST_VARIANCE, LEAST_NOISE = 1.0, 2


class CellKeyPolicy(BaseModel):
    """Which tables are perturbed.

    Attributes:
        tables: none (off), or all of `LINKED`. max_noise: greatest change of a count, in pupils. variance: of the noise, in
            pupils squared. never: counts that are never shown. most_draws: sets of answers of a municipality and wave that may be
            released; each has noise of its own, and together they tell more than one.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    tables: tuple[str, ...] = ()
    max_noise: int = Field(default=5, ge=LEAST_NOISE)
    variance: float = Field(default=4.0, ge=LEAST_VARIANCE)
    never: tuple[int, ...] = (1, 2, 3, 4)
    most_draws: int = Field(default=3, ge=1)

    @model_validator(mode="after")
    def _holds(self) -> CellKeyPolicy:
        problems = self._table_problems()
        if self.variance > self.max_noise * (self.max_noise + 1) / 3:
            problems.append(f"variance ({self.variance:g}) är större än max_noise ({self.max_noise}) kan ge")
        if not problems and self.active:
            try:
                noise(self)
            except PipelineError:
                problems.append("never och max_noise lämnar något antal utan möjligt brus både uppåt och nedåt")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _table_problems(self) -> list[str]:
        unknown = sorted(set(self.tables) - set(LINKED))
        problems = [f"tabellen {name} kan inte få brus (bara {' och '.join(LINKED)})" for name in unknown]
        if len(set(self.tables)) != len(self.tables):
            problems.append("en tabell står flera gånger i tables")
        lacking = [name for name in LINKED if name not in self.tables]
        if self.tables and lacking and not unknown:
            problems.append(f"tables saknar {lacking[0]}: tabeller om samma elever ska ha brus tillsammans")
        return problems

    @property
    def active(self) -> bool:
        """Whether any table is perturbed."""
        return bool(self.tables)

    @property
    def rules(self) -> NoiseRules:
        """What the noise table is made of."""
        return NoiseRules(self.max_noise, self.variance, self.never)


def noise(policy: CellKeyPolicy) -> pl.DataFrame:
    """The policy's noise table (`cell_key.noise_table`)."""
    return _noise(policy.rules)


@lru_cache(maxsize=8)
def _noise(rules: NoiseRules) -> pl.DataFrame:
    return noise_table(rules)
