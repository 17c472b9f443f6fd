"""Charts are drawn with the typefaces of the package, and asking for them leaves no trace in the environment."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

import pytest

from assets import chart_engine as engine

SHOWN = '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30"><text y="20" font-family="{}">Åsa Ek</text></svg>'


@pytest.mark.parametrize("theirs", [None, "/etc/fonts/own.conf"])
def test_the_computers_own_setting_is_put_back(monkeypatch, theirs):
    if theirs is None:
        monkeypatch.delenv(engine.ASKED, raising=False)
    else:
        monkeypatch.setenv(engine.ASKED, theirs)
    seen = []

    def draw(svg):
        seen.append(os.environ[engine.ASKED])
        raise ValueError("refused")

    monkeypatch.setitem(sys.modules, "vl_convert", SimpleNamespace(svg_to_png=draw))
    with pytest.raises(ValueError, match="refused"):
        engine._made_ready.__wrapped__()
    assert seen == [str(engine.NO_OTHERS)]
    assert os.environ.get(engine.ASKED) == theirs


def test_a_typeface_of_the_computers_is_not_used():
    draw = engine.chart_engine().svg_to_png
    unknown = draw(SHOWN.format("Finns Inte"))
    assert draw(SHOWN.format("DejaVu Sans")) == unknown, "DejaVu Sans is on most computers with Linux"
    assert draw(SHOWN.format("Liberation Sans")) != unknown
