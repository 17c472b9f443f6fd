"""The pages on disk: whole or not at all, and old ones gone."""

from __future__ import annotations

import os

import pytest

from assets.methods.errors import PipelineError
from assets.quality.writer import write_index, write_pages


def test_pages_appear_and_those_of_gone_deliveries_of_the_waves_disappear(tmp_path):
    first = write_pages(tmp_path, {"2024/a_11111111.html": "a", "2022/b_22222222.html": "b"}, [2022, 2024])
    assert first == {"2024/a_11111111.html", "2022/b_22222222.html"}
    (tmp_path / "2024" / "anteckning.html").write_text("min egen", encoding="utf-8")
    second = write_pages(tmp_path, {"2024/c_33333333.html": "å"}, [2024])
    assert second == {"2024/c_33333333.html", "2024/anteckning.html", "2022/b_22222222.html"}
    assert (tmp_path / "2024" / "c_33333333.html").read_bytes() == "å".encode()
    assert write_pages(tmp_path, {}, [2016]) == second
    assert write_index(tmp_path, "index") == tmp_path / "index.html"
    assert not list(tmp_path.rglob("*.ofardig"))


def test_a_page_that_could_not_be_finished_leaves_the_old_one(tmp_path, monkeypatch):
    write_index(tmp_path, "gammal")

    def full(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(PipelineError, match="Kvalitetssidorna: väntade en mapp som går att skriva i") as error:
        write_index(tmp_path, "ny")
    assert error.value.code == "write_quality"
    with pytest.raises(PipelineError):
        write_pages(tmp_path, {"2024/a_11111111.html": "a"}, [2024])
    assert (tmp_path / "index.html").read_text(encoding="utf-8") == "gammal"
