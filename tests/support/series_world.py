"""Random answers of whole counties about linked questions, their counts, and an attacker on what is published of them.

The attacker knows the numbers of pupils exactly, the roundings, the floors behind the reasons, how girls and boys and areas add
up and everything that the questions say about each other. It shares no code with the disclosure control.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from assets.catalogue.indicator_models import Indicator, IndicatorFile
from assets.catalogue.load import load_catalogue
from assets.methods.disclosure import load_policy
from assets.methods.indicators import indicator_counts, indicator_values
from assets.methods.pomp import pomp_means, pomp_values
from assets.methods.protect_series import SeriesRelease, protect_series
from assets.methods.series_estimates import series_estimates
from tests.support.attacker import LinearSystem, stacked

CATALOGUE = load_catalogue()
SURVEY = CATALOGUE.survey
POLICY = load_policy(CATALOGUE.disclosure)
CHOSEN = (
    *("dik14a", "roker_dagligen", "dik15", "dik14", "dik35_ej", "dik35_stor", "dik36", "dik37", "dik73", "spelprobl"),
    *("dik46", "dik50", "dik53ej", "dik61", "f62nyckel", "dik80aa", "dik80ba", "dik80ca", "dik80da", "dik80ea", "utsatt_brott"),
)
FILE: IndicatorFile = CATALOGUE.indicator_file.model_copy(
    update={
        "indicators": tuple(i for i in CATALOGUE.indicator_file.indicators if i.id in CHOSEN),
        "indices": tuple(i for i in CATALOGUE.indicator_file.indices if i.id in ("dik67ago", "dik67", "psykhalsa")),
    }
)
SCALE_ITEMS = tuple(dict.fromkeys(part.item for index in FILE.indices for part in index.items))
NOBODY = pl.DataFrame(
    schema={"area_level": pl.String, "area_code": pl.String, "wave": pl.Int32, "grade": pl.String, "sex": pl.String}
)
# yes to one is yes to the other; yes to one is no to the other (of those in its denominator); unions of all their parts
INSIDE = [("roker_dagligen", "dik14a"), ("dik14a", "dik14"), ("dik15", "dik14"), ("roker_dagligen", "dik14"), ("dik37", "dik36"),
          ("dik50", "dik46"), ("spelprobl", "dik73"), ("f62nyckel", "dik61"),
          *((f"dik80{x}a", "utsatt_brott") for x in "abcde")]  # fmt: skip
APART = [("dik35_ej", "dik35_stor"), ("dik53ej", "dik46"), ("dik53ej", "dik50")]
UNIONS = {"dik14": ("dik14a", "dik15"), "utsatt_brott": tuple(f"dik80{x}a" for x in "abcde")}
BASES = {"spelprobl": ("dik73", 1), "f62nyckel": ("dik61", 1), "dik53ej": ("dik46", 0)}


def world(seed: int, sizes: Sequence[int], districts: Sequence[int] = (), design: bool = False) -> pl.DataFrame:
    """Answers of one wave and grade: municipalities of the sizes, and a Stockholm of the districts' sizes and 60 others."""
    rng = np.random.default_rng(seed)
    parts = [_area(rng, f"01{20 + n}", None, size) for n, size in enumerate(sizes)]
    parts += [_area(rng, "0180", f"0180-{101 + n}", size) for n, size in enumerate(districts)]
    parts += [_area(rng, "0180", None, 60)] if districts else []
    frame = pl.concat(parts)
    if design:
        weights = rng.lognormal(1.5, 0.7, frame.height).round(4)
        frame = frame.with_columns(weight=pl.Series(weights), stratum=pl.lit("1"), psu=pl.col("class_code"))
    return frame.with_columns(respondent_key=pl.format("r{}", pl.int_range(pl.len())))


def _area(rng: np.random.Generator, code: str, district: str | None, size: int) -> pl.DataFrame:
    def often(low: float, high: float) -> np.ndarray:
        return rng.random(size) < rng.uniform(low, high)

    def gone(codes: np.ndarray) -> np.ndarray:
        return np.where(rng.random(size) < rng.choice([0.0, 0.02, 0.1]), 999, codes)

    smokes, daily, vapes = often(0.01, 0.3), often(0.2, 0.95), often(0.01, 0.3)
    drinks, heavy, drunk = often(0.3, 0.9), often(0.05, 0.6), often(0.3, 0.95)
    drugs, lately, chance = often(0.01, 0.4), often(0.1, 0.9), often(0.1, 0.6)
    gambles, troubled, bullied = often(0.02, 0.4), often(0.1, 0.5), often(0.02, 0.4)
    answers = {
        "F14": gone(np.where(smokes, np.where(daily, 5, 4), 1)),
        "F15": gone(np.where(vapes, 4, 1)),
        "F35": gone(np.where(drinks, np.where(heavy, 6, 3), 1)),
        "F36": np.where(drinks & drunk, 3, 1),
        "F37": np.where(drinks & drunk, rng.integers(0, 3, size), 996),
        "F46": np.where(drugs, 2, 1),
        "F50": np.where(drugs, np.where(lately, 1, 0), 996),
        "F53": gone(np.where(chance, 1, 2)),
        "F73_1": np.where(gambles, 0, 1),
        "F73_2": np.where(gambles, 1, 0),
        "F73_3": np.zeros(size, int),
        "F61a": np.where(bullied, 0, 1),
        **{f"F61{x}": np.where(bullied & (x == "b"), 1, 0) for x in "bcdefghi"},
        "F62": np.where(bullied, gone(rng.integers(2, 5, size)), 996),
        **{f"F75{x}": np.where(gambles, gone(np.where(troubled, 2, 1)), 996) for x in "abc"},
        **{f"F80{x}a": gone(np.where(often(0.01, 0.15), 2, 1)) for x in "abcde"},
        **{item: gone(rng.choice(list(SURVEY.answers(item)), size)) for item in SCALE_ITEMS},
    }
    girls = rng.random(size) < rng.choice([0.05, 0.5])
    background = {
        "municipality_code": pl.repeat(code, size, eager=True),
        "district_code": pl.repeat(district, size, dtype=pl.String, eager=True),
        "wave": pl.repeat(2024, size, dtype=pl.Int32, eager=True),
        "grade": pl.repeat("ak9", size, eager=True),
        "sex": pl.Series(np.where(girls, "girl", "boy").tolist(), dtype=pl.String),
        "school_code": pl.Series([f"s{n % 4}" for n in range(size)], dtype=pl.String),
        "class_code": pl.Series([f"c{n % 9}" for n in range(size)], dtype=pl.String),
    }
    return pl.DataFrame(background | {key: pl.Series(codes, dtype=pl.Int16) for key, codes in answers.items()})


def tables(answers: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Counts, means of scales and estimates of the chosen series."""
    values, scales = indicator_values(answers, FILE.indicators, SURVEY), pomp_values(answers, FILE.indices, SURVEY)
    estimates = pl.concat(
        [
            series_estimates(values, [i.id for i in FILE.indicators], "share"),
            series_estimates(scales, [i.id for i in FILE.indices], "mean"),
        ]
    )
    return (
        indicator_counts(values, FILE.indicators),
        pomp_means(scales, FILE.indices),
        estimates.with_columns(is_clear=pl.lit(True)),
    )


def publish(answers: pl.DataFrame, hidden: pl.DataFrame = NOBODY) -> SeriesRelease:
    """What may be published of the answers."""
    return protect_series(*tables(answers), FILE, SURVEY, POLICY, "intern", hidden)


def sensitive_ids(indicators: Sequence[Indicator] = FILE.indicators) -> set[str]:
    """Indicators with the stricter floors."""
    return {i.id for i in indicators if i.sensitive}


FAMILIES = (
    ("dik14a", "roker_dagligen", "dik15", "dik14"), ("dik35_ej", "dik35_stor", "dik36", "dik37"), ("dik46", "dik50", "dik53ej"),
    ("dik73", "spelprobl"), ("dik61", "f62nyckel"), (*UNIONS["utsatt_brott"], "utsatt_brott"),
)  # fmt: skip


def attack(results: pl.DataFrame, counts: pl.DataFrame, enough: float = 10.01, chosen: Sequence[str] = CHOSEN) -> pl.DataFrame:
    """Bounds on the number of yes behind every hidden share: `area_level, area_code, sex, indicator, lo, hi`.

    Args:
        results: published rows of one wave and grade. counts: the true counts; only their numbers of pupils are used.
        enough: stop at a cell when points found so far show a wider interval than this.
        chosen: the indicators that are attacked together.
    """
    about = (pl.col("measure") == "share") & ~pl.col("reason").is_in(["not_asked", "no_delivery", "no_pupils"])
    shares = results.filter(about & pl.col("indicator").is_in(list(chosen)))
    sensitive = sensitive_ids()
    sizes = {
        tuple(row[:4]): row[4] for row in counts.select("area_level", "area_code", "sex", "indicator", "n_valid").iter_rows()
    }
    areas = sorted(shares.select("area_level", "area_code").unique().rows())
    own = [area for area in areas if area[0] != "county"]
    names = [key for key in chosen if key in set(shares["indicator"])]
    place = {
        (area, sex, key): n for n, (area, sex, key) in enumerate((a, s, k) for a in own for s in ("girl", "boy") for k in names)
    }

    def yes(area: tuple[str, str], sex: str, key: str) -> dict[int, float]:
        parts = [a for a in own if a[0] == "municipality"] if area[0] == "county" else [area]
        sexes = ("girl", "boy") if sex == "all" else (sex,)
        return {place[part, one, key]: 1.0 for part in parts for one in sexes}

    def size(area: tuple[str, str], sex: str, key: str) -> int:
        """Pupils in the denominator; of a group below the floor only that is known."""
        return max(sizes[area[0], area[1], sex, key], 19 if key in sensitive else 9)

    system = LinearSystem(len(place))
    targets, rows = [], []
    for row in shares.iter_rows(named=True):
        area, sex, key = (row["area_level"], row["area_code"]), row["sex"], row["indicator"]
        n = size(area, sex, key)
        expression = yes(area, sex, key)
        if row["reason"] == "ok":
            low, high = (row["value"] - 0.5) * n / 100, (row["value"] + 0.5) * n / 100
            system.know(expression, max(low, 0) - 1e-9, min(high, n) + 1e-9)
            if key in BASES and row["n"] is not None and BASES[key][0] in names:
                base, says_yes = BASES[key]
                limits = (n, np.inf) if says_yes else (0, size(area, sex, base) - n)
                system.know(yes(area, sex, base), *limits)
        else:
            system.know(expression, 0, n)
            targets.append(expression)
            rows.append((*area, sex, key))
    for area in own:
        for sex in ("girl", "boy"):
            _know_links(system, lambda key, a=area, s=sex: yes(a, s, key), lambda key, a=area, s=sex: size(a, s, key), set(names))
    _know_districts(system, own, names, place)
    system.compile()
    lo, hi = np.full(len(targets), np.inf), np.full(len(targets), -np.inf)
    all_targets = stacked(targets, system.unknowns)
    for at, target in enumerate(targets):
        for sign in (1, -1):
            if hi[at] - lo[at] > enough:
                continue
            point = system.extreme(target, sign)
            assert point is not None
            values = all_targets @ point
            np.minimum(lo, values, out=lo)
            np.maximum(hi, values, out=hi)
    frame = pl.DataFrame(rows, schema=["area_level", "area_code", "sex", "indicator"], orient="row")
    return frame.with_columns(pl.Series("lo", lo), pl.Series("hi", hi))


def _know_links(system: LinearSystem, yes, size, names: set[str]) -> None:
    def together(*terms: tuple[str, float]) -> dict[int, float]:
        total: dict[int, float] = {}
        for key, times in terms:
            for unknown, one in yes(key).items():
                total[unknown] = total.get(unknown, 0.0) + times * one
        return total

    for inner, outer in (pair for pair in INSIDE if names.issuperset(pair)):
        system.know(together((outer, 1), (inner, -1)), 0, np.inf)
    for first, second in (pair for pair in APART if names.issuperset(pair)):
        system.know(together((first, 1), (second, 1)), 0, size(second))
    for whole, parts in ((whole, parts) for whole, parts in UNIONS.items() if names.issuperset([whole, *parts])):
        system.know(together(*((part, 1) for part in parts), (whole, -1)), 0, np.inf)


def _know_districts(system: LinearSystem, own: list[tuple[str, str]], names: Sequence[str], place: Mapping[object, int]) -> None:
    parent = ("municipality", "0180")
    children = [area for area in own if area[0] == "district"]
    for sex in ("girl", "boy") if children else ():
        for key in names:
            inside = {place[child, sex, key]: -1.0 for child in children}
            system.know({place[parent, sex, key]: 1.0, **inside}, 0, np.inf)
