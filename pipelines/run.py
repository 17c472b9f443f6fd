"""Run the whole chain from the command line: the same jobs as in the UI, on the same instance, with a line per step."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assets.catalogue.load import active_profile, profile_of
from assets.intake.receive import inbox_files
from assets.methods.errors import PipelineError
from pipelines.console import Progress, RunSummary, Step
from pipelines.event_log import light_event_log
from pipelines.form_notes import FILES, form_notes, known_forms
from pipelines.paths import Paths
from pipelines.set_aside import lying, rejected_since, stopped
from pipelines.warehouse import TableName, Warehouse

if TYPE_CHECKING:
    import dagster as dg

    from assets.catalogue.pilot_models import Pilot

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
VALIDATED = TableName("validated", "survey_responses")
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

    Raises:
        PipelineError: `warehouse_busy`, or `step_failed` with the failing step's own sentence. Set-aside deliveries raise
            nothing: they are listed in the summary.
    """
    os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
    begun, began_at = time.perf_counter(), time.time()
    paths = Paths(home)
    paths.make()
    with Warehouse(paths.warehouse).connect():
        pass  # says in plain words when another program holds the warehouse, before any work is done
    with progress.step("Startar Dagster"):
        import dagster as dg

        from assets.slices import WAVES
        from pipelines import chain
        from pipelines.definitions import build_definitions
        from pipelines.jobs import ASSET_JOBS
        from pipelines.run_outcome import stopped_since

        asked = {"edition": edition} if edition else {}
        choices = asked | ({"public_areas": list(public_areas)} if public_areas else {})
        defs = build_definitions(home, remake=everything, prepared_by=prepared_by, **choices)
        instance = dg.DagsterInstance.from_config(str(instance_home(paths.home(active_profile()))))
        has = {job.name for job in ASSET_JOBS}
        steps = [(name, title) for name, title in STEPS if name in has and _wanted(name, pilot)]
    chosen = wave or WAVES[-1]
    choice = chain.Choice(chosen, municipalities, everything, only=pilot.municipalities if pilot else ())
    before, forms_before = lying(paths), known_forms(Warehouse(paths.warehouse))
    checks, seconds, written, unchanged = {True: 0, False: 0}, {}, 0, 0
    with light_event_log(), instance, _shown_when_stopped(defs, instance):
        for name, title in steps:
            started = time.perf_counter()
            with progress.step(title) as step:
                needed = chain.runs(paths, name, choice)
                for tags in needed:
                    result = defs.resolve_job_def(name).execute_in_process(
                        instance=instance, tags=tags, run_config=QUIET, raise_on_error=False
                    )
                    for evaluation in result.get_asset_check_evaluations():
                        checks[evaluation.passed] += 1
                    _count(step, result)
                    if not result.success:
                        raise _failed(title, result)
                    del result  # it holds every table that the step wrote
                chain.finished(paths, name, choice)
                if name == "publish_bundles":
                    written, unchanged = step.counts.get("paket", written), step.counts.get("oförändrade", unchanged)
                if not needed:
                    step.title = f"{title} (inget nytt)"
                if name == "check_surveys" or (name == "ingest_forms" and not inbox_files(paths.surveys)):
                    _require_answers(
                        paths, before, progress, forms_before
                    )  # the forms are kept also where there is nothing to report on yet
            seconds[title.split(":")[0] if name.startswith("publish") else title] = time.perf_counter() - started
        with progress.step("Lägesöversikt") as step:
            _count_stops(step, _show_status(defs, instance, stopped_since(paths, instance, began_at)))
    rejected = rejected_since(paths, before)
    summary = _summary(paths, chosen, checks, seconds, rejected, (written, unchanged), time.perf_counter() - begun)
    return replace(summary, form_notes=form_notes(Warehouse(paths.warehouse), forms_before))


def _show_status(defs: dg.Definitions, instance: dg.DagsterInstance, sentences: list[str]) -> int:
    """Write the overview; the asset `quality/run_status` is red when something was stopped. Returns how much was."""
    from pipelines.run_outcome import SHOW, status_config

    config = QUIET | status_config(sentences)
    defs.resolve_job_def(SHOW).execute_in_process(instance=instance, run_config=config, raise_on_error=False)
    return len(sentences)


@contextmanager
def _shown_when_stopped(defs: dg.Definitions, instance: dg.DagsterInstance) -> Iterator[None]:
    """Write the overview when the chain ends before its last step."""
    try:
        yield
    except PipelineError as error:
        _show_status(defs, instance, [str(error)])
        raise


def _count_stops(step: Step, stops: int) -> None:
    if stops:
        step.count("stoppade", stops)


def _wanted(step: str, pilot: Pilot | None) -> bool:
    """Whether a step makes something that the pilot has; without a pilot all steps do."""
    made = {"publish_bundles": "bundles", "publish_kits": "kits"}.get(step)
    return pilot is None or made is None or made in pilot.produces


def instance_home(home: Path) -> Path:
    """The Dagster instance's folder under the data folder, with our settings in it."""
    folder = (home / "dagster").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    settings = Path(__file__).with_name("dagster.yaml")
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


def _count(step: Step, result: dg.ExecuteInProcessResult) -> None:
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


def _failed(title: str, result: dg.ExecuteInProcessResult) -> PipelineError:
    """The failing step's own sentence; a bug's traceback is raised as it is."""
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            if data.user_failure_data is not None:
                return PipelineError(
                    "step_failed", title, "att steget blir klart", "ett stopp", data.user_failure_data.description or ""
                )
            raise RuntimeError(f"{title}: {data.error.to_string() if data.error else event.message}")
    causes = [event.message for event in result.all_events if event.is_failure]
    raise RuntimeError(f"{title}: the run failed outside its steps: {causes}")


def _require_answers(paths: Paths, before: dict[str, int], progress: Progress, forms_before: frozenset[str]) -> None:
    """Raises PipelineError `no_answers` when no delivery has ever been promoted: there is nothing to report on."""
    warehouse = Warehouse(paths.warehouse)
    if warehouse.read(VALIDATED, columns=["wave"]).height:
        return
    forms = warehouse.read(FILES).height
    kept = f" {forms} formulär är inlästa och finns kvar till dess." if forms else ""
    set_aside = rejected_since(paths, before)
    for text in (*(sentence for _, sentence in set_aside), *form_notes(warehouse, forms_before)):
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
