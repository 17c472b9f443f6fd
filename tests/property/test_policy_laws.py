"""Whatever policy and waivers are let through never contradict themselves, and two editions tell no more than the inner one."""

from __future__ import annotations

import copy
from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue.load import load_catalogue
from assets.methods.disclosure_numbers import NUMBERS, STEPS, WAIVABLE, PolicyNumbers, is_looser
from assets.methods.disclosure_policy import DisclosurePolicy, load_policy
from assets.methods.disclosure_rounding import nearest
from assets.methods.errors import PipelineError

CONTENT = load_catalogue().disclosure
USUAL = asdict(load_policy(CONTENT).numbers("intern"))
PUBLIK = {name: value for name, value in CONTENT["editions"]["publik"].items() if name != "districts"}


@st.composite
def near(draw: st.DrawFn, numbers: dict[str, int], most: int = 3) -> dict[str, int]:
    """A few of the numbers, moved a little: so that many policies hold and many don't."""
    chosen = draw(st.lists(st.sampled_from(sorted(numbers)), max_size=most, unique=True))
    return {name: max(0, numbers[name] + draw(st.integers(-6, 12))) for name in chosen}


@st.composite
def waivers(draw: st.DrawFn) -> list[dict[str, Any]]:
    chosen = draw(st.lists(st.sampled_from([*WAIVABLE, "count_step", "min_schools"]), max_size=3))
    signed = [{"name": "Anna A", "role": "x"}, {"name": draw(st.sampled_from(["Bo B", "Bo B", "ANNA  a"])), "role": "y"}]
    return [
        {
            "id": f"u{place}",
            "rule": name,
            "value": USUAL[name] + draw(st.integers(-8, 4)),
            "edition": draw(st.sampled_from(["intern", "intern", "intern", "publik"])),
            "areas": "alla",
            "waves": "alla",
            "reason": "Ett skäl som är långt nog",
            "decided_by": signed,
            "decided_on": "2026-01-01",
            "valid_until": "2027-01-01",
        }
        for place, name in enumerate(chosen)
    ]


def loaded(content: dict[str, Any]) -> DisclosurePolicy | None:
    try:
        return load_policy(content, date(2026, 6, 1))
    except PipelineError as error:
        if error.code not in ("bad_policy", "bad_waiver"):
            raise
        return None


def holds(numbers: PolicyNumbers) -> None:
    for end in ("", "_sensitive"):
        floor, cell, width = (getattr(numbers, name + end) for name in ("group_floor", "cell_floor", "interval_width"))
        assert floor >= 2 * cell, "some share can be shown"
        assert cell > width, "a count just below the floor has room"
        assert floor - 1 > width
    assert numbers.district_floor >= numbers.group_floor_sensitive >= numbers.group_floor
    assert numbers.cell_floor_sensitive >= numbers.cell_floor
    assert numbers.cell_floor >= 3
    assert numbers.interval_width >= 2


@settings(max_examples=25, deadline=None)
@given(near(USUAL), near(PUBLIK | {name: USUAL[name] for name in STEPS}), waivers())
def test_an_accepted_policy_never_contradicts_itself(inner: dict[str, int], outer: dict[str, int], waived: list[dict[str, Any]]):
    content = copy.deepcopy(CONTENT) | {"waivers": waived}
    for rule in content["rules"]:
        rule["value"] = inner.get(rule["id"], rule["value"])
    content["editions"]["publik"] |= outer
    policy = loaded(content)
    if policy is None:
        return
    intern, publik = policy.numbers("intern"), policy.numbers("publik")
    for numbers in (intern, publik):
        holds(numbers)
        assert not [name for name in WAIVABLE if is_looser(name, getattr(numbers, name), policy.absolute[name])]
    assert not [name for name in NUMBERS if is_looser(name, getattr(publik, name), getattr(intern, name))]
    assert publik == policy.without_waivers().numbers("publik"), "nothing is waived in public"
    counts = np.arange(400)  # the coarser follows from the finer
    for name in STEPS:
        small, large = getattr(intern, name), getattr(publik, name)
        assert np.array_equal(nearest(counts, large), nearest(nearest(counts, small), large)), (
            "the coarser follows from the finer"
        )


@given(waivers())
@settings(max_examples=25, deadline=None)
def test_an_accepted_waiver_only_loosens(waived: list[dict[str, Any]]):
    policy = loaded(CONTENT | {"waivers": waived})
    if policy is None:
        return
    assert len({person["name"].casefold() for one in waived for person in one["decided_by"]}) != 1
    usual, numbers = policy.without_waivers().numbers("intern"), policy.numbers("intern")
    changed = {name for name in NUMBERS if getattr(numbers, name) != getattr(usual, name)}
    assert changed == {one["rule"] for one in waived}
    assert all(is_looser(name, getattr(numbers, name), getattr(usual, name)) for name in changed)
