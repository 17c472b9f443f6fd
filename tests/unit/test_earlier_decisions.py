"""What is said of a decision at the next workshop: in words, with the uncertainty, whatever state it is in."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from assets.bundle.decision_words import follow_up_sentences
from assets.charts.types import Scope
from assets.kit import kit
from assets.kit.earlier import earlier_decisions
from assets.methods.decisions import RELEASED
from tests.support.decision_sample import decision_rows
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta

SCOPE = Scope("0127", "Botkyrka", 2026, "intern")
ROW = {
    **dict.fromkeys(RELEASED), "edition": "intern", "area_code": "0127", "decision_id": "0127-2024-1", "wave": 2024,
    "workshop_on": date(2024, 11, 1), "priority": "Fler vuxna", "owner": "fritidschefen", "first_step": "Rekrytera",
    "follow_up_indicator": "wellbeing", "follow_up_grade": "ak9", "follow_up_on": date(2026, 6, 1), "wave_now": 2026,
    "value_then": 20.0, "value_now": 14.0, "change": -6.0, "low": -9.0, "high": -3.0, "unit": "points",
}  # fmt: skip
CHANGES = "20\u00a0% 2024, 14\u00a0% 2026"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"follow_up_state": "moved_better", "status": "done"},
         f"Välbefinnande (andel med låg skyddsnivå), åk 9: {CHANGES}. Det har blivit bättre (skillnad −6, osäkerhet "
         "−9\u00a0till\u00a0−3). Läget när det senast berättades: genomfört."),
        ({"follow_up_state": "moved_worse"}, f"{CHANGES}. Det har blivit sämre"),
        ({"follow_up_state": "no_certain_change"}, "Om det har ändrats kan inte avgöras"),
        ({"follow_up_state": "no_certain_change", "verdict": "stable"}, "Liten eller ingen förändring (skillnad −6"),
        ({"follow_up_state": "later"}, "uppföljningen står i rapporten för 2026."),
        ({"follow_up_state": "cannot_tell", "change": None, "low": None, "high": None}, "går inte att jämföra med 2024."),
        ({"follow_up_state": "not_due"}, "ska följas upp 1\u00a0juni\u00a02026."),
        ({"follow_up_state": "not_due", "follow_up_on": None}, "inte mätt igen än."),
        ({"follow_up_state": "not_followed_up"}, "men det finns ingen ny mätning. Ingen har berättat hur det gick."),
        ({"follow_up_state": "no_indicator", "follow_up_indicator": "none"}, "Inget mått valdes"),
        ({"follow_up_state": "moved_better", "unit": "scale_0_100", "value_then": 61.5}, "61,5 2024"),
        ({"follow_up_state": "not_due", "follow_up_indicator": "left_out", "follow_up_grade": None}, "left_out: ska följas upp"),
    ],
)  # fmt: skip
def test_every_state_has_its_sentence(row, words):
    said = follow_up_sentences(ROW | row)
    assert words in said
    assert "None" not in said
    assert "{" not in said


def test_the_newest_of_the_municipalitys_own_earlier_decisions_come_first():
    rows = [
        ROW | {"follow_up_state": "not_due"},
        ROW | {"follow_up_state": "not_due", "decision_id": "0127-2025-1", "workshop_on": date(2025, 1, 1)},
        ROW | {"follow_up_state": "not_due", "decision_id": "0180-2024-1", "area_code": "0180"},
        ROW | {"follow_up_state": "not_due", "decision_id": "0127-2026-1", "wave": 2026},
    ]
    found = earlier_decisions(pl.DataFrame(rows, schema=RELEASED), SCOPE)
    assert [decision.id for decision in found] == ["0127-2025-1", "0127-2024-1"]
    assert found[0].owner == "fritidschefen"
    assert earlier_decisions(pl.DataFrame(), SCOPE) == ()


def test_the_kit_gives_the_board_the_earlier_decisions_of_its_frames(monkeypatch):
    given: dict[str, object] = {}

    def stop(*_: object, **named: object) -> None:
        given.update(named)
        raise InterruptedError

    monkeypatch.setattr(kit, "board_content", stop)
    frames, scope = sample_bundle_frames("0127")
    with pytest.raises(InterruptedError):
        kit.render_kit(replace(frames, decisions=decision_rows()), scope, sample_report_meta())
    assert [one.id for one in given["earlier"]] == ["0127-2022-1", "0127-2022-2", "0127-2022-3", "0127-2022-4"]
