"""The offline form in a real browser: filled in by keyboard, kept as a draft, saved, loaded and read back."""

from __future__ import annotations

import json
from datetime import date

import pytest
from playwright.sync_api import expect

from assets.catalogue.personal_data import load_name_words
from assets.forms.collect import Around
from assets.forms.page import form_page
from assets.forms.read_json import read_json
from tests.support import form_sample as sample
from tests.support.axe import violations

pytestmark = pytest.mark.browser
AROUND = Around(sample.MUNICIPALITIES, date(2026, 11, 22), load_name_words())


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """The page of one municipality."""
    path = tmp_path_factory.mktemp("form") / "formular.html"
    path.write_bytes(form_page(sample.activities(), load_name_words(), ("0127", "Botkyrka"), "2026"))
    return path


def test_a_form_is_filled_saved_and_read_back(visitor, page_file, tmp_path):
    visit = visitor.open(page_file)
    page = visit.page
    expect(page.locator("#left")).to_have_text("3 av 3 rader är obesvarade.")
    page.get_by_role("button", name="Spara fil").click()
    expect(page.get_by_role("status")).to_have_text("Fyll i Datum innan du sparar.")
    page.get_by_label("Datum").fill("2026-11-20")
    page.get_by_label("Din roll").select_option("skola")
    house = page.get_by_role("group", name="Öppen fritidsgård")
    house.get_by_label("Finns aktiviteten?").select_option("yes")
    house.get_by_label("Unga med npf").press("Space")
    house.get_by_label("Antal barn").fill("120")
    house.get_by_label("Kommentar").fill("Ring Lena på 070-123 45 67")
    own = page.get_by_role("group", name="Rad 1")
    own.get_by_label("Namn på egen rad").fill("<img src=x onerror=alert(1)>")
    own.get_by_label("Finns aktiviteten?").select_option("dont_know")
    expect(page.locator("#left")).to_have_text("2 av 3 rader är obesvarade.")
    page.get_by_role("button", name="Spara fil").click()
    expect(page.locator("#warning-list")).to_have_text("Öppen fritidsgård, Kommentar: telefonnummer, namn på en person")
    page.get_by_role("button", name="Gå tillbaka").click()
    expect(house.get_by_label("Kommentar")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Två kvällar.")
    page.reload()
    expect(page.get_by_role("status")).to_have_text("Ditt utkast från tidigare är öppnat.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Spara fil").click()
    assert download.value.suggested_filename == "2026_0127_aktiviteter_skola.json"
    kept = tmp_path / "svar.json"
    download.value.save_as(kept)
    form = read_json("svar.json", kept.read_bytes(), sample.definitions(), AROUND)
    assert (form.municipality_code, form.round, form.role, form.source_format) == ("0127", "2026", "skola", "html")
    assert {(a.item_id, a.field): a.value for a in form.answers} == {
        ("open_house", "exists"): "yes",
        ("open_house", "groups_not_reached"): "npf",
        ("open_house", "pupils"): "120",
        ("open_house", "comment"): "Två kvällar.",
        ("leisure+1", "name"): "<img src=x onerror=alert(1)>",
        ("leisure+1", "exists"): "dont_know",
    }
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Rensa").click()
    expect(page.locator("#left")).to_have_text("3 av 3 rader är obesvarade.")
    assert page.evaluate("localStorage.length") == 0
    page.locator("#load").set_input_files(kept)
    expect(page.get_by_role("status")).to_have_text("Filen är öppnad.")
    expect(own.get_by_label("Namn på egen rad")).to_have_value("<img src=x onerror=alert(1)>")
    other = tmp_path / "annat.json"
    other.write_text(json.dumps({"format": "annat"}), encoding="utf-8")
    page.locator("#load").set_input_files(other)
    expect(page.get_by_role("status")).to_contain_text("inte ett sparat formulär")
    assert not visit.complaints
    assert all(url.startswith("file://") or url.startswith("blob:") for url in visit.requests)


def test_the_page_is_accessible_on_a_phone_too(visitor, page_file):
    visit = visitor.open(page_file, width=360)
    assert violations(visit.page) == []
    assert visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
