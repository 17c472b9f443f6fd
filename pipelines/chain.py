"""The steps of a complete pass and which partitions each of them has to run: the same for `did kor`, the UI and the sensor.

What has not changed since it was last done is not done again (`stale.py`); `Choice(everything=True)` does it all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from assets.catalogue.load import load_catalogue
from assets.release_repairs import audit_passed, held_repairs, not_repaired_error, told, waiting
from assets.slices import MUNICIPALITIES, WAVES, YEARS, bundle_range, range_tags
from pipelines.paths import Paths
from pipelines.resources import RunChoices
from pipelines.stale import FROM_FORMS, REGISTERS, WHOLE, WITHOUT_WAVES, Stage, mark_done, stale
from pipelines.warehouse import Warehouse

STAGE_OF: Mapping[str, Stage] = {
    "ingest_registers": "registers",
    "release_registers": "released_registers",
    "check_surveys": "surveys",
    "ingest_forms": "forms",
    "build_indices": "estimates",
    "build_prevention": "prevention",
    "audit_release": "audit",
}
"""Jobs that are left out for what hasn't changed; each ends the stage it stands for."""

AUDIT = "audit_release"
AFTER_REPAIR = ("build_indices", "build_prevention", AUDIT)
"""What is run once more when the audit has repaired the release."""


@dataclass(frozen=True)
class Choice:
    """What a pass is about: the wave and the municipalities (first and last code) that get bundles, and whether all is redone.

    `only`: codes of those that get bundles and kits, instead of a range; a pilot's.
    `since`: earlier waves are left as they are, and still wait for the next pass that asks for them.
    """

    wave: int = WAVES[-1]
    municipalities: tuple[str, str] | None = None
    everything: bool = False
    edition: str = RunChoices().kind
    only: tuple[str, ...] = ()
    since: int = WAVES[0]

    @property
    def waves(self) -> tuple[int, ...]:
        """The waves that the pass looks at."""
        return tuple(wave for wave in WAVES if wave >= self.since)


def runs(paths: Paths, job: str, choice: Choice) -> list[dict[str, str]]:
    """The partition ranges (as tags) over which a job has to be run now; none when nothing has changed."""
    if job in ("publish_bundles", "publish_kits"):
        ranges = side_by_side(choice.only) or [choice.municipalities]
        return [bundle_range(choice.wave, one) for one in ranges]
    if job == "publish_overview":
        return [range_tags(str(choice.wave), str(choice.wave))]
    if job == "read_surveys":  # looks through the inbox; what has been read is not read again
        return [range_tags(str(WAVES[0]), str(WAVES[-1]))]
    stage = STAGE_OF[job]
    if stage in REGISTERS:
        needed = choice.everything or stale(paths, stage, [WHOLE])
        return [range_tags(str(YEARS[0]), str(YEARS[-1]))] if needed else []
    if stage in (*FROM_FORMS, "audit"):
        return [{}] if choice.everything or stale(paths, stage, [WHOLE], choice.edition) else []
    waves = choice.waves if choice.everything else stale(paths, stage, choice.waves, choice.edition)
    if stage == "surveys" and waves:  # rules compare a wave with the municipality's earlier ones
        waves = [wave for wave in WAVES if wave >= min(waves)]
    # One run even with waves between that nothing has touched: tables over all waves are made anew in each run, and cost more.
    return [range_tags(str(min(waves)), str(max(waves)))] if waves else []


def side_by_side(codes: Collection[str]) -> list[tuple[str, str]]:
    """First and last code of each run of municipalities that follow each other: one run draws them in all its workers."""
    places = {code: n for n, code in enumerate(MUNICIPALITIES)}
    found: list[tuple[str, str]] = []
    for code in sorted(codes):
        follows = bool(found) and places.get(code) == places.get(found[-1][1], -2) + 1
        found[-1:] = [(found[-1][0], code)] if follows else [*found[-1:], (code, code)]
    return found


def in_order(paths: Paths, jobs: Sequence[str]) -> Iterator[str]:
    """The jobs one by one; after an audit that has repaired the release, those that make it and the audit once more.

    The next job is given when the one before has been run and is `finished`.

    Raises:
        PipelineError: `release_not_safe`: after that the audit has still not passed the release.
    """
    for job in jobs:
        yield job
        if job == AUDIT and repair_waits(paths):
            yield from AFTER_REPAIR
        if job == AUDIT and not passed(paths):
            raise not_repaired_error()


def passed(paths: Paths) -> bool:
    """Whether the last audit has passed the release."""
    return audit_passed(Warehouse(paths.warehouse))


def repair_waits(paths: Paths) -> int:
    """How many shown rows an audit's repair hides as soon as the release is made anew."""
    return waiting(Warehouse(paths.warehouse), load_catalogue())


def repair_told(paths: Paths) -> str:
    """A sentence of what repairs hide in the release, for whoever follows a run."""
    return told(held_repairs(Warehouse(paths.warehouse)), waits=repair_waits(paths) > 0)


def pending(paths: Paths, job: str, choice: Choice) -> Iterator[dict[str, str]]:
    """As `runs`, one by one; when the last has been run, and the next is asked for, the step is `finished`."""
    needed = runs(paths, job, choice)
    yield from needed
    if needed:  # else the marks are those that were found
        finished(paths, job, choice)


def finished(paths: Paths, job: str, choice: Choice) -> None:
    """Remember that a step's runs have succeeded; an audit that has only repaired has not come to its end."""
    if job in STAGE_OF and (job != AUDIT or passed(paths)):
        stage = STAGE_OF[job]
        mark_done(paths, stage, [WHOLE] if stage in WITHOUT_WAVES else choice.waves, choice.edition)
