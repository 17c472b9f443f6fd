"""The offline page as text: nothing from the form can become markup or script, and nothing else can run or be fetched."""

from __future__ import annotations

import re
from dataclasses import replace

from assets.bundle.vega import source_hash
from assets.catalogue.personal_data import load_name_words
from assets.forms.layout import sheet_names
from assets.forms.page import form_page
from assets.forms.types import Section
from tests.support import form_sample as sample

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"


def page(**changes) -> str:
    return form_page(replace(sample.activities(), **changes), load_name_words(), ("0127", EVIL), "2026").decode()


def test_texts_of_the_form_never_become_markup():
    section = sample.activities().sections[0]
    evil = Section(section.id, EVIL, EVIL, section.fields, section.items, 1)
    text = page(title=EVIL, intro=EVIL, sections=(evil,), version=EVIL)
    assert "<img" not in text
    assert text.count("<script") == text.count("</script>") == 2


def test_only_the_pages_own_script_may_run_and_nothing_is_fetched():
    text = page()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)[1]
    script = re.search(r"<script>(.*?)</script>\n</body>", text, re.DOTALL)[1]
    assert policy.startswith(f"default-src 'none'; script-src {source_hash(script)};")
    assert "connect-src" not in policy
    assert not re.findall(r"https?://", text)
    assert not re.findall(r"\b(eval|innerHTML|insertAdjacentHTML|document\.write|fetch|XMLHttpRequest)\b", script)


def test_the_same_form_gives_the_same_page():
    assert page() == page()


def test_sheet_names_end_with_a_whole_word_and_differ():
    section = sample.activities().sections[0]
    titles = ("Samordning och uppsökande arbete", "Stöd till föräldrar och familjer", "Så fyller du i", "a/b?c", "A b c")
    form = replace(sample.activities(), sections=tuple(replace(section, id=f"s{n}", title=t) for n, t in enumerate(titles)))
    assert list(sheet_names(form).values()) == [
        "Samordning och uppsökande", "Stöd till föräldrar", "Så fyller du i 2", "a b c", "A b c 2",
    ]  # fmt: skip
