"""Raw deliveries -> one table of respondents in canonical names and codes. Pure.

A delivery that cannot be encoded is left out with its error; the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from assets.catalogue.models import Codebook, Survey
from assets.catalogue.profile_models import Profile
from assets.methods.asked_waves import blank_questions, settle_waves
from assets.methods.coded import EMPTY, CodedCells
from assets.methods.encode import CodeMaps, encode_background, item_codes, items_frame
from assets.methods.errors import PipelineError, count_sv
from assets.methods.measures import encode_measures
from assets.methods.survey_design import nested

STRAY_SHARE = 10
"""A delivery with less than one row in this many of the largest for a municipality holds stray rows of it, no delivery of it."""
BACKGROUND = (
    "respondent_key",
    "delivery_id",
    "municipality_code",
    "wave",
    "grade",
    "sex",
    "district_code",
    "home_area_code",
    "school_code",
    "school_name",
    "class_code",
)


@dataclass(frozen=True)
class DeliveryInput:
    """One delivery as it lies in the raw layer: its cells, labels and which wave each row belongs to.

    `municipality_code`: what the steward's sidecar declares for rows without a municipality, `""` when nothing.
    """

    delivery_id: str
    file_name: str
    codebook: Codebook
    cells: pl.DataFrame | CodedCells
    value_labels: Mapping[str, Mapping[str, str]]
    wave: pl.Series
    source_row: pl.Series
    municipality_code: str = ""

    @cached_property
    def coded(self) -> CodedCells:
        """The cells taken apart into texts and numbers."""
        return self.cells if isinstance(self.cells, CodedCells) else CodedCells.of(self.cells)


def harmonise_delivery(
    delivery: DeliveryInput,
    survey: Survey,
    municipalities: Mapping[str, str],
    districts: Mapping[str, str | None],
    profile: Profile | None = None,
) -> pl.DataFrame:
    """Encode one delivery.

    Returns:
        `respondent_key, delivery_id, municipality_code, wave, grade, sex, district_code, home_area_code, school_code,
        school_name, class_code`, the profile's design columns (`survey_design.nested`), one Int16 column per item and one
        Float64 column per measure; one row per respondent, also those outside the population (grade or municipality null),
        which `split_population` takes away and counts.

    Raises:
        PipelineError: `unknown_code`, `other_municipality`, `bad_weight`.
    """
    return _together([_encoded(delivery, survey, municipalities, districts, profile, {})], survey, profile)


@dataclass(frozen=True)
class _Encoded:
    """A delivery: its background (with `delivery_id, wave, source_row`), items as a matrix (`item_codes`) and measures."""

    background: pl.DataFrame
    items: np.ndarray
    measures: pl.DataFrame


def _encoded(
    delivery: DeliveryInput,
    survey: Survey,
    municipalities: Mapping[str, str],
    districts: Mapping[str, str | None],
    profile: Profile | None,
    known: CodeMaps,
) -> _Encoded:
    design = profile.design_columns if profile else ()
    background = encode_background(
        delivery.coded, delivery.value_labels, delivery.codebook, municipalities, districts, delivery.file_name, design
    )
    if delivery.municipality_code:
        background = _with_declared_municipality(background, delivery)
    items = item_codes(delivery.coded, delivery.value_labels, delivery.codebook, survey, delivery.file_name, known)
    measures = encode_measures(delivery.coded, delivery.value_labels, delivery.codebook, survey, delivery.file_name)
    name = pl.Series("delivery_id", [delivery.delivery_id]).new_from_index(0, background.height)
    keys = pl.DataFrame([name, delivery.wave.cast(pl.Int32).rename("wave"), delivery.source_row.rename("source_row")])
    return _Encoded(nested(keys.hstack(background), design, delivery.file_name), items, measures)


def _together(parts: Sequence[_Encoded], survey: Survey, profile: Profile | None) -> pl.DataFrame:
    """The rows of deliveries one after the other: what is done to each row alone is done once for all of them."""
    background = pl.concat([part.background for part in parts], rechunk=True)
    codes = np.empty((background.height, len(survey.items)), dtype=np.int16, order="F")
    np.concatenate([part.items for part in parts], out=codes)
    items = settle_waves(items_frame(codes, survey), background["wave"], survey)
    if profile and profile.blank_is_not_asked:
        places = background.select("municipality_code", "wave").hstack(items)
        items = pl.concat(blank_questions(own, items.columns) for own in _slices(places, parts)).select(items.columns)
    in_district = pl.col("district_code").str.starts_with(pl.col("municipality_code"))
    background = background.with_columns(
        respondent_key=pl.format("{}-{}", "delivery_id", "source_row"),
        district_code=pl.when(in_district).then(pl.col("district_code")),
    )
    measures = pl.concat([part.measures for part in parts], rechunk=True)
    return background.select(*BACKGROUND, *(profile.design_columns if profile else ())).hstack(items).hstack(measures)


def _slices(frame: pl.DataFrame, parts: Sequence[_Encoded]) -> list[pl.DataFrame]:
    """The rows of each delivery."""
    ends = np.cumsum([part.background.height for part in parts]).tolist()
    return [frame.slice(end - part.background.height, part.background.height) for part, end in zip(parts, ends, strict=True)]


def _with_declared_municipality(background: pl.DataFrame, delivery: DeliveryInput) -> pl.DataFrame:
    """Give rows whose municipality cell is empty the declared municipality; a row of another one is a contradiction."""
    column = next((n for n in delivery.codebook.columns.school_municipality if n in delivery.coded.columns), None)
    code = pl.col("municipality_code")
    others = background.filter(code != delivery.municipality_code).height
    if others:
        raise PipelineError(
            "other_municipality",
            f"{delivery.file_name}, kolumnen {column}",
            f"bara rader från kommunen {delivery.municipality_code}, som sidofilen anger",
            f"{count_sv(others, 'rad', 'rader')} från andra kommuner",
            "Ta bort raden kommun ur sidofilen, eller de andra kommunernas rader ur filen.",
        )
    empty = pl.Series(delivery.coded[column].empty) if column else pl.Series([True]).new_from_index(0, background.height)
    declared = pl.when(pl.lit(empty)).then(pl.lit(delivery.municipality_code)).otherwise(code)
    return background.with_columns(declared.alias("municipality_code"))


def repeated_respondents(delivery: DeliveryInput) -> pl.DataFrame:
    """How many rows of a delivery come back under the same respondent number; nothing is taken away.

    Returns:
        `delivery_id, wave, duplicate_rows, repeated_ids` (Int64): rows that equal an earlier row of the wave in every cell, and
        rows that have an earlier row's number but other answers. Null when the file has no column with respondent numbers.
    """
    cells, wave = delivery.coded, delivery.wave.cast(pl.Int32).rename("wave")
    waves = wave.unique().sort().to_frame().select(delivery_id=pl.lit(delivery.delivery_id), wave="wave")
    number = next((n for n in delivery.codebook.columns.respondent if n in cells.columns), None)
    if number is None:
        return waves.with_columns(duplicate_rows=pl.lit(None, pl.Int64), repeated_ids=pl.lit(None, pl.Int64))
    asked = cells[number]
    rows = pl.DataFrame([wave, pl.Series("id", asked.numbers)]).with_row_index("row")
    again = rows.filter((pl.col("id") != EMPTY) & pl.struct("wave", "id").is_duplicated())
    whole = pl.Series("cells", cells.numbers[again["row"].to_numpy()])
    same = pl.struct("wave", "cells").is_first_distinct().not_()
    later = pl.struct("wave", "id").is_first_distinct().not_()
    counted = again.with_columns(whole.arr.to_list()).select("wave", same=same, later=later).group_by("wave").agg(
        duplicate_rows=pl.col("same").sum().cast(pl.Int64),
        repeated_ids=(pl.col("later") & ~pl.col("same")).sum().cast(pl.Int64),
    )  # fmt: skip
    return waves.join(counted, on="wave", how="left", maintain_order="left").with_columns(
        pl.col("duplicate_rows", "repeated_ids").fill_null(0)
    )


def replacements(kept: pl.DataFrame, lost: pl.DataFrame) -> pl.DataFrame:
    """Which delivery took the place of a superseded one.

    Args:
        kept: rows that count. lost: `delivery_id, wave, municipality_code` from `newest_per_municipality`.

    Returns:
        `delivery_id, wave, newer` (delivery id), one row per pair, sorted.
    """
    place = ["wave", "municipality_code"]
    newest = kept.select(*place, newer="delivery_id").unique()
    pairs = lost.join(newest, on=place).select("delivery_id", "wave", "newer").unique()
    return pairs.sort("wave", "delivery_id", "newer")


def split_population(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows inside the survey's population, and the count of the others per delivery and wave.

    Returns:
        The kept rows, and `delivery_id, wave, rows_received, rows_outside`.
    """
    inside = pl.col("grade").is_not_null() & pl.col("municipality_code").is_not_null()
    counts = (
        frame.group_by("delivery_id", "wave")
        .agg(rows_received=pl.len().cast(pl.Int64), rows_outside=(~inside).sum().cast(pl.Int64))
        .sort("delivery_id", "wave")
    )
    return frame.filter(inside), counts


def newest_per_municipality(
    frame: pl.DataFrame, received: pl.DataFrame, held: pl.DataFrame | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Let a corrected delivery replace an earlier one of the same municipality and wave, unless the earlier one is held to.

    A few rows with another municipality's code must not wipe out that municipality's own delivery: a delivery with less than
    a tenth of the rows of the largest one for the municipality never replaces it.

    Args:
        frame: harmonised rows.
        received: `delivery_id, received_ns`; the highest wins, ties go to the highest delivery id.
        held: `delivery_id, wave, municipality_code` of deliveries that count whatever has come since.

    Returns:
        The rows that count, and `delivery_id, wave, municipality_code` of what was superseded.
    """
    place = ["wave", "municipality_code"]
    whose = ["delivery_id", *place]
    came = frame.group_by(whose).len("rows").join(received, on="delivery_id")
    kept = came.select(whose).clear() if held is None else held.select(whose)
    came = came.join(kept.with_columns(kept=True), on=whose, how="left").with_columns(
        pl.col("kept").fill_null(value=False), own=pl.col("rows") * STRAY_SHARE >= pl.col("rows").max().over(place)
    )
    ranked = came.sort("received_ns", "delivery_id").with_columns(
        newest=pl.col("delivery_id").last().over(place, order_by=["kept", "own", "received_ns", "delivery_id"])
    )
    keep = ranked.filter(pl.col("delivery_id") == pl.col("newest")).select("delivery_id", "wave", "municipality_code")
    lost = ranked.filter(pl.col("delivery_id") != pl.col("newest")).select("delivery_id", "wave", "municipality_code")
    return frame.join(keep, on=keep.columns, how="semi", maintain_order="left"), lost.sort(lost.columns)


def harmonise_all(
    deliveries: list[DeliveryInput],
    survey: Survey,
    municipalities: Mapping[str, str],
    districts: Mapping[str, str | None],
    profile: Profile | None = None,
) -> tuple[list[pl.DataFrame], list[tuple[DeliveryInput, PipelineError]]]:
    """Encode all deliveries, in their order; those that fail come back with their error."""
    parts: list[_Encoded] = []
    failed: list[tuple[DeliveryInput, PipelineError]] = []
    known: CodeMaps = {}
    for delivery in deliveries:
        try:
            parts.append(_encoded(delivery, survey, municipalities, districts, profile, known))
        except PipelineError as error:
            failed.append((delivery, error))
    return _slices(_together(parts, survey, profile), parts) if parts else [], failed


def delivery_gaps(frame: pl.DataFrame, index_items: Sequence[str], city: str | None) -> pl.DataFrame:
    """What share of each delivery's rows lacks something, so that a gap in one delivery is not thinned out by the others.

    Args:
        frame: harmonised rows. index_items: canonical items that are part of an index. city: the municipality with districts.

    Returns:
        `delivery_id, wave, kind, item, rows, missing_pct` (0..100): per index item the share without an answer (999; a column
        that the delivery lacks is 100), per background column the share of nulls: school and class (the PSU where the
        survey has its own), and the district, only for the city's rows.
    """
    keys = ["delivery_id", "wave"]
    absent = {item: (pl.col(item) == 999).fill_null(True) for item in index_items}
    units = ("psu",) if "psu" in frame.columns else ("school_code", "class_code")
    places = {name: pl.col(name).is_null() for name in units}
    parts = [_gap_shares(frame, keys, places, "background")]
    if absent:
        parts.append(_gap_shares(frame, keys, absent, "index_item"))
    city = frame.filter(pl.col("municipality_code") == (city or ""))
    parts.append(_gap_shares(city, keys, {"district_code": pl.col("district_code").is_null()}, "background"))
    return pl.concat(parts).sort([*keys, "kind", "item"])


def _gap_shares(frame: pl.DataFrame, keys: list[str], absent: Mapping[str, pl.Expr], kind: str) -> pl.DataFrame:
    sums = frame.group_by(keys).agg(
        pl.len().cast(pl.Int64).alias("rows"), *[e.sum().cast(pl.Int64).alias(n) for n, e in absent.items()]
    )
    long = sums.unpivot(list(absent), index=[*keys, "rows"], variable_name="item", value_name="missing")
    return long.select(*keys, pl.lit(kind).alias("kind"), "item", "rows", missing_pct=100 * pl.col("missing") / pl.col("rows"))
