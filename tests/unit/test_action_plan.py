"""The skeleton of the situation picture and action plan, read back with python-docx: headings, numbers, references, bytes."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import docx
import polars as pl
import pytest

from assets.bundle.action_plan import NUMBERS, PATH, action_plan_files
from assets.bundle.docx_file import FillIn, Heading, WordFile, column_widths, docx_bytes
from assets.bundle.number_ids import number_ids
from assets.bundle.types import Table, Text
from assets.methods.decisions import RELEASED as DECISION_SCHEMA
from tests.support.gallery_activities import activity_tables
from tests.support.published_numbers import plain, shown
from tests.support.readiness_sample import readiness_rows
from tests.support.sample_bundle import RELEASED, hide, sample_bundle_frames, sample_report_meta

META = sample_report_meta()
NASTY = '=HYPERLINK("x") <w:p/> &amp; ]]> \x0b\x00 {area}'
LAW = (
    *("Lägesbild", "Kartläggning av brottsligheten", "Brottsligheten och dess omfattning", "Brottslighetens konsekvenser"),
    *("Annan relevant information", "Analys", "Åtgärdsplan", "Ställningstagande till behovet av åtgärder", "Åtgärder", "Ansvar"),
    *("Tid", "Uppföljning", "Samordningsfunktion", "Beslut", "Referenser"),
)


def series_rows(area_code: str) -> pl.DataFrame:
    """Two single questions of the municipality and the county; one is hidden."""
    rows = []
    for area, level in ((area_code, "municipality"), ("01", "county")):
        for sex, value in (("all", 17.0), ("girl", 14.0), ("boy", 20.0)):
            for key, hidden in (("utsatt_brott", False), ("dik80ba", level == "municipality"), ("f102nyckel", False)):
                reason = "suppressed" if hidden else "ok"
                cell = (None, None, None, None) if hidden else (value, value - 3, value + 4, 300)
                rows.append(("intern", level, area, 2024, "ak9", sex, key, "share", *cell, reason, "percent", None))
                if level == "municipality" and sex == "all" and not hidden:
                    rows.append(
                        ("intern", level, area, 2024, "ak9", sex, key, "diff_share", 5.0, 1.0, 9.0, 300, "ok", "points", "higher")
                    )
    names = ["edition", "area_level", "area_code", "wave", "grade", "sex", "indicator", "measure", "value", "low", "high", "n",
             "reason", "unit", "verdict"]  # fmt: skip
    return pl.DataFrame(rows, schema=names, orient="row", infer_schema_length=None).with_columns(pl.col("wave").cast(pl.Int32))


def decision_rows() -> pl.DataFrame:
    row = dict.fromkeys(DECISION_SCHEMA) | {
        "edition": "intern", "area_code": "0127", "area_name": "Botkyrka", "round": "2024", "wave": 2024,
        "workshop_on": date(2024, 11, 5), "participants": 12, "decision_id": "0127-2024-1", "factor": "parenting",
        "priority": NASTY, "reason": "Fler än i länet", "owner": "fritidschefen", "first_step": "Kalla till möte",
        "follow_up_indicator": "utsatt_brott", "follow_up_grade": "ak9", "follow_up_on": date(2026, 6, 1),
        "follow_up_state": "not_due",
    }  # fmt: skip
    return pl.DataFrame([row], schema=DECISION_SCHEMA)


def made(area_code: str = "0127", *, forms: bool = True, meta=META):
    frames, scope = sample_bundle_frames(area_code)
    frames = replace(frames, indicator_results=series_rows(area_code))
    if forms:
        coverage, status = (table.with_columns(edition=pl.lit("intern")) for table in activity_tables())
        frames = replace(
            frames, activity_coverage=coverage, activity_status=status, readiness=readiness_rows(), decisions=decision_rows()
        )
    return frames, action_plan_files(frames, SimpleNamespace(scope=scope), meta)


@pytest.fixture(scope="module")
def bundle():
    return made()


@pytest.fixture(scope="module")
def document(bundle):
    return docx.Document(io.BytesIO(bundle[1][PATH]))


def headings(document) -> list[str]:
    return [p.text for p in document.paragraphs if p.style.name.lower().startswith("heading")]


def tables(document) -> dict[str, list[list[str]]]:
    """Caption -> rows; the caption is the paragraph before the table."""
    found, caption = {}, ""
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            found[caption] = [[cell.text for cell in row.cells] for row in block.rows]
        else:
            caption = block.text
    return found


def listed(files) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[NUMBERS].decode())))


@pytest.mark.parametrize(("area", "forms"), [("0127", True), ("0127", False), ("0140", False)])
def test_every_heading_that_the_law_asks_for_is_there_in_order(area, forms):
    found = headings(docx.Document(io.BytesIO(made(area, forms=forms)[1][PATH])))
    assert [name for name in found if name in LAW] == list(LAW)
    assert found.index("Samordningsfunktion") > found.index("Åtgärdsplan")


def test_every_number_has_a_reference_and_is_the_released_one(bundle, document):
    frames, files = bundle
    released = {key: plain(text) for key, text in number_ids(frames, META).items()}
    entries = listed(files)
    survey = [e for e in entries if e["Tal-id"][:4].isdigit()]
    assert len(survey) > 100
    assert {e["Tal-id"]: plain(e["Värde"]) for e in survey} == {e["Tal-id"]: released[e["Tal-id"]] for e in survey}
    by_row = {}
    for entry in entries:
        by_row.setdefault(entry["Ref"], []).append(plain(entry["Värde"]))
    seen = set()
    for caption, rows in tables(document).items():
        if rows[0][-1] != "Ref.":
            continue
        for row in rows[1:]:
            told = plain(" ".join(row[1:-1]))
            seen.add(row[-1])
            assert row[-1] in by_row, caption
            assert all(text in told for text in by_row[row[-1]]), (caption, row[-1])
            numbers = [n for n in re.findall(r"[+\u2212]?\d+ ?%?(?= \(|$)", plain(row[1])) if "%" in n]
            assert set(numbers) <= set(by_row[row[-1]])
    assert seen == set(by_row)
    assert {row[0] for row in tables(document)["Radernas tal-id och var i rapportpaketet de finns"][1:]} == seen


def test_a_known_number_stands_as_a_reader_expects(bundle, document):
    frames, _ = bundle
    (value,) = frames.index_results.filter(
        (pl.col("area_code") == "0127") & (pl.col("wave") == 2024) & (pl.col("grade") == "ak9") & (pl.col("sex") == "all")
        & (pl.col("index_key") == "parenting") & (pl.col("measure") == "share_band3")
    )["value"]  # fmt: skip
    rows = {row[0]: row for row in tables(document)["Andel elever med förhöjd risk eller låg skyddsnivå, årskurs 9, 2024"]}
    assert plain(rows["Brister i föräldraskap"][1]).startswith(shown(value, "percent"))
    victim = {row[0]: row for row in tables(document)["Utsatta för brott, årskurs 9, andel elever 2024"]}
    assert plain(victim["Utsatt för något av fem slags brott"][1]) == "17 % (14–21 %)"
    assert victim["Utsatt för rån"][1] == "[c]"
    said = " ".join(p.text for p in document.paragraphs)
    assert "Tydligt större andel än i länet: utsatt för något av fem slags brott, årskurs 9 (R1)" in said
    assert "Märken: [c] skyddat av sekretesskäl." in said


def test_what_the_municipality_writes_is_marked_and_the_law_is_not_quoted(document):
    text = "\n".join(p.text for p in document.paragraphs)
    places = [p for p in document.paragraphs if p.style.name == "Fyll i"]
    assert len(places) >= 12
    assert all(p.text.startswith("[Fyll i: ") and p.text.endswith("]") for p in places)
    assert "polisanmälda brott" in places[0].text
    assert text.lower().count("kontrollera mot lagtexten") >= 3
    assert "§" not in text
    assert "{" not in text


def test_decisions_stand_in_the_plan_and_their_text_is_only_text(bundle, document):
    plan = tables(document)
    assert plan["Ansvar per åtgärd"][1] == ["0127-2024-1", "fritidschefen"]
    assert plan["Uppföljning per åtgärd"][1][1].startswith("Utsatt för något av fem slags brott")
    assert plan["Åtgärder"][1][1] == NASTY.replace("\x0b", "").replace("\x00", "")
    assert [row[0] for row in plan["Åtgärder"][2:]] == ["2", "3"]
    with zipfile.ZipFile(io.BytesIO(bundle[1][PATH])) as archive:
        body = archive.read("word/document.xml").decode()
        assert "instrText" not in body
        assert "fldSimple" not in body
        assert not [name for name in archive.namelist() if "vba" in name.lower() or "embed" in name.lower()]


def test_forms_that_nobody_has_sent_are_said_and_not_guessed():
    document = docx.Document(io.BytesIO(made(forms=False)[1][PATH]))
    text = "\n".join(p.text for p in document.paragraphs)
    for words in (
        "inte lämnat något formulär",
        "Ingen har skattat",
        "inget förslag till ordning",
        "Inga beslut från workshoppar",
    ):
        assert words in text


def test_a_municipality_without_a_grade_or_with_everything_hidden_gets_reasons():
    frames, scope = sample_bundle_frames("0140")
    files = action_plan_files(hide(frames, "0140", "too_few", grade="ak9"), SimpleNamespace(scope=scope), META)
    document = docx.Document(io.BytesIO(files[PATH]))
    assert "Gymnasiets år 2: inga uppgifter" in "\n".join(p.text for p in document.paragraphs)
    rows = tables(document)["Andel elever med förhöjd risk eller låg skyddsnivå, årskurs 9, 2024"]
    assert {row[1] for row in rows[1:]} == {"[u]"}


def test_language_title_and_author_hold_no_person(bundle, document):
    about = document.core_properties
    assert (about.title, about.author, about.last_modified_by) == (
        "Underlag till lägesbild och åtgärdsplan: Botkyrka, 2024", "Data i dialog", "Data i dialog",
    )  # fmt: skip
    assert (about.language, about.created.date(), about.modified.date()) == ("sv-SE", RELEASED, RELEASED)
    with zipfile.ZipFile(io.BytesIO(bundle[1][PATH])) as archive:
        assert '<w:lang w:val="sv-SE"' in archive.read("word/styles.xml").decode()
    assert document.sections[0].header.paragraphs[0].text.startswith("SYNTETISKA DATA")


def test_no_mark_of_synthetic_data_on_real_ones():
    real = replace(META, charts=replace(META.charts, synthetic=False))
    document = docx.Document(io.BytesIO(made(meta=real)[1][PATH]))
    text = "\n".join([*(p.text for p in document.paragraphs), document.sections[0].header.paragraphs[0].text])
    assert "SYNTETISKA" not in text


def test_every_table_repeats_its_header_and_is_described(document):
    for table in document.tables:
        assert table.rows[0]._tr.trPr.xpath("w:tblHeader")
        assert not [row for row in table.rows if not row._tr.trPr.xpath("w:cantSplit")]
        assert table._tbl.tblPr.xpath("w:tblDescription/@w:val")[0].startswith(table._tbl.tblPr.xpath("w:tblCaption/@w:val")[0])
        assert sum(cell.width.twips for cell in table.rows[0].cells) <= 9638


def test_the_bytes_are_the_same_whatever_order_the_rows_had(bundle):
    frames, scope = sample_bundle_frames()
    given = bundle[0]
    turned = replace(
        given, index_results=given.index_results.reverse(), indicator_results=given.indicator_results.reverse(),
        activity_status=given.activity_status.reverse(), activity_coverage=given.activity_coverage.reverse(),
        readiness=given.readiness.reverse(), register_values=given.register_values.reverse(),
    )  # fmt: skip
    assert action_plan_files(turned, SimpleNamespace(scope=scope), META) == bundle[1]
    assert frames.index_results.height


def test_blocks_become_styles_and_wide_tables_fit():
    wide = Table("t", "Bred", ("A", "B"), (("x" * 200, "y"),))
    blocks = [Heading(2, "Två"), FillIn("[Fyll i: x]"), Text("rad 1\nrad 2"), wide]
    document = docx.Document(io.BytesIO(docx_bytes(WordFile("T", "H", "", date(2026, 1, 1)), blocks)))
    assert [(p.style.name, p.text) for p in document.paragraphs[1:4]] == [
        ("Heading 2", "Två"), ("Fyll i", "[Fyll i: x]"), ("Normal", "rad 1\nrad 2"),
    ]  # fmt: skip
    assert sum(column_widths(wide)) <= 9638
