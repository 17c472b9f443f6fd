"""Columns known by the text of their question, and files in another profile's inbox."""

from __future__ import annotations

import json
import shutil

import polars as pl
import pytest

from assets.catalogue.load import load_profile_catalogue
from assets.demo.lupp import generated_name, write_lupp
from assets.demo.yrbs import students
from assets.intake.by_text import KnownColumns, names_by_text, with_names
from assets.intake.delivery import RawDelivery
from assets.intake.readers import read_delivery
from assets.intake.receive import receive
from assets.intake.recognise import recognise
from assets.intake.tables import coded_cells, delivery_rows, value_labels
from assets.intake.wordings import items_of, known_hashes
from assets.methods.coded import CodedCells
from assets.methods.errors import PipelineError
from assets.raw import other_inboxes
from pipelines.codebook import propose_codebook
from pipelines.paths import Paths
from tests.support.bad_files import survey_cells

BASE, LUPP = load_profile_catalogue("stockholm"), load_profile_catalogue("lupp")
HASHES = known_hashes(LUPP.survey)
NEW = next(b for b in BASE.codebooks if b.match_by == "code")


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory):
    """The simulated Lupp files."""
    folder = tmp_path_factory.mktemp("lupp")
    write_lupp(folder / "filer", folder / "sanning")
    return folder / "filer"


def delivery(columns: list[str], texts: dict[str, str] | None = None) -> RawDelivery:
    """A delivery with one row of ones."""
    return RawDelivery(
        "fil.sav", "0" * 64, "sav", CodedCells.of(pl.DataFrame({c: ["1"] for c in columns})), column_labels=texts or {}
    )


def test_a_question_of_the_owners_is_known_by_its_hash():
    """A real wording, short enough to quote; its generated name; and a spelling with other marks and capitals."""
    for text in ("Hur ser du på framtiden?", "hurserdupaframtiden", "HUR SER DU PÅ FRAMTIDEN"):
        assert items_of(text, HASHES) == {"h6_42"}
    assert items_of("Hur ser du på skolan?", HASHES) == set()
    assert {"@wave", "@school_name"} < set(HASHES.values())


def test_columns_are_named_by_their_text_or_by_themselves():
    texts = {"x1": "Self-rated health", "x2": "Hur ser du på framtiden?", "x3": "Något annat"}
    named = names_by_text(delivery(["Kommun", "f2_32", "Artal data samlades in", *texts], texts), LUPP.codebooks, HASHES)
    assert named == {"x1": "f1_31", "x2": "h6_42"}
    assert names_by_text(delivery(["Årtal data samlades in"]), LUPP.codebooks, HASHES) == {"Årtal data samlades in": "@wave"}
    read = with_names(delivery(list(texts), texts), named)
    assert read.cells.columns == ["f1_31", "h6_42", "x3"]
    assert read.column_labels["h6_42"] == "Hur ser du på framtiden?"


def test_a_name_in_the_codebook_goes_before_a_text():
    named = names_by_text(delivery(["h6_42", "x"], {"x": "Hur ser du på framtiden?"}), LUPP.codebooks, HASHES)
    assert named == {}


def test_two_columns_with_one_question_are_refused():
    with pytest.raises(PipelineError) as caught:
        names_by_text(delivery(["a", "b"], dict.fromkeys("ab", "Hur ser du på framtiden?")), LUPP.codebooks, HASHES)
    assert caught.value.code == "same_question"
    assert "flera kolumner med samma frågetext (a, b)" in str(caught.value)


def test_a_survey_with_names_of_its_own_is_read_by_name_only():
    texts = {"x": BASE.survey.items[0].label_sv}
    assert names_by_text(delivery(["x"], texts), BASE.codebooks, known_hashes(BASE.survey)) == {}
    assert BASE.survey.items[0].label_sv not in KnownColumns(BASE.codebooks, known_hashes(BASE.survey))


def test_both_years_and_all_formats_are_recognised(deliveries):
    names = KnownColumns(LUPP.codebooks, HASHES)
    formats = set()
    for path in sorted(deliveries.iterdir()):
        read = read_delivery(path, names)
        named = names_by_text(read, LUPP.codebooks, HASHES)
        book = recognise(path.name, with_names(read, named).cells.columns, LUPP.codebooks)
        assert book.id == f"lupp-{path.name.split()[1]}"
        assert set(named.values()) >= set(book.items)
        formats.add(read.file_format)
    assert formats == {"sav", "csv", "xlsx"}


def test_the_programs_of_two_years_give_other_names():
    assert generated_name("Besvär: huvudvärk", 2017) == "besvarhuvudvark"
    assert generated_name("Besvär: huvudvärk", 2020) == "Besvar_huvudvark"


def test_the_raw_table_keeps_the_files_own_names(deliveries, tmp_path):
    path = next(p for p in sorted(deliveries.iterdir()) if p.suffix == ".sav")
    (item,), refused = receive([path], tmp_path / "a", tmp_path / "r", LUPP.codebooks, frozenset(), (), HASHES)
    assert refused == []
    row = delivery_rows([item], [2017, 2020]).row(0, named=True)
    assert row["matched_pct"] == 100
    assert "besvarhuvudvark" in row["columns"]
    assert "f2_32" not in row["columns"]
    one = pl.DataFrame({"codes": [[1] * item.delivery.cells.width]})
    texts = json.dumps([["x"]] * item.delivery.cells.width)
    assert {"f2_32", "Kommun"} < set(coded_cells(one, row["columns"], texts, row["named"]).columns)
    assert set(value_labels(row["value_labels"], row["named"])["f2_32"].values()) == set(LUPP.survey.answers("f2_32").values())
    assert "f2_32" not in coded_cells(one, row["columns"], texts).columns


@pytest.fixture
def drop(tmp_path, deliveries):
    """Put a file of each survey in a folder and read them with a profile's codebooks."""
    folder = tmp_path / "data" / "inbox" / "enkat"
    folder.mkdir(parents=True)
    shutil.copy(sorted(deliveries.iterdir())[1], folder / "lupp.sav")
    survey_cells(NEW, 3).write_csv(folder / "stockholm.csv", separator=";")
    students().head(20).write_csv(folder / "yrbs.csv")

    def read(profile_id: str, others) -> dict[str, str]:
        catalogue = load_profile_catalogue(profile_id)
        books, hashes = catalogue.codebooks, known_hashes(catalogue.survey)
        files = sorted(folder.iterdir())
        taken, refused = receive(files, tmp_path / "a", tmp_path / "r", books, frozenset(), (), hashes, others)
        assert len(taken) + len(refused) == len(files)
        return {r.file_name: (r.code, r.sentence) for r in refused}

    return read


def test_a_file_of_another_profile_is_set_aside_with_where_it_belongs(drop, tmp_path):
    refused = drop("stockholm", lambda: other_inboxes(Paths(tmp_path / "data")))
    assert set(refused) == {"lupp.sav", "yrbs.csv"}
    assert refused["lupp.sav"] == (
        "other_profile",
        "lupp.sav: väntade en leverans av den enkät som den här inkorgen är till för, fick en leverans av Lupp "
        "(kodboken lupp-2017), som hör till profilen lupp. Lägg filen i data/profiler/lupp/inbox/enkat och kör "
        "did kor --profil lupp.",
    )
    assert "hör till profilen yrbs. Lägg filen i data/profiler/yrbs/inbox/enkat" in refused["yrbs.csv"][1]


def test_and_the_other_way_round(drop, tmp_path, monkeypatch):
    monkeypatch.setenv("DID_PROFILE", "lupp")
    refused = drop("lupp", lambda: other_inboxes(Paths(tmp_path / "data" / "profiler" / "lupp")))
    assert set(refused) == {"stockholm.csv", "yrbs.csv"}
    assert refused["stockholm.csv"][1].endswith("hör till profilen stockholm. Lägg filen i data/inbox/enkat och kör did kor.")


def test_a_file_that_nobody_knows_stays_unknown(tmp_path):
    folder = tmp_path / "data" / "inbox" / "enkat"
    folder.mkdir(parents=True)
    (folder / "okand.csv").write_text("a;b;c\n1;2;3\n", encoding="utf-8")
    others = other_inboxes(Paths(tmp_path / "data"))
    _, (one,) = receive(
        [folder / "okand.csv"], tmp_path / "a", tmp_path / "r", BASE.codebooks, frozenset(), others=lambda: others
    )
    assert one.code == "unknown_variables"


def test_the_workbench_knows_a_file_by_its_texts(deliveries, tmp_path, monkeypatch):
    monkeypatch.setenv("DID_PROFILE", "lupp")
    for path in sorted(deliveries.iterdir())[:3]:
        (line,) = propose_codebook(path, None, tmp_path)
        assert "känns redan igen som lupp-2017 (100\u00a0% av frågorna)" in line
    lines = propose_codebook(sorted(deliveries.iterdir())[0], tmp_path / "egen.yml", tmp_path)
    assert "39 säkra" in lines[1]
    assert "besvarhuvudvark: f2_32" in (tmp_path / "egen.yml").read_text(encoding="utf-8")
