"""Propose a codebook for a delivery that no codebook knows. Pure.

Every column is weighed against every question of the survey: text first, then answers, then name. What is certain or likely
becomes a line of the codebook, what is unsure a line that a person has to uncomment, and the rest is listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from assets.catalogue.load import Catalogue
from assets.catalogue.models import Codebook, Item, Survey
from assets.intake.delivery import RawDelivery
from assets.intake.evidence import (
    AGREE,
    DIFFER,
    LIKELY,
    SURE,
    UNSURE,
    Answers,
    Column,
    columns_of,
    generation,
    name_pattern,
)
from assets.intake.roles import RoleColumn, find_roles, value_map
from assets.intake.wordings import measures_of
from assets.methods.errors import PipelineError

_RANK = {SURE: 3, LIKELY: 2, UNSURE: 1}


@dataclass(frozen=True)
class Match:
    """A column that may be an item: how sure, and why in words."""

    column: str
    item: str
    confidence: str
    reasons: tuple[str, ...]
    alike: float = 0.0


@dataclass(frozen=True)
class Proposal:
    """A codebook to be: `base` gives what isn't seen in the file.

    Attributes:
        matches: at most one per column, in the order of the file; only certain and likely ones become part of the codebook.
        unknown: column -> why it isn't matched.
        absent: items of the survey without a column.
        variants, missing_labels: spellings of all codebooks, for the recognised questions and for missing answers.
        unknown_labels: item -> labels of its column that the catalogue doesn't know.
        measures: column -> measure of the survey, known by its text or its name.
        guessed, strange: for `grade` and `sex`, labels with a guessed key, and labels nobody knows.
    """

    file_name: str
    delivery: RawDelivery
    base: Codebook
    match_by: str
    waves: tuple[int, ...]
    roles: dict[str, RoleColumn]
    matches: tuple[Match, ...]
    unknown: dict[str, str]
    absent: tuple[str, ...]
    variants: dict[str, dict[str, int]] = field(default_factory=dict)
    missing_labels: dict[str, int] = field(default_factory=dict)
    unknown_labels: dict[str, list[str]] = field(default_factory=dict)
    guessed: dict[str, dict[str, str]] = field(default_factory=dict)
    strange: dict[str, list[str]] = field(default_factory=dict)
    measures: dict[str, str] = field(default_factory=dict)

    @property
    def active(self) -> tuple[Match, ...]:
        """The matches that become part of the codebook."""
        return tuple(m for m in self.matches if m.confidence != UNSURE)


def propose(delivery: RawDelivery, catalogue: Catalogue) -> Proposal:
    """Weigh the delivery's columns against the survey.

    Raises:
        PipelineError: `unknown_variables` when not a single column is recognised.
    """
    survey, books = catalogue.survey, catalogue.codebooks
    answers = Answers(survey, tuple(books))
    columns = columns_of(delivery, survey)
    base, _ = generation(columns, answers, books)
    waves = [str(w) for w in catalogue.calendar.survey_waves]
    places = catalogue.municipality_of_survey_code
    weighed = {c.name: _weigh(c, answers, base) for c in columns}
    asked = {name for name, (match, _) in weighed.items() if match and match.confidence == SURE}
    roles = find_roles(delivery, [c for c in columns if c.name not in asked], books, waves, places)
    taken = {r.column for r in roles.values() if r.column}
    candidates = [match for name, (match, _) in weighed.items() if match and name not in taken]
    matches = _one_each(candidates)
    if not any(m.confidence != UNSURE for m in matches):
        raise PipelineError(
            "unknown_variables",
            delivery.file_name,
            f"frågor ur {survey.title_sv}",
            "inga kolumner som liknar dem",
            "Kontrollera att det är rätt fil; exportera helst enkäten som .sav med frågetexter och svarsetiketter.",
        )
    by_name = {c.name: c for c in columns}
    measures = _measures([c for c in columns if c.name not in {m.column for m in matches} | taken], survey, base)
    held = {m.column for m in matches} | taken | set(measures)
    guessed, strange = _background_labels(roles, by_name, base, answers)
    years = (
        sorted({int(w) for w in delivery.cells[roles["wave"].column].drop_nulls().unique() if w in waves})
        if roles["wave"].column
        else []
    )
    active = [m for m in matches if m.confidence != UNSURE]
    return Proposal(
        file_name=delivery.file_name,
        delivery=delivery,
        base=base,
        match_by=_match_by(active, by_name, answers),
        waves=tuple(years) or base.waves,
        roles=roles,
        matches=tuple(matches),
        unknown={name: why for name, (_, why) in weighed.items() if name not in held},
        absent=tuple(i.key for i in survey.items if i.key not in {m.item for m in matches}),
        variants={m.item: spelled for m in active if (spelled := _spellings(m.item, books))},
        missing_labels={label: code for book in (*books, base) for label, code in book.missing_labels.items()},
        unknown_labels={
            m.item: labels for m in active if (labels := answers.unknown_labels(by_name[m.column], survey.by_key[m.item]))
        },
        guessed=guessed,
        strange=strange,
        measures=measures,
    )


def _measures(columns: Sequence[Column], survey: Survey, base: Codebook) -> dict[str, str]:
    """Columns that are a measure: the only one with its text, or, without any text, with its name."""
    said = {c.name: measures_of(c.text, survey) if c.text else {base.measures.get(c.name, "")} - {""} for c in columns}
    found = [(name, key) for name, keys in said.items() for key in keys]
    return {name: key for name, key in found if sum(other == key for _, other in found) == 1}


def _spellings(item: str, books: Sequence[Codebook]) -> dict[str, int]:
    return {label: code for book in books for label, code in book.label_variants.get(item, {}).items()}


def _weigh(column: Column, answers: Answers, base: Codebook) -> tuple[Match | None, str]:
    """The item that most speaks for, or None and why not."""
    survey = answers.survey
    if column.named:
        known = [survey.by_key[key] for key in sorted(column.named) if key in survey.by_key]
        if not known:
            return None, f"frågetexten är {', '.join(sorted(column.named))} i 2024 års enkät, som inte används här"
        judged = [_by_text(column, item, answers) for item in known]
        return max(judged, key=lambda m: (_RANK[m.confidence], m.alike)), ""
    named = _named_items(column, answers, base)
    judged = [m for item, how in named if (m := _by_name(column, item, how, answers, base))]
    if judged:
        return max(judged, key=lambda m: (_RANK[m.confidence], m.alike)), ""
    return _by_answers(column, answers, [item for item, how in named if how != "liknar"])


def _by_text(column: Column, item: Item, answers: Answers) -> Match:
    alike = answers.similarity(column, item)
    if alike is not None and alike < DIFFER:
        return Match(
            column.name, item.key, UNSURE, ("frågetexten stämmer", f"men svaren är andra ({_percent(alike)} lika)"), alike
        )
    reasons = ("frågetexten stämmer",) if alike is None else ("frågetexten stämmer", f"svaren stämmer ({_percent(alike)})")
    return Match(column.name, item.key, SURE, reasons, alike or 0.0)


def _named_items(column: Column, answers: Answers, base: Codebook) -> list[tuple[Item, str]]:
    """Items that the name speaks for: in the base codebook (`här`), in another (`annan`), or by its number only (`liknar`)."""
    by_key = answers.survey.by_key
    if column.name in base.items:
        return [(by_key[base.items[column.name]], "här")]
    others = sorted({b.items[column.name] for b in answers.books if column.name in b.items})
    pattern = name_pattern(column.name)
    near = sorted({item for name, item in base.items.items() if pattern and name_pattern(name) == pattern} - set(others))
    return [(by_key[key], "annan") for key in others] + [(by_key[key], "liknar") for key in near]


def _by_name(column: Column, item: Item, how: str, answers: Answers, base: Codebook) -> Match | None:
    alike = answers.similarity(column, item)
    said = {"här": f"namnet finns i {base.id}", "annan": "namnet finns i en annan kodbok", "liknar": f"namnet liknar {base.id}"}[
        how
    ]
    if alike is not None and alike < DIFFER:
        return None
    if alike is None:
        if base.match_by == "label" and item.type != "count":
            why = "äldre filer har inga fasta koder, och filen saknar svarsetiketter"
            return Match(column.name, item.key, UNSURE, (said, why))
        confidence = LIKELY if how == "här" and not column.text else UNSURE
        return Match(column.name, item.key, confidence, (said, "inga svarsetiketter att jämföra med"))
    reasons = (said, f"svaren är {_percent(alike)} lika")
    if column.text:
        reasons = (*reasons, "frågetexten är okänd")
    if alike < AGREE or (how != "här" and column.text):
        confidence = LIKELY if how == "här" else UNSURE
    else:
        confidence = SURE if how == "här" and not column.text else LIKELY
    return Match(column.name, item.key, confidence, reasons, alike)


def _by_answers(column: Column, answers: Answers, contradicted: Sequence[Item]) -> tuple[Match | None, str]:
    if contradicted:
        return None, "namnet finns i en kodbok, men svaren är andra: en annan fråga med samma namn"
    alike = {item.key: answers.similarity(column, item) for item in answers.survey.items}
    fitting = [key for key, share in alike.items() if share is not None and share >= AGREE]
    if len(fitting) == 1 and not column.text:
        (key,) = fitting
        return Match(column.name, key, LIKELY, ("bara den frågan har de svaren", _percent(alike[key])), alike[key]), ""
    if fitting:
        return None, f"svaren passar {len(fitting)} frågor" if len(
            fitting
        ) > 1 else f"svaren liknar {fitting[0]}, frågetexten är okänd"
    return None, "varken text, svar eller namn känns igen"


def _one_each(candidates: Sequence[Match]) -> list[Match]:
    """One column per item: the best, and when two are as good none is more than unsure."""
    kept = []
    for match in candidates:
        rivals = [m for m in candidates if m.item == match.item and m is not match]
        mine = (_RANK[match.confidence], match.alike)
        better = [m for m in rivals if (_RANK[m.confidence], m.alike) > mine]
        equal = [m for m in rivals if (_RANK[m.confidence], m.alike) == mine]
        if better or equal:
            other = (better or equal)[0].column
            word = "bättre" if better else "lika bra"
            kept.append(replace(match, confidence=UNSURE, reasons=(*match.reasons, f"men {other} passar {word}")))
        else:
            kept.append(match)
    return kept


def _match_by(active: Sequence[Match], by_name: dict[str, Column], answers: Answers) -> str:
    """`code` when every declared label has the catalogue's code, or when the file has bare numbers; else `label`."""
    declared = [m for m in active if by_name[m.column].declared]
    if declared:
        by_key = answers.survey.by_key
        return "code" if all(answers.canonical(by_name[m.column], by_key[m.item]) for m in declared) else "label"
    return "code" if any(by_name[m.column].numbers_only for m in active) else "label"


def _background_labels(
    roles: dict[str, RoleColumn], by_name: dict[str, Column], base: Codebook, answers: Answers
) -> tuple[dict[str, dict[str, str]], dict[str, list[str]]]:
    guessed, strange = {}, {}
    for role in ("grade", "sex"):
        column = by_name.get(roles[role].column or "")
        fresh, unknown = value_map(role, column, getattr(base.values, role), (*base.values.grade_ignored, *base.missing_labels))
        guessed[role], strange[role] = fresh, sorted(unknown)
    return guessed, strange


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", "\u00a0%")
