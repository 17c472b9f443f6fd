"""Harmonised rows that break no rule."""

from __future__ import annotations

import polars as pl

from assets.catalogue.load import load_catalogue


def survey() -> pl.DataFrame:
    """Two pupils who break nothing."""
    background = {
        "respondent_key": ["a-1", "a-2"],
        "delivery_id": ["a", "a"],
        "municipality_code": ["0180", "0180"],
        "wave": pl.Series([2024, 2024], dtype=pl.Int32),
        "grade": ["ak9", "gy2"],
        "sex": ["girl", "boy"],
        "district_code": ["0180-101", "0180-101"],
        "home_area_code": pl.Series([None, None], dtype=pl.String),
        "school_code": ["s", "s"],
        "school_name": ["S", "S"],
        "class_code": ["9A", "9A"],
    }
    known = load_catalogue().survey
    lowest = {i.key: min(known.answers(i.key), default=0) for i in known.items}
    shut = {
        i.key for i in known.items if i.routed_by and not any(lowest[gate] in opens for gate, opens in i.routed_by.gates.items())
    }
    items = {key: pl.Series([996 if key in shut else code, 999], dtype=pl.Int16) for key, code in lowest.items()}
    asked = {"F36": pl.Series([1, 2], dtype=pl.Int16), "F46": pl.Series([1, 2], dtype=pl.Int16)}
    routed = {i.key: i.routed_by for i in known.items if i.routed_by and i.routed_by.item in asked}
    followed = {key: pl.Series([996, lowest[key]], dtype=pl.Int16) for key in routed}
    measures = {measure.key: pl.Series([None, None], dtype=pl.Float64) for measure in known.measures}
    return pl.DataFrame(background | items | asked | followed | measures)
