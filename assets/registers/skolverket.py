"""Skolverket: pupils per school unit and grade in compulsory school, to typed school rows and municipal totals.

Two shapes: the CSV as downloaded (title lines, header, schools, notes) and the parquet that DIDreport parsed for school years up
to 2020/21. The parquet lost all totals of 1 000 pupils or more, so its years are `not_reconciled`. The year is that of the spring
term, taken from the file's own school year (defect D28). Marks for hidden values are never zero.

A full stop in a grade means "no pupils in this grade" when the grades that have a number add up to the school's own total for
grades 1-9; otherwise it means that the figure is missing.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from assets.catalogue.active import COUNTY_CODE
from assets.methods.errors import PipelineError
from assets.registers.models import RegisterSource, finish_values
from assets.registers.numbers import integer_text, mark_reason, swedish_number
from assets.registers.raw import missing_columns, named_table
from assets.registers.reading import SKOLVERKET_CSV_HEADER, school_year, text_rows

SCHOOL_SCHEMA: dict[str, pl.DataType] = {
    "school_code": pl.String(),
    "school_name": pl.String(),
    "municipality_code": pl.String(),
    "organiser_type": pl.String(),
    "school_year": pl.String(),
    "year": pl.Int32(),
    "reconciled": pl.Boolean(),
    "pupils_1_9": pl.Int64(),
    "pupils_1_9_reason": pl.String(),
    "pupils_ak8": pl.Int64(),
    "pupils_ak8_reason": pl.String(),
    "pupils_ak9": pl.Int64(),
    "pupils_ak9_reason": pl.String(),
}
GRADES = range(1, 10)
#: Names used inside this module -> header in the CSV, column in the parquet.
_CSV = {
    "school_name": "Skola",
    "school_code": "Skol-enhetskod",
    "municipality_code": "Kommun-kod",
    "organiser": "Typ av huvudman",
    "preschool_class": "Elever, förskoleklass",
    "total": "Elever, årskurs 1-9",
} | {f"g{g}": f"Elever, årskurs {g}" for g in GRADES}
_PARQUET = {
    "school_name": "skola",
    "school_code": "skol_enhetskod",
    "municipality_code": "kommun_kod",
    "organiser": "typ_av_huvudman",
    "preschool_class": "elever_forskoleklass",
    "total": "elever_arskurs_1_9",
    "year": "year",
} | {f"g{g}": f"elever_arskurs_{g}" for g in GRADES}
_ORGANISERS = {"Kommunal": "municipal", "Enskild": "independent"}
_GRADE_COLUMNS = [f"g{g}" for g in GRADES]
_COUNTS = ["preschool_class", "total", *_GRADE_COLUMNS]
_THOUSANDS_LOST = 1000


def parse_csv(text: str, file_name: str) -> pl.DataFrame:
    """School rows of a downloaded CSV given as text (without byte order mark). See `parse_rows`."""
    return parse_rows(text_rows(text.removeprefix("\ufeff")), file_name)


def parse_rows(rows: pl.DataFrame, file_name: str) -> pl.DataFrame:
    """School rows of a downloaded CSV.

    Args:
        rows: `source_row`, `cells` (list of text), one per line of the file.
        file_name: for messages only.

    Returns:
        `SCHOOL_SCHEMA`, sorted by municipality and school; `reconciled` is true.

    Raises:
        PipelineError: `unknown_layout`, `bad_number`, `duplicate_rows`.
    """
    header = rows.filter(pl.col("cells").list.contains(SKOLVERKET_CSV_HEADER))
    if header.is_empty():
        raise PipelineError(
            "unknown_layout",
            file_name,
            f"en rubrikrad med ”{SKOLVERKET_CSV_HEADER}”",
            "ingen sådan rad",
            "Hämta filen på nytt från Skolverket och lägg in den oförändrad.",
        )
    header_row, width = header["source_row"][0], header["cells"].list.len()[0]
    titles = [cell for row in rows.filter(pl.col("source_row") < header_row)["cells"].to_list() for cell in row]
    when = school_year(titles, file_name)
    schools = rows.filter((pl.col("source_row") == header_row) | (pl.col("cells").list.len() == width))
    table = named_table(schools, header_row, file_name)
    missing_columns(table, set(_CSV.values()), file_name)
    plain = table.select("source_row", *[pl.col(given).alias(name) for name, given in _CSV.items()])
    return _schools(
        plain.with_columns(
            year=pl.lit(int(when["year"]), pl.Int32), school_year=pl.lit(when["school_year"]), reconciled=pl.lit(True)
        ),
        file_name,
    )


def parse_parquet_rows(raw: pl.DataFrame, file_name: str = "Skolverket (parquet)") -> pl.DataFrame:
    """School rows of the parsed older years.

    Args:
        raw: all text, with the parquet's own column names (and `source_row` if at hand).
        file_name: for messages only.

    Returns:
        `SCHOOL_SCHEMA`; `reconciled` is false. Rows without school code (notes of the original files) are dropped.

    Raises:
        PipelineError: `unknown_layout`, `bad_number`, `duplicate_rows`.
    """
    missing_columns(raw, set(_PARQUET.values()), file_name)
    given = raw if "source_row" in raw.columns else raw.with_row_index("source_row", offset=1)
    plain = given.filter(pl.col("skol_enhetskod").is_not_null()).select(
        "source_row", *[pl.col(column).alias(name) for name, column in _PARQUET.items()]
    )
    year = integer_text("year").cast(pl.Int32, strict=False)
    autumn = (year - 1).cast(pl.String) + "/" + (year % 100).cast(pl.String).str.pad_start(2, "0")
    return _schools(plain.with_columns(year=year, school_year=autumn, reconciled=pl.lit(False)), file_name)


def _schools(plain: pl.DataFrame, file_name: str) -> pl.DataFrame:
    codes = plain.with_columns(integer_text("school_code", 8), integer_text("municipality_code", 4))
    numbers = _numbers(codes, file_name)
    graded = _no_pupils(numbers)
    doubled = graded.height - graded.unique(["year", "school_code"]).height
    if doubled:
        raise PipelineError(
            "duplicate_rows", file_name, "en rad per skola och läsår", f"{doubled} rader för mycket", "Hämta filen på nytt."
        )
    renamed = graded.select(
        "school_code",
        "school_name",
        "municipality_code",
        pl.col("organiser").replace_strict(_ORGANISERS, default="other", return_dtype=pl.String).alias("organiser_type"),
        "school_year",
        "year",
        "reconciled",
        pl.col("total").alias("pupils_1_9"),
        pl.col("total_reason").alias("pupils_1_9_reason"),
        *[pl.col(f"g{g}").alias(f"pupils_ak{g}") for g in (8, 9)],
        *[pl.col(f"g{g}_reason").alias(f"pupils_ak{g}_reason") for g in (8, 9)],
    )
    return renamed.select([pl.col(c).cast(t) for c, t in SCHOOL_SCHEMA.items()]).sort("year", "municipality_code", "school_code")


def _numbers(codes: pl.DataFrame, file_name: str) -> pl.DataFrame:
    """Counts as Int64 with a reason beside each; text that is neither number nor mark stops the file."""
    typed = codes.with_columns(
        *[swedish_number(c) for c in _COUNTS],
        *[mark_reason(c).alias(f"{c}_reason") for c in _COUNTS],
    )
    for column in _COUNTS:
        value = pl.col(column)
        broken = typed.filter((value.is_null() & pl.col(f"{column}_reason").is_null()) | (value != value.round(0)))
        if broken.height:
            header = _CSV[column]
            raise PipelineError(
                "bad_number",
                f"{file_name}, rad {broken['source_row'][0]}, kolumnen ”{header}”",
                "ett heltal, ”.” eller ”..”",
                f"något annat på {broken.height} rader",
                "Hämta filen på nytt från källan.",
            )
    reasons = [
        pl.when(pl.col(c).is_not_null()).then(pl.lit("ok")).otherwise(pl.col(f"{c}_reason")).alias(f"{c}_reason") for c in _COUNTS
    ]
    return typed.with_columns(*reasons).with_columns(pl.col(_COUNTS).cast(pl.Int64))


def _no_pupils(numbers: pl.DataFrame) -> pl.DataFrame:
    """Turn `missing` grades into `no_pupils` where the school's own numbers show that nobody is left for them."""
    added = pl.sum_horizontal(_GRADE_COLUMNS)
    total = pl.col("total")
    hidden = pl.any_horizontal([pl.col(f"{g}_reason") == "masked_at_source" for g in _GRADE_COLUMNS])
    lost = ~pl.col("reconciled") & total.is_null() & (added >= _THOUSANDS_LOST)
    only_preschool = total.is_null() & (added == 0) & (pl.col("preschool_class") > 0) & (pl.col("total_reason") == "missing")
    explained = ((added == total) | lost | only_preschool).fill_null(False) & ~hidden
    columns = [*_GRADE_COLUMNS, "total"]
    return numbers.with_columns(
        pl.when((pl.col(f"{c}_reason") == "missing") & (explained if c != "total" else only_preschool & ~hidden))
        .then(pl.lit("no_pupils"))
        .otherwise(pl.col(f"{c}_reason"))
        .alias(f"{c}_reason")
        for c in columns
    )


def combine_schools(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """School rows of several files as one table: a reconciled file replaces the unreconciled rows of its year.

    Raises:
        PipelineError: `duplicate_rows` when two files of the same standing hold the same school and year.
    """
    schools = pl.concat(list(frames))
    reconciled = schools.filter("reconciled")
    older = schools.filter(~pl.col("reconciled")).join(reconciled.select("year").unique(), on="year", how="anti")
    combined = pl.concat([reconciled, older])
    doubled = combined.height - combined.unique(["year", "school_code"]).height
    if doubled:
        raise PipelineError(
            "duplicate_rows",
            "Skolverkets elevantal",
            "en fil per läsår",
            f"{doubled} skolor som står två gånger samma läsår",
            "Ta bort den ena av de två filerna för samma läsår.",
        )
    return combined.sort("year", "municipality_code", "school_code")


def coverage(schools: pl.DataFrame, grade: int = 9) -> pl.DataFrame:
    """How complete the school rows of a grade (8 or 9) are, per municipality and year.

    Columns: municipality_code, year, schools, schools_with_pupils, schools_masked, schools_missing.
    """
    reason = pl.col(f"pupils_ak{grade}_reason")
    return (
        schools.group_by("municipality_code", "year")
        .agg(
            pl.len().cast(pl.Int64).alias("schools"),
            (pl.col(f"pupils_ak{grade}") > 0).sum().cast(pl.Int64).alias("schools_with_pupils"),
            (reason == "masked_at_source").sum().cast(pl.Int64).alias("schools_masked"),
            (reason == "missing").sum().cast(pl.Int64).alias("schools_missing"),
        )
        .sort("municipality_code", "year")
    )


def municipality_totals(schools: pl.DataFrame, source: RegisterSource, areas: Sequence[str]) -> pl.DataFrame:
    """Pupils in grades 8 and 9, and school units with grade 9, per municipality and for the county.

    Args:
        schools: `SCHOOL_SCHEMA` of all years (`combine_schools`).
        source: catalogue `skolverket.yml`; its `years` are the first and last year that get rows.
        areas: municipality codes of the county.

    Returns:
        `VALUE_SCHEMA`, sex `all`. A total with a hidden school is `masked_at_source` and null (a school that is hidden isn't
        zero pupils), with a missing one `missing`; a year without a file is `missing`; unreconciled years `not_reconciled`.
        An area whose schools have no such grade is `no_pupils`. `n` is the number of schools that are added up.
    """
    local = schools.filter(pl.col("municipality_code").is_in(list(areas)))
    county = local.with_columns(municipality_code=pl.lit(COUNTY_CODE))
    both = pl.concat([local, county])
    first, last = source.years or (local["year"].min(), local["year"].max())
    grid = pl.DataFrame({"area_code": [*areas, COUNTY_CODE]}).join(
        pl.DataFrame({"year": range(first, last + 1)}, schema={"year": pl.Int32}), how="cross"
    )
    values = pl.concat([_totals(both, grid, grade) for grade in (8, 9)])
    units = pl.DataFrame({"indicator_key": list(source.by_key), "unit": [i.unit for i in source.indicators]})
    return finish_values(
        values.join(units, on="indicator_key", how="left", maintain_order="left").with_columns(
            source=pl.lit("skolverket"),
            area_level=pl.when(pl.col("area_code") == COUNTY_CODE).then(pl.lit("county")).otherwise(pl.lit("municipality")),
            sex=pl.lit("all"),
            vintage=pl.lit(source.vintage),
        )
    )


def _totals(schools: pl.DataFrame, grid: pl.DataFrame, grade: int) -> pl.DataFrame:
    pupils, reason = pl.col(f"pupils_ak{grade}"), pl.col(f"pupils_ak{grade}_reason")
    sums = schools.group_by("municipality_code", "year").agg(
        pupils.sum().alias("_pupils"),
        (reason == "ok").sum().cast(pl.Int64).alias("_schools"),
        (pupils > 0).sum().cast(pl.Int64).alias("_with_pupils"),
        (reason == "masked_at_source").any().alias("_masked"),
        (reason == "missing").any().alias("_missing"),
        pl.col("reconciled").all().alias("_reconciled"),
    )
    joined = grid.join(
        sums, left_on=["area_code", "year"], right_on=["municipality_code", "year"], how="left", maintain_order="left"
    ).with_columns(
        reason=pl.when(pl.col("_pupils").is_null())
        .then(pl.lit("missing"))
        .when("_masked")
        .then(pl.lit("masked_at_source"))
        .when("_missing")
        .then(pl.lit("missing"))
        .when(pl.col("_schools") == 0)
        .then(pl.lit("no_pupils"))
        .when("_reconciled")
        .then(pl.lit("ok"))
        .otherwise(pl.lit("not_reconciled")),
        n=pl.col("_schools"),
    )
    measures = {f"pupils_ak{grade}": "_pupils"} | ({"schools_ak9": "_with_pupils"} if grade == 9 else {})
    return pl.concat(
        joined.select(
            "area_code",
            "year",
            "reason",
            "n",
            pl.lit(key).alias("indicator_key"),
            pl.col(column).cast(pl.Float64).alias("value"),
        )
        for key, column in measures.items()
    )
