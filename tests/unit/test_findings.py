"""Findings: which are chosen, in what order, how certain, and in which words."""

from __future__ import annotations

from typing import get_args

import polars as pl
import pytest

from assets.bundle.load import finding_meta
from assets.catalogue.load import load_catalogue
from assets.catalogue.statistics_models import CAUSAL, FindingFile, StatisticsFile
from assets.methods import design_estimates, trends, wave_trends
from assets.methods.finding_sentences import sentence
from assets.methods.findings import COLUMNS, change_rows, finding_rows, question_rows, select_findings

CATALOGUE = load_catalogue()
RULES = CATALOGUE.findings.rules()
KINDS = {index.key: index.kind for index in CATALOGUE.indices}
WORDS = finding_meta(CATALOGUE).words
BASE = {
    "area_code": "0127",
    "wave": 2024,
    "grade": "ak9",
    "sex": "all",
    "index_key": "acting_out",
    "kind": "risk",
    "measure": "diff_share_focus",
    "value": -5.0,
    "low": -8.0,
    "high": -2.0,
    "n": 300,
    "verdict": "lower",
    "reason": "ok",
    "share": 8.0,
    "share_low": 6.0,
    "share_high": 11.0,
    "response_pct": 80.0,
    "has_break": False,
    "from_wave": None,
}


def rows(*changes: dict) -> pl.DataFrame:
    return pl.DataFrame([BASE | change for change in changes], schema=COLUMNS)


def higher(value: float, **more: object) -> dict:
    return {"value": value, "low": value - 3, "high": value + 3, "verdict": "higher"} | more


def lower(value: float, **more: object) -> dict:
    return {"value": -value, "low": -value - 3, "high": -value + 3, "verdict": "lower"} | more


def test_strengths_come_first_and_there_are_at_most_six():
    many = [lower(4 + k, index_key=key) for k, key in enumerate(list(KINDS)[:5])]
    many += [higher(4 + k, grade="gy2", index_key=key) for k, key in enumerate(list(KINDS)[:5])]
    found = select_findings(rows(*many), RULES)
    assert [f.tone for f in found] == ["strength"] * 3 + ["attention"] * 3
    assert [f.difference for f in found] == [-8, -7, -6, 8, 7, 6]


def test_places_that_one_side_leaves_go_to_the_other():
    many = [higher(4 + k, index_key=key) for k, key in enumerate(KINDS)]
    found = select_findings(rows(lower(9), *many), RULES)
    assert [f.tone for f in found] == ["strength"] + ["attention"] * 5
    assert len(select_findings(rows(*many), RULES)) == 6


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "unclear"},
        {"verdict": None},
        {"reason": "suppressed"},
        {"value": -2.9},
        {"low": -8.0, "high": 0.5},
        {"low": None, "high": None},
        {"measure": "diff_mean"},
        {"value": None},
    ],
)
def test_what_is_not_clear_published_and_large_is_no_finding(change):
    assert select_findings(rows(change), RULES) == []
    assert len(select_findings(rows({}), RULES)) == 1


def test_the_order_of_rows_changes_nothing():
    many = rows(*[lower(5, index_key=key, grade=grade) for key in KINDS for grade in ("ak9", "gy2")])
    expected = select_findings(many, RULES)
    for seed in range(5):
        assert select_findings(many.sample(fraction=1.0, shuffle=True, seed=seed), RULES) == expected


@pytest.mark.parametrize(
    ("change", "certainty", "doubts"),
    [
        ({}, "high", ()),
        ({"low": -16.0}, "moderate", ("wide_interval",)),
        ({"n": 95}, "moderate", ("few_pupils",)),
        ({"n": None}, "moderate", ("few_pupils",)),
        ({"response_pct": 65.0}, "moderate", ("low_response",)),
        ({"response_pct": None}, "moderate", ("unknown_response",)),
        ({"has_break": True}, "moderate", ("series_break",)),
        ({"has_break": True, "n": 50}, "low", ("few_pupils", "series_break")),
        ({"has_break": True, "n": 50, "response_pct": 10.0}, "low", ("few_pupils", "low_response", "series_break")),
    ],
)
def test_each_sign_of_doubt_costs_a_grade(change, certainty, doubts):
    (found,) = select_findings(rows(change), RULES)
    assert (found.certainty, found.doubts) == (certainty, doubts)


def test_less_of_low_protection_is_a_strength_and_a_gap_between_the_sexes_never_is():
    found = select_findings(
        rows(lower(5, kind="protective", index_key="wellbeing"), lower(9, measure="sex_gap_share_focus")), RULES
    )
    assert [f.template for f in found] == ["diff_share_focus.strength.protective", "sex_gap_share_focus.attention.risk"]


def test_sentences_are_plain_swedish():
    found = select_findings(
        rows({}, higher(6, kind="protective", index_key="wellbeing", grade="gy2", n=40, response_pct=None)), RULES
    )
    said = [sentence(f, CATALOGUE.findings.templates(), WORDS) for f in found]
    acting_out, wellbeing = WORDS["factor"]["acting_out"], WORDS["factor"]["wellbeing"]
    assert said == [
        f"{acting_out}, årskurs 9: 8\u00a0% har förhöjd risk (6–11\u00a0%), 5\u00a0procentenheter lägre än i länet "
        "(−8\u00a0till\u00a0−2). Säkerhet: hög.",
        f"{wellbeing}, gymnasiets år 2: 8\u00a0% har låg skyddsnivå (6–11\u00a0%), "
        "6\u00a0procentenheter högre än i länet (3\u00a0till\u00a09). Färre har alltså skydd. "
        "Säkerhet: låg, eftersom svaren är få och svarsfrekvensen inte är exakt känd. "
        "Se det som en fråga att undersöka vidare.",
    ]


def test_every_finding_that_can_be_made_has_its_sentence():
    about_indices, about_questions = (
        (("risk", "community"), ("protective", "wellbeing")),
        (("question", "dik61"), ("good_question", "dik55b")),
    )
    for measure in RULES.measures:
        about = about_questions if measure.endswith("_share") else about_indices
        for change in (higher(6, measure=measure, from_wave=2022), lower(6, measure=measure, from_wave=2022)):
            for kind, key in about:
                for sex in ("girl", "boy", "all"):
                    (found,) = select_findings(rows(change | {"kind": kind, "index_key": key, "sex": sex}), RULES)
                    text = sentence(found, CATALOGUE.findings.templates(), WORDS)
                    assert "{" not in text
                    assert ("2022" in text) == measure.startswith("change")
                    assert text.startswith(WORDS["factor"][key])


def test_rows_are_put_together_from_the_release():
    key = {"edition": "intern", "area_code": "0127", "wave": 2024, "grade": "ak9", "sex": "all", "index_key": "wellbeing"}
    results = pl.DataFrame(
        [
            key | {"measure": "share_band1", "value": 12.0, "low": 9.0, "high": 15.0, "n": 200, "verdict": None, "reason": "ok"},
            key | {"measure": "share_band3", "value": 50.0, "low": 40.0, "high": 60.0, "n": 200, "verdict": None, "reason": "ok"},
            key
            | {
                "measure": "diff_share_focus",
                "value": -6.0,
                "low": -9.0,
                "high": -3.0,
                "n": 200,
                "verdict": "lower",
                "reason": "ok",
            },
        ],
        schema_overrides={"wave": pl.Int32},
    )
    response = pl.DataFrame({"area_code": ["0127"], "wave": [2024], "grade": ["ak9"], "response_pct": [81]}).cast(
        {"wave": pl.Int32}
    )
    got = finding_rows(results, KINDS, response)
    assert got.height == 1
    assert got.row(0, named=True) | {"share": 12.0, "share_low": 9.0, "response_pct": 81.0, "has_break": False} == got.row(
        0, named=True
    )
    (found,) = select_findings(got, RULES)
    assert (found.tone, found.kind, found.certainty) == ("strength", "protective", "high")
    change = {name: key[name] for name in ("edition", "area_code", "wave", "grade", "sex")} | {
        "series": "wellbeing", "measure": "share_focus", "change": -6.0, "low": -9.0, "high": -3.0, "verdict": "decrease",
        "reason": "ok", "from_wave": 2020,
    }  # fmt: skip
    trends = pl.DataFrame([change], schema_overrides={"wave": pl.Int32, "from_wave": pl.Int32})
    for broken, certainty in (([("wellbeing", 2022)], "moderate"), ([("wellbeing", 2020), ("community", 2024)], "high")):
        (found,) = select_findings(change_rows(trends, results, KINDS, {}, response, broken), RULES)
        assert (found.template, found.share, found.n, found.from_wave) == (
            "change_share_focus.strength.protective",
            12.0,
            200,
            2020,
        )
        assert found.certainty == certainty, "a question that changed between the two waves is a doubt, an older change is not"


def test_single_questions_are_turned_the_way_that_is_wanted():
    key = {"edition": "intern", "area_code": "0127", "wave": 2024, "grade": "ak9", "sex": "all"}
    key |= {"low": 3.0, "high": 9.0, "n": 200, "reason": "ok"}
    rows_of = [
        key | {"indicator": name, "measure": measure, "value": 6.0, "verdict": verdict}
        for name in ("dik61", "dik55b", "dik77q")
        for measure, verdict in (("share", None), ("diff_share", "higher"))
    ]
    results = pl.DataFrame(rows_of, schema_overrides={"wave": pl.Int32})
    response = pl.DataFrame({"area_code": ["0127"], "wave": [2024], "grade": ["ak9"], "response_pct": [81]}).cast(
        {"wave": pl.Int32}
    )
    found = select_findings(question_rows(results, finding_meta(CATALOGUE).questions, response), RULES)
    assert [f.template for f in found] == ["diff_share.strength.good_question", "diff_share.attention.question"]
    assert {f.index_key for f in found} == {"dik55b", "dik61"}, "only the questions that the catalogue names"


def test_what_sets_the_area_apart_or_has_changed_comes_before_gaps_between_the_sexes():
    changed = higher(5, measure="change_share_focus", index_key="parenting")
    several = rows(higher(30, measure="sex_gap_share_focus"), higher(4), changed)
    found = select_findings(several, RULES)
    assert [f.measure for f in found] == ["change_share_focus", "diff_share_focus", "sex_gap_share_focus"]


def test_a_share_that_is_both_changed_and_unlike_the_county_is_told_once_and_leaves_room_for_another():
    twice = [higher(5, measure="change_share_focus"), higher(4), higher(6, measure="sex_gap_share_focus"), higher(4, grade="gy2")]
    found = select_findings(rows(*twice), RULES)
    assert [(f.measure, f.grade) for f in found] == [
        ("change_share_focus", "ak9"), ("diff_share_focus", "gy2"), ("sex_gap_share_focus", "ak9"),
    ]  # fmt: skip
    opposite = rows(higher(5, measure="change_share_focus"), lower(4))  # better than the county, worse than before
    assert [f.tone for f in select_findings(opposite, RULES)] == ["strength", "attention"]


def test_questions_of_the_catalogue_exist_and_are_published():
    known = CATALOGUE.indicator_file.by_id
    assert set(CATALOGUE.findings.questions) <= set(known)
    assert not [key for key in CATALOGUE.findings.questions if known[key].last_wave]


def test_the_catalogue_refuses_missing_sentences_unknown_places_and_causal_words():
    good = CATALOGUE.findings.model_dump()
    name = "diff_share_focus.strength.risk"
    for changed, said in (
        ({k: v for k, v in good["sentences"].items() if k != name}, "saknas"),
        (good["sentences"] | {name: "{okänd}"}, "okänd plats"),
        (good["sentences"] | {name: "{factor} leder till mer."}, "påstår en orsak"),
        (good["sentences"] | {"extra": "x"}, "används inte"),
    ):
        with pytest.raises(ValueError, match=said):
            FindingFile.model_validate(good | {"sentences": changed})
    statistics = CATALOGUE.statistics.model_dump()
    statistics["association"]["words"]["rr"] = "{factor} orsakar {outcome}"
    with pytest.raises(ValueError, match="påstår en orsak"):
        StatisticsFile.model_validate(statistics)


def test_trend_words_have_no_arrows_and_every_verdict_and_reason_has_words():
    choice = CATALOGUE.statistics.trend
    assert set(choice.verdicts) == set(get_args(trends.Verdict)) | set(get_args(wave_trends.ChangeVerdict))
    assert choice.verdicts["cannot_tell"].text_sv == "kan inte avgöras"
    assert not any(word.arrow for word in choice.verdicts.values())
    assert choice.rule().minimum_change == 3
    assert all(word in choice.described() for word in ("minst 3 procentenheter", "minst 6 skolor", "minst 3 och"))
    assert choice.rule(points=False).minimum_change == 0.03
    codes = set(get_args(trends.Reason)) | set(get_args(design_estimates.Reason))
    assert codes <= set(CATALOGUE.statistics.reasons)
    for text in CATALOGUE.statistics.association.words.values():
        assert not any(word in text.lower() for word in CAUSAL)


def test_every_statistical_reason_has_a_reason_that_readers_see():
    """Codes of `statistics.yml` are the same in `reasons.yml`, or `shown_as` says which one a reader sees."""
    readers = {reason.code for reason in CATALOGUE.reasons}
    for code in CATALOGUE.statistics.reasons:
        assert CATALOGUE.statistics.reader_reason(code) in readers, code
    assert not set(CATALOGUE.statistics.shown_as) & readers, "a code that both have needs no other name"
    with pytest.raises(KeyError):
        CATALOGUE.statistics.reader_reason("hemlig")


def test_accumulated_rules_are_those_of_the_domain_report():
    risk, protection = (group.rule() for group in CATALOGUE.factors.accumulated)
    assert set(risk.indices) == {key for key, kind in KINDS.items() if kind == "risk"}
    assert set(protection.indices) == {key for key, kind in KINDS.items() if kind == "protective"}
    assert (risk.least_scored, risk.top, protection.least_scored) == (4, 3, 2)
