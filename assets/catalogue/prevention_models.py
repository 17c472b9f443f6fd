"""Pydantic models of the second pillar's catalogue: activities, their statements, programmes, and which index they speak to.

Every file below `assets/catalogue/prevention/` has its model here or in a module beside this one. Whether a level, an arena or an
age band is the source's word or our reading stands in the data (`source`), never in the code.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, HttpUrl, model_validator

from assets.catalogue.models import Strict

Level = Literal["universal", "selective", "indicated"]
AgeBand = Literal["0-5", "6-12", "13-15", "16-19", "parents"]
Origin = Literal["source", "our_reading"]
LegalBasis = Literal["duty", "partly", "general", "none"]
Text = Annotated[str, Field(min_length=1)]
Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
CONTENT_CRITERIA = (
    *("goals", "cooperation", "participation", "follow_up_reach", "follow_up_results"),
    *("long_term_funding", "coordinator", "competence", "adaptation"),
)
"""Criteria that a form asks about; the others are whether the activity exists, which programme, and what fits nowhere."""


class Named(Strict):
    """A code with the Swedish words for it. `meaning_sv`: what the words mean, where they need it."""

    key: Text
    label_sv: Text
    meaning_sv: str = ""


class ProtectiveFactor(Named):
    """One of the palette's four factors. `source_code`: the beginning of its activities' codes there."""

    source_code: str = Field(pattern=r"^[A-Z]{2}$")


class Law(Strict):
    """A legal reference. `law_from_source`: false where the palette gives the paragraph only and the law is our reading."""

    law_sv: Text
    provision_sv: str = ""
    law_from_source: bool


class ActivityIndicator(Strict):
    """A published indicator that the palette points to. `url` only where the link leads somewhere (`link_state` is `ok`)."""

    source_sv: Text
    title_sv: Text
    link_state: Literal["ok", "no_usable_target"]
    url: HttpUrl | None = None
    kolada_internal_ids: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _linked(self) -> ActivityIndicator:
        if (self.link_state == "ok") != (self.url is not None):
            raise ValueError("url ska finnas när länken fungerar, annars inte")
        return self


class ActivitySource(Strict):
    """Whose word the activity's fields are."""

    levels: Origin
    arenas: Origin
    age_bands: Origin
    target_age: Origin
    legal_basis: Origin


class Activity(Strict):
    """One activity of Preventionspaletten, once, with every factor it stands under there (`source_codes`).

    `source_names`: what it is called there, where that is another name than ours.
    """

    id: Key
    source_codes: tuple[Annotated[str, Field(pattern=r"^(FB|SK|FR|NS)\d{2}$")], ...] = Field(min_length=1)
    name_sv: Text
    source_names: tuple[Text, ...] = ()
    short_sv: str = Field(min_length=1, max_length=40)
    factors: tuple[Key, ...] = Field(min_length=1)
    levels: tuple[Level, ...] = Field(min_length=1)
    arenas: tuple[Key, ...] = Field(min_length=1)
    age_bands: tuple[AgeBand, ...] = Field(min_length=1)
    section: Key
    target_age_sv: Text
    source: ActivitySource
    legal_basis: LegalBasis
    legal_note_sv: str = ""
    laws: tuple[Law, ...] = ()
    indicators: tuple[ActivityIndicator, ...] = ()


class ActivityFile(Strict):
    """`prevention/activities.yml`."""

    reading_sv: Text
    law_note_sv: Text
    protective_factors: tuple[ProtectiveFactor, ...] = Field(min_length=1)
    arenas: tuple[Named, ...] = Field(min_length=1)
    levels: tuple[Named, ...] = Field(min_length=1)
    age_bands: tuple[Named, ...] = Field(min_length=1)
    form_sections: tuple[Named, ...] = Field(min_length=1)
    activities: tuple[Activity, ...] = Field(min_length=1)


class Criterion(Strict):
    """What a statement is about. `question_sv`: how a form asks it; absent where a form asks it otherwise or not at all."""

    key: Key
    label_sv: Text
    question_sv: str = ""


class Statement(Strict):
    """One of the palette's mapping statements, merged over the factors its activity stands under (`sources`)."""

    id: str = Field(pattern=r"^[a-z_]+\.[a-z_]+\.\d+$")
    activity: Key
    criterion: Key
    programme: Key | None = None
    label_sv: Text
    sources: tuple[Annotated[str, Field(pattern=r"^(FB|SK|FR|NS)\d{2}-\d{2}$")], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _programme(self) -> Statement:
        if (self.criterion == "programme") != (self.programme is not None):
            raise ValueError(f"{self.id}: programme ska anges för påståenden om program, annars inte")
        return self


class StatementFile(Strict):
    """`prevention/statements.yml`."""

    criteria: tuple[Criterion, ...] = Field(min_length=1)
    statements: tuple[Statement, ...] = Field(min_length=1)


class Theme(Strict):
    """A theme of the in-depth questions, in our own words."""

    key: Key
    label_sv: Text
    question_sv: Text


class InDepthQuestion(Strict):
    """One of the palette's in-depth questions: which themes it is about."""

    id: str = Field(pattern=r"^(FB|SK|FR|NS)\d{2}-F\d{2}$")
    activity: Key
    themes: tuple[Key, ...] = Field(min_length=1)


class InDepthFile(Strict):
    """`prevention/indepth.yml`."""

    themes: tuple[Theme, ...] = Field(min_length=1)
    questions: tuple[InDepthQuestion, ...] = Field(min_length=1)


class Evaluation(Strict):
    """What a source says of how a programme has been tried; `unknown` when none does."""

    status: Literal["tested_positive", "less_studied", "followed_up", "under_way", "unknown"]
    source: Key | None = None

    @model_validator(mode="after")
    def _sourced(self) -> Evaluation:
        if (self.status == "unknown") != (self.source is None):
            raise ValueError("en källa ska anges när läget är känt, annars inte")
        return self


class Programme(Strict):
    """A named programme or method. What no source says is left empty and shown as `uppgift saknas`."""

    id: Key
    name_sv: Text
    owner_sv: str = ""
    target_group_sv: str = ""
    levels: tuple[Level, ...] = ()
    arenas: tuple[Key, ...] = ()
    activities: tuple[Key, ...] = ()
    evaluation: Evaluation
    sources: tuple[Key, ...] = Field(min_length=1)
    notes_sv: str = ""


class SelectionCriterion(Strict):
    """One of the county's own criteria for which methods to put first."""

    key: Key
    text_sv: Text


class SelectionCriteria(Strict):
    """The county's criteria, with where they are written."""

    source_sv: Text
    about_sv: Text
    criteria: tuple[SelectionCriterion, ...] = Field(min_length=1)


class ProgrammeFile(Strict):
    """`prevention/programmes.yml`. `sources`: key -> the source in words."""

    sources: dict[Key, Text]
    unknown_sv: Text
    reading_sv: Text
    selection_criteria: SelectionCriteria
    evaluation_words: dict[Key, Text]
    programmes: tuple[Programme, ...] = Field(min_length=1)


class FactorLink(Strict):
    """A protective factor that an index is set beside, and why."""

    factor: Key
    reason_sv: Text


class ActivityLink(Strict):
    """An activity that an index is set beside, and why."""

    activity: Key
    reason_sv: Text


class IndexLinks(Strict):
    """What is set beside one index."""

    index: Key
    factors: tuple[FactorLink, ...] = Field(min_length=1)
    activities: tuple[ActivityLink, ...] = Field(min_length=1)


class IndexFactorFile(Strict):
    """`prevention/index_factors.yml`. `status_sv`: who has yet to confirm it."""

    status_sv: Text
    indices: tuple[IndexLinks, ...] = Field(min_length=1)
