"""For every table with rules: small frames that break none of them, and how the rules see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.methods.item_profile import item_profile
from assets.registers.agreements import load_agreements
from expectations.parameters import series_parameters, survey_parameters, with_known
from expectations.views import (
    only_rows,
    profile_views,
    raw_views,
    register_views,
    school_views,
    survey_views,
    validated_views,
)
from tests.support.form_frames import GOOD_FORMS
from tests.support.survey_rows import survey

CATALOGUE = load_catalogue()
Frames = dict[str, pl.DataFrame]
DELIVERY = {"delivery_id": ["a", "b"], "wave": pl.Series([2024, 2024], dtype=pl.Int32)}
SCHOOL = "12345678"


def year(*values: int) -> pl.Series:
    """Years as the tables hold them."""
    return pl.Series(values, dtype=pl.Int32)


def pupils(count: int = 40, wave: int = 2024, delivery: str = "a", municipality: str = "0180") -> pl.DataFrame:
    """Pupils of year 9 who break nothing, half of them girls, every other routed past the follow-up questions."""
    two = survey().with_columns(grade=pl.lit("ak9"))
    many = pl.concat([two] * (count // 2)).with_columns(
        respondent_key=pl.format("{}-{}-{}", pl.lit(delivery), pl.lit(wave), pl.int_range(pl.len())),
        delivery_id=pl.lit(delivery),
        wave=pl.lit(wave, pl.Int32),
        municipality_code=pl.lit(municipality),
        district_code=pl.lit("0180-101" if municipality == "0180" else None, pl.String),
        school_code=pl.lit(SCHOOL),
    )
    absent = [i.key for i in CATALOGUE.survey.items if not i.asked_in(wave)]
    return many.with_columns(pl.lit(None, pl.Int16).alias(name) for name in absent)


def answers() -> Frames:
    """Two deliveries of this wave, and the registers beside them."""
    frame = pl.concat([pupils(), pupils(20, delivery="b", municipality="0114")])
    schools = pl.DataFrame({"school_code": [SCHOOL], "year": year(2024), "pupils_ak9": [40]})
    enrolled = pl.DataFrame(
        {"area_code": ["0180", "0114"], "year": year(2024, 2024), "indicator_key": ["pupils_ak9"] * 2, "value": [40.0, 20.0]}
    )
    columns = pl.DataFrame({"name": frame.columns})
    deliveries = pl.DataFrame(DELIVERY)
    return {"rows": frame, "schools": schools, "enrolled": enrolled, "columns": columns, "deliveries": deliveries}


def profile() -> Frames:
    """The answers of this wave and the last, as codes."""
    frame = pl.concat([pupils(), pupils(wave=2022, delivery="old")]).with_columns(
        F5=pl.lit(1, pl.Int16), F36=pl.when(pl.int_range(pl.len()) % 2 == 0).then(1).otherwise(2).cast(pl.Int16)
    )
    return {"answers": frame}


def profile_view(frames: Frames) -> Frames:
    """Views of the item profile of the later wave."""
    counted = item_profile(frames["answers"], [i.key for i in CATALOGUE.survey.items])
    if "more" in frames:
        counted = pl.concat([counted, frames["more"]])
    now = counted.filter(pl.col("wave") == 2024) if counted.height else counted
    return profile_views(now, counted, CATALOGUE)


def counts() -> Frames:
    """One delivery that counts, one that is replaced, neither with rows that come back."""
    return {
        "rows": pl.DataFrame(
            DELIVERY
            | {
                "rows_received": [40, 20],
                "rows_outside": [0, 1],
                "municipality_code": ["0180", None],
                "rows_kept": [40, None],
                "duplicate_rows": [0, None],
                "repeated_ids": [0, None],
            }
        )
    }


def gaps() -> Frames:
    """A delivery at the limit of every gap rule."""
    limits = {"school_code": 10.0, "class_code": 20.0, "district_code": 20.0}
    rows = [("a", 2024, "background", item, 100, limit) for item, limit in limits.items()]
    rows.append(("a", 2024, "index_item", "F55e", 100, 20.0))
    columns = ["delivery_id", "wave", "kind", "item", "rows", "missing_pct"]
    return {"rows": pl.DataFrame(rows, schema=columns, orient="row")}


def registers() -> Frames:
    """A share at each limit, a count above 100, a masked value, and one question in two sources."""
    pair = load_agreements().agreements[0]
    return {
        "rows": pl.DataFrame(
            {
                "source": ["kolada", "kolada", "kolada", pair.share.source, pair.mean.source],
                "indicator_key": ["N1", "N2", "N3", pair.share.indicator_key, pair.mean.indicator_key],
                "area_code": ["01", "0160", "0160", "0180", "0180"],
                "year": year(*[2024] * 5),
                "sex": ["all"] * 5,
                "value": [100.0, 250.0, None, 80.0, 7.4],
                "unit": ["percent", "count", "percent", "percent", "index_0_10"],
                "reason": ["ok", "ok", "masked_at_source", "ok", "ok"],
                "high": [None, None, None, 80.0, None],
            }
        )
    }


def schools() -> Frames:
    """Two school units, one with a masked figure, and the municipality's own."""
    rows = pl.DataFrame(
        {
            "school_code": [SCHOOL, "87654321"],
            "municipality_code": ["0180", "0180"],
            "year": year(2024, 2024),
            "pupils_ak8": [0, None],
            "pupils_ak9": [40, None],
        }
    )
    enrolled = pl.DataFrame({"area_code": ["0180"], "year": year(2024), "indicator_key": ["pupils_ak9"], "value": [44.0]})
    return {"rows": rows, "enrolled": enrolled}


def raw_answers() -> Frames:
    """Two rows of one delivery, one of another."""
    rows = pl.DataFrame({"delivery_id": ["a", "a", "b"], "wave": year(2024, 2024, 2024), "source_row": [1, 2, 1]})
    return {"rows": rows, "deliveries": pl.DataFrame(DELIVERY | {"rows": [2, 1]})}


def raw_deliveries() -> Frames:
    """Two deliveries, one recognised to the limit."""
    said = {
        "source_file": ["täby.sav", "nacka.csv"],
        "source_sha256": ["0" * 64, "f" * 64],
        "file_format": ["sav", "csv"],
        "codebook": ["stockholmsenkaten-2024"] * 2,
        "rows": [1, 200],
        "matched_pct": [80, 100],
    }
    return {"rows": pl.DataFrame(DELIVERY | said)}


def raw_registers() -> Frames:
    """Two rows of one file."""
    return {
        "rows": pl.DataFrame(
            {"source_file": ["k"] * 2, "source_sha256": ["0" * 64] * 2, "source_sheet": ["", ""], "source_row": [0, 1]}
        )
    }


def promoted() -> Frames:
    """Answers that count, and the deliveries that were let through."""
    frame = pl.concat([pupils(4), pupils(2, delivery="b", municipality="0114")])
    return {"rows": frame, "deliveries": pl.DataFrame(DELIVERY | {"promoted": [True, True]})}


def verdicts() -> Frames:
    """A delivery that was let through and one that was not."""
    said = {
        "municipality_code": ["0180", "0114"],
        "promoted": [True, False],
        "status": ["godkänd", "stoppad"],
        "rules_tried": [10, 10],
        "critical_broken": [0, 2],
    }
    return {"rows": pl.DataFrame(DELIVERY | said), "deliveries": pl.DataFrame(DELIVERY)}


def history() -> Frames:
    """One rule that held and one that was broken."""
    said = {"table_name": ["t", "t"], "rule": ["r1", "r2"], "severity": ["critical", "info"], "status": ["holds", "broken"]}
    return {"rows": pl.DataFrame(DELIVERY | said | {"columns_broken": ["", "F5"]})}


def release() -> Frames:
    """A share at each limit and a hidden one."""
    return {
        "rows": pl.DataFrame(
            {
                "edition": ["intern"] * 3,
                "area_code": ["0160"] * 3,
                "wave": year(2024, 2024, 2024),
                "grade": ["ak9"] * 3,
                "sex": ["all", "girl", "boy"],
                "index_key": ["acting_out"] * 3,
                "measure": ["share_band3"] * 3,
                "value": [0.0, 100.0, None],
                "low": [0.0, 50.0, None],
                "high": [10.0, 100.0, None],
                "n": [20.0, 10.0, None],
                "unit": ["percent"] * 3,
                "reason": ["ok", "ok", "suppressed"],
            }
        )
    }


def series() -> Frames:
    """A share and a scale's mean at the limits, a hidden number, and a sensitive question split by sex for the county."""
    rows = pl.DataFrame(
        {
            "edition": ["intern"] * 4,
            "area_level": ["municipality", "municipality", "municipality", "county"],
            "area_code": ["0114", "0114", "0114", "01"],
            "wave": pl.Series([2024] * 4, dtype=pl.Int32),
            "grade": ["ak9"] * 4,
            "sex": ["all", "girl", "boy", "girl"],
            "indicator": ["dik14a", "psykhalsa", "dik46", "dik46"],
            "measure": ["share", "mean", "share", "share"],
            "value": [0.0, 100.0, None, 12.0],
            "low": [0.0, 50.0, None, 10.0],
            "high": [10.0, 100.0, None, 14.0],
            "n": [20.0, 10.0, None, 4000.0],
            "unit": ["percent", "scale_0_100", "percent", "percent"],
            "base": ["elever som besvarat frågan"] * 4,
            "reason": ["ok", "ok", "suppressed", "ok"],
        }
    )
    return {"rows": rows}


def breaks() -> Frames:
    """A series before and after a break."""
    years = pl.Series([2020, 2022], dtype=pl.Int32)
    texts = {"series_kind": ["indicator"] * 2, "series": ["x"] * 2, "break_level": ["", "major"], "flag": ["series_break", "ok"]}
    rows = pl.DataFrame({**texts, "wave": years, "comparable_from": years, "segment": pl.Series([0, 1], dtype=pl.Int32)})
    return {"rows": rows}


def psychometrics() -> Frames:
    """A criterion that was judged, one that could not be, and a description."""
    said = {"statistic": ["psi", None, "n"], "verdict": ["watch", "not_estimable", "not_judged"]}
    keys = {"index_key": ["x"] * 3, "criterion": ["reliability", "drift", "base"], "decides": [True, True, False]}
    nothing = {name: pl.Series([None] * 3, dtype=pl.String) for name in ("item", "other_item", "group", "levels")}
    return {"rows": pl.DataFrame(keys | said | nothing)}


def anatomy() -> Frames:
    """An item and a figure."""
    keys = {"edition": ["intern"] * 2, "index_key": ["x"] * 2, "part": ["item", "figure"], "key": ["F1", "n_scored"]}
    return {"rows": pl.DataFrame(keys | {"n": [50, None], "verdict": ["holds", None]})}


def trends() -> Frames:
    """A change that is shown and one that is hidden."""
    keys = {"edition": "intern", "area_code": "0114", "wave": 2024, "grade": "ak9", "sex": "all", "series_kind": "index",
            "measure": "share_focus"}  # fmt: skip
    shown = {"series": "x", "value": 12.0, "value_from": 9.0, "change": 3.0, "low": 1.0, "high": 5.0, "verdict": "increase"}
    hidden = {"series": "y", "reason": "suppressed"} | dict.fromkeys(("value", "value_from", "change", "low", "high", "verdict"))
    return {"rows": pl.DataFrame([keys | shown | {"reason": "ok"}, keys | hidden])}


def screened() -> Frames:
    """Two flags of a delivery: everybody flagged, nobody flagged."""
    said = {"municipality_code": ["0114"] * 2, "grade": ["ak9"] * 2, "flag": ["any", "removed"]}
    return {"rows": pl.DataFrame(DELIVERY | said | {"n_screened": [40, 40], "n_flagged": [40, 0], "n_removed": [2, 2]})}


def school_values() -> Frames:
    """A value and a masked one."""
    said = {"school_form": ["compulsory"] * 2, "variable": ["a", "b"], "reason": ["ok", "masked_at_source"]}
    return {"rows": pl.DataFrame({"school_code": [SCHOOL] * 2, "value": [1.0, None]} | said)}


def known_of(frames: Frames) -> list[tuple[object, ...]]:
    """Delivery keys of the other table."""
    return list(frames["deliveries"].select("delivery_id", "wave").iter_rows())


GOOD: dict[str, Callable[[], Frames]] = {
    "raw/survey_responses": raw_answers,
    "raw/survey_deliveries": raw_deliveries,
    "raw/register_rows": raw_registers,
    **GOOD_FORMS,
    "harmonised/survey_responses": answers,
    "harmonised/item_profile": profile,
    "harmonised/delivery_counts": counts,
    "harmonised/delivery_gaps": gaps,
    "harmonised/register_values": registers,
    "harmonised/screen_counts": screened,
    "harmonised/schools": schools,
    "harmonised/school_indicators": school_values,
    "validated/survey_responses": promoted,
    "validated/deliveries": verdicts,
    "validated/rule_outcomes": history,
    "validated/register_values": registers,
    "release/index_results": release,
    "release/accumulated_results": lambda: {"rows": release()["rows"].rename({"index_key": "count_key"})},
    "release/indicator_results": series,
    "release/series_breaks": breaks,
    "indices/psychometrics": psychometrics,
    "release/index_anatomy": anatomy,
    "release/trends": trends,
}
_VIEWS: dict[str, Callable[[Frames], Frames]] = {
    "raw/survey_responses": lambda f: raw_views(f["rows"], f["deliveries"]),
    "harmonised/survey_responses": lambda f: survey_views(
        f["rows"], f["columns"]["name"].to_list(), f["schools"], f["enrolled"], CATALOGUE
    ),
    "harmonised/item_profile": profile_view,
    "harmonised/register_values": lambda f: register_views(f["rows"], load_agreements().agreements),
    "harmonised/schools": lambda f: school_views(f["rows"], f["enrolled"]),
    "validated/survey_responses": lambda f: validated_views(f["rows"]),
}
_KNOWN = ("raw/survey_responses", "harmonised/survey_responses", "validated/survey_responses", "validated/deliveries")


def views_of(table: str, frames: Frames) -> Frames:
    """The views that the table's rules are tried on."""
    return _VIEWS[table](frames) if table in _VIEWS else only_rows(frames["rows"])


def parameters_of(table: str, frames: Frames) -> dict[str, Any]:
    """What fills the `$names` of the table's rules."""
    about_answers = table in {"harmonised/survey_responses", "harmonised/item_profile"}
    common = survey_parameters(CATALOGUE) if about_answers else series_parameters(CATALOGUE)
    return with_known(common, known_of(frames)) if table in _KNOWN else common
