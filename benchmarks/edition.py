"""One edition, from the release to bundles on disk: benchmarks/README.md says what and how.

    python -m benchmarks.edition --home DATA [--wave 2024] [--workers 2] [--municipalities 26]

Every municipality's bundle in all formats and the county's, from the warehouse of a finished run (`start.py demo`), which is only
read. The first turn has no held pictures, the second those of the first. The bare conversions are the calls to vl-convert and
Typst themselves, timed inside the same turn in the same processes; and, as the product gives vl-convert fewer typefaces to look
for (docs/adr/0031), every eighth of the same charts once more by the package as it comes, between the turns.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from zlib import crc32

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
from benchmarks.common.tree_memory import children_watched  # noqa: E402 - the root has to be on the path

SECONDS, RATIO, MEMORY, UNPACKED = 120.0, 1.3, 2048.0, 25.0
"""Targets: wall seconds on two cores, cpu over the bare conversions' cpu, MB of all processes at once, MB of one bundle."""
BARE = ("vl-convert", "chart library", "Typst")
EVERY = 8
"""One chart in so many is drawn again by vl-convert as it comes."""
Spent = dict[str, float]


@contextmanager
def conversions_timed(spent: Spent, drawn: list[str]) -> Iterator[None]:
    """Count the cpu of the bare conversions where the product calls them; put the functions back after.

    `drawn` gets one in `EVERY` of the specifications.
    """
    from assets.bundle import pdf, picture_cache

    places = ((picture_cache, "raw_svg", BARE[0]), (picture_cache, "make_library", BARE[1]), (pdf, "typeset", BARE[2]))
    kept = [(module, name, getattr(module, name)) for module, name, _ in places]
    for (module, name, function), (_, _, label) in zip(kept, places, strict=True):
        setattr(module, name, _timed(function, label, spent))
    draw = picture_cache.raw_svg

    def noted(spec: str) -> str:
        if crc32(spec.encode()) % EVERY == 0:
            drawn.append(spec)
        return draw(spec)

    picture_cache.raw_svg = noted
    try:
        yield
    finally:
        for module, name, function in kept:
            setattr(module, name, function)


def _timed(function: Callable[..., Any], label: str, spent: Spent) -> Callable[..., Any]:
    def run(*args: object, **kwargs: object) -> object:
        begun = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[label] = spent.get(label, 0.0) + time.process_time() - begun
            spent[f"{label}, calls"] = spent.get(f"{label}, calls", 0) + 1

    return run


def render_timed(frames: Any, scope: Any, meta: Any, *, cache: Any) -> tuple[Any, Spent, list[str]]:
    """A bundle, what its bare conversions took, and some of the specifications that were drawn."""
    from assets.bundle.render import render_bundle

    spent: Spent = {}
    drawn: list[str] = []
    with conversions_timed(spent, drawn):
        return render_bundle(frames, scope, meta, draw=cache.svg, script=cache.library), spent, drawn


def as_it_comes(specs: list[str]) -> float:
    """Cpu seconds per chart of vl-convert called as its documentation says, after a first call that isn't counted."""
    import vl_convert

    vl_convert.vegalite_to_svg(specs[0], vl_version="6.4")
    begun = time.process_time()
    for spec in specs:
        vl_convert.vegalite_to_svg(spec, vl_version="6.4")
    return (time.process_time() - begun) / len(specs)


def edition(home: str, place: str, wave: int, workers: int, most: int) -> dict[str, Any]:
    """Make and write the bundles of the wave below `place`, whose held pictures are used.

    Returns:
        Wall and cpu seconds, cpu of the bare conversions, sum of the peaks of all processes (which aren't at the same time),
        bytes of the largest bundle, what drawing used.
    """
    from assets.bundle.county_render import render_county
    from assets.bundle.frames import select_frames
    from assets.bundle.picture_cache import PictureCache
    from assets.bundle.types import BundleMeta
    from assets.bundle.writer import write_bundle
    from assets.catalogue.load import load_catalogue
    from assets.charts.types import COUNTY_CODE, Scope
    from assets.reports import release_frames, render_all, report_meta, with_series
    from assets.reports_county import draw_all
    from assets.reports_county_bundle import county_frames
    from pipelines.resources import ReleaseReader

    begun, cpu, spent = time.perf_counter(), time.process_time(), dict.fromkeys(BARE, 0.0)
    catalogue, reader = load_catalogue(), ReleaseReader(data_dir=home)
    meta, release, cache = report_meta(catalogue), release_frames(reader), PictureCache(Path(place) / "cache")
    target, made_by = Path(place) / "reports", BundleMeta("benchmark", catalogue.content_hash, {}, "", 0, {}, {})
    codes = sorted(m.municipality_code for m in catalogue.municipalities)[:most]
    scopes = [Scope(code, catalogue.area_names[code], wave, "intern") for code in codes]

    def frames_of(scope: Scope) -> Any:
        with reader.held():
            return select_frames(with_series(release, reader, catalogue, scope), scope, meta.charts.indices)

    tasks = ((frames_of(scope), scope, meta) for scope in scopes)
    largest, used = 0, dict.fromkeys(BARE, 0.0)
    drawn: list[str] = []
    for bundle, needed, some in render_all(tasks, workers, partial(render_timed, cache=cache)):
        write_bundle(bundle, target, made_by)
        drawn += some
        largest = max(largest, sum(map(len, bundle.files.values())))
        for name, value in needed.items():
            spent[name] = spent.get(name, 0.0) + value
    scope = Scope(COUNTY_CODE, catalogue.area_names[COUNTY_CODE], wave, "intern")
    with conversions_timed(used, drawn):
        county = render_county(county_frames(reader, scope), scope, meta, partial(draw_all, workers=1, cache=cache))
    write_bundle(county, target, made_by)
    for name, value in used.items():
        spent[name] = spent.get(name, 0.0) + value
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    own_peak, child_peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, children.ru_maxrss
    return {
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu + children.ru_utime + children.ru_stime,
        "bare": sum(spent[name] for name in BARE),
        "memory": (own_peak + workers * child_peak) / 1024,
        "largest": largest / 1e6,
        "spent": {name: round(value, 2) for name, value in sorted(spent.items())},
        "drawn": drawn,
        "held": sum(path.stat().st_size for path in cache.folder.iterdir()) / 1e6,
    }


def main() -> int:
    """Two turns; fails when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--wave", type=int, default=2024)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--municipalities", type=int, default=26)
    chosen = parser.parse_args()
    say, turns = sys.stdout.write, []
    with tempfile.TemporaryDirectory() as place:
        for name in ("nothing held", "pictures held"):
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:  # a process that has been large would hide a peak
                task = (str(chosen.home), place, chosen.wave, chosen.workers, chosen.municipalities)
                with children_watched() as memory:
                    turn = pool.submit(edition, *task).result()
            turn["at once"] = memory.at_once
            turns.append(turn)
            say(
                f"{name}: {turn['wall']:.1f} s wall, {turn['cpu']:.1f} s cpu, bare conversions {turn['bare']:.1f} s cpu, "
                f"{memory.at_once:.0f} MB at once in all processes ({' + '.join(f'{part:.0f}' for part in memory.parts)}; "
                f"{memory.samples} samples), sum of their peaks {turn['memory']:.0f} MB, "
                f"largest bundle {turn['largest']:.1f} MB, held pictures {turn['held']:.1f} MB\n    {json.dumps(turn['spent'])}\n"
            )
            if not turns[1:]:
                with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                    plain = pool.submit(as_it_comes, turn["drawn"]).result()
    cold, held = turns
    ours, charts = cold["spent"][BARE[0]], cold["spent"][f"{BARE[0]}, calls"] * plain
    ratio = cold["cpu"] / (cold["bare"] - ours + charts)
    say(
        f"charts by vl-convert as it comes {charts:.1f} s cpu ({len(cold['drawn'])} drawn again, {plain:.3f} s each), "
        f"as we call it {ours:.1f}\n"
        f"cpu over the bare conversions {ratio:.2f}, over those as we call them {cold['cpu'] / cold['bare']:.2f}; "
        f"with held pictures {held['cpu'] / cold['cpu']:.2f} of the first turn\n"
    )
    met = (cold["wall"] <= SECONDS, ratio <= RATIO, cold["at once"] <= MEMORY, cold["largest"] <= UNPACKED)
    say("targets (wall, ratio, memory, size): " + ", ".join("met" if one else "missed" for one in met) + "\n")
    return 0 if all(met) else 1


if __name__ == "__main__":
    raise SystemExit(main())
