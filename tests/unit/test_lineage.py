"""What a fault touches: the graph of the catalogue, places and publications, and the words for it."""

from __future__ import annotations

from assets.catalogue.load import load_catalogue, load_profile_catalogue
from assets.lineage.definitions import KINDS, Node, definition_graph, reached
from assets.lineage.radius import Release, built_on, radius
from assets.lineage.words import labels, lines
from assets.overview.texts import overview_texts
from assets.release_register.types import Entry, Inputs, NewEntry

CATALOGUE, TEXTS = load_catalogue(), overview_texts()
HERE = [("0127", 2024)]


def entry(area: str, wave: int, **deliveries: str) -> Entry:
    """A line of the register. `deliveries`: `a0127_2024="hash"`."""
    told = {key.removeprefix("a").replace("_", "|"): sha for key, sha in deliveries.items()}
    inputs = Inputs(told, {}, "grans", "definitioner")
    new = NewEntry("id", f"{area}_{wave}", wave, "intern", area, "2026-01-02", "m" * 64, inputs, "3")
    return Entry(1, new, "c" * 64, "0" * 64, "h" * 64)


def test_one_question_touches_its_index_and_what_is_made_of_it_and_no_other():
    found = radius(CATALOGUE, ["F55e"], HERE)
    assert found.of("question") == ("F55e",)
    assert found.of("index") == ("school_distress",)
    assert found.of("count") == ("risk",)
    assert found.of("association") == ("school_distress/dik57",)
    assert "trend_school_distress" in found.of("chart")
    assert "trend_wellbeing" not in found.of("chart")
    assert "kvalitetsremsa" not in found.of("chart")
    assert found.screened == ("no_spread_school",)
    assert not found.whole
    assert found.county


def test_a_single_question_touches_its_indicators_their_chart_and_sentence():
    found = radius(CATALOGUE, ["F14"], HERE)
    assert found.of("indicator") == ("dik14", "dik14a", "roker_dagligen")
    assert found.of("index") == ()
    assert found.of("chart") == ("fragor_tobak", "serier_andts")
    assert found.of("sentence") == ("dik14a",)
    assert found.of("page") == ()


def test_only_what_was_counted_in_the_wave_is_touched():
    assert "dik14" in radius(CATALOGUE, ["F14"], [("0127", 2022)]).of("indicator")
    assert "dik14" not in radius(CATALOGUE, ["F14"], [("0127", 2020)]).of("indicator")
    assert radius(CATALOGUE, ["F14"], [("0127", 2020)]).later == (2022, 2024)
    assert radius(CATALOGUE, ["F14"], HERE).later == ()


def test_a_whole_delivery_touches_every_series_of_the_wave_and_the_charts_of_what_came():
    found = radius(CATALOGUE, None, HERE)
    assert found.whole
    assert found.of("index") == tuple(sorted(CATALOGUE.index_file.keys))
    assert {"bortfall", "kvalitetsremsa"} <= set(found.of("chart"))
    assert radius(CATALOGUE, ["sex"], HERE) == found, "every number is split by sex"


def test_the_district_column_touches_districts_only():
    found = radius(CATALOGUE, ["district_code"], [("0180", 2024)])
    assert found.districts
    assert [kind for kind in KINDS if found.of(kind)] == ["section"]
    assert not found.county


def test_publications_of_the_municipality_and_of_the_county_with_its_answers_are_touched():
    entries = (
        entry("0127", 2024, a0127_2024="ny", a0127_2022="gammal"),
        entry("0127", 2022, a0127_2022="gammal"),
        entry("0115", 2024, a0127_2024="ny", a0115_2024="annan"),
        entry("01", 2024, a0127_2024="ny"),
        entry("01", 2022, a0127_2022="gammal"),
    )
    day = "2026-01-02"
    assert built_on(entries, HERE, "01", "ny") == (Release(day, "0127_2024", True), Release(day, "01_2024", True))
    assert built_on(entries, [("0127", 2022)], "01", "annan fil") == tuple(
        Release(day, bundle, False) for bundle in ("0127_2022", "0127_2024", "01_2022")
    )
    assert built_on(entries, [("0182", 2024)], "01") == ()


def test_the_lines_say_what_is_touched_in_words_and_leave_out_what_is_not():
    told = lines(radius(CATALOGUE, ["F55e"], HERE, (entry("0127", 2024, a0127_2024="x"),)), CATALOGUE, TEXTS)
    text = "\n".join(told)
    assert told[0] == "Kommun och mättillfälle: Botkyrka 2024"
    assert "Index: Vantrivsel i skolan" in told
    assert "Sidor i 6_atgard: faktorerna, prioriteringen" in told
    assert "0127_2024, utgivet 2026-01-02" in text
    assert "Enskilda frågor" not in text
    assert "Senare" not in text
    unknown = lines(radius(CATALOGUE, None, []), CATALOGUE, TEXTS)
    assert len(unknown) == 1
    assert "Det går inte att säga vilken kommun" in unknown[0]


def test_everything_in_the_graph_has_words_in_every_profile():
    for catalogue in (CATALOGUE, load_profile_catalogue("yrbs"), load_profile_catalogue("lupp")):
        name = labels(catalogue, TEXTS)
        for node in definition_graph(catalogue):
            assert name(*node), node
            if node.kind in ("section", "page", "association", "count"):
                assert name(*node) != node.key, node


def test_section_names_are_the_reports_own():
    import yaml

    from assets.catalogue.load import catalogue_file

    report = yaml.safe_load(catalogue_file("texts/report.yml").read_text(encoding="utf-8"))
    own = dict(next(part["sections"] for part in report.values() if isinstance(part, dict) and "sections" in part))
    assert {key: own[key] for key in TEXTS["report_sections"]} == TEXTS["report_sections"]
    used = {node.key for node in definition_graph(CATALOGUE) if node.kind == "section"}
    assert used == set(TEXTS["report_sections"])


def test_a_start_that_nobody_knows_reaches_nothing():
    assert reached(definition_graph(CATALOGUE), [Node("question", "F999")]) == frozenset()
