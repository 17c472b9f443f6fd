"""Sensors: what starts a run by itself.

The inbox sensor is keyed by the content of the whole inbox, so a hundred dropped files make one run and the same files never a
second. A file counts only when its size and time are equal on two ticks: a file that is still being copied waits.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from assets.intake.readers import SURVEY_SUFFIXES
from assets.intake.receive import file_hash, inbox_files
from assets.texts import ui_texts
from pipelines.resources import Store

REGISTER_SUFFIXES = (".csv", ".parquet", ".xlsx", ".json")
State = dict[str, list[int]]


def inbox_state(folders: Mapping[str, Path]) -> State:
    """Name -> [size, modification time in ns] of every file in the inbox folders."""
    return {
        f"{kind}/{path.name}": [path.stat().st_size, path.stat().st_mtime_ns]
        for kind, folder in sorted(folders.items())
        for path in inbox_files(folder)
    }


def content_key(folders: Mapping[str, Path]) -> str:
    """SHA-256 over the contents of all files in the inbox, independent of their names and times."""
    hashes = sorted(file_hash(path) for folder in folders.values() for path in inbox_files(folder))
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def evaluate_inbox(folders: Mapping[str, Path], cursor: str | None) -> tuple[str | None, str, str]:
    """Decide what the sensor does.

    Returns:
        run key (None: no run), reason in Swedish, and the new cursor.
    """
    before = json.loads(cursor) if cursor else {"state": {}, "done": ""}
    state = inbox_state(folders)
    waiting = sorted(name for name, facts in state.items() if before["state"].get(name) != facts)
    if not state:
        places = " eller ".join(f"inbox/{p.name}" for p in folders.values())
        return (
            None,
            f"Inkorgen är tom. Lägg filer i {places} ({', '.join(SURVEY_SUFFIXES)}).",
            json.dumps({"state": {}, "done": before["done"]}),
        )
    if waiting:
        shown = ", ".join(name.split("/", 1)[1] for name in waiting[:5]) + (
            f" och {len(waiting) - 5} till" if len(waiting) > 5 else ""
        )
        return None, f"Väntar tills filerna är färdigkopierade: {shown}.", json.dumps({"state": state, "done": before["done"]})
    key = content_key(folders)
    if key == before["done"]:
        return None, "Inget nytt i inkorgen sedan förra körningen.", json.dumps({"state": state, "done": key})
    return key, f"{len(state)} filer i inkorgen.", json.dumps({"state": state, "done": key})


@dg.sensor(
    job_name="everything",
    minimum_interval_seconds=30,
    description=ui_texts()["sensors"]["inbox_sensor"],
)
def inbox_sensor(context: dg.SensorEvaluationContext, store: Store) -> dg.SensorResult | dg.SkipReason:
    """Start `everything` once the inbox has new, complete content."""
    paths = store.paths
    key, reason, cursor = evaluate_inbox({"enkat": paths.surveys, "register": paths.registers}, context.cursor)
    context.update_cursor(cursor)
    if key is None:
        return dg.SkipReason(reason)
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, tags={"startad_av": "inkorgen"})])


SENSORS = [inbox_sensor]
