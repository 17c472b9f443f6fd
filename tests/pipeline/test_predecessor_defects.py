"""The defects found in the predecessor (docs/methods/defects.md), by id: we don't have them. Those that need the whole chain.

The small demo is only read. The others are in tests/unit/test_predecessor_rules.py.
"""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from assets.bundle.content import municipality_report
from assets.bundle.frames import select_frames
from assets.catalogue.load import load_catalogue
from assets.charts import kolada
from assets.charts.rows import axis_top
from assets.charts.types import ReleaseFrames, Scope
from assets.methods.bands import FOCUS_BAND, band_expr, with_bands
from assets.methods.estimate import MEASURES, area_counts, area_estimates
from assets.methods.least_answers import with_least
from assets.methods.persons import cut_set, score_persons
from assets.methods.publish import absent_rows
from assets.methods.screening import without_removed
from assets.registers import skolverket
from assets.release import release_tables
from assets.reports import count_steps, report_meta
from pipelines.warehouse import TableName, Warehouse
from tests.unit.test_predecessor_rules import layers, stockholm
from tests.unit.test_registers_parsers import school, schools, source, total

CATALOGUE = load_catalogue()
KINDS = {i.key: i.kind for i in CATALOGUE.indices}
CUTS = cut_set(CATALOGUE.cutoffs)
OWN, OTHER, ABSENT_2016, LATEST = "0115", "0120", "0117", 2024


@pytest.fixture(scope="module")
def table(small_demo):
    """Read a table of the small demo by `layer.name`."""
    return lambda name, **where: small_demo.warehouse.read(TableName(*name.split(".")), where or None)


@pytest.fixture(scope="module")
def release(table):
    """The whole release of the small demo."""
    names = ("index_results", "response_rates", "register_values", "delivery_quality")
    frames = {name: table(f"release.{name}") for name in names}
    frames["response_rates"] = with_least(frames["response_rates"], frames["index_results"], count_steps(CATALOGUE))
    intern = pl.col("edition") == "intern"
    return ReleaseFrames(**{k: frame.filter(intern) if "edition" in frame.columns else frame for k, frame in frames.items()})


def bundle(demo, code: str) -> Path:
    return next((demo.paths.reports / str(LATEST)).glob(f"{code}_*_intern"))


def page(demo, code: str) -> str:
    """The report without the links that explain its words."""
    text = (bundle(demo, code) / "1_rapport/rapport.html").read_text(encoding="utf-8").replace("\u00a0", " ")
    return re.sub(r'<a class="term"[^>]*>([^<]*)</a>', r"\1", text)


def chart_table(demo, code: str, chart: str) -> list[dict[str, str]]:
    text = (bundle(demo, code) / f"2_diagram/{chart}.csv").read_text(encoding="utf-8").replace("\u00a0", " ")
    return list(csv.DictReader(text.splitlines()))


def report_of(release: ReleaseFrames, code: str):
    scope, meta = Scope(code, CATALOGUE.area_names[code], LATEST, "intern"), report_meta(CATALOGUE)
    return municipality_report(select_frames(release, scope, meta.charts.indices), scope, meta)


def test_D01_limits_are_bound_by_key_for_each_sex(table):
    persons = table("indices.person_scores")
    swapped = replace(CUTS, cuts=dict(reversed(CUTS.cuts.items())))
    assert with_bands(persons, KINDS, swapped).equals(persons), "the order of the limits changes a band"
    counts = table("indices.area_counts", area_level=["county"], wave=[LATEST], grade=["ak9"])
    for row in counts.filter(pl.col("sex") != "all").iter_rows(named=True):
        lower, upper = CUTS.of(row["index_key"])
        mine = persons.filter(wave=LATEST, grade="ak9", sex=row["sex"])[row["index_key"]].drop_nulls().round(3)
        below = mine <= lower if KINDS[row["index_key"]] == "risk" else mine < lower
        assert (row["band1"], row["band3"]) == (below.sum(), (mine > upper).sum()), row["index_key"]


def test_D04_everything_is_divided_by_scored_pupils(table):
    keys = ["area_level", "area_code", "wave", "grade", "sex", "index_key"]
    both = table("indices.area_estimates").join(table("indices.area_counts"), on=keys, how="left", suffix="_psu")
    assert both.filter(pl.col("n") != pl.col("n_scored")).is_empty()
    assert both.filter(pl.col("n_scored") < pl.col("n_respondents")).height > 100, "nobody is unscored: the test shows nothing"
    mean = both.filter(measure="mean", index_key="wellbeing", area_level="county", wave=LATEST, grade="ak9", sex="girl")
    scores = table("indices.person_scores").filter(wave=LATEST, grade="ak9", sex="girl")["wellbeing"]
    assert mean["estimate"][0] == pytest.approx(scores.mean(), abs=1e-6)


def test_D05_published_shares_follow_the_one_boundary_rule(table):
    persons = table("indices.person_scores")
    again = persons.select("respondent_key", *(band_expr(key, kind, CUTS).alias(f"{key}_band") for key, kind in KINDS.items()))
    assert again.equals(persons.select(again.columns))
    one = replace(CUTS, cuts={"acting_out": (0.0, 1.0)})
    assert pl.DataFrame({"acting_out": [1.0, 1.001]}).select(band_expr("acting_out", "risk", one)).to_series().to_list() == [2, 3]


def test_D07_no_drawn_value_falls_outside_its_axis(release):
    checked = 0
    for card in report_of(release, OWN).cards:
        for layer in layers(card.spec):
            for name in ("x", "y"):
                scale = layer["encoding"].get(name, {}).get("scale")
                low, high = (scale or {}).get("domain", (float("-inf"), float("inf")))
                for row in layer["data"]["values"]:
                    drawn = [row[f] for f in (name, f"{name}2") if scale and f in row]
                    assert all(low <= value <= high for value in drawn), (card.chart_id, row)
                    checked += len(drawn)
    assert checked > 1000
    assert axis_top([31.0]) >= 35, "the predecessor's axis ended at 30 per cent"
    assert axis_top([99.6]) == 100


class Changed(Warehouse):
    """The small demo's warehouse with some tables exchanged in memory."""

    def __init__(self, path: Path, tables: dict[str, pl.DataFrame]) -> None:
        super().__init__(path)
        self.tables = tables

    def read(self, name, where=None, columns=None):
        frame = self.tables.get(str(name))
        if frame is None:
            return super().read(name, where, columns)
        chosen = frame.filter(*(pl.col(column).is_in(list(values)) for column, values in (where or {}).items()))
        return chosen.select(columns) if columns else chosen


def test_D12_a_sentinel_municipality_reaches_no_other_bundle(small_demo, table, release):
    """Everybody in one municipality answers the worst; the others' bundles change by the county and the strip only."""
    answers = table("validated.survey_responses", wave=[LATEST])
    worst = {item: max(scores, key=scores.get) for item, scores in CATALOGUE.item_scores().items()}
    hit = (pl.col("municipality_code") == OTHER) & (pl.col("sex") == "girl")
    changed = answers.with_columns(pl.when(hit).then(pl.lit(v, pl.Int16)).otherwise(pl.col(i)).alias(i) for i, v in worst.items())
    changed = changed.filter((pl.col("municipality_code") != OTHER) | (pl.col("grade") == "ak9"))
    counted = without_removed(changed, [item.key for item in CATALOGUE.survey.items], active=True)
    persons = score_persons(counted, CATALOGUE.index_file, CATALOGUE.cutoffs, CATALOGUE.item_scores())
    counts = area_counts(persons, list(KINDS))
    tables = {"validated.survey_responses": changed, "indices.area_counts": counts}
    tables["indices.area_estimates"] = area_estimates(persons, KINDS)
    after = release_tables(Changed(small_demo.paths.warehouse, tables), CATALOGUE, ("intern", "publik"), [LATEST])
    scope, indices = Scope(OWN, "", LATEST, "intern"), report_meta(CATALOGUE).charts.indices
    rates = with_least(after["response_rates"], after["index_results"], count_steps(CATALOGUE))
    new = ReleaseFrames(after["index_results"], rates, release.register_values, after["delivery_quality"])
    seen, was = select_frames(new, scope, indices), select_frames(release, scope, indices)

    def own(frame: pl.DataFrame) -> pl.DataFrame:
        mine = frame.filter(area_code=OWN, wave=LATEST)
        return mine.filter(~pl.col("measure").str.starts_with("diff_")) if "measure" in mine.columns else mine

    for name in ("index_results", "response_rates", "delivery_quality"):
        assert own(getattr(seen, name)).equals(own(getattr(was, name))), name
    others = seen.index_results.filter((pl.col("area_level") != "county") & (pl.col("area_code") != OWN))
    focus = {f"share_band{FOCUS_BAND[kind]}" for kind in KINDS.values()}
    assert set(others["measure"]) <= focus
    assert set(others["sex"]) == {"all"}
    for touched in (OTHER, "01"):
        before, now = (frame.filter(area_code=touched, wave=LATEST) for frame in (table("indices.area_counts"), counts))
        assert not now.sort(pl.all()).equals(before.select(now.columns).sort(pl.all())), f"nothing changed in {touched}"
    rows = {"area_code": OTHER, "wave": LATEST}
    before, now = release.index_results.filter(**rows), new.index_results.filter(edition="intern", **rows)
    assert not now.equals(before), "nothing of it is published: the test shows nothing"


def test_D16_two_municipalities_get_two_reports(small_demo):
    for code in (OWN, OTHER):
        assert f"Hur mår unga i {CATALOGUE.area_names[code]}?" in page(small_demo, code)
        areas = pl.read_csv(bundle(small_demo, code) / "4_tabeller/index_results.csv", infer_schema=False)["area_code"]
        assert set(areas) == {"01", code}
    assert chart_table(small_demo, OWN, "kolada_familj") != chart_table(small_demo, OTHER, "kolada_familj")


def test_D18_a_municipality_without_delivery_is_stated_in_words(small_demo, release):
    rows = release.index_results.filter(area_code=ABSENT_2016, wave=2016)
    assert rows.height > 0
    assert set(rows["reason"]) == {"no_delivery"}
    assert rows["value"].null_count() == rows.height
    first = chart_table(small_demo, ABSENT_2016, "trend_psychosomatic_ak9")[0]
    assert (first["År"], first["Österåker, andel"]) == ("2016", "ingen leverans för mättillfället [l]")
    nobody = pl.DataFrame(schema={"municipality_code": pl.String, "wave": pl.Int32})
    shape = release.index_results.filter(area_code=OWN, wave=LATEST)
    invented = absent_rows(shape, [OWN, "0182"], [LATEST], nobody, ["ak9", "gy2"])
    assert set(invented["area_code"]) == {"0182"}
    assert set(invented["reason"]) == {"no_delivery"}


def test_D19_the_method_text_comes_from_the_limit_set(release):
    def method(catalogue) -> str:
        scope, meta = Scope(OWN, "Vallentuna", LATEST, "intern"), report_meta(catalogue)
        return str(municipality_report(select_frames(release, scope, meta.charts.indices), scope, meta).sections[-1])

    earlier = replace(CATALOGUE, cutoff_file=CATALOGUE.cutoff_file.model_copy(update={"default": "rise-2023-05-07"}))
    for catalogue in (CATALOGUE, earlier):
        text = method(catalogue)
        assert catalogue.cutoffs.id in text
        assert catalogue.cutoffs.title_sv in text
        assert catalogue.cutoffs.reference_sv in text
    assert "Stockholms stad 2006" not in method(CATALOGUE)


def test_D21_scores_and_report_use_the_same_one_limit_set(small_demo, table):
    assert set(table("release.index_results")["cutoff_set"]) == {CATALOGUE.cutoffs.id}
    persons = table("indices.person_scores", wave=[LATEST], municipality_code=[OWN])
    assert with_bands(persons, KINDS, cut_set(CATALOGUE.cutoffs)).equals(persons)
    assert CATALOGUE.cutoffs.reference_sv in page(small_demo, OWN)


def test_D22_every_result_and_every_report_names_its_limit_set(small_demo):
    results = pl.read_csv(bundle(small_demo, OWN) / "4_tabeller/index_results.csv", infer_schema=False)
    assert set(results["cutoff_set"]) == {CATALOGUE.cutoffs.id}
    assert CATALOGUE.cutoffs.id in page(small_demo, OWN)
    assert CATALOGUE.cutoffs.id in (bundle(small_demo, OWN) / "5_metod/metod.html").read_text(encoding="utf-8")


def test_D24_unspecified_districts_are_left_out_by_value_whatever_the_order(table):
    codes = stockholm(["Järva", "Övrigt ospecificerat", "Farsta"])["district_code"].to_list()
    assert codes == ["0180-101", None, "0180-109"]
    persons = table("indices.person_scores", wave=[LATEST], municipality_code=["0180"])
    assert persons["district_code"].null_count() > 0
    shuffled = persons.sample(fraction=1.0, shuffle=True, seed=7)
    assert area_counts(shuffled, list(KINDS)).equals(area_counts(persons, list(KINDS)))


def test_D28_school_years_follow_the_file_and_hidden_is_not_zero(release):
    named_wrong = schools(school("1", "20", ";".join(["."] * 8 + ["20"])))
    assert set(named_wrong["year"]) == {LATEST}, "the year comes from the title line, not from a name or a position"
    masked = schools(school("1", "20", ";".join(["."] * 8 + ["20"])), school("2", "..", ";".join(["."] * 8 + [".."])))
    summed = skolverket.municipality_totals(masked, source((LATEST, LATEST)), ("0114",))
    assert total(summed, "pupils_ak9", "0114")[::2] == (None, "masked_at_source")
    rates = release.response_rates.filter(area_code=OWN, wave=LATEST, grade="ak9")
    told = rates.select(pl.coalesce("response_pct", "response_least_pct")).to_series()
    assert told.null_count() == 0, "the latest wave has no response rate"
    upper = release.response_rates.filter(grade="gy2")
    assert upper["enrolled"].null_count() == upper.height, "there is no register of upper secondary pupils to divide by"


def test_D29_the_county_has_a_row_of_its_own_that_is_the_sum_of_its_municipalities(release):
    pupils = release.register_values.filter(source="skolverket", indicator_key="pupils_ak9", year=LATEST)
    county = pupils.filter(area_level="county")
    assert county["area_code"].to_list() == ["01"]
    assert county["value"][0] == pupils.filter(area_level="municipality")["value"].sum()


def test_D30_sex_is_in_the_grain_of_register_values(release):
    key = ["source", "indicator_key", "area_code", "year", "sex"]
    assert release.register_values.select(key).is_duplicated().sum() == 0
    assert {"all", "girl", "boy"} <= set(release.register_values["sex"])
    scope, meta = Scope(OWN, "Vallentuna", LATEST, "intern"), report_meta(CATALOGUE)
    chosen = next(g for g in meta.registers if g.group == "familj").indicators
    split = pl.col("sex") != "all"
    bent = replace(release, register_values=release.register_values.with_columns(
        value=pl.when(split).then(pl.col("value") * 9).otherwise("value")))  # fmt: skip
    draw = partial(kolada.build, scope=scope, meta=meta.charts, section="Familj", section_key="familj", indicators=chosen)
    assert draw(frames=bent).table.equals(draw(frames=release).table)


def test_D31_a_withdrawn_indicator_is_shown_as_withdrawn(small_demo, release):
    gone = release.register_values.filter(reason="absent_in_vintage", area_code=OWN)["indicator_key"].unique().to_list()
    assert "N02904" in gone
    titles = {i.indicator_key: i.title_sv for g in report_meta(CATALOGUE).registers for i in g.indicators}
    text = page(small_demo, OWN)
    assert "saknas i årgången [å]" in text
    assert all(titles[key] in text for key in gone if key in titles)


def test_D38_the_same_answers_give_the_same_score_in_every_wave(table):
    assert CATALOGUE.index_file.theta_range is None
    items = [p.item for p in CATALOGUE.index("school_distress").items]
    kept = table("validated.survey_responses").filter(~pl.col("screened_out"))  # unserious answers get no score
    answers = kept.select("respondent_key", "wave", *items)
    scored = table("indices.person_scores").select("respondent_key", "school_distress")
    per_pattern = answers.join(scored, on="respondent_key").group_by(items).agg(
        scores=pl.col("school_distress").n_unique(), waves=pl.col("wave").n_unique())  # fmt: skip
    assert per_pattern["scores"].max() == 1
    assert per_pattern["waves"].max() == 5


def test_D41_no_small_or_exact_count_is_printed(small_demo, release):
    counts = release.index_results.filter(unit="count")["value"].drop_nulls()
    numbers = [*counts.to_list(), *release.index_results["n"].drop_nulls().to_list()]
    for name in ("respondents", "scored_any"):
        numbers += release.response_rates[name].drop_nulls().to_list()
    quality = release.delivery_quality.filter(pl.col("item").str.contains("rows"))["value"].drop_nulls().cast(pl.Int64)
    numbers += quality.filter(quality > 0).to_list()
    assert min(numbers) >= 10
    assert all(number % 5 == 0 for number in numbers)
    hidden = release.response_rates.filter(pl.col("respondents").is_null())
    assert hidden["schools_participating"].null_count() == hidden.height
    for path in sorted((bundle(small_demo, OWN) / "2_diagram").glob("*.csv")):
        for row in csv.DictReader(path.read_text(encoding="utf-8").splitlines()):
            text = row.get("Antal elever (avrundat till 5)", "").replace("\u00a0", "")
            assert not text.isdigit() or (int(text) >= 10 and int(text) % 5 == 0), path.name


def test_D45_bands_are_shares_of_scored_pupils_and_the_unscored_stand_apart(table, release):
    counts = table("indices.area_counts", wave=[LATEST], area_level=["county"]).filter(sex="all")
    results = release.index_results.filter(wave=LATEST, area_level="county", sex="all")
    for row in counts.iter_rows(named=True):
        assert row["band1"] + row["band2"] + row["band3"] == row["n_scored"]
        mine = results.filter(grade=row["grade"], index_key=row["index_key"])
        shown = dict(mine.filter(reason="ok").select("measure", "value").iter_rows())
        for band in (1, 2, 3):
            expected = 100 * row[f"band{band}"] / row["n_scored"]
            assert abs(shown.get(f"share_band{band}", expected) - expected) <= 0.5 + 1e-9
        apart = 100 * row["n_unscored"] / row["n_respondents"]
        assert abs(shown.get("share_unscored", apart) - apart) <= 0.5 + 1e-9


def test_D46_municipal_totals_are_sums_and_not_means_of_schools(table):
    units = table("harmonised.schools", year=[LATEST], municipality_code=[OWN])
    value = table("release.register_values", indicator_key=["pupils_ak9"], area_code=[OWN], year=[LATEST])
    assert value["value"].to_list() == [units["pupils_ak9"].sum()]
    assert value["n"].to_list() == [units["pupils_ak9"].count()], "n is the number of schools that are added up"


def test_D47_results_are_named_after_the_band_they_hold(table):
    assert not [name for name in MEASURES if any(str(percentile) in name for percentile in (15, 75, 85, 90))]
    persons = table("indices.person_scores", wave=[LATEST]).filter(pl.col("sex").is_in(["girl", "boy"]), grade="ak9")
    row = table("indices.area_counts", wave=[LATEST], area_level=["county"], index_key=["wellbeing"]).filter(
        grade="ak9", sex="all"
    )
    below = (persons["wellbeing"].round(3) < CUTS.of("wellbeing")[0]).sum()
    assert row["band1"].to_list() == [below], "band 1 of a protective index is what lies under its lower limit"
    assert report_meta(CATALOGUE).charts.indices["wellbeing"].focus_measure == "share_band1"
