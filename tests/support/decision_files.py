"""Decision files as the workshop board writes them, by the format in `docs/development/contracts-prevention.md`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from assets.forms.decisions_form import decisions_form

DECISION = {
    "factor": "other", "priority": "Fler vuxna på kvällarna", "reason": "Unga har bett om det", "owner": "fritidschefen",
    "first_step": "Öppna en kväll till", "follow_up_indicator": "none", "follow_up_on": "2024-12-01",
}  # fmt: skip


def board_file(
    area: str,
    *decisions: Mapping[str, str],
    version: str = "",
    head: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> bytes:
    """A file of a workshop on the report of 2022. `version`: of another kit. `head`, `more`: other head, more sections."""
    known = {"municipality_code": area, "round": "2022", "answered_on": "2023-03-07", "wave": "2022", "participants": "14"}
    rows = [{"id": f"decisions+{number}", **DECISION, **one} for number, one in enumerate(decisions, 1)]
    saved = {
        "format": "did-formular",
        "format_version": "1.0",
        "kind": "decisions",
        "version": version or decisions_form().version,
        "source": "board",
        "head": {**known, **(head or {})},
        "sections": {"decisions": rows, **(more or {})},
    }
    return json.dumps(saved, ensure_ascii=False).encode()
