"""The A4 sheets of the kit as plain data for `typst/kit.typ`: texts of `texts/kit.yml` and what the municipality adds. Pure.

A block is a mapping with `kind` (`h`, `p`, `list`, `steps`, `table`, `form`, `write`, `fields`, `notice`, `qa`, `cut`, `picture`,
`page`) and what the template needs to draw it. In a table None is a box to tick.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assets.bundle.types import ReportMeta
from assets.catalogue.active import GRADES
from assets.catalogue.load import catalogue_yaml
from assets.catalogue.priority import load_priority
from assets.catalogue.readiness import load_readiness
from assets.charts.numbers import lower_first, swedish, words
from assets.forms.decisions_form import decisions_form
from assets.forms.types import Field, Section
from assets.kit.board_types import BoardCard, BoardContent
from assets.kit.print_pictures import PrintedPicture, empty_field, ratio, reach_of, without_values

Block = dict[str, Any]
DECISIONS_ON_PAPER = 3
WRITTEN_LINES = {"priority": 2, "reason": 2, "first_step": 2, "follow_up_indicator": 1}
TYPE_SIZE = 11


@dataclass(frozen=True)
class Sheet:
    """One file: title, lead, blocks, the pictures that the blocks name (virtual file -> bytes) and the type's size in points."""

    name: str
    title: str
    lead: str
    blocks: list[Block]
    files: dict[str, bytes]
    size: float

    @property
    def data(self) -> dict[str, Any]:
        """What the template reads of it, with the number that the agenda and the other sheets know the sheet by."""
        return {"title": f"{self.name[:2]}\u2002{self.title}", "lead": self.lead, "blocks": self.blocks, "size": self.size}


@dataclass(frozen=True)
class Kit:
    """What the sheets are built from. `pictures`: by card, as `printed_pictures` gives them."""

    content: BoardContent
    meta: ReportMeta
    pictures: Mapping[str, tuple[PrintedPicture, ...]]

    @property
    def where(self) -> dict[str, str]:
        """What the placeholders of `kit.yml` stand for."""
        grades = words([self.meta.texts["common"]["grades"][grade] for grade in GRADES])
        return {"area": self.content.area_name, "wave": str(self.content.wave), "grades": grades}


@lru_cache(maxsize=1)
def kit_texts() -> Mapping[str, Any]:
    """The parsed `texts/kit.yml`."""
    return catalogue_yaml("texts/kit.yml")


def a4_sheets(kit: Kit) -> list[Sheet]:
    """Every sheet in the order of `kit.yml`."""
    return [_sheet(entry, kit) for entry in kit_texts()["sheets"]]


def _sheet(entry: Mapping[str, Any], kit: Kit) -> Sheet:
    files: dict[str, bytes] = {}
    blocks: list[Block] = []
    for block in entry.get("blocks", [{"own": entry.get("own")}]):
        if "own" in block:
            blocks += _OWN[block["own"]](kit, files)
        else:
            blocks.append(_written(block, kit.where))
    return Sheet(
        entry["name"], entry["title"], _filled(entry.get("lead", ""), kit.where), blocks, files, entry.get("size", TYPE_SIZE)
    )


def _written(block: Mapping[str, Any], where: Mapping[str, str]) -> Block:
    """A block of `kit.yml` with its placeholders filled in: the mapping of a table or the one value of another."""
    ((kind, value),) = block.items()
    held = _filled(value, where)
    return {"kind": kind, **held} if isinstance(held, dict) else {"kind": kind, "value": held}


def _filled(value: Any, where: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return value.format(**where)
    if isinstance(value, list):
        return [_filled(one, where) for one in value]
    if isinstance(value, dict):
        return {key: _filled(one, where) for key, one in value.items()}
    return value


def _print(key: str, **values: object) -> str:
    return str(kit_texts()["print"][key]).format(**values)


def _heading(text: str) -> Block:
    return {"kind": "h", "value": text}


def _paragraph(text: str) -> Block:
    return {"kind": "p", "value": text}


def _table(columns: Sequence[str], widths: Sequence[float], rows: Sequence[Sequence[str | None]], height: float = 0) -> Block:
    return {"kind": "table", "columns": list(columns), "widths": list(widths), "rows": [list(r) for r in rows], "height": height}


def _agenda(kit: Kit, _: dict[str, bytes]) -> list[Block]:
    """The board's agenda with the clock from 0:00."""
    rows, start = [], 0
    for item in kit.content.agenda:
        end = start + item.minutes
        rows.append([_print("clock", start=_clock(start), end=_clock(end)), str(item.minutes), item.title, item.guidance])
        start = end
    return [_table(kit_texts()["print"]["agenda_columns"], (3.6, 1.6, 5.4, 15), rows)]


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02}"


def _guess(kit: Kit, files: dict[str, bytes]) -> list[Block]:
    """A page per chart with its question and its empty axes, or the sentence why there is no chart."""
    blocks: list[Block] = []
    cards = kit.content.cards
    for n, card in enumerate(cards, 1):
        if n > 1:
            blocks.append({"kind": "page"})
        blocks.append(_heading(f"{_print('card_of', n=n, all=len(cards))}: {card.title}"))
        if not kit.pictures[card.id]:
            blocks += [{"kind": "notice", "strong": _print("missing") + ".", "text": card.missing}]
            blocks.append(_paragraph(_print("missing_talk")))
            continue
        blocks.append({"kind": "question", "value": card.guess})
        blocks.append(_paragraph(_filled(kit_texts()["print"]["guess_how"][card.id], kit.where)))
        blocks += _BLANKS.get(card.id, _blank_axes)(kit, card, files)
        blocks.append(_paragraph(_print("guess_sure")))
        blocks.append({"kind": "write", "label": _print("guess_after"), "lines": 2})
        blocks.append({"kind": "source", "value": kit.pictures[card.id][0].source})
    return blocks


def _blank_axes(kit: Kit, card: BoardCard, files: dict[str, bytes]) -> list[Block]:
    blocks: list[Block] = []
    for n, printed in enumerate(kit.pictures[card.id]):
        blocks.append({"kind": "label", "value": printed.picture.label})
        blocks.append(_picture(f"gissa_{card.id}_{n}.svg", without_values(printed.picture), card, printed.picture.label, files))
    return blocks


def _picture(name: str, svg: str, card: BoardCard, label: str, files: dict[str, bytes]) -> Block:
    files[name] = svg.encode()
    return {"kind": "picture", "file": name, "ratio": ratio(svg), "alt": _print("guess_alt", title=card.title, label=label)}


def _blank_matrix(kit: Kit, card: BoardCard, _: dict[str, bytes]) -> list[Block]:
    """The rows and columns of the coverage matrix, empty."""
    picture = kit.pictures[card.id][0].picture
    rows = dict.fromkeys(row[0] for row in picture.rows)
    factors = dict.fromkeys(row[1] for row in picture.rows)
    return [_table([picture.columns[0], *factors], [4, *[4] * len(factors)], [[row, *[""] * len(factors)] for row in rows], 17)]


def _blank_field(kit: Kit, card: BoardCard, files: dict[str, bytes]) -> list[Block]:
    """The field of chart 13 with the axes' own ends, and the factors numbered as in the picture (`field_chart`)."""
    reach = max(reach_of(printed.picture) for printed in kit.pictures[card.id])
    svg = empty_field(reach, kit.meta.charts.texts["prioriteringsfalt"])
    drawn = {row[0] for printed in kit.pictures[card.id] for row in printed.picture.rows}
    ordered = sorted((name for _, name in kit.content.factors if name in drawn), key=swedish)
    names = [f"{place}  {name}" for place, name in enumerate(ordered, start=1)]
    return [{"kind": "columns", "value": names}, _picture(f"gissa_{card.id}.svg", svg, card, kit.content.area_name, files)]


def _blank_steps(_: Kit, __: BoardCard, ___: dict[str, bytes]) -> list[Block]:
    return [_levels()]


def _levels() -> Block:
    """The seven conditions, the four levels as boxes to tick, and "I don't know"."""
    file = load_readiness()
    columns = ["", *file.level_words_sv, lower_first(file.dont_know_sv)]
    rows = [[f"{c.label_sv}\n{c.question_sv}", *[None] * (len(columns) - 1)] for c in file.conditions]
    return _table(columns, (10, *[2.6] * (len(columns) - 1)), rows)


def _priority_rule(_: Kit, __: dict[str, bytes]) -> list[Block]:
    """The published rule: what each criterion counts and its weight."""
    rule, names = load_priority(), kit_texts()["print"]["criteria"]
    rows = [[name, rule.criteria_sv[key], f"{rule.weights[key]:g}"] for key, name in names.items()]
    return [_table(kit_texts()["print"]["rule_columns"], (4, 15, 2), rows)]


def _priority_table(kit: Kit, _: dict[str, bytes]) -> list[Block]:
    names, (factor, dots) = kit_texts()["print"]["criteria"], kit_texts()["print"]["priority_columns"]
    rows = [[name, *[""] * (len(names) + 1)] for _, name in kit.content.factors]
    return [_table([factor, *names.values(), dots], (8, *[3.5] * len(names), 2.8), rows, 9)]


def _link(_: Kit, __: dict[str, bytes]) -> list[Block]:
    return [_paragraph(_print("link"))]


def _readiness(_: Kit, __: dict[str, bytes]) -> list[Block]:
    return [_levels()]


def _decisions(kit: Kit, _: dict[str, bytes]) -> list[Block]:
    """The decisions form on paper, drawn from the form itself: head, three decisions, earlier decisions, three questions."""
    form = decisions_form()
    decisions, earlier, evaluation = form.sections
    given = {
        "municipality_code": f"{kit.content.area_name} ({kit.content.area_code})",
        "wave": str(kit.content.wave),
        "kit_version": kit.content.version,
    }
    blocks = [_paragraph(form.intro), _form("", [_form_row(field, given) for field in form.head])]
    blocks += [_heading(decisions.title), _paragraph(_print("decisions_intro"))]
    for n in range(1, DECISIONS_ON_PAPER + 1):
        blocks.append(_form(_print("decision_n", n=n), [_form_row(field, {}) for field in decisions.fields]))
    blocks += [
        {"kind": "page"},
        _heading(earlier.title),
        *_earlier(kit, earlier),
        _heading(evaluation.title),
        _paragraph(evaluation.intro),
    ]
    return blocks + [{"kind": "write", "label": item.label, "lines": 2} for item in evaluation.items]


def _form(title: str, rows: list[Block]) -> Block:
    return {"kind": "form", "title": title, "rows": rows}


def _form_row(field: Field, given: Mapping[str, str]) -> Block:
    """A question with its answer filled in, its boxes to tick, or room to write."""
    few = field.kind in ("choice", "choices") and field.name not in ("municipality_code", "follow_up_indicator")
    guidance = "" if field.name in given else field.guidance
    ticks = [choice.label for choice in field.choices] if few else []
    lines = WRITTEN_LINES.get(field.name, 1)
    return {"label": field.label, "guidance": guidance, "value": given.get(field.name, ""), "ticks": ticks, "lines": lines}


def _earlier(kit: Kit, section: Section) -> list[Block]:
    """The decisions that are known, with the statuses to tick."""
    if not kit.content.earlier:
        return [_paragraph(_print("earlier_none", **kit.where))]
    statuses = next(field for field in section.fields if field.name == "earlier_status")
    rows = [
        {"label": one.id, "guidance": one.priority, "value": "", "ticks": [c.label for c in statuses.choices], "lines": 1}
        for one in kit.content.earlier[: section.free_rows]
    ]
    return [_paragraph(section.intro), _form("", rows)]


_BLANKS: Mapping[str, Callable[[Kit, BoardCard, dict[str, bytes]], list[Block]]] = {
    "tackningsmatris": _blank_matrix,
    "prioriteringsfalt": _blank_field,
    "forutsattningar": _blank_steps,
}
_OWN: Mapping[str, Callable[[Kit, dict[str, bytes]], list[Block]]] = {
    "agenda": _agenda,
    "guess": _guess,
    "priority_rule": _priority_rule,
    "priority_table": _priority_table,
    "link": _link,
    "decisions": _decisions,
    "readiness": _readiness,
}


def card_pages(kit: Kit) -> tuple[list[dict[str, Any]], dict[str, bytes]]:
    """The six A3 charts, front and back, and the pictures that they name. A chart with large pictures takes a card for each."""
    files: dict[str, bytes] = {}
    pages = []
    for n, card in enumerate(kit.content.cards, 1):
        printed, step = kit.pictures[card.id], kit_texts()["print"]["on_a_card"][card.id]
        parts = [printed[start : start + step] for start in range(0, len(printed), step)] or [()]
        for part, held in enumerate(parts, 1):
            number = _print("card_of", n=n, all=len(kit.content.cards))
            if len(parts) > 1:
                number += _print("part_of", n=part, all=len(parts))
            pages.append(_card_page(number, f"{card.id}_{part}", card, held, kit, files))
    return pages, files


def _card_page(
    number: str, name: str, card: BoardCard, printed: Sequence[PrintedPicture], kit: Kit, files: dict[str, bytes]
) -> dict[str, Any]:
    return {
        "number": number,
        "title": card.title,
        "pictures": list(_fronts(name, printed, files)),
        "missing": "" if printed else card.missing,
        "how": list(card.reading),
        "not_said": card.not_said,
        "questions": list(card.questions),
        "remarks": list(dict.fromkeys(note for one in printed for note in one.remarks)),
        "source": printed[0].source if printed else kit.content.source,
    }


def _fronts(card_name: str, printed: Sequence[PrintedPicture], files: dict[str, bytes]) -> Iterator[dict[str, Any]]:
    for n, one in enumerate(printed):
        name, picture = f"{card_name}_{n}.svg", one.picture
        files[name] = picture.svg.encode()
        yield {
            "file": name,
            "ratio": ratio(picture.svg),
            "alt": picture.alt,
            "finding": picture.finding,
            "label": "" if picture.layered else picture.label,
            "notes": list(one.notes),
        }
