"""Övningskommunen: a simulated survey of an invented county with a truth that is planted and known. SYNTETISKA DATA.

The pupils, answers and files are the demo's (`population`, `answers`, `deliveries`); the county, its schools and what is planted
are `training.yml`'s. The truth lies in the cache, where the pipeline never looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml

from assets.catalogue.load import Catalogue
from assets.demo.answers import build_model, simulate_answers
from assets.demo.deliveries import plan_files
from assets.demo.frame import FRAME_SCHEMA, GY2_FIRST_NUMBER
from assets.demo.generate import Setting, write_file
from assets.demo.handed_in import HandedIn, HomeAreas, hand_in
from assets.demo.parameters import Parameters, load_parameters
from assets.demo.population import GRADE_KEYS, SEX_KEYS, Place, Pupils, centred, lasting_effects, simulate_pupils
from assets.demo.truth import CELLS_FILE, RESPONDENTS_FILE, TruthModel, cell_truth, pupil_truth
from assets.forms.types import FilledForm, FormAnswer

TRAINING_FILE = Path(__file__).with_name("training.yml")
COUNTS_TITLE = "SYNTETISKA DATA: påhittade elevantal, i samma form som Skolverkets fil"
COUNTS_NOTE = "Punkt: inga elever. Skolorna och eleverna finns inte."
COUNTS_HEADER = (
    *("Skola", "Skol-enhetskod", "Skolkommun", "Kommun-kod", "Typ av huvudman", "Huvudman", "Huvudman orgnr"),
    *("Elever, förskoleklass", "Elever, årskurs 1-9", *(f"Elever, årskurs {grade}" for grade in range(1, 10))),
)


@dataclass(frozen=True)
class Survey:
    """The answers per municipality and wave, and the truth of every cell (`assets.demo.truth.Truth.cells`)."""

    handed_in: dict[str, dict[int, HandedIn]]
    cells: pl.DataFrame


@lru_cache(maxsize=1)
def training() -> dict[str, Any]:
    """The parsed `training.yml`."""
    return yaml.safe_load(TRAINING_FILE.read_text(encoding="utf-8"))


def training_parameters() -> Parameters:
    """The demo's assumptions without its gaps: everybody takes part in every wave, and most schools do."""
    base, given = load_parameters(), training()["participation"]
    taking_part = base.participation.model_copy(
        update={
            "absent": dict.fromkeys(base.waves, ()),
            "school": {grade: dict.fromkeys(("municipal", "independent"), share) for grade, share in given.items()},
            "school_wave_shift": dict.fromkeys(base.waves, 0.0),
        }
    )
    return base.model_copy(update={"participation": taking_part})


def training_frame(catalogue: Catalogue, waves: Sequence[int]) -> pl.DataFrame:
    """All schools per wave (`assets.demo.frame.FRAME_SCHEMA`): invented, of the same size in every wave."""
    rows: list[tuple[object, ...]] = []
    for code, grades in training()["schools"].items():
        name = catalogue.municipality_by_code[code].name
        for grade, sizes in grades.items():
            first = 1 if grade == "ak9" else GY2_FIRST_NUMBER
            for number, size in enumerate(sizes, start=first):
                word = "Skola" if grade == "ak9" else "Gymnasieskola"
                unit = (
                    code,
                    grade,
                    f"0{code}{number:03d}",
                    f"{word} {number - first + 1}, {name}",
                    "municipal",
                    None,
                    None,
                    None,
                )
                rows += [(*unit, wave, size) for wave in waves]
    return pl.DataFrame(rows, schema=FRAME_SCHEMA, orient="row").sort("municipality_code", "grade", "school_code", "wave")


def simulate_training(setting: Setting, waves: Sequence[int]) -> Survey:
    """Draw the county's pupils and answers in the waves, with what is planted in Övningskommunen."""
    catalogue, parameters, seed = setting.catalogue, setting.parameters, setting.seed
    frame = training_frame(catalogue, parameters.waves)
    local = frame.partition_by("municipality_code", as_dict=True, maintain_order=True)
    drawn = [lasting_effects(str(code), rows, parameters, seed) for (code,), rows in local.items()]
    places = centred(drawn, [rows["enrolled"].sum() for rows in local.values()])
    truth: list[pl.DataFrame] = []
    handed: dict[str, dict[int, HandedIn]] = {}
    for drawn_place in places:
        here = local[(drawn_place.code,)]
        place = _own_effects_away(drawn_place, here)
        municipality = catalogue.municipality_by_code[place.code]
        for wave in waves:
            pupils = planted(simulate_pupils(place, wave, here.filter(pl.col("wave") == wave), parameters, seed), parameters)
            truth.append(pupil_truth(pupils, setting.truth, parameters))
            answers = simulate_answers(pupils, setting.model, parameters, seed)
            given = hand_in(pupils, answers, municipality, setting.model, setting.truth, setting.areas, parameters, seed)
            handed.setdefault(place.code, {})[wave] = given
    return Survey(handed, cell_truth(pl.concat(truth), setting.truth.keys))


def _own_effects_away(place: Place, frame: pl.DataFrame) -> Place:
    """Övningskommunen has no lasting effect of its own but what is planted: its schools differ, their mean per grade doesn't."""
    if place.code != training()["municipality"]:
        return place
    moved = {}
    for _, rows in frame.group_by("grade", maintain_order=True):
        schools = rows.unique("school_code", maintain_order=True)
        codes = schools["school_code"].to_list()
        middle = np.average([place.school[code] for code in codes], axis=0, weights=schools["enrolled"].to_list())
        moved |= {code: place.school[code] - middle for code in codes}
    return replace(place, municipality=np.zeros_like(place.municipality), school=moved)


def planted(pupils: Pupils, parameters: Parameters) -> Pupils:
    """The pupils with what is planted added to their traits; those of other municipalities as they are."""
    if pupils.place.code != training()["municipality"]:
        return pupils
    shift = np.zeros_like(pupils.theta)
    for one in training()["planted"]:
        logits = one["waves"].get(pupils.wave, 0.0) if "waves" in one else one["logits"]
        grades = [GRADE_KEYS.index(key) for key in one.get("grades", GRADE_KEYS)]
        sexes = [SEX_KEYS.index(key) for key in one.get("sexes", SEX_KEYS)]
        chosen = np.isin(pupils.grade, grades) & np.isin(pupils.sex, sexes)
        shift[chosen, parameters.trait_keys.index(one["trait"])] += logits
    return replace(pupils, theta=pupils.theta + shift, fixed=pupils.fixed + shift)


def training_setting(catalogue: Catalogue) -> Setting:
    """What every part of the simulation shares. `catalogue`: with the invented county's areas."""
    parameters = training_parameters()
    own = {m.survey_code: m.name for m in catalogue.municipalities}
    codes = np.array(sorted(own))
    labels = {
        "school_municipality": own | {27: "Annan kommun", 99: "Ej svar"},
        "home_municipality": own | {27: "Ej svar", 99: "Ej svar"},
        "home_area": own,
    }
    return Setting(
        parameters,
        catalogue,
        build_model(catalogue.survey, catalogue.index_file, parameters),
        TruthModel(catalogue.index_file, parameters),
        HomeAreas(codes, np.full(len(codes), 1 / len(codes)), {}),
        labels,
        training()["seed"],
    )


def write_training(catalogue: Catalogue, inbox: Path, cache: Path) -> dict[str, int]:
    """Write the county's deliveries and the truth (`cache/truth`). Returns file name -> rows."""
    setting = training_setting(catalogue)
    survey = simulate_training(setting, setting.parameters.waves)
    for folder in (inbox, cache / "truth"):
        folder.mkdir(parents=True, exist_ok=True)
    written, respondents = {}, []
    for plan in plan_files(setting.parameters, catalogue.municipalities):
        parts = [survey.handed_in[plan.place.municipality_code][wave] for wave in plan.waves]
        _, rows = write_file(plan, parts, setting, inbox)
        respondents.append(rows)
        written[plan.name] = rows.height
    pl.concat(respondents).write_parquet(cache / "truth" / RESPONDENTS_FILE)
    survey.cells.write_parquet(cache / "truth" / CELLS_FILE)
    return written


def write_pupil_counts(catalogue: Catalogue, inbox: Path) -> int:
    """Invented pupils in grade 9, a file per wave in the form of the register's own, so that response rates can be read.

    Returns:
        Number of files.
    """
    waves = training_parameters().waves
    frame = training_frame(catalogue, waves).filter(grade="ak9")
    inbox.mkdir(parents=True, exist_ok=True)
    for wave in waves:
        lines = [COUNTS_TITLE, "", f"Valt läsår: {wave - 1}/{wave % 100:02d}", "", ";".join(COUNTS_HEADER)]
        for row in frame.filter(wave=wave).iter_rows(named=True):
            name = catalogue.municipality_by_code[row["municipality_code"]].name
            grades = [*["."] * 7, str(row["enrolled"]), str(row["enrolled"])]
            start = [
                row["school_name"].replace(",", ""),
                row["school_code"],
                name,
                row["municipality_code"],
                "Kommunal",
                name,
                "",
            ]
            lines.append(";".join([*start, ".", str(2 * row["enrolled"]), *grades]))
        (inbox / f"ovning_elever_{wave}.csv").write_text("\n".join([*lines, "", COUNTS_NOTE]) + "\n", encoding="utf-8-sig")
    return len(waves)


def earlier_decision(version: str) -> FilledForm:
    """The form of an earlier workshop's decision. `version`: of the form."""
    given = training()["decision"]
    code, day = training()["municipality"], given["answered_on"]
    head = {
        "municipality_code": code, "round": given["round"], "answered_on": day.isoformat(), "wave": str(given["wave"]),
        "participants": str(given["participants"]),
    }  # fmt: skip
    names = [name for name in given if name not in (*head, "round", "answered_on")]
    answers = tuple(FormAnswer("decisions", "decisions+1", name, str(given[name]), f"rad 1 i beslut, {name}") for name in names)
    return FilledForm("decisions", version, code, given["round"], day, "", "html", head, answers)
