"""What the pages say: Swedish sentences with what to do, rounded counts, shares over the floor, and never a row's value."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from assets.bundle.types import Bullets, Table, Terms, Text
from assets.quality.content import delivery_page, page_path
from assets.quality.problems import problems
from assets.quality.types import DeliveryPage
from tests.support.sample_quality import BEFORE, GOOD, HOSTILE, MIXED, OLD, STOPPED, sample_facts, sample_pages, sample_phrases

NBSP = "\u00a0"


def by_id(*, with_rules: bool = True) -> dict[str, DeliveryPage]:
    """Delivery id -> page."""
    return {page.delivery_id: page for page in sample_pages(with_rules=with_rules)[0]}


def tables(page: DeliveryPage) -> dict[str, Table]:
    """Table id -> table."""
    return {b.id: b for section in page.sections for b in section.blocks if isinstance(b, Table)}


def words(page: DeliveryPage) -> str:
    """Everything the page says, as text."""
    said = [page.title, page.lead, page.word, page.sentence, page.places, page.received]
    said += [part for p in page.problems for part in (p.text, p.why, p.todo)]
    for block in (b for section in page.sections for b in section.blocks):
        if isinstance(block, Text):
            said.append(block.text)
        elif isinstance(block, Bullets):
            said += block.items
        elif isinstance(block, Terms):
            said += [text for pair in block.items for text in pair]
        elif isinstance(block, Table):
            said += [block.caption, *block.columns, *(str(cell) for row in block.rows for cell in row)]
    return "\n".join(said)


def test_each_state_is_one_sentence_that_says_what_to_do():
    pages = by_id()
    assert pages[STOPPED].sentence == (
        "Leveransen är stoppad och räknas inte: rätta det som står först nedan och lägg filen i inkorgen igen; tidigare godkända "
        "svar ligger kvar."
    )
    assert pages[OLD].sentence == (
        "Leveransen är ersatt av Täby 2024.sav (fel svar) och räknas inte: du behöver inte göra något om den nyare filen är den "
        "rätta."
    )
    assert pages[BEFORE].sentence == "Leveransen är godkänd och svaren räknas; du behöver inte göra något."
    assert pages[GOOD].sentence == "Leveransen är godkänd och svaren räknas; titta på de fyra sakerna nedan."
    assert pages[MIXED].word == "Delvis godkänd"
    assert pages[OLD].newer_path == pages[GOOD].path
    assert pages[OLD].places == "se den nyare filen"
    for page in pages.values():
        assert page.sentence.count(". ") == 0, page.sentence


def test_a_newer_file_of_the_same_name_is_told_apart():
    facts = sample_facts()[OLD]
    page = delivery_page(replace(facts, replaced_by=facts.file_name), sample_phrases())
    assert "ersatt av en nyare fil med samma namn och" in page.sentence


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "inga"), (1, "färre än 5"), (4, "färre än 5"), (5, "cirka 5"), (7, "cirka 5"), (8, "cirka 10"),
     (1234, f"cirka 1{NBSP}235"), (None, "uppgift saknas")],
)  # fmt: skip
def test_counts_are_rounded_to_five_and_small_ones_are_words(count, text):
    assert sample_phrases().count(count) == text


def test_no_exact_count_of_rows_stands_anywhere():
    """103, 47, 46, 117, 141, 12, 3 and 2 rows are known exactly; none of them is said."""
    rows = tables(by_id()[GOOD])["rader"].rows
    assert dict(rows) == {
        "Rader som kom": "cirka 105",
        "Togs inte med: annan eller okänd årskurs, eller ingen av länets kommuner": "inga",
        "Rader som räknas": "cirka 105",
        "Rader som är likadana som en tidigare rad med samma elevnummer (tas inte bort)": "cirka 10",
        "Rader med samma elevnummer som en tidigare rad men andra svar (tas inte bort)": "färre än 5",
        "Rader som räknas men vars svar inte används, enligt rimlighetsgranskningen": "färre än 10",
    }
    for page in by_id().values():
        for exact in ("103", "47", "46", "117", "141"):
            without_names = words(page).replace(page.file_name, "")
            assert not re.search(rf"(?<![\d.F_x]){exact}(?![\d.%]|{NBSP}%)", without_names), (page.file_name, exact)


def test_shares_are_hidden_under_the_floor_and_whole_per_cent_above():
    facts = sample_facts()[MIXED]
    few = replace(facts, items=tuple(replace(i, unanswered=None, dont_know=None, routed=None, history=()) for i in facts.items))
    assert "Andelar visas inte för färre än 10 rader." in words(delivery_page(few, sample_phrases()))
    for page in by_id().values():
        assert not re.search(rf"\d,\d+{NBSP}%", words(page))


def test_problems_come_worst_first_each_with_what_to_do():
    found = by_id()[STOPPED].problems
    assert [p.severity for p in found] == sorted((p.severity for p in found), key=["stop", "warning", "info"].index)
    first = found[0]
    assert first.text == (
        "Regeln höll inte: Alla svar finns i kodboken. Gäller F55e Stökigt på lektionerna och F55f Skolarbetet saknar mening."
    )
    assert first.why == "En okänd kod kan betyda vad som helst."
    assert first.todo == "Rätta svaren eller komplettera kodboken."
    texts = [p.text for p in found]
    assert not any("foljdfraga_berusad" in t for t in texts), "a warning without anything to judge is only counted"
    assert "3 regler har prövats på leveransen; 1 höll. 1 hade inget att prövas mot" in words(by_id()[STOPPED])
    assert "Filen har ett dolt blad som inte lästes." in texts
    assert f"1{NBSP}fråga som ställdes 2024 finns inte i leveransen: F62 Mobbad i skolan, hur ofta." in texts
    assert any(t.startswith(f"1{NBSP}kolumn känns inte igen: </td>") for t in texts)


def test_a_stopping_rule_that_could_not_be_tried_is_what_stops():
    facts = sample_facts()[STOPPED]
    crashed = replace(facts, rules=tuple(replace(r, status="not_evaluated") for r in facts.rules))
    stops = [p.text for p in problems(crashed, sample_phrases()) if p.severity == "stop"]
    assert stops[1].startswith("Regeln kunde inte prövas: Alla svar finns i kodboken.")
    held = [p for p in problems(replace(crashed, critical_broken=0), sample_phrases()) if p.text.startswith("Regeln")]
    assert held == []


def test_drift_is_not_said_twice_when_rules_of_their_own_judge_it():
    facts = sample_facts()[GOOD]
    assert any("annan andel utan svar" in p.text for p in problems(facts, sample_phrases()))
    judged = replace(facts, rules=tuple(replace(r, table="harmonised/item_profile") for r in facts.rules))
    assert not any("annan andel utan svar" in p.text for p in problems(judged, sample_phrases()))


def test_the_screen_names_its_rules_and_hides_small_numbers():
    named = replace(sample_phrases(), screen={"alla_narkotika": "Säger sig ha använt allt", "tid": "Fyllde i för fort"})
    page = delivery_page(sample_facts()[GOOD], named)
    assert tables(page)["granskning"].rows == (
        ("Säger sig ha använt allt", "cirka 105", "cirka 15", "färre än 10"),
        ("Minst en regel slog till", "cirka 105", "cirka 15", "färre än 10"),
        ("Svaren används inte", "cirka 105", "färre än 10", "färre än 10"),
    )
    assert "Kunde inte prövas, för frågorna finns inte i leveransen: Fyllde i för fort." in words(page)
    assert "inga" not in str(tables(page)["granskning"].rows), "zero is as hidden as nine"


def test_a_judged_delivery_without_a_tried_rule_is_a_problem_not_silence():
    assert "Inga regler har prövats på leveransen." in [p.text for p in by_id()[MIXED].problems]


def test_before_there_are_rule_outcomes_the_numbers_of_broken_rules_are_said():
    page = by_id(with_rules=False)[STOPPED]
    assert page.problems[0].text == f"Leveransen bryter 1{NBSP}stoppande regel."
    assert "18 regler har prövats. Bröt 1 stoppande och 0 varnande." in words(page)
    assert "Ej beräknat." in words(page)


def test_questions_and_background_columns_are_named_in_words():
    assert sample_phrases().questions(["F62", "school_code", "F999"]) == "F62 Mobbad i skolan, hur ofta, skolkod och F999"


@pytest.mark.parametrize("status", ["unjudged", "replaced"])
def test_a_delivery_that_is_unjudged_or_replaced_asks_for_nothing(status):
    assert problems(replace(sample_facts()[STOPPED], status=status), sample_phrases()) == ()


def test_questions_to_look_at_come_first_and_all_are_there_by_arena():
    found = tables(by_id()[GOOD])
    look = found["fragor-titta-tabell"]
    assert [row[0].split()[0] for row in look.rows] == ["F55a", "F62"]
    assert look.rows[0][1:3] == (f"39{NBSP}%", "+34")
    assert look.rows[0][4] == "Fler saknas"
    arenas = [key for key in found if key.startswith("fragor-") and key != "fragor-titta-tabell"]
    assert sum(len(found[key].rows) for key in arenas) == len(sample_facts()[GOOD].items)
    assert f"0–40{NBSP}%" in words(by_id()[GOOD])


def test_a_municipality_without_an_earlier_delivery_has_nothing_to_compare_with():
    rows = {row[0]: row for row in tables(by_id()[MIXED])["kommuner"].rows}
    assert rows["Nacka"][:4] == ("Nacka", "godkänd", "cirka 115", "första leveransen")
    assert rows["Salem"][2] == "cirka 5"
    (taby,) = tables(by_id()[GOOD])["kommuner"].rows
    assert taby[3:6] == ("2022", "cirka 80", f"+31{NBSP}%")
    assert taby[8] == "samma som förra"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("Stockholmsenkäten 2024 Täby.sav", "2024/Stockholmsenkaten_2024_Taby_aaaaaaaa.html"),
        (HOSTILE, "2024/Salem_img_src_x_onerror_alert_1_2024_aaaaaaaa.html"),
        ("../../etc/passwd", "2024/leverans_aaaaaaaa.html"),
        ("..", "2024/leverans_aaaaaaaa.html"),
        ("\u202ecsv.exe", "2024/csv_aaaaaaaa.html"),
        ("CON", "2024/CON_aaaaaaaa.html"),
        ("x" * 300 + ".sav", f"2024/{'x' * 60}_aaaaaaaa.html"),
        ("私.csv", "2024/leverans_aaaaaaaa.html"),
    ],
)
def test_paths_hold_only_safe_characters(name, path):
    assert page_path(2024, name, GOOD) == path


def test_the_index_sums_up_all_deliveries():
    _, index = sample_pages()
    assert index.sentence == (
        f"5{NBSP}leveranser; godkända helt eller delvis: 3, stoppade: 1, räknas inte: 1. Filer som inte kunde användas: 2."
    )
    assert list(index.waves) == [2024, 2022]
