"""All raw registers together: which parser takes which, and the two tables that come out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from assets.methods.errors import PipelineError
from assets.registers import kolada, scb, skolenkaten, skolverket, skolverket_api, table_import
from assets.registers.models import VALUE_KEY, VALUE_SCHEMA, RawRegister, RegisterCatalogue
from assets.registers.raw import named_table


@dataclass(frozen=True)
class RegisterTables:
    """What the registers become.

    `values`: `VALUE_SCHEMA`, all sources. `schools`: `skolverket.SCHOOL_SCHEMA`, one row per school unit and year.
    `school_indicators`: `skolverket_api.INDICATOR_SCHEMA`, never added up to municipalities. `notes`: Swedish sentences about
    files that another file replaces and sources that no file holds.
    """

    values: pl.DataFrame = field(repr=False)
    schools: pl.DataFrame = field(repr=False)
    school_indicators: pl.DataFrame = field(
        repr=False, default_factory=lambda: pl.DataFrame(schema=skolverket_api.INDICATOR_SCHEMA)
    )
    notes: tuple[str, ...] = ()


def check_file(raw: RawRegister, catalogue: RegisterCatalogue) -> None:
    """Parse one file and throw the result away, so that a bad file can be set aside before it stops the others.

    Raises:
        PipelineError: as the file's parser says, with the file's name in `where`.
    """
    if raw.kind == "skolverket_api":
        parse_school_indicators(raw, catalogue)
    elif raw.kind.startswith("skolverket"):
        parse_schools(raw)
    else:
        parse_values(raw, catalogue)


def parse_schools(raw: RawRegister) -> pl.DataFrame:
    """School rows of one Skolverket file of either kind (`skolverket.SCHOOL_SCHEMA`)."""
    if raw.kind == "skolverket_csv":
        return skolverket.parse_rows(raw.rows, raw.source_file)
    if raw.kind == "skolverket_parquet":
        return skolverket.parse_parquet_rows(named_table(raw.rows, 0, raw.source_file), raw.source_file)
    raise ValueError(f"{raw.kind} holds no schools")


def parse_values(raw: RawRegister, catalogue: RegisterCatalogue) -> pl.DataFrame:
    """Register values of one file of Kolada, Skolenkäten or SCB, or of a table with a mapping (`VALUE_SCHEMA`)."""
    read = _READERS.get(raw.kind)
    if read is None:
        raise ValueError(f"{raw.kind} holds no values by itself: add its schools up")
    try:
        return read(raw, catalogue)
    except PipelineError as error:
        if error.where.startswith(raw.source_file):
            raise
        raise replace(error, where=f"{raw.source_file}: {error.where}") from error


def _kolada(raw: RawRegister, catalogue: RegisterCatalogue) -> pl.DataFrame:
    table = named_table(raw.rows, 0, raw.source_file)
    return kolada.parse(table, catalogue.sources["kolada"].indicators, catalogue.municipalities, raw.meta["vintage"])


def _skolenkaten(raw: RawRegister, catalogue: RegisterCatalogue) -> pl.DataFrame:
    source = catalogue.skolenkaten(raw.meta["grade"])
    if source is None:
        raise PipelineError(
            "unknown_layout",
            "Skolenkäten",
            "elever i åk 5, åk 8 eller gymnasiets år 2",
            f"en annan årskurs ({raw.meta['grade']})",
            "Lägg till årskursens index i assets/catalogue/registers.",
        )
    return skolenkaten.parse(raw.rows, source, catalogue.organisers, catalogue.municipalities)


def _scb(raw: RawRegister, catalogue: RegisterCatalogue) -> pl.DataFrame:
    table = named_table(raw.rows, 0, raw.source_file)
    return scb.parse(table, catalogue.more["scb"], catalogue.municipalities, raw.meta["vintage"])


def _table(raw: RawRegister, catalogue: RegisterCatalogue) -> pl.DataFrame:
    per = {key: unit.per for key, unit in catalogue.units.items() if unit.per is not None}
    values = table_import.parse(raw.rows, catalogue.names, catalogue.municipalities, raw.source_file, per)
    unknown = sorted(set(values["unit"]) - set(catalogue.units))
    if unknown:
        raise PipelineError(
            "bad_mapping",
            f"{raw.source_file}.yml",
            "enheter ur assets/catalogue/registers/units.yml",
            ", ".join(unknown),
            "Välj en av enheterna där.",
        )
    return values


_READERS: dict[str, Callable[[RawRegister, RegisterCatalogue], pl.DataFrame]] = {
    "kolada": _kolada,
    "skolenkaten": _skolenkaten,
    "scb": _scb,
    "table": _table,
}


def parse_school_indicators(raw: RawRegister, catalogue: RegisterCatalogue) -> pl.DataFrame:
    """School indicators of one file from Skolverket's API (`skolverket_api.INDICATOR_SCHEMA`)."""
    table = named_table(raw.rows, 0, raw.source_file)
    return skolverket_api.parse(table, catalogue.municipalities, raw.source_file)


def kolada_vintages(raws: Sequence[RawRegister], catalogue: RegisterCatalogue) -> list[pl.DataFrame]:
    """All Kolada vintages as values, oldest first, for `revisions.compare_all`. Of one day the file with the last name counts."""
    per_day = {raw.meta["vintage"]: raw for raw in sorted(_of(raws, "kolada"), key=lambda raw: raw.source_file)}
    return [parse_values(per_day[day], catalogue) for day in sorted(per_day)]


def _of(raws: Sequence[RawRegister], kind: str) -> list[RawRegister]:
    return [raw for raw in raws if raw.kind == kind]


def _newest(raws: Sequence[RawRegister]) -> list[RawRegister]:
    return sorted(raws, key=lambda raw: (raw.meta["vintage"], raw.source_file))[-1:]


def build(raws: Sequence[RawRegister], catalogue: RegisterCatalogue) -> RegisterTables:
    """Parse all register files and put them together.

    Of several vintages of Kolada (and of SCB) only the newest is used: values from different vintages are never mixed. Of two
    other files with the same source and year the one whose name comes last counts (`last_file_counts`). A source without a file
    is no error: its values are absent and the notes say so.

    Raises:
        PipelineError: whatever a parser raises.
    """
    chosen = [*_newest(_of(raws, "kolada")), *_newest(_of(raws, "scb")), *_of(raws, "skolenkaten"), *_of(raws, "table")]
    frames = [(raw.source_file, parse_values(raw, catalogue)) for raw in chosen]
    schools = [(raw.source_file, parse_schools(raw)) for raw in raws if raw.kind in {"skolverket_csv", "skolverket_parquet"}]
    indicators = newest_school_indicators(raws, catalogue)
    kept, notes = last_file_counts(schools, ["reconciled", "year"])
    combined = skolverket.combine_schools(kept) if kept else pl.DataFrame(schema=skolverket.SCHOOL_SCHEMA)
    chosen_values, more = last_file_counts(frames, ["source", "indicator_key", "year"])
    if schools:
        totals = skolverket.municipality_totals(combined, catalogue.sources["skolverket"], catalogue.municipalities)
        chosen_values.append(totals)
    values = pl.concat(chosen_values).sort(VALUE_KEY) if chosen_values else pl.DataFrame(schema=VALUE_SCHEMA)
    held = set(values["source"].unique())
    lacking = [
        f"{source.title_sv}: ingen fil i inkorgen, så uppgifterna saknas i rapporterna."
        for key, source in catalogue.sources.items()
        if key not in held
    ]
    return RegisterTables(values, combined, indicators, tuple([*notes, *more, *lacking]))


def last_file_counts(files: Sequence[tuple[str, pl.DataFrame]], unit: Sequence[str]) -> tuple[list[pl.DataFrame], list[str]]:
    """Of files that hold the same unit (a source's indicator and year) only the one whose name comes last is used for it.

    Args:
        files: name and rows, all with the same columns. unit: columns.

    Returns:
        The rows of each file that are used, in name order, and a Swedish sentence per file and year that another one replaces.
    """
    ordered = sorted(files, key=lambda item: item[0])
    kept: list[pl.DataFrame] = []
    notes: list[str] = []
    for place, (name, whole) in enumerate(ordered):
        rows = whole
        for later, others in ordered[place + 1 :]:
            taken = others.select(unit).unique()
            both = rows.join(taken, on=list(unit), how="semi", nulls_equal=True)
            rows = rows.join(taken, on=list(unit), how="anti", nulls_equal=True, maintain_order="left")
            years = ", ".join(str(year) for year in both["year"].drop_nulls().unique().sort())
            if both.height:
                notes.append(f"{name}: {years} finns också i {later}. Den filen gäller, eftersom dess namn kommer sist.")
        kept.append(rows)
    return kept, notes


def newest_school_indicators(raws: Sequence[RawRegister], catalogue: RegisterCatalogue) -> pl.DataFrame:
    """School indicators of the file whose name comes last (Skolverket's API sends all years each time)."""
    files = sorted(_of(raws, "skolverket_api"), key=lambda raw: raw.source_file)
    if not files:
        return pl.DataFrame(schema=skolverket_api.INDICATOR_SCHEMA)
    return parse_school_indicators(files[-1], catalogue)
