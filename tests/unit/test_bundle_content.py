"""What the report says: sections in order, sentences by tests, nothing hidden turned into a number, nobody else's rows."""

from __future__ import annotations

import pickle
from dataclasses import replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.bundle.content import folder_name, municipality_report
from assets.bundle.districts import swedish
from assets.bundle.frames import guard_frames, select_frames
from assets.bundle.highlights import chosen_findings, highlights
from assets.bundle.overview import unclear_changes
from assets.bundle.tables import bundle_tables
from assets.bundle.types import Bullets, Figure, Notice, ReportContent, Section, SubHeading, Table, Text
from assets.bundle.words import Context, date_text, source_line
from assets.charts.types import ReleaseFrames
from assets.methods.errors import PipelineError
from assets.methods.finding_sentences import sentence
from assets.methods.register_protection import protect_register_counts
from tests.support.sample_bundle import RELEASED, hide, sample_bundle_frames, sample_report_meta, whole_release
from tests.support.sample_release import sample_scope

META = sample_report_meta()


def report(area_code: str = "0127") -> ReportContent:
    frames, scope = sample_bundle_frames(area_code)
    return municipality_report(frames, scope, META)


def section(content: ReportContent, section_id: str) -> Section:
    return next(found for found in content.sections if found.id == section_id)


def all_text(content: ReportContent) -> str:
    """Every sentence and table cell outside the charts."""
    parts: list[str] = []
    for found in content.sections:
        for block in found.blocks:
            if isinstance(block, Text | Notice):
                parts.append(block.text)
            elif isinstance(block, Bullets):
                parts += block.items
            elif isinstance(block, Table):
                parts += [str(cell) for row in block.rows for cell in row]
    return "\n".join(parts)


def test_sections_stand_in_the_promised_order():
    ids = [found.id for found in report().sections]
    arenas = ["familj", "skola", "fritid", "narsamhalle", "individ"]
    assert ids == ["oversikt", *arenas, "brott", "andts", "jamforelse", "vilka", "kvalitet", "metod"]


def test_only_stockholm_has_a_district_section():
    content = report("0180")
    districts = section(content, "stadsdelar")
    tables = [block for block in districts.blocks if isinstance(block, Table)]
    assert [row[0] for row in tables[0].rows] == ["Järva", "Södermalm", "Älvsjö", "Stockholms stad"]
    hidden = tables[0].rows[2]
    assert hidden[1] == "skyddat av sekretesskäl [c]"
    assert hidden[2:] == ("", "", "")
    assert all(found.id != "stadsdelar" for found in report().sections)


def test_every_chart_of_the_catalogue_is_there_once():
    ids = [card.chart_id for card in report().cards]
    assert len(ids) == len(set(ids))
    expected = {f"{name}_{grade}" for name in ("faktorprofil", "skillnadsdiagram", "konsskillnad") for grade in ("ak9", "gy2")}
    expected |= {f"trend_{key}_{grade}" for key in META.indices for grade in ("ak9", "gy2")} | {"bortfall"}
    assert expected <= set(ids)
    assert {i for i in ids if i not in expected} >= {"kolada_grundskola", "kolada_narsamhalle"}


def test_strengths_stand_before_what_needs_attention_and_carry_published_numbers():
    frames, scope = sample_bundle_frames()
    grown = (pl.col("series") == "wellbeing") & (pl.col("sex") == "all") & (pl.col("measure") == "share_focus")
    seen = {"change": pl.lit(5.0), "low": pl.lit(2.0), "high": pl.lit(8.0), "verdict": pl.lit("increase")}
    changed = frames.trends.with_columns(pl.when(grown).then(new).otherwise(name).alias(name) for name, new in seen.items())
    frames = replace(frames, trends=changed)
    content = municipality_report(frames, scope, META)
    headings = [block.text for block in section(content, "oversikt").blocks if isinstance(block, SubHeading)]
    assert headings[:4] == ["Styrkor", "Att uppmärksamma", "Osäkert", "Det här kan inte sägas"]
    context = Context(frames, scope, META)
    chosen = chosen_findings(context)
    assert any(finding.tone == "attention" for finding in chosen), "the sample has something to look at"
    assert any(finding.measure == "change_share_focus" for finding in chosen), "and something that has changed"
    said = [text for block in section(content, "oversikt").blocks if isinstance(block, Bullets) for text in block.items]
    places = [said.index(sentence(f, META.findings.templates, META.findings.words)) for f in chosen]
    assert places == sorted(places)
    assert [f.tone for f in chosen] == sorted((f.tone for f in chosen), reverse=True)
    for finding in chosen:
        table, names = frames.index_results, {"index_key": finding.index_key, "measure": finding.measure}
        if finding.measure == "change_share_focus":
            table, names = frames.trends, {"series": finding.index_key, "measure": "share_focus"}
        names |= {"area_code": scope.area_code, "wave": scope.wave, "grade": finding.grade, "sex": "all"}
        row = table.row(by_predicate=pl.all_horizontal(pl.col(name) == value for name, value in names.items()), named=True)
        assert row["verdict"] in (("lower", "decrease") if finding.difference < 0 else ("higher", "increase"))
        assert finding.difference == row["change" if finding.measure == "change_share_focus" else "value"]


def test_what_cannot_be_told_about_changes_is_said():
    frames, scope = sample_bundle_frames()
    context = Context(frames, scope, META)
    sentences = unclear_changes(context)
    assert any("kan inte avgöras" in text for text in sentences)
    table = next(b for b in section(municipality_report(frames, scope, META), "individ").blocks
                 if isinstance(b, Table) and b.id == "utveckling-individ")  # fmt: skip
    assert any("kan inte avgöras" in row[4] for row in table.rows)
    assert not any(word in " ".join(row) for row in table.rows for word in ("↑", "↓", "p ="))


def test_hidden_values_have_no_change_in_words_or_table():
    frames, scope = sample_bundle_frames("0115")
    table = next(b for b in section(municipality_report(frames, scope, META), "individ").blocks
                 if isinstance(b, Table) and b.id == "utveckling-individ")  # fmt: skip
    row = next(row for row in table.rows if row[0] == "Utagerande" and row[1] == "Gy 2")
    assert (row[3], row[4]) == ("", "skyddat av sekretesskäl [c]"), "hidden in 2022, so there is no change"


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["higher", "lower", "unclear"]), st.integers(0, 30)), max_size=14))
def test_at_most_six_findings_are_highlighted_and_the_rest_are_counted(drawn):
    frames, scope = sample_bundle_frames()
    cells = [(key, grade) for grade in ("ak9", "gy2") for key in META.indices]
    verdicts = {cell: drawn[n] if n < len(drawn) else ("unclear", 0) for n, cell in enumerate(cells)}
    given = [
        {"area_code": scope.area_code, "wave": scope.wave, "grade": grade, "index_key": key, "sex": "all",
         "measure": "diff_share_focus", "sign": -size if verdict == "lower" else size, "said": verdict}
        for (key, grade), (verdict, size) in verdicts.items()
    ]  # fmt: skip
    keys, gap = ["area_code", "wave", "grade", "index_key", "sex", "measure"], pl.col("measure").str.starts_with("sex_gap")
    changed = frames.index_results.join(pl.DataFrame(given).cast({"wave": pl.Int32}), on=keys, how="left").with_columns(
        value=pl.coalesce(pl.col("sign").cast(pl.Float64), "value"),
        low=pl.coalesce(pl.col("sign") - 1.0, "low"),
        high=pl.coalesce(pl.col("sign") + 1.0, "high"),
        verdict=pl.when(gap).then(pl.lit("unclear")).otherwise(pl.coalesce("said", "verdict")),
        reason=pl.when(pl.col("sign").is_not_null()).then(pl.lit("ok")).otherwise("reason"),
    )
    without = replace(frames, index_results=changed.drop("sign", "said"), trends=pl.DataFrame())
    found = highlights(Context(without, scope, META))
    clear = [verdict for verdict, size in verdicts.values() if verdict != "unclear" and size >= 3]
    assert len(found.strengths.sentences) + len(found.attention.sentences) <= found.most == 6
    assert len(found.strengths.sentences) + found.strengths.more == clear.count("lower")
    assert len(found.attention.sentences) + found.attention.more == clear.count("higher")


def test_a_hidden_factor_is_named_with_its_reason_and_gives_no_number():
    frames, scope = sample_bundle_frames("0115")
    content = municipality_report(frames, scope, META)
    bullets = [block for block in section(content, "oversikt").blocks if isinstance(block, Bullets) and block.tone == "hidden"]
    apart = "flickor och pojkar var för sig"
    assert bullets[0].items == (
        f"Årskurs 9, {apart}: brister i föräldraskap (skyddat av sekretesskäl [c]).",
        "Gymnasiets år 2: brister i närsamhället (skyddat av sekretesskäl [c]).",
        f"Gymnasiets år 2, {apart}: utagerande och psykiska och psykosomatiska besvär (skyddat av sekretesskäl [c]).",
    )
    values = next(
        block for block in section(content, "narsamhalle").blocks if isinstance(block, Table) and block.id.startswith("v")
    )
    row = next(row for row in values.rows if row[1] == "Gy 2" and row[2] == "Flickor och pojkar")
    assert row[3] == "skyddat av sekretesskäl [c]"
    assert row[4:6] == ("", "")


def test_a_municipality_without_upper_secondary_school_gets_words_not_frames():
    content = report("0140")
    assert not [card.chart_id for card in content.cards if card.chart_id.endswith("gy2")]
    assert "Gymnasiets år 2: inga värden kan visas (inga elever i årskursen i leveransen [-])." in all_text(content)


@pytest.mark.parametrize("reason", ["suppressed", "too_few"])
def test_nothing_to_show_gives_a_readable_report_without_survey_charts(reason):
    frames, scope = sample_bundle_frames()
    content = municipality_report(hide(frames, scope.area_code, reason), scope, META)
    survey = [card.chart_id for card in content.cards if not card.chart_id.startswith("kolada")]
    assert survey == []
    text = all_text(content)
    assert f"Årskurs 9: inga värden kan visas ({Context(frames, scope, META).reason(reason)})." in text
    assert content.summary.status == "hidden"
    assert content.summary.respondents == {"ak9": None, "gy2": None}


def test_mostly_hidden_is_said_in_words_first():
    frames, scope = sample_bundle_frames()
    results = hide(frames, scope.area_code, "suppressed", grade="gy2").index_results
    kept = pl.col("index_key") == "wellbeing"
    more = hide(
        ReleaseFrames(results.filter(~kept), frames.response_rates, frames.register_values, frames.delivery_quality),
        scope.area_code,
        "suppressed",
    ).index_results
    few = ReleaseFrames(
        pl.concat([more, results.filter(kept)]), frames.response_rates, frames.register_values, frames.delivery_quality
    )
    notices = [b.text for b in section(municipality_report(few, scope, META), "oversikt").blocks if isinstance(b, Notice)]
    assert any("kan bara 1 av 14 värden visas" in text for text in notices)


def test_each_section_drawn_from_the_simulator_says_so_and_register_data_are_marked_as_real():
    for found in report().sections:
        synthetic = [b for b in found.blocks if isinstance(b, Notice) and b.tone == "synthetic"]
        drawn = [figure for figure in found.figures if figure.card.synthetic]
        if drawn or found.id == "kvalitet":
            assert synthetic, found.id
        for figure in found.figures:
            if not figure.card.synthetic:
                assert [b for b in found.blocks if isinstance(b, Notice) and b.tone == "real"], found.id


def test_other_municipalities_are_seen_through_the_strip_only():
    scope = sample_scope()
    frames = select_frames(whole_release(), scope, META.charts.indices)
    others = frames.index_results.filter(~pl.col("area_code").is_in(["01", scope.area_code]))
    assert set(others["measure"]) == {"share_band1", "share_band3"}
    assert set(others["sex"]) == {"all"}
    assert set(others["wave"]) == {scope.wave}
    assert set(frames.response_rates["area_code"]) == {"01", scope.area_code}
    guard_frames(frames, scope, META.charts.indices)


@pytest.mark.parametrize("table", ["index_results", "response_rates", "delivery_quality"])
def test_a_foreign_row_is_refused_without_showing_it(table):
    frames, scope = sample_bundle_frames()
    foreign = whole_release("0115")
    tables = {name: getattr(frames, name) for name in ("index_results", "response_rates", "register_values", "delivery_quality")}
    tables[table] = pl.concat([tables[table], getattr(foreign, table).filter(pl.col("area_code") == "0115").head(3)])
    with pytest.raises(PipelineError) as caught:
        municipality_report(ReleaseFrames(**tables), scope, META)
    assert caught.value.code == "foreign_rows"
    assert "Vallentuna" not in str(caught.value)


def test_another_edition_is_refused():
    frames, scope = sample_bundle_frames()
    wrong = ReleaseFrames(
        frames.index_results.with_columns(edition=pl.lit("publik")), frames.response_rates, frames.register_values,
        frames.delivery_quality,
    )  # fmt: skip
    with pytest.raises(PipelineError):
        municipality_report(wrong, scope, META)


def test_register_values_keep_their_marks():
    tables = {b.id: b for b in section(report(), "skola").blocks if isinstance(b, Table)}
    counts = {row[0]: row[1] for row in tables["register-skolverket-tabell"].rows}
    assert counts["2024"] == "1\u00a0014"
    assert counts["2022"] == "[m]"
    assert counts["2021"] == "1\u00a0011\u00a0[r]"
    assert "[r] ej avstämd mot källan." in tables["register-skolverket-tabell"].note
    answers = {row[0]: row[1] for row in tables["register-skolenkaten-tabell"].rows}
    assert answers["Kritiskt tänkande"] == "[x]"
    assert answers["Stimulans"] == "5,1"


def test_figures_follow_the_heading_above_them():
    for found in report("0180").sections:
        under = False
        for block in found.blocks:
            under = under or isinstance(block, SubHeading)
            if isinstance(block, Figure):
                assert block.level == (4 if under else 3), (found.id, block.card.chart_id)


def test_names_dates_and_order_are_swedish():
    scope = sample_scope()
    assert folder_name(scope, META) == "0127_botkyrka_2024_v1.0_intern"
    assert date_text(RELEASED) == "12\u00a0mars\u00a02026"
    assert sorted(["Österåker", "Ekerö", "Åkersberga", "Älvsjö", "Täby"], key=swedish) == [
        "Ekerö", "Täby", "Åkersberga", "Älvsjö", "Österåker",
    ]  # fmt: skip


def test_everything_a_worker_needs_can_be_pickled():
    frames, scope = sample_bundle_frames()
    again, same_scope, meta = pickle.loads(pickle.dumps((frames, scope, META)))
    assert municipality_report(again, same_scope, meta).summary == municipality_report(frames, scope, META).summary


def test_the_source_line_follows_the_vintage_that_is_shown():
    line = "Källa: Kolada, årgång {vintage}."
    values = pl.DataFrame({"source": ["kolada", "kolada", "scb"], "vintage": ["2024-01-30", "2025-02-01", "2026-01-01"]})
    assert source_line(line, "kolada", values) == "Källa: Kolada, årgång 1\u00a0februari\u00a02025."
    assert source_line(line, "kolada", values.clear()) == "Källa: Kolada."
    assert source_line("Källa: Skolverket.", "skolverket", values) == "Källa: Skolverket."


def test_registers_that_somebody_has_dropped_stand_in_the_page_and_the_table():
    (frames, scope), meta = sample_bundle_frames(), sample_report_meta()
    usual = frames.register_values.filter(pl.col("area_code") == scope.area_code).head(1)
    more = pl.concat(
        usual.with_columns(source=pl.lit(s), indicator_key=pl.lit(k), year=pl.lit(y, pl.Int32), sex=pl.lit("all"), unit=pl.lit(u),
                           value=pl.lit(v), reason=pl.lit("ok"))
        for s, k, y, u, v in (("bra", "anmalda_brott", 2022, "count", 12.0), ("bra", "anmalda_brott", 2023, "count", 14.0))
    )  # fmt: skip
    given = replace(frames, register_values=pl.concat([frames.register_values, more]))
    section = next(s for s in municipality_report(given, scope, meta).sections if s.id == "narsamhalle")
    (table,) = [b for b in section.blocks if isinstance(b, Table) and b.id == "register-fler-narsamhalle"]
    assert table.rows == (("anmalda_brott", "2023", "14", "bra"),)
    exported = bundle_tables(given, scope, meta)["register_values"]
    assert exported.filter(pl.col("source") == "bra")["year"].to_list() == [2022, 2023]
    plain = next(s for s in municipality_report(frames, scope, meta).sections if s.id == "narsamhalle")
    assert not [b for b in plain.blocks if isinstance(b, Table) and b.id.startswith("register-fler")]


def test_a_rate_of_own_counts_stands_with_its_interval_and_a_hidden_one_as_its_mark():
    (frames, scope), meta = sample_bundle_frames(), sample_report_meta()
    usual = frames.register_values.filter(pl.col("area_code") == scope.area_code).head(1)
    rate = usual.with_columns(
        source=pl.lit("egna"), indicator_key=pl.lit("orosanmalningar"), year=pl.lit(2024, pl.Int32), sex=pl.lit("all"),
        unit=pl.lit("per_1000"), value=pl.lit(40.0), reason=pl.lit("ok"), low=pl.lit(35.737), high=pl.lit(44.632),
        events=pl.lit(320, pl.Int64), population=pl.lit(8000, pl.Int64), interval_method=pl.lit("byar"),
        confidence_level=pl.lit(0.95),
        title_sv=pl.lit("Orosanmälningar per 1 000 barn"), publisher_sv=pl.lit("Kommunen"),
    )  # fmt: skip
    small = protect_register_counts(
        rate.with_columns(indicator_key=pl.lit("placerade"), title_sv=pl.lit("Placerade"), events=pl.lit(4, pl.Int64)), 5
    )
    sure = rate.with_columns(
        indicator_key=pl.lit("vaccinerade"), title_sv=pl.lit("Vaccinerade"), low=pl.lit(39.98), high=pl.lit(40.02)
    )
    given = replace(frames, register_values=pl.concat([frames.register_values, rate, small, sure]))
    section = next(s for s in municipality_report(given, scope, meta).sections if s.id == "narsamhalle")
    (table,) = [b for b in section.blocks if isinstance(b, Table) and b.id == "register-fler-narsamhalle"]
    assert table.columns[3:6] == ("Osäkerhetsintervall", "Antal", "Av så många")
    assert table.rows == (
        ("Orosanmälningar per 1 000 barn", "2024", "40,0", "35,7–44,6", "320", "8\u00a0000", "Kommunen"),
        ("Placerade", "2024", "[c]", "", "", "", "Kommunen"),
        ("Vaccinerade", "2024", "40,0", "39,98–40,02", "320", "8\u00a0000", "Kommunen"),
    ), "limits that one decimal makes equal get one more"


def test_every_index_shows_how_the_pupils_spread_over_its_groups_and_a_hidden_municipality_has_no_such_chart():
    frames, scope = sample_bundle_frames("0127")
    drawn = {card.chart_id for card in municipality_report(frames, scope, sample_report_meta()).cards}
    assert {f"svarsfordelning_{key}" for key in sample_report_meta().charts.indices} <= drawn
    hidden = municipality_report(hide(frames, scope.area_code, "suppressed"), scope, sample_report_meta())
    assert not [card for card in hidden.cards if card.chart_id.startswith("svarsfordelning_")]
