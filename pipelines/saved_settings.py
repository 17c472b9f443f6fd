"""Saved settings: YAML files that a steward writes, saves and chooses by name.

They lie in `installningar/` in the data folder; those that ship with the product lie in `assets/catalogue/installningar/`, and
one of the steward's own of the same name goes first. A saved file is never overwritten, so a name and its checksum in a run's
tags keep saying what was used.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from assets.catalogue.reader import Reader
from assets.catalogue.settings_models import CHOICES, USUAL, VERSION, SavedSetting
from assets.methods.errors import PipelineError
from assets.whole_files import put_text
from pipelines.paths import Paths

SHIPPED = Path(__file__).resolve().parents[1] / "assets" / "catalogue" / "installningar"
NAME = re.compile(r"^[a-zåäö0-9][a-zåäö0-9_-]{0,59}$")
HEAD = "# Sparad inställning. Ändra fritt; en rad som tas bort bestäms av förvalet. Beskrivning: docs/steward/installningar.md\n"


@dataclass(frozen=True)
class Named:
    """A setting with its name, the file it was read from and the file's SHA-256."""

    name: str
    setting: SavedSetting
    path: Path
    sha256: str

    def choices(self) -> dict[str, object]:
        """What the setting decides."""
        return {field: value for field in CHOICES if (value := getattr(self.setting, field)) is not None}


def setting_names(paths: Paths) -> list[str]:
    """The names that can be chosen, in order."""
    return sorted({path.stem for folder in (paths.settings, SHIPPED) for path in folder.glob("*.yml")})


def find_setting(paths: Paths, name: str) -> Named:
    """The setting of that name.

    Raises:
        PipelineError: `unknown_setting` lists the names; `bad_setting` says which keys are unknown, wrong or against each other.
    """
    wanted = name.strip().removesuffix(".yml")
    if wanted not in setting_names(paths):
        names = ", ".join(setting_names(paths)) or "inga ännu"
        hint = f"Skriv ett av namnen, eller lägg en fil i {paths.settings}."
        raise PipelineError("unknown_setting", "Inställningen", f"något av: {names}", wanted[:60] or "inget namn", hint)
    folder = next(folder for folder in (paths.settings, SHIPPED) if (folder / f"{wanted}.yml").is_file())
    path, reader = folder / f"{wanted}.yml", Reader(folder)
    setting = reader.model(SavedSetting, path.name)
    if setting is None:
        hint = "Rätta filen; nycklarna står i docs/steward/installningar.md."
        raise PipelineError(
            "bad_setting", f"Inställningen {wanted}", "kända nycklar som går ihop", "; ".join(reader.problems), hint
        )
    return Named(wanted, setting, path, hashlib.sha256(path.read_bytes()).hexdigest())


def limits_of(paths: Paths, name: str) -> str:
    """The set of limits that a setting asks for, "" for none or the usual; reads nothing else of the catalogue."""
    wanted = find_setting(paths, name).setting.granser
    return "" if wanted in (None, USUAL) else str(wanted)


def save_setting(paths: Paths, name: str, choices: Mapping[str, object]) -> Path:
    """Write choices under a name and return the file; the same content once more changes nothing.

    Raises:
        PipelineError: `bad_setting_name`, `setting_exists` when the name has other content.
    """
    if not NAME.match(name):
        expected = "små bokstäver, siffror, bindestreck och understreck"
        raise PipelineError(
            "bad_setting_name", "Inställningens namn", expected, "något annat", "Skriv till exempel ordinarie-2026."
        )
    ordered = {field: choices[field] for field in CHOICES if field in choices}
    kept = {field: list(value) if isinstance(value, tuple) else value for field, value in ordered.items()}
    SavedSetting.model_validate({"version": VERSION, "name_sv": name} | kept)
    text = HEAD + yaml.safe_dump({"version": VERSION, "name_sv": name} | kept, allow_unicode=True, sort_keys=False)
    path = paths.settings / f"{name}.yml"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        hint = "Välj ett annat namn, eller ta bort filen först."
        raise PipelineError("setting_exists", f"Inställningen {name}", "ett ledigt namn", "en fil med annat innehåll", hint)
    return put_text(path, text)
