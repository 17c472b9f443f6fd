"""Design-based estimates against R survey: means, shares, ratios, domains, intervals, differences to the county, lonely PSUs."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from assets.methods import intervals
from assets.methods.errors import PipelineError
from assets.methods.linearise import Design, differences_to_whole, domain_ratios
from tests.oracle.rasch_reference import DATA

SURVEY = DATA / "survey_design"
DESIGNS = {
    "weights_only": Design(weight="w"),
    "cluster": Design(weight="w", psu="sy"),
    "strat_cluster": Design(weight="w", psu="sy", stratum="stratum"),
    "strat_cluster_fpc": Design(weight="w", psu="sy", stratum="stratum", population="N_school"),
    "census_class": Design(weight="w", stratum="ky", population="enrolled"),
}


@pytest.fixture(scope="module")
def micro() -> pl.DataFrame:
    year = pl.col("year").cast(pl.String)
    return pl.read_csv(SURVEY / "micro.csv").with_columns(
        sy=pl.concat_str("school", year, separator=" "), ky=pl.concat_str("klass", year, separator=" ")
    )


def _relative(got: float, truth: float) -> float:
    return abs(got - truth) / max(1e-3, abs(truth))


@pytest.mark.parametrize("name", list(DESIGNS))
def test_means_and_ratios_by_domain(micro: pl.DataFrame, name: str) -> None:
    table = pl.read_csv(SURVEY / "expected_estimates.csv", schema_overrides={"domain": pl.String}).filter(
        (pl.col("design") == name) & pl.col("stat").is_in(["mean", "mean_by", "ratio", "ratio_by"]) & (pl.col("lonely") == "fail")
    )
    compared = 0
    for (stat, variable, domain), rows in table.with_columns(pl.col("domain").fill_null("")).group_by(
        "stat", "variable", "domain"
    ):
        where = dict(part.split("=") for part in domain.split(";")) if domain else {}
        ratio = stat.startswith("ratio")
        value, denominator = ("daysum", "daysn") if ratio else (variable, None)
        results = domain_ratios(micro, value, list(where), DESIGNS[name], denominator)
        got = results.filter(*(pl.col(key) == int(code) for key, code in where.items())).row(0, named=True)
        got |= dict(zip(("lo_t", "hi_t"), map(float, intervals.t_interval(got["estimate"], got["se"], got["df"])), strict=True))
        for quantity, truth in rows.select("quantity", "value").iter_rows():
            if quantity in got:
                assert _relative(got[quantity], truth) < 1e-9, (stat, variable, domain, quantity)
                compared += 1
    assert compared > 500


def test_logit_interval_of_a_share(micro: pl.DataFrame) -> None:
    table = pl.read_csv(SURVEY / "expected_svyciprop.csv").filter((pl.col("method") == "logit") & pl.col("note").is_null())
    compared = 0
    for row in table.iter_rows(named=True):
        by = [key for key in ("mun", "sex") if row[key] is not None]
        results = domain_ratios(micro, "risk", by, DESIGNS["strat_cluster_fpc"])
        got = results.filter(*(pl.col(key) == row[key] for key in by)).row(0, named=True)
        low, high = intervals.logit_t(got["estimate"], got["se"], got["df"])
        assert got["df"] == row["df"]
        assert got["n"] == row["n"]
        assert _relative(float(low), row["lo"]) < 1e-6
        assert _relative(float(high), row["hi"]) < 1e-6
        compared += 1
    assert compared == 18


@pytest.mark.parametrize("name", ["census_class", "strat_cluster_fpc"])
@pytest.mark.parametrize("variable", ["score", "risk"])
def test_difference_to_the_county_that_contains_the_area(micro: pl.DataFrame, name: str, variable: str) -> None:
    table = pl.read_csv(SURVEY / "expected_vs_county.csv").filter(
        (pl.col("design") == name) & (pl.col("variable") == variable) & (pl.col("quantity") == "diff")
    )
    got = differences_to_whole(micro, variable, "mun", DESIGNS[name]).join(table, on="mun", suffix="_truth")
    assert got.height == table.height == 6
    for row in got.iter_rows(named=True):
        assert _relative(row["estimate"], row["estimate_truth"]) < 1e-9
        assert _relative(row["se"], row["se_truth"]) < 1e-9


def _with_lonely(micro: pl.DataFrame) -> pl.DataFrame:
    cut = pl.col("stratum") == "2024-117-11"
    lowest = micro.filter(cut)["school"].min()
    return micro.filter(~cut | (pl.col("school") == lowest))


@pytest.mark.parametrize("fpc", [False, True])
@pytest.mark.parametrize("variable", ["score", "risk"])
def test_lonely_psu_is_centred_at_the_grand_mean(micro: pl.DataFrame, fpc: bool, variable: str) -> None:
    table = pl.read_csv(SURVEY / "expected_lonely.csv").filter(
        (pl.col("fpc") == fpc) & (pl.col("lonely") == "adjust") & (pl.col("variable") == variable)
    )
    design = DESIGNS["strat_cluster_fpc" if fpc else "strat_cluster"]
    persons = _with_lonely(micro)
    by_area = dict(
        domain_ratios(persons, variable, ["mun"], design).select(pl.col("mun"), pl.struct("estimate", "se")).iter_rows()
    )
    by_area[None] = domain_ratios(persons, variable, [], design).row(0, named=True)
    for domain, estimate, se in table.select("domain", "estimate", "se").iter_rows():
        got = by_area[int(domain.removeprefix("mun=")) if domain else None]
        assert _relative(got["estimate"], estimate) < 1e-9
        assert _relative(got["se"], se) < 1e-9
    assert table.height == 7


def test_lonely_psu_can_be_refused(micro: pl.DataFrame) -> None:
    design = Design(weight="w", psu="sy", stratum="stratum", lonely="fail")
    assert np.isfinite(domain_ratios(micro, "score", [], design)["se"][0])
    with pytest.raises(PipelineError, match="1 grupper"):
        domain_ratios(_with_lonely(micro), "score", [], design)
