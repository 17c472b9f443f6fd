"""Codes, labels and kinds of missing answers of the two delivery variants -> canonical codes."""

from __future__ import annotations

import polars as pl
import pytest

from assets.catalogue.load import load_catalogue
from assets.methods.coded import CodedCells
from assets.methods.encode import (
    NO_ANSWER,
    UNKNOWN,
    code_map,
    encode,
    encode_background,
    encode_labels,
    municipality_coding,
    with_scb_codes,
)
from assets.methods.errors import PipelineError

CATALOGUE = load_catalogue()
SURVEY = CATALOGUE.survey
NEW = next(b for b in CATALOGUE.codebooks if b.match_by == "code")
OLD = next(b for b in CATALOGUE.codebooks if b.match_by == "label")
F55E = {"1": "Stämmer mycket dåligt", "2": "Stämmer ganska dåligt", "3": "Stämmer ganska bra", "4": "Stämmer mycket bra"}


def text(**columns: list[str | None]) -> pl.DataFrame:
    """All-text cells as the intake hands over."""
    return pl.DataFrame(columns, schema={name: pl.String for name in columns})


def encoded(cells: pl.DataFrame, item: str, labels=None, book=NEW) -> list[int | None]:
    """The canonical codes of one item."""
    return encode(cells, labels or {}, book, SURVEY, "fil.sav")[item].to_list()


def refusal(cells: pl.DataFrame, labels=None, book=NEW) -> str:
    """The sentence for cells that must be refused."""
    with pytest.raises(PipelineError) as caught:
        encode(cells, labels or {}, book, SURVEY, "fil.sav")
    assert caught.value.code == "unknown_code"
    return str(caught.value)


def test_one_column_per_item_in_catalogue_order_and_absent_ones_are_null():
    frame = encode(text(F55e=["1", "4"]), {}, NEW, SURVEY, "fil.sav")
    assert frame.columns == [item.key for item in SURVEY.items]
    assert set(frame.dtypes) == {pl.Int16}
    assert frame["F55e"].to_list() == [1, 4]
    assert frame["F62"].null_count() == 2, "a column that the delivery lacks is another thing than an empty answer"


def test_the_kinds_of_missing_answers_stay_apart():
    assert encoded(text(F48=["1", "996", "998", "999", None]), "F48") == [1, 996, 998, 999, NO_ANSWER]
    labels = text(F48=["Ska ej besvaras", "Vet inte", "Ej svar", None])
    assert encoded(labels, "F48") == [996, 998, 999, 999]
    old = text(F47=["Ska ej besvaras", "Vet inte", "Ej svar", "<NA>", None])
    assert encoded(old, "F48", book=OLD) == [996, 998, 999, 999, 999]
    assert encoded(text(F47=["996", "998", "999"]), "F48", book=OLD) == [996, 998, 999], "codes of a file without labels"


def test_a_text_file_may_hold_labels_in_either_variant():
    words = ["Stämmer mycket bra", "Stämmer mycket dåligt"]
    assert encoded(text(F55e=words), "F55e") == [4, 1]
    assert encoded(text(f54e=words), "F55e", book=OLD) == [4, 1]


def test_in_the_old_variant_a_code_means_what_its_label_says():
    turned = {
        "f54e": {"1": "Stämmer mycket bra", "2": "Stämmer ganska bra", "3": "Stämmer ganska dåligt", "4": "Stämmer mycket dåligt"}
    }
    assert encoded(text(f54e=["1", "2", "3", "4"]), "F55e", turned, OLD) == [4, 3, 2, 1]


def test_dont_know_is_category_five_in_the_old_variant():
    answers = {str(code): label for code, label in SURVEY.answers("F82").items()}
    labels = {"F80": answers | {"5": "Vet inte", "9": "Ej svar"}}
    assert len(answers) == 4
    assert encoded(text(F80=["4", "5", "9", None]), "F82", labels, OLD) == [4, 998, 999, 999]
    assert "okänd kod 5" in refusal(text(F82=["5"])), "in the new variant 5 is no answer to this question"


def test_spellings_that_mean_the_same():
    assert encoded(text(F61=["Jag har inte blivit mobbad, kränkt eller trakasserad"]), "F62", book=OLD) == [1]
    assert encoded(text(F5=["Mindre än 5  år", "Mindre än 5 år"]), "F5", book=OLD) == [4, 4]
    assert encoded(text(F95=["1"]), "F97", {"F95": {"1": "Flera  kvällar i veckan "}}, OLD) == [1]
    assert encoded(text(f6a=["1"]), "F6a", {"f6a": {"1": "Folkskola/grundskola"}}, OLD) == [1]


def test_names_that_moved_are_read_from_their_own_variant():
    """A file of the old variant has both F61 (bullied) and F62 (bullied others); only F61 is the catalogue's F62."""
    cells = text(F61=["Jag har inte blivit mobbad"], F62=[None], f62=["x"])
    assert encoded(cells, "F62", book=OLD) == [1]
    new = text(F62=["2"], F61=["9"], f62=["9"])
    assert encoded(new, "F62") == [2]


def test_an_unknown_code_is_named():
    assert refusal(text(F55e=["1", "7", "7", "12"])) == (
        "fil.sav: väntade svar som finns i kodboken stockholmsenkaten-2024, fick kolumnen F55e: okända koder 7, 12 på 3 rader. "
        "Rätta svaren i källan eller lägg till koden i kodboken och lägg filen i inkorgen igen."
    )
    assert "kolumnen F55e: okänd kod -3 på 1 rad." in refusal(text(F55e=["-3"]))


@pytest.mark.parametrize("book", [NEW, OLD], ids=lambda b: b.id)
@pytest.mark.parametrize("secret", ["Anna Andersson", "19990101-1234", "12345", "--5", "²", "5,0"])
def test_unknown_text_is_counted_and_never_shown(book, secret):
    source = "F55e" if book is NEW else "f54e"
    said = refusal(text(**{source: [secret, secret, "Stämmer mycket bra"]}), book=book)
    assert secret not in said
    assert f"kolumnen {source}: 1 okänd etikett på 2 rader" in said


def test_several_kinds_and_columns_of_unknown_answers():
    said = refusal(text(F55e=["7", "x", "y"], F55b=["z", "1", "1"]))
    assert "kolumnen F55b: 1 okänd etikett på 1 rad; kolumnen F55e: okänd kod 7 och 2 okända etiketter på 3 rader" in said
    many = {name: ["77"] for name in ("F55a", "F55b", "F55d", "F55e", "F55f", "F55g", "F55h")}
    assert refusal(text(**many)).count("okänd kod 77") == 5
    assert "och 2 kolumner till" in refusal(text(**many))
    assert "okända koder 50, 51, 52, 53, 54, 55, 56, 57 med flera på 9 rader" in refusal(
        text(F55e=[str(n) for n in range(50, 59)])
    )


def test_labels_that_say_the_same_change_nothing_in_the_new_variant():
    assert encoded(text(F55e=["1", "4", "999"]), "F55e", {"F55e": F55E | {"999": "Ej svar"}}) == [1, 4, 999]


@pytest.mark.parametrize(
    ("labels", "code"),
    [
        ({"1": "Stämmer mycket bra"}, "1"),
        ({"1": "Instämmer inte alls"}, "1"),
        ({"998": "Ej svar"}, "998"),
        ({"5": "Vet inte"}, "5"),
    ],
)
def test_a_label_that_contradicts_the_catalogue_stops_a_code_matched_file(labels, code):
    assert f"okänd kod {code} på 1 rad" in refusal(text(F55e=[code, "2"]), {"F55e": labels})
    assert encoded(text(F55e=["2", "3"]), "F55e", {"F55e": labels}) == [2, 3], "a contradiction that no row uses stops nothing"


def test_counts_are_numbers_within_the_items_range():
    assert encoded(text(F37=["0", "7", "99", "996", "998", "999", None]), "F37") == [0, 7, 99, 996, 998, 999, 999]
    assert encoded(text(f36=["0", "31", "Vet inte"]), "F37", book=OLD) == [0, 31, 998]


@pytest.mark.parametrize("bad", ["100", "-1", "2.5", "70000", "många"])
def test_a_count_out_of_range_is_refused(bad):
    assert "kolumnen F37: okä" in refusal(text(F37=["3", bad])).replace("1 okänd etikett", "okänd etikett")


def test_a_count_that_the_file_labels_as_missing_is_no_count():
    assert encoded(text(f36=["98", "3"]), "F37", {"f36": {"98": "Vet inte"}}, OLD) == [998, 3]
    assert "okänd kod 98 på 1 rad" in refusal(text(F37=["98", "3"]), {"F37": {"98": "Vet inte"}})


def test_the_code_map_of_a_labelled_file_knows_only_its_labels():
    item = SURVEY.by_key["F55e"]
    assert code_map({"9": "Stämmer mycket bra"}, OLD, SURVEY, item)["9"] == 4
    assert "4" not in code_map({"9": "Stämmer mycket bra"}, OLD, SURVEY, item)
    assert code_map({}, NEW, SURVEY, item)["4"] == 4
    assert code_map({"4": "Vet inte"}, NEW, SURVEY, item)["4"] == UNKNOWN


def test_background_labels_become_keys_and_gaps_stay_null():
    cells = CodedCells.of(pl.DataFrame({"F2": ["Flicka", "1", "Ej svar", "999", None, "Hen"]}))["F2"]
    read = encode_labels(cells, {"1": "Pojke"}, OLD.values.sex, OLD.missing_labels)
    assert read.to_list() == ["girl", "boy", None, None, None, "?"]


def background(cells: pl.DataFrame, labels=None, book=NEW) -> pl.DataFrame:
    """Background columns of a file."""
    return encode_background(
        cells, labels or {}, book, CATALOGUE.municipality_of_survey_code, CATALOGUE.district_names, "fil.sav"
    )


def people(**changes: list[str | None]) -> pl.DataFrame:
    """Two pupils."""
    columns = {"Skolkommun": ["23", "Stockholm"], "Arskurs": ["Åk 9", "Gy 2"], "F2": ["Flicka", "Pojke"]}
    return text(**(columns | changes))


def test_who_and_where():
    cells = people(SkolSDO=[None, "Rinkeby-Kista"], Skolenhetskod=["001", "002"], Skolnamn=["A", "B"], Klass=["9A", None])
    assert background(cells).rows() == [
        ("0160", "ak9", "girl", None, None, "001", "A", "9A"),
        ("0180", "gy2", "boy", "0180-101", None, "002", "B", None),
    ]


def test_columns_that_are_gone_are_null():
    frame = background(people())
    assert frame.columns == [
        "municipality_code", "grade", "sex", "district_code", "home_area_code", "school_code", "school_name", "class_code"
    ]  # fmt: skip
    assert set(frame.dtypes) == {pl.String}
    assert frame["class_code"].null_count() == 2


def test_an_empty_sex_or_grade_is_missing_and_not_unknown():
    frame = background(people(F2=[None, "Annan könstillhörighet"], Arskurs=[None, "Åk 7"], Skolkommun=["90", None]))
    assert frame["sex"].to_list() == [None, "other"]
    assert frame["grade"].to_list() == [None, None]
    assert frame["municipality_code"].to_list() == [None, None]


def test_codes_of_background_columns_go_through_the_files_labels():
    labels = {"F2": {"1": "Pojke", "2": "Flicka"}, "Arskurs": {"9": "Åk 9", "2": "Gy 2"}, "Skolkommun": {"1": "Täby"}}
    frame = background(people(F2=["2", "1"], Arskurs=["9", "2"], Skolkommun=["1", "2"]), labels)
    assert frame.select("municipality_code", "grade", "sex").rows() == [("0160", "ak9", "girl"), ("0125", "gy2", "boy")]


def test_unknown_background_is_refused_without_showing_it():
    secret = "KANARIE-7391"
    with pytest.raises(PipelineError) as caught:
        background(people(F2=[secret, "Pojke"], Arskurs=["8", "Gy 2"], Skolkommun=[secret, "31"]))
    assert caught.value.code == "unknown_code"
    assert str(caught.value) == (
        "fil.sav: väntade kommun, årskurs, kön och stadsdel ur kodboken, fick "
        "kolumnen Skolkommun: okänd kod 31 och 1 okänd etikett på 2 rader; kolumnen Arskurs: okänd kod 8 på 1 rad; "
        "kolumnen F2: 1 okänd etikett på 1 rad. "
        "Rätta värdena i källan eller lägg till dem i katalogen och lägg filen i inkorgen igen."
    )


@pytest.mark.parametrize("name", sorted(CATALOGUE.district_names))
def test_every_district_name_of_every_era_is_known(name):
    frame = background(people(SkolSDO=[name, None]))
    assert frame["district_code"][0] == CATALOGUE.district_names[name]


@pytest.mark.parametrize("place", CATALOGUE.municipalities, ids=lambda m: m.ascii_name)
def test_every_municipality_is_known_by_number_and_name(place):
    frame = background(people(Skolkommun=[str(place.survey_code), place.name]))
    assert set(frame["municipality_code"]) == {place.municipality_code}


def test_scb_codes_are_understood_and_the_steward_is_told_which_numbers_were_used():
    names = CATALOGUE.municipality_of_survey_code
    cells = CodedCells.of(pl.DataFrame({"k": ["0127", "127", "8", "Botkyrka", "27", None, "188"]}))["k"]
    known = with_scb_codes(names)
    assert [known.get(text) for text in ("0127", "127", "8", "Botkyrka", "188", "0188")] == ["0127"] * 4 + ["0188"] * 2
    assert {text: known[text] for text in names} == names, "what the survey means by a number goes first"
    assert municipality_coding(cells, {}, names) == ("SCB:s koder", "enkätens nummer", "namn")
    assert municipality_coding(cells, {"8": "Botkyrka", "27": "Annan kommun"}, names) == ("SCB:s koder", "namn")
    frame = background(people(Skolkommun=["127", "0127"]))
    assert frame["municipality_code"].to_list() == ["0127", "0127"]
