"""Sensors: what starts a run by itself.

The inbox sensor is keyed by content: a hundred dropped files make one run, the same content never a second, and a file that a
run sets aside starts nothing. A file counts only when its size and time are equal on two ticks: a file that is still being
copied waits. Contents are hashed only when something in the inbox has changed. Failed runs are tried again (attempts.py).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import dagster as dg

from assets.asset_keys import reached
from assets.catalogue.load import active_profile
from assets.intake.readers import SURVEY_SUFFIXES
from assets.intake.receive import file_hash, inbox_files
from assets.intake.sidecar import is_sidecar
from assets.methods.errors import PipelineError, count_sv
from assets.texts import ui_texts
from pipelines.attempts import of_location, tick, went_through
from pipelines.operation_settings import read_settings
from pipelines.resources import Store

State = dict[str, list[int]]
JOB = "everything"
LOOKED_AT = 50
"""How many earlier runs are searched for a name."""
NOTHING_NEW = "Inget nytt i inkorgen sedan förra körningen."


def inbox_state(folders: Mapping[str, Path]) -> State:
    """Name -> [size, modification time in ns] of every file in the inbox folders."""
    return {
        f"{kind}/{path.name}": [path.stat().st_size, path.stat().st_mtime_ns]
        for kind, folder in sorted(folders.items())
        for path in inbox_files(folder)
    }


def content_hashes(folders: Mapping[str, Path]) -> list[str]:
    """SHA-256 of each different content in the inbox, sorted; names and times don't matter."""
    return sorted({file_hash(path) for folder in folders.values() for path in inbox_files(folder)})


def content_key(hashes: Iterable[str]) -> str:
    """One key for the whole inbox's content."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def evaluate_inbox(
    folders: Mapping[str, Path], cursor: str | None, beside: Mapping[str, Path] | None = None
) -> tuple[str | None, str, str]:
    """Decide what the sensor does.

    Args:
        beside: folders outside the inbox whose files change how the inbox is read (the steward's codebooks): a change there is
            news as long as something lies in the inbox.

    Returns:
        run key (None: no run), reason in Swedish, and the new cursor.
    """
    before = json.loads(cursor) if cursor else {}
    known, done = before.get("state", {}), before.get("done", [])
    inbox = inbox_state(folders)
    state = inbox | (inbox_state(beside) if beside and inbox else {})

    def after(seen: list[str], settled: bool) -> str:
        return json.dumps({"state": state, "done": seen, "settled": settled})

    if not state:
        places = " eller ".join(f"inbox/{p.name}" for p in folders.values())
        return None, f"Inkorgen är tom. Lägg filer i {places} ({', '.join(SURVEY_SUFFIXES)}).", after(done, False)
    waiting = sorted(name for name, facts in state.items() if known.get(name) != facts)
    if waiting:
        shown = ", ".join(name.split("/", 1)[1] for name in waiting[:5])
        more = f" och {len(waiting) - 5} till" if len(waiting) > 5 else ""
        return None, f"Väntar tills filerna är färdigkopierade: {shown}{more}.", after(done, False)
    if before.get("settled") and known == state:
        return None, NOTHING_NEW, after(done, True)
    hashes = content_hashes({**folders, **(beside or {})})
    if set(hashes) <= set(done):
        return None, NOTHING_NEW, after(done, True)
    return content_key(hashes), f"{count_sv(len(inbox), 'fil', 'filer')} i inkorgen.", after(sorted({*done, *hashes}), True)


def already_taken_in(folders: Mapping[str, Path], archive: Path, beside: Mapping[str, Path]) -> str | None:
    """The cursor of a first look at an inbox that another way (`did kor`) has run already; None when something in it is new.

    Everything that has been taken in has a copy in the archive, in a folder named by its hash; what describes a delivery (a
    sidecar) lies in the delivery's.
    """
    state = inbox_state(folders)
    deliveries = [path for folder in folders.values() for path in inbox_files(folder) if not is_sidecar(path)]
    if not deliveries or not all((archive / file_hash(path)).is_dir() for path in deliveries):
        return None
    done = content_hashes({**folders, **beside})
    return json.dumps({"state": state | inbox_state(beside), "done": done, "settled": True})


def read_by_a_run(folders: Mapping[str, Path], archive: Path, ended: float) -> bool:
    """Whether all deliveries of the inbox lay in the archive before a run that has gone through ended: it has read them.

    Args:
        ended: when that run ended, seconds since 1970.
    """
    deliveries = [path for folder in folders.values() for path in inbox_files(folder) if not is_sidecar(path)]
    kept = [archive / file_hash(path) for path in deliveries]
    return bool(kept) and all(folder.is_dir() and folder.stat().st_mtime <= ended for folder in kept)


def last_pass(context: dg.SensorEvaluationContext) -> float:
    """When the latest run of the whole chain ended, whoever started it, if it went through; else 0."""
    origin = context.code_location_origin
    location = origin.location_name if origin else None
    records = context.instance.get_run_records(dg.RunsFilter(job_name=JOB), limit=LOOKED_AT)
    latest = next((one for one in records if of_location(one.dagster_run, location)), None)
    return latest.end_time or 0.0 if latest and went_through(context.instance, latest.dagster_run) else 0.0


def run_name(context: dg.SensorEvaluationContext, settings_name: str) -> str:
    """In whose name an automatic run makes the bundles: the settings' name, else the one last typed at a launch.

    Without it a run that only adds a delivery would take the name, and with it the approvals, from every bundle.
    """
    if settings_name:
        return settings_name
    runs = context.instance.get_runs(dg.RunsFilter(job_name=JOB), limit=LOOKED_AT)
    typed = (str(run.run_config.get("av", "")) for run in runs)
    return next((name for name in typed if name), "")


@dg.sensor(
    job_name=JOB,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=ui_texts()["sensors"]["inbox_sensor"],
)
def inbox_sensor(context: dg.SensorEvaluationContext, store: Store) -> dg.SensorResult | dg.SkipReason:
    """Start `everything` once the inbox has new, complete content."""
    paths = store.paths
    folders = {"enkat": paths.surveys, "register": paths.registers}
    if reached("raw", "form_files"):
        folders["formular"] = paths.forms
    beside = {"kodbocker": paths.codebooks}

    try:
        settings_name = read_settings(paths.home(active_profile())).av
    except PipelineError as error:
        return dg.SkipReason(str(error))  # nothing is remembered: the files are news when the settings have been mended

    def look(cursor: str | None) -> tuple[str | None, str, str]:
        key, reason, after = evaluate_inbox(folders, cursor or already_taken_in(folders, paths.archive, beside), beside)
        if key and not inbox_files(paths.codebooks) and read_by_a_run(folders, paths.archive, last_pass(context)):
            return None, NOTHING_NEW, after  # somebody started the run before the sensor did
        return key, reason, after

    def config() -> dict[str, object]:
        name = run_name(context, settings_name)
        return {"av": name} if name else {}

    return tick(context, look, JOB, {"startad_av": "inkorgen"}, config)


SENSORS = [inbox_sensor]
