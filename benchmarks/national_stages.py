"""The stages that `national.py` measures, each the product's own functions on one warehouse or data folder.

A stage runs in a process of its own and gives, for each unit of work that isn't done again after a stop, the unit's name and how
many rows it made, cells it attacked or bundles it wrote. Most have one unit; hiding one per wave, the audit one per county.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeVar

import polars as pl

if TYPE_CHECKING:
    from assets.catalogue.load import Catalogue
    from pipelines.warehouse import TableName, Warehouse

Unit = TypeVar("Unit")
COUNTY = 26
"""Municipalities of the county that is copied."""
BACK = 10
"""Years that a copy of a wave lies before it."""
ALL = "all"
"""The unit of a stage that is one piece of work."""
Units = Iterator[tuple[str, int]]
"""(unit, rows or bundles), as they are done."""


@dataclass(frozen=True)
class Asked:
    """What a stage works on.

    Attributes:
        place: the warehouse of copies; for `OF_FINISHED` the data folder of the finished run, which is only read.
        waves: in order. indices: how many; more than the catalogue's are copies of them under other names.
        areas: how many municipalities; only `OF_FINISHED` choose by it.
        done: units that are not to be done again. scratch: folder for what the stage leaves on disk.
    """

    place: Path
    waves: tuple[int, ...]
    indices: int
    areas: int
    done: frozenset[str] = frozenset()
    scratch: Path = Path()

    def left(self, units: Iterable[Unit]) -> Iterator[Unit]:
        """The units that are not done."""
        return (unit for unit in units if str(unit) not in self.done)

    @property
    def counties(self) -> list[str]:
        """Codes of as many counties as the municipalities fill, the last perhaps in part."""
        return [f"{turn + 1:02d}" for turn in range(-(-self.areas // COUNTY))]

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse of copies."""
        from pipelines.warehouse import Warehouse

        return Warehouse(self.place)


def with_indices(catalogue: Catalogue, wanted: int) -> Catalogue:
    """The catalogue with so many indices, and single questions in proportion: its own and, when there are more, copies.

    Copies have other keys and the same limits.
    """
    own, cuts = catalogue.indices, catalogue.cutoffs.cuts
    turns = [(turn, index) for turn in range(-(-wanted // len(own))) for index in own][:wanted]
    names = {(turn, index.key): index.key if turn == 0 else f"{index.key}_{turn}" for turn, index in turns}
    indices = tuple(index.model_copy(update={"key": names[turn, index.key]}) for turn, index in turns)
    limits = catalogue.cutoffs.model_copy(update={"cuts": {name: cuts[key] for (_, key), name in names.items()}})
    sets = tuple(limits if one.id == limits.id else one for one in catalogue.cutoff_file.sets)
    asked = catalogue.indicator_file.indicators
    questions = [
        one.model_copy(update={"id": f"{one.id}_{turn}"}) if turn else one
        for turn in range(-(-wanted // len(own)))
        for one in asked
    ][: len(asked) * wanted // len(own)]
    return replace(
        catalogue,
        indicator_file=catalogue.indicator_file.model_copy(update={"indicators": tuple(questions)}),
        index_file=catalogue.index_file.model_copy(update={"indices": indices}),
        cutoff_file=catalogue.cutoff_file.model_copy(update={"sets": sets}),
    )


def checking(asked: Asked) -> Units:
    """From the inbox to validated answers, with all checks and quality pages: the job `ingest_surveys` on a new data folder.

    A file holds one municipality's waves, so fewer municipalities are fewer files, spread over small and large ones.
    """
    from benchmarks.loading import ours
    from pipelines.paths import Paths

    files = [path for path in sorted(Paths(asked.place).surveys.rglob("*")) if path.is_file()]
    wanted = max(1, round(len(files) * min(1, asked.areas / COUNTY)))
    chosen = [files[at * len(files) // wanted] for at in range(wanted)]
    with TemporaryDirectory(dir=asked.scratch) as folder:
        yield ALL, ours(chosen, Path(folder)).rows


def scores(asked: Asked) -> Units:
    """`indices.person_scores`, written a wave at a time as the I/O manager does."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import PERSONS, scored_persons

    catalogue, rows = with_indices(load_catalogue(), asked.indices), 0
    for wave in asked.waves:
        rows += _written(asked, {PERSONS: scored_persons(asked.warehouse, catalogue, wave, removal=True)}, [wave])
    yield ALL, rows


def areas(asked: Asked) -> Units:
    """`indices.area_counts` and `indices.area_estimates`."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import COUNTS, ESTIMATES, estimated_areas

    made = estimated_areas(asked.warehouse, with_indices(load_catalogue(), asked.indices), asked.waves)
    yield ALL, _written(asked, dict(zip((COUNTS, ESTIMATES), made, strict=True)))


def questions(asked: Asked) -> Units:
    """`indices.indicator_counts` and `indices.indicator_estimates`."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import INDICATOR_COUNTS, INDICATOR_ESTIMATES, tables_of_indicators

    made = tables_of_indicators(asked.warehouse, with_indices(load_catalogue(), asked.indices), asked.waves, removal=True)
    yield ALL, _written(asked, dict(zip((INDICATOR_COUNTS, INDICATOR_ESTIMATES), made, strict=True)))


def scales(asked: Asked) -> Units:
    """`indices.scale_means` and `indices.scale_estimates`."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import SCALE_ESTIMATES, SCALE_MEANS, tables_of_scales

    made = tables_of_scales(asked.warehouse, load_catalogue(), asked.waves, removal=True)
    yield ALL, _written(asked, dict(zip((SCALE_MEANS, SCALE_ESTIMATES), made, strict=True)))


def factors(asked: Asked) -> Units:
    """`indices.accumulated_counts` and `indices.accumulated_estimates`."""
    from assets.catalogue.load import load_catalogue
    from assets.indices_accumulated import ACCUMULATED_COUNTS, ACCUMULATED_ESTIMATES, accumulated_tables

    made = accumulated_tables(asked.warehouse, load_catalogue(), list(asked.waves))
    yield ALL, _written(asked, dict(zip((ACCUMULATED_COUNTS, ACCUMULATED_ESTIMATES), made, strict=True)))


def sensitivity(asked: Asked) -> Units:
    """`indices.screen_sensitivity`."""
    from assets.catalogue.load import load_catalogue
    from assets.indices import SENSITIVITY, screen_sensitivity

    made = screen_sensitivity(asked.warehouse, load_catalogue(), list(asked.waves), removal=True)
    yield ALL, _written(asked, {SENSITIVITY: made})


def cutoffs(asked: Asked) -> Units:
    """`indices.cutoff_alternatives` and `indices.cutoff_counts`, of all waves in the warehouse."""
    from assets.catalogue.load import load_catalogue
    from assets.indices_cutoffs import ALTERNATIVES, CUTOFF_COUNTS, cutoff_tables, scored_pupils

    catalogue = load_catalogue()
    made = cutoff_tables(scored_pupils(asked.warehouse, catalogue), catalogue)
    yield ALL, _written(asked, dict(zip((ALTERNATIVES, CUTOFF_COUNTS), made, strict=True)), ())


def associations(asked: Asked) -> Units:
    """`indices.associations`, of the latest wave in the warehouse."""
    from assets.catalogue.load import load_catalogue
    from assets.indices_associations import ASSOCIATIONS
    from assets.indices_associations import associations as made

    yield ALL, _written(asked, {ASSOCIATIONS: made(asked.warehouse, load_catalogue(), removal=True)}, ())


def trends(asked: Asked) -> Units:
    """`indices.trends`, of all waves in the warehouse."""
    from assets.catalogue.load import load_catalogue
    from assets.indices_trends import TRENDS
    from assets.indices_trends import trends as made

    yield ALL, _written(asked, {TRENDS: made(asked.warehouse, load_catalogue(), removal=True, waves=asked.waves)}, ())


def _written(asked: Asked, made: Mapping[TableName, pl.DataFrame], waves: Sequence[int] | None = None) -> int:
    """Write what was made of the waves (all asked for when none is said), or the whole table when no wave is; gives its rows."""
    of = asked.waves if waves is None else waves
    for name, frame in made.items():
        asked.warehouse.replace(name, frame, {"wave": list(of)} if of else None)
    return sum(frame.height for frame in made.values())


def hiding(asked: Asked) -> Units:
    """Both families in both editions, a wave and a county at a time: counties share no pupils and no sums."""
    from assets.catalogue.load import load_catalogue
    from assets.cutoff_guard import released_editions
    from assets.methods.bands import FOCUS_BAND
    from assets.methods.disclosure import load_policy
    from assets.methods.protected_editions import released_anew
    from assets.methods.score_scale import policy_for
    from assets.release_utility import suppressor_inputs

    catalogue = load_catalogue()
    policy = load_policy(policy_for(catalogue.disclosure, catalogue.index_file))
    focus = {index.key: FOCUS_BAND[index.kind] for index in catalogue.indices}
    same = focus, catalogue.indicator_file, catalogue.survey, policy, released_editions(catalogue)
    for wave in asked.left(asked.waves):
        families, rows = suppressor_inputs(asked.warehouse, catalogue, wave), 0
        for county in families[0][0]["area_code"].str.slice(0, 2).unique().sort():
            own = pl.col("area_code").str.starts_with(county)
            made = released_anew(*(tuple(table.filter(own) for table in family) for family in families), *same)
            rows += sum(table.height for table in made.values())
        yield str(wave), rows


def audit(asked: Asked) -> Units:
    """The attack on all that is published, both editions and all waves together, a county after the other, in one process.

    More counties are the finished run's over again, and more waves its waves: no attack looks at another county's tables, and
    none but those on changes at another wave's.
    """
    from assets.catalogue.load import load_catalogue
    from assets.release_audit import attacked, audit_rules, published_tables
    from pipelines.paths import Paths
    from pipelines.warehouse import Warehouse

    rules, warehouse = audit_rules(load_catalogue()), Warehouse(Paths(asked.place).warehouse, read_only=True)
    for county in asked.left(asked.counties):
        tables = published_of(published_tables(warehouse, rules.withheld), asked.waves, in_county(county, asked.areas))
        yield county, attacked(tables, rules, (), 1).cells.height


def published_of(tables: Mapping[str, pl.DataFrame], waves: Sequence[int], fewer: int) -> dict[str, pl.DataFrame]:
    """What is published of the waves, copies among them; of a county with fewer municipalities only theirs, as the whole county's
    numbers are no sum of them.
    """
    own = tables["index_results"]["wave"].unique().to_list()
    backs = [(wave + back, back) for wave in waves for back in range(0, 10 * BACK, BACK) if wave + back in own]
    moved = pl.col("^(from_)?wave$")
    made = {
        name: pl.concat(table.filter(pl.col("wave") == wave).with_columns(moved - back) for wave, back in backs)
        if "wave" in table.columns
        else table
        for name, table in tables.items()
    }
    # a change since a wave that isn't there would be a number out of nothing
    known = pl.col("from_wave").is_null() | pl.col("from_wave").is_in(waves)
    made = {name: table.filter(known) if "from_wave" in table.columns else table for name, table in made.items()}
    if fewer == COUNTY:
        return made
    areas = tables["index_results"].filter(pl.col("area_level") == "municipality")["area_code"].unique().sort()[:fewer].to_list()
    mine = pl.col("area_code").str.slice(0, 4).is_in(areas)
    return {name: table.filter(mine) if "area_code" in table.columns else table for name, table in made.items()}


def in_county(county: str, municipalities: int) -> int:
    """How many of so many municipalities lie in it: all counties are full but the last."""
    return min(COUNTY, municipalities - (int(county) - 1) * COUNTY)


def reading(asked: Asked) -> Units:
    """Of the release, what every bundle of the latest wave is drawn from, both editions: read and cut out, not drawn."""
    from assets.catalogue.load import load_catalogue
    from assets.charts.types import Scope
    from assets.reports import municipality_frames, release_frames, report_meta
    from pipelines.resources import ReleaseReader

    catalogue, reader = load_catalogue(), ReleaseReader(data_dir=str(asked.place))
    meta, release, rows = report_meta(catalogue), release_frames(reader), 0
    for _, code, edition in chosen_bundles(catalogue, asked):
        scope = Scope(code, catalogue.area_names[code], asked.waves[-1], edition)
        with reader.held():
            rows += municipality_frames(reader, release, catalogue, meta, scope).index_results.height
    yield ALL, rows


def bundles(asked: Asked) -> Units:
    """Bundles of the latest wave in both editions, all formats and certificates, in one process.

    More counties are the finished run's over again; none has pictures held from another.
    """
    from assets.bundle.picture_cache import PictureCache
    from assets.bundle.render import render_bundle
    from assets.bundle.writer import write_bundle
    from assets.catalogue.load import load_catalogue
    from assets.charts.types import Scope
    from assets.reports import certificate, municipality_frames, release_frames, report_meta
    from pipelines.resources import ReleaseReader

    catalogue, reader = load_catalogue(), ReleaseReader(data_dir=str(asked.place))
    meta, release = report_meta(catalogue), release_frames(reader)
    for unit in asked.left("/".join(parts) for parts in chosen_bundles(catalogue, asked)):
        county, code, edition = unit.split("/")
        folder = asked.scratch / "bundles" / str(asked.areas) / county
        cache = PictureCache(folder / "cache")
        scope = Scope(code, catalogue.area_names[code], asked.waves[-1], edition)
        with reader.held():
            frames, made_by = municipality_frames(reader, release, catalogue, meta, scope), certificate(reader, catalogue, scope)
        write_bundle(render_bundle(frames, scope, meta, draw=cache.svg, script=cache.library), folder, made_by)
        yield unit, 1


def chosen_bundles(catalogue: Catalogue, asked: Asked) -> Iterator[tuple[str, str, str]]:
    """(county, municipality, edition), county by county.

    Of a county with few municipalities they are taken evenly among the codes, which begin with the small ones.
    """
    from assets.cutoff_guard import released_editions

    codes = sorted(catalogue.municipality_by_code)
    for county in asked.counties:
        wanted = in_county(county, asked.areas)
        for at in range(wanted):
            for edition in released_editions(catalogue):
                yield county, codes[at * len(codes) // wanted], edition


OF_COPIES: dict[str, Callable[[Asked], Units]] = {
    "scores": scores,
    "areas": areas,
    "questions": questions,
    "scales": scales,
    "factors": factors,
    "sensitivity": sensitivity,
    "cutoffs": cutoffs,
    "associations": associations,
    "trends": trends,
    "hiding": hiding,
}
"""Stages on the warehouse of copies, in the order of the chain; each needs the tables of some before it."""
OF_FINISHED: dict[str, Callable[[Asked], Units]] = {"checking": checking, "audit": audit, "reading": reading, "bundles": bundles}
"""Stages on the finished run itself."""
STAGES = OF_COPIES | OF_FINISHED
