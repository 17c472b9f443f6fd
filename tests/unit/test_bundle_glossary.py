"""Words of the glossary: marked once per section, escaped, each leading to its explanation."""

from __future__ import annotations

import re
from html import unescape

from assets.bundle.glossary import Marker, unmarked
from assets.bundle.load import load_report_texts

GLOSSARY = load_report_texts()["glossary"]


def test_a_word_is_marked_the_first_time_in_a_section():
    mark = Marker(GLOSSARY)
    assert str(mark("Andelen och andelen")) == '<a class="term" href="#ord-andel">Andelen</a> och andelen'
    assert str(mark("andel")) == "andel"
    mark.start()
    assert "ord-andel" in mark("andel")


def test_only_whole_words_are_marked_and_the_rest_is_escaped():
    mark = Marker(GLOSSARY)
    assert str(mark("Landelar & <b> indexanatomi")) == "Landelar &amp; &lt;b&gt; indexanatomi"
    assert str(mark("osäkerhetsintervall")) == '<a class="term" href="#ord-intervall">osäkerhetsintervall</a>'


def test_an_interval_stays_on_one_line_and_the_text_is_the_same():
    told = "7\u00a0% har förhöjd risk (6–9\u00a0%), lägre (−8\u00a0till\u00a0−4) <än> i länet (Kolada)"
    for words in (unmarked(told), Marker(GLOSSARY)(told)):
        assert re.findall(r'<span class="whole">(.*?)</span>', words) == ["(6–9\u00a0%)", "(−8\u00a0till\u00a0−4)"]
        assert unescape(re.sub(r"</?(?:span|a)\b[^>]*>", "", words)) == told


def test_entries_are_unique_and_each_knows_its_own_name():
    ids = [item["id"] for item in GLOSSARY["items"]]
    forms = [form.lower() for item in GLOSSARY["items"] for form in item["forms"]]
    assert len(ids) == len(set(ids))
    assert len(forms) == len(set(forms))
    for item in GLOSSARY["items"]:
        assert item["term"].lower() in [form.lower() for form in item["forms"]]
        assert item["text"].endswith(".")
        assert re.fullmatch("[a-z-]+", item["id"])


def test_the_report_explains_every_word_that_it_marks(sketched):
    page = sketched().files["1_rapport/rapport.html"].decode()
    marked = set(re.findall(r'class="term" href="#(ord-[a-z-]+)"', page))
    explained = set(re.findall(r'<dt id="(ord-[a-z-]+)"><dfn>', page))
    assert len(marked) >= 8
    assert marked <= explained
    for section in re.findall(r"<section.*?</section>", page, re.DOTALL):
        links = re.findall(r'class="term" href="#([^"]+)"', section)
        assert len(links) == len(set(links))
