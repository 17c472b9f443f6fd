"""The blank forms of a bundle: the municipality's own, empty, the same bytes every time, and readable when they come back."""

from __future__ import annotations

from datetime import date

import pytest

from assets.bundle.blank_forms import FOLDER, blank_form_files
from assets.catalogue.personal_data import load_name_words
from assets.charts.types import Scope
from assets.forms.collect import Around
from assets.forms.definitions import form_definitions
from assets.forms.files import read_forms
from assets.methods.errors import PipelineError
from tests.support.form_sample import filled

SCOPE = Scope("0140", "Nykvarn", 2024, "intern")


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return blank_form_files(SCOPE, 2026)


def test_each_form_comes_as_a_workbook_and_as_a_page(files):
    assert sorted(files) == sorted(
        f"{FOLDER}/2026_0140_{word}.{kind}" for word in ("aktiviteter", "beslut", "forutsattningar") for kind in ("html", "xlsx")
    )
    assert all(b"Nykvarn" in content for name, content in files.items() if name.endswith(".html"))
    assert sum(len(content) for content in files.values()) < 600_000


def test_the_bytes_are_the_same_every_time(files):
    assert blank_form_files(SCOPE, 2026) == files


def test_a_form_from_the_bundle_is_read_back_as_the_municipalitys(files, tmp_path):
    around = Around({"0140": "Nykvarn"}, date(2026, 11, 22), load_name_words())
    path = tmp_path / "svar.xlsx"
    path.write_bytes(files[f"{FOLDER}/2026_0140_beslut.xlsx"])
    with pytest.raises(PipelineError) as nothing:
        read_forms(path, form_definitions(), around)
    assert nothing.value.code == "no_head"
    cells = {("Om formuläret", "C7"): date(2026, 11, 20), ("Om formuläret", "C8"): 2024}
    path.write_bytes(filled(path.read_bytes(), cells))
    (form,) = read_forms(path, form_definitions(), around)
    assert (form.kind, form.municipality_code, form.round, form.answers) == ("decisions", "0140", "2026", ())
