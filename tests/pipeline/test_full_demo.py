"""The whole demo: all municipalities, three waves, the simulator's truth, and an attacker on everything published."""

from __future__ import annotations

import polars as pl
import pytest

from assets.bundle.content import municipality_report
from assets.bundle.frames import select_frames
from assets.bundle.render import render_bundle
from assets.catalogue.load import load_catalogue
from assets.charts.types import COUNTY_CODE, Scope
from assets.demo.truth import load_truth
from assets.reports import picture_cache, release_frames, report_meta, with_series
from assets.slices import MUNICIPALITIES, WAVES
from pipelines.resources import ReleaseReader
from pipelines.warehouse import TableName
from tests.pipeline.conftest import COUNTED, IN_FULL
from tests.support.attacker import attack
from tests.support.sample_bundle import outline
from tests.support.series_world import FAMILIES, sensitive_ids
from tests.support.series_world import attack as attack_series

pytestmark = pytest.mark.slow
CHOSEN = [code for code in MUNICIPALITIES if IN_FULL[0] <= code <= IN_FULL[1]]
SMALLEST = ("0140", "0187")
"""Nykvarn, where one grade is nearly empty, and Vaxholm."""
CELL = ["area_level", "area_code", "wave", "grade", "sex", "index_key"]


@pytest.fixture(scope="module")
def truth(full_demo):
    """What the simulator drew, kept beside the deliveries."""
    return load_truth(full_demo.paths.cache / "demo")


@pytest.fixture(scope="module")
def means(full_demo, truth):
    """Estimated means beside the truth, for municipality cells with at least five classes."""
    estimates = full_demo.warehouse.read(TableName("indices", "area_estimates"))
    joined = estimates.filter((pl.col("measure") == "mean") & (pl.col("area_level") == "municipality")).join(truth.cells, on=CELL)
    return joined.filter(pl.col("n_psu") >= 5)


def test_the_chosen_municipalities_have_bundles_and_nothing_was_rejected(full_demo):
    folders = [p.name for p in (full_demo.paths.reports / str(WAVES[-1])).iterdir() if p.is_dir()]
    kits = [name for name in folders if name.endswith("_workshop")]
    assert sorted(name.split("_")[0] for name in folders if name not in kits) == sorted([COUNTY_CODE, *CHOSEN])
    assert sorted(name.split("_")[0] for name in kits) == sorted(CHOSEN)
    assert full_demo.summary.deliveries_rejected == []
    assert 60_000 <= full_demo.summary.rows_kept <= 70_000


def test_all_other_municipalities_can_have_theirs(full_demo):
    """Every report's sections and charts can be made; of the smallest a whole bundle but for the pictures."""
    catalogue, reader = load_catalogue(), ReleaseReader(data_dir=str(full_demo.root))
    meta, release = report_meta(catalogue), release_frames(reader)
    library = picture_cache(reader).library
    for code in sorted(set(MUNICIPALITIES) - set(CHOSEN)):
        scope = Scope(code, catalogue.area_names[code], WAVES[-1], "intern")
        frames = select_frames(with_series(release, reader, catalogue, scope), scope, meta.charts.indices)
        report = municipality_report(frames, scope, meta)
        assert len(report.sections) >= 12, code
        assert len({card.chart_id for card in report.cards}) == len(report.cards) >= 20, code
        if code in SMALLEST:
            made = render_bundle(frames, scope, meta, draw=outline, script=library)
            assert {"LAS_MIG.html", "1_rapport/rapport.html", "1_rapport/rapport.pdf"} <= made.files.keys(), code


def test_scores_recover_the_latent_trait_of_serious_respondents(full_demo, truth):
    scores = full_demo.warehouse.read(TableName("indices", "person_scores"))
    both = scores.join(truth.respondents.filter(pl.col("careless") == 0), on="respondent_key")
    assert both.height > 55_000
    keys = sorted(c.removeprefix("theta_") for c in truth.respondents.columns if c.startswith("theta_"))
    for key in keys:
        known = both.filter(pl.col(key).is_not_null())
        bias = (known[key] - known[f"theta_{key}"]).mean()
        assert abs(bias) < 0.05, f"{key}: bias {bias:.3f} logits"
        assert known.select(pl.corr(key, f"theta_{key}")).item() > 0.6, key


def test_means_are_nearly_unbiased_and_intervals_cover(means):
    """Careless answers and non-response bias the mean a little (docs/simulator.md); the interval must still cover."""
    covered = (pl.col("low") <= pl.col("mean_enrolled")) & (pl.col("mean_enrolled") <= pl.col("high"))
    seen = (pl.col("low") <= pl.col("mean_respondents")) & (pl.col("mean_respondents") <= pl.col("high"))
    table = means.group_by("index_key").agg(
        cover_enrolled=covered.mean(),
        cover_respondents=seen.mean(),
        bias=(pl.col("estimate") - pl.col("mean_enrolled")).mean(),
        cells=pl.len(),
    )
    assert table.height == 7
    assert table["cells"].min() > 180
    for row in table.iter_rows(named=True):
        assert 0.88 <= row["cover_enrolled"] <= 0.99, row
        assert row["cover_respondents"] >= 0.92, row
        assert abs(row["bias"]) < 0.07, row


def test_no_municipality_is_far_off(means):
    """Bias per municipality and index over waves, grades and sexes."""
    bias = means.group_by("area_code", "index_key").agg(
        bias=(pl.col("estimate") - pl.col("mean_enrolled")).mean(), cells=pl.len()
    )
    worst = bias.filter(pl.col("cells") >= 5).sort(pl.col("bias").abs(), descending=True)
    assert abs(worst["bias"][0]) < 0.25, worst.row(0)


def test_municipality_differences_are_found_again(means):
    """Areas that truly differ are estimated in the right order."""
    for (key,), part in means.filter(pl.col("sex") == "all").group_by("index_key"):
        assert part.select(pl.corr("estimate", "mean_enrolled")).item() > 0.7, key


@pytest.mark.parametrize("wave", COUNTED)
def test_nobody_can_narrow_a_hidden_count(full_demo, wave):
    """Linear programming against all that is published of a wave: every hidden count keeps an interval wider than 4."""
    results = full_demo.warehouse.read(TableName("release", "index_results"), {"edition": ["intern"], "wave": [wave]})
    attacked = attack(results, enough=4.01)
    assert attacked.height > 500
    narrow = attacked.filter(pl.col("hi") - pl.col("lo") <= 4)
    assert narrow.height == 0, f"{narrow.height} hidden counts are given away"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda names: names[0])
def test_nobody_can_narrow_a_hidden_number_of_yes(full_demo, family):
    """The same for single questions, with everything that linked questions say about each other."""
    where = {"wave": [WAVES[-1]], "indicator": list(family)}
    results = full_demo.warehouse.read(TableName("release", "indicator_results"), where | {"edition": ["intern"]})
    counts = full_demo.warehouse.read(TableName("indices", "indicator_counts"), where)
    for grade in ("ak9", "gy2"):
        chosen = pl.col("grade") == grade
        attacked = attack_series(results.filter(chosen), counts.filter(chosen), chosen=family)
        assert attacked.height > 20
        width = pl.when(pl.col("indicator").is_in(sorted(sensitive_ids()))).then(9).otherwise(4)
        narrow = attacked.filter(pl.col("hi") - pl.col("lo") <= width)
        assert narrow.height == 0, f"{narrow.height} hidden counts are given away"


def test_the_latest_county_figures_can_be_shown(full_demo):
    """Protection must not cost the comparison: the county's shares of the latest wave are published.

    Without the unserious answers few boys of gy 2 in small municipalities have many troubles: there the split by sex is hidden.
    """
    results = full_demo.warehouse.read(
        TableName("release", "index_results"), {"edition": ["intern"], "wave": [WAVES[-1]], "area_level": ["county"]}
    )
    shares = results.filter(pl.col("measure").str.starts_with("share_band"))
    assert set(shares.filter((pl.col("sex") == "all") | (pl.col("grade") == "ak9"))["reason"]) == {"ok"}
    hidden = shares.filter(pl.col("reason") != "ok").select("grade", "index_key").unique()
    assert hidden.rows() in ([], [("gy2", "psychosomatic")])


def test_response_rates_repeat_no_hidden_number(full_demo):
    results = full_demo.warehouse.read(TableName("release", "index_results"), {"edition": ["intern"]})
    rates = full_demo.warehouse.read(TableName("release", "response_rates"), {"edition": ["intern"]})
    shown = results.filter((pl.col("measure") == "n_respondents") & (pl.col("sex") == "all")).select(
        "area_code", "wave", "grade", published="value", why="reason"
    )
    both = rates.join(shown.unique(), on=["area_code", "wave", "grade"])
    assert both.height == rates.height
    assert both.filter(pl.col("respondents").ne_missing(pl.col("published").cast(pl.Int64))).height == 0
    assert both.filter((pl.col("why") != "ok") & (pl.col("reason") != pl.col("why"))).height == 0


def test_every_bundle_can_be_sent_by_mail_and_opened(full_demo):
    """Unpacked at most 25 MB, the largest municipality with all its districts too, and a report of at most 6 MB."""
    for folder in (p for p in (full_demo.paths.reports / str(WAVES[-1])).iterdir() if p.is_dir()):
        sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}
        largest = sorted(sizes.items(), key=lambda item: -item[1])[:3]
        assert sum(sizes.values()) <= 25_000_000, (folder.name, largest)
        assert folder.name.endswith("_workshop") or sizes["1_rapport/rapport.html"] <= 6_000_000, folder.name
