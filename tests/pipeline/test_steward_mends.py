"""The steward's second half: what the messages say to do is done, the files are dropped again, and the numbers are replaced.

Everything goes through Dagster's jobs, as on its page; nothing is typed in a terminal.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from pipelines.definitions import build_definitions
from pipelines.jobs import ALL_WAVES
from pipelines.paths import Paths
from pipelines.samples import copy_registers
from pipelines.warehouse import TableName, Warehouse
from tests.support.fuzz_corpus import BOOK, CATALOGUE, HEADER, ITEMS, PUPILS, SECRET, labels, numbers, pupils, sav, text

RESPONSES = TableName("validated", "survey_responses")
VERDICTS = TableName("validated", "deliveries")
PLACES = {"Täby": "0160", "Danderyd": "0162", "Haninge": "0136", "Vaxholm": "0187", "Lidingö": "0186", "Tyresö": "0138"}
UNKNOWN = "Botkyrka webbenkät.sav"


@pytest.fixture
def run_in(tmp_path) -> Callable[..., dg.ExecuteInProcessResult]:
    """Run a job on one installation with the settings of its Launchpad."""
    paths = Paths(tmp_path / "data")
    paths.make()
    with dg.DagsterInstance.ephemeral() as instance:

        def run(name: str, settings: dict | None = None, tags: dict | None = None) -> dg.ExecuteInProcessResult:
            job = build_definitions(paths.root).resolve_job_def(name)
            return job.execute_in_process(run_config=settings, instance=instance, tags=tags, raise_on_error=False)

        run.paths = paths
        yield run


def said_by(result: dg.ExecuteInProcessResult, op: str) -> dict[str, str]:
    """What the page of the run shows under the op's output."""
    (event,) = [e for e in result.all_events if e.is_successful_output and e.step_key == op]
    return {key: str(value.value) for key, value in event.step_output_data.metadata.items()}


def failed_with(result: dg.ExecuteInProcessResult) -> str:
    """The sentence of a failed step."""
    (event,) = [e for e in result.all_events if e.is_step_failure]
    return event.step_failure_data.user_failure_data.description


def rows_of(place: str, answer: str = "1") -> list[list[str]]:
    """The faultless rows, from a municipality, with an answer to every question."""
    index = HEADER.index("Skolkommun")
    return [[*row[:index], place, *row[index + 1 : len(row) - len(ITEMS)], *[answer] * len(ITEMS)] for row in pupils()]


def unknown_variant(path: Path) -> None:
    """Botkyrka with column names that no codebook has; the questions' texts are there."""
    asked = {f"Q_{name}": CATALOGUE.survey.by_key[BOOK.items[name]].label_sv for name in ITEMS}
    renamed = numbers().rename({name: f"Q_{name}" for name in ITEMS}).with_columns(Skolkommun=pl.lit(8))
    meant = {f"Q_{name}" if name in ITEMS else name: pairs for name, pairs in labels().items()}
    sav(renamed, meant, column_labels=asked)(path)


def quoted(body: list[list[str]], delimiter: str) -> str:
    """Rows as CSV with quotation marks round every cell."""
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([HEADER, *body])
    return out.getvalue()


def without_column(place: str, column: str) -> str:
    at = HEADER.index(column)
    return text([[*row[:at], *row[at + 1 :]] for row in rows_of(place)], [*HEADER[:at], *HEADER[at + 1 :]])


def drop_ten(inbox: Path) -> None:
    """Ten mixed deliveries: three good ones (one of them over an earlier one), a copy, and six that can't be used as they are."""
    (inbox / "Nacka 2024.csv").write_text(text(rows_of("Nacka")), encoding="utf-8")
    (inbox / "Täby rättad.csv").write_text(text(rows_of("Täby", "2")), encoding="utf-8")
    sav(numbers().with_columns(Skolkommun=pl.lit(12)))(inbox / "Järfälla.sav")
    (inbox / "Nacka kopia.csv").write_bytes((inbox / "Nacka 2024.csv").read_bytes())
    unknown_variant(inbox / UNKNOWN)
    cut = rows_of("Danderyd")
    cut[3][HEADER.index("Skolnamn")] = "Skolan, södra"
    (inbox / "Danderyd.csv").write_text("\n".join(",".join(row) for row in [HEADER, *cut]), encoding="utf-8")
    whole = inbox / "Haninge.sav"
    sav(numbers().with_columns(Skolkommun=pl.lit(3)))(whole)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (inbox / "Vaxholm.csv").write_text(without_column("Vaxholm", "Skolkommun"), encoding="utf-8")
    (inbox / "Lidingö.csv").write_text(without_column("Lidingö", "ar"), encoding="utf-8")
    (inbox / "Tyresö.csv").write_text(text(rows_of("Tyresö")), encoding="utf-16")


def mend(paths: Paths) -> None:
    """Do what each sentence says, in the files themselves; the codebook is the workbench's."""
    inbox, aside = paths.surveys, paths.rejected
    cut = rows_of("Danderyd")
    cut[3][HEADER.index("Skolnamn")] = "Skolan, södra"
    (inbox / "Danderyd.csv").write_text(quoted(cut, ","), encoding="utf-8")
    sav(numbers().with_columns(Skolkommun=pl.lit(3)))(inbox / "Haninge.sav")
    (inbox / "Tyresö.csv").write_text(text(rows_of("Tyresö")), encoding="utf-8-sig")
    for name, line in (("Vaxholm.csv", 'kommun: "0187"\n'), ("Lidingö.csv", "ar: 2024\n"), (UNKNOWN, "")):
        (aside / name).rename(inbox / name)
        if line:
            (inbox / f"{name}.kodbok.yml").write_text(line, encoding="utf-8")


def held(paths: Paths) -> dict[str, int]:
    """Rows that count, per municipality."""
    rows = Warehouse(paths.warehouse).read(RESPONSES)
    return dict(rows.group_by("municipality_code").len().iter_rows())


def test_ten_deliveries_are_mended_by_what_the_messages_say(run_in):
    paths = run_in.paths
    (paths.surveys / "Täby.csv").write_text(text(rows_of("Täby")), encoding="utf-8")
    copy_registers(paths.registers)
    assert run_in("ingest").success
    assert held(paths) == {"0160": PUPILS}
    first = Warehouse(paths.warehouse).read(RESPONSES)

    drop_ten(paths.surveys)
    result = run_in("ingest")
    assert not result.success, "a run that sets files aside is red"
    said = failed_with(result)
    assert said.startswith("6\u00a0saker stoppades i den här körningen.")
    assert "- Danderyd.csv: väntade" in said
    assert set(held(paths)) == {"0160", "0182", "0123"}, "the others have gone on"
    told = said_by(result, "surveys")
    assert told["avvisade filer"] == "6"
    for words in (
        f"{UNKNOWN}: väntade kolumner som någon kodbok känner igen",
        "gör jobbet propose\\_codebook",
        "Danderyd.csv: väntade",
        "exportera filen med citattecken runt text",
        "Haninge.sav: väntade en hel SPSS-fil",
        'skriv raden kommun: "KOD" \\(kommunens kod\\) i en sidofil, Vaxholm.csv.kodbok.yml',
        "skriv raden ar: ÅR \\(mättillfällets år\\) i en sidofil, Lidingö.csv.kodbok.yml",
        "Tyresö.csv: väntade text i UTF-8",
    ):
        assert words in told["avvisade"], words
    assert told["avvisade sedan tidigare"] == "Inga filer väntar i inbox/avvisade."
    assert SECRET not in " ".join(told.values())

    beside = (paths.rejected / "Haninge.sav.txt").read_text(encoding="utf-8")
    assert beside.startswith("Haninge.sav: väntade en hel SPSS-fil")
    assert "Vad det berör:\n- Kommun och mättillfälle: Det går inte att säga vilken kommun filen gäller." in beside
    page = (paths.quality / "lagesoversikt.html").read_text(encoding="utf-8")
    assert "Danderyd.csv: väntade" in page

    proposed = run_in("propose_codebook")
    assert proposed.success, "an empty field takes the only unknown file"
    mend(paths)
    result = run_in("ingest")
    assert result.success, failed_with(result)
    told = said_by(result, "surveys")
    assert told["avvisade"] == "Inga filer sattes åt sidan."
    assert told["avvisade sedan tidigare"] == "Inga filer väntar i inbox/avvisade.", "what has been mended doesn't"
    assert set(held(paths)) == {*PLACES.values(), "0182", "0123", "0127"}
    assert set(held(paths).values()) == {PUPILS}
    verdicts = Warehouse(paths.warehouse).read(VERDICTS)
    status = dict(verdicts.select("source_file", "status").iter_rows())
    assert status["Täby.csv"] == "ersatt av Täby rättad.csv"
    item = BOOK.items[ITEMS[0]]
    last = Warehouse(paths.warehouse).read(RESPONSES).filter(pl.col("municipality_code") == "0160")
    assert set(first[item]) != set(last[item]), "the corrected answers count"
    index = (paths.quality / "index.html").read_text(encoding="utf-8")
    assert "inbox/avvisade/" not in index, "a mended file no longer waits for anybody"


def test_the_workbench_says_in_swedish_what_it_found_and_what_is_wrong(run_in):
    paths = run_in.paths
    empty = failed_with(run_in("propose_codebook"))
    assert empty == (
        "Fältet fil: väntade namnet på en fil i inbox/avvisade eller inbox/enkat, fick inget namn. "
        "Lägg filen i inkorgen och kör igen."
    )
    unknown_variant(paths.surveys / UNKNOWN)
    (paths.surveys / "budget.csv").write_text("Konto;Belopp\n1;2\n", encoding="utf-8")
    (paths.surveys / "täby.csv").write_text(text(), encoding="utf-8")

    def workbench(**fields: str) -> dg.ExecuteInProcessResult:
        return run_in("propose_codebook", fields)

    offered = f"Skriv ett av de här namnen i fältet fil och kör igen: {UNKNOWN}, budget.csv, täby.csv."
    for name in ("saknas.sav", "../../warehouse.duckdb", str(paths.surveys / UNKNOWN)):
        sentence = failed_with(workbench(fil=name))
        assert sentence.endswith(offered), sentence
        assert "fick ett namn som ingen fil där har" in sentence
    assert failed_with(workbench(fil="budget.csv")).startswith("budget.csv: väntade")
    told = said_by(workbench(fil="täby.csv"), "kodbok")
    assert "känns redan igen som stockholmsenkaten-2024" in told["sammanfattning"]
    assert "Fyll i namn om du ändå vill ha ett förslag" in told["sammanfattning"]
    assert not list(paths.codebooks.iterdir())

    told = said_by(workbench(fil=f" {UNKNOWN} "), "kodbok")
    assert told["kodbok"] == str(paths.codebooks / "botkyrka-webbenkat.yml")
    assert f"| Q\\_{ITEMS[0]} | {BOOK.items[ITEMS[0]]} | " in told["kolumner"]
    assert "| säker | frågetexten stämmer, svaren stämmer" in told["kolumner"]
    assert "Kör jobbet everything." in told["gör så här"]
    assert SECRET not in " ".join(told.values())
    assert (paths.codebooks / "botkyrka-webbenkat.yml").is_file()
    assert workbench(fil=UNKNOWN, namn="../Egen bok").success
    assert sorted(p.name for p in paths.codebooks.iterdir()) == ["botkyrka-webbenkat.yml", "egen-bok.yml"]
    again = failed_with(workbench(fil=UNKNOWN, namn="egen bok"))
    assert "fick en fil som redan finns. Flytta undan den eller fyll i ett annat namn, och kör igen." in again


def test_two_unknown_files_are_offered_to_choose_among(run_in):
    paths = run_in.paths
    unknown_variant(paths.surveys / "en.sav")
    (paths.surveys / "två.csv").write_text("Q1;Q2;Q3\n1;2;3\n", encoding="utf-8")
    result = run_in("ingest_surveys", tags=ALL_WAVES)
    assert result.success
    sentence = failed_with(run_in("propose_codebook"))
    assert "fick flera okända filer att välja på" in sentence
    assert sentence.endswith("kör igen: en.sav, två.csv.")
