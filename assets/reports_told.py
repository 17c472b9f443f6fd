"""What the Dagster UI shows about a municipality's bundle: where it lies, its state, a small picture. Released numbers only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg
import polars as pl

from assets.bundle.types import BundlePaths, ReportMeta
from assets.catalogue.active import PROFILE
from assets.charts.types import COUNTY_CODE, ReleaseFrames, Scope
from assets.intake.names import in_markdown
from assets.methods.editions import INTERN
from assets.ui_pictures import as_image, bars, blocks, number, spark_image
from assets.ui_tables import latest_years, markdown_table, released_freshness
from pipelines.paths import Paths

METHOD = Path("5_metod") / "metod.html"
GRADES = {grade.key: grade.label_sv for grade in PROFILE.grades}


def bundle_metadata(
    release: ReleaseFrames, places: Mapping[Scope, BundlePaths], meta: ReportMeta, root: Path
) -> dict[str, dict[str, object]]:
    """Partition key -> metadata of one municipality's bundles: links, state over the waves, and a picture of its shares.

    Args:
        places: where the bundle of each scope lies.
        root: the data folder.
    """
    found: dict[str, dict[str, object]] = {}
    quality = Paths(root).quality / "index.html"
    fresh = released_freshness(release.delivery_quality, latest_years(release.register_values))
    for scope, place in places.items():
        told = found.setdefault(f"{scope.area_code}|{scope.wave}", {})
        told[f"rapport, {scope.edition}"] = dg.MetadataValue.path(str(place.report))
        told[f"metod, {scope.edition}"] = dg.MetadataValue.path(str(place.folder / METHOD))
        told["kvalitetsrapport"] = dg.MetadataValue.path(str(quality))
        told["färskhet"] = dg.MetadataValue.md(fresh)
        if scope.edition == INTERN:
            told["läget"] = dg.MetadataValue.md(state_table(release, scope))
            told["förhandsbild"] = dg.MetadataValue.md(preview(release, scope, meta))
    return found


def state_table(release: ReleaseFrames, scope: Scope) -> str:
    """Response rates and rules of one municipality over the waves up to the bundle's."""
    rows = [
        [f"svarsandel i procent, {GRADES.get(grade, grade)}", _last(values), spark_image(values)]
        for grade, values in rates_by_grade(release.response_rates, scope).items()
    ]
    quality = release.delivery_quality
    if quality.width:
        own = quality.filter((pl.col("area_code") == scope.area_code) & (pl.col("wave") <= scope.wave)).sort("wave")
        for item, label in (("rules_passed", "regler som höll"), ("rules_failed", "regler som inte höll")):
            values = own.filter(pl.col("item") == item)["value"].cast(pl.Float64, strict=False).to_list()
            rows.append([label, _last(values), spark_image(values)])
    return markdown_table(["", str(scope.wave), "utveckling"], rows)


def preview(release: ReleaseFrames, scope: Scope, meta: ReportMeta) -> str:
    """The municipality's shares in the focus group of each index, beside the county's, as a small picture."""
    rows = release.index_results
    if rows.is_empty():
        return "Inga index att visa."
    here = rows.filter(
        (pl.col("edition") == scope.edition) & (pl.col("wave") == scope.wave) & (pl.col("sex") == "all")
        & pl.col("area_code").is_in([scope.area_code, COUNTY_CODE]) & (pl.col("reason") == "ok")
    ).sort("grade")  # fmt: skip
    grades = here["grade"].unique(maintain_order=True).to_list()
    if not grades:
        return "Inga tal visas för mättillfället."
    cells = here.filter(pl.col("grade") == grades[0]).select("area_code", "index_key", "measure", "value").iter_rows()
    values = {(area, key, measure): value for area, key, measure, value in cells}
    shares = [
        (index.label_sv, *(values.get((area, key, index.focus_measure)) for area in (scope.area_code, COUNTY_CODE)))
        for key, index in meta.charts.indices.items()
    ]
    words = "; ".join(f"{label} {'visas inte' if own is None else number(own)}" for label, own, _ in shares)
    grade = GRADES.get(grades[0], grades[0])
    title = f"Andel i fokusgruppen per index, {grade}, procent. Stapel: {scope.area_name}. Streck: länet."
    return f"{title}\n\n{as_image(bars(shares), words)}"


def rates_by_grade(rates: pl.DataFrame, scope: Scope) -> dict[str, list[float | None]]:
    """Grade -> published response rate (per cent) in each wave up to the scope's; grades without any aren't there."""
    if not rates.width:
        return {}
    own = rates.filter((pl.col("area_code") == scope.area_code) & (pl.col("wave") <= scope.wave)).sort("grade", "wave")
    own = own.filter(pl.col("edition") == scope.edition) if "edition" in own.columns else own
    found = {str(grade): part["response_pct"].to_list() for (grade,), part in own.group_by("grade", maintain_order=True)}
    return {grade: values for grade, values in found.items() if any(value is not None for value in values)}


def county_table(release: ReleaseFrames, wave: int, names: Mapping[str, str]) -> str:
    """Each municipality's published response rate in the first grade that has one, and the rules, by name."""
    quality, lines = release.delivery_quality, []
    failed = quality.filter((pl.col("wave") == wave) & (pl.col("item") == "rules_failed")) if quality.width else quality
    rules = dict(failed.select("area_code", "value").iter_rows()) if quality.width else {}
    for code in sorted(names, key=lambda one: names[one]):
        rates = rates_by_grade(release.response_rates, Scope(code, names[code], wave, INTERN))
        values = next(iter(rates.values()), [])
        lines.append([in_markdown(names[code]), _last(values), blocks(values), rules.get(code, "ingen leverans")])
    return markdown_table(["kommun", f"svarsandel {wave}, procent", "utveckling", "regler som inte höll"], lines)


def first_page(pages: Sequence[Path]) -> dict[str, object]:
    """Where to begin: the first of the pages, as a path that can be copied."""
    return {"börja här": dg.MetadataValue.path(str(pages[0]))} if pages else {}


def page_metadata(release: ReleaseFrames, pages: list[Path], root: Path, more: Mapping[str, str]) -> dict[str, object]:
    """Where to begin, the quality report, and how fresh it all is; `more`: label -> further Markdown."""
    fresh = released_freshness(release.delivery_quality, latest_years(release.register_values))
    links = {"kvalitetsrapport": dg.MetadataValue.path(str(Paths(root).quality / "index.html"))}
    return (
        first_page(pages)
        | links
        | {"färskhet": dg.MetadataValue.md(fresh)}
        | {k: dg.MetadataValue.md(v) for k, v in more.items()}
    )


def _last(values: list[float | None]) -> str:
    return number(values[-1]) if values and values[-1] is not None else "visas inte"
