"""What stopped, as a readable file: `meddelanden/<time>-<job>.txt`, the same for a run in Dagster and for `did kor`.

A notice says what stopped, what it is about, what to do and the run's id. A person's mistake is told in its own sentence; a bug
by its kind and place in the code. Never a row value: the sentences are our own, and what Dagster keeps of a bug is masked.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.execution.plan.objects import UserFailureData
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG, PARTITION_NAME_TAG

from assets.sealing.store import put
from assets.write_faults import not_written
from pipelines.paths import Paths
from pipelines.silent_errors import kept_places

CHILD = "körning"
"""Metadata key under which a step that failed because a run of its own did names that run."""
DEEPEST = 5
WIDTH = 96
OUR_BUG = "Ett fel i programmet, inte i dina filer."
TRY_AGAIN = "Starta jobbet igen. Händer det igen: skicka den här filen till den som sköter programmet. Den innehåller inga svar."
GONE = "Körningen slutade utan att hinna säga varför: programmet stoppades, strömmen gick eller minnet tog slut."
START_AGAIN = "Starta jobbet igen. Det som redan var klart görs inte om, och ingen leverans är förlorad."
STOPPING_RULES = "Stoppande kontroller höll inte, så steget efter dem kördes inte."
LOOK_AT_RULES = (
    "Läs kvalitetssidan i mappen kvalitet: där står vad som bröts. Rätta underlaget, eller skriv ett undantag med skäl."
)
STATED = ("var", "väntat", "kom", "gör så här")


@dataclass(frozen=True)
class Cause:
    """One thing that stopped: where, what happened, what to do, and for a bug its places in the code."""

    job: str
    step: str
    concerns: str
    happened: str
    do: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class Notice:
    """A run that stopped and why."""

    job: str
    run_id: str
    causes: tuple[Cause, ...]

    @property
    def subject(self) -> str:
        """One line: what has stopped."""
        return f"Data i dialog: {self.job} har stannat"


def notice_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Notice:
    """What the events of a failed run, and of the runs that it started, say stopped it."""
    return Notice(run.job_name, run.run_id, _causes(instance, run, 0))


def concerns(run: dg.DagsterRun) -> str:
    """Municipality and wave (or year) of the run's partitions, as words; empty when it is about everything."""
    first = run.tags.get(ASSET_PARTITION_RANGE_START_TAG) or run.tags.get(PARTITION_NAME_TAG) or ""
    last = run.tags.get(ASSET_PARTITION_RANGE_END_TAG) or first
    if not first:
        return ""
    parts = list(dict.fromkeys(zip(first.split("|"), last.split("|"), strict=False)))
    told = [a if a == b else f"{a}–{b}" for a, b in parts]
    return f"kommun {told[0]}, mättillfälle {told[1]}" if len(told) == 2 else f"mättillfälle eller år {told[0]}"


def notice_text(notice: Notice, when: datetime) -> str:
    """The notice as plain text."""
    lines = [
        "MEDDELANDE FRÅN DATA I DIALOG", "",
        f"Tid:      {when:%Y-%m-%d %H:%M}", f"Jobb:     {notice.job}", f"Körning:  {notice.run_id}",
    ]  # fmt: skip
    for cause in notice.causes:
        lines += ["", "Vad som har stannat"]
        place = cause.job if cause.job == notice.job else f"delkörningen {cause.job}"
        lines.append(f"  {place}{f', steget {cause.step}' if cause.step else ''}")
        if cause.concerns:
            lines.append(f"  Gäller: {cause.concerns}")
        lines += ["", "Varför", *_wrapped(cause.happened)]
        lines += ["", "Gör så här", *_wrapped(cause.do)] if cause.do else []
        if cause.places:
            lines += ["", "För den som sköter programmet: felets slag och plats i koden", *(f"  {one}" for one in cause.places)]
    lines += ["", "Körningen finns i Dagster under Runs. Det som är utgivet är orört."]
    return "\n".join(lines) + "\n"


def _wrapped(text: str) -> list[str]:
    """Indented lines that fit a screen; names of files are never cut."""
    folded = (textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False) for line in text.splitlines())
    return [f"  {line}" for lines in folded for line in lines]


def write_notice(paths: Paths, name: str, text: str, when: datetime) -> Path:
    """Put a notice in `meddelanden`; two in the same second get a file each.

    Raises:
        PipelineError: `write_failed`.
    """
    try:
        paths.notices.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written("write_failed", str(paths.notices), error, "Kontrollera mappens rättigheter.") from error
    stem, count = f"{when:%Y-%m-%dT%H%M%S}-{name}", 1
    path = paths.notices / f"{stem}.txt"
    while path.exists():
        count += 1
        path = paths.notices / f"{stem}-{count}.txt"
    put(path, text.encode("utf-8"))
    return path


def _causes(instance: dg.DagsterInstance, run: dg.DagsterRun, depth: int) -> tuple[Cause, ...]:
    """Each cause once; a run without a failed step has died."""
    found = tuple(dict.fromkeys(_of_steps(instance, run, depth)))
    return found or (Cause(run.job_name, "", concerns(run), GONE, START_AGAIN),)


def _of_steps(instance: dg.DagsterInstance, run: dg.DagsterRun, depth: int) -> Iterator[Cause]:
    for record in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE):
        event = record.dagster_event
        if event is None:
            continue
        step, data = event.step_key or "", event.step_failure_data
        stated = data.user_failure_data
        if stated is not None:
            child = _child(instance, stated.metadata) if depth < DEEPEST else None
            if child is not None:
                yield from _causes(instance, child, depth + 1)
            else:
                yield _mistake(run, step, stated)
        elif data.error is not None and _of_kind(data.error, "DagsterAssetCheckFailedError"):
            yield Cause(run.job_name, step, concerns(run), _broken_rules(instance, run), LOOK_AT_RULES)
        else:
            places = kept_places(data.error.message) if data.error is not None else ()
            yield Cause(run.job_name, step, concerns(run), OUR_BUG, TRY_AGAIN, places)


def _child(instance: dg.DagsterInstance, metadata: dict[str, dg.MetadataValue]) -> dg.DagsterRun | None:
    named = metadata.get(CHILD)
    return instance.get_run_by_id(str(named.value)) if named is not None else None


def _mistake(run: dg.DagsterRun, step: str, stated: UserFailureData) -> Cause:
    parts = {name: str(value.value) for name, value in stated.metadata.items() if name in STATED}
    if len(parts) < len(STATED):
        return Cause(run.job_name, step, concerns(run), stated.description or OUR_BUG)
    happened = f"{parts['var']}: väntade {parts['väntat']}, fick {parts['kom']}."
    return Cause(run.job_name, step, concerns(run), happened, parts["gör så här"])


def _broken_rules(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """The stopping checks of the run that did not hold, by asset and name."""
    records = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION)
    found = [r.dagster_event.asset_check_evaluation_data for r in records if r.dagster_event is not None]
    broken = {
        f"{one.asset_key.to_user_string()}: {one.check_name}"
        for one in found
        if not one.passed and one.severity == dg.AssetCheckSeverity.ERROR
    }
    return "\n".join([STOPPING_RULES, *(f"- {one}" for one in sorted(broken))])


def _of_kind(error: object, name: str) -> bool:
    """Whether the error or one of its causes is of the class; Dagster wraps errors in its own."""
    seen: Sequence[object | None] = (error, getattr(error, "cause", None), getattr(error, "context", None))
    return any(getattr(one, "cls_name", None) == name for one in seen)
