"""The report finds the fault that was planted, holds where there is none, and says so in Swedish."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from functools import lru_cache

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from assets.catalogue.load import load_catalogue
from assets.catalogue.psychometric_models import Limits, PsychometricRules
from assets.methods.errors import PipelineError
from assets.methods.psychometric_report import PsychometricReport, psychometric_report
from assets.methods.psychometric_texts import criterion_sentence
from assets.methods.psychometric_verdicts import criterion_result, judge
from tests.support.rasch_simulation import THRESHOLDS, answers, spec_of

CATALOGUE = load_catalogue()
RULES = CATALOGUE.psychometrics
LABELS = {key: f"Frågan om {key}" for key in THRESHOLDS}


def _report(frame: pl.DataFrame, thresholds=THRESHOLDS, groups=("sex", "grade", "wave")) -> PsychometricReport:
    return psychometric_report(frame, spec_of(thresholds), RULES, groups, "wave" if "wave" in groups else None)


@lru_cache(maxsize=1)
def sound() -> PsychometricReport:
    return _report(answers(6000, 1, missing=0.03))


def _sentence(report: PsychometricReport, criterion: str) -> str:
    return criterion_sentence(report.criterion(criterion), CATALOGUE.psychometric_texts, LABELS).sentence


def test_a_sound_index_holds() -> None:
    report = sound()
    verdicts = dict(report.verdicts().select("criterion", "verdict").rows())
    assert verdicts == {
        "category_order": "holds",
        "item_fit": "holds",
        "invariance": "holds",
        "unidimensionality": "holds",
        "targeting": "holds",
        "reliability": "holds",
        "drift": "holds",
    }
    assert report.n == 6000
    assert report.n_scored > 5900
    assert re.search(
        r"kön, årskurs och mättillfälle\. Den största uppmätta skillnaden är 0,\d\d logiter\.$", _sentence(report, "invariance")
    )
    assert report.alpha is not None
    assert report.omega == pytest.approx(report.alpha.alpha, abs=0.02)
    assert report.psi.non_extreme < report.psi.all
    assert report.wave_drift is not None
    assert report.wave_drift["wave"].unique().sort().to_list() == ["2020", "2022", "2024"]
    assert report.alpha_by_group.height == 2 + 2 + 3


def test_planted_differential_functioning_fails_and_shifts_the_mean() -> None:
    report = _report(answers(6000, 2, dif={"c": 0.9}))
    result = report.criterion("invariance")
    assert result.verdict == "fails"
    assert result.deciding is not None
    assert (result.deciding.item, result.deciding.group) == ("c", "sex")
    assert "Frågan om c" in _sentence(report, "invariance")
    assert "pojkar och flickor" in _sentence(report, "invariance")
    sex = next(group for group in report.groups if group.group == "sex")
    assert sex.effects is not None
    by_level = {row["level"]: row["effect"] for row in sex.effects.iter_rows(named=True)}
    assert by_level["girl"] < -0.02 < 0.02 < by_level["boy"]  # the item is harder for girls: their mean comes out too low
    grade = next(group for group in report.groups if group.group == "grade")
    assert grade.effects is not None
    assert grade.effects["effect"].to_list() == [0.0, 0.0]
    assert sex.gamma is not None
    assert sex.gamma.filter(pl.col("item") == "c")["gamma"].item() < -0.2


def test_an_item_that_repeats_another_fails_one_dimension() -> None:
    report = _report(answers(4000, 3, same_as={"d": ("c", 0.6)}))
    result = report.criterion("unidimensionality")
    assert result.verdict == "fails"
    assert result.deciding is not None
    assert {result.deciding.item, result.deciding.other_item} == {"c", "d"}
    assert "Frågan om c" in _sentence(report, "unidimensionality")


def test_an_item_that_measures_something_else_fails_its_fit() -> None:
    noise = pl.Series(np.random.default_rng(0).integers(0, 4, 4000), dtype=pl.Int8)
    report = _report(answers(4000, 4).with_columns(e=noise))
    assert report.criterion("item_fit").verdict == "fails"
    assert report.item_fit is not None
    assert report.item_fit.sort("infit", descending=True)["item"][0] == "e"
    assert report.item_fit["infit"].max() > 1.3


def test_reversed_thresholds_fail_the_order() -> None:
    reversed_steps = {**THRESHOLDS, "g": (0.6, -0.5, 0.2)}
    report = _report(answers(5000, 5, thresholds=reversed_steps), reversed_steps)
    result = report.criterion("category_order")
    assert result.verdict == "fails"
    assert result.deciding is not None
    assert result.deciding.item == "g"
    assert report.steps is not None
    assert report.steps.filter("reversed")["item"].to_list() == ["g"]


def test_a_slight_reversal_in_few_answers_is_only_worth_watching() -> None:
    slightly = {**THRESHOLDS, "g": (0.55, 0.25, 0.9)}
    report = _report(answers(300, 6, thresholds=slightly), slightly, groups=())
    assert report.criterion("category_order").verdict == "watch"
    assert "slumpen" in _sentence(report, "category_order")
    assert report.criterion("invariance").reason == "no_groups"


@pytest.mark.parametrize(("mean", "verdict"), [(-0.6, "watch"), (-1.7, "fails")])
def test_items_far_from_the_respondents(mean: float, verdict: str) -> None:
    report = _report(answers(4000, 7, mean=mean), groups=())
    assert report.criterion("targeting").verdict == verdict
    assert report.targeting is not None
    assert report.targeting.offset == pytest.approx(mean - report.targeting.threshold_mean, abs=0.15)
    assert "−" in _sentence(report, "targeting")


def test_targeting_is_said_in_the_direction_of_the_index() -> None:
    frame = answers(2000, 7, mean=-1.7)
    risk = _report(frame, groups=())
    spec = replace(spec_of(), kind="protective")
    protective = psychometric_report(frame, spec, RULES, (), None)
    assert "−" in _sentence(risk, "targeting")
    assert "−" not in _sentence(protective, "targeting")
    shares = [dict(r.criterion("targeting").findings.select("measure", "statistic").rows()) for r in (risk, protective)]
    assert shares[0]["floor"] == shares[1]["ceiling"] > 0.1
    assert shares[0]["offset"] == -shares[1]["offset"]


def test_few_and_coarse_items_are_not_reliable() -> None:
    coarse = {key: (0.0,) for key in "abcdef"}
    report = _report(answers(3000, 8, thresholds=coarse, sd=0.9), coarse, groups=())
    assert report.criterion("reliability").verdict == "fails"
    assert "minst 0,70" in _sentence(report, "reliability")


def test_a_moved_item_is_drift() -> None:
    moved = {**THRESHOLDS, "b": tuple(step + 0.7 for step in THRESHOLDS["b"])}
    report = _report(answers(5000, 9, thresholds=moved), groups=("wave",))
    result = report.criterion("drift")
    assert result.verdict == "fails"
    assert result.deciding is not None
    assert result.deciding.item == "b"


def test_an_empty_category_stops_only_what_needs_thresholds() -> None:
    frame = answers(2000, 10).with_columns(h=pl.col("h").clip(0, 1))
    report = _report(frame, groups=("sex",))
    verdicts = dict(report.verdicts().select("criterion", "verdict").rows())
    assert [name for name, verdict in verdicts.items() if verdict == "not_estimable"] == [
        "category_order",
        "item_fit",
        "invariance",
        "unidimensionality",
        "drift",
    ]
    assert report.criterion("category_order").reason == "empty_category"
    assert "Slå ihop" in _sentence(report, "category_order")
    assert report.alpha is not None
    assert report.categories.filter((pl.col("item") == "h") & (pl.col("n") == 0))["category"].to_list() == [2, 3]


def test_items_that_were_not_asked_are_named() -> None:
    frame = answers(3000, 11).with_columns(
        a=pl.lit(None, dtype=pl.Int8), b=pl.when(pl.col("wave") > 2020).then(pl.col("b")).otherwise(None)
    )
    report = _report(frame)
    assert report.not_asked == ("a",)
    assert "a" not in report.items
    by_group = {group.group: group for group in report.groups}
    assert by_group["wave"].left_out_items == ("b",)
    assert by_group["sex"].left_out_items == ()
    assert by_group["wave"].items is not None
    assert report.wave_drift is not None
    assert report.wave_drift.filter(pl.col("wave") == "2020")["item"].to_list() == list("cdefgh")


def test_small_groups_are_left_out_and_named() -> None:
    frame = answers(1500, 12).with_columns(
        wave=pl.when(pl.int_range(pl.len()) < 40).then(2018).otherwise(pl.col("wave")), grade=pl.lit("ak9")
    )
    by_group = {group.group: group for group in _report(frame).groups}
    assert by_group["wave"].left_out_levels == ("2018",)
    assert by_group["grade"].reason == "no_groups"
    assert by_group["wave"].items is not None


def test_fewer_items_than_a_score_needs_and_none_at_all() -> None:
    frame = answers(1500, 13).with_columns(pl.lit(None, dtype=pl.Int8).alias(key) for key in "abcd")
    report = _report(frame, groups=())
    assert report.n_scored == 0
    assert report.criterion("targeting").reason == "no_scored"
    assert report.criterion("reliability").reason == "no_scored"
    assert report.criterion("item_fit").verdict == "holds"
    with pytest.raises(PipelineError) as caught:
        _report(frame.with_columns(pl.lit(None, dtype=pl.Int8).alias(key) for key in "efgh"))
    assert caught.value.code == "too_few_items"


def test_bounds_rarely_flag_what_fits() -> None:
    flagged = 0
    for seed in range(12):
        report = _report(answers(800, 100 + seed), groups=())
        flagged += report.criterion("unidimensionality").verdict != "holds"
    assert flagged <= 2


def test_every_sentence_is_whole_and_every_reason_has_words() -> None:
    reports = [sound(), _report(answers(150, 14)), _report(answers(2000, 15, mean=-1.2, dif={"a": 0.8}))]
    for report in reports:
        for result in report.criteria:
            said = criterion_sentence(result, CATALOGUE.psychometric_texts, LABELS)
            assert re.fullmatch(r"[A-ZÅÄÖ0-9].*\.", said.sentence), said.sentence
            assert not re.search(r"[{}]|None|nan|\d\.\d|  |””", said.sentence), said.sentence
            if result.reason:
                assert result.reason in CATALOGUE.psychometric_texts.reasons


def test_the_report_holds_no_row_and_no_number_that_is_none() -> None:
    report = sound()
    for field in fields(report):
        value = getattr(report, field.name)
        if isinstance(value, pl.DataFrame):
            assert value.height < 200, field.name  # statistics, not respondents
            floats = value.select(pl.selectors.float())
            assert not any(column.is_nan().any() for column in floats), field.name
    assert not any(column.is_nan().any() for column in report.verdicts().select(pl.selectors.float()))


@pytest.mark.parametrize(("logits", "cfi", "verdict"), [(0.05, -0.001, "holds"), (0.45, -0.2, "watch")])
def test_a_rough_check_of_the_whole_index_decides_only_where_no_question_does(logits, cfi, verdict) -> None:
    screen = judge(RULES, "delta_cfi", cfi, group="sex", levels="scalar")
    question = judge(RULES, "dif_logits", logits, item="a", group="sex", levels="boy|girl")
    found = criterion_result("invariance", [screen, question], ["sex"])
    assert (found.verdict, found.deciding) == (verdict, question)
    alone = criterion_result("invariance", [screen, judge(RULES, "dif_logits", 0.05, item="a", group="sex")], ["sex"])
    assert alone.deciding.measure == ("dif_logits" if verdict == "holds" else "delta_cfi")


def test_limits_are_data() -> None:
    strict = RULES.model_copy(
        update={
            "limits": tuple(m.model_copy(update={"watch": 0.95, "fails": 0.9}) if m.measure == "psi" else m for m in RULES.limits)
        }
    )
    strict.__dict__.pop("by_measure", None)
    assert judge(strict, "psi", 0.85).verdict == "fails"
    assert judge(RULES, "psi", 0.85).verdict == "holds"
    assert judge(RULES, "psi", float("nan")).verdict == "not_estimable"
    assert judge(RULES, "infit", 0.65).verdict == "fails"
    assert judge(RULES, "infit", 1.25).verdict == "watch"
    assert judge(RULES, "floor", 0.9).verdict == "watch"  # no limit for failing
    assert judge(RULES, "q3_star", 0.15, watch=0.1).verdict == "watch"
    assert judge(RULES, "q3_star", 0.25, watch=0.3).verdict == "holds"


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"measure": "psi", "bad": "below", "watch": 0.7, "fails": 0.8, "source": "x"}, "bortom"),
        ({"measure": "infit", "bad": "outside", "watch": 0.8, "source": "x"}, "par av gränser"),
        ({"measure": "infit", "bad": "outside", "watch": [0.7, 1.3], "fails": [0.8, 1.2], "source": "x"}, "utanför"),
        ({"measure": "psi", "bad": "below", "watch": 0.7, "source": ""}, "source"),
    ],
)
def test_impossible_limits_are_refused(limits: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Limits.model_validate(limits)


def test_every_measure_needs_its_limit() -> None:
    content = RULES.model_dump()
    with pytest.raises(ValidationError, match="varje mått"):
        PsychometricRules.model_validate(content | {"limits": content["limits"][1:]})


def _all(value: int) -> list[pl.Expr]:
    return [pl.lit(value, dtype=pl.Int8).alias(key) for key in THRESHOLDS]


_HALF = pl.int_range(pl.len()) % 2 == 0
AWKWARD: dict[str, list[pl.Expr]] = {
    "nobody_answered_everything": [
        pl.when(_HALF).then(pl.col("a", "b")).otherwise(None),
        pl.when(_HALF).then(None).otherwise(pl.col("g", "h")).name.keep(),
    ],
    "all_the_same": _all(1),
    "all_lowest": _all(0),
    "copies": [pl.col("c").alias("d"), pl.col("c").alias("e"), pl.col("a").alias("f")],
    "unknown_groups": [pl.lit(None, dtype=pl.String).alias("sex"), pl.lit(2024).alias("wave")],
}


@pytest.mark.parametrize("name", [*AWKWARD, "twelve", "one"])
def test_awkward_answers_give_reasons_and_never_a_number_that_is_none(name: str) -> None:
    rows = {"twelve": 12, "one": 1}.get(name, 900)
    report = _report(answers(rows, 16).with_columns(AWKWARD.get(name, [])))
    for result in report.criteria:
        assert (result.verdict == "not_estimable") == (result.reason is not None)
        said = criterion_sentence(result, CATALOGUE.psychometric_texts, LABELS)
        assert not re.search(r"[{}]|None|nan", said.sentence)
        assert not said.sentence.endswith("  ")
    frames = [getattr(report, field.name) for field in fields(report)]
    frames += [frame for group in report.groups for frame in (group.items, group.thresholds, group.gamma, group.effects)]
    frames += [group.factor_models for group in report.groups]
    for frame in frames:
        if isinstance(frame, pl.DataFrame):
            assert not any(column.is_nan().any() for column in frame.select(pl.selectors.float())), frame.columns
