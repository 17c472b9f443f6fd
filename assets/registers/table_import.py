"""Any table with a mapping file, raw text rows to register values. Pure.

Every error names the file, the sheet and the row. A cell that is neither a number nor one of the mapping's marks stops the file:
what a mark means is never guessed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import polars as pl

from assets.catalogue.active import COUNTY_CODE
from assets.methods.errors import PipelineError
from assets.registers.models import MAPPING_SHEET, VALUE_KEY, finish_values
from assets.registers.numbers import integer_text, swedish_number
from assets.registers.raw import named_table
from assets.registers.table_mapping import TableMapping, read_mapping
from assets.registers.table_rates import COUNT_COLUMNS, check_sums, check_thousands, with_rates, without_counts

COUNTY_NAMES = ("stockholms län",)
_ROWS = {"source_sheet": pl.String, "source_row": pl.Int64, "cells": pl.List(pl.String)}


def with_mapping(rows: pl.DataFrame, text: str) -> pl.DataFrame:
    """Raw rows of a table together with its mapping file, a line a row, so that the raw layer holds both."""
    lines = text.split("\n")
    sheet = pl.DataFrame(
        {
            "source_sheet": [MAPPING_SHEET] * len(lines),
            "source_row": range(1, len(lines) + 1),
            "cells": [[line] for line in lines],
        },
        schema=_ROWS,
    )
    return pl.concat([rows, sheet])


def mapping_of(rows: pl.DataFrame, file_name: str) -> TableMapping:
    """The mapping that `with_mapping` put beside a table. Raises as `read_mapping`."""
    lines = rows.filter(pl.col("source_sheet") == MAPPING_SHEET).sort("source_row")["cells"].list.first().to_list()
    return read_mapping("\n".join(line or "" for line in lines), f"{file_name}.yml")


def csv_rows(data: bytes, mapping: TableMapping, file_name: str) -> pl.DataFrame:
    """Rows of a CSV in the mapping's encoding and with its delimiter; `source_row` is the record's number.

    Raises:
        PipelineError: `wrong_encoding`, `unknown_layout`.
    """
    try:
        text = data.decode("utf-8-sig" if mapping.file.encoding == "utf-8" else mapping.file.encoding)
        cells = list(csv.reader(io.StringIO(text, newline=""), delimiter=mapping.file.delimiter, strict=True))
    except UnicodeDecodeError as error:
        raise PipelineError(
            "wrong_encoding",
            file_name,
            f"text i teckenkodningen {mapping.file.encoding}",
            "en annan teckenkodning",
            "Ange filens teckenkodning i mappningsfilen (file.encoding).",
        ) from error
    except csv.Error as error:
        raise _layout(file_name, f"fält åtskilda av ”{mapping.file.delimiter}”", "något annat", "file.delimiter") from error
    return pl.DataFrame({"source_sheet": [""] * len(cells), "source_row": range(1, len(cells) + 1), "cells": cells}, schema=_ROWS)


def fits(rows: pl.DataFrame, mapping: TableMapping) -> bool:
    """Whether a table is the one a mapping is about: its sheet, its telling texts and its headers are there."""
    sheet = _sheet(rows, mapping)
    return sheet is not None and not _lacking(sheet, mapping) and _header_row(sheet, mapping) is not None


def parse(
    rows: pl.DataFrame,
    names: Mapping[str, str],
    areas: Sequence[str],
    file_name: str,
    per: Mapping[str, int] = MappingProxyType({}),
) -> pl.DataFrame:
    """Register values of a table with its mapping.

    Args:
        rows: `source_sheet`, `source_row`, `cells` of the file, and its mapping (`with_mapping`).
        names: municipality name -> code.
        areas: municipality codes wanted.
        file_name: for messages.
        per: unit -> how many persons a rate is told per, for tables of counts.

    Returns:
        `VALUE_SCHEMA`: for each year and sex of an indicator a row per municipality; one that the table lacks is `missing`. The
        county has rows only when the table has them. `n` is null.

    Raises:
        PipelineError: `bad_mapping`, `unknown_layout`, `unknown_area`, `unknown_code` (sex), `bad_number` (year or value),
            `bad_unit`, `duplicate_rows`, `no_areas`, and as `table_rates.py` for counts.
    """
    mapping = mapping_of(rows, file_name)
    sheet = _sheet(rows, mapping)
    if sheet is None:
        raise _layout(file_name, f"bladet ”{mapping.file.sheet or ''}”", "en fil utan det", "file.sheet")
    where = file_name + (f", bladet ”{sheet['source_sheet'][0]}”" if sheet["source_sheet"][0] else "")
    lacking = _lacking(sheet, mapping)
    if lacking:
        raise _layout(where, "texten " + " och ".join(f"”{t}”" for t in lacking), "en tabell utan den", "file.must_contain")
    header = _header_row(sheet, mapping)
    if header is None:
        raise _layout(where, "en rubrikrad med " + ", ".join(f"”{h}”" for h in mapping.headers), "ingen sådan rad", "rubrikerna")
    table = named_table(sheet, header, where)
    long = _long(_with_year(table, mapping, where), mapping, where)
    local = _areas(long, mapping, names, areas, where)
    values = pl.concat(_values(local, mapping, per, where))
    _check_unique(values, where)
    check_sums(values, COUNTY_CODE, where)
    return _finished(values, mapping, areas)


def _sheet(rows: pl.DataFrame, mapping: TableMapping) -> pl.DataFrame | None:
    body = rows.filter(pl.col("source_sheet") != MAPPING_SHEET)
    if body.is_empty():
        return None
    name = mapping.file.sheet if mapping.file.sheet and body["source_sheet"][0] else body["source_sheet"][0]
    sheet = body.filter(pl.col("source_sheet") == name).sort("source_row")
    return sheet if sheet.height else None


def _lacking(sheet: pl.DataFrame, mapping: TableMapping) -> list[str]:
    texts = [cell for cells in sheet["cells"].to_list() for cell in cells if cell]
    return [text for text in mapping.file.must_contain if not any(text in cell for cell in texts)]


def _header_row(sheet: pl.DataFrame, mapping: TableMapping) -> int | None:
    """The first row that has every header of the mapping (and a year, when years are headers)."""
    wanted = set(mapping.headers)
    for row, cells in sheet.select("source_row", "cells").iter_rows():
        held = {(cell or "").strip() for cell in cells}
        if wanted <= held and (not mapping.year.headers or any(re.search(mapping.year.headers, h) for h in held)):
            return int(row)
    return None


def _with_year(table: pl.DataFrame, mapping: TableMapping, where: str) -> pl.DataFrame:
    """Columns `_year` (text) and `_text` (the value as it stands); one row per cell when the years are headers."""
    text = pl.col(str(mapping.value.column or mapping.value.count))
    if mapping.year.value is not None:
        return table.with_columns(_year=pl.lit(str(mapping.year.value)), _text=text)
    if mapping.year.column is not None:
        return table.with_columns(_year=integer_text(mapping.year.column), _text=text)
    pattern = re.compile(str(mapping.year.headers))
    years = {header: found[1] for header in table.columns if (found := pattern.search(header))}
    if len(set(years.values())) != len(years):
        raise _layout(where, "en kolumn per år", "två rubriker för samma år", "year.headers")
    keep = ["source_row", *mapping.headers]
    return pl.concat(table.select(*keep, pl.lit(year).alias("_year"), pl.col(h).alias("_text")) for h, year in years.items())


def _long(table: pl.DataFrame, mapping: TableMapping, where: str) -> pl.DataFrame:
    """Rows that have an area, with `year` (Int32) and `_sex` (the table's word)."""
    rows = table.filter(pl.col(mapping.area.column).str.strip_chars().fill_null("") != "")
    # Notes below the table stand in the first column alone.
    if mapping.year.headers is None:
        rows = rows.filter(pl.col("_text").is_not_null() | pl.col("_year").is_not_null())
    sex = pl.lit(mapping.sex.value) if mapping.sex.value else pl.col(str(mapping.sex.column)).str.strip_chars()
    return rows.with_columns(year=pl.col("_year").cast(pl.Int32, strict=False), _sex=sex)


def _areas(long: pl.DataFrame, mapping: TableMapping, names: Mapping[str, str], areas: Sequence[str], where: str) -> pl.DataFrame:
    """Rows of the county and its municipalities, with `area_code`."""
    given = pl.col(mapping.area.column).str.strip_chars()
    own = {name: code for name, code in mapping.area.names.items()}
    wrong = sorted(set(own.values()) - {*areas, COUNTY_CODE})
    if wrong:
        raise PipelineError(
            "unknown_area", where, "länets kommunkoder i area.names", ", ".join(wrong), "Rätta koderna i mappningsfilen."
        )
    if mapping.area.by == "code":
        known = {code: code for code in [*areas, COUNTY_CODE]} | own
        plain = integer_text(mapping.area.column)
        padded = pl.when(plain.str.contains(r"^\d{3}$")).then(plain.str.pad_start(4, "0")).otherwise(plain)
        code = padded.replace_strict(known, default=None, return_dtype=pl.String)
    else:
        known = {_name(name): code for name, code in names.items()} | dict.fromkeys(COUNTY_NAMES, COUNTY_CODE)
        known |= {_name(name): code for name, code in own.items()}
        code = given.str.to_lowercase().str.replace_all(r"\s+", " ").replace_strict(known, default=None, return_dtype=pl.String)
    placed = long.with_columns(area_code=code)
    strangers = placed.filter(pl.col("area_code").is_null())
    if strangers.height and mapping.area.others == "stop":
        raise PipelineError(
            "unknown_area",
            f"{where}, rad {strangers['source_row'].min()}",
            "en kommun i länet",
            f"ett annat område på {strangers['source_row'].n_unique()} rader",
            "Rätta namnet, lägg till det under area.names eller sätt area.others till ignore.",
        )
    local = placed.filter(pl.col("area_code").is_not_null())
    if local.is_empty():
        raise PipelineError(
            "no_areas",
            where,
            "länets kommuner i kolumnen " + f"”{mapping.area.column}”",
            "ingen av dem",
            "Kontrollera area i mappningen.",
        )
    return local


def _name(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def _values(local: pl.DataFrame, mapping: TableMapping, per: Mapping[str, int], where: str) -> list[pl.DataFrame]:
    _check_years_and_sexes(local, mapping, where)
    sex = pl.col("_sex") if mapping.sex.value else pl.col("_sex").replace_strict(mapping.sex.codes, return_dtype=pl.String)
    counts = mapping.value.population is not None
    columns = {"_text": "_events" if counts else "value"} | ({str(mapping.value.population): "_population"} if counts else {})
    if counts:
        check_thousands(local, list(columns), where)
    reasons = [_cell_reason(column, mapping) for column in columns]
    # Of two cells the one that isn't a number says why; a cell that is neither leaves the row without a reason, which stops.
    unknown = pl.any_horizontal(reason.is_null() for reason in reasons)
    telling = pl.coalesce(*(pl.when(reason != "ok").then(reason) for reason in reasons), pl.lit("ok"))
    typed = local.with_columns(
        *(
            pl.when(_cell_reason(column, mapping) == "ok").then(swedish_number(column)).alias(to)
            for column, to in columns.items()
        ),
        sex=sex,
        reason=pl.when(~unknown).then(telling),
    )
    found = []
    for indicator in mapping.indicators:
        chosen = typed.filter(*[pl.col(h).str.strip_chars() == cell for h, cell in indicator.where.items()])
        if chosen.is_empty():
            raise _layout(where, f"rader för {indicator.key} ({_where(indicator.where)})", "inga sådana rader", "where")
        _check_numbers(chosen, mapping, indicator.unit_text, where)
        valued = with_rates(chosen, indicator.unit, per, where) if counts else without_counts(chosen)
        found.append(
            valued.select(
                pl.lit(indicator.key).alias("indicator_key"),
                "area_code",
                "year",
                "sex",
                "value",
                "reason",
                pl.lit(indicator.unit).alias("unit"),
                pl.lit(indicator.title_sv).alias("title_sv"),
                *COUNT_COLUMNS,
            )
        )
    return found


def _cell_reason(column: str, mapping: TableMapping) -> pl.Expr:
    """What a mark in a cell means, `ok` for a number, null for anything else."""
    marks = {mark.strip(): reason for mark, reason in mapping.value.missing_marks.items()}
    text = pl.col(column).str.strip_chars().fill_null("")
    return (
        pl.when(text.is_in(list(marks)))
        .then(text.replace_strict(marks, default=None, return_dtype=pl.String))
        .when(swedish_number(column).is_not_null())
        .then(pl.lit("ok"))
    )


def _where(where: Mapping[str, str]) -> str:
    return ", ".join(f"{header} = {cell}" for header, cell in where.items()) or "alla rader"


def _check_years_and_sexes(local: pl.DataFrame, mapping: TableMapping, where: str) -> None:
    years = local.filter(pl.col("year").is_null() | ~pl.col("year").is_between(1900, 2100))
    if years.height:
        raise PipelineError(
            "bad_number",
            f"{where}, rad {years['source_row'].min()}",
            "ett årtal",
            f"något annat på {years.height} rader",
            "Rätta året.",
        )
    strange = (
        local.filter(~pl.col("_sex").is_in(list(mapping.sex.codes)).fill_null(False)) if mapping.sex.column else local.clear()
    )
    if strange.height:
        raise PipelineError(
            "unknown_code",
            f"{where}, rad {strange['source_row'].min()}, kolumnen ”{mapping.sex.column}”",
            "ett av " + ", ".join(f"”{code}”" for code in mapping.sex.codes),
            f"något annat på {strange.height} rader",
            "Komplettera sex.codes i mappningsfilen.",
        )


def _check_numbers(chosen: pl.DataFrame, mapping: TableMapping, unit_text: str | None, where: str) -> None:
    broken = chosen.filter(pl.col("reason").is_null()).sort("source_row")
    if broken.height:
        marks = ", ".join(f"”{mark}”" for mark in mapping.value.missing_marks) or "ingen"
        raise PipelineError(
            "bad_number",
            f"{where}, rad {broken['source_row'][0]}",
            f"ett tal eller en markering ur mappningen ({marks})",
            f"något annat i {broken.height} celler",
            "Lägg till tabellens markering under value.missing_marks, med vad den betyder.",
        )
    if mapping.unit_column:
        other = chosen.filter(pl.col(mapping.unit_column).str.strip_chars().ne_missing(unit_text)).sort("source_row")
        if other.height:
            raise PipelineError(
                "bad_unit",
                f"{where}, rad {other['source_row'][0]}, kolumnen ”{mapping.unit_column}”",
                f"enheten ”{unit_text}”",
                f"en annan på {other.height} rader",
                "Har källan bytt enhet? Rätta unit och unit_text i mappningsfilen.",
            )


def _check_unique(values: pl.DataFrame, where: str) -> None:
    doubled = values.height - values.unique(["indicator_key", "area_code", "year", "sex"]).height
    if doubled:
        raise PipelineError(
            "duplicate_rows",
            where,
            "ett värde per område, år och kön",
            f"{doubled} för mycket",
            "Skiljer något mer än område, år och kön raderna åt? Välj en av dem med where i mappningsfilen.",
        )


def _finished(values: pl.DataFrame, mapping: TableMapping, areas: Sequence[str]) -> pl.DataFrame:
    key = ["indicator_key", "area_code", "year", "sex"]
    held = [*areas, *([COUNTY_CODE] if COUNTY_CODE in set(values["area_code"]) else [])]
    grid = (
        values.select("indicator_key", "year", "sex", "unit", "title_sv")
        .unique()
        .join(pl.DataFrame({"area_code": held}), how="cross")
    )
    joined = grid.sort(key).join(values.drop("unit", "title_sv"), on=key, how="left", maintain_order="left")
    return finish_values(
        joined.with_columns(
            pl.col("reason").fill_null("missing"),
            source=pl.lit(mapping.source),
            area_level=pl.when(pl.col("area_code") == COUNTY_CODE).then(pl.lit("county")).otherwise(pl.lit("municipality")),
            n=pl.lit(None, pl.Int64),
            vintage=pl.lit(mapping.vintage),
            publisher_sv=pl.lit(mapping.publisher_sv),
        )
    ).sort(VALUE_KEY)


def _layout(where: str, expected: str, got: str, key: str) -> PipelineError:
    return PipelineError("unknown_layout", where, expected, got, f"Kontrollera filen, eller rätta {key} i mappningsfilen.")
