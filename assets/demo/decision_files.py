"""Invented decisions of a few municipalities' workshops, as the board saves them. SYNTHETIC.

Only what a room would have said is invented: priority, reason, owner, first step and which number was to be looked at again. What
has happened to the number since is never written here; it comes from the published changes, whatever they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from assets.forms.decisions_form import NO_INDICATOR, decisions_form
from assets.forms.types import FilledForm, FormAnswer

NOTE = "Påhittade beslut för demonstrationen."


@dataclass(frozen=True)
class Decided:
    """One decision of a workshop. `grade` is empty where no number was chosen to be looked at again."""

    factor: str
    priority: str
    reason: str
    owner: str
    first_step: str
    indicator: str = NO_INDICATOR
    grade: str = ""
    due: date = date(2024, 12, 1)


@dataclass(frozen=True)
class Workshop:
    """A workshop on the report of a wave. `earlier`: an earlier decision's number -> how it went, and in which words."""

    municipality: str
    wave: int
    held: date
    participants: int
    sectors: tuple[str, ...]
    decided: tuple[Decided, ...]
    earlier: tuple[tuple[str, str, str], ...] = ()


WORKSHOPS = (
    Workshop(
        "0127", 2022, date(2023, 2, 7), 17, ("school", "social_services", "leisure", "police"),
        (
            Decided("acting_out", "Färre unga ute sent utan vuxna i närheten", "Fältgruppen och skolorna har sett samma sak",
                    "fritidschefen", "Öppna två fritidsgårdar till klockan 23 på fredagar från hösten", "acting_out", "ak9"),
            Decided("parenting", "Fler vårdnadshavare möts av samma råd", "Stödet ser olika ut i kommundelarna",
                    "verksamhetschefen för familjestöd", "Gemensam utbildning för dem som möter vårdnadshavare"),
        ),
    ),
    Workshop(
        "0136", 2022, date(2023, 3, 14), 14, ("school", "student_health", "social_services", "young_people"),
        (
            Decided("parenting", "Vårdnadshavare i årskurs 7 erbjuds föräldraskapsstöd", "Föräldrar frågar efter stöd tidigare",
                    "enhetschefen för förebyggande arbete", "Bjuda in till tre träffar per skola före jul", "parenting", "ak9"),
            Decided("psychosomatic", "Kortare väg till elevhälsan på gymnasiet", "Eleverna berättar om sömn och stress",
                    "rektorsgruppen på gymnasiet", "Öppen mottagning två dagar i veckan", "psychosomatic", "gy2"),
        ),
    ),
    Workshop(
        "0180", 2022, date(2023, 4, 20), 31, ("school", "leisure", "clubs", "politicians"),
        (
            Decided("wellbeing", "Fler elever har en vuxen att prata med", "Unga i referensgruppen tog upp det först",
                    "utbildningsförvaltningen", "Mentorstid varje vecka i årskurs 8 och 9", "wellbeing", "ak9"),
            Decided("school_distress", "Tryggare raster och korridorer", "Elevråden har tagit upp det flera gånger",
                    "rektorerna med trygghetsteamen", "Rastvärdar på alla skolor från vårterminen", "school_distress", "ak9"),
        ),
    ),
    Workshop(
        "0127", 2024, date(2025, 2, 11), 21, ("school", "social_services", "leisure", "clubs", "parents"),
        (
            Decided("wellbeing", "Fler ledda aktiviteter efter skolan", "Många kommer inte till det som redan finns",
                    "kultur- och fritidschefen", "Kartlägg vilka som inte nås i dag", "wellbeing", "ak9", date(2026, 3, 1)),
            Decided("acting_out", "Samma regler på alla fritidsgårdar", "Det efterfrågas av unga själva",
                    "fritidschefen", "Ta fram reglerna tillsammans med ungdomsrådet", "acting_out", "ak9", date(2027, 3, 1)),
        ),
        (
            ("0127-2022-1", "done", "Två gårdar har haft öppet sedan dess."),
            ("0127-2022-2", "under_way", "Hälften av personalen har gått utbildningen."),
        ),
    ),
)  # fmt: skip


def decision_forms() -> tuple[FilledForm, ...]:
    """All filled forms, by workshop."""
    version = decisions_form().version
    return tuple(_form(workshop, version) for workshop in WORKSHOPS)


def _form(workshop: Workshop, version: str) -> FilledForm:
    round_ = str(workshop.wave)
    head = {
        "municipality_code": workshop.municipality, "round": round_, "answered_on": workshop.held.isoformat(),
        "wave": str(workshop.wave), "participants": str(workshop.participants), "sectors": ";".join(workshop.sectors),
    }  # fmt: skip
    answers = (*_decisions(workshop), *_earlier(workshop))
    return FilledForm(
        "decisions", version, workshop.municipality, round_, workshop.held, "", "board", head, answers, notes=(NOTE,)
    )


def _decisions(workshop: Workshop) -> Iterator[FormAnswer]:
    for number, one in enumerate(workshop.decided, start=1):
        values = {
            "factor": one.factor, "priority": one.priority, "reason": one.reason, "owner": one.owner,
            "first_step": one.first_step, "follow_up_indicator": one.indicator, "follow_up_grade": one.grade,
            "follow_up_on": one.due.isoformat(),
        }  # fmt: skip
        yield from _row("decisions", number, values)


def _earlier(workshop: Workshop) -> Iterator[FormAnswer]:
    for number, (decision, status, comment) in enumerate(workshop.earlier, start=1):
        values = {"earlier_decision_id": decision, "earlier_status": status, "earlier_comment": comment}
        yield from _row("earlier", number, values)


def _row(section: str, number: int, values: dict[str, str]) -> Iterator[FormAnswer]:
    for name, value in values.items():
        if value:
            yield FormAnswer(section, f"{section}+{number}", name, value, f"rad {number}")
