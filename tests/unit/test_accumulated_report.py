"""Samlade faktorer and the choice of limits in the report: chart, section, table, and nothing where nothing may be shown."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.accumulated import KEYS, TABLE, accumulated_table, section
from assets.bundle.cutoffs import cutoff_blocks
from assets.bundle.frames import guard_frames, select_frames
from assets.bundle.tables import bundle_tables, data_package
from assets.bundle.types import Figure, Table
from assets.bundle.words import Context
from assets.charts import samlade
from assets.charts.svg import to_svg
from assets.charts.types import ReleaseFrames
from assets.methods.errors import PipelineError
from tests.support.accumulated_sample import results
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta

META = sample_report_meta()


def limits(value: float | None = 11.0) -> pl.DataFrame:
    rows = [
        {"edition": "intern", "area_level": "county", "area_code": "01", "area_name": "Stockholms län", "wave": 2024,
         "grade": "ak9", "sex": "all", "index_key": key, "cut_set": name, "rule": name, "in_use": name.startswith("rise"),
         "focus_cut": 0.5, "value": value, "n": 900, "unit": "percent",
         "reason": "ok" if value is not None else "suppressed"}
        for key in META.indices for name in ("rise-2024-09-23", "recomputed", "ctc")
    ]  # fmt: skip
    return pl.DataFrame(rows, schema_overrides={"wave": pl.Int32, "value": pl.Float64})


def context(counts: pl.DataFrame | None = None, cuts: pl.DataFrame | None = None) -> Context:
    frames, scope = sample_bundle_frames("0127")
    given = ReleaseFrames(
        **{**vars(frames), "accumulated_results": pl.DataFrame() if counts is None else counts,
           "cutoff_sensitivity": pl.DataFrame() if cuts is None else cuts}
    )  # fmt: skip
    return Context(select_frames(given, scope, META.charts.indices), scope, META)


def test_the_section_names_what_is_counted_and_has_a_chart_per_grade() -> None:
    found = section(context(results()))
    assert found is not None
    assert [figure.card.chart_id for figure in found.figures] == ["samlade_ak9"]
    assert section(context()) is None
    words = str(found.blocks)
    assert all(META.charts.indices[key].label_sv.lower() in words.lower() for count in META.counts for key in count.indices)


@pytest.mark.parametrize(("verdict", "words"), [
    ("lower", "lägre andel än i länet med tre eller fler riskfaktorer och båda skyddsfaktorerna"),
    ("higher", "högre andel än i länet"),
    ("unclear", "ingen tydlig skillnad mot länet i andelen med tre eller fler riskfaktorer eller båda"),
])  # fmt: skip
def test_the_title_says_what_the_published_test_says(verdict: str, words: str) -> None:
    given = context(results(verdict))
    card = samlade.build(given.frames, given.scope, META.charts, META.counts, grade="ak9")
    assert card is not None
    assert words in card.title
    assert card.table["Botkyrka, andel"][0] == "41\u00a0%"
    assert "<svg" in to_svg(card)


def test_a_hidden_area_is_told_with_its_reason_and_without_a_number() -> None:
    given = context(results(reason="suppressed"))
    card = samlade.build(given.frames, given.scope, META.charts, META.counts, grade="ak9")
    assert card is not None
    assert "inga värden kan visas" in card.title
    assert set(card.table["Botkyrka, andel"]) == {"skyddat av sekretesskäl [c]"}
    assert samlade.build(given.frames, given.scope, META.charts, META.counts, grade="gy2") is None


def test_the_table_has_a_row_per_share_and_a_reason_for_every_empty_one() -> None:
    given = context(results(reason="suppressed"))
    table = accumulated_table(given.frames, META)
    assert table is not None
    assert table.height == 2 * 2 * 3 * 3
    assert table.select(KEYS).is_duplicated().sum() == 0
    empty = table.filter(pl.col("Andel, procent").is_null())
    assert set(empty["Märke"]) == {"[c]"}
    assert set(table["Område"]) == {"Botkyrka", "Stockholms län"}
    tables = bundle_tables(given.frames, given.scope, META)
    package = data_package(tables, given.scope, META)
    resource = next(r for r in package["resources"] if r["name"] == TABLE)
    assert resource["schema"]["primaryKey"] == list(KEYS)
    assert accumulated_table(context().frames, META) is None


def test_another_municipalitys_numbers_are_refused() -> None:
    given = context(results())
    assert "0180" not in set(given.frames.accumulated_results["area_code"])
    with pytest.raises(PipelineError) as error:
        guard_frames(replace(given.frames, accumulated_results=results()), given.scope, META.charts.indices)
    assert error.value.code == "foreign_rows"


def test_limits_stand_side_by_side_with_their_labels() -> None:
    blocks = cutoff_blocks(context(cuts=limits()))
    table = next(block for block in blocks if isinstance(block, Table))
    assert [head.endswith("(används)") for head in table.columns] == [False, True, False, False]
    assert {row[1] for row in table.rows} == {"11\u00a0%"}
    assert len(table.rows) == len(META.indices)
    assert not [block for block in blocks if isinstance(block, Figure)]
    hidden = next(block for block in cutoff_blocks(context(cuts=limits(None))) if isinstance(block, Table))
    assert {row[1] for row in hidden.rows} == {"skyddat av sekretesskäl [c]"}
    assert cutoff_blocks(context()) == ()
