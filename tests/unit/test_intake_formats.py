"""Formats and guards: Stata, compressed SPSS, several sheets, decimal marks, limits, and the parser process."""

from __future__ import annotations

import os
import signal
import struct
import threading
import time

import polars as pl
import pyreadstat
import pytest

from assets.intake.guards import check_table
from assets.intake.isolated import ParserFailed, _Parser, parse
from assets.intake.limits import load_limits
from assets.intake.names import check_name, in_markdown, shown_name, stored_name
from assets.intake.readers import read_delivery
from assets.intake.recognise import known_names
from assets.methods.errors import PipelineError
from tests.support.fuzz_corpus import (
    CATALOGUE,
    HEADER,
    PUPILS,
    TABLE,
    changed,
    labels,
    numbers,
    pupils,
    sav,
    sav_with_wild_label,
    sheets,
    stata_letter,
    text,
)

KNOWN = known_names(CATALOGUE.codebooks)
LIMITS = load_limits()


def test_stata_has_texts_labels_and_missing_letters(tmp_path):
    path = tmp_path / "fil.dta"
    stata_letter(label=True)(path)
    delivery = read_delivery(path, KNOWN)
    assert delivery.file_format == "dta"
    assert delivery.cells["F55e"].to_list() == [".a", *["1"] * (PUPILS - 1)]
    assert delivery.value_labels["F55e"][".a"] == "Ej svar"
    assert delivery.value_labels["F2"] == {"1": "Pojke", "2": "Flicka"}
    pyreadstat.write_dta(pl.DataFrame({"ar": [2024.0, None], "x": [1.5, 2.0]}), str(path), column_labels={"ar": "År"})
    plain = read_delivery(path, KNOWN)
    assert plain.cells.to_dict(as_series=False) == {"ar": ["2024", None], "x": ["1.5", "2.0"]}
    assert plain.column_labels == {"ar": "År"}


@pytest.mark.parametrize("version", [8, 10, 12, 13, 14, 15])
def test_every_version_of_stata(tmp_path, version):
    path = tmp_path / "fil.dta"
    pyreadstat.write_dta(pl.DataFrame({"ar": [2024.0] * 3, "F5": [1.0, 2.0, 3.0]}), str(path), version=version)
    assert read_delivery(path, KNOWN).cells["F5"].to_list() == ["1", "2", "3"]


def test_compressed_spss_is_the_same_delivery(tmp_path):
    for name, more in (("a.sav", {}), ("b.zsav", {"compress": True})):
        sav(column_labels={"F55e": "Stökigt"}, **more)(tmp_path / name)
    plain, packed = (read_delivery(tmp_path / name, KNOWN) for name in ("a.sav", "b.zsav"))
    assert packed.cells.equals(plain.cells)
    assert packed.value_labels == plain.value_labels == {c: {str(k): v for k, v in m.items()} for c, m in labels().items()}
    assert packed.column_labels["F55e"] == "Stökigt"


def test_sheets_with_the_same_columns_are_read_one_after_the_other(tmp_path):
    path = tmp_path / "fil.xlsx"
    turned = [row[::-1] for row in [HEADER, *changed("Klass", "9X", PUPILS)]]
    sheets(("Vår", TABLE, False), ("Höst", [["Titel"], *turned], False))(path)
    delivery = read_delivery(path, KNOWN)
    assert delivery.cells.height == 2 * PUPILS
    assert delivery.cells.columns == HEADER
    assert delivery.cells["Klass"].to_list()[PUPILS:] == ["9X"] * PUPILS
    assert delivery.row_numbers == (*range(2, PUPILS + 2), *range(10_000_003, 10_000_003 + PUPILS))
    assert delivery.notes == ("fil.xlsx: 2 blad med samma kolumner lästes efter varandra.",)


@pytest.mark.parametrize(
    ("values", "mark", "read"),
    [
        (["3,0", "1"], "komma", ["3", "1"]),
        (["3.00", "2"], "punkt", ["3", "2"]),
        (["-1,0", "2,5"], "komma", ["-1", "2,5"]),
        (["1,000", "2"], "komma", ["1,000", "2"]),
        (["3,0", "3.0"], "komma och punkt", ["3", "3"]),
        (["1", "2"], "", ["1", "2"]),
        (["3,0 kr", "v. 3.0"], "", ["3,0 kr", "v. 3.0"]),
    ],
)
def test_the_decimal_mark_is_found_and_whole_numbers_lose_it(tmp_path, values, mark, read):
    path = tmp_path / "fil.csv"
    path.write_text(text([[*pupils()[n][:-1], value] for n, value in enumerate(values)]), encoding="utf-8")
    delivery = read_delivery(path, KNOWN)
    assert delivery.decimal_mark == mark
    assert delivery.cells[HEADER[-1]].to_list() == read


SMALL = LIMITS.model_copy(update={"max_rows": 10})
FEW = LIMITS.model_copy(update={"max_columns": 20})
NARROW = LIMITS.model_copy(update={"max_text_cells": 200, "max_cells": 200})
LIGHT = LIMITS.model_copy(update={"max_bytes": 1000, "max_text_bytes": 1000})
HINT = "Dela upp filen eller ta bort det som inte hör till enkäten; är filen rätt höjs gränsen i intake.yml."


@pytest.mark.parametrize("name", ["fil.csv", "fil.sav", "fil.xlsx"])
@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (SMALL, f"väntade högst 10 rader, fick {PUPILS} rader."),
        (FEW, f"väntade högst 20 kolumner, fick {len(HEADER)} kolumner."),
        (NARROW, f"väntade högst 200 celler, fick {PUPILS * len(HEADER)} celler."),
    ],
)
def test_a_table_above_the_limits_is_set_aside(tmp_path, name, limits, said):
    path = tmp_path / name
    {"csv": lambda p: p.write_text(text(), encoding="utf-8"), "sav": sav(), "xlsx": sheets(("Svar", TABLE, False))}[name[4:]](
        path
    )
    with pytest.raises(PipelineError) as caught:
        read_delivery(path, KNOWN, limits)
    assert str(caught.value) == f"{name}: {said} {HINT}"
    assert caught.value.code == "too_large"


def test_a_file_that_is_too_large_is_not_even_opened(tmp_path, monkeypatch):
    path = tmp_path / "fil.csv"
    path.write_text(text(), encoding="utf-8")
    monkeypatch.setattr(type(path), "read_bytes", lambda self: pytest.fail("the file was read"))
    with pytest.raises(PipelineError) as caught:
        read_delivery(path, KNOWN, LIGHT)
    assert str(caught.value) == f"fil.csv: väntade högst 1 MB, fick 1 MB. {HINT}"


def test_what_a_header_claims_is_refused_before_the_parser_is_asked(tmp_path, monkeypatch):
    path = tmp_path / "fil.sav"
    sav()(path)
    content = bytearray(path.read_bytes())
    content[80:84] = struct.pack("<i", 2**31 - 1)
    path.write_bytes(content)
    monkeypatch.setattr("assets.intake.readers.parse", lambda *a: pytest.fail("the parser was asked"))
    with pytest.raises(PipelineError) as caught:
        read_delivery(path, KNOWN)
    assert caught.value.code == "truncated"


def test_big_endian_headers_are_understood():
    with pytest.raises(PipelineError, match="högst"):
        check_table("fil.sav", 1, 10**6, LIMITS, 10**9)
    from assets.intake.guards import check_sav_header

    head = bytearray(b"$FL2" + b" " * 60 + struct.pack(">5i", 2, 3, 0, 0, 2**31 - 1) + b"\0" * 200)
    with pytest.raises(PipelineError) as caught:
        check_sav_header("fil.sav", bytes(head), LIMITS)
    assert caught.value.code == "truncated"
    head[80:84] = struct.pack(">i", 10)
    check_sav_header("fil.sav", bytes(head), LIMITS)


def test_a_file_that_kills_the_parser_kills_nothing_else(tmp_path):
    bad, good = tmp_path / "dålig.sav", tmp_path / "bra.sav"
    sav_with_wild_label(bad)
    sav()(good)
    with pytest.raises(ParserFailed) as caught:
        parse("sav", bad, 60)
    assert caught.value.kind == "crashed"
    assert parse("sav", good, 60).tables[0].height == PUPILS


def test_a_file_that_takes_too_long_is_given_up(tmp_path):
    path = tmp_path / "fil.sav"
    sav()(path)
    parser = _Parser()
    parser.ask("sav", path, 60)
    os.kill(parser._process.pid, signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises(ParserFailed) as caught:
        parser.ask("sav", path, 0.3)
    assert caught.value.kind == "slow"
    assert time.monotonic() - begun < 20
    assert parser.ask("sav", path, 60).tables[0].height == PUPILS
    parser.close()


def test_a_slow_file_is_set_aside_with_a_sentence(tmp_path, monkeypatch):
    def slow(*asked: object) -> None:
        raise ParserFailed("slow")

    path = tmp_path / "fil.sav"
    sav()(path)
    monkeypatch.setattr("assets.intake.readers.parse", slow)
    with pytest.raises(PipelineError) as caught:
        read_delivery(path, KNOWN)
    said = f"fil.sav: väntade en fil som går att läsa på 10 minuter, fick en fil som tar längre tid. {HINT}"
    assert str(caught.value) == said


def test_one_parser_serves_several_at_once_and_ends_when_asked(tmp_path):
    path = tmp_path / "fil.sav"
    sav(numbers())(path)
    parser, seen = _Parser(), []
    threads = [threading.Thread(target=lambda: seen.append(parser.ask("sav", path, 60).tables[0].height)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    parser.close()
    parser.close()
    assert seen == [PUPILS] * 4


def test_names_are_shown_without_what_hides():
    assert shown_name("a\nb\u202ec\udcff.csv") == "a_b_c_.csv"
    assert shown_name("å" * 200) == "å" * 80 + "…" + "å" * 30
    assert len(stored_name("😀" * 100).encode()) <= 180
    assert stored_name("Täby 2024.sav") == "Täby 2024.sav"
    check_name("Täby (2) – rättad.sav", 120)
    with pytest.raises(PipelineError):
        check_name("a\u200bb.csv", 120)


def test_names_are_inert_in_markdown():
    assert in_markdown("[x](y) <b> | `z` *!*") == r"\[x\]\(y\) &lt;b&gt; \| \`z\` \*\!\*"


def test_a_new_codebook_is_news_when_something_lies_in_the_inbox(tmp_path):
    from pipelines.sensors import evaluate_inbox

    folders, beside = {"enkat": tmp_path / "enkat"}, {"kodbocker": tmp_path / "kodbocker"}
    for folder in (*folders.values(), *beside.values()):
        folder.mkdir()

    def settled(cursor: str | None) -> tuple[str | None, str]:
        for _ in range(2):
            key, _, cursor = evaluate_inbox(folders, cursor, beside)
        return key, cursor

    (beside["kodbocker"] / "egen.yml").write_text("id: egen\n", encoding="utf-8")
    assert settled(None)[0] is None
    (folders["enkat"] / "a.csv").write_text("a\n", encoding="utf-8")
    first, cursor = settled(None)
    assert first
    assert settled(cursor)[0] is None
    (beside["kodbocker"] / "egen.yml").write_text("id: egen2\n", encoding="utf-8")
    second, _ = settled(cursor)
    assert second
    assert second != first
