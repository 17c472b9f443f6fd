"""Models of the cut-offs: sets bound by index key, and the rules whose limits are shown beside them. Pure."""

from __future__ import annotations

from typing import Literal

import polars as pl
from pydantic import model_validator

from assets.catalogue.models import Strict


class Cut(Strict):
    """Limits of the middle band on the index's scale, with the percentiles of the reference population behind them, if any.

    Without percentiles the limits are fixed points of the scale: a description, no statement about risk.
    """

    lower: float
    upper: float
    lower_percentile: int | None = None
    upper_percentile: int | None = None


class CutOffs(Strict):
    """A versioned set of cut-offs, bound by index key. `decimals`: of the scores that are compared (`bands.SCORE_DECIMALS`).

    `estimator`: the scoring method whose scale the limits lie on (`scoring.yml`, or `mean`); see `linked_cutoffs.py`.
    """

    id: str
    title_sv: str
    policy: Literal["strict", "inclusive"]
    decimals: Literal[3]
    estimator: Literal["wle", "mle", "eap", "mean"]
    reference_sv: str
    cuts: dict[str, Cut]


class ReferencePopulation(Strict):
    """Which of the survey's pupils limits are recomputed from; an empty list leaves nobody out."""

    waves: tuple[int, ...] = ()
    municipalities: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()

    @property
    def pupils(self) -> pl.Expr:
        """True for a row with these `wave`, `municipality_code` and `grade`."""
        named = {"wave": self.waves, "municipality_code": self.municipalities, "grade": self.grades}
        return pl.all_horizontal(pl.lit(True), *(pl.col(name).is_in(list(chosen)) for name, chosen in named.items() if chosen))


class CutAlternative(Strict):
    """A rule by which limits are made from the pupils in hand, to be shown beside the sets and never in their series.

    `reference`: for `recomputed`, the pupils it is made from; all when absent. `text_sv` says who they are.
    """

    id: Literal["recomputed", "frozen_median", "ctc"]
    title_sv: str
    text_sv: str
    reference: ReferencePopulation = ReferencePopulation()

    @model_validator(mode="after")
    def _reference_is_used(self) -> CutAlternative:
        if self.id != "recomputed" and self.reference != ReferencePopulation():
            raise ValueError(f"{self.id}: reference gäller bara recomputed, de andra utgår från det första mättillfället")
        return self


class CutOffFile(Strict):
    """All cut-off sets and the one in use; `alternatives`: rules whose limits are shown beside it."""

    default: str
    sets: tuple[CutOffs, ...]
    alternatives: tuple[CutAlternative, ...] = ()

    @classmethod
    def none(cls) -> CutOffFile:
        """The file of a survey without indices."""
        empty = CutOffs(
            id="inga", title_sv="Inga gränser", policy="strict", decimals=3, estimator="mean", reference_sv="", cuts={}
        )
        return cls(default=empty.id, sets=(empty,))

    def get(self, set_id: str | None = None) -> CutOffs:
        """The set with this id (default set when none is given). Raises KeyError for an unknown id."""
        return {s.id: s for s in self.sets}[set_id or self.default]
