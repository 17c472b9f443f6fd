"""The policy file: what it must say, and one plain sentence for each way it can contradict itself."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

from assets.bundle.disclosure_words import disclosure_words
from assets.bundle.load import load_report_texts
from assets.catalogue.cross_checks import check_disclosure
from assets.catalogue.load import load_catalogue
from assets.methods.disclosure_policy import NUMBERS, load_policy, policy_facts
from assets.methods.disclosure_state import RULES
from assets.methods.errors import PipelineError
from assets.methods.geography_rules import require_geography

CATALOGUE = load_catalogue()
POLICY = load_policy(CATALOGUE.disclosure)
Content = dict[str, Any]


def set_rule(name: str, **changes: object) -> Callable[[Content], None]:
    return lambda content: next(rule for rule in content["rules"] if rule["id"] == name).update(changes)


def set_publik(**changes: object) -> Callable[[Content], None]:
    return lambda content: content["editions"]["publik"].update(changes)


def set_top(**changes: object) -> Callable[[Content], None]:
    return lambda content: content.update(changes)


def set_bound(**changes: int) -> Callable[[Content], None]:
    return lambda content: content["absolute"].update(changes)


def decided(content: Content) -> None:
    content["decisions"]["projektets-forslag"]["status"] = "beslut"


BAD: list[tuple[Callable[[Content], None], str]] = [
    (set_rule("group_floor", value=5), r"i utgåvan intern: group_floor \(5\) ska vara minst interval_width \+ 2 \(6\)"),
    (set_rule("cell_floor", value=4), r"cell_floor \(4\) ska vara större än interval_width \(4\)"),
    (set_rule("group_floor", value=9), r"group_floor \(9\) ska vara minst dubbelt cell_floor \(10\)"),
    (set_rule("interval_width_sensitive", value=3), r"interval_width_sensitive \(3\) är lägre än interval_width \(4\)"),
    (set_rule("district_floor", value=19), r"district_floor \(19\) är lägre än group_floor_sensitive \(20\)"),
    (set_rule("dominance", value=100), r"dominance \(100\) ska vara minst 50 och under 100 procent"),
    (set_rule("p_percent", value=0), r"p_percent \(0\) ska vara mellan 1 och 100 procent"),
    (set_rule("count_step", value=0), r"count_step \(0\) ska vara minst 1"),
    (set_rule("linked", value=False), "regeln linked skyddar och kan inte stängas av"),
    (set_rule("cell_floor", value=True), "regeln cell_floor ska ha ett heltal som värde"),
    (set_rule("cell_floor", id="cel_floor"), "okänd regel cel_floor; regeln cell_floor saknas"),
    (set_rule("cell_floor", id="group_floor"), "regeln cell_floor saknas; regeln group_floor står flera gånger"),
    (set_rule("derived", decision="styrelsen"), "hänvisar till beslutet styrelsen, som inte finns"),
    (set_rule("derived", kind="hemlig"), "är inget av de värden som finns"),
    (set_rule("derived", tal=3), "tal: okänd nyckel"),
    (set_publik(group_floor=8, cell_floor=4, interval_width=3), "utgåvan publik är lösare än intern i group_floor"),
    (set_publik(mean_decimals=3), "utgåvan publik är lösare än intern i mean_decimals"),
    (set_publik(dominance=90), "utgåvan publik är lösare än intern i dominance"),
    (set_publik(count_step=10), "utgåvan publik ligger inte inuti intern: count_step ska vara en udda multipel"),
    (set_publik(count_step=7), "utgåvan publik ligger inte inuti intern: count_step"),
    (set_publik(no_rule=1), "utgåvan publik har okänd regel no_rule"),
    (set_publik(group_floor=True), "utgåvan publik har fel slags värde på group_floor"),
    (set_publik(districts=1), "utgåvan publik har fel slags värde på districts"),
    (lambda c: c["editions"].update(intern={"districts": False}, publik={}), "publik är lösare än intern i districts"),
    (lambda c: c["editions"].pop("intern"), "editions saknar utgåvan intern"),
    (set_top(editions={}), "editions: är tom"),
    (set_bound(cell_floor=2), r"absolute: cell_floor \(2\) får inte vara under 3"),
    (set_bound(interval_width=1), r"absolute: interval_width \(1\) får inte vara under 2"),
    (set_bound(group_floor=12), r"i utgåvan intern: group_floor går förbi den absoluta gränsen \(12\)"),
    (lambda c: c["absolute"].pop("p_percent"), "absolute ska ha ett värde för var och en av group_floor"),
    (set_top(version=7), "changes ska ha varje version från 7 ned till 1"),
    (set_top(valid_from="2020-01-01"), "valid_from ska vara den senaste versionens"),
    (set_top(valid_from="i våras"), "valid_from: ska vara ett datum som 2026-01-31"),
    (decided, "ett beslut ska ha datum"),
    (lambda c: c.pop("version"), "version: nyckeln saknas"),
]


@pytest.mark.parametrize(("change", "words"), BAD)
def test_each_contradiction_is_one_plain_sentence(change: Callable[[Content], None], words: str) -> None:
    content = copy.deepcopy(CATALOGUE.disclosure)
    change(content)
    with pytest.raises(PipelineError, match=words) as caught:
        load_policy(content)
    assert caught.value.code == "bad_policy"
    assert "Inget publiceras" in str(caught.value)
    assert not {"Value error", "Input should", "validation"} & set(str(caught.value).split()), "no English reaches the reader"


def test_nobody_is_said_to_have_decided_what_is_only_proposed() -> None:
    assert {rule.decision for rule in POLICY.rules} == set(POLICY.decisions)
    for decision in POLICY.decisions.values():
        assert (decision.status, decision.on, decision.document) == ("förslag", None, "")
        assert "inte beslutat" in decision.text_sv


def test_every_rule_that_can_stand_in_the_log_is_in_the_policy() -> None:
    assert set(RULES[1:]) <= {rule.id for rule in POLICY.rules}
    assert {POLICY.kind(name) for name in RULES[1:]} == {"primary", "secondary"}


def test_a_rule_tells_the_value_it_has() -> None:
    for rule in POLICY.rules:
        assert "{" not in rule.told(), rule.id
        if rule.id in NUMBERS:
            assert "{value}" in rule.text_sv, f"{rule.id}: the text would go on saying the old number"
            assert "77" in rule.told(77)


def test_the_public_edition_is_stricter_and_has_no_districts() -> None:
    intern, publik = POLICY.numbers("intern"), POLICY.numbers("publik")
    assert (publik.group_floor, publik.cell_floor, publik.interval_width) == (20, 10, 9)
    assert publik.group_floor_sensitive > intern.group_floor_sensitive
    assert (POLICY.districts("intern"), POLICY.districts("publik")) == (True, False)


def test_each_edition_tells_its_own_numbers() -> None:
    texts = load_report_texts()["method_folder"]["disclosure"]
    words = disclosure_words(POLICY, {}, texts)
    assert words.rule_texts["intern"]["district_floor"] == "I en stadsdel krävs minst 30 elever med poäng."
    assert words.rule_texts["publik"]["district_floor"] == "I en stadsdel krävs minst 50 elever med poäng."
    assert [row[1] for row in words.rules["publik"]][:3] == ["20", "30", "50"]
    assert words.with_districts == {"intern"}
    assert words.decisions == (
        "Beslut bakom reglerna: Förslag, inte beslutat. Ska bekräftas av Länsstyrelsen i Stockholm innan riktiga elevsvar "
        "publiceras (Projektet Data i dialog).",
    )


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ({"school_code": ["1"]}, "fick kolumnen school_code"),
        ({"home_municipality_code": ["0127"]}, "fick kolumnen home_municipality_code"),
        ({"area_level": ["municipality", "school"]}, "fick områden av slaget school"),
        ({"area_level": ["district"], "edition": ["publik"]}, "fick stadsdelar i utgåvan publik"),
    ],
)
def test_a_table_that_breaks_a_geography_rule_stops(frame: dict[str, list[str]], words: str) -> None:
    closed = [edition for edition in POLICY.editions if not POLICY.districts(edition)]
    fine = pl.DataFrame({"area_level": ["county", "district", None], "edition": ["publik", "intern", "publik"]})
    require_geography({"trends": fine, "empty": pl.DataFrame()}, closed)
    with pytest.raises(PipelineError, match=words) as caught:
        require_geography({"trends": fine, "results": pl.DataFrame(frame)}, closed)
    assert caught.value.code == "forbidden_geography"


def test_the_policy_names_exactly_the_sensitive_questions() -> None:
    marked = {one.id for one in CATALOGUE.indicator_file.indicators if one.sensitive}
    assert set(POLICY.sensitive_indicators["stockholmsenkaten"]) == marked
    content = copy.deepcopy(CATALOGUE.disclosure)
    content["sensitive_indicators"]["stockholmsenkaten"][0] = "dik36"
    content["sensitive_indices"] = ["no_such"]
    problems: list[str] = []
    check_disclosure(CATALOGUE, load_policy(content), problems)
    assert problems == [
        "disclosure.yml: sensitive_indices: okänt index no_such",
        "disclosure.yml: sensitive_indicators: stockholmsenkaten: dik36 är inte märkt sensitive i indicators/",
        "disclosure.yml: sensitive_indicators: stockholmsenkaten: dik42 saknas, fast den är märkt sensitive i indicators/",
    ]


def test_the_certificate_is_told_the_version_and_no_waiver() -> None:
    assert policy_facts(CATALOGUE.disclosure, "intern") == {"policy_version": "6", "waivers": ()}
