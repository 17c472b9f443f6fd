"""The marks that stand for a missing number in the county's list of bundles, and their words under it. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assets.bundle.types import BundleSummary

_MARK = re.compile(r"\[[^\]]+\]$")


def mark_only(reason: str) -> str:
    """The mark that a reason ends with: in a column of numbers the words would push the numbers apart."""
    found = _MARK.search(reason)
    return found[0] if found else reason


def marks_told(summaries: Sequence[BundleSummary], sentence: str) -> str:
    """The marks that the rows hold with their words, in `sentence` (place `{marks}`); empty when no number is missing."""
    reasons = {one.words[grade] for one in summaries for grade, count in one.respondents.items()
               if count is None and one.least.get(grade) is None}  # fmt: skip
    told = [f"{mark_only(reason)} {_MARK.sub('', reason).strip()}" for reason in sorted(reasons) if _MARK.search(reason)]
    return sentence.format(marks="; ".join(told)) if told else ""
