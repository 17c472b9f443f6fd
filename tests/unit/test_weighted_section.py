"""What weights would change, as a reader sees it: beside the unweighted shares, never instead of them."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.frames import guard_frames, select_frames
from assets.bundle.tables import table_files
from assets.bundle.types import Table, Text
from assets.bundle.weighted import weighted_blocks
from assets.bundle.words import Context
from assets.methods.errors import PipelineError
from assets.methods.weighted_publish import SCHEMA
from tests.support.sample_bundle import sample_report_meta
from tests.support.sample_release import sample_release, sample_scope

AREA = "0127"


def row(level: str, code: str, name: str, **values: object) -> dict[str, object]:
    same = {
        "edition": "intern",
        "area_level": level,
        "area_code": code,
        "area_name": name,
        "wave": 2024,
        "grade": "ak9",
        "sex": "all",
    }
    cell = {
        "index_key": "acting_out",
        "measure": "share_band3",
        "unit": "percent",
        "n": 500,
        "method": "taylor_raked",
        "reason": "ok",
    }
    return dict.fromkeys(SCHEMA) | same | cell | values


def context(*rows: dict[str, object]) -> Context:
    scope, meta = sample_scope(AREA), sample_report_meta()
    frames = replace(sample_release(AREA), weighted_comparison=pl.DataFrame(list(rows), schema=SCHEMA))
    return Context(select_frames(frames, scope, meta.charts.indices), scope, meta)


def shown(**more: object) -> dict[str, object]:
    return {
        "unweighted": 9.0,
        "weighted": 10.0,
        "low": 7.0,
        "high": 13.0,
        "confidence_level": 0.95,
        "difference": 1.0,
        "weight_effect": 1.2,
    } | more


OWN = row("municipality", AREA, "Botkyrka", **shown())
COUNTY = row("county", "01", "Stockholms län", **shown(unweighted=11.0, weighted=11.0, difference=0.0))
OTHER = row("municipality", "0180", "Stockholm", **shown())


def test_weighted_and_unweighted_stand_beside_each_other():
    blocks = weighted_blocks(context(OWN, COUNTY, OTHER))
    table = next(block for block in blocks if isinstance(block, Table))
    line = next(line for line in table.rows if line[0] == "Utagerande")
    assert line[1:] == ("9\u00a0%", "10\u00a0%", "11\u00a0%", "11\u00a0%")
    assert "Botkyrka, ovägd" in table.columns
    assert not any("ändrar vikterna ingenting" in block.text for block in blocks if isinstance(block, Text))


def test_a_hidden_weighted_share_gives_its_reason():
    hidden = OWN | {
        "weighted": None,
        "low": None,
        "high": None,
        "difference": None,
        "weight_effect": None,
        "reason": "suppressed",
    }
    blocks = weighted_blocks(context(hidden, COUNTY))
    table = next(block for block in blocks if isinstance(block, Table))
    assert "[c]" in next(line for line in table.rows if line[0] == "Utagerande")[2]
    assert any("Botkyrka har inga viktade andelar att visa" in block.text for block in blocks if isinstance(block, Text))


def test_equal_weights_are_said_to_change_nothing():
    blocks = weighted_blocks(context(OWN | {"weighted": 9.0, "difference": 0.0, "weight_effect": 1.0}, COUNTY))
    assert any("ändrar vikterna ingenting" in block.text for block in blocks if isinstance(block, Text))


def test_without_weights_nothing_is_said_and_no_file_is_made():
    empty = context()
    assert weighted_blocks(empty) == []
    assert "4_tabeller/viktad_jamforelse.csv" not in table_files(empty.frames, empty.scope, empty.meta)


def test_the_file_holds_own_and_county_rows_only():
    known = context(OWN, COUNTY, OTHER)
    table = pl.read_csv(
        table_files(known.frames, known.scope, known.meta)["4_tabeller/viktad_jamforelse.csv"], infer_schema=False
    )
    assert set(table["Områdeskod"]) == {AREA, "01"}
    assert table["Skillnad, procentenheter"].to_list() == ["0", "1"]
    assert table["Konfidensnivå"].to_list() == ["0.95", "0.95"]


def test_another_municipalitys_rows_are_refused():
    known = context(OWN, COUNTY)
    foreign = replace(known.frames, weighted_comparison=pl.DataFrame([OTHER], schema=SCHEMA))
    with pytest.raises(PipelineError, match="weighted_comparison"):
        guard_frames(foreign, known.scope, known.indices)
