"""The codebook workbench: read an unknown delivery and write the proposal of a codebook for it.

`did kodbok FIL` and the job `propose_codebook` do the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from assets.catalogue.load import Catalogue, load_catalogue
from assets.catalogue.steward import codebook_problems, with_steward_codebooks
from assets.intake.by_text import KnownColumns, names_by_text, with_names
from assets.intake.delivery import RawDelivery
from assets.intake.names import shown_name
from assets.intake.proposal import codebook_id, parsed, proposal_yaml, summary_lines
from assets.intake.readers import read_delivery
from assets.intake.recognise import recognise, share_matched
from assets.intake.wordings import known_hashes
from assets.intake.workbench import Proposal, propose
from assets.methods.errors import PipelineError
from pipelines.paths import Paths


@dataclass(frozen=True)
class Proposed:
    """What the workbench did.

    Attributes:
        lines: what the steward reads: counts and column names.
        proposal, target: the proposal and the file it was written to; None when a codebook knows the delivery already.
    """

    lines: tuple[str, ...]
    proposal: Proposal | None = None
    target: Path | None = None


@dataclass(frozen=True)
class Ways:
    """How a person asks for another codebook: words of the place (terminal or Dagster) where the workbench was started."""

    force: str = "Ange --ut om du ändå vill ha ett förslag."
    elsewhere: str = "Flytta undan den eller ange --ut."


TERMINAL = Ways()


def propose_codebook(file: Path, out: Path | None, home: Path) -> list[str]:
    """Write the proposal and say in Swedish what it holds; see `run_workbench`.

    Returns:
        Lines for the terminal.
    """
    done = run_workbench(file, out, home)
    if done.target is None:
        return list(done.lines)
    return [*done.lines, f"Kodboken skrevs: {done.target}", "Läs igenom den, lägg filen i inkorgen och kör igen."]


def run_workbench(file: Path, out: Path | None, home: Path, ways: Ways = TERMINAL) -> Proposed:
    """Read a delivery, weigh its columns against the survey and write the proposed codebook.

    Args:
        file: the delivery, anywhere. out: where to write; default `<home>/kodbocker/<id>.yml`.
        home: the active profile's data folder.

    Returns:
        The proposal. A file that a codebook already knows gets no new one unless `out` is given.

    Raises:
        PipelineError: what reading a delivery raises; `no_file`, `codebook_exists`, `unknown_variables`.
    """
    if not file.is_file():
        raise PipelineError("no_file", shown_name(str(file)), "en fil", "ingen fil där", "Kontrollera sökvägen.")
    paths = Paths(home)
    catalogue = with_steward_codebooks(load_catalogue(), paths.codebooks)
    delivery = _read(file, catalogue)
    known = _recognised(delivery, catalogue)
    if known and out is None:
        return Proposed((f"{shown_name(file.name)} {known}; ingen ny kodbok behövs. {ways.force}",))
    proposal = propose(delivery, catalogue)
    book_id = codebook_id(out.name if out else file.name, frozenset(b.id for b in catalogue.codebooks))
    target = out or paths.codebooks / f"{book_id}.yml"
    if target.exists():
        got = "en fil som redan finns"
        raise PipelineError("codebook_exists", str(target), "en plats för en ny kodbok", got, ways.elsewhere)
    text = proposal_yaml(proposal, book_id)
    problems = codebook_problems(parsed(text), catalogue.survey)
    if problems:
        raise ValueError(f"the proposal is no codebook: {problems}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")
    return Proposed(tuple(summary_lines(proposal)), proposal, target)


def _read(file: Path, catalogue: Catalogue) -> RawDelivery:
    """The delivery; where columns are known by their text, headers may be as long as a question."""
    if any(book.columns_by == "text" for book in catalogue.codebooks):
        try:
            return read_delivery(file, KnownColumns(catalogue.codebooks, known_hashes(catalogue.survey)))
        except PipelineError as error:
            if error.code != "unknown_variables":
                raise
    return read_delivery(file, None)


def _recognised(delivery: RawDelivery, catalogue: Catalogue) -> str:
    books = catalogue.codebooks
    try:
        named = names_by_text(delivery, books, known_hashes(catalogue.survey))
        columns = with_names(delivery, named).cells.columns
        book = recognise(delivery.file_name, columns, books)
    except PipelineError:
        return ""
    return f"känns redan igen som {book.id} ({round(100 * share_matched(columns, book))}\u00a0% av frågorna)"
