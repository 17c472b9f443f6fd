"""The facilitator's kits of one wave, from the release to folders and zips on disk: benchmarks/README.md says what and how.

    python -m benchmarks.kit --home DATA [--wave 2024] [--workers 2] [--municipalities 26]

From the warehouse of a finished run (`start.py demo`), which is only read. Pictures that a run has made for the bundles are not
held here: what the kits draw of their own is drawn in the first turn and held in the second.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
SECONDS = 60.0
"""Target: wall seconds on two cores for all kits."""


def kits(home: str, place: str, wave: int, workers: int, most: int) -> dict[str, float]:
    """Make and write the kits of the wave below `place`. Wall and cpu seconds of all processes, and MB of the largest kit."""
    from assets.bundle.frames import select_frames
    from assets.bundle.picture_cache import PictureCache
    from assets.bundle.types import BundleMeta
    from assets.bundle.writer import write_bundle
    from assets.catalogue.load import load_catalogue
    from assets.charts.types import COUNTY_CODE, Scope
    from assets.kit.kit import render_kit
    from assets.reports import release_frames, render_all, report_meta
    from pipelines.resources import ReleaseReader

    begun, cpu = time.perf_counter(), time.process_time()
    catalogue, reader = load_catalogue(), ReleaseReader(data_dir=home)
    meta, release, cache = report_meta(catalogue), release_frames(reader), PictureCache(Path(place) / "cache")
    made_by = BundleMeta("benchmark", catalogue.content_hash, {}, "", 0, {}, {})
    codes = sorted(m.municipality_code for m in catalogue.municipalities)[:most]
    scopes = [Scope(code, catalogue.area_names[code], wave, "intern") for code in codes]
    changes = (reader.read("trends", area_code=[COUNTY_CODE, scope.area_code], wave=[wave]) for scope in scopes)
    own = (
        select_frames(replace(release, trends=rows), scope, meta.charts.indices)
        for scope, rows in zip(scopes, changes, strict=True)
    )
    tasks = ((frames, scope, meta) for frames, scope in zip(own, scopes, strict=True))
    largest = 0
    for kit in render_all(tasks, workers, partial(render_kit, draw=cache.svg)):
        write_bundle(kit, Path(place) / "reports", made_by)
        largest = max(largest, sum(map(len, kit.files.values())))
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu + children.ru_utime + children.ru_stime,
        "largest": largest / 1e6,
    }


def main() -> int:
    """Two turns; fails when the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--wave", type=int, default=2024)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--municipalities", type=int, default=26)
    chosen = parser.parse_args()
    turns = []
    with tempfile.TemporaryDirectory() as place:
        for name in ("nothing held", "pictures held"):
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                task = (str(chosen.home), place, chosen.wave, chosen.workers, chosen.municipalities)
                turns.append(turn := pool.submit(kits, *task).result())
            sys.stdout.write(
                f"{name}: {turn['wall']:.1f} s wall, {turn['cpu']:.1f} s cpu, largest kit {turn['largest']:.2f} MB\n"
            )
    met = turns[0]["wall"] <= SECONDS
    sys.stdout.write(f"target ({SECONDS:.0f} s wall on two cores): {'met' if met else 'missed'}\n")
    return 0 if met else 1


if __name__ == "__main__":
    raise SystemExit(main())
