"""What the noise does to those who use the numbers, and to those who try to undo it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from assets.audit import AuditRules, EditionRules, audit
from assets.bundle.load import build_report_meta
from assets.catalogue.load import load_catalogue
from assets.methods import intervals
from assets.methods.cell_key import MODULUS, perturb
from assets.methods.cell_key_policy import LINKED, WITHHELD, noise
from assets.methods.noisy_counts import noise_variance
from assets.methods.noisy_trends import noisy_evidence
from assets.methods.withheld import without_exact
from assets.registers.files import load_register_catalogue
from tests.support.keyed_county import noisy_policy, pupils, release

POLICY = noisy_policy()
TABLE = noise(POLICY.cell_key)
PUPILS, CLASSES = 24, 12
TRIALS = 4000


@pytest.mark.parametrize("share", [0.15, 0.3, 0.5])
def test_widened_intervals_cover_the_true_share(share: float) -> None:
    """95 % intervals of schools' samples of classes, after noise in both counts, cover in 93-97 % of the trials."""
    draws = np.random.default_rng(round(100 * share))
    parts = draws.binomial(PUPILS, share, (TRIALS, CLASSES))
    whole = np.full(TRIALS, PUPILS * CLASSES)
    exact = parts.sum(axis=1) / whole
    se = parts.std(axis=1, ddof=1) * np.sqrt(CLASSES) / whole
    noisy = [perturb(counts, draws.integers(0, MODULUS, TRIALS), TABLE) for counts in (parts.sum(axis=1), whole)]
    shown = noisy[0] / noisy[1]
    added = (noise_variance(noisy[0], TABLE) + shown**2 * noise_variance(noisy[1], TABLE)) / noisy[1] ** 2
    df = np.full(TRIALS, CLASSES - 1)
    low, high = intervals.logit_t(shown, np.sqrt(se**2 + added), df)
    covered = ((low <= share) & (share <= high)).mean()
    assert 0.93 <= covered <= 0.97
    assert abs((shown - exact).mean()) < 0.002


def test_small_counts_are_given_the_greatest_variance_that_may_lie_behind_them() -> None:
    own = TABLE.group_by("count").agg(v=(pl.col("p") * pl.col("noise") ** 2).sum()).sort("count")
    assert noise_variance(np.array([0, 5, 500]), TABLE).tolist() == pytest.approx([own["v"].max(), own["v"].max(), own["v"][-1]])


def test_two_releases_do_not_tell_how_many_came_in_between() -> None:
    """One more school: the difference of two noisy counts has twice the noise's variance, and no count of it is certain."""
    draws = np.random.default_rng(4)
    before = perturb(np.full(20_000, 40), draws.integers(0, MODULUS, 20_000), TABLE)
    late = {k: perturb(np.full(20_000, 40 + k), draws.integers(0, MODULUS, 20_000), TABLE) - before for k in range(1, 7)}
    for k, seen in late.items():
        assert seen.mean() == pytest.approx(k, abs=0.06)
        assert seen.var() == pytest.approx(2 * POLICY.cell_key.variance, rel=0.05)
    # Six numbers alike likely beforehand: what is seen leaves the most likely one far from certain, and at best a guess.
    counts = np.stack([np.bincount(seen + 20, minlength=48) for seen in late.values()]).astype(float)
    posterior = counts / np.maximum(counts.sum(axis=0), 1)
    typical = counts.sum(axis=0) >= 1000
    assert posterior.max(axis=0)[typical].max() < 0.6
    assert counts.max(axis=0).sum() / counts.sum() < 0.36


def test_asking_again_tells_nothing_more() -> None:
    keys = np.random.default_rng(2).integers(0, MODULUS, 100)
    assert len({perturb(np.full(100, 30), keys, TABLE).tobytes() for _ in range(5)}) == 1


def _rules(perturbed: tuple[str, ...]) -> AuditRules:
    own = EditionRules(10, 20, 30, 10, 5, 1, 4, 9)
    return AuditRules(
        {"intern": own}, "intern", perturbed=frozenset(perturbed), withheld=frozenset(WITHHELD if perturbed else ())
    )


def test_the_audit_does_not_judge_noise_as_exact_but_finds_exact_numbers_beside_it() -> None:
    results = release(pupils([40, 120, 30]), POLICY).results
    assert audit({"index_results": results}, _rules(LINKED)).passed
    mean = results.with_columns(value=pl.when(pl.col("measure") == "mean").then(1.0).otherwise("value"))
    assert not audit({"index_results": mean}, _rules(LINKED)).passed
    exact = results.rename({"index_key": "count_key"})
    assert not audit({"index_results": results, "accumulated_results": exact}, _rules(("index_results",))).passed


def test_tables_with_exact_numbers_of_the_same_pupils_show_none() -> None:
    keys = {"edition": "intern", "area_level": "county", "area_code": "01", "wave": 2024, "grade": "ak9", "sex": "all"}
    rows = pl.DataFrame(
        [keys | {"index_key": "acting_out", "measure": "share", "unweighted": 8.0, "weighted": 9.0, "reason": "ok"}]
    )
    off = noisy_policy(tables=[])
    assert without_exact("weighted_comparison", {"intern": rows}, off)["intern"].equals(rows)
    shown = without_exact("weighted_comparison", {"intern": rows}, POLICY)["intern"]
    assert shown.select("unweighted", "weighted", "reason").row(0) == (None, None, "suppressed")
    rules = _rules(LINKED)
    assert not audit({"weighted_comparison": rows}, rules).passed
    assert audit({"weighted_comparison": shown}, rules).passed


def test_a_report_says_that_values_have_noise_and_otherwise_nothing() -> None:
    catalogue, registers = load_catalogue(), load_register_catalogue()
    content = {**catalogue.disclosure, "cell_key": {**catalogue.disclosure["cell_key"], "tables": list(LINKED)}}
    metas = [
        build_report_meta(one, registers.sources, registers.units, version="1.0", released=date(2026, 1, 1), synthetic=True)
        for one in (catalogue, replace(catalogue, disclosure=content))
    ]
    assert [meta.noise for meta in metas] == [0, 5]
    said = ["slumpmässigt brus" in meta.charts.survey_source for meta in metas]
    assert said == [False, True]
    assert metas[1].english is None or "random noise" in metas[1].english.charts.survey_source


def test_a_change_over_the_waves_has_the_noise_of_both_waves() -> None:
    place = {"area_level": "municipality", "area_code": "0120", "grade": "ak9", "sex": "all"}
    rows = [
        place | {"wave": wave, "index_key": "acting_out", "measure": "share_band3", "value": 20.0, "n": 100}
        for wave in (2022, 2024)
    ]
    known = place | {
        "series_kind": "index",
        "measure": "share_focus",
        "from_wave": 2022,
        "wave": 2024,
        "se": 0.03,
        "se_estimate": 0.02,
    }
    evidence = pl.DataFrame([known | {"series": key} for key in ("acting_out", "annat")])
    found = noisy_evidence(evidence, pl.DataFrame(rows), {"acting_out": "share_band3"}, TABLE)
    one = 4.0 * (1 + 0.2**2) / 100**2
    assert found["se"].to_list() == pytest.approx([(0.03**2 + 2 * one) ** 0.5, 0.03])
    assert found["se_estimate"].to_list() == pytest.approx([(0.02**2 + one) ** 0.5, 0.02])
