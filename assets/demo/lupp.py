"""Simulated Lupp deliveries with known truth: a few municipalities, two waves, three file formats. SYNTETISKA DATA.

The columns are named as a program would name them from the question's text (our own short labels), and otherwise in each wave,
so that only the texts can tell which question is which. The truth lies in the cache, where the pipeline never looks.
"""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import yaml

from assets.catalogue.load import Catalogue, load_profile_catalogue
from assets.catalogue.models import Codebook, Index
from assets.demo.deliveries import DeliveryTable, FilePlan
from assets.demo.writers import ROWS_ABOVE, write_delivery

PROFILE = "lupp"
PARAMETERS_FILE = Path(__file__).with_name("lupp_parameters.yml")
TRUTH_FILE = "lupp_truth.parquet"
SEXES = ("boy", "girl", "other")
LABELS = {"boy": "Kille", "girl": "Tjej", "other": "Annan könstillhörighet", "ak8": "Åk 8", "gy2": "Gy 2"}
BACKGROUND = {
    2017: {"wave": "Ar", "place": "Kommun", "grade": "Arskurs", "sex": "Kon", "school": "Skola", "class": "Klass"},
    2020: {"wave": "År", "place": "Skolkommun", "grade": "Årskurs", "sex": "Kön", "school": "Skola", "class": "Klass"},
}
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pupils:
    """The pupils of one file: keys, true answers (codes 1.., 0 = left out) and expected scores."""

    keys: pl.DataFrame
    codes: dict[str, Codes]
    expected: dict[str, npt.NDArray[np.float64]]


def write_lupp(folder: Path, truth: Path) -> dict[str, int]:
    """Write all files and the truth.

    Args:
        folder: for the deliveries. truth: folder of `lupp_truth.parquet`: per delivered row `respondent_key, municipality_code,
            wave, grade, sex, school_code, class_code`, the code of every question (0: left out), and per index
            `expected_<index>`: the mean score 0..100 of complete answers that the pupil's trait leads to one expects.

    Returns:
        File name -> rows.
    """
    catalogue, given = load_profile_catalogue(PROFILE), _parameters()
    for path in (folder, truth):
        path.mkdir(parents=True, exist_ok=True)
    written: dict[str, int] = {}
    known = []
    for municipality, formats in given["formats"].items():
        place = catalogue.municipality_by_code[municipality]
        for wave, kind in formats.items():
            book = next(b for b in catalogue.codebooks if wave in b.waves)
            pupils = _simulate(municipality, wave, catalogue, book, given)
            plan = FilePlan(f"Lupp {wave} {place.name}.{kind.partition('_')[0]}", place, (wave,), False, kind)
            path = write_delivery(plan, _table(pupils, wave, catalogue, place.name, kind), folder)
            written[plan.name] = pupils.keys.height
            digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            row = pl.int_range(1, pl.len() + 1, dtype=pl.Int64) + ROWS_ABOVE[kind]
            own_key = pl.format("{}-{}", pl.lit(digest), row).alias("respondent_key")
            known.append(_truth(pupils, catalogue).select(own_key, pl.all()))
    pl.concat(known).write_parquet(truth / TRUTH_FILE)
    return written


def _parameters() -> dict[str, Any]:
    return yaml.safe_load(PARAMETERS_FILE.read_text(encoding="utf-8"))


def _simulate(municipality: str, wave: int, catalogue: Catalogue, book: Codebook, given: dict[str, Any]) -> Pupils:
    lasting = np.random.default_rng([given["seed"], int(municipality)])
    drift = {key: lasting.normal(0, trait["municipality_sd"]) for key, trait in given["traits"].items()}
    rng = np.random.default_rng([given["seed"], int(municipality), wave])
    grades = np.repeat(*zip(*given["respondents"][municipality].items(), strict=True))
    n = len(grades)
    share = given["other_sex_share"]
    sex = rng.choice(SEXES, n, p=[(1 - share) / 2, (1 - share) / 2, share])
    within = np.concatenate([np.arange(k) for k in given["respondents"][municipality].values()])
    keys = pl.DataFrame({"grade": grades.tolist(), "sex": sex.tolist(), "class": within // given["class_size"]}).select(
        pl.lit(municipality).alias("municipality_code"),
        pl.lit(wave, pl.Int32).alias("wave"),
        "grade",
        "sex",
        school_code=pl.format("{}-{}", pl.lit(municipality), "grade"),
        class_code=pl.format("{}{}", "grade", pl.col("class") + 1),
    )
    asked = [key for key in book.items]
    codes = {key: rng.integers(1, len(catalogue.survey.answers(key)) + 1, n) for key in asked}
    expected = {}
    for index in catalogue.indices:
        trait = given["traits"][index.key]
        mean = trait["level"] + drift[index.key] + trait["later"] * (wave > 2017)
        level = rng.normal(mean + trait["girl"] * (sex == "girl") + trait["gy2"] * (grades == "gy2"))
        above = _above(index, level, given)
        expected[index.key] = 100 * np.mean([a.mean(axis=1) for a in above], axis=0)
        for part, chance in zip(index.items, above, strict=True):
            codes[part.item] = 1 + (rng.random((n, 1)) < chance).sum(axis=1)
    for values in codes.values():
        values[rng.random(n) < given["blank_share"]] = 0
    return Pupils(keys, codes, expected)


def _above(index: Index, level: npt.NDArray[np.float64], given: dict[str, Any]) -> list[npt.NDArray[np.float64]]:
    """Per question [pupils, categories - 1]: the probability of an answer above each category (a falling row)."""
    middle = (len(index.items) - 1) / 2
    found = []
    for number, part in enumerate(index.items):
        steps = np.array(given["steps"][part.maximum + 1]) + given["item_shift"] * (number - middle)
        found.append(1 / (1 + np.exp(-given["slope"] * (level[:, None] - steps[None]))))
    return found


def _truth(pupils: Pupils, catalogue: Catalogue) -> pl.DataFrame:
    every = [i.key for i in catalogue.survey.items]
    nothing = np.zeros(pupils.keys.height, dtype=np.int64)
    answers = {key: pl.Series(pupils.codes.get(key, nothing), dtype=pl.Int64) for key in every}
    expected = {f"expected_{key}": values for key, values in pupils.expected.items()}
    return pl.concat([pupils.keys, pl.DataFrame(answers), pl.DataFrame(expected)], how="horizontal")


def generated_name(text: str, wave: int) -> str:
    """A column name as a program makes it of a text; the two waves' programs do it in different ways."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = "".join(c if c.isalnum() else " " for c in plain).split()
    return ("".join(words).lower() if wave == 2017 else "_".join(words))[:60]


def _table(pupils: Pupils, wave: int, catalogue: Catalogue, place: str, kind: str) -> DeliveryTable:
    """The file's columns: numbers with value labels, named by a program (.sav) or by the text itself (text files)."""
    survey, names = catalogue.survey, BACKGROUND[wave]
    rows = pupils.keys
    text = pl.String
    columns = {
        names["wave"]: pl.Series([wave] * rows.height, dtype=pl.Float64),
        names["place"]: pl.Series([place] * rows.height, dtype=text),
        names["grade"]: rows["grade"].replace_strict(LABELS, return_dtype=text),
        names["sex"]: rows["sex"].replace_strict(LABELS, return_dtype=text),
        names["school"]: rows["school_code"],
        names["class"]: rows["class_code"],
    }
    texts, labels = {name: name for name in columns}, {}
    for key, codes in pupils.codes.items():
        item = survey.by_key[key]
        name = generated_name(item.label_sv, wave) if kind == "sav" else item.label_sv
        columns[name] = pl.Series(np.where(codes == 0, np.nan, codes.astype(float)), nan_to_null=True)
        texts[name], labels[name] = item.label_sv, survey.answers(key)
    cells = pl.DataFrame(columns)
    if kind == "xlsx":  # a sheet has no value labels: its cells say the answers
        cells = cells.with_columns(
            pl.col(name).cast(pl.Int64).replace_strict(answers, return_dtype=text) for name, answers in labels.items()
        )
    return DeliveryTable(cells, texts, labels, ())
