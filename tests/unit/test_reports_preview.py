"""A preview that is the same stays, with its name and approvals; one that names nobody is drawn again for somebody."""

from __future__ import annotations

import json

import pytest

from assets import reports_preview
from assets.bundle.types import BundlePaths
from assets.charts.types import Scope
from assets.release_register.types import Inputs
from assets.reports_preview import Previews, ReleaseFacts

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
