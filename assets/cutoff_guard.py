"""Results of one set of limits never pass as results of another: whoever builds on a table asks which set it was made with."""

from collections.abc import Iterable, Sequence

from assets.catalogue.load import Catalogue
from assets.methods.disclosure import load_policy
from assets.methods.editions import in_order
from assets.methods.errors import PipelineError
from pipelines.warehouse import TableName, Warehouse

COLUMN = "cutoff_set"
INTERNAL = "intern"
"""The only edition that may have other limits than the usual."""


def require_cutoffs(warehouse: Warehouse, table: TableName, catalogue: Catalogue, waves: Sequence[int] | None = None) -> None:
    """Raises PipelineError `other_cutoffs` when rows of the table, of some waves or all, have other limits than those in use."""
    made_with: Iterable[str | None] = [None]  # a table from before the column was there
    if not warehouse.exists(table):
        made_with = []
    elif COLUMN in warehouse.columns(table):
        where = None if waves is None else {"wave": list(waves)}
        made_with = warehouse.read(table, where, [COLUMN])[COLUMN].unique().to_list()
    check_cutoffs(made_with, str(table), catalogue)


def check_cutoffs(made_with: Iterable[str | None], table: str, catalogue: Catalogue) -> None:
    """Raises PipelineError `other_cutoffs` unless all sets are the one in use."""
    others = sorted({str(name or "okända gränser") for name in made_with} - {catalogue.cutoffs.id})
    if others:
        raise PipelineError(
            "other_cutoffs",
            f"Tabellen {table}",
            f"resultat med {catalogue.cutoffs.id}, som den här körningen använder",
            f"resultat med {', '.join(others)}",
            "Kör hela kedjan igen med ett och samma val av gränser (did kor, med eller utan --granser).",
        )


def released_editions(catalogue: Catalogue) -> tuple[str, ...]:
    """The editions that a run releases, the internal one first; with other limits than the usual that one alone."""
    order = in_order(list(load_policy(catalogue.disclosure).editions))
    return tuple(edition for edition in order if edition == INTERNAL or not catalogue.chosen_cutoffs)


def require_usual_for_publication(catalogue: Catalogue, edition: str) -> None:
    """Raises PipelineError `other_cutoffs_public` when an edition for everybody would have other limits than the usual.

    Two sets about the same pupils, side by side, tell how many lie between the limits; the disclosure control looks at one set.
    """
    if catalogue.chosen_cutoffs and edition != INTERNAL:
        raise PipelineError(
            "other_cutoffs_public",
            f"Utgåvan {edition}",
            f"de vanliga gränserna ({catalogue.cutoff_file.default})",
            f"valet {catalogue.chosen_cutoffs}",
            "Gör den interna utgåvan, eller kör utan --granser.",
        )
