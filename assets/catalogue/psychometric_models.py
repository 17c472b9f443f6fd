"""Models of `psychometrics.yml` (limits of the psychometric criteria) and `texts/psychometrics.yml` (what is said of them)."""

from __future__ import annotations

from functools import cached_property
from typing import Literal, get_args

from pydantic import Field, model_validator

from assets.catalogue.models import Strict

Criterion = Literal["category_order", "item_fit", "invariance", "unidimensionality", "targeting", "reliability", "drift"]
Verdict = Literal["holds", "watch", "fails", "not_estimable"]
Measure = Literal[
    "category_count",
    "threshold_step",
    "infit",
    "outfit",
    "dif_logits",
    "delta_cfi",
    "delta_rmsea",
    "q3_star",
    "eigenvalue",
    "offset",
    "floor",
    "ceiling",
    "psi",
    "drift_logits",
    "wave_drift_logits",
]


class Limits(Strict):
    """Where a measure is worth watching and where its criterion fails, with the source.

    A value is compared with `watch` and `fails` on the side `bad` says; `outside` takes pairs (low, high). A missing `watch`
    means that it is simulated for each survey; a missing `fails` that the measure alone never fails a criterion.
    """

    measure: Measure
    bad: Literal["above", "below", "outside"]
    watch: float | tuple[float, float] | None = None
    fails: float | tuple[float, float] | None = None
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Limits:
        for limit in (self.watch, self.fails):
            if limit is not None and isinstance(limit, tuple) != (self.bad == "outside"):
                raise ValueError(f"{self.measure}: outside kräver par av gränser, above och below ett tal")
        if self.watch is not None and self.fails is not None:
            if self.bad == "outside" and not (self.fails[0] <= self.watch[0] < self.watch[1] <= self.fails[1]):
                raise ValueError(f"{self.measure}: gränserna för fails ska ligga utanför dem för watch")
            if (self.bad == "above" and self.fails < self.watch) or (self.bad == "below" and self.fails > self.watch):
                raise ValueError(f"{self.measure}: fails ska ligga bortom watch")
        return self


class SimulationPlan(Strict):
    """How bounds are simulated; see `rasch_residuals.Simulation`."""

    replicates: int = Field(ge=20)
    respondents: int = Field(ge=200)
    quantile: float = Field(gt=0.5, lt=1)
    seed: int


class PsychometricRules(Strict):
    """`psychometrics.yml`."""

    version: int = Field(ge=1)
    minimum_group: int = Field(ge=50)
    significance: float = Field(gt=0, lt=0.5)
    precise_se: float = Field(gt=0)
    simulation: SimulationPlan
    limits: tuple[Limits, ...]

    @model_validator(mode="after")
    def _complete(self) -> PsychometricRules:
        if sorted(limit.measure for limit in self.limits) != sorted(get_args(Measure)):
            raise ValueError("limits: varje mått ska stå där en gång")
        return self

    @cached_property
    def by_measure(self) -> dict[str, Limits]:
        """Limits by measure."""
        return {limit.measure: limit for limit in self.limits}


class CriterionText(Strict):
    """A criterion's title, the question it answers, and what is said when all is well or nothing can be said.

    `check`: the name of its asset check; `why` it matters and what to do (`remedy`) when it doesn't hold.
    """

    title: str
    question: str
    holds: str
    not_estimable: str
    check: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    why: str
    remedy: str


class MeasureText(Strict):
    """A measure's name and the sentences when it decides a criterion's verdict; numbers are shown with `decimals`."""

    name: str
    decimals: int = Field(ge=0, le=3)
    watch: str
    fails: str | None = None
    percent: bool = False


class PsychometricTexts(Strict):
    """`texts/psychometrics.yml`. Words in braces are filled in: {item}, {other_item}, {group}, {levels}, {value}, {limit},
    {reason}."""

    verdicts: dict[Verdict, str]
    groups: dict[str, str]
    levels: dict[str, str]
    figures: dict[str, str]
    criteria: dict[Criterion, CriterionText]
    measures: dict[Measure, MeasureText]
    reasons: dict[str, str]

    @model_validator(mode="after")
    def _complete(self) -> PsychometricTexts:
        for name, have, need in (
            ("verdicts", self.verdicts, Verdict),
            ("criteria", self.criteria, Criterion),
            ("measures", self.measures, Measure),
        ):
            if set(have) != set(get_args(need)):
                raise ValueError(f"{name}: ska täcka exakt {', '.join(get_args(need))}")
        if len({text.check for text in self.criteria.values()}) != len(self.criteria):
            raise ValueError("criteria: två kriterier har samma check")
        return self
