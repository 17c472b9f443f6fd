"""The report's section about small groups: only for small municipalities, in words that say what an estimate is."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.frames import guard_frames, select_frames
from assets.bundle.small_areas import small_area_section, small_area_table
from assets.bundle.tables import table_files
from assets.bundle.types import Bullets, SubHeading, Table
from assets.bundle.words import Context
from assets.catalogue.load import load_catalogue
from assets.methods.errors import PipelineError
from assets.methods.model_estimates import model_estimates
from tests.support.released_world import EDITION, codes, released
from tests.support.sample_bundle import sample_report_meta
from tests.support.sample_release import sample_release, sample_scope

AREA = "0187"


@pytest.fixture(scope="module")
def context() -> Context:
    areas = [AREA, *codes(15)]
    results = released({c: 0.12 for c in areas}, {c: 90 if c == AREA else 400 for c in areas})
    breaks = pl.DataFrame({"series_kind": ["index"], "series": ["acting_out"], "wave": [2024], "comparable_from": [2024]})
    rules = load_catalogue().estimates.small_areas
    estimates = model_estimates(
        results, breaks.cast({"wave": pl.Int32, "comparable_from": pl.Int32}), {"acting_out": "share_band3"}, rules, EDITION
    )
    scope, meta = sample_scope(AREA), sample_report_meta()
    frames = replace(sample_release(AREA), model_estimates=estimates)
    return Context(select_frames(frames, scope, meta.charts.indices), scope, meta)


def test_a_small_municipality_gets_a_section_that_says_what_it_is(context):
    section = small_area_section(context)
    assert section is not None
    assert section.id == "sma-grupper"
    table = next(block for block in section.blocks if isinstance(block, Table))
    label, value, interval, weight, pooled, _, waves = table.rows[0]
    assert (label, pooled, waves) == ("Utagerande", "Bara ett jämförbart mättillfälle visas", "")
    assert value.startswith("≈\u00a0")
    assert value.endswith("\u00a0%")
    assert "–" in interval or "slumpen" in interval
    assert weight
    words = " ".join(item for block in section.blocks if isinstance(block, Bullets) for item in block.items)
    assert "den verkliga andelen kan vara lägre" in words
    assert [block.text for block in section.blocks if isinstance(block, SubHeading)] == ["Årskurs 9"]


def test_a_large_municipality_has_neither_section_nor_table(context):
    none = replace(context, frames=replace(context.frames, model_estimates=context.frames.model_estimates.clear()))
    assert small_area_section(none) is None
    assert small_area_table(none.frames, none.meta) is None
    assert "4_tabeller/modellskattningar.csv" not in table_files(none.frames, none.scope, none.meta)


def test_the_table_labels_every_row(context):
    files = table_files(context.frames, context.scope, context.meta)
    rows = pl.read_csv(files["4_tabeller/modellskattningar.csv"], infer_schema=False)
    assert set(rows["Områdeskod"]) == {AREA}
    assert set(rows["Vad det är"]) <= set(load_catalogue().estimates.small_areas.labels.values())
    assert rows.height == rows.select("Områdeskod", "Mättillfälle", "Årskurs", "Index-id", "Metod").unique().height


def test_a_bundle_sees_no_other_municipalitys_estimates(context):
    other = context.frames.model_estimates.with_columns(area_code=pl.lit("0180"))
    with pytest.raises(PipelineError, match="model_estimates"):
        guard_frames(replace(context.frames, model_estimates=other), context.scope, context.indices)


@pytest.mark.parametrize("code, refused", [("own", False), ("0180", True)])
def test_tables_of_forms_have_no_area_level_and_are_guarded_all_the_same(context, code, refused):
    scope = context.scope
    row = {"edition": [scope.edition], "area_code": [scope.area_code if code == "own" else code], "round": ["2024"]}
    frames = replace(context.frames, activity_status=pl.DataFrame(row))
    if refused:
        with pytest.raises(PipelineError, match="activity_status"):
            guard_frames(frames, scope, context.indices)
    else:
        assert guard_frames(frames, scope, context.indices) is None
