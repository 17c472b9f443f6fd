"""Fill the inbox with simulated deliveries and keep the truth behind them: `ensure_demo`.

The files are made once per set of assumptions (parameters, catalogue, registers, code, seed, scale) and kept in the cache; a
second call only puts back what is missing in the inbox. The truth stays in the cache, where the pipeline never looks.
"""

from __future__ import annotations

import csv
import hashlib
import importlib.metadata
import json
import shutil
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import polars as pl

from assets.catalogue.load import ROOT as CATALOGUE
from assets.catalogue.load import Catalogue, load_catalogue
from assets.demo.answers import AnswerModel, build_model, simulate_answers
from assets.demo.deliveries import FilePlan, delivery_table, plan_files
from assets.demo.frame import REGISTER_FILES, build_frame, seventeen_year_olds
from assets.demo.handed_in import HandedIn, HomeAreas, hand_in, home_areas
from assets.demo.item_parameters import ITEM_PARAMETERS_FILE
from assets.demo.parameters import PARAMETERS_FILE, Parameters, load_parameters
from assets.demo.population import Place, centred, lasting_effects, simulate_pupils
from assets.demo.substance_parameters import SUBSTANCE_FILE
from assets.demo.truth import CELLS_FILE, RESPONDENTS_FILE, TruthModel, cell_truth, pupil_truth
from assets.demo.writers import ROWS_ABOVE, write_delivery
from assets.worker_pool import shared_out

_MANIFEST = "manifest.json"
_WRITERS = ("numpy", "polars", "pyreadstat", "xlsxwriter")
_CATALOGUE_FILES = ("surveys", "codebooks", "areas", "indices.yml")


class Step(Protocol):
    """A step that can count."""

    def count(self, unit: str, value: int) -> None:
        """Say how many of a unit the step has handled."""


class Progress(Protocol):
    """What the simulator tells the person who waits."""

    def step(self, title: str) -> AbstractContextManager[Step]:
        """Open a step."""


@dataclass(frozen=True)
class DemoSummary:
    """What `ensure_demo` did.

    Attributes:
        files: names in the inbox that belong to the demo.
        respondents: delivered rows in all files.
        enrolled: pupils in the simulated schools, all waves.
        waves: survey years.
        seconds: wall time of this call.
        from_cache: whether nothing had to be simulated.
    """

    files: tuple[str, ...]
    respondents: int
    enrolled: int
    waves: tuple[int, ...]
    seconds: float
    from_cache: bool


@dataclass(frozen=True)
class Setting:
    """What every part of one simulation shares."""

    parameters: Parameters
    catalogue: Catalogue
    model: AnswerModel
    truth: TruthModel
    areas: HomeAreas
    area_labels: dict[str, dict[int, str]]
    seed: int


@dataclass(frozen=True)
class MadePlace:
    """What a municipality gets: SHA-256 of each file by its name, the truth of the rows in each, and of the enrolled per wave."""

    files: dict[str, str] = field(default_factory=dict)
    respondents: list[pl.DataFrame] = field(default_factory=list)
    pupils: list[pl.DataFrame] = field(default_factory=list)


def ensure_demo(
    inbox: Path, cache: Path, progress: Progress | None = None, scale: float = 1.0, seed: int = 20241, *, only_sav: bool = False
) -> DemoSummary:
    """Put the simulated deliveries into `inbox`; simulate them only when the cache doesn't hold them already.

    Args:
        inbox: folder for survey files; other files in it are left alone.
        cache: folder for deliveries, truth (`cache/truth`) and the manifest of what was made.
        progress: gets one step, counting files and respondents.
        scale: 1 is the whole county (about 105 000 answers); below 1 gives fewer and smaller schools, for tests.
        seed: of everything random.
        only_sav: write every delivery as `.sav`, for measuring how long reading takes.

    Raises:
        PipelineError: code `catalogue` when the catalogue is wrong.
        OSError: when a folder can't be written.
    """
    begun = time.perf_counter()
    inbox, cache = Path(inbox), Path(cache)
    key = _key(scale, seed) + ("-sav" if only_sav else "")
    with progress.step("Simulerar leveranser (SYNTETISKA DATA)") if progress else nullcontext() as step:
        manifest = _manifest(cache, key)
        from_cache = manifest is not None
        if manifest is None:
            manifest = _generate(cache, key, scale, seed, only_sav)
        _fill(inbox, cache / "deliveries", manifest["files"])
        if step:
            step.count("filer", len(manifest["files"]))
            step.count("svar", manifest["respondents"])
    return DemoSummary(
        files=tuple(manifest["files"]),
        respondents=manifest["respondents"],
        enrolled=manifest["enrolled"],
        waves=tuple(manifest["waves"]),
        seconds=time.perf_counter() - begun,
        from_cache=from_cache,
    )


def _key(scale: float, seed: int) -> str:
    """Hash of everything that decides the result."""
    digest = hashlib.sha256(json.dumps([scale, seed, [importlib.metadata.version(n) for n in _WRITERS]]).encode())
    code = sorted(Path(__file__).parent.glob("*.py"))
    chosen = [p for name in _CATALOGUE_FILES for p in sorted((CATALOGUE / name).rglob("*")) or [CATALOGUE / name] if p.is_file()]
    for path in [*code, PARAMETERS_FILE, ITEM_PARAMETERS_FILE, SUBSTANCE_FILE, *REGISTER_FILES, *chosen]:
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _manifest(cache: Path, key: str) -> dict | None:
    """The manifest of what the cache holds, or None when it is of something else, incomplete or changed."""
    path = cache / _MANIFEST
    if not path.is_file():
        return None
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if manifest["key"] != key or not all((cache / "truth" / name).is_file() for name in (RESPONDENTS_FILE, CELLS_FILE)):
        return None
    kept = ((cache / "deliveries" / name, digest) for name, digest in manifest["files"].items())
    return manifest if all(p.is_file() and _sha256(p) == digest for p, digest in kept) else None


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fill(inbox: Path, deliveries: Path, files: dict[str, str]) -> None:
    """Copy the files that the inbox lacks or has with other bytes; each appears at once, never half written."""
    inbox.mkdir(parents=True, exist_ok=True)
    for name, digest in files.items():
        target = inbox / name
        if target.is_file() and _sha256(target) == digest:
            continue
        partial = inbox / f".{name}.del"
        shutil.copyfile(deliveries / name, partial)
        partial.replace(target)


def _generate(cache: Path, key: str, scale: float, seed: int, only_sav: bool) -> dict:
    (cache / _MANIFEST).unlink(missing_ok=True)
    for part in ("deliveries", "truth"):
        shutil.rmtree(cache / part, ignore_errors=True)
        (cache / part).mkdir(parents=True)
    setting = _setting(seed, only_sav)
    parameters, municipalities = setting.parameters, setting.catalogue.municipalities
    frame = build_frame(parameters, municipalities, seed, scale)
    local = {m.municipality_code: frame.filter(pl.col("municipality_code") == m.municipality_code) for m in municipalities}
    drawn = [lasting_effects(code, rows, parameters, seed) for code, rows in local.items()]
    places = centred(drawn, [rows["enrolled"].sum() for rows in local.values()])
    tasks = {p.code: (p, local[p.code], seed, only_sav, cache / "deliveries") for p in places}
    largest_first = sorted(tasks, key=lambda code: -local[code]["enrolled"].sum())
    made = dict(zip(largest_first, shared_out(_simulate_place, map(tasks.get, largest_first), len(places)), strict=True))
    files = {name: digest for code in tasks for name, digest in made[code].files.items()}
    respondents = [rows for code in tasks for rows in made[code].respondents]
    pupils = [rows for code in tasks for rows in made[code].pupils]
    known = pl.concat(respondents)
    known.write_parquet(cache / "truth" / RESPONDENTS_FILE)
    cell_truth(pl.concat(pupils), setting.truth.keys).write_parquet(cache / "truth" / CELLS_FILE)
    manifest = {
        "key": key,
        "files": files,
        "respondents": known.height,
        "enrolled": int(frame["enrolled"].sum()),
        "waves": list(parameters.waves),
    }
    (cache / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    return manifest


@lru_cache(maxsize=1)
def _setting(seed: int, only_sav: bool = False) -> Setting:
    parameters, catalogue = load_parameters(), load_catalogue()
    if only_sav:
        files = parameters.files.model_copy(update={"csv_codes": (), "csv_labels": (), "xlsx": ()})
        parameters = parameters.model_copy(update={"files": files})
    with (CATALOGUE / "areas" / "home_areas.csv").open(encoding="utf-8", newline="") as file:
        areas = list(csv.DictReader(file))
    own = {m.survey_code: m.name for m in sorted(catalogue.municipalities, key=lambda m: m.survey_code)}
    labels = {
        "school_municipality": own | {27: "Annan kommun", 99: "Ej svar"},
        "home_municipality": own | {27: "Ej svar", 99: "Ej svar"},
        "home_area": {int(row["home_area_code"]): row["name"] for row in areas},
    }
    return Setting(
        parameters,
        catalogue,
        build_model(catalogue.survey, catalogue.index_file, parameters),
        TruthModel(catalogue.index_file, parameters),
        home_areas(catalogue.municipalities, seventeen_year_olds(), areas),
        labels,
        seed,
    )


def _simulate_place(place: Place, frame: pl.DataFrame, seed: int, only_sav: bool, folder: Path) -> MadePlace:
    """All waves of a municipality, and its files; everything random in it is seeded by its code, so any process may do it."""
    setting = _setting(seed, only_sav)
    parameters, municipalities = setting.parameters, setting.catalogue.municipalities
    municipality = setting.catalogue.municipality_by_code[place.code]
    made, waves = MadePlace(), {}
    for wave in parameters.waves:
        enrolled = simulate_pupils(place, wave, frame.filter(pl.col("wave") == wave), parameters, seed)
        made.pupils.append(pupil_truth(enrolled, setting.truth, parameters))
        answers = simulate_answers(enrolled, setting.model, parameters, seed)
        waves[wave] = hand_in(enrolled, answers, municipality, setting.model, setting.truth, setting.areas, parameters, seed)
    for plan in (p for p in plan_files(parameters, municipalities) if p.place.municipality_code == place.code):
        made.files[plan.name], truth = write_file(plan, [waves[w] for w in plan.waves], setting, folder)
        made.respondents.append(truth)
    return made


def write_file(plan: FilePlan, parts: Sequence[HandedIn], setting: Setting, folder: Path) -> tuple[str, pl.DataFrame]:
    """Write a file; returns its SHA-256 and the truth of its rows."""
    catalogue = setting.catalogue
    match_by = "code" if plan.new_names else "label"
    codebook = next(b for b in catalogue.codebooks if b.match_by == match_by)
    table = delivery_table(plan, parts, catalogue.survey, codebook, setting.model, setting.parameters, setting.area_labels)
    path = write_delivery(plan, table, folder)
    rows = pl.concat([p.truth for p in parts])
    digest = _sha256(path)
    row = pl.int_range(1, pl.len() + 1, dtype=pl.Int64)
    keys = [
        pl.lit(plan.name).alias("file_name"),
        row.alias("row"),
        pl.format("{}-{}", pl.lit(digest[:12]), row + ROWS_ABOVE[plan.format]).alias("respondent_key"),
    ]
    return digest, rows.select(*keys, pl.all())
