"""The documentation as pages: every link and heading leads somewhere, nothing is fetched, the search knows every page."""

import json
import re
import shutil
from pathlib import Path

import pytest

from docs.build.__main__ import main
from docs.build.pages import BrokenLink, index_sections, read_page, read_pages, slug
from docs.build.site import site_files, write_site

ROOT = Path(__file__).resolve().parents[2]
LOADED = re.compile(r'<(?:img|script|link|iframe|source|object)\b[^>]*?(?:src|href|data)="([^"]+)"')


@pytest.fixture(scope="module")
def site():
    """address -> bytes of the whole site."""
    return site_files(ROOT)


def small(folder, **pages):
    """A project of a few documents, `index` its list."""
    (folder / "docs").mkdir(exist_ok=True)
    for name, text in pages.items():
        (folder / "docs" / f"{name}.md").write_text(text, encoding="utf-8")
    return folder


def test_every_page_of_the_menu_and_every_link_is_written(site):
    for _, entries in index_sections(ROOT):
        assert entries
    for name, content in site.items():
        if name.endswith(".html"):
            for href in re.findall(r'href="([^"#]+)', content.decode()):
                if not href.startswith(("http", "mailto:")):
                    assert str((Path("/") / Path(name).parent / href).resolve().relative_to("/")) in site, f"{name}: {href}"


def test_every_document_can_be_reached_from_the_index():
    """A page that no list names is a page nobody finds."""
    pages = read_pages(ROOT)
    found, waiting = set(), ["docs/index.md"]
    while waiting:
        source = waiting.pop()
        if source not in found:
            found.add(source)
            waiting += [path for path, _ in pages[source].links if path in pages]
    assert set(pages) - found == set()


def test_nothing_is_fetched_by_a_page(site):
    for name, content in site.items():
        if name.endswith(".html"):
            loaded = LOADED.findall(content.decode())
            assert loaded, name
            assert not [address for address in loaded if "//" in address], name
    assert not re.search(rb"url\(|@import|https?:", site["page.css"] + site["search.js"])


def test_the_search_knows_every_page_and_its_links_lead_to_headings(site):
    rows = json.loads(site["search_words.js"].decode().removeprefix("window.SEARCH_WORDS = ").removesuffix(";\n"))
    assert {row[0].split("#")[0] for row in rows} == {name for name in site if name.endswith(".html")}
    for address, _, heading, _ in rows:
        name, anchor = address.split("#")
        assert f'id="{anchor}"' in site[name].decode(), (address, heading)


def test_the_same_documents_give_the_same_bytes(site):
    assert site_files(ROOT) == site


def test_pages_say_which_language_they_are_in():
    pages = read_pages(ROOT)
    assert pages["docs/steward/leveranser.md"].language == "sv"
    assert pages["docs/development/contracts.md"].language == "en"


def test_a_link_to_nothing_and_to_a_missing_heading_stop_the_site(tmp_path):
    with pytest.raises(BrokenLink, match=r"docs/index\.md: borta\.md"):
        site_files(small(tmp_path, index="# A\n\n[x](borta.md)\n"))
    with pytest.raises(BrokenLink, match=r"docs/sida\.md#b"):
        site_files(small(tmp_path, index="# A\n\n[x](sida.md#b)\n", sida="# C\n"))


def test_a_link_out_of_the_project_is_broken(tmp_path):
    (tmp_path / "hemlig.md").write_text("# X\n", encoding="utf-8")
    inside = tmp_path / "projekt"
    inside.mkdir()
    with pytest.raises(BrokenLink):
        site_files(small(inside, index="# A\n\n[x](../../hemlig.md)\n"))


def test_a_document_cannot_bring_code_into_its_page(tmp_path):
    page = read_page(small(tmp_path, index="# A\n\n<script>alert(1)</script>\n\n[x](javascript:alert(1))\n"), "docs/index.md")
    assert "<script" not in page.html
    assert 'href="javascript' not in page.html


def test_headings_are_named_as_on_code_forges():
    assert slug("Läs kvalitetssidan") == "läs-kvalitetssidan"
    assert slug("1. Gör paketen (med namn)!") == "1-gör-paketen-med-namn"
    assert slug("A", ["a", "a-1"]) == "a-2"


def test_a_page_that_is_no_longer_made_is_taken_away(tmp_path):
    project, folder = small(tmp_path, index="# A\n\n[b](b.md)\n", b="# B\n"), tmp_path / "site"
    shutil.copytree(ROOT / "docs" / "build", project / "docs" / "build", ignore=shutil.ignore_patterns("__pycache__"))
    write_site(project, folder)
    assert (folder / "b.html").exists()
    (project / "docs" / "b.md").unlink()
    assert write_site(small(project, index="# A\n"), folder) == folder / "index.html"
    assert not (folder / "b.html").exists()


def test_a_folder_that_is_not_a_site_loses_nothing(tmp_path):
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "eget.txt").write_text("x", encoding="utf-8")
    write_site(small(tmp_path, index="# A\n"), folder)
    assert (folder / "eget.txt").exists()


def test_the_command_says_which_page_to_open(tmp_path, capsys):
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"Öppna {tmp_path / 'index.html'}\n"
