"""From validated answers to scored respondents: the catalogue's definitions meet the statistical core."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.persons import cut_set, index_specs, item_scores, psu, score_persons

CATALOGUE = load_catalogue()
ITEMS = [item.key for item in CATALOGUE.survey.items]
ACTING_OUT = [part.item for part in CATALOGUE.index("acting_out").items]
BONDING = [part.item for part in CATALOGUE.index("school_bonding").items]


def answers(*people: dict[str, object]) -> pl.DataFrame:
    """Respondents; what is not given is a class 9A in Täby without any answer."""
    keys = {
        "respondent_key": "a-1",
        "municipality_code": "0160",
        "district_code": None,
        "wave": 2024,
        "grade": "ak9",
        "sex": "girl",
        "school_code": "s1",
        "class_code": "9A",
    }
    schema = {k: pl.Int32 if k == "wave" else pl.String for k in keys} | {item: pl.Int16 for item in ITEMS}
    blank = keys | dict.fromkeys(ITEMS, 999)
    return pl.DataFrame([blank | {"respondent_key": f"a-{n}"} | person for n, person in enumerate(people, 1)], schema=schema)


def scored(*people: dict[str, object]) -> pl.DataFrame:
    """Their scores, in the order given (respondent keys sort the same way)."""
    return score_persons(answers(*people), CATALOGUE.index_file, CATALOGUE.cutoffs, CATALOGUE.item_scores())


def test_specs_and_cuts_are_bound_by_index_key():
    specs = {spec.key: spec for spec in index_specs(CATALOGUE.index_file)}
    assert set(specs) == set(CATALOGUE.index_file.keys)
    assert specs["school_bonding"].kind == "protective"
    assert {spec.min_answered for spec in specs.values()} == {5}
    cuts = cut_set(CATALOGUE.cutoffs)
    assert cuts.cuts["parenting"] == (0.092131412456355, 0.37600000000000006)
    turned = CATALOGUE.cutoffs.model_copy(update={"cuts": dict(reversed(CATALOGUE.cutoffs.cuts.items()))})
    assert cut_set(turned).cuts == cuts.cuts, "the order of the file decides nothing"


def test_codes_become_scores_and_every_kind_of_missing_is_null():
    frame = pl.DataFrame({"F55o": pl.Series([1, 2, 3, 4, 996, 998, 999, None], dtype=pl.Int16)})
    assert item_scores(frame, {"F55o": CATALOGUE.item_scores()["F55o"]})["F55o"].to_list() == [
        0, 1, 1, 2, None, None, None, None
    ]  # fmt: skip


def test_at_least_five_answers_are_needed():
    table = scored(dict.fromkeys(ACTING_OUT[:5], 2), dict.fromkeys(ACTING_OUT[:4], 2), {})
    assert table["acting_out"].is_null().to_list() == [False, True, True]
    assert table["acting_out_n"].to_list() == [5, 4, 0]
    assert table["acting_out_band"].is_null().to_list() == [False, True, True]


def test_high_is_risk_and_protective_scores_are_turned():
    least, most = dict.fromkeys(ACTING_OUT, 1), dict.fromkeys(ACTING_OUT, 4)
    table = scored(least, most, dict.fromkeys(BONDING, 4), dict.fromkeys(BONDING, 1))
    assert table["acting_out"][0] < 0 < table["acting_out"][1]
    assert table["acting_out_band"].to_list()[:2] == [1, 3]
    assert table["school_bonding"][2] > 0 > table["school_bonding"][3], "agreeing with good things is protection"
    assert table["school_bonding_band"].to_list()[2:] == [3, 1]


@pytest.mark.parametrize(
    ("school", "klass", "unit"),
    [("s1", "9A", "0160/2024/ak9/s1/9A"), ("s1", None, "0160/2024/ak9/s1/-"), (None, "9A", "0160/2024/ak9/okänd/9A"),
     (None, None, "0160/2024/ak9/okänd/-")],
)  # fmt: skip
def test_the_sampling_unit_is_the_class_else_the_school(school, klass, unit):
    assert answers({"school_code": school, "class_code": klass}).select(psu())["municipality_code"].to_list() == [unit]
    assert scored({"school_code": school, "class_code": klass})["psu"].to_list() == [unit]


def test_a_class_name_is_a_unit_within_its_school_wave_and_grade():
    table = scored({}, {"school_code": "s2"}, {"wave": 2022}, {"grade": "gy2"}, {"municipality_code": "0127"}, {})
    assert table["psu"].n_unique() == 5
    assert table["stratum"].n_unique() == 4


def test_columns_order_and_no_answers_among_them():
    table = scored({"wave": 2024}, {"wave": 2022}, {"wave": 2022, "municipality_code": "0127"})
    assert table.select("wave", "municipality_code").rows() == [(2022, "0127"), (2022, "0160"), (2024, "0160")]
    assert not set(table.columns) & set(ITEMS)
    assert "class_code" not in table.columns
    for key in CATALOGUE.index_file.keys:
        assert {key, f"{key}_se", f"{key}_n", f"{key}_band"} <= set(table.columns)


def test_nobody_gives_an_empty_table_with_the_same_columns():
    empty = score_persons(answers().clear(), CATALOGUE.index_file, CATALOGUE.cutoffs, CATALOGUE.item_scores())
    assert empty.schema == scored({}).schema
