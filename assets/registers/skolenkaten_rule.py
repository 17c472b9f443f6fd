"""Skolinspektionen's rule for means and indices, recomputed from the published counts and compared with what is published. Pure.

Four answer options are worth 10, 6.67, 3.33 and 0, five are worth 10, 7.5, 5, 2.5 and 0, the best answer most; "Vet inte" doesn't
count. A question where the good answer is "Aldrig" is reversed. The file shows that in one of two ways: the mark "(-)" after the
question, or the options standing from "Aldrig" to "Alltid" (åk 8 2022: two questions are marked, four stand the other way). An
index is the plain mean of its questions (Skolinspektionen, Skolenkäten 2022, sheet "Förklaring"). A question with a masked count
isn't recomputed: a masked answer isn't zero.
"""

from __future__ import annotations

import polars as pl

from assets.methods.errors import PipelineError

#: Options from the best answer to the worst. A question's options decide which scale it is.
SCALES: tuple[tuple[str, ...], ...] = (
    ("Alltid", "Ofta", "Ibland", "Sällan", "Aldrig"),
    ("Helt och hållet", "Till stor del", "Till viss del", "Inte alls"),
    ("Väldigt mycket", "Ganska mycket", "Ganska lite", "Väldigt lite/Inte alls"),
    ("Mycket bra", "Ganska bra", "Ganska dåligt", "Mycket dåligt"),
    ("Mycket lätt", "Ganska lätt", "Ganska svårt", "Mycket svårt"),
)
LEFT_OUT = "Vet inte"
VALUES = {4: (10.0, 6.67, 3.33, 0.0), 5: (10.0, 7.5, 5.0, 2.5, 0.0)}
TOLERANCE = 0.1
"""Published means have one decimal, so a right one differs by at most 0.05; 0.1 also covers an index of rounded questions."""
_ROW = ["source_row", "row_type", "organiser_name", "school_code"]


def option_values(options: list[str], reversed_question: bool) -> dict[str, float]:
    """What each answer option is worth; `Vet inte` isn't among them.

    Args:
        options: a question's options in the order of the file.
        reversed_question: whether the question is marked "(-)".

    Raises:
        PipelineError: `unknown_code` when the options, in this or the opposite order, are none of `SCALES`.
    """
    asked = [option for option in options if option != LEFT_OUT]
    for scale in SCALES:
        if asked in (list(scale), list(scale[::-1])):
            turned = reversed_question or asked == list(scale[::-1])
            values = VALUES[len(scale)]
            return dict(zip(scale, values[::-1] if turned else values, strict=True))
    raise PipelineError(
        "unknown_code",
        "Skolenkäten",
        "svarsalternativ som finns i Skolinspektionens beräkningsregel",
        ", ".join(f"”{option}”" for option in options),
        "Komplettera SCALES i assets/registers/skolenkaten_rule.py.",
    )


def question_means(cells: pl.DataFrame) -> pl.DataFrame:
    """Means of the questions whose counts are all published, beside the published mean.

    Args:
        cells: what `skolenkaten.read_cells` returned.

    Returns:
        source_row, row_type, organiser_name, school_code, index_header, header, answered (Int64, without "Vet inte"), recomputed,
        published, difference (recomputed - published; null where no mean is published). Rows with a masked count are left out.
    """
    counts = cells.filter((pl.col("measure") == "Antal") & pl.col("option").is_not_null())
    weights = pl.DataFrame(
        [
            (header, option, value)
            for (header, turned), group in counts.group_by("header", "reversed", maintain_order=True)
            for option, value in option_values(group["option"].unique(maintain_order=True).to_list(), bool(turned)).items()
        ],
        schema={"header": pl.String, "option": pl.String, "worth": pl.Float64},
        orient="row",
    )
    scored = counts.join(weights, on=["header", "option"], how="inner", maintain_order="left")
    means = (
        scored.with_columns(pl.col("value").cast(pl.Int64))
        .group_by([*_ROW, "index_header", "header"], maintain_order=True)
        .agg(
            (pl.col("status") == "ok").all().alias("_whole"),
            pl.col("value").sum().alias("answered"),
            (pl.col("value") * (pl.col("worth") * 100).round(0).cast(pl.Int64)).sum().alias("_points"),
        )
        .filter(pl.col("_whole") & (pl.col("answered") > 0))
        .with_columns(recomputed=pl.col("_points") / 100 / pl.col("answered"))
    )
    published = _published(cells, "Medelvärde").rename({"value": "published"})
    joined = means.join(published, on=["source_row", "header"], how="left", maintain_order="left")
    return joined.select(
        *_ROW,
        "index_header",
        "header",
        "answered",
        "recomputed",
        "published",
        difference=pl.col("recomputed") - pl.col("published"),
    ).sort("source_row", "index_header", "header")


def index_means(cells: pl.DataFrame) -> pl.DataFrame:
    """Indices all of whose questions could be recomputed, beside the published index.

    Returns:
        source_row, row_type, organiser_name, school_code, header (the index), questions (Int64), recomputed, published,
        difference.
    """
    questions = cells.filter((pl.col("measure") == "Medelvärde") & (pl.col("sex") == "all"))
    per_index = questions.group_by("index_header").agg(pl.col("header").n_unique().cast(pl.Int64).alias("_all"))
    means = (
        question_means(cells)
        .group_by([*_ROW, "index_header"], maintain_order=True)
        .agg(pl.len().cast(pl.Int64).alias("questions"), pl.col("recomputed").mean())
        .join(per_index, on="index_header", how="left", maintain_order="left")
        .filter(pl.col("questions") == pl.col("_all"))
        .rename({"index_header": "header"})
    )
    published = _published(cells, "Index").rename({"value": "published"})
    joined = means.join(published, on=["source_row", "header"], how="inner", maintain_order="left")
    return (
        joined.filter(pl.col("published").is_not_null())
        .select(*_ROW, "header", "questions", "recomputed", "published", difference=pl.col("recomputed") - pl.col("published"))
        .sort("source_row", "header")
    )


def disagreements(cells: pl.DataFrame) -> pl.DataFrame:
    """Questions and indices whose published mean isn't what the rule gives (more than `TOLERANCE` apart): header, difference."""
    parts = [frame.select("source_row", "header", "difference") for frame in (question_means(cells), index_means(cells))]
    return pl.concat(parts).filter(pl.col("difference").abs() > TOLERANCE).sort("source_row", "header")


def _published(cells: pl.DataFrame, measure: str) -> pl.DataFrame:
    """The published means of the sheet with counts, one per row and header."""
    counted = cells.filter(pl.col("measure") == "Antal")["source_sheet"].unique().to_list()
    wanted = (pl.col("measure") == measure) & pl.col("source_sheet").is_in(counted)
    return cells.filter(wanted).select("source_row", "header", "value")
