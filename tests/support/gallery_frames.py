"""Small fixed frames for the charts that need the whole county, a screen, an index's anatomy or two groups. All invented."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from assets.catalogue.load import load_catalogue
from assets.charts.parvis import Question
from assets.charts.types import ReleaseFrames, Scope
from assets.methods.compared_areas import published_funnel, published_ranks
from assets.methods.intervals import wilson
from tests.support.sample_release import EDITION, MUNICIPALITIES, NO_DELIVERY_2024, RESULT_SCHEMA, WAVES, sample_release

WAVE = WAVES[-1]
FOCUS = {"acting_out": "share_band3"}
SHARES_COUNTED = ("share_none", "share_some", "share_most")
COUNTY_SCOPE = Scope("01", "Stockholms län", WAVE, EDITION)
HIDDEN = {"0140": "suppressed", "0187": "too_few", **dict.fromkeys(NO_DELIVERY_2024, "no_delivery")}
SHARES = (12, 9, 11, 7, 13, 10, 12, 17, 9, 14, 8, 11, 10, 6, 5, 9, 13, 18, 8, 12, 10, 6, 9, 12, 14, 15)
PAIRS = (
    Question("Eleverna känner sig trygga i skolan", "elev_trygghet", "personal_trygghet"),
    Question("Det är arbetsro på lektionerna", "elev_studiero", "personal_studiero"),
    Question("Vuxna på skolan ingriper när någon behandlas illa", "elev_ingriper", "personal_ingriper"),
    Question("Eleverna får vara med och bestämma", "elev_inflytande", "personal_inflytande"),
)


def county_results(hidden: dict[str, str] | None = None, index_key: str = "acting_out", grade: str = "ak9") -> pl.DataFrame:
    """`release.index_results` of every municipality and the county: focus share with interval and the test against the county."""
    why = HIDDEN if hidden is None else hidden
    rows: list[dict[str, object]] = []
    for share, (code, name) in zip(SHARES, MUNICIPALITIES.items(), strict=True):
        n = 20 * (18 + int(code) % 60) if code != "0180" else 7200
        rows += _rows("municipality", code, name, share, n, why.get(code, "ok"), index_key, grade)
    rows += _rows("county", "01", "Stockholms län", 11, 12000, "ok", index_key, grade)[:1]
    return pl.DataFrame(rows, schema=RESULT_SCHEMA)


def _rows(
    level: str, code: str, name: str, share: int, n: int, reason: str, index_key: str, grade: str
) -> list[dict[str, object]]:
    low, high = (round(100 * float(end)) for end in wilson(share * n / 100, n))
    shown = reason == "ok"
    same = {"edition": EDITION, "area_level": level, "area_code": code, "area_name": name, "wave": WAVE, "grade": grade,
            "sex": "all", "index_key": index_key, "reason": reason, "n": n if shown else None, "method": "",
            "interval_method": "", "confidence_level": 0.95, "cutoff_set": ""}  # fmt: skip
    verdict = "lower" if high < 11 else "higher" if low > 11 else "unclear"
    ends = {"value": float(share), "low": float(low), "high": float(high)} if shown else {}
    gap = {"value": share - 11.0, "low": low - 11.0, "high": high - 11.0} if shown else {}
    empty = {"value": None, "low": None, "high": None, "verdict": None}
    return [
        same | empty | ends | {"measure": "share_band3", "unit": "percent"},
        same | empty | gap | {"measure": "diff_share_focus", "unit": "points", "verdict": verdict if shown else None},
    ]


def county_ranks(results: pl.DataFrame | None = None) -> pl.DataFrame:
    """`release.rank_sets` by the release's own rule."""
    return published_ranks(county_results() if results is None else results, FOCUS, load_catalogue().estimates.compared, EDITION)


def county_funnel() -> pl.DataFrame:
    """`release.funnel` by the release's own rule."""
    return published_funnel(county_results(), FOCUS, load_catalogue().estimates.compared, EDITION)


def counted(area_code: str = "0127") -> pl.DataFrame:
    """`release.accumulated_results` of one municipality and the county, one group of boys hidden."""
    rows = []
    for code, levels in {area_code: (37.0, 52.0, 11.0), "01": (41.0, 51.0, 8.0)}.items():
        for key in ("risk", "protection"):
            for sex in ("girl", "boy", "all"):
                hidden = code != "01" and key == "risk" and sex == "boy"
                for measure, value in zip((*SHARES_COUNTED, "diff_share_most"), (*levels, 3.0), strict=True):
                    rows.append({
                        "edition": EDITION, "area_code": code, "wave": WAVE, "grade": "ak9", "sex": sex, "count_key": key,
                        "measure": measure, "value": None if hidden else value, "low": None if hidden else value - 2,
                        "high": None if hidden else value + 3, "n": None if hidden else 900,
                        "reason": "suppressed" if hidden else "ok",
                        "verdict": "higher" if measure.startswith("diff") and not hidden else None,
                    })  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def gallery_release(area_code: str = "0127") -> ReleaseFrames:
    """The sample release with a screen and an index's anatomy."""
    own = sample_release(area_code)
    return replace(
        own, screen_sensitivity=screen_rows(area_code), index_anatomy=anatomy(), accumulated_results=counted(area_code)
    )


def screen_rows(area_code: str) -> pl.DataFrame:
    """`release.screen_sensitivity`: grade 9 told, the upper secondary school hidden."""
    same = {"edition": EDITION, "area_level": "municipality", "area_code": area_code, "wave": WAVE, "sex": "all",
            "series_type": "screen", "series": "removed", "measure": "removed_pct", "unit": "percent",
            "removal": True}  # fmt: skip
    return pl.DataFrame([
        same | {"grade": "ak9", "value": 4.0, "reason": "ok"},
        same | {"grade": "gy2", "value": None, "reason": "suppressed"},
    ])  # fmt: skip


def anatomy(index_key: str = "acting_out") -> pl.DataFrame:
    """`release.index_anatomy` of one index: questions of several verdicts, one without thresholds, and its reliability."""
    items = [
        ("F1", "Slår till om någon provocerar", "-0.01 0.89 1.49", "holds"),
        ("F2", "Ljuger för att få fördelar", "-0.5 0.67 1.77", "holds"),
        ("F3", "Bryter ofta mot regler för att det är spännande, även när andra blir arga", "0.2 1.1 2.4", "watch"),
        ("F4", "Struntar i vad vuxna säger", "-1.2 0.1 0.9", "holds"),
        ("F5", "Har lätt att bli arg", "-1.9 -0.4 0.6", "fails"),
        ("F6", "Gör saker som är farliga", None, "not_estimable"),
    ]
    empty = {"statistic": None, "bound_low": None, "bound_high": None, "sentence": None, "source": None}
    rows = [
        {"edition": EDITION, "index_key": index_key, "part": "item", "key": key, "title": title, "thresholds": steps,
         "n": None if steps is None else 98350, "value": None, "verdict": verdict, **empty}
        for key, title, steps, verdict in items
    ]  # fmt: skip
    rows.append({"edition": EDITION, "index_key": index_key, "part": "figure", "key": "omega", "title": "McDonalds omega",
                 "thresholds": None, "n": None, "value": 0.81, "verdict": None, **empty})  # fmt: skip
    return pl.DataFrame(rows, infer_schema_length=None)


def pair_values(area_code: str = "0127") -> pl.DataFrame:
    """Invented means of pupils and staff on a 0-10 scale; staff is hidden for one question."""
    means = {"elev_trygghet": (7.4, 812), "personal_trygghet": (8.3, 64), "elev_studiero": (5.8, 810),
             "personal_studiero": (6.9, 64), "elev_ingriper": (6.1, 805), "personal_ingriper": (8.0, 61),
             "elev_inflytande": (5.2, 809)}  # fmt: skip
    rows = [{"area_code": area_code, "year": WAVE, "sex": "all", "indicator_key": key, "value": value, "n": n, "reason": "ok"}
            for key, (value, n) in means.items()]  # fmt: skip
    rows.append(rows[0] | {"indicator_key": "personal_inflytande", "value": None, "n": None, "reason": "masked_at_source"})
    return pl.DataFrame(rows, infer_schema_length=None)
