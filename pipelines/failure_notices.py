"""When a run has stopped: a readable file, and e-mail when that is on. Neither can make anything fail."""

from collections.abc import Callable
from datetime import datetime

import dagster as dg

from assets.methods.errors import PipelineError
from assets.texts import automation_texts
from pipelines.mail import Mail
from pipelines.notices import notice_of, notice_text, write_notice
from pipelines.paths import Paths
from pipelines.recorder import PASS
from pipelines.resources import Store

Tell = Callable[[str, str], str]
PART = "Körningen är en del av en annan, vars meddelande säger vad som har stannat."


def give_notice(paths: Paths, instance: dg.DagsterInstance, run: dg.DagsterRun, mail: Tell) -> tuple[str, ...]:
    """Write the notice of a failed run and e-mail it if that is on; what was done, as Swedish sentences."""
    notice = notice_of(instance, run)
    return give(paths, notice.job, notice.subject, notice_text(notice, _now()), mail)


def give(paths: Paths, name: str, subject: str, text: str, mail: Tell) -> tuple[str, ...]:
    """Write a notice and e-mail it if that is on.

    Args:
        name: the last part of the file's name. mail: e-mails subject and text if that is on, and says what came of it.
    """
    mailed = mail(subject, text)
    try:
        path = write_notice(paths, name, f"{text}{mailed}\n" if mailed else text, _now())
    except PipelineError as error:
        return tuple(one for one in (f"Meddelandet kunde inte skrivas. {error}", mailed) if one)
    return tuple(one for one in (f"Meddelandet ligger i {path}.", mailed) if one)


@dg.run_failure_sensor(
    name="failure_notices",
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
    description=automation_texts()["sensors"]["failure_notices"],
)
def failure_notices(context: dg.RunFailureSensorContext, store: Store, mail: Mail) -> dg.SkipReason:
    """Give notice of a run of this code location that has failed.

    A part of a pass is told of in the notice of the pass, or by the command that runs it.
    """
    if PASS in context.dagster_run.tags:
        return dg.SkipReason(PART)
    done = give_notice(store.paths, context.instance, context.dagster_run, mail.tell)
    return dg.SkipReason(" ".join(done))


NOTICE_SENSORS = (failure_notices,)


def _now() -> datetime:
    return datetime.now()  # noqa: DTZ005 - the clock on the wall where the person sits
