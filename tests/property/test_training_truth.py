"""Övningskommunen: what is planted is found again, what is not isn't, and nothing real is in its home. One small survey."""

from __future__ import annotations

import polars as pl
import pytest

from assets.bundle.load import load_report_texts
from assets.catalogue.base_profile import TRAINING_VARIABLE
from assets.catalogue.load import ROOT, TRAINING, Catalogue, load_catalogue, read_catalogue
from assets.catalogue.pilots import load_pilots
from assets.catalogue.training_words import replaced, training_words
from assets.demo.facit import KEYS, NOMINAL, facit_page, facit_rows, summary
from assets.demo.training import Survey, earlier_decision, simulate_training, training, training_setting
from assets.methods.bands import with_bands
from assets.methods.errors import PipelineError
from assets.methods.estimate import area_estimates
from assets.methods.persons import cut_set, index_specs
from assets.methods.rasch import score
from pipelines.training import MARKER, training_home

OWN = training()["municipality"]
WAVES = (2022, 2024)


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    """The invented county's, without a change to what the process works with."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TRAINING_VARIABLE, "1")
        return read_catalogue(ROOT)


@pytest.fixture(scope="module")
def survey(catalogue: Catalogue) -> Survey:
    return simulate_training(training_setting(catalogue), WAVES)


@pytest.fixture(scope="module")
def released(catalogue: Catalogue, survey: Survey) -> pl.DataFrame:
    """The municipality's and the county's estimates as the release has them (per cent), before disclosure control."""
    rows = pl.concat(part.truth for waves in survey.handed_in.values() for part in waves.values()).filter(careless=0)
    kinds = {index.key: index.kind for index in catalogue.indices}
    items = [name for name in rows.columns if name.startswith("score_")]
    scored = score(rows.rename({name: name.removeprefix("score_") for name in items}), index_specs(catalogue.index_file))
    banded = with_bands(scored, kinds, cut_set(catalogue.cutoffs)).with_columns(
        psu=pl.format("{}/{}", "school_code", "class_code")
    )
    found = area_estimates(banded, kinds, levels=["municipality"]).rename({"estimate": "value"})
    return found.filter(pl.col("measure").is_in(["share_band1", "share_band3", "diff_share_focus"])).with_columns(
        pl.col("value", "low", "high") * 100
    )


def test_the_county_has_no_pilots(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the base are real municipalities: with them nothing starts in training."""
    monkeypatch.setenv(TRAINING_VARIABLE, "1")
    assert load_pilots.__wrapped__().pilots == ()


def test_the_county_is_invented_altogether(catalogue: Catalogue) -> None:
    real = load_catalogue()
    assert catalogue.survey == real.survey
    assert catalogue.index_file == real.index_file
    assert not set(catalogue.municipality_by_code) & set(real.municipality_by_code)
    assert not {m.survey_code for m in catalogue.municipalities} & {m.survey_code for m in real.municipalities}
    assert not {m.name for m in catalogue.municipalities} & {m.name for m in real.municipalities}
    assert catalogue.content_hash != real.content_hash


def test_no_text_says_that_the_invented_numbers_are_real() -> None:
    files = [path for path in sorted(ROOT.rglob("*.yml")) if TRAINING not in path.parts]
    base = "\n".join(" ".join(path.read_text(encoding="utf-8").split()) for path in files)
    assert all(part in base for part in training_words()), "a text of the base has changed"
    told = replaced({"a": ["Registeruppgifterna är verkliga."], "b": 1}, training_words())
    assert told == {"a": ["Kommunerna och elevantalen är också påhittade."], "b": 1}
    assert replaced(load_report_texts(), training_words()) != load_report_texts()
    assert "uppgifterna är verkliga" not in str(replaced(load_report_texts(), training_words()))


def test_intervals_hold_the_truth_about_as_often_as_they_promise(
    catalogue: Catalogue, survey: Survey, released: pl.DataFrame
) -> None:
    held = [row.caught for row in facit_rows(released, survey.cells, catalogue, OWN) if row.caught is not None]
    assert len(held) > 70
    assert sum(held) / len(held) > NOMINAL - 0.07


def cell(released: pl.DataFrame, key: str, grade: str, sex: str, wave: int = 2024, measure: str = "share") -> dict[str, float]:
    wanted = released.filter(area_code=OWN, wave=wave, grade=grade, sex=sex, index_key=key)
    return wanted.filter(pl.col("measure").str.starts_with(measure), pl.col("measure") != "share_band2").row(0, named=True)


def truth(survey: Survey, key: str, grade: str, sex: str, wave: int, area: str = OWN) -> float:
    return survey.cells.filter(area_code=area, wave=wave, grade=grade, sex=sex, index_key=key)["share_focus_enrolled"].item()


def test_what_is_planted_is_seen_and_what_is_not_is_not(survey: Survey, released: pl.DataFrame) -> None:
    difference = {"measure": "diff_share_focus"}
    assert cell(released, "psychosomatic", "ak9", "all", **difference)["low"] > 0
    assert cell(released, "acting_out", "ak9", "all", **difference)["high"] < 0
    for grade in ("ak9", "gy2"):
        unplanted = cell(released, "school_distress", grade, "all", **difference)
        assert unplanted["low"] < 0 < unplanted["high"]
    girls, boys = (truth(survey, "school_bonding", "gy2", sex, 2024) for sex in ("girl", "boy"))
    assert girls > 1.7 * boys
    before, after = (truth(survey, "parenting", "ak9", "all", wave) for wave in WAVES)
    assert before > 2 * after, "the decision's indicator moves"


def test_the_answer_key_says_what_is_true_and_where_nothing_is_shown(
    catalogue: Catalogue, survey: Survey, released: pl.DataFrame
) -> None:
    focus = released.filter(pl.col("measure") != "diff_share_focus")
    hidden = (pl.col("index_key") == "community") & (pl.col("sex") == "girl")
    masked = focus.with_columns(
        pl.when(hidden).then(None).otherwise(pl.col(name)).alias(name) for name in ("value", "low", "high")
    )
    page = facit_page(masked, survey.cells, catalogue, training())
    assert page.count("SYNTETISKA DATA") == 1
    assert page.count("<tr>") == 2 + 42 + 4
    assert page.count("visas inte, intervall visas inte") == 2
    assert all(one["text_sv"] in page for one in training()["planted"])
    assert "http" not in page
    rows = facit_rows(masked, survey.cells, catalogue, OWN)
    assert {(r.wave, r.grade, r.sex, r.index_key) for r in rows} == set(survey.cells.filter(area_code=OWN).select(KEYS).rows())
    now = [row for row in rows if row.wave == 2024]
    assert summary(now, training()["facit"], 2024).endswith("väntar man omkring 38.")
    assert summary([], training()["facit"], 2024) == "Inga intervall kan visas för 2024."


def test_the_earlier_decision_fits_the_form() -> None:
    form = earlier_decision("1")
    assert form.municipality_code == OWN
    assert {answer.field for answer in form.answers} >= {"priority", "owner", "first_step", "follow_up_indicator"}
    assert "round" not in {answer.field for answer in form.answers}


def test_a_folder_with_anything_else_is_refused(tmp_path) -> None:
    assert training_home(tmp_path / "ny", None) == tmp_path / "ny" / "ovning"
    again = training_home(tmp_path, str(tmp_path / "egen"))
    assert training_home(tmp_path, str(again)) == again
    assert "SYNTETISKA DATA" in (again / MARKER).read_text(encoding="utf-8")
    (tmp_path / "verklig").mkdir()
    (tmp_path / "verklig" / "warehouse.duckdb").touch()
    with pytest.raises(PipelineError) as refused:
        training_home(tmp_path, str(tmp_path / "verklig"))
    assert refused.value.code == "not_a_training_home"
