"""Comparison municipalities: named with a reason, in alphabetical order, from open values, and nothing more of theirs is seen."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.comparison_group import comparison_section, comparison_table
from assets.bundle.frames import select_frames
from assets.bundle.types import ReportMeta, Section, Table, Text
from assets.bundle.words import Context
from assets.catalogue.indicator_models import IndicatorFile
from assets.catalogue.load import load_catalogue
from assets.catalogue.report_models import (
    ChosenGroup,
    ComparisonGroups,
    ReportSeriesFile,
    problems_with_groups,
    problems_with_series,
)
from assets.charts.types import ReleaseFrames
from tests.support.sample_bundle import sample_report_meta, whole_release
from tests.support.sample_release import IMPORTED, REGISTER_SCHEMA, sample_scope


def frames_of(code: str = "0127", sizes: bool = True) -> ReleaseFrames:
    release = whole_release(code)
    meta = sample_report_meta()
    if sizes:
        rows = [
            ("skolverket", "pupils_ak9", "municipality", area, meta.area_names[area], 2023, "all", 100.0 + 40 * place, None,
             "count", "ok", "2025-03-17", *(None for _ in IMPORTED))
            for place, area in enumerate(sorted(meta.ascii_names))
        ]  # fmt: skip
        others = release.register_values.filter(pl.col("indicator_key") != "pupils_ak9")
        release = replace(release, register_values=pl.concat([others, pl.DataFrame(rows, schema=REGISTER_SCHEMA, orient="row")]))
    return select_frames(release, sample_scope(code), meta.charts.indices)


def made(code: str = "0127", meta: ReportMeta | None = None, frames: ReleaseFrames | None = None) -> Section:
    found = comparison_section(Context(frames or frames_of(code), sample_scope(code), meta or sample_report_meta()))
    assert found is not None
    return found


def table(section: Section, name: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.id == name)


def texts(section: Section) -> list[str]:
    return [block.text for block in section.blocks if isinstance(block, Text)]


def test_chosen_and_similar_stand_by_name_with_the_reason_in_alphabetical_order():
    rows = table(made(), "jamforelse-kommuner").rows
    names = [name for name, _ in rows]
    assert {"Järfälla", "Sigtuna", "Södertälje"} <= set(names)
    assert names.index("Järfälla") < names.index("Sigtuna") < names.index("Södertälje")
    reasons = dict(rows)
    assert all("Vald i en tidigare rapport" in reasons[name] for name in ("Järfälla", "Sigtuna", "Södertälje"))
    assert sum("iknande kommun" in reason for reason in reasons.values()) == 4


def test_a_table_per_grade_has_own_county_and_each_of_them():
    section = made()
    names = [name for name, _ in table(section, "jamforelse-kommuner").rows]
    rows = table(section, "jamforelse-ak9").rows
    silent = [name for name in names if any(text.startswith(f"{name}, årskurs") for text in texts(section))]
    assert [row[0] for row in rows] == ["Botkyrka", "Stockholms län", *(name for name in names if name not in silent)]


def test_a_municipality_without_data_is_a_sentence_and_no_row():
    meta = replace(
        sample_report_meta(),
        comparison_groups=ComparisonGroups(
            chosen=(ChosenGroup(municipality_code="0127", compared_with=("0182", "0191"), reason_sv="vald av kommunen"),)
        ),
    )
    section = made(meta=meta)
    assert [row[0] for row in table(section, "jamforelse-ak9").rows] == ["Botkyrka", "Stockholms län", "Sigtuna"]
    assert any(text.startswith("Nacka, årskurs\u00a09: inga värden kan visas (") for text in texts(section)) or any(
        text.startswith("Nacka, årskurs 9: inga värden kan visas (") for text in texts(section)
    )


def test_unknown_measures_are_named_and_nobody_is_similar():
    release = frames_of()
    empty = release.register_values.filter(pl.col("area_code") != "0127")
    section = made("0127", frames=replace(release, register_values=empty))
    told = [text for text in texts(section) if text.startswith("Liknande kommuner kan inte räknas fram för Botkyrka")]
    assert len(told) == 1
    assert "antal elever i årskurs 9" in told[0]


def test_without_any_group_a_sentence_says_so():
    meta = replace(
        sample_report_meta(),
        comparison_groups=ComparisonGroups(
            chosen=(ChosenGroup(municipality_code="0115", compared_with=("0117",), reason_sv="vald"),)
        ),
    )
    said = texts(made(meta=meta))
    assert "Botkyrka har ingen jämförelsegrupp, så bara länet visas i rapporten." in said
    assert any(text.startswith("Ingen kommun är vald") for text in said)


def test_the_table_of_all_groups_is_open_and_the_same_in_every_bundle():
    meta = sample_report_meta()
    one, other = comparison_table(frames_of("0127"), meta), comparison_table(frames_of("0115"), meta)
    assert one is not None
    assert other is not None
    assert one.equals(other)
    chosen = one.filter(pl.col("Slag") == "vald")
    assert chosen["Avstånd"].is_null().all()
    assert chosen.height == sum(len(group.compared_with) for group in meta.comparison_groups.chosen)
    assert one.filter(pl.col("Slag") == "liknande").group_by("Kommunkod").len()["len"].unique().to_list() == [4]
    assert comparison_table(frames_of(), replace(meta, comparison_groups=ComparisonGroups())) is None


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ([("0127", ("0191",)), ("0127", ("0181",))], "0127 står två gånger"),
        ([("0127", ("9999",))], "okänd kommun 9999"),
        ([("0127", ("0127",))], "0127 jämförs med sig själv"),
    ],
)
def test_wrong_groups_are_named(groups, said):
    chosen = tuple(ChosenGroup(municipality_code=code, compared_with=others, reason_sv="x") for code, others in groups)
    assert list(problems_with_groups(ComparisonGroups(chosen=chosen), {"0127", "0181", "0191"})) == [said]


def test_wrong_questions_are_named():
    group = {"id": "a", "title_sv": "A", "question_sv": "Q?", "series": ["dik61", "psykhalsa", "saknas"], "chart": ["psykhalsa"]}
    parts = [{"section": "skola", "title_sv": "S", "groups": [group], "over_waves": ["dik62"]}]
    file = ReportSeriesFile.model_validate({"survey": "x", "sections": parts, "districts": ["psykhalsa"]})
    indicators: IndicatorFile = load_catalogue().indicator_file
    found = [text for text in problems_with_series(file, indicators) if "står inte i något avsnitt" not in text]
    assert found == [
        "okänd fråga saknas",
        "skola/a: blanda inte andelar och 0–100-index",
        "skola/a: bara andelar kan ritas",
        "skola: over_waves: dik62 är ingen andel i avsnittet",
        "districts: psykhalsa är ingen andel",
    ]
