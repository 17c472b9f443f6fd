"""The cube from answer patterns against R survey 4.1-1 and 4.5: stratified schools with finite populations, and the contrasts."""

from __future__ import annotations

import polars as pl
import pytest

from benchmarks.cube_task.cube import Moments, domain_moments, full_table, moments, plain_table
from benchmarks.cube_task.pattern_sums import Design, MeanScoreIndex, class_sums
from tests.oracle.rasch_reference import DATA

SURVEY = DATA / "survey_design"
# a score of the file is a whole number of twelfths of 100, so it is the answer to one item with 13 answers
INDICES = (MeanScoreIndex("score", ("answer",), 13, 1, 60.0),)
STRATUM = ("year", "mun", "grade")
TOLERANCE = 1e-9


def micro() -> pl.DataFrame:
    rows = pl.read_csv(SURVEY / "micro.csv")
    return rows.with_columns(answer=(pl.col("score") * 12 / 100).round().cast(pl.Int16) + 1)


def table_of(rows: pl.DataFrame, population: str | None) -> Moments:
    return moments(class_sums(rows.lazy(), INDICES, Design(STRATUM, "school", "sex", "w", population)), INDICES)


def relative(got: float, truth: float) -> float:
    return abs(got - truth) / max(1e-3, abs(truth))


WHAT = {"score": "mean", "risk": "risk"}


@pytest.mark.parametrize(("design", "population"), [("strat_cluster", None), ("strat_cluster_fpc", "N_school")])
def test_every_mean_by_domains_of_whole_strata(design: str, population: str | None) -> None:
    table, everybody = table_of(micro(), population), table_of(micro().with_columns(sex=pl.lit(1)), population)
    expected = pl.read_csv(SURVEY / "expected_estimates.csv", schema_overrides={"domain": pl.String}).filter(
        pl.col("design") == design,
        pl.col("stat").is_in(["mean", "mean_by"]),
        pl.col("variable").is_in(list(WHAT)),
    )
    columns = {"estimate": "", "se": "_se", "df": None, "lo_t": "_lo", "hi_t": "_hi", "n": None}
    compared = 0
    for (name, domain), rows in expected.group_by("variable", "domain", maintain_order=True):
        keys = dict(part.split("=") for part in (domain or "").split(";") if part)
        if not keys.keys() <= {*STRATUM, "sex"}:
            continue
        sex = int(keys.pop("sex", 0))
        what = WHAT[name]
        cells = plain_table(domain_moments(table if sex else everybody, list(keys)), INDICES, sexes=(0, 1, 2))
        same = [pl.col(key).cast(pl.String) == value for key, value in keys.items()]
        cell = cells.filter(pl.col("sex") == sex, *same).row(0, named=True)
        for quantity, value in rows.select("quantity", "value").iter_rows():
            if quantity not in columns or (what == "risk" and quantity in ("lo_t", "hi_t")):  # the table's are on the logit scale
                continue
            suffix = columns[quantity]
            got = cell[quantity] if suffix is None else cell[what + suffix]
            assert relative(got, value) < TOLERANCE, (name, domain, quantity)
            compared += 1
    assert compared > 200


def test_the_difference_to_the_county_with_its_covariance() -> None:
    rows = micro().with_columns(sex=pl.lit(1), all=pl.lit(0))
    design = Design(("all", *STRATUM), "school", "sex", "w", "N_school")
    sums = moments(class_sums(rows.lazy(), INDICES, design), INDICES)
    table = full_table(sums, INDICES, "all", "mun", "grade").filter(pl.col("sex") == 0, pl.col("grade").is_null())
    expected = pl.read_csv(SURVEY / "expected_vs_county.csv").filter(
        pl.col("design") == "strat_cluster_fpc", pl.col("quantity").is_in(["area", "county", "diff"])
    )
    compared = 0
    for name, mun, quantity, estimate, se in expected.drop("design").iter_rows():
        what = WHAT[name]
        of_area = pl.col("mun") == mun if quantity != "county" else pl.col("mun").is_null()
        cell = table.filter(of_area).row(0, named=True)
        column = f"diff_{what}" if quantity == "diff" else what
        assert relative(cell[column], estimate) < TOLERANCE
        assert relative(cell[f"{column}_se"], se) < TOLERANCE
        compared += 1
    assert compared == 36
