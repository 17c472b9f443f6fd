"""The page of a delivery says what a broken rule touches: all of it for a stopping rule, its questions for a warning."""

from __future__ import annotations

from dataclasses import replace

from assets.quality.html import render_delivery
from assets.quality.problems import problems
from assets.quality.types import RuleResult, RuleText
from tests.support.sample_quality import GOOD, sample_facts, sample_pages, sample_phrases


def rule(severity: str) -> RuleResult:
    said = RuleText(f"Regeln {severity} håller.", "Därför.", "Gör så här.")
    return RuleResult("harmonised/item_profile", severity, severity, "broken", ("F55e", "F14"), said)


def test_a_stopping_rule_touches_the_delivery_a_warning_its_questions_and_a_note_nothing():
    asked = []

    def touched(facts, columns):
        asked.append((facts.delivery_id, columns))
        return (f"Berör {columns}",)

    facts = replace(sample_facts()[GOOD], rules=tuple(rule(one) for one in ("critical", "warning", "info")))
    told = [one.touches for one in problems(facts, replace(sample_phrases(), touched=touched))]
    assert asked[:2] == [(GOOD, None), (GOOD, ("F55e", "F14"))]
    assert ("Berör None",) in told
    assert ("Berör ('F55e', 'F14')",) in told
    assert sum(bool(one) for one in told) == 2
    assert not any(one.touches for one in problems(facts, sample_phrases())), "nothing is said when nobody knows"


def test_the_page_shows_it_below_the_rule():
    (page,) = [one for one in sample_pages()[0] if one.delivery_id == GOOD]
    shown = replace(page, problems=(replace(page.problems[0], touches=("Index: <Vantrivsel>",)), *page.problems[1:]))
    html = render_delivery(shown, sample_phrases())
    assert html.count("Vad det berör") == 1
    assert "<li>Index: &lt;Vantrivsel&gt;</li>" in html
