"""What a run can be asked for, in the launchpad and on the command line, and how a saved setting and typed choices go together.

A saved setting decides what it names; a typed choice decides the rest, and may say the same again. Two that say different things
stop the run in one sentence: neither may win without anybody seeing it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import dagster as dg
from pydantic import Field

from assets.catalogue.active import PROFILE
from assets.catalogue.load import active_profile, load_catalogue
from assets.catalogue.pilots import find_pilot, load_pilots
from assets.catalogue.settings_models import CHOICES, USUAL, Edition, YesNo, contradiction
from assets.cutoff_guard import require_usual_for_publication
from assets.intake.names import in_markdown
from assets.methods.editions import PUBLIC
from assets.methods.errors import PipelineError
from assets.methods.person_names import require_name
from assets.slices import WAVES
from assets.texts import shown_as, ui_texts
from assets.typed_areas import area_codes
from pipelines.operation_settings import read_settings
from pipelines.paths import Paths
from pipelines.resources import BOTH, RunChoices
from pipelines.saved_settings import Named, find_setting, save_setting

TEXTS = ui_texts()["fields"]
NO_PILOT = "ingen"
PILOTS = (NO_PILOT, *(pilot.id for pilot in load_pilots().pilots)) if PROFILE.is_base else (NO_PILOT,)
LIMITS = (USUAL, *(one.id for one in load_catalogue().cutoff_file.sets))
PilotName = Literal[PILOTS]  # type: ignore[valid-type]
LimitName = Literal[LIMITS]  # type: ignore[valid-type]
AREA_FIELDS = ("kommuner", "publika_kommuner")
SHOWN_WAVES = ", ".join(str(wave) for wave in WAVES)


@shown_as("ingest")
class Ingestion(dg.Config):
    """Whether everything is run again, also what nothing has changed for, and a saved setting that may say so."""

    allt: YesNo = Field(default="nej", description=TEXTS["allt"])
    installning: str = Field(default="", description=TEXTS["installning"])


@shown_as("everything")
class Launch(Ingestion):
    """The whole chain: which bundles are made, of which wave and areas, and by whom. Every field has a default that works."""

    utgava: Edition = Field(default=BOTH, description=TEXTS["utgava"])
    wave: int = Field(default=WAVES[-1], description=f"{TEXTS['wave']} {SHOWN_WAVES}.")
    kommuner: list[str] = Field(default=[], description=TEXTS["kommuner"])
    publika_kommuner: list[str] = Field(default=[], description=TEXTS["publika_kommuner"])
    pilot: PilotName = Field(default=NO_PILOT, description=TEXTS["pilot"])
    granser: LimitName = Field(default=USUAL, description=TEXTS["granser"])
    arbetare: int = Field(default=RunChoices().workers, description=TEXTS["arbetare"])
    av: str = Field(default="", description=TEXTS["av"])
    spara_som: str = Field(default="", description=TEXTS["spara_som"])


@dataclass(frozen=True)
class Chosen:
    """What a run does.

    `everything`: run again what nothing has changed for. `only`: codes of those that get bundles (all when empty). `named`: the
    saved setting behind it. `decided`: what the setting and the person decided, without defaults.
    """

    everything: bool
    edition: str
    wave: int
    only: tuple[str, ...]
    public_areas: tuple[str, ...]
    pilot: str
    workers: int
    prepared_by: str
    named: Named | None
    decided: Mapping[str, object]

    def tags(self) -> dict[str, str]:
        """The choices as tags of a run, so that they can be searched for."""
        setting = {"installning": self.named.name, "installning_sha256": self.named.sha256} if self.named else {}
        return setting | {"allt": "ja" if self.everything else "nej", "utgava": self.edition, "mattillfalle": str(self.wave)}

    def table(self) -> str:
        """The choices as a Markdown table, and where each comes from."""
        of_setting = self.named.choices() if self.named else {}
        where = f"inställningen {in_markdown(self.named.name)}" if self.named else ""
        rows = {
            "utgåva": ("utgava", self.edition),
            "mättillfälle": ("wave", str(self.wave)),
            "räkna om allt": ("allt", "ja" if self.everything else "nej"),
            "kommuner": ("pilot" if self.pilot else "kommuner", ", ".join(self.only) or "alla"),
            "kommuner med publikt paket": ("publika_kommuner", ", ".join(self.public_areas) or "alla"),
            "gränser": ("granser", load_catalogue().cutoffs.id if LIMITS[1:] else "inga index"),
            "arbetare": ("arbetare", str(self.workers)),
        }
        told = [
            f"| {label} | {shown} | {where if field in of_setting else 'angivet' if field in self.decided else 'förval'} |"
            for label, (field, shown) in rows.items()
        ]
        return "\n".join(["| val | värde | kommer från |", "|---|---|---|", *told])


def typed_choices(run_config: Mapping[str, object]) -> dict[str, object]:
    """What a person has changed in the launchpad. It fills in all defaults by itself, so a field that stands at its default says
    nothing: a saved setting may decide it.
    """
    defaults = {name: field.default for name, field in Launch.model_fields.items()}
    return {name: value for name, value in run_config.items() if name not in defaults or value != defaults[name]}


def with_own_name(paths: Paths, typed: Mapping[str, object]) -> dict[str, object]:
    """What was typed, and when no name was, the one in `drift/drift.yml`: who answers for what is run here.

    Raises:
        PipelineError: that file can't be read.
    """
    return {**typed, "av": str(typed.get("av") or "").strip() or read_settings(paths.home(active_profile())).av}


def choose(paths: Paths, typed: Mapping[str, object]) -> Chosen:
    """What a run does, from what a person typed and the saved setting that was named.

    Args:
        typed: fields of `Launch` that were given, without defaults.

    Raises:
        PipelineError: `unknown_setting`, `bad_setting`, `settings_conflict`, `unknown_wave`, `unknown_municipality`,
            `unknown_pilot`, `unknown_cutoffs`, `other_process`, `other_cutoffs_public`, `bad_workers`, `bad_name`; when the
            choices are to be saved also `bad_setting_name` and `setting_exists`.
    """
    typed = _with_codes(typed)
    given = {field: _plain(typed[field]) for field in CHOICES if field in typed}
    named = find_setting(paths, str(typed["installning"])) if str(typed.get("installning", "")).strip() else None
    decided = _together(given, named)
    if str(decided.get("pilot", "")) == NO_PILOT:
        del decided["pilot"]
    only, public = _codes(decided.get("kommuner")), _codes(decided.get("publika_kommuner"))
    pilot, edition = str(decided.get("pilot", "")), str(decided.get("utgava", BOTH))
    fault = contradiction(edition, only, public, pilot or None)
    if fault:
        raise PipelineError("settings_conflict", "Valen", "val som går ihop", fault, "Ändra ett av dem och kör igen.")
    _require_known(decided, only + public)
    if edition == PUBLIC:
        require_usual_for_publication(load_catalogue(), PUBLIC)
    by = str(typed.get("av") or "")
    chosen = Chosen(
        everything=decided.get("allt", "nej") == "ja",
        edition=edition,
        wave=int(str(decided.get("wave", WAVES[-1]))),
        only=find_pilot(pilot).municipalities if pilot else only,
        public_areas=public,
        pilot=pilot,
        workers=int(str(decided.get("arbetare", RunChoices().workers))),
        prepared_by=require_name(by, "Fältet av") if by.strip() else "",
        named=named,
        decided=decided,
    )
    if str(typed.get("spara_som") or "").strip():
        save_setting(paths, str(typed["spara_som"]).strip(), decided)
    return chosen


def _plain(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _codes(value: object) -> tuple[str, ...]:
    return tuple(str(code) for code in value) if isinstance(value, tuple) else ()


def _with_codes(typed: Mapping[str, object]) -> dict[str, object]:
    """What was typed, with municipalities as codes, whether they were typed by name or by code."""
    areas = {field: area_codes(map(str, typed[field])) for field in AREA_FIELDS if isinstance(typed.get(field), (list, tuple))}
    return {field: areas.get(field, value) for field, value in typed.items()}


def _together(given: Mapping[str, object], named: Named | None) -> dict[str, object]:
    """The setting's choices and the typed ones. Raises PipelineError `settings_conflict` when they differ."""
    of_setting = named.choices() if named else {}
    for field, value in given.items():
        if named and field in of_setting and of_setting[field] != value:
            raise PipelineError(
                "settings_conflict",
                f"Fältet {field}",
                f"samma som i inställningen {named.name} ({_shown(of_setting[field])})",
                _shown(value),
                "Ta bort fältet, eller välj en annan inställning.",
            )
    return of_setting | dict(given)


def _shown(value: object) -> str:
    return (", ".join(map(str, value)) or "alla") if isinstance(value, tuple) else str(value)[:60]


def _require_known(decided: Mapping[str, object], codes: tuple[str, ...]) -> None:
    """Raises PipelineError when a choice names something that isn't there, or that this process can't give."""
    catalogue = load_catalogue()
    if decided.get("wave", WAVES[-1]) not in WAVES:
        hint = "Välj ett av dem, eller ta bort fältet för det senaste."
        raise PipelineError(
            "unknown_wave", "Fältet wave", f"ett av mättillfällena {SHOWN_WAVES}", str(decided["wave"])[:20], hint
        )
    unknown = sorted(set(codes) - set(catalogue.municipality_by_code))
    if unknown:
        hint = "Skriv kommunkoder med fyra siffror, till exempel 0127."
        raise PipelineError("unknown_municipality", "Valet av kommuner", "koder i katalogen", ", ".join(unknown)[:80], hint)
    workers = decided.get("arbetare", 1)
    if not isinstance(workers, int) or not 1 <= workers <= 16:
        raise PipelineError(
            "bad_workers", "Fältet arbetare", "ett tal från 1 till 16", str(workers)[:20], "Ta bort fältet för 2."
        )
    limits = str(decided.get("granser", USUAL))
    in_use, usual = (catalogue.cutoffs.id, catalogue.cutoff_file.default) if LIMITS[1:] else (USUAL, USUAL)
    wanted = usual if limits == USUAL else limits
    if wanted not in (*LIMITS, usual):
        hint = "Välj en av dem, eller ta bort fältet."
        raise PipelineError("unknown_cutoffs", "Valet av gränser", f"någon av {', '.join(LIMITS)}", limits[:40], hint)
    if "granser" in decided and wanted != in_use:
        hint = f"Gränserna väljs när programmet startar: kör did kor --granser {wanted}, eller ta bort fältet."
        raise PipelineError("other_process", "Fältet granser", f"{in_use}, som programmet använder nu", wanted, hint)
