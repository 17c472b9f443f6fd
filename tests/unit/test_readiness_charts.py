"""Charts 13 and 14: what is drawn is what the table says, nothing lies on anything else, nothing ranks or judges."""

from __future__ import annotations

import itertools

import polars as pl
import pytest

from assets.catalogue.readiness import load_readiness
from assets.charts import forutsattningstrappa, prioriteringsfalt
from assets.charts.label_places import place_labels
from tests.support.readiness_sample import factor_overview_rows, readiness_rows
from tests.support.sample_release import sample_meta, sample_scope

FILE, META, SCOPE = load_readiness(), sample_meta(), sample_scope()


def stairs(rows: pl.DataFrame):
    return forutsattningstrappa.build(rows, SCOPE, META, FILE)


def field(rows: pl.DataFrame, **options):
    return prioriteringsfalt.build(rows, SCOPE, META, grade="ak9", **options)


def layers(card) -> list[dict]:
    return card.spec["vconcat"][1]["layer"]


def test_the_stairs_draw_one_tick_per_rater_and_one_dot_per_shown_condition():
    card = stairs(readiness_rows())
    ticks = next(part for part in layers(card) if part["mark"].get("strokeWidth") == 2 and part["mark"]["type"] == "rule")
    shown = readiness_rows().filter((pl.col("round") == "2026") & (pl.col("reason") == "ok"))
    assert len(ticks["data"]["values"]) == shown["n_raters"].sum()
    assert len(next(part for part in layers(card) if part["mark"]["type"] == "point")["data"]["values"]) == shown.height
    assert card.table.height == 7
    assert card.table["Antal svar"].to_list()[-1] == "för få svar för att visas [u]"


def test_ticks_stand_at_the_same_places_each_time_and_never_reach_the_next_level():
    assert forutsattningstrappa.ticks("2;2;2") == forutsattningstrappa.ticks("2;2;2")
    many = forutsattningstrappa.ticks(";".join(["1"] * 40 + ["2"] * 40))
    assert max(many[:40]) < min(many[40:])


def test_half_a_level_is_said_as_between_two_words():
    assert forutsattningstrappa.level_words(1.5, META, FILE) == "mellan ”har börjat” och ”finns delvis”"


def test_stairs_without_enough_raters_say_why_and_without_rows_there_are_none():
    few = readiness_rows().filter(pl.col("round") == "2026").with_columns(reason=pl.lit("too_few_raters"))
    assert stairs(few).title == "Botkyrka: förutsättningarna kan inte visas (för få svar för att visas [u])"
    assert stairs(few.with_columns(reason=pl.lit("not_inventoried"))).title.endswith("(ej inventerat [e])")
    assert stairs(few.clear()) is None


def test_the_stairs_show_the_newest_round_that_the_municipality_answered():
    rows = readiness_rows().with_columns(
        reason=pl.when(pl.col("round") == "2026").then(pl.lit("not_inventoried")).otherwise("reason")
    )
    assert "2024" in stairs(rows).subtitle


def test_the_field_draws_what_has_both_ends_and_names_the_rest():
    card = field(factor_overview_rows())
    dots = next(part for part in layers(card) if part["mark"]["type"] == "point")["data"]["values"]
    assert len(dots) == 6
    assert "Utanför diagrammet, se tabellen: välbefinnande." in card.notes
    assert card.table.height == 7
    assert dict(zip(card.table["Faktor"], card.table["I diagrammet"], strict=True))["Välbefinnande"].startswith("ingen skillnad")


def test_larger_need_lies_to_the_right_and_more_activities_higher_up():
    rows = factor_overview_rows().filter(pl.col("factor").is_in(["community", "school_bonding"]))
    dots = next(part for part in layers(field(rows)) if part["mark"]["type"] == "point")["data"]["values"]
    bonding, community = dots  # the catalogue's order
    assert community["x"] > bonding["x"]
    assert community["y"] > bonding["y"]  # px grow downwards


def test_quadrants_are_questions_and_the_title_names_only_clear_differences():
    card = field(factor_overview_rows())
    texts = [row["text"] for part in layers(card) if part["mark"]["type"] == "text" for row in part["data"]["values"]]
    assert sum(text.endswith("?") for text in texts if isinstance(text, str)) == 4
    assert "vantrivsel" not in card.title.lower()
    none = field(factor_overview_rows().with_columns(diff_verdict=pl.lit("unclear")))
    assert none.title == "Botkyrka, årskurs\u00a09: inget behov är tydligt större än i länet"


def test_against_readiness_all_factors_share_the_municipalitys_own_band():
    card = field(factor_overview_rows(), against="readiness")
    (band,) = next(part for part in layers(card) if part["mark"]["type"] == "rect")["data"]["values"]
    assert band["y"] <= band["middle"] <= band["y2"]
    assert set(card.table["Mittersta hälften"]) == {"1,0–2,0"}


def test_unknown_coverage_is_no_point_at_zero():
    rows = factor_overview_rows().with_columns(coverage_low=pl.lit(None, pl.Float64), coverage_high=pl.lit(None, pl.Float64))
    card = field(rows)
    assert card.title == "Botkyrka, årskurs\u00a09: inga faktorer kan placeras i fältet"
    assert set(card.table["Kända aktiviteter, minst"]) == {"aktiviteterna är ej inventerade [e]"}
    assert field(rows.clear()) is None


def test_the_suggested_order_decides_who_is_drawn_when_there_is_no_room(monkeypatch):
    monkeypatch.setattr(prioriteringsfalt, "MOST", 2)
    card = field(factor_overview_rows(), order=["community", "parenting"])
    drawn = card.table.filter(pl.col("I diagrammet") == "ja")["Faktor"].to_list()
    assert drawn == [META.indices["community"].label_sv, META.indices["parenting"].label_sv]


@pytest.mark.parametrize("spread", [0, 4, 12, 40])
def test_labels_of_eight_close_points_keep_apart_and_inside(spread):
    marks = [(300 + spread * n, 200 + spread * (n % 3), 260 + spread * n, 340 + spread * n) for n in range(8)]
    places = place_labels(marks, [150] * 8, 14, (0, 0, 700, 430))
    boxes = [(left, middle - 8, left + 150, middle + 8) for left, middle in places]
    for one, other in itertools.combinations(boxes, 2):
        assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
    assert all(box[0] >= 0 and box[2] <= 700 and box[1] >= 0 and box[3] <= 430 for box in boxes)
