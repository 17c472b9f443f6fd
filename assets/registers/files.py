"""The one place in `assets/registers` that touches the file system: register files, the register catalogue and area lists."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

import yaml
from pydantic import ValidationError

from assets.methods.errors import PipelineError
from assets.registers.models import RawRegister, RegisterCatalogue, RegisterSource, UnitFile
from assets.registers.reading import read_register_bytes

CATALOGUE = Path(__file__).parents[1] / "catalogue"
#: Real, open files that ship with the project (see NOTICE and docs/data-sources.md).
BUNDLED = Path(__file__).parents[1] / "demo" / "registers"
SOURCES = ("kolada", "skolverket", "skolenkaten")


def read_register_file(path: Path) -> RawRegister:
    """Read one register file; which register it is follows from its content.

    Raises:
        PipelineError: `no_file`, or as `reading.read_register_bytes` says.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise PipelineError("no_file", path.name, "en registerfil", "ingen fil", "Kontrollera filens namn och plats.") from error
    return read_register_bytes(data, path.name)


def bundled_register_files() -> tuple[Path, ...]:
    """The register files that ship with the project, in name order (`scb_17_2019.csv` is the simulator's, not a register)."""
    return tuple(
        p for p in sorted(BUNDLED.iterdir()) if p.suffix in {".csv", ".parquet", ".xlsx"} and not p.name.startswith("scb_")
    )


@lru_cache(maxsize=1)
def load_register_catalogue() -> RegisterCatalogue:
    """Read and check `catalogue/registers/*.yml` and the lists of municipalities and organisers.

    Raises:
        PipelineError: `catalogue`; the message lists every problem with file and key.
    """
    problems: list[str] = []
    sources = [_source(name, problems) for name in SOURCES]
    units = {u.key: u for u in UnitFile.model_validate(_yaml("units")).units}
    municipalities = tuple(row["municipality_code"] for row in _rows("municipalities"))
    organisers = {row["organiser_name"]: row["municipality_code"] for row in _rows("organiser_names")}
    for source in sources:
        if source is not None:
            problems += [f"{source.source}.yml: {i.key}: okänd enhet {i.unit}" for i in source.indicators if i.unit not in units]
    lacking = sorted(set(municipalities) - set(organisers.values()))
    problems += [f"areas/organiser_names.csv: ingen huvudman för {code}" for code in lacking]
    if problems:
        raise PipelineError(
            "catalogue",
            "assets/catalogue/registers",
            "en katalog utan fel",
            f"{len(problems)} fel: " + " | ".join(problems),
            "Rätta raderna ovan och kör igen.",
        )
    return RegisterCatalogue(
        sources={source.source: source for source in sources if source is not None},
        units=units,
        organisers=organisers,
        municipalities=municipalities,
    )


def _source(name: str, problems: list[str]) -> RegisterSource | None:
    try:
        return RegisterSource.model_validate(_yaml(name))
    except ValidationError as error:
        problems.extend(f"{name}.yml: {'.'.join(str(p) for p in d['loc'])}: {d['msg']}" for d in error.errors())
        return None


def _yaml(name: str) -> object:
    return yaml.safe_load((CATALOGUE / "registers" / f"{name}.yml").read_text(encoding="utf-8"))


def _rows(name: str) -> list[dict[str, str]]:
    with (CATALOGUE / "areas" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
