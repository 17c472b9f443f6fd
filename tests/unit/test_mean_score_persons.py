"""Mean-score indices through the pipeline's own scorer, against a computation that shares no code with it."""

from __future__ import annotations

import random

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue, load_profile_catalogue
from assets.methods.errors import PipelineError
from assets.methods.estimate import area_counts, area_estimates
from assets.methods.persons import score_persons
from assets.methods.score_scale import policy_for, with_unit

LUPP = load_profile_catalogue("lupp")
FILE = LUPP.index_file
ITEMS = {i.key: [p.item for p in i.items] for i in LUPP.indices}
KEYS = {
    "municipality_code": "0123",
    "district_code": None,
    "wave": 2020,
    "grade": "ak8",
    "sex": "girl",
    "school_code": "s",
    "class_code": "8A",
}


def answers(people: list[dict[str, int]]) -> pl.DataFrame:
    """Respondents with codes; what is not given is no answer."""
    items = [i.key for i in LUPP.survey.items]
    schema = {"respondent_key": pl.String} | {k: pl.Int32 if k == "wave" else pl.String for k in KEYS}
    rows = [{"respondent_key": f"a-{n:05}"} | KEYS | dict.fromkeys(items, 999) | person for n, person in enumerate(people)]
    return pl.DataFrame(rows, schema=schema | dict.fromkeys(items, pl.Int16))


def scored(people: list[dict[str, int]], file=FILE) -> pl.DataFrame:
    """Their scores."""
    return score_persons(answers(people), file, LUPP.cutoffs, LUPP.item_scores())


def by_hand(person: dict[str, int], index: str, least: int, top: int) -> float | None:
    """The mean of (code - 1) / top over the answered questions, times 100."""
    given = [person[item] - 1 for item in ITEMS[index] if item in person and person[item] < 990]
    return 100 * sum(given) / (top * len(given)) if len(given) >= least else None


def test_scores_are_the_mean_of_the_answers():
    draw = random.Random(5)
    tops = {"lupp_complaints": (4, 4), "lupp_leisure_barriers": (3, 3), "lupp_use": (3, 4)}
    people = [
        {item: draw.choice([999, 996, *range(1, tops[key][1] + 2)]) for key, items in ITEMS.items() for item in items}
        for _ in range(400)
    ]
    table = scored(people)
    for key, (least, top) in tops.items():
        expected = [by_hand(person, key, least, top) for person in people]
        assert None in expected
        for got, want in zip(table[key], expected, strict=True):
            assert got == pytest.approx(want, abs=1e-9)
        assert table[f"{key}_se"].null_count() == table.height
        answered = [sum(person[item] < 990 for item in ITEMS[key]) for person in people]
        assert table[f"{key}_n"].to_list() == answered


def test_bands_are_the_thirds_of_the_scale():
    items = ITEMS["lupp_leisure_barriers"]
    people = [dict.fromkeys(items, code) for code in (1, 2, 3, 4)]
    assert scored(people)["lupp_leisure_barriers"].to_list() == pytest.approx([0, 100 / 3, 200 / 3, 100])
    assert scored(people)["lupp_leisure_barriers_band"].to_list() == [1, 1, 2, 3]


def test_a_protective_index_is_turned_round():
    index = FILE.indices[1].model_copy(update={"kind": "protective"})
    turned = FILE.model_copy(update={"indices": (FILE.indices[0], index, FILE.indices[2])})
    people = [dict.fromkeys(ITEMS["lupp_leisure_barriers"], code) for code in (1, 2, 4)]
    assert scored(people, turned)["lupp_leisure_barriers"].to_list() == pytest.approx([100, 200 / 3, 0])


def test_estimates_of_mean_scores_are_plain_means():
    people = [dict.fromkeys(ITEMS["lupp_use"], code) for code in (1, 2, 3, 4, 5)] * 20
    table = scored(people).with_columns(psu=pl.format("c{}", pl.int_range(pl.len()) // 10))
    means = area_estimates(table, {"lupp_use": "risk"}, levels=("municipality",)).filter(pl.col("measure") == "mean")
    assert means.filter(pl.col("sex") == "all")["estimate"].to_list() == pytest.approx([50.0])
    assert area_counts(table, ["lupp_use"], ("municipality",)).filter(pl.col("sex") == "all")["n_scored"].to_list() == [100]


def test_a_group_too_large_for_exact_sums_is_refused():
    one = scored([dict.fromkeys(ITEMS["lupp_use"], 5)])
    crowd = pl.concat([one] * 1000)
    with pytest.raises(PipelineError) as caught:
        area_counts(crowd, ["lupp_use"], ("municipality",))
    assert caught.value.code == "class_too_large"
    assert "Lägg till skola eller klass i leveransen." in str(caught.value)


def test_means_get_their_own_unit_and_fewer_decimals():
    base = load_catalogue()
    shown = pl.DataFrame({"unit": ["logit", "percent"]})
    assert with_unit(shown, FILE)["unit"].to_list() == ["score_0_100", "percent"]
    assert with_unit(shown, base.index_file)["unit"].to_list() == ["logit", "percent"]
    assert policy_for(base.disclosure, base.index_file) == base.disclosure
    assert {e["mean_decimals"] for e in policy_for(base.disclosure, FILE)["editions"].values()} == {1}
