"""Links between indicators: found from the definitions, and none that share a question is left out."""

from __future__ import annotations

from itertools import combinations

import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.indicator_links import Base, Cover, Nested, families, links
from assets.methods.indicators import indicator_values
from tests.support.series_world import FILE as CHOSEN
from tests.support.series_world import world

CATALOGUE = load_catalogue()
FILE = CATALOGUE.indicator_file
LINKS = links(FILE.indicators, CATALOGUE.survey)


@pytest.mark.parametrize(
    ("inner", "outer", "is_no"),
    [
        ("roker_dagligen", "dik14a", False),  # some of the answers to one question
        ("roker_dagligen", "dik14", False),  # ... which is part of another
        ("begatt_brott_fler", "begatt_brott", False),  # several of the same parts
        ("dik37", "dik36", False),  # asked only after that answer
        ("dik50", "dik46", False),
        ("spelprobl", "dik73", False),  # the denominator says it
        ("f62nyckel", "dik61", False),
        ("dik35_stor", "dik35_ej", True),  # other answers to the same question
        ("dik53ej", "dik46", True),
        ("dik53ej", "dik50", True),  # routed past
    ],
)
def test_what_the_questions_say(inner: str, outer: str, is_no: bool) -> None:
    assert Nested(inner, outer, is_no) in LINKS.nested
    assert Nested(outer, inner) not in LINKS.nested


def test_what_only_the_catalogue_says_is_not_certain() -> None:
    assert Nested("dik36", "dik35_ej", outer_is_no=True, certain=False) in LINKS.nested
    assert Nested("dik37", "dik35_ej", outer_is_no=True, certain=False) in LINKS.nested


def test_a_yes_outside_the_denominator_is_no_no() -> None:
    """Users of drugs are not asked what dik53ej is about."""
    assert not [link for link in LINKS.nested if link.inner in ("dik46", "dik50") and link.outer == "dik53ej"]


def test_unions_and_their_composites() -> None:
    assert Cover("dik14", ("dik14a", "dik15")) in LINKS.covers
    assert Cover("dik77alm", ("dik77a", "dik77l", "dik77m")) in LINKS.covers
    whole = [cover for cover in LINKS.covers if cover.whole == "begatt_brott"]
    assert len(whole) == 8, "19 single questions, and each of the three composites instead of its own or not"
    assert [cover.extra for cover in whole if cover.extra] == [(("begatt_brott_fler", 2),)]


def test_denominators() -> None:
    assert set(LINKS.bases) == {Base("dik53ej", "dik46"), Base("spelprobl", "dik73"), Base("f62nyckel", "dik61")}


def test_families_hold_all_that_share_a_question_or_are_linked() -> None:
    family = {name: names for names in LINKS.families for name in names}
    assert set(family) == {i.id for i in FILE.indicators}
    for link in LINKS.nested:
        assert link.outer in family[link.inner]
    for first, second in combinations(FILE.indicators, 2):
        if set(first.items) & set(second.items):
            assert second.id in family[first.id]
    assert ("indexinfsockontroll", "lag_sk103") in families(FILE.indices)


def test_indicators_that_share_a_question_are_linked_in_a_known_way() -> None:
    """A new indicator whose overlap is neither a part, a union nor a denominator must be thought through first."""
    covered = {(cover.whole, part) for cover in LINKS.covers for part in cover.parts}
    covered |= {(name, part) for cover in LINKS.covers for name, _ in cover.extra for part in (*cover.parts, cover.whole)}
    # "three or more of 19" and a composite of three of them: no number follows from theirs
    loose = {("begatt_brott_fler", name) for name in ("dik77alm", "dik77deq", "dik77frs")}
    for first, second in combinations(FILE.indicators, 2):
        if set(first.items) & set(second.items) and not LINKS.of_pair(first.id, second.id):
            assert {(first.id, second.id), (second.id, first.id)} & (covered | loose), (first.id, second.id)


@pytest.mark.parametrize("seed", range(3))
def test_the_links_hold_for_every_pupil(seed: int) -> None:
    values = indicator_values(world(seed, [400, 300]), CHOSEN.indicators, CATALOGUE.survey)
    found = links(CHOSEN.indicators, CATALOGUE.survey)
    for link in found.nested:
        yes = values.filter(values[link.inner] == 1)
        assert yes.height > 0
        assert (yes[link.outer] == (0 if link.outer_is_no else 1)).all(), link
    for cover in found.covers:
        yes = values.filter(values[cover.whole] == 1)
        assert yes.select(cover.parts).fill_null(0).max_horizontal().min() == 1, cover
