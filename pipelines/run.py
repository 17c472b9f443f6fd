"""Run the whole chain from the command line: the same jobs as in the UI, on the same instance, with a line per step."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from assets.catalogue.base_profile import CUTOFF_VARIABLE
from assets.catalogue.load import active_profile, profile_of
from assets.intake.receive import inbox_files
from assets.methods.errors import PipelineError
from assets.one_pass import draws_much, one_pass
from assets.worker_pool import WORKERS
from pipelines.clock_back import clock_set_back
from pipelines.console import Progress, RunSummary, Step
from pipelines.dead_runs import only_pass, settle_dead_runs
from pipelines.event_log import light_event_log
from pipelines.form_notes import FILES, form_notes, known_forms
from pipelines.instance_settings import instance_settings
from pipelines.paths import Paths
from pipelines.recorder import COMMAND, Recording, recorded
from pipelines.set_aside import lying, rejected_since, stopped
from pipelines.warehouse import TableName, Warehouse

if TYPE_CHECKING:
    import dagster as dg

    from assets.catalogue.pilot_models import Pilot
    from pipelines.chain import Choice
    from pipelines.spread import SpreadResult

# What a child job is called on the console and in the summary.
STEPS = (
    ("ingest_forms", "Formulär: läser, gör enhetliga"),
    ("ingest_registers", "Register: läser, gör enhetliga, kontrollerar"),
    ("read_surveys", "Inkorgen: läser nya leveranser"),
    ("check_surveys", "Enkäter: tillämpar kodbok, kontrollerar"),
    ("release_registers", "Register: lägger i utgåvan"),
    ("build_indices", "Index, skattningar och röjandekontroll"),
    ("build_prevention", "Aktiviteter, förutsättningar och sammanställning"),
    ("audit_release", "Granskning: angriper utgåvans dolda tal"),
    ("publish_bundles", "Rapportpaket"),
    ("publish_kits", "Workshoppaket"),
    ("publish_overview", "Länsöversikt"),
)
VALIDATED, RELEASED = TableName("validated", "survey_responses"), TableName("release", "index_results")
MANY = 10
"""Deliveries to a first pass: with fewer, to start all processes at once costs more than it gives."""
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def run_everything(
    home: Path,
    progress: Progress,
    wave: int | None = None,
    municipalities: tuple[str, str] | None = None,
    *,
    everything: bool = False,
    pilot: Pilot | None = None,
    edition: str | None = None,
    public_areas: Sequence[str] = (),
    prepared_by: str = "",
    only: Sequence[str] = (),
    since: int | None = None,
    workers: int | None = None,
    tags: Mapping[str, str] = MappingProxyType({}),
    command: str = COMMAND,
) -> RunSummary:
    """Inbox to bundles for one wave (the latest when none is given); only what is affected by something new is run again.

    Args:
        home: the data folder.
        progress: told about each step.
        wave: which wave the bundles are about.
        municipalities: first and last code of those that get a bundle (all when none are given).
        everything: run all of it again, also what nothing has changed for.
        pilot: only its municipalities get bundles and kits, of the kinds that it names.
        edition, public_areas: see `RunChoices`; its defaults when none are given.
        prepared_by: who makes the run, for the bundles' certificates.
        only: codes of those that get bundles and kits, instead of a range.
        since: the first wave that is checked and counted (all when none is given); earlier ones wait for another pass.
        workers: how many processes render bundles.
        tags: what the run was asked for, on each of its parts in Dagster.
        command: what was asked for, as the ledger names the run.

    Raises:
        PipelineError: `warehouse_busy`, or `step_failed` with the failing step's own sentence. Set-aside deliveries raise
            nothing: they are listed in the summary.
    """
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    begun = time.perf_counter()
    paths = Paths(home)
    paths.make()
    with Warehouse(paths.warehouse).connect():
        pass  # says in plain words when another program holds the warehouse, before any work is done
    if wrong := clock_set_back(paths):
        progress.note(str(wrong))
    with one_pass(workers or WORKERS):
        new = everything or not Warehouse(paths.warehouse).exists(RELEASED)
        if new and len(inbox_files(paths.surveys)) >= MANY:
            draws_much()
        with progress.step("Startar Dagster"):
            import dagster as dg

            from assets.catalogue.pilots import wanted_step
            from assets.slices import WAVES
            from pipelines import chain
            from pipelines.definitions import build_definitions
            from pipelines.jobs import ASSET_JOBS
            from pipelines.run_outcome import stopped_in

            asked: dict[str, object] = {"edition": edition} if edition else {}
            asked |= {"workers": workers} if workers else {}
            choices = asked | ({"public_areas": list(public_areas)} if public_areas else {})
            asked_of = {"remake": everything, "prepared_by": prepared_by, **choices}
            defs = build_definitions(home, **asked_of)
            instance = dg.DagsterInstance.from_config(str(instance_home(paths.home(active_profile()))))
            has = {job.name for job in ASSET_JOBS}
            titles = {name: title for name, title in STEPS if name in has and wanted_step(name, pilot)}
        chosen = wave or WAVES[-1]
        areas = pilot.municipalities if pilot else tuple(only)
        choice = chain.Choice(chosen, municipalities, everything, only=areas, since=since or WAVES[0])
        said = {"allt": "ja" if everything else "nej", "utgava": edition or "bada", "mattillfalle": str(chosen), **tags}
        begun_with = _Before(lying(paths), known_forms(Warehouse(paths.warehouse)))
        ledger = recorded(paths, command, prepared_by, _settings(chosen, municipalities, everything, pilot, choices, since))
        with (
            light_event_log(),
            instance,
            only_pass(paths),
            ledger as recording,
            _shown_when_stopped(defs, instance, recording),
        ):
            settle_dead_runs(instance, paths.home(active_profile()))
            going = _Pass(paths, defs, instance, progress, choice, {**said, **recording.tags(instance)}, begun_with, asked_of)
            for name in chain.in_order(paths, list(titles)):
                going.step(name, titles[name])
            with progress.step("Lägesöversikt") as step:
                sentences = stopped_in(paths, instance, [recording.key], begun_with.lying)
                _show_status(defs, instance, sentences, recording)
                if sentences:
                    step.count("stoppade", len(sentences))
    rejected, bundles = rejected_since(paths, begun_with.lying), (going.written, going.unchanged)
    summary = _summary(paths, chosen, going.checks, going.seconds, rejected, bundles, time.perf_counter() - begun)
    return replace(summary, form_notes=form_notes(Warehouse(paths.warehouse), begun_with.forms))


@dataclass(frozen=True)
class _Before:
    """What lay in the folder of rejected files, and which forms were known, when the run began."""

    lying: dict[str, int]
    forms: frozenset[str]


@dataclass
class _Pass:
    """One pass of the chain: what it runs on, the fields of `RunChoices` that were given, and what it has counted so far."""

    paths: Paths
    defs: dg.Definitions
    instance: dg.DagsterInstance
    progress: Progress
    choice: Choice
    tags: Mapping[str, str]
    before: _Before
    choices: Mapping[str, object]
    checks: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    seconds: dict[str, float] = field(default_factory=dict)
    written: int = 0
    unchanged: int = 0

    def step(self, name: str, usual: str) -> None:
        """Run one job over all partitions that it needs. Raises as `run_everything`."""
        from pipelines import chain

        title = f"{usual} (efter reparation)" if usual in self.seconds else usual
        started = time.perf_counter()
        with self.progress.step(title) as step:
            ran = False
            for part in chain.pending(self.paths, name, self.choice):
                self._run(name, title, part, step)
                ran = True
            if name == chain.AUDIT and chain.repair_waits(self.paths):
                self.progress.note(chain.repair_told(self.paths))
            if name == "publish_bundles":
                self.written = step.counts.get("paket", self.written)
                self.unchanged = step.counts.get("oförändrade", self.unchanged)
            if not ran:
                step.title = f"{title} (inget nytt)"
            if name == "check_surveys" or (name == "ingest_forms" and not inbox_files(self.paths.surveys)):
                # the forms are kept also where there is nothing to report on yet
                _require_answers(self.paths, self.before, self.progress)
        self.seconds[title.split(":")[0] if name.startswith("publish") else title] = time.perf_counter() - started

    def _run(self, name: str, title: str, part: Mapping[str, str], step: Step) -> None:
        from pipelines import spread
        from pipelines.failure_notices import give_notice
        from pipelines.mail import Mail

        job, tags = self.defs.resolve_job_def(name), {**self.tags, **part}
        if spread.spreads(self.instance, name):
            config = QUIET | {"resources": {"choices": {"config": self.choices}}}
            result = spread.run_spread(job, self.instance, tags, config)
            parts = result.each()
        else:
            result = job.execute_in_process(instance=self.instance, tags=tags, run_config=QUIET, raise_on_error=False)
            parts = [result]
        for evaluation in result.get_asset_check_evaluations():
            self.checks[evaluation.passed] += 1
        for one in parts:
            _count(step, one)
        if not result.success:
            mail = Mail(data_dir=str(self.paths.root))
            for told in give_notice(self.paths, self.instance, result.dagster_run, mail.tell):
                self.progress.note(told)
            raise _failed(title, result)


def _settings(
    wave: int,
    municipalities: tuple[str, str] | None,
    everything: bool,
    pilot: Pilot | None,
    choices: Mapping[str, object],
    since: int | None,
) -> dict[str, str]:
    """The choices of a run in the words of the command, for the ledger; those that nobody made are left out."""
    said = {
        "mättillfälle": str(wave),
        "mättillfällen från": str(since or ""),
        "profil": active_profile(),
        "kommuner": "–".join(municipalities or ()),
        "allt": "ja" if everything else "",
        "pilot": pilot.id if pilot else "",
        "utgåva": str(choices.get("edition", "")),
        "publika paket": ", ".join(choices.get("public_areas", ())),
        "gränser": os.environ.get(CUTOFF_VARIABLE, ""),
    }
    return {name: value for name, value in said.items() if value}


def _show_status(defs: dg.Definitions, instance: dg.DagsterInstance, sentences: list[str], recording: Recording) -> None:
    """Write the overview, as a part of the pass; the asset `quality/run_status` is red when something was stopped."""
    from pipelines.run_outcome import SHOW, status_config

    job, config = defs.resolve_job_def(SHOW), QUIET | status_config(sentences)
    job.execute_in_process(instance=instance, tags=dict(recording.tags(instance)), run_config=config, raise_on_error=False)


@contextmanager
def _shown_when_stopped(defs: dg.Definitions, instance: dg.DagsterInstance, recording: Recording) -> Iterator[None]:
    """Write the overview when the chain ends before its last step."""
    try:
        yield
    except PipelineError as error:
        _show_status(defs, instance, [str(error)], recording)
        raise


def instance_home(home: Path) -> Path:
    """The Dagster instance's folder under the data folder, with our settings in it."""
    folder = (home / "dagster").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    settings = instance_settings()
    if not (folder / "dagster.yaml").exists() or (folder / "dagster.yaml").read_bytes() != settings.read_bytes():
        shutil.copyfile(settings, folder / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(folder)
    return folder


SHOWN_COUNTS = {
    "survey_responses": "svar",
    "register_values": "registervärden",
    "form_files": "formulär",
    "index_results": "resultat",
    "indicator_results": "resultat för frågor",
    "municipality_bundle": "paket",
    "workshop_kit": "paket",
}


def _count(step: Step, result: dg.ExecuteInProcessResult | SpreadResult) -> None:
    """Rows (bundles) that the step's assets wrote; the last layer of a table wins."""
    counted: dict[str, int] = {}
    for event in result.get_asset_materialization_events():
        materialization = event.step_materialization_data.materialization
        unit, rows = SHOWN_COUNTS.get(materialization.asset_key.path[-1]), materialization.metadata.get("dagster/row_count")
        if unit and rows is not None:
            counted[unit] = int(rows.value)
        if "oförändrade paket" in materialization.metadata:
            counted["oförändrade"] = int(materialization.metadata["oförändrade paket"].value)
    for unit, rows in counted.items():  # a step may run several ranges of waves
        step.count(unit, step.counts.get(unit, 0) + rows)


INTERRUPTED = "DagsterExecutionInterruptedError"
"""What Dagster makes of Ctrl-C, or of a signal to end, while a step runs."""


def _failed(title: str, result: dg.ExecuteInProcessResult | SpreadResult) -> PipelineError:
    """The failing step's own sentence; a bug's traceback, and Ctrl-C, are raised as they are."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.error and INTERRUPTED in data.error.to_string():
                raise KeyboardInterrupt
            if data.user_failure_data is not None:
                return PipelineError(
                    "step_failed", title, "att steget blir klart", "ett stopp", data.user_failure_data.description or ""
                )
            raise RuntimeError(f"{title}: {data.error.to_string() if data.error else event.message}")
    causes = [event.message for event in result.all_events if event.is_failure]
    raise RuntimeError(f"{title}: the run failed outside its steps: {causes}")


def _require_answers(paths: Paths, before: _Before, progress: Progress) -> None:
    """Raises PipelineError `no_answers` when no delivery has ever been promoted: there is nothing to report on."""
    warehouse = Warehouse(paths.warehouse)
    if warehouse.read(VALIDATED, columns=["wave"]).height:
        return
    forms = warehouse.read(FILES).height
    kept = f" {forms} formulär är inlästa och finns kvar till dess." if forms else ""
    set_aside = rejected_since(paths, before.lying)
    for text in (*(sentence for _, sentence in set_aside), *form_notes(warehouse, before.forms)):
        progress.note(text)  # there is no summary after this
    refused = len(set_aside)
    raise PipelineError(
        "no_answers",
        f"Inkorgen {paths.surveys.name}",
        "minst en godkänd enkätleverans",
        f"ingen ({refused} {'fil sattes' if refused == 1 else 'filer sattes'} åt sidan)",
        "Lägg kommunernas filer där och kör igen; skälen till det som satts åt sidan står bredvid filerna i inbox/avvisade."
        f"{kept}",
    )


def _summary(
    paths: Paths,
    wave: int,
    checks: dict[bool, int],
    seconds: dict[str, float],
    rejected: list[tuple[str, str]],
    bundles: tuple[int, int],
    total: float,
) -> RunSummary:
    warehouse = Warehouse(paths.warehouse)
    deliveries = warehouse.read(TableName("validated", "deliveries"))
    kept = warehouse.read(VALIDATED, columns=["wave"])
    per_wave = deliveries.unique(["delivery_id", "wave"]) if deliveries.height else deliveries
    reports = paths.reports / str(wave)
    return RunSummary(
        deliveries_read=deliveries["delivery_id"].n_unique() if deliveries.height else 0,
        deliveries_rejected=rejected + stopped(deliveries),
        rows_read=int(per_wave["rows_received"].sum()) if deliveries.height else 0,
        rows_kept=kept.height,
        checks_passed=checks[True],
        checks_failed=checks[False],
        bundles_written=bundles[0],
        bundles_unchanged=bundles[1],
        seconds=total,
        layer_seconds=seconds,
        reports_dir=reports,
        with_reports=profile_of(active_profile()).reach == "reports",
        quality_page=paths.quality / "index.html" if (paths.quality / "index.html").is_file() else None,
    )
