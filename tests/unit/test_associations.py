"""Associations from persons to the report: counted as by hand, told only when safe, worded as association."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.bundle.associations import KEYS, section
from assets.bundle.associations import association_table as report_table
from assets.bundle.frames import select_frames
from assets.bundle.types import Bullets, Table
from assets.bundle.words import Context
from assets.catalogue.load import load_catalogue
from assets.catalogue.statistics_models import CAUSAL, FactorFile
from assets.charts.types import ReleaseFrames
from assets.methods.associations_table import RESULT_COLUMNS, SCHEMA, TOLD, association_table, published_associations
from assets.methods.disclosure import load_policy
from tests.support.factor_world import RULES
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta

CATALOGUE = load_catalogue()
OPTION = CATALOGUE.statistics.designs.get().option()
WORDS = CATALOGUE.statistics.association.words
PAIRS = [("acting_out", "dik57"), ("wellbeing", "dik61")]
KINDS = {"acting_out": "risk", "wellbeing": "protective"}
META = sample_report_meta()


def pupils(n: int = 6000, seed: int = 5, link: float = 0.25) -> pl.DataFrame:
    random = np.random.default_rng(seed)
    risk, weak = random.random(n) < 0.15, random.random(n) < 0.15
    return pl.DataFrame({
        "respondent_key": [f"r{i:05d}" for i in range(n)], "municipality_code": random.choice(["0127", "0180"], n),
        "school_code": random.choice([f"s{i}" for i in range(20)], n), "psu": random.choice(["A", "B", "C"], n),
        "stratum": ["x"] * n, "wave": [2024] * n, "grade": ["ak9"] * n, "sex": random.choice(["girl", "boy"], n),
        "acting_out_band": np.where(risk, 3, 1), "wellbeing_band": np.where(weak, 1, 2),
        "dik57": (random.random(n) < 0.15 + link * risk).astype(np.int8), "dik61": (random.random(n) < 0.15).astype(np.int8),
    }).with_columns(pl.col("wave").cast(pl.Int32))  # fmt: skip


PEOPLE = pupils()
MADE = association_table(PEOPLE, PAIRS, KINDS, OPTION, 5, ["ak9", "gy2"])
SHOWN = MADE.select("wave", "grade", "factor", "outcome").unique()
NAMES = {
    "factor": dict.fromkeys(KINDS, "förhöjd risk"), "outcome": CATALOGUE.factors.phrases, "area": {"01": "Stockholms län"},
}  # fmt: skip


def publish(table: pl.DataFrame = MADE, shown: pl.DataFrame = SHOWN, sensitive: frozenset[str] = frozenset()) -> pl.DataFrame:
    return published_associations(table, shown, load_policy(RULES), "intern", sensitive, 0.05, WORDS, NAMES)


def value(table: pl.DataFrame, factor: str, measure: str, column: str = "value") -> float:
    return table.filter(pl.col("factor") == factor, pl.col("measure") == measure)[column][0]


def test_shares_are_those_of_the_focus_group_and_of_the_others() -> None:
    assert dict(MADE.schema) == SCHEMA
    for factor, outcome, focus in (("acting_out", "dik57", 3), ("wellbeing", "dik61", 1)):
        inside = PEOPLE.filter(pl.col(f"{factor}_band") == focus)
        outside = PEOPLE.filter(pl.col(f"{factor}_band") != focus)
        assert value(MADE, factor, "share_exposed", "estimate") == pytest.approx(inside[outcome].mean())
        assert value(MADE, factor, "share_unexposed", "estimate") == pytest.approx(outside[outcome].mean())
        assert value(MADE, factor, "rr", "n_exposed") == inside.height
    assert set(MADE["grade"]) == {"ak9"}


def test_published_numbers_are_rounded_and_fit_together() -> None:
    table = publish()
    assert tuple(table.columns) == RESULT_COLUMNS
    assert set(table["measure"]) == set(TOLD)
    assert set(table["reason"]) == {"ok"}
    for factor in KINDS:
        shares = [value(table, factor, name) for name in ("share_exposed", "share_unexposed")]
        assert all(share == round(share) for share in shares)
        assert value(table, factor, "difference") == shares[0] - shares[1]
        low, high = (value(table, factor, "difference", side) for side in ("low", "high"))
        assert low <= shares[0] - shares[1] <= high
    assert (table["n"] % 5).sum() == 0
    assert value(table, "acting_out", "rr_adjusted", "verdict") == "association"
    assert value(table, "wellbeing", "rr_adjusted", "verdict") == "unclear"
    said = table["sentence"].drop_nulls().to_list()
    assert len(said) == 2
    assert not [word for word in CAUSAL for text in said if word in text.lower()]


def test_no_interval_is_without_width() -> None:
    told = publish(MADE.with_columns(low=pl.col("estimate"), high=pl.col("estimate"))).filter(pl.col("value").is_not_null())
    assert set(told["measure"]) == set(TOLD)
    assert told.filter(~(pl.col("low") < pl.col("high")) | ~pl.col("value").is_between("low", "high")).rows() == []
    assert set((told["high"] - told["low"]).round(6)) == {2.0, 0.2}


def test_nothing_is_told_unless_factor_and_outcome_are_published() -> None:
    one = SHOWN.filter(pl.col("factor") == "acting_out")
    table = publish(shown=one)
    gone = table.filter(pl.col("factor") == "wellbeing")
    assert set(gone["reason"]) == {"suppressed"}
    for column in ("value", "low", "high", "n", "verdict", "sentence", "confidence_level"):
        assert gone[column].null_count() == gone.height


def test_few_pupils_in_a_group_or_a_cell_hide_the_pair() -> None:
    small = association_table(pupils(2500), PAIRS, KINDS, OPTION, 5, ["ak9"])
    assert set(publish(small)["reason"]) == {"suppressed"}
    narrow = MADE.with_columns(smallest_cell=pl.lit(7, pl.Int64))
    assert set(publish(narrow)["reason"]) == {"ok"}
    assert set(publish(narrow, sensitive=frozenset({"dik57", "dik61"}))["reason"]) == {"suppressed"}


def test_order_of_rows_changes_nothing() -> None:
    again = association_table(PEOPLE.sample(fraction=1.0, shuffle=True, seed=2), PAIRS, KINDS, OPTION, 5, ["ak9"])
    assert publish(again).equals(publish())


def test_pairs_of_the_catalogue_are_known_and_share_no_question() -> None:
    indicators = {i.id: set(i.items) for i in CATALOGUE.indicator_file.indicators}
    for pair in CATALOGUE.factors.pairs:
        items = {item.item for item in CATALOGUE.index(pair.factor).items}
        assert not items & indicators[pair.outcome], pair
    given = CATALOGUE.factors.model_dump()
    given["outcomes"] = [{"indicator": "dik57", "phrase_sv": "skolk på grund av oro"}]
    with pytest.raises(ValueError, match="orsak"):
        FactorFile.model_validate(given)


def test_the_report_has_a_table_with_help_to_read_it() -> None:
    frames, scope = sample_bundle_frames("0127")
    given = select_frames(ReleaseFrames(**{**vars(frames), "associations": publish()}), scope, META.charts.indices)
    found = section(Context(given, scope, META))
    assert found is not None
    table = next(block for block in found.blocks if isinstance(block, Table))
    assert len(table.rows) == 2
    assert table.rows[0][2].endswith("\u00a0%")
    assert "(" in table.rows[0][4]
    assert len(next(block for block in found.blocks if isinstance(block, Bullets)).items) == 2
    csv = report_table(given, META)
    assert csv is not None
    assert csv.select(KEYS).is_duplicated().sum() == 0
    assert section(Context(frames, scope, META)) is None
    assert report_table(frames, META) is None
