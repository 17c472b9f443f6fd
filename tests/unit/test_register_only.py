"""The report of a municipality without a delivery: registers first, the reason once, nothing invented and no empty frame."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl

from assets.bundle.content import municipality_report
from assets.bundle.number_ids import number_ids
from assets.bundle.register_only import Beside, is_register_only, register_sections
from assets.bundle.render import render_bundle
from assets.bundle.summary import summary_content
from assets.bundle.types import Bullets, Notice, ReportContent, Section, Table, Text
from assets.bundle.words import Context
from assets.catalogue.load import load_catalogue
from assets.charts.types import IndicatorMeta, ReleaseFrames, Scope
from assets.file_scan.derived import with_derived
from assets.file_scan.pool import Pool
from assets.file_scan.scan import scan
from assets.file_scan.store import bundle_context, released_tables
from tests.support.sample_bundle import hide, outline, sample_bundle_frames, sample_report_meta

META = sample_report_meta()


def without_delivery(*, every: bool = False) -> tuple[ReleaseFrames, Scope]:
    """Botkyrka of the sample without the last wave, or without any."""
    frames, scope = sample_bundle_frames()
    gone = hide(frames, scope.area_code, "no_delivery")
    if every:
        return gone, scope
    last = pl.col("wave") == scope.wave
    parts = {
        name: pl.concat([getattr(frames, name).filter(~last), getattr(gone, name).filter(last)])
        for name in ("index_results", "response_rates")
    }
    return replace(gone, **parts), scope


def report(*, every: bool = False) -> ReportContent:
    frames, scope = without_delivery(every=every)
    return municipality_report(frames, scope, META)


def section(content: ReportContent, name: str) -> Section:
    return next(found for found in content.sections if found.id == name)


def words(content: ReportContent) -> str:
    parts: list[str] = []
    for found in content.sections:
        for block in found.blocks:
            if isinstance(block, Text | Notice):
                parts.append(block.text)
            elif isinstance(block, Bullets):
                parts += block.items
    return "\n".join(parts)


def tables(found: Section) -> dict[str, Table]:
    return {block.id: block for block in found.blocks if isinstance(block, Table)}


def test_the_header_says_register_report_and_the_registers_come_before_the_survey():
    content = report()
    assert content.title == "Registerrapport för Botkyrka"
    assert "ingen enkätleverans för 2024" in content.lead
    ids = [found.id for found in content.sections]
    assert ids[:2] == ["oversikt", "skola"]
    assert ids[-3:] == ["enkaten", "kvalitet", "metod"]
    assert "individ" not in ids, "an arena without registers has no section"


def test_the_reason_is_told_in_one_section_and_no_survey_chart_is_drawn():
    content = report()
    assert [card.chart_id for card in content.cards if card.synthetic] == []
    assert words(content).count("har tagits emot och godkänts") == 1
    assert words(content).count("[l]") == 0
    for found in content.sections:
        for table in tables(found).values():
            assert table.rows, f"{found.id}: {table.id} is an empty frame"
            assert all(len(row) == len(table.columns) for row in table.rows)


def test_earlier_waves_are_shown_as_earlier_and_never_as_the_wave_itself():
    earlier = tables(section(report(), "enkaten"))["enkaten-tidigare-tabell"]
    assert earlier.columns == ("Faktor", "Årskurs", "2016", "2018", "2022"), "2020 had no delivery, 2024 is the report's own"
    assert earlier.rows
    never = section(report(every=True), "enkaten")
    assert "enkaten-tidigare-tabell" not in tables(never)
    assert "inte levererat enkätsvar vid något" in words(report(every=True))


def test_a_register_value_stands_beside_the_median_of_the_others_and_the_gap_is_that_of_the_shown_numbers():
    frames, scope = without_delivery()
    shown = tables(next(s for s in register_sections(Context(frames, scope, META)) if s.id == "skola"))["jamfort-skola"]
    row = next(row for row in shown.rows if "behöriga till yrkesprogram" in str(row[0]))
    own, median, gap = (
        float(str(cell).removesuffix("\u00a0%").replace(",", ".").replace("\u2212", "-").replace("+", "")) for cell in row[2:5]
    )
    assert round(own - median, 1) == gap
    values = frames.register_values.filter(
        (pl.col("indicator_key") == "N15428") & (pl.col("year") == int(str(row[1]))) & (pl.col("sex") == "all")
    )
    others = values.filter(pl.col("area_code") != "0127")["value"].drop_nulls()
    assert median == round(others.median(), 1)


def test_numbers_of_pupils_are_not_set_beside_other_municipalities():
    shown = tables(section(report(), "skola"))["jamfort-skola"]
    assert not any("Elever i åk" in str(row[0]) and "%" not in str(row[2]) for row in shown.rows)


def test_too_few_others_give_no_median():
    frames, scope = without_delivery()
    few = replace(
        frames, register_values=frames.register_values.filter(pl.col("area_code").is_in(["01", "0127", "0140", "0180"]))
    )
    content = municipality_report(few, scope, META)
    assert "för få kommuner har värden samma år" in words(content)
    assert all(row[3:5] == ("", "") for row in tables(section(content, "skola"))["jamfort-skola"].rows)


def test_without_any_register_the_report_is_still_readable():
    frames, scope = without_delivery(every=True)
    content = municipality_report(replace(frames, register_values=frames.register_values.head(0)), scope, META)
    assert "kan jämföras" in words(content)
    assert content.cards == ()
    assert render_bundle(replace(frames, register_values=frames.register_values.head(0)), scope, META, draw=outline).files[
        "1_rapport/rapport.html"
    ]


def test_hidden_values_or_one_missing_grade_make_no_register_report():
    frames, scope = sample_bundle_frames()
    hidden = hide(frames, scope.area_code, "suppressed")
    lacking = hide(frames, scope.area_code, "no_delivery", grade="gy2")
    for one in (frames, hidden, lacking):
        assert not is_register_only(Context(one, scope, META))


def test_the_difference_is_rounded_as_the_numbers_are():
    one = Beside(IndicatorMeta("kolada", "k", "Mått", "procent", 1), "percent", 2022, 10.04, 9.96, "middle")
    assert one.difference == 0.0


def test_the_bundle_holds_the_same_folders():
    frames, scope = without_delivery()
    files = render_bundle(frames, scope, META, draw=outline).files
    folders = {"1_rapport", "2_diagram", "3_presentation", "4_tabeller", "5_metod", "6_atgard", "7_intyg"}
    assert {name.split("/")[0] for name in files} == {"LAS_MIG.html", "LAS_MIG.txt", *folders}
    assert b"Registerrapport" in files["1_rapport/rapport.html"]
    assert "ingen enkätleverans för 2024" in files["LAS_MIG.html"].decode()
    seen = replace(bundle_context(scope, META, load_catalogue()), other_editions=())
    own = {name: raw for name, raw in files.items() if name.startswith(("1_rapport/rapport.html", "3_presentation", "LAS_MIG"))}
    scanned = scan(own, None, Pool(with_derived(released_tables(frames))), seen, number_ids(frames, META))
    assert [(f.file, f.place, f.rule) for f in scanned.findings if f.severity == "stop"] == [], "it could never be published"
    easy = files["1_rapport/lattlast.html"].decode()
    assert "Vi har inga svar från unga i Botkyrka från 2024." in easy
    for about_answers in ("De här svaren", "Svaren på den här sidan", "än i länet", "Alla har inte svarat", "%"):
        assert about_answers not in re.sub(r"<style>.*?</style>", "", easy, flags=re.DOTALL), about_answers


def test_the_two_pages_say_what_the_registers_do_and_nothing_about_factors():
    content = report()
    summary = summary_content(content, (), META)
    overview = next(section for section in content.sections if section.id == "oversikt")
    told = [block.items for block in overview.blocks if isinstance(block, Bullets)]
    assert [part.items for part in (*summary.first, *summary.second)] == told
    assert summary.profile in content.cards
    assert META.texts["summary"]["no_chart"] not in summary.notices
    assert not set(summary.reading) & set(META.texts["summary"]["reading"])
    bare = summary_content(replace(content, sections=(overview,)), (), META)
    assert bare.notices[-1] == META.texts["register_only"]["summary"]["no_chart"]
