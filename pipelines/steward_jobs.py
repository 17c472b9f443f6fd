"""The rest of the steward's way without a terminal: preview, disclosure, verification, sealing key, what has been published.

The same functions as the commands `did kor --pilot`, `did rojande`, `did verifiera`, `did nyckel` and `did utgivningar`, with
their answers on the run's page; a mistake is one sentence there.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import dagster as dg
from pydantic import Field

from assets.catalogue.load import active_profile
from assets.catalogue.pilots import find_pilot
from assets.catalogue.settings_models import Edition, YesNo
from assets.failures import as_failure, failure
from assets.intake.names import in_markdown
from assets.methods.errors import PipelineError
from assets.sealing.keys import sealing_key
from assets.sealing.store import verify_path
from assets.sealing.verify import Known, Verified
from assets.slices import WAVES
from assets.texts import automation_texts, shown_as
from assets.typed_areas import area_codes
from pipelines import chain
from pipelines.chain import Choice
from pipelines.flat_form import flat_form, no_fields
from pipelines.jobs import child_config, child_failed, run_child
from pipelines.launch import NO_PILOT, PilotName, choose, with_own_name
from pipelines.made_bundles import made_bundles
from pipelines.paths import Paths
from pipelines.resources import BOTH, RunChoices, Store

TEXTS = automation_texts()
FIELDS = TEXTS["fields"]
SHOWN = 8


@shown_as("forhandsgranska")
class Preview(dg.Config):
    """Whose bundles are made, of which wave, and who makes them."""

    kommuner: list[str] = Field(default=[], description=FIELDS["forhandsgranska_kommuner"])
    pilot: PilotName = Field(default=NO_PILOT, description=FIELDS["pilot"])
    utgava: Edition = Field(default=BOTH, description=FIELDS["utgava"])
    wave: int = Field(default=WAVES[-1], description=FIELDS["wave"])
    av: str = Field(default="", description=FIELDS["av"])


@shown_as("visa_rojande")
class Areas(dg.Config):
    """Which municipalities the answer is about."""

    kommuner: list[str] = Field(default=[], description=FIELDS["kommuner"])
    wave: int = Field(default=WAVES[-1], description=FIELDS["wave"])


@shown_as("verifiera")
class Verification(dg.Config):
    """Which published bundle is checked, and against which key."""

    paket: str = Field(default="", description=FIELDS["verifiera_paket"])
    fingeravtryck: str = Field(default="", description=FIELDS["fingeravtryck"])


@shown_as("visa_utgivningar")
class Register(dg.Config):
    """How the release register is shown."""

    kontrollera: YesNo = Field(default="nej", description=FIELDS["kontrollera"])


def chosen_areas(municipalities: Sequence[str], pilot: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The municipalities of a preview and the jobs that make what they get.

    Raises:
        PipelineError: `unknown_municipality`, `no_municipality`, or as `find_pilot`.
    """
    makes = ("publish_bundles", "publish_kits")
    codes = area_codes(municipalities)
    if pilot != NO_PILOT:
        found = find_pilot(pilot)
        kinds = {"bundles": "publish_bundles", "kits": "publish_kits"}
        codes, makes = (
            tuple(dict.fromkeys((*codes, *found.municipalities))),
            tuple(kinds[k] for k in kinds if k in found.produces),
        )
    if not codes:
        hint = "Skriv minst en kommun i fältet kommuner, till exempel [Botkyrka], eller välj en pilot."
        raise PipelineError("no_municipality", "Fältet kommuner", "minst en kommun", "ingen", hint)
    return codes, makes


def published_archives(paths: Paths, name: str) -> list[Path]:
    """The published archive of a name, or all of them when none is given.

    Raises:
        PipelineError: `not_published`, listing what can be written.
    """
    held = sorted(paths.published.glob("*/*.zip"))
    wanted = name.strip().removesuffix(".zip")
    found = [path for path in held if path.stem == wanted] if wanted else held
    if found:
        return found
    hint = "Ge ut ett paket med jobbet publicera först."
    if held:
        more = f" och {len(held) - SHOWN} till" if len(held) > SHOWN else ""
        hint = f"Skriv ett av de här namnen i fältet paket: {', '.join(path.stem for path in held[:SHOWN])}{more}."
    raise PipelineError("not_published", "Mappen publicerat", "ett utgivet paket med det namnet", "inget", hint)


def known_keys(paths: Paths, fingerprint: str) -> Known:
    """What the seal is compared with: the fingerprint that was given, else this installation's own key."""
    if fingerprint.strip():
        return Known(fingerprints=(fingerprint.strip(),))
    return Known(keys=(sealing_key(paths.keys(active_profile())).public,), own=True)


def listed(lines: Sequence[str], none: str) -> dg.MarkdownMetadataValue:
    """Sentences as a list on the run's page."""
    return dg.MetadataValue.md("\n".join(f"- {in_markdown(line.strip())}" for line in lines if line.strip()) or none)


def _tell(context: dg.OpExecutionContext, lines: Sequence[str]) -> None:
    for line in lines:
        if line.strip():
            context.log.info(line.strip())
    context.add_output_metadata({"svar": listed(lines, "Inget att visa.")})


@dg.op(name="kontrollera", out=dg.Out(dg.Nothing), description=TEXTS["ops"]["verifiera"])
def verify(context: dg.OpExecutionContext, config: Verification, store: Store) -> None:
    """Check published bundles as a receiver does; fails when a byte has been changed or the key is another one."""
    paths = store.paths
    with as_failure():
        known = known_keys(paths, config.fingeravtryck)
        found = {path.name: verify_path(path, known) for path in published_archives(paths, config.paket)}
    _tell(context, [f"{name}: {line}" if len(found) > 1 else line for name, one in found.items() for line in one.lines])
    broken = {name: one for name, one in found.items() if one.outcome != "unchanged"}
    if broken:
        raise failure(_not_verified(broken))


def _not_verified(broken: dict[str, Verified]) -> PipelineError:
    name, one = next(iter(broken.items()))
    faults = " ".join(fault.lstrip("✗ ") for fault in one.faults[:2])
    hint = f"{faults} Använd inte paketet förrän avsändaren har sagt varför.".strip()
    where = name if len(broken) == 1 else f"{name} och {len(broken) - 1} till"
    return PipelineError("not_verified", where, "ett oförändrat paket förseglat med rätt nyckel", "något annat", hint)


@dg.op(name="nyckel", out=dg.Out(dg.Nothing), description=TEXTS["ops"]["visa_nyckel"])
def show_key(context: dg.OpExecutionContext, store: Store) -> None:
    """The fingerprint of the key that seals; the key is made the first time."""
    from pipelines.cli_publish import key_lines

    with as_failure():
        key = sealing_key(store.paths.keys(active_profile()))
    context.add_output_metadata({"fingeravtryck": key.fingerprint})
    _tell(context, key_lines(key))


@dg.op(name="rojande", out=dg.Out(dg.Nothing), description=TEXTS["ops"]["visa_rojande"])
def show_disclosure(context: dg.OpExecutionContext, config: Areas, store: Store) -> None:
    """What disclosure control hides per municipality, and where the whole report lies."""
    from pipelines.disclosure import disclosure_lines

    with as_failure():
        lines = disclosure_lines(store.paths.root, config.wave, set(area_codes(config.kommuner)))
    _tell(context, lines)


@dg.op(name="utgivningar", out=dg.Out(dg.Nothing), description=TEXTS["ops"]["visa_utgivningar"])
def show_releases(context: dg.OpExecutionContext, config: Register, store: Store) -> None:
    """What has been published."""
    from pipelines.releases import release_lines

    with as_failure():
        lines = release_lines(store.paths.root, check=config.kontrollera == "ja", conflicts=False)
    _tell(context, lines)


@dg.job(description=TEXTS["jobs"]["verifiera"], config=flat_form(Verification, "kontrollera"))
def verifiera() -> None:
    """Verification of published bundles."""
    verify()


@dg.job(description=TEXTS["jobs"]["visa_nyckel"], config=no_fields)
def visa_nyckel() -> None:
    """The key's fingerprint."""
    show_key()


@dg.job(description=TEXTS["jobs"]["visa_rojande"], config=flat_form(Areas, "rojande"))
def visa_rojande() -> None:
    """What is hidden and why."""
    show_disclosure()


@dg.job(description=TEXTS["jobs"]["visa_utgivningar"], config=flat_form(Register, "utgivningar"))
def visa_utgivningar() -> None:
    """What has been published."""
    show_releases()


def build_preview_job(defs: Callable[[], dg.Definitions]) -> dg.JobDefinition:
    """The job that makes the bundles and kits of some municipalities, from the release as it is.

    Args:
        defs: gives the definitions that the children belong to (not yet built when the job is).
    """

    @dg.op(name="gor_paketen", out=dg.Out(dg.Nothing), description=TEXTS["ops"]["forhandsgranska"])
    def preview(context: dg.OpExecutionContext, config: Preview, store: Store, choices: RunChoices) -> None:
        with as_failure():
            only, makes = chosen_areas(config.kommuner, config.pilot)
            asked = with_own_name(store.paths, {"av": config.av, "utgava": config.utgava})
            named = child_config(choose(store.paths, asked), choices)
        for name in (*makes, "publish_overview"):
            for tags in chain.runs(store.paths, name, Choice(wave=config.wave, only=only)):
                result = run_child(defs(), context.instance, name, tags, named)
                if not result.success:
                    raise child_failed(name, result.run_id)
        context.add_output_metadata(dict(made_bundles(store.paths, config.wave, only)))

    @dg.job(name="forhandsgranska", description=TEXTS["jobs"]["forhandsgranska"], config=flat_form(Preview, "gor_paketen"))
    def forhandsgranska() -> None:
        preview()

    return forhandsgranska
