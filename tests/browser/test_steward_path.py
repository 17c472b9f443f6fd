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
from tests.support.first_day import BROKEN, WAVE, drop, prepare

BUNDLE = f"0127_botkyrka_{WAVE}_v1.0_intern"
AUTHOR, FIRST, SECOND = "Anna Andersson", "Åsa Ek", "Bo Alm"
CHOICES = f"utgava: intern\nkommuner: ['0127']\nav: {AUTHOR}\n"
PREVIEW = f"ops:\n  gor_paketen:\n    config:\n      kommuner: ['0127']\n      av: {AUTHOR}\n"
APPROVAL = "ops:\n  decide:\n    config:\n      paket: {bundle}\n      namn: {name}\n      roll: enhetschef\n      skal: {why}\n"
PUBLICATION = "ops:\n  published__sealed_bundles:\n    config:\n      kommuner: ['0127']\n"
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
    with dagster_started(paths.root) as address:
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="sv-SE", timezone_id="Europe/Stockholm")
        yield DagsterPage(context.new_page(), address, shots)
        context.close()


def test_from_the_inbox_to_a_bundle_that_is_published_and_verified(dagster: DagsterPage, paths: Paths, tmp_path: Path):
    sent = prepare(tmp_path / "skickat")

    # 1-2. The whole chain for one municipality. Red, because a file was set aside; what could be done is done. The files are
    # dropped last: the inbox's own sensor starts a run for all municipalities when they have lain still on two ticks.
    dagster.open_job("everything")
    dagster.type_fields(CHOICES)
    dagster.shoot("1-starta-korningen")
    drop(sent, paths)
    dagster.launch()
    assert dagster.ended() == "Failure"
    said = dagster.told("surveys", BROKEN)
    assert f"{BROKEN}: väntade en hel SPSS-fil, fick en fil som tar slut i förtid eller är skadad." in said
    dagster.shoot("2-filen-som-inte-gick-att-lasa")
    assert sorted(path.name for path in paths.rejected.iterdir()) == [BROKEN, f"{BROKEN}.txt"]

    # 3. The rules, each with its outcome.
    dagster.open("/assets/harmonised/survey_responses?view=checks")
    dagster.page.get_by_text("Regeln håller").first.wait_for()
    assert "Resultaten redovisas per årskurs" in dagster.text(), "and why there is such a rule"
    dagster.shoot("3-kontrollerna")

    # 4. A preview of one municipality.
    assert dagster.run("forhandsgranska", PREVIEW) == "Success"
    dagster.told("gor_paketen", "paket")
    assert BUNDLE in dagster.unfold(BUNDLE)
    dagster.shoot("4-forhandsgranskningen")

    # 5. What is hidden, and by which rules.
    dagster.page.goto((paths.reports / str(WAVE) / "rojanderapport.html").as_uri())
    assert "Botkyrka" in dagster.text()
    dagster.shoot("5-rojanderapporten")

    # 6. Two persons approve.
    for name, state in ((FIRST, State.WAITING_ONE), (SECOND, State.APPROVED)):
        dagster.open_job("godkann")
        dagster.type_fields(APPROVAL.format(bundle=BUNDLE, name=name, why=WHY))
        if name == SECOND:
            dagster.shoot("6-godkannandet")
        dagster.launch()
        assert dagster.ended() == "Success"
        assert BUNDLE in dagster.told("decide", state.value)
    dagster.shoot("7-godkant-av-tva")

    # 7-8. Published and verified.
    assert dagster.run("publicera", PUBLICATION) == "Success"
    assert [path.name for path in paths.published.glob("*/*.zip")] == [f"{BUNDLE}.zip"]
    dagster.shoot("8-utgivet")
    assert dagster.run("verifiera") == "Success"
    said = dagster.told("kontrollera", FIRST)
    assert SECOND in said
    dagster.shoot("9-kontrollen-ar-gron")
