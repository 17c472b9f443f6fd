"""Whether what should have come has come: asset checks on the inbox that warn, a weekly schedule, and a notice when they do.

Nothing here stops anything: a late delivery is news for a person, not a fault in a run.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime
from functools import lru_cache

import dagster as dg

from assets.asset_keys import asset_key
from assets.bundle.words import date_text
from assets.catalogue.freshness_models import FreshnessFile
from assets.catalogue.load import ROOT, load_catalogue
from assets.catalogue.reader import Reader
from assets.methods.errors import PipelineError, count_sv
from assets.registers.vintage_files import last_good, vintage_day
from assets.texts import automation_texts
from pipelines.failure_notices import give
from pipelines.flat_form import no_fields
from pipelines.mail import Mail
from pipelines.paths import Paths
from pipelines.resources import Store
from pipelines.warehouse import TableName

TEXTS = automation_texts()
FILE = "freshness.yml"
DELIVERIES = TableName("validated", "deliveries")
SHOWN = 10
SURVEYS, IN_TIME = asset_key("inbox", "survey_files"), "leverans_i_tid"
REGISTERS, FRESH = asset_key("inbox", "register_files"), "register_nog_nya"
NOTICE = "farskhet"
ALL_IN = "Alla leveranser som väntas har kommit."
ALL_FRESH = "Alla hämtade register är tillräckligt nya."


@lru_cache(maxsize=1)
def load_freshness() -> FreshnessFile:
    """What is expected when. Raises PipelineError `catalogue`."""
    read = Reader(ROOT)
    found = read.model(FreshnessFile, FILE)
    if found is None or read.problems:
        raise PipelineError(
            "catalogue", f"assets/catalogue/{FILE}", "en fil utan fel", " | ".join(read.problems), "Rätta raderna."
        )
    return found


def late_deliveries(expected: FreshnessFile, came: Collection[tuple[str, int]], names: dict[str, str], today: date) -> list[str]:
    """A sentence per wave whose day has passed without approved deliveries of all municipalities.

    Args:
        came: (municipality code, wave) with an approved delivery. names: municipality code -> name, of all that are expected.
    """
    told = []
    for one in expected.deliveries:
        missing = sorted(name for code, name in names.items() if (code, one.wave) not in came)
        if today > one.due and missing:
            shown = ", ".join(missing[:SHOWN]) + (f" och {len(missing) - SHOWN} till" if len(missing) > SHOWN else "")
            told.append(
                f"Mättillfälle {one.wave}: {count_sv(len(missing), 'kommun', 'kommuner')} saknar godkänd leverans, som skulle ha "
                f"kommit senast {date_text(one.due)}: {shown}. Påminn dem, eller flytta datumet i {FILE}."
            )
    return told


def old_registers(expected: FreshnessFile, paths: Paths, today: date) -> list[str]:
    """A sentence per fetched register whose newest vintage in the inbox is older than it may be; none for one never fetched."""
    told = []
    for one in expected.registers:
        held = last_good(paths.registers, one.source)
        if held is None:
            continue
        day = vintage_day(held)
        age = (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
        if age >= one.months:
            told.append(
                f"{one.title_sv}: den senaste årgången är från {date_text(day)}, {count_sv(age, 'månad', 'månader')} gammal. "
                f"Hämta en ny med jobbet hamta_register (det använder internet), eller låt den gamla gälla."
            )
    return told


def _deliveries(store: Store) -> list[str]:
    table = store.warehouse.read(DELIVERIES)
    kept = table.filter(table["promoted"]).select("municipality_code", "wave") if table.height else None
    came = set(kept.iter_rows()) if kept is not None else set()
    names = {code: one.name for code, one in load_catalogue().municipality_by_code.items()}
    return late_deliveries(load_freshness(), came, names, _today())


def _result(told: list[str], fine: str) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=not told, severity=dg.AssetCheckSeverity.WARN, description=" ".join(told) or fine)


@dg.asset_check(asset=SURVEYS, name=IN_TIME, description=TEXTS["checks"][IN_TIME])
def deliveries_in_time(store: Store) -> dg.AssetCheckResult:
    """Warn when a municipality's delivery is late."""
    return _result(_deliveries(store), ALL_IN)


@dg.asset_check(asset=REGISTERS, name=FRESH, description=TEXTS["checks"][FRESH])
def registers_fresh(store: Store) -> dg.AssetCheckResult:
    """Warn when a register's newest vintage is old."""
    return _result(old_registers(load_freshness(), store.paths, _today()), ALL_FRESH)


@dg.op(name="farskhet", description=TEXTS["ops"]["kolla_farskhet"])
def look_at_freshness(context: dg.OpExecutionContext, store: Store, mail: Mail) -> Iterator[dg.AssetCheckEvaluation | dg.Output]:
    """Evaluate both checks, and give notice of what is late."""
    late, old = _deliveries(store), old_registers(load_freshness(), store.paths, _today())
    for key, name, told, fine in (
        (SURVEYS, IN_TIME, late, ALL_IN),
        (REGISTERS, FRESH, old, ALL_FRESH),
    ):
        yield dg.AssetCheckEvaluation(
            asset_key=key, check_name=name, passed=not told, severity=dg.AssetCheckSeverity.WARN,
            description=" ".join(told) or fine, metadata={},
        )  # fmt: skip
    for sentence in (*late, *old):
        context.log.warning(sentence)
    if late or old:
        text = "\n".join(["MEDDELANDE FRÅN DATA I DIALOG", "", f"Tid:      {datetime.now():%Y-%m-%d %H:%M}", "", *late, *old, ""])  # noqa: DTZ005 - the clock on the wall
        for done in give(store.paths, NOTICE, "Data i dialog: något väntas", text, mail.tell):
            context.log.info(done)
    yield dg.Output(None)


@dg.job(name="kolla_farskhet", description=TEXTS["jobs"]["kolla_farskhet"], config=no_fields)
def kolla_farskhet() -> None:
    """Both checks of freshness."""
    look_at_freshness()


weekly_freshness = dg.ScheduleDefinition(
    name="farskhet_varje_vecka",
    job=kolla_farskhet,
    cron_schedule="0 7 * * 1",
    execution_timezone="Europe/Stockholm",
    default_status=dg.DefaultScheduleStatus.RUNNING,
    description=TEXTS["schedules"]["farskhet_varje_vecka"],
)


def _today() -> date:
    return date.today()  # noqa: DTZ011 - the day on the calendar where the person sits
