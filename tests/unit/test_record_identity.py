"""Record keys that are the same for the same answers and drawn anew when a pupil changes, and the secret behind them."""

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


def _keys(delivery: str, answers: list[tuple[int, int]]) -> list[int]:
    return with_record_keys(_rows(delivery, answers), ITEMS, HIDDEN)["record_key"].to_list()


FIRST = [(1, 2), (3, 4), (5, 6)]


def test_the_same_answers_have_the_same_keys_in_any_file_and_order() -> None:
    first = _keys("d1", FIRST)
    assert len(set(first)) == len(FIRST)
    assert _keys("d2", FIRST[::-1]) == first[::-1]


@pytest.mark.parametrize("changed", [[*FIRST, (7, 8)], FIRST[:-1], [*FIRST[:-1], (5, 5)], [*FIRST, (1, 2)]])
def test_one_pupil_more_less_or_changed_gives_every_pupil_of_the_municipality_another_key(changed: list[tuple[int, int]]) -> None:
    assert not set(_keys("d1", FIRST)) & set(_keys("d2", changed))


def test_other_municipalities_and_waves_keep_their_keys() -> None:
    own = _rows("d1", FIRST)
    other, earlier = own.with_columns(municipality_code=pl.lit("0180")), own.with_columns(wave=pl.lit(2022, pl.Int64))
    late = _rows("d2", [(9, 9)])
    keys = [with_record_keys(pl.concat([*parts, other, earlier]), ITEMS, HIDDEN) for parts in ([own], [own, late])]
    rest = [frame.tail(2 * len(FIRST))["record_key"] for frame in keys]
    assert rest[0].equals(rest[1])
    assert not set(rest[0]) & set(keys[0].head(len(FIRST))["record_key"])
    assert not set(keys[0].head(len(FIRST))["record_key"]) & set(keys[1].head(len(FIRST))["record_key"])


def test_rows_that_are_alike_have_different_keys_and_the_same_ones_again() -> None:
    twice = _keys("d1", [(1, 2), (1, 2), (5, 5)])
    assert len(set(twice)) == 3
    assert sorted(_keys("d2", [(5, 5), (1, 2), (1, 2)])) == sorted(twice)


def test_nothing_but_the_key_is_added() -> None:
    keyed = with_record_keys(_rows("d", [(1, 1)]), ITEMS, HIDDEN)
    assert keyed.columns == [*_rows("d", []).columns, "record_key"]
    assert keyed.schema["record_key"] == pl.Int64
    assert with_record_keys(keyed.clear().drop("record_key"), ITEMS, HIDDEN).schema == keyed.schema


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
