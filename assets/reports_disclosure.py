"""Reports layer: the steward's disclosure report per wave. Reads the release layer and nothing else; lies in no bundle."""

from pathlib import Path

import dagster as dg

from assets.bundle.disclosure_report import PAGE, Disclosed, disclosure_page
from assets.bundle.writer import write_page
from assets.catalogue.load import Catalogue, load_catalogue
from assets.failures import as_failure
from assets.methods.disclosure_policy import load_policy
from assets.reports import report_meta
from assets.reports_told import first_page
from assets.slices import ONE_RUN, int_keys, survey_waves
from assets.texts import asset_text
from pipelines.resources import ReleaseReader

TABLES = {
    "utility": "utility",
    "rules": "utility_rules",
    "steps": "utility_steps",
    "audit": "audit",
    "earlier": "earlier_releases",
    "differences": "edition_differences",
}
"""Field of `Disclosed` -> table of the release."""


def disclosed(reader: ReleaseReader, catalogue: Catalogue) -> Disclosed:
    """What the report and `did rojande` tell of."""
    tables = {field: reader.read(name) for field, name in TABLES.items()}
    return Disclosed(**tables, policy=load_policy(catalogue.disclosure))


@dg.asset(
    key=["reports", "disclosure_report"],
    deps=[dg.AssetDep(["release", name]) for name in TABLES.values()],
    group_name="reports",
    partitions_def=survey_waves,
    backfill_policy=ONE_RUN,
    description=asset_text("reports", "disclosure_report"),
)
def reports_disclosure_report(context: dg.AssetExecutionContext, release_reader: ReleaseReader) -> dg.MaterializeResult:
    """Write the page for each wave of the run; a wave without released results has none."""
    catalogue = load_catalogue()
    meta, target, pages = report_meta(catalogue), Path(release_reader.data_dir) / "reports", []
    with as_failure():
        told = disclosed(release_reader, catalogue)
        for wave in int_keys(context, []):
            page, place = disclosure_page(told, meta, wave), target / str(wave) / PAGE
            if page:
                pages.append(write_page(page, place))
            else:
                place.unlink(missing_ok=True)
    shown = "\n".join(f"- `{page}`" for page in pages) or "Ingen sida: inget är släppt för mättillfället."
    return dg.MaterializeResult(
        metadata={"dagster/row_count": len(pages), "sidor": dg.MetadataValue.md(shown)} | first_page(pages)
    )


ASSETS = [reports_disclosure_report]
