"""The simulated deliveries: formats, codes, labels, marks and sameness of bytes."""

import hashlib

import fastexcel
import polars as pl
import pyreadstat
import pytest

from assets.catalogue.load import load_catalogue
from assets.demo.answers import ROUTED_ITEMS
from assets.demo.generate import ensure_demo
from tests.support.demo_files import SMALL, make_demo, plain_cells

MISSING = {"996", "998", "999"}


@pytest.fixture(scope="module")
def demo(small_deliveries):
    return small_deliveries


@pytest.fixture(scope="module")
def cells(demo):
    return {name: plain_cells(demo.inbox / name) for name in demo.summary.files}


def codebook_of(columns):
    return max(load_catalogue().codebooks, key=lambda b: len(set(b.items) & set(columns)))


def items_in(book, columns):
    """Column -> item of the codebook's columns that a file has (a question that none of its waves asked has none)."""
    return {column: key for column, key in book.items.items() if column in set(columns)}


def hashes(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_every_municipality_sends_files_of_the_kinds_that_exist(demo):
    names = demo.summary.files
    catalogue = load_catalogue()
    assert {n.rsplit(" ", 1)[-1].split(".")[0] for n in names} == {m.name.rsplit(" ", 1)[-1] for m in catalogue.municipalities}
    assert sorted({n.rsplit(".", 1)[1] for n in names}) == ["csv", "sav", "xlsx"]
    assert {n for n in names if "2016-2024" in n} == {
        f"Stockholmsenkäten 2016-2024 {place}.sav" for place in ("Solna", "Upplands-Bro", "Värmdö")
    }
    assert "Stockholmsenkäten 2016 & 2020-2022 Täby.sav" in names


def test_the_same_assumptions_give_the_same_bytes(demo, tmp_path):
    again = make_demo(tmp_path)
    assert hashes(again.inbox) == hashes(demo.inbox)
    assert not again.summary.from_cache
    assert again.truth.cells.equals(demo.truth.cells)


def test_another_seed_gives_other_files(demo, tmp_path):
    other = make_demo(tmp_path, seed=7)
    assert set(other.summary.files) == set(demo.summary.files)
    assert set(hashes(demo.inbox).values()).isdisjoint(hashes(other.inbox).values())


def test_a_second_call_puts_back_what_is_missing_or_changed(copy_of_deliveries):
    first = copy_of_deliveries
    before = hashes(first.inbox)
    gone, changed = (first.inbox / name for name in first.summary.files[:2])
    gone.unlink()
    changed.write_bytes(b"x")
    (first.inbox / "annat.csv").write_bytes(b"y")
    second = ensure_demo(first.inbox, first.cache, scale=SMALL)
    assert second.from_cache
    (first.cache / "deliveries" / first.summary.files[3]).write_bytes(b"z")
    gone.unlink()
    assert not ensure_demo(first.inbox, first.cache, scale=SMALL).from_cache
    assert hashes(first.inbox) == before | {"annat.csv": hashlib.sha256(b"y").hexdigest()}


def test_codes_written_are_codes_of_the_codebook(cells):
    survey = load_catalogue().survey
    for name, (frame, labels) in cells.items():
        book = codebook_of(frame.columns)
        for column, key in items_in(book, frame.columns).items():
            item = survey.by_key[key]
            found = set(frame[column].drop_nulls())
            if labels:
                unlabelled = found - set(labels[column])
                known = set(survey.answers(key).values()) if item.type == "choice" else set()
                known |= set(book.label_variants.get(key, {})) | set(book.missing_labels)
                assert set(labels[column].values()) <= known, (name, column)
            elif name.endswith("Salem.csv"):
                unlabelled = found - set(book.missing_labels)
                unlabelled -= set(survey.answers(key).values()) if item.type == "choice" else set()
            else:
                unlabelled = found - MISSING - {str(c) for c in (survey.answers(key) if item.type == "choice" else ())}
            counts = {str(n) for n in range((item.maximum or -1) + 1)} if item.type == "count" else set()
            assert unlabelled <= counts, (name, column)


def test_dont_know_sits_after_the_last_answer_in_the_older_files_only(cells):
    (old, old_labels), (new, new_labels) = (cells[f"Stockholmsenkäten {n}.sav"] for n in ("2016-2022 Haninge", "2024 Haninge"))
    assert old_labels["F80"]["5"] == "Vet inte"
    assert {"5"} <= set(old["F80"].drop_nulls())
    assert new_labels["F82"]["998"] == "Vet inte"
    assert "5" not in set(new["F82"].drop_nulls())


def test_routed_questions_are_not_answered(cells):
    for name, (frame, _) in cells.items():
        book = codebook_of(frame.columns)
        delivered = {key: column for column, key in book.items.items()}
        for routed, before in ROUTED_ITEMS.items():
            first = {"F36": {"1", "Ingen gång"}, "F46": {"1", "Nej"}}[before]
            values = frame.select(a=pl.col(delivered[before]), b=pl.col(delivered[routed]))
            skipped = values["b"].is_in(["996", "Ska ej besvaras"]).fill_null(False)
            answered_no = values["a"].is_in(list(first)).fill_null(False)
            left_between = answered_no & values["b"].is_null()
            left_between |= answered_no & values["b"].is_in(["999", "Ej svar"]).fill_null(False)
            assert (skipped <= answered_no).all(), name
            assert (answered_no <= (skipped | left_between)).all(), name
            assert left_between.sum() <= 0.01 * len(left_between) + 2, name


def test_labels_are_our_own_short_ones(demo):
    survey = load_catalogue().survey
    for name in (n for n in demo.summary.files if n.endswith(".sav")):
        _, meta = pyreadstat.read_sav(str(demo.inbox / name), metadataonly=True)
        book = codebook_of(meta.column_names)
        for column, key in items_in(book, meta.column_names).items():
            assert meta.column_names_to_labels[column] == survey.by_key[key].label_sv, (name, column)
        assert max(len(text) for text in meta.column_labels) < 60, name


def test_every_file_says_that_it_is_synthetic(demo):
    for name in demo.summary.files:
        path = demo.inbox / name
        if path.suffix == ".sav":
            _, meta = pyreadstat.read_sav(str(path), metadataonly=True)
            texts = [meta.file_label, *meta.notes]
        elif path.suffix == ".csv":
            texts = [path.read_text(encoding="cp1252").splitlines()[0]]
        else:
            texts = [fastexcel.read_excel(path.read_bytes()).load_sheet(0, header_row=None).to_polars()[0, 0]]
        assert all("SYNTETISKA DATA" in text for text in texts), name


def test_missing_kinds_are_declared_in_the_2024_files(demo):
    _, meta = pyreadstat.read_sav(str(demo.inbox / "Stockholmsenkäten 2024 Haninge.sav"), user_missing=True)
    assert meta.missing_ranges["F90"] == [{"lo": 996.0, "hi": 999.0}]
    assert set(items_in(codebook_of(meta.column_names), meta.column_names)) <= set(meta.missing_ranges)


def test_known_dirt_of_older_files_is_there(cells):
    botkyrka, _ = cells["Stockholmsenkäten 2016-2022 Botkyrka.sav"]
    assert 0.05 < botkyrka["Skolenhetskod"].is_null().mean() < 0.4
    assert set(botkyrka["ARSKURS"]) == {"9", "2", "7"}
    jarfalla, _ = cells["Stockholmsenkäten 2016-2022 Järfälla.sav"]
    early = jarfalla["ar"].cast(pl.Int64) < 2020
    assert jarfalla["Skolnamn"].is_null().to_list() == early.to_list()
    assert {"Skolenhetskod", "Skolnamn"}.isdisjoint(cells["Stockholmsenkäten 2016-2022 Södertälje.sav"][0].columns)
    assert "F2" in cells["Stockholmsenkäten 2016-2022 Lidingö.sav"][0].columns
    assert "Arskurs" in cells["Stockholmsenkäten 2016-2022 Lidingö.sav"][0].columns
    assert "Kön" in botkyrka.columns
    assert "Flera kvällar i veckan" in cells["Stockholmsenkäten 2016-2022 Haninge.sav"][1]["F95"].values()


def test_stockholm_has_old_and_new_districts(cells):
    known = load_catalogue().district_names
    old, _ = cells["Stockholmsenkäten 2016-2022 Stockholm.sav"]
    by_wave = {w: set(old.filter(pl.col("ar") == w)["SkolSDO"]) for w in ("2016", "2022")}
    assert by_wave["2016"] | by_wave["2022"] <= set(known)
    assert by_wave["2016"].isdisjoint({"Järva", "Hägersten-Älvsjö", "Norra Innerstaden"})
    assert by_wave["2022"].isdisjoint({"Norrmalm", "Östermalm", "Rinkeby-Kista", "Spånga-Tensta", "Älvsjö"})
    others = [frame.columns for name, (frame, _) in cells.items() if "Stockholm." not in name]
    assert not any("SkolSDO" in columns for columns in others)


def test_truth_has_a_row_for_every_delivered_row_and_stays_out_of_the_inbox(demo, cells):
    counted = {r["file_name"]: r["len"] for r in demo.truth.respondents.group_by("file_name").len().iter_rows(named=True)}
    assert counted == {name: frame.height for name, (frame, _) in cells.items()}
    assert demo.summary.respondents == sum(counted.values())
    assert not [p for p in demo.inbox.iterdir() if p.suffix == ".parquet"]
    first = demo.truth.respondents.filter(pl.col("file_name") == "Stockholmsenkäten 2024 Haninge.sav")["respondent_key"][0]
    digest = hashlib.sha256((demo.inbox / "Stockholmsenkäten 2024 Haninge.sav").read_bytes()).hexdigest()
    assert first == f"{digest[:12]}-1"


def test_true_scores_stand_behind_the_delivered_codes(demo, cells):
    scores = load_catalogue().item_scores()
    name = "Stockholmsenkäten 2024 Haninge.sav"
    truth = demo.truth.respondents.filter(pl.col("file_name") == name).sort("row")
    serious = truth["careless"] == 0
    for item in ("F67c", "F91", "F55o", "F103g"):
        delivered = cells[name][0][item].cast(pl.Int64)
        back = delivered.replace_strict(scores[item], default=None, return_dtype=pl.Int8)
        answered = serious & back.is_not_null()
        assert answered.sum() > 20
        assert (back == truth[f"score_{item}"])[answered.arg_true()].all()
