"""What is planted in a finished file is found, in every kind of file and every place, and a clean bundle has no finding."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace

import polars as pl
import pytest

from assets.bundle.explore import choices
from assets.bundle.number_ids import number_ids
from assets.bundle.render import render_bundle
from assets.bundle.words import Context
from assets.catalogue.load import load_catalogue
from assets.catalogue.scan_models import load_scan_rules
from assets.file_scan.derived import with_derived
from assets.file_scan.pool import Pool
from assets.file_scan.report import report_json, report_markdown
from assets.file_scan.scan import scan
from assets.file_scan.store import bundle_context, released_tables, scan_bundle_folder
from assets.methods.errors import PipelineError
from tests.support.planted_files import BOOK, PLANTS, SLIDES, in_part, part, png, rezipped
from tests.support.sample_bundle import outline, sample_bundle_frames, sample_report_meta, without_waves

META = sample_report_meta()
USERS = ("annasdator", "anna.svensson")
PLANTED = {
    "small_count": "3 elever",
    "untraced": "minst 4711 elever",
    "unrounded": "12,3456789 %",
    "path": "/ho" + "me/anna/svar.sav",
    "user_name": "annasdator",
    "personal_number": "20100112-2387",
}


@pytest.fixture(scope="module")
def bundle():
    """Files of a clean bundle, the released numbers, the context and the ids."""
    frames, scope = sample_bundle_frames()
    files = dict(render_bundle(frames, scope, META, draw=outline).files)
    context = replace(bundle_context(scope, META, load_catalogue()), users=USERS, other_editions=("publik",))
    return files, Pool(with_derived(released_tables(frames))), context, number_ids(frames, META)


def scanned(bundle, *changed: tuple[str, bytes], archive: bytes | None = None):
    _, pool, context, ids = bundle
    return scan(dict(changed), archive, pool, context, ids)


def test_answers_to_an_indexs_question_may_have_the_name_of_a_single_one(bundle):
    pool = Pool(
        {
            "index_anatomy": pl.DataFrame({"index_key": ["school_bonding"], "n": [99400]}),
            "indicator_results": pl.DataFrame({"indicator": ["dik55b"], "n": [120]}),
        }
    )
    context = replace(bundle[2], keys={"trivs i skolan": "dik55b"})
    for count, rules in (("99&nbsp;400", []), ("99&nbsp;350", ["untraced"])):
        page = (
            '<table id="school_bonding-fragor"><tr><th>Fråga</th><th>Har svarat</th></tr>'
            f"<tr><th>Trivs i skolan</th><td>{count}</td></tr></table>"
        )
        report = scan({"5_metod/indexanatomi.html": page.encode()}, None, pool, context, {})
        assert [found.rule for found in report.findings] == rules


def test_a_clean_bundle_has_no_finding(bundle):
    report = scanned(bundle, *bundle[0].items())
    assert [(f.file, f.place, f.rule) for f in report.findings] == []
    assert report.passed
    assert report.numbers == report.traced > 10_000
    assert report.scanned == len(bundle[0])


@pytest.mark.parametrize("place", PLANTS)
def test_what_is_planted_is_found_where_it_is(bundle, place):
    plant, where = PLANTS[place]
    text = "; ".join(PLANTED.values())
    report = scanned(bundle, plant(bundle[0], text))
    for rule in PLANTED:
        hits = [finding for finding in report.findings if finding.rule == rule]
        assert any(where in f"{hit.file} {hit.place}" for hit in hits), f"{rule} in {place}: {[hit.place for hit in hits]}"
    assert not report.passed
    told = report_markdown(report, bundle[2].rules, "paket")
    assert not [text for text in PLANTED.values() if text in told or text.encode() in report_json(report)]


def zipped(files: dict[str, bytes], **told) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = told.get("comment", b"")
        for name, raw in sorted(files.items()):
            entry = zipfile.ZipInfo(
                f"paket/{name}", told.get("date", (1980, 1, 1, 0, 0, 0)) if name == "b.txt" else (1980, 1, 1, 0, 0, 0)
            )
            entry.extra = told.get("extra", b"") if name == "b.txt" else b""
            archive.writestr(entry, raw)
    return buffer.getvalue()


SMALL = {"a.txt": b"a", "b.txt": b"b"}


@pytest.mark.parametrize(
    ("archive", "rule"),
    [
        (zipped(SMALL, comment=b"/ho" + b"me/anna/paket"), "path"),
        (zipped(SMALL, comment=b"3 elever"), "small_count"),
        (zipped(SMALL, extra=b"\x0a\x00\x02\x00ab"), "extra_field"),
        (zipped(SMALL, date=(2026, 3, 1, 10, 0, 0)), "entry_dates"),
        (zipped(SMALL) + b"3 elever", "trailing_bytes"),
        (zipped(SMALL | {"c.txt": b"3 elever"}), "archive_differs"),
        (zipped(SMALL | {"c.txt": b"3 elever"}), "small_count"),
        (zipped({"a.txt": b"a"}), "archive_differs"),
        (b"PK\x03\x04 broken", "corrupt"),
    ],
)
def test_the_archive_itself_is_searched(bundle, archive, rule):
    assert rule in {finding.rule for finding in scanned(bundle, *SMALL.items(), archive=archive).findings}


def test_a_clean_archive_has_no_finding(bundle):
    assert not scanned(bundle, *SMALL.items(), archive=zipped(SMALL)).findings


HEAD = "area_code,wave,grade,sex,index_key,measure,value,low,high,n\n0127,2024,ak9,all,parenting,share_band3,"
CASES = {
    "a count of three in a column of counts": ("4_tabeller/x.csv", HEAD + ",,,3\n", "small_count"),
    "a count that is not released": ("4_tabeller/x.csv", HEAD + ",,,7777\n", "untraced"),
    "a bound that is not released": ("4_tabeller/x.csv", HEAD + ",,,minst 7777\n", "untraced"),
    "a share of another cell": ("4_tabeller/x.csv", HEAD + "99,,,\n", "untraced"),
    "a computer's decimals": ("4_tabeller/x.csv", HEAD + "12.30000000000004,,,\n", "unrounded"),
    "a count off the step": ("2_diagram/x.csv", "Årskurs,Antal elever (avrundat till 5)\nÅrskurs 9,1141\n", "off_step"),
    "a number in data for a picture": ("2_diagram/x.json", '{"data": {"values": [{"n": 3}, {"n": 4}]}}', "small_count"),
    "one number in data for a picture": ("2_diagram/x.json", '{"parenting": {"ak9": {"n": 3}}}', "small_count"),
    "the end of a range": ("2_diagram/x.txt", "Ungefär 1\u00a0140–4\u00a0711 elever", "untraced"),
    "the beginning of a range": ("2_diagram/x.txt", "3–1\u00a0140 elever", "small_count"),
    "a range after an equals sign": ("2_diagram/x.txt", "n = 1\u00a0140–3", "small_count"),
    "an identity number beside a check sum": ("7_intyg/x.txt", f"{'ab' * 32}  20100112-2387", "personal_number"),
    "an identity number among few letters": ("7_intyg/x.txt", f"a6108780609c{'0' * 52}", "personal_number"),
    "a bare number in a chart of pupils": ("2_diagram/bortfall.svg", "<svg><text>3</text></svg>", "small_count"),
    "a bare number in a page's chart": (
        "1_rapport/x.html",
        '<figure id="kvalitetsremsa"><svg><text> 3 </text></svg></figure>',
        "small_count",
    ),
    "a count of girls": (
        "5_metod/x.html",
        '<table id="svar-kon"><thead><tr><th>Flickor</th></tr></thead><tbody><tr><td>3</td></tr></tbody></table>',
        "small_count",
    ),
    "a count in English": (
        "1_rapport/x_en.html",
        '<table id="svar"><thead><tr><th>Answers</th></tr></thead><tbody><tr><td>3</td></tr></tbody></table>',
        "small_count",
    ),
    "a count of answers to an index's question": (
        "5_metod/x.html",
        '<table id="parenting-fragor"><thead><tr><th>Har svarat</th></tr></thead><tbody><tr><td>3</td></tr></tbody></table>',
        "small_count",
    ),
    "a label with an equals sign": ("2_diagram/x.txt", "Åk 9 (n = 3)", "small_count"),
    "a share in a sentence": ("2_diagram/x.txt", "Så många som 87,654 % svarade.", "untraced"),
    "a microdata column": ("4_tabeller/x.csv", "respondent_key,a\nx,y\n", "microdata_column"),
    "a microdata field": ("4_tabeller/x.json", '{"school_code": 1234}', "microdata_column"),
    "an e-mail address": ("5_metod/x.html", "<p>anna@exempel.se</p>", "email"),
    "a path on Windows": ("5_metod/x.html", "<p>C:\\Us" + "ers\\anna\\svar.sav</p>", "path"),
    "the other edition": ("5_metod/x.html", "<p>0127_botkyrka_2024_v1.0_publik</p>", "other_edition"),
    "another author": ("5_metod/x.html", '<html><head><meta name="author" content="Anna"></head></html>', "author"),
    "a script that fetches": ("5_metod/x.html", "<script>fetch('https://exempel.se')</script>", "script_fetch"),
    "a picture from elsewhere": ("5_metod/x.html", '<img alt="" src="https://exempel.se/x.png">', "external_link"),
    "text that is not seen": ("5_metod/x.html", '<p style="display:none">x</p>', "invisible_text"),
    "an unknown kind of file": ("4_tabeller/x.parquet", "PAR1", "unknown_type"),
    "a broken document": ("1_rapport/x.pdf", "%PDF-1.7 broken", "corrupt"),
    "a broken workbook": ("4_tabeller/x.xlsx", "PK broken", "corrupt"),
    "broken data": ("4_tabeller/x.json", '{"a": ', "corrupt"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_may_not_be_there_is_found(bundle, case):
    name, text, rule = CASES[case]
    assert rule in {finding.rule for finding in scanned(bundle, (name, text.encode())).findings}


@pytest.mark.parametrize("text", ["Ring Åsa Lindberg på fritid", "Fråga anna@exempel.se", "Ring 070-123 45 67"])
def test_a_person_in_the_municipalitys_own_words_is_found(bundle, text):
    table = f"Område,Motivering,Faktor\nBotkyrka,{text},Samma ord i en annan kolumn\n"
    found = scanned(bundle, ("4_tabeller/beslut.csv", table.encode())).findings
    assert ("tabellen rad 2, kolumn 2", "personal_text", "stop") in {(f.place, f.rule, f.severity) for f in found}
    assert "personal_text" not in {f.rule for f in found if f.place != "tabellen rad 2, kolumn 2"}


def test_the_number_of_audited_cells_in_a_certificate_needs_no_cell(bundle):
    told = b'{"release": {"audit": {"cells": 77771, "passed": true}}}'
    assert not scanned(bundle, ("7_intyg/manifest.json", told)).findings
    assert scanned(bundle, ("7_intyg/manifest.json", told.replace(b"audit", b"other"))).findings


@pytest.mark.parametrize(("header", "rules"), [("Referens", []), ("Reference", []), ("value", ["untraced"])])
def test_the_reference_line_needs_no_cell(bundle, header, rules):
    """In a county of a few municipalities nobody else may have that share."""
    rows = f"area_code,wave,grade,sex,index_key,measure,{header}\n0127,2024,ak9,all,parenting,share_band3,99\n"
    report = scanned(bundle, ("2_diagram/faktorprofil_ak9.csv", rows.encode()))
    assert [finding.rule for finding in report.findings] == rules


def test_the_charts_own_line_numbers_are_no_results_and_a_number_among_them_is(bundle):
    frames, scope = sample_bundle_frames()
    first = [wave for wave in frames.index_results["wave"].unique().sort() if wave < scope.wave]
    alone = without_waves(frames, "01", *first)
    pool = Pool(with_derived(released_tables(alone)))
    page = '<!DOCTYPE html><html lang="sv"><script type="application/json" id="valdata">{}</script></html>'

    def found(values: dict) -> list[tuple[str, str]]:
        report = scan({"1_rapport/rapport.html": page.format(json.dumps(values)).encode()}, None, pool, bundle[2], bundle[3])
        return [(f.place, f.rule) for f in report.findings]

    told = choices(Context(alone, scope, META))
    assert not found(told)
    told["values"]["wellbeing.ak9.all.county"][-1][3] = 71.3
    assert found(told) == [("<script id=valdata> values/wellbeing.ak9.all.county/[5]/[4]", "untraced")]


def sheet_of(bundle, change) -> bytes:
    name, sheet = part(bundle[0][BOOK], r"worksheets/sheet5\.xml$")
    return rezipped(bundle[0][BOOK], {name: change(sheet).encode()})


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("<c><v>77771</v></c>", "untraced"),
        ('<c t="inlineStr"><is><t>3 elever &amp; fler</t></is></c>', "small_count"),
        ('<c t="inlineStr"><is><r><t>3 ele</t></r><r><t>ver</t></r></is></c>', "small_count"),
        ("<c><is><t>3 elever</t></is></c>", "small_count"),
        ("<c><f>1+2</f><v>77771</v></c>", "untraced"),
        ("<c><!-- x --><v>77771</v></c>", "untraced"),
        ("<c><v>&#55;7771</v></c>", "untraced"),
        ('<c t="s"><v>x</v></c>', "corrupt"),
        ("<c><v>7", "corrupt"),
    ],
)
def test_a_cell_is_found_however_it_is_written(bundle, cell, rule):
    raw = sheet_of(bundle, lambda sheet: sheet.replace("</row></sheetData>", f"{cell}</row></sheetData>"))
    hits = {(f.rule, f.place.partition(" rad")[0]) for f in scanned(bundle, (BOOK, raw)).findings}
    assert any(found == rule and place.startswith("blad") for found, place in hits), hits


@pytest.mark.parametrize(
    "change",
    [
        lambda s: s.replace("<sheetData>", "<!-- <sheetData></sheetData> --><sheetData>"),
        lambda s: s.replace("<row ", "<row  "),
        lambda s: s.replace('encoding="UTF-8"', "encoding='UTF-8'"),
    ],
)
def test_a_sheet_the_parser_reads_says_what_a_plain_one_does(bundle, change):
    raw = scanned(bundle, (BOOK, bundle[0][BOOK]))
    other = scanned(bundle, (BOOK, sheet_of(bundle, change)))
    assert (other.findings, other.files) == (raw.findings, raw.files)


def test_a_number_alone_in_a_pdf_must_be_released_or_stand_in_another_file(bundle):
    name, raw = PLANTS["pdf text"][0](bundle[0], "4711,8")
    alone = {(f.file, f.place): f.count for f in scanned(bundle, (name, raw)).findings if f.rule == "untraced"}
    beside = {(f.file, f.place): f.count for f in scanned(bundle, (name, raw), ("a.txt", b"4711,8")).findings}
    assert alone[name, "sida 3"] == beside.get((name, "sida 3"), 0) + 1


def test_digits_within_a_check_sum_are_no_identity_number(bundle):
    """One SHA-256 in a few hundred holds ten digits that are a date with a right check digit."""
    digest = "ae57dd7f8f6cd54524a6108780609ceae295c6398de7d4980a0b84bd6a741007"
    for text in (f"{digest}  1_rapport/rapport.html", json.dumps({"files": {"1_rapport/rapport.html": digest}})):
        assert not scanned(bundle, ("7_intyg/x.json" if text[0] == "{" else "7_intyg/x.txt", text.encode())).findings
    assert scanned(bundle, ("7_intyg/x.txt", digest[1:].encode())).findings


def test_both_ends_of_a_range_of_counts_are_traced(bundle):
    """The last three digits of 1 140 are no number: by luck some cell of a large bundle has them."""
    counts = sorted({n for n in bundle[1].counts[0].of({})[1]})
    (whole,) = [c for (c,) in counts if c > 1000 and not bundle[1].has({}, c % 1000, count=True)][:1]
    shown = f"{int(whole) // 1000}\u00a0{int(whole) % 1000:03d}"
    report = scanned(bundle, ("2_diagram/x.txt", f"Ungefär {shown}–{shown} elever".encode()))
    assert (report.numbers, report.findings) == (2, ())


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("Andelen visas för minst 10 elever", []),
        ("At least 10 pupils are needed", []),
        ("minst {count} elever har svarat", []),
        ("At least {count} pupils answered", []),
        ("minst 3 elever har svarat", ["small_count"]),
        ("minst\u00a03 elever har svarat", ["small_count"]),
        ("at least 3 pupils answered", ["small_count"]),
        ("minst 4711 elever har svarat", ["untraced"]),
        ("Minst 3–4 elever", ["small_count", "small_count"]),
        ("minst 4711 % har svarat", ["untraced"]),
        ("högst 3 elever", []),
    ],
)
def test_a_bound_in_a_sentence_is_a_released_count_or_a_rules_own_floor(bundle, text, rules):
    count = max(int(n) for (n,) in bundle[1].counts[0].of({})[1] if n < 1000)
    report = scanned(bundle, ("2_diagram/x.txt", text.format(count=count).encode()))
    assert [found.rule for found in report.findings for _ in range(found.count)] == rules


@pytest.mark.parametrize(("header", "fact"), [("Värde", "Antal elever som svarat"), ("Value", "Number of pupils who answered")])
@pytest.mark.parametrize(("said", "rules"), [("3", ["small_count"]), ("minst 3", ["small_count"]), ("1{nbsp}999", ["untraced"])])
def test_a_number_of_pupils_in_the_quality_strips_table_is_a_released_count(bundle, header, fact, said, rules):
    said = said.format(nbsp="\u00a0")
    rows = [("Årskurs", "Uppgift", header), ("Årskurs 9", "Skolor som deltagit", "3 av 3"), ("Årskurs 9", fact, said)]
    table = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows).replace("td>", "th>", 6)
    page = f'<table id="kvalitetsremsa">{table}</table>'
    lines = "".join(f"{','.join(row)}\n" for row in rows)
    for file in (("1_rapport/rapport.html", page.encode()), ("2_diagram/kvalitetsremsa.csv", lines.encode())):
        assert [found.rule for found in scanned(bundle, file).findings] == rules, file[0]


@pytest.mark.parametrize(
    ("part_of", "where"), [(r"slides/slide2\.xml", "bild 2"), (r"notesSlide2\.xml$", "bild 2, anteckningar")]
)
def test_a_number_alone_on_a_slide_is_a_released_count(bundle, part_of, where):
    plant = in_part(SLIDES, part_of, lambda xml, text: xml.replace("<a:p>", f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p><a:p>", 1))
    for text, rules in (("3", ["small_count"]), ("2024", []), ("4711", ["untraced"])):
        found = scanned(bundle, plant(bundle[0], text)).findings
        assert [(one.place, one.rule) for one in found] == [(where, rule) for rule in rules]


@pytest.mark.parametrize("answers", ["5", "5–6"])
def test_answers_of_officials_to_the_forms_need_no_cell(bundle, answers):
    told = f"Självskattning 2024, {answers} svar utan namn från personal"
    assert not scanned(bundle, ("1_rapport/x.txt", told.encode())).findings
    assert scanned(bundle, ("1_rapport/x.txt", told.replace("Självskattning", "Enkäten").encode())).findings


def test_answers_by_pupil_are_found(bundle):
    codes = sorted(bundle[2].questions)[:9]
    for rows, rule in ((40, "records"), (3, "microdata_column")):
        table = ",".join(codes) + "\n" + "1,2,1,2,1,2,1,2,1\n" * rows
        assert rule in {finding.rule for finding in scanned(bundle, ("4_tabeller/x.csv", table.encode())).findings}


def test_a_value_that_is_not_its_ids_is_found(bundle):
    key, told = next(
        (key, told)
        for key, told in bundle[3].items()
        if told.endswith("\u00a0%") and key.endswith("/ak9/all/parenting/share_band3")
    )
    wrong = int(told.split("\u00a0")[0]) + 1
    found = scanned(bundle, ("4_tabeller/x.csv", f"Tal-id,Värde\n{key},{wrong}\n".encode())).findings
    assert "not_the_released" in {finding.rule for finding in found}


def test_a_number_format_that_hides_decimals_is_found(bundle):
    name, sheet = part(bundle[0][BOOK], r"worksheets/sheet5\.xml$")
    cell = next(c for c in sheet.split("<c ") if "<v>" in c and 't="' not in c)
    changed = sheet.replace(cell, cell.split("<v>")[0] + "<v>12.4567</v></c>", 1)
    found = scanned(bundle, (BOOK, rezipped(bundle[0][BOOK], {name: changed.encode()}))).findings
    assert "hidden_decimals" in {finding.rule for finding in found}


def test_macros_and_links_in_slides_are_found(bundle):
    link = b'<Relationships><Relationship Id="r" TargetMode="External" Type="x/oleObject" Target="file:///c:/x.xlsx"/></Relationships>'
    raw = rezipped(bundle[0][SLIDES], {"ppt/vbaProject.bin": b"x", "ppt/slides/_rels/slide9.xml.rels": link})
    assert {"macro", "external_link", "path"} <= {finding.rule for finding in scanned(bundle, (SLIDES, raw)).findings}


def test_a_zip_bomb_is_refused_unopened(bundle):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 20_000_000)
    assert {finding.rule for finding in scanned(bundle, ("4_tabeller/x.xlsx", buffer.getvalue())).findings} == {"too_large"}


def test_a_picture_without_words_has_no_finding(bundle):
    name, raw = png({}, "")
    assert not scanned(bundle, (name, raw)).findings


def test_the_steward_reads_places_and_kinds(bundle):
    report = scanned(bundle, ("a.txt", b"3 elever"))
    text = report_markdown(report, load_scan_rules(), "0127_botkyrka")
    assert "Paketet får inte förseglas." in text
    assert "## a.txt" in text
    assert "rad 1" in text
    assert '"passed": false' in report_json(report).decode()


def test_a_bundle_that_is_not_there_is_told(tmp_path):
    frames, scope = sample_bundle_frames()
    with pytest.raises(PipelineError, match="rapportpaket"):
        scan_bundle_folder(tmp_path / "saknas", None, frames, scope, META, load_catalogue())
