"""A bundle whose files would be the same gets another certificate without being drawn; in doubt it is drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from assets.bundle.inputs import drawn_before, up_to_date, with_hashes
from assets.bundle.writer import MANIFEST, write_bundle
from tests.support.sample_bundle import sample_bundle_frames, sample_bundle_meta, sample_report_meta

FRAMES, SCOPE = sample_bundle_frames()
META = sample_report_meta()
RUN = with_hashes(FRAMES, SCOPE, sample_bundle_meta())
FOLDER = "0127_botkyrka_2024_v1.0_intern"


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def written(sketched, tmp_path):
    return write_bundle(sketched(), tmp_path, RUN)


def test_another_delivered_file_with_the_same_numbers_changes_the_certificate_alone(written, tmp_path):
    before = tree(written.folder)
    now = with_hashes(FRAMES, SCOPE, replace(sample_bundle_meta(), source_hashes={"botkyrka.sav": "c" * 64}, suppressed_cells=13))
    assert (now.drawn, up_to_date(tmp_path, 2024, FOLDER, now.inputs)) == (RUN.drawn, None)
    held, had = drawn_before(tmp_path, SCOPE, FOLDER, now.drawn, META)
    assert had["inputs"] == RUN.inputs
    after = tree(write_bundle(held, tmp_path, now).folder)
    assert {name for name in after | before if after.get(name) != before.get(name)} == {MANIFEST}
    assert b"c" * 64 in after[MANIFEST]
    assert up_to_date(tmp_path, 2024, FOLDER, now.inputs) == written
    assert up_to_date(tmp_path, 2024, FOLDER, RUN.inputs) is None


@pytest.mark.parametrize(
    "change", [{"code_version": "0.2"}, {"catalogue_hash": "d" * 64}, {"package_versions": {}}, {"cutoff_set": "annan"}]
)
def test_another_program_or_definition_draws_anew(change):
    assert with_hashes(FRAMES, SCOPE, replace(sample_bundle_meta(), **change)).drawn != RUN.drawn


def test_another_row_draws_anew():
    rows = FRAMES.response_rates.head(-1)
    assert with_hashes(replace(FRAMES, response_rates=rows), SCOPE, sample_bundle_meta()).drawn != RUN.drawn


@pytest.mark.parametrize("harm", ["changed", "gone", "more", "manifest", "no manifest"])
def test_a_bundle_that_is_not_whole_is_drawn_anew(written, tmp_path, harm):
    page = written.folder / "LAS_MIG.html"
    if harm == "changed":
        page.write_text("annat", encoding="utf-8")
    elif harm == "gone":
        page.unlink()
    elif harm == "more":
        (written.folder / "mer.txt").write_text("mer", encoding="utf-8")
    elif harm == "manifest":
        written.manifest.write_text('{"drawn": ', encoding="utf-8")
    else:
        written.manifest.unlink()
    assert drawn_before(tmp_path, SCOPE, FOLDER, RUN.drawn, META) is None


def test_a_certificate_without_the_hash_is_drawn_anew(sketched, tmp_path):
    write_bundle(sketched(), tmp_path, replace(RUN, drawn=""))
    assert drawn_before(tmp_path, SCOPE, FOLDER, RUN.drawn, META) is None
