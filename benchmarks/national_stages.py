"""The stages that `national.py` measures, each the product's own functions on one warehouse or data folder.

A stage takes what it was told and gives how many rows it made or bundles it wrote; it runs in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from assets.catalogue.load import Catalogue
    from pipelines.warehouse import Warehouse

COUNTY = 26
"""Municipalities of the county that is copied."""


@dataclass(frozen=True)
class Asked:
    """What a stage works on.

    Attributes:
        place: the warehouse of copies; for `checking` and `bundles` the data folder of the finished run, which is only read.
        waves: in order. indices: how many; more than the catalogue's are copies of them under other names.
        areas: how many municipalities; only `bundles` and `checking` choose by it.
    """

    place: Path
    waves: tuple[int, ...]
    indices: int
    areas: int

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse of copies."""
        from pipelines.warehouse import Warehouse

        return Warehouse(self.place)


def with_indices(catalogue: Catalogue, wanted: int) -> Catalogue:
    """The catalogue with so many indices: its own and, when there are more, copies under other keys with the same limits."""
    own, cuts = catalogue.indices, catalogue.cutoffs.cuts
    turns = [(turn, index) for turn in range(-(-wanted // len(own))) for index in own][:wanted]
    names = {(turn, index.key): index.key if turn == 0 else f"{index.key}_{turn}" for turn, index in turns}
    indices = tuple(index.model_copy(update={"key": names[turn, index.key]}) for turn, index in turns)
    limits = catalogue.cutoffs.model_copy(update={"cuts": {name: cuts[key] for (_, key), name in names.items()}})
    sets = tuple(limits if one.id == limits.id else one for one in catalogue.cutoff_file.sets)
    return replace(
        catalogue,
        index_file=catalogue.index_file.model_copy(update={"indices": indices}),
        cutoff_file=catalogue.cutoff_file.model_copy(update={"sets": sets}),
    )


def checking(asked: Asked) -> int:
    """From the inbox to validated answers, with all checks and quality pages: the job `ingest_surveys` on a new data folder.

    A file holds one municipality's waves, so fewer municipalities are fewer files, spread over small and large ones.
    """
    from benchmarks.loading import ours
    from pipelines.paths import Paths

    files = [path for path in sorted(Paths(asked.place).surveys.rglob("*")) if path.is_file()]
    wanted = max(1, round(len(files) * min(1, asked.areas / COUNTY)))
    chosen = [files[at * len(files) // wanted] for at in range(wanted)]
    with TemporaryDirectory(dir=asked.place.parent) as folder:
        return ours(chosen, Path(folder)).rows


def scores(asked: Asked) -> int:
    """`indices.person_scores`, written a wave at a time as the I/O manager does."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import PERSONS, scored_persons

    catalogue, rows = with_indices(load_catalogue(), asked.indices), 0
    for wave in asked.waves:
        made = scored_persons(asked.warehouse, catalogue, wave, removal=True)
        asked.warehouse.replace(PERSONS, made, {"wave": [wave]})
        rows += made.height
    return rows


def areas(asked: Asked) -> int:
    """`indices.area_counts` and `indices.area_estimates`."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import COUNTS, ESTIMATES, estimated_areas

    made = estimated_areas(asked.warehouse, with_indices(load_catalogue(), asked.indices), asked.waves)
    return _written(asked, dict(zip((COUNTS, ESTIMATES), made, strict=True)))


def questions(asked: Asked) -> int:
    """`indices.indicator_counts` and `indices.indicator_estimates`."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import INDICATOR_COUNTS, INDICATOR_ESTIMATES, tables_of_indicators

    made = tables_of_indicators(asked.warehouse, load_catalogue(), asked.waves, removal=True)
    return _written(asked, dict(zip((INDICATOR_COUNTS, INDICATOR_ESTIMATES), made, strict=True)))


def scales(asked: Asked) -> int:
    """`indices.scale_means` and `indices.scale_estimates`."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import SCALE_ESTIMATES, SCALE_MEANS, tables_of_scales

    made = tables_of_scales(asked.warehouse, load_catalogue(), asked.waves, removal=True)
    return _written(asked, dict(zip((SCALE_MEANS, SCALE_ESTIMATES), made, strict=True)))


def _written(asked: Asked, made: dict) -> int:
    for name, frame in made.items():
        asked.warehouse.replace(name, frame, {"wave": list(asked.waves)})
    return sum(frame.height for frame in made.values())


def hiding(asked: Asked) -> int:
    """Both families in both editions, a wave and a county at a time: counties share no pupils and no sums."""
    from assets.catalogue.load import load_catalogue
    from assets.methods.disclosure import load_policy
    from assets.methods.score_scale import policy_for
    from assets.release_utility import released_anew, suppressor_inputs

    catalogue, rows = load_catalogue(), 0
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    for wave in asked.waves:
        indices, series = suppressor_inputs(asked.warehouse, catalogue, wave)
        for county in indices[0]["area_code"].str.slice(0, 2).unique().sort():
            own = pl.col("area_code").str.starts_with(county)
            inputs = tuple(table.filter(own) for table in indices), tuple(table.filter(own) for table in series)
            rows += sum(table.height for table in released_anew(inputs, catalogue, policy).values())
    return rows


def reading(asked: Asked) -> int:
    """Of the release, what every bundle of the latest wave is drawn from, both editions: read and cut out, not drawn."""
    from assets.bundle.frames import select_frames
    from assets.catalogue.load import load_catalogue
    from assets.charts.types import Scope
    from assets.reports import release_frames, report_meta, with_series
    from pipelines.resources import ReleaseReader

    catalogue, reader = load_catalogue(), ReleaseReader(data_dir=str(asked.place))
    meta, release, rows = report_meta(catalogue), release_frames(reader), 0
    for code, edition in _bundles(catalogue, asked.areas):
        scope = Scope(code, catalogue.area_names[code], asked.waves[-1], edition)
        with reader.held():
            frames = select_frames(with_series(release, reader, catalogue, scope), scope, meta.charts.indices)
        rows += frames.index_results.height
    return rows


def bundles(asked: Asked) -> int:
    """Bundles of the latest wave in both editions, all formats, in one process, no picture held from before."""
    from assets.bundle.frames import select_frames
    from assets.bundle.picture_cache import PictureCache
    from assets.bundle.render import render_bundle
    from assets.bundle.types import BundleMeta
    from assets.bundle.writer import write_bundle
    from assets.catalogue.load import load_catalogue
    from assets.charts.types import Scope
    from assets.reports import release_frames, report_meta, with_series
    from pipelines.resources import ReleaseReader

    catalogue, reader = load_catalogue(), ReleaseReader(data_dir=str(asked.place))
    meta, release, written = report_meta(catalogue), release_frames(reader), 0
    made_by = BundleMeta("benchmark", catalogue.content_hash, {}, "", 0, {}, {})
    with TemporaryDirectory() as folder:
        cache = PictureCache(Path(folder) / "cache")
        for code, edition in _bundles(catalogue, asked.areas):
            scope = Scope(code, catalogue.area_names[code], asked.waves[-1], edition)
            frames = select_frames(with_series(release, reader, catalogue, scope), scope, meta.charts.indices)
            write_bundle(render_bundle(frames, scope, meta, draw=cache.svg, script=cache.library), Path(folder), made_by)
            written += 1
    return written


def _bundles(catalogue: Catalogue, wanted: int) -> Iterator[tuple[str, str]]:
    """(municipality, edition): so many municipalities of all sizes, evenly among the codes, which begin with the small ones."""
    from assets.cutoff_guard import released_editions

    codes = sorted(catalogue.municipality_by_code)
    for at in range(wanted):
        for edition in released_editions(catalogue):
            yield codes[at * len(codes) // wanted], edition


STAGES: dict[str, Callable[[Asked], int]] = {
    "checking": checking,
    "scores": scores,
    "areas": areas,
    "questions": questions,
    "scales": scales,
    "hiding": hiding,
    "reading": reading,
    "bundles": bundles,
}
OF_FINISHED = ("checking", "reading", "bundles")
"""Stages that work on the finished run itself and not on copies of it."""
