"""Any damage to a good file ends as taken in or as one sentence: no other exception, no hang, no pupil's value in the message."""

from __future__ import annotations

import shutil
import tempfile
import time
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.intake.limits import load_limits
from tests.support.fuzz_cases import CASES
from tests.support.fuzz_corpus import SECRET, SECRET_SCHOOL
from tests.support.judge import inbox, judge

GOOD = ("bra.sav", "bra.zsav", "bra.dta", "bra.xlsx", "windows.csv", "bom.csv")
LONGEST_SECONDS = 20

CHANGE = st.one_of(
    st.tuples(st.just("set"), st.floats(0, 1), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("insert"), st.floats(0, 1), st.binary(min_size=1, max_size=8)),
    st.tuples(st.just("set"), st.floats(0, 1), st.sampled_from([b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", b"\0\0\0\x80"])),
    st.tuples(st.just("cut"), st.floats(0, 1), st.integers(1, 400)),
    st.tuples(st.just("keep"), st.floats(0, 1), st.just(0)),
)


@lru_cache(maxsize=len(GOOD))
def good(name: str) -> bytes:
    """The bytes of a good file of the corpus."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        next(c for c in CASES if c.name == name).write(path)
        return path.read_bytes()


def damaged(content: bytes, changes: list[tuple]) -> bytes:
    """The content after the changes; places are shares of its length."""
    for kind, where, what in changes:
        at = int(where * len(content))
        if kind == "set":
            content = content[:at] + what + content[at + len(what) :]
        elif kind == "insert":
            content = content[:at] + what + content[at:]
        elif kind == "cut":
            content = content[:at] + content[at + what :]
        else:
            content = content[:at]
    return content


@pytest.mark.parametrize("name", GOOD)
@settings(max_examples=40, deadline=None)
@given(changes=st.lists(CHANGE, min_size=1, max_size=4))
def test_damage_ends_in_a_sentence_or_in_rows(name, changes):
    root = Path(tempfile.mkdtemp())
    try:
        paths = inbox(root)
        (paths.surveys / name).write_bytes(damaged(good(name), changes))
        begun = time.monotonic()
        verdict = judge(paths)
        assert time.monotonic() - begun < LONGEST_SECONDS
        if verdict.sentence is None:
            assert verdict.rows.height > 0
            return
        assert verdict.sentence.startswith(name)
        assert ": väntade " in verdict.sentence
        assert "\n" not in verdict.sentence
        assert not {SECRET, SECRET_SCHOOL} & set(verdict.sentence.replace(",", " ").split())
    finally:
        shutil.rmtree(root)


def test_no_file_may_keep_the_parser_longer_than_the_limit_says():
    assert 0 < load_limits().parse_seconds <= 600
