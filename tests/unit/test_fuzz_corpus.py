"""Every file of the corpus ends as taken in or set aside with its one sentence, and no pupil's value is in a message."""

from __future__ import annotations

import pytest

from tests.support.fuzz_cases import CASES, SPSS_CASES
from tests.support.fuzz_corpus import PUPILS, SECRET, SECRET_SCHOOL, Case
from tests.support.judge import inbox, judge


def test_the_corpus_is_large_and_no_case_stands_twice():
    assert len(CASES) >= 60
    assert len({c.name for c in CASES}) == len(CASES)
    assert sum(c.sentence is not None for c in CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=lambda c: repr(c.name)[1:40])
def test_what_becomes_of_the_file(case: Case, tmp_path):
    paths = inbox(tmp_path)
    case.write(paths.surveys / case.name)
    verdict = judge(paths)
    name = case.shown or case.name
    if case.sentence is None:
        assert verdict.sentence is None
        assert verdict.rows.height == case.rows
        assert set(verdict.rows["municipality_code"]) == {"0160"}
        assert verdict.notes == tuple(f"{name}: {note}" for note in case.notes)
        assert (paths.surveys / case.name).exists()
        return
    middle = "" if case.sentence.startswith(",") else ": "
    assert verdict.sentence == f"{name}{middle}{case.sentence}"
    assert SECRET not in verdict.sentence
    assert SECRET_SCHOOL not in verdict.sentence


@pytest.mark.parametrize("case", [c for c in CASES if c.shown or c.name == "lank.csv"], ids=lambda c: c.shown or c.name)
def test_a_name_that_hides_something_is_set_aside_under_a_plain_one(case: Case, tmp_path):
    paths = inbox(tmp_path)
    case.write(paths.surveys / case.name)
    judge(paths)
    assert list(paths.surveys.iterdir()) == []
    kept = sorted(p.name for p in paths.rejected.iterdir())
    assert kept == [case.shown or case.name, f"{case.shown or case.name}.txt"]
    assert list(paths.archive.iterdir()) == [], "nothing is copied from where a link points"


def test_labels_decide_what_a_code_for_sex_means(tmp_path):
    counts = []
    for name in ("bra.sav", "omkastat_kon.sav"):
        paths = inbox(tmp_path / name)
        next(c for c in SPSS_CASES if c.name == name).write(paths.surveys / name)
        counts.append(judge(paths).rows["sex"].to_list())
    assert counts[0] == ["boy", "girl"] * (PUPILS // 2)
    assert counts[1] == ["girl", "boy"] * (PUPILS // 2)
