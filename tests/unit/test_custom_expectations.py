"""Our own expectations, each on rows that hold and on rows that break it: which rows, which delivery, and at which limit."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.models import Break
from assets.methods.item_profile import PROFILE_SCHEMA, against_last_wave, item_profile, routing_counts
from expectations.custom import custom_expectations, default_columns, expectation_class
from expectations.run import RuleOutcome, run_suite
from expectations.suite import Suite, load_suite, suite_tables
from tests.support.rule_frames import CATALOGUE, pupils

UNIT = ("delivery_id", "wave")


def judge(expectation: str, frame: pl.DataFrame, unit: tuple[str, ...] = UNIT, **kwargs: object) -> RuleOutcome:
    """The outcome of one expectation on a frame."""
    texts = {"text_sv": "a", "why_sv": "b", "remedy_sv": "c"}
    rule = {"id": "r", "severity": "warning", "expectation": expectation, "kwargs": kwargs} | texts
    return run_suite(Suite.model_validate({"table": "t", "unit": unit, "rules": [rule]}), frame, {})[0]


def rows(columns: str, *values: tuple[object, ...]) -> pl.DataFrame:
    """A frame from rows; `columns` are separated by spaces."""
    return pl.DataFrame(list(values), schema=columns.split(), orient="row")


def broken(outcome: RuleOutcome) -> list[tuple[object, ...]]:
    """The units that broke it; an outcome that was not evaluated is a fault of the test."""
    assert outcome.status != "not_evaluated", outcome.why_not
    assert outcome.holds == (not outcome.units)
    return list(outcome.units)


ROUTES = {"F37": [2, 3]}
ROUTING = "delivery_id wave item gate_code code n"


def routing(*pairs: tuple[int | None, int | None, int], delivery: str = "a") -> pl.DataFrame:
    """(code of the question before, code of the follow-up, pupils)."""
    return rows(ROUTING, *((delivery, 2024, "F37", gate, code, n) for gate, code, n in pairs))


def routed(frame: pl.DataFrame, **changes: object) -> RuleOutcome:
    """The routing rule with a tolerance of two per cent."""
    return judge("ExpectRoutedPastIffRoute", frame, **({"routes": ROUTES, "tolerance": 0.02, "least": 3} | changes))


def test_routed_past_and_asked_holds():
    assert routed(routing((1, 996, 90), (1, 999, 5), (2, 0, 5), (2, 998, 1), (3, 999, 1))).holds


def test_an_answer_from_those_routed_past_breaks_it():
    found = routed(routing((1, 996, 97), (1, 4, 3), (2, 0, 50)))
    assert found.units == {("a", 2024): ("F37",)}
    assert routed(routing((1, 996, 147), (1, 4, 3))).holds, "three of 150 is two per cent"
    assert routed(routing((1, 996, 20), (1, 4, 2))).holds, "two rows are too few to say"


def test_routed_past_although_asked_breaks_it_too():
    """The other direction has its own denominator: the few who were asked are not thinned out by the many routed past."""
    assert broken(routed(routing((1, 996, 10_000), (2, 996, 3), (2, 0, 97)))) == [("a", 2024)]


def test_who_left_the_question_before_unanswered_is_not_judged():
    assert routed(routing((999, 996, 50), (999, 3, 50), (None, 996, 50), (998, 0, 50), (1, 996, 1))).holds


def test_routing_is_judged_per_delivery():
    good = routing((1, 996, 10_000))
    assert broken(routed(pl.concat([good, routing((1, 996, 5), (1, 2, 5), delivery="b")]))) == [("b", 2024)]


def test_every_routed_question_of_the_catalogue_is_judged():
    routed_items = {i.key: i for i in CATALOGUE.survey.items if i.routed_by}
    assert {"F37", "F48", "F49", "F50", "F74", "F75a"} <= set(routed_items)
    counted = routing_counts(pupils(), CATALOGUE.survey)
    assert set(counted["item"]) == set(routed_items)
    suite = load_suite("harmonised/survey_responses")
    routes = {key: list(item.routed_by.answered_when) for key, item in routed_items.items()}
    wrong = pl.concat(  # a delivery for each question, so that the rules are run once
        pupils().with_columns(
            pl.lit(key).alias("delivery_id"),
            pl.lit(item.routed_by.answered_when[0], pl.Int16).alias(item.routed_by.item),
            pl.lit(996, pl.Int16).alias(key),
        )
        for key, item in routed_items.items()
    )
    views = {"rows": wrong, "routing": routing_counts(wrong, CATALOGUE.survey)}
    (found,) = run_suite(suite, views, {"routes": routes}, ["foljdfragor_hopp"])
    told = {delivery: columns for (delivery, *_), columns in found.units.items()}
    assert set(told) == set(routed_items)
    for key, columns in told.items():
        assert key in columns, key


DRIFT = "delivery_id municipality_code wave grade item code n n_before"


def drift(*codes: tuple[int | None, int, int], delivery: str = "a", place: str = "0180", grade: str = "ak9") -> pl.DataFrame:
    """(code, pupils now, pupils in the last wave)."""
    return rows(DRIFT, *((delivery, place, 2024, grade, "F5", code, n, before) for code, n, before in codes))


def missing(frame: pl.DataFrame) -> RuleOutcome:
    """The rule of ten percentage points."""
    return judge("ExpectMissingNearLastWave", frame, points=10, least=20, alpha=0.0001)


def test_missing_is_compared_in_percentage_points():
    assert missing(drift((1, 890, 990), (999, 110, 10))).holds, "eleven per cent less one is ten points"
    assert broken(missing(drift((1, 889, 990), (999, 111, 10)))) == [("a", 2024)]
    assert broken(missing(drift((1, 990, 889), (999, 10, 111)))) == [("a", 2024)], "both ways"


def test_missing_is_a_share_of_those_who_were_asked():
    assert broken(missing(drift((1, 50, 95), (999, 50, 5), (996, 9_000, 9_000)))) == [("a", 2024)]
    assert missing(drift((1, 50, 50), (999, 5, 5), (996, 900, 0))).holds


def test_missing_is_not_judged_on_few_or_without_a_column():
    assert missing(drift((1, 9, 19), (999, 10, 0))).holds, "nineteen pupils"
    assert missing(drift((1, 18, 20), (999, 4, 0))).holds, "eighteen per cent of 22 is within chance"
    assert missing(drift((1, 0, 100), (None, 100, 0))).holds, "no column now: another rule's"
    assert missing(drift((1, 100, 0), (999, 0, 0), (None, 0, 100))).holds, "no column then"


def stable(frame: pl.DataFrame) -> RuleOutcome:
    """The rule about the population stability index."""
    return judge("ExpectStableCategories", frame, limit=0.25, alpha=0.0001)


def test_the_stability_index_has_its_limit_where_the_formula_says():
    """Half and half then; p and 1 - p now: the index is (p - 0.5) ln(p / (1 - p)), which is 0.25 at p = 0.7417."""
    assert stable(drift((1, 7_380, 5_000), (2, 2_620, 5_000))).holds
    assert broken(stable(drift((1, 7_450, 5_000), (2, 2_550, 5_000)))) == [("a", 2024)]


def test_the_stability_index_leaves_out_what_is_no_answer():
    assert stable(drift((1, 500, 500), (2, 500, 500), (999, 10_000, 0), (996, 10_000, 0), (None, 9, 0))).holds


def test_the_stability_index_leaves_chance_alone():
    assert stable(drift((1, 16, 10), (2, 4, 10))).holds, "an index of 0.4 with twenty pupils is chance"
    assert broken(stable(drift((1, 160, 100), (2, 40, 100)))) == [("a", 2024)]


def test_drift_in_one_grade_or_municipality_is_not_thinned_out():
    calm = drift((1, 50_000, 50_000), (2, 50_000, 50_000), grade="gy2")
    other = drift((1, 50_000, 50_000), (2, 50_000, 50_000), delivery="b", place="0114")
    assert broken(stable(pl.concat([calm, other, drift((1, 900, 500), (2, 100, 500))]))) == [("a", 2024)]


def test_codes_outside_the_codebook():
    columns, codes = "delivery_id wave item code", {"F5": "1 2 999"}
    good = rows(columns, ("a", 2024, "F5", 1), ("a", 2024, "F5", None), ("b", 2024, "F5", 999))
    assert judge("ExpectCodesInCodebook", good, codes=codes).holds
    for item, code in (("F5", 3), ("F5", -1), ("F6a", 1), ("F6a", None)):
        bad = pl.concat([good, rows(columns, ("b", 2024, item, code)).cast(good.schema)])
        assert judge("ExpectCodesInCodebook", bad, codes=codes).units == {("b", 2024): (item,)}


def test_a_question_outside_its_waves():
    columns, asked = "delivery_id wave item code", {"F15": [2020, 9999], "F19": [0, 2020]}
    good = rows(columns, ("a", 2020, "F15", 1), ("a", 2018, "F15", None), ("a", 2020, "F19", 1), ("a", 2018, "F5", 1))
    assert judge("ExpectItemsInTheirWaves", good, asked=asked).holds
    for wave, item in ((2018, "F15"), (2022, "F19")):
        bad = pl.concat([good, rows(columns, ("b", wave, item, 999))])
        assert judge("ExpectItemsInTheirWaves", bad, asked=asked).units == {("b", wave): (item,)}


def test_a_question_that_was_asked_and_has_no_column():
    columns, asked = "delivery_id wave item code n", {"F15": [2020, 9999]}
    good = rows(columns, ("a", 2020, "F15", 1, 3), ("a", 2020, "F15", None, 9), ("a", 2018, "F15", None, 5))
    assert judge("ExpectAskedItemsPresent", good, asked=asked).holds
    bad = pl.concat([good, rows(columns, ("b", 2020, "F15", None, 9)).cast(good.schema)])
    assert judge("ExpectAskedItemsPresent", bad, asked=asked).units == {("b", 2020): ("F15",)}


def test_a_municipality_before_its_time():
    valid, columns = {"0140": [1999, 9999], "0180": [1974, 9999]}, "delivery_id wave municipality_code"
    good = rows(columns, ("a", 1999, "0140"), ("a", 1998, "0180"), ("a", 1998, None))
    assert judge("ExpectMunicipalityValidInYear", good, valid=valid).holds
    for wave, code in ((1998, "0140"), (2024, "0380")):
        assert broken(
            judge("ExpectMunicipalityValidInYear", pl.concat([good, rows(columns, ("b", wave, code))]), valid=valid)
        ) == [("b", wave)]


def test_a_wave_outside_the_surveys_years():
    cycle = {"first": 2006, "every": 2}
    assert judge("ExpectWaveInCycle", rows("delivery_id wave", ("a", 2006), ("a", 2024)), cycle=cycle).holds
    for wave in (2023, 2004, 2007):
        assert broken(judge("ExpectWaveInCycle", rows("delivery_id wave", ("a", 2024), ("b", wave)), cycle=cycle)) == [
            ("b", wave)
        ]


def test_a_sex_before_it_could_be_answered():
    columns = "delivery_id wave sex"
    good = rows(columns, ("a", 2018, "other"), ("a", 2016, "girl"), ("a", 2016, None))
    assert judge("ExpectSexFromItsWave", good, first={"other": 2018}).holds
    assert broken(
        judge("ExpectSexFromItsWave", pl.concat([good, rows(columns, ("b", 2016, "other"))]), first={"other": 2018})
    ) == [("b", 2016)]


def test_keys_that_another_table_lacks():
    known = [["a", 2022], ["b", 2024]]
    assert judge("ExpectKnownTogether", rows("delivery_id wave", ("a", 2022), ("b", 2024)), known=known).holds
    crossed = rows("delivery_id wave", ("a", 2022), ("a", 2024), ("b", 2022), ("c", 2022))
    assert broken(judge("ExpectKnownTogether", crossed, known=known)) == [("a", 2024), ("b", 2022), ("c", 2022)]


def test_a_delivery_with_one_sex_is_named():
    columns = "delivery_id wave sex n"
    good = rows(columns, ("a", 2024, "girl", 5), ("a", 2024, "boy", 5), ("b", 2024, "girl", 9), ("b", 2024, None, 0))
    assert judge("ExpectSexesInEveryDelivery", good, sexes=["girl", "boy"], least=10).holds, "nine pupils are too few to say"
    bad = pl.concat([good, rows(columns, ("c", 2024, "boy", 9), ("c", 2024, "other", 1))])
    assert broken(judge("ExpectSexesInEveryDelivery", bad, sexes=["girl", "boy"], least=10)) == [("c", 2024)]


@pytest.mark.parametrize(
    ("share", "mean", "holds"),
    [(100.0, 10.0, True), (100.0, 6.67, True), (0.0, 0.0, True), (0.0, 3.33, True), (80.0, 8.67, True), (80.0, 9.7, False),
     (80.0, 4.3, False), (0.0, 4.4, False), (100.0, 5.6, False), (None, 1.0, True), (8.0, None, True)],
)  # fmt: skip
def test_a_mean_that_the_share_makes_impossible(share, mean, holds):
    frame = pl.DataFrame(
        {"year": [2022], "share": [share], "mean": [mean]}, schema_overrides={"share": pl.Float64, "mean": pl.Float64}
    )
    found = judge("ExpectMeanToAgreeWithShare", frame, ("year",), worth=[10, 6.67, 3.33, 0], tolerance=1.0)
    assert broken(found) == ([] if holds else [(2022,)])


def test_the_last_wave_is_the_municipalitys_own_and_changed_questions_are_left_out():
    keys = ("delivery_id", "municipality_code", "wave", "grade", "item", "code", "n")
    told = [
        ("old", "0180", 2018, "ak9", "F5", 1, 7),
        ("old", "0180", 2018, "ak9", "F14", 1, 7),
        ("old", "0180", 2016, "ak9", "F5", 1, 99),
        ("new", "0180", 2022, "ak9", "F5", 2, 5),
        ("new", "0180", 2022, "ak9", "F14", 1, 5),
        ("one", "0114", 2022, "ak9", "F5", 1, 3),
    ]
    profile = pl.DataFrame(told, schema=PROFILE_SCHEMA, orient="row")
    assert tuple(PROFILE_SCHEMA) == keys
    seen = against_last_wave(profile.filter(pl.col("wave") == 2022), profile, {"F14": [2020], "F5": [2018, 2024]})
    assert seen.rows() == [("new", "0180", 2022, "ak9", "F5", 1, 0, 7), ("new", "0180", 2022, "ak9", "F5", 2, 5, 0)]


def test_the_profile_counts_every_pupil_once():
    frame = pl.concat([pupils(), pupils(20, delivery="b", municipality="0114")])
    counted = item_profile(frame, ["F5", "F37", "no_such"])
    assert counted.group_by("item").agg(pl.col("n").sum()).sort("item").rows() == [("F37", 60), ("F5", 60)]
    assert counted.equals(item_profile(frame.reverse(), ["F37", "F5"])), "row order must not matter"
    assert item_profile(frame.clear(), ["F5"]).schema == pl.Schema(PROFILE_SCHEMA)


def test_a_parameter_that_does_not_arrive_is_a_rule_that_was_not_tried(monkeypatch):
    kind = expectation_class("ExpectWaveInCycle")
    monkeypatch.setattr(kind, "success_keys", ("mostly",))
    found = judge("ExpectWaveInCycle", rows("delivery_id wave", ("a", 2024)), cycle={"first": 2006, "every": 2})
    assert (found.status, found.why_not) == ("not_evaluated", "error")


def test_each_expectation_passes_on_what_its_metric_needs():
    """A field that is not among the success keys would never reach the metric."""
    kinds = custom_expectations()
    assert len(kinds) >= 12
    inherited = set(expectation_class("ExpectCompoundColumnsToBeUnique").__fields__)
    for name, kind in kinds.items():
        own = set(kind.__fields__) - inherited
        assert own, name
        assert own <= set(kind.success_keys), name
        assert len(default_columns(name)) >= 2
    used = {rule.expectation for table in suite_tables() for rule in load_suite(table).rules}
    assert set(kinds) <= used, "an expectation that no suite uses"


def test_breaks_of_the_catalogue_reach_the_comparison():
    assert any(isinstance(b, Break) and "F14" in b.items and b.year == 2024 for b in CATALOGUE.breaks)
    frame = pl.concat([pupils(), pupils(wave=2022, delivery="old")])
    from expectations.views import profile_views

    counted = item_profile(frame, ["F5", "F14"])
    view = profile_views(counted.filter(pl.col("wave") == 2024), counted, CATALOGUE)["last_wave"]
    assert set(view["item"]) == {"F5"}
