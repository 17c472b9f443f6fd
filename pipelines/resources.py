"""Resources: the data folder with its warehouse, and the choices of a run."""

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import dagster as dg
import polars as pl
from pydantic import Field

from assets.audited_tables import AUDITED, DERIVED
from assets.catalogue.settings_models import Edition
from assets.methods.editions import INTERN, PUBLIC
from assets.texts import shown_as, ui_texts
from assets.worker_pool import WORKERS
from pipelines.known_hashes import known_hashes
from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse

TEXTS = ui_texts()["fields"]


@shown_as("store")
class Store(dg.ConfigurableResource):
    """The data folder: inbox, archive, warehouse, reports."""

    data_dir: str = Field(description=TEXTS["data_dir"])

    @property
    def paths(self) -> Paths:
        """The folders under the data folder."""
        return Paths(Path(self.data_dir))

    @property
    def warehouse(self) -> Warehouse:
        """The DuckDB warehouse in the data folder."""
        return Warehouse(self.paths.warehouse)


@shown_as("release_reader")
class ReleaseReader(dg.ConfigurableResource):
    """All that reports may read: tables of the release layer, nothing else."""

    data_dir: str = Field(description=TEXTS["data_dir"])

    def read(self, table: str, **where: list) -> pl.DataFrame:
        """Rows of `release.<table>` whose columns take one of the given values."""
        return self._warehouse.read(TableName("release", table), where or None)

    def areas_of(self, table: str, **where: list) -> pl.Series:
        """The `area_code` of each such row: large tables are counted without their other columns."""
        rows = Warehouse(Paths(Path(self.data_dir)).warehouse).read(TableName("release", table), where or None, ["area_code"])
        return rows["area_code"] if rows.width else pl.Series("area_code", [], pl.String)

    def held(self) -> AbstractContextManager[None]:
        """Keep the warehouse open over many short reads, as `Warehouse.held`."""
        return self._warehouse.held()

    def release_id(self) -> str:
        """What tells one release from another: SHA-256 of the content of the tables that the audit attacks."""
        return release_id(self._warehouse)

    @property
    def _warehouse(self) -> Warehouse:
        """Opened for reading only, so that many processes can read at once."""
        return Warehouse(Paths(Path(self.data_dir)).warehouse, read_only=True)


def release_id(warehouse: Warehouse) -> str:
    """SHA-256 of the content of all tables that the audit attacks, as they are in the warehouse now."""
    tables = [TableName("release", name) for name in sorted((*AUDITED, *DERIVED))]
    found = list(zip((table.table for table in tables), known_hashes(warehouse, tables), strict=True))
    return hashlib.sha256(repr(found).encode()).hexdigest()


BOTH: Edition = "bada"
EDITIONS = {INTERN: (INTERN,), PUBLIC: (PUBLIC,), BOTH: (INTERN, PUBLIC)}
"""What a run may be asked for -> the editions whose bundles it writes."""


@shown_as("choices")
class RunChoices(dg.ConfigurableResource):
    """Choices of a run that are no definitions.

    Attributes:
        edition: whose bundles are written, `intern`, `publik` or `bada`; the release always has all editions.
        public_areas: codes of the areas that get a public bundle; all when none are given.
        workers: how many worker processes may render bundles.
        remove_screened: false keeps the answers that the plausibility screen would leave out (`screening.yml` can too).
        prepared_by: name of the person who makes the run, for the certificates; never taken from the computer's user.
        remake: also write bundles whose inputs haven't changed.
    """

    edition: Edition = Field(default=BOTH, description=TEXTS["utgava"])
    public_areas: list[str] = Field(default_factory=list, description=TEXTS["publika_kommuner"])
    workers: int = Field(default=WORKERS, description=TEXTS["arbetare"])
    remove_screened: bool = Field(default=True, description=TEXTS["remove_screened"])
    remake: bool = Field(default=False, description=TEXTS["remake"])
    prepared_by: str = Field(default="", description=TEXTS["av"])

    @property
    def kind(self) -> str:
        """What tells results of one set of choices from those of another."""
        return "granskade svar" if self.remove_screened else "alla svar"

    @property
    def editions(self) -> tuple[str, ...]:
        """The editions whose bundles are written."""
        return EDITIONS[self.edition]

    def editions_of(self, area: str, released: Sequence[str]) -> tuple[str, ...]:
        """Of the released editions, those that an area gets a bundle of."""
        wanted = not self.public_areas or area in self.public_areas
        return tuple(one for one in self.editions if one in released and (one != PUBLIC or wanted))
