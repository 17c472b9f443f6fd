"""Everything a steward can point at in Dagster has a Swedish text that says what it is, where it is from and what to do next."""

import json
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from assets.catalogue.base_profile import BASE_PROFILE
from assets.catalogue.load import profile_ids
from assets.texts import automation_texts, ui_guide, ui_texts
from pipelines.definitions import build_definitions
from tests.support.ui_inventory import Entry, inventory

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = re.compile(r"\b(the|of|and|or|each|their|which|with|when|this|must|should|returns?|given|rows?)\b")
WORDS = ui_guide()["words"]
KINDS = {"asset", "check", "job", "op", "field", "config", "resource field", "sensor", "schedule"}


def entries_of(profile: str) -> list[Entry]:
    """The inventory of a profile's definitions; another than the base needs a process of its own."""
    if profile == BASE_PROFILE:
        return inventory(build_definitions())
    command = [sys.executable, "-W", "ignore", "-m", "tests.support.ui_inventory", profile]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return [tuple(entry) for entry in json.loads(done.stdout)]


@pytest.fixture(scope="module", params=profile_ids())
def found(request: pytest.FixtureRequest) -> list[Entry]:
    """The inventory of each profile in turn."""
    return entries_of(request.param)


def test_every_text_is_swedish(found):
    missing = [entry[:2] for entry in found if len(entry[2]) < 20]
    assert missing == [], "saknar svensk text i texts/dagster.yml"
    english = {entry[:2]: words for entry in found if (words := ENGLISH.findall(entry[2].lower()))}
    assert english == {}, "ser ut att vara på engelska"
    by_kind = defaultdict(str)
    for kind, _, text in found:
        by_kind[kind] += text
    assert set(by_kind) >= {"asset", "check", "job", "op", "field", "config", "resource field", "sensor"}
    assert set(by_kind) <= KINDS
    for kind, text in by_kind.items():
        assert set("åäö") <= set(text), f"{kind}: å, ä och ö saknas i alla texter"


def test_assets_say_what_where_from_whether_to_trust_and_what_next(found):
    for kind, name, text in found:
        if kind != "asset":
            continue
        table = "/".join(name.split("/")[-2:])
        assert table in ui_guide()["names"], f"{table} saknar svenskt namn i texts/dagster_guide.yml"
        parts = text.split("\n\n")
        assert parts[0] == f"**{ui_guide()['names'][table]}.** {' '.join(ui_texts()['assets'][table].split())}"
        assert parts[1].startswith((f"**{WORDS['comes_from']}:** ", WORDS["first"])), name
        assert parts[2].startswith(f"**{WORDS['trust']}:** "), name
        assert parts[3].startswith(f"**{WORDS['next']}:** "), name


def test_a_sliced_asset_says_what_its_parts_are():
    graph = build_definitions().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert (f"**{WORDS['parts']}:** " in node.description) == node.is_partitioned, key


def test_the_quality_assets_say_before_any_run_where_their_page_is_and_that_nothing_of_it_is_handed_out():
    graph = build_definitions().resolve_asset_graph()
    rooms = [key for key in graph.get_all_asset_keys() if key.path[0] == "quality"]
    assert len(rooms) == len(ui_guide()["about"])
    for key in rooms:
        metadata = graph.get(key).metadata
        assert (ROOT / metadata["handboken"]).is_file()
        assert metadata["lämnas ut"] == "nej"


def test_checks_say_why_and_what_to_do_when_they_do_not_hold(found):
    for kind, name, text in found:
        if kind == "check":
            assert re.search(r"Om (den|det) inte håller: \S", text), name


def test_jobs_and_sensors_have_a_name_first_and_a_next_step_last(found):
    for kind, name, text in found:
        if kind == "job":
            assert re.match(r"\*\*[A-ZÅÄÖ][^*]+\.\*\* ", text), name
            assert f"\n\n**{WORDS['next']}:** " in text, name
        if kind in ("sensor", "schedule"):
            assert re.match(r"[A-ZÅÄÖ][^.*]+\. [A-ZÅÄÖ]", text), name
            assert f" {WORDS['next']}: " in text, name
        if kind in ("op", "sensor", "schedule", "field", "config", "resource field"):
            assert "**" not in text, f"{name}: Dagster shows the signs of Markdown here"


def test_no_docstring_of_ours_is_shown_where_a_run_is_configured(found):
    ours = tuple(ui_texts()["configs"].values())  # a profile with other areas says after it what a municipality is
    assert {(name, text) for kind, name, text in found if kind == "config" and not text.startswith(ours)} == set()


def test_a_profile_with_other_areas_says_what_a_municipality_is(found):
    note = WORDS["area"].format(word="skoldistrikt")
    for kind, name, text in found:
        if kind in ("asset", "check", "job", "field", "config") and "kommun" in text.lower():
            assert (note in text) == any(key.startswith("yrbs/") for _, key, _ in found), (kind, name)


def test_no_text_is_left_over_and_names_are_told_apart():
    guide, texts = ui_guide(), ui_texts()
    names = list(guide["names"].values())
    assert len(names) == len(set(names)), "två tabeller heter likadant"
    assert set(guide["names"]) == set(texts["assets"])
    for kind in ("jobs", "ops", "sensors", "checks"):
        assert set(guide[kind]) <= {*texts[kind], *automation_texts().get(kind, {})}, kind


def test_the_detector_sees_english():
    assert ENGLISH.findall("protect the estimates of each wave") == ["the", "of", "each"]
    assert ENGLISH.findall("skriv rapportpaket för valda kommuner och mättillfälle.") == []
