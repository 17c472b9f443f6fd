"""The one place in `assets/registers` that touches the file system: register files, the register catalogue and area lists."""

from __future__ import annotations

import csv
import hashlib
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from assets.catalogue.load import catalogue_file, catalogue_yaml
from assets.catalogue.training_words import in_training
from assets.intake.guards import check_size
from assets.intake.limits import load_limits
from assets.intake.workbook import check_workbook
from assets.methods.errors import PipelineError
from assets.registers.models import RawRegister, RegisterCatalogue, RegisterSource, UnitFile
from assets.registers.reading import read_register_bytes, register_rows
from assets.registers.table_import import csv_rows, fits, with_mapping
from assets.registers.table_mapping import read_mapping

CATALOGUE = Path(__file__).parents[1] / "catalogue"
#: Real, open files that ship with the project (see NOTICE and docs/data-sources.md).
BUNDLED = Path(__file__).parents[1] / "demo" / "registers"
SOURCES = ("kolada", "skolverket", "skolenkaten")
#: Catalogue files of sources without a bundled file.
MORE = ("scb", "skolenkaten_ak5", "skolenkaten_gy2")
MAPPINGS = CATALOGUE / "registers" / "imports"
MAPPING_SUFFIX = ".yml"


def read_register_file(path: Path) -> RawRegister:
    """Read one register file; which register it is follows from its content.

    A file that is no register by itself is a table when a mapping says so: `<file>.yml` beside it, else the first mapping of the
    catalogue that fits it.

    Raises:
        PipelineError: `no_file`, `too_large`, `bad_mapping`, or as `reading.read_register_bytes` says.
    """
    try:
        _require_reasonable(path)
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise PipelineError("no_file", path.name, "en registerfil", "ingen fil", "Kontrollera filens namn och plats.") from error
    beside = mapping_beside(path)
    if beside.exists():
        return _table(data, path.name, _text(beside))
    try:
        return read_register_bytes(data, path.name)
    except PipelineError as error:
        if error.code not in {"unknown_register", "wrong_encoding"}:
            raise
        for mapping in sorted(MAPPINGS.glob(f"*{MAPPING_SUFFIX}")):
            text = _text(mapping)
            register = _table_that_fits(data, path.name, text, mapping.name)
            if register is not None:
                return register
        raise


def _require_reasonable(path: Path) -> None:
    """Refuse a file that is larger than allowed, or that unpacks to more: the limits are those of a delivery (`intake.yml`).

    Raises:
        PipelineError: `too_large`.
    """
    limits = load_limits()
    check_size(path, limits.max_bytes)
    with path.open("rb") as file:
        packed = file.read(2) == b"PK"
    if packed:
        try:
            check_workbook(path, limits)
        except PipelineError as error:
            if error.code == "too_large":  # one that can't be read is told by the reader, in its own words
                raise


def mapping_beside(path: Path) -> Path:
    """Where the mapping file of a data file would lie: `bra.xlsx` -> `bra.xlsx.yml`."""
    return path.with_name(path.name + MAPPING_SUFFIX)


def _table(data: bytes, name: str, text: str) -> RawRegister:
    mapping = read_mapping(text, name + MAPPING_SUFFIX)
    if not data.strip():
        raise PipelineError("empty_file", name, "en tabell", "en tom fil", "Hämta filen på nytt från källan.")
    rows = register_rows(data, name) if data[:2] == b"PK" else csv_rows(data, mapping, name)
    return RawRegister("table", name, hashlib.sha256(data).hexdigest(), with_mapping(rows, text), {"source": mapping.source})


def _table_that_fits(data: bytes, name: str, text: str, mapping_name: str) -> RawRegister | None:
    mapping = read_mapping(text, mapping_name)
    try:
        register = _table(data, name, text)
    except PipelineError as error:
        if error.code in {"wrong_encoding", "unknown_layout"}:
            return None
        raise
    return register if fits(register.rows, mapping) else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PipelineError(
            "bad_mapping", path.name, "text i teckenkodningen UTF-8", "en annan", "Spara om mappningsfilen som UTF-8."
        ) from error


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
    more = {name: _source(name, problems) for name in MORE}
    units = {u.key: u for u in UnitFile.model_validate(_yaml("units")).units}
    municipalities = tuple(row["municipality_code"] for row in _rows("municipalities"))
    organisers = {row["organiser_name"]: row["municipality_code"] for row in _rows("organiser_names")}
    for source in [*sources, *more.values()]:
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
        names=_area_names(organisers),
        more={name: source for name, source in more.items() if source is not None},
    )


def _area_names(organisers: dict[str, str]) -> dict[str, str]:
    """Names under which a table may know a municipality: "Danderyd", "Danderyds kommun"."""
    return {row["name"]: row["municipality_code"] for row in _rows("municipalities")} | organisers


def _source(name: str, problems: list[str]) -> RegisterSource | None:
    try:
        return RegisterSource.model_validate(_yaml(name))
    except ValidationError as error:
        problems.extend(f"{name}.yml: {'.'.join(str(p) for p in d['loc'])}: {d['msg']}" for d in error.errors())
        return None


def _yaml(name: str) -> object:
    return in_training(catalogue_yaml(f"registers/{name}.yml"))


def _rows(name: str) -> list[dict[str, str]]:
    with catalogue_file(f"areas/{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
