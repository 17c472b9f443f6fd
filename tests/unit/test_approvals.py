"""Two different persons, the second not the author, bound to the bytes that they saw."""

from __future__ import annotations

import json
from datetime import date

import pytest

from assets.methods.errors import PipelineError
from assets.methods.person_names import is_name
from assets.reports import write_forms
from assets.sealing.approval_file import LARGEST, read_approval
from assets.sealing.approvals import REFUSED, State, faults_of_pair, standing
from assets.sealing.form import form_text
from assets.sealing.publish import state_of
from assets.sealing.store import keep_approval, kept_approvals, write_form
from assets.sealing.taken_in import approve, take_in
from pipelines.paths import Paths
from pipelines.resources import ReleaseReader
from tests.support.sealed_bundle import AUTHOR, DAY, FIRST, FOLDER, SECOND, approval_text, decision, tiny, write_tiny

TODAY = date(2026, 11, 22)


def code(kind: str, action, *args) -> str:
    """The sentence of the error that an action gives."""
    with pytest.raises(PipelineError) as told:
        action(*args)
    assert told.value.code == kind, told.value
    return str(told.value)


def test_a_bundle_waits_for_two_then_one_then_none(tmp_path):
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    folder = paths.reports / "2024" / FOLDER
    assert state_of(paths, folder).state is State.WAITING_TWO
    assert keep_approval(paths, decision(bundle.manifest_bytes, FIRST)) is State.WAITING_ONE
    assert keep_approval(paths, decision(bundle.manifest_bytes, FIRST)) is State.WAITING_ONE, "the very same decision again"
    assert keep_approval(paths, decision(bundle.manifest_bytes, SECOND)) is State.APPROVED
    assert [a.namn for a in kept_approvals(paths, bundle.manifest.sha256)] == [FIRST, SECOND]
    assert "did publicera" in code("already_approved", keep_approval, paths, decision(bundle.manifest_bytes, "Cy Dee"))


@pytest.mark.parametrize("name", ["åsa  EK", "Asa Ek", "Ek, Åsa", "A\u030asa Ek"])
def test_the_same_person_spelled_in_another_way_is_no_second(tmp_path, name):
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    keep_approval(paths, decision(bundle.manifest_bytes, FIRST))
    code("same_person", keep_approval, paths, decision(bundle.manifest_bytes, name, skal="en gång till"))


ALIKE = ["Åsa Maria Ek", "Åsa Ek-Berg", "Åsa M. Ek", "von Ek Åsa"]


@pytest.mark.parametrize("name", ALIKE)
def test_a_name_that_holds_all_words_of_the_other_may_be_the_same_persons(tmp_path, name):
    paths, bundle = Paths(tmp_path), tiny(tmp_path, prepared_by=name)
    for first, second in ((FIRST, name), (name, FIRST)):
        kept = [decision(b"m", first), decision(b"m", second)]
        assert standing(b"m", AUTHOR, kept).state is State.WAITING_ONE
        assert faults_of_pair(kept, b"m", AUTHOR, FOLDER) == ["Paketet är inte godkänt av två olika personer."]
    keep_approval(paths, decision(bundle.manifest_bytes, SECOND))
    assert "var sitt namn" in code("author_second", keep_approval, paths, decision(bundle.manifest_bytes, FIRST))
    assert keep_approval(paths, decision(bundle.manifest_bytes, "Cy Dee")) is State.APPROVED


@pytest.mark.parametrize(
    ("one", "other"), [("Anna Maria Berg", "Anna Karin Berg"), ("Anna Berg", "Anna Bergman"), ("Bo Ek", "Åsa Ek")]
)
def test_names_that_each_have_a_word_of_their_own_are_two_persons(one, other):
    kept = [decision(b"m", one), decision(b"m", other)]
    assert standing(b"m", AUTHOR, kept).state is State.APPROVED
    assert not faults_of_pair(kept, b"m", AUTHOR, FOLDER)


def test_a_third_person_stands_in_for_one_with_a_name_like_the_first():
    kept = [decision(b"m", name) for name in (FIRST, "Åsa Maria Ek", "Åsa Karin Ek", SECOND)]
    assert [one.namn for one in standing(b"m", AUTHOR, kept).approvals] == [FIRST, SECOND]


def test_a_refusal_is_not_lifted_by_a_name_that_only_may_be_the_same_persons():
    refused = [decision(b"m", "Åsa Maria Ek", REFUSED), decision(b"m", FIRST), decision(b"m", SECOND)]
    assert standing(b"m", AUTHOR, refused).state is State.REFUSED
    assert standing(b"m", AUTHOR, [*refused, decision(b"m", "ek åsa maria")]).state is State.APPROVED


def test_the_author_may_be_the_first_but_not_the_second(tmp_path):
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    keep_approval(paths, decision(bundle.manifest_bytes, FIRST))
    code("author_second", keep_approval, paths, decision(bundle.manifest_bytes, "anna  ANDERSSON"))
    kept = [decision(b"m", AUTHOR), decision(b"m", SECOND)]
    assert standing(b"m", AUTHOR, kept).state is State.APPROVED
    assert standing(b"m", AUTHOR, kept[::-1]).state is State.WAITING_ONE


def test_a_run_without_a_name_can_not_be_approved(tmp_path):
    paths, bundle = Paths(tmp_path), tiny(tmp_path, prepared_by="")
    assert "did kor --av" in code("no_author", keep_approval, paths, decision(bundle.manifest_bytes, FIRST))
    assert state_of(paths, paths.reports / "2024" / FOLDER).state is State.NAMELESS


def test_a_refusal_stops_until_the_same_person_approves(tmp_path):
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    for name in (FIRST, SECOND):
        keep_approval(paths, decision(bundle.manifest_bytes, name))
    assert keep_approval(paths, decision(bundle.manifest_bytes, "Cy Dee", REFUSED)) is State.REFUSED
    assert keep_approval(paths, decision(bundle.manifest_bytes, SECOND, skal="står fast")) is State.REFUSED
    assert keep_approval(paths, decision(bundle.manifest_bytes, "Cy Dee")) is State.APPROVED


def test_an_approval_of_another_or_an_older_bundle_counts_for_nothing(tmp_path):
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    assert "mallen" in code("other_manifest", keep_approval, paths, decision(b"another", FIRST))
    for name in (FIRST, SECOND):
        keep_approval(paths, decision(bundle.manifest_bytes, name))
    place = write_tiny(tmp_path, b"<p>another report</p>")
    assert state_of(paths, place.folder).state is State.STALE
    code("other_manifest", keep_approval, paths, decision(bundle.manifest_bytes, "Cy Dee"))
    assert "ett paket i reports/" in code("no_bundle", keep_approval, paths, decision(b"m", FIRST, paket="0000_x"))


def test_a_changed_file_can_not_be_approved(tmp_path):
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    (paths.reports / "2024" / FOLDER / "LAS_MIG.html").write_bytes(b"<p>hej!</p>")
    assert "Ändrad: LAS_MIG.html" in code("changed_bundle", keep_approval, paths, decision(bundle.manifest_bytes, FIRST))
    assert not kept_approvals(paths, bundle.manifest.sha256)


def test_a_kept_approval_that_somebody_has_changed_stops(tmp_path):
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    keep_approval(paths, decision(bundle.manifest_bytes, FIRST))
    kept = next(paths.approvals.rglob("01.json"))
    kept.write_text(kept.read_text(encoding="utf-8").replace("Ek", "Ek "), encoding="utf-8")
    code("bad_kept_approval", state_of, paths, paths.reports / "2024" / FOLDER)


def test_the_template_lies_beside_the_preview_and_works_when_filled_in(tmp_path):
    place, paths = write_tiny(tmp_path), Paths(tmp_path)
    form = write_form(paths, place.folder, place.manifest)
    assert form == tmp_path / "utgivning" / "2024" / f"{FOLDER}_godkannande.yml"
    text = form.read_text(encoding="utf-8")
    code("bad_approval", read_approval, text.encode(), form.name, TODAY)
    for field, value in (("beslut", "godkänns"), ("namn", FIRST), ("roll", "chef"), ("skal", "läst: allt"), ("datum", DAY)):
        text = text.replace(f"\n{field}:\n", f"\n{field}: '{value}'\n")
    paths.approvals_inbox.mkdir(parents=True)
    (paths.approvals_inbox / "åsa.yml").write_text(text, encoding="utf-8")
    assert take_in(paths, TODAY).kept == (f"åsa.yml: {State.WAITING_ONE.value}",)
    assert not list(paths.approvals_inbox.iterdir())
    assert all(len(line) <= 120 for line in form_text(FOLDER, b"m").splitlines())


def test_the_reports_layer_lays_a_template_for_each_of_its_bundles(tmp_path):
    reader = ReleaseReader(data_dir=str(tmp_path))
    write_forms(reader, [write_tiny(tmp_path)])
    form = tmp_path / "utgivning" / "2024" / f"{FOLDER}_godkannande.yml"
    before = form.read_text(encoding="utf-8")
    write_forms(reader, [write_tiny(tmp_path, b"<p>another report</p>")])
    assert form.read_text(encoding="utf-8") != before, "the sum follows the bundle"


def test_a_damaged_decision_about_another_bundle_stops_no_other(tmp_path):
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    (paths.approvals / ("0" * 64)).mkdir(parents=True)
    (paths.approvals / ("0" * 64) / "01.json").write_text("{", encoding="utf-8")
    assert keep_approval(paths, decision(bundle.manifest_bytes, FIRST)) is State.WAITING_ONE


def test_json_is_read_as_well(tmp_path):
    bundle = tiny(tmp_path)
    fields = decision(bundle.manifest_bytes, FIRST).model_dump(mode="json")
    content = json.dumps(fields).encode("utf-8")
    assert read_approval(content, "a.json", TODAY) == decision(bundle.manifest_bytes, FIRST)


@pytest.mark.parametrize(
    ("change", "kind", "word"),
    [
        (lambda t: t.replace("godkänns", "kanske"), "bad_approval", "beslut"),
        (lambda t: t.replace("2026-11-20", "2026-11-23"), "bad_approval", "datum"),
        (lambda t: t.replace("2026-11-20", "2019-01-01"), "bad_approval", "datum"),
        (lambda t: t.replace("2026-11-20", "i går"), "bad_approval", "datum"),
        (lambda t: t.replace("Åsa Ek", "Аnna Ek"), "bad_approval", "namn"),
        (lambda t: t.replace("namn: Åsa Ek\n", ""), "bad_approval", "namn"),
        (lambda t: t + "extra: 1\n", "bad_approval", "okända fält"),
        (lambda t: t + "namn: Bo Alm\n", "bad_approval_file", "två gånger"),
        (lambda t: t.replace("Åsa Ek", "&a Åsa Ek"), "bad_approval_file", "rad per fält"),
        (lambda t: t.replace("Åsa Ek", "!!python/name:os.system Åsa"), "bad_approval_file", "rad per fält"),
        (lambda t: t.replace("Åsa Ek", "[Åsa, Ek]"), "bad_approval_file", "rad per fält"),
        (lambda t: t + "---\n" + t, "bad_approval_file", "rad per fält"),
        (lambda t: t + "#" * LARGEST, "bad_approval_file", "16 kB"),
        (lambda t: t + "\t: : :", "bad_approval_file", "YAML"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(tmp_path, change, kind, word):
    text = change(approval_text(tiny(tmp_path), FIRST))
    sentence = code(kind, read_approval, text.encode("utf-8"), "fil.yml", TODAY)
    assert word in sentence
    assert "\n" not in sentence


def test_a_clock_that_goes_back_takes_no_decision_away_and_shows_itself(tmp_path):
    """The second decides on an earlier day than the first; a file from before the clock went back is told which day it is."""
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    given, back = {"paket": FOLDER, "roll": "chef", "skal": "granskat", "beslut": "godkänns"}, date(2026, 1, 2)
    assert approve(paths, TODAY, namn=FIRST, **given) == (FOLDER, State.WAITING_ONE)
    sentence = code("bad_approval", read_approval, approval_text(bundle, SECOND).encode(), "fil.yml", back)
    assert "i dag, 2026-01-02 enligt datorns klocka, eller tidigare" in sentence
    assert approve(paths, back, namn=SECOND, **given) == (FOLDER, State.APPROVED)
    kept = kept_approvals(paths, bundle.manifest.sha256)
    assert [(one.namn, one.datum) for one in kept] == [(FIRST, TODAY), (SECOND, back)]


def test_bad_files_are_set_aside_with_the_sentence_beside_them(tmp_path):
    paths, bundle = Paths(tmp_path), tiny(tmp_path)
    paths.approvals_inbox.mkdir(parents=True)
    for name, text in (
        ("1.yml", approval_text(bundle, FIRST)),
        ("2.yml", approval_text(bundle, "ÅSA EK", skal="igen")),
        ("3.txt", "hej"),
        ("4.json", "{"),
        ("5.yml", approval_text(bundle, SECOND)),
    ):
        (paths.approvals_inbox / name).write_text(text, encoding="utf-8")
    found = take_in(paths, TODAY)
    assert found.kept == ("1.yml: väntar på ett godkännande", "5.yml: godkänt av två")
    assert [sentence.split(":")[0] for sentence in found.refused] == ["2.yml", "3.txt", "4.json"]
    assert not list(paths.approvals_inbox.iterdir())
    beside = {p.name for p in paths.rejected.iterdir()}
    assert beside == {"2.yml", "2.yml.txt", "3.txt", "3.txt.txt", "4.json", "4.json.txt"}
    assert "två olika personer" in (paths.rejected / "2.yml.txt").read_text(encoding="utf-8")


def test_a_typed_decision_takes_the_sum_of_the_bundle_as_it_is(tmp_path):
    paths, _ = Paths(tmp_path), tiny(tmp_path)
    given = {"roll": "chef", "skal": "granskat", "beslut": "Godkänns"}
    assert approve(paths, TODAY, paket=f"{FOLDER}.zip", namn=FIRST, **given) == (FOLDER, State.WAITING_ONE)
    assert approve(paths, TODAY, paket=f"reports/2024/{FOLDER}/", namn=SECOND, **given) == (FOLDER, State.APPROVED)
    for wrong in ("../../etc", "", "0000_x"):
        with pytest.raises(PipelineError, match="ett paket i reports/"):
            approve(paths, TODAY, paket=wrong, namn=FIRST, **given)
    with pytest.raises(PipelineError) as left_out:
        approve(paths, TODAY, paket=FOLDER, namn=FIRST, **given | {"roll": " "})
    said = str(left_out.value)
    assert "fältet roll: väntade den beslutandes roll, 2-100 tecken, fick inget. Fyll i fältet i jobbet godkann" in said
    assert "mallen" not in said, "the template is for those who send in a file"


def test_what_can_be_a_name():
    assert all(is_name(name) for name in ("Åsa Ek", "Jean-Luc d'Été", "Bo Alm 2", "Øystein Łęcki"))
    assert not any(
        is_name(name)
        for name in ("", "X", "1 2", "Åsa", "Anna-Karin", "Å Ek", "Åsa 2", "Åsa\u200bEk", "Åsa\nEk", "Аsa Ek", "a" * 101)
    )
