"""Did a chart change without anyone meaning it? Specifications of the sample's charts, compared as JSON.

Update after a wanted change: `DID_UPDATE_GOLDEN=1 python -m pytest tests/golden/test_charts_golden.py`, then read the diff.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from assets.charts.types import ChartCard
from tests.support.chart_gallery import sample_cards
from tests.support.gallery_cards import gallery_cards

FOLDER = Path(__file__).parent / "charts"
CHOSEN = {
    "0127": ("faktorprofil_ak9", "skillnadsdiagram_ak9", "konsskillnad_ak9", "trend_school_bonding_ak9", "bortfall",
             "kolada_narsamhalle", "fragor_mobbning", "serier_mobbning"),
    "0115": ("faktorprofil_gy2", "skillnadsdiagram_gy2", "konsskillnad_gy2", "trend_acting_out_gy2"),
}  # fmt: skip
GALLERY = (
    "svarsfordelning_wellbeing",
    "samlade_ak9",
    "tratt_acting_out_ak9",
    "rutkarta_acting_out_ak9",
    "granskarta_acting_out_ak9",
    "platsintervall_acting_out_ak9",
    "kvalitetsremsa",
    "indexanatomi_acting_out",
    "tackningsmatris_arena",
    "prioriteringsfalt_ak9",
    "forutsattningstrappa",
    "parvis",
    "bortfall",
)


def as_json(card: ChartCard) -> str:
    """Everything a card shows, one value a line, so that a change reads well as a diff."""
    shown = {
        "title": card.title, "subtitle": card.subtitle, "alt": card.alt, "source": card.source, "notes": list(card.notes),
        "synthetic": card.synthetic, "table": card.table.to_dicts(), "spec": card.spec,
    }  # fmt: skip
    text = json.dumps(shown, ensure_ascii=False, indent=1)
    return re.sub(r"\{[^{}]*\}", lambda found: re.sub(r"\n *", " ", found[0]), text) + "\n"


@pytest.mark.parametrize("code", CHOSEN)
def test_chart_cards_are_as_they_were(code):
    cards = {card.chart_id: card for card in sample_cards(code)}
    for chart_id in CHOSEN[code]:
        compare(FOLDER / f"{code}_{chart_id}.json", as_json(cards[chart_id]))


@pytest.mark.parametrize("chart_id", GALLERY)
def test_charts_of_the_gallery_are_as_they_were(chart_id):
    card = next(card for _, card in gallery_cards() if card.chart_id == chart_id)
    compare(FOLDER / f"galleri_{chart_id}.json", as_json(card))


def compare(path: Path, now: str) -> None:
    if os.environ.get("DID_UPDATE_GOLDEN") == "1":
        path.write_text(now, encoding="utf-8", newline="\n")
    assert path.is_file(), f"{path.name} saknas; skapa den med DID_UPDATE_GOLDEN=1"
    assert json.loads(path.read_text(encoding="utf-8")) == json.loads(now), f"{path.name} har ändrats"
