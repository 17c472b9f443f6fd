"""One published number has one id and reads back equal from the finished files themselves."""

from __future__ import annotations

import fnmatch
from itertools import combinations

import pytest

from assets.bundle.number_ids import number_ids
from tests.support.published_numbers import World, disagreements, plain, read_bundle, read_text
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta

META = sample_report_meta()
MARKS = {code: reason.mark for code, reason in META.charts.reasons.items()}
REPORT, BOOK, CSV = "1_rapport/rapport.html", "4_tabeller/tabeller.xlsx", "4_tabeller/index_results.csv"
FEWEST = {REPORT: 80, "1_rapport/rapport.pdf": 40, "3_presentation/*.pptx": 20, BOOK: 1000, CSV: 1000}
"""So many numbers a reader must find for a municipality with both grades, so that a blind reader can't pass."""


def world(area_code: str) -> World:
    _, scope = sample_bundle_frames(area_code)
    indices = META.charts.indices
    return World(
        area_code, scope.area_name, META.texts["common"]["county"], scope.wave,
        {index.label_sv: key for key, index in indices.items()}, {key: index.focus_measure for key, index in indices.items()},
    )  # fmt: skip


@pytest.fixture(scope="module", params=["0127", "0140", "0115"])
def files(request, sketched) -> tuple[str, dict[str, bytes], dict[str, dict[str, str]]]:
    """Municipality, the bundle's files, and what is read from each of them."""
    made = dict(sketched(request.param).files)
    return request.param, made, read_bundle(made, world(request.param))


def test_every_format_says_the_same_number(files):
    area, _, read = files
    assert not disagreements(read, MARKS)
    assert {REPORT, BOOK, CSV, "4_tabeller/response_rates.csv"} <= set(read)
    for pattern, fewest in FEWEST.items():
        for name in fnmatch.filter(read, pattern) if area == "0127" else ():
            assert len(read[name]) >= fewest, name
    for one, other in combinations((REPORT, BOOK, CSV), 2):
        assert len(read[one].keys() & read[other].keys()) >= (80 if area == "0127" else 20), (one, other)
    assert [name for name in read if name.startswith("2_diagram/faktorprofil") and read[name]]


def test_a_single_changed_number_is_seen_in_each_format(files):
    _, _, read = files
    for name in (REPORT, BOOK, "2_diagram/faktorprofil_ak9.csv"):
        key = next(key for key, text in read[name].items() if text.endswith("%"))
        changed = {**read, name: {**read[name], key: "101 %"}}
        assert disagreements(changed, MARKS) == [p for p in disagreements(changed, MARKS) if p.startswith(f"{key}:")] != []


def test_a_number_changed_in_the_page_itself_is_seen(files):
    area, content, read = files
    page = content[REPORT].decode("utf-8")
    before, table = page.split('id="faktorprofil_ak9-tabell"')
    cell = next(part for part in table.split("<td") if "\u00a0%" in part and "–" not in part)
    wrong = cell.replace("\u00a0%", "7\u00a0%", 1)
    changed = before + 'id="faktorprofil_ak9-tabell"' + table.replace(cell, wrong, 1)
    assert disagreements(read | read_bundle({REPORT: changed.encode()}, world(area)), MARKS)


def test_the_ids_are_those_of_the_pure_function(files):
    area, _, read = files
    frames, _ = sample_bundle_frames(area)
    ids = {key: plain(text) for key, text in number_ids(frames, META).items()}
    for name in (REPORT, BOOK):
        assert read[name].keys() <= ids.keys()
        shared = {key: text for key, text in read[name].items() if not text.startswith("[")}
        assert shared == {key: ids[key] for key in shared}
    assert ids[f"2024/{area}/ak9/all/parenting/share_band3"]


def test_running_text_is_read_by_its_lines():
    given = (
        "Brister i föräldraskap Åk 9 Flickor och \npojkar\n6\u00a0% 4–9\u00a0% 525 9\u00a0% −3 (−6 till −1) lägre\n"
        "Utagerande Gy 2 Pojkar 12\u00a0% 9–16\u00a0% 1\u00a0230 19\u00a0% +3 (+1 till +6) högre"
    )
    assert read_text(given, world("0127")) == {
        "2024/0127/ak9/all/parenting/share_band3": "6 %",
        "2024/01/ak9/all/parenting/share_band3": "9 %",
        "2024/0127/ak9/all/parenting/diff_share_focus": "−3",
        "2024/0127/gy2/boy/acting_out/share_band3": "12 %",
        "2024/01/gy2/boy/acting_out/share_band3": "19 %",
        "2024/0127/gy2/boy/acting_out/diff_share_focus": "+3",
    }
