"""The pages on action: need, activities, preconditions and order of one municipality, and what is said where nothing is known."""

from __future__ import annotations

import re
from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.action_facts import STATES, action_of
from assets.bundle.action_pages import FOLDER, action_files, page_links
from assets.bundle.action_section import section
from assets.bundle.activity_page import activity_sections, matrix_card
from assets.bundle.content import municipality_report
from assets.bundle.factor_page import factor_pages
from assets.bundle.load_english import LEFT_OUT
from assets.bundle.pdf import wall_charts
from assets.bundle.priority_page import field_cards, priority_sections
from assets.bundle.readiness_page import readiness_card, readiness_sections
from assets.bundle.readme import LINE, readme_files
from assets.bundle.tables import bundle_tables
from assets.bundle.types import Bullets, Table, Text
from assets.bundle.words import Context
from assets.charts import numbers
from assets.charts.types import ReleaseFrames
from assets.methods.errors import PipelineError
from tests.support.prevention_sample import prevention_frames
from tests.support.sample_bundle import hide, outline, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
PAGES = ("faktorer", "forutsattningar", "prioritering", "verksamheter")
TABLES = ("verksamheter", "tackning", "forutsattningar", "faktorer", "prioritering")


def action(area: str = "0127", *, inventoried: bool = True, rated: bool = True):
    frames, scope = prevention_frames(area, inventoried=inventoried, rated=rated)
    found = action_of(Context(frames, scope, META))
    assert found
    return found


def files(frames: ReleaseFrames, scope) -> dict[str, str]:
    content = municipality_report(frames, scope, META)
    made = action_files(frames, content, {}, META, outline)
    return {name: text.decode() for name, text in made.items()}


def page(key: str, held):
    title = held.context.indices[key].label_sv
    return next(one for one in factor_pages(held) if one.title == title)


def words(blocks) -> str:
    return " ".join(
        block.text if isinstance(block, Text) else " ".join(block.items) for block in blocks if isinstance(block, Text | Bullets)
    )


def test_a_run_without_forms_and_join_has_no_pages_section_or_tables():
    frames, scope = sample_bundle_frames()
    assert action_of(Context(frames, scope, META)) is None
    assert files(frames, scope) == {}
    assert section(Context(frames, scope, META)) is None
    assert not set(TABLES) & bundle_tables(frames, scope, META).keys()


def test_the_folder_has_four_pages_and_the_readme_lists_those_it_has():
    frames, scope = prevention_frames()
    made = files(frames, scope)
    assert sorted(made) == [f"{FOLDER}/{name}.html" for name in PAGES]
    links = page_links(META, {f"{FOLDER}/faktorer.html": b""})
    assert [link[0] for link in links] == ["6_atgard/faktorer.html"]
    page, text = (raw.decode() for raw in readme_files(municipality_report(frames, scope, META), META, more=links).values())
    assert 'href="6_atgard/faktorer.html"' in page
    assert "6_atgard/prioritering.html" not in page + text


def test_the_readme_as_text_says_the_same_in_short_windows_lines():
    frames, scope = prevention_frames()
    for meta, told in ((META, True), (replace(META, open_data=None, next_wave=None), False)):
        page, text = (raw.decode("utf-8-sig") for raw in readme_files(municipality_report(frames, scope, meta), meta).values())
        lines = text.split("\r\n")
        assert max(map(len, lines)) <= LINE
        assert re.findall(r"^- (\S+)", text, re.MULTILINE) == re.findall(r'<a href="([^#"]+)"', page)
        assert ("kontakt@" in text, "nästa gång 2026" in " ".join(lines)) == (told, told)


def test_a_factor_has_level_interval_county_and_development_from_the_release():
    held = action()
    made = page("parenting", held)
    focus = held.context.focus("parenting", "ak9")
    row = dict(zip(made.level.columns, made.level.rows[0], strict=True))
    assert row["Andel (intervall)"] == f"{numbers.percent(focus.value)} ({numbers.percent_interval(focus.low, focus.high)})"
    assert row["Länet"] == numbers.percent(held.context.county_focus("parenting", "ak9").value)
    shown = held.overview["ak9", "parenting"]
    assert shown["share_focus"] == focus.value
    assert str(row["Skillnad mot länet, procentenheter (intervall)"]).startswith(numbers.signed(shown["diff_county"]))
    assert len(made.evidence) == 3
    assert any(suspect for _, suspect in made.sources)


def test_activities_are_counted_in_five_states_and_named_in_words():
    held = action()
    for made in factor_pages(held):
        assert made.activities
        head, *rows = made.activities.rows
        assert head[0] == "Alla"
        assert len(head) == 1 + len(STATES)
        assert rows
    made = page("community", held)
    row = held.overview["ak9", "community"]
    assert made.activities
    assert made.activities.rows[0][1] == numbers.thousands(row["n_known"])
    stated = dict(made.stated)
    assert "öppen fritidsverksamhet" in stated["Finns"]
    assert "Uppgifterna skiljer sig" in stated
    assert any(line.startswith("Tillfälliga pengar:") for line in made.gaps)


def test_the_seven_conditions_stand_on_every_factors_page_with_spread():
    tables = [made.readiness for made in factor_pages(action())]
    assert all(table and len(table.rows) == 7 for table in tables)
    assert len({table.id for table in tables if table}) == len(tables)
    first = tables[0]
    assert first
    assert first.rows[-1][1:] == ("för få svar för att visas [u]", "")
    assert any(" till " in row[2] for row in first.rows)


def test_who_is_affected_follows_the_release_s_verdict():
    frames, scope = prevention_frames()
    own = (pl.col("area_code") == scope.area_code) & (pl.col("measure") == "sex_gap_share_focus")
    for verdict, said in (("higher", "större bland flickor"), ("lower", "större bland pojkar")):
        value = 9.0 if verdict == "higher" else -9.0
        told = frames.index_results.with_columns(
            **{
                name: pl.when(own).then(pl.lit(put)).otherwise(pl.col(name))
                for name, put in {"value": value, "low": value - 3, "high": value + 3, "reason": "ok", "verdict": verdict}.items()
            }
        )  # fmt: skip
        held = action_of(Context(replace(frames, index_results=told), scope, META))
        assert held
        assert said in page("wellbeing", held).affected[0]


def test_a_municipality_that_has_not_inventoried_says_so_in_a_sentence_and_draws_nothing():
    held = action("0140", inventoried=False, rated=False)
    assert matrix_card(held) is None
    assert readiness_card(held) is None
    assert field_cards(held) == ()
    made = factor_pages(held)[0]
    assert made.activities is None
    assert made.readiness is None
    assert "har inte inventerat" in made.activities_said
    assert "Ingen i Nykvarn har svarat" in made.readiness_said
    assert [type(block) for part in activity_sections(held, {"arena": None}) for block in part.blocks] == [Text]
    steps = readiness_sections(held, None)
    assert "Ingen i Nykvarn" in words(steps[0].blocks)
    assert [part.id for part in steps] == ["trappa", "lanet"]
    assert "Fältet ritas inte" in words(priority_sections(held, ())[0].blocks)
    told = section(held.context)
    assert told
    assert not told.figures
    assert "har inte inventerat" in words(told.blocks)


def test_too_few_raters_is_another_sentence_than_nobody():
    frames, scope = prevention_frames(rated=False)
    few = frames.readiness.with_columns(reason=pl.lit("too_few_raters"))
    held = action_of(Context(replace(frames, readiness=few), scope, META))
    assert held
    assert "För få i Botkyrka" in page("parenting", held).readiness_said


def test_a_hidden_share_is_its_reason_and_no_picture():
    frames, scope = prevention_frames()
    hidden = hide(frames, scope.area_code, "suppressed")
    held = action_of(Context(replace(frames, index_results=hidden.index_results, trends=hidden.trends), scope, META))
    assert held
    for row in page("parenting", held).level.rows:
        assert "[c]" in str(row[1])
        assert row[2] == ""


def test_the_order_has_points_places_and_the_rule_with_its_weights():
    held = action()
    parts = {part.id: part for part in priority_sections(held, field_cards(held))}
    table = next(block for block in parts["ordning"].blocks if isinstance(block, Table))
    assert len(table.rows) == 7
    assert next(row[1] for row in table.rows) == "1"
    assert table.rows[0][8] == "inte känt", "no municipality has set weights of its own"
    assert "förslag" in words(parts["ordning"].blocks)
    rule = str(parts["regel"].blocks)
    for weight in held.definitions.priority.weights.values():
        assert f"vikt {numbers.decimal(weight)}." in rule
    whole = next(block for block in parts["alla"].blocks if isinstance(block, Table))
    assert len(whole.rows) == len(held.overview)
    assert sum(len(card.table) for card in field_cards(held)) == len(held.overview)


def test_disagreement_is_shown_with_who_said_what():
    held = action()
    parts = {part.id: part for part in activity_sections(held, {"arena": matrix_card(held)})}
    told = words(parts["skiljer-sig"].blocks)
    assert "ja enligt förskola och skola, nej enligt polis" in told
    table = next(block for block in parts["alla"].blocks if isinstance(block, Table))
    assert len(table.rows) == held.status.height
    assert any(row[0] == "Musik (egen)" for row in table.rows)
    assert {row[1] for row in table.rows} == {"Finns", "Finns inte", "Vet inte", "Uppgifterna skiljer sig", "Ej inventerat"}


def test_preconditions_show_rounds_statements_and_what_is_published_of_the_county():
    held = action()
    parts = {part.id: part for part in readiness_sections(held, readiness_card(held))}
    assert list(parts) == ["trappa", "omgangar", "pastaenden", "lanet"]
    rounds = next(block for block in parts["omgangar"].blocks if isinstance(block, Table))
    assert rounds.columns[1:3] == ("Omgång 2024", "Omgång 2026")
    statements = [block for block in parts["pastaenden"].blocks if isinstance(block, Table)]
    assert sum(len(table.rows) for table in statements) == sum(len(c.statements) for c in held.definitions.readiness.conditions)
    published = words(parts["lanet"].blocks)
    for reference in held.definitions.readiness.references:
        assert reference.text_sv in published


def test_the_report_has_the_section_with_three_charts_and_english_leaves_it_out():
    frames, scope = prevention_frames()
    content = municipality_report(frames, scope, META)
    found = next(part for part in content.sections if part.id == "atgard")
    charts = [figure.card.chart_id for figure in found.figures]
    assert charts == ["tackningsmatris_arena", "prioriteringsfalt_ak9", "prioriteringsfalt_gy2", "forutsattningstrappa"]
    assert [link for link, _ in found.links] == [
        f"../{FOLDER}/{name}.html" for name in ("faktorer", "prioritering", "verksamheter", "forutsattningar")
    ]
    assert "atgard" in LEFT_OUT
    assert {kind for kind, card in wall_charts(content, set(), META) if card.chart_id in charts} == {
        "tackningsmatris", "prioriteringsfalt", "forutsattningstrappa",
    }  # fmt: skip


def test_a_municipality_without_delivery_still_tells_of_its_activities():
    frames, scope = prevention_frames()
    missing = hide(frames, scope.area_code, "no_delivery")
    content = municipality_report(
        replace(frames, index_results=missing.index_results, response_rates=missing.response_rates, trends=missing.trends),
        scope,
        META,
    )
    assert content.register_only
    assert [part.id for part in content.sections][-3:] == ["atgard", "kvalitet", "metod"]


@pytest.mark.parametrize("name", TABLES)
def test_tables_have_swedish_headers_and_one_row_per_key(name):
    frames, scope = prevention_frames()
    tables = bundle_tables(frames, scope, META)
    ages = (pl.col("factor_kind") != "index") | (pl.col("age_band") == "*")
    table, source = tables[name], {
        "verksamheter": frames.activity_status, "tackning": frames.activity_coverage.filter(ages),
        "faktorer": frames.factor_overview, "prioritering": frames.priority_order, "forutsattningar": None,
    }[name]  # fmt: skip
    if source is not None:
        assert table.height == source.height
    keys = next(keys for table_name, keys, _ in _swedish() if table_name == name)
    assert table.select(keys).is_unique().all()
    assert not any(re.search(r"_[a-z]", column) for column in table.columns)


def _swedish():
    from assets.bundle.tables import SWEDISH_TABLES

    return SWEDISH_TABLES


def test_number_ids_of_the_join_lead_to_the_same_number_in_the_table_of_indices():
    frames, scope = prevention_frames()
    tables = bundle_tables(frames, scope, META)
    index = tables["index_results"]
    known = {
        f"{r['wave']}/{r['area_code']}/{r['grade']}/{r['sex']}/{r['index_key']}/{r['measure']}": r["value"]
        for r in index.iter_rows(named=True)
    }
    rows = list(tables["faktorer"].iter_rows(named=True))
    assert rows
    for row in rows:
        assert known[row["Tal-id"]] == row["Andel"]


def test_another_municipalitys_activities_are_refused():
    frames, scope = prevention_frames()
    other = frames.activity_status.head(1).with_columns(area_code=pl.lit("0180"))
    with pytest.raises(PipelineError, match="activity_status"):
        municipality_report(replace(frames, activity_status=pl.concat([frames.activity_status, other])), scope, META)


def test_no_page_names_a_catalogue_code():
    frames, scope = prevention_frames()
    codes = [a.id for a in META.prevention.activities.activities if "_" in a.id] if META.prevention else []
    for name, text in files(frames, scope).items():
        body = re.sub(r"<[^>]*>", " ", text.split("<main", 1)[1])
        assert [code for code in codes if code in body] == [], name
