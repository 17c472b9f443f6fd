"""Holding to a published delivery: what is written down, which delivery counts then, and how a reader is told."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from assets.bundle.held_words import held_notice
from assets.bundle.words import Context
from assets.harmonised import _replaced_by, _require_held
from assets.held_deliveries import FILE, decide, decisions, held_now, held_table, published_delivery
from assets.methods.errors import PipelineError
from assets.methods.publish import HELD
from assets.release_register.types import Entry, Inputs, NewEntry
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta

EKERO = ("0125", 2024)
TODAY = date(2026, 11, 24)


def entry(number: int, day: str, **deliveries: str) -> Entry:
    """An entry of the register, made from these deliveries of 2024 by municipality (`m0125="hash"`)."""
    inputs = Inputs({f"{code[1:]}|2024": digest for code, digest in deliveries.items()}, {}, "usual", "d")
    new = NewEntry(f"r{number}", f"paket_{number}", 2024, "intern", "0125", day, "m" * 64, inputs, "6")
    return Entry(number, new, "c" * 64, "0" * 64, "h" * 64)


PUBLISHED = (
    entry(1, "2026-11-01", m0125="first"),
    entry(2, "2026-11-09", m0125="second"),
    entry(3, "2026-11-20", m0125="second"),
)


def hold(root, **other):
    """Hold to Ekerö's published delivery."""
    said = {"name": "Åsa Ek", "reason": "en sen elev", "day": TODAY, "let_go": False} | other
    return decide(root, PUBLISHED, EKERO, **said)


def test_what_was_published_last_stands_from_the_day_it_was_first_published():
    assert published_delivery(PUBLISHED, *EKERO) == ("second", "2026-11-09")
    with pytest.raises(PipelineError, match="Det som inte är utgivet kan inte hållas fast"):
        published_delivery(PUBLISHED, "0128", 2024)


def test_a_decision_holds_until_it_is_let_go_and_both_stay_written_down(tmp_path):
    assert held_now(tmp_path) == {}
    hold(tmp_path)
    assert held_table(tmp_path, [2024]).rows() == [("0125", 2024, "second", "2026-11-09")]
    assert held_table(tmp_path, [2022]).is_empty()
    hold(tmp_path, let_go=True, reason="rättad")
    assert held_now(tmp_path) == {}
    assert [(one.name, one.reason, one.day) for one in decisions(tmp_path)] == [
        ("Åsa Ek", "en sen elev", "2026-11-24"), ("Åsa Ek", "rättad", "2026-11-24")
    ]  # fmt: skip
    with pytest.raises(PipelineError, match="hålls inne"):
        hold(tmp_path, let_go=True)


@pytest.mark.parametrize("said", [{"name": ""}, {"name": "Åsa"}, {"reason": " "}])
def test_without_a_name_and_a_reason_nothing_is_held(tmp_path, said):
    with pytest.raises(PipelineError, match="ett namn och ett skäl"):
        hold(tmp_path, **said)
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("line", ["{", '{"kommun": "0125"}', "[]"])
def test_a_damaged_decision_stops_the_run(tmp_path, line):
    hold(tmp_path)
    with (tmp_path / FILE).open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(PipelineError, match=f"{FILE}, rad 2"):
        held_table(tmp_path, [2024])


def test_a_bundle_says_whose_numbers_stand_since_when():
    context = Context(*sample_bundle_frames(), sample_report_meta())
    assert held_notice(context) == []
    quality = context.frames.delivery_quality
    rows = [("0127", context.scope.wave, HELD, "2026-11-09", "ok"), ("0127", context.scope.wave + 2, HELD, "2026-11-10", "ok")]
    kinds = {name: quality.schema[name] for name in ("area_code", "wave", "item", "value", "reason")}
    more = pl.DataFrame(rows, schema=kinds, orient="row")
    frames = replace(context.frames, delivery_quality=pl.concat([quality, more], how="diagonal_relaxed"))
    [notice] = held_notice(replace(context, frames=frames))
    wave = context.scope.wave
    assert notice.text.startswith(f"Talen för Botkyrka {wave} är de som gavs ut den 9\u00a0november\u00a02026."), (
        "and nothing of later waves"
    )
    assert notice.text.count("gavs ut") == 1


def test_nothing_else_counts_where_the_published_delivery_is_gone():
    held = pl.DataFrame([("0125", 2024), ("0128", 2024)], schema=["municipality_code", "wave"], orient="row")
    _require_held(held, held)
    with pytest.raises(PipelineError, match="0128, 2024, som hålls inne"):
        _require_held(held, held[:1])
    with pytest.raises(PipelineError, match="did hallinne --kommun 0125 --ar 2024 --slapp"):
        _require_held(held, held.clear())


def test_the_newer_file_is_told_to_be_held_back():
    about = [("old", 2024, "Ekerö.xlsx", "rättad"), ("new", 2024, "Ekerö ny.xlsx", None), ("own", 2024, "Salem.csv", "hel")]
    deliveries = pl.DataFrame(about, schema=["delivery_id", "wave", "source_file", "reason"], orient="row")
    pairs = pl.DataFrame([("new", 2024, "old"), ("x", 2024, "own")], schema=["delivery_id", "wave", "newer"], orient="row")
    held = pl.DataFrame([("old", 2024, "2026-11-09")], schema=["delivery_id", "wave", "published_on"], orient="row")
    assert sorted(_replaced_by(deliveries, pairs, held).rows()) == [
        ("new", 2024, "Ekerö.xlsx (utgiven 2026-11-09, det nyare hålls inne)"), ("x", 2024, "Salem.csv (hel)")
    ]  # fmt: skip
