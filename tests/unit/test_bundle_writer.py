"""On disk: whole or not at all, the certificate last, the same bytes every time, tables that describe themselves."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from pypdf import PdfReader

from assets.bundle import writer
from assets.bundle.frames import select_frames
from assets.bundle.render import render_bundle
from assets.bundle.types import RenderedBundle
from assets.bundle.writer import write_bundle, write_county_overview
from assets.charts.types import ReleaseFrames
from assets.methods.errors import PipelineError
from tests.support.sample_bundle import hide, outline, sample_bundle_frames, sample_bundle_meta, sample_report_meta, whole_release

META = sample_report_meta()
RUN = sample_bundle_meta()


@pytest.fixture(scope="module")
def rendered(sketched) -> RenderedBundle:
    return sketched()


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_bundle_has_the_promised_files(rendered, tmp_path):
    paths = write_bundle(rendered, tmp_path, RUN)
    assert paths.folder == tmp_path / "2024" / "0127_botkyrka_2024_v1.0_intern"
    names = set(tree(paths.folder))
    assert {"LAS_MIG.html", "1_rapport/rapport.html", "5_metod/metod.html", "7_intyg/manifest.json"} <= names
    tables = {f"4_tabeller/{name}.csv" for name in
              ("index_results", "response_rates", "register_values", "delivery_quality", "reasons")}  # fmt: skip
    assert tables | {"4_tabeller/datapackage.json"} <= names
    charts = {name.rsplit(".", 1)[0] for name in names if name.startswith("2_diagram/") and "/affischer/" not in name}
    assert charts
    assert {f"{chart}{end}" for chart in charts for end in (".svg", ".txt", ".csv")} <= names
    assert all(name.isascii() for name in names)


def test_the_certificate_names_every_file_with_its_hash(rendered, tmp_path):
    paths = write_bundle(rendered, tmp_path, RUN)
    manifest = json.loads(paths.manifest.read_text(encoding="utf-8"))
    content = tree(paths.folder)
    content.pop("7_intyg/manifest.json")
    assert manifest["files"] == {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    assert manifest["disclosure"] == {"policy": "policy-1", "suppressed_cells": 12}
    assert manifest["rules"] == {"failed": 1, "passed": 24}
    assert manifest["sources"] == {"botkyrka.sav": "b" * 64}
    assert manifest["synthetic_survey_data"] is True
    assert manifest["released"] == "2026-03-12"


def test_two_runs_give_the_same_bytes(rendered, tmp_path):
    frames, scope = sample_bundle_frames()
    shuffled = ReleaseFrames(
        frames.index_results.sample(fraction=1.0, shuffle=True, seed=4), frames.response_rates.reverse(),
        frames.register_values.reverse(), frames.delivery_quality.reverse(), trends=frames.trends.reverse(),
    )  # fmt: skip
    again = render_bundle(shuffled, scope, META, draw=outline)
    first, second = (write_bundle(bundle, tmp_path / name, RUN) for name, bundle in (("a", rendered), ("b", again)))
    assert tree(first.folder) == tree(second.folder)
    assert first.archive.read_bytes() == second.archive.read_bytes()


def test_the_zip_holds_the_folder_sorted_with_fixed_dates(rendered, tmp_path):
    paths = write_bundle(rendered, tmp_path, RUN)
    with zipfile.ZipFile(paths.archive) as archive:
        entries = archive.infolist()
        assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
        assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
        unpacked = {entry.filename.split("/", 1)[1]: archive.read(entry) for entry in entries}
    assert unpacked == tree(paths.folder)


def test_a_new_version_replaces_the_old_one_whole(rendered, tmp_path):
    paths = write_bundle(rendered, tmp_path, RUN)
    (paths.folder / "1_rapport" / "kvar.txt").write_text("gammal", encoding="utf-8")
    write_bundle(rendered, tmp_path, RUN)
    assert "1_rapport/kvar.txt" not in tree(paths.folder)
    left = {path.name for path in paths.folder.parent.iterdir()}
    assert left == {rendered.folder, f"{rendered.folder}.zip"}


def test_a_broken_write_leaves_the_old_bundle_as_it_was(rendered, tmp_path, monkeypatch):
    paths = write_bundle(rendered, tmp_path, RUN)
    before = tree(paths.folder), paths.archive.read_bytes()

    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "_write", full)
    with pytest.raises(PipelineError) as caught:
        write_bundle(rendered, tmp_path, RUN)
    assert caught.value.code == "write_bundle"
    assert (tree(paths.folder), paths.archive.read_bytes()) == before


def test_a_run_broken_between_the_renames_is_mended(rendered, tmp_path):
    paths = write_bundle(rendered, tmp_path, RUN)
    before = tree(paths.folder)
    paths.folder.rename(paths.folder.with_name(f".{rendered.folder}{writer.REPLACED}"))
    writer._restore(paths.folder)
    assert tree(paths.folder) == before


def test_the_manifest_is_written_last(rendered, tmp_path, monkeypatch):
    order: list[str] = []
    real = writer._write
    monkeypatch.setattr(writer, "_write", lambda path, content: (order.append(path.name), real(path, content)))
    write_bundle(rendered, tmp_path, RUN)
    assert order[-1] == "manifest.json"
    assert order.count("manifest.json") == 1


def test_tables_hold_the_municipality_and_the_county_only(rendered):
    for name in ("index_results", "response_rates", "register_values", "delivery_quality"):
        rows = list(csv.DictReader(io.StringIO(rendered.files[f"4_tabeller/{name}.csv"].decode("utf-8"))))
        assert rows, name
        assert {row["area_code"] for row in rows} <= {"0127", "01"}, name
    results = csv.DictReader(io.StringIO(rendered.files["4_tabeller/index_results.csv"].decode("utf-8")))
    for row in results:
        assert (row["value"] == "") == (row["reason"] != "ok")


def test_the_data_package_describes_every_table(rendered):
    package = json.loads(rendered.files["4_tabeller/datapackage.json"])
    assert package["profile"] == "tabular-data-package"
    kinds = {"integer": int, "number": float, "string": str}
    for resource in package["resources"]:
        raw = rendered.files[f"4_tabeller/{resource['path']}"]
        assert not raw.startswith(b"\xef\xbb\xbf")
        rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8"))))
        fields = resource["schema"]["fields"]
        assert [field["name"] for field in fields] == list(rows[0])
        assert all(field["title"] for field in fields)
        for row in rows:
            for field in fields:
                if row[field["name"]] != "":
                    kinds[field["type"]](row[field["name"]])
        key = resource["schema"].get("primaryKey")
        if key:
            assert len({tuple(row[name] for name in key) for row in rows}) == len(rows), resource["name"]
    reasons = {row["code"] for row in csv.DictReader(io.StringIO(rendered.files["4_tabeller/reasons.csv"].decode("utf-8")))}
    used = {row["reason"] for row in csv.DictReader(io.StringIO(rendered.files["4_tabeller/index_results.csv"].decode("utf-8")))}
    assert used <= reasons


def unpacked(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files, and in the place of a presentation or workbook what is packed in it."""
    found = {}
    for name, content in files.items():
        if not name.endswith((".xlsx", ".pptx")):
            found[name] = content
            continue
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            found |= unpacked({f"{name}/{inner}": archive.read(inner) for inner in archive.namelist()})
    return found


def test_a_sentinel_municipality_is_nowhere_in_another_bundle():
    release, (_, scope) = whole_release(), sample_bundle_frames()
    mark = pl.col("area_code") == "0136"
    text = pl.when(mark).then(pl.lit("Sentinelby")).otherwise(pl.col("area_name"))
    value = pl.when(mark & pl.col("value").is_not_null()).then(87.25).otherwise(pl.col("value"))
    planted = ReleaseFrames(
        release.index_results.with_columns(area_name=text, value=value),
        release.response_rates,
        release.register_values.with_columns(area_name=text),
        release.delivery_quality,
    )
    bundle = render_bundle(select_frames(planted, scope, META.charts.indices), scope, META, draw=outline)
    for name, content in unpacked(bundle.files).items():
        assert b"Sentinelby" not in content, name
        # checksums and a PDF's own numbers hold any digits; its text is read below
        assert b"0136" not in content or name.endswith((".pdf", "manifest-sha256.txt")), name
    for name in (name for name in bundle.files if name.endswith(".pdf")):
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(bundle.files[name])).pages)
        assert "Sentinelby" not in text, name
        assert "0136" not in text, name
    own = [content for name, content in bundle.files.items() if name.startswith("4_tabeller")]
    assert not [table for table in own if b"87.25" in table]


def test_two_municipalities_get_two_reports(rendered, sketched):
    other = sketched("0140")
    assert other.files["1_rapport/rapport.html"] != rendered.files["1_rapport/rapport.html"]
    assert b"Botkyrka" not in other.files["1_rapport/rapport.html"]


def test_the_county_page_links_all_bundles_in_alphabetical_order(rendered, sketched, tmp_path):
    small = sketched("0140")
    frames, scope = sample_bundle_frames("0115")
    hidden = render_bundle(hide(frames, scope.area_code, "no_delivery"), scope, META, draw=outline)
    bundles = [hidden, small, rendered]
    for bundle in bundles:
        write_bundle(bundle, tmp_path, RUN)
    expected = {"0127": "Botkyrka", "0140": "Nykvarn", "0115": "Vallentuna", "0188": "Norrtälje"}
    path = write_county_overview(
        [bundle.summary for bundle in bundles], tmp_path, META, wave=2024, edition="intern", expected=expected
    )
    page = path.read_text(encoding="utf-8")
    assert path == tmp_path / "2024" / "lansoversikt.html"
    assert "SYNTETISKA DATA" in page
    rows = page.split("<tbody>")[1].split("</tbody>")[0].split("<tr>")[1:]
    assert [row.split("</th>")[0].removeprefix('<th scope="row">') for row in rows] == ["Botkyrka", "Nykvarn", "Vallentuna"]
    assert "bara årskurs 9" in rows[1]
    assert "[l]" in rows[2]
    assert "[l] ingen leverans för mättillfället" in page
    assert "Inget rapportpaket finns för Norrtälje." in page
    for bundle in bundles:
        assert (path.parent / bundle.folder / "1_rapport/rapport.html").is_file()
        assert f'href="{bundle.folder}/1_rapport/rapport.html"' in page
        assert f'href="{bundle.folder}.zip"' in page
