"""Results of one set of limits never pass as results of another: whoever builds on a table asks which set it was made with."""

from collections.abc import Iterable, Sequence

from assets.catalogue.load import Catalogue
from assets.methods.errors import PipelineError
from pipelines.warehouse import TableName, Warehouse

COLUMN = "cutoff_set"


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
