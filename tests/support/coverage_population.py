"""Clustered populations with known shares, means and differences: how often do the published intervals hold the truth?

Every replicate is a wave of its own, so that one call of the production path estimates many. A pupil's score is the level of
the municipality, plus or minus half the difference between the sexes, plus the class's own level (normal), plus the pupil's own
(normal, standard deviation 1). The truth is that of the superpopulation: what many such classes would give (docs/adr/0007).

`python -m tests.support.coverage_population` prints the table of docs/methods/statistics.md.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from assets.methods.bands import CutSet, with_bands
from assets.methods.estimate import area_estimates

CHUNK = 200
"""Replicates per call: differences to the county need room for PSUs x waves."""
KEYS = ["area_level", "area_code", "sex", "index_key", "measure"]


@dataclass(frozen=True)
class World:
    """What is true of every replicate.

    Attributes:
        classes, levels: per municipality, its number of classes and mean score. sexes: girl minus boy.
        class_sd: standard deviation between classes. size: fewest and most answers of a class.
        cuts: index key -> the score above which the focus band begins.
        strata: level and weight of each stratum of a municipality, which gets every second (third, ...) class: a stratum of
            weight 3 stands for three times as many classes as were drawn.
    """

    classes: tuple[int, ...] = (6, 10, 16, 30)
    levels: tuple[float, ...] = (-0.2, 0.0, 0.1, 0.3)
    sexes: float = 0.3
    class_sd: float = 0.35
    size: tuple[int, int] = (8, 24)
    cuts: dict[str, float] = field(default_factory=lambda: {"common": 0.5, "usual": 1.2, "rare": 2.0})
    strata: tuple[tuple[float, float], ...] = ((0.0, 1.0),)

    @property
    def codes(self) -> list[str]:
        """Municipality codes, in the order of `classes`."""
        return [f"01{number:02d}" for number in range(len(self.classes))]

    def persons(self, replicates: int, seed: int, first_wave: int = 0) -> pl.DataFrame:
        """Person rows as `area_estimates` takes them: one wave per replicate."""
        rng = np.random.default_rng(seed)
        of_class = np.tile(np.repeat(np.arange(len(self.classes)), self.classes), replicates)
        size = rng.integers(self.size[0], self.size[1] + 1, len(of_class))
        klass = np.repeat(np.arange(len(of_class)), size)
        girl = rng.random(len(klass)) < 0.5
        offset, weight = np.array(self.strata).T
        place = np.tile(np.concatenate([np.arange(n) % len(self.strata) for n in self.classes]), replicates)
        level = np.array(self.levels)[of_class] + offset[place] + self.class_sd * rng.standard_normal(len(of_class))
        score = level[klass] + np.where(girl, 0.5, -0.5) * self.sexes + rng.standard_normal(len(klass))
        frame = pl.DataFrame(
            {
                "wave": (first_wave + klass // sum(self.classes)).astype(np.int32),
                "municipality_code": np.array(self.codes)[of_class[klass]],
                "sex": np.where(girl, "girl", "boy"),
                "psu": klass.astype(str),
                "weight": weight[place][klass],
                "place": place[klass].astype(str),
            }
        ).with_columns(
            pl.format("{}/{}/{}", "municipality_code", "wave", "place").alias("stratum"),
            pl.lit("ak9").alias("grade"),
            pl.lit(None, pl.String).alias("district_code"),
            pl.lit("s").alias("school_code"),
            *(pl.Series(key, score) for key in self.cuts),
        )
        return with_bands(
            frame, dict.fromkeys(self.cuts, "risk"), CutSet("simulated", {k: (-9.0, c) for k, c in self.cuts.items()})
        )

    def truth(self) -> pl.DataFrame:
        """`KEYS` and `truth` of every estimate with an interval, for the focus band (`share_band3`), means and differences."""
        offset, stands_for = np.array(self.strata).T
        stands_for = stands_for / stands_for.sum()
        weight = np.array(self.classes) / sum(self.classes)
        rows = []
        for key, cut in self.cuts.items():
            values = {}
            for sex, sign in (("girl", 0.5), ("boy", -0.5)):
                mean = np.add.outer(np.array(self.levels) + sign * self.sexes, offset)
                spread = math.hypot(1.0, self.class_sd) * math.sqrt(2)
                share = np.array([[0.5 * math.erfc((cut - m) / spread) for m in row] for row in mean])
                values[sex] = {"share_band3": share @ stands_for, "mean": mean @ stands_for}
            values["all"] = {what: (values["girl"][what] + values["boy"][what]) / 2 for what in ("share_band3", "mean")}
            for what, diff, gap in (
                ("share_band3", "diff_share_focus", "sex_gap_share_focus"),
                ("mean", "diff_mean", "sex_gap_mean"),
            ):
                apart = values["girl"][what] - values["boy"][what]
                rows += [("municipality", code, "all", key, gap, float(v)) for code, v in zip(self.codes, apart, strict=True)]
                rows.append(("county", "01", "all", key, gap, float(weight @ apart)))
                for sex in ("girl", "boy", "all"):
                    here, county = values[sex][what], float(weight @ values[sex][what])
                    rows.append(("county", "01", sex, key, what, county))
                    for code, value in zip(self.codes, here, strict=True):
                        rows.append(("municipality", code, sex, key, what, float(value)))
                        rows.append(("municipality", code, sex, key, diff, float(value) - county))
        return pl.DataFrame(rows, schema=[*KEYS, "truth"], orient="row")


def coverage(world: World, replicates: int, seed: int, ignore_classes: bool = False) -> pl.DataFrame:
    """How often the interval holds the truth.

    Args:
        ignore_classes: every pupil a PSU of its own, as if pupils had been drawn one by one. A world with strata is estimated
            with them and with its weights.

    Returns:
        `KEYS` and `held` (share of the intervals that hold the truth), `absent` (share of replicates without an interval),
        `width` (mean width), `bias` (mean estimate minus the truth).
    """
    parts = []
    for number, first in enumerate(range(0, replicates, CHUNK)):
        persons = world.persons(min(CHUNK, replicates - first), seed + number, first)
        if ignore_classes:
            persons = persons.with_columns(psu=pl.int_range(pl.len()).cast(pl.String))
        estimates = _estimates(world, persons)
        parts.append(estimates.select(*KEYS, "estimate", "low", "high"))
    return _held(pl.concat(parts).join(world.truth(), on=KEYS))


def _held(both: pl.DataFrame) -> pl.DataFrame:
    return (
        both.group_by(KEYS)
        .agg(
            held=pl.col("truth").is_between(pl.col("low"), pl.col("high")).mean(),
            absent=pl.col("low").is_null().mean(),
            width=(pl.col("high") - pl.col("low")).mean(),
            bias=(pl.col("estimate") - pl.col("truth")).mean(),
        )
        .sort(KEYS)
    )


def coverage_of_enrolled(world: World, replicates: int, seed: int, response: float = 0.85) -> pl.DataFrame:
    """As `coverage`, but the truth is that of the pupils enrolled that year, of whom a share `response` answers by chance."""
    parts = []
    for number, first in enumerate(range(0, replicates, CHUNK)):
        enrolled = world.persons(min(CHUNK, replicates - first), seed + number, first)
        answers = enrolled.filter(pl.Series(np.random.default_rng([seed, number]).random(enrolled.height) < response))
        truth, estimates = (_estimates(world, persons) for persons in (enrolled, answers))
        truth = truth.select(*KEYS, "wave", truth="estimate")
        parts.append(estimates.select(*KEYS, "wave", "estimate", "low", "high").join(truth, on=[*KEYS, "wave"]))
    return _held(pl.concat(parts))


def _estimates(world: World, persons: pl.DataFrame) -> pl.DataFrame:
    own = {"weight": "weight", "stratum": "stratum"} if len(world.strata) > 1 else {}
    return area_estimates(persons, dict.fromkeys(world.cuts, "risk"), levels=["county", "municipality"], **own)


def _per_cent(held: pl.DataFrame, measure: str, keys: list[str]) -> str:
    """Lowest to highest share of intervals that hold the truth, over areas and sexes."""
    cells = held.filter(pl.col("measure") == measure, pl.col("index_key").is_in(keys), pl.col("held").is_not_null())["held"] * 100
    return "–" if cells.is_empty() else f"{cells.min():.1f}–{cells.max():.1f}"


def main() -> None:
    """Print the tables of docs/methods/statistics.md: per cent of the intervals that hold the truth."""
    few, many = World(classes=(2, 3, 4, 5)), World()
    weighted = World(classes=(8, 12, 16, 30), strata=((0.4, 1.0), (-0.4, 3.0)))
    tables = {
        "6, 10, 16, 30 classes": coverage(many, 3000, 1),
        "the same, classes ignored": coverage(many, 1000, 1, ignore_classes=True),
        "2, 3, 4, 5 classes": coverage(few, 3000, 2),
        "8, 12, 16, 30 classes in two strata, weights 1 and 3": coverage(weighted, 3000, 3),
        "this year's pupils": coverage_of_enrolled(many, 1000, 4),
    }
    columns = [("share_band3", [key]) for key in many.cuts] + [(m, ["common"]) for m in ("mean", "diff_mean", "sex_gap_mean")]
    columns += [(m, [key]) for m in ("diff_share_focus", "sex_gap_share_focus") for key in ("common", "rare")]
    rows = [["area", *(f"{measure} {keys[0]}" for measure, keys in columns)]]
    for name, table in tables.items():
        for level in ("municipality", "county"):
            held = table.filter(pl.col("area_level") == level)
            rows.append([f"{name}, {level}", *(_per_cent(held, *column) for column in columns)])
    sys.stdout.writelines(f"| {' | '.join(row)} |\n" for row in rows)


if __name__ == "__main__":
    main()
