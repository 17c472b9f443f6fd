"""Resources: the data folder with its warehouse, and the choices of a run."""

from pathlib import Path

import dagster as dg
import polars as pl

from pipelines.paths import Paths
from pipelines.warehouse import TableName, Warehouse


class Store(dg.ConfigurableResource):
    """The data folder: inbox, archive, warehouse, reports."""

    data_dir: str

    @property
    def paths(self) -> Paths:
        """The folders under the data folder."""
        return Paths(Path(self.data_dir))

    @property
    def warehouse(self) -> Warehouse:
        """The DuckDB warehouse in the data folder."""
        return Warehouse(self.paths.warehouse)


class ReleaseReader(dg.ConfigurableResource):
    """All that reports may read: tables of the release layer, nothing else."""

    data_dir: str

    def read(self, table: str, **where: list) -> pl.DataFrame:
        """Rows of `release.<table>` whose columns take one of the given values."""
        return Warehouse(Paths(Path(self.data_dir)).warehouse).read(TableName("release", table), where or None)


class RunChoices(dg.ConfigurableResource):
    """Choices of a run that are no definitions.

    Attributes:
        edition: which edition is made.
        workers: how many worker processes may render bundles.
        remove_screened: false keeps the answers that the plausibility screen would leave out (`screening.yml` can too).
        prepared_by: name of the person who makes the run, for the certificates; never taken from the computer's user.
        remake: also write bundles whose inputs haven't changed.
    """

    edition: str = "intern"
    workers: int = 2
    remove_screened: bool = True
    remake: bool = False
    prepared_by: str = ""

    @property
    def kind(self) -> str:
        """What tells results of one set of choices from those of another."""
        return self.edition if self.remove_screened else f"{self.edition}, alla svar"
