"""Fetching a register from the page, and once a year by itself where somebody has turned that on.

The project goes out on the network only when a person asks: the schedule is off until somebody switches it on, and says so.
"""

from datetime import date
from enum import Enum

import dagster as dg
from pydantic import Field

from assets.catalogue.settings_models import YesNo
from assets.failures import as_failure
from assets.intake.names import in_markdown
from assets.texts import automation_texts, shown_as
from pipelines.fetch import fetch_register, report_lines
from pipelines.flat_form import flat_form
from pipelines.resources import Store

TEXTS = automation_texts()
FETCH, OP = "hamta_register", "hamta"


class Source(Enum):
    """The registers that can be fetched."""

    kolada = "kolada"
    scb = "scb"


@shown_as("hamta_register")
class FetchChoice(dg.Config):
    """Which register is fetched."""

    kalla: Source = Field(default=Source.kolada, description=TEXTS["fields"]["kalla"])
    pa_nytt: YesNo = Field(default="nej", description=TEXTS["fields"]["pa_nytt"])
    adress: str = Field(default="", description=TEXTS["fields"]["adress"])


@dg.op(name=OP, out=dg.Out(dg.Nothing), description=TEXTS["ops"][FETCH])
def fetch_op(context: dg.OpExecutionContext, config: FetchChoice, store: Store) -> None:
    """Fetch a vintage into the inbox."""
    today = date.today()  # noqa: DTZ011 - the day on the calendar where the person sits
    with as_failure():
        fetched = fetch_register(store.paths.root, config.kalla.value, config.adress or None, config.pa_nytt == "ja", today)
    lines = report_lines(fetched)
    context.add_output_metadata({"resultat": dg.MetadataValue.md("\n".join(f"- {in_markdown(line)}" for line in lines))})


@dg.job(name=FETCH, description=TEXTS["jobs"][FETCH], config=flat_form(FetchChoice, OP))
def hamta_register() -> None:
    """One register."""
    fetch_op()


yearly_registers = dg.ScheduleDefinition(
    name="register_varje_ar",
    job=hamta_register,
    cron_schedule="0 6 1 4 *",
    execution_timezone="Europe/Stockholm",
    default_status=dg.DefaultScheduleStatus.STOPPED,
    run_config={"kalla": "kolada"},
    description=TEXTS["schedules"]["register_varje_ar"],
)
