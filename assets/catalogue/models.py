"""Pydantic models of the catalogue: what each YAML file may hold.

Pure: no file system here (`load.py` reads the files). Every model forbids unknown keys, so a misspelt key is an error with
its place, not a silently ignored line.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Arena = Literal["bakgrund", "familj", "skola", "fritid", "narsamhalle", "individ", "andts"]
MISSING_KINDS = (996, 998, 999)
MEAN_SCORE_ITEMS = 3
"""Least number of questions, of one scale and one domain, in a mean-score index."""
BACKGROUND_QUESTIONS = frozenset({"F2"})
"""Questions that lie in background columns and are no items."""


class Strict(BaseModel):
    """Base of all catalogue models: immutable, no unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MissingKind(Strict):
    """A kind of missing answer, kept apart from the others because it is another denominator."""

    key: str
    label: str


class Routing(Strict):
    """An item that is asked only when another item has one of some answers, or one of the items in `or_by` has."""

    item: str
    answered_when: tuple[int, ...]
    or_by: dict[str, tuple[int, ...]] = Field(default_factory=dict)

    @property
    def gates(self) -> dict[str, tuple[int, ...]]:
        """Every item that opens it -> the answers that do."""
        return {self.item: self.answered_when, **self.or_by}


class Item(Strict):
    """One question in the canonical (2024) numbering.

    `answers` maps the canonical code to the delivered label; a `count` item holds whole numbers 0..`maximum`. Boxes of one
    question where several may be ticked share `multi`; there "not ticked" is no answer until some box of the question is
    ticked. `rounds_down`: a decimal number counts as the whole one below it (completed years). `first_wave` and
    `last_wave` say when it was asked; a column of that name in earlier waves held the item `earlier`.
    """

    key: str
    label_sv: str
    label_en: str
    section: Arena
    type: Literal["choice", "count"] = "choice"
    scale: str | None = None
    answers: dict[int, str] = Field(default_factory=dict)
    maximum: int | None = None
    rounds_down: bool = False
    dont_know: bool = False
    multi: str | None = None
    first_wave: int | None = None
    last_wave: int | None = None
    earlier: str | None = None
    routed_by: Routing | None = None

    def asked_in(self, wave: int) -> bool:
        """Whether the question was in the questionnaire of a wave."""
        return (self.first_wave or wave) <= wave <= (self.last_wave or wave)

    @model_validator(mode="after")
    def _answers_or_scale(self) -> Item:
        if self.type == "choice" and bool(self.scale) == bool(self.answers):
            raise ValueError(f"{self.key}: ange antingen scale eller answers")
        if self.type == "count" and self.maximum is None:
            raise ValueError(f"{self.key}: en räknefråga behöver maximum")
        if self.earlier and self.first_wave is None:
            raise ValueError(f"{self.key}: earlier kräver first_wave")
        return self


class ItemFile(Strict):
    """More items of a survey, in a file of their own below `surveys/<survey>/`."""

    survey: str
    items: tuple[Item, ...]


class Measure(Strict):
    """A number that comes with each respondent beside the questions: computed by the supplier, or recorded with the answers.

    It has no answers and no kinds of missing: a cell without a number is null. Only the plausibility screen uses it.
    """

    key: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    label_sv: str
    label_en: str
    unit_sv: str


class WaveCycle(Strict):
    """The years in which a survey is done: `first`, and every so many years after it."""

    first: int
    every: int = Field(ge=1)


class Survey(Strict):
    """A survey: its items, answer scales and kinds of missing.

    `wave_cycle`: the years in which it is done (None: any). `sex_first_wave`: sex -> first wave in which it could be answered.
    """

    id: str
    title_sv: str
    title_en: str
    owner: str
    area_basis: Literal["school", "home"]
    grades: tuple[str, ...]
    wave_cycle: WaveCycle | None = None
    sex_first_wave: dict[str, int] = Field(default_factory=dict)
    missing_kinds: dict[int, MissingKind]
    scales: dict[str, dict[int, str]] = Field(default_factory=dict)
    items: tuple[Item, ...]
    measures: tuple[Measure, ...] = ()

    @model_validator(mode="after")
    def _references(self) -> Survey:
        problems = [f"{i.key}: skalan {i.scale} finns inte" for i in self.items if i.scale and i.scale not in self.scales]
        keys = [*(i.key for i in self.items), *(measure.key for measure in self.measures)]
        problems += [f"{k}: står två gånger" for k in sorted({k for k in keys if keys.count(k) > 1})]
        problems += [
            f"{i.key}: routas av okänd fråga {gate}"
            for i in self.items
            if i.routed_by
            for gate in i.routed_by.gates
            if gate not in keys
        ]
        problems += [f"{i.key}: okänd fråga {i.earlier} i earlier" for i in self.items if i.earlier and i.earlier not in keys]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @cached_property
    def by_key(self) -> dict[str, Item]:
        """Items by canonical key."""
        return {i.key: i for i in self.items}

    def answers(self, key: str) -> dict[int, str]:
        """Canonical code -> label of an item, without the missing kinds."""
        item = self.by_key[key]
        return self.scales[item.scale] if item.scale else item.answers


class CodebookColumns(Strict):
    """Names that a delivery may use for the background columns, first match wins."""

    wave: tuple[str, ...]
    school_municipality: tuple[str, ...]
    grade: tuple[str, ...]
    sex: tuple[str, ...]
    home_municipality: tuple[str, ...] = ()
    home_area: tuple[str, ...] = ()
    school_code: tuple[str, ...] = ()
    school_name: tuple[str, ...] = ()
    district: tuple[str, ...] = ()
    class_: tuple[str, ...] = Field(default=(), alias="class")
    respondent: tuple[str, ...] = ("ID",)
    weight: tuple[str, ...] = ()
    stratum: tuple[str, ...] = ()
    psu: tuple[str, ...] = ()

    def required(self) -> dict[str, tuple[str, ...]]:
        """The columns without which a file is no survey delivery."""
        return {r: getattr(self, r) for r in ("wave", "school_municipality", "grade", "sex")}


class CodebookValues(Strict):
    """Labels of the background columns -> product keys."""

    grade: dict[str, str]
    grade_ignored: tuple[str, ...] = ()
    sex: dict[str, str]


class Codebook(Strict):
    """A delivery variant of a survey: names, labels and codes as they arrive. `measures`: name in the delivery -> `Measure`.

    `match_by = label`: a cell's code is translated through the file's own value labels; `code`: the code is canonical and the
    file's labels are only checked. `columns_by = text`: columns are known by the hash of their text instead of by name (then
    `items` names the items by their own keys). `source_codes` tells where a missing kind sits in this variant (`after_last`: the
    code after the item's last answer).
    """

    id: str
    survey: str
    title_sv: str
    waves: tuple[int, ...]
    match_by: Literal["label", "code"]
    columns_by: Literal["name", "text"] = "name"
    columns: CodebookColumns
    items: dict[str, str]
    measures: dict[str, str] = Field(default_factory=dict)
    values: CodebookValues
    label_variants: dict[str, dict[str, int]] = Field(default_factory=dict)
    missing_labels: dict[str, int]
    source_codes: dict[int, Literal["after_last"]] = Field(default_factory=dict)


class IndexItem(Strict):
    """An item's part in an index: the score of each canonical code; with the partial credit model, thresholds in logits."""

    item: str
    thresholds: tuple[float, ...] = ()
    scores: dict[int, int]

    @property
    def maximum(self) -> int:
        """The highest score."""
        return max(self.scores.values())

    @model_validator(mode="after")
    def _categories_match(self) -> IndexItem:
        if not self.thresholds:
            if set(self.scores.values()) != set(range(len(self.scores))) or len(self.scores) < 2:
                raise ValueError(f"{self.item}: poängen ska vara 0, 1, 2 och så vidare, en per svar")
        elif set(self.scores.values()) != set(range(len(self.thresholds) + 1)):
            raise ValueError(
                f"{self.item}: {len(self.thresholds)} trösklar kräver poängen 0 till {len(self.thresholds)}, "
                f"fick {sorted(set(self.scores.values()))}"
            )
        return self


class Index(Strict):
    """A risk or protective factor index."""

    key: str
    source_name: str
    kind: Literal["risk", "protective"]
    arena: Arena
    label_sv: str
    label_en: str
    short_sv: str
    description_sv: str
    maximum_raw: int
    minimum_answered: int | None = None
    items: tuple[IndexItem, ...]

    @model_validator(mode="after")
    def _maximum(self) -> Index:
        total = sum(i.maximum for i in self.items)
        if total != self.maximum_raw:
            raise ValueError(f"{self.key}: högsta råpoäng är {total}, katalogen säger {self.maximum_raw}")
        return self


class IndexFile(Strict):
    """All indices of one survey with the choices that hold for them all.

    `model = pcm`: partial credit model, scores in logits. `mean_score`: the mean of the items' shares of their highest score,
    0 to 100. `estimator`: how a pupil's value is found (`scoring.yml`, or `mean`); `theta_range`: R bounds values to -R..R, which
    `mle` needs. `minimum_answered`: least number of answered items for a score; an index may have a number of its own.
    """

    survey: str
    model: Literal["pcm", "mean_score"]
    estimator: Literal["wle", "mle", "eap", "mean"]
    parameters_version: str
    minimum_answered: int
    theta_range: float | None = None
    indices: tuple[Index, ...]

    @classmethod
    def none(cls, survey: str) -> IndexFile:
        """The file of a survey without indices."""
        return cls(survey=survey, model="mean_score", estimator="mean", parameters_version="", minimum_answered=1, indices=())

    @model_validator(mode="after")
    def _fits_the_model(self) -> IndexFile:
        if (self.model == "pcm") != (self.estimator != "mean"):
            raise ValueError(f"estimator {self.estimator} hör inte till model {self.model}")
        if self.theta_range is not None and not 0 < self.theta_range < math.inf:
            raise ValueError("theta_range ska vara ett tal över 0, eller null")
        if self.estimator == "mle" and self.theta_range is None:
            raise ValueError(
                "estimator mle kräver theta_range: den som har lägsta eller högsta poäng på alla frågor har inget ändligt värde "
                "och sätts till skalans ände (4 är vanligt)"
            )
        for index in self.indices:
            bare = [i.item for i in index.items if bool(i.thresholds) != (self.model == "pcm")]
            if bare:
                raise ValueError(f"{index.key}: {', '.join(bare)} {'saknar' if self.model == 'pcm' else 'har'} trösklar")
            if self.model == "mean_score" and len(index.items) < MEAN_SCORE_ITEMS:
                raise ValueError(f"{index.key}: ett medelvärdesindex behöver minst {MEAN_SCORE_ITEMS} frågor")
            if not 1 <= self.least_answered(index) <= len(index.items):
                raise ValueError(f"{index.key}: minimum_answered ska vara 1 till {len(index.items)}")
        return self

    def least_answered(self, index: Index) -> int:
        """How many items must be answered for a score on the index."""
        return index.minimum_answered or self.minimum_answered

    @property
    def keys(self) -> tuple[str, ...]:
        """Index keys in catalogue order."""
        return tuple(i.key for i in self.indices)


class Break(Strict):
    """A change in a question from one wave on."""

    year: int
    items: tuple[str, ...]
    kind: Literal["question_changed", "options_changed", "population_changed", "new_item"]
    level: Literal["major", "minor"]
    text_sv: str


class BreakFile(Strict):
    """The break register of a survey."""

    survey: str
    breaks: tuple[Break, ...]


class Reason(Strict):
    """Why a value is absent or marked."""

    code: str
    mark: str
    text_sv: str
    text_en: str
    shown: bool


class ReasonFile(Strict):
    """All reason codes."""

    reasons: tuple[Reason, ...]


class Municipality(Strict):
    """A municipality, or what stands in its place in another country's survey.

    `valid_from`: the first year in which there is a municipality with the code.

    `survey_code`: the survey's own number. `delivered_as`: its name in deliveries when that is another. `contains`: codes of
    areas whose respondents are this area's too, separated by blanks; such areas are never added up.
    """

    municipality_code: str = Field(pattern=r"^(\d{4}|[A-Z]{4})$")
    name: str
    ascii_name: str
    survey_code: int
    delivered_as: str = ""
    contains: str = ""
    valid_from: int = 1974

    @property
    def contained(self) -> tuple[str, ...]:
        """Codes of the areas that lie inside this one."""
        return tuple(self.contains.split())


class District(Strict):
    """A city district (stadsdelsområde) of Stockholm, since 2024."""

    district_code: str = Field(pattern=r"^\d{4}-\d{3}$")
    name: str
