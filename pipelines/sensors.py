"""Sensors: what starts a run by itself.

The inbox sensor is keyed by content: a hundred dropped files make one run, the same content never a second, and a file that a
run sets aside starts nothing. A file counts only when its size and time are equal on two ticks: a file that is still being
copied waits. Contents are hashed only when something in the inbox has changed.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import dagster as dg

from assets.asset_keys import reached
from assets.intake.readers import SURVEY_SUFFIXES
from assets.intake.receive import file_hash, inbox_files
from assets.methods.errors import count_sv
from assets.texts import ui_texts
from pipelines.resources import Store

State = dict[str, list[int]]
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


@dg.sensor(
    job_name="everything",
    minimum_interval_seconds=30,
    description=ui_texts()["sensors"]["inbox_sensor"],
)
def inbox_sensor(context: dg.SensorEvaluationContext, store: Store) -> dg.SensorResult | dg.SkipReason:
    """Start `everything` once the inbox has new, complete content."""
    paths = store.paths
    folders = {"enkat": paths.surveys, "register": paths.registers}
    if reached("raw", "form_files"):
        folders["formular"] = paths.forms
    key, reason, cursor = evaluate_inbox(folders, context.cursor, {"kodbocker": paths.codebooks})
    context.update_cursor(cursor)
    if key is None:
        return dg.SkipReason(reason)
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=key, tags={"startad_av": "inkorgen"})])


SENSORS = [inbox_sensor]
