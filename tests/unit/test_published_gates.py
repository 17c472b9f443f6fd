"""The gates that look at the release and the register: each sentence, and nothing let through by default."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.file_scan.scan import Finding, ScanReport
from assets.methods.errors import PipelineError
from assets.published_gates import Current, ReleaseNow, ReleaseRegister
from assets.published_scan import Scanned
from assets.release_register.cells import SCHEMA, cells_hash
from assets.release_register.store import preview_path, read_register, write_preview
from assets.release_register.types import Inputs
from assets.reports_preview import ReleaseFacts
from assets.sealing.store import keep_approval
from pipelines.paths import Paths
from tests.support.sample_bundle import sample_bundle_frames, sample_report_meta
from tests.support.sealed_bundle import FIRST, FOLDER, RELEASE, SECOND, decision, tiny

CELLS = pl.DataFrame(
    [
        (
            "index_results",
            "intern",
            "municipality",
            "0127",
            2024,
            "ak9",
            "all",
            "anxiety",
            "n_scored",
            100.0,
            None,
            None,
            None,
            "ok",
        )
    ],
    schema=SCHEMA,
    orient="row",
)
DIGEST = cells_hash(CELLS)
INPUTS = Inputs({"0127|2024": "a"}, {"2024": "removed"}, "usual", "d")
PASSED = ReleaseFacts("r1", passed=True, cells=3, entries=0)


class Now(ReleaseNow):
    """A release that has one bundle's cells."""

    facts = PASSED
    digest = DIGEST

    def cells_sha256(self, area_code, wave, edition, *, kit):
        return self.digest


@pytest.fixture
def now(tmp_path):
    write_preview(tmp_path, 2024, FOLDER, CELLS, INPUTS)
    return Now(Paths(tmp_path))


@pytest.fixture
def bundle(tmp_path):
    made = tiny(tmp_path, release=RELEASE | {"cells_sha256": DIGEST})
    for name in (FIRST, SECOND):
        keep_approval(Paths(tmp_path), decision(made.manifest_bytes, name))
    return made


def test_a_bundle_of_the_release_as_it_is_passes(now, bundle):
    assert not Current(now).check(bundle)


def test_a_release_that_is_not_audited_as_it_is_stops(now, bundle):
    now.facts = replace(PASSED, passed=False)
    assert "har inte klarat granskningen" in Current(now).check(bundle)[0]


@pytest.mark.parametrize(
    ("told", "digest", "sentence"),
    [("0" * 64, DIGEST, "inte de som intyget säger"), (DIGEST, "0" * 64, "andra nu än när paketet gjordes")],
)
def test_cells_that_are_not_those_of_certificate_and_release_stop(now, tmp_path, told, digest, sentence):
    now.digest = digest
    (found,) = Current(now).check(tiny(tmp_path, release=RELEASE | {"cells_sha256": told}))
    assert sentence in found
    assert "did kor" in found


def test_a_certificate_without_cells_or_a_preview_that_is_gone_stops(now, bundle, tmp_path):
    assert Current(now).check(tiny(tmp_path, release={"audit": {"passed": True}}))
    preview_path(tmp_path, 2024, FOLDER).unlink()
    assert "ingen fil" in Current(now).check(bundle)[0]


def test_the_register_takes_a_bundle_once_with_what_it_was_made_from(now, bundle, tmp_path):
    book = ReleaseRegister(now)
    assert not book.conflicts(bundle)
    book.append(bundle)
    ReleaseRegister(now).append(bundle)
    (entry,) = read_register(tmp_path).entries
    assert (entry.cells_sha256, entry.new.inputs, entry.new.release_id) == (DIGEST, INPUTS, "r1")
    assert (entry.new.bundle, entry.new.area_code, entry.new.published_on) == (FOLDER, "0127", "2026-11-20")
    now.digest = "0" * 64
    assert not ReleaseRegister(now).conflicts(bundle), "what is registered has no conflict with itself"


def test_cells_that_are_not_the_certificates_are_not_registered(now, tmp_path):
    other = tiny(tmp_path, release=RELEASE)
    with pytest.raises(PipelineError, match="som intyget säger"):
        ReleaseRegister(now).append(other)
    assert not read_register(tmp_path).entries


def test_what_has_been_published_since_the_audit_is_asked_about_unless_it_still_holds(now, bundle, monkeypatch):
    compared = []

    def compare(warehouse, catalogue, texts):
        compared.append(1)
        return pl.DataFrame({"kind": [None], "sentence": [None]}, schema={"kind": pl.String, "sentence": pl.String})

    monkeypatch.setattr("assets.published_gates.compared_with_register", compare)
    ReleaseRegister(now).append(bundle)
    other = replace(bundle, manifest=replace(bundle.manifest, sha256="f" * 64))
    assert not ReleaseRegister(now).conflicts(other)
    assert not compared, "the same numbers tell nothing new"
    now.digest = "0" * 64
    book = ReleaseRegister(now)
    assert "inte granskad tillsammans med 0127_botkyrka" in book.conflicts(other)[0]
    book.conflicts(other)
    assert len(compared) == 1, "the comparison is made once"
    now.facts = replace(PASSED, entries=1)
    assert not ReleaseRegister(now).conflicts(other)


def test_conflicts_are_at_most_five_sentences_and_a_number(now, bundle, monkeypatch):
    many = pl.DataFrame({"kind": ["together"] * 7, "sentence": [f"Mening {i}." for i in range(7)]})
    monkeypatch.setattr("assets.published_gates.compared_with_register", lambda *_: many)
    ReleaseRegister(now).append(bundle)
    now.digest, now.facts = "0" * 64, replace(PASSED, entries=1)
    told = ReleaseRegister(now).conflicts(replace(bundle, manifest=replace(bundle.manifest, sha256="f" * 64)))
    assert told[0] == "Mening 0."
    assert told[5:] == ("och 2 till; kör did utgivningar --konflikter",)


def test_what_the_scan_finds_becomes_sentences_without_values(bundle, monkeypatch):
    given = SimpleNamespace()

    def scan(files, archive, released, context, ids):
        given.context = context
        stops = tuple(Finding("4_tabeller/t.csv", f"tabellen rad {row}", "untraced", "stop") for row in range(7))
        return ScanReport((*stops, Finding("a", "b", "entry_order", "note")), (), 1, 1, 1, 0.0)

    monkeypatch.setattr("assets.published_scan.scan", scan)
    monkeypatch.setattr("assets.file_scan.store.catalogue_phrases", lambda rules: frozenset())  # reads every text we have
    catalogue, (frames, scope) = load_catalogue(), sample_bundle_frames()
    gate = Scanned(lambda _: (scope, frames, sample_report_meta(), catalogue))
    told = gate.check(bundle)
    assert told[0] == "4_tabeller/t.csv, tabellen rad 0: Ett tal kan inte spåras till en släppt cell."
    assert told[5:] == ["och på 2 ställen till"]
    assert catalogue.publication.open_data.contact_email in given.context.rules.addresses
    assert not given.context.other_editions


@pytest.fixture
def scans(monkeypatch):
    """The gate with a scan that remembers what it was given, and finds what a file says."""
    given = []

    def scan(files, archive, released, context, ids):
        given.append(files)
        stops = [Finding(name, "rad 1", "path", "stop") for name, raw in sorted(files.items()) if raw == b"fel"]
        return ScanReport(tuple(stops), (), 1, 1, 1, 0.0)

    monkeypatch.setattr("assets.published_scan.scan", scan)
    monkeypatch.setattr("assets.file_scan.store.catalogue_phrases", lambda rules: frozenset())
    catalogue, (frames, scope), meta = load_catalogue(), sample_bundle_frames(), sample_report_meta()

    def drawn_from(bundle):
        if "saknas.txt" in bundle.files:
            raise PipelineError("x", "Utgåvan", "rader", "inga", "Kör did kor.")
        return scope, frames, meta, catalogue

    return Scanned(drawn_from, workers=1), given


def test_a_bundle_that_was_looked_at_ahead_is_scanned_once_and_a_changed_one_again(scans, bundle):
    gate, given = scans
    wrong = replace(bundle, files={**bundle.files, "x.txt": b"fel"})
    gate.look_ahead([bundle, wrong])
    assert len(given) == 2
    assert not gate.check(bundle)
    assert gate.check(wrong) == gate.check(wrong) == ["x.txt, rad 1: En sökväg på en dator står i filen."]
    assert len(given) == 2, "both were looked at ahead"
    assert gate.check(replace(bundle, files={**bundle.files, "y.txt": b"fel"}))
    assert len(given) == 3, "other files are another bundle"


def test_a_bundle_that_cannot_be_looked_at_stops_no_other(scans, bundle):
    gate, given = scans
    lost = replace(bundle, files={**bundle.files, "saknas.txt": b""})
    gate.look_ahead([lost, bundle])
    assert len(given) == 1
    assert not gate.check(bundle)
    with pytest.raises(PipelineError, match="Utgåvan"):
        gate.check(lost)
