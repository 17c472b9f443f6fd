"""The overview as Markdown for Dagster, as lines for a terminal and as JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assets.intake.names import in_markdown
from assets.overview.table import counts, counts_by_edition
from assets.overview.types import Overview, Row

SHOWN_TOUCHES = 12


def markdown(overview: Overview, texts: Mapping[str, Any]) -> str:
    """A table per wave, latest first, with the marks and what stops; then the files that wait and what they touch."""
    parts = [f"**{texts['synthetic_short']}**"] if overview.synthetic else []
    for wave in overview.waves:
        rows = overview.of(wave)
        parts.append(f"### {texts['wave_title'].format(wave=wave)}\n\n{summary(rows, overview.steps, texts)}")
        heads = [texts["area"], *(texts["steps"][step] for step in overview.steps), texts["stops"]]
        lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        for row in rows:
            cells = [in_markdown(row.area_name), *(state_words(row, step, texts) for step in overview.steps)]
            lines.append(f"| {' | '.join(cells)} | {in_markdown(row.stops or texts['nothing_stops'])} |")
        parts.append("\n".join(lines))
    parts.append(_marks(texts))
    for row in (row for row in overview.rows if row.touches):
        told = "\n".join(f"    - {in_markdown(line)}" for line in row.touches[:SHOWN_TOUCHES])
        parts.append(f"- **{in_markdown(row.area_name)} {row.wave}**\n{told}")
    if overview.files:
        parts.append(f"### {texts['files_title']}")
        for file in overview.files:
            told = "".join(f"\n    - {in_markdown(line)}" for line in file.touches[:SHOWN_TOUCHES])
            parts.append(f"- {in_markdown(file.sentence)}{told}")
    return "\n\n".join(parts) + "\n"


def _marks(texts: Mapping[str, Any]) -> str:
    return "; ".join(f"{one['mark']} {one['word']}" for one in texts["states"].values())


def state_words(row: Row, step: str, texts: Mapping[str, Any]) -> str:
    """The mark and word of a step's state, with what stands beside it."""
    state = texts["states"][row.states[step]]
    said = f"{state['mark']}\u00a0{state['word']}"
    return f"{said} ({detail})" if (detail := row.detail(step)) else said


def summary(rows: Sequence[Row], steps: Sequence[str], texts: Mapping[str, Any]) -> str:
    """In how many municipalities each step is done, and for which editions, as one sentence."""
    done = counts(rows, steps)
    told = ", ".join(f"{texts['steps'][step].lower()} {done[step]}{_by_edition(rows, step)}" for step in steps)
    one, several = texts["summary_areas"]
    areas = f"{len(rows)}\u00a0{one if len(rows) == 1 else several}"
    return texts["summary"].format(wave=rows[0].wave if rows else "", areas=areas, counts=told)


def _by_edition(rows: Sequence[Row], step: str) -> str:
    """The editions of a count, in brackets; empty for a step that isn't taken per edition."""
    told = ", ".join(f"{edition} {count}" for edition, count in counts_by_edition(rows, step).items())
    return f" ({told})" if told else ""


def terminal_lines(overview: Overview, waves: Sequence[int], texts: Mapping[str, Any]) -> list[str]:
    """The overview of some waves for a terminal: the counts, a line per municipality that something stops, and the files."""
    lines: list[str] = []
    for wave in waves:
        rows = overview.of(wave)
        lines += [summary(rows, overview.steps, texts)] if rows else []
        for sentence, same in _by_sentence(row for row in rows if row.stops).items():
            lines.append(f"  {_several([row.area_name for row in same])}: {sentence}")
            lines += [f"    {line}" for line in same[0].touches]
    if overview.files:
        lines += [texts["status"]["waiting_files"]]
        for file in overview.files:
            lines += [f"  {file.sentence}", *(f"    {line}" for line in file.touches)]
    return lines


def stopped_sentences(overview: Overview) -> list[str]:
    """What is stopped now: set-aside files, then municipalities by wave; those that one thing stops stand together."""
    files = [file.sentence for file in overview.files if file.touches]
    told = []
    for wave in overview.waves:
        for sentence, same in _by_sentence(row for row in overview.of(wave) if row.stopped).items():
            if sentence not in files:
                told.append(f"{_several([row.area_name for row in same])} {wave}: {sentence}")
    return [*files, *told]


def _by_sentence(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.stops, []).append(row)
    return found


def _several(names: Sequence[str], most: int = 5) -> str:
    return ", ".join(names) if len(names) <= most + 1 else f"{', '.join(names[:most])} och {len(names) - most} till"


def as_json(overview: Overview) -> str:
    """The overview as plain data; `overview_of` reads it back."""
    rows = [
        {
            **{name: getattr(row, name) for name in ROW},
            "states": dict(row.states),
            "touches": list(row.touches),
            "editions": {step: list(found) for step, found in row.editions.items()},
        }
        for row in overview.rows
    ]
    files = [{"file_name": one.file_name, "sentence": one.sentence, "touches": list(one.touches)} for one in overview.files]
    told = {"synthetic": overview.synthetic, "steps": list(overview.steps), "rows": rows, "files": files}
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


ROW = ("wave", "area_code", "area_name", "approvals", "forms", "stops", "stopped")


def _row_of(told: Mapping[str, Any]) -> Row:
    editions = {step: tuple(found) for step, found in told["editions"].items()}
    return Row(**{**told, "touches": tuple(told["touches"]), "editions": editions})


def overview_of(text: str) -> Overview:
    """The overview that `as_json` has written. Raises ValueError when it is another text."""
    from assets.overview.types import FileRow

    try:
        told = json.loads(text)
        rows = tuple(_row_of(row) for row in told["rows"])
        files = tuple(FileRow(one["file_name"], one["sentence"], tuple(one["touches"])) for one in told["files"])
        return Overview(rows, files, tuple(told["steps"]), bool(told["synthetic"]))
    except (KeyError, TypeError) as error:
        raise ValueError("not an overview") from error
