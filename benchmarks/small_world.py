"""The smallest data folder in which every step of `did kor` has something to do: five municipalities of the invented county.

With two or three nearly everything is hidden, which costs the release's audit more than five do. One wave. SYNTETISKA DATA.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

WAVE = 2024
SHOWN, SECOND, CHANGING, COMING = "0101", "0103", "0106", "0104"
"""Municipalities: two that can have bundles, one whose delivery can be corrected, one that can come and be withdrawn."""
STAYING = (SHOWN, "0102", SECOND, "0105", CHANGING)
"""Those with a delivery from the start."""
THREE, DRAWN, LEFT = ("Ekerö", "Salem", "Vaxholm"), "0128", "0125"
"""Of the demo's own municipalities: three that are a county by themselves, the one that has bundles (Salem), one to be purged."""
SETTING = "version: 1\nname_sv: Prov\nutgava: intern\nkommuner: [{codes}]\narbetare: {workers}\n"
SETTING_NAME = "prov"


def deliveries(folder: Path, *, few_questions: bool = False) -> dict[str, Path]:
    """One CSV file per municipality with the wave's answers, made once. Keyed by municipality code.

    Args:
        few_questions: only the indices' questions, beside the background; most of a pass is paid per question.
    """
    from assets.catalogue.load import load_catalogue
    from assets.demo.deliveries import plan_files
    from assets.demo.generate import write_file
    from assets.demo.training import simulate_training, training_setting, write_pupil_counts

    catalogue = load_catalogue()
    setting = training_setting(catalogue)
    plans = {p.place.municipality_code: p for p in plan_files(setting.parameters, catalogue.municipalities) if WAVE in p.waves}
    made = {code: folder / f"{code}.csv" for code in (*STAYING, COMING)}
    if not all(path.is_file() for path in made.values()):
        folder.mkdir(parents=True, exist_ok=True)
        answers = simulate_training(setting, [WAVE]).handed_in
        for code, path in made.items():
            plan = replace(plans[code], name=path.name, waves=(WAVE,), format="csv_codes")
            write_file(plan, [answers[code][WAVE]], setting, folder)
            if few_questions:
                used = {item.item for index in catalogue.indices for item in index.items}
                (book,) = (book for book in catalogue.codebooks if book.id.endswith(f"-{WAVE}"))
                _without(path, {column for column, key in book.items.items() if key not in used})
        write_pupil_counts(catalogue, folder / "register")
    return made


def _without(path: Path, columns: Collection[str]) -> None:
    """Write a delivery anew without some of its columns; the line above the header stays."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        title, header, *rows = csv.reader(file, delimiter=";")
    places = [place for place, name in enumerate(header) if name not in columns]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerows([title, *([row[place] for place in places] for row in (header, *rows))])


def fill(
    home: Path, stock: dict[str, Path], shown: Sequence[str] = (SHOWN,), workers: int = 1, staying: Sequence[str] = STAYING
) -> None:
    """The folder before its first run: deliveries of those `staying`, and a saved setting that gives bundles to `shown`."""
    for name in ("inbox/enkat", "inbox/formular", "inbox/register", "installningar"):
        (home / name).mkdir(parents=True, exist_ok=True)
    for code in staying:
        shutil.copyfile(stock[code], home / "inbox/enkat" / f"{code}.csv")
    (registers,) = (stock[SHOWN].parent / "register").glob(f"*{WAVE}.csv")
    shutil.copyfile(registers, home / "inbox/register" / registers.name)
    setting = SETTING.format(codes=", ".join(f"'{code}'" for code in shown), workers=workers)
    (home / "installningar" / f"{SETTING_NAME}.yml").write_text(setting, encoding="utf-8")


def form_for(home: Path, number: int) -> None:
    """One of an activity's forms, filled in once more on another day."""
    from assets.demo.activity_answers import activity_forms
    from assets.demo.form_files import write_forms
    from assets.forms.definitions import form_definitions

    form = activity_forms((SHOWN,))[0]
    again = replace(form, answered_on=form.answered_on + timedelta(days=number))
    write_forms([again], form_definitions(), home / "inbox/formular")


def small_world(home: Path) -> Path:
    """A folder with two municipalities to draw in two workers, a form and the keys that a publication needs."""
    from assets.catalogue.base_profile import BASE_PROFILE
    from assets.sealing.keys import sealing_key
    from pipelines.paths import Paths

    fill(home, deliveries(home.with_name(f"{home.name}-leveranser")), (SHOWN, SECOND), workers=2)
    form_for(home, 1)
    sealing_key(Paths(home).keys(BASE_PROFILE))
    return home


def three_municipalities(home: Path) -> Path:
    """A folder with the deliveries of three of the demo's municipalities, its registers, and the keys that a publication needs.

    A county as small as this is counted in a minute, and its bundles pass every check of a publication.
    """
    from assets.catalogue.base_profile import BASE_PROFILE
    from assets.demo.profiles import fill_inbox
    from assets.sealing.keys import sealing_key
    from pipelines.paths import Paths
    from pipelines.samples import copy_registers

    paths, whole = Paths(home), home.with_name(f"{home.name}-leveranser")
    paths.make()
    copy_registers(paths.registers)
    fill_inbox(BASE_PROFILE, whole / "enkat", whole / "cache")
    for name in THREE:
        (path,) = (whole / "enkat").glob(f"* {WAVE} {name}.*")
        shutil.copyfile(path, paths.surveys / path.name)
    sealing_key(paths.keys(BASE_PROFILE))
    return home
