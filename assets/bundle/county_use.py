"""How much the results are used: workshops, forms and decisions per municipality, for the county's edition and overview. Pure.

Municipalities stand in alphabetical order. Nothing here is a ranking, and few workshops may have many reasons.
"""

from __future__ import annotations

import polars as pl

from assets.bundle.types import Block, ReportMeta, Section, Table, Text
from assets.bundle.words import Context, date_text, say
from assets.charts import numbers

TABLE = "anvandning"
ID = "anvandning"
COUNTED = (
    "workshops", "participants", "forms_activities", "forms_readiness", "decisions", "decisions_due", "decisions_followed_up",
)  # fmt: skip
SHORT = ("workshops", "forms_activities", "forms_readiness", "decisions_due", "decisions_followed_up")
"""What the overview shows of it."""


def use_section(context: Context) -> Section | None:
    """The section of the county's report; None when the release knows nothing of use.

    Where nobody has held a workshop or returned a form one sentence stands instead of an empty table.
    """
    rows, meta = context.frames.use_of_results, context.meta
    if rows.is_empty():
        return None
    title = context.say(f"county_edition.sections.{ID}")
    table = use_rows(rows, meta, COUNTED)
    if table is None:
        return Section(ID, title, (Text(context.say("county_edition.use.none")),))
    blocks: list[Block] = [*context.synthetic_notice(), Text(context.say("county_edition.use.intro")), table]
    return Section(ID, title, tuple(blocks))


def use_rows(rows: pl.DataFrame, meta: ReportMeta, columns: tuple[str, ...]) -> Table | None:
    """A row per municipality and one for the county; None when nothing at all has been done.

    Args:
        rows: `release.use_of_results` of one edition. columns: of `COUNTED`, in order.
    """
    if rows.is_empty() or not any(rows[name].cast(pl.Int64).sum() for name in COUNTED):
        return None
    texts = meta.texts["county_edition"]["use"]
    ordered = sorted(rows.iter_rows(named=True), key=lambda row: numbers.swedish(row["area_name"]))
    lines = [(row["area_name"], *(numbers.thousands(row[name]) for name in columns)) for row in ordered]
    sums = (numbers.thousands(rows[name].cast(pl.Int64).sum()) for name in columns)
    invented = f"{texts['synthetic']} " if meta.charts.synthetic else ""
    return Table(
        id="anvandning-kommuner",
        caption=say(meta.texts, "county_edition.use.caption", day=date_text(meta.released)),
        columns=(texts["area"], *(texts["columns"][name] for name in columns)),
        rows=(*lines, (texts["whole"], *sums)),
        numeric=frozenset(range(1, len(columns) + 1)),
        note=f"{invented}{texts['note']}",
        source=texts["source"],
    )


def use_table(rows: pl.DataFrame, meta: ReportMeta) -> dict[str, pl.DataFrame]:
    """`4_tabeller/anvandning.csv` by its name; none when the release knows nothing of use."""
    if rows.is_empty():
        return {}
    headers = use_headers(meta)
    ordered = rows.sort("area_code").with_columns(pl.col("newest_round").fill_null(""))
    return {TABLE: ordered.select(pl.col(name).alias(header) for name, header in headers.items())}


def use_headers(meta: ReportMeta) -> dict[str, str]:
    """Column of `release.use_of_results` -> header of the table, in order."""
    texts = meta.texts["county_edition"]["use"]
    return {"area_name": "Område", "area_code": "Områdeskod", **texts["columns"], "newest_round": texts["newest_round"]}
