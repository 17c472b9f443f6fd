"""The easy page: short sentences, words for every finding, and no number that the report doesn't have."""

from __future__ import annotations

import html
import re
from itertools import product

import pytest

from assets.bundle.content import bundle_summary
from assets.bundle.lattlast import PAGE, easy_finding, easy_page, easy_points
from assets.bundle.words import Context
from assets.methods.findings import Finding
from tests.support.sample_bundle import hide, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
TEXTS = META.texts["lattlast"]
MOST_WORDS = 15
FACTORS = [*META.charts.indices, *META.findings.questions]
CASES = [
    *product(FACTORS, ("diff_share", "change_share"), ("strength", "attention")),
    *product(META.charts.indices, ("sex_gap_share_focus",), ("attention",)),
]
"""A gap between the sexes is never a strength, and only the factors have one."""


def finding(key: str, measure: str, tone: str, *, difference: float = 5.0, share: float | None = 12.0) -> Finding:
    return Finding(
        tone=tone, template="", area_code="0127", wave=2024, grade="gy2", sex="all", index_key=key, kind="risk", measure=measure,
        difference=difference, difference_low=2.0, difference_high=8.0, share=share, share_low=9.0, share_high=15.0, n=500,
        certainty="high", from_wave=2022,
    )  # fmt: skip


def sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.?:!])\s+", text.strip()) if part]


def words_of(page) -> list[str]:
    found = [page.title, page.lead]
    for part in page.parts:
        found += [part.title, *part.sentences, *part.items, *(text for point in part.points for text in point)]
    return found


def easy(area: str, change=lambda frames, scope: frames):
    frames, scope = sample_bundle_frames(area)
    context = Context(change(frames, scope), scope, META)
    return easy_page(context, bundle_summary(context))


@pytest.mark.parametrize("area", ["0127", "0140", "0180"])
@pytest.mark.parametrize("reason", [None, "suppressed", "no_delivery"])
def test_no_sentence_has_more_than_fifteen_words(area, reason):
    page = easy(area, (lambda frames, scope: hide(frames, scope.area_code, reason)) if reason else (lambda frames, scope: frames))
    for text in words_of(page):
        for sentence in sentences(text):
            assert len(sentence.split()) <= MOST_WORDS, sentence


@pytest.mark.parametrize(("key", "measure", "tone"), CASES)
def test_every_finding_that_can_be_has_easy_words(key, measure, tone):
    head, rest = easy_finding(finding(key, measure, tone), TEXTS)
    for sentence in (*sentences(head), *sentences(rest)):
        assert len(sentence.split()) <= MOST_WORDS, sentence
        assert sentence.endswith(".")
        assert "{" not in sentence
    assert "12\u00a0%" in rest
    assert "gymnasiets år 2" in rest


def test_the_direction_is_that_of_the_share():
    fewer = easy_finding(finding("psychosomatic", "diff_share_focus", "strength", difference=-5.0), TEXTS)
    assert fewer[0].startswith("Färre har ofta ont")
    assert fewer[1].endswith("Det är färre än i länet.")
    more = easy_finding(finding("wellbeing", "change_share_focus", "attention"), TEXTS)
    assert more[0].startswith("Färre mår bra")
    assert more[1].endswith("Det är fler än förra gången, 2022.")
    gap = easy_finding(finding("wellbeing", "sex_gap_share_focus", "attention", difference=-5.0), TEXTS)
    assert gap[1].endswith("Det är vanligare bland pojkar än bland flickor.")
    assert "%" not in easy_finding(finding("wellbeing", "diff_share_focus", "attention", share=None), TEXTS)[1]


def test_the_same_group_against_the_county_and_since_last_time_is_one_point():
    both = [finding("school_distress", measure, "attention") for measure in ("change_share_focus", "diff_share_focus")]
    points = easy_points([*both, finding("wellbeing", "diff_share_focus", "attention")], TEXTS)
    assert len(points) == 2
    assert points[0][1].endswith("Det är fler än förra gången, 2022. Det är fler än i länet.")


def plain(page: bytes) -> str:
    text = re.sub(r"<(style|script)\b.*?</\1>", " ", page.decode(), flags=re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", " ", text))


@pytest.mark.parametrize("area", ["0127", "0140", "0180"])
def test_every_number_stands_in_the_report_too(sketched, area):
    files = sketched(area).files
    contacts = " ".join(TEXTS["help"]["items"])
    number = r"\d+(?:\u00a0\d{3})*(?:,\d+)?(?:\u00a0%)?"
    told = set(re.findall(number, plain(files[PAGE]).replace(contacts, "")))
    told -= set(re.findall(number, contacts))
    assert len(told) >= 3
    assert told <= set(re.findall(number, plain(files["1_rapport/rapport.html"])))


def test_a_municipality_without_a_shown_number_says_why():
    page = easy("0127", lambda frames, scope: hide(frames, scope.area_code, "suppressed"))
    said = " ".join(words_of(page))
    assert "Svaren är så få att vi inte kan visa dem. Ingen ska kunna bli igenkänd." in said
    for about_answers in (*TEXTS["good"].values(), *TEXTS["do"]["items"][:2], "De här svaren", "%"):
        assert about_answers not in said
    assert "Vi har inga svar" in " ".join(
        words_of(easy("0127", lambda frames, scope: hide(frames, scope.area_code, "no_delivery")))
    )


def test_made_up_answers_say_so_first():
    first = easy("0127").parts[0].sentences[0]
    assert first.startswith("Svaren på den här sidan är påhittade.")
