"""When thresholds can't be estimated, and what a person should do about it. Counts of answers never stand in the messages."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from assets.methods.errors import PipelineError
from assets.methods.rasch_answers import AnswerCounts


def check_estimable(used: AnswerCounts, fixed: Collection[str]) -> None:
    """Raise when conditional maximum likelihood has no solution for these informative respondents.

    Args:
        used: `AnswerCounts.informative()`.
        fixed: items whose thresholds are given; their categories may be empty.

    Raises:
        PipelineError: see `rasch_cml.estimate_cml`.
    """
    if not used.n:
        raise _not_estimable(
            "no_informative_answers",
            "Skattningen av tröskelvärden",
            "personer med minst två svar som inte alla är lägst eller högst",
            "inga sådana svar",
            "Kontrollera att rätt frågor och rätt mättillfälle är valda.",
        )
    for key, seen in zip(used.items, used.category_counts(), strict=True):
        if key not in fixed:
            _check_categories(key, seen)
    parts = _connected_parts(used)
    if len(parts) > 1:
        raise _not_estimable(
            "disconnected_items",
            f"Frågorna {', '.join(parts[0])}",
            "att någon har besvarat dem tillsammans med indexets övriga frågor",
            "svarsmönster som inte hänger ihop",
            "Skatta delarna var för sig, eller ta med ett mättillfälle där alla frågorna ställdes.",
        )


def no_maximum() -> PipelineError:
    """The error when the answers can be separated and thresholds run off to infinity."""
    return _not_estimable(
        "no_conditional_maximum",
        "Skattningen av tröskelvärden",
        "att svaren räcker för att bestämma varje tröskelvärde",
        "svar som kan delas så att ett tröskelvärde blir oändligt",
        "Slå ihop svarsalternativ som nästan ingen valt, eller ta med fler svar.",
    )


def _check_categories(key: str, seen: np.ndarray) -> None:
    if not seen.any():
        raise _not_estimable(
            "item_not_answered",
            f"Frågan {key}",
            "minst ett svar",
            "inga svar",
            "Ta bort frågan ur skattningen om den inte ställdes det året.",
        )
    if (seen > 0).sum() == 1:
        raise _not_estimable(
            "constant_item",
            f"Frågan {key}",
            "svar som skiljer sig åt",
            "samma svar från alla",
            "Ta bort frågan ur skattningen: den säger ingenting om skillnader mellan personer.",
        )
    if (seen == 0).any():
        empty = ", ".join(str(category) for category in np.flatnonzero(seen == 0))
        raise _not_estimable(
            "empty_category",
            f"Frågan {key}",
            "svar i varje kategori",
            f"ingen användbar person i kategori {empty}",
            "Slå ihop först: lägg samman kategorin med en grannkategori i indexets poängsättning.",
        )


def _connected_parts(used: AnswerCounts) -> list[list[str]]:
    """Groups of items that are linked by respondents who answered more than one of them."""
    parts: list[int] = []
    for mask in np.unique(used.mask):
        joined = int(mask)
        apart = []
        for part in parts:
            if part & joined:
                joined |= part
            else:
                apart.append(part)
        parts = [*apart, joined]
    return [[key for place, key in enumerate(used.items) if part >> place & 1] for part in sorted(parts)]


def _not_estimable(code: str, where: str, expected: str, got: str, hint: str) -> PipelineError:
    return PipelineError(code=code, where=where, expected=expected, got=got, hint=hint)
