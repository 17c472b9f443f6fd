"""Deliveries -> one table of respondents; who counts, and which delivery counts."""

from __future__ import annotations

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.methods.harmonise import (
    BACKGROUND,
    DeliveryInput,
    delivery_gaps,
    harmonise_all,
    harmonise_delivery,
    newest_per_municipality,
    split_population,
)

CATALOGUE = load_catalogue()
NEW = next(b for b in CATALOGUE.codebooks if b.match_by == "code")
MEASURES = [measure.key for measure in CATALOGUE.survey.measures]
PLACES = (CATALOGUE.survey, CATALOGUE.municipality_of_survey_code, CATALOGUE.district_names)


def delivery(name: str = "a", **changes: list[str | None]) -> DeliveryInput:
    """Two pupils, one in Täby and one in Stockholm."""
    columns = {
        "Skolkommun": ["Täby", "Stockholm"],
        "Arskurs": ["Åk 9", "Gy 2"],
        "F2": ["Flicka", "Pojke"],
        "SkolSDO": ["Farsta", "Farsta"],
        "F55e": ["1", "4"],
    } | changes
    cells = pl.DataFrame(columns, schema={c: pl.String for c in columns})
    return DeliveryInput(name, f"{name}.sav", NEW, cells, {}, pl.Series("wave", [2024, 2022]), pl.Series("source_row", [7, 9]))


def test_a_delivery_becomes_keys_background_and_items():
    frame = harmonise_delivery(delivery(), *PLACES)
    assert frame.columns == [*BACKGROUND, *(i.key for i in CATALOGUE.survey.items), *MEASURES]
    assert frame.select("respondent_key", "delivery_id", "municipality_code", "wave", "grade", "sex", "F55e").rows() == [
        ("a-7", "a", "0160", 2024, "ak9", "girl", 1),
        ("a-9", "a", "0180", 2022, "gy2", "boy", 4),
    ]
    assert frame.schema["wave"] == pl.Int32


def test_only_stockholm_has_districts():
    assert harmonise_delivery(delivery(), *PLACES)["district_code"].to_list() == [None, "0180-109"]


def test_a_delivery_that_cannot_be_encoded_is_left_out_alone():
    frames, failed = harmonise_all([delivery("a"), delivery("b", F55e=["1", "7"]), delivery("c")], *PLACES)
    assert [f["delivery_id"][0] for f in frames] == ["a", "c"]
    ((which, error),) = failed
    assert which.delivery_id == "b"
    assert error.code == "unknown_code"
    assert str(error).startswith("b.sav: väntade ")


def test_rows_outside_the_population_are_taken_away_and_counted():
    cells = delivery(Arskurs=["Åk 7", "Gy 2"], Skolkommun=["Täby", None])
    kept, counts = split_population(pl.concat([harmonise_delivery(cells, *PLACES), harmonise_delivery(delivery("b"), *PLACES)]))
    assert kept["respondent_key"].to_list() == ["b-7", "b-9"]
    assert counts.rows() == [("a", 2022, 1, 1), ("a", 2024, 1, 1), ("b", 2022, 1, 0), ("b", 2024, 1, 0)]


def rows(*parts: tuple[str, str, int, int]) -> pl.DataFrame:
    """Harmonised rows of (delivery, municipality, wave, number)."""
    made = [(d, m, w, f"{d}-{n}") for d, m, w, count in parts for n in range(count)]
    return pl.DataFrame(made, schema=["delivery_id", "municipality_code", "wave", "respondent_key"], orient="row")


def received(**when: int) -> pl.DataFrame:
    """When deliveries came."""
    return pl.DataFrame({"delivery_id": list(when), "received_ns": list(when.values())})


def test_the_newest_delivery_of_a_municipality_and_wave_counts():
    frame = rows(("old", "0160", 2022, 3), ("old", "0160", 2024, 3), ("new", "0160", 2024, 2), ("old", "0127", 2024, 1))
    kept, lost = newest_per_municipality(frame, received(old=1, new=2))
    assert kept.group_by("delivery_id", "municipality_code", "wave").len().sort(pl.all()).rows() == [
        ("new", "0160", 2024, 2),
        ("old", "0127", 2024, 1),
        ("old", "0160", 2022, 3),
    ]
    assert lost.rows() == [("old", 2024, "0160")]
    assert kept["wave"].to_list() == [2022, 2022, 2022, 2024, 2024, 2024], "the order of the rows is kept"


def test_two_that_came_at_once_are_told_apart_by_their_id():
    frame = rows(("a", "0160", 2024, 2), ("b", "0160", 2024, 2))
    for order in (frame, frame[::-1]):
        kept, lost = newest_per_municipality(order, received(b=5, a=5))
        assert set(kept["delivery_id"]) == {"b"}
        assert lost.rows() == [("a", 2024, "0160")]


def test_a_delivery_that_is_held_to_counts_whatever_has_come_since():
    frame = rows(("old", "0160", 2024, 3), ("new", "0160", 2024, 300), ("new", "0127", 2024, 2), ("old", "0127", 2024, 2))
    held = pl.DataFrame([("old", 2024, "0160")], schema=["delivery_id", "wave", "municipality_code"], orient="row")
    kept, lost = newest_per_municipality(frame, received(old=1, new=2), held)
    assert sorted(kept.select("municipality_code", "delivery_id").unique().rows()) == [("0127", "new"), ("0160", "old")]
    assert lost.rows() == [("new", 2024, "0160"), ("old", 2024, "0127")]


def test_a_few_stray_rows_do_not_wipe_out_a_municipalitys_own_delivery():
    frame = rows(("own", "0182", 2024, 300), ("neighbour", "0160", 2024, 200), ("neighbour", "0182", 2024, 1))
    kept, lost = newest_per_municipality(frame, received(own=1, neighbour=2))
    assert dict(kept.group_by("municipality_code").len().iter_rows()) == {"0182": 300, "0160": 200}
    assert lost.rows() == [("neighbour", 2024, "0182")]
    half, _ = newest_per_municipality(rows(("own", "0182", 2024, 300), ("new", "0182", 2024, 30)), received(own=1, new=2))
    assert set(half["delivery_id"]) == {"new"}, "a tenth is a delivery"


def test_gaps_are_counted_delivery_by_delivery():
    frame = pl.DataFrame(
        {
            "delivery_id": ["a", "a", "b", "b"],
            "wave": pl.Series([2024] * 4, dtype=pl.Int32),
            "municipality_code": ["0160", "0160", "0180", "0180"],
            "school_code": ["1", None, "1", "1"],
            "class_code": [None, None, "1", "1"],
            "district_code": [None, None, None, "0180-101"],
            "F55e": pl.Series([1, 999, 998, 996], dtype=pl.Int16),
            "F62": pl.Series([None, None, 1, 999], dtype=pl.Int16),
        }
    )
    gaps = delivery_gaps(frame, ["F55e", "F62"], "0180")
    assert gaps.columns == ["delivery_id", "wave", "kind", "item", "rows", "missing_pct"]
    assert {(d, k, i): p for d, _, k, i, _, p in gaps.iter_rows()} == {
        ("a", "background", "class_code"): 100.0,
        ("a", "background", "school_code"): 50.0,
        ("a", "index_item", "F55e"): 50.0,
        ("a", "index_item", "F62"): 100.0,
        ("b", "background", "class_code"): 0.0,
        ("b", "background", "district_code"): 50.0,
        ("b", "background", "school_code"): 0.0,
        ("b", "index_item", "F55e"): 0.0,
        ("b", "index_item", "F62"): 50.0,
    }
    assert delivery_gaps(frame.clear(), ["F55e", "F62"], "0180").schema == gaps.schema
