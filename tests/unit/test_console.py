"""Progress lines and the final summary: Swedish, honest, safe on any console."""

import io
import re
from pathlib import Path

import polars as pl
import pytest

from pipelines import console
from pipelines.console import PlainProgress, RunSummary, SilentProgress, number, seconds_text, summary_lines
from pipelines.set_aside import texts_held_back

NBSP = "\u00a0"


def summary(**changes):
    facts = {
        "deliveries_read": 25,
        "deliveries_rejected": [("0127_trasig.sav", "0127_trasig.sav: väntade en hel fil, fick en avhuggen. Exportera igen.")],
        "rows_read": 104512,
        "rows_kept": 101034,
        "checks_passed": 38,
        "checks_failed": 2,
        "bundles_written": 26,
        "seconds": 74.26,
        "layer_seconds": {"raw": 12.5, "reports": 30.0},
        "reports_dir": Path("data/reports/2024"),
    }
    return RunSummary(**{**facts, **changes})


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (999, "999"), (104512, f"104{NBSP}512"), (1234567, f"1{NBSP}234{NBSP}567"), (3.25, "3,2"), (-5, "\u22125")],
)
def test_numbers_are_swedish(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, f"0,0{NBSP}s"), (59.9, f"59,9{NBSP}s"), (59.97, f"1{NBSP}min 0{NBSP}s"), (80, f"1{NBSP}min 20{NBSP}s")],
)
def test_seconds(seconds, text):
    assert seconds_text(seconds) == text


def test_a_step_is_one_line_with_its_counts():
    stream = io.StringIO()
    with PlainProgress(stream).step("Läser leveranser") as step:
        step.count("filer", 26)
        step.count("rader", 104512)
    assert stream.getvalue() == f"✓ Läser leveranser · 26{NBSP}filer · 104{NBSP}512{NBSP}rader · 0,0{NBSP}s\n"


def test_a_broken_step_says_so_and_lets_the_error_through():
    stream = io.StringIO()
    with pytest.raises(KeyError), PlainProgress(stream).step("Räknar index"):
        raise KeyError("x")
    assert stream.getvalue().startswith("✗ Räknar index")
    assert stream.getvalue().endswith("avbröts\n")


def test_silence_is_silent(capsys):
    progress = SilentProgress()
    with progress.step("Något"):
        progress.note("ord")
    assert capsys.readouterr().out == ""


def test_rich_shows_the_same_words(capsys):
    progress = console.RichProgress()
    with progress.step("Läser [sic]") as step:
        step.count("rader", 1234)
    progress.note("[inte] en tagg")
    out = capsys.readouterr().out
    took = r"\d+,\d"  # how long it took is the machine's affair
    assert re.search(rf"✓ Läser \[sic\] · 1{NBSP}234{NBSP}rader · {took}{NBSP}s", out)
    assert "[inte] en tagg" in out


def test_a_pipe_and_ci_get_plain_lines(monkeypatch):
    assert isinstance(console.default_progress(), PlainProgress)
    monkeypatch.setattr(console.sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("CI", "true")
    assert isinstance(console.default_progress(), PlainProgress)
    monkeypatch.delenv("CI")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert isinstance(console.default_progress(), console.RichProgress)


def test_the_summary_hides_nothing():
    text = "\n".join(summary_lines(summary()))
    for part in ("25", f"104{NBSP}512", f"101{NBSP}034", "38", "26", f"1{NBSP}min 14{NBSP}s", f"12,5{NBSP}s"):
        assert part in text
    assert "  ✗ 0127_trasig.sav: väntade en hel fil" in text
    assert re.search(r"Underkända kontroller +2\n", text)
    assert text.endswith(f"Börja här: {Path('data/reports/2024/lansoversikt.html')}")


def test_a_clean_run_has_no_list_of_rejected_files():
    text = "\n".join(summary_lines(summary(deliveries_rejected=[], checks_failed=0)))
    assert "togs inte med" not in text
    assert "Underkända kontroller visas" not in text


def test_no_bundles_is_not_called_a_success():
    text = "\n".join(summary_lines(summary(bundles_written=0)))
    assert "Inga rapportpaket skrevs" in text
    assert "Börja här" not in text


def test_an_old_code_page_cannot_break_the_output(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(console.sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252"))
    monkeypatch.setattr(console.sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding="cp1252"))
    console.utf8_console()
    console.print_summary(summary())
    assert "✗ 0127_trasig.sav" in raw.getvalue().decode("utf-8")


def test_the_summary_says_where_the_quality_of_the_deliveries_stands():
    page = Path("data/kvalitet/index.html")
    assert f"Kvaliteten i varje leverans: {page}" in summary_lines(summary(quality_page=page))
    assert not any("Kvaliteten" in line for line in summary_lines(summary()))


def test_a_form_with_a_text_held_back_is_named_with_its_place():
    forms = pl.DataFrame(
        {"source_file": ["b.xlsx", "a.json"], "notes": ["Bladet Skola, cell AR8: lämnades utanför.", ""], "held_back": [1, 0]}
    )
    assert texts_held_back(pl.DataFrame()) == []
    lines = "\n".join(summary_lines(summary(texts_held_back=texts_held_back(forms))))
    assert "  ! b.xlsx: Bladet Skola, cell AR8: lämnades utanför." in lines
    assert "a.json" not in lines
    assert "personuppgifter" not in "\n".join(summary_lines(summary()))
