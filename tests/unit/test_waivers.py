"""Waivers: only with reason, two persons, a time and inside the bounds; and printed wherever the edition is read."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assets.bundle.content import municipality_report
from assets.bundle.disclosure_words import disclosure_words, waiver_lines
from assets.bundle.method_folder import method_files
from assets.bundle.render import render_bundle
from assets.bundle.types import ReportMeta
from assets.bundle.waiver_words import waiver_blocks
from assets.bundle.words import Context
from assets.bundle.writer import manifest_of
from assets.catalogue.load import ROOT, load_catalogue, read_catalogue
from assets.methods.disclosure_policy import load_policy, policy_facts
from assets.methods.errors import PipelineError
from tests.support.sample_bundle import outline, sample_bundle_frames, sample_bundle_meta, sample_report_meta

CATALOGUE = load_catalogue()
FRAMES, SCOPE = sample_bundle_frames()
RELEASED = date(2026, 11, 22)
WAIVER: dict[str, Any] = {
    "id": "mindre-kommuner",
    "rule": "district_floor",
    "value": 25,
    "edition": "intern",
    "areas": "alla",
    "waves": "alla",
    "reason": "Stadsdelarna ska kunna planera sitt arbete under försöket",
    "decided_by": [
        {"name": "Anna Påhittad", "role": "dataskyddsombud"},
        {"name": "Bo Exempel", "role": "statistikchef"},
    ],
    "decided_on": "2026-10-01",
    "valid_until": "2027-06-30",
}


def with_waivers(*waivers: dict[str, Any]) -> dict[str, Any]:
    return CATALOGUE.disclosure | {"waivers": list(waivers)}


def meta_with(disclosure: dict[str, Any]) -> ReportMeta:
    meta = sample_report_meta()
    assert meta.method is not None
    assert meta.english is not None
    policy, names = load_policy(disclosure), {index.key: index.label_sv for index in CATALOGUE.indices}
    words = disclosure_words(policy, names, meta.texts["method_folder"]["disclosure"])
    method, waivers = replace(meta.method, disclosure=words), waiver_lines(policy)
    return replace(meta, method=method, waivers=waivers, english=replace(meta.english, waivers=waivers))


def test_a_waiver_loosens_its_number_in_its_edition_only() -> None:
    policy = load_policy(with_waivers(WAIVER), RELEASED)
    assert policy.numbers("intern").district_floor == 25
    assert policy.numbers("publik") == load_policy(CATALOGUE.disclosure).numbers("publik")
    assert policy.without_waivers().numbers("intern").district_floor == 30


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"edition": "publik"}, "gäller utgåvan publik, där inga undantag får göras"),
        ({"edition": "hemlig"}, "gäller utgåvan hemlig, som inte finns"),
        ({"rule": "count_step", "value": 1}, "gäller regeln count_step, som inte kan ha undantag"),
        ({"rule": "min_schools", "value": 2}, "gäller regeln min_schools, som inte kan ha undantag"),
        ({"rule": "line_rule"}, "gäller regeln line_rule, som inte kan ha undantag"),
        ({"areas": ["0127"]}, "inte gäller alla områden och mättillfällen"),
        ({"waves": [2024]}, "inte gäller alla områden och mättillfällen"),
        ({"reason": "Behövs."}, "saknar ett skäl på minst 20 tecken"),
        ({"decided_by": WAIVER["decided_by"][:1]}, "saknar två olika personers namn och roll"),
        ({"decided_by": []}, "saknar två olika personers namn och roll"),
        (
            {"decided_by": [{"name": "Anna Påhittad", "role": "a"}, {"name": " anna  PÅHITTAD ", "role": "b"}]},
            "saknar två olika personers namn och roll",
        ),
        (
            {"decided_by": [{"name": "Anna Påhittad", "role": "a"}, {"name": "Anna Maria Påhittad", "role": "b"}]},
            "kan vara en persons",
        ),
        (
            {"decided_by": [{"name": "Anna Påhittad", "role": "a"}, {"name": "Bo Exempel", "role": " "}]},
            "saknar två olika personers namn och roll",
        ),
        ({"value": 30}, r"inte lindrar district_floor \(30\)"),
        ({"value": 40}, "ett strängare värde skrivs i editions"),
        ({"value": 19}, "går förbi den gräns som aldrig viks: district_floor 20"),
        ({"rule": "dominance", "value": 95}, "går förbi den gräns som aldrig viks: dominance 90"),
        ({"valid_until": "2026-11-21"}, "gick ut 2026-11-21, före publiceringen 2026-11-22"),
        ({"decided_on": "2026-11-23"}, "beslutades 2026-11-23, efter publiceringen"),
        ({"valid_until": "2026-09-30"}, "upphör innan det beslutades"),
        ({"valid_until": "snart"}, "ska vara ett datum som 2026-01-31"),
        ({"value": "25"}, "undantag 0.value: ska vara ett heltal"),
        ({"value": True}, "undantag 0.value: ska vara ett heltal"),
        ({"extra": 1}, "undantag 0.extra: okänd nyckel"),
        ({"rule": "cell_floor", "value": 4}, r"tillsammans motsäger reglerna i utgåvan intern: cell_floor \(4\) ska vara större"),
    ],
)
def test_a_waiver_that_can_not_hold_stops_with_one_sentence(change: dict[str, Any], words: str) -> None:
    with pytest.raises(PipelineError, match=words) as caught:
        load_policy(with_waivers(WAIVER | change), RELEASED)
    assert caught.value.code == "bad_waiver"
    assert "Påhittad" not in str(caught.value), "no name reaches a log"


def test_two_waivers_of_one_rule_or_with_one_name_stop() -> None:
    with pytest.raises(PipelineError, match="står två gånger"):
        load_policy(with_waivers(WAIVER, WAIVER), RELEASED)
    with pytest.raises(PipelineError, match="har flera undantag i samma utgåva"):
        load_policy(with_waivers(WAIVER, WAIVER | {"id": "annat"}), RELEASED)


@pytest.mark.parametrize("entries", ["alla", {"id": "x"}, [3]])
def test_something_else_than_a_list_of_waivers_stops(entries: object) -> None:
    with pytest.raises(PipelineError, match=r"waivers\.yml"):
        load_policy(CATALOGUE.disclosure | {"waivers": entries}, RELEASED)


def test_a_waiver_is_printed_in_report_method_folder_and_certificate() -> None:
    disclosure = with_waivers(WAIVER)
    meta = meta_with(disclosure)
    bundle = render_bundle(FRAMES, SCOPE, meta, draw=outline)
    told = (
        "Undantag mindre-kommuner: district_floor är 25, annars 30. Beslutat 2026-10-01 av Anna Påhittad, dataskyddsombud; Bo "
        "Exempel, statistikchef. Gäller till och med 2027-06-30. Regeln: ”I en stadsdel krävs minst 25 elever med poäng.” Skäl: "
        "Stadsdelarna ska kunna planera sitt arbete under försöket."
    )
    pages = [name for name, content in sorted(bundle.files.items()) if name.endswith(".html") and told in content.decode()]
    assert {"1_rapport/rapport.html", "5_metod/metod.html", "5_metod/rojandekontroll.html"} <= set(pages)
    english = bundle.files["1_rapport/report_en.html"].decode()
    assert "Waiver mindre-kommuner: district_floor is 25, otherwise 30. Decided on 2026-10-01 by Anna Påhittad" in english
    assert "I en stadsdel krävs minst 25 elever" in bundle.files["5_metod/rojandekontroll.html"].decode()
    manifest = manifest_of(bundle, replace(sample_bundle_meta(), **policy_facts(disclosure, SCOPE.edition)))
    release = manifest["release"]
    assert isinstance(release, dict)
    assert release["policy_version"] == str(disclosure["version"])
    assert release["waivers"] == [WAIVER | {"usual_value": 30}]


def test_without_a_waiver_nothing_is_printed_of_any() -> None:
    content = municipality_report(FRAMES, SCOPE, sample_report_meta())
    pages = method_files(FRAMES, content, sample_report_meta())
    assert "Undantag" not in "".join(page.decode() for name, page in pages.items() if name.endswith(".html"))
    assert "Undantag" not in str(content.sections)
    meta = meta_with(with_waivers(WAIVER))
    assert waiver_blocks(Context(FRAMES, SCOPE, meta), "undantag")
    assert waiver_blocks(Context(FRAMES, replace(SCOPE, edition="publik"), meta), "undantag") == (), "of another edition"


def test_the_catalogue_reads_waivers_and_stops_at_one_that_has_expired(tmp_path: Path) -> None:
    copy = tmp_path / "catalogue"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    text = f"waivers:\n  - {WAIVER}\n"
    (copy / "waivers.yml").write_text(text, encoding="utf-8")
    assert policy_facts(read_catalogue(copy).disclosure, "intern")["waivers"][0]["id"] == "mindre-kommuner"
    assert not policy_facts(read_catalogue(copy, "lupp").disclosure, "intern")["waivers"], "a profile has its own"
    (copy / "waivers.yml").write_text(text.replace("2027-06-30", "2026-10-30"), encoding="utf-8")
    with pytest.raises(PipelineError, match="gick ut 2026-10-30"):
        read_catalogue(copy)
    (copy / "waivers.yml").write_text("undantag: []\n", encoding="utf-8")
    with pytest.raises(PipelineError, match="listan waivers i den andra"):
        read_catalogue(copy)
