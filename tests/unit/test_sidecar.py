"""What a steward declares beside a delivery, own codebooks, and what the inbox remarks on."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl
import pytest
import yaml

from assets.catalogue.load import ROOT, load_catalogue
from assets.catalogue.steward import load_steward_codebooks, with_steward_codebooks
from assets.intake.fingerprint import fingerprint
from assets.intake.readers import read_delivery
from assets.intake.receive import inbox_files, inbox_notes, receive
from assets.intake.recognise import known_names, recognise
from assets.intake.sidecar import Sidecar, read_sidecar, sidecar_path
from assets.intake.tables import delivery_rows
from assets.methods.errors import PipelineError
from tests.support.fuzz_corpus import BOOK, HEADER, PUPILS, labels, numbers, pupils, sav, text, without
from tests.support.judge import inbox, judge

CATALOGUE = load_catalogue()
IDS = {b.id for b in CATALOGUE.codebooks}
PLACES = frozenset(CATALOGUE.municipality_by_code)
OLD = "stockholmsenkaten-till-2022"


@pytest.fixture
def paths(tmp_path):
    """An empty installation."""
    return inbox(tmp_path / "data")


def drop(paths, name: str, content: str, sidecar: str | None = None) -> Path:
    """Put a file, and perhaps its sidecar, in the inbox."""
    path = paths.surveys / name
    path.write_text(content, encoding="utf-8")
    if sidecar is not None:
        sidecar_path(path).write_text(sidecar, encoding="utf-8")
    return path


def take(paths, already: frozenset[str] = frozenset(), books=CATALOGUE.codebooks):
    """Take in what lies in the inbox."""
    return receive(inbox_files(paths.surveys), paths.archive, paths.rejected, books, already, PLACES)


def declared(paths, sidecar: str) -> Sidecar:
    """A sidecar as read."""
    return read_sidecar(drop(paths, "fil.csv", "x", sidecar), IDS, PLACES, 20_000).sidecar


def test_every_value_is_text_and_keeps_its_zero(paths):
    said = declared(paths, 'kodbok: stockholmsenkaten-2024\nkommun: 0127\norsak: "Rättad: F62"\n')
    assert said == Sidecar(kodbok="stockholmsenkaten-2024", kommun="0127", orsak="Rättad: F62")
    assert declared(paths, "\ufeffkommun: 0180") == Sidecar(kommun="0180")
    assert read_sidecar(paths.surveys / "utan.csv", IDS, PLACES, 20_000) is None


BOTH = "Rätta sidofilen och lägg båda filerna i inkorgen igen."
KEYS = "kodbok, kommun, ar eller orsak"
SHAPE = f"väntade rader av formen nyckel: värde med {KEYS}, fick "


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "kodbok: lupp",
            f"väntade en kodbok som finns ({', '.join(sorted(IDS))}), fick kodbok: lupp. "
            "Rätta raden kodbok i sidofilen och lägg båda filerna i inkorgen igen.",
        ),
        (
            "kommun: 1480",
            "väntade koden för en kommun i länet, till exempel 0127, fick kommun: 1480. "
            "Rätta raden kommun i sidofilen och lägg båda filerna i inkorgen igen.",
        ),
        ("kommun: Botkyrka", f"väntade ett kort värde på kommun med fyra siffror, fick något annat. {BOTH}"),
        ("kodbok: [a, b]", f"väntade ett kort värde på kodbok, fick något annat. {BOTH}"),
        (f"orsak: {'x' * 400}", f"väntade ett kort värde på orsak, fick något annat. {BOTH}"),
        ("kodbk: x", f"väntade {KEYS}, fick nyckeln kodbk. {BOTH}"),
        ("kodbok:", f"väntade minst en av {KEYS}, fick ingen av dem. {BOTH}"),
        ("", f"{SHAPE}något annat. {BOTH}"),
        ("bara text", f"{SHAPE}något annat. {BOTH}"),
        ("kodbok: [", f"{SHAPE}text som inte går att läsa så. {BOTH}"),
        ("[" * 6000, f"{SHAPE}text som inte går att läsa så. {BOTH}"),
        ("orsak: \x00", f"{SHAPE}text som inte går att läsa så. {BOTH}"),
        (
            "# " + "x" * 30_000,
            f"väntade en kort sidofil, fick en fil på mer än 20000 byte. Skriv bara raderna {KEYS}.",
        ),
    ],
)
def test_a_mistake_in_it_sets_both_files_aside_with_a_sentence(paths, content, said):
    path = drop(paths, "fil.csv", text(), content)
    taken, (refused,) = take(paths)
    assert taken == []
    assert refused.code == "bad_sidecar"
    assert refused.sentence == f"fil.csv.kodbok.yml: {said}"
    assert list(paths.surveys.iterdir()) == []
    assert sorted(p.name for p in paths.rejected.iterdir()) == ["fil.csv", "fil.csv.kodbok.yml", "fil.csv.txt"]
    assert sidecar_path(paths.rejected / path.name).read_text(encoding="utf-8") == content


def test_it_overrules_what_the_columns_say_and_is_archived_with_the_file(paths):
    twin = BOOK.model_copy(update={"id": "tvilling"})
    drop(paths, "fil.csv", text())
    _, (refused,) = take(paths, books=(*CATALOGUE.codebooks, twin))
    assert refused.sentence == (
        "fil.csv: väntade en kodbok som passar bäst, fick två som passar lika bra (stockholmsenkaten-2024 och tvilling). "
        "Ange vilken med raden kodbok i en sidofil, fil.csv.kodbok.yml."
    )
    path = drop(paths, "fil.csv", text(), "kodbok: tvilling\norsak: Rättad\n")
    (taken,), refused = take(paths, books=(*CATALOGUE.codebooks, twin))
    assert refused == []
    assert taken.codebook is twin
    (row,) = delivery_rows([taken], [2024]).iter_rows(named=True)
    assert (row["codebook"], row["declared"], row["reason"], row["municipality_code"]) == ("tvilling", True, "Rättad", "")
    kept = paths.archive / hashlib.sha256(path.read_bytes()).hexdigest()
    assert sorted(p.name for p in kept.iterdir()) == ["fil.csv", f"fil.csv.{taken.declared.sha256[:8]}.kodbok.yml"]


def test_a_declared_codebook_that_the_file_has_nothing_of(paths):
    names = [f"v{n}" for n in range(len(HEADER))]
    book = BOOK.model_copy(update={"id": "egen", "items": {"okänd": "F5"}})
    drop(paths, "fil.csv", text(header=[*HEADER[:7], *names[7:]]), "kodbok: egen\n")
    _, (refused,) = take(paths, books=(*CATALOGUE.codebooks, book))
    assert refused.sentence == (
        "fil.csv: väntade kolumner ur kodboken egen, som sidofilen anger, fick inga sådana kolumner. "
        "Kontrollera att det är rätt fil och rätt kodbok."
    )


def test_the_wrong_generation_declared_is_stopped_by_the_files_own_texts(paths):
    """F91 is a different question in the two generations; a file of 2024 declared as an older one is not believed."""
    texts = {name: CATALOGUE.survey.by_key[item].label_sv for name, item in BOOK.items.items() if name in HEADER}
    path = paths.surveys / "fil.sav"
    sav(column_labels=texts)(path)
    sidecar_path(path).write_text(f"kodbok: {OLD}\n", encoding="utf-8")
    said = judge(paths).sentence
    assert said.startswith(f"fil.sav: väntade frågorna ur kodboken {OLD}, fick andra frågor enligt filens egna texter i ")
    assert "F91" in said


def test_a_file_without_municipality_gets_the_declared_one(paths):
    drop(paths, "fil.csv", without("Skolkommun"), "kommun: 0127\n")
    assert set(judge(paths).rows["municipality_code"]) == {"0127"}


def test_only_empty_cells_get_the_declared_municipality(paths):
    body = pupils()
    for n, row in enumerate(body):
        row[HEADER.index("Skolkommun")] = ("", "Botkyrka", "27")[n % 3]
    drop(paths, "fil.csv", text(body), "kommun: 0127\n")
    assert judge(paths).rows["municipality_code"].to_list() == ["0127", "0127", None] * (PUPILS // 3)


def test_rows_of_another_municipality_contradict_the_declared_one(paths):
    drop(paths, "fil.csv", text(), "kommun: 0127\n")
    assert judge(paths).sentence == (
        f"fil.csv, kolumnen Skolkommun: väntade bara rader från kommunen 0127, som sidofilen anger, "
        f"fick {PUPILS} rader från andra kommuner. "
        "Ta bort raden kommun ur sidofilen, eller de andra kommunernas rader ur filen."
    )


def test_a_file_is_read_again_when_its_sidecar_comes_changes_or_goes(paths):
    path = drop(paths, "fil.csv", text())
    (first,), _ = take(paths)
    assert take(paths, frozenset({first.reading_key})) == ([], [])
    drop(paths, "fil.csv", text(), "orsak: a\n")
    (second,), _ = take(paths, frozenset({first.reading_key}))
    assert take(paths, frozenset({second.reading_key})) == ([], [])
    drop(paths, "fil.csv", text(), "orsak: b\n")
    (third,), _ = take(paths, frozenset({second.reading_key}))
    sidecar_path(path).unlink()
    (fourth,), _ = take(paths, frozenset({third.reading_key}))
    assert fourth.reading_key == first.reading_key
    assert len({first.reading_key, second.reading_key, third.reading_key}) == 3


def test_the_inbox_remarks_on_second_copies_and_lost_sidecars(paths):
    for name in ("a.csv", "b.csv", "c.csv"):
        drop(paths, name, text() if name != "c.csv" else text() + " ")
    (paths.surveys / "borta.sav.kodbok.yml").write_text("orsak: x\n", encoding="utf-8")
    files = inbox_files(paths.surveys)
    lost = "borta.sav.kodbok.yml: sidofilen hör inte till någon fil i inkorgen."
    assert inbox_notes(files) == ["b.csv: filen har samma innehåll som a.csv och lästes inte en gång till.", lost]
    assert inbox_notes(files, {"b.csv"})[0] == "a.csv: filen har samma innehåll som b.csv och lästes inte en gång till."
    taken, refused = take(paths)
    assert [r.delivery.file_name for r in taken] == ["a.csv", "c.csv"]
    assert refused == []


def test_the_fingerprint_is_of_columns_and_labels_and_not_of_answers_or_order(tmp_path):
    def mark(name: str, frame: pl.DataFrame, **more: object) -> str:
        path = tmp_path / name
        sav(frame, **more)(path)
        return fingerprint(read_delivery(path, known_names(CATALOGUE.codebooks)))

    first = mark("a.sav", numbers())
    assert len(first) == 16
    assert mark("b.sav", numbers().select(reversed(numbers().columns)).with_columns(F55e=pl.lit(2))) == first
    assert mark("c.sav", numbers().drop("F55e")) != first
    assert mark("d.sav", numbers(), meant=labels() | {"F55e": {1: "Ja"}}) != first
    assert mark("e.sav", numbers(), column_labels={"F55e": "Stökigt"}) != first


def own(folder: Path, name: str = "egen.yml", **changes: object) -> Path:
    """A codebook of the steward's own: the one of 2024 with changes."""
    content = yaml.safe_load((ROOT / "codebooks" / "stockholmsenkaten-2024.yml").read_text(encoding="utf-8"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(yaml.safe_dump(content | {"id": "egen"} | changes, allow_unicode=True), encoding="utf-8")
    return path


def test_own_codebooks_come_after_those_that_ship(tmp_path):
    assert load_steward_codebooks(tmp_path / "saknas", CATALOGUE) == ()
    own(tmp_path)
    (book,) = load_steward_codebooks(tmp_path, CATALOGUE)
    assert book.id == "egen"
    assert with_steward_codebooks(CATALOGUE, tmp_path).codebooks == (*CATALOGUE.codebooks, book)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "stockholmsenkaten-2024"}, "id stockholmsenkaten-2024 finns redan i katalogen"),
        ({"survey": "annan"}, "okänd enkät annan"),
        ({"items": {"V1": "F55e", "V2": "F55x"}}, "okänd fråga F55x"),
        ({"items": {"V1": "F55e", "V2": "F55e"}}, "två kolumner för frågan F55e"),
        ({"items": {}}, "items är tom"),
        ({"match_by": "gissning"}, "match_by: "),
        ({"nytt": 1}, "nytt: okänd nyckel"),
        ({"label_variants": {"F62": {"Ofta": 9}}}, "F62 har ingen svarskod 9"),
        ({"missing_labels": {"Borta": 9}}, "missing_labels: okänd sorts bortfall 9"),
        ({"values": {"grade": {"Nian": "ak7"}, "sex": {"Pojke": "man"}}}, "values.grade: okänd årskurs ak7"),
        ({"values": {"grade": {"Nian": "ak9"}, "sex": {"Pojke": "man"}}}, "values.sex: okänt kön man"),
        ({"columns": {"wave": [], "school_municipality": ["a"], "grade": ["b"], "sex": ["c"]}}, "columns: wave saknar namn"),
    ],
)
def test_a_mistake_in_an_own_codebook_is_told_with_its_file(tmp_path, changes, said):
    own(tmp_path / "kodbocker", **changes)
    with pytest.raises(PipelineError) as caught:
        load_steward_codebooks(tmp_path / "kodbocker", CATALOGUE)
    assert caught.value.code == "steward_codebook"
    assert f"egen.yml: {said}" in str(caught.value)
    assert str(caught.value).endswith("Rätta raderna ovan och kör igen.")


@pytest.mark.parametrize("content", [b"id: [", b"\xff\xfe", b"[" * 9000, b"id: a\nid: b\n", b"x" * 300_000, b"- 1\n"])
def test_a_file_that_is_no_codebook_is_told_too(tmp_path, content):
    (tmp_path / "fel.yml").write_bytes(content)
    own(tmp_path, "ett.yml")
    own(tmp_path, "två.yml")
    with pytest.raises(PipelineError) as caught:
        load_steward_codebooks(tmp_path, CATALOGUE)
    assert "fel.yml: " in str(caught.value)
    assert "två.yml: id egen finns redan i ett.yml" in str(caught.value)


def test_a_smaller_own_codebook_does_not_take_over_ordinary_files(tmp_path):
    few = dict(list(BOOK.items.items())[:60])
    own(tmp_path, items=few)
    books = with_steward_codebooks(CATALOGUE, tmp_path).codebooks
    assert recognise("fil.csv", [*HEADER[:7], *BOOK.items], books).id == BOOK.id
    assert books[-1].id == "egen"


def test_the_declared_year_goes_for_the_whole_file_and_the_steward_is_told(paths):
    drop(paths, "fil.csv", text(), "ar: 2022\n")
    (taken,), refused = take(paths)
    assert refused == []
    assert set(taken.wave) == {2022}
    (note,) = [n for n in taken.delivery.notes if "sidofilen" in n]
    rows = len(pupils())
    assert note == f"fil.csv: {rows} rader säger ett annat år i kolumnen ar; året 2022 i sidofilen gäller för hela filen."


def test_a_file_without_a_year_column_needs_the_declared_one(paths):
    drop(paths, "fil.csv", without("ar"), "ar: 2024\n")
    (taken,), refused = take(paths)
    assert refused == []
    assert set(taken.wave) == {2024}
    assert not any("sidofilen" in n for n in taken.delivery.notes)
