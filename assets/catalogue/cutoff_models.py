"""Models of the cut-offs: sets bound by index key, and the rules whose limits are shown beside them. Pure."""

from __future__ import annotations

from typing import Literal

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
    """A versioned set of cut-offs, bound by index key."""

    id: str
    title_sv: str
    policy: Literal["strict", "inclusive"]
    decimals: int
    reference_sv: str
    cuts: dict[str, Cut]


class CutAlternative(Strict):
    """A rule by which limits are made from the pupils in hand, to be shown beside the sets and never in their series."""

    id: Literal["recomputed", "frozen_median", "ctc"]
    title_sv: str
    text_sv: str


class CutOffFile(Strict):
    """All cut-off sets and the one in use; `alternatives`: rules whose limits are shown beside it."""

    default: str
    sets: tuple[CutOffs, ...]
    alternatives: tuple[CutAlternative, ...] = ()

    @classmethod
    def none(cls) -> CutOffFile:
        """The file of a survey without indices."""
        empty = CutOffs(id="inga", title_sv="Inga gränser", policy="strict", decimals=3, reference_sv="", cuts={})
        return cls(default=empty.id, sets=(empty,))

    def get(self, set_id: str | None = None) -> CutOffs:
        """The set with this id (default set when none is given). Raises KeyError for an unknown id."""
        return {s.id: s for s in self.sets}[set_id or self.default]
