"""Any survey design against R survey 4.1-1 and 4.5: every row of the oracle files, six designs, lonely units, contrasts."""

from __future__ import annotations

import polars as pl
import pytest

from assets.methods import design_estimates as de
from assets.methods.design import Sample, Stage, SurveyDesign, draw_up
from assets.methods.errors import PipelineError
from assets.methods.intervals import t_interval
from tests.oracle.rasch_reference import DATA

SURVEY = DATA / "survey_design"
DESIGNS = {
    "weights_only": (Stage(),),
    "cluster": (Stage("sy"),),
    "strat_cluster": (Stage("sy", "stratum"),),
    "strat_cluster_fpc": (Stage("sy", "stratum", "N_school"),),
    "two_stage_fpc": (Stage("sy", "stratum", "N_school"), Stage("ky", None, "M_klass")),
    "census_class": (Stage(None, "ky", "enrolled"),),
}
Z = 1.959963984540054


def micro() -> pl.DataFrame:
    year = pl.col("year").cast(pl.String)
    return pl.read_csv(SURVEY / "micro.csv").with_columns(
        sy=pl.concat_str("school", year, separator=" "), ky=pl.concat_str("klass", year, separator=" ")
    )


@pytest.fixture(scope="module")
def samples() -> dict[str, Sample]:
    return {name: draw_up(micro(), SurveyDesign(stages, "w")) for name, stages in DESIGNS.items()}


def relative(got: float, truth: float) -> float:
    return abs(got - truth) / max(1e-3, abs(truth))


def condition(domain: str | None) -> pl.Expr | None:
    if not domain:
        return None
    return pl.all_horizontal(pl.col(key) == int(code) for key, code in (part.split("=") for part in domain.split(";")))


@pytest.mark.parametrize("name", list(DESIGNS))
def test_every_row_of_expected_estimates(samples: dict[str, Sample], name: str) -> None:
    sample = samples[name]
    table = pl.read_csv(SURVEY / "expected_estimates.csv", schema_overrides={"domain": pl.String}).filter(
        pl.col("design") == name
    )
    compared = 0
    for (stat, variable, domain), rows in table.group_by("stat", "variable", "domain", maintain_order=True):
        if stat == "degf":
            assert sample.degrees_of_freedom(sample.where()) == rows["value"][0]
            compared += 1
            continue
        where = condition(domain)
        if stat.startswith("ratio"):
            found = de.ratio(sample, *variable.split("/"), where)
        else:
            found = (de.total if stat == "total" else de.mean)(sample, variable, where)
        got = de.described(sample, found, stat)
        got["lo_z"], got["hi_z"] = (got["estimate"] + sign * Z * (got["se"] or 0.0) for sign in (-1, 1))
        got["lo_t"], got["hi_t"] = map(float, t_interval(got["estimate"], got["se"] or 0.0, got["df"]))
        got["deff_replace"] = de.design_effect(sample, variable.split("/")[0], found) if stat == "mean" else None
        for quantity, truth in rows.select("quantity", "value").iter_rows():
            if got["se"] in (0.0, None) and quantity in ("se", "lo_t", "hi_t"):
                assert quantity != "se" or truth == 0
                continue
            if truth is None:
                assert got[quantity] is None
                continue
            assert relative(got[quantity], truth) < 1e-9, (stat, variable, domain, quantity)
            compared += 1
    assert compared > 700


@pytest.mark.parametrize("fpc", [False, True])
@pytest.mark.parametrize("lonely", ["adjust", "average", "certainty", "remove"])
def test_lonely_units(fpc: bool, lonely: str) -> None:
    cut, persons = pl.col("stratum") == "2024-117-11", micro()
    persons = persons.filter(~cut | (pl.col("school") == persons.filter(cut)["school"].min()))
    stages = DESIGNS["strat_cluster_fpc" if fpc else "strat_cluster"]
    sample = draw_up(persons, SurveyDesign(stages, "w", lonely))
    table = pl.read_csv(SURVEY / "expected_lonely.csv", schema_overrides={"domain": pl.String}).filter(
        pl.col("fpc") == fpc, pl.col("lonely") == lonely
    )
    assert table.height == 14
    for variable, domain, estimate, se in table.select("variable", "domain", "estimate", "se").iter_rows():
        found = de.mean(sample, variable, condition(domain))
        assert relative(found.value, estimate) < 1e-9
        assert relative(sample.variance(found) ** 0.5, se) < 1e-9, (variable, domain)
    refusing = draw_up(persons, SurveyDesign(stages, "w", "fail"))
    with pytest.raises(PipelineError, match="1 strata med en enda"):
        refusing.variance(de.mean(refusing, "score"))
    elsewhere = de.mean(refusing, "score", pl.col("mun") == 114)
    assert refusing.variance(elsewhere) > 0


@pytest.mark.parametrize("name", ["census_class", "strat_cluster_fpc"])
@pytest.mark.parametrize("variable", ["score", "risk"])
def test_area_against_the_county_that_contains_it(samples: dict[str, Sample], name: str, variable: str) -> None:
    truth = pl.read_csv(SURVEY / "expected_vs_county.csv").filter(pl.col("design") == name, pl.col("variable") == variable)
    got = de.against_whole(samples[name], variable, "mun").join(
        truth, left_on=["mun", "statistic"], right_on=["mun", "quantity"], suffix="_truth"
    )
    assert got.height == truth.height == 36
    for row in got.iter_rows(named=True):
        assert relative(row["estimate"], row["estimate_truth"]) < 1e-9
        assert relative(row["se"], row["se_truth"]) < 1e-9, (row["mun"], row["statistic"])
        if row["se"] == 0:  # every school took part: no interval rather than one of width 0
            assert (row["low"], row["reason"]) == (None, "no_spread")
        else:
            assert row["low"] < row["estimate"] < row["high"]


def test_quantiles(samples: dict[str, Sample]) -> None:
    table = pl.read_csv(SURVEY / "expected_tests.csv").filter(pl.col("test") == "quantile")
    assert table.height == 3
    for quantity, truth in table.select("quantity", "value").iter_rows():
        found, se, low, high = de.quantile(samples["strat_cluster_fpc"], "score", int(quantity[1:3]) / 100)
        assert found == pytest.approx(truth, rel=1e-12)
        assert low <= found <= high
        assert se >= 0
        row = de.quantile_row(samples["strat_cluster_fpc"], "score", int(quantity[1:3]) / 100)
        assert (row["estimate"], row["method"]) == (found, "woodruff")
        assert row["reason"] == ("ok" if high > low else "no_spread")
