"""What the board of one municipality holds: the six charts with their words, the agenda, the factors. Pure but for texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assets.bundle.frames import guard_frames
from assets.bundle.overview import drawn_cells, hidden_reason, no_chart
from assets.bundle.slide_charts import marks_of, number, rows_of
from assets.bundle.types import ReportMeta
from assets.bundle.words import Context, date_text
from assets.charts import faktorprofil, konsskillnad, numbers, trend
from assets.charts.changes import index_change
from assets.charts.types import GRADES, ChartCard, IndexMeta, ReleaseFrames, Scope
from assets.kit import projector
from assets.kit.board_types import AgendaItem, BoardCard, BoardContent, BoardPicture, EarlierDecision, picture_of
from assets.kit.prevention_pictures import prevention_cards, prevention_pictures
from assets.kit.texts import board_texts

MODULES = {"profile": faktorprofil, "sex": konsskillnad}
SURE = ("increase", "decrease")


def board_content(
    frames: ReleaseFrames,
    scope: Scope,
    meta: ReportMeta,
    *,
    earlier: Sequence[EarlierDecision] = (),
) -> BoardContent:
    """The board of one municipality.

    Args:
        frames: release tables for the bundle (`assets.bundle.frames.select_frames`).
        earlier: decisions of earlier workshops.

    Raises:
        PipelineError: `foreign_rows` when the frames hold rows that the municipality's bundle may not see.
    """
    guard_frames(frames, scope, meta.charts.indices)
    context = Context(frames, scope, meta)
    survey = {
        "faktorprofil": [_row_picture(context, "profile", *one) for one in _row_cards(context, "profile")],
        "trend": [_trend_picture(context, *one) for one in _trend_cards(context)],
        "konsskillnad": [_row_picture(context, "sex", *one) for one in _row_cards(context, "sex")],
    }
    pictures = survey | prevention_pictures(context, prevention_cards(context))
    cards = tuple(_card(context, key, tuple(pictures[key])) for key in board_texts()["cards"])
    source = board_texts()["source_released"].format(source=meta.charts.survey_source, released=date_text(meta.released))
    return BoardContent(
        area_code=scope.area_code,
        area_name=scope.area_name,
        wave=scope.wave,
        edition=scope.edition,
        version=meta.version,
        released=meta.released,
        synthetic=meta.charts.synthetic,
        source=source,
        cards=cards,
        factors=tuple((key, index.label_sv) for key, index in context.indices.items()),
        agenda=tuple(AgendaItem(**item) for item in board_texts()["agenda"]),
        earlier=tuple(earlier),
    )


def _card(context: Context, key: str, pictures: tuple[BoardPicture, ...]) -> BoardCard:
    words = board_texts()["cards"][key]
    where = {"area": context.scope.area_name, "wave": context.scope.wave}
    missing = words["missing"] if "missing" in words else _why(context, key)
    return BoardCard(
        id=key,
        title=words["title"],
        guess=words["guess"],
        reading=tuple(step.format(**where) for step in words["reading"]),
        not_said=words["not_said"],
        questions=tuple(words["questions"]),
        pictures=pictures,
        missing="" if pictures else missing.format(**where),
    )


def _why(context: Context, key: str) -> str:
    """Why a survey chart has no picture, a sentence per grade."""
    name = "sex" if key == "konsskillnad" else "profile"
    reasons = {grade: hidden_reason(drawn_cells(context, name, grade)) for grade in GRADES}
    told = [no_chart(context, grade, reason) for grade, reason in reasons.items() if reason]
    return " ".join(told) or board_texts()["no_pictures"]


def chart_cards(frames: ReleaseFrames, scope: Scope, meta: ReportMeta) -> dict[str, tuple[ChartCard, ...]]:
    """The report's own cards of the six charts by the board's keys, in the order of the board's pictures; () for one without.

    For paper and slides, which draw them in their own way.
    """
    context = Context(frames, scope, meta)
    survey = {
        "faktorprofil": tuple(card for card, _ in _row_cards(context, "profile")),
        "trend": tuple(card for card, *_ in _trend_cards(context)),
        "konsskillnad": tuple(card for card, _ in _row_cards(context, "sex")),
    }
    return survey | prevention_cards(context)


def _row_cards(context: Context, name: str) -> list[tuple[ChartCard, str]]:
    """The factor profile or the dumbbells of girls and boys, with its grade, for each grade that has something to show."""
    found = []
    for grade in GRADES:
        if hidden_reason(drawn_cells(context, name, grade)):
            continue
        card = MODULES[name].build(context.frames, context.scope, context.meta.charts, grade=grade)
        if card:
            found.append((card, grade))
    return found


def _row_picture(context: Context, name: str, card: ChartCard, grade: str) -> BoardPicture:
    kinds = {index.label_sv: index.kind for index in context.indices.values()}
    rows = rows_of(context, card, "konsskillnad" if name == "sex" else "")
    columns = ("girl", "boy") if name == "sex" else ("own",)
    aside = "verdict" if name == "sex" else "own"
    told = [{**row, aside: _aside(row, columns, aside)} for row in rows]
    groups = [
        (heading, [row for row in told if kinds[row["factor"]] == kind]) for kind, heading in board_texts()["groups"].items()
    ]
    svg = projector.row_chart([g for g in groups if g[1]], _marks(context, name), name="factor", aside=aside)
    hidden = [row[column] for row in rows for column in columns if number(row[column]) is None]
    return picture_of(card, numbers.upper_first(context.grade(grade)), svg, marks_of(hidden))


def _aside(row: Mapping[str, str], columns: Sequence[str], aside: str) -> str:
    """What stands beside a row; where a value is hidden, its mark instead of a value that isn't there."""
    hidden = [row[column] for column in columns if number(row[column]) is None]
    return projector.short_reason(hidden[0]) if hidden else row[aside]


def _marks(context: Context, name: str) -> Sequence[projector.Mark]:
    if name == "sex":
        return projector.sex_marks(context.say("slides.series.girl"), context.say("slides.series.boy"))
    return projector.area_marks(context.scope.area_name, context.meta.charts.comparison_label)


def _trend_cards(context: Context) -> list[tuple[ChartCard, IndexMeta, str]]:
    """A card per factor and grade with a value now, the clearest development first."""
    found: list[tuple[tuple, tuple[ChartCard, IndexMeta, str]]] = []
    for grade in GRADES:
        for place, (key, index) in enumerate(context.indices.items()):
            card = None
            if context.focus(key, grade).shown:
                card = trend.build(context.frames, context.scope, context.meta.charts, grade=grade, index_key=key)
            if card:
                order = (_uncertainty(context, grade, key), GRADES.index(grade), place)
                found.append((order, (card, index, grade)))
    return [held for _, held in sorted(found, key=lambda pair: pair[0])]


def _uncertainty(context: Context, grade: str, key: str) -> tuple[int, float]:
    """Sorts sure changes first, the largest first among equals."""
    change = index_change(context.frames, context.scope, grade, key)
    if change is None or change.change is None:
        return 2, 0.0
    return int(change.verdict not in SURE), -abs(change.change)


def _trend_picture(context: Context, card: ChartCard, index: IndexMeta, grade: str) -> BoardPicture:
    rows = rows_of(context, card)
    breaks = [one for one in trend.merged_breaks(index, int(rows[0]["year"]), int(rows[-1]["year"])) if one.level == "major"]
    svg = projector.trend_chart(rows, _marks(context, "profile"), [one.year for one in breaks])
    label = board_texts()["trend_label"].format(factor=index.label_sv, grade=context.grade(grade))
    told = [
        board_texts()["break_note"].format(year=one.year, text=one.text_sv) for one in breaks if one.year > int(rows[0]["year"])
    ]
    hidden = [row["own"] for row in rows if number(row["own"]) is None]
    return picture_of(card, label, svg, (*told, *marks_of(hidden)))
