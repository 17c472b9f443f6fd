"""The form of decisions: what a workshop's board or workbook hands back (`assets/catalogue/prevention/decisions.yml`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from assets.catalogue.active import PROFILE
from assets.catalogue.load import Catalogue, catalogue_yaml, load_catalogue
from assets.forms.types import Choice, Field, FieldKind, FormDefinition, Item, Section

OTHER = "other"
NO_INDICATOR = "none"
"""The code of "no follow-up indicator was chosen", which is an answer; an empty field is a question nobody answered."""
EARLIEST_WAVE, LATEST_WAVE = 2000, 2099
MOST_PARTICIPANTS = 500
LENGTHS = {
    "priority": 160, "reason": 300, "owner": 80, "first_step": 200, "earlier_decision_id": 20, "earlier_comment": 300,
    "answer": 500, "round": 6, "kit_version": 20,
}  # fmt: skip


@lru_cache(maxsize=1)
def decision_texts() -> Mapping[str, Any]:
    """The parsed `prevention/decisions.yml`."""
    return catalogue_yaml("prevention/decisions.yml")


@lru_cache(maxsize=1)
def decisions_form() -> FormDefinition:
    """Head, decisions in free rows, status of earlier decisions, and three questions to the facilitator."""
    catalogue, texts = load_catalogue(), decision_texts()
    return FormDefinition(
        kind="decisions",
        version=texts["version"],
        title=texts["title"],
        intro=texts["intro"],
        head=_head(catalogue),
        sections=(
            _section("decisions", _decision_fields(catalogue)),
            _section("earlier", _earlier_fields()),
            _section("evaluation", (_field("answer", "text"),)),
        ),
    )


def _head(catalogue: Catalogue) -> tuple[Field, ...]:
    towns = tuple(Choice(m.municipality_code, m.name) for m in catalogue.municipalities)
    return (
        _field("municipality_code", "choice", towns, required=True),
        _field("round", "text", required=True),
        _field("answered_on", "date", required=True),
        _field("wave", "whole_number", required=True, low=EARLIEST_WAVE, high=LATEST_WAVE),
        _field("participants", "whole_number", low=1, high=MOST_PARTICIPANTS),
        _field("sectors", "choices", _choices("sectors")),
        _field("kit_version", "text"),
    )


def _decision_fields(catalogue: Catalogue) -> tuple[Field, ...]:
    factors = (*(Choice(i.key, i.label_sv) for i in catalogue.indices), Choice(OTHER, decision_texts()["other_factor"]))
    grades = tuple(Choice(g.key, g.label_sv) for g in PROFILE.grades)
    return (
        _field("factor", "choice", factors, required=True),
        _field("priority", "text", required=True),
        _field("reason", "text", required=True),
        _field("owner", "text", required=True),
        _field("first_step", "text", required=True),
        _field("follow_up_indicator", "choice", follow_up_choices(catalogue), required=True),
        _field("follow_up_grade", "choice", grades),
        _field("follow_up_on", "date", required=True),
    )


def _earlier_fields() -> tuple[Field, ...]:
    return (
        _field("earlier_decision_id", "text", required=True),
        _field("earlier_status", "choice", _choices("statuses"), required=True),
        _field("earlier_comment", "text"),
    )


def follow_up_choices(catalogue: Catalogue) -> tuple[Choice, ...]:
    """What can be followed up: the indices, then every question and scale that the report shows and that is still asked."""
    file = catalogue.indicator_file
    titles = {i.id: i.title_sv for i in file.indicators if i.last_wave is None} | {x.id: x.title_sv for x in file.indices}
    shown = [key for section in catalogue.report_series.sections for group in section.groups for key in group.series]
    single = [Choice(key, titles[key]) for key in dict.fromkeys(shown) if key in titles]
    words = decision_texts()["index_label"]
    indices = [Choice(i.key, words[i.kind].format(name=i.label_sv)) for i in catalogue.indices]
    return (Choice(NO_INDICATOR, decision_texts()["no_indicator"]), *_told_apart([*indices, *single]))


def _told_apart(choices: Iterable[Choice]) -> list[Choice]:
    """The choices, the later of two with the same words with its id in brackets: a workbook's list knows the words only."""
    seen: set[str] = set()
    found = []
    for choice in choices:
        label = f"{choice.label} ({choice.code})" if choice.label in seen else choice.label
        seen.add(label)
        found.append(Choice(choice.code, label))
    return found


def _section(name: str, fields: tuple[Field, ...]) -> Section:
    texts = decision_texts()
    items = tuple(Item(key, label) for key, label in texts["items"].get(name, {}).items())
    words = texts["sections"][name]
    return Section(name, words["title"], words["intro"], fields, items, texts["free_rows"][name])


def _choices(name: str) -> tuple[Choice, ...]:
    return tuple(Choice(code, label) for code, label in decision_texts()[name].items())


def _field(
    name: str,
    kind: FieldKind,
    choices: tuple[Choice, ...] = (),
    *,
    required: bool = False,
    low: int | None = None,
    high: int | None = None,
) -> Field:
    words = decision_texts()["fields"][name]
    guidance = words.get("guidance", "")
    return Field(name, words["label"], kind, choices, guidance, required, low, high, LENGTHS.get(name, 500))
