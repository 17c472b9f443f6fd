"""`6_atgard/formular/`: the forms about activities, preconditions and decisions, to be filled in for the next time. Pure.

They are blank but for municipality and round. What is released of activities is put together from several respondents, and a form
is one respondent's: filled in from there it would give one role the others' answers. `did formular` goes on from a role's own.
"""

from __future__ import annotations

from assets.catalogue.personal_data import load_name_words
from assets.charts.types import Scope
from assets.forms.definitions import form_definitions
from assets.forms.layout import form_file_stem
from assets.forms.page import form_page
from assets.forms.workbook import form_workbook

FOLDER = "6_atgard/formular"


def blank_form_files(scope: Scope, year: int) -> dict[str, bytes]:
    """Per kind of form a workbook and an offline page.

    Args:
        year: of publication, which is the round that is filled in next.
    """
    place, round_, words = (scope.area_code, scope.area_name), str(year), load_name_words()
    files = {}
    for definition in form_definitions().values():
        stem = f"{FOLDER}/{form_file_stem(definition, place, round_)}"
        files[f"{stem}.xlsx"] = form_workbook(definition, place, round_)
        files[f"{stem}.html"] = form_page(definition, words, place, round_)
    return files
