"""The screen's measures against an independent computation in R."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from assets.catalogue.indicator_models import AtLeast, Rule
from assets.catalogue.load import load_catalogue
from assets.catalogue.screening_models import Case, Removal, ScreeningFile, Statements
from assets.methods.screening import longest_run, screen, share_missing, within_sd

DATA = Path(__file__).parent / "data" / "scoring"
RAW = pl.read_csv(DATA / "raw.csv", infer_schema_length=None)
EXPECTED = pl.read_csv(DATA / "expected_screening.csv", infer_schema_length=None)
CODEBOOK = {entry["item"]: entry for entry in json.loads((DATA / "codebook.json").read_text(encoding="utf-8"))["items"]}
BLOCK = ["q1", "q2", "q3", "q4", "f1", "f2", "f3"]


def recoded() -> pl.DataFrame:
    """Raw answers with declared missing codes and values outside the range taken away."""
    ranges = {item: (entry["min"], entry["max"]) for item, entry in CODEBOOK.items()}
    return RAW.with_columns(pl.when(pl.col(i).is_between(*r)).then(pl.col(i)).alias(i) for i, r in ranges.items())


def test_share_missing():
    assert share_missing(recoded(), [*BLOCK, "d1"]).to_list() == EXPECTED["share_missing"].to_list()


def test_longest_run_of_raw_answers():
    assert longest_run(RAW, BLOCK).to_list() == EXPECTED["longstring"].to_list()


def test_spread_of_raw_answers():
    worst = (within_sd(RAW, BLOCK)["sd"] - EXPECTED["irv"]).abs().max()
    assert worst is not None
    assert worst < 1e-9


def test_contradiction():
    filtered = CODEBOOK["d2"]
    answered = AtLeast(minimum=filtered["min"])
    case = Case(all_true=(Rule(any_of={"d1": (filtered["filter_value"],)}), Rule(any_of={"d2": answered})))
    rule = Statements(id="contradiction", kind="statements", text_sv="t", why="w", cases=(case,))
    removal = Removal(active=True, remove_at=1, decided="2026-01-01", decided_by_sv="d", text_sv="t")
    file = ScreeningFile(version=1, survey="s", removal=removal, rules=(rule,), municipality_pct_from=500)
    found = screen(recoded(), file, load_catalogue().survey)["contradiction"].fill_null(False)
    assert found.cast(pl.Int64).to_list() == EXPECTED["contradiction"].to_list()
    planted = recoded().with_columns(d1=pl.lit(1), d2=pl.lit(3))
    assert screen(planted, file, load_catalogue().survey)["contradiction"].all()
