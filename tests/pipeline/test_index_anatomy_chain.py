"""The measurement of the indices through the chain: sound answers don't warn of drift, a moved question does, readers see it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.indices import counted_answers
from assets.methods.psychometric_table import ANSWER_KEYS, CRITERIA, psychometric_table
from assets.psychometric_sentences import criterion_faults
from assets.slices import WAVES
from pipelines.warehouse import TableName
from tests.pipeline.conftest import PUBLISHED

CATALOGUE = load_catalogue()
MOVED = "F67n"


@pytest.fixture(scope="module")
def table(small_demo) -> pl.DataFrame:
    return small_demo.warehouse.read(TableName("indices", "psychometrics"))


def faults(table: pl.DataFrame, catalogue=CATALOGUE) -> dict[str, tuple[str, ...]]:
    return {found.criterion: found.faults for found in criterion_faults(table, catalogue)}


def test_every_index_is_judged_on_every_criterion(table):
    judged = table.filter("decides").select("index_key", "criterion").rows()
    assert sorted(judged) == sorted((key, criterion) for key in CATALOGUE.index_file.keys for criterion in CRITERIA)
    assert set(table.filter("decides")["verdict"]) <= {"holds", "watch", "fails"}


def test_answers_drawn_from_the_published_thresholds_do_not_drift(table):
    assert faults(table)["drift"] == ()


def test_published_thresholds_in_reverse_order_are_told(table):
    (said,) = faults(table)["category_order"]
    assert said.startswith("Brister i närsamhället")
    assert "Våldsbrott är ovanliga i området" in said


def test_a_question_whose_answers_moved_in_the_latest_wave_warns(small_demo):
    one = CATALOGUE.index("acting_out")
    alone = replace(CATALOGUE, index_file=CATALOGUE.index_file.model_copy(update={"indices": (one,)}))
    columns = [*ANSWER_KEYS, *(part.item for part in one.items)]
    answers = counted_answers(small_demo.warehouse, CATALOGUE, list(WAVES), removal=True, columns=columns)
    up = (pl.col("wave") == WAVES[-1]) & pl.col(MOVED).is_between(1, 3) & (pl.int_range(pl.len()) % 2 == 0)
    moved = answers.with_columns(pl.when(up).then(pl.col(MOVED) + 1).otherwise(pl.col(MOVED)).alias(MOVED))
    (said,) = faults(psychometric_table(moved, alone.index_file, alone.psychometrics), alone)["drift"]
    assert str(WAVES[-1]) in said
    assert CATALOGUE.survey.by_key[MOVED].label_sv in said


def test_readers_get_the_same_verdicts(small_demo, table):
    anatomy = small_demo.warehouse.read(TableName("release", "index_anatomy"), {"edition": ["intern"]})
    shown = anatomy.filter(pl.col("part") == "criterion").select("index_key", "verdict", criterion="key")
    judged = table.filter("decides").select("index_key", "criterion", "verdict")
    assert shown.join(judged, on=["index_key", "criterion", "verdict"], how="anti").is_empty()
    assert shown.height == judged.height
    for code in PUBLISHED:
        (folder,) = (path for path in (small_demo.paths.reports / "2024").glob(f"{code}_*_intern") if path.is_dir())
        page = (folder / "5_metod/indexanatomi.html").read_text(encoding="utf-8")
        assert all(index.label_sv in page for index in CATALOGUE.indices)
        assert (folder / "4_tabeller/indexanatomi.csv").is_file()
