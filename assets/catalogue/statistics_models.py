"""Pydantic models of `statistics.yml` and `findings.yml`: statistical choices and the sentences of findings. Pure."""

from __future__ import annotations

from string import Formatter
from typing import Literal

from pydantic import Field, model_validator

from assets.catalogue.models import Strict
from assets.methods.accumulated import CountRule
from assets.methods.design import Lonely
from assets.methods.design_options import DesignOption
from assets.methods.findings import GOOD_QUESTION, GRADES, QUESTION, CertaintyRule, FindingRules
from assets.methods.trends import TrendRule
from assets.methods.wave_trends import ChangeRules

SENTENCE_PLACES = {"factor", "group", "share", "interval", "points", "diff_interval", "gap_interval", "earlier", "more", "fewer"}
DOUBTS = {"wide_interval", "few_pupils", "low_response", "unknown_response", "series_break"}
CAUSAL = ("orsak", "leder till", "beror på", "påverka", "effekt", "på grund av", "förebygg")
"""Words that would claim a cause; no sentence about association or a finding may hold one."""
CUBE_DESIGN = "class_cluster"
"""What the fast cube (`estimate.py`) computes, and no other."""


class DesignChoice(Strict):
    """A named design with its reason; `lacks_sv`: what must be delivered before anything can be computed with it."""

    key: Literal["class_cluster", "school_cluster", "census_class"]
    title_sv: str
    why_sv: str
    lacks_sv: str = ""
    unit: str | None = None
    stratum: str | None = None
    population: str | None = None
    lonely: Lonely

    def option(self) -> DesignOption:
        """As the estimation takes it."""
        return DesignOption(self.key, self.unit, self.stratum, self.population, self.lonely, self.lacks_sv)


class Designs(Strict):
    """The designs and the one in use."""

    default: str
    options: tuple[DesignChoice, ...]

    def get(self, key: str | None = None) -> DesignChoice:
        """The design with this key (the default when none is given). Raises KeyError for an unknown key."""
        return {option.key: option for option in self.options}[key or self.default]

    @model_validator(mode="after")
    def _default_exists_and_has_width(self) -> Designs:
        if self.default not in {option.key for option in self.options}:
            raise ValueError("designs: default pekar på en design som inte finns")
        if self.default != CUBE_DESIGN:
            lacks = self.get().lacks_sv
            why = f". {self.default} kräver dessutom {lacks}" if lacks else ""
            raise ValueError(f"designs: default måste vara {CUBE_DESIGN}, som alla utgivna tal räknas med{why}")
        wrong = [o.key for o in self.options if o.unit is not None and o.population is not None]
        if wrong:
            raise ValueError(f"designs: {', '.join(wrong)}: enheter med ändlighetskorrektion kan ge intervall utan bredd")
        return self


class TrendWord(Strict):
    """What a verdict is called, and whether an arrow may be drawn beside it."""

    text_sv: str
    arrow: bool


class TrendChoice(Strict):
    """When a trend is called one."""

    least_waves: int = Field(ge=3)
    least_schools: int = Field(ge=2)
    alpha: float = Field(gt=0, lt=0.5)
    minimum_points: float = Field(ge=0)
    text_sv: str
    verdicts: dict[Literal["increase", "decrease", "stable", "not_linear", "cannot_tell"], TrendWord]

    def rule(self, points: bool = True) -> TrendRule:
        """The rule for estimates in points, or for shares as 0..1."""
        return TrendRule(self.least_waves, self.alpha, self.minimum_points / (1 if points else 100))

    def described(self) -> str:
        """The rule in words, with its numbers."""
        return self.text_sv.format(points=f"{self.minimum_points:g}", schools=self.least_schools, waves=self.least_waves)

    def change_rules(self) -> ChangeRules:
        """As changes between waves, and many slopes at once, take it."""
        return ChangeRules(self.alpha, self.least_waves, self.least_schools)

    @model_validator(mode="after")
    def _complete(self) -> TrendChoice:
        if len(self.verdicts) != 5:
            raise ValueError("verdicts: alla fem bedömningar behöver ord")
        return self


class CountGroup(Strict):
    """Numbers of factors that are published together, from `start` up to the next group."""

    start: int = Field(ge=0)
    label_sv: str


class Accumulation(Strict):
    """Which factors are counted together, and the three groups of numbers that are published."""

    key: str
    kind: Literal["risk", "protective"]
    label_sv: str
    indices: tuple[str, ...]
    least_scored: int
    top: int
    short_sv: str
    top_sv: str
    groups: tuple[CountGroup, CountGroup, CountGroup]

    @property
    def starts(self) -> tuple[int, int, int]:
        """The least number in each of the three groups that are published."""
        first, second, third = self.groups
        return first.start, second.start, third.start

    @model_validator(mode="after")
    def _groups_fit(self) -> Accumulation:
        first, second, third = self.starts
        if (first, second) != (0, 1) or not 1 < third == self.top:
            raise ValueError(f"{self.key}: groups börjar på 0, 1 och top (minst 2)")
        return self

    def rule(self) -> CountRule:
        """As the counting takes it."""
        return CountRule(self.key, self.indices, self.kind, self.least_scored, self.top)


class Association(Strict):
    """How factors and outcomes are set side by side, and how that is worded."""

    least_cell: int = Field(ge=1)
    words: dict[Literal["rr", "unclear", "excess_share", "no_excess"], str]

    @model_validator(mode="after")
    def _no_cause(self) -> Association:
        _refuse_causal(self.words)
        return self


class OutcomeChoice(Strict):
    """An indicator that factors are set beside, and the words for having it (`berusning de senaste fyra veckorna`)."""

    indicator: str
    phrase_sv: str


class FactorPair(Strict):
    """A factor (index) and an outcome (indicator) that are set beside each other."""

    factor: str
    outcome: str


class FactorFile(Strict):
    """`factors.yml`: which of a survey's indices are counted together, and which indicators are outcomes beside them."""

    survey: str
    accumulated: tuple[Accumulation, ...] = ()
    outcomes: tuple[OutcomeChoice, ...] = ()
    focus_words: dict[Literal["risk", "protective"], str] = Field(default_factory=dict)
    pairs: tuple[FactorPair, ...] = ()

    @property
    def phrases(self) -> dict[str, str]:
        """Outcome -> the words for having it."""
        return {outcome.indicator: outcome.phrase_sv for outcome in self.outcomes}

    @model_validator(mode="after")
    def _no_cause(self) -> FactorFile:
        _refuse_causal(self.phrases)
        return self


class StatisticsFile(Strict):
    """`statistics.yml`."""

    designs: Designs
    trend: TrendChoice
    association: Association
    reasons: dict[str, str]
    shown_as: dict[str, str] = Field(default_factory=dict)

    def reader_reason(self, code: str) -> str:
        """The code of `reasons.yml` that readers see for a statistical reason; most have the same name there. Raises KeyError."""
        if code not in self.reasons:
            raise KeyError(code)
        return self.shown_as.get(code, code)

    @model_validator(mode="after")
    def _shown_as_known(self) -> StatisticsFile:
        unknown = sorted(set(self.shown_as) - set(self.reasons))
        if unknown:
            raise ValueError(f"shown_as: okända skäl: {', '.join(unknown)}")
        return self


class CertaintyChoice(Strict):
    """Signs of a less certain finding, each one grade down."""

    widest_interval: float = Field(gt=0)
    fewest_pupils: int = Field(ge=10)
    lowest_response: float = Field(ge=0, le=100)
    break_counts: bool


class FindingWords(Strict):
    """Words in the sentences."""

    grade: dict[str, str]
    sex: dict[str, str]
    doubt: dict[str, str]


class FindingFile(Strict):
    """`findings.yml`. `questions`: single questions that may be findings; those that a survey doesn't have are no matter."""

    most: int = Field(ge=1, le=6)
    minimum_points: float = Field(gt=0)
    lower_is_strength: bool
    measures: dict[str, int]
    certainty: CertaintyChoice
    questions: tuple[str, ...] = ()
    sentences: dict[str, str]
    certainty_sentences: dict[Literal["high", "moderate", "low"], str]
    words: FindingWords

    def rules(self) -> FindingRules:
        """As the selection takes them."""
        certainty = CertaintyRule(**self.certainty.model_dump())
        return FindingRules(self.most, self.minimum_points, dict(self.measures), certainty, self.lower_is_strength)

    def templates(self) -> dict[str, str]:
        """All sentences by name."""
        return dict(self.sentences) | {f"certainty.{grade}": text for grade, text in self.certainty_sentences.items()}

    @model_validator(mode="after")
    def _sentences_fit(self) -> FindingFile:
        tones = {m: ("attention",) if m.startswith("sex_gap") else ("strength", "attention") for m in self.measures}
        kinds = {m: (QUESTION, GOOD_QUESTION) if m.endswith("_share") else ("risk", "protective") for m in self.measures}
        needed = {f"{m}.{tone}.{kind}" for m, chosen in tones.items() for tone in chosen for kind in kinds[m]}
        problems = [f"sentences: {name} saknas" for name in sorted(needed - set(self.sentences))]
        problems += [f"sentences: {name} används inte" for name in sorted(set(self.sentences) - needed)]
        for name, text in self.sentences.items():
            unknown = {place for _, place, _, _ in Formatter().parse(text) if place is not None} - SENTENCE_PLACES
            problems += [f"sentences: {name}: okänd plats {{{place}}}" for place in sorted(unknown)]
        problems += [f"certainty_sentences: {grade} saknas" for grade in GRADES if grade not in self.certainty_sentences]
        problems += [f"words.doubt: {doubt} saknas" for doubt in sorted(DOUBTS - set(self.words.doubt))]
        if problems:
            raise ValueError("; ".join(problems))
        _refuse_causal(self.sentences)
        return self


def _refuse_causal(texts: dict) -> None:
    found = sorted(name for name, text in texts.items() if any(word in text.lower() for word in CAUSAL))
    if found:
        raise ValueError(f"orden påstår en orsak: {', '.join(found)}")
