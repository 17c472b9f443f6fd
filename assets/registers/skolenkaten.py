"""Skolenkäten (Skolinspektionen's pupil survey): raw Excel rows to register values.

Everything is found by header text, never by position: the file changes shape between years, and readers with fixed columns have
picked a single question where they wanted an index. The result sheets have three header rows: (1) index name ("9. Trygghet") or
question text in the first column of a block, (2) answer option or sex, (3) Index / Medelvärde / Antal / Andel. Below stand the
country, then organisers (column Kommun empty), then school units.

An organiser's row covers that organiser's own schools, so a municipality's row is "kommunala skolor" only. Masked values (`*`,
`**`, `***`, `-`) keep their mark in `read_cells` and become null with a reason in `parse`; they are never zero (defect D48).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from assets.methods.errors import PipelineError
from assets.registers.models import Indicator, RegisterSource, finish_values
from assets.registers.numbers import integer_text, mark_reason, swedish_number
from assets.registers.reading import SKOLENKATEN_TITLE

META = ("Orgnummer", "Huvudman", "Kommun", "Skolenhetskod", "Skolenhet", "Antal i gruppen", "Antal", "Svarsfrekvens")
SEXES = {"Totalt": "all", "Flicka": "girl", "Pojke": "boy"}
COUNTRY_ROW = "Samtliga deltagande skolor"
_ROLE = {"Index": "index", "Medelvärde": "question"}
_WHERE = "Skolenkäten"


@dataclass(frozen=True)
class Column:
    """One value column of a result sheet: where it stands and what its three headers say.

    `header` is the normalised index name or question; `measure` is Index, Medelvärde, Antal or Andel; `option` the answer
    option of a count or share; `sex` is `all` on the sheet without sexes; `index_header` the index that the block stands under;
    `reversed` whether the question is marked "(-)".
    """

    position: int
    header: str
    measure: str
    option: str | None
    sex: str
    index_header: str | None = None
    reversed: bool = False


def normalise(text: str) -> str:
    """Header text without leading number, note in brackets "(bildar ej index)", reversal mark, case and doubled spaces."""
    plain = re.sub(r"^\s*\d+\.\s*|\((?:-|bildar ej index)\)", "", text)
    return re.sub(r"\s+", " ", plain).strip().replace("–", "-").casefold()


def columns_of(header_rows: Sequence[Sequence[str | None]]) -> list[Column]:
    """Value columns of a result sheet from its three header rows (lists of equal length, None = empty cell)."""
    top, middle, bottom = header_rows
    found: list[Column] = []
    header: str | None = None
    index_header: str | None = None
    option: str | None = None
    turned = False
    for position, measure in enumerate(bottom):
        if top[position]:
            header, option, turned = normalise(top[position] or ""), None, "(-)" in (top[position] or "")
            index_header = header if (measure or "").strip() == "Index" else index_header
        option = middle[position] or option
        if not measure or header is None:
            continue
        sex = SEXES.get(middle[position] or "", "all")
        named = option if measure in {"Antal", "Andel"} else None
        found.append(Column(position, header, measure.strip(), named, sex, index_header, turned))
    return found


def read_cells(rows: pl.DataFrame) -> pl.DataFrame:
    """All values of both result sheets, one row per cell, with marks kept.

    Args:
        rows: `source_sheet`, `source_row`, `cells` of the whole workbook.

    Returns:
        source_sheet, source_row, row_type (country, organiser, school), organisation_number, organiser_name, municipality_name,
        school_code (text, 8 digits), invited, answered, response_rate (text as in the file), header (normalised), index_header
        (the index it stands under), reversed (marked "(-)"), measure, option, sex, text (as in the file), value (Float64 or
        null), status (`ok`, `*`, `**`, `***`, `-`, `blank`, `other`).

    Raises:
        PipelineError: `unknown_layout` when no sheet has the three header rows.
    """
    sheets = [_sheet_cells(sheet, name) for (name,), sheet in rows.group_by("source_sheet", maintain_order=True)]
    known = [sheet for sheet in sheets if sheet is not None]
    if not known:
        raise _layout("ett resultatblad med kolumnerna " + ", ".join(META), "inget sådant blad")
    return pl.concat(known)


def _sheet_cells(sheet: pl.DataFrame, name: str) -> pl.DataFrame | None:
    """Cells of one sheet, or None when it is no result sheet (the explanations)."""
    ordered = sheet.sort("source_row")
    first = ordered.head(3)["cells"].to_list()
    if len(first) < 3 or not first[0] or not SKOLENKATEN_TITLE.search(first[0][0] or ""):
        return None
    labels = {(cell or "").strip(): i for i, cell in enumerate(first[1]) if (cell or "").strip() in META and i < len(META) + 4}
    absent = [label for label in META if label not in labels]
    if absent:
        raise _layout(f"kolumnerna {', '.join(META)} i bladet ”{name}”", "ett blad utan " + ", ".join(absent))
    body = ordered.slice(3).select(
        "source_sheet", "source_row", "cells", *[_cell(labels[label]).alias(f"_{i}") for i, label in enumerate(META)]
    )
    meta = body.with_columns(
        row_type=_row_type(), organisation_number=integer_text("_0"), school_code=integer_text("_3", 8)
    ).rename({"_1": "organiser_name", "_2": "municipality_name", "_5": "invited", "_6": "answered", "_7": "response_rate"})
    keep = ["source_sheet", "source_row", "row_type", "organisation_number", "organiser_name", "municipality_name", "school_code"]
    keep += ["invited", "answered", "response_rate"]
    return pl.concat(
        meta.filter(pl.col("organiser_name").is_not_null()).select(
            *keep,
            pl.lit(column.header).alias("header"),
            pl.lit(column.index_header, pl.String).alias("index_header"),
            pl.lit(column.reversed).alias("reversed"),
            pl.lit(column.measure).alias("measure"),
            pl.lit(column.option, pl.String).alias("option"),
            pl.lit(column.sex).alias("sex"),
            _cell(column.position).alias("text"),
        )
        for column in columns_of(first)
    ).with_columns(swedish_number("text").alias("value"), _status().alias("status"))


def _cell(position: int) -> pl.Expr:
    return pl.col("cells").list.get(position, null_on_oob=True)


def _row_type() -> pl.Expr:
    return (
        pl.when(pl.col("_1").str.starts_with(COUNTRY_ROW))
        .then(pl.lit("country"))
        .when(pl.col("_2").is_null())
        .then(pl.lit("organiser"))
        .otherwise(pl.lit("school"))
    )


def _status() -> pl.Expr:
    text = pl.col("text").str.strip_chars()
    return (
        pl.when(text.is_null() | (text == ""))
        .then(pl.lit("blank"))
        .when(text.is_in(["*", "**", "***", "-"]))
        .then(text)
        .when(swedish_number("text").is_not_null())
        .then(pl.lit("ok"))
        .otherwise(pl.lit("other"))
    )


def parse(rows: pl.DataFrame, source: RegisterSource, organisers: Mapping[str, str], areas: Sequence[str]) -> pl.DataFrame:
    """Register values of the municipalities' own schools.

    Args:
        rows: `source_sheet`, `source_row`, `cells` of the whole workbook.
        source: the catalogue's indicators for the file's grade. Where it names no questions (åk 5 and gymnasiet) the file's own
            questions aren't checked, and an index that the file lacks is `absent_in_vintage`.
        organisers: organiser name as published ("Danderyds kommun") -> municipality code, an explicit list.
        areas: municipality codes wanted.

    Returns:
        `VALUE_SCHEMA`: indices and question means (0-10) of the catalogue for all, girls and boys, and the response rate in per
        cent for all. `n` is the number of answers (all pupils of the row; not published by sex). A municipality that took no part
        has every row with reason `missing`.

    Raises:
        PipelineError: `unknown_layout` when an index or question of the catalogue isn't in the file or the file has others,
            `bad_number`, `duplicate_rows`.
    """
    cells = read_cells(rows)
    year = _year(rows)
    absent = _check_headers(cells, source)
    local = cells.filter(
        (pl.col("row_type") == "organiser") & pl.col("organiser_name").str.strip_chars().is_in(list(organisers))
    ).with_columns(pl.col("organiser_name").str.strip_chars().replace_strict(organisers).alias("area_code"))
    _check_numbers(local)
    values = pl.concat([_means(local, source), _response_rates(local, source)])
    _check_unique(values)
    grid = _grid(source, areas)
    joined = grid.join(values, on=["indicator_key", "area_code", "sex"], how="left", maintain_order="left")
    units = pl.DataFrame({"indicator_key": list(source.by_key), "unit": [i.unit for i in source.indicators]})
    return finish_values(
        joined.join(units, on="indicator_key", how="left", maintain_order="left").with_columns(
            pl.when(pl.col("indicator_key").is_in(absent))
            .then(pl.lit("absent_in_vintage"))
            .otherwise(pl.col("reason").fill_null("missing"))
            .alias("reason"),
            source=pl.lit("skolenkaten"),
            area_level=pl.lit("municipality"),
            year=pl.lit(year, pl.Int32),
            vintage=pl.lit(source.vintage),
        )
    )


def country_means(rows: pl.DataFrame, source: RegisterSource) -> pl.DataFrame:
    """Indices and question means of all participating schools in the country.

    Columns: indicator_key, role (`index`, `question`), index (of a question), sex, value, reason.
    """
    cells = read_cells(rows).filter(pl.col("organiser_name") == COUNTRY_ROW).with_columns(area_code=pl.lit("00"))
    roles = pl.DataFrame(
        {
            "indicator_key": list(source.by_key),
            "role": [i.role for i in source.indicators],
            "index": [i.index for i in source.indicators],
        }
    )
    means = _means(cells, source).join(roles, on="indicator_key", how="left")
    return means.select("indicator_key", "role", "index", "sex", "value", "reason").sort("indicator_key", "sex")


def _year(rows: pl.DataFrame) -> int:
    for cell in rows.filter(pl.col("source_row") == 1)["cells"].list.first().to_list():
        if cell and (found := SKOLENKATEN_TITLE.search(cell)):
            return int(found[1])
    raise _layout("en titel med året, till exempel ”Skolenkäten 2022 - Elever årskurs 8”", "ingen sådan titel")


def _keys(source: RegisterSource) -> dict[tuple[str, str], Indicator]:
    return {(normalise(i.header), i.role): i for i in source.indicators if i.header}


def _check_headers(cells: pl.DataFrame, source: RegisterSource) -> list[str]:
    """Compare the file's headers with the catalogue's; returns the keys of indices that the file doesn't have."""
    means = cells.filter(pl.col("measure").is_in(list(_ROLE))).select("header", "measure").unique()
    held = {(header, _ROLE[measure]) for header, measure in means.iter_rows()}
    wanted = _keys(source)
    strict = any(i.role == "question" for i in source.indicators)
    if not strict:
        held = {(header, role) for header, role in held if role == "index"}
    # The single question on satisfaction has an empty index column of its own.
    single = {(header, "index") for header, _ in held if header == "övergripande nöjdhet"}
    absent, extra = sorted(set(wanted) - held), sorted(h for h, _ in held - set(wanted) - single)
    if extra or (absent and (strict or len(absent) == len(wanted))):
        parts = ["saknas: " + "; ".join(f"”{h}”" for h, _ in absent)] if absent else []
        parts += ["okända: " + "; ".join(f"”{h}”" for h in extra)] if extra else []
        raise _layout("katalogens index och frågor som rubriker", " och ".join(parts))
    return [wanted[pair].key for pair in absent]


def _check_numbers(local: pl.DataFrame) -> None:
    broken = local.filter((pl.col("status") == "other") & pl.col("measure").is_in(list(_ROLE)))
    if broken.height:
        sheet, row = broken.row(0)[:2]
        raise PipelineError(
            "bad_number",
            f"{_WHERE}, bladet ”{sheet}”, rad {row}",
            "ett tal eller en maskering (*, **, ***, -)",
            f"något annat i {broken.height} celler",
            "Hämta filen på nytt från Skolinspektionen.",
        )


def _check_unique(values: pl.DataFrame) -> None:
    doubled = values.height - values.unique(["indicator_key", "area_code", "sex"]).height
    if doubled:
        raise PipelineError(
            "duplicate_rows",
            _WHERE,
            "en rad per kommun",
            f"{doubled} värden som står två gånger",
            "Kontrollera att assets/catalogue/areas/organiser_names.csv inte pekar två huvudmän till samma kommun.",
        )


def _means(local: pl.DataFrame, source: RegisterSource) -> pl.DataFrame:
    """Index and question means: `all` from the sheet with answers (it has n), the sexes from the sheet by sex."""
    lookup = pl.DataFrame(
        [(header, role, i.key) for (header, role), i in _keys(source).items()],
        schema=["header", "role", "indicator_key"],
        orient="row",
    )
    by_sex = pl.col("source_sheet").is_in(local.filter(pl.col("sex") != "all")["source_sheet"].unique().to_list())
    return (
        local.filter(pl.col("measure").is_in(list(_ROLE)) & (by_sex == (pl.col("sex") != "all")))
        .with_columns(role=pl.col("measure").replace_strict(_ROLE))
        .join(lookup, on=["header", "role"], how="inner", maintain_order="left")
        .select(
            "indicator_key",
            "area_code",
            "sex",
            "value",
            pl.when(pl.col("sex") == "all").then(swedish_number("answered").cast(pl.Int64)).alias("n"),
            _reason().alias("reason"),
        )
    )


def _reason() -> pl.Expr:
    return pl.when(pl.col("value").is_not_null()).then(pl.lit("ok")).otherwise(mark_reason("text"))


def _response_rates(local: pl.DataFrame, source: RegisterSource) -> pl.DataFrame:
    """Response rate in per cent, one row per municipality."""
    key = next(i.key for i in source.indicators if i.role == "response_rate")
    by_sex = pl.col("source_sheet").is_in(local.filter(pl.col("sex") != "all")["source_sheet"].unique().to_list())
    rows = local.filter(~by_sex).unique(["source_sheet", "source_row"]).sort("source_row")
    return rows.select(
        pl.lit(key).alias("indicator_key"),
        "area_code",
        pl.lit("all").alias("sex"),
        (swedish_number("response_rate") * 100).round(1).alias("value"),
        swedish_number("answered").cast(pl.Int64).alias("n"),
        pl.when(swedish_number("response_rate").is_not_null())
        .then(pl.lit("ok"))
        .otherwise(mark_reason("response_rate"))
        .alias("reason"),
    )


def _grid(source: RegisterSource, areas: Sequence[str]) -> pl.DataFrame:
    """Every indicator x sex x municipality that gets a row."""
    pairs = [(i.key, sex) for i in source.indicators for sex in (SEXES.values() if i.by_sex else ["all"])]
    keys = pl.DataFrame(pairs, schema=["indicator_key", "sex"], orient="row")
    return keys.join(pl.DataFrame({"area_code": list(areas)}), how="cross")


def _layout(expected: str, got: str) -> PipelineError:
    return PipelineError(
        "unknown_layout",
        _WHERE,
        expected,
        got,
        "Har formuläret ändrats sedan förra året? Komplettera assets/catalogue/registers/skolenkaten*.yml.",
    )
