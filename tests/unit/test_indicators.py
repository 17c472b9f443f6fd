"""Indicators: who is a yes, who is in the denominator, and why the others are not."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from assets.catalogue.indicator_models import Indicator, PompIndex
from assets.catalogue.load import ROOT, load_catalogue, read_catalogue
from assets.methods.asked_waves import settle_waves
from assets.methods.errors import PipelineError
from assets.methods.estimate import area_counts, area_estimates
from assets.methods.indicators import (
    DONT_KNOW,
    NO_ANSWER,
    NOT_ASKED,
    OUTSIDE,
    ROUTED,
    VALID,
    as_bands,
    indicator_counts,
    indicator_values,
    status_name,
)
from assets.methods.pomp import answered_name, pomp_index, pomp_means, pomp_values

CATALOGUE = load_catalogue()
SURVEY = CATALOGUE.survey
FILE = CATALOGUE.indicator_file
ROUTED_PAST, DONT, SKIPPED = 996, 998, 999


def pupils(wave: int = 2024, sex: list[str] | None = None, **answers: list[int | None]) -> pl.DataFrame:
    """Respondents with the given answers, one list per question."""
    rows = max(map(len, answers.values()))
    background = {
        "respondent_key": [f"r{n}" for n in range(rows)],
        "municipality_code": ["0127"] * rows,
        "district_code": pl.Series([None] * rows, dtype=pl.String),
        "wave": pl.Series([wave] * rows, dtype=pl.Int32),
        "grade": ["ak9"] * rows,
        "sex": sex or ["girl"] * rows,
        "school_code": ["s"] * rows,
        "class_code": ["9A"] * rows,
    }
    return pl.DataFrame(background | {key: pl.Series(codes, dtype=pl.Int16) for key, codes in answers.items()})


def outcome(key: str, variant: str | None = None, **kwargs) -> tuple[list[int | None], list[int]]:
    """Values and statuses of one indicator."""
    indicator = FILE.by_id[key].variant(variant)
    values = indicator_values(pupils(**kwargs), [indicator], SURVEY)
    assert values[key].dtype == values[status_name(key)].dtype == pl.Int8
    return values[key].to_list(), values[status_name(key)].to_list()


def test_one_question():
    assert outcome("dik14a", F14=[1, 3, 4, 5, SKIPPED, None]) == (
        [0, 0, 1, 1, None, None],
        [VALID, VALID, VALID, VALID, NO_ANSWER, NOT_ASKED],
    )


def test_any_of_has_three_states():
    """D10: one blank must not hide an exposed pupil; D08: a blank is not a no."""
    victim = outcome("dik77frs", F77f=[2, 1, 1, SKIPPED, 2], F77r=[1, 1, SKIPPED, SKIPPED, SKIPPED], F77s=[1, 1, 1, 1, SKIPPED])
    assert victim == ([1, 0, None, None, 1], [VALID, VALID, NO_ANSWER, NO_ANSWER, VALID])


def test_a_rule_with_many_parts_names_how_many_answers_make_a_no():
    parts = {f"F80{letters}": [1, 1, 1, 2] for letters in ("aa", "ba", "ca")}
    parts |= {"F80da": [1, 1, SKIPPED, SKIPPED], "F80ea": [1, SKIPPED, SKIPPED, SKIPPED]}
    assert outcome("utsatt_brott", **parts)[0] == [0, 0, None, 1]
    assert outcome("utsatt_brott", "strikt", **parts)[0] == [0, None, None, 1]


def test_a_count_of_kinds_of_crime_knows_when_enough_can_no_longer_be_reached():
    crimes = [f"F77{letter}" for letter in "abcdefghijklmnopqrs"]
    answers = {key: [1, 1, SKIPPED, SKIPPED] for key in crimes}
    for key in crimes[:3]:
        answers[key] = [2, 1, 2, SKIPPED]
    answers[crimes[3]] = [1, SKIPPED, SKIPPED, SKIPPED]
    assert outcome("begatt_brott_fler", "strikt", **answers)[0] == [1, 0, 1, None], "yes by three, whatever the blanks hold"


def test_routed_past_counts_as_no_only_where_the_definition_says_so():
    assert outcome("dik37", F37=[ROUTED_PAST, 0, 1, 28, DONT, SKIPPED]) == (
        [0, 0, 1, 1, None, None],
        [VALID, VALID, VALID, VALID, DONT_KNOW, NO_ANSWER],
    )
    assert outcome("dik14a", F14=[ROUTED_PAST]) == ([None], [ROUTED])


def test_many_times_drunk_stay_many():
    """D14: the predecessor made 13-31 times missing."""
    assert outcome("dik37", F37=[12, 13, 31, 32])[0] == [1, 1, 1, 1]


def test_dont_know_about_parents_is_a_no_for_the_city_and_missing_for_rise():
    assert outcome("dik82", F82=[1, 2, 3, 4, DONT]) == ([1, 1, 0, 0, 0], [VALID] * 5)
    assert outcome("dik82", "rise", F82=[1, 2, 3, 4, DONT]) == ([1, 1, 0, 0, None], [VALID] * 4 + [DONT_KNOW])


def test_boxes_are_answered_when_one_is_ticked():
    """D08: a pupil who ticks nothing has not said that she is bullied, nor that she is not."""
    boxes = {f"F61{letter}": [0, 0, 0, 0] for letter in "bcdefghi"} | {"F61a": [1, 0, 0, SKIPPED]}
    boxes["F61e"] = [0, 1, 0, SKIPPED]
    assert outcome("dik61", **boxes) == ([0, 1, None, None], [VALID, VALID, NO_ANSWER, NO_ANSWER])


def test_a_base_takes_out_those_it_is_not_about():
    boxes = {f"F61{letter}": [0, 0, 0, 0] for letter in "cdefghi"}
    boxes |= {"F61a": [1, 0, 0, 0], "F61b": [0, 1, 1, 0], "F62": [1, 3, 2, 4]}
    assert outcome("f62nyckel", **boxes) == ([None, 1, 0, None], [OUTSIDE, VALID, VALID, NO_ANSWER])
    tried = {"F46": [1, 1, 2, SKIPPED, 1], "F53": [1, 2, 1, 1, DONT]}
    assert outcome("dik53ej", **tried) == ([1, 0, None, None, None], [VALID, VALID, OUTSIDE, NO_ANSWER, DONT_KNOW])
    assert outcome("dik53ej", "bland_alla", **tried) == ([1, 0, 0, None, None], [VALID, VALID, VALID, NO_ANSWER, DONT_KNOW])


def test_gamblers_are_those_who_tick_a_way_of_gambling():
    answers = {"F73_1": [1, 0, 0, 0], "F73_2": [0, 1, 0, 0], "F73_3": [0, 0, 1, 0]}
    problems = {"F75a": [ROUTED_PAST, 2, 1, 1], "F75b": [ROUTED_PAST, 1, 1, 1], "F75c": [ROUTED_PAST, SKIPPED, 1, 1]}
    assert outcome("spelprobl", **answers, **problems) == ([None, 1, 0, None], [OUTSIDE, VALID, VALID, NO_ANSWER])


def test_safe_outdoors_keeps_those_who_stay_in():
    assert outcome("f102nyckel", F102=[1, 2, 3, 4, 5, 6, SKIPPED])[0] == [1, 1, 0, 0, 0, 0, None]


def test_a_series_is_empty_outside_its_waves():
    answers = {"F15": [5], "F19_gammal": [5]}
    assert outcome("dik15", wave=2020, **answers) == ([None], [NOT_ASKED])
    assert outcome("dik15", wave=2022, **answers) == ([1], [VALID])
    assert outcome("snus_till_2020", wave=2020, **answers) == ([1], [VALID])
    assert outcome("snus_till_2020", wave=2022, **answers) == ([None], [NOT_ASKED])


def test_a_question_without_a_column_was_not_asked():
    assert outcome("dik18", F14=[1]) == ([None], [NOT_ASKED])
    assert outcome("dik18", F19a=[5])[0] == [1], "one yes is enough"


def test_every_definition_gives_zero_one_or_a_reason():
    codes = [0, 1, 2, 3, 4, 5, 6, 7, ROUTED_PAST, DONT, SKIPPED, None]
    answers = pupils(**{i.key: codes for i in SURVEY.items})
    values = indicator_values(answers, FILE.indicators, SURVEY)
    assert values.height == len(codes)
    for indicator in FILE.indicators:
        value, status = values[indicator.id], values[status_name(indicator.id)]
        assert set(value.drop_nulls()) <= {0, 1}, indicator.id
        assert (value.is_not_null() == (status == VALID)).all(), indicator.id
        assert set(status) <= set(range(6)), indicator.id
        assert status[-1] == NOT_ASKED, indicator.id


def places() -> pl.DataFrame:
    """Two municipalities, two classes, girls, boys and another sex."""
    frame = pupils(
        sex=["girl", "girl", "boy", "boy", "other", "girl"],
        F14=[5, 1, 4, SKIPPED, 5, 1],
        F37=[ROUTED_PAST, 2, DONT, 0, 1, 1],
    )
    return frame.with_columns(
        municipality_code=pl.Series(["0127", "0127", "0127", "0180", "0180", "0180"]),
        district_code=pl.Series([None, None, None, "0180-101", "0180-101", "0180-102"]),
        class_code=pl.Series(["9A", "9B", "9B", "9A", "9A", "9A"]),
    )


def test_counts_add_up_and_leave_out_other_sexes():
    chosen = [FILE.by_id["dik14a"], FILE.by_id["dik37"]]
    counts = indicator_counts(indicator_values(places(), chosen, SURVEY), chosen)
    parts = ["n_valid", "n_no_answer", "n_dont_know", "n_routed", "n_not_asked", "n_outside_base"]
    assert (counts.select(pl.sum_horizontal(parts)).to_series() == counts["n_respondents"]).all()

    def row(area: str, sex: str, key: str) -> dict:
        found = counts.filter(pl.col("area_code") == area, pl.col("sex") == sex, pl.col("indicator") == key).to_dicts()
        assert len(found) == 1
        return found[0]

    county = row("01", "all", "dik14a")
    assert (county["n_respondents"], county["n_valid"], county["n_yes"], county["n_no_answer"]) == (5, 4, 2, 1)
    assert (county["n_psu"], county["n_schools"]) == (3, 2), "classes and schools with a valid answer"
    assert county["largest_school"] + county["second_school"] == county["n_valid"] > county["largest_school"] > 0
    assert row("01", "boy", "dik37")["n_dont_know"] == 1
    assert row("01", "boy", "dik37")["base"] == "alla elever, den som aldrig varit berusad räknas som nej"
    assert (row("0180-101", "girl", "dik14a")["n_respondents"], row("0180-101", "all", "dik14a")["n_valid"]) == (0, 0)
    for level in ("county", "municipality"):
        girls, boys, everyone = (counts.filter(area_level=level, sex=sex)["n_yes"].sum() for sex in ("girl", "boy", "all"))
        assert girls + boys == everyone == 4
    assert counts["indicator"].to_list()[:2] == ["dik14a", "dik37"], "in the order of the definitions"
    assert set(counts["area_level"]) == {"county", "municipality", "district"}


def test_counts_do_not_depend_on_the_order_of_rows():
    chosen = list(FILE.indicators)
    values = indicator_values(places(), chosen, SURVEY)
    assert indicator_counts(values, chosen).equals(indicator_counts(values.reverse(), chosen))


def test_bands_let_the_estimators_take_indicators():
    chosen = [FILE.by_id["dik14a"]]
    values = indicator_values(places(), chosen, SURVEY)
    bands = area_counts(as_bands(values, chosen), ["dik14a"])
    counts = indicator_counts(values, chosen)
    assert bands["band3"].to_list() == counts["n_yes"].to_list()
    for same, other in (("n_scored", "n_valid"), ("largest_school", "largest_school"), ("second_school", "second_school")):
        assert bands[same].to_list() == counts[other].to_list()
    shares = area_estimates(as_bands(values, chosen), {"dik14a": "risk"})
    share = shares.filter(area_code="01", sex="all", measure="share_band3")["estimate"].item()
    assert share == 0.5


# --- 0-100 indices ------------------------------------------------------------------------------------------------------------


def index(key: str, variant: str | None = None, **answers: list[int | None]) -> tuple[list[float | None], list[int]]:
    found = pomp_index(pupils(**answers), FILE.index_by_id[key].variant(variant), SURVEY)
    return found[key].to_list(), found[answered_name(key)].to_list()


def test_items_become_thirds_and_the_index_their_mean():
    assert index("dikmedel55ahl", F55a=[1, 4, 2], F55h=[1, 4, 3], F55l=[1, 4, 4]) == ([0.0, 100.0, 66.666666667], [3, 3, 3])


def test_below_the_minimum_of_answers_there_is_no_index():
    answers = {"F55a": [4, 4, SKIPPED], "F55h": [1, SKIPPED, DONT], "F55l": [SKIPPED, None, 4]}
    assert index("dikmedel55ahl", **answers) == ([50.0, None, None], [2, 1, 1])
    assert index("dikmedel55ahl", F55a=[4]) == ([None], [1])
    assert index("dikmedel55ahl", F14=[4]) == ([None], [0])


def test_the_reversal_that_the_codebook_does_not_mention_is_a_parameter():
    answers = {"F55d": [4], "F55j": [4], "F55m": [1]}
    assert index("dikmedel55djm", **answers)[0] == [100.0]
    assert index("dikmedel55djm", "kodbok", **answers)[0] == [66.666666667]


def test_help_from_parents_has_values_of_its_own():
    """Ja 0, Nej 100, Vet inte 66.7; the other two are reversed."""
    assert index("dik8485gh", F84=[1, 2, DONT], F85g=[4, 4, 4], F85h=[4, 4, 4])[0] == [0.0, 33.333333333, 22.222222222]


def test_good_health_is_high_for_the_healthiest_answers():
    """The codebook gives 0 to both ends of F93; never is 100."""
    healthy = {"F90": [1, 5], "F93": [5, 1], "F95": [5, 1], "F97": [5, 1], "F100": [1, 5]}
    assert index("psykhalsa", **healthy)[0] == [100.0, 0.0]


def test_leisure_and_friends_point_the_same_way():
    assert index("indexprosoc", F71=[1, 4], F88a=[4, 1], F88c=[4, DONT], F88f=[4, 1]) == ([100.0, 0.0], [4, 3])


@pytest.mark.parametrize("definition", FILE.indices, ids=lambda d: d.id)
def test_every_index_reaches_0_and_100_and_needs_half_its_items(definition: PompIndex):
    assert definition.minimum_answered == -(-len(definition.items) // 2)
    for part in definition.items:
        codes = sorted(SURVEY.answers(part.item))
        low, high = (codes[-1], codes[0]) if part.reverse else (codes[0], codes[-1])
        values = pomp_index(pupils(**{part.item: [low, high]}), definition.model_copy(update={"minimum_answered": 1}), SURVEY)
        assert values[definition.id].to_list() == [0.0, 100.0], part.item


def test_means_are_exact_and_leave_out_other_sexes():
    frame = places().with_columns(F55a=pl.Series([1, 2, 4, 4, 4, SKIPPED], dtype=pl.Int16), F55h=pl.lit(4, pl.Int16))
    definition = FILE.index_by_id["dikmedel55ahl"]
    values = pomp_values(frame, [definition], SURVEY)
    means = pomp_means(values, [definition])
    county = means.filter(area_code="01", sex="all").to_dicts()[0]
    assert (county["n_respondents"], county["n_valid"]) == (5, 4)
    assert county["largest_school"] + county["second_school"] == 4 > county["largest_school"] >= 2
    assert county["mean"] == pytest.approx((50 + 200 / 3 + 100 + 100) / 4, abs=1e-9)
    assert means.filter(area_code="0180-102")["mean"].to_list() == [None, None, None]
    assert means.equals(pomp_means(values.reverse(), [definition]))


# --- waves --------------------------------------------------------------------------------------------------------------------


def test_empty_cells_of_a_wave_without_the_question_are_not_skipped_questions():
    columns = {i.key: pl.Series([None] * 4, dtype=pl.Int16) for i in SURVEY.items}
    columns |= {"F15": pl.Series([SKIPPED, SKIPPED, 996, 4], dtype=pl.Int16)}
    columns |= {"F19b": pl.Series([5, SKIPPED, 2, SKIPPED], dtype=pl.Int16), "F55e": pl.Series([SKIPPED] * 4, dtype=pl.Int16)}
    settled = settle_waves(pl.DataFrame(columns), pl.Series("wave", [2016, 2018, 2020, 2022]), SURVEY)
    assert settled["F15"].to_list() == [None, None, 996, 4]
    assert settled["F19b"].to_list() == [None, None, None, SKIPPED]
    assert settled["F19_gammal"].to_list() == [5, SKIPPED, 2, None], "until 2020 it is the older question"
    assert settled["F55e"].to_list() == [SKIPPED] * 4
    assert settled.columns == list(columns)


def test_a_real_answer_before_the_first_wave_is_not_thrown_away():
    columns = {i.key: pl.Series([None], dtype=pl.Int16) for i in SURVEY.items} | {"F77t": pl.Series([2], dtype=pl.Int16)}
    settled = settle_waves(pl.DataFrame(columns), pl.Series("wave", [2022]), SURVEY)
    assert settled["F77t"].to_list() == [2]


# --- the definitions ----------------------------------------------------------------------------------------------------------


def test_definitions_that_cannot_be_meant_are_errors():
    base = {"id": "x", "title_sv": "x", "title_en": "x", "topic": "skola", "arena": "skola"}
    smokes = {"F14": [4]}
    wrong: list[dict] = [
        {},
        {"any_of": smokes, "all_of": {"F15": [4]}},
        {"count_of": smokes},
        {"any_of": smokes, "at_least": 1},
        {"any_of": smokes, "answered_at_least": 2},
    ]
    for numerator in wrong:
        with pytest.raises(ValidationError):
            Indicator.model_validate(base | {"numerator": numerator})
    assert Indicator.model_validate(base | {"numerator": {"any_of": {"F14": [4]}}}).items == ("F14",)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{F14: [4, 5]}", "{F14: [4, 6]}", "dik14a: F14 har inga svarskoder [6]"),
        ("{F14: [4, 5]}", "{F13: [4, 5]}", "dik14a: okänd fråga F13"),
        ("{F37: {minimum: 1}}", "{F37: [1]}", "dik37: F37: minimum hör till frågor om antal"),
        ("id: dik14a", "id: dik36", "står två gånger: dik36"),
        ("as_no: [998]", "as_no: [996]", "as_no 996, men ingen av frågorna är en följdfråga"),
        ("{item: F84, values: {1: 0", "{item: F84, values: {7: 0", "dik8485gh: F84 har inga svarskoder [7]"),
        ("{item: F55d}", "{item: F54d}", "dikmedel55djm: okänd fråga F54d"),
    ],
)
def test_definitions_that_do_not_fit_the_survey_are_told(tmp_path, old, new, said):
    folder = Path(shutil.copytree(ROOT, tmp_path / "catalogue", ignore=shutil.ignore_patterns("*.py", "__pycache__", "schemas")))
    path = folder / "indicators/stockholmsenkaten.yml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PipelineError) as caught:
        read_catalogue(folder)
    assert said in str(caught.value)


def test_breaks_are_found_by_the_questions_of_an_indicator():
    years = {b.year for b in CATALOGUE.breaks_of_items(FILE.by_id["dik14"].items)}
    assert {2020, 2022, 2024} <= years
    assert not CATALOGUE.breaks_of_items(FILE.by_id["dik36"].items)


def test_all_that_the_domain_asks_for_is_defined():
    assert {"dik14a", "dik53ej", "f62nyckel", "dikf88ej", "f102nyckel", "spelprobl", "F70nyckel", "f100nyckel"} <= set(FILE.by_id)
