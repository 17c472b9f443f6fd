"""A delivery's page is drawn again when its content, its words or the file itself is another one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assets.delivery_reports import PAGES, mark_pages, page_marks, whole_pages
from assets.kept_tables import MARKS
from pipelines.warehouse import Warehouse
from tests.support.sample_quality import sample_pages, sample_phrases


@pytest.fixture
def drawn(tmp_path):
    """Pages of the sample on disk with their marks."""
    pages, _ = sample_pages()
    for page in pages:
        (tmp_path / page.path).parent.mkdir(exist_ok=True)
        (tmp_path / page.path).write_text(page.title, encoding="utf-8")
    warehouse = Warehouse(tmp_path / "warehouse.duckdb")
    mark_pages(warehouse, tmp_path, page_marks(pages, sample_phrases()), {page.wave for page in pages})
    return warehouse, tmp_path, pages


def test_pages_that_lie_as_they_were_written_are_kept(drawn):
    warehouse, folder, pages = drawn
    again, _ = sample_pages()
    assert whole_pages(warehouse, folder, page_marks(again, sample_phrases())) == {page.path for page in pages}
    marks = warehouse.read(MARKS)
    assert set(marks["table_name"]) == {PAGES}
    assert not any(page.path.split("/")[1] in part for page in pages for part in marks["part"]), "no file names in the warehouse"


def test_another_content_another_word_and_another_hand_draw_the_page_again(drawn):
    warehouse, folder, pages = drawn
    first, *rest = pages
    assert rest
    changed = [replace(first, sentence="En annan mening."), *rest]
    others = {page.path for page in rest}
    assert whole_pages(warehouse, folder, page_marks(changed, sample_phrases())) == others
    words = replace(sample_phrases(), synthetic=not sample_phrases().synthetic)
    assert not whole_pages(warehouse, folder, page_marks(pages, words))
    (folder / first.path).write_text("ändrad", encoding="utf-8")
    assert whole_pages(warehouse, folder, page_marks(pages, sample_phrases())) == others
    (folder / first.path).unlink()
    assert whole_pages(warehouse, folder, page_marks(pages, sample_phrases())) == others


def test_marks_of_other_waves_stay(drawn):
    warehouse, folder, pages = drawn
    marks = page_marks(pages, sample_phrases())
    wave = pages[0].wave
    mark_pages(warehouse, folder, {}, [wave])
    assert whole_pages(warehouse, folder, marks) == {page.path for page in pages if page.wave != wave}
