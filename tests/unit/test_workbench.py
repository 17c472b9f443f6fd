"""The codebook workbench: what it recognises, what it refuses to believe, and that its proposals work."""

from __future__ import annotations

import random
import re
from dataclasses import replace

import polars as pl
import pyreadstat
import pytest

from assets.catalogue.load import load_catalogue
from assets.catalogue.steward import codebook_problems, load_steward_codebooks
from assets.intake.delivery import RawDelivery
from assets.intake.evidence import LIKELY, SURE, UNSURE, name_pattern
from assets.intake.proposal import codebook_id, parsed, proposal_yaml, summary_lines
from assets.intake.readers import read_delivery
from assets.intake.wordings import (
    hash_rows,
    items_of,
    known_hashes,
    normal_form,
    shipped_hashes,
    wording_hash,
)
from assets.intake.workbench import Proposal, propose
from assets.methods.coded import CodedCells
from assets.methods.errors import PipelineError
from pipelines import cli
from pipelines.codebook import propose_codebook
from tests.support.fuzz_corpus import HEADER, ITEMS, PUPILS, SECRET, SECRET_SCHOOL, labels, numbers, pupils, sav, text
from tests.support.judge import inbox, judge

CATALOGUE = load_catalogue()
SURVEY = CATALOGUE.survey
NEW = next(b for b in CATALOGUE.codebooks if b.id == "stockholmsenkaten-2024")
OLD = next(b for b in CATALOGUE.codebooks if b.id == "stockholmsenkaten-till-2022")


@pytest.fixture(scope="module")
def deliveries(small_deliveries):
    """Simulated files by name."""
    return {p.name: p for p in small_deliveries.inbox.iterdir()}


def disguised(source, target) -> dict[str, str]:
    """The same SPSS file with every column renamed and in another order, texts and labels kept; old name -> new name."""
    frame, meta = pyreadstat.read_sav(str(source), output_format="polars", user_missing=True)
    order = list(frame.columns)
    random.Random(3).shuffle(order)
    names = {old: f"VAR{n:03d}" for n, old in enumerate(order)}
    pyreadstat.write_sav(
        frame.select(order).rename(names),
        str(target),
        column_labels={names[c]: t for c, t in meta.column_names_to_labels.items()},
        variable_value_labels={names[c]: v for c, v in meta.variable_value_labels.items()},
        row_compress=True,
    )
    return names


@pytest.mark.parametrize("name", ["Stockholmsenkäten 2024 Vallentuna.sav", "Stockholmsenkäten 2016-2022 Vallentuna.sav"])
def test_a_file_with_unknown_names_comes_in_through_the_proposal_with_the_same_rows(deliveries, name, tmp_path):
    before = inbox(tmp_path / "ett")
    (before.surveys / name).write_bytes(deliveries[name].read_bytes())
    expected = judge(before).rows
    paths = inbox(tmp_path / "två")
    dropped = paths.surveys / "Ny variant.sav"
    disguised(deliveries[name], dropped)
    assert judge(paths).sentence.startswith("Ny variant.sav: väntade kolumner som någon kodbok känner igen")
    assert not dropped.exists()
    said = propose_codebook(paths.rejected / "Ny variant.sav", None, paths.root)
    assert said[-2] == f"Kodboken skrevs: {paths.codebooks / 'ny-variant.yml'}"
    (paths.rejected / "Ny variant.sav").rename(dropped)
    verdict = judge(paths, load_steward_codebooks(paths.codebooks, CATALOGUE))
    assert verdict.sentence is None
    own = ["respondent_key", "delivery_id"]
    assert verdict.rows.drop(own).equals(expected.drop(own))


def raw(columns: dict[str, list[str]], texts: dict[str, str] | None = None, meant: dict | None = None) -> RawDelivery:
    """A delivery as read."""
    cells = pl.DataFrame(columns, schema={c: pl.String for c in columns})
    said = {c: {str(k): v for k, v in pairs.items()} for c, pairs in (meant or {}).items()}
    return RawDelivery("fil.sav", "f" * 64, "sav", CodedCells.of(cells), value_labels=said, column_labels=texts or {})


def like(book, **rename: str) -> tuple[dict[str, list[str]], dict[str, dict[int, str]]]:
    """Columns and value labels as a delivery of a generation has them; `rename`: canonical item -> column name."""
    held = {rename.get(item, name): item for name, item in book.items.items() if SURVEY.by_key[item].type == "choice"}
    columns = {"ar": ["2024", "2024"], "Skolkommun": ["Täby", "Täby"], "Arskurs": ["Åk 9", "Gy 2"], "F2": ["Pojke", "Flicka"]}
    columns |= {name: ["1", "1"] for name in held}
    return columns, {name: dict(SURVEY.answers(item)) for name, item in held.items()}


def matches(proposal: Proposal) -> dict[str, tuple[str, str]]:
    """Column -> item and confidence."""
    return {m.column: (m.item, m.confidence) for m in proposal.matches}


@pytest.mark.parametrize("book", [NEW, OLD], ids=lambda b: b.id)
def test_names_and_answers_that_agree_are_enough_without_texts(book):
    columns, meant = like(book)
    proposal = propose(raw(columns, meant=meant), CATALOGUE)
    assert proposal.base is book
    found = matches(proposal)
    assert {name: item for name, (item, c) in found.items() if c != UNSURE} == {n: book.items[n] for n in meant}
    assert all(c == SURE for _, c in found.values())


def test_the_same_name_for_another_question_is_decided_by_the_text():
    columns, meant = like(NEW)
    asked = SURVEY.by_key["F63"].label_sv
    meant["F62"] = dict(SURVEY.answers("F63"))
    del columns["F63"], meant["F63"]
    found = matches(propose(raw(columns, {"F62": asked}, meant), CATALOGUE))
    assert found["F62"] == ("F63", SURE)
    assert all(item != "F62" for item, _ in found.values())


def test_the_same_name_with_other_answers_is_not_believed():
    columns, meant = like(NEW)
    meant["F62"] = {1: "Ja", 2: "Nej", 3: "Vill inte svara"}
    proposal = propose(raw(columns, meant=meant), CATALOGUE)
    assert "F62" not in matches(proposal)
    assert proposal.unknown["F62"] == "namnet finns i en kodbok, men svaren är andra: en annan fråga med samma namn"
    assert "F62" in proposal.absent


def test_a_text_that_agrees_with_other_answers_is_unsure_and_left_out():
    columns, meant = like(NEW)
    meant["F62"] = {1: "Ja", 2: "Nej"}
    proposal = propose(raw(columns, {"F62": SURVEY.by_key["F62"].label_sv}, meant), CATALOGUE)
    assert matches(proposal)["F62"] == ("F62", UNSURE)
    assert "F62" not in parsed(proposal_yaml(proposal, "x")).items
    assert "\n  # F62: F62  # osäker: frågetexten stämmer, men svaren är andra (0\u00a0% lika)\n" in proposal_yaml(proposal, "x")


def test_an_unknown_text_makes_a_known_name_less_than_certain():
    columns, meant = like(NEW)
    found = matches(propose(raw(columns, {"F55e": "En helt ny fråga om skolan"}, meant), CATALOGUE))
    assert found["F55e"] == ("F55e", LIKELY)
    assert found["F55f"] == ("F55f", SURE)


def test_a_name_that_only_looks_alike_needs_the_answers():
    columns, meant = like(NEW, F55e="Q55E_ny", F90="fraga90")
    meant["fraga90"] = {1: "Ja", 2: "Nej"}
    proposal = propose(raw(columns, meant=meant), CATALOGUE)
    assert matches(proposal)["Q55E_ny"] == ("F55e", LIKELY)
    assert "fraga90" in proposal.unknown


def test_two_columns_for_one_question_are_both_left_to_a_person():
    columns, meant = like(NEW)
    columns["Extra"], meant["Extra"] = ["1", "1"], meant["F90"]
    asked = SURVEY.by_key["F90"].label_sv
    proposal = propose(raw(columns, {"F90": asked, "Extra": asked}, meant), CATALOGUE)
    assert matches(proposal)["F90"] == matches(proposal)["Extra"] == ("F90", UNSURE)


def test_bare_numbers_of_the_older_generation_are_never_assumed():
    columns, _ = like(OLD)
    columns |= {"ARSKURS": columns.pop("Arskurs")}
    with pytest.raises(PipelineError) as caught:
        propose(raw(columns), CATALOGUE)
    assert caught.value.code == "unknown_variables"
    columns, _ = like(NEW)
    proposal = propose(raw(columns), CATALOGUE)
    assert {c for _, c in matches(proposal).values()} == {LIKELY}
    assert proposal.match_by == "code"


def test_codes_that_mean_something_else_are_read_through_their_labels():
    columns, meant = like(NEW)
    assert propose(raw(columns, meant=meant), CATALOGUE).match_by == "code"
    meant["F55e"] = {5 - code: text for code, text in meant["F55e"].items()}
    assert propose(raw(columns, meant=meant), CATALOGUE).match_by == "label"


def test_background_is_found_by_what_it_holds():
    columns, meant = like(NEW)
    odd = {"Årtal": "ar", "Var": "Skolkommun", "Steg": "Arskurs", "Vem": "F2"}
    columns = {new: columns.pop(old) for new, old in odd.items()} | columns
    proposal = propose(raw(columns, meant=meant), CATALOGUE)
    assert {role: proposal.roles[role].column for role in ("school_municipality", "grade", "sex")} == {
        "school_municipality": "Var",
        "grade": "Steg",
        "sex": "Vem",
    }
    assert proposal.roles["wave"].column == "Årtal"
    assert proposal.waves == (2024,)


def test_labels_for_sex_and_grade_that_no_codebook_has_are_guessed_and_marked():
    columns, meant = like(NEW)
    columns |= {"F2": ["1", "2"], "Arskurs": ["1", "2"]}
    meant |= {"F2": {1: "Kille", 2: "Tjej", 3: "Hemligt"}, "Arskurs": {1: "Årskurs 9", 2: "Gymnasiet år 2", 9: "Ej svar"}}
    proposal = propose(raw(columns, meant=meant), CATALOGUE)
    written = proposal_yaml(proposal, "x")
    book = parsed(written)
    assert book.values.sex["Kille"] == "boy"
    assert book.values.sex["Tjej"] == "girl"
    assert book.values.grade["Årskurs 9"] == "ak9"
    assert book.values.grade["Gymnasiet år 2"] == "gy2"
    assert '# Kontrollera, gissat: "Kille", "Tjej"' in written
    assert '# Okända etiketter, lägg till dem ovan: "Hemligt"' in written


def test_a_file_without_municipality_says_what_to_do():
    columns, meant = like(NEW)
    del columns["Skolkommun"]
    proposal = propose(raw(columns, meant=meant), CATALOGUE)
    written = proposal_yaml(proposal, "x")
    assert "  school_municipality: [Skolkommun]  # hittades inte i filen; ange kommun i en sidofil\n" in written
    assert "Saknas: skolkommun. Utan dem kan filen inte läsas (kommunen kan anges i en sidofil)." in summary_lines(proposal)
    assert codebook_problems(parsed(written), SURVEY) == []


def test_names_and_texts_that_YAML_would_misread_survive():
    columns, meant = like(NEW)
    odd = ["on", "1", "a: b", "# x", "'", '"', "rad\u2028bryt", "{x}"]
    for name, item in zip(odd, ("F55a", "F55b", "F55d", "F55e", "F55f", "F55g", "F55h", "F55i"), strict=True):
        columns[name] = columns.pop(item)
        meant[name] = meant.pop(item)
    asked = dict(zip(odd, [f"F55{letter}" for letter in "abdefghi"], strict=True))
    texts = {name: SURVEY.by_key[item].label_sv for name, item in asked.items()}
    columns["okänd: [kolumn\nmed rad"] = ["1", "2"]
    proposal = propose(replace(raw(columns, texts, meant), file_name='fil "x": #1.sav'), CATALOGUE)
    book = parsed(proposal_yaml(proposal, "x"))
    assert {name: book.items[name] for name in odd} == asked


def test_an_unknown_label_is_told_with_its_question():
    columns, meant = like(NEW)
    meant["F90"][1] = "Aldrig någonsin"
    written = proposal_yaml(propose(raw(columns, meant=meant), CATALOGUE), "x")
    assert '  # F90: okända svarsetiketter, lägg till dem med sin kod: "Aldrig någonsin"\n' in written


def test_nothing_a_pupil_answered_is_written_or_said(tmp_path):
    body = pupils()
    body[0][HEADER.index("F55e")] = "Hemligt fritextsvar"
    path = tmp_path / "fil.csv"
    path.write_text(text([*body], [*HEADER[:-1], "Ny"]), encoding="utf-8")
    out = tmp_path / "ut.yml"
    said = "\n".join(propose_codebook(path, out, tmp_path))
    for secret in (SECRET, SECRET_SCHOOL, "Hemligt fritextsvar", "00160001"):
        assert secret not in said
        assert secret not in out.read_text(encoding="utf-8")


@pytest.mark.parametrize("suffix", ["csv", "xlsx", "dta", "zsav"])
def test_every_format_can_be_proposed_for(tmp_path, suffix, deliveries):
    from tests.support.fuzz_corpus import dta, sheets

    path = tmp_path / f"fil.{suffix}"
    unknown = [*HEADER[:7], *[f"ny_{name}" for name in ITEMS]]
    answers = numbers().rename({name: f"ny_{name}" for name in ITEMS})
    meant = {f"ny_{k}" if k in ITEMS else k: v for k, v in labels().items()}
    texts = {f"ny_{name}": SURVEY.by_key[NEW.items[name]].label_sv for name in ITEMS}
    if suffix == "csv":
        path.write_text("Titel\n" + text(header=unknown), encoding="utf-8")
    elif suffix == "xlsx":
        sheets(("Svar", [unknown, *pupils()], False))(path)
    elif suffix == "dta":
        dta()(path)
    else:
        sav(answers, meant, column_labels=texts, compress=True)(path)
    delivery = read_delivery(path, None)
    if suffix in {"csv", "xlsx"}:  # neither texts nor labels: no name is known and bare ones fit many questions
        with pytest.raises(PipelineError, match="väntade frågor ur"):
            propose(delivery, CATALOGUE)
        return
    assert len(propose(delivery, CATALOGUE).active) == len(ITEMS)


def test_a_data_row_is_never_taken_for_column_names(tmp_path):
    path = tmp_path / "fil.csv"
    path.write_text(text(header=[]), encoding="utf-8")
    with pytest.raises(PipelineError) as caught:
        read_delivery(path, None)
    assert str(caught.value) == (
        "fil.csv: väntade en rad med kolumnernas namn bland de första raderna, fick ingen sådan rad. "
        "Lägg en rubrikrad överst och försök igen."
    )


def test_the_command_line_writes_once_and_says_so(tmp_path, monkeypatch, capsys, deliveries):
    monkeypatch.setenv("DID_HOME", str(tmp_path / "data"))
    path = tmp_path / "Enkät ÅÄÖ.sav"
    disguised(deliveries["Stockholmsenkäten 2024 Vallentuna.sav"], path)
    assert cli.main(["kodbok", str(path)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"Enkät ÅÄÖ\.sav: \d+ kolumner, fingeravtryck [0-9a-f]{16}\.", out)
    assert "Bakgrund: år = VAR" in out
    written = tmp_path / "data" / "kodbocker" / "enkat-aao.yml"
    assert f"Kodboken skrevs: {written}" in out
    assert cli.main(["kodbok", str(path)]) == 0
    assert "känns redan igen som enkat-aao (100\u00a0% av frågorna); ingen ny kodbok behövs." in capsys.readouterr().out
    assert cli.main(["kodbok", str(path), "--ut", str(written)]) == 2
    assert "väntade en plats för en ny kodbok, fick en fil som redan finns." in capsys.readouterr().err
    assert cli.main(["kodbok", str(tmp_path / "saknas.sav")]) == 2
    assert "väntade en fil, fick ingen fil där." in capsys.readouterr().err


def test_a_file_that_is_known_gets_no_new_codebook(tmp_path, deliveries):
    (line,) = propose_codebook(deliveries["Stockholmsenkäten 2024 Vallentuna.sav"], None, tmp_path)
    assert line.startswith("Stockholmsenkäten 2024 Vallentuna.sav känns redan igen som stockholmsenkaten-2024 (")


@pytest.mark.parametrize(
    ("text_sv", "form"),
    [
        ("55e. Det är  HÖG ljudnivå!", "det är hög ljudnivå"),
        ("F80aa: Har du blivit hotad?", "har du blivit hotad"),
        ("Fråga 12 – Trivs du?", "trivs du"),
        ("5-9 år", "9 år"),
        ("A\u030akern", "åkern"),
    ],
)
def test_the_normal_form_of_a_wording(text_sv, form):
    assert normal_form(text_sv) == form


def test_hashes_that_two_questions_share_tell_nothing():
    rows = hash_rows([("A", "Samma fråga"), ("B", "samma FRÅGA?"), ("A", "Egen fråga")])
    assert rows == [("A", wording_hash("Egen fråga"))]
    long = "En mycket lång fråga som har samma början som en annan lång fråga men "
    hashes = {digest: item for item, digest in hash_rows([("A", f"{long}slutar så"), ("B", f"{long}slutar annorlunda")])}
    assert items_of(f"{long}slutar så", hashes) == {"A"}
    assert items_of(long, hashes) == set()
    assert items_of("55. Skolan - Egen fråga", {wording_hash("Egen fråga"): "A"}) == {"A"}


def test_the_shipped_hashes_are_hashes_of_questions_and_of_nothing_else():
    hashes = shipped_hashes()
    assert len(hashes) > 500
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in hashes)
    assert {item for item in CATALOGUE.item_scores()} <= set(hashes.values())
    assert set(NEW.items.values()) - set(hashes.values()) <= {"F19b"}


def test_every_question_is_known_by_our_own_label():
    hashes = known_hashes(SURVEY)
    for item in SURVEY.items:
        assert items_of(item.label_sv, hashes) == {item.key}
        assert items_of(item.label_en, hashes) == {item.key}


@pytest.mark.parametrize(
    ("name", "pattern"), [("f55E", "55e"), ("Q55e_2026", "55e"), ("fråga 55 e", "55e"), ("V090", "90"), ("Klass", ""), ("ar", "")]
)
def test_numbers_in_names(name, pattern):
    assert name_pattern(name) == pattern


def test_ids_are_plain_and_new():
    assert codebook_id("Enkät ÅÄÖ 2026 (1).sav", frozenset()) == "enkat-aao-2026-1"
    assert codebook_id("a.sav", frozenset({"a", "a-2"})) == "a-3"
    assert codebook_id("???.csv", frozenset()) == "kodbok"
    assert len(pupils()) == PUPILS
