"""Pilots: named municipalities, what is made for them, and how far they have come."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest
from pydantic import ValidationError

from assets.catalogue.pilot_models import Pilot, PilotFile
from assets.catalogue.pilots import find_pilot, load_pilots, wanted_step
from assets.kit.pilot_status import STEPS, pilot_page, pilot_row
from assets.methods.errors import PipelineError
from pipelines import chain
from pipelines.forms import write_forms
from pipelines.paths import Paths
from tests.support.prevention_sample import prevention_frames
from tests.support.sample_bundle import hide, sample_report_meta

META = sample_report_meta()
DECISIONS = {"area_code": pl.String, "follow_up_state": pl.String, "status": pl.String}


def test_the_example_has_three_municipalities_with_comparison_groups_and_says_that_it_is_an_example():
    (pilot,) = load_pilots().pilots
    assert len(pilot.municipalities) == 3
    assert set(pilot.municipalities) <= META.comparison_groups.by_code.keys()
    assert "exempel" in pilot.note_sv


def test_an_unknown_pilot_is_one_sentence_and_a_wrong_file_is_refused():
    with pytest.raises(PipelineError) as refused:
        find_pilot("ingen")
    assert refused.value.code == "unknown_pilot"
    assert "exempel" in str(refused.value)
    with pytest.raises(ValidationError, match="två gånger"):
        Pilot(id="a", title_sv="A", municipalities=("0127", "0127"))
    with pytest.raises(ValidationError, match="två gånger"):
        PilotFile(pilots=[Pilot(id="a", title_sv="A", municipalities=("0127",))] * 2)


def test_only_the_pilots_municipalities_get_bundles_kits_and_forms(tmp_path):
    pilot = find_pilot("exempel")
    runs = chain.runs(Paths(tmp_path), "publish_kits", chain.Choice(only=pilot.municipalities))
    starts = [tags["dagster/asset_partition_range_start"].split("|")[0] for tags in runs]
    assert starts == sorted(pilot.municipalities)
    assert all(tags["dagster/asset_partition_range_end"] == tags["dagster/asset_partition_range_start"] for tags in runs)
    assert len(chain.runs(Paths(tmp_path), "publish_kits", chain.Choice())) == 1
    write_forms(tmp_path, "2026", kind="beslut", only=pilot.municipalities)
    assert sorted(p.name[:4] for p in (tmp_path / "formular" / "2026").iterdir()) == sorted(pilot.municipalities)


def test_a_pilot_without_kits_gets_none():
    pilot = Pilot(id="a", title_sv="A", municipalities=("0127",), produces=("bundles",))
    made = [step for step in ("build_indices", "publish_bundles", "publish_kits", "publish_overview") if wanted_step(step, pilot)]
    assert made == ["build_indices", "publish_bundles", "publish_overview"]
    assert wanted_step("publish_kits", None)


def test_every_step_is_told_from_first_delivery_to_follow_up():
    frames, scope = prevention_frames()
    empty = pilot_row(hide(frames, "0127", "missing"), scope, ["Järfälla"], {})
    assert [done for done, _ in empty.steps.values()] == [False] * len(STEPS)
    decisions = pl.DataFrame(
        [("0127", "moved_better", None), ("0127", "not_due", "done"), ("0127", "not_due", None)], schema=DECISIONS, orient="row"
    )
    links = {"bundle": "a/1_rapport/rapport.html", "kit": "a_workshop/LAS_MIG.html"}
    row = pilot_row(replace(frames, decisions=decisions), scope, ["Järfälla"], links)
    assert [done for done, _ in row.steps.values()] == [True] * 6 + [False]
    assert row.steps["decisions"][1] == "3 beslut"
    assert row.steps["follow_up"][1] == "2 av 3 uppföljda"
    few = frames.readiness.with_columns(reason=pl.lit("too_few_raters"))
    assert pilot_row(replace(frames, readiness=few), scope, [], {}).steps["readiness"] == (False, "för få svar än")


def test_the_page_lists_them_in_alphabetical_order_with_links_and_is_the_same_every_time():
    frames, scope = prevention_frames()
    one = pilot_row(frames, scope, ["Upplands Väsby", "Järfälla"], {"kit": "a_workshop/LAS_MIG.html"})
    rows = [replace(one, area_name="Österåker"), one]
    page = pilot_page(find_pilot("exempel"), rows, META, 2024)
    assert page == pilot_page(find_pilot("exempel"), rows, META, 2024)
    text = page.decode()
    assert "<td>Järfälla, Upplands Väsby</td>" in text
    assert text.index(">Botkyrka<") < text.index(">Österåker<")
    assert 'href="a_workshop/LAS_MIG.html"' in text
    assert "ingen rangordning" in text
    assert "SYNTETISKA DATA" in text
