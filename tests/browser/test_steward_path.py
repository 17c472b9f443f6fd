"""The steward's whole way on the first day, on Dagster's own page: from an inbox to a published bundle that is verified.

Everything is typed and read in the browser against a real webserver and daemon; only the files are put in place and opened as a
person does it in a file manager. One way, one test: each step needs what the one before has left.

`DID_SCREENSHOTS=docs/steward/bilder` keeps the pictures that the manual shows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from assets.sealing.approvals import State
from pipelines.paths import Paths
from tests.support.dagster_page import DagsterPage, dagster_started
from tests.support.first_day import BROKEN, STOPPED, WAVE, drop, drop_corrected, prepare

BUNDLE = f"0127_botkyrka_{WAVE}_v1.0_intern"
AUTHOR, FIRST, SECOND = "Anna Andersson", "Åsa Ek", "Bo Alm"
CHOICES = f"utgava: intern\nkommuner: [Botkyrka]\nav: {AUTHOR}\n"
PREVIEW = f"kommuner: [Botkyrka]\nutgava: intern\nav: {AUTHOR}\n"
APPROVAL = "paket: {bundle}\nnamn: {name}\nroll: enhetschef\nskal: {why}\n"
PUBLICATION = "kommuner: [Botkyrka]\n"
TABLE, RULE = "harmonised/survey_responses", "kon_inte_bara_ett"
"""A warning as shipped; the county of this test has decided that it stops a delivery."""
WHY = "granskat mot röjanderapporten"


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    """An empty installation."""
    made = Paths(tmp_path_factory.mktemp("forsta-dagen") / "data")
    made.make()
    return made


@pytest.fixture(scope="module")
def dagster(paths: Paths, chromium: Browser) -> Iterator[DagsterPage]:
    """The page that `did ui` opens on the folder, in a browser window of its own."""
    wanted = os.environ.get("DID_SCREENSHOTS")
    shots = Path(wanted) if wanted else None
    if shots:
        shots.mkdir(parents=True, exist_ok=True)
    with dagster_started(paths.root, {TABLE: RULE}) as address:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="sv-SE", timezone_id="Europe/Stockholm")
        yield DagsterPage(context.new_page(), address, paths.root, shots)
        context.close()


def test_from_the_inbox_to_a_bundle_that_is_published_and_verified(dagster: DagsterPage, paths: Paths, tmp_path: Path):
    sent = prepare(tmp_path / "skickat")
    what_came_is_tried(dagster, paths, sent)
    what_failed_is_told_with_what_it_touches(dagster, paths)
    a_corrected_delivery_puts_it_right(dagster, paths, sent)
    two_persons_approve(dagster)
    the_bundle_is_published_and_verified(dagster, paths)


def what_came_is_tried(dagster: DagsterPage, paths: Paths, sent: Path) -> None:
    """The run is red: a file can't be read, and a delivery breaks a stopping rule."""
    # The inbox's own sensor would start a run for all municipalities: here it is off, as while one is practising.
    dagster.open_job("everything")
    dagster.switch_off("inbox_sensor")

    drop(sent, paths)
    assert dagster.run("ingest") == "Failure"
    dagster.shoot("01-en-rod-korning")
    said = dagster.told("surveys", BROKEN)
    assert f"{BROKEN}: väntade en hel SPSS-fil, fick en fil som tar slut i förtid eller är skadad." in said
    dagster.shoot("02-filen-som-inte-gick-att-lasa")
    assert sorted(path.name for path in paths.rejected.iterdir()) == [BROKEN, f"{BROKEN}.txt"]


def what_failed_is_told_with_what_it_touches(dagster: DagsterPage, paths: Paths) -> None:
    """The run says why it is red, and so is the status asset; the rule that failed says what it touches, and only that."""
    said = dagster.told("run_outcome", "2 saker stoppades i den här körningen.")
    assert f"Regeln håller inte för {STOPPED}" in said
    dagster.open("/assets/quality/run_status")
    dagster.page.get_by_text("Failed in").first.wait_for()
    dagster.shoot("03-korningens-utfall")
    dagster.open(f"/assets/{TABLE}?view=checks&checkDetail={RULE}")
    dagster.page.get_by_text(f"Regeln håller inte för {STOPPED}").first.wait_for()
    dagster.shoot("04-en-regel-som-inte-haller")
    touched = dagster.unfold("Kommun och mättillfälle")
    for words in (f"Kommun och mättillfälle: Salem {WAVE}", "Tal: hela leveransen", "Länet: Länets tal"):
        assert words in touched, words
    assert "Botkyrka" not in touched
    dagster.shoot("05-vad-felet-beror", left=0)
    dagster.page.goto((paths.quality / "lagesoversikt.html").as_uri())
    dagster.shoot("06-lagesoversikten", left=0)


def a_corrected_delivery_puts_it_right(dagster: DagsterPage, paths: Paths, sent: Path) -> None:
    """The whole chain for one municipality is green, and so are the rule, a preview and what is said of hidden numbers."""
    drop_corrected(sent, paths)
    dagster.open_job("everything")
    dagster.type_fields(CHOICES)
    dagster.shoot("07-starta-korningen")
    dagster.launch()
    assert dagster.ended() == "Success"
    dagster.shoot("08-en-gron-korning")
    dagster.open(f"/assets/{TABLE}?view=checks&checkDetail={RULE}")
    dagster.page.get_by_text("Regeln håller.").first.wait_for()
    dagster.shoot("09-kontrollerna")

    assert dagster.run("forhandsgranska", PREVIEW) == "Success"
    dagster.told("gor_paketen", "paket")
    assert BUNDLE in dagster.unfold(BUNDLE)
    dagster.shoot("10-forhandsgranskningen", left=0)
    dagster.page.goto((paths.reports / str(WAVE) / "rojanderapport.html").as_uri())
    assert "Botkyrka" in dagster.text()
    dagster.shoot("11-rojanderapporten", left=0)


def two_persons_approve(dagster: DagsterPage) -> None:
    """Each of them in a run of their own."""
    for name, state in ((FIRST, State.WAITING_ONE), (SECOND, State.APPROVED)):
        dagster.open_job("godkann")
        dagster.type_fields(APPROVAL.format(bundle=BUNDLE, name=name, why=WHY))
        if name == FIRST:
            dagster.shoot("12-godkannandet")
        dagster.launch()
        assert dagster.ended() == "Success"
        assert BUNDLE in dagster.told("decide", state.value)
    dagster.shoot("13-godkant-av-tva")


def the_bundle_is_published_and_verified(dagster: DagsterPage, paths: Paths) -> None:
    """One archive, checked as a receiver does."""
    assert dagster.run("publicera", PUBLICATION) == "Success"
    assert [path.name for path in paths.published.glob("*/*.zip")] == [f"{BUNDLE}.zip"]
    dagster.shoot("14-utgivet")
    assert dagster.run("verifiera") == "Success"
    said = dagster.told("kontrollera", FIRST)
    assert SECOND in said
    dagster.shoot("15-kontrollen-ar-gron")
