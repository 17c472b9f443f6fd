"""The Markdown of the quality report as the steward reads it in Dagster.

Update after a wanted change: `DID_UPDATE_GOLDEN=1 python -m pytest tests/golden/test_quality_markdown.py`, then read the diff.
"""

from __future__ import annotations

import os
from pathlib import Path

from assets.quality.markdown import markdown_report
from tests.support.sample_quality import sample_pages, sample_phrases

PATH = Path(__file__).with_name("quality_report.md")


def test_markdown_is_as_it_was():
    pages, index = sample_pages()
    now = markdown_report(pages, index, sample_phrases())
    if os.environ.get("DID_UPDATE_GOLDEN") == "1":
        PATH.write_text(now, encoding="utf-8", newline="\n")
    assert PATH.is_file(), f"{PATH.name} saknas; skapa den med DID_UPDATE_GOLDEN=1"
    assert PATH.read_text(encoding="utf-8") == now, f"{PATH.name} har ändrats"
