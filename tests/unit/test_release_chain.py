"""The register of what has been published: its chain, its files, and what a power cut leaves."""

from __future__ import annotations

from dataclasses import fields, replace

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets import whole_files
from assets.charts.types import ReleaseFrames
from assets.methods.errors import PipelineError
from assets.release_register import store
from assets.release_register.cells import (
    CELL_COLUMNS,
    OPEN,
    SCHEMA,
    SETTINGS,
    as_tables,
    canonical_text,
    cells_hash,
    cells_of,
    published_cells,
)
from assets.release_register.chain import Head, head_of, head_text, line_of, link, verify
from assets.release_register.history import earlier_releases
from assets.release_register.types import Entry, Inputs, NewEntry
from tests.support.sample_release import sample_release

INPUTS = Inputs({"0114|2024": "d1"}, {"2024": "removed"}, "limits", "defs")


def entry(name: str) -> NewEntry:
    return NewEntry(f"2024-{name}", f"paket_{name}", 2024, "intern", "0114", "2026-11-01", name * 64, INPUTS, "2")


def chained(names: str) -> tuple[Entry, ...]:
    made: tuple[Entry, ...] = ()
    for name in names:
        made = (*made, link(entry(name), "c" * 64, head_of(made)))
    return made


THREE = chained("abc")
LINES = b"".join(line_of(one) for one in THREE)
HEAD = head_text(head_of(THREE))


def cells(value: float = 12) -> pl.DataFrame:
    row = {"table_name": "index_results", "edition": "intern", "area_level": "municipality", "area_code": "0114", "wave": 2024,
           "grade": "ak9", "sex": "all", "key": "parenting", "measure": "share_band3", "value": value, "low": None, "high": None,
           "n": 100, "reason": "ok"}  # fmt: skip
    return pl.DataFrame([row], schema=SCHEMA)


def test_an_untouched_register_gives_its_entries():
    assert verify(LINES, HEAD).entries == THREE
    assert verify(b"", None).entries == ()


@settings(max_examples=25, deadline=None)
@given(place=st.integers(0, len(LINES) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_is_found(place, byte):
    changed = LINES[:place] + bytes([byte]) + LINES[place + 1 :]
    if changed == LINES:
        assert verify(changed, HEAD).entries == THREE
        return
    with pytest.raises(PipelineError) as found:
        verify(changed, HEAD)
    assert found.value.code.startswith("register_")


@settings(max_examples=25, deadline=None)
@given(order=st.lists(st.integers(0, 3), max_size=5))
def test_dropped_doubled_reordered_and_inserted_lines_are_found(order):
    lines = [*(line_of(one) for one in THREE), line_of(link(entry("x"), "c" * 64, Head(1, THREE[0].hash)))]
    content = b"".join(lines[one] for one in order)
    if order == [0, 1, 2]:
        assert verify(content, HEAD).entries == THREE
    else:
        with pytest.raises(PipelineError):
            verify(content, HEAD)


@settings(max_examples=30, deadline=None)
@given(place=st.integers(0, len(HEAD) - 1), byte=st.integers(0, 255))
def test_a_changed_head_is_found(place, byte):
    changed = HEAD[:place] + bytes([byte]) + HEAD[place + 1 :]
    if changed != HEAD:
        with pytest.raises(PipelineError):
            verify(LINES, changed)


def test_a_clock_that_goes_back_between_two_publications_changes_no_order(tmp_path):
    for name, day in (("a", "2026-11-22"), ("b", "2019-01-01"), ("c", "2026-11-23")):
        store.register_release(tmp_path, replace(entry(name), published_on=day), cells(ord(name)))
    entries = store.check_register(tmp_path).entries
    assert [one.new.release_id for one in entries] == ["2024-a", "2024-b", "2024-c"]
    earlier = earlier_releases(entries, lambda digest: store.read_cells(tmp_path, digest), INPUTS)
    assert [one.release_id for one in earlier] == ["2024-a", "2024-b", "2024-c"]


def test_an_unknown_version_says_so():
    with pytest.raises(PipelineError) as found:
        verify(LINES.replace(b'"format":1', b'"format":3'), HEAD)
    assert found.value.code == "register_version"


def test_a_half_written_last_line_is_recovered_and_told():
    before = head_text(head_of(THREE[:2]))
    chain = verify(LINES[:-20], before)
    assert chain.entries == THREE[:2]
    assert "aldrig klart" in chain.recovered
    assert verify(LINES, before).entries == THREE  # the line is whole, only the head is behind
    with pytest.raises(PipelineError) as found:
        verify(LINES[:-20], HEAD)  # a whole line that has been cut is no power cut
    assert found.value.code == "register_cut"


def test_a_release_is_put_in_once_with_its_cells(tmp_path):
    first = store.register_release(tmp_path, entry("a"), cells())
    assert store.register_release(tmp_path, entry("a"), cells()) == first
    second = store.register_release(tmp_path, entry("b"), cells(13))
    chain = store.check_register(tmp_path)
    assert chain.entries == (first, second)
    assert store.read_cells(tmp_path, second.cells_sha256)["value"].to_list() == [13]
    with pytest.raises(PipelineError) as found:
        store.register_release(tmp_path, entry("a"), cells(14))
    assert found.value.code == "register_other_cells"


@pytest.mark.parametrize("step", ["cells", "line", "head"])
def test_a_power_cut_leaves_a_register_that_can_be_read(tmp_path, monkeypatch, step):
    store.register_release(tmp_path, entry("a"), cells())
    calls = {"cells": ("put", 0), "line": ("append_line", 0), "head": ("put", 1)}
    name, number = calls[step]
    real, seen = getattr(whole_files, name), []

    def cut(*words):
        seen.append(words)
        if len(seen) > number:
            raise KeyboardInterrupt
        return real(*words)

    with monkeypatch.context() as patch:
        patch.setattr(whole_files, name, cut)
        with pytest.raises(KeyboardInterrupt):
            store.register_release(tmp_path, entry("b"), cells(13))
    assert len(store.check_register(tmp_path).entries) in (1, 2)
    store.register_release(tmp_path, entry("b"), cells(13))
    chain = store.check_register(tmp_path)
    assert [one.new.manifest_sha256[0] for one in chain.entries] == ["a", "b"]
    assert not chain.recovered


def test_half_a_line_is_cut_off_at_the_next_writing(tmp_path):
    store.register_release(tmp_path, entry("a"), cells())
    path = tmp_path / store.FOLDER / store.CHAIN
    path.write_bytes(path.read_bytes() + b'{"area_code":"01')
    assert store.read_register(tmp_path).recovered
    store.register_release(tmp_path, entry("b"), cells())
    chain = store.check_register(tmp_path)
    assert len(chain.entries) == 2
    assert not chain.recovered


def test_changed_and_missing_cells_and_a_lost_register_stop(tmp_path):
    made = store.register_release(tmp_path, entry("a"), cells())
    path = tmp_path / store.FOLDER / store.CELLS / f"{made.cells_sha256}.parquet"
    cells(99).write_parquet(path)
    with pytest.raises(PipelineError, match="ändrade celler"):
        store.check_register(tmp_path)
    path.write_bytes(b"half")
    with pytest.raises(PipelineError, match="inte går att läsa"):
        store.check_register(tmp_path)
    for name in (store.CHAIN, store.HEAD):
        (tmp_path / store.FOLDER / name).unlink()
    with pytest.raises(PipelineError) as found:
        store.read_register(tmp_path)
    assert found.value.code == "register_lost"


def test_an_archive_that_the_register_lacks_stops(tmp_path):
    """As when the folder of the register is lost, or an older copy of it has been put back."""
    out = tmp_path / "publicerat" / "2024"
    out.mkdir(parents=True)
    (out / "0127_botkyrka_2024_v1.0_intern - kopia.zip").touch()
    assert store.read_register(tmp_path).entries == ()
    (out / "0127_botkyrka_2024_v1.0_intern.zip").touch()
    with pytest.raises(PipelineError, match=r"en rad om 0127_botkyrka_2024_v1\.0_intern,") as found:
        store.read_register(tmp_path)
    assert found.value.code == "register_lost"


def test_a_preview_comes_back_and_a_changed_one_does_not(tmp_path):
    digest = store.write_preview(tmp_path, 2024, "paket", cells(), INPUTS)
    found, inputs, told = store.read_preview(tmp_path, 2024, "paket")
    assert (inputs, told) == (INPUTS, digest)
    assert cells_hash(found) == digest
    cells(13).write_parquet(store.preview_path(tmp_path, 2024, "paket"))
    with pytest.raises(PipelineError) as error:
        store.read_preview(tmp_path, 2024, "paket")
    assert error.value.code == "preview_cells"


def test_the_same_cells_of_other_inputs_are_told_anew_and_others_are_not(tmp_path):
    place = (tmp_path, 2024, "paket")
    later = replace(INPUTS, deliveries={"0114|2024": "f" * 64})
    assert not store.renew_preview(*place, later, "a" * 64), "nothing there"
    digest = store.write_preview(*place, cells(), INPUTS)
    assert not store.renew_preview(*place, later, "a" * 64), "cells of another bundle"
    assert store.renew_preview(*place, later, digest)
    assert store.read_preview(*place)[1:] == (later, digest)
    cells(13).write_parquet(store.preview_path(*place))
    assert not store.renew_preview(*place, INPUTS, digest), "a changed file"
    assert not store.holds_preview(*place, INPUTS)


@pytest.mark.parametrize(
    ("value", "text"), [(12.0, "12"), (-0.05, "-0.05"), (0.1 + 0.2, "0.3"), (1234.5, "1234.5"), (-3.0, "-3"), (1e-9, "0")]
)
def test_a_number_has_one_way_to_be_written(value, text):
    line = canonical_text(cells(value)).decode().rstrip("\n").split("\t")
    assert line == ["index_results", "intern", "municipality", "0114", "2024", "ak9", "all", "parenting", "share_band3",
                    text, "\u2400", "\u2400", "100", "ok"]  # fmt: skip


def test_the_hash_depends_on_every_number_and_on_no_order():
    both = pl.concat([cells(1), cells(2)])
    assert cells_hash(both) == cells_hash(both.reverse())
    assert cells_hash(cells(1)) != cells_hash(cells(2))
    assert canonical_text(cells(-0.0)) == canonical_text(cells(0.0))
    for name in ("low", "n", "reason"):
        other = cells().with_columns(pl.lit("x" if name == "reason" else 7).cast(SCHEMA[name]).alias(name))
        assert cells_hash(other) != cells_hash(cells())


def test_every_number_of_a_bundle_is_a_cell():
    frames = sample_release()
    found = published_cells(frames)
    assert found.columns == list(CELL_COLUMNS)
    for field in fields(frames):
        frame = getattr(frames, field.name)
        if field.name in OPEN or not frame.height:
            continue
        own = found.filter(pl.col("table_name") == field.name)
        told = {value for name in ("value", "low", "high", "n") for value in own[name].drop_nulls().to_list()}
        for column, kind in frame.schema.items():
            if kind.is_numeric() and column not in ("wave", *SETTINGS):
                assert set(frame[column].cast(pl.Float64).drop_nulls().to_list()) <= told, f"{field.name}.{column}"


def test_an_empty_release_has_no_cells_and_cells_become_tables_again():
    empty = replace(sample_release(), **{f.name: pl.DataFrame() for f in fields(ReleaseFrames)})
    assert published_cells(empty).is_empty()
    results = sample_release().index_results
    back = as_tables(cells_of({"index_results": results}))["index_results"]
    keys = ["edition", "area_code", "wave", "grade", "sex", "index_key", "measure"]
    joined = results.select(*keys, "value", "reason").join(back, on=keys, how="left")
    assert back.height == results.height
    assert joined.filter(~pl.col("value").eq_missing(pl.col("value_right"))).is_empty()
