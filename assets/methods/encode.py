"""Apply a codebook to a delivery: names, labels and codes of the file -> canonical items and 2024 codes.

Pure. Good codes, label variants and missing kinds come from the catalogue; anything else is unknown and stops the delivery
(never a guess, never a silent null). Kinds of missing stay apart: 996 not to be answered, 998 don't know, 999 no answer. A
column that the delivery lacks is null throughout, which is "not asked" and another thing than an empty answer.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from assets.catalogue.models import Codebook, Item, Survey
from assets.methods.coded import CodedCells, CodedColumn
from assets.methods.errors import PipelineError, count_sv

UNKNOWN = -1
ABSENT = -2
"""The code of every row in a question that the delivery has no column for; null in the frame."""
NO_ANSWER = 999
NOT_A_MUNICIPALITY = ("27", "90", "99", "999")
_COUNT = re.compile(r"[0-9]{1,4}")
_PART = re.compile(r"[.,][0-9]{1,3}$")
_SHOWN_CODE = re.compile(r"-?[0-9]{1,4}|\.[a-z]")


def encode(
    cells: pl.DataFrame | CodedCells,
    value_labels: Mapping[str, Mapping[str, str]],
    codebook: Codebook,
    survey: Survey,
    where: str,
) -> pl.DataFrame:
    """Encode the item columns of one delivery.

    Args:
        cells: all-text cells as delivered (text or coded, see `coded.py`), null where empty.
        value_labels: the file's own value labels, column -> code text -> label (empty for text formats).
        codebook: the variant the delivery follows.
        survey: items and answers.
        where: file name for messages.

    Returns:
        One Int16 column per canonical item of the survey, in catalogue order, rows as in `cells`.

    Raises:
        PipelineError: `unknown_code` naming columns, number of rows and, for numeric codes only, the codes.
    """
    cells = cells if isinstance(cells, CodedCells) else CodedCells.of(cells)
    return items_frame(item_codes(cells, value_labels, codebook, survey, where, {}), survey)


CodeMaps = dict[tuple[str, str, frozenset[tuple[str, str]]], dict[str, int]]
"""`code_map` by codebook, item and the file's labels: deliveries of a wave have the same."""


def item_codes(
    cells: CodedCells,
    value_labels: Mapping[str, Mapping[str, str]],
    codebook: Codebook,
    survey: Survey,
    where: str,
    known: CodeMaps,
) -> np.ndarray:
    """The codes of `encode` as an Int16 matrix, a column per item of the survey, `ABSENT` where the delivery has no column.

    Args:
        known: what has been made for earlier deliveries of the same run; added to.

    Raises:
        PipelineError: as `encode`.
    """
    place_of = {name: place for place, name in enumerate(cells.columns)}
    source_of = {item: source for source, item in codebook.items.items() if source in place_of}
    present = [place for place, item in enumerate(survey.items) if item.key in source_of]
    sources = [source_of[survey.items[place].key] for place in present]
    meanings: list[list[int]] = [
        _meanings(cells.texts[place_of[source]], value_labels.get(source, {}), codebook, survey, survey.items[place], known)
        for place, source in zip(present, sources, strict=True)
    ]
    codes = np.full((cells.height, len(survey.items)), ABSENT, dtype=np.int16, order="F")
    if present:
        # One look-up for all columns: a column's meanings begin where those of the column before end.
        begins = np.cumsum([0, *map(len, meanings[:-1])], dtype=np.uint32)
        numbers = cells.numbers[:, [place_of[source] for source in sources]]
        codes[:, present] = np.array([code for own in meanings for code in own], dtype=np.int16)[numbers + begins]
    unknown = [
        _describe(source, cells[source].having(codes[:, place] == UNKNOWN))
        for place, source, own in zip(present, sources, meanings, strict=True)
        if UNKNOWN in own and (codes[:, place] == UNKNOWN).any()
    ]
    if unknown:
        raise PipelineError(
            "unknown_code",
            where,
            f"svar som finns i kodboken {codebook.id}",
            "; ".join(unknown[:5]) + ("" if len(unknown) <= 5 else f" och {len(unknown) - 5} kolumner till"),
            "Rätta svaren i källan eller lägg till koden i kodboken och lägg filen i inkorgen igen.",
        )
    return codes


def items_frame(codes: np.ndarray, survey: Survey) -> pl.DataFrame:
    """A matrix of `item_codes` as a frame, null where the delivery has no column."""
    frame = pl.DataFrame(codes, schema={item.key: pl.Int16 for item in survey.items})
    lacking = [item.key for item, some in zip(survey.items, (codes == ABSENT).any(axis=0), strict=True) if some]
    return frame.with_columns(pl.when(pl.col(key) != ABSENT).then(pl.col(key)).alias(key) for key in lacking)


def _meanings(
    texts: Sequence[str], labels: Mapping[str, str], codebook: Codebook, survey: Survey, item: Item, known: CodeMaps
) -> list[int]:
    """What the numbers of the item's column stand for: 999 for an empty cell (0), then each text's code, `UNKNOWN` where nothing
    fits."""
    key = (codebook.id, item.key, frozenset(labels.items()))
    if key not in known:
        known[key] = code_map(labels, codebook, survey, item)
    mapping = known[key]
    if item.type != "count":
        return [NO_ANSWER, *(mapping.get(text, UNKNOWN) for text in texts)]
    return [NO_ANSWER, *(mapping[text] if text in mapping else _whole(text, item) for text in texts)]


def _whole(text: str, item: Item) -> int:
    """The count that a cell says; `UNKNOWN` for what is no count of this item."""
    whole = _PART.sub("", text) if item.rounds_down else text
    return int(whole) if _COUNT.fullmatch(whole) and int(whole) <= item.maximum else UNKNOWN


def code_map(labels: Mapping[str, str], codebook: Codebook, survey: Survey, item: Item) -> dict[str, int]:
    """Cell text -> canonical code for one column.

    With `match_by: label` a code counts only through the label that the file gives it; with `match_by: code` the codes are
    canonical, and a code whose label in the file means something else than in the catalogue is `UNKNOWN`, so that a shifted
    questionnaire is stopped instead of scored (also a count whose 98 is labelled as a missing kind). Stata's missing values
    `.a` to `.z` count through their label, which has to be a missing kind.
    """
    answers = survey.answers(item.key)
    by_label = {label: code for code, label in answers.items()}
    by_label |= codebook.label_variants.get(item.key, {})
    by_label |= {label: code for label, code in codebook.missing_labels.items()}
    by_code = {str(code): code for code in answers} | {str(code): code for code in survey.missing_kinds}
    tidy = {_squash(label): code for label, code in by_label.items()}
    if codebook.match_by == "label":
        if labels:
            return {code: tidy[_squash(label)] for code, label in labels.items() if _squash(label) in tidy} | by_label
        return by_label | {str(code): code for code in survey.missing_kinds}
    meant = {code: tidy.get(_squash(label)) for code, label in labels.items()}
    letters = {code: number for code, number in meant.items() if code.startswith(".") and number in survey.missing_kinds}
    contradicted = {code for code, number in meant.items() if code not in letters and number != by_code.get(code)}
    return by_label | by_code | letters | dict.fromkeys(contradicted, UNKNOWN)


def _squash(label: str) -> str:
    return " ".join(label.split())


def _describe(source: str, found: Mapping[str, int]) -> str:
    """What is unknown in a column. `found`: text -> number of rows; only what looks like a code is shown."""
    codes = sorted({c for c in found if _SHOWN_CODE.fullmatch(c)}, key=_code_order)
    texts = len(found) - len(codes)
    word = "okänd kod" if len(codes) == 1 else "okända koder"
    parts = [f"{word} {', '.join(codes[:8])}{' med flera' if len(codes) > 8 else ''}"] if codes else []
    parts += [count_sv(texts, "okänd etikett", "okända etiketter")] if texts else []
    return f"kolumnen {source}: {' och '.join(parts)} på {count_sv(sum(found.values()), 'rad', 'rader')}"


def _code_order(code: str) -> tuple[int, str]:
    return (10_000, code) if code.startswith(".") else (int(code), "")


def encode_labels(
    cells: CodedColumn, labels: Mapping[str, str], known: Mapping[str, str | None], missing: Mapping[str, int]
) -> pl.Series:
    """Translate a background column to product keys through the file's labels.

    Returns:
        Text keys; null for empty cells, missing labels and texts mapped to None; `"?"` for a value that is neither.
    """
    mapping: dict[str, str | None] = dict(known)
    mapping |= dict.fromkeys(missing) | {"999": None, "99": None}
    mapping |= {code: mapping[label] for code, label in labels.items() if label in mapping}
    return cells.words(lambda text: mapping.get(text, "?"))


def encode_background(
    cells: pl.DataFrame | CodedCells,
    value_labels: Mapping[str, Mapping[str, str]],
    codebook: Codebook,
    municipalities: Mapping[str, str],
    districts: Mapping[str, str | None],
    where: str,
    design: Sequence[str] = (),
) -> pl.DataFrame:
    """Encode who and where: municipality, grade, sex, district, school, class.

    Args:
        municipalities: the survey's own municipality number as text, or the name -> SCB code. SCB's own codes are understood
            too (`with_scb_codes`).
        districts: district name as delivered (any era) -> district code or None.
        design: of weight, stratum and psu those that the survey's deliveries bring along; they follow as text columns.

    Returns:
        `municipality_code, grade, sex, district_code, home_area_code, school_code, school_name, class_code`, all text, one
        row per row of `cells`. Grade null: a year group outside the survey's population (`grade_ignored`) or missing.

    Raises:
        PipelineError: `unknown_code` when a grade, sex, municipality or district is neither known nor missing.
    """
    cells = cells if isinstance(cells, CodedCells) else CodedCells.of(cells)
    columns = codebook.columns

    def source(role: str) -> str | None:
        return next((name for name in getattr(columns, role) if name in cells.columns), None)

    grades: dict[str, str | None] = dict(codebook.values.grade) | dict.fromkeys(codebook.values.grade_ignored)
    plans: list[tuple[str, str, Mapping[str, str | None]]] = [
        ("school_municipality", "municipality_code", with_scb_codes(municipalities) | dict.fromkeys(NOT_A_MUNICIPALITY)),
        ("grade", "grade", grades),
        ("sex", "sex", codebook.values.sex),
        ("district", "district_code", districts),
    ]
    out: list[pl.Series] = []
    unknown: list[str] = []
    for role, name, known in plans:
        column = source(role)
        if column is None:
            out.append(_nulls(name, cells.height))
            continue
        encoded = encode_labels(cells[column], value_labels.get(column, {}), known, codebook.missing_labels).rename(name)
        missed = encoded.eq("?").fill_null(False)
        if missed.any():
            unknown.append(_describe(column, cells[column].having(missed.to_numpy())))
        out.append(encoded)
    if unknown:
        raise PipelineError(
            "unknown_code",
            where,
            "kommun, årskurs, kön och stadsdel ur kodboken",
            "; ".join(unknown),
            "Rätta värdena i källan eller lägg till dem i katalogen och lägg filen i inkorgen igen.",
        )
    for role, name in (
        ("home_area", "home_area_code"),
        ("school_code", "school_code"),
        ("school_name", "school_name"),
        ("class_", "class_code"),
        *((name, name) for name in design),
    ):
        column = source(role)
        out.append(cells[column].words(str).rename(name) if column else _nulls(name, cells.height))
    return pl.DataFrame(out)


def with_scb_codes(municipalities: Mapping[str, str]) -> dict[str, str | None]:
    """Also SCB's codes, with and without the zero that is lost when they are stored as numbers (`0127`, `127`).

    What the survey itself means by a number goes first: 1-27, 90 and 99 are never SCB codes.
    """
    codes = dict.fromkeys(municipalities.values())
    scb = {text: code for code in codes for text in (code, code.lstrip("0"))}
    return scb | dict(municipalities)


def municipality_coding(cells: CodedColumn, labels: Mapping[str, str], municipalities: Mapping[str, str]) -> tuple[str, ...]:
    """How a delivery names municipalities, in Swedish: `namn`, `enkätens nummer`, `SCB:s koder`; several when it mixes them."""
    found = set()
    for text in cells.texts:
        if labels.get(text, text) in municipalities and not labels.get(text, text).isdigit():
            found.add("namn")
        elif text in municipalities:
            found.add("enkätens nummer")
        elif text in with_scb_codes(municipalities):
            found.add("SCB:s koder")
    return tuple(sorted(found))


def _nulls(name: str, height: int) -> pl.Series:
    return pl.Series(name, [None], dtype=pl.String).new_from_index(0, height)
