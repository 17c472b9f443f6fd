"""Single questions, trends, accumulated factors and register values read back equal from every format where they stand."""

from __future__ import annotations

import fnmatch
from collections import Counter
from dataclasses import replace

import pytest

from assets.bundle.frames import select_frames
from assets.bundle.number_ids import number_ids
from assets.bundle.render import render_bundle
from assets.catalogue.load import load_catalogue
from assets.charts import samlade
from assets.charts.types import ReleaseFrames
from assets.methods.series_breaks import series_breaks
from tests.support.accumulated_sample import results
from tests.support.published_numbers import Found, World, disagreements, plain
from tests.support.published_series import Register, SeriesWorld, read_csv, read_series, read_text
from tests.support.question_sample import question_rows, with_questions
from tests.support.sample_bundle import outline, sample_report_meta, whole_release
from tests.support.sample_release import WAVES, sample_scope

META = sample_report_meta()
AREA = "0127"
REPORT, PRINT, BOOK = "1_rapport/rapport.html", "1_rapport/rapport.pdf", "4_tabeller/tabeller.xlsx"
CSV = {"questions": "enskilda_fragor", "trends": "utveckling", "counts": "samlade_faktorer", "registers": "register_values"}
FEWEST = {
    (REPORT, "questions"): 1000, (REPORT, "trends"): 12, (REPORT, "counts"): 20, (REPORT, "registers"): 100,
    (PRINT, "questions"): 300, (PRINT, "trends"): 12, (PRINT, "counts"): 10, (PRINT, "registers"): 50,
    (BOOK, "questions"): 3000, (BOOK, "trends"): 100, (BOOK, "counts"): 30, (BOOK, "registers"): 100,
    ("3_presentation/*.pptx", "counts"): 10, ("3_presentation/*.pptx", "registers"): 3,
    ("2_diagram/fragor_*.csv", "questions"): 8, ("2_diagram/serier_*.csv", "questions"): 20,
    ("2_diagram/kolada_*.csv", "registers"): 10, ("2_diagram/samlade_*.csv", "counts"): 20,
}  # fmt: skip
"""File and family -> so many numbers a reader must find, so that a blind reader can't pass."""


def kind_of(key: str) -> str:
    parts = key.split("/")
    if parts[-1] == "change":
        return "trends"
    return "registers" if len(parts) == 5 else "counts" if parts[4] in ("risk", "protection") else "questions"


@pytest.fixture(scope="module")
def frames() -> ReleaseFrames:
    breaks = series_breaks(load_catalogue().series(), WAVES)
    given = with_questions(whole_release(AREA), question_rows(AREA))
    given = replace(given, accumulated_results=results(), series_breaks=breaks)
    return select_frames(given, sample_scope(AREA), META.charts.indices)


@pytest.fixture(scope="module")
def world() -> SeriesWorld:
    scope, indices = sample_scope(AREA), META.charts.indices
    base = World(
        AREA, scope.area_name, META.texts["common"]["county"], scope.wave,
        {index.label_sv: key for key, index in indices.items()}, {key: index.focus_measure for key, index in indices.items()},
    )  # fmt: skip
    series = {one.title_sv: (one.kind, one.key, one.measure) for one in META.series.values()}
    counts = {
        (count.short_sv, label): (count.key, measure)
        for count in META.counts
        for measure, label in zip(samlade.SHARES, count.groups, strict=True)
    }
    measures = [*(one for group in META.registers for one in group.indicators), *META.more_registers]
    return SeriesWorld(
        base, series, counts, {one.title_sv: Register(one.source, one.indicator_key, one.decimals) for one in measures}
    )


@pytest.fixture(scope="module")
def files(frames) -> dict[str, bytes]:
    return dict(render_bundle(frames, sample_scope(AREA), META, draw=outline, script=str).files)


@pytest.fixture(scope="module")
def read(files, world) -> dict[str, Found]:
    return read_series(files, world)


def test_every_format_says_the_same_number(read):
    assert disagreements(read, {}) == []


@pytest.mark.parametrize(("pattern", "kind"), FEWEST)
def test_every_format_is_read(read, pattern, kind):
    names = fnmatch.filter(read, pattern)
    assert names
    for name in names:
        assert Counter(map(kind_of, read[name]))[kind] >= FEWEST[pattern, kind], name


@pytest.mark.parametrize("kind", CSV)
def test_the_tables_hold_every_number_of_the_page(read, kind):
    table = read[f"4_tabeller/{CSV[kind]}.csv"]
    shown = {key for key, text in read[REPORT].items() if kind_of(key) == kind and not text.startswith("[")}
    assert shown
    assert shown <= table.keys()
    assert shown <= read[BOOK].keys()


def test_the_ids_are_those_of_the_pure_function(read, frames):
    ids = {key: plain(text) for key, text in number_ids(frames, META).items()}
    for name in (REPORT, PRINT, BOOK, *(f"4_tabeller/{table}.csv" for table in CSV.values())):
        shown = {key: text for key, text in read[name].items() if text and not text.startswith("[")}
        assert {key: (text, ids.get(key)) for key, text in shown.items() if ids.get(key) != text} == {}, name


@pytest.mark.parametrize("kind", CSV)
def test_a_number_changed_in_a_file_is_seen(read, files, world, kind):
    path = f"4_tabeller/{CSV[kind]}.csv"
    key = next(key for key in sorted(read[path].keys() & read[REPORT].keys()) if kind_of(key) == kind)
    changed = {**read, path: {**read[path], key: "101 %"}}
    assert [problem.partition(":")[0] for problem in disagreements(changed, {})] != []
    header, first, rest = files[path].decode().split("\n", 2)
    assert read_csv(f"{header}\n{first}\n".encode(), CSV[kind], world).keys() < read[path].keys() or not rest


def test_running_text_is_read_by_its_lines(world):
    given = (
        "Mobbad i skolan Åk 9 12\u00a0% (9–\n15) 11\u00a0% [c] 14\u00a0% (13–14) −2 (−5 till\n+1) kan inte avgöras "
        "+2 sedan 2022 (kan inte avgöras) Utagerande Gy 2 2022 +4 (−1 till +9) kan inte avgöras "
        "Tabell 3: Botkyrka, årskurs 9: lägre Räknas Antal Riskfaktorer ingen 41 % 36–45 % 535 32 % 31–33 % 41 % 41 %"
    )
    key = world.series["Mobbad i skolan"][1]
    assert read_text(given, world) == {
        f"2024/0127/ak9/all/{key}/share": "12 %",
        f"2024/01/ak9/all/{key}/share": "14 %",
        f"2024/0127/ak9/all/{key}/diff_share": "−2",
        f"2024/0127/ak9/all/indicator/{key}/share/change": "+2",
        "2024/0127/gy2/all/index/acting_out/share_focus/change": "+4",
        "2024/0127/ak9/all/risk/share_none": "41 %",
        "2024/01/ak9/all/risk/share_none": "32 %",
    }
