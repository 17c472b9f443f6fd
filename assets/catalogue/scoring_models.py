"""Models of `scoring.yml`: how a pupil's answers become a value, by name, with what readers are told. Pure."""

from __future__ import annotations

from typing import get_args

from pydantic import model_validator

from assets.catalogue.models import Strict
from assets.methods.rasch_lookup import Estimator


class ScoringMethod(Strict):
    """One method: its name, the sentence readers are told (`{bound}`: where an infinite value is set), and when to choose it."""

    key: Estimator
    title_sv: str
    text_sv: str
    why_sv: str
    source: str


class LinkedWords(Strict):
    """What limits are called that are carried over from the method they are made for."""

    title_sv: str
    reference_sv: str


class ScoringFile(Strict):
    """All methods, the usual one first. `bounded_sv`: added for a method that is bounded without needing it."""

    methods: tuple[ScoringMethod, ...]
    bounded_sv: str
    linked: LinkedWords
    judged_sv: str

    @model_validator(mode="after")
    def _all_methods(self) -> ScoringFile:
        if sorted(one.key for one in self.methods) != sorted(get_args(Estimator)):
            raise ValueError(f"methods ska vara {', '.join(get_args(Estimator))}, en gång var")
        return self

    @property
    def usual(self) -> ScoringMethod:
        """The first method: what the measurement is judged with."""
        return self.methods[0]

    def words(self, key: str, theta_range: float | None) -> tuple[str, str, str]:
        """What readers are told: the method's name with its id, its sentence with the bounds, and, when it isn't the usual one,
        what the measurement is judged with instead. Nothing for the mean of the answers, which is no method of these."""
        if key == "mean":
            return "", "", ""
        method = self.get(key)
        bounded = f" {self.bounded_sv}" if theta_range is not None and "{bound}" not in method.text_sv else ""
        text = (method.text_sv + bounded).format(bound=f"{theta_range or 0:g}".replace(".", ","))
        other = self.judged_sv.format(method=method.title_sv, first=self.usual.title_sv) if method != self.usual else ""
        return f"{method.title_sv} ({key})", text, other

    def linked_words(self, title: str, reference: str, made_for: str, key: str) -> tuple[str, str]:
        """Title and description of limits with these, made for one method and carried over to another."""
        words = {"made_for": self.get(made_for).title_sv, "method": self.get(key).title_sv}
        return self.linked.title_sv.format(title=title, **words), self.linked.reference_sv.format(reference=reference, **words)

    def get(self, key: str) -> ScoringMethod:
        """The method with this key."""
        return next(one for one in self.methods if one.key == key)
