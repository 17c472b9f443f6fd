"""The sexes' means beside the total's tell how many of each sex have a score: hidden where that would tell a hidden number."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import yaml

from assets.methods.disclosure import load_policy, protect
from tests.support.disclosure_population import estimates, largest, population

POLICY = load_policy(yaml.safe_load((Path(__file__).parents[2] / "assets/catalogue/disclosure.yml").read_text(encoding="utf-8")))
GIRLS, BOYS = (52, 27, 38, 5), (67, 22, 12, 3)
"""Band 1, 2, 3 and without a score: few lack one, so those numbers are hidden while every band is shown."""
Told = dict[tuple[str, str], tuple[float | None, str]]


def counted() -> pl.DataFrame:
    rows = []
    for sex, leaf in (("girl", GIRLS), ("boy", BOYS), ("all", tuple(a + b for a, b in zip(GIRLS, BOYS, strict=True)))):
        *bands, unscored = leaf
        pair = largest(sum(bands), 4)
        rows.append(("municipality", "0191", 2024, "gy2", sex, "one", sum(leaf), sum(bands), unscored, *bands, 4, 9, *pair))
    frame = population(1, [5], indices=["one"]).clear()
    return pl.DataFrame(rows, schema=frame.columns, orient="row").cast(dict(frame.schema))


def told(means: dict[str, tuple[float, float, float]], edition: str = "intern") -> Told:
    """What is published with these means, (estimate, low, high) per sex."""
    counts = counted()
    proof = estimates(counts)
    ours = pl.col("measure") == "mean"
    for at, column in enumerate(("estimate", "low", "high")):
        value = pl.col("sex").replace_strict({sex: mean[at] for sex, mean in means.items()}, return_dtype=pl.Float64)
        proof = proof.with_columns(pl.when(ours).then(value).otherwise(column).alias(column))
    inner = protect(counts, proof, POLICY)
    chosen = inner if edition == "intern" else protect(counts, proof, POLICY, edition, within=inner.pattern)
    return {(r["sex"], r["measure"]): (r["value"], r["reason"]) for r in chosen.results.iter_rows(named=True)}


FAR = {"girl": (0.7712, 0.5014, 1.0410), "boy": (0.1533, -0.0107, 0.3173), "all": (0.4849, 0.3075, 0.6623)}
NEAR = {"girl": (0.4912, 0.3214, 0.6610), "boy": (0.4791, 0.3091, 0.6491), "all": (0.4856, 0.3075, 0.6637)}


@pytest.mark.parametrize("edition", ["intern", "publik"])
def test_means_that_differ_much_are_hidden_for_the_sexes_alone(edition: str) -> None:
    got = told(FAR, edition)
    assert got["boy", "share_unscored"][0] is None
    for measure in ("mean", "sd"):
        assert [got[sex, measure][1] for sex in ("girl", "boy")] == ["suppressed", "suppressed"]
    assert got["all", "mean"] == (0.48, "ok")
    assert got["girl", "share_band1"][1] == "ok"


def test_means_that_are_alike_tell_nothing_and_are_shown() -> None:
    got = told(NEAR)
    assert got["boy", "share_unscored"][0] is None
    assert {got[sex, "mean"][1] for sex in ("girl", "boy", "all")} == {"ok"}
