"""The product's designs by name: which model of uncertainty a number has. Pure; the choices are in `statistics.yml`.

A census with non-response has no sampling, so a model must be chosen and written down. Class as unit with replacement answers
"would it be the same with another cohort"; classes as strata with pupils drawn from the enrolled measures only which pupils
answered. Schools as units with a finite population correction give a width of 0 where every school took part, and are therefore
no option here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from assets.methods.design import Lonely, Stage, SurveyDesign
from assets.methods.errors import PipelineError

Key = Literal["class_cluster", "school_cluster", "census_class"]


@dataclass(frozen=True)
class DesignOption:
    """A named design; `unit`, `stratum`, `population` are columns of persons (null: persons, one stratum, with replacement).

    `lacks`: in Swedish, what no delivery has and the design needs.
    """

    key: str
    unit: str | None
    stratum: str | None
    population: str | None
    lonely: Lonely
    lacks: str = ""

    def design(self, weight: str | None = None) -> SurveyDesign:
        """The design with a column of weights; None = every pupil counts 1."""
        return SurveyDesign((Stage(self.unit, self.stratum, self.population),), weight or ONE, self.lonely)


ONE = "__one"


def prepared(persons: pl.DataFrame, option: DesignOption) -> pl.DataFrame:
    """Persons with a column of ones for the unweighted design.

    Pupils without a school or class code stand as one unit of their own per stratum, as in ADR 0007.

    Raises:
        PipelineError: a column of the option is not there (`design_column_missing`).
    """
    needed = [name for name in (option.unit, option.stratum, option.population) if name]
    absent = [name for name in needed if name not in persons.columns]
    if absent:
        raise PipelineError(
            code="design_column_missing",
            where="Urvalsdesignen",
            expected=f"kolumnerna {', '.join(needed)}",
            got=f"utan {', '.join(absent)}",
            hint=(f"Designen kräver {option.lacks}. " if option.lacks else "")
            + "Välj en annan design eller komplettera tabellen.",
        )
    unknown = [pl.col(option.unit).cast(pl.String).fill_null("okänd")] if option.unit else []
    return persons.with_columns(pl.lit(1.0).alias(ONE), *unknown)


def response_rate(respondents: int, enrolled: int | None) -> tuple[float | None, str]:
    """(per cent, reason) to stand beside every interval; null without a register number; more than 100 is said so."""
    if enrolled is None:
        return None, "no_register"
    if enrolled <= 0:
        return None, "no_population"
    rate = respondents / enrolled
    return float(np.round(100 * rate, 9)), "ok" if rate <= 1 else "more_answers_than_pupils"
