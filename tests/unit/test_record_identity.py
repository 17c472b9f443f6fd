"""Record keys that survive corrected and repeated deliveries, and the secret behind them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from assets.hygiene.cell_key_secret import MARK, SECRET, cell_key_secret
from assets.hygiene.permissions import supported
from assets.methods.errors import PipelineError
from assets.methods.record_identity import with_record_keys

HIDDEN = b"hemlig"
ITEMS = ["f1", "f2"]


def _rows(delivery: str, answers: list[tuple[int, int]]) -> pl.DataFrame:
    rows = [(f"{delivery}-{n}", "0127", 2024, "ak9", "girl", None, "s1", "9a", *own) for n, own in enumerate(answers)]
    names = ["respondent_key", "municipality_code", "wave", "grade", "sex", "district_code", "school_code", "class_code", *ITEMS]
    return pl.DataFrame(rows, schema=names, orient="row", schema_overrides={"district_code": pl.String})


def _keys(delivery: str, answers: list[tuple[int, int]], numbers: list[str | None]) -> list[int]:
    rows = _rows(delivery, answers)
    known = rows.select("respondent_key").with_columns(pl.Series("respondent", numbers, dtype=pl.String))
    return with_record_keys(rows, known, ITEMS, HIDDEN)["record_key"].to_list()


def test_a_number_keeps_its_key_when_answers_are_corrected_and_rows_come_late() -> None:
    first = _keys("d1", [(1, 2), (3, 4)], ["17", "18"])
    second = _keys("d2", [(9, 9), (3, 4), (1, 2)], ["16", "18", "17"])
    assert second[1:] == [first[1], first[0]]
    assert second[0] not in first
    assert _keys("d3", [(1, 1)], ["17"]) == [first[0]]


def test_without_numbers_the_answers_are_the_identity() -> None:
    first = _keys("d1", [(1, 2), (3, 4)], [None, None])
    assert _keys("d2", [(3, 4), (1, 2)], [None, None]) == first[::-1]
    assert _keys("d2", [(3, 5)], [None])[0] not in first


def test_rows_that_are_alike_have_different_keys_and_the_same_ones_again() -> None:
    twice = _keys("d1", [(1, 2), (1, 2)], [None, None])
    assert len(set(twice)) == 2
    assert sorted(_keys("d2", [(5, 5), (1, 2), (1, 2)], [None] * 3)[1:]) == sorted(twice)
    same_number = _keys("d1", [(2, 2), (1, 1)], ["7", "7"])
    assert len(set(same_number)) == 2
    assert _keys("d2", [(1, 1), (2, 2)], ["7", "7"]) == same_number[::-1]


def test_the_number_travels_no_further_than_the_key() -> None:
    keyed = with_record_keys(_rows("d", [(1, 1)]), pl.DataFrame({"respondent_key": ["d-0"], "respondent": ["17"]}), ITEMS, HIDDEN)
    assert keyed.columns == [*_rows("d", []).columns, "record_key"]
    assert keyed.schema["record_key"] == pl.Int64
    assert with_record_keys(
        keyed.clear().drop("record_key"), pl.DataFrame(schema={"respondent_key": pl.String}), ITEMS, HIDDEN
    ).is_empty()


def test_the_secret_is_made_once_and_is_for_its_owner(tmp_path: Path) -> None:
    keys, register = tmp_path / "nycklar", tmp_path / "register"
    secret = cell_key_secret(keys, register)
    assert cell_key_secret(keys, register) == secret
    assert cell_key_secret(keys, tmp_path / "annan" / "register") == secret
    if supported():
        assert (keys / SECRET).stat().st_mode & 0o777 == 0o600
    assert secret.hex() not in (register / MARK).read_text("utf-8")


@pytest.mark.parametrize(
    ("change", "code"), [("gone", "cell_key_lost"), ("other", "cell_key_foreign"), ("short", "cell_key_damaged")]
)
def test_a_lost_or_another_secret_stops_instead_of_being_made_anew(tmp_path: Path, change: str, code: str) -> None:
    keys, register = tmp_path / "nycklar", tmp_path / "register"
    cell_key_secret(keys, register)
    if change == "gone":
        (keys / SECRET).unlink()
    else:
        (keys / SECRET).write_text("ab" * (32 if change == "other" else 5) + "\n", "utf-8")
    with pytest.raises(PipelineError) as told:
        cell_key_secret(keys, register)
    assert told.value.code == code
    assert (keys / SECRET).exists() == (change != "gone")
