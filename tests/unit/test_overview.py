"""The Lägesöversikt: from tables and folders to each municipality's step, what stops it and what that touches."""

from __future__ import annotations

import shutil
from dataclasses import replace

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.overview.gather import bundle_facts
from assets.overview.html import render_overview
from assets.overview.plain import as_json, markdown, overview_of, stopped_sentences, summary, terminal_lines
from assets.overview.sent_out import ANOTHER, CHANGED, MISSING, NOT, UNREGISTERED, WHOLE
from assets.overview.table import counts, status_overview
from assets.overview.texts import overview_texts
from assets.overview.types import DONE, NONE, OLD, PART, STATES, STEPS, STOPPED, WAITING, BundleFact, Facts, Row, WaitingFile
from pipelines.paths import Paths
from tests.support.sealed_bundle import sealed, tiny, write_tiny

CATALOGUE, TEXTS = load_catalogue(), overview_texts()
TABY, WAVE = "0160", 2024
FILE = "Täby 2024.csv"
RELEASE = "r" * 64
BUNDLE = BundleFact(TABY, WAVE, "intern", "0160_taby_2024_v1.0_intern", RELEASE, 0, "WAITING_TWO")
WAITS = WaitingFile(FILE, f"{FILE}: väntade en hel fil, fick en halv. Exportera den igen.", FILE, ((TABY, WAVE),), "file_name")


def deliveries(*names: str) -> pl.DataFrame:
    rows = [(f"d{n}", WAVE, name, f"sha{n}", "", n) for n, name in enumerate(names)]
    schema = ["delivery_id", "wave", "source_file", "source_sha256", "municipality_code", "received_ns"]
    return pl.DataFrame(rows, schema=schema, orient="row")


def verdicts(*promoted: bool) -> pl.DataFrame:
    rows = [(f"d{n}", WAVE, TABY, FILE, ok, 0 if ok else 1, "godkänd" if ok else "stoppad") for n, ok in enumerate(promoted)]
    schema = ["delivery_id", "wave", "municipality_code", "source_file", "promoted", "critical_broken", "status"]
    return pl.DataFrame(rows, schema=schema, orient="row")


BROKEN = pl.DataFrame(
    [("d0", WAVE, "harmonised/survey_responses", "svar_i_kodboken", "critical", "broken", "F55e")],
    schema=["delivery_id", "wave", "table_name", "rule", "severity", "status", "columns_broken"],
    orient="row",
)
READY = Facts(
    deliveries=deliveries(FILE),
    verdicts=verdicts(True),
    indexed=frozenset({(TABY, WAVE)}),
    behind={(TABY, WAVE): frozenset({"sha0"})},
    release_id=RELEASE,
    bundles=(BUNDLE,),
)


def row(facts: Facts) -> Row:
    overview = status_overview(facts, CATALOGUE, TEXTS, lambda table, rule: f"Regeln {rule} i {table}.")
    (found,) = [one for one in overview.rows if (one.area_code, one.wave) == (TABY, WAVE)]
    return found


EARLIER = pl.concat([deliveries(FILE).with_columns(wave=pl.lit(other, pl.Int64)) for other in (WAVE, 2022)])
"""A file with two waves, of which only the older one has been judged."""
CASES = {
    "nothing": (Facts(), NONE * 1, "delivered", "Ingen leverans för 2024."),
    "unread": (Facts(files=(replace(WAITS, sentence=""),)), WAITING, "delivered", "inte inläst"),
    "refused": (Facts(files=(WAITS,)), STOPPED, "recognised", "väntade en hel fil"),
    "stopped": (replace(READY, verdicts=verdicts(False), outcomes=BROKEN), STOPPED, "validated", "Regeln svar_i_kodboken"),
    "kept": (
        replace(READY, deliveries=deliveries(FILE, FILE), verdicts=verdicts(False, True), outcomes=BROKEN),
        PART, "validated", "de tidigare godkända svaren räknas",
    ),
    "not judged": (
        Facts(deliveries=EARLIER, verdicts=verdicts(True).with_columns(wave=pl.lit(2022, pl.Int64))),
        WAITING, "validated", "inläst men inte kontrollerad",
    ),
    "judged to be nobody's": (
        Facts(deliveries=EARLIER, verdicts=pl.concat([
            verdicts(True).with_columns(wave=pl.lit(2022, pl.Int64)),
            verdicts(False).with_columns(municipality_code=pl.lit(None, pl.String)),
        ])),
        NONE, "delivered", "Ingen leverans för 2024.",
    ),
    "not indexed": (replace(READY, indexed=frozenset()), WAITING, "indexed", "index är inte beräknade"),
    "older release": (replace(READY, behind={(TABY, WAVE): frozenset({"annan"})}), OLD, "released", "äldre leverans"),
    "no release": (replace(READY, behind={}), WAITING, "released", "Utgåvan är inte gjord"),
    "not audited": (replace(READY, release_id=""), STOPPED, "released", "Granskningen av utgåvan är inte godkänd"),
    "no bundle": (replace(READY, bundles=()), WAITING, "bundle", "Inget rapportpaket"),
    "older bundle": (replace(READY, bundles=(replace(BUNDLE, release_id="x"),)), OLD, "bundle", "äldre utgåva"),
    "unreadable": (replace(READY, bundles=(replace(BUNDLE, state="unreadable"),)), STOPPED, "bundle", "intyg"),
    "nobody": (READY, WAITING, "approved", "Två personer"),
    "one of two": (replace(READY, bundles=(replace(BUNDLE, approvals=1),)), PART, "approved", "En person till"),
    "refused bundle": (replace(READY, bundles=(replace(BUNDLE, state="REFUSED"),)), STOPPED, "approved", "avslaget"),
    "changed": (replace(READY, bundles=(replace(BUNDLE, state="STALE"),)), OLD, "approved", "ändrats efter godkännandet"),
    "nameless": (replace(READY, bundles=(replace(BUNDLE, state="NAMELESS"),)), WAITING, "approved", "did kor --av"),
    "approved": (replace(READY, bundles=(replace(BUNDLE, approvals=2),)), WAITING, "published", "did publicera"),
    "other numbers": (replace(READY, bundles=(replace(BUNDLE, out=ANOTHER),)), OLD, "approved", "höj version"),
    "changed archive": (replace(READY, bundles=(replace(BUNDLE, out=CHANGED),)), STOPPED, "published", "inte det som "),
    "unregistered": (replace(READY, bundles=(replace(BUNDLE, out=UNREGISTERED),)), STOPPED, "published", "mappen register"),
    "archive gone": (replace(READY, bundles=(replace(BUNDLE, out=MISSING),)), WAITING, "published", "did publicera"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_first_step_that_is_not_done_says_what_stops_and_what_to_do(name):
    facts, state, step, words = CASES[name]
    found = row(facts)
    assert found.states[step] == state
    assert words in found.stops
    assert all(found.states[earlier] == DONE for earlier in STEPS[: STEPS.index(step)])
    assert found.stops.endswith(".")
    assert "{" not in found.stops


def test_what_is_out_is_done_all_the_way_and_nothing_stops_it():
    found = row(replace(READY, bundles=(replace(BUNDLE, approvals=2, out=WHOLE),)))
    assert set(found.states.values()) == {DONE}
    assert found.stops == ""
    assert found.approvals == "intern 2/2"


PUBLIC = replace(BUNDLE, edition="publik", folder="0160_taby_2024_v1.0_publik")
OUT = replace(BUNDLE, approvals=2, out=WHOLE)


def test_one_edition_out_is_published_and_says_which_also_when_nobody_has_approved_the_other():
    found = row(replace(READY, bundles=(OUT, PUBLIC)))
    assert (found.states["approved"], found.states["published"]) == (DONE, DONE)
    assert (found.detail("approved"), found.detail("published")) == ("intern 2/2, publik 0/2", "intern")
    assert found.stops.startswith("Utgåvan intern är utgiven. Ska utgåvan publik också ges ut ")


def test_the_other_edition_is_partly_done_once_somebody_has_begun_with_it():
    begun = row(replace(READY, bundles=(OUT, replace(PUBLIC, approvals=1))))
    assert (begun.states["approved"], begun.states["published"]) == (PART, DONE)
    assert "En person till ska godkänna paketet, utgåvan publik" in begun.stops
    approved = row(replace(READY, bundles=(OUT, replace(PUBLIC, approvals=2))))
    assert (approved.states["approved"], approved.states["published"]) == (DONE, PART)
    assert "utgåvan publik, är godkänt men inte utgivet" in approved.stops


def test_the_sums_count_a_municipality_when_one_edition_is_out_and_say_how_many_of_each():
    refused = replace(PUBLIC, state="REFUSED")
    rows = [row(replace(READY, bundles=bundles)) for bundles in ((OUT, PUBLIC), (OUT, refused), (BUNDLE, PUBLIC))]
    said = summary(rows, STEPS, TEXTS)
    assert said.endswith("godkänd 2 (intern 2), utgiven 2 (intern 2).")
    both = row(replace(READY, bundles=(OUT, replace(PUBLIC, approvals=2, out=WHOLE))))
    assert "utgiven 1 (intern 1, publik 1)." in summary([both], STEPS, TEXTS)


def test_only_what_is_stopped_says_what_it_touches():
    touched = row(replace(READY, verdicts=verdicts(False), outcomes=BROKEN))
    assert touched.stopped
    assert touched.touches[0].startswith("Frågor som bröt en stoppande regel: F55e ")
    assert touched.touches[1] == "Kommun och mättillfälle: Täby 2024"
    refused = row(Facts(files=(WAITS,)))
    assert refused.touches[0] == "Kommun och mättillfälle: Täby 2024 (enligt filnamnet)"
    assert row(READY).touches == ()
    overview = status_overview(Facts(files=(WAITS,)), CATALOGUE, TEXTS, lambda *_: "")
    assert [one.area_code for one in overview.rows if one.touches] == [TABY]


def test_what_is_stopped_now_is_told_once_for_all_that_it_stops():
    nothing_passed = replace(
        READY,
        release_id="",
        deliveries=pl.concat([READY.deliveries, READY.deliveries.with_columns(delivery_id=pl.lit("d1"))]),
        verdicts=pl.concat([verdicts(True), verdicts(True).with_columns(municipality_code=pl.lit("0127"))]),
        behind={(code, WAVE): frozenset({"sha0"}) for code in (TABY, "0127")},
        indexed=frozenset({(TABY, WAVE), ("0127", WAVE)}),
        files=(replace(WAITS, places=(("0115", WAVE),)),),
    )
    told = stopped_sentences(status_overview(nothing_passed, CATALOGUE, TEXTS, lambda *_: ""))
    assert told[0] == WAITS.sentence
    assert told[1].startswith(f"Botkyrka, Täby {WAVE}: Granskningen av utgåvan är inte godkänd")
    assert len(told) == 2
    assert stopped_sentences(status_overview(READY, CATALOGUE, TEXTS, lambda *_: "")) == []


def test_every_municipality_and_wave_has_one_row_in_alphabetical_order():
    overview = status_overview(READY, CATALOGUE, TEXTS, lambda *_: "")
    assert overview.waves == tuple(sorted(CATALOGUE.calendar.survey_waves, reverse=True))
    names = [one.area_name for one in overview.of(WAVE)]
    assert sorted(names) == sorted(place.name for place in CATALOGUE.municipalities)
    assert names[-1].startswith("Ö")
    assert counts(overview.of(WAVE), STEPS)["bundle"] == 1
    assert set(TEXTS["states"]) == set(TEXTS["meanings"]) == set(STATES)


def test_the_same_overview_as_text_data_markdown_and_page():
    overview = status_overview(replace(READY, files=(WAITS,), bundles=(OUT, PUBLIC)), CATALOGUE, TEXTS, lambda *_: "")
    assert overview_of(as_json(overview)) == overview
    shown = markdown(overview, TEXTS)
    assert "| Täby | ✓\u00a0klart |" in shown
    assert "✓\u00a0klart (intern 2/2, publik 0/2) | ✓\u00a0klart (intern) | Täby 2024.csv: väntade" in shown
    page = render_overview(overview, TEXTS)
    for beside in ("intern 2/2, publik 0/2", "intern"):
        assert f'klart<span class="more">{beside}</span>' in page
    assert "Täby 2024.csv: väntade" in shown
    lines = terminal_lines(overview, [WAVE], TEXTS)
    assert any("26\u00a0kommuner" in line for line in lines)
    assert any(line.strip().startswith("Botkyrka, Danderyd, ") and "och 20 till: Ingen leverans" in line for line in lines)
    with pytest.raises(ValueError, match="not an overview"):
        overview_of('{"rows": 1}')


def test_out_is_what_the_seal_and_the_register_say_and_not_that_a_file_is_there(tmp_path):
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    archive = paths.published / "2024" / f"{bundle.manifest.bundle}.zip"

    def told(*registered: str) -> str:
        (fact,) = bundle_facts(paths, registered)
        return fact.out

    assert (told(), told(bundle.manifest.sha256)) == (NOT, MISSING)
    archive.parent.mkdir(parents=True)
    whole = sealed(bundle)
    archive.write_bytes(whole)
    assert (told(), told(bundle.manifest.sha256)) == (UNREGISTERED, WHOLE)
    for changed in (whole[:-1], bytes([whole[200] ^ 1]).join((whole[:200], whole[201:])), b"", b"anything"):
        archive.write_bytes(changed)
        assert told(bundle.manifest.sha256) == CHANGED
    archive.write_bytes(whole)
    shutil.rmtree(paths.reports)
    write_tiny(tmp_path, b"<p>other numbers</p>")
    assert told(bundle.manifest.sha256) == ANOTHER
