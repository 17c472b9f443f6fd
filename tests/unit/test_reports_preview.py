"""A preview that is the same stays, with its name and approvals; one that names nobody is drawn again for somebody."""

from __future__ import annotations

import json

import pytest

from assets import reports_preview
from assets.bundle.types import BundlePaths
from assets.charts.types import Scope
from assets.release_register.types import Inputs
from assets.reports_preview import Previews, ReleaseFacts
from tests.support.sample_bundle import sample_bundle_meta

SCOPE = Scope("0127", "Botkyrka", 2024, "intern")
AUDITED = {"audit": {"passed": True, "cells": 9}, "cells_sha256": "ab"}


@pytest.mark.parametrize(
    ("named", "run_by", "release", "passed", "stays"),
    [
        ("Åsa Ek", "", AUDITED, True, True),
        ("Åsa Ek", "Bo Al", AUDITED, True, True),
        ("", "Bo Al", AUDITED, True, False),
        ("", "", AUDITED, True, True),
        ("Åsa Ek", "Åsa Ek", {"audit": {"passed": False}}, True, False),
        ("Åsa Ek", "Åsa Ek", {"audit": {"passed": False}}, False, True),
    ],
)
def test_only_what_can_say_more_is_drawn_again(tmp_path, monkeypatch, named, run_by, release, passed, stays):
    monkeypatch.setattr(reports_preview, "holds_preview", lambda *_: True)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"prepared_by": named, "release": release}), encoding="utf-8")
    held = BundlePaths(tmp_path, tmp_path / "rapport.html", manifest, tmp_path / "paket.zip")
    facts = ReleaseFacts("id", passed=passed, cells=9, entries=0)
    beside = Previews(tmp_path, facts, Inputs({}, {}, "", ""), run_by)
    assert (beside.kept(held, SCOPE, None) is held) == stays
    assert beside.kept(None, SCOPE, None) is None


@pytest.mark.parametrize(("earlier", "lies_there", "made"), [(None, True, 1), ({}, True, 1), ({"release": AUDITED}, True, 0),
                                                            ({"release": AUDITED}, False, 1)])  # fmt: skip
def test_cells_of_the_same_rows_are_made_again_only_when_they_do_not_lie_there(tmp_path, monkeypatch, earlier, lies_there, made):
    written, renewed = [], []
    monkeypatch.setattr(reports_preview, "published_cells", lambda frames: frames)
    monkeypatch.setattr(reports_preview, "write_preview", lambda *given: written.append(given) or "cd")
    monkeypatch.setattr(reports_preview, "renew_preview", lambda *given: renewed.append(given) or lies_there)
    beside = Previews(tmp_path, ReleaseFacts("id", passed=True, cells=9, entries=0), Inputs({}, {}, "", ""))
    told = beside.certified(SCOPE, "paket", "rader", sample_bundle_meta(), earlier)
    assert (len(written), told.release["cells_sha256"]) == (made, "cd" if made else "ab")
    assert all(digest == "ab" for *_, digest in renewed)
