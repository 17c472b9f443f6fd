"""The defects found in the predecessor (docs/methods/defects.md), by id: we don't have them. Those that pure functions show.

The others are in tests/pipeline/test_predecessor_defects.py.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import polars as pl
import pytest
from pydantic import ValidationError

from assets.catalogue.load import load_catalogue
from assets.catalogue.models import IndexItem
from assets.charts import faktorprofil, kolada, konsskillnad, skillnadsdiagram
from assets.methods.bands import band_expr
from assets.methods.encode import encode, encode_background
from assets.methods.errors import PipelineError
from assets.methods.estimate import area_counts
from assets.methods.persons import cut_set, index_specs, score_persons
from assets.methods.rasch import build_lookup, score
from assets.registers import skolenkaten
from assets.reports import report_meta
from tests.support.bad_files import survey_cells
from tests.support.psychometric_sample import sample_anatomy, sample_table
from tests.support.sample_release import sample_indicators, sample_meta, sample_release, sample_scope
from tests.unit.test_registers_parsers import workbook

CATALOGUE = load_catalogue()
KINDS = {i.key: i.kind for i in CATALOGUE.indices}
CUTS = cut_set(CATALOGUE.cutoffs)
LATEST = 2024
BOOK = next(b for b in CATALOGUE.codebooks if b.match_by == "code")
encode_all = partial(encode, codebook=BOOK, survey=CATALOGUE.survey, where="fil.csv")
background = partial(encode_background, value_labels={}, codebook=BOOK, where="fil.csv")
PLACES = {"municipalities": CATALOGUE.municipality_of_survey_code, "districts": CATALOGUE.district_names}


def layers(spec) -> list[dict]:
    """Every layer of a chart, however deep its panel lies."""
    panels = [panel for key in ("vconcat", "concat") for panel in spec.get(key, [])]
    return [*spec.get("layer", []), *(layer for panel in panels for layer in layers(panel))]


def test_D02_parenting_raw_9_has_the_same_band_under_both_ways_of_storing_the_limit():
    spec = next(s for s in index_specs(CATALOGUE.index_file) if s.key == "parenting")
    whole = 2 ** len(spec.items) - 1
    raw = build_lookup(spec).filter(answered_mask=whole).select("raw", parenting="theta")
    assert raw.filter(raw=9)["parenting"].round(3).to_list() == [0.376]
    found = {}
    for limit in (0.376, 0.37600000000000006):
        cuts = replace(CUTS, cuts={"parenting": (CUTS.of("parenting")[0], limit)})
        found[limit] = raw.select("raw", band=band_expr("parenting", "risk", cuts))
    assert found[0.376].equals(found[0.37600000000000006])
    assert found[0.376].filter(pl.col("raw").is_in([9, 10]))["band"].to_list() == [2, 3]


def test_D03_categories_are_thresholds_plus_one_or_scoring_is_refused():
    with pytest.raises(ValidationError, match="trösklar kräver poängen"):
        IndexItem(item="F103g", thresholds=(0.1, -0.5, -0.2), scores={1: 2, 2: 1, 3: 1, 4: 0})
    parts = {(i.key, p.item): p for i in CATALOGUE.indices for p in i.items}
    assert all(set(p.scores.values()) == set(range(len(p.thresholds) + 1)) for p in parts.values())
    assert sorted(set(parts["community", "F103g"].scores.values())) == [0, 1, 2, 3]
    community = next(s for s in index_specs(CATALOGUE.index_file) if s.key == "community")
    too_high = pl.DataFrame({item.key: [item.max_score + 1] for item in community.items})
    with pytest.raises(PipelineError):
        score(too_high, [community])


def factor_cards():
    """The charts that show all factors, with the real catalogue's words."""
    frames, scope, charts = sample_release("0127"), sample_scope("0127"), report_meta(CATALOGUE).charts
    return [module.build(frames, scope, charts, grade="ak9") for module in (faktorprofil, skillnadsdiagram, konsskillnad)]


def test_D06_protective_factors_have_labels_of_their_own():
    labels = {i.label_sv: i.kind for i in CATALOGUE.indices}
    words = {"risk": "förhöjd risk", "protective": "låg skyddsnivå"}
    for card in factor_cards():
        rows = card.table.iter_rows(named=True)
        assert {r["Faktor"]: r["Grupp som räknas"] for r in rows} == {label: words[kind] for label, kind in labels.items()}


def test_D08_blanks_are_not_answers():
    cells = survey_cells(BOOK, 2).select(pl.all().cast(pl.String))
    first = next(iter(BOOK.items))
    blank = cells.with_columns(pl.when(pl.int_range(pl.len()) == 0).then(pl.col(first)).alias(first))
    assert encode_all(blank, {})[BOOK.items[first]].to_list() == [1, 999]
    items = [p.item for p in CATALOGUE.index("parenting").items]
    people = pl.DataFrame({item: [4, 999] for item in items} | {"sex": ["girl", "girl"]}).with_columns(
        *(pl.lit(999).alias(i) for i in CATALOGUE.item_scores() if i not in items),
        *(pl.lit("x").alias(c) for c in ("respondent_key", "school_code", "class_code", "municipality_code", "district_code")),
        wave=pl.lit(LATEST), grade=pl.lit("ak9"),
    )  # fmt: skip
    persons = score_persons(people, CATALOGUE.index_file, CATALOGUE.cutoffs, CATALOGUE.item_scores())
    assert persons["parenting"].null_count() == 1
    counted = area_counts(persons, ["parenting"], ["municipality"]).filter(sex="all")
    assert counted.select("n_respondents", "n_scored", "n_unscored").row(0) == (2, 1, 1)
    assert sum(counted.select("band1", "band2", "band3").row(0)) == 1


def test_D14_a_count_is_kept_as_it_is_and_an_impossible_one_stops_the_delivery():
    source_name = next(name for name, item in BOOK.items.items() if item == "F37")
    cells = survey_cells(BOOK, 4).select(pl.all().cast(pl.String)).with_columns(pl.Series(source_name, ["3", "13", "31", "32"]))
    assert encode_all(cells, {})["F37"].to_list() == [3, 13, 31, 32]
    with pytest.raises(PipelineError) as caught:
        encode_all(cells.with_columns(pl.Series(source_name, ["3", "13", "31", "100"])), {})
    assert caught.value.code == "unknown_code"


@pytest.mark.parametrize("item", ["F14", "F36", "F46", "F48"])
def test_D15_answer_categories_are_kept_apart(item):
    codes = list(CATALOGUE.survey.answers(item))
    name = next(name for name, key in BOOK.items.items() if key == item)
    cells = survey_cells(BOOK, len(codes)).select(pl.all().cast(pl.String))
    cells = cells.with_columns(pl.Series(name, [str(c) for c in codes]))
    assert encode_all(cells, {})[item].to_list() == codes


@pytest.mark.parametrize("name", ["Botkyrka.", "Stockholms stad", "Stockholm Stad"])
def test_D17_a_municipality_name_outside_the_code_list_stops(name):
    cells = (
        survey_cells(BOOK, 1)
        .select(pl.all().cast(pl.String))
        .with_columns(pl.lit(name).alias(BOOK.columns.school_municipality[0]))
    )
    cells = cells.with_columns(pl.lit("Åk 9").alias(BOOK.columns.grade[0]), pl.lit("Flicka").alias(BOOK.columns.sex[0]))
    with pytest.raises(PipelineError) as caught:
        background(cells, **PLACES)
    assert caught.value.code == "unknown_code"
    known = cells.with_columns(pl.lit("Botkyrka").alias(BOOK.columns.school_municipality[0]))
    assert background(known, **PLACES)["municipality_code"].to_list() == ["0127"]


def test_D20_percentiles_are_data_and_the_reference_line_follows_them():
    charts = report_meta(CATALOGUE).charts
    for key, cut in CATALOGUE.cutoffs.cuts.items():
        risk = KINDS[key] == "risk"
        assert (cut.lower_percentile, cut.upper_percentile) == ((75, 90) if risk else (15, 85))
        assert charts.indices[key].reference_pct == (100 - cut.upper_percentile if risk else cut.lower_percentile)


def stockholm(names: list[str]) -> pl.DataFrame:
    """Pupils in Stockholm whose schools lie in these districts."""
    columns = BOOK.columns
    cells = survey_cells(BOOK, len(names)).select(pl.all().cast(pl.String)).with_columns(
        pl.lit("Stockholm").alias(columns.school_municipality[0]), pl.lit("Gy 2").alias(columns.grade[0]),
        pl.lit("Pojke").alias(columns.sex[0]), pl.Series(columns.district[0], names),
    )  # fmt: skip
    return background(cells, **PLACES)


def test_D23_district_spelling_is_normalised_and_an_unknown_district_stops():
    spellings = ["Norra Innerstaden", "Norra innerstaden", "Norrmalm", "Östermalm"]
    assert set(stockholm(spellings)["district_code"]) == {"0180-105"}
    with pytest.raises(PipelineError) as caught:
        stockholm(["Norra innerstan"])
    assert caught.value.code == "unknown_code"


def test_D25_columns_are_renamed_by_key_not_by_position():
    codes = {name: sorted(CATALOGUE.survey.answers(item) or (1, 2)) for name, item in BOOK.items.items()}
    cells = survey_cells(BOOK, 2).select(pl.all().cast(pl.String))
    cells = cells.with_columns(pl.lit(str(codes[name][place % 2])).alias(name) for place, name in enumerate(codes))
    assert encode_all(cells.select(sorted(cells.columns, reverse=True)), {}).equals(encode_all(cells, {}))
    older = next(b for b in CATALOGUE.codebooks if b.match_by == "label")
    assert (older.items["F58"], older.items["f54a"], older.items["f101g"]) == ("F59", "F55a", "F103g")


def test_D26_an_unknown_label_stops_the_delivery_with_its_count_and_not_its_text():
    name = next(name for name, item in BOOK.items.items() if item == "F62")
    cells = survey_cells(BOOK, 3).select(pl.all().cast(pl.String))
    cells = cells.with_columns(pl.Series(name, ["1", "Ett nytt svar", "Ett nytt svar"]))
    with pytest.raises(PipelineError) as caught:
        encode_all(cells, {})
    assert "2 rader" in str(caught.value)
    assert name in str(caught.value)
    assert "Ett nytt svar" not in str(caught.value)


def per_capita_card(lift: float):
    """The register chart of a section in which one measure is lifted by `lift`."""
    frames, scope, meta, chosen = sample_release("0127"), sample_scope("0127"), sample_meta(), sample_indicators("narsamhalle")
    one = (pl.col("source") == "kolada") & (pl.col("indicator_key") == chosen[1].indicator_key)
    lifted = frames.register_values.with_columns(value=pl.when(one).then(pl.col("value") + lift).otherwise("value"))
    bent = replace(frames, register_values=lifted)
    return kolada.build(bent, scope, meta, section="S", section_key="s", indicators=chosen)


def test_D33_each_register_panel_has_a_scale_of_its_own():
    def tops(card) -> list[float]:
        scales = [layer["encoding"]["y"].get("scale") for layer in layers(card.spec)]
        return sorted({scale["domain"][1] for scale in scales if scale})

    plain, lifted = tops(per_capita_card(0)), tops(per_capita_card(790))
    assert max(plain) <= 100
    assert max(lifted) >= 790, "a count per 1 000 must not be cut at 100"
    assert min(lifted) == min(plain), "the other panels keep their own scale"


def test_D34_no_band_over_municipalities_passes_for_an_interval():
    card = per_capita_card(0)
    assert not {layer["mark"]["type"] for layer in layers(card.spec)} & {"area", "errorband", "trail"}
    assert "inget osäkerhetsintervall" in " ".join(card.notes)


def test_D36_captions_and_reference_follow_the_kind_of_factor():
    kinds = {i.label_sv: i.kind for i in CATALOGUE.indices}
    for row in factor_cards()[0].table.with_columns(pl.all().str.replace_all("\u00a0", " ")).iter_rows(named=True):
        assert row["Referens"] == ("10 %" if kinds[row["Faktor"]] == "risk" else "15 %")


@pytest.mark.parametrize("mark", ["*", "**", "***", "-"])
def test_D48_masked_cells_of_the_school_survey_are_gaps_and_not_zero(mark):
    rows, form = workbook(("i", "q1", "q2"), trust=mark)
    values = skolenkaten.parse(rows, form, {"Upplands Väsby kommun": "0114"}, ("0114",))
    assert values.filter(indicator_key="q2").select("value", "reason").row(0) == (None, "masked_at_source")
    assert values.filter(indicator_key="q1")["value"].to_list() == [7.0], "a masked count beside it must not change the mean"


def test_D39_a_question_with_gender_dif_is_cautioned_beside_the_chart():
    frames, scope, meta = sample_release("0115"), sample_scope("0115"), sample_meta()

    def cautions(dif: dict[str, float]) -> list[str]:
        judged = replace(frames, index_anatomy=sample_anatomy(sample_table(dif=dif)))
        card = konsskillnad.build(judged, scope, meta, grade="ak9")
        return [note for note in card.notes if note.startswith("Försiktighet")]

    (said,) = cautions({"c": 0.9})
    assert said.startswith("Försiktighet, Psykiska och psykosomatiska besvär: Frågan ”Frågan om c” fungerar olika efter kön")
    assert cautions({}) == []


@pytest.mark.parametrize("only", ["girl", "boy"])
def test_D49_the_look_of_a_sex_follows_its_key_also_when_it_is_alone(only):
    frames, scope, meta = sample_release("0115"), sample_scope("0115"), sample_meta()
    one = frames.index_results.filter(pl.col("sex").is_in([only, "all"])).reverse()
    card = konsskillnad.build(replace(frames, index_results=one), scope, meta, grade="ak9")
    dots = [layer for view in card.spec["vconcat"][1:] for layer in layers(view) if layer["mark"]["type"] == "point"]
    drawn = {(layer["mark"]["shape"], layer["mark"]["fill"]) for layer in dots if layer["data"]["values"]}
    assert drawn == {konsskillnad.LOOK[only]}
    assert faktorprofil.build(replace(frames, index_results=one), scope, meta, grade="ak9") is not None
