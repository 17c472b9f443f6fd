"""Codes, keys and years: what may stand together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from expectations.custom.base import RowsExpectation, rows_metric

OPEN_END = 9999


def _text(frame: pd.DataFrame, columns: list[str]) -> pd.Series:
    parts = [frame[c].astype("string").fillna("") for c in columns]
    joined = parts[0]
    for part in parts[1:]:
        joined = joined + "|" + part
    return joined


def _codes_in_codebook(frame: pd.DataFrame, codes: dict[str, str]) -> pd.Series:
    allowed = {f"{item}|{code}" for item, known in codes.items() for code in known.split()}
    empty = frame["code"].isna() & frame["item"].isin(list(codes))
    return _text(frame, ["item", "code"]).isin(allowed) | empty


rows_metric("did.codes_in_codebook", ("codes",), _codes_in_codebook)


class ExpectCodesInCodebook(RowsExpectation):
    """Every (question, code) of the item profile is one that the survey knows: `codes` is question -> codes, with spaces between.

    Text and not lists: the library copies an expectation's fields some forty times.
    """

    map_metric = "did.codes_in_codebook"
    success_keys = ("mostly", "codes")
    column_list: Sequence[str] = ["item", "code"]
    codes: dict[str, str]


def _items_in_their_waves(frame: pd.DataFrame, asked: dict[str, list[int]]) -> pd.Series:
    first = frame["item"].map({k: v[0] for k, v in asked.items()})
    last = frame["item"].map({k: v[1] for k, v in asked.items()})
    return frame["code"].isna() | first.isna() | ((frame["wave"] >= first) & (frame["wave"] <= last))


rows_metric("did.items_in_their_waves", ("asked",), _items_in_their_waves)


class ExpectItemsInTheirWaves(RowsExpectation):
    """A question has codes only in the waves it was asked in: `asked` is question -> [first wave, last wave]."""

    map_metric = "did.items_in_their_waves"
    success_keys = ("mostly", "asked")
    column_list: Sequence[str] = ["wave", "item", "code"]
    asked: dict[str, list[int]]


def _asked_items_present(frame: pd.DataFrame, asked: dict[str, list[int]]) -> pd.Series:
    first = frame["item"].map({k: v[0] for k, v in asked.items()}).fillna(0)
    last = frame["item"].map({k: v[1] for k, v in asked.items()}).fillna(OPEN_END)
    due = (frame["wave"] >= first) & (frame["wave"] <= last)
    answered = (frame["n"].where(frame["code"].notna(), 0)).groupby([frame["delivery_id"], frame["wave"], frame["item"]])
    return ~due | (answered.transform("sum") > 0)


rows_metric("did.asked_items_present", ("asked",), _asked_items_present)


class ExpectAskedItemsPresent(RowsExpectation):
    """A question that was asked in a wave has a column in each of its deliveries (some row isn't empty)."""

    map_metric = "did.asked_items_present"
    success_keys = ("mostly", "asked")
    column_list: Sequence[str] = ["delivery_id", "wave", "item", "code", "n"]
    asked: dict[str, list[int]]


def _municipality_in_year(frame: pd.DataFrame, column: str, valid: dict[str, list[int]]) -> pd.Series:
    year, code = frame[column], frame.drop(columns=column).iloc[:, 0]
    first = code.map({k: v[0] for k, v in valid.items()})
    last = code.map({k: v[1] for k, v in valid.items()})
    return code.isna() | ((year >= first) & (year <= last))


rows_metric(
    "did.municipality_in_year",
    ("valid",),
    lambda frame, valid: _municipality_in_year(frame, "wave" if "wave" in frame else "year", valid),
)


class ExpectMunicipalityValidInYear(RowsExpectation):
    """A municipality's code existed in the year: `valid` is code -> [first year, last year]; empty codes are another rule's."""

    map_metric = "did.municipality_in_year"
    success_keys = ("mostly", "valid")
    column_list: Sequence[str] = ["municipality_code", "wave"]
    valid: dict[str, list[int]]


def _wave_in_cycle(frame: pd.DataFrame, cycle: dict[str, int]) -> pd.Series:
    return (frame["wave"] >= cycle["first"]) & ((frame["wave"] - cycle["first"]) % cycle["every"] == 0)


rows_metric("did.wave_in_cycle", ("cycle",), _wave_in_cycle)


class ExpectWaveInCycle(RowsExpectation):
    """A wave is a year in which the survey is done: `cycle` is `{first, every}` (even years since 2002: `every: 2`)."""

    map_metric = "did.wave_in_cycle"
    success_keys = ("mostly", "cycle")
    column_list: Sequence[str] = ["delivery_id", "wave"]
    cycle: dict[str, int]


def _sex_from_its_wave(frame: pd.DataFrame, first: dict[str, int]) -> pd.Series:
    since = frame["sex"].map(first)
    return since.isna() | (frame["wave"] >= since)


rows_metric("did.sex_from_its_wave", ("first",), _sex_from_its_wave)


class ExpectSexFromItsWave(RowsExpectation):
    """An answer about sex stands only from the wave in which it could be given: `first` is sex -> first wave."""

    map_metric = "did.sex_from_its_wave"
    success_keys = ("mostly", "first")
    column_list: Sequence[str] = ["wave", "sex"]
    first: dict[str, int]


def _known_together(frame: pd.DataFrame, known: list[list[Any]]) -> pd.Series:
    return _text(frame, list(frame.columns)).isin({"|".join(str(v) for v in row) for row in known})


rows_metric("did.known_together", ("known",), _known_together)


class ExpectKnownTogether(RowsExpectation):
    """A foreign key of several columns: each row's combination is one of `known`."""

    map_metric = "did.known_together"
    success_keys = ("mostly", "known")
    column_list: Sequence[str] = ["delivery_id", "wave"]
    known: list[list[Any]]
