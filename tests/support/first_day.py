"""A steward's first day: deliveries of three small municipalities, one of them with a mistake, and a file that ends too early."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from assets.catalogue.load import load_catalogue
from assets.demo.answers import simulate_answers
from assets.demo.deliveries import plan_files
from assets.demo.frame import build_frame
from assets.demo.generate import write_file
from assets.demo.handed_in import hand_in
from assets.demo.parameters import load_parameters
from assets.demo.population import centred, lasting_effects, simulate_pupils
from assets.demo.training import training_setting
from pipelines.paths import Paths
from pipelines.samples import REGISTERS

WAVE, SCALE, SEED = 2024, 0.06, 20241
MUNICIPALITIES = ("0127", "0128", "0136")
BROKEN, STOPPED = "Enkät 2024 avbruten kopia.sav", "Stockholmsenkäten 2024 Salem.csv"
SEX, GIRL = "F2", "Flicka"
PUPIL_COUNTS = ("grundskola_antal_elever", "antal_elever_per_arskurs")


def write_deliveries(folder: Path) -> list[str]:
    """Small faultless deliveries of one wave: three of the small demo's. SYNTHETIC. Returns their names."""
    catalogue, parameters, seed = load_catalogue(), load_parameters(), SEED
    setting = replace(training_setting(catalogue), parameters=parameters, seed=seed)
    frame = build_frame(parameters, catalogue.municipalities, seed, SCALE)
    local = {code: frame.filter(municipality_code=code) for code in frame["municipality_code"].unique().sort()}
    drawn = [lasting_effects(code, schools, parameters, seed) for code, schools in local.items()]
    places = centred(drawn, [schools["enrolled"].sum() for schools in local.values()])
    plans = {
        plan.place.municipality_code: plan for plan in plan_files(parameters, catalogue.municipalities) if plan.waves == (WAVE,)
    }
    for place in (place for place in places if place.code in MUNICIPALITIES):
        plan, here = plans[place.code], local[place.code].filter(wave=WAVE)
        pupils_here = simulate_pupils(place, WAVE, here, parameters, seed)
        answers = simulate_answers(pupils_here, setting.model, parameters, seed)
        given = hand_in(pupils_here, answers, plan.place, setting.model, setting.truth, setting.areas, parameters, seed)
        write_file(plan, [given], setting, folder)
    return [plans[code].name for code in MUNICIPALITIES]


def write_cut_off(folder: Path, good: str) -> None:
    """A delivery that ends too early."""
    whole = (folder / good).read_bytes()
    (folder / BROKEN).write_bytes(whole[: len(whole) // 2])


def keep_girls(delivery: Path) -> None:
    """Leave only the girls' rows in a text delivery: it is read, but somebody has sent a selection."""
    title, header, *rows = delivery.read_text(encoding="cp1252").splitlines()
    sex = header.split(";").index(SEX)
    kept = [row for row in rows if row.split(";")[sex] == GIRL]
    delivery.write_text("\r\n".join([title, header, *kept, ""]), encoding="cp1252", newline="")


def prepare(folder: Path) -> Path:
    """A folder with what has been sent: three good deliveries and a file that ends too early."""
    folder.mkdir()
    names = write_deliveries(folder)
    write_cut_off(folder, names[0])
    return folder


def drop(folder: Path, paths: Paths) -> None:
    """Put what has been sent into the inbox, Salem's with a mistake, and how many pupils the schools have."""
    registers = (path for path in sorted(REGISTERS.iterdir()) if path.name.startswith(PUPIL_COUNTS))
    for path in registers:
        shutil.copyfile(path, paths.registers / path.name)
    for path in sorted(folder.iterdir()):
        shutil.copyfile(path, paths.surveys / path.name)
    keep_girls(paths.surveys / STOPPED)


def drop_corrected(folder: Path, paths: Paths) -> None:
    """Put Salem's delivery into the inbox as it should have been."""
    shutil.copyfile(folder / STOPPED, paths.surveys / STOPPED)
