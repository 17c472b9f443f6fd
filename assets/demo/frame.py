"""The schools that exist: invented units with real sizes.

Grade 9 sizes are Skolverket's counts per school unit and spring (open data); names and codes are invented, because simulated
answers must never be tied to a real school. Upper secondary schools are invented altogether (`parameters.yml`, `frame`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from assets.catalogue.models import Municipality
from assets.demo.parameters import Parameters
from assets.registers.skolverket import combine_schools, parse_csv, parse_parquet_rows

REGISTERS = Path(__file__).parent / "registers"
SCHOOL_FILES = ("antal_elever_per_arskurs_2022_skolenhet.csv", "antal_elever_per_arskurs_2023_skolenhet.csv")
OLDER_SCHOOLS = "grundskola_antal_elever_skolenhet_2010_2023.parquet"
SEVENTEEN = "scb_17_2019.csv"
REGISTER_FILES = tuple(REGISTERS / name for name in (*SCHOOL_FILES, OLDER_SCHOOLS, SEVENTEEN))
STOCKHOLM = "0180"
GY2_FIRST_NUMBER = 501
"""School numbers in codes: 1-500 compulsory schools, from 501 upper secondary schools."""
UNSPECIFIED = "Övrigt ospecificerat"

FRAME_SCHEMA = {
    "municipality_code": pl.String(),
    "grade": pl.String(),
    "school_code": pl.String(),
    "school_name": pl.String(),
    "organiser": pl.String(),
    "district_code": pl.String(),
    "district_old": pl.String(),
    "district_new": pl.String(),
    "wave": pl.Int32(),
    "enrolled": pl.Int64(),
}


def register_schools() -> pl.DataFrame:
    """Grade 9 counts per real school unit: municipality_code, school_code, organiser, year (spring), pupils (> 0)."""
    csv = [parse_csv((REGISTERS / name).read_text(encoding="utf-8-sig"), name) for name in SCHOOL_FILES]
    older = parse_parquet_rows(pl.read_parquet(REGISTERS / OLDER_SCHOOLS).cast(pl.String), OLDER_SCHOOLS)
    schools = combine_schools([*csv, older]).filter(pl.col("pupils_ak9") > 0)
    organiser = pl.when(pl.col("organiser_type") == "municipal").then(pl.lit("municipal")).otherwise(pl.lit("independent"))
    return schools.select(
        "municipality_code", "school_code", organiser.alias("organiser"), "year", pl.col("pupils_ak9").alias("pupils")
    ).sort("municipality_code", "school_code", "year")


def grade9_counts(parameters: Parameters) -> pl.DataFrame:
    """`register_schools` for the survey's waves; a year that the register lacks is interpolated school by school."""
    schools = register_schools()
    parts = [
        schools.filter(pl.col("year").is_in(list(parameters.waves)) & ~pl.col("year").is_in(list(parameters.frame.interpolated)))
    ]
    for year, neighbours in parameters.frame.interpolated.items():
        both = schools.filter(pl.col("year").is_in(list(neighbours)))
        mean = both.group_by("municipality_code", "school_code").agg(
            pl.col("organiser").sort_by("year").last(), ((pl.col("pupils").sum() + 1) // 2).alias("pupils")
        )
        parts.append(mean.with_columns(pl.lit(year, pl.Int32).alias("year")).select(schools.columns))
    return pl.concat(parts).sort("municipality_code", "school_code", "year")


def seventeen_year_olds() -> dict[str, int]:
    """SCB's population aged 17 at the end of 2019 per municipality code."""
    people = pl.read_csv(REGISTERS / SEVENTEEN, schema_overrides={"municipality_code": pl.String})
    return dict(people.group_by("municipality_code").agg(pl.col("population_17").sum()).sort("municipality_code").iter_rows())


def cohort_factors(parameters: Parameters) -> dict[int, float]:
    """Size of the year 2 cohort per wave relative to the reference wave, from grade 9 two years earlier."""
    totals = dict(register_schools().group_by("year").agg(pl.col("pupils").sum()).iter_rows())
    for year, (before, after) in parameters.frame.interpolated.items():
        totals[year] = (totals[before] + totals[after]) / 2
    base = totals[parameters.frame.gy2_reference_wave - 2]
    return {wave: totals[wave - 2] / base for wave in parameters.waves}


def _keep(count: int, scale: float) -> int:
    return count if scale >= 1 else max(min(count, 2), round(count * scale**0.5))


def _shrink(pupils: float, scale: float) -> int:
    return max(1, round(pupils * min(scale, 1.0) ** 0.5))


def _district(rng: np.random.Generator, parameters: Parameters) -> tuple[str | None, str, str]:
    """District code, old and new name as delivered, for one school of Stockholm."""
    shares = parameters.frame.districts
    weights = np.array([d.share for d in shares.values()])
    code = list(shares)[rng.choice(len(shares), p=weights / weights.sum())]
    district = shares[code]
    old = district.old[rng.integers(len(district.old))]
    if rng.random() < parameters.frame.district_unspecified:
        return None, UNSPECIFIED, UNSPECIFIED
    return code, old, district.new or district.old[0]


def _compulsory(
    place: Municipality, counts: pl.DataFrame, rng: np.random.Generator, scale: float
) -> list[tuple[str, dict[int, int]]]:
    """Organiser and pupils per wave of each school, in an order that says nothing about the real one."""
    local = counts.filter(pl.col("municipality_code") == place.municipality_code)
    schools = [
        (part["organiser"][-1], {w: _shrink(n, scale) for w, n in zip(part["year"], part["pupils"], strict=True)})
        for part in local.partition_by("school_code", maintain_order=True)
    ]
    order = rng.permutation(len(schools))
    if scale < 1:  # the largest schools are in every wave
        order = sorted(order, key=lambda i: -sum(schools[i][1].values()))
    return [schools[i] for i in order[: _keep(len(schools), scale)]]


def _upper_secondary(
    place: Municipality, resident: int, factors: dict[int, float], parameters: Parameters, rng: np.random.Generator, scale: float
) -> list[tuple[str, dict[int, int]]]:
    frame = parameters.frame
    pupils = resident * frame.gy2_per_resident[place.municipality_code]
    schools: list[tuple[str, dict[int, int]]] = []
    for organiser, size in frame.gy2_school_size.items():
        share = frame.gy2_independent_share if organiser == "independent" else 1 - frame.gy2_independent_share
        part = pupils * share
        if part < 15:
            continue
        number = max(1, round(part / size))
        weights = rng.dirichlet(np.full(number, 6.0))
        sizes = [{w: _shrink(part * weight * f, scale) for w, f in factors.items()} for weight in weights]
        schools += [(organiser, s) for s in sizes[: _keep(number, scale)]]
    return schools


def build_frame(parameters: Parameters, municipalities: tuple[Municipality, ...], seed: int, scale: float) -> pl.DataFrame:
    """All schools per wave: `FRAME_SCHEMA`, sorted by municipality, grade, school and wave.

    Args:
        municipalities: the county's municipalities.
        seed: of the whole simulation; each municipality has a stream of its own.
        scale: below 1 keeps about sqrt(scale) of the schools and sqrt(scale) of each school's pupils.
    """
    counts, residents, factors = grade9_counts(parameters), seventeen_year_olds(), cohort_factors(parameters)
    rows: list[tuple[object, ...]] = []
    for place in municipalities:
        code = place.municipality_code
        rng = np.random.default_rng([seed, int(code), 1])
        compulsory = _compulsory(place, counts, rng, scale)
        upper = _upper_secondary(place, residents[code], factors, parameters, rng, scale)
        named = [("ak9", i, f"Skola {i:02d}, {place.name}", s) for i, s in enumerate(compulsory, start=1)]
        named += [("gy2", GY2_FIRST_NUMBER + i, f"Gymnasieskola {i + 1}, {place.name}", s) for i, s in enumerate(upper)]
        for grade, number, name, (organiser, sizes) in named:
            district = _district(rng, parameters) if code == STOCKHOLM else (None, None, None)
            # A leading zero: no real school unit code has one, so an invented code can't be mistaken for a school.
            unit = (code, grade, f"0{code}{number:03d}", name, organiser, *district)
            rows += [(*unit, wave, sizes[wave]) for wave in parameters.waves if wave in sizes]
    return pl.DataFrame(rows, schema=FRAME_SCHEMA, orient="row").sort("municipality_code", "grade", "school_code", "wave")
