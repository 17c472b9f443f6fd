"""What municipalities send: which files, which columns, codes and labels. Real variants, simulated content.

Two generations of names and codes (`assets/catalogue/codebooks`): the older one, understood by its labels, where "Vet inte" is
the category after the last answer; and the one of 2024, understood by its codes, with 996-999 declared as missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl

from assets.catalogue.models import Codebook, Item, Municipality, Survey
from assets.demo.answers import AnswerModel
from assets.demo.handed_in import HandedIn
from assets.demo.more_answers import BLANK, DONT_KNOW, NO_ANSWER, NOT_ASKED, ROUTED
from assets.demo.parameters import Parameters
from assets.demo.substance_answers import supplier_volume

Format = Literal["sav", "csv_codes", "csv_labels", "xlsx"]
SYNTHETIC = "SYNTETISKA DATA"
GRADE_CODES = {"ak9": 9, "gy2": 2, "ak7": 7}
GRADE_LABELS = {2: "Gy 2", 7: "Åk 7", 9: "Åk 9", NO_ANSWER: "Ej svar"}
NEW_NAMES_FROM = 2024
_OWN_LABELS = {
    "wave": "Undersökningsår",
    "school_municipality": "Skolans kommun",
    "home_municipality": "Hemkommun",
    "home_area": "Hemområde",
    "school_code": "Skolenhetskod (påhittad)",
    "school_name": "Skola (påhittad)",
    "district": "Skolans stadsdelsområde",
    "class_": "Klass (påhittad)",
    "grade": "Årskurs",
    "sex": "Kön",
}

_MEASURES = {"alkokons": supplier_volume}
"""Columns that the supplier computes from the answers."""


@dataclass(frozen=True)
class FilePlan:
    """One file to write."""

    name: str
    place: Municipality
    waves: tuple[int, ...]
    new_names: bool
    format: Format


@dataclass(frozen=True)
class DeliveryTable:
    """The contents of a file.

    Attributes:
        cells: numbers as Float64 (null = empty cell), text as String, in delivery order.
        column_labels: our own short labels.
        value_labels: column -> code -> label.
        missing_codes: columns with user-missing codes 996-999.
    """

    cells: pl.DataFrame
    column_labels: dict[str, str]
    value_labels: dict[str, dict[int, str]]
    missing_codes: tuple[str, ...]


def _years(waves: Sequence[int]) -> str:
    """Waves as people write them in file names: "2016-2022", "2016 & 2020-2022"."""
    runs: list[list[int]] = []
    for wave in waves:
        if runs and wave - runs[-1][-1] == 2:
            runs[-1].append(wave)
        else:
            runs.append([wave])
    return " & ".join(f"{r[0]}-{r[-1]}" if len(r) > 1 else str(r[0]) for r in runs)


def plan_files(parameters: Parameters, municipalities: Sequence[Municipality]) -> list[FilePlan]:
    """The files of all municipalities, by municipality; a wave in which a municipality didn't take part isn't in any."""
    plans: list[FilePlan] = []
    files = parameters.files
    for place in municipalities:
        code = place.municipality_code
        waves = tuple(w for w in parameters.waves if code not in parameters.participation.absent[w])
        if code in files.stacked_2024_names:
            parts: list[tuple[tuple[int, ...], bool, Format]] = [(waves, True, "sav")]
        else:
            latest: Format = "sav"
            if code in files.csv_codes:
                latest = "csv_codes"
            elif code in files.csv_labels:
                latest = "csv_labels"
            elif code in files.xlsx:
                latest = "xlsx"
            parts = [
                (tuple(w for w in waves if w < NEW_NAMES_FROM), False, "sav"),
                (tuple(w for w in waves if w >= NEW_NAMES_FROM), True, latest),
            ]
        for chosen, new_names, kind in parts:
            if chosen:
                name = f"Stockholmsenkäten {_years(chosen)} {place.name}.{kind.partition('_')[0]}"
                plans.append(FilePlan(name, place, chosen, new_names, kind))
    return plans


def _item_column(codes: np.ndarray, item: Item, answers: dict[int, str], plan: FilePlan) -> np.ndarray:
    """Canonical codes as the delivery writes them, NaN = empty cell."""
    values = codes.astype(np.float64)
    if plan.new_names and plan.format == "sav":
        values[codes == BLANK] = NO_ANSWER
    else:
        values[codes == BLANK] = np.nan
    values[codes == NOT_ASKED] = np.nan
    if not plan.new_names and item.type == "choice":
        values[codes == DONT_KNOW] = max(answers) + 1
    return values


def _item_labels(
    item: Item, answers: dict[int, str], variants: dict[str, int], plan: FilePlan, missing: dict[int, str], routed: bool
) -> dict[int, str]:
    labels = dict(answers) | {code: label for label, code in variants.items()}
    if item.dont_know:
        labels[max(answers) + 1 if answers and not plan.new_names else DONT_KNOW] = missing[DONT_KNOW]
    if routed:
        labels[ROUTED] = missing[ROUTED]
    return labels | {NO_ANSWER: missing[NO_ANSWER]}


def delivery_table(
    plan: FilePlan,
    parts: Sequence[HandedIn],
    survey: Survey,
    codebook: Codebook,
    model: AnswerModel,
    parameters: Parameters,
    area_labels: dict[str, dict[int, str]],
) -> DeliveryTable:
    """Put the answers of the plan's waves into the delivery's own form.

    Args:
        parts: answers per wave, in wave order.
        codebook: the variant that the file follows (names of items and background columns).
        area_labels: labels of `school_municipality`, `home_municipality` and `home_area`.
    """
    code = plan.place.municipality_code
    rows = pl.concat([p.background for p in parts])
    names = _background_names(plan, codebook, parameters)
    columns = {name: rows[role] for role, name in names.items()}
    if not plan.new_names:
        _old_file_gaps(code, names, rows, columns, parameters)
    labels = {names[r]: t for r, t in area_labels.items() if r in names}
    labels[names["grade"]] = GRADE_LABELS
    sexes = {1: "Pojke", 2: "Flicka", NO_ANSWER: "Ej svar"}
    if plan.waves[-1] >= parameters.frame.other_sex_from:
        sexes[3] = "Annan könstillhörighet"
    labels[names["sex"]] = sexes
    if plan.format in {"csv_codes", "xlsx"}:  # without value labels a number for grade or sex means nothing
        for name in (names["grade"], names["sex"]):
            columns[name] = columns[name].replace_strict(labels[name], return_dtype=pl.String)
    texts = {name: _OWN_LABELS[role] for role, name in names.items()}
    missing = {c: k.label for c, k in survey.missing_kinds.items()}
    use_variants = code in parameters.files.label_variants
    codes = np.concatenate([p.codes for p in parts])
    delivered = {item: name for name, item in codebook.items.items()}
    own = _codes_as_named(codes, model, delivered, survey)
    for key, given in own.items():
        item, name = survey.by_key[key], delivered[key]
        answers = survey.answers(key) if item.type == "choice" else {}
        values = _item_column(given, item, answers, plan)
        columns[name] = pl.Series(values, nan_to_null=True)
        variants = codebook.label_variants.get(key, {}) if use_variants else {}
        labels[name] = _item_labels(item, answers, variants, plan, missing, bool(item.routed_by) or (given == ROUTED).any())
        texts[name] = item.label_sv
    for name, key in codebook.measures.items():
        columns[name] = pl.Series(_MEASURES[key](codes, model.column, model.substances), nan_to_null=True)
        texts[name] = next(one.label_sv for one in survey.measures if one.key == key)
    cells = pl.DataFrame(columns).select(pl.col(pl.String), pl.exclude(pl.String).cast(pl.Float64)).select(*columns)
    user_missing = tuple(delivered[k] for k in own) if plan.new_names else ()
    return DeliveryTable(cells, texts, {c: dict(sorted(v.items())) for c, v in labels.items()}, user_missing)


def _codes_as_named(codes: np.ndarray, model: AnswerModel, delivered: dict[str, str], survey: Survey) -> dict[str, np.ndarray]:
    """Codes of the items that the file has: those with a name in the codebook that were asked in one of its waves.

    Where the codebook has no name for the earlier question, its answers stand under the newer name (F19b).
    """
    own = {}
    for key, position in model.column.items():
        given, earlier = codes[:, position], survey.by_key[key].earlier
        if earlier and earlier not in delivered:
            given = np.where(given == NOT_ASKED, codes[:, model.column[earlier]], given)
        if key in delivered and not (given == NOT_ASKED).all():
            own[key] = given
    return own


def _background_names(plan: FilePlan, codebook: Codebook, parameters: Parameters) -> dict[str, str]:
    """Background role -> column name in this file, in delivery order."""
    code = plan.place.municipality_code
    names = {role: getattr(codebook.columns, role)[0] for role in _OWN_LABELS}
    if code != "0180":
        del names["district"]
    if not plan.new_names:
        names["sex"] = "F2" if code in parameters.files.sex_named_f2 else "Kön"
        names["grade"] = "Arskurs" if code in parameters.files.grade_named_arskurs else "ARSKURS"
        if code in parameters.files.no_school_columns:
            del names["school_code"], names["school_name"]
    return names


def _old_file_gaps(
    code: str, names: dict[str, str], rows: pl.DataFrame, columns: dict[str, pl.Series], parameters: Parameters
) -> None:
    """Known dirt of older files: empty school names in early waves, grade 9 rows without school code (every n-th row)."""
    before = parameters.files.blank_school_name_before.get(code)
    if before:
        columns[names["school_name"]] = rows.select(
            pl.when(pl.col("wave") < before).then(None).otherwise("school_name").alias("school_name")
        )["school_name"]
    share = parameters.files.school_code_missing_share.get(code)
    if share:
        every = round(1 / share)
        hole = (pl.int_range(pl.len()) % every == 0) & (pl.col("grade") == GRADE_CODES["ak9"])
        columns[names["school_code"]] = rows.select(pl.when(hole).then(None).otherwise("school_code").alias("school_code"))[
            "school_code"
        ]
