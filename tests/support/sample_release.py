"""A small seeded release for tests of what reads it: charts, pages, tables.

`sample_release(code)` gives one municipality with its waves 2016-2024, the county, and the latest wave of the other
municipalities, in the columns of `docs/development/contracts.md`. The survey part is invented by a simple seeded model and must
be shown as synthetic. The register part is real: `kolada_sample.csv` is a cut of Kolada's values for Stockholm County (vintage
2024-01-30; source: Kolada; taken from pgmj/DIDreport, CC BY 4.0, Magnus Johansson, RISE, and Länsstyrelsen Stockholm), values
rounded to two decimals.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from assets.charts.types import ChartMeta, IndexMeta, IndicatorMeta, ReasonText, ReleaseFrames, Scope, SeriesBreak
from assets.methods import change_table
from assets.methods.least_answers import with_least
from assets.methods.published_trends import published_cells, published_trends
from assets.methods.series_breaks import SeriesDefinition, series_breaks
from assets.methods.wave_trends import CELL, GROUP, ChangeRules

HERE = Path(__file__).parent
WAVES = (2016, 2018, 2020, 2022, 2024)
EDITION = "intern"
COUNTY = "Stockholms län"
NO_UPPER_SECONDARY = ("0125", "0140", "0187", "0128")
NO_DELIVERY_2024 = ("0182", "0138")

MUNICIPALITIES = {
    "0114": "Upplands Väsby", "0115": "Vallentuna", "0117": "Österåker", "0120": "Värmdö", "0123": "Järfälla", "0125": "Ekerö",
    "0126": "Huddinge", "0127": "Botkyrka", "0128": "Salem", "0136": "Haninge", "0138": "Tyresö", "0139": "Upplands-Bro",
    "0140": "Nykvarn", "0160": "Täby", "0162": "Danderyd", "0163": "Sollentuna", "0180": "Stockholm", "0181": "Södertälje",
    "0182": "Nacka", "0183": "Sundbyberg", "0184": "Solna", "0186": "Lidingö", "0187": "Vaxholm", "0188": "Norrtälje",
    "0191": "Sigtuna", "0192": "Nynäshamn",
}  # fmt: skip
PUPILS = {"0115": 410, "0127": 1100, "0140": 150, "0180": 9200, "0187": 160, "0128": 260}

# index key: label, kind, arena, name of the focus band, reference share, county level in per cent, girl minus boy in points
INDICES: dict[str, tuple[str, str, str, str, int, float, float]] = {
    "school_bonding": ("Positiv skolanknytning", "protective", "skola", "låg skyddsnivå", 15, 15.0, 2.0),
    "wellbeing": ("Välbefinnande", "protective", "individ", "låg skyddsnivå", 15, 17.0, 9.0),
    "parenting": ("Brister i föräldraskap", "risk", "familj", "förhöjd risk", 10, 10.0, -2.0),
    "school_distress": ("Vantrivsel i skolan", "risk", "skola", "förhöjd risk", 10, 11.0, 3.0),
    "community": ("Brister i närsamhället", "risk", "närsamhälle", "förhöjd risk", 10, 9.0, 1.0),
    "acting_out": ("Utagerande", "risk", "individ", "förhöjd risk", 10, 10.0, -6.0),
    "psychosomatic": ("Psykiska och psykosomatiska besvär", "risk", "individ", "förhöjd risk", 10, 12.0, 11.0),
}
BREAKS = {
    "school_bonding": (SeriesBreak(2022, "en fråga omformulerad", "minor"),
                       SeriesBreak(2024, "två frågor omformulerade", "major")),
    "parenting": (SeriesBreak(2024, "en fråga omformulerad", "minor"),),
    "wellbeing": (SeriesBreak(2016, "två nya frågor", "major"),),
}  # fmt: skip
REASONS = {
    "ok": ReasonText("", ""),
    "suppressed": ReasonText("[c]", "Skyddat av sekretesskäl"),
    "too_few": ReasonText("[u]", "För få svar för att visas"),
    "no_delivery": ReasonText("[l]", "Ingen leverans för mättillfället"),
    "no_pupils": ReasonText("[-]", "Årskursen finns inte i området"),
    "not_asked": ReasonText("[s]", "Frågan ställdes inte"),
    "missing": ReasonText("[m]", "Uppgift saknas i källan"),
    "masked_at_source": ReasonText("[x]", "Dolt av källan (för få elever)"),
    "not_applicable": ReasonText("[z]", "Inte tillämpligt"),
    "absent_in_vintage": ReasonText("[å]", "Saknas i årgången"),
    "series_break": ReasonText("[b]", "Tidsseriebrott"),
    "not_reconciled": ReasonText("[r]", "Ej avstämd mot källan"),
}
KPIS = {
    "N15428": ("Elever i åk 9 som är behöriga till yrkesprogram", "procent", "percent", 1),
    "N15030": ("Lärare med pedagogisk högskoleexamen i grundskola åk 1–9", "procent", "percent", 1),
    "N15813": ("Lärare med legitimation och behörighet i minst ett ämne", "procent", "percent", 1),
    "N15816": ("Elever vars föräldrar har eftergymnasial utbildning", "procent", "percent", 0),
    "N02904": ("Invånare 0–19 år i ekonomiskt utsatta hushåll", "procent", "percent", 1),
    "N07907": ("Trångboddhet i flerbostadshus, enligt norm 2", "procent", "percent", 1),
    "N07914": ("Trångboddhet i flerbostadshus, enligt norm 3", "procent", "percent", 1),
    "U07452": ("Anmälda brott om skadegörelse", "antal per 1 000 invånare", "per_1000", 1),
    "U07417": ("Anmälda stöld- och tillgreppsbrott", "antal per 1 000 invånare", "per_1000", 1),
    "N09811": ("Barnbokslån i kommunala bibliotek", "antal per barn 0–17 år", "per_child", 1),
}
SECTIONS = {"grundskola": ("N15428", "N15030", "N15813", "N15816"),
            "narsamhalle": ("N02904", "N07907", "N07914", "U07452", "U07417", "N09811")}  # fmt: skip

# cells of the own municipality that the sample hides: code, wave, grade, sex, index -> reason
HIDDEN = {
    ("0115", 2024, "gy2", "girl", "acting_out"): "suppressed",
    ("0115", 2024, "gy2", "boy", "psychosomatic"): "suppressed",
    ("0115", 2024, "gy2", "all", "community"): "suppressed",
    ("0115", 2024, "gy2", "girl", "community"): "too_few",
    ("0115", 2024, "gy2", "boy", "community"): "too_few",
    ("0115", 2024, "ak9", "boy", "parenting"): "suppressed",
    ("0115", 2022, "gy2", "all", "acting_out"): "suppressed",
    ("0115", 2016, "gy2", "all", "wellbeing"): "too_few",
    ("0127", 2024, "gy2", "boy", "wellbeing"): "suppressed",
}
MISSED_WAVES = {"0115": (2018,), "0127": (2020,)}

RESULT_SCHEMA = {
    "edition": pl.String, "area_level": pl.String, "area_code": pl.String, "area_name": pl.String, "wave": pl.Int32,
    "grade": pl.String, "sex": pl.String, "index_key": pl.String, "measure": pl.String, "value": pl.Float64, "low": pl.Float64,
    "high": pl.Float64, "n": pl.Int64, "reason": pl.String, "unit": pl.String, "method": pl.String, "interval_method": pl.String,
    "confidence_level": pl.Float64, "cutoff_set": pl.String, "verdict": pl.String,
}  # fmt: skip
RATE_SCHEMA = {
    "edition": pl.String, "area_level": pl.String, "area_code": pl.String, "area_name": pl.String, "wave": pl.Int32,
    "grade": pl.String, "enrolled": pl.Int64, "enrolled_reason": pl.String, "enrolled_source": pl.String,
    "schools_registered": pl.Int64, "schools_participating": pl.Int64, "respondents": pl.Int64, "scored_any": pl.Int64,
    "response_pct": pl.Float64, "reason": pl.String,
}  # fmt: skip
IMPORTED = {
    "events": pl.Int64, "population": pl.Int64, "low": pl.Float64, "high": pl.Float64, "interval_method": pl.String,
    "confidence_level": pl.Float64, "title_sv": pl.String, "publisher_sv": pl.String,
}  # fmt: skip
REGISTER_SCHEMA = {
    "source": pl.String, "indicator_key": pl.String, "area_level": pl.String, "area_code": pl.String, "area_name": pl.String,
    "year": pl.Int32, "sex": pl.String, "value": pl.Float64, "n": pl.Int64, "unit": pl.String, "reason": pl.String,
    "vintage": pl.String, **IMPORTED,
}  # fmt: skip
QUALITY_SCHEMA = {"area_code": pl.String, "wave": pl.Int32, "item": pl.String, "value": pl.String, "reason": pl.String}


def sample_scope(area_code: str = "0127") -> Scope:
    """The scope of a bundle about one municipality of the sample."""
    return Scope(area_code, MUNICIPALITIES[area_code], WAVES[-1], EDITION)


def sample_indices() -> dict[str, IndexMeta]:
    """Index metadata as the catalogue gives it."""
    return {
        key: IndexMeta(key, label, kind, arena, band, reference, BREAKS.get(key, ()))
        for key, (label, kind, arena, band, reference, _, _) in INDICES.items()
    }


def sample_indicators(section: str) -> list[IndicatorMeta]:
    """The Kolada panels of one section (`grundskola`, `narsamhalle`)."""
    return [IndicatorMeta("kolada", key, KPIS[key][0], KPIS[key][1], KPIS[key][3]) for key in SECTIONS[section]]


def sample_meta() -> ChartMeta:
    """Metadata for all charts, with the texts of the real catalogue."""
    from assets.bundle.load import load_chart_texts

    texts = load_chart_texts()
    source = (
        "Källa: simulerade svar i Stockholmsenkätens form. Index och gränser: Data i dialog (RISE och Länsstyrelsen Stockholm)"
    )
    return ChartMeta(sample_indices(), REASONS, texts, synthetic=True, survey_source=source)


def sample_release(area_code: str = "0127", seed: int = 20240307) -> ReleaseFrames:
    """Release tables for one municipality, the county and the other municipalities' latest wave."""
    results = _index_results(area_code, seed)
    return ReleaseFrames(
        index_results=results,
        trends=sample_trends(results),
        response_rates=with_least(_response_rates(area_code, seed), results, {EDITION: 5}),
        register_values=_register_values(),
        delivery_quality=_delivery_quality(area_code),
    )


def sample_trends(results: pl.DataFrame) -> pl.DataFrame:
    """Changes of the sample's index values by the rules of the release; standard errors from the published intervals."""
    focus = {key: IndexMeta(key, *row[:3], "", 0).focus_measure for key, row in INDICES.items()}
    cells = published_cells(results, focus, pl.DataFrame())
    comparable = series_breaks([SeriesDefinition("index", key, BREAKS.get(key, ())) for key in INDICES], WAVES)
    ends = results.filter(pl.col("measure") == pl.col("index_key").replace_strict(focus))
    ends = ends.with_columns(series="index_key", series_kind=pl.lit("index"), measure=pl.lit("share_focus"))
    half = (pl.col("high") - pl.col("low")) / 400
    own = cells.join(ends.select(*CELL, se=half, n="n"), on=CELL, how="left")
    own = own.with_columns(estimate=pl.col("value") / 100, df=pl.lit(40.0), minimum=pl.lit(0.03), n=pl.col("n").fill_null(0))
    own = own.with_columns(n_psu=pl.lit(41), sum_w=pl.col("n").cast(pl.Float64))
    none = pl.DataFrame(schema={name: change_table.SCHEMA[name] for name in (*GROUP, "from_wave", "wave", "se", "df")})
    rules = ChangeRules()
    evidence = change_table.change_table(own, comparable, none, rules)
    return published_trends(cells, evidence, comparable, {"percent": 1.0, "logit": 0.01}, 3.0, rules)


def _pupils(code: str, grade: str) -> int:
    base = PUPILS.get(code, 500 + 37 * (int(code) % 17))
    return int(base * (0.72 if grade == "gy2" else 1.0))


def _state(code: str, wave: int, grade: str, own: str) -> str:
    """Reason for a whole area x wave x grade."""
    if grade == "gy2" and code in NO_UPPER_SECONDARY:
        return "no_pupils"
    if code == own and wave in MISSED_WAVES.get(own, ()):
        return "no_delivery"
    if wave == 2024 and code != own and code in NO_DELIVERY_2024:
        return "no_delivery"
    return "ok"


def _near(count: float) -> int:
    return int(5 * round(count / 5))


def _index_results(own: str, seed: int) -> pl.DataFrame:
    rows: list[dict[str, object]] = []
    areas = [("county", "01", COUNTY, WAVES), ("municipality", own, MUNICIPALITIES[own], WAVES)]
    areas += [("municipality", code, name, WAVES[-1:]) for code, name in MUNICIPALITIES.items() if code != own]
    for level, code, name, waves in areas:
        for wave in waves:
            for grade in ("ak9", "gy2"):
                state = _state(code, wave, grade, own)
                for key in INDICES:
                    rows += _index_rows((level, code, name), wave, grade, key, state=state, seed=seed)
    return pl.DataFrame(rows, schema=RESULT_SCHEMA, orient="row").sort(
        "area_level", "area_code", "wave", "grade", "index_key", "sex", "measure"
    )


def _shares(code: str, wave: int, grade: str, key: str, seed: int) -> dict[str, tuple[float, float, float]]:
    """Share in the focus band (per cent), its standard error and n for girls, boys and all; all is the mean of both."""
    county, gap = INDICES[key][5:]
    noise = random.Random(f"{seed}-{code}-{wave}-{grade}-{key}")
    place = random.Random(f"{seed}-{code}-{key}").gauss(0, 3.0) if code != "01" else 0.0
    drift = (wave - 2020) * (0.35 if key in ("psychosomatic", "wellbeing") else -0.1) + (1.0 if grade == "gy2" else 0.0)
    n = 0.47 * (24000 if code == "01" else _pupils(code, grade) * 0.72)
    se = 100 * (0.1 * 0.9 * 1.5 / n) ** 0.5
    girl, boy = (max(1.6, county + drift + place + side * gap / 2 + noise.gauss(0, se)) for side in (1, -1))
    return {"girl": (girl, se, n), "boy": (boy, se, n), "all": ((girl + boy) / 2, se / 2**0.5, 2 * n)}


def _index_rows(
    area: tuple[str, str, str], wave: int, grade: str, key: str, *, state: str, seed: int
) -> Iterator[dict[str, object]]:
    level, code, name = area
    kind, reference = INDICES[key][1], INDICES[key][4]
    focus, other = ("share_band3", "share_band1") if kind == "risk" else ("share_band1", "share_band3")
    middle = 15 if reference == 10 else 70
    drawn, whole = _shares(code, wave, grade, key, seed), _shares("01", wave, grade, key, seed)
    hidden = {sex: HIDDEN.get((code, wave, grade, sex, key), "ok") for sex in drawn}
    for sex, (share, se, n) in drawn.items():
        reason = state if state != "ok" else hidden[sex]
        keys = {
            "edition": EDITION, "area_level": level, "area_code": code, "area_name": name, "wave": wave, "grade": grade,
            "sex": sex, "index_key": key, "n": None if reason != "ok" else _near(n), "reason": reason,
            "cutoff_set": "2024-09-23",
        }  # fmt: skip
        yield _row(keys, focus, share, se, "percent")
        yield _row(keys, "share_band2", middle, se * 1.2, "percent")
        yield _row(keys, other, 100 - share - middle, se * 1.4, "percent")
        yield _row(keys, "mean", (share - reference) / 25, 1.2 / n**0.5, "logit")
        yield _row(keys, "sd", 1.12, None, "logit")
        yield _row(keys, "share_unscored", 5.0, None, "percent")
        yield _row(keys, "n_respondents", n / 0.94, None, "count")
        yield _row(keys, "n_scored", n, None, "count")
        if level != "county":
            difference = share - whole[sex][0]
            yield _row(keys, "diff_share_focus", difference, se, "points")
            yield _row(keys, "diff_mean", difference / 25, 1.2 / n**0.5, "logit")
        if sex == "all":
            reasons = sorted({hidden["girl"], hidden["boy"]} - {"ok"})
            both = keys | ({"reason": reasons[0], "n": None} if reasons and reason == "ok" else {})
            gap = drawn["girl"][0] - drawn["boy"][0]
            yield _row(both, "sex_gap_share_focus", gap, 2 * se, "points")
            yield _row(both, "sex_gap_mean", gap / 25, 2.4 / n**0.5, "logit")


def _row(keys: dict[str, object], measure: str, value: float, se: float | None, unit: str) -> dict[str, object]:
    decimals = 2 if unit == "logit" else 0
    row = keys | {"measure": measure, "unit": unit, "method": "taylor", "interval_method": "logit_t" if se else None,
                  "confidence_level": 0.95 if se else None, "verdict": None}  # fmt: skip
    shown = keys["reason"] == "ok"
    difference = measure.startswith(("diff_", "sex_gap_"))
    low, high = (value - 2 * se, value + 2 * se) if se is not None else (None, None)
    if difference and shown:
        row["verdict"] = "higher" if low > 0 else "lower" if high < 0 else "unclear"
    if unit == "percent" and low is not None:
        low, high = max(0.0, low), min(100.0, high)
    if unit == "count":
        value = _near(value)
    rounded = [None if x is None else round(float(x), decimals) + 0.0 for x in (value, low, high)]
    row["value"], row["low"], row["high"] = rounded if shown else (None, None, None)
    return row


def _response_rates(own: str, seed: int) -> pl.DataFrame:
    rows = []
    for code, name in {own: MUNICIPALITIES[own], "01": COUNTY}.items():
        for wave in WAVES:
            for grade in ("ak9", "gy2"):
                state = _state(code, wave, grade, own)
                enrolled = 27000 if code == "01" else _pupils(code, grade)
                rate = random.Random(f"{seed}-{code}-{wave}-{grade}-svar").uniform(0.66, 0.8)
                known = grade == "ak9" and wave != 2016
                answered = enrolled * rate
                shown = state == "ok"
                rows.append({
                    "edition": EDITION, "area_level": "county" if code == "01" else "municipality", "area_code": code,
                    "area_name": name, "wave": wave, "grade": grade,
                    "enrolled": _near(enrolled) if known and state != "no_pupils" else None,
                    "enrolled_reason": "ok" if known else "not_applicable" if grade == "gy2" else "missing",
                    "enrolled_source": "Skolverket" if known else None, "schools_registered": 9 if known else None,
                    "schools_participating": 7 if shown else None, "respondents": _near(answered) if shown else None,
                    "scored_any": _near(answered * 0.97) if shown else None,
                    "response_pct": float(round(100 * rate)) if shown and known else None,
                    "reason": state if not shown else "ok" if known else "missing",
                })  # fmt: skip
    return pl.DataFrame(rows, schema=RATE_SCHEMA, orient="row").sort("area_code", "wave", "grade")


def _register_values() -> pl.DataFrame:
    real = pl.read_csv(HERE / "kolada_sample.csv", schema_overrides={"area_code": pl.String, "year": pl.Int32})
    absent = pl.DataFrame(
        {"kpi": "N02904", "area_code": list(MUNICIPALITIES), "year": None, "value": None, "reason": "absent_in_vintage"},
        schema=real.schema,
    )
    units = {key: unit for key, (_, _, unit, _) in KPIS.items()}
    return (
        pl.concat([real, absent])
        .with_columns(
            source=pl.lit("kolada"),
            indicator_key=pl.col("kpi"),
            area_level=pl.lit("municipality"),
            sex=pl.lit("all"),
            area_name=pl.col("area_code").replace_strict(MUNICIPALITIES),
            n=pl.lit(None, pl.Int64),
            unit=pl.col("kpi").replace_strict(units),
            vintage=pl.lit("2024-01-30"),
            **{name: pl.lit(None, kind) for name, kind in IMPORTED.items()},
        )
        .select([pl.col(name).cast(dtype) for name, dtype in REGISTER_SCHEMA.items()])
        .sort("indicator_key", "area_code", "year")
    )


def _delivery_quality(own: str) -> pl.DataFrame:
    values = {
        "file_format": "sav", "codebook": "origo_2024", "rows_received": "1 320", "rows_kept": "1 290", "rules_passed": "24",
        "rules_failed": "1", "missing_item_pct": "4", "unknown_grade_rows": "0",
    }  # fmt: skip
    rows = []
    for wave in WAVES:
        missed = wave in MISSED_WAVES.get(own, ())
        for item, value in values.items():
            reason = "no_delivery" if missed else "ok"
            rows.append({"area_code": own, "wave": wave, "item": item, "value": None if missed else value, "reason": reason})
    return pl.DataFrame(rows, schema=QUALITY_SCHEMA, orient="row").sort("area_code", "wave", "item")
